from dataclasses import replace

import pytest

from tests.tui.feeds import torrent, tracker
from trackerwatch.engine.views import Disabled, Mute
from trackerwatch.health.states import Health
from trackerwatch.tui.model.gathering import Grade, collection_of, short_names, tracker_grade


def collection(*sources):
    return collection_of(torrent("x", sources=sources))


@pytest.mark.parametrize(
    ("sources", "name"),
    [
        (("/srv/iso/debian/a.torrent",), "/srv/iso/debian"),
        (("iso/a.torrent",), "iso"),
        (("a.torrent",), "./"),
        (("/a.torrent",), "/"),
        (("/srv/iso/a.torrent (/home/ann/list.txt line 3)",), "/srv/iso"),
        (("/srv/disc (2024)/a.torrent",), "/srv/disc (2024)"),
        (("magnet:?xt=urn:btih:00",), "magnets"),
        (("MAGNET:?xt=urn:btih:00",), "magnets"),
        (("magnet:?xt=urn:btih:00&dn=a/b (/home/ann/list.txt line 12)",), "/home/ann/list.txt"),
        (("https://Dl.Example.net:8443/x/y.torrent",), "dl.example.net:8443"),
        (("https://ann@dl.example.net/x.torrent",), "dl.example.net"),
        (("https:///x.torrent",), "magnets"),
        # The first file is what counts, wherever it stands.
        (("magnet:?xt=urn:btih:00", "https://a.example/x", "/srv/iso/a.torrent", "/z/a.torrent"), "/srv/iso"),
        ((), "not from a file"),
    ],
)
def test_a_collection_is_the_folder_of_the_first_file_or_where_the_link_is_from(sources, name):
    assert collection(*sources) == name


def test_names_are_as_short_as_they_can_be_told_apart():
    assert short_names(["/srv/a/iso", "/srv/b/iso", "/srv/c", "magnets"]) == {
        "/srv/a/iso": "a/iso",
        "/srv/b/iso": "b/iso",
        "/srv/c": "c",
        "magnets": "magnets",
    }
    assert short_names(["/iso", "iso", "/", "."]) == {"/iso": "/iso", "iso": "iso", "/": "/", ".": "."}
    assert short_names(["/x/iso", "/y/x/iso"]) == {"/x/iso": "/x/iso", "/y/x/iso": "y/x/iso"}


def test_grades_of_trackers():
    up, down = tracker(0, "udp://a.example/"), tracker(1, "udp://b.example/", Health.DOWN)
    assert tracker_grade(up) is Grade.WELL
    assert tracker_grade(down) is Grade.CRITICAL
    assert tracker_grade(replace(up, pending=1)) is Grade.WARNING
    assert tracker_grade(replace(up, flapping=True)) is Grade.WARNING
    assert tracker_grade(replace(up, torrents=20, refused=10)) is Grade.WARNING
    assert tracker_grade(replace(up, torrents=20, refused=9)) is Grade.WELL
    assert tracker_grade(tracker(2, "udp://c.example/", Health.UNKNOWN)) is Grade.UNKNOWN
    assert tracker_grade(replace(down, muted=Mute(None, ""))) is Grade.ASIDE
    assert tracker_grade(replace(down, disabled=Disabled(""))) is Grade.ASIDE
    assert tracker_grade(replace(down, retired=True)) is Grade.ASIDE
