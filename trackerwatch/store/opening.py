"""Opening a store's file: created for its owner alone, looked at before it is touched, tuned for one writer and many readers."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import stat
import struct
import threading
from typing import TYPE_CHECKING, Any

from trackerwatch.outside_text import clean
from trackerwatch.store.schema import OLDEST_READABLE, STEPS, check, migrate, refuse_other_tables, refuse_strangers
from trackerwatch.store.troubles import StoreRefusedError, Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

BUSY_S = 0.25
"""So long a statement waits for another program's lock."""

MAX_VALUE_BYTES = 4 << 20
"""Of any one value. What this program writes is smaller by far; a file from elsewhere could fill the memory."""

_STEPS_A_LOOK = 20_000
"""Of SQLite's machine between two looks at the clock: less than a millisecond."""

_MAGIC = b"SQLite format 3\0"
_HEADER_BYTES = 100


def open_writer(path: Path | None, steps: Sequence[str] = STEPS) -> sqlite3.Connection:
    """Open a store to write, made or migrated where need be.

    Args:
        path: The file; None: a database in memory.
        steps: See `schema.STEPS`.

    Raises:
        OSError, sqlite3.Error, StoreRefusedError: It cannot be used now; see `troubles.explain`.
    """
    if path is None:
        connection = sqlite3.connect(":memory:", isolation_level=None)
    else:
        look(path, newest=len(steps))
        _make(path)
        connection = sqlite3.connect(_uri(path, "rw"), uri=True, isolation_level=None, timeout=BUSY_S)
    try:
        _distrust(connection)
        where = "in memory" if path is None else clean(os.fspath(path))
        check(connection, where, steps)
        if path is not None:
            connection.execute("PRAGMA journal_mode = WAL")
            # A power cut may take the last batches; a killed program loses none that was committed.
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA journal_size_limit = 16777216")
        connection.execute("PRAGMA cache_size = -8000")
        migrate(connection, where, steps)
    except BaseException:
        connection.close()
        raise
    return connection


def log_of(path: Path) -> Path:
    """The file beside a store that is there while anybody has the store open, and after a crash."""
    return path.with_name(path.name + "-wal")


class Timed(sqlite3.Connection):
    """Asks before each statement, and now and then within one, whether it is time to give up."""

    is_over: Callable[[], bool] | None = None

    def give_up_when(self, is_over: Callable[[], bool]) -> None:
        """End with `sqlite3.OperationalError` as soon as this is true."""
        self.is_over = is_over
        self.set_progress_handler(is_over, _STEPS_A_LOOK)

    def execute(self, *words: Any) -> sqlite3.Cursor:
        """As ever. A loop of small statements would never be looked at by SQLite itself."""
        if self.is_over is not None and self.is_over():
            raise sqlite3.OperationalError("reading it takes too long")
        return super().execute(*words)


def open_reader(path: Path, steps: Sequence[str] = STEPS, *, alone: bool = False) -> Timed:
    """Open a store to read, beside whoever writes; also one on a file system that is read-only.

    Args:
        path: The file.
        steps: See `schema.STEPS`.
        alone: Nobody else has it open: no file is made beside it, and none is read.

    Raises:
        OSError, sqlite3.Error, StoreRefusedError: It cannot be read.
    """
    found = look(path, newest=len(steps))
    if not found:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), os.fspath(path))
    if alone:
        return _reading(_uri(path, "ro") + "&immutable=1", path, steps)
    try:
        return _reading(_uri(path, "ro"), path, steps)
    except sqlite3.OperationalError:
        # WAL wants to create files beside it. Where it cannot, nobody writes; but pages that lie in a log would be missed.
        log = log_of(path)
        if os.access(path.parent, os.W_OK) or (log.exists() and log.stat().st_size):
            raise
        return _reading(_uri(path, "ro") + "&immutable=1", path, steps)


def _reading(uri: str, path: Path, steps: Sequence[str]) -> Timed:
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=BUSY_S, factory=Timed)
    try:
        _distrust(connection)
        connection.execute("PRAGMA query_only = 1")
        connection.execute("PRAGMA cache_size = -8000")
        found = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if not OLDEST_READABLE <= found <= len(steps):
            raise StoreRefusedError(  # noqa: TRY301 - closes what it has just opened
                Trouble(f"history {clean(os.fspath(path))}: schema {found}, which cannot be read before it is migrated")
            )
        refuse_other_tables(connection, clean(os.fspath(path)), steps[:found])
    except BaseException:
        connection.close()
        raise
    return connection


def _distrust(connection: sqlite3.Connection) -> None:
    """Take a file for what it may be: written by anybody."""
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES)
    connection.execute("PRAGMA trusted_schema = 0")
    # Text that is none is no reason to read nothing.
    connection.text_factory = _text


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def look(path: Path, newest: int) -> bool:
    """See by its first bytes whether a file may be opened at all, since opening can change a file.

    Returns:
        Whether there is one with anything in it.

    Raises:
        StoreRefusedError: It is no database, another program's, or of a newer version.
        OSError: It cannot be read.
    """
    where = clean(os.fspath(path))
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(path))
        if not stat.S_ISREG(mode):
            raise StoreRefusedError(Trouble(f"history {where}: not a regular file"))
        header = _first_bytes(path)
    except FileNotFoundError:
        return False
    if not header:
        return False
    if len(header) < _HEADER_BYTES or not header.startswith(_MAGIC):
        raise StoreRefusedError(Trouble(f"history {where}: the file is damaged or no history; it was not touched"))
    user_version, application_id = (struct.unpack_from(">I", header, at)[0] for at in (60, 68))
    # A program killed between creating and filling it leaves a header with neither: SQLite looks closer.
    refuse_strangers(
        application_id, user_version, empty=application_id == user_version == 0, where=where, newest=newest
    )
    return True


_looked_at: dict[tuple[int, int], int] = {}
"""Descriptors of files that were looked at, by device and inode. They are never closed: closing any descriptor of a file drops
every POSIX lock that this process has on it, SQLite's too, and another program then deletes the log under a writer."""
_looking = threading.Lock()


def _first_bytes(path: Path) -> bytes:
    with _looking:
        status = path.stat()
        known = (status.st_dev, status.st_ino)
        descriptor = _looked_at.get(known)
        if descriptor is None:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
            found = os.fstat(descriptor)
            _looked_at[found.st_dev, found.st_ino] = descriptor
        return os.pread(descriptor, _HEADER_BYTES, 0)


def _make(path: Path) -> None:
    """The file and its folder, for their owner alone, where they are missing."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def _uri(path: Path, mode: str) -> str:
    return f"{path.absolute().as_uri()}?mode={mode}"
