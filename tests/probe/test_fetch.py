"""`fetch_torrent`: bytes from a web server on loopback, or one reason why not."""

import asyncio
import contextlib
import gzip
import re
import socket

import pytest

from trackerwatch.errors import InputError
from trackerwatch.probe import fetch
from trackerwatch.probe.addresses import AddressPolicy
from trackerwatch.probe.fetch import fetch_torrent
from trackerwatch.probe.resolve import Resolver

KEY = "0123456789abcdef0123456789abcdef"
BODY = b"d4:infod4:name1:xee"


class WebServer:
    """Answers each path with what it was given, on 127.0.0.1."""

    def __init__(self, pages: dict[str, bytes]) -> None:
        self.pages = pages
        self.asked: list[str] = []
        self.heads: list[str] = []
        self.serving: set = set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.serving.add(asyncio.current_task())
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            path = head.split(" ")[1]
            self.asked.append(path)
            self.heads.append(head)
            writer.write(self.pages.get(path, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"))
            await writer.drain()
            if path == "/hang":
                await reader.read()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    async def __aenter__(self):
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.server.close()
        await self.server.wait_closed()
        await asyncio.gather(*self.serving)

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"


def page(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@pytest.fixture
def resolver():
    resolver = Resolver(AddressPolicy(allow_private=True))
    yield resolver
    resolver.close()


@pytest.fixture
def strict():
    resolver = Resolver(AddressPolicy())
    yield resolver
    resolver.close()


async def reason(url: str, resolver: Resolver, **options: float) -> str:
    with pytest.raises(InputError) as caught:
        await fetch_torrent(url, resolver=resolver, **options)
    message = str(caught.value)
    assert message
    assert message.isprintable()
    assert KEY not in message
    return message


async def test_a_body_comes_as_it_is(resolver):
    large = b"x" * (3 << 20)
    async with WebServer({"/a.torrent": page(BODY), "/large": page(large)}) as web:
        assert await fetch_torrent(web.url("/a.torrent"), resolver=resolver) == BODY
        assert await fetch_torrent(web.url("/a.torrent", "localhost"), resolver=resolver) == BODY
        assert await fetch_torrent(web.url("/large"), resolver=resolver) == large
    assert web.heads[0].split("\r\n")[1] == f"Host: 127.0.0.1:{web.port}"


async def test_a_compressed_body_is_unpacked(resolver):
    packed = gzip.compress(BODY)
    async with WebServer({"/a": page(packed, "200 OK", "Content-Encoding: gzip")}) as web:
        assert await fetch_torrent(web.url("/a"), resolver=resolver) == BODY


async def test_what_people_paste_is_escaped_and_escapes_are_kept(resolver):
    async with WebServer({"/a%20b%C3%A9%7B%2f.torrent?x=[1]": page(BODY)}) as web:
        assert await fetch_torrent(web.url("/a bé{%2f.torrent?x=[1]#part"), resolver=resolver) == BODY


async def test_redirects_are_followed_and_bounded(resolver):
    pages = {
        "/old": page(b"", "302 Found", "Location: /new"),
        "/new": page(BODY),
        "/circle": page(b"", "301 Moved", "Location: /circle"),
        "/file": page(b"", "302 Found", "Location: file:///etc/passwd"),
    }
    async with WebServer(pages) as web:
        assert await fetch_torrent(web.url("/old"), resolver=resolver) == BODY
        assert "circle" in await reason(web.url("/circle"), resolver)
        assert "redirected to what cannot be asked" in await reason(web.url("/file"), resolver)


async def test_a_redirect_into_a_private_network_is_refused():
    """A public name leads there first, so the policy that counts is the one applied to the second hop."""

    class FirstIsPublic(AddressPolicy):
        def refusal(self, address):
            return None if address == "127.0.0.1" else super().refusal(address)

    resolver = Resolver(FirstIsPublic())
    try:
        async with WebServer({"/a": page(b"", "302 Found", "Location: http://169.254.169.254/latest/")}) as web:
            message = await reason(web.url("/a"), resolver)
    finally:
        resolver.close()
    assert "a cloud metadata address" in message
    assert "--allow-private" in message


async def test_private_addresses_need_the_flag(strict):
    async with WebServer({"/a": page(BODY)}) as web:
        for host in ("127.0.0.1", "localhost", "127.1", "2130706433"):
            assert "--allow-private" in await reason(web.url("/a", host), strict)
    assert web.asked == []


async def test_statuses_and_breaks_are_reasons(resolver):
    pages = {
        f"/{KEY}": page(b"gone", "410 Gone"),
        "/short": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc",
        "/noise": b"\x00\x01\x02 not http\r\n\r\n",
        "/hang": b"",
    }
    async with WebServer(pages) as web:
        assert await reason(web.url(f"/{KEY}"), resolver) == "HTTP status 410"
        assert "closed" in await reason(web.url("/short"), resolver)
        assert "no HTTP answer" in await reason(web.url("/noise"), resolver)
        assert "within 0.05 s" in await reason(web.url("/hang"), resolver, deadline_s=0.05)


async def test_too_large_is_refused_before_and_after_unpacking(resolver, monkeypatch):
    monkeypatch.setattr(fetch, "MAX_TORRENT_BYTES", 1 << 20)
    pages = {"/plain": page(b"x" * ((1 << 20) + 1)), "/bomb": page(gzip.compress(b"\0" * (8 << 20)))}
    async with WebServer(pages) as web:
        for path in pages:
            assert "more than 1 MiB" in await reason(web.url(path), resolver)


async def test_a_refused_port_names_the_address(resolver):
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        message = await reason(f"http://127.0.0.1:{port}/{KEY}", resolver)
    assert message == f"127.0.0.1:{port}: connection refused"


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://x.example/a", "unsupported URL"),
        ("udp://x.example:1/a", "only over|over http and https only"),
        ("http://", "no usable host name"),
        (f"http://x.example:0/{KEY}", "no usable port"),
        ("nonsense", "without a scheme"),
    ],
)
async def test_bad_urls_are_reasons(url, why, strict):
    assert re.search(why, await reason(url, strict))
