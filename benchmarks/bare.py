"""The floor: pipelined asyncio loops that ask the same questions and read nothing of the answers."""

from __future__ import annotations

import asyncio
import struct
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

UDP_HASHES, UDP_UNDER_WAY = 70, 32
HTTP_HASHES, HTTP_UNDER_WAY = 64, 8
"""Opentracker answers at most 64 hashes over HTTP."""


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, info_hashes: Sequence[bytes], done: asyncio.Future[float]) -> None:
        self.joined = b"".join(info_hashes)
        self.offset = 0
        self.waiting = 0
        self.done = done
        self.head = b""

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self.transport = transport
        transport.sendto(struct.pack(">QII", 0x41727101980, 0, 1))

    def datagram_received(self, data: bytes, _: object) -> None:
        if not self.head:
            self.head = data[8:16] + struct.pack(">I", 2)
            for _ in range(UDP_UNDER_WAY):
                self.send()
            return
        self.waiting -= 1
        self.send()
        if not self.waiting and not self.done.done():
            self.done.set_result(time.perf_counter())

    def send(self) -> None:
        start = self.offset
        if start < len(self.joined):
            self.offset += UDP_HASHES * 20
            self.waiting += 1
            self.transport.sendto(self.head + struct.pack(">I", start) + self.joined[start : self.offset])


async def udp(address: str, port: int, info_hashes: Sequence[bytes]) -> float:
    """Seconds until every datagram is answered. Loopback with 32 under way loses none; a lost one is a timeout."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[float] = loop.create_future()
    started = time.perf_counter()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: _Datagrams(info_hashes, done), remote_addr=(address, port)
    )
    try:
        async with asyncio.timeout(10):
            return await done - started
    finally:
        transport.close()


class _Request(asyncio.Protocol):
    def __init__(self, request: bytes, ended: asyncio.Future[None]) -> None:
        self.request = request
        self.ended = ended

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        transport.write(self.request)

    def connection_lost(self, _: Exception | None) -> None:
        self.ended.set_result(None)


async def http(address: str, port: int, info_hashes: Sequence[bytes]) -> float:
    """Seconds until every request is answered, each on a connection of its own, as opentracker has it."""
    loop = asyncio.get_running_loop()

    def requests() -> Iterator[bytes]:
        for start in range(0, len(info_hashes), HTTP_HASHES):
            some = info_hashes[start : start + HTTP_HASHES]
            query = "&".join("info_hash=%" + info_hash.hex("%") for info_hash in some)
            yield f"GET /scrape?{query} HTTP/1.1\r\nHost: {address}:{port}\r\n\r\n".encode()

    todo = requests()

    async def work() -> None:
        for request in todo:
            ended: asyncio.Future[None] = loop.create_future()
            await loop.create_connection(lambda r=request, e=ended: _Request(r, e), address, port)  # type: ignore[misc]
            await ended

    started = time.perf_counter()
    async with asyncio.timeout(30):
        await asyncio.gather(*(work() for _ in range(HTTP_UNDER_WAY)))
    return time.perf_counter() - started
