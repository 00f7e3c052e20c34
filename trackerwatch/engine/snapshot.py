"""Projects the engine's state into what faces see. Parts that did not change are the same objects as before."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from trackerwatch.engine.clock import at
from trackerwatch.engine.due import Due
from trackerwatch.engine.table import Table
from trackerwatch.engine.views import Effect, EndpointView, Mute, NextAsk, Snapshot, Totals, TrackerView
from trackerwatch.failover import FailoverState, Standing
from trackerwatch.health import Health
from trackerwatch.policy.rules import Problem, Rule, Verdict
from trackerwatch.policy.words import failure_words, problem, tls_expiry_words, tracker_down_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from trackerwatch.engine.endpoint_state import EndpointState
    from trackerwatch.engine.events import EventLog
    from trackerwatch.engine.swarms import Published
    from trackerwatch.engine.torrent_book import TorrentBook
    from trackerwatch.engine.tracker_state import TrackerState
    from trackerwatch.engine.views import OurselvesView
    from trackerwatch.tracker import Tracker

T = TypeVar("T")

_NEXT = {
    Due.FULL: NextAsk.FULL,
    Due.AGAIN: NextAsk.FULL,
    Due.FRESH: NextAsk.FRESH,
    Due.MINIMAL: NextAsk.MINIMAL,
    Due.ANNOUNCES: NextAsk.ANNOUNCES,
}


class Projector:
    """Makes snapshots, each sharing with the one before what has not changed."""

    def __init__(self, vantage: str, started_at: datetime, private_scraped: Callable[[Tracker], bool]) -> None:
        self._vantage = vantage
        self._started_at = started_at
        self._private_scraped = private_scraped
        self._trackers: list[TrackerView] = []
        self._table: Table | None = None
        self._totals: Totals | None = None
        self._book_version = -1
        self._judged = -1
        self._published: list[Published | None] = []
        self._told: list[tuple[object, ...]] = []

    def project(
        self,
        *,
        version: int,
        now: float,
        trackers: Sequence[TrackerState],
        book: TorrentBook,
        events: EventLog,
        lateness_s: float,
        rounds_under_way: int,
        started_at: datetime,
        ourselves: OurselvesView,
        client: str,
    ) -> Snapshot:
        """Everything there is to see now. `now` is wall time."""
        changed = False
        published = [state.swarms.published for state in trackers]
        for state in trackers:
            index = state.index
            if index >= len(self._trackers):
                self._trackers.append(tracker_view(state, now))
                self._told.append(told_of(state))
            elif state.dirty:
                self._trackers[index] = tracker_view(state, now)
                self._told[index] = told_of(state)
            else:
                if published[index] is not self._published[index]:
                    self._told[index] = told_of(state)
                continue
            changed = True
            state.dirty = False
        self._published = published
        views = tuple(self._trackers)
        if self._table is None or self._totals is None or book.version != self._book_version:
            self._table = self._tabulate(trackers, book, views)
            known = None if book.judged != self._judged else self._totals
            self._totals = _totals(self._table, views, known)
            self._book_version, self._judged = book.version, book.judged
        elif changed:
            self._table = replace(self._table, trackers=views, published=published)
            self._totals = _totals(self._table, views, self._totals)
        taken_at = at(now)
        seen = [s.last_probe_at for s in trackers if s.last_probe_at is not None and s.disabled is None]
        return Snapshot(
            version=version,
            taken_at=taken_at or started_at,
            started_at=started_at,
            vantage=self._vantage,
            trackers=views,
            torrents=self._table,
            totals=self._totals,
            tracker_problems=_tracker_problems(views, now),
            events=tuple(events.events),
            lateness_s=lateness_s,
            rounds_under_way=rounds_under_way,
            oldest_data_at=at(min(seen, default=None)),
            newest_data_at=at(max(seen, default=None)),
            ourselves=ourselves,
            client=client,
        )

    def told(self) -> tuple[tuple[object, ...], ...]:
        """As `Engine.told`, at the latest snapshot."""
        return tuple(self._told)

    def _tabulate(self, trackers: Sequence[TrackerState], book: TorrentBook, views: tuple[TrackerView, ...]) -> Table:
        return Table(
            torrents=book.torrents[:],
            listed=book.listed(),
            verdicts=book.verdicts[:],
            failover_states=book.failover_states[:],
            seeders=book.seeders[:],
            leechers=book.leechers[:],
            completed=book.completed[:],
            active=book.active[:],
            active_tier=book.active_tier[:],
            working=book.working[:],
            total=book.total[:],
            since=book.since[:],
            rules=book.rules[:],
            shapes=book.shapes[:],
            slots=book.slots[:],
            stands=book.stands[:],
            published=[state.swarms.published for state in trackers],
            trackers=views,
            private_scraped=self._private_scraped,
            seeded_at=book.seeded_at[:],
            client=book.client,
        )


def told_of(state: TrackerState) -> tuple[object, ...]:
    """What the views of a tracker's torrents say of it beside their own numbers: why it fails, and when it was asked."""
    published = state.swarms.published
    waiting = state.asking and published is not None and Standing.UNTRIED in published.standings
    scrape = (published.scrape_failure, published.scraped_at, published.scrape_latency_s) if published else None
    failing = state.failure is not None or (
        published is not None
        and (published.scrape_failure or published.failures or Standing.FAILED in published.standings)
    )
    probes = (state.last_probe_at, state.next_probe_at) if failing else None
    return (
        state.state,
        state.failure,
        waiting,
        scrape,
        probes,
        state.pending,
        state.answers_in_row,
        state.mute,
        state.disabled,
        state.note,
    )


def tracker_view(state: TrackerState, now: float) -> TrackerView:
    """One tracker as faces see it at a wall time."""
    windows = state.windows
    uptimes = windows.figures(now)
    effect = Counter[FailoverState]()
    if state.disabled is not None:
        # It counts for nothing: whatever becomes of its torrents is not its doing.
        effect[FailoverState.PRIMARY] = state.torrents
    else:
        for shape in state.shapes:
            effect.update(shape.effect_of(state))
    expiries = [e.tls_expires_at for e in state.endpoints.values() if e.tls_expires_at is not None]
    latencies = [latency for e in state.endpoints.values() if (latency := e.latency_s) is not None]
    published = state.swarms.published
    return TrackerView(
        index=state.index,
        tracker=state.tracker,
        state=state.state,
        reasons=state.reasons,
        pending=state.pending,
        pending_limit=state.thresholds.down_after,
        since=at(state.since),
        last_probe_at=at(state.last_probe_at),
        last_success_at=at(state.last_success_at),
        next_probe_at=at(state.next_probe_at),
        asking=state.asking,
        latency_s=min(latencies, default=None),
        p50_s=windows.quantile(0.5, "24h", now),
        p95_s=windows.quantile(0.95, "24h", now),
        uptime=next(figure.ratio for figure in uptimes if figure.window == "24h"),
        recent=tuple(state.recent),
        scrape_supported=state.scrape_supported,
        interval_s=state.interval_s,
        min_interval_s=state.min_interval_s,
        tls_expires_at=at(min(expiries, default=None)),
        torrents=state.torrents,
        endpoints=tuple(_endpoint_view(e, state) for e in state.endpoints.values()),
        failure=state.failure,
        effect=Effect(
            unaffected=effect[FailoverState.PRIMARY],
            failed_over=effect[FailoverState.FAILED_OVER],
            exhausted=effect[FailoverState.EXHAUSTED],
            unknown=effect[FailoverState.UNKNOWN],
        ),
        failing_since=at(state.failing_since),
        flapping=state.flapping,
        muted=Mute(at(state.mute.until), state.mute.why, state.mute.source) if state.mute else None,
        own=state.own,
        uptimes=uptimes,
        p99_s=windows.quantile(0.99, "24h", now),
        note="; ".join(filter(None, (state.note, state.spared))),
        recalled_at=at(state.remembered_at),
        disabled=state.disabled,
        interval_wish_s=state.interval_wish_s,
        added=state.added,
        retired=state.retired,
        next_ask=None if state.next_probe_at is None else _NEXT[state.plan],
        min_request_interval_s=state.min_request_interval_s,
        thresholds=state.thresholds,
        every_s=state.every_s,
        heartbeat_s=state.heartbeat_s,
        refused=published.refusals if published else 0,
        refused_kind=published.refusal_kind if published else None,
        answers_in_row=state.answers_in_row,
    )


def _endpoint_view(endpoint: EndpointState, tracker: TrackerState) -> EndpointView:
    health = endpoint.health
    return EndpointView(
        endpoint=endpoint.endpoint,
        state=health.state,
        judged=health.judged,
        pending=health.pending,
        since=at(health.since),
        last_probe_at=at(endpoint.last_probe_at),
        last_success_at=at(endpoint.last_success_at),
        next_probe_at=None if endpoint.refused else at(tracker.next_probe_at),
        latency_s=endpoint.latency_s,
        p50_s=endpoint.histogram.quantile(0.5),
        p95_s=endpoint.histogram.quantile(0.95),
        phases=endpoint.phases,
        failure=endpoint.failure,
        consecutive_failures=health.failures_in_row,
        recent=tuple(endpoint.recent),
        said=endpoint.said,
        flapping=health.flapping,
    )


def _totals(table: Table, trackers: tuple[TrackerView, ...], known: Totals | None) -> Totals:
    """Count; of totals from before what they say of the torrents still holds."""
    if known is not None:
        verdicts, failover, broken = known.torrents_by_verdict, known.torrents_by_failover, known.broken
    else:
        verdicts = dict(_counted(table, table.verdicts, Verdict))
        failover = dict(_counted(table, table.failover_states, FailoverState))
        broken = _broken(table)
    states = _by_state(trackers)
    unknown = sum(view.state is Health.UNKNOWN and view.disabled is None for view in trackers)
    return Totals(verdicts, failover, states, unknown + verdicts[Verdict.UNKNOWN], broken)


def _broken(table: Table) -> dict[Rule, int]:
    """How many listed torrents break each rule: few ways, counted by identity."""
    rules = table.rules if len(table.listed) == len(table) else [table.rules[index] for index in table.listed]
    ways = dict(zip(map(id, rules), rules, strict=True))
    broken = Counter[Rule]()
    for way, number in Counter(map(id, rules)).items():
        broken.update(dict.fromkeys(ways[way], number))
    return dict(broken)


def _counted(table: Table, column: Sequence[T], words: Iterable[T]) -> Iterator[tuple[T, int]]:
    """How many listed torrents have each word."""
    listed = table.listed if len(table.listed) < len(table) else None
    found = column if listed is None else [column[index] for index in listed]
    return ((word, found.count(word)) for word in words)


def _by_state(trackers: tuple[TrackerView, ...]) -> dict[Health, int]:
    states = Counter(view.state for view in trackers)
    return {state: states[state] for state in Health}


def _tracker_problems(views: tuple[TrackerView, ...], now: float) -> tuple[Problem, ...]:
    """Problems of trackers, those with the worst effect first."""
    problems = []
    bad = [v for v in views if (v.state is Health.DOWN or v.tls_expires_at is not None) and v.muted is None]
    bad.sort(key=lambda v: (-v.effect.exhausted, -v.effect.failed_over, -v.torrents))
    for view in bad:
        if view.state is Health.DOWN:
            effect = view.effect
            numbers = (effect.unaffected, effect.failed_over, effect.exhausted, effect.unknown)
            message, action = tracker_down_words(view.tracker.host_port, failure_words(view.failure), numbers)
            problems.append(_tracker_problem(Rule.TRACKER_DOWN, view, message, action))
        if view.tls_expires_at is not None and "tls_expiry" in view.reasons:
            days = (view.tls_expires_at.timestamp() - now) / 86400
            message, action = tls_expiry_words(view.tracker.host_port, days)
            problems.append(_tracker_problem(Rule.TLS_EXPIRY, view, message, action))
    return tuple(problems)


def _tracker_problem(rule: Rule, view: TrackerView, message: str, action: str) -> Problem:
    return problem(rule, torrent=None, tracker=view.tracker.id, since=view.since, message=message, action=action)
