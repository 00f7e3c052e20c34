"""History that is only looked at: nothing of the file is changed, made, rolled up or forgotten, whoever it belongs to."""

from __future__ import annotations

import asyncio
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, TypeVar

from trackerwatch.history import TorrentHistory
from trackerwatch.store import histories
from trackerwatch.store.histories import Asked
from trackerwatch.store.reading import Reader, Unreadable

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from trackerwatch.history import TrackerHistory

T = TypeVar("T")


class Past:
    """A `History` over a file that may be somebody's copy. After use call `close`."""

    def __init__(self, path: Path, vantage_id: str) -> None:
        """Open it when it is first asked for something.

        Args:
            path: The file.
            vantage_id: UUID of the vantage whose history is told.
        """
        self._vantage_id = vantage_id
        self._reader = Reader(path, on_damage=lambda _: None, traceless=True)

    @property
    def trouble(self) -> str:
        """Why the last question has no answer, in one clean line that names the file. Empty: it could be read."""
        return self._reader.trouble

    async def tracker(self, tracker: str, *, since: float, until: float, stretches: int) -> TrackerHistory | None:
        """See `History.tracker`."""
        asked = Asked(self._vantage_id, since, until, stretches)
        return await self._read(lambda connection: histories.tracker_history(connection, tracker, asked), None)

    async def overview(
        self, *, since: float, until: float, stretches: int, trackers: Sequence[str] | None = None
    ) -> Sequence[TrackerHistory]:
        """See `History.overview`."""
        asked = Asked(self._vantage_id, since, until, stretches)
        return await self._read(lambda connection: histories.overview(connection, asked, trackers), ())

    async def torrent(self, info_hash: str, *, since: float, until: float) -> TorrentHistory:
        """See `History.torrent`."""
        asked = Asked(self._vantage_id, since, until)
        nothing = TorrentHistory(info_hash, since, until, (), None, ())
        return await self._read(lambda connection: histories.torrent_history(connection, info_hash, asked), nothing)

    async def names(self) -> Sequence[tuple[str, str]]:
        """Every tracker that was ever asked, from wherever: its id, and its host and port. Empty: none, or it cannot be read."""
        return await self._read(histories.names, ())

    def close(self) -> None:
        """Let go of the file; what is being read is broken off."""
        self._reader.close()

    async def _read(self, job: Callable[[sqlite3.Connection], T], nothing: T) -> T:
        try:
            return await asyncio.wrap_future(self._reader.submit(job))
        except (Unreadable, RuntimeError, CancelledError):
            return nothing
