"""The events pane: cursor, filter, bursts, and from an event to its row and back."""

from dataclasses import replace

import pytest

from tests.tui import feeds
from tests.tui.feeds import FOO, event, rich_events, rich_snapshot, torrent, torrent_view, tracker
from tests.tui.screens import show
from trackerwatch.engine.views import EventKind
from trackerwatch.outcome import FailureKind
from trackerwatch.policy.rules import Verdict
from trackerwatch.tracker import parse_tracker
from trackerwatch.tui.lines.arrangement import Pane

HIDDEN = "release-100-amd64.iso"
"""It is well: attention leaves it out."""


def snapshot():
    """The rich one, with events that name a tracker and torrents."""
    told = rich_events()
    base = rich_snapshot()
    of = {one.name: one for one in base.torrents.torrents}
    return rich_snapshot(
        events=(
            *told[:1],
            replace(told[1], tracker=parse_tracker(FOO), reason=FailureKind.REFUSED),
            *told[2:4],
            replace(told[4], torrent=of["linux-archive-2024-full"]),
            replace(told[5], torrent=of[HIDDEN]),
            replace(event(7, EventKind.RECOVERED, "gone is back", ago_s=9), torrent=torrent("gone")),
        )
    )


def under_cursor(s):
    return s.main.event_pane.cursor.events[-1].number


async def test_the_cursor_begins_at_the_end_and_moves_by_events():
    async with show(snapshot()) as s:
        await s.press("4")
        assert under_cursor(s) == 7
        await s.press("k", "up")
        assert under_cursor(s) == 5
        await s.press("g", "g")
        assert under_cursor(s) == 1
        await s.press("G", "j")
        assert under_cursor(s) == 7


async def test_dates_are_whole():
    async with show(snapshot()) as s:
        await s.press("4")
        assert " 2026-03-14 13:48:40 x tracker.foo.org:6969 down: refused" in s.text
        assert " 2026-03-13 14:02:11 - started" in s.text
    async with show(snapshot(), size=(50, 20)) as s:
        await s.press("4")
        # Where it is narrow, what is of today needs none.
        assert "\n 13:48:40 x tracker.foo.org" in s.text
        assert " 13 Mar 14:02:11 - started" in s.text


async def test_events_are_filtered_in_their_own_words():
    async with show(snapshot()) as s:
        await s.press("4", "slash", *"kind=sta")
        assert "tab started 1 event   state_changed" in s.text
        await s.press("tab", "tab", *" & reason=refused", "enter")
        assert s.app.picture.event_filter.text == "kind=state_changed & reason=refused"
        assert "Events 1/7" in s.text
        assert "started with" not in s.text
        assert under_cursor(s) == 2
        assert s.app.picture.filter is None
        await s.press("escape")
        assert s.app.picture.event_filter is None
        assert s.main.pane is Pane.EVENTS
        assert "Events 1/7" not in s.text
        assert "started with" in s.text
        await s.press("escape")
        assert s.main.pane is Pane.TRACKERS


async def test_a_mistaken_filter_of_events_changes_nothing_and_none_that_match_say_so():
    async with show(snapshot()) as s:
        await s.press("4", "slash", *"seeders<3", "enter")
        assert "unknown field 'seeders'" in s.text
        assert s.app.picture.event_filter is None
        await s.press("ctrl+u", *"nosuchword", "enter")
        assert "no event matches the filter: esc clears it" in s.text
        assert "Events 0/7" in s.text
        await s.press("enter", "space", "k")
        await s.press("slash", "escape")
        assert s.app.picture.event_filter is None
        await s.press("2", "slash", *"imaging", "enter")
        assert s.names() == ["dataset-imaging-v3"]


async def test_what_comes_is_filtered_too():
    async with show(snapshot()) as s:
        await s.press("4", "slash", *"down", "enter")
        more = (
            *snapshot().events,
            event(8, EventKind.RECOVERED, "x is up"),
            event(9, EventKind.STATE_CHANGED, "y down"),
        )
        await s.post(replace(snapshot(), version=2, events=more), later_s=1, events=more[7:])
        assert "Events 3/9" in s.text
        assert under_cursor(s) == 9


@pytest.mark.parametrize("back", ["ctrl+o", "backspace"])
async def test_enter_goes_to_the_row_and_back(back):
    async with show(snapshot()) as s:
        await s.press("4", "g", "g", "j", "enter")
        assert s.main.pane is Pane.TRACKERS
        assert s.app.picture.tracker(s.main.trackers.cursor_key).tracker is parse_tracker(FOO)
        assert "tracker.foo.org:6969; ctrl+o goes back" in s.text
        await s.press(back)
        assert s.main.pane is Pane.EVENTS
        assert under_cursor(s) == 2
        await s.press(back)
        assert "nowhere to go back to" in s.text


async def test_what_hides_the_row_is_taken_away_and_said_and_comes_back():
    async with show(snapshot()) as s:
        await s.press("2", "slash", *"imaging", "enter", "4", "k", "enter")
        assert s.main.pane is Pane.TORRENTS
        assert s.names()[s.main.torrents.cursor] == HIDDEN
        assert s.app.picture.filter is None
        assert not s.app.picture.attention
        assert "filter cleared, all torrents shown: release-100-amd64.iso; ctrl+o goes back" in s.text
        await s.press("ctrl+o")
        assert s.app.picture.filter.text == "imaging"
        assert s.app.picture.attention
        assert s.names() == ["dataset-imaging-v3"]
        assert s.main.pane is Pane.EVENTS
        assert under_cursor(s) == 6


async def test_a_filter_that_shows_the_row_stays():
    async with show(snapshot()) as s:
        await s.press("2", "slash", *"state=exhausted", "enter", "4", "k", "k", "enter")
        assert s.names()[s.main.torrents.cursor] == "linux-archive-2024-full"
        assert s.app.picture.filter.text == "state=exhausted"
        assert s.app.picture.attention


async def test_a_row_in_a_folded_group_is_unfolded():
    async with show(snapshot()) as s:
        await s.press("2", "f", "t", "Z", "4", "k", "enter")
        key = s.main.torrents.cursor_key
        assert s.app.picture.torrent(key).torrent.name == HIDDEN


async def test_the_rows_and_their_scroll_are_where_they_were():
    async with show(snapshot()) as s:
        await s.press("2", "f", "end")
        before = (s.main.torrents.cursor_key, s.main.torrents.scroll_offset.y)
        await s.press("4", "k", "enter")
        assert s.main.torrents.cursor_key != before[0]
        await s.press("ctrl+o", "2")
        assert (s.main.torrents.cursor_key, s.main.torrents.scroll_offset.y) == before


async def test_an_event_without_a_row_says_so():
    async with show(snapshot()) as s:
        await s.press("4", "enter")
        assert "that one has left: it is watched no more" in s.text
        await s.press("g", "g", "enter")
        assert "this event is about no single tracker or torrent" in s.text
        assert s.main.pane is Pane.EVENTS


async def test_a_burst_is_unfolded_and_each_of_its_events_leads_to_its_row():
    base = rich_snapshot()
    moved = [one for one in base.torrents.torrents if one.name.startswith("release-01")]
    events = tuple(
        replace(event(n, EventKind.FAILED_OVER, f"{one.name} failed over", ago_s=60), torrent=one)
        for n, one in enumerate(moved, 1)
    )
    async with show(rich_snapshot(events=events)) as s:
        await s.press("4")
        assert "[+9 more] release-019-amd64.iso failed over" in s.text
        assert "release-013" not in s.text
        await s.press("enter")
        assert "[-] 10 of a kind within 0s" in s.text
        await s.press("j", "j", "j", "j")
        assert under_cursor(s) == 4
        await s.press("enter")
        assert s.names()[s.main.torrents.cursor] == "release-013-amd64.iso"
        await s.press("ctrl+o")
        assert under_cursor(s) == 4
        await s.press("space")
        assert "[+9 more]" in s.text
        assert s.main.event_pane.cursor.key == -1


async def test_a_click_selects_and_a_second_one_goes_there():
    async with show(snapshot()) as s:
        await s.press("4")
        y = next(y for y, line in enumerate(s.lines) if "tracker.foo.org:6969 down" in line)
        await s.pilot.click(offset=(20, y))
        await s.settle()
        assert under_cursor(s) == 2
        await s.pilot.click(offset=(20, y), times=2)
        await s.settle()
        assert s.main.pane is Pane.TRACKERS


async def test_who_scrolls_with_the_wheel_is_not_dragged_to_the_end():
    many = tuple(event(n, list(EventKind)[n % 9], f"e{n:03}", ago_s=500 - n) for n in range(1, 101))
    async with show(rich_snapshot(events=many)) as s:
        await s.press("4")
        assert "e100" in s.lines[22]
        for _ in range(5):
            s.main.event_pane.on_mouse_scroll_up()
        s.main.event_pane.scroll_to(y=10, animate=False, force=True)
        await s.settle()
        top = s.lines[3]
        more = (*many, event(101, EventKind.STARTED, "e101"))
        await s.post(rich_snapshot(events=more, version=2), later_s=1, events=more[100:])
        assert s.lines[3] == top


async def test_a_tiny_screen_survives():
    async with show(snapshot(), size=(20, 5)) as s:
        await s.press("4", "k", "k", "enter", "ctrl+o", "space", "4", "slash", *"down", "enter", "G")
        await s.pilot.resize_terminal(120, 40)
        await s.settle()
        await s.pilot.resize_terminal(200, 60)
        await s.settle()
        assert "4 Events 2/7" in s.text


async def test_a_filter_about_time_lets_go_of_events_as_they_age():
    async with show(snapshot()) as s:
        await s.press("4", "slash", *"since<2m", "enter")
        assert "Events 2/7" in s.text
        await s.tick(later_s=90)
        assert "Events 1/7" in s.text
        assert under_cursor(s) == 7


async def test_the_export_of_events_is_what_the_filter_leaves():
    async with show(snapshot()) as s:
        await s.press("4", "slash", *"down", "enter")
        sheet = s.main.sheet()
        at = sheet.columns.index("message")
        assert [sheet.row(key)[at] for key in sheet.keys] == [
            "tracker.foo.org:6969 down: refused",
            "t2.bar.net:443 down: certificate expired 14:00:00Z",
        ]


async def test_long_messages_wrap_at_words_whatever_they_hold():
    told = (
        "a " * 70,
        "b" * 200,
        "\N{CJK UNIFIED IDEOGRAPH-65E5}" * 90,
        f"c {'d' * 75} e",
    )
    events = tuple(event(n, list(EventKind)[n], text, ago_s=60) for n, text in enumerate(told, 1))
    async with show(rich_snapshot(events=events)) as s:
        await s.press("4")
        assert sum(line.count("a") for line in s.lines[3:6] if " a a" in line) >= 69
        assert s.text.count("b") >= 190
        for _ in range(6):
            await s.press("k")
        assert s.main.event_pane.cursor.key == 1
        await s.pilot.resize_terminal(24, 12)
        await s.settle()
        assert "a a a" in s.text


async def test_a_row_among_many_is_gone_to_once_the_new_order_is_there():
    views = [
        torrent_view(n, torrent(f"t{n:05}", ((FOO,),)), Verdict.WARNING if n < 20 else Verdict.OK) for n in range(9000)
    ]
    told = replace(event(1, EventKind.RECOVERED, "t08000 is back"), torrent=views[8000].torrent)
    async with show(feeds.snapshot((tracker(0, FOO),), views, events=(told,))) as s:
        await s.press("2", "slash", *"t00003", "enter")
        for _ in range(100):
            await s.settle()
            if not s.app.picture.ordering:
                break
        assert s.names() == ["t00003"]
        await s.press("4", "enter")
        for _ in range(100):
            await s.settle()
            if s.main.torrents.cursor_key == 8000:
                break
        assert s.main.torrents.cursor_key == 8000
        assert len(s.main.torrents.order) == 9000
        await s.press("ctrl+o", "2")
        for _ in range(100):
            await s.settle()
            if len(s.main.torrents.order) == 1:
                break
        assert s.names() == ["t00003"]


@pytest.mark.parametrize("size", [(1, 1), (1, 30), (2, 2)])
async def test_events_come_and_go_where_there_is_no_room_for_one(size):
    many = tuple(event(n, EventKind.FAILED_OVER, f"e{n}", ago_s=90_000 - 2_000 * n) for n in range(40))
    first = rich_snapshot(events=many)
    async with show(first) as shown:
        await shown.press("4", "k", "k")
        await shown.pilot.resize_terminal(*size)
        for version, count in enumerate((1, 3, 40, 2, 0, 5), 10):
            await shown.post(replace(first, version=version, events=many[:count]), later_s=2)
            await shown.press("j", "k", "G", "k", "space", "enter", "escape")
            await shown.press("4")
        await shown.pilot.resize_terminal(80, 24)
        await shown.settle()
        assert any("e4" in line for line in shown.lines)
