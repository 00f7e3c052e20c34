"""The least of the tracker protocols, by hand: how the lab reads and fills real trackers without the code under test."""

from __future__ import annotations

import re
import socket
import struct
from typing import TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAGIC = 0x41727101980
ENTRY = re.compile(rb"20:(.{20})d8:completei(\d+)e10:downloadedi(\d+)e10:incompletei(\d+)e", re.DOTALL)


class Counts(NamedTuple):
    """What a swarm holds."""

    seeders: int
    leechers: int
    completed: int


class Announce(NamedTuple):
    """One peer to put into a tracker: opentracker tells peers apart by address and port."""

    info_hash: bytes
    port: int
    left: int
    event: int
    """BEP 15: 0 none, 1 completed, 2 started, 3 stopped."""


def http_exchange(address: str, port: int, target: str, *, timeout_s: float = 10.0) -> tuple[bytes, bytes]:
    """One GET on a connection of its own; gives everything before the body, and the body."""
    with socket.create_connection((address, port), timeout_s) as connection:
        connection.sendall(f"GET {target} HTTP/1.0\r\nHost: lab\r\n\r\n".encode())
        received = bytearray()
        while part := connection.recv(65536):
            received += part
    head, gap, body = bytes(received).partition(b"\r\n\r\n")
    if not gap:
        raise ValueError(f"no HTTP answer from {address}:{port}: {bytes(received[:80])!r}")
    return head, body


def http_get(address: str, port: int, target: str, *, timeout_s: float = 10.0) -> tuple[int, bytes]:
    """One GET on a connection of its own; gives the status and the body."""
    head, body = http_exchange(address, port, target, timeout_s=timeout_s)
    return int(head.split(None, 2)[1]), body


def entries(body: bytes) -> dict[bytes, Counts]:
    """Read opentracker's scrape answer, in the one shape that it writes."""
    return {
        found[1]: Counts(seeders=int(found[2]), completed=int(found[3]), leechers=int(found[4]))
        for found in ENTRY.finditer(body)
    }


class UdpVisitor:
    """A connected UDP socket with a BEP 15 connection id."""

    def __init__(self, address: str, port: int, *, timeout_s: float = 1.0) -> None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.settimeout(timeout_s)
        try:
            self._socket.connect((address, port))
            self._socket.send(struct.pack(">QII", MAGIC, 0, 1))
            self.connection_id = struct.unpack(">Q", self._socket.recv(64)[8:16])[0]
        except BaseException:
            self._socket.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def scrape(self, info_hashes: Sequence[bytes]) -> dict[bytes, Counts]:
        """Scrape up to 70 hashes in one datagram."""
        self._socket.send(struct.pack(">QII", self.connection_id, 2, 7) + b"".join(info_hashes))
        answer = self._socket.recv(2048)
        if struct.unpack_from(">II", answer) != (2, 7):
            raise ValueError(f"no scrape answer: {answer[:40]!r}")
        triples = struct.iter_unpack(">III", answer[8:])
        return {
            info_hash: Counts(seeders=seeders, completed=completed, leechers=leechers)
            for info_hash, (seeders, completed, leechers) in zip(info_hashes, triples, strict=True)
        }

    def announce_all(self, announces: Iterable[Announce], *, under_way: int = 32) -> None:
        """Send many announces, `under_way` at a time, each again until it is answered."""
        waiting: dict[int, bytes] = {}
        todo = enumerate(announces)
        tries = 0
        exhausted = False
        while waiting or not exhausted:
            while len(waiting) < under_way and not exhausted:
                following = next(todo, None)
                if following is None:
                    exhausted = True
                    break
                number, one = following
                waiting[number] = self._announce(number, one)
                self._socket.send(waiting[number])
            if not waiting:
                break
            try:
                answer = self._socket.recv(2048)
            except TimeoutError:
                tries += 1
                if tries > 5:
                    raise
                for datagram in waiting.values():
                    self._socket.send(datagram)
                continue
            action, number = struct.unpack_from(">II", answer)
            if action != 1 or len(answer) < 20:
                raise ValueError(f"announce not accepted: {answer[:60]!r}")
            waiting.pop(number, None)

    def _announce(self, number: int, one: Announce) -> bytes:
        head = struct.pack(">QII", self.connection_id, 1, number)
        peer_id = b"-LAB001-" + struct.pack(">HQH", one.port, number, 0)
        body = struct.pack(">QQQIIIiH", 0, one.left, 0, one.event, 0, number, 0, one.port)
        return head + one.info_hash + peer_id + body
