"""A UDP relay in front of a tracker that counts datagrams on their way."""

from __future__ import annotations

import selectors
import socket
import threading
from collections import Counter
from typing import Self

from tests.real.lab.places import free_port, own_address

ACTIONS = {0: "connect", 1: "announce", 2: "scrape"}


class CountingRelay:
    """Passes datagrams between clients and one tracker, and counts what clients sent by BEP 15 action."""

    def __init__(self, tracker_address: str, tracker_port: int, address: str | None = None) -> None:
        """Prepare.

        Args:
            tracker_address: Whom the datagrams are for.
            tracker_port: Of it.
            address: Where clients send them. None: an address of its own.
        """
        self.address = address or own_address()
        self.port = free_port(self.address)
        self.seen: Counter[str] = Counter()
        self.largest_bytes = 0
        self._tracker = (tracker_address, tracker_port)
        self._selector = selectors.DefaultSelector()
        self._inside = _socket()
        self._inside.bind((self.address, self.port))
        self._selector.register(self._inside, selectors.EVENT_READ)
        self._outside: dict[tuple[str, int], socket.socket] = {}
        self._stopping, self._wake = socket.socketpair()
        self._selector.register(self._stopping, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)

    @property
    def udp_url(self) -> str:
        """Announce URL of the tracker, through the relay."""
        return f"udp://{self.address}:{self.port}/announce"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._wake.send(b"x")
        self._thread.join(5)
        for each in (self._inside, self._stopping, self._wake, *self._outside.values()):
            each.close()
        self._selector.close()

    def _run(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._stopping:
                    return
                if key.fileobj is self._inside:
                    self._outwards()
                else:
                    self._inwards(key.fileobj, key.data)  # type: ignore[arg-type]

    def _outwards(self) -> None:
        datagram, client = self._inside.recvfrom(65536)
        action = int.from_bytes(datagram[8:12], "big") if len(datagram) >= 16 else -1
        self.seen[ACTIONS.get(action, "other")] += 1
        self.largest_bytes = max(self.largest_bytes, len(datagram))
        if client not in self._outside:
            onward = _socket()
            onward.connect(self._tracker)
            self._selector.register(onward, selectors.EVENT_READ, client)
            self._outside[client] = onward
        self._outside[client].send(datagram)

    def _inwards(self, onward: socket.socket, client: tuple[str, int]) -> None:
        try:
            self._inside.sendto(onward.recv(65536), client)
        except ConnectionRefusedError:
            return  # The tracker or the client has gone: the other side sees silence, as on a real network.


def _socket() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    return made
