"""Tells time that was lived through from time that was not: suspends, pauses, clocks that were set. Pure.

Two clocks are compared at each tick. Durations and waits run on the monotonic one and need no help; what needs it is the
judgement: whatever failed across a gap proves nothing, and uptime does not cover it.

    monotonic         wall              what it was
    as expected       as expected       nothing
    far too late      as late           this program was paused (stopped, or its machine, where that clock runs on)
    as expected       jumped ahead      the machine was suspended, or the clock was set ahead: nobody can tell which
    as expected       jumped back       the clock was set back
"""

from __future__ import annotations

from dataclasses import dataclass

from trackerwatch.engine.records import GapKind

PAUSE_S = 30.0
"""A tick so much later than it was to come was slept through."""
STEP_S = 30.0
"""Clocks that part by more were set, or stood still; less is what time servers do."""
SETTLING_S = 30.0
"""After a gap networks take a while to come back: what fails then by silence proves nothing either."""


@dataclass(frozen=True, slots=True)
class Jump:
    """Time that was not lived through."""

    kind: GapKind
    begin: float
    """Wall time when it began."""
    end: float
    shift_s: float
    """By so much were wall times noted earlier wrong, as seen now; 0 unless the clock was set back."""

    @property
    def message(self) -> str:
        """One line for people."""
        if self.kind is GapKind.CLOCK_STEPPED:
            return f"the clock was set back by {_span(self.begin - self.end)}"
        return f"{_span(self.end - self.begin)} were slept through, or the clock was set ahead: a gap, and nobody's failure"


class Timekeeper:
    """Compares the clocks from tick to tick."""

    def __init__(self, monotonic: float = 0.0, wall: float = 0.0) -> None:
        self.start(monotonic, wall)
        self.jumped_at = float("-inf")
        """Monotonic time at which the latest jump was noticed."""

    def start(self, monotonic: float, wall: float) -> None:
        """Begin to compare; what went before is no jump."""
        self._monotonic = monotonic
        self._wall = wall

    def tick(self, monotonic: float, wall: float, *, expected_s: float) -> Jump | None:
        """Look at both clocks.

        Args:
            monotonic: Seconds now.
            wall: Unix time now.
            expected_s: The longest time that may have passed since the last tick.
        """
        passed_s, walked_s = monotonic - self._monotonic, wall - self._wall
        before, self._monotonic, self._wall = self._wall, monotonic, wall
        if (passed_s > expected_s + PAUSE_S and walked_s > expected_s) or walked_s - passed_s > STEP_S:
            jump = Jump(GapKind.SUSPENDED, before, wall, 0.0)
        elif passed_s - walked_s > STEP_S:
            jump = Jump(GapKind.CLOCK_STEPPED, before, wall, walked_s - passed_s)
        else:
            return None
        self.jumped_at = monotonic
        return jump

    def unsettled(self, begun: float, now: float) -> bool:
        """Whether silence proves nothing of a probe begun then (monotonic): a gap fell into it, or came just before.

        Args:
            begun: When the probe began.
            now: When it failed.
        """
        return begun <= self.jumped_at or now - self.jumped_at < SETTLING_S


def _span(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 2:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 120 else f"{minutes / 60:.1f} h"
