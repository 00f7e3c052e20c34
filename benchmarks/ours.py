"""Our engine's one round, to the last count in the snapshot."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trackerwatch.engine.engine import Engine
from trackerwatch.engine.settings import EngineSettings
from trackerwatch.metainfo import Placement, Torrent
from trackerwatch.probe.prober import SocketProber
from trackerwatch.tracker import parse_tracker

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.real.lab.wire import Counts


def torrents(url: str, info_hashes: Sequence[bytes]) -> list[Torrent]:
    """Torrents as the loader makes them, all on one tracker."""
    placements = (Placement(parse_tracker(url), 0, 0),)
    return [
        Torrent(info_hash.hex(), info_hash, None, private=False, size_bytes=1, placements=placements)
        for info_hash in info_hashes
    ]


@dataclass(frozen=True)
class Round:
    """What one round took."""

    filing_s: float
    """Handing the torrents to the engine, before the round: beside it, so that nothing can hide there."""
    seconds: float
    """From the engine's start to the last count read out of the snapshot."""


async def scrape_round(url: str, info_hashes: Sequence[bytes], truth: Mapping[bytes, Counts]) -> Round:
    """Time one round; a wrong count is an error.

    The counts are read while the clock runs: a snapshot that put work off until somebody looks would gain nothing.
    """
    prober = SocketProber(allow_private=True)
    engine = Engine(prober, EngineSettings(), vantage="benchmark")
    loaded = torrents(url, info_hashes)
    filing = time.perf_counter()
    engine.add_torrents(loaded)
    try:
        started = time.perf_counter()
        await engine.run_once(deadline_s=60)
        table = engine.snapshot().torrents
        seeders, leechers, completed = list(table.seeders), list(table.leechers), list(table.completed)
        ended = time.perf_counter()
    finally:
        await engine.stop()
        await prober.close()
    hashes = [torrent.info_hash for torrent in table.torrents]
    check(dict(zip(hashes, zip(seeders, leechers, completed, strict=True), strict=True)), truth)
    return Round(started - filing, ended - started)


async def probe_round(url: str, info_hashes: Sequence[bytes], truth: Mapping[bytes, Counts]) -> float:
    """Seconds for the prober alone, from asking to filled columns: what the engine adds is the difference."""
    prober = SocketProber(allow_private=True)
    tracker = parse_tracker(url)
    try:
        started = time.perf_counter()
        endpoint = (await prober.resolve(tracker, timeout_s=5)).endpoints[0]
        columns = (await prober.scrape(tracker, endpoint, info_hashes, timeout_s=10)).columns
        seconds = time.perf_counter() - started
    finally:
        await prober.close()
    counts = zip(columns.seeders, columns.leechers, columns.completed, strict=True)
    check(dict(zip(info_hashes, counts, strict=True)), truth)
    return seconds


def check(found: Mapping[bytes, tuple[int, int, int]], truth: Mapping[bytes, Counts]) -> None:
    """Compare seeders, leechers and completed with the truth.

    Raises:
        WrongCountsError: They differ.
    """
    wrong = sum(found.get(info_hash) != tuple(counts) for info_hash, counts in truth.items())
    if wrong:
        raise WrongCountsError(f"{wrong} of {len(truth)} counts are wrong")


class WrongCountsError(Exception):
    """A scraper was quick and wrong."""
