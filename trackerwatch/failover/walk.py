"""The walk over tiers (BEP 12), as the `listed` policy does it: in the order of the file, without the shuffle.

So two vantages agree on which tracker is active. A tracker of which nothing is known yet is walked past: it neither makes a
torrent fail over nor keeps it from having an active tracker behind it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from trackerwatch.failover.states import FailoverState, Role


class Standing(IntEnum):
    """How one tracker stands with one torrent: the value of one byte in a tracker's `standings`."""

    UNTRIED = 0
    """Not asked, not finished, or it said nothing of this torrent."""
    WORKS = 1
    FAILED = 2
    NOT_COUNTED = 3
    """Asked, and what went wrong is not its doing (no local route, our own policy)."""


@dataclass(frozen=True, slots=True)
class Walk:
    """Where a walk ended."""

    state: FailoverState
    active: int
    """Index into the placements walked; -1: none."""
    later_tier: bool
    """The active tracker's tier comes after one in which a tracker failed."""
    roles: tuple[Role, ...]
    """One a placement."""
    working: int


_ROLES = {
    Standing.UNTRIED: Role.UNTRIED,
    Standing.WORKS: Role.BACKUP,
    Standing.FAILED: Role.FAILED,
    Standing.NOT_COUNTED: Role.UNTRIED,
}


@lru_cache(maxsize=4096)
def walk(tiers: tuple[int, ...], standings: bytes) -> Walk:
    """Walk the tiers of a torrent.

    Args:
        tiers: The tier of each placement, in the order they are tried.
        standings: One `Standing` a placement.

    Returns:
        The active tracker and what the others are to this torrent.
    """
    active = standings.find(Standing.WORKS)
    roles = [_ROLES[Standing(standing)] for standing in standings]
    if active >= 0:
        roles[active] = Role.ACTIVE
        before = standings[:active]
        failed = [tiers[i] for i, standing in enumerate(before) if standing == Standing.FAILED]
        state = FailoverState.FAILED_OVER if failed else FailoverState.PRIMARY
        later_tier = any(tier < tiers[active] for tier in failed)
    else:
        later_tier = False
        exhausted = Standing.FAILED in standings and Standing.UNTRIED not in standings
        state = FailoverState.EXHAUSTED if exhausted else FailoverState.UNKNOWN
    return Walk(state, active, later_tier, tuple(roles), standings.count(Standing.WORKS))
