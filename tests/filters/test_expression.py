from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.reports import scenes
from trackerwatch.filters import parse_filter

if TYPE_CHECKING:
    from trackerwatch.metainfo.torrent import Torrent

DEBIAN = scenes.torrent("Debian-13.2.iso", [scenes.DEAD], [scenes.UP], size=4_000_000_000)
MAGNET = scenes.torrent("magnet", ["http://[2001:db8::1]:8080/announce"], size=None)
PRIVATE = scenes.torrent("secret", [scenes.KEYED], private=True)


@pytest.mark.parametrize(
    ("text", "torrent", "expected"),
    [
        ("", DEBIAN, True),
        ("debian", DEBIAN, True),
        ("foo.org", DEBIAN, True),
        ("fedora", DEBIAN, False),
        ("debian foo", DEBIAN, True),
        ("debian bar", DEBIAN, False),
        ("name=debian-13.2.iso", DEBIAN, True),
        ("name=debian", DEBIAN, False),
        ("name~13.2", DEBIAN, True),
        (f"info_hash={DEBIAN.info_hash_hex.upper()}", DEBIAN, True),
        (f"info_hash~{DEBIAN.info_hash_hex[:8]}", DEBIAN, True),
        ("host=tracker.foo.org", DEBIAN, True),
        ("host=tracker.foo.org:6969", DEBIAN, True),
        ("host=foo.org", DEBIAN, False),
        ("!(host=tracker.foo.org)", DEBIAN, False),
        ("host=2001:db8::1", MAGNET, True),
        ("tracker~announce", DEBIAN, True),
        (f"tracker={DEBIAN.placements[0].tracker.id}", DEBIAN, True),
        ("tracker~0123456789abcdef", PRIVATE, False),
        ("protocol=udp", DEBIAN, True),
        ("protocol=http", DEBIAN, False),
        ("protocol~http", PRIVATE, True),
        ("private=yes", PRIVATE, True),
        ("private=no", PRIVATE, False),
        ("source~debian", DEBIAN, True),
        ("size>1G", DEBIAN, True),
        ("size<1Gi", DEBIAN, False),
        # A magnet's size is never going to be known, so no packet is sent to find out.
        ("size>1G", MAGNET, False),
        ("!(size>1G)", MAGNET, True),
        ("size=unknown", MAGNET, True),
        ("size=unknown", DEBIAN, False),
        # Only answers can tell: keep it.
        ("seeders<3", DEBIAN, True),
        ("!(seeders<3)", DEBIAN, True),
        ("kind=refused", DEBIAN, True),
        ("debian & seeders<3", DEBIAN, True),
        ("fedora & seeders<3", DEBIAN, False),
        ("fedora | seeders<3", DEBIAN, True),
        ("fedora | !(name~deb) | !(seeders<3 | debian)", DEBIAN, False),
    ],
)
def test_before_asking(text: str, torrent: Torrent, expected: bool):
    assert parse_filter(text).may_match(torrent) is expected


SCENE = scenes.failed_over_scene()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ["dataset-imaging-v3", "distro-13.2-netinst.iso", "secret"]),
        ("seeders<20", ["dataset-imaging-v3"]),
        ("seeders>=12", ["dataset-imaging-v3", "distro-13.2-netinst.iso"]),
        ("!(seeders>=12)", ["secret"]),
        ("seeders=unknown", ["secret"]),
        ("leechers=212", ["distro-13.2-netinst.iso"]),
        ("completed=unknown", ["distro-13.2-netinst.iso", "secret"]),
        ("state=warning", ["dataset-imaging-v3"]),
        ("state=failed_over", ["dataset-imaging-v3"]),
        ("state=unknown", ["secret"]),
        ("state=down", ["dataset-imaging-v3"]),
        ("state=up & !(state=down)", ["distro-13.2-netinst.iso"]),
        ("verdict=ok", ["distro-13.2-netinst.iso"]),
        ("working<1", ["secret"]),
        ("active=tracker.example.org", ["dataset-imaging-v3", "distro-13.2-netinst.iso"]),
        ("active=none", ["secret"]),
        ("kind=refused", ["dataset-imaging-v3"]),
        ("distro & seeders>1", ["distro-13.2-netinst.iso"]),
        ("private=yes", ["secret"]),
    ],
)
def test_after_asking_rows_and_views_agree(text: str, names: list[str]):
    expression = parse_filter(text)
    table = SCENE.torrents
    by_row = [table.torrents[index].name for index in expression.select_torrents(SCENE)]
    by_view = [view.torrent.name for view in table.views if expression.matches_torrent(view, SCENE.trackers)]
    assert by_row == by_view == names


def test_columns_suffice_unless_a_failure_kind_is_asked_for():
    scene = scenes.failed_over_scene()
    parse_filter("seeders<20 | state=down | active=none").select_torrents(scene)
    assert scene.torrents.views_made == 0
    parse_filter("kind=refused").select_torrents(scene)
    assert scene.torrents.views_made == 3


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("foo.org", ["tracker.foo.org"]),
        ("state=down", ["tracker.foo.org"]),
        ("state=unknown", ["private.example.net"]),
        ("kind=refused", ["tracker.foo.org"]),
        ("protocol=https", ["private.example.net"]),
        ("!(state=up)", ["tracker.foo.org", "private.example.net"]),
        # These say nothing about trackers: all stay.
        ("seeders<3", ["tracker.foo.org", "tracker.example.org", "private.example.net"]),
        ("state=critical", ["tracker.foo.org", "tracker.example.org", "private.example.net"]),
        ("name~debian & state=down", ["tracker.foo.org"]),
    ],
)
def test_trackers(text: str, hosts: list[str]):
    expression = parse_filter(text)
    assert [view.tracker.host for view in SCENE.trackers if expression.matches_tracker(view)] == hosts


def test_the_quick_predicate_exists_where_no_answer_is_needed():
    predicate = parse_filter("debian udp | protocol=udp").torrent_predicate()
    assert predicate is not None
    assert [predicate(t) for t in (DEBIAN, MAGNET, PRIVATE)] == [True, False, False]
    assert parse_filter("debian seeders<3").torrent_predicate() is None


def test_an_empty_filter_says_so():
    assert parse_filter(" ").is_empty
    assert not parse_filter("x").is_empty
