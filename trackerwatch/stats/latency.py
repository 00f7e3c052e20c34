"""Latency as counts in log-spaced buckets: small, mergeable, and good to about five per cent."""

from __future__ import annotations

import math
from collections import Counter

BASE_S = 1e-5
"""Lower edge of bucket 0: nothing on a network is faster."""
GROWTH = 1.1
"""Each bucket is a tenth wider than the one before."""

_LOG_GROWTH = math.log(GROWTH)


class LatencyHistogram:
    """Successes only; failures have no latency."""

    __slots__ = ("buckets", "count")

    def __init__(self) -> None:
        self.buckets: Counter[int] = Counter()
        self.count = 0

    def add(self, latency_s: float) -> None:
        """Count one latency, in seconds."""
        self.buckets[max(0, math.ceil(math.log(max(latency_s, BASE_S) / BASE_S) / _LOG_GROWTH))] += 1
        self.count += 1

    def merge(self, other: LatencyHistogram) -> None:
        """Count everything that the other one counted."""
        self.buckets.update(other.buckets)
        self.count += other.count

    def quantile(self, share: float) -> float | None:
        """The latency, in seconds, that `share` (0 to 1) of the successes did not exceed. None: nothing was counted."""
        if not self.count:
            return None
        rank = max(1, math.ceil(share * self.count))
        for bucket in sorted(self.buckets):
            rank -= self.buckets[bucket]
            if rank <= 0:
                # The geometric middle of the bucket: the error is half its width either way.
                return float(BASE_S * GROWTH ** (bucket - 0.5))
        raise AssertionError("ranks and counts disagree")  # pragma: no cover
