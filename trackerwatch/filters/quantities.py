"""Numbers as people write them in a filter, with their units."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from trackerwatch.filters.fields import Shape


class Unknown(Enum):
    """The value of `seeders=unknown`."""

    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number, and how finely it was written."""

    value: float
    """In bytes, seconds, parts of one, or pieces."""
    step: float
    """What the last digit stands for where a unit was written: `since=2h` is less than three hours too. 0: exact."""


_NUMBER = re.compile(r"(\d{1,18}(?:\.(\d{1,9}))?|\.(\d{1,9}))\s*([a-z%]{0,4})", re.ASCII | re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_MULTIPLE = re.compile(r"([kmgtp]i?)?b?", re.ASCII)

EXAMPLES = {
    Shape.COUNT: "numbers are like 3, 1.5k, 4Gi",
    Shape.SIZE: "sizes are like 700MB, 1.5k, 4Gi",
    Shape.DURATION: "durations are like 200ms, 30s, 5m, 2h, 7d",
    Shape.SHARE: "shares are like 99% or 99.5%",
}
"""What would be right, by the shape of a field."""


def number(text: str, shape: Shape) -> Quantity | Unknown | None:
    """Read a number with its unit. None: it is none of this shape.

    Counts and sizes: `3`, `1.5k`, `4GiB` (`k` is 1000, `Ki` 1024). Durations: `200ms`, `5m`, `2h`, `7d`; without a unit
    seconds. Shares: `99.5%`; a number without the sign could mean either, and is none.
    """
    if text.casefold() in {"unknown", "?"}:
        return Unknown.UNKNOWN
    if not (match := _NUMBER.fullmatch(text)):
        return None
    unit = match[4].lower()
    factor = _factor(unit, shape)
    if factor is None:
        return None
    digits = len(match[2] or match[3] or "")
    exact = shape in (Shape.COUNT, Shape.SIZE) and not unit
    return Quantity(float(match[1]) * factor, 0.0 if exact else factor * 10.0**-digits)


def _factor(unit: str, shape: Shape) -> float | None:
    if shape is Shape.DURATION:
        return _SECONDS.get(unit or "s")
    if shape is Shape.SHARE:
        return 0.01 if unit == "%" else None
    if not (match := _MULTIPLE.fullmatch(unit)):
        return None
    multiple = match[1] or ""
    base = 1024.0 if multiple.endswith("i") else 1000.0
    return base ** _POWERS[multiple.removesuffix("i")]
