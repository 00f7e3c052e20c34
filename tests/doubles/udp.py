"""UDP trackers on loopback which tell the truth, or misbehave in one way each.

Written from BEP 15, apart from the code under test. Subclass, answer one request your way, leave the `async with` block.
"""

import asyncio
import random
import socket
import struct

from trackerwatch.outcome import Endpoint, Family
from trackerwatch.tracker import parse_tracker

CONNECT, ANNOUNCE, SCRAPE, ERROR = range(4)
MAGIC = 0x41727101980


def free_port(host="127.0.0.1"):
    """A port on which nobody listened a moment ago."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


class UdpTracker(asyncio.DatagramProtocol):
    """An honest tracker: keeps the order, answers 0/0/0 for what it does not know."""

    limit = 1000

    def __init__(self, swarms=None, *, host="127.0.0.1", path="/announce"):
        self.swarms = swarms or {}
        """Info hash -> (seeders, completed, leechers)."""
        self.host = host
        self.path = path
        self.connection_id = 0x1122334455667788
        self.received = []
        """(action, body) of each request in the order of arrival."""
        self.clients = set()
        self.interval = 1800
        self.peers = b""

    async def __aenter__(self):
        self.transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: self, local_addr=(self.host, 0)
        )
        port = self.transport.get_extra_info("sockname")[1]
        family = Family.IPV6 if ":" in self.host else Family.IPV4
        self.endpoint = Endpoint(family, self.host, port)
        self.tracker = parse_tracker(f"udp://{self.endpoint}{self.path}")
        return self

    async def __aexit__(self, *_):
        self.transport.close()
        await asyncio.sleep(0)

    def of(self, action):
        return [body for kind, body in self.received if kind == action]

    @property
    def batch_sizes(self):
        return [len(body) // 20 for body in self.of(SCRAPE)]

    def datagram_received(self, data, address):
        connection_id, action, transaction_id = struct.unpack_from(">QII", data)
        self.received.append((action, data[16:]))
        self.clients.add(address)
        reply = self.reply(connection_id, action, transaction_id, data[16:])
        for datagram in reply if isinstance(reply, list) else [reply]:
            if datagram is not None:
                self.transport.sendto(datagram, address)

    def reply(self, connection_id, action, transaction_id, body):
        if action == CONNECT:
            return self.connect(transaction_id)
        if connection_id != self.connection_id:
            return self.error(transaction_id, b"Connection ID missmatch.\0")
        if action == ANNOUNCE:
            return self.announce(transaction_id, body)
        return self.scrape(transaction_id, [body[at : at + 20] for at in range(0, len(body), 20)])

    def connect(self, transaction_id):
        return struct.pack(">IIQ", CONNECT, transaction_id, self.connection_id)

    def announce(self, transaction_id, body):
        seeders, _, leechers = self.swarms.get(body[:20], (0, 0, 0))
        return struct.pack(">IIiII", ANNOUNCE, transaction_id, self.interval, leechers, seeders) + self.peers

    def scrape(self, transaction_id, hashes):
        entries = (struct.pack(">III", *self.swarms.get(info_hash, (0, 0, 0))) for info_hash in hashes[: self.limit])
        return struct.pack(">II", SCRAPE, transaction_id) + b"".join(entries)

    def error(self, transaction_id, text):
        return struct.pack(">II", ERROR, transaction_id) + text


class Shuffling(UdpTracker):
    """Gives the entries in an order of its own each time (torrust)."""

    def scrape(self, transaction_id, hashes):
        hashes = list(hashes)
        random.Random(transaction_id).shuffle(hashes)
        return super().scrape(transaction_id, hashes)


class Limited(UdpTracker):
    """Silently leaves out what is over its limit (chihaya)."""

    limit = 50


class Silent(UdpTracker):
    """Reads and says nothing."""

    def reply(self, *_):
        return None


class ConnectOnly(UdpTracker):
    """Grants connections and answers nothing else."""

    def announce(self, *_):
        return None

    def scrape(self, *_):
        return None


class Forgetful(UdpTracker):
    """Loses the first `losses` datagrams of each action."""

    losses = 1

    def reply(self, connection_id, action, transaction_id, body):
        if len(self.of(action)) <= self.losses:
            return None
        return super().reply(connection_id, action, transaction_id, body)


class Expiring(UdpTracker):
    """Forgets a connection id once, after `good_for` requests, as a restarted or clustered tracker does."""

    good_for = 0

    def reply(self, connection_id, action, transaction_id, body):
        if action != CONNECT and len(self.of(action)) == self.good_for + 1:
            self.connection_id += 1
        return super().reply(connection_id, action, transaction_id, body)


class Refusing(UdpTracker):
    """Answers every announce and scrape by an error."""

    text = b"access denied\0"

    def announce(self, transaction_id, _):
        return self.error(transaction_id, self.text)

    def scrape(self, transaction_id, _):
        return self.error(transaction_id, self.text)
