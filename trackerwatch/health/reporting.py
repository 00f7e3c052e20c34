"""What one-shot runs say of an endpoint: quicker than watching to call it down, and to believe that it is back. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from trackerwatch.health.states import Health

if TYPE_CHECKING:
    from trackerwatch.health.endpoint import EndpointHealth
    from trackerwatch.outcome import FailureKind

ONE_SHOT_DOWN_AFTER = 2
"""Failed attempts that make a tracker down in a report, where one leaves doubt."""


def as_reported(health: EndpointHealth, failure: FailureKind | None, last_success_at: float | None) -> EndpointHealth:
    """Remembered health by the rule of one-shot runs: two failures, or one that leaves no doubt, are down; one answer is up.

    Args:
        health: As it is remembered, perhaps by those who watch.
        failure: Of its latest probe. None: it was answered.
        last_success_at: Wall time of its latest answer.
    """
    if health.failures_in_row and health.state is not Health.DOWN and failure is not None:
        if health.failures_in_row >= ONE_SHOT_DOWN_AFTER or failure.conclusive:
            return replace(health, state=Health.DOWN, reasons=(str(failure),), since=health.failing_since)
    elif health.state is Health.DOWN and health.answers_in_row:
        return replace(health, state=Health.UP, reasons=(), since=last_success_at)
    return health


def going_on(alone: EndpointHealth, reported: EndpointHealth) -> EndpointHealth:
    """The health of an endpoint in a one-shot run that knows what earlier runs saw of it.

    This run alone says whether it answers; how it answers, and since when it does or does not, is what all runs saw, so that
    nothing else is told of the same probes a moment later.

    Args:
        alone: What this run's probes come to.
        reported: What is remembered with these probes among it, `as_reported`.
    """
    if alone.answers_in_row or (alone.state is Health.DOWN and reported.state is Health.DOWN):
        return reported
    return alone
