"""What doctor asks of the net: a few packets to sentinels and a few lookups, all at once and bounded."""

from __future__ import annotations

import asyncio
import ipaddress
import secrets
from typing import TYPE_CHECKING, Protocol

from trackerwatch.config.settings import DEFAULTS
from trackerwatch.doctor.facts import NameFound, NetworkFacts
from trackerwatch.outcome import Endpoint, FailureKind, Family
from trackerwatch.outside_text import clean, redact_host

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence
    from typing import Any

    from trackerwatch.config.settings import Config
    from trackerwatch.outcome import Resolution, SentinelOutcome

WITHIN_S = 8.0
SENTINELS_WITHIN_S = 4.0
NAMES_ASKED = 40
IPV6_SENTINELS = ("tcp://[2606:4700:4700::1111]:443", "udp://[2620:fe::fe]:53")
"""Of the same operators as the usual ones; asked only where those are."""
SOMEWHERE_IPV6 = Endpoint(Family.IPV6, "2606:4700:4700::1111", 443)
PORT = 80
"""Goes into endpoints that nobody asks."""


class Outside(Protocol):
    """Who asks the net."""

    async def sentinel(self, sentinels: Sequence[str]) -> SentinelOutcome:
        """Ask these whether anything comes back."""
        ...

    async def look_up(self, host: str) -> Resolution:
        """The addresses behind a name, judged by a policy that permits no private ones beside the configured."""
        ...

    def leaving_address(self, endpoint: Endpoint) -> str | None:
        """From where packets to it would leave. Sends nothing."""
        ...


async def survey(outside: Outside, config: Config, hosts: Sequence[str], *, within_s: float = WITHIN_S) -> NetworkFacts:
    """Ask everything at once.

    Args:
        outside: Asks.
        config: Names the sentinels, and says whether private addresses are meant so.
        hosts: Names of trackers.
        within_s: Seconds for all; what has no answer by then stays unknown.
    """
    leaving = outside.leaving_address(SOMEWHERE_IPV6)
    sixes = ipv6_sentinels(config.sentinels) if leaving is not None else ()
    no_name = f"{secrets.token_hex(8)}.invalid"
    names = list(dict.fromkeys(hosts))[:NAMES_ASKED]
    calls: list[Coroutine[Any, Any, Any]] = [
        outside.sentinel(config.sentinels),
        outside.sentinel(sixes),
        # The dot at its end keeps search lists out.
        *(outside.look_up(host) for host in (f"{no_name}.", *names)),
    ]
    tasks = [asyncio.ensure_future(call) for call in calls]
    try:
        _, late = await asyncio.wait(tasks, timeout=within_s)
    finally:
        for task in tasks:
            task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    heard, heard6, made_up, *found = (None if task in late else task.result() for task in tasks)
    return NetworkFacts(
        asked=True,
        sentinels=len(config.sentinels),
        local=heard is not None and heard.local,
        tcp=None if heard is None else heard.tcp,
        udp=None if heard is None else heard.udp,
        ipv6_address=leaving,
        ipv6_heard=None if heard6 is None or not sixes else heard6.proves_us_online,
        made_up=None if made_up is None else _found(no_name, made_up, private=False),
        names=tuple(
            _found(name, resolution, private=config.allow_private)
            for name, resolution in zip(names, found, strict=True)
            if resolution is not None
        ),
        in_time=not late,
    )


def ipv6_sentinels(sentinels: Sequence[str]) -> tuple[str, ...]:
    """Whom to ask over IPv6: those of the config that are IPv6 addresses; of the usual ones their sisters."""
    own = tuple(url for url in sentinels if _is_ipv6(url))
    return own or (IPV6_SENTINELS if tuple(sentinels) == DEFAULTS.sentinels else ())


def _is_ipv6(url: str) -> bool:
    host = url.partition("://")[2].rpartition(":")[0].removeprefix("[").removesuffix("]")
    try:
        return ipaddress.ip_address(host).version == 6
    except ValueError:
        return False


def _found(name: str, resolution: Resolution, *, private: bool) -> NameFound:
    addresses = [endpoint.address for endpoint in resolution.endpoints]
    refused = []
    sinkhole = False
    for endpoint, failure in resolution.refused:
        if failure.kind is FailureKind.DNS_BLOCKED:
            sinkhole = True
        elif private:
            addresses.append(endpoint.address)
            continue
        refused.append(clean(endpoint.address, limit_chars=64))
    return NameFound(
        clean(redact_host(name), limit_chars=80), tuple(addresses), tuple(refused), sinkhole, resolution.failure
    )
