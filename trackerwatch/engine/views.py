"""What faces render: immutable values of one moment. TUI and reports read these and compute nothing.

Times named `..._at` and `since` are timezone-aware UTC; durations are seconds of a monotonic clock. None is unknown.
All text is clean and free of secrets; each face still escapes it for its own format.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from array import array
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from trackerwatch.failover.states import FailoverState, Role
    from trackerwatch.health.endpoint import Thresholds
    from trackerwatch.health.states import Health
    from trackerwatch.metainfo import SwarmVersion, Torrent
    from trackerwatch.outcome import Endpoint, Failure, FailureKind, PhaseTimes, SwarmCounts
    from trackerwatch.policy.rules import Problem, Rule, Verdict
    from trackerwatch.stats import UptimeFigure
    from trackerwatch.tracker import Tracker

_ANSWERING = ("up", "degraded")
"""States of what answers: faces import these views where `health` need not be."""


@dataclass(frozen=True, slots=True)
class EndpointView:
    """One address behind a tracker."""

    endpoint: Endpoint
    state: Health
    judged: bool
    """False: only failures that count for nothing were seen (no local route, blocked): not judged."""
    pending: int
    """Counted failures in a row while not yet down ("RETRY 1/3"); 0 when none."""
    since: datetime | None
    """When `state` began."""
    last_probe_at: datetime | None
    last_success_at: datetime | None
    next_probe_at: datetime | None
    latency_s: float | None
    """Median exchange of this run's successes."""
    p50_s: float | None
    p95_s: float | None
    phases: PhaseTimes
    """Of the latest probe that answered, else of the latest."""
    failure: Failure | None
    """Why the latest probe failed. None: it answered, or there was none."""
    consecutive_failures: int
    recent: tuple[float | None, ...]
    """Latency of the latest rounds, oldest first, None for a failed one: the sparkline."""
    said: str
    """The latest answer, one clean line."""
    flapping: bool = False
    """It changed between answering and failing so often that its state says little (Nagios: over 21 states)."""


class NextAsk(StrEnum):
    """What a tracker is asked for when its time comes."""

    FULL = "full"
    """The counts of all its torrents (and announces, where those are due)."""
    FRESH = "fresh"
    """The counts of torrents that are new."""
    MINIMAL = "minimal"
    """The smallest sign of life: a heartbeat, or whether a failure was one."""
    ANNOUNCES = "announces"


class OrderSource(StrEnum):
    """Who ordered something of a tracker, and so where it is taken back. Contract: the JSON value."""

    HAND = "hand"
    """On the screen or with `trackerwatch mute` and the like; kept in the state file."""
    CONFIG = "config"
    WINDOW = "window"
    """A recurring window of the config that is open now."""


@dataclass(frozen=True, slots=True)
class Mute:
    """Out of verdicts and alerts by the user's wish, never out of history."""

    until: datetime | None
    """None: until it is taken back."""
    why: str
    source: OrderSource = OrderSource.HAND


@dataclass(frozen=True, slots=True)
class Disabled:
    """Nothing is sent to it by the user's wish; it counts for nothing."""

    why: str
    source: OrderSource = OrderSource.HAND
    since: datetime | None = None
    """None: the config says so."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What a tracker's state does to the torrents that list it."""

    unaffected: int
    failed_over: int
    exhausted: int
    unknown: int


@dataclass(frozen=True, slots=True)
class TrackerView:
    """One tracker with its endpoints rolled up."""

    index: int
    """Position in `Snapshot.trackers`; never changes while the program runs."""
    tracker: Tracker
    state: Health
    reasons: tuple[str, ...]
    """Stable codes: failure kinds, `failing`, `slow`, `loss`, `endpoint_down`, `tls_expiry`. Empty when up or unknown."""
    pending: int
    """Worst pending of its endpoints; 0: none."""
    pending_limit: int
    """So many counted failures in a row are down."""
    since: datetime | None
    last_probe_at: datetime | None
    last_success_at: datetime | None
    next_probe_at: datetime | None
    asking: bool
    """A round is under way now."""
    latency_s: float | None
    p50_s: float | None
    p95_s: float | None
    uptime: float | None
    """Successful rounds / counted rounds of this run, 0 to 1."""
    recent: tuple[float | None, ...]
    """As `EndpointView.recent`, of the best endpoint a round."""
    scrape_supported: bool | None
    interval_s: float | None
    min_interval_s: float | None
    tls_expires_at: datetime | None
    torrents: int
    """Torrents that list it."""
    endpoints: tuple[EndpointView, ...]
    failure: Failure | None
    """What best explains a state that is not up (also name resolution); of one that is down what it went down by, also while it
    answers again and is not believed yet. None: nothing failed."""
    effect: Effect
    failing_since: datetime | None = None
    """When the failures in a row began that are pending now. None: none are."""
    flapping: bool = False
    """One of its endpoints flaps, or its name does."""
    muted: Mute | None = None
    own: bool = False
    """Run by the user: `own = true` in the config."""
    uptimes: tuple[UptimeFigure, ...] = ()
    """Windows 1h, 24h, 7d, 30d, each with coverage and n; of earlier runs too, where a store remembers."""
    p99_s: float | None = None
    note: str = ""
    """What else there is to know, in one clean line: a port moved by DNS (BEP 34), answers from the store. Empty: nothing."""
    recalled_at: datetime | None = None
    """The state is remembered, from this time, and was not seen again yet. None: it was seen by this run."""
    disabled: Disabled | None = None
    interval_wish_s: float | None = None
    """The interval that the user ordered for it by hand. None: as the settings say."""
    added: bool = False
    """It is watched by hand, for this run alone."""
    retired: bool = False
    """Nobody lists or watches it any more: it is not asked, and nothing is claimed of it."""
    next_ask: NextAsk | None = None
    """What `next_probe_at` is about. None: nothing is planned."""
    min_request_interval_s: float | None = None
    """Between scrapes, as the tracker wishes. None: it said nothing."""
    thresholds: Thresholds | None = None
    """By which its state is judged."""
    every_s: float | None = None
    """Between full rounds, after every order, setting and wish. None: nothing was planned yet."""
    heartbeat_s: float | None = None
    """Between small probes beside them. None: there are none."""
    refused: int = 0
    """Torrents for which it is of no use although it answers: it refuses them. 0 where it is down."""
    refused_kind: FailureKind | None = None
    """The commonest reason of `refused`. None: it refuses none."""
    answers_in_row: int = 0
    """Of one that is down and answers again: so many good answers, which `thresholds.up_after` would end the outage."""

    @property
    def latest_latency_s(self) -> float | None:
        """What to show as its latency: `latency_s`; where this run exchanged nothing, the latest exchange that is remembered.

        None: nothing is known, or it does not answer.
        """
        if self.latency_s is not None or self.state not in _ANSWERING:
            return self.latency_s
        phases = [one.phases for one in self.endpoints if one.state in _ANSWERING]
        known = [one.exchange_s if one.exchange_s is not None else one.connect_s for one in phases]
        return min((latency_s for latency_s in known if latency_s is not None), default=None)

    @property
    def endpoints_up(self) -> int:
        """Endpoints that answer."""
        return sum(e.state in _ANSWERING for e in self.endpoints)


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of trying a tracker that is not watched (yet)."""

    url: str
    """Without secrets; as typed where it is no tracker's URL."""
    works: bool
    lines: tuple[str, ...]
    """For people, clean: what was asked, what was answered, how long each phase took."""


class AskState(StrEnum):
    """What became of one question. Contract: the JSON value."""

    ANSWERED = "answered"
    FAILED = "failed"
    SKIPPED = "skipped"
    """Nothing was sent."""


class Source(StrEnum):
    """Where an answer is from. Contract: the JSON value."""

    LIVE = "live"
    STORE = "store"


@dataclass(frozen=True, slots=True)
class ScrapeView:
    """The scrape side of one tracker and swarm."""

    state: AskState
    latency_s: float | None = None
    failure: Failure | None = None
    observed_at: datetime | None = None
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class AnnounceView:
    """The announce side of one tracker and swarm."""

    state: AskState
    latency_s: float | None = None
    peers: int | None = None
    interval_s: float | None = None
    min_interval_s: float | None = None
    warning: str | None = None
    failure: Failure | None = None
    observed_at: datetime | None = None
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class AnswerView:
    """One torrent's swarm as one tracker sees it."""

    tracker: Tracker
    tracker_index: int
    tier: int
    position: int
    swarm: SwarmVersion
    role: Role
    counts: SwarmCounts
    scrape: ScrapeView
    announce: AnnounceView


@dataclass(frozen=True, slots=True)
class FailoverView:
    """Where a torrent stands in its tiers."""

    state: FailoverState
    active: Tracker | None
    active_tier: int | None
    working: int
    """Distinct trackers that work for this torrent."""
    total: int
    """Distinct trackers listed."""
    explanation: tuple[str, ...]
    """Lines for people: why this tracker, why not the ones before it, what if it dies."""
    client: str = "listed"
    """The client policy that was walked."""


@dataclass(frozen=True, slots=True)
class TorrentView:
    """One torrent with everything known of it."""

    index: int
    torrent: Torrent
    verdict: Verdict
    counts: SwarmCounts
    """Maximum over trackers and families, never a sum."""
    failover: FailoverView
    answers: tuple[AnswerView, ...]
    """In tier order; a hybrid torrent has one for each tracker and swarm."""
    problems: tuple[Problem, ...]
    """Worst first."""
    since: datetime | None
    """When its present trouble began: its worst broken rule, or its verdict where none is broken."""
    why: str
    """The worst problem in a few words ("foo refused, bar tls"); empty when all is well."""
    last_seeder_at: datetime | None = None
    """When some tracker last told of at least one seeder. None: never, as far as is known."""


class TorrentTable(Protocol):
    """All torrents of one moment: columns for sorting and counting, full views made when looked at.

    Columns are parallel, indexed by the torrent's index (stable while the program runs); -1 is unknown, NaN no time.
    """

    @property
    def torrents(self) -> Sequence[Torrent]:
        """Every torrent, in the order they were first seen."""
        ...

    @property
    def listed(self) -> Sequence[int]:
        """Indices of the torrents that are watched, ascending; those of others have left and mean nothing any more."""
        ...

    @property
    def verdicts(self) -> Sequence[Verdict]:
        """Each torrent's verdict."""
        ...

    @property
    def failover_states(self) -> Sequence[FailoverState]:
        """Where each torrent stands in its tiers."""
        ...

    @property
    def seeders(self) -> array[int]:
        """Maximum over trackers."""
        ...

    @property
    def leechers(self) -> array[int]:
        """Maximum over trackers."""
        ...

    @property
    def completed(self) -> array[int]:
        """Maximum over trackers."""
        ...

    @property
    def active(self) -> array[int]:
        """Index of the active tracker in `Snapshot.trackers`, -1: none."""
        ...

    @property
    def active_tier(self) -> array[int]:
        """Tier of the active tracker."""
        ...

    @property
    def working(self) -> array[int]:
        """Distinct trackers that work."""
        ...

    @property
    def total(self) -> array[int]:
        """Distinct trackers listed."""
        ...

    @property
    def since(self) -> array[float]:
        """Unix time at which the present trouble, or the present verdict, began."""
        ...

    @property
    def rules(self) -> Sequence[tuple[Rule, ...]]:
        """Broken rules that count for the verdict, worst first; remarks (info) are in the full views alone."""
        ...

    def torrents_of(self, tracker: int) -> Mapping[FailoverState, Sequence[int]]:
        """The torrents that list a tracker, by what its state does to each; without an entry there is none.

        As in `Effect`: one that failed over for the sake of others is not this tracker's doing, and stands with PRIMARY.
        Worst verdict first, else in the order they were first seen. The first look of a snapshot costs a walk over all.
        """
        ...

    def __len__(self) -> int: ...
    def view(self, index: int) -> TorrentView:
        """Everything about one torrent."""
        ...


class EventKind(StrEnum):
    """What happened. Contract: the JSON value."""

    STARTED = "started"
    STATE_CHANGED = "state_changed"
    FAILED_OVER = "failed_over"
    PROMOTED = "promoted"
    RECOVERED = "recovered"
    EXHAUSTED = "exhausted"
    LOCAL_OFFLINE = "local_offline"
    LOCAL_ONLINE = "local_online"
    PROBLEM_OPENED = "problem_opened"
    PROBLEM_CLOSED = "problem_closed"
    CONFIG_RELOADED = "config_reloaded"
    CONFIG_REJECTED = "config_rejected"
    STORE_DEGRADED = "store_degraded"
    GAP = "gap"
    """Time was not lived through: a suspend, a pause, a clock that was set."""
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, in one clean line."""

    number: int
    """Rises by one with each event."""
    at: datetime
    kind: EventKind
    message: str
    tracker: Tracker | None = None
    endpoint: Endpoint | None = None
    torrent: Torrent | None = None
    from_state: str | None = None
    to_state: str | None = None
    reason: FailureKind | None = None


class LocalState(StrEnum):
    """How we ourselves are doing: what keeps our own outage from being everybody's."""

    FINE = "fine"
    OFFLINE = "offline"
    UDP_BLOCKED = "udp_blocked"
    """Nothing comes back over UDP while TCP works: udp trackers are not judged."""
    NO_NAMES = "no_names"
    """No name resolves, and addresses answer: trackers are asked at those known from before."""


@dataclass(frozen=True, slots=True)
class OurselvesView:
    """This machine's own state."""

    state: LocalState = LocalState.FINE
    since: datetime | None = None
    message: str = ""
    """One line for people; empty when fine."""
    store_trouble: str = ""
    """Why history is not written down at the moment, one clean line. Empty: it is, or nobody asked for it."""


@dataclass(frozen=True, slots=True)
class Totals:
    """The numbers of the header line."""

    torrents_by_verdict: dict[Verdict, int]
    torrents_by_failover: dict[FailoverState, int]
    trackers_by_state: dict[Health, int]
    not_judged: int
    """Torrents and trackers of which nothing is known yet."""
    broken: Mapping[Rule, int] = field(default_factory=dict)
    """How many torrents break each rule that counts for a verdict; muted trackers break none."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything there is to see at one moment. Unchanged parts are shared with the snapshot before."""

    version: int
    """Rises with each change."""
    taken_at: datetime
    started_at: datetime
    vantage: str
    trackers: tuple[TrackerView, ...]
    """In the order they were first seen; `TrackerView.index` is the position."""
    torrents: TorrentTable
    totals: Totals
    tracker_problems: tuple[Problem, ...]
    """Problems that belong to a tracker or the run, worst first; a torrent's own are in its view."""
    events: tuple[Event, ...]
    """The latest thousand, oldest first."""
    lateness_s: float
    """How late the schedule runs."""
    rounds_under_way: int
    oldest_data_at: datetime | None
    newest_data_at: datetime | None
    ourselves: OurselvesView = OurselvesView()
    client: str = "listed"
    """The client policy by which failover is walked."""


@dataclass(frozen=True, slots=True)
class Update:
    """A snapshot with what changed since the same feed was pulled before."""

    snapshot: Snapshot
    trackers: frozenset[int]
    """Indices of trackers whose view changed."""
    torrents: frozenset[int] | None
    """Indices of torrents whose columns or answers changed. None: too many to say, take all as changed."""
    events: tuple[Event, ...]
    """Those that came since."""
