"""What the engine remembers of one tracker, and how outcomes change it. No I/O, no tasks: time is handed in."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from trackerwatch.engine.due import Due
from trackerwatch.engine.endpoint_state import RECENT_ROUNDS, EndpointState, RoundResult
from trackerwatch.engine.swarms import Swarms
from trackerwatch.health import EndpointHealth, Health, Sample, Thresholds, apply, roll_up
from trackerwatch.health.reporting import as_reported, going_on
from trackerwatch.outcome import FailureKind, Family, Operation, Phase, PhaseTimes
from trackerwatch.schedule.pace import MAX_TRACKER_WAIT_S, is_local
from trackerwatch.stats import LatencyHistogram, Windows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackerwatch.engine.endpoint_state import MuteState
    from trackerwatch.engine.records import EndpointMemory, TrackerMemory
    from trackerwatch.engine.shapes import Shape
    from trackerwatch.engine.swarms import Published
    from trackerwatch.engine.views import Disabled
    from trackerwatch.outcome import AnnounceOutcome, Endpoint, Failure, ProbeOutcome, Resolution, ScrapeOutcome
    from trackerwatch.tracker import Tracker

ADDRESSES_REMEMBERED = 16


@dataclass(eq=False, slots=True)
class TrackerState:
    """One tracker: its endpoints, its swarms, and what it asked of us."""

    index: int
    tracker: Tracker
    thresholds: Thresholds
    lasting_thresholds: Thresholds = field(default_factory=Thresholds)
    """Those of watching, by which one-shot runs keep what is remembered up to date."""
    swarms: Swarms = field(default_factory=Swarms)
    torrents: int = 0
    """Torrents that list it."""
    shapes: list[Shape] = field(default_factory=list)
    """Of those torrents."""

    endpoints: dict[Endpoint, EndpointState] = field(default_factory=dict)
    gone: dict[Endpoint, EndpointState] = field(default_factory=dict)
    """Addresses that the name no longer has: their health is kept in case they come back."""
    name_health: EndpointHealth = field(default_factory=EndpointHealth)
    """Of name resolution: judged while nothing resolves."""
    resolve_failure: Failure | None = None
    resolve_s: float | None = None
    sticky: Endpoint | None = None
    """The endpoint that full scrapes go to while it answers."""
    local: bool = False

    scrape_supported: bool | None = None
    """False: no scrape URL can be derived, or a scrape failed in its answer where an announce then worked."""
    scrape_again_at: float | None = None
    """Monotonic: when scrapes are tried again where they failed alone. None: never, or nothing is wrong."""
    scrape_failures: int = 0
    interval_s: float | None = None
    min_interval_s: float | None = None
    min_request_interval_s: float | None = None
    not_before: float = 0.0
    """Monotonic: the tracker asked to be left alone until then."""
    never_again: Failure | None = None
    """The tracker wants never to be asked again, said so."""

    state: Health = Health.UNKNOWN
    reasons: tuple[str, ...] = ()
    since: float | None = None
    last_probe_at: float | None = None
    last_success_at: float | None = None
    recent: deque[float | None] = field(default_factory=lambda: deque(maxlen=RECENT_ROUNDS))
    histogram: LatencyHistogram = field(default_factory=LatencyHistogram)
    windows: Windows = field(default_factory=Windows)
    """Uptime and latency over hours and days, of earlier runs too."""
    covered_at: float | None = None
    """Monotonic: up to here something is known of the tracker. None: nothing was, or a gap came between."""
    note: str = ""
    """What DNS says beside addresses (BEP 34)."""
    mute: MuteState | None = None
    mute_may_turn: bool = False
    """Time alone may mute it, or end its mute."""
    disabled: Disabled | None = None
    interval_wish_s: float | None = None
    """Ordered by hand. None: as the settings say."""
    added: bool = False
    """The user watches it for this run alone."""
    let_go: bool = False
    """The user watched it, and does not any more."""
    own: bool = False
    cut_off: Failure | None = None
    """Our own outage: it is judged by nothing while this is set."""
    remembered_at: float | None = None
    """Wall: its state is of an earlier run, as of then. None: this run saw it."""
    remembered: TrackerMemory | None = None
    """What an earlier run knew, where this one judges for itself (one-shot runs)."""
    was_judged: bool = False
    """Some run, perhaps long ago, knew how it is."""
    spared: str = ""
    """Why it was not asked: what is remembered is fresh enough, or it wants to be left alone. Empty: it was."""
    expiry_told: bool = False
    """Its certificate was told of as ending soon."""
    hurried: bool = False
    """Somebody waits for its next full round: only the shortest window counts."""
    recalled_swarms: int = 0
    """So many of the first swarms were looked up in memory."""
    before_cut_off: tuple[Health, tuple[str, ...], float | None] | None = None
    before_unjudged: tuple[Health, float | None] | None = None
    """State and its begin (wall) before nothing that counts was seen any more."""
    before_off: tuple[Health, float | None] | None = None
    """State and its begin (wall) when the user switched it off."""
    unproven: bool = False
    """Its latest probe was lost to a gap or an outage of our own that is over: it is asked again soon."""
    excused: bool = False
    """Its latest probe was lost to an outage of our own: asking again soon would settle nothing."""

    asked_at: float | None = None
    """Monotonic: when a scrape of many swarms last began."""
    full_at: float | None = None
    """Monotonic: when a full round last began; `asked_at` may be later, of a scrape of new swarms alone."""
    probed_at: float | None = None
    """Monotonic: when a round of any kind last ended."""
    answered_at: float | None = None
    """Monotonic: when a full round last brought answers."""
    plan: Due = Due.FULL
    """What is asked next."""
    next_probe_at: float | None = None
    """Wall."""
    every_s: float | None = None
    """Between full rounds, as things are. None: nothing was planned yet."""
    heartbeat_s: float | None = None
    """Between the small probes in between. None: there are none."""
    asking: bool = False
    wants_round: bool = True
    """It was never asked or came back from down, and was not asked for counts since."""
    readdressed: bool = False
    """Its addresses changed: what is independent of what must be worked out again."""
    retold: bool = False
    """Why it fails changed: torrents show another reason."""
    dirty: bool = True
    """Something that a view shows changed."""

    # ------------------------------------------------------------------ outcomes

    def apply_resolution(self, resolution: Resolution, now: float) -> bool:
        """Take over the addresses behind the name.

        Args:
            resolution: What the lookup brought.
            now: Wall time.

        Returns:
            Whether there is an address to ask.
        """
        self.dirty = True
        self.resolve_s, self.last_probe_at = resolution.resolve_s, now
        self.note = resolution.note
        self._retell(self.resolve_failure, resolution.failure)
        self.resolve_failure = resolution.failure
        if resolution.failure is not None:
            kind = resolution.failure.kind
            self.name_health = apply(self.name_health, Sample(kind), now, self.thresholds)
            if kind.counted:
                self.remembered_at, self.unproven, self.excused = None, False, False
            if self.name_health.state is Health.DOWN or not kind.counted:
                self._readdress({})
            return False
        self.name_health, self.excused = EndpointHealth(), False
        current: dict[Endpoint, EndpointState] = {}
        for endpoint in resolution.endpoints:
            state = self.endpoints.get(endpoint) or self.gone.pop(endpoint, None) or self._new_endpoint(endpoint)
            if state.refused:
                state.failure = None
            current[endpoint] = state
        for endpoint, refusal in resolution.refused:
            current[endpoint] = self.endpoints.get(endpoint) or self._new_endpoint(endpoint)
            current[endpoint].failure = refusal
        self._readdress(current)
        return bool(resolution.endpoints)

    def _new_endpoint(self, endpoint: Endpoint) -> EndpointState:
        if self.remembered is None:
            return EndpointState(endpoint)
        known = self._remembered_at(endpoint)
        if known is None:
            return EndpointState(endpoint, lasting=EndpointHealth())
        return EndpointState(endpoint, lasting=known.health, covered_at=self.covered_at)

    def _remembered_at(self, endpoint: Endpoint) -> EndpointMemory | None:
        known = self.remembered.endpoints if self.remembered is not None else ()
        return next((one for one in known if one.endpoint == endpoint), None)

    def _readdress(self, current: dict[Endpoint, EndpointState]) -> None:
        if current.keys() != self.endpoints.keys():
            self.readdressed = True
        self.gone.update((e, s) for e, s in self.endpoints.items() if e not in current)
        while len(self.gone) > ADDRESSES_REMEMBERED:
            del self.gone[next(iter(self.gone))]
        self.endpoints = current
        self.local = is_local(endpoint.address for endpoint in current)
        if self.sticky not in current:
            self.sticky = None

    def apply_probe(
        self, outcome: ProbeOutcome, now: float, exchange_s: tuple[float, ...] = ()
    ) -> tuple[Health, Health] | None:
        """Count one probe of one endpoint.

        Args:
            outcome: What it came to.
            now: Wall time.
            exchange_s: Every latency of a round; by default the one in the outcome.

        Returns:
            The endpoint's states before and after, where they differ.
        """
        state = self.endpoints.get(outcome.endpoint)
        if state is None:
            return None
        self.remembered_at, self.unproven, self.excused = None, False, False
        self.dirty = True
        failure, phases = outcome.failure, outcome.phases
        self._retell(state.failure, failure)
        state.last_probe_at = self.last_probe_at = now
        if phases.resolve_s is None:
            phases = replace(phases, resolve_s=self.resolve_s)
        beat = outcome.operation is Operation.LIVENESS and phases.exchange_s is None
        latency_s = phases.connect_s if beat else phases.exchange_s
        expires_at = outcome.tls_expires_at.timestamp() if outcome.tls_expires_at else None
        sample = Sample(
            failure=failure.kind if failure else None,
            latency_s=phases.took_s,
            requests=outcome.requests,
            lost=outcome.lost,
            tls_left_s=expires_at - now if expires_at is not None else None,
            tls_life_s=(
                (outcome.tls_expires_at - outcome.tls_valid_from).total_seconds()
                if outcome.tls_expires_at and outcome.tls_valid_from
                else None
            ),
        )
        state.failure, state.said = failure, outcome.said or state.said
        if failure is not None and sample.counted and not sample.answered:
            state.lost = failure
        state.tls_expires_at = expires_at if expires_at is not None else state.tls_expires_at
        if sample.answered:
            state.last_success_at = self.last_success_at = now
            # A heartbeat connects and exchanges nothing: where torrents are asked for, it says nothing of their latency.
            if not beat or self.swarms.scraped_at is None:
                state.phases = phases
            elif state.phases == PhaseTimes() and (known := self._remembered_at(state.endpoint)) is not None:
                state.phases = known.phases
            if not beat or self.swarms.scraped_at is None:
                for latency in exchange_s or ((latency_s,) if latency_s is not None else ()):
                    state.latencies.append(latency)
                    state.histogram.add(latency)
                    self.histogram.add(latency)
        elif state.last_success_at is None:
            state.phases = phases
        if sample.counted:
            state.recent.append(latency_s if sample.answered else None)
        before, state.health = state.health.state, apply(state.health, sample, now, self.thresholds)
        if state.lasting is not None:
            state.lasting = apply(state.lasting, sample, now, self.lasting_thresholds)
            if sample.counted:
                reported = as_reported(state.lasting, sample.failure, state.last_success_at)
                state.health = going_on(state.health, reported)
        return (before, state.health.state) if state.health.state is not before else None

    def _retell(self, before: Failure | None, after: Failure | None) -> None:
        if (before.kind if before else None) is not (after.kind if after else None):
            self.retold = True

    def count_round(self, outcomes: Sequence[ProbeOutcome]) -> RoundResult | None:
        """Sum up one round of the tracker as a whole: it answered where any endpoint did. None: nobody was asked."""
        if not outcomes:
            return None
        counted = [o for o in outcomes if o.failure is None or o.failure.kind.counted]
        answers = [o for o in counted if o.failure is None or o.failure.kind.answered]
        latencies = [(s, o) for o in answers if (s := o.phases.exchange_s or o.phases.connect_s) is not None]
        best = min(latencies, key=lambda pair: pair[0], default=None)
        told = best[1] if best else (answers or counted or outcomes)[0]
        failures = [o.failure for o in (answers or counted or outcomes) if o.failure is not None]
        result = RoundResult(
            failure=None if any(o.failure is None for o in answers) else failures[0],
            latency_s=best[0] if best else None,
            phases=told.phases,
            requests=sum(o.requests for o in outcomes),
            lost=sum(o.lost for o in outcomes),
        )
        if result.counted and (not result.answered or result.latency_s is not None):
            self.recent.append(result.latency_s)
        return result

    def cover(self, place: EndpointState | TrackerState, now: float, longest_s: float) -> float:
        """For how long before now (monotonic) nothing was known of a place, which a sample now speaks for.

        Args:
            place: This tracker or one of its endpoints.
            now: Monotonic.
            longest_s: What one sample may speak for at most.
        """
        since, place.covered_at = place.covered_at, now
        return 0.0 if since is None else min(max(0.0, now - since), longest_s)

    def uncover(self) -> None:
        """A gap: the next sample speaks for nothing before it."""
        self.covered_at = None
        for state in self.endpoints.values():
            state.covered_at = None

    def shift_wall(self, shift_s: float) -> None:
        """The clock was set: what was noted by it moves along, so that ages stay true."""
        for place in (self, *self.endpoints.values(), *self.gone.values()):
            for name in ("last_probe_at", "last_success_at"):
                if (moment := getattr(place, name)) is not None:
                    setattr(place, name, moment + shift_s)
        for state in (*self.endpoints.values(), *self.gone.values()):
            state.health = _shifted(state.health, shift_s)
        self.name_health = _shifted(self.name_health, shift_s)
        if self.since is not None:
            self.since += shift_s
        if self.before_cut_off is not None and self.before_cut_off[2] is not None:
            self.before_cut_off = (*self.before_cut_off[:2], self.before_cut_off[2] + shift_s)
        if self.before_off is not None and self.before_off[1] is not None:
            self.before_off = (self.before_off[0], self.before_off[1] + shift_s)
        if self.before_unjudged is not None and self.before_unjudged[1] is not None:
            self.before_unjudged = (self.before_unjudged[0], self.before_unjudged[1] + shift_s)
        for column, record in self.swarms.announces.items():
            self.swarms.announces[column] = replace(record, at=record.at + shift_s)
        if self.swarms.scraped_at is not None:
            self.swarms.scraped_at += shift_s
        self.dirty = self.swarms.dirty = True

    def obey(self, failure: Failure | None, monotonic: float) -> None:
        """Remember what a tracker asked for beside a failure (BEP 31, Retry-After, HTTP 410)."""
        if failure is None:
            return
        if failure.retry_never:
            self.never_again = failure
        if failure.retry_in_s:
            self.not_before = max(self.not_before, monotonic + min(failure.retry_in_s, MAX_TRACKER_WAIT_S))

    def apply_scrape(self, outcome: ScrapeOutcome, now: float) -> None:
        """Take over what a scrape said beside its counts."""
        swarms = self.swarms
        swarms.dirty = self.dirty = True
        swarms.scrape_failure = outcome.probe.failure
        if outcome.probe.failure is None:
            swarms.scraped_at = now
            swarms.scrape_latency_s = outcome.probe.phases.exchange_s
            self.scrape_supported, self.scrape_again_at, self.scrape_failures = True, None, 0
            if outcome.min_request_interval_s is not None:
                self.min_request_interval_s = outcome.min_request_interval_s

    def apply_announce(self, outcome: AnnounceOutcome) -> None:
        """Take over what an announce said of the tracker; what it said of the swarm is a record there."""
        self.swarms.dirty = self.dirty = True
        if outcome.interval_s is not None:
            self.interval_s = outcome.interval_s
        if outcome.min_interval_s is not None:
            self.min_interval_s = outcome.min_interval_s

    @property
    def retired(self) -> bool:
        """Whether every torrent that listed it has left, and nobody watches it for itself."""
        return not self.torrents and not self.added and (self.let_go or len(self.swarms) > 0)

    def retire(self) -> None:
        """Nobody lists it any more: it is not asked, and nothing is claimed of it. Should it come back, its waits hold."""
        local = self.local
        self._readdress({})
        self.local = local
        self.name_health, self.resolve_failure, self.next_probe_at = EndpointHealth(), None, None
        self.cut_off = self.before_cut_off = self.full_at = None
        self.dirty = self.swarms.dirty = True

    def excuse(self, failure: Failure) -> None:
        """What this run held against it was our own fault: it is judged by nothing."""
        self.name_health, self.cut_off = EndpointHealth(), failure
        if self.resolve_failure is not None:
            self._readdress({})
        for state in self.endpoints.values():
            if not state.refused:
                state.health, state.failure = EndpointHealth(), failure
        self.dirty = self.swarms.dirty = self.retold = True

    def suspend_judgement(self, failure: Failure) -> None:
        """We are cut off: it is judged by nothing until we are not, and then as before."""
        if self.cut_off is None:
            self.before_cut_off = (self.state, self.reasons, self.since)
            self.uncover()
        self.cut_off = failure
        self.state, self.reasons = Health.UNKNOWN, ()
        self.dirty = self.swarms.dirty = self.retold = True

    def resume_judgement(self) -> None:
        """We are back: it is as it was when we fell off, and asked soon."""
        if self.before_cut_off is not None:
            self.state, self.reasons, self.since = self.before_cut_off
        self.before_cut_off = self.cut_off = None
        self.excused, self.unproven = False, True
        self.uncover()
        self.dirty = self.swarms.dirty = self.retold = True

    def switch_off(self) -> None:
        """The user wants nothing sent to it: nothing is claimed of it; its history and its waits are kept."""
        if self.state is not Health.UNKNOWN:
            self.before_off = (self.state, self.since)
        self.retire()
        self.uncover()
        self.swarms.forget_counts()
        self.note = self.spared = ""
        self.retold = True

    def switch_on(self) -> None:
        """It is asked again: for everything, as soon as it may be."""
        self.wants_round = self.hurried = True
        self.plan = Due.FULL
        # What it is found to be next is its first state, and no recovery after which everything is asked once more.
        self.since = None
        self.dirty = self.swarms.dirty = self.retold = True

    @property
    def muted(self) -> bool:
        """Whether the user wants it out of verdicts; also where it is switched off."""
        return self.mute is not None or self.disabled is not None

    @property
    def flapping(self) -> bool:
        """Whether its name or one of its endpoints flaps."""
        return self.name_health.flapping or any(state.health.flapping for state in self.endpoints.values())

    # ------------------------------------------------------------------ conclusions

    def conclude(self, now: float) -> tuple[Health, Health] | None:
        """Roll the endpoints up. The states before and after, where they differ."""
        if self.before_cut_off is not None:
            return None
        state, reasons = self._rolled_up()
        if (state, reasons) == (self.state, self.reasons):
            return None
        self.dirty = True
        before, self.state, self.reasons = self.state, state, reasons
        if state is before:
            return None
        begun, first, self.since = self.since, self.since is None, now
        if first and self.remembered is not None:
            self.since = self._since_in(self.remembered, now)
        if first and self.before_off is not None and self.disabled is None:
            # Nobody looked meanwhile: found as it was left, it is taken to have been so all the time.
            self.since = self.before_off[1] if self.before_off[0] is state else now
            self.before_off = None
        if state is Health.UNKNOWN and not self.counted and self.cut_off is None and self.disabled is None:
            # No route from here: it is no news of the tracker, which is taken up again where it was left.
            self.before_unjudged = (before, begun)
        elif self.before_unjudged is not None:
            was, was_since = self.before_unjudged
            self.since = was_since if was is state else self.since
            self.before_unjudged = None
        if Health.DOWN in (before, state) or Health.UNKNOWN in (before, state):
            self.swarms.dirty = True
        if before is Health.DOWN or (before is Health.UNKNOWN and not first):
            self.wants_round = True
        return before, state

    def _since_in(self, memory: TrackerMemory, now: float) -> float | None:
        """Since when it is as this one-shot run found it."""
        if memory.state is self.state:
            return memory.since
        begun = [s.health.since for s in self.endpoints.values() if s.health.since is not None]
        return now if self.name_health.judged else max(begun, default=now)

    @property
    def ever_judged(self) -> bool:
        """Whether anything that counts is known of one of its addresses, also of those that the name no longer has."""
        return any(place.health.judged for place in (*self.endpoints.values(), *self.gone.values()))

    @property
    def judged_nothing(self) -> bool:
        """Whether nothing that this run saw of it counts: it was not reached, by our own doing, or not asked."""
        if self.name_health.judged or self.never_again is not None:
            return False
        return all(s.last_probe_at is None or not s.judged_now for s in self.endpoints.values())

    def _rolled_up(self) -> tuple[Health, tuple[str, ...]]:
        if self.cut_off is not None or self.disabled is not None:
            return Health.UNKNOWN, ()
        if self.never_again is not None:
            return Health.DOWN, (str(self.never_again.kind),)
        if self.name_health.judged:
            # Nothing resolves: what the old addresses last said is no news of today.
            down = self.name_health.state is Health.DOWN
            return (Health.DOWN, self.name_health.reasons) if down else (self.state, self.reasons)
        if not self.counted:
            return Health.UNKNOWN, ()
        return roll_up(state.health for state in self.endpoints.values())

    @property
    def counted(self) -> bool:
        """Whether anything is known that is the tracker's doing; also before it was asked."""
        if self.cut_off is not None or self.disabled is not None:
            return False
        if not self.endpoints:
            return self.resolve_failure is None or self.resolve_failure.kind.counted
        return any(state.judged_now for state in self.endpoints.values())

    @property
    def pending(self) -> int:
        """The worst pending of its endpoints."""
        if self.name_health.judged:
            return self.name_health.pending
        return max((state.health.pending for state in self.endpoints.values() if state.judged_now), default=0)

    @property
    def failing_since(self) -> float | None:
        """Wall time of the first of the failures that are pending. None: none are."""
        healths = [self.name_health] if self.name_health.judged else [s.health for s in self.endpoints.values()]
        begun = [h.failing_since for h in healths if h.pending and h.failing_since is not None]
        return min(begun, default=None)

    @property
    def answers_in_row(self) -> int:
        """Answers in a row while it is down: not believed yet. 0: none, or it is not down."""
        if self.state is not Health.DOWN or self.name_health.judged:
            return 0
        return max((state.health.answers_in_row for state in self.endpoints.values()), default=0)

    @property
    def in_doubt(self) -> bool:
        """Whether some endpoint or the name failed and is not down for it yet."""
        if self.name_health.judged:
            return self.name_health.pending > 0
        return any(s.health.pending and s.judged_now and not s.well for s in self.endpoints.values())

    @property
    def failure(self) -> Failure | None:
        """What best explains a tracker that is not up: what counts first, what is nobody's doing only where nothing does."""
        if self.disabled is not None:
            return None
        if self.cut_off is not None:
            return self.cut_off
        if self.never_again is not None:
            return self.never_again
        if self.resolve_failure is not None:
            return self.resolve_failure
        failures = [s.failure for s in self.endpoints.values() if s.failure is not None]
        counted = [failure for failure in failures if failure.kind.counted]
        silence = next((failure for failure in counted if not failure.kind.answered), None)
        if silence is None and self.state is Health.DOWN:
            # It answers again, and is not believed yet: what it went down by is still the reason.
            silence = next((failure for s in self.endpoints.values() if (failure := s.down_by) is not None), None)
        if silence is not None or counted:
            return silence or counted[0]
        return failures[0] if failures and self.state is Health.UNKNOWN else None

    def usable_endpoints(self) -> list[Endpoint]:
        """Endpoints that may be asked, the best for a full scrape first."""
        rank = {Health.UP: 0, Health.DEGRADED: 0, Health.UNKNOWN: 1, Health.DOWN: 2}

        def order(state: EndpointState) -> tuple[int, bool, int, bool]:
            health, endpoint = state.health, state.endpoint
            ipv4 = endpoint.family is Family.IPV4
            return (rank[health.state], endpoint != self.sticky, health.failures_in_row, not ipv4)

        return [state.endpoint for state in sorted(self.endpoints.values(), key=order) if not state.refused]

    def publish(self) -> Published | None:
        """Draw the conclusions for its swarms; returns what was published before."""
        before = self.swarms.publish(down=self.state is Health.DOWN, counted=self.counted)
        now = self.swarms.published
        if before is None or now is None or (before.refusals, before.refusal_kind) != (now.refusals, now.refusal_kind):
            self.dirty = True
        return before


_BEFORE_THE_EXCHANGE = frozenset({Phase.RESOLVE, Phase.CONNECT, Phase.TLS})
_ELSEWHERE = frozenset({FailureKind.REDIRECT, FailureKind.HTTP_STATUS})
"""Failures of the scrape's own path, in whatever phase of following it."""
_UNREACHABLE = frozenset(
    {
        FailureKind.REFUSED,
        FailureKind.TLS,
        FailureKind.DNS_NXDOMAIN,
        FailureKind.DNS_ERROR,
        FailureKind.DNS_TIMEOUT,
    }
)


def is_unreachable(failure: Failure) -> bool:
    """Whether a failed scrape leaves no hope for an announce to the same endpoint: it failed before any answer could."""
    if failure.kind is FailureKind.SCRAPE_UNSUPPORTED:
        return False
    if failure.kind in _UNREACHABLE or not failure.kind.counted:
        return True
    return failure.phase in _BEFORE_THE_EXCHANGE and failure.kind not in _ELSEWHERE


def _shifted(health: EndpointHealth, shift_s: float) -> EndpointHealth:
    """The same health by a clock that was set."""
    return replace(
        health,
        since=None if health.since is None else health.since + shift_s,
        failing_since=None if health.failing_since is None else health.failing_since + shift_s,
    )
