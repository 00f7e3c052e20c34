"""The walk over tiers (BEP 12) as a client does it: which tracker is active, and what the others are to the torrent.

The default, `listed`, walks in the order of the file, without the shuffle, so that two vantages agree on which tracker is
active. A tracker of which nothing is known yet is walked past: it neither makes a torrent fail over nor keeps it from having
an active tracker behind it.

What stands *before* the active tracker is judged by the order that the client began with. Clients reorder a tier as they go
(BEP 12 promotes what answers, libtorrent puts what failed last); by the present order nothing would ever have failed over
within a tier, although its first tracker is dead.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from trackerwatch.failover.clients import LISTED, Client, Parallel
from trackerwatch.failover.order import pack, settled, unpack
from trackerwatch.failover.states import FailoverState, Role, Standing

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Walk:
    """Where a walk ended."""

    state: FailoverState
    active: int
    """Index into the placements walked, the first of several where a client uses several; -1: none."""
    later_tier: bool
    """The active tracker's tier comes after one in which a tracker failed."""
    roles: tuple[Role, ...]
    """One a placement."""
    working: int
    before: frozenset[int] = frozenset()
    """Placements that a client tries before the active one."""
    order: tuple[int, ...] = ()
    """Placements in the order in which the client would try them now."""
    queue: bytes = b""
    """What the torrent carries on: see `order`."""


_ROLES = {
    Standing.UNTRIED: Role.UNTRIED,
    Standing.WORKS: Role.BACKUP,
    Standing.FAILED: Role.FAILED,
    Standing.NOT_COUNTED: Role.UNTRIED,
}


@lru_cache(maxsize=16384)
def walk(tiers: tuple[int, ...], standings: bytes, client: Client = LISTED, queue: bytes = b"") -> Walk:
    """Walk the tiers of a torrent.

    Args:
        tiers: The tier of each placement, as the client sees it (`order.tiers_of`).
        standings: One `Standing` a placement.
        client: Who walks.
        queue: What the torrent carries of earlier walks by this client; empty: the order of the file.

    Returns:
        The active tracker, what the others are to this torrent, and the queue it carries on.
    """
    first, now = unpack(queue, len(tiers))
    order = settled(client, tiers, standings, now)
    active = next((place for place in order if standings[place] == Standing.WORKS), -1)
    roles = [_ROLES[Standing(standing)] for standing in standings]
    for place in _used(client, tiers, standings, order):
        roles[place] = Role.ACTIVE
    before: frozenset[int] = frozenset()
    if active >= 0:
        before = frozenset(first[: first.index(active)])
        failed = [tiers[place] for place in before if standings[place] == Standing.FAILED]
        state = FailoverState.FAILED_OVER if failed else FailoverState.PRIMARY
        # A udp tracker that took the place of an http one brought its tier with it: later is then a lower number.
        later_tier = any(tier != tiers[active] for tier in failed)
    else:
        later_tier = False
        exhausted = Standing.FAILED in standings and Standing.UNTRIED not in standings
        state = FailoverState.EXHAUSTED if exhausted else FailoverState.UNKNOWN
    queue = pack(first, order) if queue else b""
    working = standings.count(Standing.WORKS)
    return Walk(state, active, later_tier, tuple(roles), working, before, tuple(order), queue)


def _used(client: Client, tiers: tuple[int, ...], standings: bytes, order: Sequence[int]) -> list[int]:
    """The trackers that a client uses at the same time."""
    working = [place for place in order if standings[place] == Standing.WORKS]
    match client.parallel:
        case Parallel.NONE:
            return working[:1]
        case Parallel.TIERS:
            first: dict[int, int] = {}
            for place in working:
                first.setdefault(tiers[place], place)
            return list(first.values())
        case Parallel.ALL:
            return working
