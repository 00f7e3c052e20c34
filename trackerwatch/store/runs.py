"""What reports leave for the next one: when a torrent was first seen, and what the last run of a command found."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from trackerwatch.store.lookups import marks
from trackerwatch.store.schema import writing
from trackerwatch.store.units import DAY_MS, from_ms, to_ms

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from trackerwatch.store.lookups import Lookups

MAX_RUN_BYTES = 32 << 20
"""Of what one run found, unpacked: some hundred thousand torrents."""
MAX_PACKED_BYTES = 3 << 20
"""What is larger does not fit a value of the store (`opening.MAX_VALUE_BYTES`)."""
MAX_ALL_PACKED_BYTES = 64 << 20
"""Of all runs that are kept."""
MAX_RUNS = 200
RUN_DAYS = 400
MAX_KEY_CHARS = 200

_QUICK = 3
"""A level of zlib: thousands of torrents are packed in a hundredth of a second, and come out hardly larger than with more."""
_HASHES_A_QUERY = 400

_OLDEST_SIGN = """
SELECT min(
  coalesce((SELECT min(at) FROM transition WHERE transition.swarm = :swarm), :never),
  coalesce((SELECT min(at, coalesce(seeded_at, at)) FROM latest WHERE latest.swarm = :swarm ORDER BY 1 LIMIT 1), :never),
  coalesce((SELECT min(at, coalesce(seeded_at, at)) FROM announced WHERE announced.swarm = :swarm ORDER BY 1 LIMIT 1), :never)
)
"""
"""A swarm that an older version recorded: the earliest of what is found without reading its whole history."""
_NEVER = 1 << 62


def first_seen(connection: sqlite3.Connection, info_hashes: Sequence[bytes]) -> dict[bytes, float]:
    """When these torrents (20 bytes each) were first seen, wall time; those of which it was never noted are not in it."""
    found: dict[bytes, float] = {}
    for first in range(0, len(info_hashes), _HASHES_A_QUERY):
        part = list(info_hashes[first : first + _HASHES_A_QUERY])
        rows = connection.execute(
            "SELECT swarm.info_hash, first_seen.at FROM swarm JOIN first_seen ON first_seen.swarm = swarm.id"
            f" WHERE swarm.info_hash IN ({marks(part)})",
            part,
        )
        found.update((info_hash, from_ms(at)) for info_hash, at in rows)
    return found


def note_first_seen(
    connection: sqlite3.Connection, lookups: Lookups, info_hashes: Iterable[bytes], now: float
) -> dict[bytes, float]:
    """Note that these were seen, unless that was noted before. On the writer's thread.

    Args:
        connection: In autocommit mode.
        lookups: Of this connection.
        info_hashes: 20 bytes each.
        now: Wall time.

    Returns:
        When each was first seen: earlier than now where the store holds a sign of it, and `BEFORE_THIS_STORE` where it
        holds none of anything.
    """
    wanted = list(info_hashes)
    with writing(connection):
        lookups.begin()
        noted = first_seen(connection, wanted)
        signs = []
        for info_hash, swarm in lookups.known_swarms(wanted).items():
            if info_hash not in noted:
                found_at = connection.execute(_OLDEST_SIGN, {"swarm": swarm, "never": _NEVER}).fetchone()[0]
                signs.append((swarm, min(found_at, to_ms(now))))
        lookups.note_first_seen(signs)
        lookups.swarms(wanted, to_ms(now))
        found = first_seen(connection, wanted)
        lookups.end()
    return found


def keep_run(connection: sqlite3.Connection, lookups: Lookups, key: str, at: float, body: bytes) -> bool:
    """Keep what a run found in place of the run before, and let go of old runs. On the writer's thread.

    Returns:
        False: it is too large. Nothing is kept then, for an older one would be compared with as if it were the last.
    """
    packed = zlib.compress(body, _QUICK) if len(body) <= MAX_RUN_BYTES else b""
    fits = bool(packed) and len(packed) <= MAX_PACKED_BYTES
    with writing(connection):
        lookups.begin()
        connection.execute("DELETE FROM last_run WHERE key = ? AND vantage = ?", (key, lookups.vantage))
        if fits:
            connection.execute(
                "INSERT INTO last_run (key, vantage, seq, at, body) VALUES (?, ?, ?, ?, ?)",
                (key, lookups.vantage, lookups.next_seq(), to_ms(at), packed),
            )
        _forget(connection, to_ms(at))
        lookups.end()
    return fits


def _forget(connection: sqlite3.Connection, now_ms: int) -> None:
    """Runs that are too old or too many, those from the future (of a clock that was set back) among the old."""
    rows = connection.execute(
        "SELECT id, typeof(at) = 'integer' AND at >= :old, length(body) FROM last_run"
        " ORDER BY at BETWEEN :old AND :now DESC, at DESC, id DESC",
        {"old": now_ms - RUN_DAYS * DAY_MS, "now": now_ms},
    ).fetchall()
    gone, size = [], 0
    for place, (number, in_time, length) in enumerate(rows):
        size += length
        if not in_time or place >= MAX_RUNS or size > MAX_ALL_PACKED_BYTES:
            gone.append((number,))
    connection.executemany("DELETE FROM last_run WHERE id = ?", gone)


def last_run(connection: sqlite3.Connection, vantage_uuid: str, key: str) -> tuple[float, bytes] | None:
    """When the last run of this key from this vantage was made, and what it found; None: there is none, or it is damaged."""
    row = connection.execute(
        "SELECT r.at, r.body FROM last_run AS r JOIN vantage ON vantage.id = r.vantage WHERE r.key = ? AND vantage.uuid = ?",
        (key, vantage_uuid),
    ).fetchone()
    if row is None or not isinstance(row[1], bytes):
        return None
    unpacking = zlib.decompressobj()
    try:
        body = unpacking.decompress(row[1], MAX_RUN_BYTES)
    except zlib.error:
        return None
    return (from_ms(row[0]), body) if unpacking.eof else None
