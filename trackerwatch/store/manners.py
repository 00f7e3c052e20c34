"""The politeness record as rows: read, changed and written in one transaction, which no other program can come between."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.store.packing import pack_failure, unpack_failure
from trackerwatch.store.politeness import Manners
from trackerwatch.store.units import from_ms, known_ms

if TYPE_CHECKING:
    import sqlite3

    from trackerwatch.store.lookups import Lookups


def read_manners(connection: sqlite3.Connection, tracker: int) -> Manners | None:
    """What is kept of a tracker. None: nothing."""
    row = connection.execute(
        "SELECT asked_at, not_before, not_before_said_at, never, never_said_at, min_interval_ms, min_interval_said_at"
        " FROM manners WHERE tracker = ?",
        (tracker,),
    ).fetchone()
    if row is None:
        return None
    asked_at, not_before, not_before_said_at, never, never_said_at, min_interval, min_interval_said_at = row
    return Manners(
        from_ms(asked_at),
        from_ms(not_before),
        from_ms(not_before_said_at) or 0.0,
        unpack_failure(never),
        from_ms(never_said_at) or 0.0,
        from_ms(min_interval),
        from_ms(min_interval_said_at) or 0.0,
    )


def write_manners(connection: sqlite3.Connection, lookups: Lookups, tracker: int, manners: Manners) -> None:
    """Keep this of a tracker. Within a write transaction."""
    connection.execute(
        "INSERT OR REPLACE INTO manners VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            tracker,
            lookups.vantage,
            lookups.next_seq(),
            known_ms(manners.asked_at),
            known_ms(manners.not_before),
            known_ms(manners.not_before_said_at),
            None if manners.never is None else pack_failure(manners.never),
            known_ms(manners.never_said_at),
            known_ms(manners.min_interval_s),
            known_ms(manners.min_interval_said_at),
        ),
    )
