"""Whether the tiers of a torrent do what they seem to. Pure.

Health plays no part: a tracker that is down is no mistake of the torrent. `failed_over` tells what it does, `dead_tracker` when
it should go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.policy.lint_urls import leads_nowhere, same_over_udp, site
from trackerwatch.tracker import Protocol

if TYPE_CHECKING:
    from trackerwatch.metainfo import Torrent
    from trackerwatch.tracker import Tracker


def tier_words(torrent: Torrent) -> tuple[str, str] | None:
    """Message and action for tiers that do not do what they seem to. None: they do, or it is a magnet, which has none."""
    if torrent.making is None:
        return None
    tiers: dict[int, list[Tracker]] = {}
    # What `duplicate_tracker` tells of is not told twice.
    twins = {twin for _, twin in same_over_udp(torrent)}
    for placement in torrent.placements:
        if placement.tracker not in twins:
            tiers.setdefault(placement.tier, []).append(placement.tracker)
    found, actions = [], []
    alone = torrent.making.announce_alone
    if alone and not any(_one_over_udp(alone, placement.tracker) for placement in torrent.placements):
        found.append(f"announce names {alone.shown_url}, and announce-list leaves it out: hardly any client asks it")
        actions.append("put it into announce-list, or take it out")
    if len(tiers) == 1 and len({site(tracker.host) for tracker in next(iter(tiers.values()))}) > 1:
        listed = next(iter(tiers.values()))
        found.append(
            f"all {len(listed)} trackers in one tier: each client asks one of them by chance, so peers miss each other"
        )
        actions.append("give each independent tracker a tier of its own, the best first")
    # Trackers that another copy adds come in tiers that no file has.
    elif len(torrent.sources) == 1 and (split := _split_hosts(tiers)):
        host, numbers = split[0]
        others = f" (and {len(split) - 1} more so)" if len(split) > 1 else ""
        found.append(f"{host} is in tiers {_and(numbers)}{others}: where it is gone, its backup is gone as well")
        actions.append("put one host's trackers into one tier")
    return ("; ".join(found), "; ".join(actions)) if found else None


def _one_over_udp(one: Tracker, other: Tracker) -> bool:
    """Whether two differ in their path alone, of which UDP makes nothing."""
    return one.protocol is other.protocol is Protocol.UDP and (one.host, one.port) == (other.host, other.port)


def _split_hosts(tiers: dict[int, list[Tracker]]) -> list[tuple[str, list[int]]]:
    """Hosts that are their own backup in a later tier, with these tiers; nothing where there is one host alone."""
    places: dict[str, list[int]] = {}
    shown: dict[str, str] = {}
    for number, listed in tiers.items():
        for tracker in listed:
            if leads_nowhere(tracker):
                # In a laboratory ports stand for machines.
                continue
            shown[tracker.host] = tracker.shown_host
            numbers = places.setdefault(tracker.host, [])
            if number not in numbers:
                numbers.append(number)
    if len(places) < 2:
        # A single independent tracker is remarked by a rule of its own.
        return []
    return [(shown[host], numbers) for host, numbers in places.items() if len(numbers) > 1]


def _and(numbers: list[int]) -> str:
    return f"{', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"
