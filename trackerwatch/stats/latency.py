"""Latency as counts in log-spaced buckets: small, mergeable, and good to about five per cent."""

from __future__ import annotations

import math
from collections import Counter

from trackerwatch.stats.varints import Reader, encode_varint

BASE_S = 1e-5
"""Lower edge of bucket 0: nothing on a network is faster."""
GROWTH = 1.1
"""Each bucket is a tenth wider than the one before."""
LAST_BUCKET = 207
"""Everything over an hour lands here: no probe waits that long."""

_LOG_GROWTH = math.log(GROWTH)


class LatencyHistogram:
    """Successes only; failures have no latency.

    At most `LAST_BUCKET` + 1 counters, whatever is added.
    """

    __slots__ = ("buckets", "count")
    __hash__ = None  # type: ignore[assignment]  # It changes.

    def __init__(self) -> None:
        self.buckets: Counter[int] = Counter()
        self.count = 0

    def __eq__(self, other: object) -> bool:
        return self.buckets == other.buckets if isinstance(other, LatencyHistogram) else NotImplemented

    def __repr__(self) -> str:
        return f"LatencyHistogram({dict(sorted(self.buckets.items()))})"

    def add(self, latency_s: float) -> None:
        """Count one latency, in seconds. What is not finite is no latency and is left out."""
        if not math.isfinite(latency_s):
            return
        bucket = math.ceil(math.log(max(latency_s, BASE_S) / BASE_S) / _LOG_GROWTH)
        self.buckets[min(bucket, LAST_BUCKET)] += 1
        self.count += 1

    def merge(self, other: LatencyHistogram) -> None:
        """Count everything that the other one counted."""
        self.buckets.update(other.buckets)
        self.count += other.count

    def copy(self) -> LatencyHistogram:
        """One that counts on by itself."""
        twin = LatencyHistogram()
        twin.merge(self)
        return twin

    def quantile(self, share: float) -> float | None:
        """The latency, in seconds, that `share` (0 to 1) of the successes did not exceed. None: nothing was counted."""
        if not self.count:
            return None
        rank = max(1, math.ceil(share * self.count))
        bucket = 0
        for bucket in sorted(self.buckets):
            rank -= self.buckets[bucket]
            if rank <= 0:
                break
        # The geometric middle of the bucket: the error is half its width either way.
        return float(BASE_S * GROWTH ** (bucket - 0.5))

    def encode(self) -> bytes:
        """As bytes: how many buckets, then of each the step from the one before and its count, all varints."""
        parts = [encode_varint(len(self.buckets))]
        before = 0
        for bucket in sorted(self.buckets):
            parts += (encode_varint(bucket - before), encode_varint(self.buckets[bucket]))
            before = bucket
        return b"".join(parts)

    @classmethod
    def decode(cls, data: bytes) -> LatencyHistogram:
        """From what `encode` made.

        Raises:
            ValueError: It is something else.
        """
        reader = Reader(data)
        histogram = cls.read(reader)
        reader.expect_end()
        return histogram

    @classmethod
    def read(cls, reader: Reader) -> LatencyHistogram:
        """From the next bytes of a longer message.

        Raises:
            ValueError: They are something else.
        """
        histogram = cls()
        numbers = reader.varints(2 * reader.varint(LAST_BUCKET + 1))
        buckets: dict[int, int] = {}
        bucket = count = 0
        for step, counted in zip(numbers[::2], numbers[1::2], strict=True):
            bucket += step
            if bucket > LAST_BUCKET or not counted or bucket in buckets:
                raise ValueError("no latency histogram")
            buckets[bucket] = counted
            count += counted
        histogram.buckets.update(buckets)
        histogram.count = count
        return histogram
