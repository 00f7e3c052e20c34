"""Uptime: successes out of counted samples, never without saying how much of the time they speak for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

HOUR_S = 3600.0
DAY_S = 86400.0

WINDOWS_S: dict[str, float] = {"1h": HOUR_S, "24h": DAY_S, "7d": 7 * DAY_S, "30d": 30 * DAY_S}
"""The windows of every uptime, shortest first: name to seconds."""

MIN_COVERAGE = 0.5
"""Below this share of the time an uptime would be a guess."""

MAX_COVER_S = DAY_S
"""No sample speaks for more: nothing is asked less often than daily."""


@dataclass(frozen=True, slots=True)
class UptimeFigure:
    """How much of a window something answered."""

    window: str
    """What it is called: a key of `WINDOWS_S`, or what the user asked for."""
    span_s: float
    """How long it is in truth: a window of whole buckets is up to a bucket longer than its name says."""
    successes: int
    counted: int
    """n. Slow is a success; our own outage and gaps are not counted."""
    covered_s: float
    """So much of the span the counted samples speak for."""

    @property
    def coverage(self) -> float:
        """Share of the span that was watched, 0 to 1."""
        return min(1.0, max(0.0, self.covered_s / self.span_s)) if self.span_s > 0 else 0.0

    @property
    def ratio(self) -> float | None:
        """Successes out of counted, 0 to 1, however little was watched. None: nothing was counted."""
        return self.successes / self.counted if self.counted else None

    @property
    def uptime(self) -> float | None:
        """`ratio` where at least half of the span was watched. None: n/a."""
        return self.ratio if self.coverage >= MIN_COVERAGE else None


def bucket_start(at: float, span_s: float) -> float:
    """Begin of the bucket of this length that a time lies in; buckets begin at multiples of their length."""
    return math.floor(at / span_s) * span_s


def split_cover(at: float, covers_s: float, span_s: float) -> Iterator[tuple[float, float]]:
    """Cut the stretch that a sample speaks for at the edges of buckets.

    The stretch is (at - covers_s, at], so what ends at an edge lies before it, while the sample itself belongs to the
    bucket that `at` begins. The pieces add up to the stretch, and those of small buckets to those of large ones.

    Args:
        at: Time of the sample, Unix seconds.
        covers_s: What it speaks for; more than `MAX_COVER_S` is taken as that, nothing or less as nothing.
        span_s: Length of a bucket, at least a second.

    Yields:
        Begin of a bucket and the seconds in it (more than 0), newest first.
    """
    if not (math.isfinite(at) and covers_s > 0):
        return
    begin, end = at - min(covers_s, MAX_COVER_S), at
    number = math.ceil(at / span_s) - 1
    while end > begin:
        edge = max(number * span_s, begin)
        if end > edge:
            yield number * span_s, end - edge
        end, number = edge, number - 1
