"""Recurring windows, such as `sat 02:00-06:00`, `daily 03:00-03:30`, `mon,thu 22:00-01:00 Europe/Berlin`.

A window belongs to the day on which it begins; one that ends earlier than it begins ends on the day after. Where clocks are
changed a time may come twice or not at all: the earlier reading begins a window and the later one ends it, so that a window
is never shorter than it is written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import tzinfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HINT = "write it like 'sat 02:00-06:00', 'daily 03:00-03:30' or 'mon,thu 22:00-01:00 Europe/Berlin'"
MAX_CHARS = 120
_MINUTES_A_DAY = 24 * 60
_WINDOW = re.compile(r"(?:(\S+)\s+)?(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})(?:\s+(\S+))?")


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time that comes again each week."""

    days: frozenset[int]
    """On which it begins, 0 is Monday."""
    begin_min: int
    """Minutes after midnight, by the clock on the wall."""
    end_min: int
    """The same, up to 24:00; not after `begin_min`: on the next day."""
    zone: str = ""
    """IANA name. Empty: where this machine is."""

    def __str__(self) -> str:
        days = "daily" if len(self.days) == len(DAYS) else ",".join(DAYS[day] for day in sorted(self.days))
        return f"{days} {_clock(self.begin_min)}-{_clock(self.end_min)}{' ' if self.zone else ''}{self.zone}"

    def open_until(self, now: float) -> float | None:
        """When it ends, if it is open.

        Args:
            now: Unix time.

        Returns:
            The Unix time of its end. None: it is not open.
        """
        zone = _zone(self.zone) if self.zone else None
        today = datetime.fromtimestamp(now, UTC).astimezone(zone).date()
        ends = []
        for offset in (-2, -1, 0, 1):
            day = today + timedelta(days=offset)
            if day.weekday() not in self.days:
                continue
            last = day + timedelta(days=self.end_min <= self.begin_min)
            begin, end = min(_readings(day, self.begin_min, zone)), max(_readings(last, self.end_min, zone))
            if begin <= now < end:
                ends.append(end)
        return max(ends, default=None)


def open_until(windows: Iterable[Window], now: float) -> float | None:
    """When the last of the windows that are open at a Unix time ends. None: none is open."""
    return max((end for window in windows if (end := window.open_until(now)) is not None), default=None)


def parse_window(text: str) -> Window:
    """Read a window.

    Raises:
        ValueError: It is none; the message is for people, and does not repeat it.
    """
    found = _WINDOW.fullmatch(text.strip()) if len(text) <= MAX_CHARS else None
    if found is None:
        raise ValueError(f"is no window; {HINT}")
    days, begin_h, begin_min, end_h, end_min, zone = found.groups()
    begin, end = _minutes(begin_h, begin_min), _minutes(end_h, end_min)
    if begin in {end, _MINUTES_A_DAY}:
        raise ValueError("begins when it ends; a whole day is 00:00-24:00")
    if zone:
        _zone(zone)
    return Window(_days(days or "daily"), begin, end, zone or "")


def _minutes(hours: str, minutes: str) -> int:
    whole = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or whole > _MINUTES_A_DAY:
        raise ValueError(f"holds no time of day; {HINT}")
    return whole


def _days(words: str) -> frozenset[int]:
    if words.lower() == "daily":
        return frozenset(range(len(DAYS)))
    days: set[int] = set()
    for word in words.lower().split(","):
        first, _, last = word.partition("-")
        if first not in DAYS or (last or first) not in DAYS:
            raise ValueError(f"names a day that is none of daily, {', '.join(DAYS)}")
        begin, end = DAYS.index(first), DAYS.index(last or first)
        # `fri-mon` goes over the week-end.
        days |= {(begin + n) % len(DAYS) for n in range((end - begin) % len(DAYS) + 1)}
    return frozenset(days)


def _zone(name: str) -> tzinfo:
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - only where a zone is named

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("names no time zone that is known here; they are called like Europe/Berlin") from None


def _readings(day: date, minutes: int, zone: tzinfo | None) -> tuple[float, float]:
    """The Unix times that a time by the clock on the wall may mean: two where clocks are changed."""
    days, rest = divmod(minutes, _MINUTES_A_DAY)
    moment = datetime.combine(day + timedelta(days=days), time(rest // 60, rest % 60), zone)
    return moment.replace(fold=0).timestamp(), moment.replace(fold=1).timestamp()


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
