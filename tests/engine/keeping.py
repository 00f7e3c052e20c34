"""A keeper in memory: what the store promises the engine, without a disk."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from trackerwatch.engine.keeper import Recalled, SwarmMemory, Waits
from trackerwatch.engine.records import (
    AnnouncedRecord,
    GapRecord,
    Record,
    SampleRecord,
    ScrapeRecord,
    TrackerMemory,
    TransitionRecord,
)
from trackerwatch.outcome import SwarmAnswer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackerwatch.tracker import Tracker


@dataclass
class MemoryKeeper:
    records: list[Record] = field(default_factory=list)
    waits: dict[str, Waits] = field(default_factory=dict)
    claims: list[tuple[str, float, bool]] = field(default_factory=list)
    """Tracker id, when, whether it was granted."""

    def record(self, record: Record) -> None:
        self.records.append(record)

    def of(self, kind: type, host: str | None = None) -> list:
        found = [record for record in self.records if isinstance(record, kind)]
        return [r for r in found if host is None or (r.tracker is not None and r.tracker.host_port == host)]

    def samples(self, host: str | None = None, *, whole: bool = True) -> list[SampleRecord]:
        return [r for r in self.of(SampleRecord, host) if (r.endpoint is None) is whole]

    def transitions(self) -> list[TransitionRecord]:
        return self.of(TransitionRecord)

    def gaps(self) -> list[GapRecord]:
        return self.of(GapRecord)

    async def recall(self, tracker: Tracker, info_hashes: Sequence[bytes], *, past: bool = True) -> Recalled:
        memories = [r for r in self.of(TrackerMemory) if r.tracker is tracker]
        swarms: dict[bytes, SwarmMemory] = {}
        scraped_at = None
        for scrape in self.of(ScrapeRecord):
            if scrape.tracker is not tracker:
                continue
            scraped_at = scrape.at
            for index, info_hash in enumerate(scrape.info_hashes):
                counts = scrape.columns.counts(index)
                before = swarms.get(info_hash)
                seeded_at = scrape.at if counts.seeders else before.seeded_at if before else None
                answer = SwarmAnswer(scrape.columns.answers[index])
                if info_hash in info_hashes:
                    swarms[info_hash] = SwarmMemory(
                        counts.seeders, counts.leechers, counts.completed, answer, scrape.at, seeded_at
                    )
        announced = {
            r.info_hash: r for r in self.of(AnnouncedRecord) if r.tracker is tracker and r.info_hash in info_hashes
        }
        return Recalled(
            memory=memories[-1] if memories else None,
            waits=self.waits.get(tracker.id, Waits()),
            swarms=swarms,
            announced=announced,
            moved={r.info_hash: (r.to_state, r.at) for r in self.transitions() if r.info_hash in info_hashes},
            scraped_at=scraped_at,
        )

    async def claim(self, tracker: Tracker, now: float, window_s: float) -> Waits | None:
        waits = self.waits.get(tracker.id, Waits())
        asked_at = None if waits.asked_at is None else min(waits.asked_at, now)
        free = waits.never_again is None and waits.not_before <= now
        granted = free and (asked_at is None or now - asked_at >= window_s)
        self.claims.append((tracker.id, now, granted))
        if not granted:
            return waits
        self.waits[tracker.id] = replace(waits, asked_at=now)
        return None

    def obey(self, tracker: Tracker, waits: Waits) -> None:
        known = self.waits.get(tracker.id, Waits())
        self.waits[tracker.id] = Waits(
            asked_at=known.asked_at,
            not_before=max(known.not_before, waits.not_before),
            never_again=waits.never_again or known.never_again,
            min_request_interval_s=waits.min_request_interval_s or known.min_request_interval_s,
        )
