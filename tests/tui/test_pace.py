"""When there is a frame."""

import pytest

from tests.tui.screens import show
from trackerwatch.tui.terminal.flow import PATIENCE_S
from trackerwatch.tui.terminal.pace import QUESTION, SLOW_LOOK_S, UNWATCHED_LOOK_S, WINDOW_BYTES, Pace


class Driver:
    def __init__(self):
        self.written = []

    def write(self, data):
        self.written.append(data)


class Screen:
    def __init__(self):
        self.whole = 0
        self.prompted = 0

    def refresh(self):
        self.whole += 1

    def check_idle(self):
        self.prompted += 1


class App:
    """As much of an app as there is to frames."""

    def __init__(self):
        self._driver, self.screen = Driver(), Screen()
        self.batches = 0
        self.later = []

    def _begin_batch(self):
        self.batches += 1

    def _end_batch(self):
        self.batches -= 1

    def call_later(self, what):
        self.later.append(what)

    def exit(self):
        raise AssertionError


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def pace(*, slow_link=False):
    app, clock = App(), Clock()
    return Pace(app, slow_link=slow_link, clock=clock), app, clock


def frame(made, size_bytes, *, left=True):
    made.flow.wrote(size_bytes)
    if left:
        made.flow.left(size_bytes)
    made.drew()


def test_data_comes_at_its_pace():
    made, _, clock = pace()
    assert made.is_time()
    clock.now += 0.25
    assert made.is_time()
    made.watched = False
    clock.now += UNWATCHED_LOOK_S / 2
    assert not made.is_time()
    clock.now += UNWATCHED_LOOK_S / 2
    assert made.is_time()


def test_on_a_slow_link_it_comes_seldom():
    made, _, clock = pace(slow_link=True)
    assert made.is_time()
    clock.now += SLOW_LOOK_S - 0.5
    assert not made.is_time()
    clock.now += 0.5
    assert made.is_time()


def test_frames_are_held_back_until_the_terminal_has_taken_them():
    made, app, _ = pace()
    frame(made, WINDOW_BYTES + 1, left=False)
    assert made.held
    assert app.batches == 1
    assert not made.is_time(), "no data is taken for what would not be drawn"
    made.terminal_took_all()
    made.flow.left(WINDOW_BYTES + 1)
    (catch_up,) = app.later
    catch_up()
    assert not made.held
    assert (app.batches, app.screen.prompted, app.screen.whole) == (0, 1, 0)
    assert made.is_time()


def test_a_frame_that_was_lost_meanwhile_is_made_up_for():
    made, app, _ = pace()
    frame(made, WINDOW_BYTES + 1, left=False)
    made.missed()
    made.flow.left(WINDOW_BYTES + 1)
    made.catch_up()
    assert app.screen.whole == 1


def test_a_terminal_that_answers_is_asked_after_each_frame():
    made, app, _ = pace(slow_link=True)
    frame(made, 10)
    assert app._driver.written == []
    made.answered()  # to Textual's own question
    frame(made, 10)
    assert app._driver.written == [QUESTION]
    assert made.held, "one frame at a time"
    made.answered()
    assert not made.held


def test_a_terminal_that_falls_silent_is_asked_no_more():
    made, app, clock = pace(slow_link=True)
    made.answered()
    frame(made, 10)
    assert made.held
    clock.now += PATIENCE_S
    assert made.is_time()
    assert not made.held
    frame(made, 10)
    assert app._driver.written == [QUESTION]
    assert not made.held


def test_a_terminal_that_is_gone_ends_the_program():
    made, app, _ = pace()
    made.terminal_is_gone()
    assert app.later == [app.exit]


@pytest.mark.parametrize("slow_link", [False, True])
async def test_nothing_is_lost_while_frames_are_held_back(slow_link):
    from trackerwatch.tui.preferences import Preferences  # noqa: PLC0415 - for this one alone

    async with show(preferences=Preferences(slow_link=slow_link)) as s:
        pace = s.app.pace
        pace.flow.wrote(WINDOW_BYTES + 1)
        pace.drew()
        assert pace.held
        await s.press("2", "j")
        assert s.main.torrents.cursor == 1, "keys act at once"
        pace.flow.left(WINDOW_BYTES + 1)
        pace.catch_up()
        await s.settle()
        assert not pace.held
        assert s.app._batch_count == 0
