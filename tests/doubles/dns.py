"""A name server on loopback which tells the truth, or misbehaves in one way each: written from RFC 1035, apart from the code under test.

It answers TXT questions over UDP and TCP on one port. Subclass, answer one question your way, leave the `async with` block.
"""

import asyncio
import struct

import dns.asyncresolver

TXT, IN = 16, 1
NOERROR, SERVFAIL, NXDOMAIN, REFUSED = 0, 2, 3, 5
TRUNCATED = 0x0200


def labels(name):
    """A name on the wire."""
    return b"".join(bytes([len(label)]) + label for label in name.encode("ascii").rstrip(b".").split(b".")) + b"\0"


def txt(*strings):
    """The data of a TXT record."""
    return b"".join(bytes([len(string)]) + string for string in strings)


def record(data, *, kind=TXT, name=b"\xc0\x0c", ttl=60):
    """A resource record; its name points at the question's."""
    return name + struct.pack(">HHIH", kind, IN, ttl, len(data)) + data


def message(query, records=(), *, code=NOERROR, flags=0, count=None):
    """An answer to a query."""
    head = query[:2] + struct.pack(">HHHHH", 0x8180 | flags | code, 1, len(records) if count is None else count, 0, 0)
    return head + question(query) + b"".join(records)


def question(query):
    end = 12
    while query[end]:
        end += query[end] + 1
    return query[12 : end + 5]


class NameServer(asyncio.DatagramProtocol):
    """Knows the TXT records of some names; the others do not exist."""

    def __init__(self, names=None):
        self.names = names or {}
        """Name -> TXT records, each a tuple of strings."""
        self.asked = []
        """(`udp` or `tcp`, name) of each question in the order of arrival."""

    async def __aenter__(self):
        loop = asyncio.get_running_loop()
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        self.tasks = set()
        self.transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", self.port))
        return self

    async def __aexit__(self, *_):
        self.transport.close()
        self.server.close()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.server.wait_closed()

    def resolver(self, **settings):
        """A resolver of the library under test that asks here."""
        resolver = dns.asyncresolver.Resolver(configure=False)
        resolver.nameservers = ["127.0.0.1"]
        resolver.port = self.port
        for name, value in settings.items():
            setattr(resolver, name, value)
        return resolver

    def datagram_received(self, data, address):
        reply = self.noted(data, "udp")
        if reply is not None:
            self.transport.sendto(reply, address)

    async def serve(self, reader, writer):
        self.tasks.add(asyncio.current_task())
        try:
            (length,) = struct.unpack(">H", await reader.readexactly(2))
            reply = self.noted(await reader.readexactly(length), "tcp")
            if reply is not None:
                writer.write(struct.pack(">H", len(reply)) + reply)
                await writer.drain()
        finally:
            writer.close()

    def noted(self, query, transport):
        at, parts = 12, []
        while query[at]:
            parts.append(query[at + 1 : at + 1 + query[at]].decode("ascii"))
            at += query[at] + 1
        name = ".".join(parts)
        self.asked.append((transport, name))
        return self.reply(query, name, transport)

    def reply(self, query, name, transport):
        if name not in self.names:
            return message(query, code=NXDOMAIN)
        return message(query, [record(txt(*strings)) for strings in self.names[name]])


class Silent(NameServer):
    """Reads and says nothing."""

    def reply(self, *_):
        return None


class OverTcp(NameServer):
    """Has answers too long for a datagram."""

    def reply(self, query, name, transport):
        return message(query, flags=TRUNCATED) if transport == "udp" else super().reply(query, name, transport)


class Saying(NameServer):
    """Says what a function makes of a query."""

    def __init__(self, say):
        super().__init__()
        self.say = say

    def reply(self, query, *_):
        return self.say(query)
