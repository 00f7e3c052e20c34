"""What interrupts watching: our own outage, a suspended machine, clocks that are set. One event each, and nobody's failure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.engine.clock import at
from trackerwatch.engine.outage import UDP_BLOCKED, Outage
from trackerwatch.engine.records import GapKind
from trackerwatch.engine.timekeeping import Timekeeper
from trackerwatch.engine.views import EventKind, LocalState, OurselvesView
from trackerwatch.outcome import FailureKind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trackerwatch.engine.clock import Clock
    from trackerwatch.engine.conclusions import Conclusions
    from trackerwatch.engine.events import EventLog
    from trackerwatch.engine.prober import Prober
    from trackerwatch.engine.recording import Recording
    from trackerwatch.engine.timekeeping import Jump
    from trackerwatch.engine.tracker_state import TrackerState
    from trackerwatch.outcome import Failure

TICK_S = 10.0
"""The clocks are compared at least so often."""
JUDGE_WITHIN_S = 2.0
"""A one-shot run that suspects itself asks the sentinels for so long."""

_GAPS = {LocalState.OFFLINE: GapKind.LOCAL_OFFLINE, LocalState.UDP_BLOCKED: GapKind.UDP_BLOCKED}
_BACK = {
    LocalState.OFFLINE: "this machine is on the net again",
    LocalState.UDP_BLOCKED: "UDP comes through again",
    LocalState.NO_NAMES: "names resolve again",
}


class Interruptions:
    """Keeps interruptions from being taken for failures."""

    def __init__(
        self,
        prober: Prober,
        clock: Clock,
        trackers: Sequence[TrackerState],
        *,
        events: EventLog,
        recording: Recording,
        ask_for_a_sign: Callable[[Sequence[int], float], None],
        on_jump: Callable[[Jump], None],
    ) -> None:
        """Watch over ourselves.

        Args:
            prober: Asks the sentinels.
            clock: Both clocks.
            trackers: All of them by index; may grow.
            events: Where interruptions are told.
            recording: Where they are written down as gaps.
            ask_for_a_sign: Called with trackers that should give a sign of life, spread over so many seconds.
            on_jump: Called when time was not lived through, after the trackers' own notes were put right.
        """
        self._clock = clock
        self._trackers = trackers
        self._events = events
        self._recording = recording
        self._ask_for_a_sign = ask_for_a_sign
        self._on_jump = on_jump
        self._conclusions: Conclusions | None = None
        self.timekeeper = Timekeeper()
        self.outage = Outage(
            prober,
            clock,
            self.timekeeper,
            trackers=trackers,
            ask_for_a_sign=lambda indices: ask_for_a_sign(indices, 0.0),
            on_change=self._on_change,
            on_hit=self._hit,
        )
        self.view = OurselvesView()
        self._since: float | None = None
        self._why: Failure | None = None
        self._begun_at = 0.0
        """Monotonic."""

    def conclude_with(self, conclusions: Conclusions) -> None:
        """Say who draws the conclusions; before anything is asked."""
        self._conclusions = conclusions

    def begin(self) -> None:
        """Begin to compare the clocks; what an earlier look found of ourselves is over."""
        self.timekeeper.start(self._clock.monotonic(), self._clock.wall())
        self._begun_at = self._clock.monotonic()
        self.view = OurselvesView(store_trouble=self.view.store_trouble)

    # ------------------------------------------------------------------ time

    def tick(self) -> None:
        """Compare the clocks."""
        jump = self.timekeeper.tick(self._clock.monotonic(), self._clock.wall(), expected_s=TICK_S)
        if jump is None:
            return
        for state in self._trackers:
            state.uncover()
            if jump.shift_s:
                state.shift_wall(jump.shift_s)
        if self._since is not None:
            self._since += jump.shift_s
        self._recording.gap(jump.kind, jump.begin, jump.end, jump.message)
        self._events.add(EventKind.GAP, jump.message, self._clock.wall())
        self._on_jump(jump)

    # ------------------------------------------------------------------ our own outage

    def _on_change(self, now_is: LocalState, failure: Failure | None) -> None:
        before, now = self.view.state, self._clock.wall()
        if before is not LocalState.FINE:
            self._leave(before, now, over=now_is is LocalState.FINE)
        if now_is is not LocalState.FINE and failure is not None:
            self._enter(now_is, failure, now)
        else:
            self.view = OurselvesView(store_trouble=self.view.store_trouble)

    def _enter(self, now_is: LocalState, failure: Failure, now: float) -> None:
        hit = self.outage.judged(udp_only=now_is is LocalState.UDP_BLOCKED)
        states = [] if now_is is LocalState.NO_NAMES else [self._trackers[index] for index in hit]
        for state in states:
            state.suspend_judgement(failure)
        self._since, self._why = now, failure
        self.view = OurselvesView(now_is, at(now), failure.message, self.view.store_trouble)
        self._events.add(
            EventKind.LOCAL_OFFLINE,
            f"{failure.message}; {_count(states)} not judged until this is over" if states else failure.message,
            now,
            from_state=str(LocalState.FINE),
            to_state=str(now_is),
            reason=FailureKind.LOCAL_OFFLINE,
        )
        self._settle(states)

    def _hit(self, state: TrackerState) -> None:
        """A tracker that came while we were cut off: it is not judged either."""
        if state.before_cut_off is None and self._why is not None:
            state.suspend_judgement(self._why)
            self._settle([state])

    def _leave(self, before: LocalState, now: float, *, over: bool) -> None:
        states = [state for state in self._trackers if state.before_cut_off is not None]
        for state in states:
            state.resume_judgement()
        since = self._write_down(before, now)
        self._since = None
        if not over:
            # It only got worse, or better by half: what comes next is told.
            return
        self._events.add(
            EventKind.LOCAL_ONLINE,
            f"{_BACK[before]}, after {_span(now - since)}",
            now,
            from_state=str(before),
            to_state=str(LocalState.FINE),
        )
        self._settle(states)
        # Names that did not resolve left nothing to judge.
        for state in self._trackers if before is LocalState.NO_NAMES else ():
            if state.name_health.judged or not state.endpoints:
                state.excused, state.unproven = False, True
                states.append(state)
        self._ask_for_a_sign([state.index for state in states], min(15.0, len(states) / 10))

    def _write_down(self, state: LocalState, now: float) -> float:
        """Write our own outage down as a gap. Wall time of its begin."""
        since = now if self._since is None else min(self._since, now)
        if state in _GAPS:
            self._recording.gap(_GAPS[state], since, now, self.view.message)
        return since

    async def end(self) -> None:
        """Watch over ourselves no more."""
        await self.outage.end()
        if self._since is not None:
            self._write_down(self.view.state, self._clock.wall())
            self._since = None

    def _settle(self, states: Sequence[TrackerState]) -> None:
        if self._conclusions is not None:
            self._conclusions.settle(*states, quietly=True)

    async def judge_once(self) -> list[TrackerState]:
        """At the end of a one-shot run: the trackers whose failures are our own, excused."""
        judged = await self.outage.judge_once(JUDGE_WITHIN_S, since=self._begun_at)
        if judged is None:
            return []
        indices, failure = judged
        states = [self._trackers[index] for index in indices]
        for state in states:
            state.excuse(failure)
        hosts = len({state.tracker.host for state in states})
        self._events.add(
            EventKind.LOCAL_OFFLINE,
            f"{failure.message}: {hosts} host{'' if hosts == 1 else 's'} tried",
            self._clock.wall(),
            reason=failure.kind,
        )
        state_of = LocalState.UDP_BLOCKED if failure is UDP_BLOCKED else LocalState.OFFLINE
        self.view = OurselvesView(state_of, at(self._clock.wall()), failure.message, self.view.store_trouble)
        self._settle(states)
        return states

    # ------------------------------------------------------------------ the store

    def note_store(self, trouble: str) -> None:
        """What is remembered cannot be written down (one clean line), or can be again (empty)."""
        view = self.view
        if trouble == view.store_trouble:
            return
        self.view = OurselvesView(view.state, view.since, view.message, trouble)
        said = f"history goes on in memory: {trouble}" if trouble else "history is written down again"
        self._events.add(EventKind.STORE_DEGRADED, said, self._clock.wall(), to_state="memory" if trouble else "fine")


def _count(states: Sequence[TrackerState]) -> str:
    return f"{len(states)} tracker{'' if len(states) == 1 else 's'}"


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
