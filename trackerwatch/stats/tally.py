"""What a stretch of time came to: sums that add up in any order, so that a day is its hours merged."""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING

from trackerwatch.stats.latency import LatencyHistogram
from trackerwatch.stats.uptime import UptimeFigure
from trackerwatch.stats.varints import Reader, encode_varint

if TYPE_CHECKING:
    from trackerwatch.outcome import PhaseTimes

PHASES = ("resolve", "connect", "tls", "exchange")
"""Phases that are timed apart, in the order in which they happen."""

VERSION = 1


class Tally:
    """Successes, counted samples, seconds covered, and latencies of the successes."""

    __slots__ = ("counted", "covered_s", "latency", "phases", "successes")
    __hash__ = None  # type: ignore[assignment]  # It changes.

    def __init__(self) -> None:
        self.successes = 0
        self.counted = 0
        self.covered_s = 0.0
        self.latency = LatencyHistogram()
        self.phases: dict[str, LatencyHistogram] = {}
        """By a name of `PHASES`; only those that were ever timed."""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Tally):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in Tally.__slots__)

    def __repr__(self) -> str:
        return f"Tally({self.successes}/{self.counted}, {self.covered_s:g} s, {self.latency.count} latencies)"

    def add(
        self,
        *,
        answered: bool,
        counted: bool = True,
        covers_s: float = 0.0,
        latency_s: float | None = None,
        phases: PhaseTimes | None = None,
    ) -> None:
        """Count one sample. One that is not counted leaves no trace.

        Args:
            answered: Whether it is a success.
            counted: Whether it says anything about the tracker.
            covers_s: What of the time it speaks for lies in this stretch (`split_cover` cuts it).
            latency_s: Of a success, seconds.
            phases: Of a success.
        """
        if not counted:
            return
        self.counted += 1
        self.cover(covers_s)
        if not answered:
            return
        self.successes += 1
        if latency_s is not None:
            self.latency.add(latency_s)
        if phases is None:
            return
        for name in PHASES:
            phase_s = getattr(phases, f"{name}_s")
            if phase_s is not None:
                self.phases.setdefault(name, LatencyHistogram()).add(phase_s)

    def cover(self, seconds: float) -> None:
        """Count time that a sample of a later stretch speaks for. What is not finite or negative is left out."""
        if 0.0 < seconds < math.inf:
            self.covered_s += seconds

    def merge(self, other: Tally) -> None:
        """Count everything that the other one counted."""
        self.successes += other.successes
        self.counted += other.counted
        self.covered_s += other.covered_s
        self.latency.merge(other.latency)
        for name, histogram in other.phases.items():
            self.phases.setdefault(name, LatencyHistogram()).merge(histogram)

    def copy(self) -> Tally:
        """One that counts on by itself."""
        twin = Tally()
        twin.merge(self)
        return twin

    def figure(self, window: str, span_s: float) -> UptimeFigure:
        """As an uptime of a stretch so long, seconds."""
        return UptimeFigure(window, span_s, self.successes, self.counted, self.covered_s)

    def encode(self) -> bytes:
        """As bytes, some tens of them.

        Version; counted and failures (varints); seconds covered (little-endian double); latencies; then a byte with a bit
        for each of `PHASES`, lowest first, and the histogram of each that is set.
        """
        present = [name for name in PHASES if name in self.phases]
        return b"".join(
            (
                bytes([VERSION]),
                encode_varint(self.counted),
                encode_varint(self.counted - self.successes),
                struct.pack("<d", self.covered_s),
                self.latency.encode(),
                bytes([sum(1 << PHASES.index(name) for name in present)]),
                *(self.phases[name].encode() for name in present),
            )
        )

    @classmethod
    def decode(cls, data: bytes) -> Tally:
        """From what `encode` made.

        Raises:
            ValueError: It is something else, or of a later version.
        """
        reader = Reader(data)
        if reader.take(1)[0] != VERSION:
            raise ValueError("a tally of another version")
        tally = cls()
        tally.counted = reader.varint()
        tally.successes = tally.counted - reader.varint(tally.counted)
        tally.covered_s = reader.double()
        if not 0.0 <= tally.covered_s < math.inf:
            raise ValueError("no seconds")
        tally.latency = LatencyHistogram.read(reader)
        present = reader.take(1)[0]
        if present >> len(PHASES):
            raise ValueError("phases that do not exist")
        for position, name in enumerate(PHASES):
            if present >> position & 1:
                tally.phases[name] = LatencyHistogram.read(reader)
        reader.expect_end()
        return tally
