"""An httpx transport for probes: one connection to one given address, its phases timed apart, everything bounded.

httpx's own pool resolves names by itself, measures nothing apart, and unpacks a compressed body of any size. This one
connects to an address that was resolved and judged before, keeps the connection for as long as a round lasts, sends the
request target byte for byte, and reads at most so much. Time is the caller's to bound: one deadline around the whole
request, and `phase` tells where it struck.
"""

from __future__ import annotations

import asyncio
import re
import time
import zlib
from typing import TYPE_CHECKING

import h11
import httpx

from trackerwatch.outcome import Failure, FailureKind, Phase
from trackerwatch.outside_text import clean
from trackerwatch.probe.system_errors import failure_from_os_error
from trackerwatch.probe.tls import certificate_life

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from trackerwatch.outcome import Endpoint
    from trackerwatch.probe.tls import TlsTrust

MAX_HEADER_BYTES = 64 * 1024
MAX_BODY_BYTES = 1 << 20
"""Before and after decompression."""
WIRE_FACTOR = 2
"""Bytes read for each byte that a body may have: chunk sizes and interim answers are included."""
MAX_EVENTS = 10_000
"""Chunks and the like, for each MiB that a body may have: reading one costs time, however small it is."""

_KEPT_GET = h11.Request(method="GET", target="/", headers=[("Host", "kept")])
_LAST_GET = h11.Request(method="GET", target="/", headers=[("Host", "last"), ("Connection", "close")])
_END = h11.EndOfMessage()

_UNSENDABLE_IN_TARGET = re.compile(rb"[^\x21-\x7e]")
_UNSENDABLE_IN_HEADER = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")

_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_WINDOW = 31


class TooLargeError(httpx.ReadError):
    """More came than an answer may have."""


class ClosedEarlyError(httpx.ReadError):
    """The connection ended before a whole answer."""


class BrokenBodyError(httpx.ReadError):
    """The body is not what it claims to be."""


class _Channel(asyncio.Protocol):
    """The bytes of one connection, read as HTTP/1.1 while an answer is awaited."""

    def __init__(self, max_body_bytes: int = MAX_BODY_BYTES) -> None:
        self._max_body_bytes = max_body_bytes
        self.transport: asyncio.Transport | None = None
        self.reusable = True
        """Whether another request may follow. False also once the other side closed."""
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEADER_BYTES)
        self._answer: asyncio.Future[h11.Response] | None = None
        self._response: h11.Response | None = None
        self._body: list[bytes] = []
        self._body_bytes = 0
        self._wire_bytes = 0
        self._events = 0

    async def exchange(self, head: bytes, *, keep_alive: bool) -> tuple[h11.Response, bytes]:
        """Send one request and wait for the whole answer.

        Args:
            head: The request line and the headers, to the empty line.
            keep_alive: Whether the headers ask for the connection to be kept.

        Raises:
            TooLargeError: Beyond a limit.
            ClosedEarlyError: The other side hung up.
            httpx.RemoteProtocolError: It speaks no HTTP.
            OSError: The connection broke.
        """
        if self.transport is None:
            raise ClosedEarlyError("not connected")
        if self._http.our_state is h11.DONE:
            self._http.start_next_cycle()
        self._response, self._body = None, []
        self._body_bytes = self._wire_bytes = self._events = 0
        self._answer = asyncio.get_running_loop().create_future()
        # h11 needs to know that a GET went out to read its answer. It need not see the kilobytes of a scrape's target, which
        # it would check byte by byte.
        self._http.send(_KEPT_GET if keep_alive else _LAST_GET)
        self._http.send(_END)
        self.transport.write(head)
        response = await self._answer
        # Bytes beyond the answer would be taken for the start of the next.
        in_step = self._http.our_state is h11.DONE and self._http.their_state is h11.DONE
        if not in_step or self._http.trailing_data[0]:
            self.reusable = False
        return response, b"".join(self._body)

    @property
    def answer_begun(self) -> bool:
        """Whether any byte of the present answer came."""
        return self._wire_bytes > 0

    def abort(self) -> None:
        """Let go at once, without the farewell that TLS would wait for."""
        self.reusable = False
        if self.transport is not None:
            self.transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # a stream has a read and write transport

    def data_received(self, data: bytes) -> None:
        if self._answer is None or self._answer.done():
            # Nobody asked: whatever it is, the next answer cannot be told from it.
            self.abort()
            return
        self._wire_bytes += len(data)
        try:
            self._http.receive_data(data)
            self._read_events()
        except h11.RemoteProtocolError as error:
            self._fail(_protocol_error(error))
        if self._http.their_state is h11.MUST_CLOSE:
            # A whole answer and the last one here: no need to wait for the other side to hang up.
            self.abort()

    def eof_received(self) -> None:
        self.reusable = False
        self._end(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self.reusable = False
        self._end(exc)

    def _end(self, cause: Exception | None) -> None:
        if self._answer is None or self._answer.done():
            return
        if cause is None:
            try:
                self._http.receive_data(b"")
                self._read_events()
            except h11.RemoteProtocolError:
                # What is missing is the rest; that what came was cut short says enough.
                pass
        if not self._answer.done():
            begun = "before a whole answer" if self._wire_bytes else "without an answer"
            error = ClosedEarlyError(f"the connection was closed {begun}")
            error.__cause__ = cause
            self._fail(error)

    def _read_events(self) -> None:
        while True:
            event = self._http.next_event()
            kind = type(event)
            if kind is h11.NEED_DATA:
                if self._wire_bytes > WIRE_FACTOR * self._max_body_bytes:
                    self._fail(TooLargeError(f"an answer of more than {WIRE_FACTOR * self._max_body_bytes >> 20} MiB"))
                return
            self._events += 1
            if isinstance(event, h11.Data):
                self._body_bytes += len(event.data)
                if self._body_bytes > self._max_body_bytes:
                    self._fail(TooLargeError(f"a body of more than {self._max_body_bytes >> 20} MiB"))
                    return
                self._body.append(bytes(event.data))
            elif isinstance(event, h11.Response):
                self._response = event
            elif isinstance(event, h11.EndOfMessage):
                if self._answer is not None and self._response is not None:
                    self._answer.set_result(self._response)
                return
            elif event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
                return
            max_events = MAX_EVENTS * self._max_body_bytes // MAX_BODY_BYTES
            if self._events > max_events:
                self._fail(TooLargeError(f"an answer in more than {max_events} pieces"))
                return

    def _fail(self, error: Exception) -> None:
        self.reusable = False
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)


def _protocol_error(error: h11.RemoteProtocolError) -> httpx.TransportError:
    if error.error_status_hint == 431:
        return TooLargeError(f"headers of more than {MAX_HEADER_BYTES >> 10} KiB")
    return httpx.RemoteProtocolError(str(error))


class EndpointTransport(httpx.AsyncBaseTransport):
    """One connection at a time to one endpoint, for one round. Not for two requests at once."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        host: str,
        trust: TlsTrust | None,
        clock: Callable[[], float] = time.perf_counter,
        max_body_bytes: int = MAX_BODY_BYTES,
    ) -> None:
        """Make a transport that connects when first asked.

        Args:
            endpoint: Where to connect; names in requests are not resolved.
            host: Whom the certificate must be for, and what SNI says.
            trust: Authorities. None: plain HTTP.
            clock: Monotonic seconds.
            max_body_bytes: Of a body, before and after decompression.
        """
        self.endpoint = endpoint
        self.phase = Phase.CONNECT
        """What is under way, or was when an error came."""
        self.connect_s: float | None = None
        """Of the first connection, as the next ones."""
        self.tls_s: float | None = None
        self.tls_expires_at: datetime | None = None
        self.tls_valid_from: datetime | None = None
        self._host = host
        self._trust = trust
        self._clock = clock
        self._max_body_bytes = max_body_bytes
        self._channel: _Channel | None = None

    async def connect(self) -> None:
        """Connect and shake hands, unless connected.

        Raises:
            httpx.ConnectError: It did not work; the cause says why.
        """
        if self._channel is not None and self._channel.reusable:
            return
        self._drop()
        try:
            await self._connect()
        except (OSError, ValueError) as error:
            # ValueError: a host name that ssl refuses to ask for.
            self._drop()
            raise httpx.ConnectError(str(error)) from error
        except BaseException:
            self._drop()
            raise

    async def _connect(self) -> None:
        self.phase = Phase.CONNECT
        loop = asyncio.get_running_loop()
        started = self._clock()
        transport, channel = await loop.create_connection(
            lambda: _Channel(self._max_body_bytes), self.endpoint.address, self.endpoint.port
        )
        self._channel = channel
        connected = self._clock()
        self.connect_s = self.connect_s if self.connect_s is not None else connected - started
        if self._trust is None:
            return
        self.phase = Phase.TLS
        # The dot that ends an absolute name is no part of a certificate's name.
        name = self._host.rstrip(".")
        secured = await loop.start_tls(transport, channel, self._trust.context, server_hostname=name)
        if secured is None:
            raise ConnectionResetError("the connection was closed during the TLS handshake")
        channel.connection_made(secured)
        self.tls_s = self.tls_s if self.tls_s is not None else self._clock() - connected
        if self.tls_expires_at is None:
            self.tls_valid_from, self.tls_expires_at = certificate_life(secured.get_extra_info("ssl_object"))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request and read the whole answer.

        Args:
            request: `extensions["target"]`, bytes, is sent as the request target; without it the URL's path and query.

        Returns:
            The response with its body read and decompressed; `extensions["body"]` is the same without another copy, and
            `extensions["exchange_s"]` is from the request sent to the whole answer.

        Raises:
            httpx.TransportError: What went wrong, with its cause; `failure_from_transport` names it.
        """
        reused = self._channel is not None and self._channel.reusable
        await self.connect()
        try:
            return await self._exchange(request)
        except (ClosedEarlyError, OSError) as error:
            begun = self._channel is not None and self._channel.answer_begun
            self._drop()
            if not reused or begun:
                raise error if isinstance(error, httpx.TransportError) else httpx.ReadError(str(error)) from error
        except BaseException:
            self._drop()
            raise
        # A kept connection may have been closed just before: that is no failure of the tracker.
        await self.connect()
        try:
            return await self._exchange(request)
        except OSError as error:
            self._drop()
            raise httpx.ReadError(str(error)) from error
        except BaseException:
            self._drop()
            raise

    async def _exchange(self, request: httpx.Request) -> httpx.Response:
        self.phase = Phase.EXCHANGE
        channel = self._channel
        if channel is None:
            raise ClosedEarlyError("the connection was closed before the request")
        target: bytes = request.extensions.get("target") or request.url.raw_path
        started = self._clock()
        keep_alive = request.headers.get("connection", "").lower() != "close"
        response, body = await channel.exchange(_head(request, target), keep_alive=keep_alive)
        exchange_s = self._clock() - started
        if not channel.reusable:
            self._drop()
        headers = response.headers.raw_items()
        if body.startswith(_GZIP_MAGIC):
            # By what it is, not by what the header says: both kinds of lie occur.
            body = _gunzip(body, self._max_body_bytes)
        # httpx would decompress a second time, and without a bound.
        kept = [(name, value) for name, value in headers if name.lower() != b"content-encoding"]
        return httpx.Response(
            response.status_code,
            headers=kept,
            stream=httpx.ByteStream(body),
            request=request,
            extensions={"exchange_s": exchange_s, "reason_phrase": bytes(response.reason), "body": body},
        )

    async def aclose(self) -> None:
        """Close the connection."""
        self._drop()

    def _drop(self) -> None:
        if self._channel is not None:
            self._channel.abort()
            self._channel = None


def _head(request: httpx.Request, target: bytes) -> bytes:
    headers = b"".join([b"%b: %b\r\n" % header for header in request.headers.raw])
    if request.method != "GET" or _UNSENDABLE_IN_TARGET.search(target) or not target:
        raise httpx.LocalProtocolError("only a GET of a target without white space can be sent", request=request)
    if _UNSENDABLE_IN_HEADER.search(headers.replace(b"\r\n", b"")) or headers.count(b"\r\n") != len(
        request.headers.raw
    ):
        raise httpx.LocalProtocolError("a header holds a control character", request=request)
    return b"GET %b HTTP/1.1\r\n%b\r\n" % (target, headers)


def _gunzip(body: bytes, max_bytes: int) -> bytes:
    unpacker = zlib.decompressobj(_GZIP_WINDOW)
    try:
        unpacked = unpacker.decompress(body, max_bytes + 1)
    except zlib.error as error:
        raise BrokenBodyError("a gzip body that cannot be unpacked") from error
    if len(unpacked) > max_bytes:
        raise TooLargeError(f"a body of more than {max_bytes >> 20} MiB once decompressed")
    if not unpacker.eof:
        raise ClosedEarlyError("a compressed body that ends early")
    return unpacked


def failure_from_transport(error: httpx.HTTPError | OSError, phase: Phase) -> Failure:
    """Name what a transport raised: the one place where library errors become failures.

    Args:
        error: As raised by `EndpointTransport`.
        phase: What was under way.
    """
    if isinstance(error, TooLargeError):
        return Failure(FailureKind.TOO_LARGE, phase, str(error))
    if isinstance(error, ClosedEarlyError):
        return Failure(FailureKind.CLOSED, phase, str(error))
    if isinstance(error, BrokenBodyError):
        return Failure(FailureKind.BAD_REPLY, phase, str(error))
    if isinstance(error, httpx.RemoteProtocolError):
        return Failure(FailureKind.BAD_REPLY, phase, clean(f"no HTTP answer: {error}"))
    if isinstance(error.__cause__, ValueError) and not isinstance(error.__cause__, OSError):
        return Failure(FailureKind.TLS, phase, "a host name for which no certificate can be asked")
    return failure_from_os_error(error, phase)
