"""Counts of swarms: written when they changed, confirmed by the round that saw them again.

A scrape of ten thousand swarms that brought nothing new is one row: `round.at`. A row of `latest` that names a round holds for
as long as that round was answered; a swarm that a later round could not ask (its request failed) is cut loose from it with the
time until which it did hold. What is compared with is read from the file, not kept in memory, so that several programs may
write counts of one tracker.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from trackerwatch.outcome import SwarmAnswer
from trackerwatch.store.lookups import marks
from trackerwatch.store.units import HOUR_MS, to_ms

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from trackerwatch.engine.records import AnnouncedRecord, ScrapeRecord
    from trackerwatch.store.lookups import Lookups

LATEST = (
    "SELECT swarm.info_hash, l.swarm, l.seeders, l.leechers, l.completed, l.answer, coalesce(round.at, l.at),"
    " l.round, l.seeded_at FROM latest AS l JOIN swarm ON swarm.id = l.swarm LEFT JOIN round ON round.id = l.round"
    " WHERE l.tracker = ? AND l.vantage = ?"
)
"""What is known of swarms at a tracker: info hash, number, seeders, leechers, completed, answer, until when it was true, the
round that says so, and when there last was a seeder before that."""

Known = tuple[bytes, int, int | None, int | None, int | None, int, int, int | None, int | None]
_SOME = 200
"""Up to so many are looked up one by one; for more, all swarms of the tracker are read."""

_NOTHING_SAID = (SwarmAnswer.NOT_ASKED, SwarmAnswer.FAILED)


def known(
    connection: sqlite3.Connection, tracker: int, vantage: int, info_hashes: Sequence[bytes]
) -> dict[bytes, Known]:
    """What is known of these swarms (20 bytes each) at a tracker, by info hash; others may be in it too."""
    if len(info_hashes) > _SOME:
        rows = connection.execute(LATEST, (tracker, vantage))
    else:
        wanted = list(info_hashes)
        rows = connection.execute(
            f"{LATEST} AND l.swarm IN (SELECT id FROM swarm WHERE info_hash IN ({marks(wanted)}))",
            (tracker, vantage, *wanted),
        )
    return {row[0]: row for row in rows}


def write_scrape(connection: sqlite3.Connection, lookups: Lookups, record: ScrapeRecord) -> None:
    """Write down what one scrape brought. Within a write transaction."""
    columns = record.columns
    answers = columns.answers
    # A round without one answer says nothing of any swarm.
    if not len(answers.translate(None, bytes(_NOTHING_SAID))):
        return
    at = to_ms(record.at)
    tracker, vantage = lookups.tracker(record.tracker), lookups.vantage
    before = known(connection, tracker, vantage, record.info_hashes)
    round_ = _round(connection, lookups, tracker, record, at)
    numbers = lookups.swarms((h for h in record.info_hashes if h not in before), at)
    latest: list[tuple[int | None, ...]] = []
    changed: list[tuple[int | None, ...]] = []
    counts = zip(record.info_hashes, columns.seeders, columns.leechers, columns.completed, answers, strict=True)
    for info_hash, seeders, leechers, completed, answer in counts:
        was = before.get(info_hash)
        if answer in _NOTHING_SAID:
            if was is not None and was[7] == round_:
                latest.append((tracker, was[1], vantage, lookups.next_seq(), *was[2:6], was[6], None, was[8]))
            continue
        now = (
            None if seeders < 0 else seeders,
            None if leechers < 0 else leechers,
            None if completed < 0 else completed,
            answer,
        )
        if was is not None and was[2:6] == now:
            if was[7] == round_:
                continue
            latest.append((tracker, was[1], vantage, lookups.next_seq(), *now, at, round_, was[8]))
            continue
        swarm = numbers[info_hash] if was is None else was[1]
        seeded_at = at if seeded(now) else None if was is None else last_seeded(was)
        latest.append((tracker, swarm, vantage, lookups.next_seq(), *now, at, round_, seeded_at))
        changed.append((tracker, at // HOUR_MS, swarm, vantage, lookups.next_seq(), *now, at))
    connection.executemany("INSERT OR REPLACE INTO latest VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", latest)
    connection.executemany("INSERT OR REPLACE INTO swarm_hour VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", changed)
    # Only now: until here the round's time is that of the answer before, which cut-loose swarms keep.
    connection.execute("UPDATE round SET at = ?, seq = ? WHERE id = ?", (at, lookups.next_seq(), round_))
    connection.execute(
        "INSERT INTO memory (tracker, vantage, seq, at, state, scraped_at) VALUES (?, ?, ?, 0, 0, ?)"
        " ON CONFLICT (tracker, vantage) DO UPDATE SET scraped_at = excluded.scraped_at,"
        " seq = excluded.seq",
        (tracker, vantage, lookups.next_seq(), at),
    )


def write_announced(connection: sqlite3.Connection, lookups: Lookups, record: AnnouncedRecord, outcome: str) -> None:
    """Write down what one announce brought. Within a write transaction.

    Its counts become history only where no scrape tells of the swarm: two sources that differ a little would look like change.
    """
    at = to_ms(record.at)
    tracker, vantage = lookups.tracker(record.tracker), lookups.vantage
    swarm = lookups.swarms((record.info_hash,), at)[record.info_hash]
    counts = record.outcome.counts
    row = connection.execute(
        "SELECT seeded_at, outcome FROM announced WHERE tracker = ? AND vantage = ? AND swarm = ?",
        (tracker, vantage, swarm),
    ).fetchone()
    seeded_at = at if counts.seeders else None if row is None else row[0]
    endless = record.not_before == float("inf")
    connection.execute(
        "INSERT OR REPLACE INTO announced VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            tracker,
            swarm,
            vantage,
            lookups.next_seq(),
            at,
            None if endless else to_ms(record.not_before),
            seeded_at,
            outcome,
        ),
    )
    if counts.seeders is None:
        return
    scraped = connection.execute(
        "SELECT 1 FROM latest WHERE tracker = ? AND vantage = ? AND swarm = ? AND answer = ?",
        (tracker, vantage, swarm, int(SwarmAnswer.ANSWERED)),
    ).fetchone()
    if scraped is None:
        connection.execute(
            "INSERT OR REPLACE INTO swarm_hour VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                tracker,
                at // HOUR_MS,
                swarm,
                vantage,
                lookups.next_seq(),
                counts.seeders,
                counts.leechers,
                counts.completed,
                int(SwarmAnswer.ANSWERED),
                at,
            ),
        )


def seeded(counts: tuple[int | None, int | None, int | None, int]) -> bool:
    """Whether these counts (seeders, leechers, completed, answer) tell of a seeder."""
    return counts[3] == SwarmAnswer.ANSWERED and bool(counts[0])


def last_seeded(row: Known) -> int | None:
    """When there last was a seeder, in milliseconds, by a row of `LATEST`."""
    return row[6] if seeded((row[2], row[3], row[4], row[5])) else row[8]


def _round(connection: sqlite3.Connection, lookups: Lookups, tracker: int, record: ScrapeRecord, at: int) -> int:
    digest = blake2b(b"".join(record.info_hashes), digest_size=16).digest()
    key = (tracker, lookups.vantage, digest)
    find = "SELECT id FROM round WHERE tracker = ? AND vantage = ? AND digest = ?"
    row = connection.execute(find, key).fetchone()
    if row is None:
        connection.execute(
            "INSERT INTO round (tracker, vantage, seq, digest, at) VALUES (?, ?, ?, ?, ?)",
            (tracker, lookups.vantage, lookups.next_seq(), digest, at),
        )
        row = connection.execute(find, key).fetchone()
    return int(row[0])
