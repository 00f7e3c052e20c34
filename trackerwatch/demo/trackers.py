"""Small HTTP and UDP trackers on loopback that behave as they are told: for the demo, and as doubles in tests.

A tracker knows no peers. It answers announces and scrapes with the counts that its `Conduct` gives for a hash, and an
announce, whatever its event, registers nobody. Sources: BEP 3 and 48 (HTTP), BEP 15 (UDP), BEP 23 and 7 (compact peers).
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import secrets
import struct
from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from trackerwatch.demo.making import Bencodable, encode
from trackerwatch.demo.plan import State, Swarm

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from types import TracebackType
    from typing import Self

MAX_UNDER_WAY = 512
"""Requests one tracker holds at once; more are dropped without an answer."""

MAX_HEAD_BYTES = 16384
HEAD_TIMEOUT_S = 10.0
MAX_UDP_HASHES = 74

UNREGISTERED = "unregistered torrent"
GARBAGE_PAGE = b"<!DOCTYPE html>\n<html><body><h1>It works!</h1>This host has no content yet.</body></html>\n"


def _steady(_info_hash: bytes) -> Swarm:
    return Swarm(seeders=5, leechers=3, completed=50)


@dataclass(slots=True)
class Conduct:
    """How a tracker behaves. Tests change the fields while it runs."""

    state: Callable[[], State] = lambda: State.ALIVE
    delay_s: Callable[[], float] = lambda: 0.0
    """How long an answer takes, in every state; over UDP a slow tracker's connect does not wait for it."""
    counts: Callable[[bytes], Swarm] = _steady
    registered: Callable[[bytes], bool] = lambda _: True
    """Whether a torrent is known: if not, an announce fails, an HTTP scrape leaves it out, a UDP scrape says 0/0/0."""
    passkey: str | None = None
    """HTTP: the path segment without which every request fails."""
    interval_s: int = 1800
    min_interval_s: int | None = None
    peers: bytes = b""
    """Compact peers of the tracker's own family, given to whoever wants any."""
    pause: Callable[[float], Awaitable[object]] = asyncio.sleep


class LoopbackTracker(ABC):
    """One tracker on one loopback address: an async context manager, from bound socket to closed socket.

    Args:
        conduct: How it behaves.
        host: IP literal.
        port: 0 takes a free one, which it keeps through its own deaths.
        url_host: What its announce URL calls it (`localhost`, say). Default: `host`.
    """

    scheme: str

    def __init__(
        self, conduct: Conduct | None = None, *, host: str = "127.0.0.1", port: int = 0, url_host: str | None = None
    ) -> None:
        self.conduct = conduct or Conduct()
        self.host = host
        self.port = port
        self.url_host = url_host or host
        self.asked: Counter[str] = Counter()
        """How many requests of each kind came: `connect`, `announce`, `scrape`, `bare` (a HTTP announce without
        a hash), `bad`; and `hashes`, those in all scrapes."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._open = False

    @property
    def url(self) -> str:
        """Its announce URL, key included."""
        host = f"[{self.url_host}]" if ":" in self.url_host else self.url_host
        key = f"/{self.conduct.passkey}" if self.conduct.passkey else ""
        return f"{self.scheme}://{host}:{self.port}{key}/announce"

    @property
    def listening(self) -> bool:
        """Whether its socket is open."""
        return self._open

    async def start(self) -> None:
        """Bind, then behave.

        Raises:
            OSError: The address cannot be had.
        """
        await self._listen()
        self._open = True
        await self.follow()

    async def follow(self) -> None:
        """Open or close the socket as the state asks for now. A port that somebody else took meanwhile is tried again."""
        dead = self.conduct.state() is State.DEAD
        if dead and self._open:
            await self.stop()
        elif not dead and not self._open:
            with contextlib.suppress(OSError):
                await self._listen()
                self._open = True

    async def stop(self) -> None:
        """Close the socket; requests under way end without an answer."""
        self._open = False
        self._close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._closed()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @abstractmethod
    async def _listen(self) -> None: ...

    @abstractmethod
    def _close(self) -> None:
        """Take no more requests."""

    @abstractmethod
    async def _closed(self) -> None:
        """Wait until the socket is gone."""

    def _spawn(self, work: Coroutine[None, None, None]) -> bool:
        if len(self._tasks) >= MAX_UNDER_WAY:
            work.close()
            return False
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True


class HttpTracker(LoopbackTracker):
    """Announce and scrape over HTTP/1.1, one request a connection."""

    scheme = "http"
    _server: asyncio.Server | None = None
    _closing = False

    async def _listen(self) -> None:
        self._closing = False
        self._server = await asyncio.start_server(self._accept, self.host, self.port, limit=MAX_HEAD_BYTES)
        self.port = self._server.sockets[0].getsockname()[1]

    def _close(self) -> None:
        self._closing = True
        if self._server is not None:
            self._server.close()

    async def _closed(self) -> None:
        if self._server is not None:
            await self._server.wait_closed()
            self._server = None

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A connection may have been accepted just before the socket closed.
        if self._closing or not self._spawn(self._serve(reader, writer)):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(HEAD_TIMEOUT_S):
                head = await reader.readuntil(b"\r\n\r\n")
            answer = self._answer_to(head)
            if self.conduct.state() is State.SILENT:
                while await reader.read(MAX_HEAD_BYTES):
                    pass  # Until the client gives up.
                return
            if (delay_s := self.conduct.delay_s()) > 0:
                await self.conduct.pause(delay_s)
            writer.write(answer)
            await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            self.asked["bad"] += 1
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    def _answer_to(self, head: bytes) -> bytes:
        method, _, rest = head.partition(b"\r\n")[0].partition(b" ")
        target = rest.partition(b" ")[0].decode("latin-1")
        path, _, query = target.partition("?")
        *folders, page = path.split("/")
        if method != b"GET" or page not in {"announce", "scrape"} or not path.startswith("/"):
            self.asked["bad"] += 1
            return _http(b"Not Found\n", "404 Not Found")
        hashes = _info_hashes(query)
        self.asked["bare" if page == "announce" and not hashes else page] += 1
        if self.conduct.state() is State.GARBAGE:
            return _http(GARBAGE_PAGE, content_type="text/html")
        if folders[1:] != ([self.conduct.passkey] if self.conduct.passkey else []):
            return _http(_failure("Passkey not found" if self.conduct.passkey else "no such path"))
        if not hashes:
            return _http(_failure("missing info_hash"))
        if any(len(info_hash) != 20 for info_hash in hashes):
            return _http(_failure("invalid info_hash"))
        if page == "scrape":
            return _http(self._scrape(hashes))
        return _http(self._announce(hashes[0], without_peers="numwant=0" in query.split("&")))

    def _announce(self, info_hash: bytes, *, without_peers: bool) -> bytes:
        conduct = self.conduct
        if not conduct.registered(info_hash):
            return _failure(UNREGISTERED)
        swarm = conduct.counts(info_hash)
        reply: dict[str, Bencodable] = {
            "complete": swarm.seeders,
            "incomplete": swarm.leechers,
            "downloaded": swarm.completed,
            "interval": conduct.interval_s,
            "peers6" if ":" in self.host else "peers": b"" if without_peers else conduct.peers,
        }
        if conduct.min_interval_s is not None:
            reply["min interval"] = conduct.min_interval_s
        return encode(reply)

    def _scrape(self, hashes: list[bytes]) -> bytes:
        self.asked["hashes"] += len(hashes)
        files = {}
        for info_hash in filter(self.conduct.registered, hashes):
            swarm = self.conduct.counts(info_hash)
            files[info_hash] = {
                "complete": swarm.seeders,
                "downloaded": swarm.completed,
                "incomplete": swarm.leechers,
            }
        return encode({"files": files})


class UdpTracker(LoopbackTracker):
    """Connect, announce and scrape by BEP 15; options after an announce (BEP 41) are ignored."""

    scheme = "udp"
    _transport: asyncio.DatagramTransport | None = None
    _gone: asyncio.Event
    _secret = secrets.token_bytes(16)
    """One for all trackers of a process: libtorrent keeps one connection id for an address, whatever the port."""

    async def _listen(self) -> None:
        self._transport, datagrams = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Datagrams(self), local_addr=(self.host, self.port)
        )
        self._gone = datagrams.closed
        self.port = self._transport.get_extra_info("sockname")[1]

    def _close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    async def _closed(self) -> None:
        if self._transport is not None:
            self._transport = None
            await self._gone.wait()

    def received(self, datagram: bytes, sender: tuple[str, int]) -> None:
        """Take one datagram; what is no request is dropped without an answer."""
        state = self.conduct.state()
        answer = self._answer_to(datagram, sender)
        if answer is None:
            self.asked["bad"] += 1
        elif state is not State.SILENT:
            if state is State.GARBAGE:
                answer = answer[:8] + b"\xff\xfe!"
            quick = state is State.SLOW and answer[:4] == bytes(4)
            self._spawn(self._send(answer, sender, 0.0 if quick else self.conduct.delay_s()))

    async def _send(self, answer: bytes, to: tuple[str, int], delay_s: float) -> None:
        if delay_s > 0:
            await self.conduct.pause(delay_s)
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(answer, to)

    def _answer_to(self, datagram: bytes, sender: tuple[str, int]) -> bytes | None:
        if len(datagram) < 16:
            return None
        given, transaction = datagram[:8], datagram[12:16]
        action = int.from_bytes(datagram[8:12], "big")
        # Bound to the address alone, and so good for every tracker here.
        connection = hashlib.blake2b(sender[0].encode(), digest_size=8, key=self._secret).digest()
        if action == 0:
            if given != bytes.fromhex("0000041727101980"):
                return None
            self.asked["connect"] += 1
            return bytes(4) + transaction + connection
        if given != connection:
            return _udp_error(transaction, "connection id mismatch")
        if action == 1 and len(datagram) >= 98:
            self.asked["announce"] += 1
            return self._announce(datagram, transaction)
        if action == 2 and len(datagram) >= 36 and len(datagram) % 20 == 16:
            self.asked["scrape"] += 1
            return self._scrape(datagram[16 : 16 + 20 * MAX_UDP_HASHES], transaction)
        return _udp_error(transaction, "malformed request")

    def _announce(self, datagram: bytes, transaction: bytes) -> bytes:
        info_hash = datagram[16:36]
        if not self.conduct.registered(info_hash):
            return _udp_error(transaction, UNREGISTERED)
        swarm = self.conduct.counts(info_hash)
        without_peers = datagram[92:96] == bytes(4)
        counts = struct.pack(">III", self.conduct.interval_s, swarm.leechers, swarm.seeders)
        return b"\0\0\0\1" + transaction + counts + (b"" if without_peers else self.conduct.peers)

    def _scrape(self, hashes: bytes, transaction: bytes) -> bytes:
        self.asked["hashes"] += len(hashes) // 20
        answer = b"\0\0\0\2" + transaction
        for start in range(0, len(hashes), 20):
            info_hash = hashes[start : start + 20]
            swarm = self.conduct.counts(info_hash) if self.conduct.registered(info_hash) else Swarm(0, 0, 0)
            answer += struct.pack(">III", swarm.seeders, swarm.completed, swarm.leechers)
        return answer


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, tracker: UdpTracker) -> None:
        self._tracker = tracker
        self.closed = asyncio.Event()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self.closed.set()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._tracker.received(data, addr)

    # `error_received` stays as it is: a client that is gone refuses its answer, and that is all right.


def _info_hashes(query: str) -> list[bytes]:
    pairs = (pair.partition("=") for pair in query.split("&"))
    return [unquote_to_bytes(value) for name, _, value in pairs if name == "info_hash"]


def _failure(reason: str) -> bytes:
    return encode({"failure reason": reason})


def _http(body: bytes, status: str = "200 OK", content_type: str = "text/plain") -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


def _udp_error(transaction: bytes, message: str) -> bytes:
    return b"\0\0\0\3" + transaction + message.encode()
