"""The tables, and how older files become what this version writes.

Times are integers: `at`, `begin`, `until` and whatever ends in `_at` milliseconds since 1970, `hour` and `day` numbers of whole
hours and days since 1970 (UTC), `_us` microseconds. Words (failure kinds, states, kinds of events), trackers, endpoints and
info hashes are numbers of lookup tables; endpoint 0 is the tracker as a whole. What a passkey could be part of is redacted
before it gets here. Facts carry their vantage and that vantage's sequence number, which together name a row in any store.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from trackerwatch.store.troubles import StoreRefusedError, Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

APPLICATION_ID = 0x54574831
"""`TWH1`, in the header of the file."""

_FIRST = """
CREATE TABLE vantage (id INTEGER PRIMARY KEY, uuid TEXT NOT NULL UNIQUE, name TEXT NOT NULL, seq INTEGER NOT NULL);
CREATE TABLE word (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE tracker (
  id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, url TEXT NOT NULL, host_port TEXT NOT NULL, protocol TEXT NOT NULL
);
CREATE TABLE endpoint (
  id INTEGER PRIMARY KEY, tracker INTEGER NOT NULL, family TEXT NOT NULL, address TEXT NOT NULL, port INTEGER NOT NULL,
  UNIQUE (tracker, family, address, port)
);
CREATE TABLE swarm (id INTEGER PRIMARY KEY, info_hash BLOB NOT NULL UNIQUE);

-- One round at an endpoint, or (endpoint 0) at the tracker as a whole.
CREATE TABLE sample (
  tracker INTEGER NOT NULL, endpoint INTEGER NOT NULL, at INTEGER NOT NULL, vantage INTEGER NOT NULL, seq INTEGER NOT NULL,
  failure INTEGER, answered INTEGER NOT NULL, counted INTEGER NOT NULL, latency_us INTEGER, covers_ms INTEGER NOT NULL,
  resolve_us INTEGER, connect_us INTEGER, tls_us INTEGER, exchange_us INTEGER,
  requests INTEGER NOT NULL, lost INTEGER NOT NULL,
  PRIMARY KEY (tracker, endpoint, at, vantage, seq)
) WITHOUT ROWID;
-- Those that speak for more than an hour, of which there are few: others need not be looked for a day ahead.
CREATE INDEX sample_of_long ON sample (tracker, endpoint, at) WHERE covers_ms > 3600000;
CREATE TABLE failure_text (
  tracker INTEGER NOT NULL, endpoint INTEGER NOT NULL, at INTEGER NOT NULL, vantage INTEGER NOT NULL, seq INTEGER NOT NULL,
  kind INTEGER NOT NULL, text TEXT NOT NULL,
  PRIMARY KEY (tracker, endpoint, at, vantage, seq)
) WITHOUT ROWID;
CREATE TABLE hourly (
  tracker INTEGER NOT NULL, endpoint INTEGER NOT NULL, hour INTEGER NOT NULL, vantage INTEGER NOT NULL, seq INTEGER NOT NULL,
  successes INTEGER NOT NULL, counted INTEGER NOT NULL, covered_ms INTEGER NOT NULL, tally BLOB NOT NULL,
  PRIMARY KEY (tracker, endpoint, hour, vantage)
) WITHOUT ROWID;
CREATE TABLE daily (
  tracker INTEGER NOT NULL, endpoint INTEGER NOT NULL, day INTEGER NOT NULL, vantage INTEGER NOT NULL, seq INTEGER NOT NULL,
  successes INTEGER NOT NULL, counted INTEGER NOT NULL, covered_ms INTEGER NOT NULL, tally BLOB NOT NULL,
  PRIMARY KEY (tracker, endpoint, day, vantage)
) WITHOUT ROWID;
-- Hours and days whose roll-up is older than what it is made of, or was not made yet.
CREATE TABLE stale_hour (
  tracker INTEGER NOT NULL, endpoint INTEGER NOT NULL, hour INTEGER NOT NULL, vantage INTEGER NOT NULL,
  PRIMARY KEY (tracker, endpoint, vantage, hour)
) WITHOUT ROWID;
CREATE TABLE stale_day (
  tracker INTEGER NOT NULL, endpoint INTEGER NOT NULL, day INTEGER NOT NULL, vantage INTEGER NOT NULL,
  PRIMARY KEY (tracker, endpoint, vantage, day)
) WITHOUT ROWID;
-- Raw samples before this hour were deleted: roll-ups of hours before it are all there is.
CREATE TABLE floor (
  tracker INTEGER NOT NULL, endpoint INTEGER NOT NULL, hour INTEGER NOT NULL,
  PRIMARY KEY (tracker, endpoint)
) WITHOUT ROWID;
-- The hour in which old rows were last deleted, by any program.
CREATE TABLE chore (name TEXT PRIMARY KEY, hour INTEGER NOT NULL) WITHOUT ROWID;

-- One list of info hashes that a tracker was asked for at once, and when it last answered that.
CREATE TABLE round (
  id INTEGER PRIMARY KEY, tracker INTEGER NOT NULL, vantage INTEGER NOT NULL, seq INTEGER NOT NULL, digest BLOB NOT NULL,
  at INTEGER NOT NULL,
  UNIQUE (tracker, vantage, digest)
);
-- What the latest scrape said. A row that names a round holds until that round's time.
CREATE TABLE latest (
  tracker INTEGER NOT NULL, swarm INTEGER NOT NULL, vantage INTEGER NOT NULL, seq INTEGER NOT NULL,
  seeders INTEGER, leechers INTEGER, completed INTEGER, answer INTEGER NOT NULL, at INTEGER NOT NULL, round INTEGER,
  seeded_at INTEGER,
  PRIMARY KEY (tracker, vantage, swarm)
) WITHOUT ROWID;
CREATE INDEX latest_of_swarm ON latest (swarm);
-- How counts changed: the last of each hour, later of each day. Clustered so that a round touches few pages.
CREATE TABLE swarm_hour (
  tracker INTEGER NOT NULL, hour INTEGER NOT NULL, swarm INTEGER NOT NULL, vantage INTEGER NOT NULL, seq INTEGER NOT NULL,
  seeders INTEGER, leechers INTEGER, completed INTEGER, answer INTEGER NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (tracker, hour, swarm, vantage)
) WITHOUT ROWID;
CREATE TABLE swarm_day (
  tracker INTEGER NOT NULL, day INTEGER NOT NULL, swarm INTEGER NOT NULL, vantage INTEGER NOT NULL, seq INTEGER NOT NULL,
  seeders INTEGER, leechers INTEGER, completed INTEGER, answer INTEGER NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (tracker, day, swarm, vantage)
) WITHOUT ROWID;
CREATE TABLE announced (
  tracker INTEGER NOT NULL, swarm INTEGER NOT NULL, vantage INTEGER NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL,
  not_before INTEGER, seeded_at INTEGER, outcome TEXT NOT NULL,
  PRIMARY KEY (tracker, vantage, swarm)
) WITHOUT ROWID;
CREATE INDEX announced_of_swarm ON announced (swarm);

CREATE TABLE memory (
  tracker INTEGER NOT NULL, vantage INTEGER NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL, state INTEGER NOT NULL,
  since_at INTEGER, last_success_at INTEGER, scraped_at INTEGER, content TEXT,
  PRIMARY KEY (tracker, vantage)
) WITHOUT ROWID;
CREATE TABLE transition (
  at INTEGER NOT NULL, vantage INTEGER NOT NULL, seq INTEGER NOT NULL, kind INTEGER NOT NULL, from_state INTEGER,
  to_state INTEGER, reason INTEGER, message TEXT NOT NULL, tracker INTEGER, endpoint INTEGER, swarm INTEGER,
  name TEXT NOT NULL,
  PRIMARY KEY (at, vantage, seq)
) WITHOUT ROWID;
CREATE INDEX transition_of_tracker ON transition (tracker, at) WHERE swarm IS NULL;
CREATE INDEX transition_of_swarm ON transition (swarm, at) WHERE swarm IS NOT NULL;
CREATE TABLE gap (
  begin INTEGER NOT NULL, vantage INTEGER NOT NULL, seq INTEGER NOT NULL, until INTEGER NOT NULL, kind INTEGER NOT NULL,
  message TEXT NOT NULL,
  PRIMARY KEY (begin, vantage, seq)
) WITHOUT ROWID;
-- Shared by all programs on this store, whatever their vantage: a tracker sees one machine.
CREATE TABLE manners (
  tracker INTEGER PRIMARY KEY, vantage INTEGER NOT NULL, seq INTEGER NOT NULL, asked_at INTEGER, not_before INTEGER,
  not_before_said_at INTEGER, never TEXT, never_said_at INTEGER, min_interval_ms INTEGER, min_interval_said_at INTEGER
)
"""

_SECOND = """
-- When any program on this store first saw a torrent. Files of the first version told it of none: see `runs`.
CREATE TABLE first_seen (
  swarm INTEGER PRIMARY KEY, vantage INTEGER NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL
);
-- What the latest report of one command line found, packed: what the next one is compared with.
CREATE TABLE last_run (
  id INTEGER PRIMARY KEY, key TEXT NOT NULL, vantage INTEGER NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL,
  body BLOB NOT NULL,
  UNIQUE (key, vantage)
)
"""

STEPS: tuple[str, ...] = (_FIRST, _SECOND)
"""Statements that make version n + 1 of version n, with `;` between them. What was released is never edited: a change is a
step more."""

OLDEST_READABLE = 1
"""Files from this version on can be looked at as they are: later versions added tables to it, and changed none."""


def version(connection: sqlite3.Connection) -> int:
    """The version of the schema of a file; 0: an empty one."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[None]:
    """One transaction that is the only one to write, from its begin; undone by an exception."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # Some errors (a full disk) have ended the transaction already.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def refuse_strangers(application_id: int, user_version: int, *, empty: bool, where: str, newest: int) -> None:
    """Stop at a file that is not ours or of a version that is not known here.

    Raises:
        StoreRefusedError: It is one.
    """
    if application_id != APPLICATION_ID and not (empty and application_id == 0 and user_version == 0):
        raise StoreRefusedError(Trouble(f"history {where}: the file belongs to another program; it was not touched"))
    if user_version > newest:
        raise StoreRefusedError(
            Trouble(
                f"history {where}: written by a newer trackerwatch (schema {user_version}, this one knows {newest});"
                " it was not touched"
            )
        )


def refuse_other_tables(connection: sqlite3.Connection, where: str, steps: Sequence[str] = STEPS) -> None:
    """Stop at a file whose tables are not those that these steps make, or that acts by itself when it is written to.

    A file that somebody hands over may hold a view that never ends where a table should be. Other tables beside ours, such as
    somebody's own views, are never looked at.

    Raises:
        StoreRefusedError: It is such a file. It was not touched.
    """
    found = connection.execute(_SHAPE).fetchall()
    if not _shape(tuple(steps)) <= set(found) or any(kind == "trigger" for kind, *_ in found):
        raise StoreRefusedError(Trouble(f"history {where}: its tables are not those of a history; it was not touched"))


_SHAPE = "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL"


@cache
def _shape(steps: tuple[str, ...]) -> frozenset[tuple[str, str, str, str]]:
    connection = sqlite3.connect(":memory:")
    try:
        for step in steps:
            connection.executescript(step)
        return frozenset(connection.execute(_SHAPE).fetchall())
    finally:
        connection.close()


def check(connection: sqlite3.Connection, where: str, steps: Sequence[str] = STEPS) -> int:
    """The version of a file that this program may use.

    Raises:
        StoreRefusedError: It is another program's, of a newer version, or its tables are not ours. It was not touched.
    """
    with _at_one_moment(connection):
        identity = int(connection.execute("PRAGMA application_id").fetchone()[0])
        empty = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
        found = version(connection)
        refuse_strangers(identity, found, empty=empty, where=where, newest=len(steps))
        if found:
            refuse_other_tables(connection, where, steps[:found])
    return found


@contextmanager
def _at_one_moment(connection: sqlite3.Connection) -> Iterator[None]:
    """Another program may be migrating the file: what is read inside belongs together."""
    begun = not connection.in_transaction
    if begun:
        connection.execute("BEGIN")
    try:
        yield
    finally:
        if begun and connection.in_transaction:
            connection.execute("ROLLBACK")


def migrate(connection: sqlite3.Connection, where: str, steps: Sequence[str] = STEPS) -> None:
    """Bring a file to the latest version, in one transaction: all of it or nothing.

    Args:
        connection: To the file, in autocommit mode.
        where: What to call the file in a refusal.
        steps: Statements of each version.

    Raises:
        StoreRefusedError: As `check`.
        sqlite3.Error: The disk or a lock stood in the way.
    """
    if check(connection, where, steps) == len(steps):
        return
    with writing(connection):
        # Again, now that nobody else can: two programs may have opened an old file at once.
        for step in steps[check(connection, where, steps) :]:
            # One by one: `executescript` would end the transaction.
            for statement in step.split(";"):
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(steps)}")
