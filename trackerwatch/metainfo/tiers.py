"""From announce URLs as written to the trackers of a torrent (BEP 12).

Thousands of torrents name the same few trackers. What was worked out once is kept, so that torrents with the same tiers
share one tuple of placements.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from trackerwatch.errors import TrackerUrlError
from trackerwatch.metainfo.torrent import Placement
from trackerwatch.tracker import parse_tracker

if TYPE_CHECKING:
    from trackerwatch.tracker import Tracker

MAX_ANNOUNCE_URLS = 1000
"""Of one torrent. What follows is named as ignored."""

MAX_UNUSABLE_LINES = 50

MAX_REMEMBERED_BYTES = 16 * 1024
"""Longer announce lists are read each time instead of being kept as cache keys."""

Tiers = tuple[tuple[bytes, ...], ...]
"""Announce URLs as written, blank ones too, so that indices are those of the file."""


@dataclass(frozen=True, slots=True)
class PlacedTrackers:
    """The trackers of one torrent, and the URLs that name none."""

    placements: tuple[Placement, ...] = ()
    unusable: tuple[str, ...] = ()
    """One clean line each."""
    duplicates: tuple[Tracker, ...] = ()
    """Those that are named more than once."""
    announce_alone: Tracker | None = None
    """What `announce` names where the list that goes before it leaves it out."""


def place_trackers(tiers: Tiers) -> PlacedTrackers:
    """Read announce URLs; each tracker counts where it stands first.

    Args:
        tiers: As in the file, before duplicates are dropped. Blank URLs are passed over in silence.

    Returns:
        The same object for the same tiers, as long as the cache remembers them; longer ones than `MAX_REMEMBERED_BYTES`
        it does not keep.
    """
    size_bytes = sum(len(url) for tier in tiers for url in tier)
    return _remembered(tiers) if size_bytes <= MAX_REMEMBERED_BYTES else _place(tiers)


def _place(tiers: Tiers) -> PlacedTrackers:
    placements: list[Placement] = []
    unusable: dict[str, None] = {}
    known = set()
    duplicates: dict[Tracker, None] = {}
    urls = 0
    for tier_index, tier in enumerate(tiers):
        for position, raw_url in enumerate(tier):
            if not raw_url.strip():
                continue
            urls += 1
            if urls > MAX_ANNOUNCE_URLS:
                break
            try:
                tracker = parse_tracker(_text(raw_url))
            except TrackerUrlError as error:
                unusable[str(error)] = None
                continue
            if tracker in known:
                duplicates[tracker] = None
            else:
                known.add(tracker)
                placements.append(Placement(tracker, tier_index, position))
    lines = list(unusable)
    if len(lines) > MAX_UNUSABLE_LINES:
        lines[MAX_UNUSABLE_LINES:] = [f"{len(lines) - MAX_UNUSABLE_LINES} more unusable announce URLs"]
    if urls > MAX_ANNOUNCE_URLS:
        lines.append(f"announce URLs after the first {MAX_ANNOUNCE_URLS} are ignored")
    return PlacedTrackers(tuple(placements), tuple(lines), tuple(duplicates))


_remembered = lru_cache(maxsize=8192)(_place)


def place_trackers_of_file(announce: bytes, announce_list: Tiers) -> PlacedTrackers:
    """Apply the precedence of `announce-list` over `announce`.

    BEP 12 lets the list shadow `announce`; like libtorrent, a list without one usable URL does not.
    """
    placed = place_trackers(announce_list)
    if not announce.strip():
        return placed
    alone = place_trackers(((announce,),))
    if placed.placements:
        left_out = alone.placements[0].tracker if alone.placements else None
        if left_out is None or any(placement.tracker is left_out for placement in placed.placements):
            return placed
        return replace(placed, announce_alone=left_out)
    if not placed.unusable:
        return alone
    return PlacedTrackers(alone.placements, tuple(dict.fromkeys(placed.unusable + alone.unusable)))


def _text(raw_url: bytes) -> str:
    try:
        return raw_url.decode()
    except UnicodeDecodeError:
        # Any reading of it would ask for another URL than the one that was written.
        raise TrackerUrlError("announce URL that is not UTF-8 text") from None
