"""Torrents of one name that are not one torrent: told where they are meant to be, and nowhere else."""

from __future__ import annotations

import hashlib

import pytest

from trackerwatch.metainfo import Torrent, parse_magnet
from trackerwatch.policy.drift import MAX_OF_ONE_NAME, drift
from trackerwatch.policy.rules import Rule, Severity

NAME = "distro-13.2-amd64.iso"


def torrent(
    made_as: str, *, name: str = NAME, size: int | None = 700, source: str = "rel/distro.torrent", v2: bool = False
) -> Torrent:
    """One of several makings of a name: each has an info hash of its own."""
    whole = hashlib.sha256(f"{name} {made_as}".encode()).digest()
    v1 = hashlib.sha1(f"{name} {made_as}".encode(), usedforsecurity=False).digest()
    return Torrent(name, v1, whole if v2 else None, private=False, size_bytes=size, placements=(), sources=(source,))


def told(*torrents: Torrent, before: dict[str, str] | None = None) -> dict[str, list[Rule]]:
    found = drift(torrents, before or {})
    for info_hash, problems in found.items():
        for problem in problems:
            assert (problem.torrent, problem.tracker, problem.severity) == (info_hash, None, Severity.INFO)
    return {info_hash: [problem.rule for problem in problems] for info_hash, problems in found.items()}


OLD, NEW = torrent("old"), torrent("new")


# -- made anew ---------------------------------------------------------------------------------------------------------


def test_a_name_with_another_hash_than_in_the_last_run():
    found = drift([NEW], {NAME: OLD.info_hash_hex})
    (problem,) = found[NEW.info_hash_hex]
    assert problem.rule is Rule.NEW_INFO_HASH
    assert problem.message == (
        f"made anew since the last report: info hash {OLD.info_hash_hex[:12]} then, {NEW.info_hash_hex[:12]} now"
    )
    assert problem.action == "see that all seeders have the new torrent file: those of the old one are another swarm"


@pytest.mark.parametrize("before", [{}, {NAME: NEW.info_hash_hex}, {"another name": OLD.info_hash_hex}])
def test_what_stays_or_is_new_did_not_drift(before):
    assert told(NEW, before=before) == {}


def test_where_the_old_one_is_still_there_nothing_was_replaced():
    found = told(OLD, NEW, before={NAME: OLD.info_hash_hex})
    assert set().union(*found.values()) == {Rule.PUBLISHED_DIFFERS}


def test_a_hybrid_is_known_by_either_hash():
    hybrid = torrent("x", v2=True)
    assert hybrid.is_hybrid
    v1, v2 = (swarm.hex() for _, swarm in hybrid.swarms)
    assert told(hybrid, before={NAME: v1}) == told(hybrid, before={NAME: v2}) == {}


def test_a_torrent_without_a_name_drifts_nowhere():
    magnet = parse_magnet(f"magnet:?xt=urn:btih:{'a' * 40}")
    assert told(magnet, before={magnet.name: "b" * 40}) == {}


# -- published ---------------------------------------------------------------------------------------------------------


def test_the_published_file_is_another_torrent():
    local, published = torrent("1"), torrent("2", size=900, source="https://distro.example.org/dl/13.2.torrent")
    found = drift([local, published], {})
    assert set(found) == {local.info_hash_hex, published.info_hash_hex}
    (problem,) = found[local.info_hash_hex]
    assert problem.rule is Rule.PUBLISHED_DIFFERS
    assert problem.message == (
        f"2 torrents of one name: {local.info_hash_hex[:12]} from rel/distro.torrent, "
        f"{published.info_hash_hex[:12]} from https://distro.example.org/dl/13.2.torrent"
    )
    assert problem.action == "publish one of them everywhere and seed that one: each is a swarm of its own"
    # In the same words, so that a report can say it once.
    assert found[published.info_hash_hex][0].message == problem.message


@pytest.mark.parametrize(
    ("first", "second"),
    [
        # Made twice of the same content.
        (torrent("1", source="a/v1.torrent"), torrent("2", source="a/v2.torrent")),
        # The same file in two folders, and its content changed.
        (torrent("1", source="a/distro.torrent"), torrent("2", size=900, source="b\\distro.torrent")),
        # A file, and the magnet link that is published.
        (torrent("1"), torrent("2", size=None, source=f"magnet:?xt=urn:btih:{'a' * 40}&dn=x")),
        (torrent("1", source="https://a.org/x/distro.torrent?raw=1"), torrent("2", size=9, source="distro.torrent")),
    ],
)
def test_meant_to_be_one(first, second):
    assert told(first, second) == {
        first.info_hash_hex: [Rule.PUBLISHED_DIFFERS],
        second.info_hash_hex: [Rule.PUBLISHED_DIFFERS],
    }


@pytest.mark.parametrize(
    ("first", "second"),
    [
        # Names that many have: nothing says that these are one thing.
        (torrent("1", source="a/season-1.torrent"), torrent("2", size=900, source="b/other.torrent")),
        (torrent("1", source="https://a.org/1.torrent"), torrent("2", size=900, source="https://a.org/2.torrent")),
        (torrent("1", size=None, source="magnet:?x=1"), torrent("2", size=None, source="magnet:?x=2")),
        (torrent("1"), torrent("2", name="another name")),
        (torrent("1"), torrent("1")),
    ],
)
def test_names_alone_prove_nothing(first, second):
    assert told(first, second) == {}


def test_several_others_are_counted():
    found = drift([torrent(str(number)) for number in range(7)], {})
    assert len(found) == 7
    (message,) = {problems[0].message for problems in found.values()}
    assert message.startswith("7 torrents of one name: ")
    assert message.endswith(" and 2 more")


def test_a_name_that_very_many_have_is_no_publication():
    several = [torrent(str(number)) for number in range(MAX_OF_ONE_NAME + 1)]
    assert drift(several, {}) == {}
    assert len(drift(several[1:], {})) == MAX_OF_ONE_NAME
