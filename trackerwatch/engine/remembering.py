"""Before a tracker is asked: what is remembered of it, and whether another program on the same store asked just now.

One-shot runs may be spared the question (`--max-age`, `--cached`); watching asks in turn, whoever else watches.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from trackerwatch.engine.due import Due
from trackerwatch.engine.recollection import (
    Verdict,
    is_near,
    obey_waits,
    remember,
    remember_swarms,
    worth_asking,
)
from trackerwatch.schedule.pace import LOCAL_WINDOW_S, PUBLIC_WINDOW_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from trackerwatch.engine.clock import Clock
    from trackerwatch.engine.keeper import Keeper, Recalled, Waits
    from trackerwatch.engine.settings import EngineSettings
    from trackerwatch.engine.tracker_state import TrackerState

WINDOW_SHARE = 0.95
"""Of an interval: clocks of two programs differ a little."""


class Remembering:
    """Looks trackers up before they are asked."""

    def __init__(
        self,
        keeper: Keeper,
        settings: EngineSettings,
        clock: Clock,
        interval_s: Callable[[TrackerState], float],
        *,
        on_memory: Callable[[TrackerState], None],
        on_seeder: Callable[[int, float], None],
    ) -> None:
        """Look up in what a keeper remembers.

        Args:
            keeper: Remembers.
            settings: How fresh one-shot answers must be.
            clock: Both clocks.
            interval_s: Between two rounds of a tracker.
            on_memory: Called when a tracker's state came back.
            on_seeder: Called with a torrent's index and the wall time at which a seeder of it was seen.
        """
        self._keeper = keeper
        self.settings = settings
        self._clock = clock
        self._interval_s = interval_s
        self._on_memory = on_memory
        self._on_seeder = on_seeder
        self.one_shot = False

    async def before(self, state: TrackerState, due: Due) -> Due | None:
        """What to ask of a tracker, where that much was due. None: nothing."""
        if due is Due.AGAIN:
            return due
        complete, recalled = True, None
        if state.recalled_swarms < max(1, len(state.swarms)):
            recalled, complete = await self._recall(state)
        if self.one_shot:
            return await self._once(state, recalled, complete=complete)
        if due not in (Due.FULL, Due.FRESH):
            return due
        in_a_hurry = due is Due.FRESH or state.hurried or state.wants_round
        window_s = self._window_s(state)
        if not (in_a_hurry and state.last_probe_at is not None and state.remembered_at is None):
            window_s = max(window_s, WINDOW_SHARE * self._interval_s(state))
        state.hurried = False
        waits = await self._claim(state, window_s)
        if waits is None:
            return due
        await self._adopt(state)
        # What was asked for elsewhere needs no asking here; whether it still lives does.
        state.wants_round = False
        return Due.MINIMAL if state.not_before <= self._clock.monotonic() and state.never_again is None else None

    async def _recall(self, state: TrackerState) -> tuple[Recalled, bool]:
        """Look a tracker up, once for each of its swarms."""
        first = state.recalled_swarms == 0
        hashes = state.swarms.hashes[state.recalled_swarms :]
        state.recalled_swarms = max(1, len(state.swarms))
        recalled = await self._keeper.recall(state.tracker, hashes)
        now, wall = self._clock.monotonic(), self._clock.wall()
        if first:
            remember(state, recalled, monotonic=now, wall=wall, judge=not self.one_shot)
        complete = remember_swarms(state, recalled, monotonic=now, wall=wall)
        for column, info_hash in enumerate(state.swarms.hashes):
            known = recalled.swarms.get(info_hash)
            if known is not None and known.seeded_at is not None:
                self._on_seeder(state.swarms.owners[column], known.seeded_at)
        if complete and recalled.scraped_at is not None and not self.one_shot:
            state.swarms.asked = len(state.swarms)
        if first and state.remembered_at is not None:
            self._on_memory(state)
        return recalled, complete

    async def _adopt(self, state: TrackerState) -> None:
        """Take over the counts that another program was told, where they are newer."""
        recalled = await self._keeper.recall(state.tracker, state.swarms.hashes[:])
        swarms = state.swarms
        if recalled.scraped_at is None or recalled.scraped_at <= (swarms.scraped_at or 0.0):
            return
        swarms.recalled = True
        if remember_swarms(state, recalled, monotonic=self._clock.monotonic(), wall=self._clock.wall()):
            swarms.asked = len(swarms)

    async def _claim(self, state: TrackerState, window_s: float) -> Waits | None:
        wall = self._clock.wall()
        waits = await self._keeper.claim(state.tracker, wall, max(window_s, state.min_request_interval_s or 0.0))
        if waits is not None:
            obey_waits(state, waits, monotonic=self._clock.monotonic(), wall=wall)
        return waits

    def _window_s(self, state: TrackerState) -> float:
        return LOCAL_WINDOW_S if is_near(state, state.remembered) else PUBLIC_WINDOW_S

    # ------------------------------------------------------------------ one-shot runs

    async def _once(self, state: TrackerState, recalled: Recalled | None, *, complete: bool) -> Due | None:
        memory = recalled.memory if recalled else None
        verdict = worth_asking(
            state,
            memory,
            self.settings,
            complete=complete,
            wall=self._clock.wall(),
            interval_s=self._interval_s(state),
        )
        if verdict is Verdict.ASK:
            waits = await self._claim(state, self._window_s(state))
            if waits is None:
                self._forget_swarms(state)
                return Due.FULL
            if is_near(state, memory):
                if complete:
                    return Due.MINIMAL
                # So short a wait is waited out.
                asked_at = waits.asked_at or 0.0
                await asyncio.sleep(min(LOCAL_WINDOW_S, max(0.0, asked_at + LOCAL_WINDOW_S - self._clock.wall())))
                return Due.FULL if await self._claim(state, 0.0) is None else None
            state.spared = "asked by another run a moment ago, and it wants to be left alone between questions"
        elif verdict is Verdict.SPARE:
            state.spared = "answered lately: what is remembered is fresh enough"
        else:
            state.spared = "asked for nothing: answers are those remembered"
        if recalled is not None:
            remember(state, recalled, monotonic=self._clock.monotonic(), wall=self._clock.wall(), judge=True)
        return None

    def _forget_swarms(self, state: TrackerState) -> None:
        """What is asked for now is not answered from memory, should the answer not come."""
        if state.swarms.recalled:
            state.swarms.forget_counts()
            state.swarms.recalled, state.swarms.scraped_at = False, None
