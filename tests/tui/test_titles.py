import pytest

from tests.tui.feeds import Clock, HandFeed, before, event, rich_snapshot
from trackerwatch.engine.views import EventKind
from trackerwatch.filters import parse_filter
from trackerwatch.tui.lines import titles
from trackerwatch.tui.lines.arrangement import Pane
from trackerwatch.tui.lines.ink import Ink, line_width
from trackerwatch.tui.model.ordering import TorrentSort, TrackerSort
from trackerwatch.tui.model.picture import Picture


def text(line):
    return "".join(span.text for span in line)


@pytest.fixture
def picture():
    made = Picture(HandFeed(rich_snapshot()), Clock())
    made.pull()
    made.reorder()
    return made


def test_tabs_say_where_one_is_and_how_much_there_is(picture):
    assert text(titles.tabs(picture, Pane.TORRENTS, 80)) == (
        " 1 Trackers 14 [2 Torrents 26/200] 3 Detail  4 Events        attention, f = all"
    )
    picture.watchfulness.key_pressed(before(100))
    picture.watchfulness.arrived((event(9, EventKind.PROMOTED, "m"),), before(90))
    assert "4 Events 3 new" in text(titles.tabs(picture, Pane.TRACKERS, 80))


@pytest.mark.parametrize("width", [30, 44, 60, 64, 80, 119])
@pytest.mark.parametrize("pane", Pane)
def test_tabs_fit(picture, pane, width):
    line = titles.tabs(picture, pane, width)
    assert line_width(line) <= width
    assert str(list(Pane).index(pane) + 1) in text(line)


def test_tabs_are_clickable(picture):
    assert [span.action for span in titles.tabs(picture, Pane.TRACKERS, 80)][:4] == [
        f"screen.pane('{pane}')" for pane in Pane
    ]


@pytest.mark.parametrize("width", [0, 10, 20, 40, 160])
@pytest.mark.parametrize("pane", Pane)
def test_rules_fill_their_width(picture, pane, width):
    line = titles.rule(picture, pane, width, has_keys=True, told="a.example:6969 udp")
    assert line_width(line) == max(width, line_width(line) if width < 24 else width)
    assert line_width(titles.plain_rule("name | at the right", width)) <= max(width, 12)


def test_every_sort_has_words():
    assert set(titles.TRACKER_SORTS) == set(TrackerSort)
    assert set(titles.TORRENT_SORTS) == set(TorrentSort)


def test_the_selection_in_words(picture):
    assert titles.selection(picture) == "needing attention, f = all"
    picture.attention = False
    picture.reorder()
    assert titles.selection(picture) == "all, f = needing attention"
    picture.filter = parse_filter("x")
    assert titles.selection(picture) == "/x/"


def test_the_filter_in_force_stands_in_the_title(picture):
    picture.filter = parse_filter("seeders<3 state:down")
    picture.reorder()
    for pane in (Pane.TRACKERS, Pane.TORRENTS):
        wide = titles.tabs(picture, pane, 140)
        assert "/seeders<3 state:down/; worst first" in text(wide)
        assert next(span.ink for span in wide if "/seeders" in span.text) is Ink.KEY
        assert "/seeders" in text(titles.tabs(picture, pane, 80))
        assert "/seeders<3 state:down/; worst first" in text(titles.rule(picture, pane, 120, has_keys=True))
    assert "/seeders" not in text(titles.tabs(picture, Pane.EVENTS, 140))
    long = parse_filter("name:" + "x" * 300)
    picture.filter = long
    for width in (44, 64, 80, 119):
        assert line_width(titles.tabs(picture, Pane.TORRENTS, width)) <= width
    assert "…" in text(titles.tabs(picture, Pane.TORRENTS, 80))
