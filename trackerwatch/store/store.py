"""The store as the rest of the program sees it: remembers, recalls, keeps manners, tells history, and never fails loudly."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from concurrent.futures import CancelledError
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from trackerwatch.engine.keeper import Recalled
from trackerwatch.history import TorrentHistory
from trackerwatch.store import histories, politeness, runs
from trackerwatch.store.histories import Asked
from trackerwatch.store.manners import read_manners, write_manners
from trackerwatch.store.politeness import Manners
from trackerwatch.store.reading import Reader, Unreadable
from trackerwatch.store.recalling import merged, recall
from trackerwatch.store.schema import writing
from trackerwatch.store.writer import BATCH_S, RETRY_S, NotWritableError, Writer

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from trackerwatch.engine.keeper import Waits
    from trackerwatch.engine.records import Record
    from trackerwatch.history import TrackerHistory
    from trackerwatch.store.lookups import Lookups
    from trackerwatch.store.patience import Patience
    from trackerwatch.tracker import Tracker

CLAIM_S = 1.5
"""So long a claim waits for the disk; then this process's own memory decides."""
RUN_S = 5.0
"""So long what a report leaves for the next one waits for the disk: somebody waits for the report."""
LOCK_LOOK_S = 0.1
"""So often it looks whether another program is done."""
_MAX_MANNERS = 20_000

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StoreFigures:
    """How the store fares."""

    written: int
    """Records."""
    waiting: int
    """Records not written yet."""
    dropped: int
    """Records for which there was no room while the file could not be written, or that no table takes."""
    errors: int
    """Transactions that failed."""


class Store:
    """A `Keeper` and a `History` in one, over a file or in memory. Made by `open`; after use call `close`."""

    def __init__(
        self,
        path: Path | None,
        *,
        vantage_id: str,
        vantage_name: str,
        wall: Callable[[], float],
        batch_s: float,
        retry_s: float,
        open_s: float | None,
        patience: Patience | None,
    ) -> None:
        self.path = path
        self._vantage_id = vantage_id
        self._wall = wall
        self._listeners: list[tuple[asyncio.AbstractEventLoop | None, Callable[[str], None]]] = []
        self._manners: dict[str, Manners] = {}
        """What this process knows, whatever the file says."""
        self._trackers: dict[str, Tracker] = {}
        """Those of `_manners`."""
        self._manners_lock = threading.Lock()
        self._patience = patience
        with contextlib.nullcontext() if patience is None else patience.spending():
            self._writer = Writer(
                path,
                vantage_id=vantage_id,
                vantage_name=vantage_name,
                wall=wall,
                on_trouble=self._tell,
                batch_s=batch_s,
                retry_s=retry_s,
                open_s=open_s,
            )
        self._reader = None if path is None else Reader(path, self._writer.damaged)

    @classmethod
    def open(
        cls,
        path: Path | None,
        *,
        vantage_id: str,
        vantage_name: str,
        wall: Callable[[], float] = time.time,
        batch_s: float = BATCH_S,
        retry_s: float = RETRY_S,
        open_s: float | None = None,
        patience: Patience | None = None,
    ) -> Store:
        """Open a store, made where it is missing (folder 0700, file 0600). Raises nothing: see `trouble`.

        Args:
            path: The file; None: in memory, for this process alone.
            vantage_id: UUID of where this program looks from.
            vantage_name: Its name.
            wall: Wall time, seconds.
            batch_s: So long what is recorded may wait.
            retry_s: So often a file that could not be used is tried again.
            open_s: So long another program may hold the lock while it is opened. None: as long as anybody may.
            patience: What opening, noting, keeping and closing may wait together. None: each waits for itself.
        """
        return cls(
            path,
            vantage_id=vantage_id,
            vantage_name=vantage_name,
            wall=wall,
            batch_s=batch_s,
            retry_s=retry_s,
            open_s=open_s,
            patience=patience,
        )

    @property
    def trouble(self) -> str:
        """Why nothing is written to the file, in one clean line that names it. Empty: all is well."""
        return self._writer.trouble

    @property
    def figures(self) -> StoreFigures:
        """How the store fares."""
        writer = self._writer
        dropped = sum(writer.dropped().values()) + writer.unwritable
        return StoreFigures(writer.written, writer.waiting, dropped, writer.errors)

    def subscribe(self, listener: Callable[[str], None]) -> Callable[[], None]:
        """Be told when trouble begins, changes (the text) and ends (an empty text).

        Args:
            listener: Called on the event loop that runs now; where none does, on a thread of the store.

        Returns:
            Ends the subscription.
        """
        loop = None
        with contextlib.suppress(RuntimeError):
            loop = asyncio.get_running_loop()
        entry = (loop, listener)
        self._listeners.append(entry)

        def end() -> None:
            with contextlib.suppress(ValueError):
                self._listeners.remove(entry)

        return end

    def close(self, timeout_s: float = 2.0) -> bool:
        """Write what waits, and end. Blocks.

        Args:
            timeout_s: At most so long, and a second; less where the patience is at its end.

        Returns:
            Whether everything was written.
        """
        if self._reader is not None:
            self._reader.close()
            self._reader = None
        return self._writer.close(timeout_s if self._patience is None else min(timeout_s, self._patience.left_s))

    # What the engine asks for: see `engine.keeper.Keeper`.

    def record(self, record: Record) -> None:
        """See `Keeper.record`."""
        self._writer.record(record)

    async def recall(self, tracker: Tracker, info_hashes: Sequence[bytes], *, past: bool = True) -> Recalled:
        """See `Keeper.recall`."""
        now = self._wall()
        # Before reading: what is written meanwhile is found here or there.
        waiting = self._writer.pending_memory(tracker.id)

        def read(connection: sqlite3.Connection) -> Recalled:
            return recall(connection, self._vantage_id, tracker, info_hashes, now, past=past)

        file = await self._from_file(read)
        memory = None
        if not self._writer.on_file:
            memory = await self._from_memory(read)
        found = merged(file, memory) if file and memory else file or memory or Recalled()
        newest = self._writer.pending_memory(tracker.id) or waiting
        known = self._known_manners(tracker)
        if known is not None:
            waits = politeness.waits(politeness.merge(_manners_of(found.waits, now), known, now))
        else:
            waits = found.waits
        return replace(found, memory=newest or found.memory, waits=waits)

    async def claim(self, tracker: Tracker, now: float, window_s: float) -> Waits | None:
        """See `Keeper.claim`."""

        def ask(connection: sqlite3.Connection, lookups: Lookups) -> Waits | None:
            return self._change(
                connection, lookups, tracker, now, lambda manners: politeness.claim(manners, now, window_s)
            )

        future = self._writer.submit(ask)
        try:
            async with asyncio.timeout(CLAIM_S):
                return await asyncio.wrap_future(future)
        except (NotWritableError, TimeoutError):
            with self._manners_lock:
                kept, refused = politeness.claim(self._manners.get(tracker.id, Manners()), now, window_s)
                self._keep(tracker, kept)
            return refused

    def obey(self, tracker: Tracker, waits: Waits) -> None:
        """See `Keeper.obey`."""
        now = self._wall()
        with self._manners_lock:
            self._keep(tracker, politeness.obey(self._manners.get(tracker.id, Manners()), waits, now))

        def note(connection: sqlite3.Connection, lookups: Lookups) -> None:
            self._change(
                connection, lookups, tracker, now, lambda manners: (politeness.obey(manners, waits, now), None)
            )

        # Nobody waits for it: where it fails, what is known here is written with the next claim.
        self._writer.submit(note)

    # What faces ask for: see `history.History`.

    async def tracker(self, tracker: str, *, since: float, until: float, stretches: int) -> TrackerHistory | None:
        """See `History.tracker`."""
        return await self._read(
            lambda c: histories.tracker_history(c, tracker, Asked(self._vantage_id, since, until, stretches)), None
        )

    async def overview(
        self, *, since: float, until: float, stretches: int, trackers: Sequence[str] | None = None
    ) -> Sequence[TrackerHistory]:
        """See `History.overview`."""
        asked = Asked(self._vantage_id, since, until, stretches)
        return await self._read(lambda c: histories.overview(c, asked, trackers), ())

    async def torrent(self, info_hash: str, *, since: float, until: float) -> TorrentHistory:
        """See `History.torrent`."""
        return await self._read(
            lambda c: histories.torrent_history(c, info_hash, Asked(self._vantage_id, since, until)),
            TorrentHistory(info_hash, since, until, (), None, ()),
        )

    async def failures(self, tracker: str, limit: int = 20) -> Sequence[tuple[float, str | None, str, str]]:
        """What a tracker's latest failures said: time, endpoint (None: as a whole), kind, text; newest first."""
        return await self._read(lambda c: histories.failure_texts(c, self._vantage_id, tracker, limit), ())

    async def settle(self) -> bool:
        """Write what waits now, so that what is asked for next counts it; whether that went well."""
        try:
            return await asyncio.wrap_future(self._writer.flush())
        except NotWritableError:
            return False

    # What reports leave for the next one: see `cli.remembering.Memory`.

    @property
    def is_first_run(self) -> bool:
        """Whether no program saw a torrent on this store before this one: none is known to be new then."""
        return self._writer.is_first

    async def first_seen(self, info_hashes: Sequence[bytes], now: float) -> Mapping[bytes, float]:
        """When these torrents were first seen by any program on this store; those never seen are noted now.

        Args:
            info_hashes: 20 bytes each.
            now: Wall time.

        Returns:
            Wall times, none later than now; 0 (long ago) of what the first run on a store found, which knew of nothing before.
            One is not in it where the file cannot be read, or is new and cannot be noted: it would be new for ever.
        """
        wanted = list(dict.fromkeys(info_hashes))
        found: dict[bytes, float] = {}
        if self.path is not None:
            found = await self._from_file(lambda connection: runs.first_seen(connection, wanted)) or {}
        missing = [info_hash for info_hash in wanted if info_hash not in found]
        # What is only known in memory is as new as this process.
        if missing and self._is_where_it_belongs:
            nothing: dict[bytes, float] = {}
            found |= await self._written(
                lambda connection, lookups: runs.note_first_seen(connection, lookups, missing, now), nothing
            )
        return {info_hash: min(at, now) for info_hash, at in found.items()}

    async def last_run(self, key: str) -> tuple[float, bytes] | None:
        """When the last run that was kept by this key was made (wall time), and what it found. None: nothing is known of it."""
        return await self._read(lambda connection: runs.last_run(connection, self._vantage_id, key), None)

    async def keep_run(self, key: str, at: float, body: bytes) -> bool:
        """Keep what a run found for the next one, in place of the one before.

        Args:
            key: Names what was run, at most 200 characters.
            at: Wall time.
            body: What it found.

        Returns:
            False: the store is in trouble, the disk is too slow, or the body is too large.

        Raises:
            ValueError: The key is too long.
        """
        if len(key) > runs.MAX_KEY_CHARS:
            raise ValueError("no key of a run")
        if not self._is_where_it_belongs:
            return False
        return await self._written(
            lambda connection, lookups: runs.keep_run(connection, lookups, key, at, body), nothing=False
        )

    # Inside.

    @property
    def _is_where_it_belongs(self) -> bool:
        """Whether what is written is found by the next program: not in the memory that stands in for a file in trouble."""
        return self.path is None or self._writer.on_file

    async def _written(self, job: Callable[[sqlite3.Connection, Lookups], T], nothing: T) -> T:
        """What a job of the writer comes to; where another program is writing, as soon as that is over.

        With a patience: unless it is at its end, which one wait in vain is.
        """
        patience = self._patience
        if patience is None:
            with contextlib.suppress(TimeoutError):
                return await self._once_free(job, nothing, RUN_S)
            return nothing
        if not patience.left_s:
            return nothing
        try:
            with patience.spending():
                return await self._once_free(job, nothing, min(RUN_S, patience.left_s))
        except TimeoutError:
            patience.give_up()
            return nothing

    async def _once_free(self, job: Callable[[sqlite3.Connection, Lookups], T], nothing: T, within_s: float) -> T:
        """What a job of the writer comes to, tried again while another program is writing.

        Raises:
            TimeoutError: It was not done in that time.
        """
        async with asyncio.timeout(within_s):
            while True:
                try:
                    return await asyncio.wrap_future(self._writer.submit(job))
                except NotWritableError:
                    if not self._writer.locked:
                        return nothing
                await asyncio.sleep(LOCK_LOOK_S)

    async def _read(self, job: Callable[[sqlite3.Connection], T], nothing: T) -> T:
        """From the file, where it can be read, else what this process knows by itself."""
        found = await self._from_file(job)
        if found is None and not self._writer.on_file:
            found = await self._from_memory(job)
        return nothing if found is None else found

    async def _from_file(self, job: Callable[[sqlite3.Connection], T]) -> T | None:
        if self._reader is None:
            return None
        try:
            return await asyncio.wrap_future(self._reader.submit(job))
        except (Unreadable, RuntimeError, CancelledError):
            return None

    async def _from_memory(self, job: Callable[[sqlite3.Connection], T]) -> T | None:
        try:
            return await asyncio.wrap_future(self._writer.submit(lambda connection, _: job(connection)))
        except NotWritableError:
            return None

    def _change(
        self,
        connection: sqlite3.Connection,
        lookups: Lookups,
        tracker: Tracker,
        now: float,
        change: Callable[[Manners], tuple[Manners, T]],
    ) -> T:
        """Read, change and write a tracker's manners in one transaction. On the writer's thread."""
        with writing(connection), self._manners_lock:
            lookups.begin()
            number = lookups.tracker(tracker)
            manners = read_manners(connection, number) or Manners()
            if (known := self._manners.get(tracker.id)) is not None:
                manners = politeness.merge(manners, known, now)
            kept, answer = change(manners)
            write_manners(connection, lookups, number, kept)
            lookups.end()
        with self._manners_lock:
            self._keep(tracker, kept)
        return answer

    def _known_manners(self, tracker: Tracker) -> Manners | None:
        with self._manners_lock:
            return self._manners.get(tracker.id)

    def _keep(self, tracker: Tracker, manners: Manners) -> None:
        self._manners.pop(tracker.id, None)
        while len(self._manners) >= _MAX_MANNERS:
            oldest = next(iter(self._manners))
            del self._manners[oldest], self._trackers[oldest]
        self._manners[tracker.id], self._trackers[tracker.id] = manners, tracker

    def _write_manners(self, connection: sqlite3.Connection, lookups: Lookups) -> None:
        """What was granted and asked for while the file could not be written."""
        with self._manners_lock:
            known = list(self._trackers.values())
        now = self._wall()
        for tracker in known:
            self._change(connection, lookups, tracker, now, lambda manners: (manners, None))

    def _tell(self, trouble: str) -> None:
        if not trouble:
            self._writer.submit(self._write_manners)
        for loop, listener in list(self._listeners):
            if loop is None:
                listener(trouble)
            else:
                # A loop that was closed meanwhile hears nothing any more.
                with contextlib.suppress(RuntimeError):
                    loop.call_soon_threadsafe(listener, trouble)


def _manners_of(waits: Waits, now: float) -> Manners:
    return politeness.obey(Manners(), waits, now)
