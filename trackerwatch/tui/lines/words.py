"""Numbers, times and keys in the words of the screen. Pure; milliseconds exist only here.

Everything takes None for unknown and says so: `?` for a count, `-` for a time or a ratio that there cannot be yet.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from trackerwatch.actions import shown_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trackerwatch.stats import UptimeFigure

NO_TIME = "-"
NO_COUNT = "?"
USUAL_CLIENT = "listed"
"""The client policy that need not be named."""

_UNITS = ((86400.0, "d"), (3600.0, "h"), (60.0, "m"), (1.0, "s"))


def duration(seconds: float | None) -> str:
    """`4s`, `14m`, `3h`, `22d`: one unit, at most four characters below 1,000 days."""
    if seconds is None:
        return NO_TIME
    seconds = max(0.0, seconds)
    # Two of the smaller unit still say more than one of the larger: 90s, 47h.
    for size, unit in _UNITS:
        if seconds >= 2 * size or unit == "s":
            return f"{int(seconds / size)}{unit}"
    raise AssertionError


def span(seconds: float) -> str:
    """A round length of time as a heading: `15 min`, `3 h`."""
    return f"{seconds / 3600:.0f} h" if seconds >= 3600 else f"{seconds / 60:.0f} min"


def age(at: datetime | None, now: datetime) -> str:
    """How long ago something was."""
    return duration(None if at is None else (now - at).total_seconds())


def ago(at: datetime | None, now: datetime) -> str:
    """`14m ago`, or `never`."""
    return "never" if at is None else f"{age(at, now)} ago"


def until(at: datetime | None, now: datetime) -> str:
    """How long until something: `38s`, `now` when it is due."""
    if at is None:
        return NO_TIME
    left = (at - now).total_seconds()
    return duration(left) if left >= 1 else "now"


def due(until_then: str) -> str:
    """What `until` says, in a sentence: `in 38s`, `now`."""
    return until_then if until_then == "now" else f"in {until_then}"


def clock(at: datetime | None, *, seconds: bool = False) -> str:
    """The time of day in UTC."""
    if at is None:
        return NO_TIME
    return at.astimezone(UTC).strftime("%H:%M:%S" if seconds else "%H:%M")


def moment(at: datetime | None, now: datetime, *, seconds: bool = False) -> str:
    """The time of day, with the date where that was not today."""
    if at is None:
        return NO_TIME
    same_day = at.astimezone(UTC).date() == now.astimezone(UTC).date()
    return clock(at, seconds=seconds) if same_day else at.astimezone(UTC).strftime("%d %b %H:%M")


def day(at: datetime) -> str:
    """A date."""
    return at.astimezone(UTC).strftime("%d %b %Y")


def short_day(at: datetime) -> str:
    """`14 Mar`."""
    return at.astimezone(UTC).strftime("%d %b")


def latency(seconds: float | None) -> str:
    """`48ms`, `1.2s`, `12s`."""
    if seconds is None:
        return NO_TIME
    if seconds < 0.0005:
        return "<1ms"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f}ms"
    return f"{seconds:.1f}s" if seconds < 9.95 else f"{seconds:.0f}s"


def count(number: int | None) -> str:
    """`7,990`, and `?` for what nobody told."""
    return NO_COUNT if number is None or number < 0 else f"{number:,}"


def short_count(number: int | None, width: int = 5) -> str:
    """A count in at most `width` (at least four) characters: `7990`, `12k`, `3.4M`."""
    if number is None or number < 0:
        return NO_COUNT
    if len(text := str(number)) <= width:
        return text
    for size, unit in ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            scaled = number / size
            return f"{int(scaled * 10) / 10:.1f}{unit}" if scaled < 10 else f"{int(scaled)}{unit}"
    return text


def percent(ratio: float | None) -> str:
    """`99.1%`; only a whole is 100%."""
    if ratio is None:
        return NO_TIME
    if ratio >= 1:
        return "100%"
    return f"{min(ratio * 100, 99.9):.1f}%"


def uptime(figure: UptimeFigure | None, *, width: int = 5) -> str:
    """An uptime in at most `width` characters; where too little was watched `n/a`, with how long was where that fits."""
    if figure is None:
        return NO_TIME
    if figure.uptime is not None:
        return percent(figure.uptime)
    known = f"n/a {duration(figure.covered_s)}"
    return known if figure.counted and len(known) <= width else "n/a"


def coarse(seconds: float) -> str:
    """`59m`, `23h`, `9d`: one unit in three characters, for less room than `duration` takes."""
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{int(seconds / size)}{unit}"
    return "0s"


def window(uptimes: Iterable[UptimeFigure], name: str) -> UptimeFigure | None:
    """The figure of one window. None: there is none."""
    return next((figure for figure in uptimes if figure.window == name), None)


def size(size_bytes: int | None) -> str:
    """`4.4 GiB`."""
    if size_bytes is None:
        return "size unknown"
    scaled = float(size_bytes)
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if scaled < 1024 or unit == "TiB":
            break
        scaled /= 1024
    return f"{scaled:.0f} {unit}" if unit == "B" or scaled >= 100 else f"{scaled:.1f} {unit}"


def plural(number: int, noun: str) -> str:
    """`1 torrent`, `7,990 torrents`, `2 addresses`."""
    ending = "" if number == 1 else "es" if noun.endswith("s") else "s"
    return f"{number:,} {noun}{ending}"


def key_name(key: str) -> str:
    """A key as a footer names it; empty for what stands for none."""
    return shown_key(key)
