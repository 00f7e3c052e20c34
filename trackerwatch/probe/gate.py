"""How much may be under way at once: two connections or sockets a host name, 128 in all (spec 5, manners).

Whoever waits is served in the order of asking. The place at the host is taken before the place in the house, always, and
nobody who has both waits for a place: so there is no circle, and a host with a long queue holds up nobody else.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HOST_PLACES = 2
ALL_PLACES = 128


class _Places:
    """Some places and a queue: a place that becomes free is handed to the first in the queue, never up for grabs."""

    __slots__ = ("_free", "_size", "_waiting")

    def __init__(self, size: int) -> None:
        self._size = size
        self._free = size
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def unused(self) -> bool:
        return self._free == self._size

    async def take(self) -> None:
        if self._free:
            # Free places and a queue never exist together.
            self._free -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                # The place came in the same breath as the cancellation: pass it on.
                self.give_back()
            # Otherwise the queue drops this turn when it is reached: it is cancelled.
            raise

    def give_back(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1


class Gate:
    """Bounds what is under way, by host name and in all."""

    def __init__(self, *, host_places: int = HOST_PLACES, all_places: int = ALL_PLACES) -> None:
        """Open the gate.

        Args:
            host_places: At once for one host name.
            all_places: At once altogether.
        """
        self._host_places = host_places
        self._house = _Places(all_places)
        self._hosts: dict[str, _Places] = {}

    @asynccontextmanager
    async def place(self, host: str) -> AsyncIterator[None]:
        """Hold a place for as long as the block runs; wait for one first.

        Args:
            host: The tracker's host name, as normalised: trackers on one host share its places.
        """
        at_host = self._hosts.get(host)
        if at_host is None:
            at_host = self._hosts[host] = _Places(self._host_places)
        try:
            await at_host.take()
            try:
                await self._house.take()
                try:
                    yield
                finally:
                    self._house.give_back()
            finally:
                at_host.give_back()
        finally:
            if at_host.unused and self._hosts.get(host) is at_host:
                del self._hosts[host]
