"""What waits to be written: bounded, whatever the disk does.

Where there is no room, the oldest raw samples go first, then the oldest counts; what replaces itself (the memory of a tracker,
the counts of one list of swarms) is there once. Everything that goes is counted.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trackerwatch.engine.records import (
    AnnouncedRecord,
    GapRecord,
    Record,
    SampleRecord,
    ScrapeRecord,
    TrackerMemory,
    TransitionRecord,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeVar

    K = TypeVar("K")
    V = TypeVar("V")

MAX_BATCH_RECORDS = 5000
MAX_BATCH_HASHES = 10_000
"""At least one scrape goes into a batch, however large."""
MAX_BATCH_MEMORIES = 200
"""They are the costly ones."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How many records of a kind may wait."""

    samples: int = 100_000
    hashes: int = 1_000_000
    """Info hashes over all scrapes: 25 bytes each."""
    announces: int = 50_000
    transitions: int = 50_000
    gaps: int = 5_000
    memories: int = 20_000


@dataclass(slots=True)
class Batch:
    """What is written in one transaction."""

    samples: list[SampleRecord] = field(default_factory=list)
    scrapes: list[ScrapeRecord] = field(default_factory=list)
    announces: list[AnnouncedRecord] = field(default_factory=list)
    transitions: list[TransitionRecord] = field(default_factory=list)
    gaps: list[GapRecord] = field(default_factory=list)
    memories: list[TrackerMemory] = field(default_factory=list)

    def __len__(self) -> int:
        return sum(1 for _ in self.records())

    def records(self) -> Iterator[Record]:
        """Each of them, in the order in which they are written."""
        yield from self.samples
        yield from self.scrapes
        yield from self.announces
        yield from self.transitions
        yield from self.gaps
        yield from self.memories


class Pending:
    """Not locked: whoever shares it between threads does that."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._samples: deque[SampleRecord] = deque()
        self._scrapes: dict[tuple[str, int], ScrapeRecord] = {}
        self._hashes = 0
        self._announces: dict[tuple[str, bytes], AnnouncedRecord] = {}
        self._transitions: deque[TransitionRecord] = deque()
        self._gaps: deque[GapRecord] = deque()
        self._memories: dict[str, TrackerMemory] = {}
        self.dropped: Counter[str] = Counter()
        """How many of each kind found no room."""

    def __len__(self) -> int:
        return sum(
            len(kind)
            for kind in (
                self._samples,
                self._scrapes,
                self._announces,
                self._transitions,
                self._gaps,
                self._memories,
            )
        )

    def put(self, record: Record) -> None:
        """Take one more, after all others."""
        match record:
            case SampleRecord():
                self._samples.append(record)
                self._shorten(self._samples, self._limits.samples, "samples")
            case ScrapeRecord():
                key = (record.tracker.id, hash(record.info_hashes))
                self._hashes -= self._size(self._scrapes.pop(key, None))
                self._scrapes[key] = record
                self._hashes += len(record.info_hashes)
                self._shorten_scrapes()
            case AnnouncedRecord():
                _renew(self._announces, (record.tracker.id, record.info_hash), record)
                self._shorten_dict(self._announces, self._limits.announces, "announces")
            case TransitionRecord():
                self._transitions.append(record)
                self._shorten(self._transitions, self._limits.transitions, "transitions")
            case GapRecord():
                self._gaps.append(record)
                self._shorten(self._gaps, self._limits.gaps, "gaps")
            case TrackerMemory():
                _renew(self._memories, record.tracker.id, record)
                self._shorten_dict(self._memories, self._limits.memories, "memories")

    def memory_of(self, tracker_id: str) -> TrackerMemory | None:
        """What is known better here than in the file."""
        return self._memories.get(tracker_id)

    def take(self) -> Batch:
        """The oldest, at most so many as one transaction should hold. They are no longer here."""
        batch = Batch()
        hashes = 0
        while self._scrapes and (not batch.scrapes or hashes < MAX_BATCH_HASHES):
            scrape = self._scrapes.pop(next(iter(self._scrapes)))
            batch.scrapes.append(scrape)
            hashes += len(scrape.info_hashes)
        self._hashes -= hashes
        while self._memories and len(batch.memories) < MAX_BATCH_MEMORIES:
            batch.memories.append(self._memories.pop(next(iter(self._memories))))
        room = MAX_BATCH_RECORDS
        for queue, taken in ((self._transitions, batch.transitions), (self._gaps, batch.gaps)):
            while queue and room:
                taken.append(queue.popleft())  # type: ignore[arg-type]  # Each queue and its list are of one kind.
                room -= 1
        while self._announces and room:
            batch.announces.append(self._announces.pop(next(iter(self._announces))))
            room -= 1
        while self._samples and room:
            batch.samples.append(self._samples.popleft())
            room -= 1
        return batch

    def put_back(self, batch: Batch) -> None:
        """Take again what could not be written, before all others; what is newer here stays."""
        self._samples.extendleft(reversed(batch.samples))
        self._transitions.extendleft(reversed(batch.transitions))
        self._gaps.extendleft(reversed(batch.gaps))
        scrapes = {(scrape.tracker.id, hash(scrape.info_hashes)): scrape for scrape in batch.scrapes}
        self._scrapes = scrapes | self._scrapes
        self._hashes = sum(map(self._size, self._scrapes.values()))
        self._announces = {(a.tracker.id, a.info_hash): a for a in batch.announces} | self._announces
        self._memories = {memory.tracker.id: memory for memory in batch.memories} | self._memories
        limits = self._limits
        self._shorten(self._samples, limits.samples, "samples")
        self._shorten(self._transitions, limits.transitions, "transitions")
        self._shorten(self._gaps, limits.gaps, "gaps")
        self._shorten_scrapes()
        self._shorten_dict(self._announces, limits.announces, "announces")
        self._shorten_dict(self._memories, limits.memories, "memories")

    def _shorten_scrapes(self) -> None:
        while self._hashes > self._limits.hashes and len(self._scrapes) > 1:
            self._hashes -= self._size(self._scrapes.pop(next(iter(self._scrapes))))
            self.dropped["scrapes"] += 1

    def _shorten(
        self, queue: deque[SampleRecord] | deque[TransitionRecord] | deque[GapRecord], limit: int, kind: str
    ) -> None:
        while len(queue) > limit:
            queue.popleft()
            self.dropped[kind] += 1

    def _shorten_dict(self, kept: dict[K, V], limit: int, kind: str) -> None:
        while len(kept) > limit:
            kept.pop(next(iter(kept)))
            self.dropped[kind] += 1

    @staticmethod
    def _size(scrape: ScrapeRecord | None) -> int:
        return 0 if scrape is None else len(scrape.info_hashes)


def _renew(kept: dict[K, V], key: K, value: V) -> None:
    """Put it last, in place of an older one."""
    kept.pop(key, None)
    kept[key] = value
