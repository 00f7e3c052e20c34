"""One loop for everything that is due: rounds, announces, and the pauses between them.

It decides when; what is asked and what comes of it is said elsewhere (`rounds.py`, `announcing.py`, `conclusions.py`).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from trackerwatch.engine.changes import tell_mutes
from trackerwatch.engine.due import Due
from trackerwatch.engine.interruptions import TICK_S
from trackerwatch.engine.pacing import next_due
from trackerwatch.engine.standing_orders import heartbeat_s, interval_s
from trackerwatch.engine.views import EventKind
from trackerwatch.health import Health
from trackerwatch.outcome import FailureKind
from trackerwatch.schedule import Agenda
from trackerwatch.tracker import Protocol

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable, Sequence

    from trackerwatch.engine.announcing import Announcer
    from trackerwatch.engine.clock import Clock
    from trackerwatch.engine.conclusions import Conclusions
    from trackerwatch.engine.events import EventLog
    from trackerwatch.engine.interruptions import Interruptions
    from trackerwatch.engine.remembering import Remembering
    from trackerwatch.engine.rounds import Rounds
    from trackerwatch.engine.timekeeping import Jump
    from trackerwatch.engine.tracker_state import TrackerState
    from trackerwatch.engine.watchlist import Watchlist

ROUNDS_AT_ONCE = 128
STOP_WITHIN_S = 5.0
LATENESS_FADES = 10.0
"""Seconds in which the lateness shown loses one."""
MUTES_EVERY_S = 1.0
"""Mutes that are over are looked for so often at most."""
AFTER_A_GAP_S = 20.0
"""What fell due in a gap is asked in the course of so many seconds, not all at once."""


class Running:
    """Asks what is due, until it is stopped or, in a one-shot run, everything was asked."""

    def __init__(
        self,
        watchlist: Watchlist,
        clock: Clock,
        rng: random.Random,
        *,
        events: EventLog,
        on_news: Callable[[Iterable[int]], None],
    ) -> None:
        """Begin with nothing due.

        Args:
            watchlist: Whom to ask.
            clock: Both clocks.
            rng: For jitter.
            events: Where bugs are told.
            on_news: Called with the torrents whose rows changed; also where trackers alone did.
        """
        self._watchlist = watchlist
        self._trackers = watchlist.trackers
        self._clock = clock
        self._rng = rng
        self._events = events
        self._changed = on_news
        self._agenda: Agenda[int] = Agenda()
        self._asking: dict[asyncio.Task[None], TrackerState] = {}
        self._announcing: dict[int, asyncio.Task[None]] = {}
        self._wake = asyncio.Event()
        self._stopping = False
        self._lateness = (0.0, 0.0)
        self._unmuted_at = 0.0
        """Wall: when mutes were last looked at."""

    def ask_through(
        self,
        rounds: Rounds,
        announcer: Announcer,
        conclusions: Conclusions,
        interruptions: Interruptions,
        remembering: Remembering | None,
    ) -> None:
        """Say who asks, concludes, watches over ourselves and remembers; before anything runs."""
        self._rounds = rounds
        self._announcer = announcer
        self._conclusions = conclusions
        self._interruptions = interruptions
        self._remembering = remembering

    @property
    def _one_shot(self) -> bool:
        return self._watchlist.one_shot

    @property
    def rounds_under_way(self) -> int:
        """So many trackers are being asked."""
        return len(self._asking)

    # ------------------------------------------------------------------ what is due

    def soon(self, state: TrackerState) -> None:
        """Ask for what is new here as soon as manners allow."""
        if state.disabled is not None:
            return
        if state.asked_at is None and not state.asking and state.not_before <= self._clock.monotonic():
            if self._agenda.due_at(state.index) is None:
                self._agenda.put(state.index, self._clock.monotonic())
        elif not state.asking and not self._one_shot:
            self._plan(state)
        self._wake.set()

    def drop(self, state: TrackerState) -> None:
        """Ask a tracker no more."""
        self._agenda.drop(state.index)

    def halt(self, state: TrackerState) -> None:
        """Ask a tracker no more, and end what is under way."""
        self.drop(state)
        for task, asked in self._asking.items():
            if asked is state:
                task.cancel()
        announces = self._announcing.get(state.index)
        if announces is not None:
            announces.cancel()

    def go_on(self, state: TrackerState) -> None:
        """Ask a tracker for everything that was left alone until now, as soon as its waits allow."""
        if not (state.asking or self._stopping):
            self._plan(state)
        self._wake.set()

    def ask_now(self, states: Iterable[TrackerState]) -> None:
        """Ask these for everything, now: somebody waits for it."""
        for state in states:
            state.plan, state.hurried = Due.FULL, True
            self._agenda.put(state.index, self._clock.monotonic())
        self._wake.set()

    def replan(self, states: Iterable[TrackerState] | None = None) -> None:
        """Other settings hold for some trackers (None: for all): what is due when is worked out anew."""
        for state in self._trackers if states is None else states:
            if not state.asking and self._agenda.due_at(state.index) is not None:
                self._plan(state)
        self._wake.set()

    def begin(self) -> None:
        """Put everything on the agenda: what is due was not late before the run began."""
        self._interruptions.begin()
        now = self._clock.monotonic()
        for state in self._trackers:
            self._watchlist.give_orders(state)
            if state.disabled is not None or state.retired:
                continue
            state.plan = Due.FULL
            if not self._one_shot and state.asked_at is not None:
                self._plan(state)
            else:
                self._agenda.put(state.index, now)

    def begin_again(self, states: Iterable[TrackerState]) -> None:
        """Put these alone on the agenda, as if this run had not asked them yet."""
        self._interruptions.begin()
        now = self._clock.monotonic()
        for state in self._trackers:
            # What a deadline cut off is asked again where it is wished for, like the rest.
            self._agenda.drop(state.index)
        for state in states:
            state.plan, state.spared, state.cut_off, state.excused = Due.FULL, "", None, False
            self._agenda.put(state.index, now)

    def stop(self) -> None:
        """Ask nothing more."""
        self._stopping = True
        self._wake.set()

    async def wind_up(self) -> None:
        """End what is under way; what of ours is registered anywhere is taken back first."""
        try:
            async with asyncio.timeout(STOP_WITHIN_S):
                while tasks := {*self._asking, *self._announcing.values(), *self._announcer.farewells}:
                    for task in tasks - self._announcer.farewells:
                        task.cancel()
                    await asyncio.wait(tasks)
                    await asyncio.sleep(0)  # their callbacks strike them off
        except TimeoutError:
            pass
        await self._interruptions.end()
        await self._conclusions.end()

    async def loop(self) -> None:
        """Ask, until stopped."""
        while not self._stopping:
            if not self._one_shot:
                self._tick()
            now = self._clock.monotonic()
            while len(self._asking) < ROUNDS_AT_ONCE and (due := self._agenda.pop_due(now)):
                self._start(self._trackers[due[0]], late_s=now - due[1])
            if self._one_shot and not self._asking and not self._announcing and not len(self._agenda):
                return
            next_due_at = self._agenda.next_due()
            blocked = len(self._asking) >= ROUNDS_AT_ONCE
            wait_s = None if next_due_at is None or blocked else max(0.0, next_due_at - now)
            if not self._one_shot:
                wait_s = TICK_S if wait_s is None else min(wait_s, TICK_S)
            try:
                async with asyncio.timeout(wait_s):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()

    def _tick(self) -> None:
        self._interruptions.tick()
        wall = self._clock.wall()
        if 0.0 <= wall - self._unmuted_at < MUTES_EVERY_S:
            return
        self._unmuted_at = wall
        turned = self._watchlist.turn_mutes(wall)
        if turned:
            self._conclusions.resettle(turned)
            tell_mutes(self._events, turned, wall)
            self._changed(())

    def on_jump(self, jump: Jump) -> None:
        """Time was not lived through: what fell due meanwhile is not late, and is not asked all at once."""
        now = self._clock.monotonic()
        self._lateness = (0.0, now)
        if jump.shift_s:
            self._watchlist.book.shift_wall(jump.shift_s)
        for state in self._trackers:
            due = self._agenda.due_at(state.index)
            if due is not None and due < now:
                self._agenda.put(state.index, now + self._rng.random() * AFTER_A_GAP_S)
            due = self._agenda.due_at(state.index)
            if due is not None and state.next_probe_at is not None:
                state.next_probe_at = self._clock.wall() + max(0.0, due - now)
                state.dirty = True
        self._changed(())

    def ask_for_a_sign(self, indices: Sequence[int], spread_s: float) -> None:
        """Small probes, soon: whether these trackers are heard tells us about ourselves."""
        now = self._clock.monotonic()
        for index in indices:
            state = self._trackers[index]
            left_alone = state.never_again is not None or state.not_before > now
            left_alone = left_alone or state.retired or state.disabled is not None
            if not (state.asking or left_alone or self._stopping):
                state.plan = Due.MINIMAL
                self._agenda.put(index, now + self._rng.random() * spread_s)
        self._wake.set()

    def _start(self, state: TrackerState, *, late_s: float) -> None:
        """Do what is due at a tracker."""
        now = self._clock.monotonic()
        # One late round is seen for a minute, not for ever and not for a moment only.
        self._lateness = (late_s, now) if late_s >= self.lateness_s(now) else self._lateness
        if state.asking or state.never_again is not None or state.disabled is not None:
            return
        if state.plan is Due.ANNOUNCES:
            self._announce_due(state)
            self._plan(state)
            return
        state.asking = state.dirty = True
        task = asyncio.get_running_loop().create_task(self._round(state), name=f"round {state.tracker.id}")
        self._asking[task] = state
        task.add_done_callback(self._round_done)
        self._changed(())

    def lateness_s(self, now: float) -> float:
        """How late the schedule ran, as it is to be shown at a monotonic time."""
        late_s, at = self._lateness
        return max(0.0, late_s - (now - at) / LATENESS_FADES)

    async def _round(self, state: TrackerState) -> None:
        # Textual runs tasks eagerly up to their first await: let the caller finish its loop first.
        await asyncio.sleep(0)
        plan: Due | None = state.plan
        rounds = self._rounds
        ask = {Due.FULL: rounds.full, Due.FRESH: rounds.fresh, Due.AGAIN: rounds.again}
        try:
            if self._remembering is not None:
                plan = await self._remembering.before(state, state.plan)
            if plan is not None:
                await ask.get(plan, rounds.minimal)(state)
        finally:
            state.asking = False
            state.dirty = True
        await asyncio.shield(self._conclusions.soon(state))
        if state.disabled is not None:
            return
        if plan is not None and (self._one_shot or plan is not Due.MINIMAL):
            self._announce_due(state)

    def _round_done(self, task: asyncio.Task[None]) -> None:
        state = self._asking.pop(task)
        self._tell_bug(task, state, "a round")
        now = state.probed_at = self._clock.monotonic()
        if task.cancelled():
            # Perhaps before its first step.
            state.asking, state.dirty = False, True
        # What asked for patience is not asked again in this run: one attempt does not condemn it.
        again = self._one_shot and state.plan is not Due.AGAIN and state.in_doubt and state.not_before <= now
        # What was spared is judged by what is remembered, doubts and all.
        if again and not state.spared and not self._stopping:
            # Behind everybody's first attempt.
            state.plan = Due.AGAIN
            self._agenda.put(state.index, now)
        elif not self._one_shot and not self._stopping:
            self._plan(state)
        self._wake.set()
        self._changed(())

    def _tell_bug(self, task: asyncio.Task[None], state: TrackerState, what: str) -> None:
        if task.cancelled() or (error := task.exception()) is None:
            return
        self._events.add(
            EventKind.STATE_CHANGED,
            f"{what} of {state.tracker.host_port} ended in an internal error ({type(error).__name__})",
            self._clock.wall(),
            tracker=state.tracker,
            reason=FailureKind.INTERNAL,
        )

    def _plan(self, state: TrackerState) -> None:
        """Put a tracker's next probe on the agenda."""
        if state.retired or state.disabled is not None:
            return
        now = self._clock.monotonic()
        due = next_due(
            state,
            self._watchlist.settings,
            now,
            self._rng.random(),
            self._announcer.next_at(state, active_here=self._active_here(state)),
        )
        state.dirty = True
        settings = self._watchlist.settings
        state.every_s = interval_s(settings, state)
        udp = state.tracker.protocol is Protocol.UDP
        state.heartbeat_s = heartbeat_s(settings, state.tracker) if udp else None
        if due is None:
            self._agenda.drop(state.index)
            state.next_probe_at = None
            return
        when, state.plan = due
        state.next_probe_at = self._clock.wall() + max(0.0, when - now)
        self._agenda.put(state.index, when)

    # ------------------------------------------------------------------ announces

    def _announce_due(self, state: TrackerState) -> None:
        barred = state.state is Health.DOWN or state.disabled is not None
        if state.index in self._announcing or self._stopping or barred:
            return
        columns = self._announcer.candidates(state, active_here=self._active_here(state))
        if columns:
            self.start_announces(state, columns)

    def _active_here(self, state: TrackerState) -> Callable[[int], bool]:
        """Whether a torrent announces to this tracker, as far as is known."""
        active, here = self._watchlist.book.active, (state.index, -1)
        return lambda owner: active[owner] in here

    def start_announces(self, state: TrackerState, columns: list[int], *, wished: bool = False) -> None:
        """Announce these columns to a tracker, in a task of its own; `wished` is as in `Announcer.sweep`."""

        async def sweep() -> None:
            await asyncio.sleep(0)
            try:
                await self._announcer.sweep(state, columns, lambda: self._conclusions.settle(state), wished=wished)
            finally:
                self._conclusions.settle(state)

        task = asyncio.get_running_loop().create_task(sweep(), name=f"announces {state.tracker.id}")
        self._announcing[state.index] = task

        def done(finished: asyncio.Task[None]) -> None:
            self._announcing.pop(state.index, None)
            self._tell_bug(finished, state, "an announce")
            if not (self._one_shot or self._stopping or state.asking):
                self._plan(state)
            self._wake.set()
            self._changed(())

        task.add_done_callback(done)

    def announcing_to(self, state: TrackerState) -> bool:
        """Whether announces to a tracker are under way."""
        return state.index in self._announcing
