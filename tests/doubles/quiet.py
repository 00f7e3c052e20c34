"""Trackers and sentinels on loopback that fall silent on demand with their sockets open, and speak again.

`Quiet` is shared by all of them, so that they fall silent at once. What hears nothing of a silent one is its client alone: its
ports stay open, so that nothing is refused.
"""

import asyncio
import contextlib
import socket
import struct

from tests.doubles.http import HttpTracker
from tests.doubles.udp import UdpTracker


class Quiet:
    """Whether anybody answers."""

    def __init__(self):
        self._speaking = asyncio.Event()
        self._speaking.set()
        self._doors = []

    @property
    def now(self):
        return not self._speaking.is_set()

    def attach(self, door):
        self._doors.append(door)

    async def fall(self):
        self._speaking.clear()
        for door in self._doors:
            await door.shut()

    def end(self):
        self._speaking.set()
        for door in self._doors:
            door.open()

    async def until_over(self):
        await self._speaking.wait()


class QuietUdp(UdpTracker):
    """Reads and says nothing while it is quiet."""

    def __init__(self, quiet, **kwargs):
        super().__init__(**kwargs)
        self.quiet = quiet

    def reply(self, *request):
        return None if self.quiet.now else super().reply(*request)


class QuietHttp(HttpTracker):
    """Takes connections and requests while it is quiet, and says nothing to them, not even later."""

    def __init__(self, quiet, **kwargs):
        super().__init__(**kwargs)
        self.quiet = quiet

    async def respond(self, request, reader, writer):
        if self.quiet.now:
            await reader.read()
            return False
        return await super().respond(request, reader, writer)


class TcpSentinel:
    """Takes connections; while it is quiet its queue is full, so that the kernel drops whoever knocks."""

    def __init__(self, quiet, host):
        self.quiet, self.host = quiet, host
        self.knocks = 0
        self._fillers = []
        quiet.attach(self)

    async def __aenter__(self):
        self._socket = socket.socket()
        self._socket.bind((self.host, 0))
        self._socket.listen(0)
        self._socket.setblocking(False)
        self.port = self._socket.getsockname()[1]
        self.url = f"tcp://{self.host}:{self.port}"
        self.open()
        return self

    async def __aexit__(self, *_):
        asyncio.get_running_loop().remove_reader(self._socket)
        self._release()
        self._socket.close()

    def open(self):
        self._release()
        asyncio.get_running_loop().add_reader(self._socket, self._accept)
        self._accept()

    def _accept(self):
        with contextlib.suppress(BlockingIOError):
            while True:
                self._socket.accept()[0].close()
                self.knocks += 1

    async def shut(self):
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._socket)
        for _ in range(8):
            filler = socket.socket()
            filler.setblocking(False)
            self._fillers.append(filler)
            try:
                async with asyncio.timeout(0.1):
                    await loop.sock_connect(filler, (self.host, self.port))
            except TimeoutError:
                return  # nobody gets in any more
        raise AssertionError("the queue of a listening socket never got full")

    def _release(self):
        for filler in self._fillers:
            filler.close()
        self._fillers.clear()


class UdpSentinel(asyncio.DatagramProtocol):
    """Answers a BEP 15 connect with whatever comes to its mind; nothing while it is quiet."""

    def __init__(self, quiet, host):
        self.quiet, self.host = quiet, host
        self.questions = 0

    async def __aenter__(self):
        self.transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: self, local_addr=(self.host, 0)
        )
        self.url = f"udp://{self.host}:{self.transport.get_extra_info('sockname')[1]}"
        return self

    async def __aexit__(self, *_):
        self.transport.close()
        await asyncio.sleep(0)

    def datagram_received(self, data, address):
        self.questions += 1
        if not self.quiet.now:
            self.transport.sendto(struct.pack(">I", 3) + data[12:16] + b"no tracker here", address)
