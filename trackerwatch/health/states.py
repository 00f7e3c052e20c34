"""The words of health."""

from __future__ import annotations

from enum import StrEnum


class Health(StrEnum):
    """How an endpoint or a tracker is doing. Contract: the JSON value."""

    UNKNOWN = "unknown"
    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"

    @property
    def badness(self) -> int:
        """For sorting: down, degraded, unknown, up."""
        return _BADNESS[self]


_BADNESS = {Health.UP: 0, Health.UNKNOWN: 1, Health.DEGRADED: 2, Health.DOWN: 3}


class Verdict(StrEnum):
    """What one sample says of an endpoint, seen together with the samples before it."""

    NOT_COUNTED = "not counted"
    """It says nothing: our own outage, no local route, our own policy."""
    WELL = "answered"
    POORLY = "answered, and a reason holds"
    ONCE = "answered, too few in a row"
    """After down only: one answer may be luck."""
    DOUBTFUL = "failed, too few in a row"
    """Pending: one failure may be a lost packet."""
    FAILED = "failed often enough"
