"""What samples that were written down come to: the changes of state, told again without the engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from trackerwatch.health.endpoint import EndpointHealth, Sample, Thresholds, apply

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from trackerwatch.health.states import Health
    from trackerwatch.outcome import FailureKind


@dataclass(frozen=True, slots=True)
class Change:
    """A state that changed, of an endpoint or (endpoint None) of the tracker."""

    at: float
    """Unix seconds."""
    endpoint: str | None
    from_state: Health
    to_state: Health
    reason: str = ""
    """The first reason of the new state: a failure kind, `failing`, `slow`, `loss`, `tls_expiry`. Empty: none."""


class RawOutcome(Protocol):
    """What is read of a sample; the engine's `SampleRecord` is one."""

    @property
    def at(self) -> float:
        """Unix seconds."""
        ...

    @property
    def failure(self) -> FailureKind | None:
        """None: answered."""
        ...

    @property
    def latency_s(self) -> float | None:
        """Of a success. None: not known."""
        ...

    @property
    def requests(self) -> int:
        """Requests or datagrams sent, resends included."""
        ...

    @property
    def lost(self) -> int:
        """Datagrams that had to be sent again."""
        ...


def replay(
    samples: Iterable[RawOutcome], thresholds: Thresholds, health: EndpointHealth | None = None
) -> Iterator[tuple[RawOutcome, EndpointHealth]]:
    """Each sample of one endpoint with the health after it. Certificates are in no sample that is kept.

    Args:
        samples: In the order in which they were taken.
        thresholds: When states change.
        health: As it was before them. None: nothing was known.
    """
    health = health or EndpointHealth()
    for sample in samples:
        seen = Sample(sample.failure, sample.latency_s, sample.requests, sample.lost)
        health = apply(health, seen, sample.at, thresholds)
        yield sample, health


def changes_of(
    samples: Iterable[RawOutcome], thresholds: Thresholds, endpoint: str | None = None
) -> tuple[Change, ...]:
    """The changes that the samples of one endpoint, in the order in which they were taken, come to."""
    before = EndpointHealth()
    changes = []
    for sample, health in replay(samples, thresholds):
        if health.state is not before.state:
            reason = health.reasons[0] if health.reasons else ""
            changes.append(Change(sample.at, endpoint, before.state, health.state, reason))
        before = health
    return tuple(changes)
