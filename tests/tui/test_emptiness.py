"""No pane is just empty: it says why, and what to do."""

from __future__ import annotations

import pytest

from tests.tui.feeds import Clock, HandFeed, rich_snapshot, snapshot, torrent, torrent_view, tracker
from tests.tui.screens import show
from trackerwatch.filters import parse_filter
from trackerwatch.tui.lines import emptiness
from trackerwatch.tui.lines.arrangement import Pane
from trackerwatch.tui.model.picture import Picture

LONELY = torrent_view(0, torrent("lonely", ()), active=None, working=0)


def picture(shown=None, *, loading: str = "", expression: str = "") -> Picture:
    made = Picture(HandFeed(shown), Clock())
    made.pull()
    made.loading = loading
    made.filter = parse_filter(expression) if expression else None
    return made


@pytest.mark.parametrize(
    ("what", "trackers", "torrents"),
    [
        (picture(), "starting: the first picture comes", "starting: the first picture comes"),
        (
            picture(rich_snapshot(), expression="name~nobody"),
            *("no tracker matches: esc clears the filter", "no torrents match: esc clears the filter"),
        ),
        (
            picture(snapshot(), loading="loading 3"),
            "no trackers yet: torrents are still",
            "no torrents yet: torrents are",
        ),
        (picture(snapshot()), "nothing is watched; + tries one", "no torrents: give files, folders or magnets"),
        (picture(snapshot((), [LONELY])), "the torrents list none; + tries one", "f shows all"),
        # With nothing there a filter is not to blame.
        (picture(snapshot(), expression="x"), "nothing is watched", "no torrents: give files"),
    ],
)
def test_an_empty_table_says_why_and_what_to_do(what, trackers, torrents):
    assert trackers in emptiness.trackers(what)
    assert torrents in emptiness.torrents(what)
    # One line of a narrow table holds it.
    assert max(len(emptiness.trackers(what)), len(emptiness.torrents(what))) <= 70
    assert emptiness.trackers(what) in emptiness.detail(what, Pane.TRACKERS)[0].text
    assert emptiness.torrents(what) in emptiness.detail(what, Pane.TORRENTS)[0].text


def test_events_are_to_come():
    assert "no events yet: what changes" in emptiness.events(picture(snapshot()))[0][0].text
    assert "starting" in emptiness.events(picture())[0][0].text


async def test_empty_panes_speak_on_the_screen():
    async with show(snapshot()) as s:
        assert "no trackers: nothing is watched; + tries one by its URL" in s.text
        await s.press("2")
        assert "no torrents: give files, folders or magnets when you start it" in s.text
        await s.press("3")
        assert "nothing selected: no torrents" in s.text
        await s.press("4")
        assert "no events yet: what changes from now on is told here" in s.text


async def test_only_trackers_need_no_torrents():
    async with show(snapshot((tracker(0, "udp://a.example:1/announce"),)), size=(120, 40)) as s:
        assert "no torrents: give files, folders or magnets when you start it" in s.text
