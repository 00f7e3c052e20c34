"""The prober an engine is given: one registry from protocol to probe, inside one gate, with one last boundary."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from trackerwatch.outcome import (
    AnnounceOutcome,
    Failure,
    FailureKind,
    Operation,
    PhaseTimes,
    ProbeOutcome,
    Resolution,
    ScrapeColumns,
    ScrapeOutcome,
    SentinelOutcome,
    SwarmAnswer,
)
from trackerwatch.outside_text import clean
from trackerwatch.probe.addresses import AddressPolicy
from trackerwatch.probe.gate import Gate
from trackerwatch.probe.resolve import Resolver
from trackerwatch.probe.sentinel import Sentinel, are_local, ask
from trackerwatch.protocol.failures import PHRASES
from trackerwatch.tracker import Protocol as TrackerProtocol

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from trackerwatch.outcome import AnnounceRequest, Endpoint
    from trackerwatch.probe.addresses import IPNetwork
    from trackerwatch.probe.dns_preferences import HostPreferences
    from trackerwatch.probe.http import HttpProbe
    from trackerwatch.probe.tls import TlsTrust
    from trackerwatch.probe.udp import UdpProbe
    from trackerwatch.protocol.failures import Phrase
    from trackerwatch.tracker import Tracker

T = TypeVar("T")


class Probe(Protocol):
    """What speaks to the trackers of one protocol. See `trackerwatch.engine.prober` for what the methods promise."""

    async def check(self, tracker: Tracker, endpoint: Endpoint, *, timeout_s: float, with_key: bool) -> ProbeOutcome:
        """Look for the smallest sign of life."""
        ...

    async def scrape(
        self,
        tracker: Tracker,
        endpoint: Endpoint,
        info_hashes: Sequence[bytes],
        *,
        timeout_s: float,
        columns: ScrapeColumns | None,
        on_progress: Callable[[], None] | None,
    ) -> ScrapeOutcome:
        """Scrape unique hashes."""
        ...

    async def announce(
        self, tracker: Tracker, endpoint: Endpoint, request: AnnounceRequest, *, timeout_s: float
    ) -> AnnounceOutcome:
        """Announce once."""
        ...


class SocketProber:
    """Asks real trackers over sockets. Belongs to one event loop; `close` it at the end."""

    def __init__(
        self,
        *,
        allow_private: bool = False,
        allowed_networks: tuple[IPNetwork, ...] = (),
        ca_file: str | None = None,
        phrases: Sequence[Phrase] = PHRASES,
        sentinels: Sequence[str] = (),
        preferences: HostPreferences | None = None,
    ) -> None:
        """Make a prober; nothing is opened until it is asked.

        Args:
            allow_private: Whether addresses that are not public may be asked (`--allow-private`).
            allowed_networks: Networks that may be asked besides the public ones.
            ca_file: PEM file of certificate authorities to trust besides the system's (`--ca-file`). None: the system's.
            phrases: What failure texts mean, as `protocol.failures.classify` takes it.
            sentinels: Whom `sentinel` asks, whatever their addresses: `tcp://host:port`, `udp://host:port`.
            preferences: What hosts say of their trackers in DNS (BEP 34); closed with the prober. None: nobody asks.

        Raises:
            ValueError: One of the sentinels is none.
            ConfigError: The file cannot be read or holds no certificate.
        """
        self.resolver = Resolver(AddressPolicy(allow_private, allowed_networks))
        self._trust: TlsTrust | None = None
        if ca_file is not None:
            # Now, and not at the first https tracker: a mistake in a setting ends the run before it starts.
            from trackerwatch.probe.tls import TlsTrust  # noqa: PLC0415 - ssl, which a run without it need not load

            self._trust = TlsTrust(Path(ca_file))
        self._phrases = phrases
        self._sentinels = tuple(Sentinel.parse(url) for url in sentinels)
        self._sentinel_resolver: Resolver | None = None
        self._preferences = preferences
        self._gate = Gate()
        self._udp: UdpProbe | None = None
        self._http: HttpProbe | None = None
        self._under_way: set[asyncio.Task[object]] = set()
        self._closed = False

    async def resolve(self, tracker: Tracker, *, timeout_s: float) -> Resolution:
        """Find the addresses behind a tracker's host, apply the address policy to each and do what the host says (BEP 34).

        Lookups take no place in the gate: they are no connection to the tracker's host, one lookup serves all trackers on
        it, and the resolver bounds how many are under way.
        """
        lookup: Coroutine[object, object, Resolution]
        lookup = self.resolver.resolve_host(tracker.host, tracker.port, timeout_s=timeout_s)
        if self._preferences is not None and not self._closed:
            lookup = self._preferences.applied_to(tracker, lookup)
        return await self._bounded(lookup, lambda failure: Resolution((), (), 0.0, failure))

    def scrape_supported(self, tracker: Tracker) -> bool:
        """Whether a scrape can be asked at all (UDP always; HTTP where a scrape URL can be derived, BEP 48)."""
        if tracker.protocol is TrackerProtocol.UDP:
            return True
        return self._http_probe().scrape_supported(tracker)

    async def check(
        self, tracker: Tracker, endpoint: Endpoint, *, timeout_s: float, with_key: bool = True
    ) -> ProbeOutcome:
        """Look for the smallest sign of life, for no torrent."""

        async def ask() -> ProbeOutcome:
            async with self._place(tracker):
                return await self._probe(tracker).check(tracker, endpoint, timeout_s=timeout_s, with_key=with_key)

        return await self._bounded(ask(), lambda failure: _failed(endpoint, Operation.LIVENESS, failure))

    async def scrape(
        self,
        tracker: Tracker,
        endpoint: Endpoint,
        info_hashes: Sequence[bytes],
        *,
        timeout_s: float,
        columns: ScrapeColumns | None = None,
        on_progress: Callable[[], None] | None = None,
    ) -> ScrapeOutcome:
        """Scrape unique 20-byte hashes in as few requests as it takes."""
        filled = ScrapeColumns.unknown(len(info_hashes)) if columns is None else columns

        async def ask() -> ScrapeOutcome:
            async with self._place(tracker):
                return await self._probe(tracker).scrape(
                    tracker, endpoint, info_hashes, timeout_s=timeout_s, columns=filled, on_progress=on_progress
                )

        def give_up(failure: Failure) -> ScrapeOutcome:
            # What was answered before stays answered.
            for index, answer in enumerate(filled.answers):
                if answer == SwarmAnswer.NOT_ASKED:
                    filled.answers[index] = SwarmAnswer.FAILED
                    filled.failures[index] = failure
            return ScrapeOutcome(_failed(endpoint, Operation.SCRAPE, failure), filled)

        return await self._bounded(ask(), give_up)

    async def announce(
        self, tracker: Tracker, endpoint: Endpoint, request: AnnounceRequest, *, timeout_s: float
    ) -> AnnounceOutcome:
        """Announce once."""

        async def ask() -> AnnounceOutcome:
            async with self._place(tracker):
                return await self._probe(tracker).announce(tracker, endpoint, request, timeout_s=timeout_s)

        return await self._bounded(
            ask(), lambda failure: AnnounceOutcome(_failed(endpoint, Operation.ANNOUNCE, failure))
        )

    async def fetch(self, url: str) -> bytes:
        """Fetch the bytes behind an http(s) URL of a torrent, under the same policy and trust.

        Raises:
            InputError: The reason in one clean line without secrets.
        """
        from trackerwatch.probe.fetch import fetch_torrent  # noqa: PLC0415 - httpx, as below

        return await fetch_torrent(url, resolver=self.resolver, trust=self._shared_trust())

    @property
    def sentinels_are_local(self) -> bool:
        """Whether there are sentinels and all are on loopback or private addresses: they speak for local trackers too."""
        return are_local(self._sentinels)

    async def sentinel(self, *, timeout_s: float) -> SentinelOutcome:
        """Ask the sentinels whether anything comes back to this machine."""
        if not self._sentinels:
            return SentinelOutcome(None, None)
        if self._sentinel_resolver is None:
            self._sentinel_resolver = Resolver(AddressPolicy(allow_private=True), threads=len(self._sentinels))
        asking = ask(self._sentinels, resolve=self._sentinel_resolver.resolve_host, timeout_s=timeout_s)
        # A mistake of ours proves nothing.
        return await self._bounded(asking, lambda _: SentinelOutcome(None, None))

    async def close(self) -> None:
        """Close every socket and thread; calls under way are cancelled and return a failure of kind `internal`."""
        self._closed = True
        self.resolver.close()
        if self._sentinel_resolver is not None:
            self._sentinel_resolver.close()
        under_way = list(self._under_way)
        for task in under_way:
            task.cancel()
        if self._preferences is not None:
            under_way += self._preferences.close()
        if under_way:
            # Sockets are closed by the calls themselves on their way out.
            await asyncio.wait(under_way, timeout=_CLOSE_WAIT_S)

    async def _bounded(self, call: Coroutine[object, object, T], give_up: Callable[[Failure], T]) -> T:
        """Run one call as something that `close` can end, and let nothing but cancellation out."""
        if self._closed:
            call.close()
            return give_up(_CLOSED)
        task = asyncio.ensure_future(call)
        self._under_way.add(task)
        try:
            return await task
        except asyncio.CancelledError:
            ours = asyncio.current_task()
            if ours is None or ours.cancelling():
                raise
            # Nobody cancelled whoever asked: `close` ended the call.
            return give_up(_CLOSED)
        except Exception as error:  # noqa: BLE001 - the last boundary: a mistake of ours is data too, never a traceback
            # The text of the error is left out: it may hold a URL with its key.
            return give_up(Failure(FailureKind.INTERNAL, None, clean(f"unexpected {type(error).__name__}")))
        finally:
            self._under_way.discard(task)

    def _shared_trust(self) -> TlsTrust:
        if self._trust is None:
            from trackerwatch.probe.tls import TlsTrust  # noqa: PLC0415 - as above

            self._trust = TlsTrust()
        return self._trust

    def _place(self, tracker: Tracker) -> AbstractAsyncContextManager[None]:
        # The HTTP probe takes its places in the same gate itself; two for one call could wait for each other for ever.
        return self._gate.place(tracker.host) if tracker.protocol is TrackerProtocol.UDP else nullcontext()

    def _probe(self, tracker: Tracker) -> Probe:
        return self._udp_probe() if tracker.protocol is TrackerProtocol.UDP else self._http_probe()

    def _udp_probe(self) -> UdpProbe:
        if self._udp is None:
            from trackerwatch.probe.udp import UdpProbe  # noqa: PLC0415 - as for HTTP, below

            self._udp = UdpProbe(self._phrases)
        return self._udp

    def _http_probe(self) -> HttpProbe:
        if self._http is None:
            # httpx costs a tenth of a second to import, which a report on UDP trackers alone must not pay.
            from trackerwatch.probe.http import HttpProbe  # noqa: PLC0415

            self._http = HttpProbe(
                resolve=self.resolver.resolve_host,
                trust=self._shared_trust(),
                gate=self._gate,
                phrases=self._phrases,
            )
        return self._http


_CLOSE_WAIT_S = 0.5
"""How long closing waits for cancelled calls to close their sockets."""

_CLOSED = Failure(FailureKind.INTERNAL, None, "the prober is closed")


def _failed(endpoint: Endpoint, operation: Operation, failure: Failure) -> ProbeOutcome:
    return ProbeOutcome(endpoint, operation, PhaseTimes(), failure, requests=0)
