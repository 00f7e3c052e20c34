"""Hand-made snapshots: what an engine would have found out, without one."""

from __future__ import annotations

import hashlib
from array import array
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property

from trackerwatch.engine.views import (
    AnnounceView,
    AnswerView,
    AskState,
    Effect,
    EndpointView,
    FailoverView,
    ScrapeView,
    Snapshot,
    Source,
    TorrentView,
    Totals,
    TrackerView,
)
from trackerwatch.failover import FailoverState, Role
from trackerwatch.health import Health
from trackerwatch.metainfo.torrent import Placement, SwarmVersion, Torrent
from trackerwatch.outcome import NOTHING_KNOWN, Endpoint, Failure, FailureKind, Family, Phase, PhaseTimes, SwarmCounts
from trackerwatch.policy.rules import SEVERITIES, Problem, Rule, Severity, Verdict
from trackerwatch.tracker import Tracker, parse_tracker

NOW = datetime(2026, 11, 22, 14, 2, 11, tzinfo=UTC)
EARLIER = NOW - timedelta(seconds=4)

UP = "udp://tracker.example.org:1337/announce"
DEAD = "udp://tracker.foo.org:6969/announce"
UNTOUCHED = Effect(0, 0, 0, 0)
KEYED = "https://private.example.net/0123456789abcdef0123456789abcdef/announce"


def torrent(name: str, *tiers: list[str], private: bool = False, size: int | None = 1_000_000, **more) -> Torrent:
    placements = tuple(
        Placement(parse_tracker(url), tier, position)
        for tier, urls in enumerate(tiers)
        for position, url in enumerate(urls)
    )
    digest = hashlib.sha1(name.encode("utf-8", "surrogatepass")).digest()
    return Torrent(name, digest, None, private, size, placements, sources=(f"{name}.torrent",), **more)


def refused(kind: FailureKind = FailureKind.REFUSED, message: str = "connection refused") -> Failure:
    return Failure(kind, Phase.CONNECT, message)


def endpoint(
    state: Health, *, address: str = "192.0.2.7", failure: Failure | None = None, port: int = 6969, judged: bool = True
) -> EndpointView:
    family = Family.IPV6 if ":" in address else Family.IPV4
    up = state in (Health.UP, Health.DEGRADED)
    return EndpointView(
        endpoint=Endpoint(family, address, port),
        state=state,
        judged=judged,
        pending=0,
        since=EARLIER,
        last_probe_at=EARLIER,
        last_success_at=EARLIER if up else None,
        next_probe_at=None,
        latency_s=0.031 if up else None,
        p50_s=0.031 if up else None,
        p95_s=0.048 if up else None,
        phases=PhaseTimes(resolve_s=0.002, connect_s=0.030, exchange_s=0.031 if up else None),
        failure=failure,
        consecutive_failures=0 if up else 2,
        recent=(0.031,) if up else (None,),
        said="",
    )


def tracker(
    url: str,
    state: Health = Health.UP,
    *,
    failure: Failure | None = None,
    endpoints: tuple[EndpointView, ...] | None = None,
    torrents: int = 1,
    effect: Effect = UNTOUCHED,
    index: int = 0,
) -> TrackerView:
    up = state in (Health.UP, Health.DEGRADED)
    return TrackerView(
        index=index,
        tracker=parse_tracker(url),
        state=state,
        reasons=(failure.kind.value,) if failure and state is not Health.UNKNOWN else (),
        pending=0,
        pending_limit=2,
        since=EARLIER,
        last_probe_at=EARLIER,
        last_success_at=EARLIER if up else None,
        next_probe_at=None,
        asking=False,
        latency_s=0.031 if up else None,
        p50_s=0.031 if up else None,
        p95_s=0.048 if up else None,
        uptime=1.0 if up else 0.0,
        recent=(0.031,) if up else (None,),
        scrape_supported=True if up else None,
        interval_s=1800.0 if up else None,
        min_interval_s=None,
        tls_expires_at=None,
        torrents=torrents,
        endpoints=(endpoint(state, failure=failure),) if endpoints is None else endpoints,
        failure=failure,
        effect=effect,
    )


def answer(
    listed: Torrent,
    url: str,
    role: Role,
    counts: SwarmCounts = NOTHING_KNOWN,
    failure: Failure | None = None,
    index: int = 0,
) -> AnswerView:
    place = next(p for p in listed.placements if p.tracker is parse_tracker(url))
    if role is Role.UNTRIED:
        scrape = ScrapeView(AskState.SKIPPED)
    elif failure:
        scrape = ScrapeView(AskState.FAILED, failure=failure, observed_at=EARLIER, source=Source.LIVE)
    else:
        scrape = ScrapeView(AskState.ANSWERED, latency_s=0.031, observed_at=EARLIER, source=Source.LIVE)
    return AnswerView(
        tracker=place.tracker,
        tracker_index=index,
        tier=place.tier,
        position=place.position,
        swarm=SwarmVersion.V1,
        role=role,
        counts=counts,
        scrape=scrape,
        announce=AnnounceView(AskState.SKIPPED),
    )


def problem(rule: Rule, message: str, action: str, *, of: Torrent | None = None, at: Tracker | None = None) -> Problem:
    severity: Severity = SEVERITIES[rule]
    info_hash = of.info_hash_hex if of else None
    tracker_id = at.id if at else None
    return Problem(
        f"{rule}:{info_hash or ''}:{tracker_id or ''}", severity, rule, info_hash, tracker_id, EARLIER, message, action
    )


def seen(
    listed: Torrent,
    verdict: Verdict = Verdict.OK,
    *,
    counts: SwarmCounts = NOTHING_KNOWN,
    state: FailoverState = FailoverState.PRIMARY,
    active: str | None = None,
    working: int = 1,
    answers: tuple[AnswerView, ...] = (),
    problems: tuple[Problem, ...] = (),
    why: str = "",
    index: int = 0,
) -> TorrentView:
    active_tracker = parse_tracker(active) if active else None
    tier = next((p.tier for p in listed.placements if p.tracker is active_tracker), None)
    total = len({p.tracker for p in listed.placements})
    return TorrentView(
        index=index,
        torrent=listed,
        verdict=verdict,
        counts=counts,
        failover=FailoverView(state, active_tracker, tier, working, total, ()),
        answers=answers,
        problems=problems,
        since=EARLIER,
        why=why,
    )


@dataclass
class Table:
    """Columns made of full views: the other way round than an engine does it."""

    views: list[TorrentView]
    order: dict[Tracker, int]
    views_made: int = 0

    def __len__(self) -> int:
        return len(self.views)

    @property
    def listed(self):
        return range(len(self.views))

    def view(self, index: int) -> TorrentView:
        self.views_made += 1
        return self.views[index]

    @cached_property
    def torrents(self):
        return [view.torrent for view in self.views]

    @cached_property
    def verdicts(self):
        return [view.verdict for view in self.views]

    @cached_property
    def failover_states(self):
        return [view.failover.state for view in self.views]

    def _numbers(self, read) -> array[int]:
        return array("q", [-1 if (n := read(view)) is None else n for view in self.views])

    @cached_property
    def seeders(self):
        return self._numbers(lambda view: view.counts.seeders)

    @cached_property
    def leechers(self):
        return self._numbers(lambda view: view.counts.leechers)

    @cached_property
    def completed(self):
        return self._numbers(lambda view: view.counts.completed)

    @cached_property
    def active(self):
        return self._numbers(lambda view: self.order.get(view.failover.active))

    @cached_property
    def active_tier(self):
        return self._numbers(lambda view: view.failover.active_tier)

    @cached_property
    def working(self):
        return self._numbers(lambda view: view.failover.working)

    @cached_property
    def total(self):
        return self._numbers(lambda view: view.failover.total)

    @cached_property
    def rules(self):
        return [tuple(p.rule for p in view.problems if p.severity is not Severity.INFO) for view in self.views]

    @cached_property
    def since(self):
        return array("d", [view.since.timestamp() for view in self.views])


def snapshot(torrents: list[TorrentView], trackers: list[TrackerView], problems: tuple[Problem, ...] = ()) -> Snapshot:
    trackers = [replace(view, index=index) for index, view in enumerate(trackers)]
    torrents = [replace(view, index=index) for index, view in enumerate(torrents)]
    return Snapshot(
        version=1,
        taken_at=NOW,
        started_at=NOW - timedelta(seconds=7.4),
        vantage="vps7",
        trackers=tuple(trackers),
        torrents=Table(torrents, {view.tracker: view.index for view in trackers}),
        totals=Totals(
            dict(Counter(view.verdict for view in torrents)),
            dict(Counter(view.failover.state for view in torrents)),
            dict(Counter(view.state for view in trackers)),
            0,
        ),
        tracker_problems=problems,
        events=(),
        lateness_s=0.0,
        rounds_under_way=0,
        oldest_data_at=EARLIER,
        newest_data_at=NOW,
    )


def failed_over_scene() -> Snapshot:
    """One torrent on its backup, one well, one without an answer; one tracker refuses, one is up, one is private."""
    backup = torrent("dataset-imaging-v3", [DEAD], [UP])
    well = torrent("distro-13.2-netinst.iso", [UP])
    private = torrent("secret", [KEYED], private=True)
    over = problem(
        Rule.FAILED_OVER,
        "tier 0 failed (tracker.foo.org:6969 refused); clients announce to tracker.example.org:1337 in tier 1",
        "check tracker.foo.org:6969, or list a second tracker in tier 0",
        of=backup,
    )
    single = problem(Rule.SINGLE_TRACKER, "one tracker listed", "add a second tracker", of=well)
    not_asked = problem(
        Rule.PRIVATE_NOT_ASKED, "private torrent, not asked", "allow it with --private scrape", of=private
    )
    down = problem(
        Rule.TRACKER_DOWN,
        "tracker.foo.org:6969 is down (refused): 1 torrent failed over",
        "ask its operator, or drop it from the torrents",
        at=parse_tracker(DEAD),
    )
    return snapshot(
        [
            seen(
                backup,
                Verdict.WARNING,
                counts=SwarmCounts(12, 3, 4811),
                state=FailoverState.FAILED_OVER,
                active=UP,
                answers=(
                    answer(backup, DEAD, Role.FAILED, failure=refused(), index=0),
                    answer(backup, UP, Role.ACTIVE, SwarmCounts(12, 3, 4811), index=1),
                ),
                problems=(over,),
                why="tracker.foo.org:6969 refused",
            ),
            seen(
                well,
                counts=SwarmCounts(41, 212, None),
                active=UP,
                answers=(answer(well, UP, Role.ACTIVE, SwarmCounts(41, 212, None), index=1),),
                problems=(single,),
            ),
            seen(
                private,
                Verdict.UNKNOWN,
                state=FailoverState.UNKNOWN,
                working=0,
                answers=(answer(private, KEYED, Role.UNTRIED, index=2),),
                problems=(not_asked,),
            ),
        ],
        [
            tracker(DEAD, Health.DOWN, failure=refused(), effect=Effect(0, 1, 0, 0)),
            tracker(UP, torrents=2, effect=Effect(2, 0, 0, 0)),
            tracker(KEYED, Health.UNKNOWN, endpoints=()),
        ],
        (down,),
    )
