from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.reports import scenes
from trackerwatch.engine.views import Disabled, Event, EventKind, Mute
from trackerwatch.filters import parse_event_filter, parse_filter
from trackerwatch.outcome import FailureKind

if TYPE_CHECKING:
    from trackerwatch.metainfo.torrent import Torrent

DEBIAN = scenes.torrent("Debian-13.2.iso", [scenes.DEAD], [scenes.UP], size=4_000_000_000)
MAGNET = scenes.torrent("magnet", ["http://[2001:db8::1]:8080/announce"], size=None)
PRIVATE = scenes.torrent("secret", [scenes.KEYED], private=True)
LISTED = replace(DEBIAN, sources=("/srv/Linux/x.torrent (/etc/a/list.txt line 3)",))


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
        ("trackers=2", DEBIAN, True),
        ("tiers<2", DEBIAN, False),
        ("folder=linux", LISTED, True),
        ("folder=/srv/Linux", LISTED, True),
        ("collection~srv", LISTED, True),
        ("folder=a", LISTED, False),
        ("folder=.", DEBIAN, True),
        ("folder~magnet", replace(MAGNET, sources=("magnet:?xt=a/b",)), False),
        ("name~/^deb.*13/", DEBIAN, True),
        ("name!~/^deb.*14/", DEBIAN, True),
        ("name=debian*iso", DEBIAN, True),
        ("name=debian*is", DEBIAN, False),
        ("deb*iso", DEBIAN, True),
        ("13", DEBIAN, True),
        ("69", DEBIAN, False),
        (":69", DEBIAN, True),
        (r"/foo\.org:\d+$/", DEBIAN, True),
        ("@big & debian", DEBIAN, True),
        ("!@big", DEBIAN, False),
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
    assert parse_filter(text, {"big": "size>1G"}).may_match(torrent) is expected


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
        ("rule=failed_over", ["dataset-imaging-v3"]),
        ("rule=single_tracker", ["distro-13.2-netinst.iso"]),
        ("rule~tracker", ["distro-13.2-netinst.iso"]),
        ("rule!=failed_over & rule!=single_tracker", ["secret"]),
        ("since<1m", ["dataset-imaging-v3", "distro-13.2-netinst.iso", "secret"]),
        ("since=4s", ["dataset-imaging-v3", "distro-13.2-netinst.iso", "secret"]),
        ("since>5s", []),
        ("tier=1", ["dataset-imaging-v3"]),
        ("tier=unknown", ["secret"]),
        ("trackers>1 & working<2", ["dataset-imaging-v3"]),
        ("why~refused", ["dataset-imaging-v3"]),
        # Of one of its trackers.
        ("uptime<99%", ["dataset-imaging-v3", "secret"]),
        ("uptime=100%", ["dataset-imaging-v3", "distro-13.2-netinst.iso"]),
        ("latency>30ms & state=ok", ["distro-13.2-netinst.iso"]),
        ("latency=31ms", ["dataset-imaging-v3", "distro-13.2-netinst.iso"]),
        ("latency>31ms", []),
        ("age<5s", ["dataset-imaging-v3", "distro-13.2-netinst.iso"]),
        ("muted=yes", []),
        ("muted=no & interval=30m", ["dataset-imaging-v3", "distro-13.2-netinst.iso"]),
        ("interval=unknown", ["dataset-imaging-v3", "secret"]),
    ],
)
def test_after_asking_rows_and_views_agree(text: str, names: list[str]):
    expression = parse_filter(text)
    table = SCENE.torrents
    by_row = [table.torrents[index].name for index in expression.select_torrents(SCENE)]
    by_view = [
        view.torrent.name for view in table.views if expression.matches_torrent(view, SCENE.trackers, scenes.NOW)
    ]
    assert by_row == by_view == names


def test_columns_suffice_unless_a_failure_kind_is_asked_for():
    scene = scenes.failed_over_scene()
    cheap = "seeders<20 | state=down | active=none | since>2h | uptime<9% | rule=no_seeders | folder=x | name~/x/"
    assert not parse_filter(cheap).in_full
    parse_filter(cheap).select_torrents(scene)
    assert scene.torrents.views_made == 0
    assert parse_filter("kind=refused").in_full
    parse_filter("kind=refused").select_torrents(scene)
    assert scene.torrents.views_made == 3


def test_a_full_view_is_made_only_where_the_columns_leave_it_open():
    scene = scenes.failed_over_scene()
    found = parse_filter("kind=refused & seeders<20").select_torrents(scene)
    assert (found, scene.torrents.views_made) == ([0], 1)
    parse_filter("rule=single_tracker & private=yes").select_torrents(scene)
    assert scene.torrents.views_made == 2


def test_a_slice_of_the_rows_is_asked_alone():
    expression = parse_filter("seeders>=12 | state=unknown")
    assert expression.select_torrents(SCENE, [2, 1]) == [2, 1]
    assert expression.select_torrents(SCENE, [0]) == [0]
    assert parse_filter("").select_torrents(SCENE, [2]) == [2]
    assert parse_filter("distro").select_torrents(SCENE, [0, 1]) == [1]


def test_time_passes_for_a_filter_while_nothing_happens():
    expression = parse_filter("since>1h")
    assert expression.depends_on_time
    assert not parse_filter("interval>1h & seeders<3").depends_on_time
    assert expression.select_torrents(SCENE) == []
    later = scenes.NOW + timedelta(hours=2)
    assert expression.select_torrents(SCENE, now=later) == [0, 1, 2]
    view = SCENE.trackers[0]
    assert [expression.matches_tracker(view, now) for now in (None, scenes.NOW, later)] == [False, False, True]


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
        ("since<5s", ["tracker.foo.org", "tracker.example.org", "private.example.net"]),
        ("age=unknown", ["tracker.foo.org", "private.example.net"]),
        ("uptime<50%", ["tracker.foo.org", "private.example.net"]),
        ("p95<1s & uptime>=99%", ["tracker.example.org"]),
        ("torrents=1 & !(state=up)", ["tracker.foo.org", "private.example.net"]),
        ("address~192.0.2", ["tracker.foo.org", "tracker.example.org"]),
        ("why~refused", ["tracker.foo.org"]),
        ("why~/connection (refused|reset)/", ["tracker.foo.org"]),
        ("own=yes | muted=yes | flapping=yes | disabled=yes | added=yes | pending=yes", []),
        ("next=unknown & tls=unknown", ["tracker.foo.org", "tracker.example.org", "private.example.net"]),
        ("host=*.org", ["tracker.foo.org", "tracker.example.org"]),
        # A number alone is no port.
        ("69", []),
        (":69", ["tracker.foo.org"]),
        ("org:69", ["tracker.foo.org"]),
        ("/^tracker/", ["tracker.foo.org", "tracker.example.org"]),
    ],
)
def test_trackers(text: str, hosts: list[str]):
    expression = parse_filter(text)
    assert [view.tracker.host for view in SCENE.trackers if expression.matches_tracker(view, scenes.NOW)] == hosts


def test_the_quick_predicate_exists_where_no_answer_is_needed():
    predicate = parse_filter("debian udp | protocol=udp").torrent_predicate()
    assert predicate is not None
    assert [predicate(t) for t in (DEBIAN, MAGNET, PRIVATE)] == [True, False, False]
    assert parse_filter("debian seeders<3").torrent_predicate() is None


def test_an_empty_filter_says_so():
    assert parse_filter(" ").is_empty
    assert not parse_filter("x").is_empty


def test_what_is_ordered_of_a_tracker_can_be_asked():
    view = replace(
        SCENE.trackers[0],
        muted=Mute(None, "moving house"),
        disabled=Disabled("too slow"),
        own=True,
        added=True,
        flapping=True,
        pending=1,
        note="udp port moved",
        next_probe_at=scenes.NOW + timedelta(seconds=38),
        tls_expires_at=scenes.NOW + timedelta(days=13),
    )
    for text in (
        "muted=yes & disabled=yes & own=yes & added=yes & flapping=yes & pending=yes",
        "why~'moving house' & why~slow & why~moved",
        "next<1m & next=38s",
        "tls<14d",
    ):
        assert parse_filter(text).matches_tracker(view, scenes.NOW)
        assert not parse_filter(f"!({text})").matches_tracker(view, scenes.NOW)


def test_an_expired_certificate_has_less_than_no_time_left():
    view = replace(SCENE.trackers[0], tls_expires_at=scenes.NOW - timedelta(days=1))
    assert parse_filter("tls<0s").matches_tracker(view, scenes.NOW)


MOVED = Event(
    7,
    scenes.NOW - timedelta(minutes=5),
    EventKind.FAILED_OVER,
    "Debian failed over to tracker.example.org:1337 (tier 1)",
    tracker=DEBIAN.placements[1].tracker,
    torrent=DEBIAN,
    to_state="failed_over",
    reason=FailureKind.REFUSED,
)
STARTED = Event(8, scenes.NOW, EventKind.STARTED, "started")


@pytest.mark.parametrize(
    ("text", "moved", "started"),
    [
        ("", True, True),
        ("kind=failed_over", True, False),
        ("kind!=failed_over", False, True),
        ("host=tracker.example.org", True, False),
        ("tracker~example", True, False),
        ("torrent~13.2", True, False),
        ("name=debian*", True, False),
        ("reason=refused", True, False),
        ("state=failed_over", True, False),
        ("since<1m", False, True),
        ("since=5m", True, False),
        ("protocol=udp", True, False),
        ("text~/over to .*:1337/", True, False),
        ("tier", True, False),
        ("start | example.org", True, True),
        ("!(debian)", False, True),
    ],
)
def test_events(text, moved, started):
    expression = parse_event_filter(text)
    assert [expression.matches(event, scenes.NOW) for event in (MOVED, STARTED)] == [moved, started]
    assert expression.is_empty is (text == "")
