"""Records into rows: one batch, one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.store.packing import cut, pack_announce, pack_memory
from trackerwatch.store.pending import Pending
from trackerwatch.store.schema import writing
from trackerwatch.store.swarms import write_announced, write_scrape
from trackerwatch.store.units import HOUR_MS, known_ms, to_ms, to_us

if TYPE_CHECKING:
    import sqlite3

    from trackerwatch.engine.records import GapRecord, SampleRecord, TrackerMemory, TransitionRecord
    from trackerwatch.store.lookups import Lookups
    from trackerwatch.store.pending import Batch

MAX_COVER_MS = 86_400_000
"""No sample speaks for more than a day (`stats.uptime.MAX_COVER_S`)."""

UNWRITABLE = (ValueError, TypeError, OverflowError, AttributeError)
"""What a record that no table takes raises, also within sqlite3."""


def write_batch(connection: sqlite3.Connection, lookups: Lookups, batch: Batch) -> int:
    """Write a batch: all of it, or nothing.

    Returns:
        How many records were left out because no table takes them.

    Raises:
        sqlite3.Error: Nothing was written.
    """
    try:
        try:
            _write(connection, lookups, batch)
        except UNWRITABLE:
            lookups.forget()
            return _write_one_by_one(connection, lookups, batch)
    except BaseException:
        lookups.forget()
        raise
    return 0


def _write_one_by_one(connection: sqlite3.Connection, lookups: Lookups, batch: Batch) -> int:
    """So that one impossible record takes no other with it."""
    unwritable = 0
    for record in batch.records():
        one = Pending()
        one.put(record)
        try:
            _write(connection, lookups, one.take())
        except UNWRITABLE:
            lookups.forget()
            unwritable += 1
    return unwritable


def _write(connection: sqlite3.Connection, lookups: Lookups, batch: Batch) -> None:
    with writing(connection):
        lookups.begin()
        _write_samples(connection, lookups, batch.samples)
        for scrape in batch.scrapes:
            write_scrape(connection, lookups, scrape)
        for announced in batch.announces:
            write_announced(connection, lookups, announced, pack_announce(announced.outcome))
        _write_transitions(connection, lookups, batch.transitions)
        _write_gaps(connection, lookups, batch.gaps)
        _write_memories(connection, lookups, batch.memories)
        lookups.end()


def _write_samples(connection: sqlite3.Connection, lookups: Lookups, samples: list[SampleRecord]) -> None:
    rows, texts, stale = [], [], set()
    vantage = lookups.vantage
    latest: dict[tuple[int, int, int], int] = {}
    for sample in samples:
        at, covers = to_ms(sample.at), min(max(0, known_ms(sample.covers_s) or 0), MAX_COVER_MS)
        tracker = lookups.tracker(sample.tracker)
        endpoint = lookups.endpoint(tracker, sample.endpoint)
        if covers and sample.counted:
            covers = _not_covered_yet(connection, latest, (tracker, endpoint, vantage), at, covers)
        kind = lookups.word(sample.failure)
        phases, seq = sample.phases, lookups.next_seq()
        rows.append(
            (
                tracker,
                endpoint,
                at,
                vantage,
                seq,
                kind,
                sample.answered,
                sample.counted,
                to_us(sample.latency_s),
                covers,
                to_us(phases.resolve_s),
                to_us(phases.connect_s),
                to_us(phases.tls_s),
                to_us(phases.exchange_s),
                sample.requests,
                sample.lost,
            )
        )
        if kind is not None and sample.said:
            texts.append((tracker, endpoint, at, vantage, seq, kind, cut(sample.said)))
        if sample.counted:
            # What it speaks for may begin in an hour before.
            hour = at // HOUR_MS
            stale.add((tracker, endpoint, hour, vantage))
            for earlier in range((at - covers) // HOUR_MS, hour):
                stale.add((tracker, endpoint, earlier, vantage))
    connection.executemany(f"INSERT INTO sample VALUES ({','.join('?' * 16)})", rows)
    connection.executemany("INSERT INTO failure_text VALUES (?, ?, ?, ?, ?, ?, ?)", texts)
    connection.executemany("INSERT OR IGNORE INTO stale_hour VALUES (?, ?, ?, ?)", stale)


def _not_covered_yet(
    connection: sqlite3.Connection,
    latest: dict[tuple[int, int, int], int],
    series: tuple[int, int, int],
    at: int,
    covers: int,
) -> int:
    """How much of what a sample speaks for no other one has spoken for: two programs may watch one tracker.

    Args:
        connection: To read from.
        latest: Of this batch: until when each series is covered.
        series: Tracker, endpoint, vantage.
        at: Of the sample, ms.
        covers: So long before it, ms.
    """
    tracker, endpoint, vantage = series
    before = latest.get(series)
    if before is None or before > at:
        row = connection.execute(
            "SELECT at FROM sample WHERE tracker = ? AND endpoint = ? AND at <= ? AND vantage = ? AND counted"
            " ORDER BY at DESC LIMIT 1",
            (tracker, endpoint, at, vantage),
        ).fetchone()
        before = None if row is None else row[0]
    after = connection.execute(
        "SELECT at - covers_ms FROM sample WHERE tracker = ? AND endpoint = ? AND at > ? AND vantage = ? AND counted"
        " ORDER BY at LIMIT 1",
        (tracker, endpoint, at, vantage),
    ).fetchone()
    latest[series] = max(at, latest.get(series, at))
    if after is not None and after[0] < at:
        # Another program, which was quicker to write, has spoken for this time.
        return 0
    return covers if before is None else min(covers, at - before)


def _write_transitions(connection: sqlite3.Connection, lookups: Lookups, records: list[TransitionRecord]) -> None:
    rows = []
    stands: dict[tuple[int | None, int | None, int | None], tuple[int | None, int | None]] = {}
    for record in records:
        tracker = None if record.tracker is None else lookups.tracker(record.tracker)
        endpoint = None if tracker is None or record.endpoint is None else lookups.endpoint(tracker, record.endpoint)
        swarm = None
        if record.info_hash is not None:
            swarm = lookups.swarms((record.info_hash,), to_ms(record.at))[record.info_hash]
        subject = (None, None, swarm) if swarm is not None else (tracker, endpoint, None)
        comes_to = (lookups.word(record.to_state), tracker if swarm is not None else None)
        if subject not in stands:
            stands[subject] = _stands(connection, subject, lookups.vantage)
        if stands[subject] == comes_to:
            # Another program that watches the same has written it down, or this one has before it was restarted.
            continue
        stands[subject] = comes_to
        rows.append(
            (
                to_ms(record.at),
                lookups.vantage,
                lookups.next_seq(),
                lookups.word(record.kind),
                lookups.word(record.from_state),
                lookups.word(record.to_state),
                lookups.word(record.reason),
                cut(record.message),
                tracker,
                endpoint,
                swarm,
                cut(record.name),
            )
        )
    connection.executemany(f"INSERT INTO transition VALUES ({','.join('?' * 12)})", rows)


def _stands(
    connection: sqlite3.Connection, subject: tuple[int | None, int | None, int | None], vantage: int
) -> tuple[int | None, int | None]:
    """What the latest transition of a subject (tracker, endpoint, swarm) came to: state, and a torrent's tracker."""
    tracker, endpoint, swarm = subject
    if swarm is not None:
        row = connection.execute(
            "SELECT to_state, tracker FROM transition WHERE swarm = ? AND vantage = ? ORDER BY at DESC, seq DESC LIMIT 1",
            (swarm, vantage),
        ).fetchone()
        return (None, None) if row is None else (row[0], row[1])
    row = connection.execute(
        "SELECT to_state FROM transition WHERE tracker = ? AND swarm IS NULL AND endpoint IS ? AND vantage = ?"
        " ORDER BY at DESC, seq DESC LIMIT 1",
        (tracker, endpoint, vantage),
    ).fetchone()
    return (None if row is None else row[0], None)


def _write_gaps(connection: sqlite3.Connection, lookups: Lookups, records: list[GapRecord]) -> None:
    rows = [
        (
            to_ms(record.begin),
            lookups.vantage,
            lookups.next_seq(),
            to_ms(record.end),
            lookups.word(record.kind),
            cut(record.message),
        )
        for record in records
    ]
    connection.executemany("INSERT INTO gap VALUES (?, ?, ?, ?, ?, ?)", rows)


def _write_memories(connection: sqlite3.Connection, lookups: Lookups, memories: list[TrackerMemory]) -> None:
    rows = [
        (
            lookups.tracker(memory.tracker),
            lookups.vantage,
            lookups.next_seq(),
            to_ms(memory.at),
            lookups.word(memory.state),
            known_ms(memory.since),
            known_ms(memory.last_success_at),
            pack_memory(memory),
        )
        for memory in memories
    ]
    connection.executemany(
        "INSERT INTO memory (tracker, vantage, seq, at, state, since_at, last_success_at, content)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tracker, vantage) DO UPDATE SET seq = excluded.seq,"
        " at = excluded.at, state = excluded.state, since_at = excluded.since_at,"
        " last_success_at = coalesce(excluded.last_success_at, last_success_at), content = excluded.content",
        rows,
    )
