"""What the engine remembers of one address behind a tracker, and small values beside it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

from trackerwatch.engine.views import OrderSource
from trackerwatch.health import EndpointHealth, Health
from trackerwatch.outcome import Failure, FailureKind, PhaseTimes
from trackerwatch.stats import LatencyHistogram

if TYPE_CHECKING:
    from trackerwatch.outcome import Endpoint

RECENT_ROUNDS = 60
"""What a sparkline can show."""
LATENCIES_KEPT = 512
_KINDS = frozenset(map(str, FailureKind))
REFUSED_ADDRESS = frozenset({FailureKind.BLOCKED, FailureKind.DNS_BLOCKED})
"""Refusals of our own address policy: such an endpoint is shown and never asked."""


@dataclass(frozen=True, slots=True)
class MuteState:
    """The user does not want to hear of a tracker."""

    until: float | None
    """Wall. None: until it is taken back."""
    why: str
    source: OrderSource = OrderSource.HAND
    """Who says so, and takes it back."""


@dataclass(frozen=True, slots=True)
class RoundResult:
    """What a round of a tracker as a whole came to."""

    failure: Failure | None
    """None: some endpoint answered."""
    latency_s: float | None
    """Of the endpoint that answered fastest."""
    phases: PhaseTimes
    requests: int
    lost: int

    @property
    def counted(self) -> bool:
        """Whether it says anything about the tracker."""
        return self.failure is None or self.failure.kind.counted

    @property
    def answered(self) -> bool:
        """Whether the tracker said anything parseable."""
        return self.failure is None or self.failure.kind.answered


@dataclass(slots=True)
class EndpointState:
    """One address behind a tracker."""

    endpoint: Endpoint
    health: EndpointHealth = field(default_factory=EndpointHealth)
    lasting: EndpointHealth | None = None
    """In a one-shot run, which judges afresh: what is remembered of its health, with this run's samples added."""
    phases: PhaseTimes = field(default_factory=PhaseTimes)
    failure: Failure | None = None
    lost: Failure | None = None
    """The latest failure that counted and was no answer; it explains an endpoint that is still down while it answers again."""
    said: str = ""
    last_probe_at: float | None = None
    last_success_at: float | None = None
    tls_expires_at: float | None = None
    latencies: deque[float] = field(default_factory=lambda: deque(maxlen=LATENCIES_KEPT))
    histogram: LatencyHistogram = field(default_factory=LatencyHistogram)
    recent: deque[float | None] = field(default_factory=lambda: deque(maxlen=RECENT_ROUNDS))
    covered_at: float | None = None
    """Monotonic: up to here something is known of it. None: nothing was, or a gap came between."""

    @property
    def latency_s(self) -> float | None:
        """Median exchange of the successes so far."""
        return median(self.latencies) if self.latencies else None

    @property
    def well(self) -> bool:
        """Whether its latest probe was answered."""
        return self.last_probe_at is not None and (self.failure is None or self.failure.kind.answered)

    @property
    def down_by(self) -> Failure | None:
        """Why it is down, also when it answers again and is not believed yet. None: it is not down, or nothing is known."""
        if self.health.state is not Health.DOWN:
            return None
        if self.failure is not None and self.failure.kind.counted and not self.failure.kind.answered:
            return self.failure
        if self.lost is not None:
            return self.lost
        kinds = [FailureKind(reason) for reason in self.health.reasons if reason in _KINDS]
        return Failure(kinds[0]) if kinds else self.failure

    @property
    def judged_now(self) -> bool:
        """Whether its latest probe says anything about it: not where no route leads there any more."""
        return self.failure is None or self.failure.kind.counted

    @property
    def refused(self) -> bool:
        """Whether our own policy keeps us from asking it."""
        return self.failure is not None and self.failure.kind in REFUSED_ADDRESS
