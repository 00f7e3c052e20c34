"""The state machine of one endpoint.

It is fed with samples: one a round, however many datagrams the round took. The table:

    state      sample      next
    any        not counted the same
    unknown    answered    up (degraded when a reason holds)
    up, degr.  answered    up or degraded
    down       answered    down, until `up_after` in a row (one suffices where it never answered before)
    any        failed      the same and pending, until `down_after` in a row: down

Degraded is "it answers, and": `failing` (3 of the last 10 failed), `slow` (3 of the last 10 over the limit), `loss` (a tenth of
the datagrams lost), `tls_expiry` (the certificate ends within 14 days or a third of its life).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from trackerwatch.health.states import Health

if TYPE_CHECKING:
    from trackerwatch.outcome import FailureKind

WINDOW_ROUNDS = 10


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When a state changes."""

    down_after: int = 3
    """Counted failures in a row."""
    up_after: int = 2
    """Answers in a row after down."""
    conclusive_at_once: bool = False
    """One-shot runs: a single `refused`, `dns_nxdomain` or `tls` is down."""
    failing_rounds: int = 3
    slow_rounds: int = 3
    slow_s: float = 2.0
    """UDP 2 s, HTTP 5 s."""
    loss: float = 0.1
    """Share of datagrams that had to be sent again."""
    tls_expiry_s: float = 14 * 86400.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One round at one endpoint."""

    failure: FailureKind | None
    """None, or a kind that proves an answer: answered."""
    latency_s: float | None = None
    requests: int = 1
    lost: int = 0
    tls_left_s: float | None = None
    """Until the certificate ends. None: no TLS, or not seen."""
    tls_life_s: float | None = None
    """From its begin to its end. None: not seen."""

    @property
    def counted(self) -> bool:
        """Whether it says anything about the endpoint."""
        return self.failure is None or self.failure.counted

    @property
    def answered(self) -> bool:
        """Whether the endpoint answered anything parseable."""
        return self.failure is None or self.failure.answered


@dataclass(frozen=True, slots=True)
class EndpointHealth:
    """What is known of one endpoint's health."""

    state: Health = Health.UNKNOWN
    reasons: tuple[str, ...] = ()
    since: float | None = None
    """Wall time at which `state` began. None: it never changed."""
    failures_in_row: int = 0
    answers_in_row: int = 0
    failing_since: float | None = None
    """Wall time of the first of the failures in a row. None: the latest was answered."""
    ever_answered: bool = False
    window: tuple[Sample, ...] = ()
    """The last counted samples, oldest first, at most ten."""
    counted: int = 0
    answered: int = 0

    @property
    def pending(self) -> int:
        """Counted failures in a row while not down."""
        return 0 if self.state is Health.DOWN else self.failures_in_row

    @property
    def judged(self) -> bool:
        """Whether anything counted was ever seen."""
        return self.counted > 0


def apply(health: EndpointHealth, sample: Sample, now: float, thresholds: Thresholds) -> EndpointHealth:
    """What one more sample makes of an endpoint's health.

    Args:
        health: As it was.
        sample: What the round saw.
        now: Wall time, seconds.
        thresholds: When states change.
    """
    if not sample.counted:
        return health
    window = (*health.window, sample)[-WINDOW_ROUNDS:]
    state: Health
    reasons: tuple[str, ...]
    if sample.answered:
        answers = health.answers_in_row + 1
        if health.state is Health.DOWN and health.ever_answered and answers < thresholds.up_after:
            state, reasons = Health.DOWN, health.reasons
        else:
            # What happened while it was down is told by `since` and the outage, not by a degraded state after it.
            seen = (sample,) if health.state is Health.DOWN else window
            window = seen
            reasons = degraded_reasons(seen, thresholds)
            state = Health.DEGRADED if reasons else Health.UP
        failures = 0
    else:
        answers, failures = 0, health.failures_in_row + 1
        kind = sample.failure
        at_once = thresholds.conclusive_at_once and kind is not None and kind.conclusive
        if at_once or failures >= thresholds.down_after or health.state is Health.DOWN:
            state, reasons = Health.DOWN, (str(kind),)
        else:
            state, reasons = health.state, health.reasons
    return replace(
        health,
        state=state,
        reasons=reasons,
        since=now if state is not health.state else health.since,
        failures_in_row=failures,
        failing_since=None if sample.answered else now if health.failing_since is None else health.failing_since,
        answers_in_row=answers,
        ever_answered=health.ever_answered or sample.answered,
        window=window,
        counted=health.counted + 1,
        answered=health.answered + sample.answered,
    )


def degraded_reasons(window: tuple[Sample, ...], thresholds: Thresholds) -> tuple[str, ...]:
    """Why an endpoint that answers is not well: stable codes, empty when it is."""
    reasons = []
    if sum(not sample.answered for sample in window) >= thresholds.failing_rounds:
        reasons.append("failing")
    slow = sum(s.latency_s is not None and s.latency_s > thresholds.slow_s for s in window)
    if slow >= thresholds.slow_rounds:
        reasons.append("slow")
    sent = sum(s.requests for s in window)
    # A single lost datagram in a short window is no tenth of anything.
    if sent >= 20 and sum(s.lost for s in window) >= thresholds.loss * sent:
        reasons.append("loss")
    if window and _ends_soon(window[-1], thresholds):
        reasons.append("tls_expiry")
    return tuple(reasons)


def _ends_soon(sample: Sample, thresholds: Thresholds) -> bool:
    """Within 14 days, or a third of a life that is short on purpose (certificates of a few days)."""
    if sample.tls_left_s is None:
        return False
    third_s = sample.tls_life_s / 3 if sample.tls_life_s else thresholds.tls_expiry_s
    return sample.tls_left_s < min(thresholds.tls_expiry_s, third_s)
