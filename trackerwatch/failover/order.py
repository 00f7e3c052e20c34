"""In which order a client would try a torrent's trackers: at first, and after what it lived through. Pure.

An order is a permutation of places (indices into the torrent's placements). A torrent carries two as one `bytes`, its
*queue*: the order it began with, then the present one, two bytes a place. An empty queue is the order of the file for ever.
"""

from __future__ import annotations

import random
from array import array
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING

from trackerwatch.failover.clients import OnFailure, OnSuccess, Parallel
from trackerwatch.failover.states import Standing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trackerwatch.failover.clients import Client


@dataclass(frozen=True, slots=True)
class Place:
    """What of a tracker's URL and place in the file decides an order."""

    tier: int
    udp: bool
    host: str
    path: str
    """Without its query."""


def pack(first: Iterable[int], now: Iterable[int] | None = None) -> bytes:
    """The queue of a torrent that began with one order and has another now (None: the same)."""
    begun = array("H", first)
    return begun.tobytes() + (begun if now is None else array("H", now)).tobytes()


def unpack(queue: bytes, size: int) -> tuple[Sequence[int], Sequence[int]]:
    """The order a torrent of `size` placements began with, and the present one."""
    if not queue:
        return range(size), range(size)
    both = array("H", queue).tolist()
    return both[:size], both[size:]


def tiers_of(client: Client, places: Sequence[Place]) -> tuple[int, ...]:
    """The tier of each place as this client sees it."""
    if not client.joins_siblings:
        return tuple(place.tier for place in places)
    first: dict[tuple[str, str], int] = {}
    return tuple(first.setdefault((place.host, place.path), place.tier) for place in places)


@lru_cache(maxsize=4096)
def unshuffled(client: Client, places: tuple[Place, ...]) -> tuple[int, ...]:
    """The order a client begins with, before it shuffles."""
    tiers = tiers_of(client, places)
    order = sorted(range(len(places)), key=tiers.__getitem__)
    if client.prefer_udp:
        _udp_first(order, places)
    return tuple(order)


def _udp_first(order: list[int], places: Sequence[Place]) -> None:
    """As libtorrent 2.1 does it: the two change places and keep their tiers; who follows an exchange is passed over.

    It steps through a ring, so that an exchange at the last tracker leads on to the first, and those passed over get a turn.
    """
    at = 0
    while at != len(order):
        place = places[order[at]]
        earlier = range(at if place.udp else 0)
        rival = next((n for n in earlier if places[order[n]].host == place.host and not places[order[n]].udp), None)
        if rival is not None:
            order[rival], order[at] = order[at], order[rival]
            at += 1
        at = (at + 1) % (len(order) + 1)


def first_queue(client: Client, places: tuple[Place, ...], seed: bytes) -> bytes:
    """The queue that a torrent begins with.

    Args:
        client: Who walks.
        places: The torrent's placements.
        seed: What a shuffle is drawn from: the torrent's info hash, so that each draws its own and the same each time.
    """
    if client.in_order:
        return b""
    order = unshuffled(client, places)
    if not client.shuffle or len(order) < 2:
        return pack(order)
    tiers = tiers_of(client, places)
    rng = random.Random(seed)
    shuffled: list[int] = []
    for _, group in groupby(order, key=tiers.__getitem__):
        tier = list(group)
        rng.shuffle(tier)
        shuffled += tier
    return pack(shuffled)


def settled(client: Client, tiers: Sequence[int], standings: bytes, order: Sequence[int]) -> Sequence[int]:
    """The order after a client has tried its trackers and each answered or failed as they stand now.

    Trying again changes nothing more: an order that has settled stays until a standing changes.
    """
    if client.on_success is OnSuccess.STAY and client.on_failure is OnFailure.STAY:
        return order
    after: list[int] = []
    done = False
    for _, group in groupby(order, key=tiers.__getitem__):
        tier = list(group)
        if not done:
            works = next((n for n, place in enumerate(tier) if standings[place] == Standing.WORKS), None)
            if client.on_failure is OnFailure.END:
                tried = tier if works is None else tier[:works]
                failed = [place for place in tried if standings[place] == Standing.FAILED]
                tier = [place for place in tier if place not in failed] + failed
            # Who has not been asked yet is no reason to promote another: which of us answers first says nothing of a client.
            passed = works is not None and all(standings[place] == Standing.FAILED for place in tier[:works])
            if client.on_success is OnSuccess.FRONT and works is not None and passed:
                tier.insert(0, tier.pop(works))
            # Whoever asks one tracker at a time leaves the tiers behind it alone.
            done = works is not None and client.parallel is not Parallel.TIERS
        after += tier
    return after
