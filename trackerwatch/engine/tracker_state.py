"""What the engine remembers of one tracker, and how outcomes change it. No I/O, no tasks: time is handed in."""

from __future__ import annotations

from array import array
from collections import deque
from dataclasses import dataclass, field, replace
from statistics import median
from typing import TYPE_CHECKING

from trackerwatch.engine.pacing import Due
from trackerwatch.failover import Standing
from trackerwatch.health import EndpointHealth, Health, Sample, Thresholds, apply, roll_up
from trackerwatch.outcome import (
    UNKNOWN_COUNT,
    FailureKind,
    Family,
    Phase,
    PhaseTimes,
    ScrapeColumns,
    SwarmAnswer,
)
from trackerwatch.policy.judge import SANE_COUNT
from trackerwatch.schedule.pace import MAX_TRACKER_WAIT_S, is_local
from trackerwatch.stats import LatencyHistogram
from trackerwatch.tracker import Protocol

if TYPE_CHECKING:
    from trackerwatch.engine.torrent_book import Shape
    from trackerwatch.metainfo import SwarmVersion
    from trackerwatch.outcome import AnnounceOutcome, Endpoint, Failure, ProbeOutcome, Resolution, ScrapeOutcome
    from trackerwatch.tracker import Tracker

RECENT_ROUNDS = 60
"""What a sparkline can show."""
LATENCIES_KEPT = 512
COMPARED_AT_ONCE = 256
"""Swarms whose columns are compared as a whole before one by one."""
REFUSAL_FLAGS = {FailureKind.UNREGISTERED: 1, FailureKind.UNAUTHORIZED: 2}
"""How `Published.refused` writes that a tracker refused one torrent."""
DECISION_LASTS_S = 86400.0
"""So long an announce decides what ambiguous zeros mean, and so long a refusal of one torrent is remembered."""

_STANDING_OF_ANSWER = bytes(
    {
        SwarmAnswer.ANSWERED: Standing.WORKS,
        SwarmAnswer.AMBIGUOUS: Standing.WORKS,
        SwarmAnswer.FAILED: Standing.FAILED,
    }.get(answer, Standing.UNTRIED)  # type: ignore[call-overload]
    for answer in range(256)
)


@dataclass(slots=True)
class EndpointState:
    """One address behind a tracker."""

    endpoint: Endpoint
    health: EndpointHealth = field(default_factory=EndpointHealth)
    phases: PhaseTimes = field(default_factory=PhaseTimes)
    failure: Failure | None = None
    said: str = ""
    last_probe_at: float | None = None
    last_success_at: float | None = None
    tls_expires_at: float | None = None
    latencies: deque[float] = field(default_factory=lambda: deque(maxlen=LATENCIES_KEPT))
    histogram: LatencyHistogram = field(default_factory=LatencyHistogram)
    recent: deque[float | None] = field(default_factory=lambda: deque(maxlen=RECENT_ROUNDS))

    @property
    def latency_s(self) -> float | None:
        """Median exchange of the successes so far."""
        return median(self.latencies) if self.latencies else None


@dataclass(frozen=True, slots=True)
class AnnounceRecord:
    """What the latest announce of one swarm brought."""

    outcome: AnnounceOutcome
    at: float
    """Wall time."""
    not_before: float
    """Monotonic: earliest next announce of this swarm here."""


@dataclass(frozen=True, slots=True)
class Published:
    """What snapshots see of a tracker's swarms: replaced as a whole, never changed."""

    seeders: array[int]
    leechers: array[int]
    completed: array[int]
    answers: bytes
    standings: bytes
    """One `Standing` a swarm."""
    failures: dict[int, Failure]
    announces: dict[int, AnnounceRecord]
    scrape_failure: Failure | None
    """Why the latest round got not one answer."""
    scrape_latency_s: float | None
    scraped_at: float | None
    refused: dict[int, int]
    """Swarms that the tracker refused: 1 unregistered, 2 unauthorized."""

    def standings_at(self, columns: list[int]) -> bytes:
        """The standings of these swarms."""
        return bytes(map(self.standings.__getitem__, columns))


@dataclass(eq=False, slots=True)
class TrackerState:
    """One tracker: its endpoints, its swarms as columns, and what it asked of us."""

    index: int
    tracker: Tracker
    thresholds: Thresholds
    endpoints: dict[Endpoint, EndpointState] = field(default_factory=dict)
    gone: dict[Endpoint, EndpointState] = field(default_factory=dict)
    """Addresses that the name no longer has: their health is kept in case they come back."""
    name_health: EndpointHealth = field(default_factory=EndpointHealth)
    """Of name resolution: failed while nothing resolves."""
    resolve_failure: Failure | None = None
    resolve_s: float | None = None
    sticky: Endpoint | None = None
    """The endpoint that full scrapes go to while it answers."""
    local: bool = False

    swarms: list[bytes] = field(default_factory=list)
    """20-byte hashes in the order first seen: the order of every column."""
    column_of: dict[bytes, int] = field(default_factory=dict)
    owners: array[int] = field(default_factory=lambda: array("l"))
    """Index of the torrent of each swarm."""
    versions: list[SwarmVersion] = field(default_factory=list)
    private: bytearray = field(default_factory=bytearray)
    """1 where the swarm's torrent is private."""
    torrents: int = 0
    shapes: list[Shape] = field(default_factory=list)
    """Of the torrents that list it."""

    columns: ScrapeColumns = field(default_factory=lambda: ScrapeColumns.unknown(0))
    announces: dict[int, AnnounceRecord] = field(default_factory=dict)
    scrape_failure: Failure | None = None
    scrape_latency_s: float | None = None
    scraped_at: float | None = None
    scrape_supported: bool | None = None
    interval_s: float | None = None
    min_interval_s: float | None = None
    min_request_interval_s: float | None = None
    not_before: float = 0.0
    """Monotonic: the tracker asked to be left alone until then."""
    never_again: bool = False

    state: Health = Health.UNKNOWN
    reasons: tuple[str, ...] = ()
    since: float | None = None
    last_probe_at: float | None = None
    last_success_at: float | None = None
    recent: deque[float | None] = field(default_factory=lambda: deque(maxlen=RECENT_ROUNDS))
    counted_rounds: int = 0
    answered_rounds: int = 0
    histogram: LatencyHistogram = field(default_factory=LatencyHistogram)

    asked_at: float | None = None
    """Monotonic: when a full round last began."""
    answered_at: float | None = None
    """Monotonic: when a full round last brought answers."""
    next_probe_at: float | None = None
    """Wall."""
    plan: Due = Due.FULL
    """What is asked next."""
    asking: bool = False
    readdressed: bool = False
    """Its addresses changed: what is independent of what must be worked out again."""
    wants_round: bool = False
    """It came back from down or got new swarms, and was not asked for counts since."""
    dirty: bool = True
    """Something that a view shows changed."""
    swarms_dirty: bool = True
    """Columns, announces or reachability changed: `publish` has work."""
    published: Published | None = None

    # ------------------------------------------------------------------ swarms

    def add_swarm(self, info_hash: bytes, version: SwarmVersion, owner: int, *, private: bool) -> int:
        """List a swarm here; its column, an old one if the tracker has it already."""
        known = self.column_of.get(info_hash)
        if known is not None:
            return known
        column = self.column_of[info_hash] = len(self.swarms)
        self.swarms.append(info_hash)
        self.owners.append(owner)
        self.versions.append(version)
        self.private.append(private)
        self.swarms_dirty = self.dirty = self.wants_round = True
        return column

    def fit_columns(self) -> None:
        """Make the columns as long as the list of swarms."""
        missing = len(self.swarms) - len(self.columns)
        if missing > 0:
            blank = array("q", [UNKNOWN_COUNT]) * missing
            self.columns.seeders.extend(blank)
            self.columns.leechers.extend(blank)
            self.columns.completed.extend(blank)
            self.columns.answers.extend(bytes(missing))

    # ------------------------------------------------------------------ outcomes

    def apply_resolution(self, resolution: Resolution, now: float) -> None:
        """Take over the addresses behind the name."""
        self.dirty = True
        self.resolve_s = resolution.resolve_s
        self.last_probe_at = now
        failure = resolution.failure
        if failure is None and not resolution.endpoints and resolution.refused:
            failure = resolution.refused[0][1]
        self.resolve_failure = failure
        if failure is not None and not resolution.endpoints:
            self.name_health = apply(self.name_health, Sample(failure.kind), now, self.thresholds)
            if failure.kind.counted:
                self.counted_rounds += 1
                self.recent.append(None)
            return
        self.name_health = EndpointHealth()
        current: dict[Endpoint, EndpointState] = {}
        for endpoint in resolution.endpoints:
            state = self.endpoints.get(endpoint) or self.gone.pop(endpoint, None)
            current[endpoint] = state or EndpointState(endpoint)
        for endpoint, refusal in resolution.refused:
            state = self.endpoints.get(endpoint) or EndpointState(endpoint)
            state.failure = refusal
            current[endpoint] = state
        self.gone.update((e, s) for e, s in self.endpoints.items() if e not in current)
        while len(self.gone) > 16:
            del self.gone[next(iter(self.gone))]
        self.endpoints = current
        self.local = is_local(endpoint.address for endpoint in current)
        if self.sticky not in current:
            self.sticky = None

    def apply_probe(self, outcome: ProbeOutcome, now: float, exchange_s: tuple[float, ...] = ()) -> None:
        """Count one round at one endpoint.

        Args:
            outcome: What the round came to.
            now: Wall time.
            exchange_s: The latencies of the round; by default its one exchange.
        """
        state = self.endpoints.get(outcome.endpoint)
        if state is None:
            return
        self.dirty = True
        failure = outcome.failure
        state.last_probe_at = self.last_probe_at = now
        latency_s = outcome.phases.exchange_s
        if latency_s is None and outcome.operation == "liveness":
            # A UDP connect is the whole exchange there.
            latency_s = outcome.phases.connect_s
        phases = (
            outcome.phases
            if outcome.phases.resolve_s is not None
            else replace(outcome.phases, resolve_s=self.resolve_s)
        )
        sample = Sample(
            failure=failure.kind if failure else None,
            latency_s=latency_s,
            requests=outcome.requests,
            lost=outcome.lost,
            tls_left_s=outcome.tls_expires_at.timestamp() - now if outcome.tls_expires_at else None,
        )
        state.failure, state.said = failure, outcome.said or state.said
        if outcome.tls_expires_at:
            state.tls_expires_at = outcome.tls_expires_at.timestamp()
        if sample.answered:
            state.last_success_at = self.last_success_at = now
            state.phases = phases
            for latency in exchange_s or ((latency_s,) if latency_s is not None else ()):
                state.latencies.append(latency)
                state.histogram.add(latency)
                self.histogram.add(latency)
        elif state.last_success_at is None:
            state.phases = phases
        if sample.counted:
            state.recent.append(latency_s if sample.answered else None)
        state.health = apply(state.health, sample, now, self.thresholds)
        if failure is not None:
            self.obey(failure)

    def count_round(self, outcomes: list[ProbeOutcome]) -> None:
        """Count one round of the tracker as a whole: it answered where any endpoint did."""
        kinds = [outcome.failure.kind if outcome.failure else None for outcome in outcomes]
        if not any(kind is None or kind.counted for kind in kinds):
            return
        answers = [o for o, kind in zip(outcomes, kinds, strict=True) if kind is None or kind.answered]
        best = [s for o in answers if (s := o.phases.exchange_s or o.phases.connect_s) is not None]
        self.counted_rounds += 1
        self.answered_rounds += bool(answers)
        self.recent.append(min(best, default=0.0) if answers else None)

    def obey(self, failure: Failure) -> None:
        """Remember what a tracker asked for beside a failure (BEP 31, Retry-After)."""
        if failure.retry_never:
            self.never_again = True

    def wait_until(self, failure: Failure | None, monotonic: float) -> None:
        """Ask nothing before the tracker's own wish."""
        if failure is not None and failure.retry_in_s:
            self.not_before = max(self.not_before, monotonic + min(failure.retry_in_s, MAX_TRACKER_WAIT_S))

    def apply_scrape(self, outcome: ScrapeOutcome, now: float) -> None:
        """Take over what a full round said beside its counts, which are in the columns already."""
        self.swarms_dirty = self.dirty = True
        self.scrape_failure = outcome.probe.failure
        if outcome.probe.failure is None:
            self.wants_round = False
            self.scraped_at = now
            self.scrape_latency_s = outcome.probe.phases.exchange_s
            self.scrape_supported = True
            if outcome.min_request_interval_s is not None:
                self.min_request_interval_s = outcome.min_request_interval_s

    def apply_announce(self, column: int, outcome: AnnounceOutcome, now: float, not_before: float) -> None:
        """Take over what an announce of one swarm said."""
        self.swarms_dirty = self.dirty = True
        self.announces[column] = AnnounceRecord(outcome, now, not_before)
        if outcome.interval_s is not None:
            self.interval_s = outcome.interval_s
        if outcome.min_interval_s is not None:
            self.min_interval_s = outcome.min_interval_s

    # ------------------------------------------------------------------ conclusions

    def conclude(self, now: float) -> tuple[Health, Health] | None:
        """Roll the endpoints up. The states before and after, where they differ."""
        health = [state.health for state in self.endpoints.values()]
        if self.name_health.judged:
            # Nothing resolves: what the old addresses last said is no news of today.
            health = [self.name_health]
        state, reasons = roll_up(health)
        if self.name_health.judged and state is Health.UNKNOWN:
            state, reasons = self.state, self.reasons
        if (state, reasons) == (self.state, self.reasons):
            return None
        self.dirty = True
        before, self.state, self.reasons = self.state, state, reasons
        if state is before:
            return None
        self.since = now
        if Health.DOWN in (before, state):
            self.swarms_dirty = True
        return before, state

    @property
    def pending(self) -> int:
        """The worst pending of its endpoints."""
        if self.name_health.judged:
            return self.name_health.pending
        return max((state.health.pending for state in self.endpoints.values()), default=0)

    @property
    def failure(self) -> Failure | None:
        """What best explains a tracker that is not up."""
        if self.resolve_failure is not None and (self.name_health.judged or not self.endpoints):
            return self.resolve_failure
        failures = [s.failure for s in self.endpoints.values() if s.failure is not None]
        return min(failures, key=lambda failure: not failure.kind.counted, default=None)

    def usable_endpoints(self) -> list[Endpoint]:
        """Endpoints that may be asked, the best for a full scrape first."""
        usable = [
            (e, s)
            for e, s in self.endpoints.items()
            if s.failure is None or s.failure.kind not in {FailureKind.BLOCKED, FailureKind.DNS_BLOCKED}
        ]
        rank = {Health.UP: 0, Health.DEGRADED: 0, Health.UNKNOWN: 1, Health.DOWN: 2}
        return [
            e
            for e, s in sorted(
                usable,
                key=lambda pair: (
                    rank[pair[1].health.state],
                    pair[0] != self.sticky,
                    pair[1].health.failures_in_row,
                    pair[0].family is not Family.IPV4,
                ),
            )
        ]

    # ------------------------------------------------------------------ what snapshots see

    def publish(self, now: float) -> Published | None:
        """Make what snapshots see of the swarms; returns what was published before.

        Rules: an ambiguous zero is unknown until an announce decides it; a refusal of one torrent by an announce counts for
        a day; a tracker that is down fails for every torrent, and one whose every failure is not its doing for none.
        """
        self.swarms_dirty = False
        self.fit_columns()
        columns, before, size = self.columns, self.published, len(self.swarms)
        seeders, leechers, completed = columns.seeders[:], columns.leechers[:], columns.completed[:]
        answers = bytes(columns.answers)
        standings = bytearray(answers.translate(_STANDING_OF_ANSWER))
        if self.state is Health.DOWN:
            standings = bytearray([Standing.FAILED]) * size
            seeders = leechers = completed = array("q", [UNKNOWN_COUNT]) * size
        elif self._nothing_counted():
            standings = bytearray([Standing.NOT_COUNTED]) * size
        else:
            for index, failure in columns.failures.items():
                if answers[index] == SwarmAnswer.FAILED and not failure.kind.counted:
                    standings[index] = Standing.NOT_COUNTED
            at = answers.find(SwarmAnswer.AMBIGUOUS)
            while at >= 0:
                seeders[at] = leechers[at] = completed[at] = UNKNOWN_COUNT
                at = answers.find(SwarmAnswer.AMBIGUOUS, at + 1)
            for column, record in self.announces.items():
                standing = _standing_by_announce(record, now, answers[column])
                if standing is None:
                    continue
                standings[column] = standing
                said = record.outcome.counts
                for values, value in ((seeders, said.seeders), (leechers, said.leechers), (completed, said.completed)):
                    if standing is Standing.WORKS and value is not None:
                        values[column] = value
        self.published = Published(
            seeders,
            leechers,
            completed,
            answers,
            bytes(standings),
            dict(columns.failures),
            dict(self.announces),
            self.scrape_failure,
            self.scrape_latency_s,
            self.scraped_at,
            self._refused(now),
        )
        return before

    def _refused(self, now: float) -> dict[int, int]:
        refused = {
            column: REFUSAL_FLAGS[f.kind] for column, f in self.columns.failures.items() if f.kind in REFUSAL_FLAGS
        }
        for column, record in self.announces.items():
            outcome = record.outcome
            kind = outcome.probe.failure.kind if outcome.probe.failure else outcome.warning_kind
            if kind in REFUSAL_FLAGS and now - record.at <= DECISION_LASTS_S:
                refused[column] = REFUSAL_FLAGS[kind]
        return refused

    def changed_owners(self, before: Published | None) -> list[int]:
        """Torrents whose numbers or standing differ between what was published before and what is now."""
        now, owners = self.published, self.owners
        if now is None:
            return []
        if before is None or len(before.answers) != len(now.answers) or self.readdressed:
            self.readdressed = False
            return list(dict.fromkeys(owners))
        if not any(before.answers) and not before.announces:
            # Nothing was known before: everything is news.
            return list(dict.fromkeys(owners))
        changed = {column for column, record in now.announces.items() if before.announces.get(column) is not record}
        for old, new in (
            (before.standings, now.standings),
            (before.seeders, now.seeders),
            (before.leechers, now.leechers),
            (before.completed, now.completed),
        ):
            for start in range(0, len(old), COMPARED_AT_ONCE):
                ours, theirs = old[start : start + COMPARED_AT_ONCE], new[start : start + COMPARED_AT_ONCE]
                if ours != theirs:
                    changed.update(i for i, (a, b) in enumerate(zip(ours, theirs, strict=True), start) if a != b)
        if before.failures != now.failures or before.refused != now.refused:
            changed.update(before.failures.keys() | now.failures.keys() | before.refused.keys() | now.refused.keys())
        return list(dict.fromkeys(owners[column] for column in sorted(changed)))

    def _nothing_counted(self) -> bool:
        """Whether all there is to see is failures that are not the tracker's doing."""
        if not self.endpoints:
            return self.resolve_failure is not None and not self.resolve_failure.kind.counted
        return all(s.failure is not None and not s.failure.kind.counted for s in self.endpoints.values())


def _standing_by_announce(record: AnnounceRecord, now: float, answer: int) -> Standing | None:
    """What the latest announce of a swarm makes of its standing. None: the scrape has the say."""
    if now - record.at > DECISION_LASTS_S:
        return None
    failure = record.outcome.probe.failure
    if record.outcome.warning_kind in REFUSAL_FLAGS:
        return Standing.FAILED
    if failure is None:
        return None if answer == SwarmAnswer.ANSWERED else Standing.WORKS
    if failure.kind in {FailureKind.UNREGISTERED, FailureKind.UNAUTHORIZED, FailureKind.FAILURE_REASON}:
        # A client is refused, whatever a scrape says.
        return Standing.FAILED
    if answer == SwarmAnswer.ANSWERED or failure.kind is FailureKind.RATE_LIMITED:
        return None
    return Standing.FAILED if failure.kind.counted else None


def sane(count: int) -> bool:
    """Whether a count can be true."""
    return count <= SANE_COUNT


def is_transport_failure(tracker: Tracker, failure: Failure) -> bool:
    """Whether a failed scrape leaves no hope for an announce to the same endpoint.

    What failed before the exchange would fail again. A UDP tracker may answer announces and no scrapes; over HTTP anything
    that an answer carried may be the scrape path's alone.
    """
    if failure.kind is FailureKind.SCRAPE_UNSUPPORTED:
        return False
    if failure.phase in {Phase.RESOLVE, Phase.CONNECT, Phase.TLS} or not failure.kind.counted:
        return True
    return tracker.protocol is not Protocol.UDP and failure.kind is FailureKind.REFUSED
