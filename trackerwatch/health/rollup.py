"""From endpoints to their tracker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.health.states import Health

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trackerwatch.health.endpoint import EndpointHealth

ANSWERING = (Health.UP, Health.DEGRADED)


def roll_up(endpoints: Iterable[EndpointHealth]) -> tuple[Health, tuple[str, ...]]:
    """The state of a tracker, and why.

    Some answer and some are down: degraded, `endpoint_down` first among the reasons. Endpoints of which nothing counted is
    known (no route, blocked) have no say.
    """
    answering, down = [], []
    for health in endpoints:
        if health.state in ANSWERING:
            answering.append(health)
        elif health.state is Health.DOWN:
            down.append(health)
    if not answering:
        reasons = dict.fromkeys(reason for health in down for reason in health.reasons)
        return (Health.DOWN, tuple(reasons)) if down else (Health.UNKNOWN, ())
    codes = dict.fromkeys(["endpoint_down"] if down else [])
    for health in (*down, *answering):
        codes.update(dict.fromkeys(health.reasons))
    return (Health.DEGRADED, tuple(codes)) if codes else (Health.UP, ())


def any_flapping(endpoints: Iterable[EndpointHealth]) -> bool:
    """Whether a tracker flaps: one of its endpoints does, or (where it is among them) its name."""
    return any(health.flapping for health in endpoints)
