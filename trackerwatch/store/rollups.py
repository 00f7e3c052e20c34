"""Hours and days out of raw samples.

A roll-up is computed from the raw samples once its hour is over, and written in place of an older one: whoever crashes, writes
late or writes beside another program leaves at most a mark in `stale_hour`, and the roll-up is computed again. Until then
readers take the raw samples. (Merging each batch into a roll-up was measured at some thirty times the work: a tally is read,
merged and written for each sample instead of once an hour.) Days are merged from their hours in the same way.

An hour whose raw samples were deleted already, because a clock was wrong, is added to instead.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from trackerwatch.outcome import PhaseTimes
from trackerwatch.stats import HOUR_S, Tally, fold, total
from trackerwatch.store.recording import MAX_COVER_MS
from trackerwatch.store.schema import writing
from trackerwatch.store.units import DAY_HOURS, HOUR_MS, from_us, to_ms

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from trackerwatch.store.lookups import Lookups

GRACE_MS = 20 * 60_000
"""So long after its end an hour is left alone: the first sample after it tells of its end, and comes a quarter of an hour later."""
CHUNK_S = 0.02
"""Of work in one transaction."""
_MARKS_A_LOOK = 500
_SERIES = "tracker = ? AND endpoint = ? AND vantage = ?"

_COLUMNS = "at, answered, counted, covers_ms, latency_us, resolve_us, connect_us, tls_us, exchange_us"


class Key(NamedTuple):
    """Whose samples: a tracker (endpoint 0) or an endpoint, as one vantage saw it."""

    tracker: int
    endpoint: int
    vantage: int


def counted_rows(columns: str) -> str:
    """The statement that reads the counted samples of a stretch, and those after it that speak for a part of it.

    It takes `:tracker`, `:endpoint`, `:vantage`, `:begin` and `:end` (milliseconds); see `places`.
    """
    series = "tracker = :tracker AND endpoint = :endpoint AND vantage = :vantage AND counted"
    return (
        f"SELECT {columns} FROM sample WHERE {series} AND at >= :begin AND at < :end + {HOUR_MS}"
        " AND (at < :end OR at - covers_ms < :end)"
        f" UNION ALL SELECT {columns} FROM sample INDEXED BY sample_of_long WHERE {series} AND at >= :end + {HOUR_MS}"
        f" AND at < :end + {MAX_COVER_MS} AND covers_ms > {HOUR_MS} AND at - covers_ms < :end"
    )


def places(key: Key, begin_ms: int, end_ms: int) -> dict[str, int]:
    """What `counted_rows` takes."""
    return {**key._asdict(), "begin": begin_ms, "end": end_ms}


_RAW = counted_rows(_COLUMNS)


@dataclass(frozen=True, slots=True)
class Raw:
    """A counted sample, as `stats.fold` reads it."""

    at: float
    answered: bool
    counted: bool
    covers_s: float
    latency_s: float | None
    phases: PhaseTimes


def raw_samples(connection: sqlite3.Connection, key: Key, begin_ms: int, end_ms: int) -> Iterator[Raw]:
    """The counted samples of a stretch, and those after it that speak for a part of it."""
    rows = connection.execute(_RAW, places(key, begin_ms, end_ms))
    for at, answered, counted, covers, latency, resolve, connect, tls, exchange in rows:
        phases = PhaseTimes(from_us(resolve), from_us(connect), from_us(tls), from_us(exchange))
        yield Raw(at / 1e3, bool(answered), bool(counted), covers / 1e3, from_us(latency), phases)


def hour_tally(connection: sqlite3.Connection, key: Key, hour: int) -> Tally | None:
    """One hour out of its raw samples. None: nothing is known of it."""
    samples = raw_samples(connection, key, hour * HOUR_MS, (hour + 1) * HOUR_MS)
    return fold(samples, HOUR_S).get(hour * HOUR_S)


def roll(connection: sqlite3.Connection, lookups: Lookups, now: float) -> Iterator[None]:
    """Compute what is due, a bounded piece of work at each step, each in a transaction of its own.

    Args:
        connection: In autocommit mode.
        lookups: Of this connection.
        now: Wall time, seconds.

    Raises:
        sqlite3.Error: The step under way was undone.
    """
    over = (to_ms(now) - GRACE_MS) // HOUR_MS
    yield from _roll_marked(connection, lookups, "hour", over)
    yield from _roll_marked(connection, lookups, "day", over // DAY_HOURS)


def _roll_marked(connection: sqlite3.Connection, lookups: Lookups, unit: str, before: int) -> Iterator[None]:
    # Oldest first: an hour below the floor loses its raw samples, which may speak for the hour before it.
    look = f"SELECT tracker, endpoint, vantage, {unit} FROM stale_{unit} WHERE {unit} < ? ORDER BY {unit} LIMIT ?"
    while marks := connection.execute(look, (before, _MARKS_A_LOOK)).fetchall():
        done = 0
        while done < len(marks):
            deadline = time.monotonic() + CHUNK_S
            with writing(connection):
                lookups.begin()
                # At least one: a slow machine gets on too.
                for mark in marks[done:]:
                    key, number = Key(*mark[:3]), mark[3]
                    if unit == "hour":
                        _roll_hour(connection, lookups, key, number)
                    else:
                        _roll_day(connection, lookups, key, number)
                    done += 1
                    if time.monotonic() >= deadline:
                        break
                lookups.end()
            yield


def _roll_hour(connection: sqlite3.Connection, lookups: Lookups, key: Key, hour: int) -> None:
    tally = (_late_tally if hour < floor(connection, key) else hour_tally)(connection, key, hour)
    if tally is not None:
        _write_tally(connection, lookups, "hourly", (key, hour), tally)
        connection.execute(
            "INSERT OR IGNORE INTO stale_day (tracker, endpoint, vantage, day) VALUES (?, ?, ?, ?)",
            (*key, hour // DAY_HOURS),
        )
    connection.execute(f"DELETE FROM stale_hour WHERE {_SERIES} AND hour = ?", (*key, hour))


def _late_tally(connection: sqlite3.Connection, key: Key, hour: int) -> Tally | None:
    """Of an hour whose raw samples were deleted: what is kept, and what came since then, which is deleted in turn.

    What later samples speak for is in there already, so these count for themselves alone.
    """
    begin_ms, end_ms = hour * HOUR_MS, (hour + 1) * HOUR_MS
    late = [raw for raw in raw_samples(connection, key, begin_ms, end_ms) if raw.at < end_ms / 1e3]
    if not late:
        return None
    tally = fold(late, HOUR_S)[hour * HOUR_S]
    row = connection.execute(f"SELECT tally FROM hourly WHERE {_SERIES} AND hour = ?", (*key, hour)).fetchone()
    if row is not None and (older := read_tally(row[0])) is not None:
        tally.merge(older)
    connection.execute(f"DELETE FROM sample WHERE {_SERIES} AND at >= ? AND at < ?", (*key, begin_ms, end_ms))
    return tally


def floor(connection: sqlite3.Connection, key: Key) -> int:
    """The hour from which on raw samples are left; 0: all of them are."""
    row = connection.execute(
        "SELECT hour FROM floor WHERE tracker = ? AND endpoint = ?", (key.tracker, key.endpoint)
    ).fetchone()
    return 0 if row is None else int(row[0])


def _roll_day(connection: sqlite3.Connection, lookups: Lookups, key: Key, day: int) -> None:
    rows = connection.execute(
        f"SELECT tally FROM hourly WHERE {_SERIES} AND hour >= ? AND hour < ?",
        (*key, day * DAY_HOURS, (day + 1) * DAY_HOURS),
    ).fetchall()
    tallies = [tally for row in rows if (tally := read_tally(row[0])) is not None]
    if tallies:
        _write_tally(connection, lookups, "daily", (key, day), total(tallies))
    connection.execute(f"DELETE FROM stale_day WHERE {_SERIES} AND day = ?", (*key, day))


def read_tally(blob: bytes) -> Tally | None:
    """A tally as it lies in a roll-up. None: nothing readable, so nothing is known."""
    try:
        return Tally.decode(blob)
    except ValueError:
        return None


def _write_tally(
    connection: sqlite3.Connection, lookups: Lookups, table: str, place: tuple[Key, int], tally: Tally
) -> None:
    key, begin = place
    connection.execute(
        f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            key.tracker,
            key.endpoint,
            begin,
            key.vantage,
            lookups.next_seq_of(key.vantage),
            tally.successes,
            tally.counted,
            round(tally.covered_s * 1e3),
            tally.encode(),
        ),
    )
