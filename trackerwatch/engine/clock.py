"""Time as the engine sees it: one object, so that tests can drive it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Monotonic time for durations, wall time for people."""

    def monotonic(self) -> float:
        """Seconds that never step back."""
        ...

    def wall(self) -> float:
        """Unix time."""
        ...


class SystemClock:
    """The machine's clocks."""

    def monotonic(self) -> float:
        """Seconds that never step back."""
        return time.monotonic()

    def wall(self) -> float:
        """Unix time."""
        return time.time()


def at(wall: float | None) -> datetime | None:
    """Unix time as a UTC datetime to the millisecond, as it is remembered: a time that comes back is the one that was told."""
    return None if wall is None else datetime.fromtimestamp(round(wall, 3), UTC)
