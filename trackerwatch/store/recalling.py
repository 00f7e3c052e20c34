"""What the engine is given back of one tracker after a restart."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from trackerwatch.engine.keeper import Recalled, SwarmMemory, Waits
from trackerwatch.engine.records import AnnouncedRecord
from trackerwatch.outcome import SwarmAnswer
from trackerwatch.stats import DAY_S, HOUR_S, Windows
from trackerwatch.store import swarms
from trackerwatch.store.lookups import WHOLE_TRACKER, marks, short
from trackerwatch.store.manners import read_manners
from trackerwatch.store.packing import unpack_announce, unpack_memory
from trackerwatch.store.politeness import Manners, settle, waits
from trackerwatch.store.rollups import Key, raw_samples
from trackerwatch.store.series import Series
from trackerwatch.store.units import from_ms, from_us, to_ms

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from trackerwatch.tracker import Tracker

RECENT_ROUNDS = 60
WINDOW_S = 30 * DAY_S
HOURS_S = 25 * HOUR_S
"""So far back hours are given back as hours; before it days, which are thirty times less work at each start."""
_HASHES_A_QUERY = 400


def recall(
    connection: sqlite3.Connection,
    vantage_uuid: str,
    tracker: Tracker,
    info_hashes: Sequence[bytes],
    now: float,
    *,
    past: bool = True,
) -> Recalled:
    """All that is remembered of a tracker and of these swarms there, as this vantage saw it.

    Args:
        connection: To read from.
        vantage_uuid: Whose eyes.
        tracker: Which.
        info_hashes: 20 bytes each.
        now: Wall time, seconds.
        past: Uptime and the latest rounds too.

    Raises:
        sqlite3.Error: It could not be read.
    """
    connection.execute("BEGIN")
    try:
        return _recall(connection, vantage_uuid, tracker, info_hashes, now, past=past)
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _recall(
    connection: sqlite3.Connection,
    vantage_uuid: str,
    tracker: Tracker,
    info_hashes: Sequence[bytes],
    now: float,
    *,
    past: bool,
) -> Recalled:
    number = _number(connection, "SELECT id FROM tracker WHERE key = ?", tracker.id)
    vantage = _number(connection, "SELECT id FROM vantage WHERE uuid = ?", vantage_uuid)
    if number is None:
        return Recalled()
    manners = read_manners(connection, number) or Manners()
    owed = waits(settle(manners, now)) if manners != Manners() else Waits()
    if vantage is None:
        return Recalled(waits=owed)
    row = connection.execute(
        "SELECT content, scraped_at FROM memory WHERE tracker = ? AND vantage = ?", (number, vantage)
    ).fetchone()
    content, scraped_at = (None, None) if row is None else row
    return Recalled(
        memory=unpack_memory(tracker, content),
        waits=owed,
        swarms=_swarms(connection, number, vantage, info_hashes),
        announced=_announced(connection, number, vantage, tracker, info_hashes),
        moved=_moved(connection, vantage, info_hashes),
        scraped_at=from_ms(scraped_at),
        windows=_windows(connection, number, vantage, now) if past else None,
        recent=_recent(connection, number, vantage) if past else (),
    )


def _swarms(
    connection: sqlite3.Connection, tracker: int, vantage: int, info_hashes: Sequence[bytes]
) -> Mapping[bytes, SwarmMemory]:
    if not info_hashes:
        return {}
    rows = swarms.known(connection, tracker, vantage, info_hashes)
    answers = tuple(SwarmAnswer)
    return {
        info_hash: SwarmMemory(
            _count(row[2]),
            _count(row[3]),
            _count(row[4]),
            answers[row[5]],
            from_ms(row[6]),
            from_ms(swarms.last_seeded(row)),
        )
        for info_hash in info_hashes
        if (row := rows.get(info_hash)) is not None and row[5] < len(answers)
    }


def _count(value: object) -> int | None:
    """A count, where it can be one."""
    return value if isinstance(value, int) and value >= 0 else None


def _announced(
    connection: sqlite3.Connection, number: int, vantage: int, tracker: Tracker, info_hashes: Sequence[bytes]
) -> Mapping[bytes, AnnouncedRecord]:
    found: dict[bytes, AnnouncedRecord] = {}
    if not _is_there(connection, "announced WHERE tracker = ? AND vantage = ?", number, vantage):
        return found
    for first in range(0, len(info_hashes), _HASHES_A_QUERY):
        part = list(info_hashes[first : first + _HASHES_A_QUERY])
        rows = connection.execute(
            "SELECT swarm.info_hash, a.at, a.not_before, a.outcome FROM swarm JOIN announced AS a"
            f" ON a.tracker = ? AND a.vantage = ? AND a.swarm = swarm.id WHERE swarm.info_hash IN ({marks(part)})",
            (number, vantage, *part),
        )
        for info_hash, at, not_before, text in rows:
            if (outcome := unpack_announce(text)) is not None:
                until = math.inf if not_before is None else from_ms(not_before)
                found[info_hash] = AnnouncedRecord(tracker, info_hash, from_ms(at), outcome, until)
    return found


def _moved(
    connection: sqlite3.Connection, vantage: int, info_hashes: Sequence[bytes]
) -> Mapping[bytes, tuple[str, float]]:
    found: dict[bytes, tuple[str, float]] = {}
    if not _is_there(connection, "transition WHERE swarm IS NOT NULL"):
        return found
    for first in range(0, len(info_hashes), _HASHES_A_QUERY):
        part = list(info_hashes[first : first + _HASHES_A_QUERY])
        # SQLite takes the other columns of a group from the row of its maximum.
        rows = connection.execute(
            f"SELECT swarm.info_hash, {short('word.text')}, max(t.at) FROM swarm JOIN transition AS t ON t.swarm = swarm.id"
            f" JOIN word ON word.id = t.to_state WHERE t.vantage = ? AND swarm.info_hash IN ({marks(part)})"
            " GROUP BY swarm.id",
            (vantage, *part),
        )
        found.update((info_hash, (state, from_ms(at))) for info_hash, state, at in rows)
    return found


def _windows(connection: sqlite3.Connection, tracker: int, vantage: int, now: float) -> Windows | None:
    series = Series(connection, Key(tracker, WHOLE_TRACKER, vantage))
    windows = Windows()
    known = False
    for begin, span_s, tally in series.pieces(now - WINDOW_S, now, hours_from=now - HOURS_S):
        windows.absorb(begin, span_s, tally)
        known = True
    # The running hour sample by sample.
    hour = math.floor(now / HOUR_S) * HOUR_S
    for sample in raw_samples(connection, series.key, to_ms(hour), to_ms(now) + 1):
        if sample.at <= now:
            windows.add(
                sample.at,
                answered=sample.answered,
                counted=True,
                covers_s=min(sample.covers_s, sample.at - hour),
                latency_s=sample.latency_s,
            )
            known = True
    return windows if known else None


def _recent(connection: sqlite3.Connection, tracker: int, vantage: int) -> tuple[float | None, ...]:
    rows = connection.execute(
        "SELECT answered, latency_us FROM sample WHERE tracker = ? AND endpoint = ? AND vantage = ? AND counted"
        " ORDER BY at DESC, seq DESC LIMIT ?",
        (tracker, WHOLE_TRACKER, vantage, RECENT_ROUNDS),
    ).fetchall()
    return tuple(from_us(latency) if answered else None for answered, latency in reversed(rows))


def merged(file: Recalled, memory: Recalled) -> Recalled:
    """What a file that cannot be written holds, and what this process learnt since."""
    return Recalled(
        memory=memory.memory or file.memory,
        waits=memory.waits,
        swarms={**file.swarms, **memory.swarms},
        announced={**file.announced, **memory.announced},
        moved={**file.moved, **memory.moved},
        scraped_at=file.scraped_at if memory.scraped_at is None else memory.scraped_at,
        windows=file.windows or memory.windows,
        recent=(*file.recent, *memory.recent)[-RECENT_ROUNDS:],
    )


def _is_there(connection: sqlite3.Connection, rows: str, *values: int) -> bool:
    """Whether there is any such row: mostly there is none, and thousands of swarms need not be looked for."""
    return connection.execute(f"SELECT 1 FROM {rows} LIMIT 1", values).fetchone() is not None


def _number(connection: sqlite3.Connection, query: str, key: str) -> int | None:
    row = connection.execute(query, (key,)).fetchone()
    return None if row is None else int(row[0])
