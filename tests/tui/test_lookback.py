"""Loading of history beside the screen: when it asks, what it drops, what it shows meanwhile."""

import asyncio
from dataclasses import replace

import pytest

from tests.tui.feeds import Clock
from tests.tui.pasts import AT, FakeHistory, moved, tracker_past
from trackerwatch.tui.model.lookback import (
    DEBOUNCE_S,
    FRESH_S,
    KEPT,
    Lookback,
    OfAll,
    OfTorrent,
    OfTracker,
    cells_for,
    full_cells_for,
    window,
)

ONE, OTHER = OfTracker("aaaaaaaaaa", 48, 30), OfTracker("bbbbbbbbbb", 48, 30)
TORRENT = OfTorrent("00" * 20)


class Desk:
    """A lookback with a clock that a test moves."""

    def __init__(self, history):
        self.clock = Clock()
        self.history = history
        self.came = []
        self.lookback = Lookback(history, self.clock, self.came.append)

    async def tick(self, later_s=2 * DEBOUNCE_S):
        self.clock.advance(later_s)
        self.lookback.tick()
        await self.turn()

    async def turn(self):
        for _ in range(5):
            await asyncio.sleep(0)


async def test_without_a_store_nothing_is_asked_and_it_says_so():
    desk = Desk(None)
    desk.lookback.look_at(ONE)
    desk.lookback.show_strips(OfAll(10800.0, 18))
    await desk.tick()
    assert not desk.lookback.tracker(ONE).kept
    assert not desk.lookback.torrent(TORRENT).kept
    assert desk.lookback.strip_of("aaaaaaaaaa") is None
    assert not desk.lookback.kept


async def test_a_selection_is_asked_about_once_it_stands_still():
    desk = Desk(FakeHistory())
    desk.lookback.look_at(ONE)
    await desk.tick(DEBOUNCE_S / 2)
    assert desk.history.asked == []
    desk.lookback.look_at(OTHER)
    await desk.tick(DEBOUNCE_S / 2)
    assert desk.history.asked == []
    await desk.tick(DEBOUNCE_S)
    assert desk.history.asked == [("tracker", OTHER.id, 48), ("tracker", OTHER.id, 30)]
    assert desk.came == [OTHER]
    assert len(desk.lookback.tracker(OTHER).day.stretches) == 48
    assert len(desk.lookback.tracker(OTHER).month.stretches) == 30
    assert not desk.lookback.tracker(ONE).loaded


async def test_a_question_about_what_is_no_longer_selected_is_dropped():
    desk = Desk(FakeHistory())
    desk.history.hold()
    desk.lookback.look_at(ONE)
    await desk.tick()
    assert desk.history.asked == [("tracker", ONE.id, 48)]
    desk.lookback.look_at(OTHER)
    await desk.turn()
    assert desk.history.dropped == 1
    desk.history.release()
    await desk.tick()
    assert desk.came == [OTHER]
    assert not desk.lookback.tracker(ONE).loaded


async def test_back_and_forth_while_a_question_is_dropped_asks_again():
    desk = Desk(FakeHistory())
    desk.history.hold()
    desk.lookback.look_at(ONE)
    await desk.tick()
    desk.lookback.look_at(OTHER)
    desk.lookback.look_at(ONE)
    desk.clock.advance(2 * DEBOUNCE_S)
    desk.lookback.tick()
    desk.history.release()
    await desk.turn()
    assert desk.came == [ONE]
    await desk.tick(1)
    assert len(desk.history.asked) == 3


async def test_one_question_at_a_time_and_a_fresh_answer_is_not_asked_for_again():
    desk = Desk(FakeHistory())
    desk.history.hold()
    desk.lookback.look_at(ONE)
    for _ in range(5):
        await desk.tick(FRESH_S)
    assert len(desk.history.asked) == 1
    desk.history.release()
    await desk.turn()
    asked = len(desk.history.asked)
    await desk.tick(0)
    assert len(desk.history.asked) == asked + 2
    await desk.tick(FRESH_S - 1)
    assert len(desk.history.asked) == asked + 2
    await desk.tick(1)
    assert len(desk.history.asked) == asked + 4


async def test_going_back_shows_what_was_loaded_at_once():
    desk = Desk(FakeHistory())
    for wish in (ONE, OTHER):
        desk.lookback.look_at(wish)
        await desk.tick()
    desk.lookback.look_at(ONE)
    assert desk.lookback.tracker(ONE).loaded
    await desk.tick()
    assert len(desk.history.asked) == 4


async def test_only_so_many_answers_are_kept():
    desk = Desk(FakeHistory())
    wishes = [OfTorrent(f"{n:040x}") for n in range(KEPT + 3)]
    for wish in wishes:
        desk.lookback.look_at(wish)
        await desk.tick()
    assert not desk.lookback.torrent(wishes[0]).loaded
    assert desk.lookback.torrent(wishes[-1]).loaded
    assert len(desk.lookback._answers) == KEPT


async def test_a_torrent_and_the_strips_of_all():
    desk = Desk(FakeHistory(moved(60, "failed_over", "foo -> bar"), last_seeder_ago_s=120))
    desk.lookback.look_at(TORRENT)
    desk.lookback.show_strips(OfAll(10800.0, 18))
    assert desk.lookback.strip_of("x") is None
    await desk.tick()
    past = desk.lookback.torrent(TORRENT)
    assert past.history.transitions[0].message == "foo -> bar"
    assert past.last_seeder_at.timestamp() == AT - 120
    assert desk.lookback.strip_of("not stored") == ()
    assert ("overview", "", 18) in desk.history.asked
    desk.lookback.show_strips(None)
    assert desk.lookback.strip_of("not stored") is None


async def test_strips_are_shorter_as_long_as_a_first_run_fills_no_more():
    desk = Desk(Young(60))
    assert desk.lookback.strip_span_s(60) == 10800.0
    desk.lookback.show_strips(OfAll(10800.0, 18))
    assert desk.lookback.strip_span_s(60) == 10800.0
    await desk.tick()
    assert [desk.lookback.strip_span_s(age_s) for age_s in (60, 300, 301, 1801, 20000)] == [
        300.0,
        300.0,
        1800.0,
        10800.0,
        10800.0,
    ]
    desk.lookback.show_strips(OfAll(300.0, 18))
    assert desk.lookback.strip_span_s(60) == 300.0
    await desk.tick()
    assert desk.lookback.strip_span_s(60) == 300.0
    assert desk.lookback.strip_span_s(301) == 1800.0


async def test_what_an_earlier_run_wrote_down_fills_three_hours():
    desk = Desk(Young(7200))
    desk.lookback.show_strips(OfAll(10800.0, 18))
    await desk.tick()
    assert desk.lookback.strip_span_s(5) == 10800.0


@pytest.mark.parametrize(
    ("known_s", "near_s"), [(60, 300.0), (240, 300.0), (400, 1800.0), (3600, 10800.0), (40000, None), (86300, None)]
)
async def test_what_is_known_since_lately_is_looked_at_closely(known_s, near_s):
    desk = Desk(Young(known_s))
    desk.lookback.look_at(ONE)
    await desk.tick()
    past = desk.lookback.tracker(ONE)
    assert (None if past.near is None else past.near.until - past.near.since) == near_s
    assert len(past.day.stretches) == 48


class Young(FakeHistory):
    """Knows a tracker for so many seconds."""

    def __init__(self, known_s):
        super().__init__()
        self.begin = AT - known_s

    async def tracker(self, tracker, *, since, until, stretches):
        known = tracker_past("#", tracker=tracker, since=since, until=until, cells=stretches)
        cut = [one if one.begin + one.span_s > self.begin else replace(one, counted=0) for one in known.stretches]
        return replace(known, stretches=tuple(cut))

    async def overview(self, *, since, until, stretches):
        return [await self.tracker("aaaaaaaaaa", since=since, until=until, stretches=stretches)]


async def test_nothing_stored_is_not_the_same_as_not_loaded():
    desk = Desk(FakeHistory(known=False))
    assert not desk.lookback.tracker(ONE).loaded
    desk.lookback.look_at(ONE)
    await desk.tick()
    assert desk.lookback.tracker(ONE).loaded
    assert desk.lookback.tracker(ONE).day is None


async def test_a_clock_that_is_set_back_stops_no_question():
    desk = Desk(FakeHistory())
    desk.lookback.look_at(ONE)
    await desk.tick()
    await desk.tick(-7200)
    assert len(desk.history.asked) == 4


async def test_closing_drops_what_is_under_way():
    desk = Desk(FakeHistory())
    desk.history.hold()
    desk.lookback.look_at(ONE)
    desk.lookback.show_strips(OfAll(10800.0, 18))
    await desk.tick()
    desk.lookback.close()
    await desk.turn()
    assert desk.history.dropped == 2
    await desk.tick()
    assert desk.came == []


@pytest.mark.parametrize(("width", "cells"), [(40, (24, 15)), (66, (48, 30)), (79, (48, 60)), (104, (48, 60))])
def test_strips_fit_the_pane(width, cells):
    assert cells_for(width) == cells
    assert max(cells) + 14 <= max(width, 40)


def test_stretches_are_cut_at_the_same_times_on_every_look():
    since, until = window(AT, 86400.0, 48)
    assert until - since == 86400.0
    assert until % 1800 == 0
    assert 0 <= until - AT < 1800
    assert window(AT + 60, 86400.0, 48) == (since, until)


@pytest.mark.parametrize(
    ("width", "cells"),
    [
        (200, (96, 90, 84)),
        (126, (96, 90, 84)),
        (119, (48, 60, 56)),
        (79, (48, 30, 42)),
        (58, (24, 15, 28)),
        (39, (12, 10, 14)),
    ],
)
def test_strips_of_a_full_screen_fit_beside_what_they_say(width, cells):
    assert full_cells_for(width) == cells
    assert max(cells) + 14 <= width
    for span_s, count in zip((86400, 30 * 86400, 7 * 86400), cells, strict=True):
        assert span_s % (count * 60) == 0


async def test_a_full_screen_asks_for_the_week_once():
    desk = Desk(FakeHistory())
    wish = OfTracker("aaaaaaaaaa", 48, 30, 42)
    desk.lookback.look_at(wish)
    await desk.tick()
    assert [cells for _, _, cells in desk.history.asked] == [48, 30, 42]
    assert len(desk.lookback.tracker(wish).week.stretches) == 42
    assert desk.lookback.tracker(ONE).week is None


async def test_strips_are_asked_for_again_soon_after_a_round():
    desk = Desk(FakeHistory())
    desk.lookback.show_strips(OfAll(10800.0, 18))
    await desk.tick()

    def asked():
        return len([one for one in desk.history.asked if one[0] == "overview"])

    first = asked()
    await desk.tick(6)
    assert asked() == first
    desk.lookback.rounds_came()
    await desk.tick(1)
    assert asked() == first + 1
    desk.lookback.rounds_came()
    await desk.tick(1)
    assert asked() == first + 1
    await desk.tick(5)
    assert asked() == first + 2
