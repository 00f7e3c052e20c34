"""Loads the history of what is selected, beside the screen: never in the way of a key, and one question at a time.

The screen says what it looks at; `tick` asks once that has stood still for a moment, drops the question when the selection
moves on, and asks again when the answer is old. Knows no widget.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from trackerwatch.tui.lines.past import DAY_S, MONTH_S, WEEK_S, TorrentPast, TrackerPast

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from trackerwatch.history import History, Stretch

DEBOUNCE_S = 0.2
"""A selection that stands still so long is worth a question."""
FRESH_S = 30.0
"""An answer is shown so long before it is asked for again."""
EAGER_S = 5.0
"""Strips of the table are asked for again so soon where a round came in."""
EAGER_SHARE = 50
"""And no sooner than after so many times what the answer took: where it takes long that would be felt."""
NEAR_S = (10800.0, 1800.0, 300.0)
"""Where no more than this is known of the day, it is shown beside the day."""
STRIPS_S = (300.0, 1800.0, 10800.0)
"""Strips of the table: three hours, in ten minutes a cell where it has its full width; less where less is known."""
FULL_CELLS = ((96, 90, 84), (48, 60, 56), (48, 30, 42), (24, 15, 28), (12, 10, 14))
"""Stretches of a day, a month and a week on full screens, each of a round length."""
BESIDE_CELLS = 30
"""What stands before and behind a strip there."""
KEPT = 16
"""Answers of earlier selections that are kept: going back shows them at once."""

NO_STORE_TRACKER = TrackerPast(kept=False)
NO_STORE_TORRENT = TorrentPast(kept=False)


@dataclass(frozen=True, slots=True)
class OfTracker:
    """The day and the month of one tracker."""

    id: str
    day_cells: int
    month_cells: int
    week_cells: int = 0
    """0: the week is not wanted."""


@dataclass(frozen=True, slots=True)
class OfTorrent:
    """The moves of one torrent."""

    info_hash: str


@dataclass(frozen=True, slots=True)
class OfAll:
    """The strips of the trackers table."""

    span_s: float
    cells: int


Wish: TypeAlias = OfTracker | OfTorrent
Answer: TypeAlias = "TrackerPast | TorrentPast | Mapping[str, tuple[Stretch, ...]]"


def cells_for(width: int) -> tuple[int, int]:
    """Stretches of the day and of the month in a pane of this width: half hours and half days, or twice as long."""
    return (48, 60) if width >= 78 else (48, 30) if width >= 66 else (24, 15)


def full_cells_for(width: int) -> tuple[int, int, int]:
    """Stretches of the day, the month and the week on a full screen of this width."""
    return next((cells for cells in FULL_CELLS if width >= max(cells) + BESIDE_CELLS), FULL_CELLS[-1])


def window(now: float, span_s: float, cells: int) -> tuple[float, float]:
    """From and until of a strip that ends now, cut where its stretches would be cut on any other look at it too."""
    stretch_s = span_s / cells
    until = math.ceil(now / stretch_s) * stretch_s
    return until - span_s, until


def begins_within(stretches: Sequence[Stretch], since: float) -> bool:
    """Whether something is known, and nothing before this Unix time."""
    begin = next((stretch.begin for stretch in stretches if stretch.counted), None)
    return begin is not None and begin >= since


class Lookback:
    """Answers about the past, as far as they came."""

    def __init__(
        self, history: History | None, clock: Callable[[], datetime], changed: Callable[[OfAll | Wish], None]
    ) -> None:
        """Args: whom to ask (None: nobody keeps history), the time, and whom to tell that an answer came."""
        self._history = history
        self._clock = clock
        self._changed = changed
        self._wish: Wish | None = None
        self._wished_at = 0.0
        self._strips: OfAll | None = None
        self._rounds_came = False
        """Since the strips were last asked for."""
        self._strips_took_s = 0.0
        self._answers: dict[OfAll | Wish, tuple[float, Answer]] = {}
        self._asking: dict[OfAll | Wish, asyncio.Task[None]] = {}

    @property
    def kept(self) -> bool:
        """Whether anybody keeps history."""
        return self._history is not None

    # -- what is looked at ---------------------------------------------------------------------------------------------

    def look_at(self, wish: Wish | None) -> None:
        """This is selected now; a question about anything else is dropped."""
        if wish == self._wish:
            return
        if self._wish is not None and (task := self._asking.pop(self._wish, None)) is not None:
            task.cancel()
        self._wish, self._wished_at = wish, self._now()

    def show_strips(self, strips: OfAll | None) -> None:
        """The trackers table shows such strips. None: none."""
        self._strips = strips

    def rounds_came(self) -> None:
        """Something was heard: the strips have an end that is not shown."""
        self._rounds_came = True

    def tracker(self, wish: OfTracker) -> TrackerPast:
        """What is known of a tracker's past by now."""
        if self._history is None:
            return NO_STORE_TRACKER
        answer = self._answers.get(wish, (0.0, None))[1]
        return answer if isinstance(answer, TrackerPast) else TrackerPast()

    def torrent(self, wish: OfTorrent) -> TorrentPast:
        """What is known of a torrent's past by now."""
        if self._history is None:
            return NO_STORE_TORRENT
        answer = self._answers.get(wish, (0.0, None))[1]
        return answer if isinstance(answer, TorrentPast) else TorrentPast()

    def strip_span_s(self, age_s: float) -> float:
        """What the strips of the table should be of, after what they told so far: less where a first run fills no more.

        Args:
            age_s: How long this run goes on.
        """
        strips = self._strips
        answer = self._answers[strips][1] if strips in self._answers else None
        if strips is None or answer is None or isinstance(answer, TrackerPast | TorrentPast):
            return STRIPS_S[-1] if strips is None else strips.span_s
        if strips.span_s == STRIPS_S[-1] and any(one.counted for cells in answer.values() for one in cells[:-2]):
            return strips.span_s
        return next((span_s for span_s in STRIPS_S if age_s <= span_s), STRIPS_S[-1])

    def strip_of(self, tracker: str) -> tuple[Stretch, ...] | None:
        """One tracker's strip for the table. None: no strips are loaded (yet); empty: nothing is stored of it."""
        if self._strips is None or self._strips not in self._answers:
            return None
        answer = self._answers[self._strips][1]
        return None if isinstance(answer, TrackerPast | TorrentPast) else answer.get(tracker, ())

    # -- asking --------------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Ask what is due. Costs next to nothing when nothing is."""
        if self._history is None:
            return
        now = self._now()
        # A clock that was set back counts as time passed.
        if self._wish is not None and abs(now - self._wished_at) >= DEBOUNCE_S:
            self._ask(self._history, self._wish, now)
        if self._strips is not None:
            self._ask(self._history, self._strips, now)

    def close(self) -> None:
        """Drop every question."""
        for task in self._asking.values():
            task.cancel()
        self._asking.clear()
        self._wish = self._strips = None

    def _now(self) -> float:
        return self._clock().timestamp()

    def _ask(self, history: History, wish: OfAll | Wish, now: float) -> None:
        if wish in self._asking or (wish in self._answers and abs(now - self._answers[wish][0]) < self._fresh_s(wish)):
            return
        if isinstance(wish, OfAll):
            self._rounds_came = False
        self._asking[wish] = asyncio.create_task(self._answer(history, wish, now), name="history")

    def _fresh_s(self, wish: OfAll | Wish) -> float:
        eager = isinstance(wish, OfAll) and self._rounds_came
        return min(FRESH_S, max(EAGER_S, EAGER_SHARE * self._strips_took_s)) if eager else FRESH_S

    async def _answer(self, history: History, wish: OfAll | Wish, now: float) -> None:
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        began = loop.time()
        try:
            answer = await _answered(history, wish, now)
            if isinstance(wish, OfAll):
                self._strips_took_s = loop.time() - began
            # The oldest answers are the first to go.
            self._answers.pop(wish, None)
            self._answers[wish] = (now, answer)
            while len(self._answers) > KEPT:
                del self._answers[next(iter(self._answers))]
        finally:
            # After a drop the place may be another's by now.
            if self._asking.get(wish) is task:
                del self._asking[wish]
        self._changed(wish)


async def _of_tracker(history: History, wish: OfTracker, now: float) -> TrackerPast:
    since, until = window(now, DAY_S, wish.day_cells)
    day = await history.tracker(wish.id, since=since, until=until, stretches=wish.day_cells)
    since, until = window(now, MONTH_S, wish.month_cells)
    month = await history.tracker(wish.id, since=since, until=until, stretches=wish.month_cells)
    week = None
    if wish.week_cells:
        since, until = window(now, WEEK_S, wish.week_cells)
        week = await history.tracker(wish.id, since=since, until=until, stretches=wish.week_cells)
    near = None
    for span_s in NEAR_S:
        # Of what was first asked lately a strip of the day is nearly all empty: closer and closer, until it fills one.
        known = day if near is None else near
        if known is None or not begins_within(known.stretches, now - span_s):
            break
        since, until = window(now, span_s, wish.month_cells)
        near = await history.tracker(wish.id, since=since, until=until, stretches=wish.month_cells)
    return TrackerPast(loaded=True, day=day, month=month, near=near, week=week)


async def _of_torrent(history: History, wish: OfTorrent, now: float) -> TorrentPast:
    return TorrentPast(loaded=True, history=await history.torrent(wish.info_hash, since=now - MONTH_S, until=now))


async def _of_all(history: History, wish: OfAll, now: float) -> Mapping[str, tuple[Stretch, ...]]:
    since, until = window(now, wish.span_s, wish.cells)
    found = await history.overview(since=since, until=until, stretches=wish.cells)
    return {one.tracker: one.stretches for one in found}


async def _answered(history: History, wish: OfAll | Wish, now: float) -> Answer:
    match wish:
        case OfTracker():
            return await _of_tracker(history, wish, now)
        case OfTorrent():
            return await _of_torrent(history, wish, now)
        case OfAll():
            return await _of_all(history, wish, now)
