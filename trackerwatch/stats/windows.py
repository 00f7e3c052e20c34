"""Uptime and latency of one tracker over rolling windows, in memory and in little of it.

Counts lie in buckets of five minutes (windows 1h and 24h) and of an hour (7d and 30d); latencies in histograms of an hour
(1h and 24h) and of a UTC day (7d and 30d). Buckets begin at multiples of their length since 1970.

**Edges.** A window is made of whole buckets: every bucket of which any part lies within (now - window, now]. It leaves out
nothing that is young enough, and may hold what is up to one bucket too old; `UptimeFigure.span_s` is the length up to `now`
that it has in truth. Buckets that begin after `now` (of a clock that was set back) are not looked at.

**Clocks.** Each bucket lies in a ring at its number modulo the size of the ring and knows its number, so there is no newest
one to be kept: whatever the clock does, a sample is counted where its time says, at most in place of one that is 24 hours or
30 days away. Time that was lived twice covers a bucket once.
"""

from __future__ import annotations

import math
from array import array
from typing import TYPE_CHECKING

from trackerwatch.stats.latency import LatencyHistogram
from trackerwatch.stats.uptime import DAY_S, HOUR_S, WINDOWS_S, UptimeFigure, split_cover

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trackerwatch.stats.tally import Tally

FINE_S = 300.0
"""Buckets of the windows up to a day."""

_LATEST = 1e11
"""Times beyond are no times (the year 5138); numbers of buckets fit 32 bits."""
_MOST = 0xFFFF
"""What a bucket counts up to."""
_NEVER = -1


class Windows:
    """What one tracker's samples came to over the last 1 h, 24 h, 7 d and 30 d. About 20 KB when full."""

    __slots__ = ("_days", "_fine", "_hourly", "_hours", "_merged", "_summed")

    def __init__(self) -> None:
        self._fine = _Counts(FINE_S, DAY_S)
        self._hourly = _Counts(HOUR_S, 30 * DAY_S)
        self._hours = _Latencies(HOUR_S, DAY_S)
        self._days = _Latencies(DAY_S, 30 * DAY_S)
        # A screen asks for every tracker's figures again and again; samples come every few minutes.
        self._merged: dict[str, tuple[int, LatencyHistogram]] = {}
        self._summed: dict[str, tuple[int, tuple[int, int, float]]] = {}

    def add(self, at: float, *, answered: bool, counted: bool, covers_s: float, latency_s: float | None) -> None:
        """Count one sample.

        Args:
            at: Wall time, Unix seconds. Where that is no sensible time, the sample is left out.
            answered: Whether it is a success. Slow is one.
            counted: Whether it says anything about the tracker; otherwise it is left out, and what it covers too.
            covers_s: So long before `at` it speaks for.
            latency_s: Of a success, seconds. None: not known.
        """
        if not counted or not 0 <= at < _LATEST:
            return
        self._summed.clear()
        for ring in (self._fine, self._hourly):
            ring.count(math.floor(at / ring.width_s), int(answered), 1)
            for begin, seconds in split_cover(at, covers_s, ring.width_s):
                if begin >= 0:
                    ring.cover(int(begin // ring.width_s), seconds)
        if answered and latency_s is not None:
            for latencies in (self._hours, self._days):
                latencies.at(math.floor(at / latencies.width_s)).add(latency_s)
            self._merged.clear()

    def absorb(self, bucket_start: float, span_s: float, tally: Tally) -> None:
        """Count what a store remembers of a stretch: a roll-up of five minutes, an hour or a day.

        Of each stretch absorb the finest there is, once. What is coarser than a bucket is spread over it evenly, and its
        latencies count at its begin.

        Args:
            bucket_start: Its begin, Unix seconds.
            span_s: Its length, at most a day.
            tally: What it came to.
        """
        if not (0 <= bucket_start < _LATEST and 0 < span_s <= DAY_S):
            return
        self._summed.clear()
        for ring in (self._fine, self._hourly):
            ring.spread(bucket_start, span_s, tally)
        if tally.latency.count:
            for latencies in (self._hours, self._days):
                latencies.at(math.floor(bucket_start / latencies.width_s)).merge(tally.latency)
            self._merged.clear()

    def figure(self, window: str, now: float) -> UptimeFigure:
        """Uptime over one of `WINDOWS_S`; see the head of this module for its edges."""
        ring, span_s = self._ring(window), WINDOWS_S[window]
        first, last = _touched(now, span_s, ring.width_s)
        kept = self._summed.get(window)
        if kept is None or kept[0] != last:
            kept = self._summed[window] = (last, ring.sums(first, last))
        successes, counted, covered_s = kept[1]
        true_s = now - first * ring.width_s if last >= first else span_s
        return UptimeFigure(window, true_s, successes, counted, covered_s)

    def figures(self, now: float) -> tuple[UptimeFigure, ...]:
        """Uptime over each of `WINDOWS_S`, in their order."""
        return tuple(self.figure(window, now) for window in WINDOWS_S)

    def quantile(self, share: float, window: str, now: float) -> float | None:
        """The latency, in seconds, that `share` (0 to 1) of a window's successes did not exceed. None: there were none.

        The edges are those of whole hours for 1h and 24h, of whole UTC days for 7d and 30d.
        """
        latencies = self._hours if WINDOWS_S[window] <= DAY_S else self._days
        first, last = _touched(now, WINDOWS_S[window], latencies.width_s)
        kept = self._merged.get(window)
        if kept is None or kept[0] != last:
            kept = self._merged[window] = (last, latencies.merged(first, last))
        return kept[1].quantile(share)

    def strip(self, now: float, stretches: int, window: str) -> tuple[float | None, ...]:
        """Uptime of each of so many equal stretches, oldest first; None where nothing counted.

        The last one ends with the bucket that `now` lies in (five minutes up to 24h, an hour beyond); where the buckets do
        not divide evenly, stretches differ by one bucket, and where there are fewer buckets than stretches, neighbours
        show the same one.
        """
        ring = self._ring(window)
        buckets = round(WINDOWS_S[window] / ring.width_s)
        _, last = _touched(now, ring.width_s, ring.width_s)
        first = last - buckets + 1
        strip: list[float | None] = []
        for stretch in range(stretches):
            begin = stretch * buckets // stretches
            end = max(begin + 1, (stretch + 1) * buckets // stretches)
            successes, counted, _ = ring.sums(first + begin, first + end - 1)
            strip.append(successes / counted if counted else None)
        return tuple(strip)

    def _ring(self, window: str) -> _Counts:
        return self._fine if WINDOWS_S[window] <= DAY_S else self._hourly


def _touched(now: float, span_s: float, width_s: float) -> tuple[int, int]:
    """First and last number of the buckets that lie in (now - span_s, now] with any part. None do: (0, -1)."""
    if not 0 <= now < _LATEST:
        return 0, -1
    return max(0, math.floor((now - span_s) / width_s)), math.floor(now / width_s)


class _Counts:
    """A ring of buckets of one width."""

    __slots__ = ("_counted", "_covered_s", "_numbers", "_size", "_successes", "width_s")

    def __init__(self, width_s: float, reach_s: float) -> None:
        self.width_s = width_s
        # One more, of which a part is too old and a part is not.
        self._size = size = round(reach_s / width_s) + 1
        self._numbers = array("i", [_NEVER]) * size
        self._successes = array("H", bytes(2 * size))
        self._counted = array("H", bytes(2 * size))
        self._covered_s = array("f", bytes(4 * size))

    def _slot(self, number: int) -> int:
        slot = number % self._size
        if self._numbers[slot] != number:
            self._numbers[slot] = number
            self._successes[slot] = self._counted[slot] = 0
            self._covered_s[slot] = 0.0
        return slot

    def count(self, number: int, successes: int, counted: int) -> None:
        slot = self._slot(number)
        counted = min(counted, _MOST - self._counted[slot])
        self._counted[slot] += counted
        self._successes[slot] += min(successes, counted)

    def cover(self, number: int, seconds: float) -> None:
        slot = self._slot(number)
        self._covered_s[slot] = min(self._covered_s[slot] + seconds, self.width_s)

    def spread(self, begin: float, span_s: float, tally: Tally) -> None:
        first = math.floor(begin / self.width_s)
        pieces = max(1, math.ceil((begin + span_s) / self.width_s) - first)
        counted = successes = 0
        for piece in range(1, pieces + 1):
            # Running sums, rounded down, keep the totals and never give a bucket more successes than samples.
            counted_by_then = tally.counted * piece // pieces
            successes_by_then = tally.successes * counted_by_then // max(1, tally.counted)
            if counted_by_then > counted:
                self.count(first + piece - 1, successes_by_then - successes, counted_by_then - counted)
                counted, successes = counted_by_then, successes_by_then
            if tally.covered_s > 0:
                self.cover(first + piece - 1, tally.covered_s / pieces)

    def sums(self, first: int, last: int) -> tuple[int, int, float]:
        """Successes, counted and seconds covered of the buckets `first` to `last`."""
        successes, counted, covered_s = 0, 0, 0.0
        for slot in self._known(first, last):
            successes += self._successes[slot]
            counted += self._counted[slot]
            covered_s += self._covered_s[slot]
        return successes, counted, covered_s

    def _known(self, first: int, last: int) -> Iterator[int]:
        for number in range(max(first, last - self._size + 1), last + 1):
            if self._numbers[number % self._size] == number:
                yield number % self._size


class _Latencies:
    """A ring of histograms of one width; all but the one in use lie packed."""

    __slots__ = ("_number", "_numbers", "_open", "_packed", "width_s")

    def __init__(self, width_s: float, reach_s: float) -> None:
        self.width_s = width_s
        size = round(reach_s / width_s) + 1
        self._numbers = array("i", [_NEVER]) * size
        self._packed = [b""] * size
        self._number = _NEVER
        self._open = LatencyHistogram()

    def at(self, number: int) -> LatencyHistogram:
        """The histogram of a bucket, to be counted on."""
        if number != self._number:
            if self._number != _NEVER:
                slot = self._number % len(self._packed)
                self._numbers[slot], self._packed[slot] = self._number, self._open.encode()
            slot = number % len(self._packed)
            known = self._numbers[slot] == number
            self._open = LatencyHistogram.decode(self._packed[slot]) if known else LatencyHistogram()
            self._number = number
        return self._open

    def merged(self, first: int, last: int) -> LatencyHistogram:
        """Everything of the buckets `first` to `last`."""
        merged = LatencyHistogram()
        for number, packed in zip(self._numbers, self._packed, strict=True):
            if first <= number <= last and number != self._number:
                merged.merge(LatencyHistogram.decode(packed))
        if first <= self._number <= last:
            merged.merge(self._open)
        return merged
