"""Outages: from going down to the answer that ended it, told by transitions or by the samples themselves.

A tracker (endpoint None) and each of its endpoints have outages of their own. One begins with the change to down and ends
with the change to up or degraded; what is down already where the story begins went down before it, and begins with it.
Neither a gap nor a state that became unknown ends an outage, since nobody answered; the time that something was down leaves
out what lay in gaps (`downtime_s`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from trackerwatch.health.states import Health
from trackerwatch.history import Outage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trackerwatch.health.replay import Change, RawOutcome

ANSWERING = frozenset({Health.UP, Health.DEGRADED})


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
        elif was is not None and change.to_state is Health.UNKNOWN:
            open_[endpoint] = was
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
