"""The one thread that writes: batches about every second, claims at once, chores in small chunks in between.

It owns the connection. Where the file cannot be used it goes on with a database in memory, keeps (bounded) what is owed to the
file, and tries again every minute; where a file that is open cannot be written to (full, locked), what is pending waits for it.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections import deque
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

from trackerwatch.outside_text import clean
from trackerwatch.store.lookups import Lookups
from trackerwatch.store.opening import open_writer
from trackerwatch.store.pending import MAX_BATCH_RECORDS, Batch, Pending
from trackerwatch.store.recording import write_batch
from trackerwatch.store.retention import MEMORY_KEEPING, Keeping, due, forget
from trackerwatch.store.rollups import roll
from trackerwatch.store.schema import writing
from trackerwatch.store.troubles import NONSENSE, StoreRefusedError, Trouble, explain, explain_mistake

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from trackerwatch.engine.records import Record, TrackerMemory
    from trackerwatch.store.pending import Limits

BATCH_S = 1.0
RETRY_S = 60.0
"""So often a file that cannot be used is tried again."""
LOCKED_RETRY_S = 1.0
LOCKED_GRACE_S = 2.0
"""So long a batch waits for another program before that is worth a word: a round of ten thousand swarms takes a while."""
CHORES_S = 60.0
OPEN_S = 1.5
"""So long another program may hold the lock while a store is opened; two that make one at once are done in milliseconds."""
SLOW_DISK_S = 0.5
"""So much longer it is waited for; it goes on opening meanwhile."""

T = TypeVar("T")
Job = tuple["Future[Any]", "Callable[[sqlite3.Connection, Lookups], Any]"]


class NotWritableError(Exception):
    """The store is in trouble: what was asked for has to be done without it."""


class Writer:
    """Thread and queue. Every method may be called on any thread."""

    def __init__(
        self,
        path: Path | None,
        *,
        vantage_id: str,
        vantage_name: str,
        wall: Callable[[], float],
        on_trouble: Callable[[str], None],
        batch_s: float = BATCH_S,
        retry_s: float = RETRY_S,
        open_s: float | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.path = path
        self._vantage = (vantage_id, vantage_name)
        self._wall = wall
        self._on_trouble = on_trouble
        self._batch_s = batch_s
        self._retry_s = retry_s
        self._open_s = OPEN_S if open_s is None else open_s
        self._limits = limits

        self._wake = threading.Condition()
        # Shared, under `_wake`:
        self._pending = Pending(limits)
        self._jobs: deque[Job] = deque()
        self._in_flight: list[TrackerMemory] = []
        """Of the batch that is being written."""
        self._pending_since: float | None = None
        self._closing = False
        self._give_up_at = float("inf")

        # Of the thread alone:
        self._connection: sqlite3.Connection | None = None
        self._lookups: Lookups
        self._owed: Pending | None = None
        """While in memory: what the file has not got. None: the file is used, or never will be."""
        self._on_file = False
        self._identity: tuple[int, int] | None = None
        """Device and inode of the file that is used."""
        self._retry_at = float("inf")
        self._locked_since: float | None = None
        self._chores: Iterator[None] | None = None
        self._chores_at = 0.0

        # Written by the thread, read by anybody:
        self.trouble = ""
        self.is_first = False
        """Whether no torrent had been seen on this store before."""
        self.written = 0
        self.unwritable = 0
        self.errors = 0

        self._opened = threading.Event()
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()
        self._opened.wait(self._open_s + SLOW_DISK_S)

    # Asked by others.

    def record(self, record: Record) -> None:
        """Write this down soon. Never blocks for longer than another thread takes to swap a queue."""
        with self._wake:
            if self._closing:
                return
            self._pending.put(record)
            if self._pending_since is None:
                self._pending_since = time.monotonic()
                self._wake.notify()
            elif len(self._pending) == MAX_BATCH_RECORDS:
                self._wake.notify()

    def submit(self, job: Callable[[sqlite3.Connection, Lookups], T]) -> Future[T]:
        """Run this on the thread, before the next batch. It ends with `NotWritableError` where the store is in trouble."""
        future: Future[T] = Future()
        with self._wake:
            if self._closing:
                future.set_exception(NotWritableError())
            else:
                self._jobs.append((future, job))
                self._wake.notify()
        return future

    def flush(self) -> Future[bool]:
        """Write what waits without waiting for more. Whether that went well, once it was tried; as `submit` in trouble."""
        return self.submit(lambda *_: self._write_pending())

    def pending_memory(self, tracker_id: str) -> TrackerMemory | None:
        """The memory of a tracker that is not written yet."""
        with self._wake:
            in_flight = (m for m in self._in_flight if m.tracker.id == tracker_id)
            return self._pending.memory_of(tracker_id) or next(in_flight, None)

    @property
    def on_file(self) -> bool:
        """Whether what is written goes to the file, or waits for it."""
        return self._on_file

    @property
    def locked(self) -> bool:
        """Whether the file is only waited for: another program holds the lock."""
        return self._on_file and self._locked_since is not None

    @property
    def waiting(self) -> int:
        """Records not written yet."""
        with self._wake:
            return len(self._pending)

    def dropped(self) -> dict[str, int]:
        """Records that found no room while they waited, by kind."""
        with self._wake:
            counts = self._pending.dropped
            return dict(counts + self._owed.dropped if self._owed is not None else counts)

    def damaged(self, error: sqlite3.Error) -> None:
        """Somebody who read found the file damaged: it is not written to any more."""
        with self._wake:
            if not self._closing:
                self._jobs.append((Future(), lambda *_: self._failed(error) if self._on_file else None))
                self._wake.notify()

    def close(self, timeout_s: float) -> bool:
        """Write what waits, and end.

        Returns:
            Whether everything was written in time.
        """
        with self._wake:
            self._closing = True
            self._give_up_at = time.monotonic() + timeout_s
            self._wake.notify()
        self._thread.join(timeout_s + 1.0)
        with self._wake:
            return not self._thread.is_alive() and not len(self._pending) and self._owed is None

    # On the thread.

    def _run(self) -> None:
        try:
            self._open_first()
            self._opened.set()
            while self._step():
                pass
        except Exception as error:  # noqa: BLE001 - the boundary of the thread: what is a mistake of ours ends no program
            self._say(explain_mistake(error, self.path))
        finally:
            self._opened.set()
            if self._connection is not None:
                self._connection.close()
            with self._wake:
                self._closing = True
                jobs, self._jobs = list(self._jobs), deque()
            for future, _ in jobs:
                if future.set_running_or_notify_cancel():
                    future.set_exception(NotWritableError())

    def _step(self) -> bool:
        """Wait for something to do, and do it. False: that was the last."""
        with self._wake:
            while not self._closing and not self._jobs and (wait_s := self._due_in()) > 0:
                self._wake.wait(wait_s)
            jobs, self._jobs = list(self._jobs), deque()
            closing, pending = self._closing, self._batch_due_in() <= 0
        for future, job in jobs:
            self._do(future, job)
        if self._retry_at <= time.monotonic():
            self._retry()
        elif closing:
            written = self._connection is not None and self._write_pending()
            if time.monotonic() >= self._give_up_at:
                return False
            # A file that is gone is tried once more, at once.
            return (written and self.waiting > 0) or self._retry_at <= time.monotonic()
        elif pending:
            self._write_pending()
        elif self._chores_due_in() <= 0:
            self._chore()
        return True

    def _due_in(self) -> float:
        now = time.monotonic()
        return min(self._batch_due_in(), self._chores_due_in(), max(0.0, self._retry_at - now), 3600.0)

    def _batch_due_in(self) -> float:
        if self._held_back or self._connection is None or self._pending_since is None:
            return float("inf")
        if len(self._pending) >= MAX_BATCH_RECORDS:
            return 0.0
        return self._pending_since + self._batch_s - time.monotonic()

    def _chores_due_in(self) -> float:
        return float("inf") if self._held_back else self._chores_at - time.monotonic()

    @property
    def _held_back(self) -> bool:
        """The file could not be written to: nothing is tried before it is time again."""
        return self._on_file and self._retry_at < float("inf")

    def _do(self, future: Future[Any], job: Callable[[sqlite3.Connection, Lookups], Any]) -> None:
        if not future.set_running_or_notify_cancel():
            return
        if self._connection is None or (self._held_back and self.trouble) or self._is_gone():
            future.set_exception(NotWritableError())
            return
        try:
            result = job(self._connection, self._lookups)
        except (sqlite3.Error, *NONSENSE) as error:
            self._lookups.forget()
            self._failed(error)
            future.set_exception(NotWritableError())
        # Whatever else goes wrong belongs to whoever asked, not to the thread.
        except BaseException as error:  # noqa: BLE001 - as said above
            self._lookups.forget()
            future.set_exception(error)
        else:
            future.set_result(result)

    def _write_pending(self) -> bool:
        """Whether it was written, or there was nothing."""
        if self._is_gone():
            return False
        with self._wake:
            batch = self._pending.take()
            self._in_flight = batch.memories
            self._pending_since = time.monotonic() - self._batch_s if len(self._pending) else None
        if not len(batch):
            return True
        if self._connection is None:
            self._put_back(batch)
            return False
        try:
            self.unwritable += write_batch(self._connection, self._lookups, batch)
        except sqlite3.Error as error:
            if self._on_file:
                self._put_back(batch)
            else:
                self.unwritable += len(batch)
            self._failed(error, patient=True)
            return False
        self._locked_since = None
        with self._wake:
            self._in_flight = []
        self.written += len(batch)
        if self._owed is not None:
            with self._wake:
                for record in batch.records():
                    self._owed.put(record)
        return True

    def _is_gone(self) -> bool:
        """Whether the file that is used is not the one any more that others find: then it is opened anew, or made."""
        if not self._on_file or self._held_back or self.path is None or _identity(self.path) == self._identity:
            return False
        self.errors += 1
        self._degrade(Trouble(f"history {clean(os.fspath(self.path))}: the file was taken away or replaced"))
        self._retry_at = time.monotonic()
        return True

    def _put_back(self, batch: Batch) -> None:
        with self._wake:
            self._pending.put_back(batch)
            self._in_flight = []
            self._pending_since = self._pending_since or time.monotonic()

    def _chore(self) -> None:
        """One chunk of roll-up or retention."""
        if self._connection is None:
            self._chores_at = time.monotonic() + CHORES_S
            return
        if self._chores is None:
            self._chores = self._all_chores(self._connection)
        try:
            begun = time.monotonic()
            if next(self._chores, self) is self:
                self._chores, self._chores_at = None, begun + CHORES_S
            else:
                # Half of the time at most: others want the interpreter too.
                self._chores_at = 2 * time.monotonic() - begun
        except (sqlite3.Error, *NONSENSE) as error:
            self._lookups.forget()
            self._failed(error, patient=True)

    def _all_chores(self, connection: sqlite3.Connection) -> Iterator[None]:
        now = self._wall()
        keeping = Keeping() if self._on_file else MEMORY_KEEPING
        yield from roll(connection, self._lookups, now)
        if due(connection, now):
            yield from forget(connection, now, keeping)

    def _open_first(self) -> None:
        deadline = time.monotonic() + self._open_s
        while (trouble := self._open(self.path)) is not None:
            if not trouble.locked or time.monotonic() >= deadline:
                self._degrade(trouble)
                return
            time.sleep(0.02)

    def _open(self, path: Path | None) -> Trouble | None:
        """Use this database from now on. The trouble, where it cannot be; then the one before is still used."""
        try:
            connection = open_writer(path)
            try:
                lookups = Lookups(connection, *self._vantage)
                with writing(connection):
                    lookups.begin()
                    lookups.end()
            except BaseException:
                connection.close()
                raise
        except (sqlite3.Error, OSError, StoreRefusedError) as error:
            return explain(error, path)
        if self._connection is not None:
            self._connection.close()
        self._connection, self._lookups, self._on_file = connection, lookups, path is not None
        self._identity = None if path is None else _identity(path)
        self.is_first |= lookups.is_first and path == self.path
        self._chores, self._chores_at = None, 0.0
        return None

    def _failed(self, error: Exception, *, patient: bool = False) -> None:
        """A statement failed. Its transaction was undone.

        Args:
            error: How.
            patient: Where another program holds the lock, say nothing for a while.
        """
        self.errors += 1
        self._chores = None
        trouble = explain(error, self.path if self._on_file else None)
        if trouble.locked and self._on_file:
            now = time.monotonic()
            self._locked_since = now if self._locked_since is None else self._locked_since
            if patient and now - self._locked_since < LOCKED_GRACE_S:
                self._retry_at = now
                return
        self._degrade(trouble)

    def _degrade(self, trouble: Trouble) -> None:
        wait_s = LOCKED_RETRY_S if trouble.locked else self._retry_s
        if trouble.damaged:
            self._retry_at = float("inf")
            self._to_memory(owing=False)
        elif self.path is not None:
            self._retry_at = time.monotonic() + wait_s
            if not self._on_file:
                self._to_memory(owing=True)
        self._say(trouble.message)

    def _to_memory(self, *, owing: bool) -> None:
        with self._wake:
            self._owed = (self._owed or Pending(self._limits)) if owing else None
        if self._connection is not None and not self._on_file:
            return
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        # Cannot fail short of no memory at all, and then nothing is remembered.
        self._open(None)

    def _retry(self) -> None:
        """Try the file again."""
        if not (self._on_file and self._locked_since is not None):
            if self._on_file and self._connection is not None:
                # The handles of a file system that failed are not worth keeping.
                self._connection.close()
                self._connection = self._chores = None
            if (trouble := self._open(self.path)) is not None:
                self.errors += 1
                # Where it cannot even be opened, what happens from now on is at least known in this run.
                self._on_file = False
                self._degrade(trouble)
                return
        self._retry_at = float("inf")
        with self._wake:
            owed, self._owed = self._owed, None
            if owed is not None:
                self._pending.dropped += owed.dropped
                batches = []
                while len(batch := owed.take()):
                    batches.append(batch)
                for batch in reversed(batches):
                    self._pending.put_back(batch)
            self._in_flight = []
            self._pending_since = time.monotonic() - self._batch_s
        if self._write_pending():
            self._locked_since = None
            self._say("")

    def _say(self, trouble: str) -> None:
        if trouble != self.trouble:
            self.trouble = trouble
            self._on_trouble(trouble)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
