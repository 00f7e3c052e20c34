"""The words of failover (BEP 12 tiers, walked as a client would)."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class FailoverState(StrEnum):
    """Where a torrent stands in its tiers. Contract: the JSON value."""

    PRIMARY = "primary"
    """Nothing before the active tracker failed."""
    FAILED_OVER = "failed_over"
    """Something before the active tracker failed."""
    EXHAUSTED = "exhausted"
    """Every tracker was asked and failed."""
    UNKNOWN = "unknown"


class Role(StrEnum):
    """What a tracker is to one torrent. Contract: the JSON value."""

    ACTIVE = "active"
    BACKUP = "backup"
    FAILED = "failed"
    UNTRIED = "untried"


WORKING = frozenset({Role.ACTIVE, Role.BACKUP})
"""Roles of trackers that work for the torrent."""


class Standing(IntEnum):
    """How one tracker stands with one torrent: the value of one byte in a tracker's `standings`."""

    UNTRIED = 0
    """Not asked, not finished, or it said nothing of this torrent."""
    WORKS = 1
    FAILED = 2
    NOT_COUNTED = 3
    """Asked, and what went wrong is not its doing (no local route, our own policy)."""
