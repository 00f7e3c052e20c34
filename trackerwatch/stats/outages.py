"""Outages: from going down to the answer that ended it, told by transitions or by the samples themselves.

A tracker (endpoint None) and each of its endpoints have outages of their own. One begins with the change to down and ends
with the next change to anything else; what is down already where the story begins went down before it, and begins with it.
A gap ends no outage, since nobody answered in it, and what lay in gaps is left out of the time
that something was down (`downtime_s`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from trackerwatch.health.endpoint import EndpointHealth, Sample, Thresholds, apply
from trackerwatch.health.states import Health
from trackerwatch.history import Outage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trackerwatch.outcome import FailureKind

ANSWERING = frozenset({Health.UP, Health.DEGRADED})


@dataclass(frozen=True, slots=True)
class Change:
    """A state that changed, of an endpoint or (endpoint None) of the tracker."""

    at: float
    """Unix seconds."""
    endpoint: str | None
    from_state: Health
    to_state: Health
    reason: str = ""
    """A failure kind. Empty: none."""


class Stretch(Protocol):
    """A begin and an end, Unix seconds: a gap."""

    @property
    def begin(self) -> float:
        """Unix seconds."""
        ...

    @property
    def end(self) -> float:
        """Unix seconds."""
        ...


def find_outages(changes: Iterable[Change], since: float | None = None) -> tuple[Outage, ...]:
    """The outages that changes of states tell of.

    Args:
        changes: In the order in which they happened; of any endpoints.
        since: Where the story begins: the begin of an outage that is older. None: then such a one is left out.

    Returns:
        Oldest first; an end of None goes on.
    """
    open_: dict[str | None, Outage] = {}
    known: set[str | None] = set()
    closed: list[Outage] = []
    for change in changes:
        endpoint = change.endpoint
        was = open_.pop(endpoint, None)
        if was is None and endpoint not in known and change.from_state is Health.DOWN and since is not None:
            was = Outage(endpoint, min(since, change.at), None, change.reason)
        known.add(endpoint)
        if change.to_state is Health.DOWN:
            open_[endpoint] = was or Outage(endpoint, change.at, None, change.reason)
        elif was is not None:
            closed.append(replace(was, end=max(was.begin, change.at)))
    return tuple(sorted((*closed, *open_.values()), key=lambda outage: (outage.begin, outage.endpoint or "")))


def downtime_s(outages: Iterable[Outage], gaps: Iterable[Stretch], since: float, until: float) -> float:
    """Seconds of a stretch in which any of these outages went on, without what lay in gaps."""
    down = _joined((outage.begin, until if outage.end is None else outage.end) for outage in outages)
    silent = _joined((gap.begin, gap.end) for gap in gaps)
    seconds = 0.0
    for begin, end in down:
        seconds += max(0.0, min(end, until) - max(begin, since))
        for gap_begin, gap_end in silent:
            seconds -= max(0.0, min(end, until, gap_end) - max(begin, since, gap_begin))
    return seconds


def flaps(changes: Iterable[Change], endpoint: str | None = None) -> int:
    """Changes between answering and down, either way, of an endpoint or (None) of the tracker."""
    count = 0
    answering: bool | None = None
    for change in changes:
        if change.endpoint != endpoint:
            continue
        # Unknown in between, of our own outage say, is no change: what it was before is what it is compared with.
        for state in (change.from_state, change.to_state):
            if state is Health.UNKNOWN:
                continue
            now = state in ANSWERING
            count += answering is not None and now is not answering
            answering = now
    return count


class RawOutcome(Protocol):
    """What is read of a sample here; the engine's `SampleRecord` is one."""

    @property
    def at(self) -> float:
        """Unix seconds."""
        ...

    @property
    def failure(self) -> FailureKind | None:
        """None: answered."""
        ...


def changes_of(
    samples: Iterable[RawOutcome], thresholds: Thresholds, endpoint: str | None = None
) -> tuple[Change, ...]:
    """The changes that the samples of one endpoint, in the order of their times, come to."""
    health = EndpointHealth()
    changes = []
    for sample in samples:
        before, health = health, apply(health, Sample(sample.failure), sample.at, thresholds)
        if health.state is not before.state:
            reason = health.reasons[0] if health.reasons else ""
            changes.append(Change(sample.at, endpoint, before.state, health.state, reason))
    return tuple(changes)


def last_success_at(samples: Iterable[RawOutcome]) -> float | None:
    """When the latest of these samples that was answered came. None: none was."""
    return max((s.at for s in samples if s.failure is None or s.failure.answered), default=None)


def _joined(stretches: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """The same time as stretches that do not overlap, in order."""
    joined: list[tuple[float, float]] = []
    for begin, end in sorted(stretches):
        if joined and begin <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        else:
            joined.append((begin, end))
    return joined
