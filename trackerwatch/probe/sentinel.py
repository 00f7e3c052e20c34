"""Sentinels: hosts that have nothing to do with any tracker, asked whether anything at all comes back to this machine.

The user chose them, so no address policy applies. Whatever comes back is proof, a refusal or a reset too: only this machine's
own network being down makes all of them silent.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from trackerwatch.outcome import SentinelOutcome
from trackerwatch.probe.addresses import describe_non_public, is_local_name, is_numeric_host
from trackerwatch.protocol.udp import PROTOCOL_MAGIC, Action, encode_request

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from trackerwatch.outcome import Endpoint, Resolution

    ResolveHost = Callable[..., Awaitable[Resolution]]

DNS_PORT = 53
SENDS = 2
"""Datagrams to one UDP sentinel: one may get lost."""

_ROOT_NS = bytes.fromhex("010000010000000000000000020001")
"""A DNS query after its id: recursion desired, one question: the root's name servers."""


class Transport(StrEnum):
    """How a sentinel is asked."""

    TCP = "tcp"
    UDP = "udp"


@dataclass(frozen=True, slots=True)
class Sentinel:
    """One host to ask."""

    transport: Transport
    host: str
    """An IP literal without brackets, or a name, which needs a resolver."""
    port: int

    @classmethod
    def parse(cls, url: str) -> Sentinel:
        """Read `tcp://host:port` or `udp://[2001:db8::1]:53`.

        Raises:
            ValueError: It is neither.
        """
        scheme, _, place = url.partition("://")
        host, _, port = place.rpartition(":")
        return cls(Transport(scheme), host.removeprefix("[").removesuffix("]"), int(port))

    @property
    def is_local(self) -> bool:
        """Whether it is on loopback or a private address, by its literal; a name is not, unless it means this machine."""
        if is_local_name(self.host):
            return True
        return is_numeric_host(self.host) and describe_non_public(self.host) is not None


def are_local(sentinels: Sequence[Sentinel]) -> bool:
    """Whether there are sentinels and all are local, so that they speak for local trackers too."""
    return bool(sentinels) and all(sentinel.is_local for sentinel in sentinels)


async def ask(sentinels: Sequence[Sentinel], *, resolve: ResolveHost, timeout_s: float) -> SentinelOutcome:
    """Ask all sentinels at once.

    Args:
        sentinels: Whom; none of a transport gives None for it.
        resolve: `Resolver.resolve_host` of a resolver that allows every address.
        timeout_s: Seconds for everything.

    Returns:
        What came back, as soon as it is known of both transports.
    """
    heard: dict[Transport, bool] = {sentinel.transport: False for sentinel in sentinels}
    all_heard = asyncio.Event()

    async def knock(sentinel: Sentinel, endpoint: Endpoint) -> None:
        door = _tcp if sentinel.transport is Transport.TCP else _udp
        if await door(endpoint, timeout_s / SENDS):
            heard[sentinel.transport] = True
            if all(heard.values()):
                all_heard.set()

    async def one(sentinel: Sentinel) -> None:
        resolution = await resolve(sentinel.host, sentinel.port, timeout_s=timeout_s)
        # One address a family: what is asked is whether anything comes back, not how a tracker does.
        first = {endpoint.family: endpoint for endpoint in reversed(resolution.endpoints)}
        await asyncio.gather(*(knock(sentinel, endpoint) for endpoint in first.values()))

    asking = asyncio.gather(*(one(sentinel) for sentinel in sentinels))
    enough = asyncio.ensure_future(all_heard.wait())
    either: set[asyncio.Future[Any]] = {asking, enough}
    try:
        await asyncio.wait(either, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        asking.cancel()
        enough.cancel()
        results = await asyncio.gather(asking, enough, return_exceptions=True)
    if isinstance(results[0], Exception):
        # A mistake of ours is no silence.
        raise results[0]
    return SentinelOutcome(heard.get(Transport.TCP), heard.get(Transport.UDP), are_local(sentinels))


async def _tcp(endpoint: Endpoint, _every_s: float) -> bool:
    """Connect and hang up."""
    try:
        transport, _ = await asyncio.get_running_loop().create_connection(
            asyncio.Protocol, endpoint.address, endpoint.port
        )
    except (ConnectionRefusedError, ConnectionResetError):
        return True
    except OSError:
        return False
    transport.abort()
    return True


async def _udp(endpoint: Endpoint, every_s: float) -> bool:
    """Send something that such a port answers, and wait for anything to come back."""
    from trackerwatch.probe.udp_channel import ChannelClosedError, UdpChannel  # noqa: PLC0415 - a library of its own

    now = asyncio.get_running_loop().time
    channel = None
    try:
        channel = await UdpChannel.open(endpoint)
        for _ in range(SENDS):
            await channel.send(_question(endpoint))
            until = now() + every_s
            while now() < until:
                if await channel.receive(until):
                    return True
    except (ConnectionRefusedError, ConnectionResetError):
        return True
    except (OSError, ChannelClosedError):
        return False
    finally:
        if channel is not None:
            channel.close()
    return False


def _question(endpoint: Endpoint) -> bytes:
    if endpoint.port == DNS_PORT:
        return secrets.token_bytes(2) + _ROOT_NS
    return encode_request(PROTOCOL_MAGIC, Action.CONNECT, secrets.randbits(32))
