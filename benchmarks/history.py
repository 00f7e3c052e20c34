"""The store with ten million raw rows: what its readers wait for, and what the event loop feels of its chores."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.table import Figure
from tests.store.making import ENDPOINT, VANTAGE, columns, info_hash, sample
from trackerwatch.engine.records import ScrapeRecord
from trackerwatch.store import Store
from trackerwatch.store.lookups import Lookups
from trackerwatch.store.opening import open_reader, open_writer
from trackerwatch.store.rollups import roll
from trackerwatch.store.schema import writing
from trackerwatch.tracker import Tracker, parse_tracker

if TYPE_CHECKING:
    from collections.abc import Iterator

TRACKERS = 50
DAYS = 30
RUNS = 15
DAY, HOUR = 86400.0, 3600.0

_ROWS = """
WITH RECURSIVE step(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM step WHERE i + 1 < :rows)
INSERT INTO sample
SELECT :tracker, :endpoint, CAST(:begin + i * :every AS INTEGER), 1, :seq + i,
  CASE WHEN i % 97 < 2 THEN 1 END, i % 97 >= 2, 1,
  CASE WHEN i % 97 >= 2 THEN 20000 + (i * 7919) % 60000 END, CAST(:every AS INTEGER),
  1000 + i % 500, NULL, NULL, CASE WHEN i % 97 >= 2 THEN 20000 + (i * 7919) % 60000 END, 1, 0
FROM step
"""
_STALE = """
WITH RECURSIVE step(hour) AS (SELECT :first UNION ALL SELECT hour + 1 FROM step WHERE hour < :last)
INSERT OR IGNORE INTO stale_hour SELECT :tracker, :endpoint, hour, 1 FROM step
"""


def figures(size: int) -> Iterator[Figure]:
    """Measure.

    Args:
        size: 10,000 stands for ten million raw rows.
    """
    raw_rows = size * 1000
    now = time.time() // HOUR * HOUR + 1800.0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "history.db"
        trackers = [parse_tracker(f"udp://tracker{number}.example.org:6969/announce") for number in range(TRACKERS)]
        begun = time.perf_counter()
        rows = _build(path, trackers, raw_rows, now)
        filled_s = time.perf_counter() - begun
        rolled, rolled_s = _roll_all(path, now)
        file_mb = path.stat().st_size / 1e6
        print(f"  {rows:,} raw rows in {filled_s:.0f} s, {file_mb:.0f} MB", file=sys.stderr)
        yield Figure(
            f"roll-ups of {rolled:,} hours with {rows / rolled:.0f} samples each",
            f"{1e3 * rolled_s / rolled:.2f} ms an hour",
        )
        yield from asyncio.run(_reading(path, trackers, now, rows))
        yield from asyncio.run(_chores(path, trackers, now))


def _build(path: Path, trackers: list[Tracker], raw_rows: int, now: float) -> int:
    """31 days of each tracker and of three endpoints of it, a quarter of the rows each, by one statement a series."""
    connection = open_writer(path)
    connection.execute("PRAGMA synchronous = OFF")
    lookups = Lookups(connection, VANTAGE, "benchmark")
    each = raw_rows // (4 * len(trackers))
    every_ms = (DAYS + 1) * DAY * 1e3 / each
    begin = (now - (DAYS + 1) * DAY) * 1e3
    with writing(connection):
        lookups.begin()
        lookups.word("timeout")
        for tracker in trackers:
            number = lookups.tracker(tracker)
            for endpoint in range(4):
                series = {"tracker": number, "endpoint": 0 if not endpoint else 4 * number + endpoint}
                if endpoint:
                    address = (series["endpoint"], number, f"192.0.2.{endpoint}")
                    connection.execute("INSERT INTO endpoint VALUES (?, ?, 'ipv4', ?, 6969)", address)
                rows = {"rows": each, "begin": begin, "every": every_ms, "seq": lookups.seq}
                connection.execute(_ROWS, series | rows)
                lookups.seq += each
                hours = {"first": int(begin // 3_600_000) - 1, "last": int(now // HOUR)}
                connection.execute(_STALE, series | hours)
        lookups.end()
    connection.close()
    return each * 4 * len(trackers)


def _roll_all(path: Path, now: float) -> tuple[int, float]:
    connection = open_writer(path)
    connection.execute("PRAGMA synchronous = OFF")
    lookups = Lookups(connection, VANTAGE, "benchmark")
    begun = time.perf_counter()
    for _ in roll(connection, lookups, now):
        pass
    took_s = time.perf_counter() - begun
    count = connection.execute("SELECT count(*) FROM hourly").fetchone()[0]
    # So that reading can be measured before the chores begin.
    connection.execute("INSERT OR REPLACE INTO chore VALUES ('forget', ?)", (int(now // HOUR),))
    connection.close()
    return count, took_s


def _open(path: Path, now: float) -> Store:
    return Store.open(path, vantage_id=VANTAGE, vantage_name="benchmark", wall=lambda: now)


async def _reading(path: Path, trackers: list[Tracker], now: float, rows: int) -> Iterator[Figure]:
    store = _open(path, now)
    try:
        took = []
        for tracker in trackers[:RUNS]:
            begun = time.perf_counter()
            history = await store.tracker(tracker.id, since=now - DAY, until=now, stretches=96)
            took.append(time.perf_counter() - begun)
            assert history is not None
            assert history.uptime[0].counted > 0
        day = Figure(
            f"last 24 h of one tracker, {rows:,} raw rows",
            f"{1e3 * median(took):.1f} ms, first {1e3 * took[0]:.1f} ms",
            budget="under 50 ms",
            kept=max(median(took), took[0]) < 0.05,
        )
        overviews = []
        for span, stretches in ((DAY, 24), (DAY, 48), (30 * DAY, 30)):
            took = []
            for _ in range(5):
                begun = time.perf_counter()
                histories = await store.overview(since=now - span, until=now, stretches=stretches)
                took.append(time.perf_counter() - begun)
            assert len(histories) == len(trackers)
            assert all(history.uptime[4].counted for history in histories)
            overviews.append(
                Figure(
                    f"overview of {len(trackers)} trackers, {span / DAY:.0f} d in {stretches}",
                    f"{1e3 * median(took):.0f} ms",
                    budget="under 200 ms",
                    kept=median(took) < 0.2,
                )
            )
        begun = time.perf_counter()
        for tracker in trackers:
            recalled = await store.recall(tracker, ())
            assert recalled.windows is not None
        recall_s = (time.perf_counter() - begun) / len(trackers)
        return iter((day, *overviews, Figure("recall of one tracker after a start", f"{1e3 * recall_s:.1f} ms")))
    finally:
        store.close()


async def _chores(path: Path, trackers: list[Tracker], now: float) -> Iterator[Figure]:
    """A day's rows are deleted while somebody reads, samples come and the loop turns."""
    before = _count(path)
    # Nobody works on this one: what the loop of an idle program sees, on this machine with these neighbours.
    idle_s = await _longest_stall(asyncio.sleep(2))
    later = now + HOUR
    store = _open(path, later)
    slowest = [0.0]
    try:

        async def live() -> None:
            begun = time.monotonic()
            turn = 0
            while _count_old(path, later) or time.monotonic() - begun < 3:
                turn += 1
                for number in range(50):
                    store.record(sample(later + turn, tracker=trackers[number % len(trackers)], endpoint=ENDPOINT))
                read = time.perf_counter()
                await store.tracker(trackers[turn % len(trackers)].id, since=later - DAY, until=later, stretches=96)
                slowest[0] = max(slowest[0], time.perf_counter() - read)
                await asyncio.sleep(0.1)
                if time.monotonic() - begun > 300:
                    raise RuntimeError("retention does not come to an end")

        begun = time.perf_counter()
        stall_s = await _longest_stall(live())
        took_s = time.perf_counter() - begun
        after = _count(path)
        hashes = tuple(info_hash(number) for number in range(10_000))
        scrape_s = await _longest_stall(_scrapes(store, trackers[0], hashes, later))
        return iter(
            (
                Figure(
                    f"longest stall of the loop while {before - after:,} rows older than {DAYS} d go",
                    f"{1e3 * stall_s:.1f} ms ({took_s:.1f} s in all)",
                    f"idle {1e3 * idle_s:.1f} ms",
                    budget="under 50 ms",
                    kept=stall_s < 0.05,
                ),
                Figure("slowest read of 24 h meanwhile", f"{1e3 * slowest[0]:.0f} ms"),
                Figure(
                    "longest stall while rounds of 10,000 changed swarms are written",
                    f"{1e3 * scrape_s:.1f} ms",
                    f"idle {1e3 * idle_s:.1f} ms",
                    budget="under 50 ms",
                    kept=scrape_s < 0.05,
                ),
            )
        )
    finally:
        store.close(30.0)


async def _scrapes(store: Store, tracker: Tracker, hashes: tuple[bytes, ...], at: float) -> None:
    for turn in range(5):
        counts = columns(*[((index + turn) % 50, index % 7, index, 1) for index in range(len(hashes))])
        written = store.figures.written
        store.record(ScrapeRecord(tracker, at + turn, hashes, counts))
        while store.figures.written == written:  # noqa: ASYNC110 - written by a thread that knows no loop
            await asyncio.sleep(0.01)


async def _longest_stall(work) -> float:
    """How much later than it should a timer of a millisecond came while this was done."""
    longest = 0.0
    task = asyncio.ensure_future(work)
    while not task.done():
        begun = time.perf_counter()
        await asyncio.sleep(0.001)
        longest = max(longest, time.perf_counter() - begun - 0.001)
    await task
    return longest


def _count(path: Path) -> int:
    connection = open_reader(path)
    try:
        return connection.execute("SELECT count(*) FROM sample").fetchone()[0]
    finally:
        connection.close()


def _count_old(path: Path, now: float) -> bool:
    """Whether the last series still has rows that are too old."""
    connection = open_reader(path)
    try:
        series = connection.execute(
            "SELECT max(tracker), max(id) FROM endpoint WHERE id <= ?", (4 * TRACKERS + 3,)
        ).fetchone()
        row = connection.execute("SELECT min(at) FROM sample WHERE tracker = ? AND endpoint = ?", series).fetchone()
        return row[0] / 1e3 < now - DAYS * DAY - HOUR
    finally:
        connection.close()
