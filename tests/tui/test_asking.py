"""The dialogs of the main screen: what each asks of the engine, and what it says."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from textual.widgets import Input

from tests.tui.feeds import EXAMPLE, NOW, marked_trackers, rich_snapshot, rich_trackers, snapshot, tracker
from tests.tui.screens import show
from trackerwatch.engine.commands import (
    DisableTrackers,
    MuteTrackers,
    SetInterval,
    Undo,
    WatchTracker,
)
from trackerwatch.engine.views import Disabled, OrderSource, Trial
from trackerwatch.tui.preferences import Colors, Preferences

AT = NOW.timestamp()
URL = "udp://new.example:6969/announce"


def typed(shown) -> str:
    return shown.app.screen.query_one("#typed", Input).value


async def type_in(shown, text: str) -> None:
    """As a paste would: letter by letter takes a while."""
    shown.app.screen.query_one("#typed", Input).value = text
    await shown.settle()


# -- mute --------------------------------------------------------------------------------------------------------------


async def test_muting_asks_how_long_and_why():
    async with show() as s:
        await s.press("m")
        assert "Mute tracker.foo.org:6969" in s.text
        assert "> 1 1 hour" in s.text
        await s.press("escape")
        assert s.commands == []
        await s.press("m", "2")
        assert "2 of 2: why is tracker.foo.org:6969 muted?" in s.text
        assert s.commands == []
        await s.press("a", "space", "b", "enter")
        assert s.commands == [MuteTrackers((1,), AT + 86400, "a b")]
        assert s.main.keys.message == "asked in 4 s; u undoes it; for this run"


async def test_orders_are_given_from_the_full_screen_as_well():
    async with show() as s:
        s.main.trackers.select(1)
        await s.settle()
        await s.press("1", "enter")
        opened = s.app.screen
        assert opened is not s.main
        await s.press("m", "1", "w", "enter")
        assert s.commands == [MuteTrackers((1,), AT + 3600, "w")]
        assert s.app.screen is opened
        assert "asked in 4 s; u undoes it" in s.lines[-1]
        await s.press("u")
        assert s.commands[-1] == Undo()


class Layout:
    """Keeps nothing; that there is one means that there is a state file."""

    def load(self):
        return {}

    def save(self, layout):
        del layout
        return ""


async def test_an_order_says_where_it_is_kept():
    async with show(preferences=Preferences(layout=Layout())) as s:
        await s.press("m", "1", "enter")
        assert s.main.keys.message == "asked in 4 s; u undoes it; kept in the state file"


async def test_what_was_done_goes_before_where_it_is_kept():
    async with show(preferences=Preferences(layout=Layout()), size=(44, 20)) as s:
        await s.press("1", "m", "1", "enter")
        assert s.main.keys.message == "asked in 4 s; u undoes it"


async def test_all_trackers_of_a_host_are_ordered_about_together():
    sisters = (tracker(0, "udp://a.example:1/announce"), tracker(1, "http://a.example/announce"))
    async with show(snapshot((*sisters, tracker(2, URL))), size=(160, 48)) as s:
        await s.press("1", "t")
        groups = s.app.picture.hosts
        row, group = next((key, group) for key in groups.rows if (group := groups.group(key)) is not None)
        s.main.trackers.select(row)
        await s.settle()
        assert sorted(group.members) == [0, 1]
        await s.press("m")
        assert "Mute 2 trackers of a.example" in s.text
        await s.press("1", "enter")
        assert s.commands == [MuteTrackers(tuple(group.members), AT + 3600, "")]
        await s.press("i")
        await type_in(s, "1h")
        await s.press("enter")
        assert s.commands[-1] == SetInterval(tuple(group.members), 3600.0)
        await s.press("d", "enter")
        assert s.commands[-1] == DisableTrackers(tuple(group.members), "")


async def test_a_line_is_chosen_with_the_mouse():
    async with show() as s:
        await s.press("m")
        line = next(n for n, text in enumerate(s.lines) if "24 hours" in text)
        await s.pilot.click(offset=(s.lines[line].index("24 hours") + 2, line))
        await s.settle()
        assert "2 of 2: why is tracker.foo.org:6969 muted?" in s.text
        await s.press("enter")
        assert s.commands == [MuteTrackers((1,), AT + 86400, "")]


async def test_where_nothing_is_selected_it_is_said_what_to_choose():
    async with show(snapshot()) as s:
        for key in ("r", "a", "c"):
            await s.press(key)
            assert s.main.keys.message == "nothing selected: choose a row in 1 Trackers or 2 Torrents"
        await s.press("m")
        assert s.main.keys.message == "muting is for a tracker: choose one in 1 Trackers"


async def test_a_reason_may_be_left_out_and_escape_mutes_nothing():
    async with show() as s:
        await s.press("m", "3", "enter")
        assert s.commands == [MuteTrackers((1,), None, "")]
        await s.press("m", "1", "x", "escape")
        assert len(s.commands) == 1
        assert s.app.screen is s.main


async def test_the_end_of_a_mute_can_be_typed():
    async with show() as s:
        await s.press("m", "4")
        assert "Mute tracker.foo.org:6969 until when?" in s.text
        await type_in(s, "sometime")
        assert "! write how long" in s.text
        await s.press("enter")
        assert "until when?" in s.text
        await type_in(s, "3h")
        assert "+ until 14 Mar 2026 17:02 UTC, 3h" in s.text
        await s.press("enter", "enter")
        assert s.commands == [MuteTrackers((1,), AT + 3 * 3600, "")]


async def test_a_mute_is_taken_back_without_a_question_more():
    async with show(snapshot(marked_trackers())) as s:
        last = s.main.trackers.order[-1]
        s.main.trackers.select(last)
        await s.settle()
        await s.press("m", "enter")
        assert s.commands == [MuteTrackers((last,), None, "", muted=False)]


@pytest.mark.parametrize(("key", "told"), [("m", "muting"), ("d", "switching off"), ("i", "an interval of its own")])
async def test_orders_for_trackers_offer_those_of_a_torrent(key, told):
    async with show() as s:
        await s.press("2", "home")
        selected = s.main.selected.view
        listed = [answer.tracker_index for answer in selected.answers]
        await s.press(key)
        assert f"{told.capitalize()}: for which tracker of the torrent?" in s.text
        # The first is the active one, where there is one.
        first = next((n for n in listed if s.app.picture.tracker(n).tracker == selected.failover.active), listed[0])
        await s.press("1")
        assert s.app.picture.tracker(first).tracker.host_port in s.text
        assert "for which tracker" not in s.text
        await s.press("escape")
        assert s.app.screen is s.main
        assert s.commands == []


# -- disable, interval, undo -------------------------------------------------------------------------------------------


async def test_switching_off_is_confirmed_with_what_it_hits():
    async with show() as s:
        await s.press("d")
        assert "Switch tracker.foo.org:6969 off?" in s.text
        assert "5,120 torrents list it." in s.text
        await s.press("escape")
        assert s.commands == []
        await s.press("d", "b", "y", "e", "enter")
        assert s.commands == [DisableTrackers((1,), "bye")]
        assert "u undoes it" in s.main.keys.message


async def test_what_is_off_is_asked_again_at_once():
    views = list(rich_trackers())
    views[1] = replace(views[1], disabled=Disabled("bye", OrderSource.HAND, NOW))
    async with show(snapshot(tuple(views))) as s:
        s.main.trackers.select(1)
        await s.settle()
        await s.press("d")
        assert s.commands == [DisableTrackers((1,), "", disabled=False)]


async def test_an_interval_is_typed_and_bounded():
    async with show() as s:
        await s.press("i")
        assert "Ask tracker.foo.org:6969 how often?" in s.text
        assert "+ as the settings say" in s.text
        await type_in(s, "5s")
        assert "! too often; at least 60s" in s.text
        await s.press("enter")
        assert s.commands == []
        await type_in(s, "2h")
        await s.press("enter")
        assert s.commands == [SetInterval((1,), 7200.0)]


async def test_an_interval_is_taken_back_by_leaving_it_empty():
    views = list(rich_trackers())
    views[1] = replace(views[1], interval_wish_s=7200.0)
    async with show(snapshot(tuple(views))) as s:
        await s.press("i")
        assert typed(s) == "2h"
        await s.press("end", "ctrl+u", "enter")
        assert s.commands == [SetInterval((1,), None)]


async def test_undo_says_what_was_taken_back():
    async with show() as s:
        await s.press("u")
        assert s.commands == [Undo()]
        assert s.main.keys.message == "asked in 4 s"


# -- trying a tracker --------------------------------------------------------------------------------------------------


class Trier:
    """Answers when it is told to."""

    def __init__(self, works: bool = True, error: Exception | None = None) -> None:
        self.asked: list[str] = []
        self.go = asyncio.Event()
        self.works, self.error = works, error

    async def __call__(self, url: str) -> Trial:
        self.asked.append(url)
        await self.go.wait()
        if self.error is not None:
            raise self.error
        return Trial(url, works=self.works, lines=("192.0.2.9: connected in 31 ms", "[bold red]answers"))


async def test_a_tracker_is_tried_and_then_watched_for_this_run():
    trier = Trier()
    async with show(try_out=trier) as s:
        await s.press("plus")
        await type_in(s, "new.example")
        assert "! announce URL without a scheme" in s.text
        await s.press("enter")
        assert trier.asked == []
        await type_in(s, f" {URL} ")
        assert "+ udp to new.example:6969" in s.text
        await s.press("enter")
        assert trier.asked == [URL]
        assert "Trying udp://new.example:6969/announce" in s.text
        assert "asking..." in s.text
        trier.go.set()
        await s.settle()
        assert "192.0.2.9: connected in 31 ms" in s.text
        # What it says is text, and no markup.
        assert "[bold red]answers" in s.text
        assert "Watch it until you quit?" in s.text
        await s.press("1")
        assert s.commands == [WatchTracker(URL)]
        assert s.main.keys.message == "asked in 4 s"


async def test_a_tracker_is_added_to_the_selected_torrent():
    trier = Trier()
    trier.go.set()
    async with show(try_out=trier) as s:
        await s.press("2", "plus")
        await type_in(s, URL)
        await s.press("enter")
        await s.settle()
        torrent = s.main.torrents.cursor_key
        await s.press("2")
        assert s.commands == [WatchTracker(URL, torrent)]


async def test_what_does_not_work_is_left_unless_it_is_wanted():
    trier = Trier(works=False)
    trier.go.set()
    async with show(try_out=trier) as s:
        await s.press("plus")
        await type_in(s, URL)
        await s.press("enter")
        await s.settle()
        assert "> 1 leave it" in s.text
        await s.press("enter")
        assert s.commands == []
        assert s.app.screen is s.main


async def test_a_tracker_that_is_watched_is_not_offered_again():
    trier = Trier()
    trier.go.set()
    async with show(rich_snapshot(), try_out=trier) as s:
        await s.press("plus")
        await type_in(s, EXAMPLE)
        await s.press("enter")
        await s.settle()
        assert "> 1 leave it" in s.text
        assert "Watch it" not in s.text
        assert "2 " not in s.lines[next(n for n, line in enumerate(s.lines) if "leave it" in line) + 1]


async def test_leaving_while_it_is_asked_ends_the_asking():
    trier = Trier()
    async with show(try_out=trier) as s:
        await s.press("plus")
        await type_in(s, URL)
        await s.press("enter")
        # Nothing to choose yet.
        await s.press("j", "enter", "1")
        assert "asking..." in s.text
        await s.press("escape")
        assert s.app.screen is s.main
        assert not [worker for worker in s.app.workers if worker.name == "trial" and worker.is_running]
        assert s.commands == []


async def test_a_bug_in_asking_is_told_and_takes_nothing_away():
    trier = Trier(error=ValueError("boom"))
    trier.go.set()
    async with show(try_out=trier) as s:
        await s.press("plus")
        await type_in(s, URL)
        await s.press("enter")
        await s.settle()
        assert "internal error (ValueError): it could not be tried" in s.text
        await s.press("escape")
        assert s.app.screen is s.main


async def test_a_key_in_a_url_is_not_repeated():
    secret = "0123456789abcdef0123456789abcdef"
    trier = Trier()
    async with show(try_out=trier) as s:
        await s.press("plus")
        await type_in(s, f"https://t.example.org/{secret}/announce")
        await s.press("enter")
        assert trier.asked == [f"https://t.example.org/{secret}/announce"]
        assert secret not in s.text


async def test_nobody_to_try_with_is_said():
    async with show() as s:
        await s.press("plus")
        assert s.main.keys.message == "no tracker can be tried here"


# -- looking alone, and small screens ----------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["r", "m", "d", "i", "u", "plus", "w"])
async def test_a_screen_for_looking_asks_nothing(key):
    async with show(preferences=Preferences(read_only=True), try_out=Trier()) as s:
        await s.press(key)
        assert s.commands == []
        assert s.app.screen is s.main
        assert s.main.keys.message.startswith("read only")
        await s.press("2", "a")
        assert s.commands == []


@pytest.mark.parametrize("size", [(20, 5), (40, 12), (200, 60)])
async def test_dialogs_survive_any_size(size):
    trier = Trier()
    async with show(size=size, try_out=trier) as s:
        for key in ("m", "d", "i", "plus"):
            await s.press(key)
            assert s.app.screen is not s.main
            await s.pilot.resize_terminal(33, 9)
            await s.settle()
            await s.press("escape")
            await s.pilot.resize_terminal(*size)
        assert s.app.screen is s.main
        assert s.commands == []


async def test_dialogs_are_drawn_in_ascii_where_that_is_wished():
    trier = Trier()
    trier.go.set()
    async with show(preferences=Preferences(ascii=True, colors=Colors.NONE), try_out=trier) as s:
        for keys in (("m",), ("m", "4"), ("m", "1"), ("d",), ("i",), ("plus",)):
            await s.press(*keys)
            assert s.app.screen is not s.main
            assert s.text.isascii(), keys
            await s.press("escape")
        await s.press("plus")
        await type_in(s, URL)
        await s.press("enter")
        await s.settle()
        assert "Watch it until you quit?" in s.text
        assert s.text.isascii()


async def test_where_asking_has_stopped_nothing_is_said_to_be_asked():
    async with show(try_out=Trier()) as s:
        await s.press("m")
        s.app.picture.broken = "asking has stopped: internal error (ValueError); what you see is old"
        await s.press("1", "enter")
        assert "not done: asking has stopped" in s.lines[-1]
        for key in ("r", "u", "m", "d", "i", "plus", "w"):
            s.main.say("")
            await s.press(key)
            assert "not done: asking has stopped" in s.lines[-1], key
        assert s.commands == []


@pytest.mark.parametrize("size", [(20, 5), (80, 5), (40, 8), (12, 3)])
async def test_nobody_types_blindly_where_there_is_little_room(size):
    async with show(size=size, try_out=Trier()) as s:
        for keys in (("d",), ("i",), ("plus",), ("m", "1"), ("m", "4")):
            await s.press(*keys, *"zq")
            at = next(n for n, line in enumerate(s.lines) if "zq" in line)
            assert at > 0
            assert at + 1 < len(s.lines)
            await s.press("escape")
            assert s.app.screen is s.main


@pytest.mark.parametrize("size", [(20, 5), (80, 5), (40, 8), (12, 3)])
async def test_nobody_chooses_blindly_where_there_is_little_room(size):
    async with show(size=size) as s:
        for key in "mcweT":
            await s.press(key)
            offered = s.app.screen._offered
            for _ in offered:
                here = next(line for line in s.lines if line.startswith("  > "))
                number = s.app.screen._cursor + 1
                assert here.split()[:2] == [">", str(number)]
                await s.press("down")
            await s.press("escape")
            assert s.app.screen is s.main


async def test_announcing_a_folder_says_where_the_cursor_is():
    async with show() as s:
        await s.press("2", "t", "home", "a")
        assert "the cursor is on a folder: choose a torrent" in s.text
        assert s.commands == []
