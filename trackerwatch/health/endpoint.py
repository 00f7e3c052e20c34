"""The state machine of one endpoint: what a sample says, by what came before it.

`trackerwatch.health.transitions` has the rules and the table. Degraded is "it answers, and": `failing` (3 of the last 10 rounds
failed), `slow` (3 of the last 10 over the limit), `loss` (a tenth of the datagrams lost), `tls_expiry` (the certificate ends
within 14 days or a third of its life, whichever is shorter).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from trackerwatch.health.flapping import START_PERCENT, STOP_PERCENT, is_flapping, record
from trackerwatch.health.states import Health, Verdict
from trackerwatch.health.transitions import NEXT

if TYPE_CHECKING:
    from trackerwatch.outcome import FailureKind

WINDOW_ROUNDS = 10
LOSS_ROUNDS = 2
LOSS_DATAGRAMS = 20
"""Loss is told from two rounds or from so many datagrams: one lost datagram is no tenth of anything."""
LATE_ROUNDS = 5
"""Loss of these is told too: rounds of two datagrams hide what began lately behind the good ones before it."""


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
    """A certificate with less left is told of, or with less than a third of its life where that is shorter."""
    flap_start_percent: float = START_PERCENT
    flap_stop_percent: float = STOP_PERCENT


@dataclass(frozen=True, slots=True)
class Sample:
    """One round at one endpoint."""

    failure: FailureKind | None
    """None, or a kind that proves an answer: answered."""
    latency_s: float | None = None
    """Connect, TLS and exchange together: what `slow` goes by."""
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
    states: int | None = None
    """What flapping is told from: `trackerwatch.health.flapping.record`. None: nothing was recorded."""
    flapping: bool = False
    """It keeps going down and coming back."""

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
    verdict, seen, reasons = judge(health, sample, thresholds)
    if verdict is Verdict.NOT_COUNTED:
        return health
    state = NEXT[health.state, verdict]
    states, flapping = health.states, health.flapping
    if sample.answered or state is Health.DOWN:
        states = record(states, failed=not sample.answered)
        flapping = is_flapping(
            states,
            before=flapping,
            start_percent=thresholds.flap_start_percent,
            stop_percent=thresholds.flap_stop_percent,
        )
    return replace(
        health,
        state=state,
        reasons=reasons,
        since=now if state is not health.state else health.since,
        failures_in_row=0 if sample.answered else health.failures_in_row + 1,
        failing_since=None if sample.answered else now if health.failing_since is None else health.failing_since,
        answers_in_row=health.answers_in_row + 1 if sample.answered else 0,
        ever_answered=health.ever_answered or sample.answered,
        window=seen,
        counted=health.counted + 1,
        answered=health.answered + sample.answered,
        states=states,
        flapping=flapping,
    )


def judge(
    health: EndpointHealth, sample: Sample, thresholds: Thresholds
) -> tuple[Verdict, tuple[Sample, ...], tuple[str, ...]]:
    """What a sample says, seen with those before it.

    Returns:
        The verdict, the samples that count from now on (at most ten), and the reasons of the next state.
    """
    if not sample.counted:
        return Verdict.NOT_COUNTED, health.window, health.reasons
    window = (*health.window, sample)[-WINDOW_ROUNDS:]
    down = health.state is Health.DOWN
    if not sample.answered:
        kind = sample.failure
        at_once = thresholds.conclusive_at_once and kind is not None and kind.conclusive
        enough = at_once or health.failures_in_row + 1 >= thresholds.down_after
        reasons = (str(kind),) if enough or down else health.reasons
        return (Verdict.FAILED if enough else Verdict.DOUBTFUL), window, reasons
    if down and health.ever_answered and health.answers_in_row + 1 < thresholds.up_after:
        return Verdict.ONCE, window, health.reasons
    # What happened while it was down is told by `since` and the outage, not by a degraded state after it.
    seen = (sample,) if down else window
    reasons = degraded_reasons(seen, thresholds)
    return (Verdict.POORLY if reasons else Verdict.WELL), seen, reasons


def degraded_reasons(window: tuple[Sample, ...], thresholds: Thresholds) -> tuple[str, ...]:
    """Why an endpoint that answers is not well: stable codes, empty when it is."""
    reasons = []
    if sum(not sample.answered for sample in window) >= thresholds.failing_rounds:
        reasons.append("failing")
    slow = sum(s.latency_s is not None and s.latency_s > thresholds.slow_s for s in window)
    if slow >= thresholds.slow_rounds:
        reasons.append("slow")
    if _loses(window, thresholds):
        reasons.append("loss")
    if window and _ends_soon(window[-1], thresholds):
        reasons.append("tls_expiry")
    return tuple(reasons)


def _loses(window: tuple[Sample, ...], thresholds: Thresholds) -> bool:
    """Whether datagrams get lost on the way to an endpoint that answers; a round that failed is a failure, not loss."""
    answered = [sample for sample in window if sample.answered]
    for rounds in (answered, answered[-LATE_ROUNDS:]):
        sent, lost = sum(s.requests for s in rounds), sum(s.lost for s in rounds)
        told = sum(s.lost > 0 for s in rounds) >= LOSS_ROUNDS or (sent >= LOSS_DATAGRAMS and lost > 1)
        if told and lost >= thresholds.loss * sent:
            return True
    return False


def _ends_soon(sample: Sample, thresholds: Thresholds) -> bool:
    """Within 14 days, or a third of a life that is short on purpose (certificates of a few days)."""
    if sample.tls_left_s is None:
        return False
    third_s = sample.tls_life_s / 3 if sample.tls_life_s else thresholds.tls_expiry_s
    return sample.tls_left_s < min(thresholds.tls_expiry_s, third_s)
