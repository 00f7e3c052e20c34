"""From raw samples to roll-ups: what a store keeps of hours and days once the samples themselves are gone.

Roll-ups are additive. Samples may come in any order and any batches, tallies may be merged in any order, hours may be merged
into days: the sums are those of the raw samples. A sample lies in the bucket of its time; what it speaks for is cut at the
edges (`split_cover`), so one sample may leave seconds in a bucket in which it is not counted.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

from trackerwatch.stats.tally import Tally
from trackerwatch.stats.uptime import bucket_start, split_cover

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from trackerwatch.outcome import PhaseTimes


class RawSample(Protocol):
    """What is read of a sample; the engine's `SampleRecord` is one."""

    @property
    def at(self) -> float:
        """Unix seconds."""
        ...

    @property
    def answered(self) -> bool:
        """Whether it is a success."""
        ...

    @property
    def counted(self) -> bool:
        """Whether it says anything about the tracker."""
        ...

    @property
    def covers_s(self) -> float:
        """So long before `at` it speaks for."""
        ...

    @property
    def latency_s(self) -> float | None:
        """Of a success. None: not known."""
        ...

    @property
    def phases(self) -> PhaseTimes:
        """Of a success."""
        ...


def fold(samples: Iterable[RawSample], span_s: float, into: dict[float, Tally] | None = None) -> dict[float, Tally]:
    """Count samples into buckets.

    Args:
        samples: In any order. Those that are not counted, or at no finite time, are left out.
        span_s: Length of a bucket: an hour, a day.
        into: Tallies by the begin of their bucket, to be counted on in place. None: begin with none.

    Returns:
        The tallies by the begin of their bucket, Unix seconds; only buckets of which anything is known.
    """
    tallies = {} if into is None else into
    for sample in samples:
        if not sample.counted or not math.isfinite(sample.at):
            continue
        _of(tallies, bucket_start(sample.at, span_s)).add(
            answered=sample.answered, latency_s=sample.latency_s, phases=sample.phases
        )
        for begin, seconds in split_cover(sample.at, sample.covers_s, span_s):
            _of(tallies, begin).cover(seconds)
    return tallies


def coarsen(tallies: Mapping[float, Tally], span_s: float) -> dict[float, Tally]:
    """Merge the tallies of short buckets into those of longer ones, whose length is a multiple of theirs."""
    coarse: dict[float, Tally] = {}
    for begin, tally in tallies.items():
        _of(coarse, bucket_start(begin, span_s)).merge(tally)
    return coarse


def total(tallies: Iterable[Tally]) -> Tally:
    """All of them as one."""
    sum_ = Tally()
    for tally in tallies:
        sum_.merge(tally)
    return sum_


def _of(tallies: dict[float, Tally], begin: float) -> Tally:
    tally = tallies.get(begin)
    if tally is None:
        tally = tallies[begin] = Tally()
    return tally
