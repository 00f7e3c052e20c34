"""Time that a test drives, and a prober that does what a script says: days of watching in milliseconds."""

from __future__ import annotations

import asyncio
import random
import selectors
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from trackerwatch.engine.engine import Engine
from trackerwatch.engine.settings import EngineSettings
from trackerwatch.metainfo import Placement, Torrent
from trackerwatch.outcome import (
    AnnounceOutcome,
    AnnounceRequest,
    Endpoint,
    Failure,
    FailureKind,
    Family,
    Operation,
    Phase,
    PhaseTimes,
    ProbeOutcome,
    Resolution,
    ScrapeColumns,
    ScrapeOutcome,
    SentinelOutcome,
    SwarmAnswer,
    SwarmCounts,
)
from trackerwatch.tracker import Protocol, Tracker, parse_tracker

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from trackerwatch.engine.keeper import Keeper

T = TypeVar("T")
BEGIN = 1_700_000_000.0


class _JumpingSelector(selectors.DefaultSelector):
    """Waits in no time: what the loop would sleep is added to its clock."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready:
            if timeout is None:
                raise AssertionError("everything waits for something that never comes")
            self.now += timeout
        return ready


class DrivenLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.selector = _JumpingSelector()
        super().__init__(self.selector)

    def time(self) -> float:
        return self.selector.now


def drive(main: Callable[[], Awaitable[T]]) -> T:
    """Run a coroutine on driven time."""
    with asyncio.Runner(loop_factory=DrivenLoop) as runner:

        async def wrapped() -> T:
            return await main()

        return runner.run(wrapped())


class DrivenClock:
    """The loop's clock, as monotonic and as wall time, which a test may set."""

    def __init__(self, offset_s: float = 0.0) -> None:
        self.offset_s = offset_s
        """Wall time is so far ahead of where it would be."""

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    def wall(self) -> float:
        try:
            return BEGIN + self.offset_s + asyncio.get_running_loop().time()
        except RuntimeError:
            return BEGIN + self.offset_s


def sleep_through(seconds: float) -> None:
    """The program is stopped for so long: when it goes on, both clocks have."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, DrivenLoop)
    loop.selector.now += seconds


@dataclass
class Script:
    """How one tracker behaves; change it while time runs."""

    addresses: tuple[str, ...] = ("192.0.2.1",)
    resolve_failure: Failure | None = None
    refused_addresses: tuple[tuple[str, Failure], ...] = ()
    dead: dict[str, Failure] = field(default_factory=dict)
    """By address, or "*": what connecting there comes to."""
    scrape_failure: Failure | None = None
    announce_failure: Failure | None = None
    unregistered: frozenset[bytes] = frozenset()
    counts: Callable[[bytes], tuple[int, int, int]] = lambda _: (5, 3, 10)
    by_family: dict[Family, Callable[[bytes], tuple[int, int, int]]] = field(default_factory=dict)
    ambiguous: frozenset[bytes] = frozenset()
    omitted: frozenset[bytes] = frozenset()
    latency_s: float = 0.05
    connect_s: float = 0.02
    only_connects: bool = False
    """What asks for a sign of life exchanges nothing, as over UDP."""
    hangs: bool = False
    min_request_interval_s: float | None = None
    interval_s: float | None = 1800.0
    min_interval_s: float | None = None
    scrapable: bool = True
    warning: str | None = None
    loses: float = 0.0
    """Share of datagrams that are lost, each by chance."""
    resends: int = 2
    """So often is a lost datagram sent again before the probe fails."""
    chance: random.Random = field(default_factory=lambda: random.Random(11))


@dataclass(frozen=True)
class Sent:
    """One thing that went out."""

    at: float
    what: str
    host: str
    address: str
    hashes: tuple[bytes, ...] = ()
    request: AnnounceRequest | None = None
    with_key: bool = True


REFUSED = Failure(FailureKind.REFUSED, Phase.CONNECT, "connection refused")
TIMEOUT = Failure(FailureKind.TIMEOUT, Phase.CONNECT, "no answer")
SCRAPE_TIMEOUT = Failure(FailureKind.TIMEOUT, Phase.EXCHANGE, "no answer")
NO_ROUTE = Failure(FailureKind.NO_ROUTE, Phase.CONNECT, "no route to host")
NXDOMAIN = Failure(FailureKind.DNS_NXDOMAIN, Phase.RESOLVE, "no such host")
BLOCKED = Failure(FailureKind.BLOCKED, None, "private address; --allow-private allows it")
HTTP_404 = Failure(FailureKind.HTTP_STATUS, Phase.EXCHANGE, "HTTP 404")
UNREGISTERED = Failure(FailureKind.UNREGISTERED, Phase.EXCHANGE, "unregistered torrent")


class ScriptedProber:
    """Implements `trackerwatch.engine.prober.Prober` without a network."""

    def __init__(self) -> None:
        self.scripts: dict[str, Script] = {}
        self.sent: list[Sent] = []
        self.sentinels = SentinelOutcome(tcp=None, udp=None)
        self.closed = False

    def script(self, url: str, script: Script | None = None) -> Script:
        tracker = parse_tracker(url)
        return self.scripts.setdefault(tracker.host_port, script or Script())

    def of(self, what: str, host: str | None = None) -> list[Sent]:
        return [sent for sent in self.sent if sent.what == what and host in (None, sent.host)]

    def _script(self, tracker: Tracker) -> Script:
        return self.scripts.setdefault(tracker.host_port, Script())

    def _note(self, what: str, tracker: Tracker, endpoint: Endpoint | None, **more: object) -> None:
        now = asyncio.get_running_loop().time()
        self.sent.append(Sent(now, what, tracker.host_port, endpoint.address if endpoint else "", **more))  # type: ignore[arg-type]

    async def _wait(self, script: Script, timeout_s: float) -> None:
        await asyncio.sleep(10**9 if script.hangs else min(script.latency_s, timeout_s))

    async def resolve(self, tracker: Tracker, *, timeout_s: float) -> Resolution:
        script = self._script(tracker)
        self._note("resolve", tracker, None)
        endpoints = tuple(_endpoint(address, tracker.port) for address in script.addresses)
        refused = tuple((_endpoint(a, tracker.port), f) for a, f in script.refused_addresses)
        if script.resolve_failure is not None:
            return Resolution((), (), 0.01, script.resolve_failure)
        return Resolution(endpoints, refused, 0.01)

    def scrape_supported(self, tracker: Tracker) -> bool:
        return tracker.protocol is Protocol.UDP or self._script(tracker).scrapable

    def _probe(
        self, tracker: Tracker, endpoint: Endpoint, operation: Operation, failure: Failure | None
    ) -> ProbeOutcome:
        script = self._script(tracker)
        dead = script.dead.get(endpoint.address) or script.dead.get("*")
        requests = lost = 0
        for _ in range(2):  # a connect and an exchange
            for attempt in range(1 + script.resends):
                requests += 1
                if script.chance.random() >= script.loses:
                    break
                lost += 1
                dead = dead or (SCRAPE_TIMEOUT if attempt == script.resends else None)
        failure = dead or failure
        answered = failure is None or failure.kind.answered
        exchanged = answered and not (script.only_connects and operation is Operation.LIVENESS)
        phases = PhaseTimes(
            0.01, script.connect_s if dead is None else None, None, script.latency_s if exchanged else None
        )
        said = "" if failure else f"{operation} answered"
        return ProbeOutcome(endpoint, operation, phases, failure, requests=requests, lost=lost, said=said)

    async def check(
        self, tracker: Tracker, endpoint: Endpoint, *, timeout_s: float, with_key: bool = True
    ) -> ProbeOutcome:
        self._note("check", tracker, endpoint, with_key=with_key)
        await self._wait(self._script(tracker), timeout_s)
        return self._probe(tracker, endpoint, Operation.LIVENESS, None)

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
        script = self._script(tracker)
        assert len(set(info_hashes)) == len(info_hashes) > 0
        self._note("scrape", tracker, endpoint, hashes=tuple(info_hashes))
        columns = ScrapeColumns.unknown(len(info_hashes)) if columns is None else columns
        assert len(columns) == len(info_hashes)
        await self._wait(script, timeout_s)
        probe = self._probe(tracker, endpoint, Operation.SCRAPE, script.scrape_failure)
        if probe.failure is not None:
            columns.answers[:] = bytes([SwarmAnswer.FAILED]) * len(columns)
            columns.failures.update(dict.fromkeys(range(len(columns)), probe.failure))
            return ScrapeOutcome(probe, columns)
        counts = script.by_family.get(endpoint.family, script.counts)
        for index, info_hash in enumerate(info_hashes):
            if info_hash in script.omitted:
                columns.answers[index] = SwarmAnswer.OMITTED
                continue
            zero = info_hash in script.ambiguous
            said = (0, 0, 0) if zero else counts(info_hash)
            columns.seeders[index], columns.leechers[index], columns.completed[index] = said
            columns.answers[index] = SwarmAnswer.AMBIGUOUS if zero else SwarmAnswer.ANSWERED
        if on_progress is not None:
            on_progress()
        return ScrapeOutcome(probe, columns, (script.latency_s,), script.min_request_interval_s)

    async def announce(
        self, tracker: Tracker, endpoint: Endpoint, request: AnnounceRequest, *, timeout_s: float
    ) -> AnnounceOutcome:
        script = self._script(tracker)
        self._note("announce", tracker, endpoint, hashes=(request.info_hash,), request=request)
        await self._wait(script, timeout_s)
        failure = UNREGISTERED if request.info_hash in script.unregistered else script.announce_failure
        probe = self._probe(tracker, endpoint, Operation.ANNOUNCE, failure)
        if probe.failure is not None:
            return AnnounceOutcome(probe)
        zero = request.info_hash in script.ambiguous
        seeders, leechers, _ = (0, 0, 0) if zero else script.counts(request.info_hash)
        return AnnounceOutcome(
            probe,
            SwarmCounts(seeders, leechers, None),
            0,
            script.interval_s,
            script.min_interval_s,
            script.warning,
            FailureKind.UNREGISTERED if script.warning and "not registered" in script.warning else None,
        )

    @property
    def sentinels_are_local(self) -> bool:
        return self.sentinels.local

    async def sentinel(self, *, timeout_s: float) -> SentinelOutcome:
        now = asyncio.get_running_loop().time()
        self.sent.append(Sent(now, "sentinel", "", ""))
        await asyncio.sleep(min(1.0, timeout_s))
        return self.sentinels

    async def close(self) -> None:
        self.closed = True


def _endpoint(address: str, port: int) -> Endpoint:
    return Endpoint(Family.IPV6 if ":" in address else Family.IPV4, address, port)


def torrent(n: int, *tiers: Sequence[str], private: bool = False, v2: bytes | None = None) -> Torrent:
    """Torrent number `n` with these tiers of announce URLs."""
    placements = tuple(
        Placement(parse_tracker(url), tier, position)
        for tier, urls in enumerate(tiers)
        for position, url in enumerate(urls)
    )
    return Torrent(f"torrent {n}", n.to_bytes(20, "big"), v2, private, 1000 + n, placements, sources=(f"{n}.torrent",))


def make_engine(
    prober: ScriptedProber,
    settings: EngineSettings | None = None,
    *,
    clock: DrivenClock | None = None,
    keeper: Keeper | None = None,
) -> Engine:
    return Engine(
        prober,
        settings or EngineSettings(),
        vantage="test",
        rng=random.Random(7),
        clock=clock or DrivenClock(),
        keeper=keeper,
    )


class Watched:
    """A running engine on driven time."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.task = asyncio.ensure_future(engine.run())

    async def until(self, seconds: float) -> None:
        """Let time run to this many seconds after the start."""
        await asyncio.sleep(max(0.0, seconds - asyncio.get_running_loop().time()))

    async def end(self) -> None:
        await self.engine.stop()
        await self.task
