"""Our engine's one round, to the last count in the snapshot."""

from __future__ import annotations

import time
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


async def scrape_round(url: str, info_hashes: Sequence[bytes], truth: Mapping[bytes, Counts]) -> float:
    """Seconds from the engine's start to a snapshot with every count; a wrong count is an error.

    What comes before the first packet (reading torrents, filing them in the engine) is not in it.
    """
    prober = SocketProber(allow_private=True)
    engine = Engine(prober, EngineSettings(), vantage="benchmark")
    engine.add_torrents(torrents(url, info_hashes))
    try:
        started = time.perf_counter()
        await engine.run_once(deadline_s=60)
        table = engine.snapshot().torrents
        seconds = time.perf_counter() - started
    finally:
        await engine.stop()
        await prober.close()
    check(
        {
            torrent.info_hash: (seeders, leechers)
            for torrent, seeders, leechers in zip(table.torrents, table.seeders, table.leechers, strict=True)
        },
        truth,
    )
    return seconds


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
    check(
        {
            h: (seeders, leechers)
            for h, seeders, leechers in zip(info_hashes, columns.seeders, columns.leechers, strict=True)
        },
        truth,
    )
    return seconds


def check(found: Mapping[bytes, tuple[int, int]], truth: Mapping[bytes, Counts]) -> None:
    """Compare seeders and leechers with the truth.

    Raises:
        WrongCountsError: They differ.
    """
    wrong = sum(found.get(info_hash) != counts[:2] for info_hash, counts in truth.items())
    if wrong:
        raise WrongCountsError(f"{wrong} of {len(truth)} counts are wrong")


class WrongCountsError(Exception):
    """A scraper was quick and wrong."""
