"""What the engine needs of whoever remembers for it. `trackerwatch.store` is the one that uses a database."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trackerwatch.engine.records import AnnouncedRecord, Record, TrackerMemory
    from trackerwatch.outcome import Failure, SwarmAnswer
    from trackerwatch.stats import Windows
    from trackerwatch.tracker import Tracker


@dataclass(frozen=True, slots=True)
class SwarmMemory:
    """What the latest scrape of one swarm at one tracker said."""

    seeders: int | None
    leechers: int | None
    completed: int | None
    answer: SwarmAnswer
    at: float
    """Wall: when the tracker said or confirmed it."""
    seeded_at: float | None
    """Wall: when it last told of at least one seeder. None: never."""


@dataclass(frozen=True, slots=True)
class Waits:
    """How long a tracker is to be left alone, whoever asks: shared by all programs on one store. Wall times."""

    asked_at: float | None = None
    """When a scrape of many swarms last began, by any program."""
    not_before: float = 0.0
    """The tracker asked to be left alone until then (BEP 31 `retry in`, Retry-After)."""
    never_again: Failure | None = None
    """The tracker wants never to be asked again, said so."""
    min_request_interval_s: float | None = None
    """BEP 48."""


@dataclass(frozen=True, slots=True)
class Recalled:
    """All that is remembered of one tracker."""

    memory: TrackerMemory | None = None
    waits: Waits = field(default_factory=Waits)
    swarms: Mapping[bytes, SwarmMemory] = field(default_factory=dict)
    """By info hash, of those asked for."""
    announced: Mapping[bytes, AnnouncedRecord] = field(default_factory=dict)
    """By info hash: the latest announce of each."""
    scraped_at: float | None = None
    """Wall: when a full scrape was last answered."""
    windows: Windows | None = None
    """Uptime and latency of the tracker over the last 30 days. None: nothing is known."""
    recent: tuple[float | None, ...] = ()
    """Latency of the latest rounds, oldest first, None for a failed one."""
    moved: Mapping[bytes, tuple[str, float]] = field(default_factory=dict)
    """By info hash: the failover state that a torrent last moved to, and the wall time of it."""


class Keeper(Protocol):
    """Remembers. No method raises for what a disk or a database did: the worst is that nothing is remembered.

    `record` never blocks; the others wait for a thread, milliseconds as a rule.
    """

    def record(self, record: Record) -> None:
        """Write this down, soon. Called on the event loop, in the order in which things happened."""
        ...

    async def recall(self, tracker: Tracker, info_hashes: Sequence[bytes], *, past: bool = True) -> Recalled:
        """What is remembered of a tracker and of these swarms (20 bytes each) there.

        Args:
            tracker: Which.
            info_hashes: Of which swarms.
            past: Its uptime and its latest rounds too, which take longest to read.
        """
        ...

    async def claim(self, tracker: Tracker, now: float, window_s: float) -> Waits | None:
        """Ask for leave to scrape a tracker, in one step that no other program on this store can come between.

        Args:
            tracker: Whom.
            now: Wall time; granted, it becomes the tracker's `asked_at`.
            window_s: So long after the last scrape by anybody no other one may begin (longer where the tracker asked for
                more). A time in the future, of a clock that was set back, counts as now.

        Returns:
            None: go ahead, it is yours. Otherwise why not: the waits as they stand.
        """
        ...

    def obey(self, tracker: Tracker, waits: Waits) -> None:
        """Note what a tracker asked for, for every program on this store; what is longer stays."""
        ...
