"""One round of HTTP requests to one endpoint: each under one deadline, redirects followed by hand and judged.

A redirect is the tracker's word on where to go, and a stranger's: each hop must stay within http and https, must not leave
TLS, and its host is resolved and judged by the address policy like any other. What we know of the tracker (its key, its
credentials) is never added to another URL.
"""

from __future__ import annotations

import asyncio
import base64
import time
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote_to_bytes, urljoin

import httpx

from trackerwatch import __version__
from trackerwatch.errors import TrackerUrlError
from trackerwatch.outcome import Failure, FailureKind, Phase
from trackerwatch.outside_text import clean
from trackerwatch.probe.http_transport import EndpointTransport, failure_from_transport
from trackerwatch.protocol.http_answer import HttpAnswer
from trackerwatch.protocol.http_target import base_target
from trackerwatch.tracker import DEFAULT_PORTS, Tracker, parse_tracker
from trackerwatch.tracker import Protocol as Scheme

if TYPE_CHECKING:
    from collections.abc import Callable

    from trackerwatch.outcome import Endpoint, Resolution
    from trackerwatch.probe.tls import TlsTrust

MAX_REDIRECTS = 5
USER_AGENT = f"trackerwatch/{__version__}"

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_RETRY_AFTER_S = 7 * 86_400.0


class ResolveHost(Protocol):
    """Finds the addresses behind a host and judges them: `trackerwatch.probe.resolve.Resolver.resolve_host`."""

    async def __call__(self, host: str, port: int, *, timeout_s: float) -> Resolution:
        """Resolve."""
        ...


@dataclass(frozen=True, slots=True)
class Fetched:
    """What one request led to: an answer or a failure."""

    answer: HttpAnswer | None
    failure: Failure | None
    exchange_s: float | None = None
    """Of the last hop."""


class HttpSession:
    """Requests to one endpoint of one tracker, one at a time, over one connection for as long as it is kept."""

    def __init__(
        self,
        tracker: Tracker,
        endpoint: Endpoint,
        *,
        resolve: ResolveHost,
        trust: TlsTrust,
        timeout_s: float,
        keep_alive: bool = False,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Make a session; nothing is sent yet.

        Args:
            tracker: Whom to ask.
            endpoint: Where: an address that was resolved and judged.
            resolve: For the hosts of redirects.
            trust: Authorities for TLS.
            timeout_s: Bounds each request, connecting and redirects included.
            keep_alive: Whether more than one request is to come.
            clock: Monotonic seconds.
        """
        self.requests = 0
        """Sent so far, redirects included."""
        self._tracker = tracker
        self._resolve = resolve
        self._trust = trust
        self._timeout_s = timeout_s
        self._clock = clock
        self._connection = "keep-alive" if keep_alive else "close"
        self.transport = self._open(tracker, endpoint)
        """The one to the endpoint itself; it has the phases."""
        self._hops: dict[tuple[Scheme, str, int], EndpointTransport] = {_origin(tracker): self.transport}
        self._asked: dict[tuple[Scheme, str, int], tuple[httpx.URL, list[tuple[str, str]]]] = {}

    async def handshake(self) -> Failure | None:
        """Connect, with TLS where the tracker has it, and send nothing."""
        try:
            async with asyncio.timeout(self._timeout_s):
                await self.transport.connect()
        except TimeoutError:
            return self._timed_out(self.transport)
        except httpx.TransportError as error:
            return failure_from_transport(error, self.transport.phase)
        return None

    async def get(self, target: bytes) -> Fetched:
        """Ask once, and follow where that leads.

        Args:
            target: Path and query, sent byte for byte.
        """
        at = self.transport
        try:
            async with asyncio.timeout(self._timeout_s):
                here, url = self._tracker, ""
                seen = set[str]()
                while True:
                    at = self._hops[_origin(here)]
                    response = await self._send(at, here, target)
                    location = response.headers.get("location")
                    if response.status_code not in _REDIRECTS or location is None:
                        return Fetched(_answer(response), None, response.extensions["exchange_s"])
                    # The URL as it was asked, for relative redirects; the hashes and keys in it stay on this host.
                    url = f"{_base_url(here)}{target.decode('ascii')}"
                    seen.add(url)
                    following = _follow(url, location, here)
                    if isinstance(following, Failure):
                        return Fetched(None, self._without_secrets(following))
                    if len(seen) > MAX_REDIRECTS:
                        return Fetched(None, _redirect_failure(f"more than {MAX_REDIRECTS} redirects"))
                    target = base_target(following.target)
                    if f"{_base_url(following)}{target.decode('ascii')}" in seen:
                        return Fetched(None, _redirect_failure("the redirects run in a circle"))
                    if _origin(following) not in self._hops:
                        refusal = await self._open_hop(following, at.endpoint)
                        if refusal is not None:
                            return Fetched(None, self._without_secrets(refusal))
                    here = following
        except TimeoutError:
            failure = self._timed_out(at)
        except httpx.TransportError as error:
            failure = failure_from_transport(error, at.phase)
        if at is not self.transport:
            failure = replace(failure, message=f"redirected to {at.endpoint}: {failure.message}")
        return Fetched(None, failure)

    def _without_secrets(self, failure: Failure) -> Failure:
        """A redirect names hosts and paths as the tracker likes, our own key among them."""
        return replace(failure, message=clean(failure.message, secrets=self._tracker.secrets))

    async def aclose(self) -> None:
        """Close every connection."""
        for transport in self._hops.values():
            await transport.aclose()

    async def _send(self, at: EndpointTransport, tracker: Tracker, target: bytes) -> httpx.Response:
        origin = _origin(tracker)
        if origin not in self._asked:
            self._asked[origin] = httpx.URL(_base_url(tracker)), self._headers(tracker)
        url, headers = self._asked[origin]
        self.requests += 1
        request = httpx.Request("GET", url, headers=headers, extensions={"target": target})
        return await at.handle_async_request(request)

    def _headers(self, tracker: Tracker) -> list[tuple[str, str]]:
        headers = [
            ("Host", _host_header(tracker)),
            ("User-Agent", USER_AGENT),
            ("Accept-Encoding", "gzip"),
            ("Connection", self._connection),
        ]
        user_info, at, _ = tracker.url.partition("://")[2].partition("/")[0].partition("?")[0].rpartition("@")
        if at and tracker is self._tracker:
            headers.append(("Authorization", f"Basic {base64.b64encode(unquote_to_bytes(user_info)).decode('ascii')}"))
        return headers

    async def _open_hop(self, following: Tracker, before: Endpoint) -> Failure | None:
        resolution = await self._resolve(following.host, following.port, timeout_s=self._timeout_s)
        if not resolution.endpoints:
            failure = resolution.failure or (resolution.refused[0][1] if resolution.refused else None)
            if failure is None:
                return _redirect_failure(f"redirected to {following.shown_url}, which has no address")
            message = clean(f"redirected to {following.host_port}: {failure.message}")
            return Failure(failure.kind, failure.phase, message)
        # The same machine if it is among them, else the same family: it is this endpoint that is being asked.
        endpoint = min(
            resolution.endpoints,
            key=lambda other: (other.address != before.address, other.family is not before.family),
        )
        self._hops[_origin(following)] = self._open(following, endpoint)
        return None

    def _open(self, tracker: Tracker, endpoint: Endpoint) -> EndpointTransport:
        trust = self._trust if tracker.protocol is Scheme.HTTPS else None
        return EndpointTransport(endpoint, host=tracker.host, trust=trust, clock=self._clock)

    def _timed_out(self, at: EndpointTransport) -> Failure:
        return Failure(FailureKind.TIMEOUT, at.phase, f"no answer within {self._timeout_s:g} s")


def _follow(url: str, location: str, here: Tracker) -> Tracker | Failure:
    try:
        following = parse_tracker(urljoin(url, location.strip()))
    except (TrackerUrlError, ValueError) as error:
        why = str(error) if isinstance(error, TrackerUrlError) else "no URL"
        return _redirect_failure(clean(f"redirected to what cannot be asked: {why}", secrets=here.secrets))
    if following.protocol is Scheme.UDP:
        return _redirect_failure(f"redirected from HTTP to {following.shown_url}")
    if here.protocol is Scheme.HTTPS and following.protocol is Scheme.HTTP:
        return _redirect_failure(f"redirected from https to {following.shown_url}")
    return following


def _redirect_failure(message: str) -> Failure:
    return Failure(FailureKind.REDIRECT, Phase.EXCHANGE, message)


def _origin(tracker: Tracker) -> tuple[Scheme, str, int]:
    return tracker.protocol, tracker.host, tracker.port


def _base_url(tracker: Tracker) -> str:
    return f"{tracker.protocol}://{_host_header(tracker)}"


def _host_header(tracker: Tracker) -> str:
    """A port only where it is not the scheme's own: some servers choose the site by the very text."""
    host = f"[{tracker.host}]" if ":" in tracker.host else tracker.host
    return host if tracker.port == DEFAULT_PORTS[tracker.protocol] else f"{host}:{tracker.port}"


def _answer(response: httpx.Response) -> HttpAnswer:
    return HttpAnswer(response.status_code, response.extensions["body"], _retry_after_s(response.headers))


def _retry_after_s(headers: httpx.Headers) -> float | None:
    """RFC 9110, 10.2.3: seconds or a date. The date is taken against the server's own clock where it tells it."""
    said = headers.get("retry-after", "").strip()
    if not said:
        return None
    if said.isascii() and said.isdigit():
        return min(float(said[:12]), _MAX_RETRY_AFTER_S)
    try:
        until = parsedate_to_datetime(said).timestamp()
    except (ValueError, OverflowError):
        return None
    try:
        now = parsedate_to_datetime(headers["date"]).timestamp()
    except (KeyError, ValueError, OverflowError):
        now = time.time()
    return min(max(0.0, until - now), _MAX_RETRY_AFTER_S)
