"""What is forgotten, and when: in small chunks, between batches.

Raw samples stay 30 days, roll-ups and counts 400 (counts of an hour become those of a day after 30), the text of failures as the
latest 200 of each endpoint, transitions and gaps for ever.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trackerwatch.store.lookups import WHOLE_TRACKER
from trackerwatch.store.schema import writing
from trackerwatch.store.units import DAY_MS, HOUR_MS, to_ms

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

CHUNK_S = 0.02
"""What a chunk should take; the number of rows in one follows it."""
_LEAST_ROWS = 50
_MOST_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long."""

    raw_days: int = 30
    days: int = 400
    """Roll-ups, counts, announces, what nobody asked for any more."""
    failures: int = 200
    """Texts an endpoint."""


MEMORY_KEEPING = Keeping(raw_days=1, days=30)
"""Of a store without a file: it must not grow for ever."""


class _Chunks:
    """How many rows one transaction should take, learnt from what the last ones took."""

    __slots__ = ("_begun", "rows")

    def __init__(self) -> None:
        self.rows = 500
        self._begun = time.monotonic()

    def long_enough(self) -> bool:
        """Whether a step of the work has taken so long that others should get on.

        Looking through thousands of trackers that have nothing to delete takes its time, too.
        """
        now = time.monotonic()
        if now - self._begun < CHUNK_S:
            return False
        self._begun = now
        return True

    def learn(self, took_s: float) -> None:
        if took_s > CHUNK_S:
            self.rows = max(_LEAST_ROWS, self.rows // 2)
        elif took_s < CHUNK_S / 4:
            self.rows = min(_MOST_ROWS, self.rows * 2)


def forget(connection: sqlite3.Connection, now: float, keeping: Keeping) -> Iterator[None]:
    """Delete what is too old, a bounded piece of work at each step, each in a transaction of its own.

    Call it after `rollups.roll` has come to its end: raw samples that no roll-up holds yet are spared.

    Args:
        connection: In autocommit mode.
        now: Wall time, seconds.
        keeping: How long things stay.

    Raises:
        sqlite3.Error: The step under way was undone.
    """
    chunks = _Chunks()
    raw_hour = to_ms(now) // HOUR_MS - keeping.raw_days * 24
    old_ms = to_ms(now) - keeping.days * DAY_MS
    with writing(connection):
        connection.execute("INSERT OR REPLACE INTO chore VALUES ('forget', ?)", (to_ms(now) // HOUR_MS,))
        # A clock that was ahead for a while must not keep it up.
        connection.execute("UPDATE floor SET hour = ? WHERE hour > ?", (raw_hour, raw_hour))
    yield
    for tracker, endpoint in _series(connection):
        yield from _raw(connection, tracker, endpoint, raw_hour, chunks)
        yield from _texts(connection, tracker, endpoint, keeping.failures)
        for table, unit, first in (("hourly", "hour", old_ms // HOUR_MS), ("daily", "day", old_ms // DAY_MS)):
            yield from _before(connection, (table, unit), (tracker, endpoint), first, chunks)
        if chunks.long_enough():
            yield
    for (tracker,) in connection.execute("SELECT id FROM tracker").fetchall():
        yield from _thin(connection, tracker, raw_hour, chunks)
        yield from _before(connection, ("swarm_day", "day"), (tracker,), old_ms // DAY_MS, chunks)
        if chunks.long_enough():
            yield
    yield from _unasked(connection, old_ms, chunks)


def _series(connection: sqlite3.Connection) -> list[tuple[int, int]]:
    return connection.execute(
        "SELECT id, ? FROM tracker UNION ALL SELECT tracker, id FROM endpoint ORDER BY 1, 2", (WHOLE_TRACKER,)
    ).fetchall()


def due(connection: sqlite3.Connection, now: float) -> bool:
    """Whether no program on this store did `forget` in the running hour."""
    row = connection.execute("SELECT hour FROM chore WHERE name = 'forget'").fetchone()
    return row is None or int(row[0]) != to_ms(now) // HOUR_MS


def _raw(
    connection: sqlite3.Connection, tracker: int, endpoint: int, before_hour: int, chunks: _Chunks
) -> Iterator[None]:
    """Whole hours at a time, and the floor with them: what comes late is told from what a roll-up holds already."""
    series = (tracker, endpoint)
    find = "SELECT at FROM sample WHERE tracker = ? AND endpoint = ? AND at < ? ORDER BY at LIMIT 1 OFFSET ?"
    while True:
        end = _not_stale(connection, series, before_hour)
        if connection.execute(find, (*series, end * HOUR_MS, 0)).fetchone() is None:
            return
        begun = time.monotonic()
        with writing(connection):
            # Again, now that nobody else writes.
            end = _not_stale(connection, series, before_hour)
            edge = connection.execute(find, (*series, end * HOUR_MS, chunks.rows)).fetchone()
            if edge is not None:
                end = edge[0] // HOUR_MS + 1
            connection.execute(
                "DELETE FROM sample WHERE tracker = ? AND endpoint = ? AND at < ?", (*series, end * HOUR_MS)
            )
            connection.execute("INSERT OR REPLACE INTO floor VALUES (?, ?, ?)", (*series, end))
        chunks.learn(time.monotonic() - begun)
        yield


def _not_stale(connection: sqlite3.Connection, series: tuple[int, int], before_hour: int) -> int:
    """The hour up to which roll-ups hold all there is of a series."""
    stale = connection.execute(
        "SELECT min(hour) FROM stale_hour WHERE tracker = ? AND endpoint = ?", series
    ).fetchone()[0]
    return before_hour if stale is None else min(before_hour, stale)


def _texts(connection: sqlite3.Connection, tracker: int, endpoint: int, keep: int) -> Iterator[None]:
    edge = connection.execute(
        "SELECT at, vantage, seq FROM failure_text WHERE tracker = ? AND endpoint = ?"
        " ORDER BY at DESC, vantage DESC, seq DESC LIMIT 1 OFFSET ?",
        (tracker, endpoint, keep),
    ).fetchone()
    if edge is None:
        return
    with writing(connection):
        connection.execute(
            "DELETE FROM failure_text WHERE tracker = ? AND endpoint = ? AND (at, vantage, seq) <= (?, ?, ?)",
            (tracker, endpoint, *edge),
        )
    yield


def _before(
    connection: sqlite3.Connection, place: tuple[str, str], series: tuple[int, ...], before: int, chunks: _Chunks
) -> Iterator[None]:
    """Delete the rows of a series before a time, some at a time: they lie side by side. `place`: table, column."""
    table, column = place
    where = "tracker = ? AND endpoint = ?" if len(series) == 2 else "tracker = ?"
    while True:
        edge = connection.execute(
            f"SELECT {column} FROM {table} WHERE {where} AND {column} < ? ORDER BY {column} LIMIT 1 OFFSET ?",
            (*series, before, chunks.rows),
        ).fetchone()
        first = connection.execute(
            f"SELECT 1 FROM {table} WHERE {where} AND {column} < ? LIMIT 1",
            (*series, before),
        ).fetchone()
        if first is None:
            return
        begun = time.monotonic()
        with writing(connection):
            connection.execute(
                # Up to and with the edge: rows of one time go together, so there is always progress.
                f"DELETE FROM {table} WHERE {where} AND {column} <= ?",
                (*series, before - 1 if edge is None else edge[0]),
            )
        chunks.learn(time.monotonic() - begun)
        yield


def _thin(connection: sqlite3.Connection, tracker: int, before_hour: int, chunks: _Chunks) -> Iterator[None]:
    """Of each swarm's old hours keep the last one of a day."""
    while True:
        row = connection.execute(
            "SELECT hour, swarm FROM swarm_hour WHERE tracker = ? AND hour < ? ORDER BY hour, swarm LIMIT 1",
            (tracker, before_hour),
        ).fetchone()
        if row is None:
            return
        hour, first = row
        last = connection.execute(
            "SELECT swarm FROM swarm_hour WHERE tracker = ? AND hour = ? ORDER BY swarm LIMIT 1 OFFSET ?",
            (tracker, hour, chunks.rows),
        ).fetchone()
        part = "tracker = ? AND hour = ? AND swarm >= ?" + ("" if last is None else " AND swarm <= ?")
        key = (tracker, hour, first) if last is None else (tracker, hour, first, last[0])
        begun = time.monotonic()
        with writing(connection):
            connection.execute(
                "INSERT OR REPLACE INTO swarm_day SELECT tracker, hour / 24, swarm, vantage, seq, seeders, leechers,"
                f" completed, answer, at FROM swarm_hour WHERE {part}",
                key,
            )
            connection.execute(f"DELETE FROM swarm_hour WHERE {part}", key)
        chunks.learn(time.monotonic() - begun)
        yield


_OLD = {
    "latest": "at < :before AND NOT EXISTS (SELECT 1 FROM round WHERE round.id = latest.round AND round.at >= :before)",
    "announced": "at < :before",
}


def _unasked(connection: sqlite3.Connection, before_ms: int, chunks: _Chunks) -> Iterator[None]:
    """Counts and announces of swarms that nobody asked for any more."""
    for (tracker,) in connection.execute("SELECT id FROM tracker").fetchall():
        for table, old in _OLD.items():
            find = f"SELECT vantage, swarm FROM {table} WHERE tracker = :tracker AND {old} LIMIT :rows"
            key = {"tracker": tracker, "before": before_ms, "rows": 1}
            while connection.execute(find, key).fetchone() is not None:
                key["rows"] = chunks.rows
                begun = time.monotonic()
                with writing(connection):
                    connection.execute(
                        f"DELETE FROM {table} WHERE tracker = :tracker AND (vantage, swarm) IN ({find})", key
                    )
                chunks.learn(time.monotonic() - begun)
                yield
        # Last, since what a round confirmed is as old as the round: a handful of rows.
        if connection.execute("SELECT 1 FROM round WHERE tracker = ? AND at < ?", (tracker, before_ms)).fetchone():
            with writing(connection):
                connection.execute("DELETE FROM round WHERE tracker = ? AND at < ?", (tracker, before_ms))
            yield
        if chunks.long_enough():
            yield
