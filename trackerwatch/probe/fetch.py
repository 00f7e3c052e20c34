"""A torrent behind an http(s) URL, through the probes' transport: the same address policy, TLS and bounds."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING
from urllib.parse import quote

from trackerwatch.errors import InputError, TrackerUrlError
from trackerwatch.outside_text import clean, url_secrets
from trackerwatch.probe.http_session import HttpSession
from trackerwatch.probe.http_transport import EndpointTransport
from trackerwatch.probe.tls import TlsTrust
from trackerwatch.protocol.http_target import base_target
from trackerwatch.tracker import Protocol, Tracker, parse_tracker

if TYPE_CHECKING:
    from trackerwatch.outcome import Endpoint
    from trackerwatch.probe.resolve import Resolver

MAX_TORRENT_BYTES = 64 << 20
"""Before and after decompression. The largest torrents in use have some tens of MiB."""
DEADLINE_S = 30.0
CONNECT_LIMIT_S = 8.0
"""For one address: the next one must still have time."""

_URL_CHARACTERS = "!#$%&'()*+,/:;=?@[]~"
"""What has a meaning in a URL, or is an escape already; the rest of what people paste is escaped."""


async def fetch_torrent(
    url: str, *, resolver: Resolver, trust: TlsTrust | None = None, deadline_s: float = DEADLINE_S
) -> bytes:
    """Fetch the bytes behind an http(s) URL.

    Args:
        url: As the user typed it. Its host is under the address policy like any other, and so is each redirect's.
        resolver: Resolves and judges.
        trust: Authorities for TLS. None: the system's.
        deadline_s: Seconds for everything: names, connections, redirects, the whole body.

    Returns:
        The body, decompressed, at most 64 MiB.

    Raises:
        InputError: The reason in one clean line without secrets.
    """
    try:
        source = parse_tracker(quote(url.strip(), safe=_URL_CHARACTERS, errors="replace"))
    except TrackerUrlError as error:
        raise InputError(str(error).replace("announce URL", "URL")) from None
    if source.protocol is Protocol.UDP:
        raise InputError("torrents are fetched over http and https only")
    try:
        async with asyncio.timeout(deadline_s):
            return await _fetch(source, resolver, trust or TlsTrust(), deadline_s)
    except TimeoutError:
        raise InputError(f"not fetched within {deadline_s:g} s") from None
    except InputError as error:
        # The reason may quote the other side, and that side may quote the URL.
        raise InputError(clean(str(error), secrets=url_secrets(url))) from None


async def _fetch(source: Tracker, resolver: Resolver, trust: TlsTrust, deadline_s: float) -> bytes:
    resolution = await resolver.resolve_host(source.host, source.port, timeout_s=deadline_s)
    reasons = [failure.message for _, failure in resolution.refused]
    if resolution.failure is not None:
        reasons.append(resolution.failure.message)
    for endpoint in resolution.endpoints:
        session = _Download(source, endpoint, resolve=resolver.resolve_host, trust=trust, timeout_s=deadline_s)
        try:
            async with asyncio.timeout(CONNECT_LIMIT_S) as limit:
                refusal = await session.handshake()
        except TimeoutError:
            if not limit.expired():
                raise
            reasons.insert(0, f"no connection to {endpoint} within {CONNECT_LIMIT_S:g} s")
        else:
            if refusal is None:
                return await _body(session, source)
            reasons.insert(0, f"{endpoint}: {refusal.message}")
        finally:
            await session.aclose()
    raise InputError(reasons[0] if reasons else "the host has no address")


async def _body(session: _Download, source: Tracker) -> bytes:
    fetched = await session.get(base_target(source.target))
    if fetched.answer is None:
        raise InputError(fetched.failure.message if fetched.failure else "no answer")
    if not 200 <= fetched.answer.status < 300:
        raise InputError(f"HTTP status {fetched.answer.status}")
    return fetched.answer.body


class _Download(HttpSession):
    """A session whose answers may have the size of a torrent."""

    def _open(self, tracker: Tracker, endpoint: Endpoint) -> EndpointTransport:
        trust = self._trust if tracker.protocol is Protocol.HTTPS else None
        return EndpointTransport(
            endpoint, host=tracker.host, trust=trust, clock=time.perf_counter, max_body_bytes=MAX_TORRENT_BYTES
        )
