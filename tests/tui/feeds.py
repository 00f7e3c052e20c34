"""A hand-made engine: snapshots without a network, a clock that stands still, and a rich picture to look at."""

from __future__ import annotations

import hashlib
import math
from array import array
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from trackerwatch.engine.views import (
    AnnounceView,
    AnswerView,
    AskState,
    Effect,
    EndpointView,
    Event,
    EventKind,
    FailoverView,
    Mute,
    NextAsk,
    ScrapeView,
    Snapshot,
    Source,
    TorrentView,
    Totals,
    TrackerView,
    Update,
)
from trackerwatch.failover.states import FailoverState, Role
from trackerwatch.health.endpoint import Thresholds
from trackerwatch.health.states import Health
from trackerwatch.metainfo.torrent import Placement, SwarmVersion, Torrent
from trackerwatch.outcome import (
    NOTHING_KNOWN,
    Endpoint,
    Failure,
    FailureKind,
    Family,
    Phase,
    PhaseTimes,
    SwarmCounts,
)
from trackerwatch.policy.rules import SEVERITIES, Problem, Rule, Severity, Verdict
from trackerwatch.stats import WINDOWS_S, UptimeFigure
from trackerwatch.tracker import parse_tracker

NOW = datetime(2026, 3, 14, 14, 2, 11, tzinfo=UTC)


class Clock:
    """A clock that a test moves."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def before(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def figure(window: str, share: float | None, coverage: float = 1.0) -> UptimeFigure:
    """An uptime over one of the usual windows, with a sample every 15 minutes."""
    span_s = WINDOWS_S[window]
    counted = 0 if share is None else max(1, int(span_s / 900 * coverage))
    return UptimeFigure(window, span_s, round(counted * (share or 0)), counted, span_s * coverage if counted else 0.0)


def uptimes(share: float | None, known_s: float = 9 * 86400) -> tuple[UptimeFigure, ...]:
    """The four windows of a tracker that is known so long."""
    return tuple(figure(window, share, min(1.0, known_s / span_s)) for window, span_s in WINDOWS_S.items())


def endpoint(
    address: str,
    port: int = 6969,
    state: Health = Health.UP,
    *,
    kind: FailureKind | None = None,
    message: str = "",
    misses: int = 0,
    pending: int = 0,
    p50_s: float | None = 0.03,
    said: str = "",
) -> EndpointView:
    family = Family.IPV6 if ":" in address else Family.IPV4
    fails = kind is not None
    return EndpointView(
        endpoint=Endpoint(family, address, port),
        state=state,
        judged=not fails or kind.counted,
        pending=pending,
        since=before(840),
        last_probe_at=before(4),
        last_success_at=before(852) if fails else before(4),
        next_probe_at=NOW + timedelta(seconds=38),
        latency_s=p50_s,
        p50_s=p50_s,
        p95_s=None if p50_s is None else p50_s * 1.3,
        phases=PhaseTimes(resolve_s=0.004, connect_s=p50_s, exchange_s=p50_s),
        failure=Failure(kind, Phase.CONNECT, message) if fails else None,
        consecutive_failures=misses,
        recent=(0.03,) * 5,
        said=said,
    )


def tracker(
    index: int,
    url: str,
    state: Health = Health.UP,
    *,
    torrents: int = 0,
    reasons: tuple[str, ...] = (),
    kind: FailureKind | None = None,
    message: str = "",
    pending: int = 0,
    since_s: float | None = 86400 * 22,
    p50_s: float | None = 0.03,
    p95_s: float | None = None,
    uptime: float | None = 1.0,
    recent: tuple[float | None, ...] = (),
    endpoints: tuple[EndpointView, ...] | None = None,
    asking: bool = False,
    effect: Effect | None = None,
    next_s: float | None = 840,
    last_s: float | None = 9,
    tls_s: float | None = None,
    **more: object,
) -> TrackerView:
    if endpoints is None:
        endpoints = (endpoint(f"192.0.2.{index + 1}", state=state, kind=kind, message=message, p50_s=p50_s),)
    return TrackerView(
        index=index,
        tracker=parse_tracker(url),
        state=state,
        reasons=reasons,
        pending=pending,
        pending_limit=3,
        since=None if since_s is None else before(since_s),
        last_probe_at=before(9),
        last_success_at=None if last_s is None else before(last_s),
        next_probe_at=None if next_s is None else NOW + timedelta(seconds=next_s),
        asking=asking,
        latency_s=p50_s,
        p50_s=p50_s,
        p95_s=p95_s if p95_s is not None else p50_s and p50_s * 1.2,
        uptime=uptime,
        recent=recent,
        scrape_supported=True,
        interval_s=1800.0,
        min_interval_s=900.0,
        tls_expires_at=None if tls_s is None else NOW + timedelta(seconds=tls_s),
        torrents=torrents,
        endpoints=endpoints,
        failure=Failure(kind, Phase.CONNECT, message) if kind else None,
        effect=effect or Effect(torrents, 0, 0, 0),
        **(
            {
                "uptimes": uptimes(uptime),
                "p99_s": p50_s and p50_s * 2,
                "next_ask": None if next_s is None else NextAsk.FULL,
                "thresholds": Thresholds(),
            }
            | more
        ),
    )


def torrent(name: str, tiers: tuple[tuple[str, ...], ...] = (), **more: object) -> Torrent:
    digest = hashlib.sha1(name.encode("utf-8", "surrogatepass"), usedforsecurity=False).digest()
    placements = tuple(
        Placement(parse_tracker(url), tier, position)
        for tier, urls in enumerate(tiers)
        for position, url in enumerate(urls)
    )
    fields: dict[str, object] = {
        "info_hash_v2": None,
        "private": False,
        "size_bytes": 4_718_592_000,
        "sources": (f"/srv/torrents/{name}.torrent",),
    }
    return Torrent(name=name, info_hash=digest, placements=placements, **(fields | more))


def problem(rule: Rule, message: str, action: str = "", severity: Severity | None = None) -> Problem:
    return Problem(f"{rule}-x", severity or SEVERITIES[rule], rule, None, None, None, message, action)


class Table:
    """All torrents as columns, from full views."""

    def __init__(self, views: list[TorrentView], trackers: tuple[TrackerView, ...]) -> None:
        self.views = views
        self.looked_at: list[int] = []
        index_of = self.index_of = {view.tracker: view.index for view in trackers}
        number = lambda value: -1 if value is None else value  # noqa: E731
        self.torrents = [view.torrent for view in views]
        self.listed = range(len(views))
        self.verdicts = [view.verdict for view in views]
        self.failover_states = [view.failover.state for view in views]
        self.seeders = array("q", [number(view.counts.seeders) for view in views])
        self.leechers = array("q", [number(view.counts.leechers) for view in views])
        self.completed = array("q", [number(view.counts.completed) for view in views])
        self.active = array("q", [index_of.get(view.failover.active, -1) for view in views])
        self.active_tier = array("q", [number(view.failover.active_tier) for view in views])
        self.working = array("q", [view.failover.working for view in views])
        self.total = array("q", [view.failover.total for view in views])
        self.rules = [tuple(p.rule for p in view.problems if p.severity is not Severity.INFO) for view in views]
        self.since = array("d", [view.since.timestamp() if view.since else math.nan for view in views])

    def __len__(self) -> int:
        return len(self.views)

    def torrents_of(self, tracker: int) -> dict[FailoverState, list[int]]:
        split: dict[FailoverState, list[int]] = {}
        for view in self.views:
            places = [placement.tracker for placement in view.torrent.placements]
            if tracker in (self.index_of.get(place) for place in places):
                state = view.failover.state
                if state is FailoverState.FAILED_OVER and self.index_of[view.failover.active] == tracker:
                    state = FailoverState.PRIMARY
                split.setdefault(state, []).append(view.index)
        return split

    def view(self, index: int) -> TorrentView:
        self.looked_at.append(index)
        return self.views[index]


PLENTY = SwarmCounts(41, 212, 4811)


def torrent_view(
    index: int,
    what: Torrent,
    verdict: Verdict = Verdict.OK,
    *,
    counts: SwarmCounts = PLENTY,
    state: FailoverState = FailoverState.PRIMARY,
    active: int | None = 0,
    working: int = 1,
    problems: tuple[Problem, ...] = (),
    why: str = "",
    since_s: float | None = 840,
    explanation: tuple[str, ...] = (),
    answers: tuple[AnswerView, ...] = (),
) -> TorrentView:
    placements = what.placements
    chosen = placements[active] if active is not None and active < len(placements) else None
    return TorrentView(
        index=index,
        torrent=what,
        verdict=verdict,
        counts=counts,
        failover=FailoverView(
            state, chosen and chosen.tracker, chosen.tier if chosen else None, working, len(placements), explanation
        ),
        answers=answers,
        problems=problems,
        since=None if since_s is None else before(since_s),
        why=why,
    )


def _broken(view: TorrentView) -> set[Rule]:
    """The rules whose breaking a view tells of."""
    failed = {FailoverState.EXHAUSTED: {Rule.EXHAUSTED}, FailoverState.FAILED_OVER: {Rule.FAILED_OVER}}
    return {found.rule for found in view.problems} | failed.get(view.failover.state, set())


def snapshot(
    trackers: tuple[TrackerView, ...] = (),
    views: list[TorrentView] | None = None,
    *,
    version: int = 1,
    events: tuple[Event, ...] = (),
    **more: object,
) -> Snapshot:
    views = views or []
    fields: dict[str, object] = {
        "lateness_s": 0.4,
        "rounds_under_way": 0,
        "oldest_data_at": before(840) if views or trackers else None,
        "newest_data_at": before(4) if views or trackers else None,
        "tracker_problems": (),
    }
    return Snapshot(
        version=version,
        taken_at=NOW,
        started_at=before(86400),
        vantage="vps7",
        trackers=trackers,
        torrents=Table(views, trackers),
        totals=Totals(
            dict(Counter(view.verdict for view in views)),
            dict(Counter(view.failover.state for view in views)),
            dict(Counter(view.state for view in trackers)),
            0,
            Counter(rule for view in views for rule in _broken(view)),
        ),
        events=events,
        **(fields | more),
    )


def event(number: int, kind: EventKind, message: str, *, ago_s: float = 0, to_state: str | None = None) -> Event:
    return Event(number, before(ago_s), kind, message, to_state=to_state)


class HandFeed:
    """A feed that a test posts to. Merges what is not yet pulled, as the engine's does."""

    def __init__(self, first: Snapshot | None = None) -> None:
        self.update: Update | None = None
        self.pulls = 0
        if first is not None:
            self.post(first)

    def post(
        self,
        shown: Snapshot,
        *,
        trackers: frozenset[int] | None = None,
        torrents: frozenset[int] | None = None,
        events: tuple[Event, ...] | None = None,
    ) -> None:
        self.update = Update(
            shown,
            frozenset(range(len(shown.trackers))) if trackers is None else trackers,
            torrents,
            shown.events if events is None else events,
        )

    def pull(self) -> Update | None:
        self.pulls += 1
        update, self.update = self.update, None
        return update


# -- a rich picture ----------------------------------------------------------------------------------------------------

FOO = "udp://tracker.foo.org:6969/announce"
BAR = "https://t2.bar.net/0123456789abcdef0123456789abcdef/announce"
BAZ = "udp://open.baz.io:1337/announce"
QUX = "udp://exodus.qux.to:6969/announce"
EXAMPLE = "udp://tracker.example.org:1337/announce"
CALM = [f"{scheme}://tracker{n}.calm{n % 3}.net:{port}/announce" for n, (scheme, port) in enumerate(
    [("udp", 6969), ("http", 80), ("https", 443), ("udp", 1337), ("http", 6969), ("udp", 80), ("udp", 2710), ("https", 8443), ("udp", 451)]
)]  # fmt: skip


def _waves(n: int, base_s: float, *, misses: int = 0) -> tuple[float | None, ...]:
    bars = [base_s * (1 + 0.9 * math.sin(i / 3 + n) ** 2) for i in range(40 - misses)]
    return (*bars, *[None] * misses)


def rich_trackers() -> tuple[TrackerView, ...]:
    refused = endpoint(
        "192.0.2.7", state=Health.DOWN, kind=FailureKind.REFUSED, message="Connection refused", misses=5, p50_s=0.031
    )
    no_route = replace(
        endpoint("2001:db8::7", state=Health.UNKNOWN, kind=FailureKind.NO_ROUTE, p50_s=None),
        last_success_at=None,
        since=None,
    )
    views = [
        tracker(0, EXAMPLE, torrents=8012, p50_s=0.029, recent=_waves(1, 0.02), endpoints=(endpoint("198.51.100.4", 1337, said="interval 1800"), endpoint("2001:db8:4::1", 1337))),
        tracker(1, FOO, Health.DOWN, torrents=5120, reasons=("refused",), kind=FailureKind.REFUSED, message="Connection refused", since_s=852, uptime=0.912, p50_s=0.031, recent=_waves(2, 0.02, misses=5), endpoints=(refused, no_route), effect=Effect(5076, 41, 3, 0), next_s=38, last_s=852),
        tracker(2, BAR, Health.DOWN, torrents=41, reasons=("tls",), kind=FailureKind.TLS, message="certificate expired 2026-03-14 14:00:00Z", since_s=131, uptime=0.991, recent=_waves(3, 0.09, misses=1), effect=Effect(38, 0, 3, 0), next_s=240, last_s=140, tls_s=-131),
        tracker(3, BAZ, Health.DEGRADED, torrents=7990, reasons=("endpoint_down",), kind=FailureKind.TIMEOUT, since_s=10800, uptime=0.999, p50_s=0.044, p95_s=0.048, recent=_waves(4, 0.04), endpoints=(endpoint("203.0.113.9", 1337), endpoint("2001:db8:9::9", 1337, Health.DOWN, kind=FailureKind.TIMEOUT, misses=12, p50_s=None))),
        tracker(4, QUX, Health.UP, torrents=812, kind=FailureKind.TIMEOUT, pending=1, since_s=86400 * 3, uptime=0.994, p50_s=0.07, p95_s=0.09, recent=_waves(5, 0.07, misses=1), next_s=15, asking=True),
    ]  # fmt: skip
    for n, url in enumerate(CALM):
        views.append(
            tracker(
                5 + n,
                url,
                torrents=400 - 31 * n,
                p50_s=0.02 * (n + 1),
                recent=_waves(n, 0.02 * (n + 1) ** 2),
                since_s=86400 * (n + 1),
                asking=n == 2,
                tls_s=86400 * 61 if url.startswith("https") else None,
            )
        )
    return tuple(views)


def marked_trackers() -> tuple[TrackerView, ...]:
    """The rich ones with every mark: one flaps, one is muted, one is remembered, one known too short."""
    views = list(rich_trackers())
    views[5] = replace(views[5], flapping=True, endpoints=(replace(views[5].endpoints[0], flapping=True),))
    views[6] = replace(views[6], state=Health.DOWN, muted=Mute(datetime(2026, 12, 1, tzinfo=UTC), "moving house"))
    views[7] = replace(views[7], asking=False, recalled_at=before(7300))
    views[8] = replace(
        views[8], uptimes=uptimes(1.0, 7 * 3600), note="udp port moved to 1338 by DNS (BEP 34)", own=True
    )
    return tuple(views)


def answer(
    view: TrackerView,
    tier: int,
    position: int,
    role: Role,
    counts: SwarmCounts,
    kind: FailureKind | None = None,
    said: str = "",
) -> AnswerView:
    failure = Failure(kind, Phase.EXCHANGE, said) if kind else None
    state = AskState.FAILED if kind else AskState.ANSWERED
    return AnswerView(
        tracker=view.tracker,
        tracker_index=view.index,
        tier=tier,
        position=position,
        swarm=SwarmVersion.V1,
        role=role,
        counts=counts,
        scrape=ScrapeView(state, None if kind else 0.031, failure, before(4), Source.LIVE),
        announce=AnnounceView(AskState.SKIPPED),
    )


def rich_torrents(trackers: tuple[TrackerView, ...]) -> list[TorrentView]:
    example, foo, bar, baz = trackers[:4]
    unknown = NOTHING_KNOWN
    views = [
        torrent_view(0, torrent("linux-archive-2024-full", ((FOO,), (BAR,))), Verdict.CRITICAL, counts=unknown, state=FailoverState.EXHAUSTED, active=None, working=0,
            problems=(problem(Rule.EXHAUSTED, "no tracker works: tracker.foo.org:6969 refused, t2.bar.net tls", "add a tracker that works, or wait for one of these"),),
            why="foo refused, bar tls", explanation=("tier 0 tracker.foo.org failed: refused 5 times", "tier 1 t2.bar.net failed: certificate expired", "nothing is left to try"),
            answers=(answer(foo, 0, 0, Role.FAILED, unknown, FailureKind.REFUSED, "Connection refused"), answer(bar, 1, 0, Role.FAILED, unknown, FailureKind.TLS, "certificate expired"))),
        torrent_view(1, torrent("dataset-imaging-v3", ((FOO,), (EXAMPLE,), (BAR,)), web_seeds=("https://w.example/x",)), Verdict.WARNING, counts=SwarmCounts(12, 3, 4811), state=FailoverState.FAILED_OVER, active=1,
            problems=(problem(Rule.FAILED_OVER, "runs on tier 1: tracker.foo.org:6969 refused", "mend tracker.foo.org, or move tracker.example.org up"),),
            why="foo refused; last one left", explanation=("active: tracker.example.org in tier 1", "why not tier 0: refused 5 times since 13:48; a client tries again in 38 s", "if tracker.example.org dies now: no tracker left"),
            answers=(answer(foo, 0, 0, Role.FAILED, unknown, FailureKind.REFUSED, "Connection refused"), answer(example, 1, 0, Role.ACTIVE, SwarmCounts(12, 3, 4811)), answer(bar, 2, 0, Role.FAILED, unknown, FailureKind.TLS, "certificate expired"))),
        torrent_view(2, torrent("distro-13.2-netinst", ((EXAMPLE, BAZ),)), Verdict.WARNING, counts=SwarmCounts(9, 0, 310), active=1, working=1,
            problems=(problem(Rule.UNREGISTERED, "tracker.example.org says: unregistered torrent"),), why="example: unregistered", since_s=7300,
            answers=(answer(example, 0, 0, Role.FAILED, unknown, FailureKind.UNREGISTERED, "Torrent not registered with this tracker"), answer(baz, 0, 1, Role.ACTIVE, SwarmCounts(9, 0, 310)))),
        torrent_view(3, torrent("日本語のとても長い名前のトレント-ライブラリ完全版-2026年春", ((EXAMPLE, BAZ),)), Verdict.WARNING, counts=SwarmCounts(1, 14, 20), working=2, problems=(problem(Rule.ONE_SEEDER, "one seeder"),), why="one seeder"),
        torrent_view(4, torrent("[bold red]not markup[/] $error", ((EXAMPLE,),)), Verdict.CRITICAL, counts=SwarmCounts(0, 0, 1_234_567), working=1, problems=(problem(Rule.NO_SEEDERS, "nobody has it all"),), why="no seeder"),
        torrent_view(5, torrent("fresh-upload", ((QUX,),)), Verdict.UNKNOWN, counts=unknown, state=FailoverState.UNKNOWN, active=None, working=0, since_s=None),
        torrent_view(6, torrent("🎬" * 200, ((EXAMPLE,),)), counts=SwarmCounts(5, 5, 5)),
        torrent_view(7, torrent("orphan-without-trackers"), Verdict.WARNING, counts=unknown, state=FailoverState.UNKNOWN, active=None, working=0, problems=(problem(Rule.NO_TRACKERS, "lists no tracker"),), why="no trackers"),
        torrent_view(8, torrent("members-only", ((BAR,),), private=True), Verdict.UNKNOWN, counts=unknown, state=FailoverState.UNKNOWN, active=None, working=0, problems=(problem(Rule.PRIVATE_NOT_ASKED, "private: only liveness is asked"),)),
    ]  # fmt: skip
    urls = [EXAMPLE, BAZ, *CALM]
    for n in range(len(views), 200):
        moved = n < 29
        tiers = (
            ((FOO,), (EXAMPLE,))
            if moved
            else ((urls[n % 4], urls[(n + 1) % 4]), (urls[n % len(urls)],) if n % len(urls) > 4 else ())
        )
        views.append(
            torrent_view(n, torrent(f"release-{n:03}-amd64.iso", tiers), Verdict.WARNING if moved else Verdict.OK, counts=SwarmCounts(n * 7 % 90 + 2, n * 3 % 50, n * 37),
                state=FailoverState.FAILED_OVER if moved else FailoverState.PRIMARY, active=1 if moved else 0, working=1 if moved else len(tiers),
                problems=(problem(Rule.FAILED_OVER, "runs on a backup"),) if moved else (), why="foo refused" if moved else "")
        )  # fmt: skip
    return views


def rich_events() -> tuple[Event, ...]:
    return (
        event(1, EventKind.STARTED, "started with 200 torrents on 14 trackers", ago_s=86400),
        event(2, EventKind.STATE_CHANGED, "tracker.foo.org:6969 down: refused", ago_s=811, to_state="down"),
        event(3, EventKind.FAILED_OVER, "41 torrents failed over to tracker.example.org:1337", ago_s=811),
        event(
            4, EventKind.STATE_CHANGED, "t2.bar.net:443 down: certificate expired 14:00:00Z", ago_s=129, to_state="down"
        ),
        event(5, EventKind.EXHAUSTED, "3 torrents have no tracker left", ago_s=129),
        event(6, EventKind.RECOVERED, "tracker4.calm1.net:6969 is up again after 4m", ago_s=62),
    )


def rich_snapshot(**more: object) -> Snapshot:
    trackers = rich_trackers()
    return snapshot(trackers, rich_torrents(trackers), **({"events": rich_events()} | more))


FOLDERS = ("/srv/torrents/archive", "/srv/distros/debian", "/home/ann/debian")


def in_folders() -> Snapshot:
    """The rich snapshot with torrents from three folders and three trackers on one host; each tracker told of each torrent."""
    trackers = (
        *rich_trackers(),
        tracker(14, "https://tracker.example.org/announce", Health.DOWN, kind=FailureKind.TLS, since_s=99),
        tracker(15, "http://tracker.example.org:1337/announce"),
    )
    views = [
        replace(
            view,
            torrent=replace(view.torrent, sources=(f"{FOLDERS[n % 3]}/{n}.torrent",)),
            answers=view.answers or _answers(view, trackers, n),
        )
        for n, view in enumerate(rich_torrents(trackers))
    ]
    return snapshot(trackers, views, events=rich_events())


def _answers(view: TorrentView, trackers: tuple[TrackerView, ...], n: int) -> tuple[AnswerView, ...]:
    by_tracker = {one.tracker: one for one in trackers}
    found = []
    for placement in view.torrent.placements:
        one = by_tracker[placement.tracker]
        kind = one.failure.kind if one.state is Health.DOWN else None
        counts = view.counts
        if n % 9 == 4 and placement.tier:
            kind = FailureKind.UNREGISTERED
        elif n % 13 == 5 and placement.tier:
            counts = SwarmCounts(0, 0, 0)
        told = NOTHING_KNOWN if kind else counts
        role = Role.FAILED if kind else Role.BACKUP
        found.append(answer(one, placement.tier, placement.position, role, told, kind))
    return tuple(found)


A_HYBRID = torrent("hybrid", ((EXAMPLE,),), info_hash_v2=hashlib.sha256(b"hybrid").digest())
