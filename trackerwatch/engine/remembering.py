"""Before a tracker is asked: what is remembered of it, and whether another program on the same store asked just now.

One-shot runs may be spared the question (`--max-age`, `--cached`); watching asks in turn, whoever else watches.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from trackerwatch.engine.due import Due
from trackerwatch.engine.recollection import (
    WINDOW_SHARE,
    Verdict,
    is_near,
    obey_waits,
    remember,
    remember_swarms,
    watched_lately,
    worth_asking,
)
from trackerwatch.engine.settings import PrivateMode
from trackerwatch.schedule.pace import LOCAL_WINDOW_S, PUBLIC_WINDOW_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from trackerwatch.engine.clock import Clock
    from trackerwatch.engine.keeper import Keeper, Recalled, Waits
    from trackerwatch.engine.records import TrackerMemory
    from trackerwatch.engine.settings import EngineSettings
    from trackerwatch.engine.tracker_state import TrackerState

NEW_SWARMS_WINDOW_S = 5.0
"""Between two one-shot runs that ask a public tracker for what nobody asked for yet: somebody waits for it."""
TURNS = 12
"""So many times a one-shot run waits for its turn."""


class Remembering:
    """Looks trackers up before they are asked."""

    def __init__(
        self,
        keeper: Keeper,
        settings: EngineSettings,
        clock: Clock,
        interval_s: Callable[[TrackerState], float],
        *,
        on_memory: Callable[[TrackerState, Recalled], None],
        on_seeder: Callable[[int, float], None],
    ) -> None:
        """Look up in what a keeper remembers.

        Args:
            keeper: Remembers.
            settings: How fresh one-shot answers must be.
            clock: Both clocks.
            interval_s: Between two rounds of a tracker.
            on_memory: Called when a tracker's state came back, with all that did.
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
        if due not in (Due.FULL, Due.FRESH) or not self._scrapes(state):
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
        # A report shows no uptime, and later torrents of a tracker bring none.
        recalled = await self._keeper.recall(state.tracker, hashes, past=first and not self.one_shot)
        now, wall = self._clock.monotonic(), self._clock.wall()
        if first:
            remember(state, recalled, monotonic=now, wall=wall, judge=not self.one_shot)
            memory = state.remembered
            if memory is not None and not watched_lately(memory, wall=wall, interval_s=self._interval_s(state)):
                # Nobody watches: what reports find is what history tells.
                state.lasting_thresholds = state.thresholds
        private_too = self._private_too(state)
        complete = remember_swarms(state, recalled, monotonic=now, wall=wall, private_too=private_too)
        for column, info_hash in enumerate(state.swarms.hashes):
            known = recalled.swarms.get(info_hash)
            if known is not None and known.seeded_at is not None:
                self._on_seeder(state.swarms.owners[column], known.seeded_at)
        if complete and recalled.scraped_at is not None and not self.one_shot:
            state.swarms.asked = len(state.swarms)
        if first and state.remembered_at is not None:
            self._on_memory(state, recalled)
        return recalled, complete

    async def _adopt(self, state: TrackerState) -> None:
        """Take over the counts that another program was told, where they are newer."""
        recalled = await self._keeper.recall(state.tracker, state.swarms.hashes[:], past=False)
        swarms = state.swarms
        if recalled.scraped_at is None or recalled.scraped_at <= (swarms.scraped_at or 0.0):
            return
        swarms.recalled = True
        now, wall = self._clock.monotonic(), self._clock.wall()
        if remember_swarms(state, recalled, monotonic=now, wall=wall, private_too=self._private_too(state)):
            swarms.asked = len(swarms)

    async def _claim(self, state: TrackerState, window_s: float) -> Waits | None:
        wall = self._clock.wall()
        waits = await self._keeper.claim(state.tracker, wall, max(window_s, state.min_request_interval_s or 0.0))
        if waits is not None:
            obey_waits(state, waits, monotonic=self._clock.monotonic(), wall=wall)
        return waits

    def _private_too(self, state: TrackerState) -> bool:
        return self.settings.private_at(state.tracker.host) is not PrivateMode.CONNECT

    def _scrapes(self, state: TrackerState) -> bool:
        """Whether a full round asks for any torrent; otherwise it is a sign of life, which needs nobody's leave."""
        return len(state.swarms) > 0 and (self._private_too(state) or not state.swarms.only_private)

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
            scrapes = self._scrapes(state)
            if scrapes and await self._may_ask(state, memory, complete=complete):
                self._forget_swarms(state)
                return Due.FULL
            left_alone = state.never_again is not None or state.not_before > self._clock.monotonic()
            if not scrapes and not left_alone:
                return Due.FULL
            if is_near(state, memory) and not left_alone:
                return Due.MINIMAL
            state.spared = "asked by another run a moment ago, and it wants to be left alone between questions"
        elif verdict is Verdict.SPARE:
            state.spared = "answered lately: what is remembered is fresh enough"
        else:
            state.spared = "asked for nothing: answers are those remembered"
        if recalled is not None:
            now, wall = self._clock.monotonic(), self._clock.wall()
            remember(state, recalled, monotonic=now, wall=wall, judge=True, as_reports=True)
        elif verdict is Verdict.ASK:
            # This run asked before; what the other one was told since is newer.
            await self._adopt(state)
        return None

    async def _may_ask(self, state: TrackerState, memory: TrackerMemory | None, *, complete: bool) -> bool:
        """Ask for leave, and wait for it where nothing is remembered of some torrent."""
        waits = await self._claim(state, self._window_s(state))
        near = is_near(state, memory)
        window_s = LOCAL_WINDOW_S if near else NEW_SWARMS_WINDOW_S
        for _ in range(0 if complete else TURNS):
            wall = self._clock.wall()
            if waits is None or waits.never_again is not None or waits.not_before > wall:
                break
            if (waits.min_request_interval_s or 0.0) > window_s:
                break
            begun = wall if waits.asked_at is None else min(waits.asked_at, wall)
            await asyncio.sleep(max(0.0, begun + window_s - wall))
            waits = await self._claim(state, 0.0 if near else WINDOW_SHARE * window_s)
        return waits is None

    def _forget_swarms(self, state: TrackerState) -> None:
        """What is asked for now is not answered from memory, should the answer not come."""
        if state.swarms.recalled:
            state.swarms.forget_counts()
            state.swarms.recalled, state.swarms.scraped_at = False, None
