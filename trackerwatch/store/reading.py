"""The thread that reads: its own connection to the file, which a writer never blocks."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from trackerwatch.store.opening import log_of, open_reader
from trackerwatch.store.troubles import NONSENSE, StoreRefusedError, explain

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from pathlib import Path

    from trackerwatch.store.opening import Timed

READ_S = 20.0
"""So long anything may be looked for: a large history takes a second, and somebody waits."""

T = TypeVar("T")


class Unreadable(Exception):  # noqa: N818 - a state, not a mistake
    """The file cannot be read now."""


class Reader:
    """One thread, one connection, opened when it is first needed and again where the file became another one."""

    def __init__(self, path: Path, on_damage: Callable[[sqlite3.Error], None], *, traceless: bool = False) -> None:
        """Open nothing yet.

        Args:
            path: The file.
            on_damage: Called on the thread with what SQLite says of a broken file.
            traceless: Where nobody else has the file open, leave no log of our own beside it.
        """
        self._path = path
        self._traceless = traceless
        self._on_damage = on_damage
        self._connection: Timed | None = None
        self._identity: tuple[int, int] | None = None
        self._until = float("inf")
        self._closing = False
        self.trouble = ""
        """Why the last thing could not be read, in one clean line. Empty: it could."""
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="store-reader")

    def submit(self, job: Callable[[sqlite3.Connection], T]) -> Future[T]:
        """Run this on the thread. It ends with `Unreadable` where the file cannot be read."""
        return self._executor.submit(self._do, job)

    def close(self) -> None:
        """End; what is under way is broken off, since nobody waits for it any more."""
        self._closing = True
        self._executor.submit(self._drop)
        self._executor.shutdown(wait=True, cancel_futures=False)

    def _do(self, job: Callable[[sqlite3.Connection], T]) -> T:
        self._until = time.monotonic() + READ_S
        try:
            found = self._alone(job) if self._traceless and not log_of(self._path).exists() else job(self._open())
        except (sqlite3.Error, OSError, StoreRefusedError, *NONSENSE) as error:
            self._drop()
            trouble = explain(error, self._path)
            self.trouble = trouble.message
            if isinstance(error, sqlite3.Error) and trouble.damaged:
                self._on_damage(error)
            raise Unreadable from error
        self.trouble = ""
        return found

    def _alone(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """Do it with a file that nobody else has open. Should somebody come meanwhile, do it again as others do."""
        before = _state(self._path)
        try:
            with contextlib.closing(open_reader(self._path, alone=True)) as connection:
                connection.give_up_when(self._is_over)
                found = job(connection)
            disturbed = _state(self._path) != before
        except sqlite3.Error:
            if _state(self._path) == before:
                raise
            disturbed = True
        return job(self._open()) if disturbed else found

    def _open(self) -> sqlite3.Connection:
        found = self._path.stat()
        identity = found.st_dev, found.st_ino
        if self._connection is None or identity != self._identity:
            self._drop()
            self._connection, self._identity = open_reader(self._path), identity
            self._connection.give_up_when(self._is_over)
        return self._connection

    def _is_over(self) -> bool:
        return self._closing or time.monotonic() >= self._until

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _state(path: Path) -> tuple[bool, int, int, int]:
    """What changes where anybody writes to a store."""
    status = path.stat()
    return log_of(path).exists(), status.st_ino, status.st_size, status.st_mtime_ns
