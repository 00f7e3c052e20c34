"""Numbers for what recurs: trackers, endpoints, words, the vantage. Kept in memory by the writer, who alone makes new ones."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trackerwatch.outcome import Endpoint
    from trackerwatch.tracker import Tracker

WHOLE_TRACKER = 0
"""The endpoint of samples that speak for a tracker as a whole."""

MAX_TEXT_CHARS = 4096
"""Of any text that is read: a URL may be that long."""
BEFORE_THIS_STORE = 0.0
"""When torrents were first seen, wall time, that the first run on a store found: nothing says that they are new."""
FIRST_RUN_MS = 3_600_000
"""So long a first run takes every torrent for one that was there before: a screen asks each tracker within an interval or two."""
_MAX_SEQ = 1 << 62
_MAX_KEPT = 20_000
_HASHES_A_QUERY = 400


class Lookups:
    """Use it within a write transaction; after one that was undone, call `forget`."""

    __slots__ = (
        *("_begun_ms", "_connection", "_endpoints", "_trackers", "_words"),
        *("is_first", "seq", "vantage", "vantage_name", "vantage_uuid"),
    )

    def __init__(self, connection: sqlite3.Connection, vantage_uuid: str, vantage_name: str) -> None:
        self._connection = connection
        self.vantage_uuid = vantage_uuid
        self.vantage_name = vantage_name
        self.vantage = 0
        self.seq = 0
        self.is_first = connection.execute("SELECT 1 FROM swarm LIMIT 1").fetchone() is None
        """Whether no torrent had been seen on this store when it was opened."""
        self._begun_ms: int | None = None
        """When the first of all torrents was noted."""
        self.forget()

    def forget(self) -> None:
        """Nothing in memory holds any more."""
        self._trackers: dict[str, int] = {}
        self._endpoints: dict[tuple[int, Endpoint], int] = {}
        self._words: dict[str, int] = {}

    def begin(self) -> None:
        """The first thing in a transaction: where this vantage's sequence stands, which other programs write to as well."""
        row = self._connection.execute(
            "SELECT id, seq, name FROM vantage WHERE uuid = ?", (self.vantage_uuid,)
        ).fetchone()
        if row is None:
            self._connection.execute(
                "INSERT INTO vantage (uuid, name, seq) VALUES (?, ?, 0)", (self.vantage_uuid, self.vantage_name)
            )
            return self.begin()
        self.vantage, seq, name = row
        if not isinstance(seq, int) or not 0 <= seq < _MAX_SEQ:
            raise sqlite3.DatabaseError("the numbers of its rows are no numbers, or used up")
        self.seq = seq
        if name != self.vantage_name:
            self._connection.execute("UPDATE vantage SET name = ? WHERE id = ?", (self.vantage_name, self.vantage))
        return None

    def end(self) -> None:
        """The last thing in a transaction: keep what `next_seq` gave away."""
        self._connection.execute("UPDATE vantage SET seq = ? WHERE id = ?", (self.seq, self.vantage))

    def next_seq(self) -> int:
        """The number of one more row of this vantage."""
        self.seq += 1
        return self.seq

    def next_seq_of(self, vantage: int) -> int:
        """The number of one more row of any vantage: a merged store holds several."""
        if vantage == self.vantage:
            return self.next_seq()
        self._connection.execute("UPDATE vantage SET seq = seq + 1 WHERE id = ?", (vantage,))
        return self._id("SELECT seq FROM vantage WHERE id = ?", (vantage,))

    def tracker(self, tracker: Tracker) -> int:
        """The number of a tracker. What is written of it is its id and its redacted URL, never a key."""
        known = self._trackers.get(tracker.id)
        if known is None:
            _bound(self._trackers)
            self._connection.execute(
                "INSERT OR IGNORE INTO tracker (key, url, host_port, protocol) VALUES (?, ?, ?, ?)",
                (tracker.id, tracker.shown_url, tracker.host_port, str(tracker.protocol)),
            )
            known = self._trackers[tracker.id] = self._id("SELECT id FROM tracker WHERE key = ?", (tracker.id,))
        return known

    def endpoint(self, tracker: int, endpoint: Endpoint | None) -> int:
        """The number of a tracker's endpoint; 0 for the tracker as a whole."""
        if endpoint is None:
            return WHOLE_TRACKER
        known = self._endpoints.get((tracker, endpoint))
        if known is None:
            _bound(self._endpoints)
            row = (tracker, str(endpoint.family), endpoint.address, endpoint.port)
            self._connection.execute(
                "INSERT OR IGNORE INTO endpoint (tracker, family, address, port) VALUES (?, ?, ?, ?)", row
            )
            known = self._endpoints[tracker, endpoint] = self._id(
                "SELECT id FROM endpoint WHERE tracker = ? AND family = ? AND address = ? AND port = ?", row
            )
        return known

    def word(self, text: str | None) -> int | None:
        """The number of a word; None for none."""
        if text is None:
            return None
        known = self._words.get(text)
        if known is None:
            _bound(self._words)
            self._connection.execute("INSERT OR IGNORE INTO word (text) VALUES (?)", (str(text),))
            known = self._words[text] = self._id("SELECT id FROM word WHERE text = ?", (str(text),))
        return known

    def swarms(self, info_hashes: Iterable[bytes], at_ms: int) -> dict[bytes, int]:
        """The numbers of info hashes, 20 bytes each. Not kept in memory: there are too many.

        Args:
            info_hashes: Of which swarms.
            at_ms: When they were seen, which is noted of new ones.
        """
        wanted = list(dict.fromkeys(info_hashes))
        found = self.known_swarms(wanted)
        if missing := [info_hash for info_hash in wanted if info_hash not in found]:
            self._connection.executemany("INSERT INTO swarm (info_hash) VALUES (?)", ((h,) for h in missing))
            new = self.known_swarms(missing)
            self.note_first_seen((number, at_ms) for number in new.values())
            found.update(new)
        return found

    def note_first_seen(self, swarms: Iterable[tuple[int, int]]) -> None:
        """Note of swarms (number, time in ms) that they are known since then. What was noted before stays.

        What the first run on a store finds was there before, as far as anybody knows.
        """
        self._connection.executemany(
            "INSERT OR IGNORE INTO first_seen (swarm, vantage, seq, at) VALUES (?, ?, ?, ?)",
            ((swarm, self.vantage, self.next_seq(), self._known_since(at_ms)) for swarm, at_ms in swarms),
        )

    def _known_since(self, at_ms: int) -> int:
        if not self.is_first:
            return at_ms
        if self._begun_ms is None:
            self._begun_ms = at_ms
        return int(BEFORE_THIS_STORE) if at_ms - self._begun_ms < FIRST_RUN_MS else at_ms

    def known_swarms(self, info_hashes: list[bytes]) -> dict[bytes, int]:
        """The numbers of those info hashes that have one."""
        found: dict[bytes, int] = {}
        for first in range(0, len(info_hashes), _HASHES_A_QUERY):
            part = info_hashes[first : first + _HASHES_A_QUERY]
            found.update(
                self._connection.execute(f"SELECT info_hash, id FROM swarm WHERE info_hash IN ({marks(part)})", part)
            )
        return found

    def _id(self, query: str, row: tuple[object, ...]) -> int:
        return int(self._connection.execute(query, row).fetchone()[0])


def short(column: str) -> str:
    """The expression for a text of bounded length: one word of a file that somebody made stands in a thousand rows."""
    return f"substr(CAST({column} AS TEXT), 1, {MAX_TEXT_CHARS})"


def marks(values: list[bytes]) -> str:
    """As many question marks as there are values."""
    return ",".join("?" * len(values))


def _bound(cache: dict[object, int] | dict[str, int] | dict[tuple[int, Endpoint], int]) -> None:
    if len(cache) >= _MAX_KEPT:
        cache.clear()
