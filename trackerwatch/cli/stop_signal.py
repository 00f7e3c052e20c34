"""SIGTERM during `--wait`: what is under way ends, and the report is about what is known."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

T = TypeVar("T")


class StopSignal:
    """Whether a run was told to end."""

    def __init__(self) -> None:
        """Nobody told it yet."""
        self._told = asyncio.Event()

    def is_told(self) -> bool:
        """Whether it was."""
        return self._told.is_set()

    def tell(self) -> None:
        """End: nothing more is begun."""
        self._told.set()

    async def heard(self) -> None:
        """Until it is told."""
        await self._told.wait()

    async def unless_told(self, doing: Coroutine[None, None, T]) -> T | None:
        """Do something that may take long.

        Args:
            doing: It is cancelled where the run is told to end before it is done, and given the time it takes for that.

        Returns:
            What it gave. None: the run was told to end first.
        """
        if self.is_told():
            doing.close()
            return None
        work = asyncio.create_task(doing)
        told = asyncio.create_task(self._told.wait())
        try:
            await asyncio.wait((work, told), return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                return work.result()
        finally:
            told.cancel()
            if not work.done():
                work.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await work
        return None

    @contextlib.contextmanager
    def by_signal(self) -> Iterator[None]:
        """SIGTERM tells it, on the event loop that runs: who waits in a script loses nothing."""
        loop = asyncio.get_running_loop()
        try:
            loop.add_signal_handler(signal.SIGTERM, self.tell)
        except (NotImplementedError, RuntimeError, ValueError):
            # Not on this platform, or not in the main thread.
            yield
            return
        try:
            yield
        finally:
            loop.remove_signal_handler(signal.SIGTERM)
