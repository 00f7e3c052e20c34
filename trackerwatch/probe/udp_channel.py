"""One connected UDP socket: what arrives with its time of arrival, refusals at once, and one timer to be woken by.

A connected socket is what makes the kernel drop datagrams from anybody else and report refusals. Sockets are of one address
family, so that the length of a peer in a reply is known.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import asyncio_dgram
from asyncio_dgram.aio import Protocol

from trackerwatch.outcome import Family

if TYPE_CHECKING:
    from trackerwatch.outcome import Endpoint

ChannelClosedError = asyncio_dgram.TransportClosed

_RECEIVE_BUFFER_BYTES = 2 << 20
"""With the default buffer replies to a window of full scrapes get lost while the loop is busy."""

_FAMILIES = {Family.IPV4: socket.AF_INET, Family.IPV6: socket.AF_INET6}


# What the library's type hints say of its constructors is not what its code takes.
_DatagramClient: Any = asyncio_dgram.aio.DatagramClient


class _WakingProtocol(Protocol):
    """asyncio-dgram's protocol, except that an error wakes whoever waits in `recv`, and arrivals are timed.

    The library keeps errors aside until the next call, so a refusal would be seen only after a time-out, and the send that
    is told of it does not send.
    """

    def __init__(self, arrivals: Any, errors: asyncio.Queue[Exception], drained: asyncio.Event) -> None:
        super().__init__(arrivals, errors, drained)
        self._arrivals = arrivals

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002 - the socket is connected
        self._arrivals.put_nowait((data, asyncio.get_running_loop().time()))

    def error_received(self, exc: Exception) -> None:
        self._arrivals.put_nowait((exc, 0.0))


class UdpChannel:
    """A socket connected to one endpoint. One reader at a time; always `close` it."""

    def __init__(self, client: Any, arrivals: asyncio.Queue[tuple[Any, float]]) -> None:
        self._client = client
        self._arrivals = arrivals
        self._timer: asyncio.TimerHandle | None = None
        self.send = client.send
        """Sends one datagram (a coroutine function)."""

    @classmethod
    async def open(cls, endpoint: Endpoint) -> UdpChannel:
        """Connect a new socket.

        Raises:
            OSError: There is no route, or no such address family here.
        """
        arrivals: asyncio.Queue[tuple[Any, float]] = asyncio.Queue()
        errors: asyncio.Queue[Exception] = asyncio.Queue()
        drained = asyncio.Event()
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _WakingProtocol(arrivals, errors, drained),
            remote_addr=(endpoint.address, endpoint.port),
            family=_FAMILIES[endpoint.family],
        )
        channel = cls(_DatagramClient(transport, arrivals, errors, drained), arrivals)
        with suppress(OSError):
            channel._client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER_BYTES)
        return channel

    async def receive(self, until: float | None) -> list[tuple[bytes, float]]:
        """Wait for something to arrive and take all that is there.

        Args:
            until: When to come back with nothing, by the loop's clock. None: only for an arrival.

        Returns:
            Datagrams and when they arrived; none at `until` (it may be a little early or late).

        Raises:
            OSError: What the system says of this socket: refused, mostly.
            ChannelClosedError: The socket was closed.
        """
        if until is not None:
            self._wake_at(until)
        arrived = [await self._client.recv()]
        with suppress(asyncio.QueueEmpty):
            while True:
                arrived.append(self._arrivals.get_nowait())
        datagrams = []
        for data, at in arrived:
            if data is None:
                raise ChannelClosedError
            if isinstance(data, Exception):
                raise data
            if data is not _BELL:
                datagrams.append((data, at))
        return datagrams

    def close(self) -> None:
        """Close the socket; it is gone after the loop's next turn."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._client.close()

    def _wake_at(self, at: float) -> None:
        # Mostly the timer in place rings early enough, and an early bell costs less than a new timer for each datagram.
        if self._timer is not None:
            if self._timer.when() <= at:
                return
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(at, self._ring)

    def _ring(self) -> None:
        self._timer = None
        self._arrivals.put_nowait((_BELL, 0.0))


_BELL = object()
