"""HTTP trackers on loopback which tell the truth, or misbehave in one way each: raw servers, written apart from the code under test.

Subclass, answer one request your way, leave the `async with` block.
"""

import asyncio
import contextlib
import gzip
import subprocess
from urllib.parse import unquote_to_bytes

from trackerwatch.bencoding import encode
from trackerwatch.outcome import Endpoint, Family
from trackerwatch.tracker import parse_tracker


def http(body, status="200 OK", *headers, version="1.1", length=True):
    """A whole HTTP answer."""
    lines = [f"HTTP/{version} {status}", *headers, *([f"Content-Length: {len(body)}"] if length else []), "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


class Request:
    """What one client sent."""

    def __init__(self, head):
        line, *fields = head.decode("latin-1").split("\r\n")
        self.method, self.target, self.version = line.split(" ")
        self.headers = {name.lower(): value.strip() for name, _, value in (f.partition(":") for f in fields if f)}
        self.path, _, query = self.target.partition("?")
        self.parameters = [tuple(parameter.split("=", 1)) for parameter in query.split("&") if "=" in parameter]

    @property
    def info_hashes(self):
        return [unquote_to_bytes(value) for name, value in self.parameters if name == "info_hash"]


class HttpTracker:
    """An honest tracker: keeps connections, leaves out of a scrape what it does not know."""

    limit = 1000

    def __init__(self, swarms=None, *, host="127.0.0.1", path="/announce", tls=None, name=None):
        self.swarms = swarms or {}
        """Info hash -> (seeders, completed, leechers)."""
        self.host = host
        self.path = path
        self.tls = tls
        self.name = name or host
        self.requests = []
        self.connections = 0
        self.open = set()
        """Connections that the client has not closed yet."""
        self.arrived = asyncio.Event()
        """A request came."""

    async def __aenter__(self):
        self.server = await asyncio.start_server(self.serve, self.host, 0, ssl=self.tls, limit=1 << 20)
        port = self.server.sockets[0].getsockname()[1]
        self.endpoint = Endpoint(Family.IPV6 if ":" in self.host else Family.IPV4, self.host, port)
        self.tracker = self.tracker_at(self.path)
        self.tasks = set()
        return self

    async def __aexit__(self, *_):
        self.server.close()
        for writer in self.open:
            # Whoever waits for the client or writes to it is told that the connection is gone.
            writer.transport.abort()
        await asyncio.gather(*self.tasks)
        await self.server.wait_closed()

    def tracker_at(self, path, *, user_info=""):
        scheme = "https" if self.tls else "http"
        name = f"[{self.name}]" if ":" in self.name else self.name
        return parse_tracker(f"{scheme}://{user_info}{name}:{self.endpoint.port}{path}")

    def url(self, path):
        return self.tracker_at(path).url

    @property
    def targets(self):
        return [request.target for request in self.requests]

    @property
    def batch_sizes(self):
        return [len(request.info_hashes) for request in self.requests]

    async def serve(self, reader, writer):
        task = asyncio.current_task()
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        self.connections += 1
        self.open.add(writer)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await self.connection(reader, writer)
        finally:
            self.open.discard(writer)
            writer.close()
            with contextlib.suppress(ConnectionError, OSError):
                await writer.wait_closed()

    async def connection(self, reader, writer):
        while True:
            request = Request((await reader.readuntil(b"\r\n\r\n"))[:-4])
            self.requests.append(request)
            self.arrived.set()
            if not await self.respond(request, reader, writer):
                return

    async def respond(self, request, reader, writer):
        """Answer; true: the connection stays."""
        writer.write(self.answer(request))
        await writer.drain()
        return request.headers.get("connection") != "close"

    def answer(self, request):
        body = self.scrape(request) if "scrape" in request.path else self.announce(request)
        return http(encode(body))

    def announce(self, request):
        seeders, completed, leechers = self.swarms.get((request.info_hashes or [b""])[0], (0, 0, 0))
        return {
            b"complete": seeders,
            b"downloaded": completed,
            b"incomplete": leechers,
            b"interval": 1800,
            b"min interval": 900,
            b"peers": b"",
        }

    def scrape(self, request):
        return {b"files": {h: self.entry(h) for h in request.info_hashes[: self.limit] if h in self.swarms}}

    def entry(self, info_hash):
        seeders, completed, leechers = self.swarms[info_hash]
        return {b"complete": seeders, b"downloaded": completed, b"incomplete": leechers}


class Canned(HttpTracker):
    """Says the same bytes to everybody, and then keeps the connection or hangs up."""

    def __init__(self, answer, *, hang_up=True, **kwargs):
        super().__init__(**kwargs)
        self.canned = answer
        self.hang_up = hang_up

    async def respond(self, request, reader, writer):
        writer.write(self.canned)
        await writer.drain()
        if not self.hang_up:
            await reader.read()
        return False


class Silent(HttpTracker):
    """Takes the request, and that was that."""

    async def respond(self, request, reader, writer):
        await reader.read()
        return False


class Endless(HttpTracker):
    """Sends a start and then the same piece for ever."""

    def __init__(self, start, piece, **kwargs):
        super().__init__(**kwargs)
        self.start, self.piece, self.sent = start, piece, 0

    async def respond(self, request, reader, writer):
        writer.write(self.start)
        while True:
            writer.write(self.piece)
            self.sent += len(self.piece)
            await writer.drain()
            # Gives the client a turn even where the socket takes everything.
            await asyncio.sleep(0)


class Resetting(HttpTracker):
    """Breaks the connection off."""

    async def respond(self, request, reader, writer):
        writer.transport.abort()
        return False


def gzip_bomb(size):
    """A small body which unpacks to `size` zeros."""
    return gzip.compress(bytes(size), mtime=0)


class Authority:
    """A certificate authority of our own, made with the openssl program."""

    def __init__(self, folder):
        self.folder = folder
        self.ca_file = folder / "ca.pem"
        self._run(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
            "-subj", "/CN=trackerwatch test CA", "-keyout", "ca.key", "-out", "ca.pem",
            "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign",
        )  # fmt: skip

    def issue(self, name, alternative, *, days=20):
        """A certificate and its key in one PEM file; negative days make it one that has ended."""
        (self.folder / f"{name}.ext").write_text(f"subjectAltName={alternative}\n")
        self._run(
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr",
        )  # fmt: skip
        self._run(
            "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
            "-days", str(days), "-extfile", f"{name}.ext", "-out", f"{name}.crt",
        )  # fmt: skip
        chain = self.folder / f"{name}.pem"
        chain.write_text((self.folder / f"{name}.key").read_text() + (self.folder / f"{name}.crt").read_text())
        return chain

    def _run(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)
