"""A policy made from what is there reads back without mistakes, whatever folders are called."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reports.scenes import NOW, seen, torrent
from trackerwatch.outside_text import clean
from trackerwatch.policy.reading import policy_mistakes, read_policy
from trackerwatch.policy.rules import Rule, Verdict
from trackerwatch.policy.ruling import judge_torrents
from trackerwatch.policy.writing import sample_policy

if TYPE_CHECKING:
    from trackerwatch.metainfo.torrent import Torrent

A, B = "udp://a.example.org:1/announce", "udp://b.example.org:1/announce"


def at(path: str, *urls: str) -> Torrent:
    """A torrent that was read from a path."""
    return replace(torrent(path, *([url] for url in urls or (A,))), sources=(clean(path, limit_chars=1000),))


def collections(text: str, *torrents: Torrent) -> dict[str, str]:
    """The collection of each torrent, by its source."""
    policy = read_policy(text, "p.toml", {})
    judged = judge_torrents(
        [seen(one, Verdict.UNKNOWN) for one in torrents], policy, trackers=(), now=NOW, first_seen={}, findings={}
    )
    return {
        one.sources[0]: judged.collection_of[one.info_hash_hex]
        for one in torrents
        if one.info_hash_hex in judged.collection_of
    }


def test_a_collection_for_each_folder():
    torrents = [
        at("rel/isos/a.torrent", A, B),
        at("rel/isos/b.torrent"),
        at("rel/Films/c.torrent", A, B),
        at("rel/d.torrent"),
    ]
    text = sample_policy(torrents, "rel")
    assert policy_mistakes(text, "p.toml", {}) == []
    assert "# Made from rel: 4 torrents, 2 trackers.\n" in text
    assert (
        "\n# Torrents that belong together: the first collection that matches has a torrent.\n"
        "[collections.Films]\n"
        "filter = 'folder=\"Films\"'\n"
        "# 1 torrent, 2 trackers; it lists 2.\n"
        "#min_seeders = 2\n"
        "#min_working_trackers = 2\n"
        "\n[collections.isos]\n"
        "filter = 'folder=\"isos\"'\n"
        "# 2 torrents, 2 trackers; each lists 1 to 2.\n"
        "#min_seeders = 2\n"
        "\n# In the folder itself, and so in no collection: 1 torrent, 1 tracker.\n"
    ) in text
    assert collections(text, *torrents) == {
        "rel/isos/a.torrent": "isos",
        "rel/isos/b.torrent": "isos",
        "rel/Films/c.torrent": "Films",
    }


def test_what_lies_deeper_belongs_to_the_folder_above():
    torrents = [at("x/rel/isos/2024/a.torrent"), at("x/rel/isos/2025/b.torrent"), at("x/rel/other/c.torrent")]
    text = sample_policy(torrents, "x/rel")
    assert list(collections(text, *torrents).values()) == ["isos", "isos", "other"]
    # A report may be made from elsewhere.
    moved = [at("rel/isos/2024/a.torrent"), at("/srv/x/rel/isos/b.torrent"), at("isos/c.torrent"), at("d.torrent")]
    assert list(collections(text, *moved).values()) == ["isos", "isos", "isos"]


def test_no_folders_show_how_a_collection_is_written():
    text = sample_policy([at("./a.torrent")], ".")
    assert "#[collections.isos]\n" in text
    assert read_policy(text, "p", {}).collections == ()


def test_whatever_is_commented_out_may_be_asked_for():
    text = sample_policy([at("rel/isos/a.torrent", A, B)], "rel")
    lines = [
        line[1:] if line.startswith("#") and not line.startswith("# ") and line != "#" else line
        for line in text.splitlines()
    ]
    policy = read_policy("\n".join(lines), "p", {})
    assert (policy.defaults.min_seeders, policy.defaults.min_working_trackers, policy.lint) == (2, 1, True)
    assert policy.collections[0].requirements.min_working_trackers == 2
    assert policy.defaults.severities.keys() == {Rule.REDUNDANCY, Rule.MIN_SEEDERS}
    assert policy.overrides[0].why == "kept for the archive only"


def test_what_is_written_asks_for_nothing_that_a_new_release_does_not_keep():
    one = at("rel/isos/a.torrent")
    policy = read_policy(sample_policy([one], "rel"), "p", {})
    view = seen(one, Verdict.UNKNOWN)
    judged = judge_torrents([view], policy, trackers=(), now=NOW, first_seen={}, findings={})
    assert judged.views == (view,)


def test_folders_that_differ_by_case_alone_are_one_collection():
    torrents = [at("rel/ISOs/a.torrent"), at("rel/isos/b.torrent")]
    assert list(collections(sample_policy(torrents, "rel"), *torrents).values()) == ["ISOs", "ISOs"]


def test_more_folders_than_a_policy_may_have_collections():
    torrents = [at(f"rel/f{n}/a.torrent") for n in range(203)]
    text = sample_policy(torrents, "rel")
    assert policy_mistakes(text, "p.toml", {}) == []
    assert "# There are 3 folders more than a policy may have collections.\n" in text


@pytest.mark.parametrize("prefix", ["rel/", "", "./", "/srv/rel/"])
@given(
    st.lists(
        st.one_of(
            st.text(st.characters(blacklist_characters="/\0"), min_size=1, max_size=30),
            st.text(alphabet="\"'\\[]#= \n\x1b*|&()!~@{}", min_size=1, max_size=12),
            st.sampled_from(["x" * 255, "\u202eisos", "ünï", "ISOS", "isos", "a" * 61, "a" * 62]),
        ),
        min_size=1,
        max_size=4,
    ),
    st.booleans(),
)
def test_whatever_folders_are_called_each_torrent_is_in_its_collection(prefix, names, deeper):
    paths = [f"{prefix}{name}/{'2024/' if deeper else ''}t{n}.torrent" for n, name in enumerate(names)]
    torrents = [at(path) for path in paths]
    text = sample_policy(torrents, prefix.rstrip("/"))
    assert policy_mistakes(text, "p.toml", {}) == []
    assert all(line.isprintable() for line in text.splitlines())
    # What an escape sequence swallows, or nothing of which is to be seen, is no folder.
    told = [
        one
        for one, path in zip(torrents, paths, strict=True)
        if (shown := one.sources[0]).count("/") == path.count("/") and all(shown.removeprefix(prefix).split("/"))
    ]
    assert collections(text, *told).keys() == {one.sources[0] for one in told}
