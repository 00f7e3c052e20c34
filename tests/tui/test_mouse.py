"""Everything that the mouse does on the panes, and that it is not taken where it is not wanted."""

import pytest

from tests.tui.screens import Show, show
from trackerwatch.tui import run as running
from trackerwatch.tui.app import TrackerwatchApp
from trackerwatch.tui.lines.arrangement import Pane
from trackerwatch.tui.model.ordering import TrackerSort
from trackerwatch.tui.preferences import Preferences
from trackerwatch.tui.screens.choice import ChoiceScreen
from trackerwatch.tui.screens.detail import DetailScreen
from trackerwatch.tui.screens.help import HelpScreen


async def click(s: Show, text: str, *, line: int | None = None, times: int = 1) -> None:
    """Click on a text where it stands on the screen."""
    y = next(n for n, one in enumerate(s.lines) if text in one) if line is None else line % len(s.lines)
    await s.pilot.click(offset=(s.lines[y].index(text) + 1, y), times=times)
    await s.settle()


async def test_a_row_is_selected_and_opened_by_the_second_click():
    async with show() as s:
        await click(s, "open.baz.io")
        assert s.app.picture.tracker(s.main.trackers.cursor_key).tracker.host == "open.baz.io"
        assert s.app.screen is s.main
        await click(s, "open.baz.io", times=2)
        assert isinstance(s.app.screen, DetailScreen)
        assert "open.baz.io" in s.lines[0]


async def test_titles_sort_and_reverse():
    async with show() as s:
        await click(s, "TRACKER ")
        assert (s.app.picture.tracker_sort, s.app.picture.trackers_reversed) == (TrackerSort.NAME, False)
        await click(s, "TRACKER*")
        assert s.app.picture.trackers_reversed


async def test_tabs_and_the_key_line():
    async with show() as s:
        await click(s, "2 Torrents")
        assert s.main.pane is Pane.TORRENTS
        await click(s, "4 Events")
        assert s.main.pane is Pane.EVENTS
        await click(s, "? help", line=-1)
        assert isinstance(s.app.screen, HelpScreen)
        await s.press("escape")
        await click(s, "1 Trackers")
        await click(s, "mute", line=-1)
        assert isinstance(s.app.screen, ChoiceScreen)
        await click(s, "24 hours")
        assert s.app.screen is not s.main
        await s.press("escape")
        await click(s, "Q quit", line=-1)
        assert s.app._exit


async def test_the_wheel_scrolls_and_leaves_the_cursor():
    async with show() as s:
        await s.press("2", "f")
        table = s.main.torrents
        for _ in range(5):
            await s.pilot._post_mouse_events(
                [__import__("textual").events.MouseScrollDown], widget=table, offset=(5, 5)
            )
        await s.settle()
        assert table.scroll_y > 0
        assert table.cursor == 0


async def test_a_click_gives_a_pane_the_keys():
    async with show(size=(160, 48)) as s:
        await s.pilot.click("#detail", offset=(5, 3))
        await s.settle()
        assert s.main.pane is Pane.DETAIL
        await s.pilot.click("#torrents", offset=(5, 3))
        await s.settle()
        assert s.main.pane is Pane.TORRENTS


@pytest.mark.parametrize("mouse", [True, False])
def test_no_mouse_leaves_it_to_the_terminal(monkeypatch, mouse):
    asked = []

    async def run_async(self, *, mouse):
        asked.append(mouse)

    monkeypatch.setattr(TrackerwatchApp, "run_async", run_async)

    class Engine:
        def feed(self):
            return None

        def do(self, command):
            return ""

        async def try_out(self, url):
            raise NotImplementedError

        async def run(self):
            return

        async def stop(self):
            return

    assert running.run(Engine(), preferences=Preferences(mouse=mouse)) == 0
    assert asked == [mouse]


async def test_dragging_selects_nothing_that_is_not_there():
    async with show() as s:
        await s.pilot.mouse_down(offset=(2, 2))
        await s.pilot.hover(offset=(30, 8))
        await s.pilot.mouse_up(offset=(30, 8))
        await s.settle()
        assert not s.app.screen.get_selected_text()
