"""Time as the engine sees it: one object, so that tests can drive it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import lru_cache
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


_NO_TIME = 253_402_300_799.0
"""The last second of the year 9999."""


@lru_cache(maxsize=1024)
def at(wall: float | None) -> datetime | None:
    """Unix time as a UTC datetime to the millisecond, as it is remembered: a time that comes back is the one that was told.

    None also for what no calendar has: a store that somebody else wrote may say anything.
    """
    return None if wall is None or not 0 <= wall < _NO_TIME else datetime.fromtimestamp(round(wall, 3), UTC)
