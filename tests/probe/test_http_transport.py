"""The transport by itself: what comes over one connection, and that nothing of it is unbounded."""

import asyncio
import gzip
import hashlib
import tracemalloc

import httpx
import pytest

from tests.doubles.http import Canned, Endless, HttpTracker, Resetting, Silent, gzip_bomb, http
from trackerwatch.outcome import Endpoint, FailureKind, Family, Phase
from trackerwatch.probe.http_transport import MAX_BODY_BYTES, EndpointTransport, failure_from_transport

BODY = b"d8:intervali1800e5:peers0:e"


def number(parameter):
    """An id for a parameter of a mebibyte."""
    return hashlib.sha1(parameter).hexdigest()[:8] if isinstance(parameter, bytes) else None


def transport_to(server):
    return EndpointTransport(server.endpoint, host=server.host, trust=None)


def request(target=b"/announce", **headers):
    return httpx.Request(
        "GET", "http://t.example/", headers={"Host": "t.example", **headers}, extensions={"target": target}
    )


async def fetch(server):
    """The answer, or the failure it was mapped to."""
    async with server:
        transport = transport_to(server)
        try:
            async with asyncio.timeout(10):
                response = await transport.handle_async_request(request())
            await response.aread()
        except httpx.TransportError as error:
            return failure_from_transport(error, transport.phase)
        finally:
            await transport.aclose()
        return response


@pytest.mark.parametrize(
    "answer",
    [
        http(BODY),
        http(BODY, version="1.0", length=False),
        b"HTTP/1.0 200 OK\r\n\r\n" + BODY,
        b"HTTP/1.1 200 OK\nContent-Length: 27\n\n" + BODY,
        b"HTTP/1.1 200\r\nContent-Length: 27     \r\n\r\n" + BODY,
        b"HTTP/1.1 200 Not Authorized\r\nContent-Length: 27\r\n\r\n" + BODY,
        b"HTTP/1.1 100 Continue\r\n\r\n" + http(BODY),
        http(
            b"3\r\nd8:\r\n18;x=y\r\n" + BODY[3:] + b"\r\n0\r\n\r\n",
            "200 OK",
            "Transfer-Encoding: chunked",
            length=False,
        ),
        http(gzip.compress(BODY, mtime=0), "200 OK", "Content-Encoding: gzip"),
        http(gzip.compress(BODY, mtime=0)),
        http(BODY, "200 OK", "Content-Encoding: gzip"),
    ],
    ids=number,
)
async def test_answers_in_every_dress(answer):
    response = await fetch(Canned(answer))
    assert (response.status_code, response.content) == (200, BODY)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"", FailureKind.CLOSED),
        (b"HTTP/1.1 200 OK\r\nContent-", FailureKind.CLOSED),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + BODY, FailureKind.CLOSED),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nd8:in", FailureKind.CLOSED),
        (http(gzip.compress(BODY, mtime=0)[:-9]), FailureKind.CLOSED),
        (http(b"\x1f\x8b\x08garbage all the way"), FailureKind.BAD_REPLY),
        (BODY + b"\r\n\r\n", FailureKind.BAD_REPLY),
        (b"ICY 200 OK\r\n\r\n" + BODY, FailureKind.BAD_REPLY),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", FailureKind.BAD_REPLY),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n" + bytes(MAX_BODY_BYTES + 1), FailureKind.TOO_LARGE),
        (http(gzip_bomb(MAX_BODY_BYTES + 1)), FailureKind.TOO_LARGE),
    ],
    ids=number,
)
async def test_what_is_no_whole_answer(answer, kind):
    failure = await fetch(Canned(answer))
    assert (failure.kind, failure.phase) == (kind, Phase.EXCHANGE)
    assert failure.message


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b"x" * 65536 + b"\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 1000),
        (b"HTTP/1.1 200 OK\r\n", b"X-Pad: " + b"x" * 1000 + b"\r\n"),
        (b"HTTP/1.1 200 OK\r\nX-Pad: ", b"x" * 65536),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
    ],
    ids=number,
)
async def test_what_never_ends_is_cut(start, piece):
    server = Endless(start, piece)
    failure = await fetch(server)
    assert failure.kind is FailureKind.TOO_LARGE
    assert server.sent < 32 << 20


async def test_a_bomb_takes_no_memory():
    bomb = http(gzip_bomb(100 << 20))
    tracemalloc.start()
    try:
        failure = await fetch(Canned(bomb))
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()
    assert failure.kind is FailureKind.TOO_LARGE


async def test_a_reset_is_closed():
    assert (await fetch(Resetting())).kind is FailureKind.CLOSED


async def test_the_target_is_sent_as_it_is():
    odd = b"/a/../b//announce?passkey=AbC%2f|^{}&x=%zz&info_hash=%ff%00"
    async with HttpTracker() as server:
        transport = transport_to(server)
        await transport.handle_async_request(request(odd))
        await transport.aclose()
    assert server.targets == [odd.decode()]


@pytest.mark.parametrize(
    ("target", "headers"),
    [
        (b"/a b", {}),
        (b"/a\r\nHost: x", {}),
        (b"/a\xff", {}),
        (b"/a", {"X-Odd": "a\r\nb"}),
        (b"/a", {"X-Odd": "a\x00b"}),
    ],
)
async def test_nothing_is_smuggled_into_a_request(target, headers):
    async with HttpTracker() as server:
        transport = transport_to(server)
        with pytest.raises(httpx.LocalProtocolError):
            await transport.handle_async_request(request(target, **headers))
        await transport.aclose()
    assert server.requests == []


async def test_one_connection_serves_a_round_and_its_phases_are_those_of_the_first_request():
    async with HttpTracker() as server:
        ticks = iter(range(100))
        transport = EndpointTransport(server.endpoint, host="t.example", trust=None, clock=lambda: next(ticks))
        for _ in range(3):
            response = await transport.handle_async_request(request())
            assert response.extensions["exchange_s"] == 1
        assert transport.connect_s == 1
        assert transport.tls_s is None
        await transport.aclose()
    assert (server.connections, len(server.requests)) == (1, 3)


async def test_a_connection_closed_in_between_is_opened_anew():
    class ClosesEach(HttpTracker):
        async def respond(self, request, reader, writer):
            await super().respond(request, reader, writer)
            return False

    async with ClosesEach() as server:
        transport = transport_to(server)
        for _ in range(3):
            assert (await transport.handle_async_request(request())).status_code == 200
        await transport.aclose()
    assert (server.connections, len(server.requests)) == (3, 3)


async def test_a_stale_connection_is_no_failure_but_a_second_silence_is():
    class AnswersOnce(HttpTracker):
        async def respond(self, request, reader, writer):
            if len(self.requests) == 1:
                return await super().respond(request, reader, writer)
            return False

    async with AnswersOnce() as server:
        transport = transport_to(server)
        await transport.handle_async_request(request())
        with pytest.raises(httpx.ReadError):
            await transport.handle_async_request(request())
        await transport.aclose()
    assert server.connections == 2


async def test_bytes_after_the_answer_never_become_the_next_one():
    forged = http(b"d8:intervali1800e5:peers0:e") + http(b"forged")
    async with Canned(forged, hang_up=False) as server:
        transport = transport_to(server)
        for _ in range(2):
            response = await transport.handle_async_request(request())
            assert await response.aread() == BODY
        await transport.aclose()
    assert server.connections == 2


async def test_it_is_an_httpx_transport():
    async with HttpTracker({b"a" * 20: (1, 2, 3)}) as server:
        url = server.url("/scrape?info_hash=" + "%61" * 20)
        async with httpx.AsyncClient(transport=transport_to(server), trust_env=False) as client:
            response = await client.get(url)
    assert response.content == b"d5:filesd20:aaaaaaaaaaaaaaaaaaaad8:completei1e10:downloadedi2e10:incompletei3eeee"
    assert server.targets == ["/scrape?info_hash=" + "%61" * 20]


async def test_cancelling_leaves_no_connection():
    async with Silent() as server:
        transport = transport_to(server)
        task = asyncio.create_task(transport.handle_async_request(request()))
        await server.arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        # The other side sees the end of the connection, or this would not return.
        await asyncio.gather(*server.tasks)
        assert server.open == set()


async def test_nobody_listens():
    async with HttpTracker() as server:
        gone = server.endpoint
    transport = EndpointTransport(gone, host="t.example", trust=None)
    with pytest.raises(httpx.ConnectError) as caught:
        await transport.connect()
    failure = failure_from_transport(caught.value, transport.phase)
    assert (failure.kind, failure.phase) == (FailureKind.REFUSED, Phase.CONNECT)


async def test_no_way_there():
    transport = EndpointTransport(Endpoint(Family.IPV4, "255.255.255.255", 80), host="t.example", trust=None)
    with pytest.raises(httpx.ConnectError) as caught:
        await transport.connect()
    assert failure_from_transport(caught.value, transport.phase).kind is FailureKind.NO_ROUTE
