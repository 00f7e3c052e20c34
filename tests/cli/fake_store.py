"""A store in memory, as far as the command line asks anything of one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.reports import pasts
from trackerwatch.engine.keeper import Recalled

if TYPE_CHECKING:
    from trackerwatch.history import TrackerHistory


class FakeStore:
    """Keeps records in a list, and gives the history it was made with."""

    def __init__(self, *trackers: TrackerHistory, trouble: str = "") -> None:
        self.trackers = trackers
        self.trouble = trouble
        self.records: list[object] = []
        self.asked: list[dict] = []
        self.closed = 0
        self.settled = 0
        self.listeners: list = []
        self.seen: dict[bytes, float] = {}
        self.is_first_run = False
        self.runs: dict[str, tuple[float, bytes]] = {}

    def record(self, record) -> None:
        self.records.append(record)

    async def recall(self, tracker, info_hashes, *, past=True) -> Recalled:
        return Recalled()

    async def claim(self, tracker, now, window_s) -> None:
        return None

    def obey(self, tracker, waits) -> None:
        pass

    async def first_seen(self, info_hashes, now) -> dict[bytes, float]:
        return {info_hash: self.seen.setdefault(info_hash, now) for info_hash in info_hashes}

    async def last_run(self, key) -> tuple[float, bytes] | None:
        return self.runs.get(key)

    async def keep_run(self, key, at, body) -> bool:
        self.runs[key] = (at, body)
        return True

    def subscribe(self, listener):
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def tell(self, trouble: str) -> None:
        self.trouble = trouble
        for listener in self.listeners:
            listener(trouble)

    def close(self, timeout_s: float = 2.0) -> bool:
        self.closed += 1
        return True

    async def settle(self) -> bool:
        self.settled += 1
        return True

    async def overview(self, *, trackers=None, **asked):
        self.asked.append(asked if trackers is None else {**asked, "trackers": trackers})
        return [one for one in self.trackers if trackers is None or one.tracker in trackers]

    async def tracker(self, tracker: str, **asked):
        self.asked.append(asked)
        return next((one for one in self.trackers if one.tracker == tracker), None)

    async def torrent(self, info_hash: str, **asked):
        self.asked.append(asked)
        known = info_hash == pasts.HASH
        return (
            pasts.torrent()
            if known
            else replace(pasts.torrent(), info_hash=info_hash, transitions=(), seeders=(), last_seeder_at=None)
        )
