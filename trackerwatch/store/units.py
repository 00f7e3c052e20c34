"""Times and durations as the integers that the tables hold, and back."""

from __future__ import annotations

import math
from typing import overload

HOUR_MS = 3_600_000
DAY_MS = 86_400_000
DAY_HOURS = 24

_LATEST_MS = 1 << 48
"""Some 8,900 years: no clock says more, and sums of such numbers fit 64 bits."""


def to_ms(seconds: float) -> int:
    """Milliseconds, bounded to what can be a time.

    Raises:
        ValueError: Not a number.
    """
    if math.isnan(seconds):
        raise ValueError("not a time")
    return round(max(-_LATEST_MS, min(seconds * 1e3, _LATEST_MS)))


@overload
def to_us(seconds: float) -> int: ...
@overload
def to_us(seconds: None) -> None: ...
def to_us(seconds: float | None) -> int | None:
    """Microseconds of a duration, bounded; None where there is none."""
    if seconds is None or math.isnan(seconds):
        return None
    return round(max(0.0, min(seconds * 1e6, _LATEST_MS)))


def known_ms(seconds: float | None) -> int | None:
    """As `to_ms`; None where there is none, or no finite one."""
    return None if seconds is None or not math.isfinite(seconds) else to_ms(seconds)


@overload
def from_ms(milliseconds: int) -> float: ...
@overload
def from_ms(milliseconds: None) -> None: ...
def from_ms(milliseconds: int | None) -> float | None:
    """Seconds.

    Raises:
        TypeError: It is no number of milliseconds: SQLite holds any type in any column.
    """
    if milliseconds is None:
        return None
    if not isinstance(milliseconds, int):
        raise TypeError("not a time")
    return milliseconds / 1e3


def from_us(microseconds: int | None) -> float | None:
    """Seconds."""
    return None if microseconds is None else microseconds / 1e6
