"""A torrent as a tracker monitor sees it: what identifies it, and whom it announces to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trackerwatch.metainfo.making import Making
    from trackerwatch.tracker import Tracker


class SwarmVersion(StrEnum):
    """Which of a torrent's hashes a swarm is known by (BEP 52). Contract: the JSON value."""

    V1 = "v1"
    V2 = "v2"


@dataclass(frozen=True, slots=True)
class Placement:
    """One tracker in one torrent's tiers (BEP 12)."""

    tracker: Tracker
    tier: int
    """Index of the tier in the file, from 0, before duplicates are dropped."""
    position: int
    """Index within the tier in the file."""


@dataclass(frozen=True, slots=True)
class Torrent:
    """One torrent. Copies with the same `info_hash` are one torrent: see `merged_with`."""

    name: str
    """Clean text; the info hash where the torrent has none."""
    info_hash: bytes
    """20 bytes, the key: SHA-1 of the info span, or for v2-only torrents the truncated SHA-256."""
    info_hash_v2: bytes | None
    """All 32 bytes of the v2 hash. None: a v1 torrent."""
    private: bool
    """BEP 27."""
    size_bytes: int | None
    """Content without pad files. None: unknown (magnets)."""
    placements: tuple[Placement, ...]
    """Each tracker once, in tier order. The same tuple object for torrents with the same tiers."""
    web_seeds: tuple[str, ...] = ()
    """BEP 19 URLs. May hold secrets: show through `outside_text.redact_url`."""
    sources: tuple[str, ...] = ()
    """Where this torrent came from, safe to show."""
    source_tag: str | None = None
    """`info.source`, clean. None: absent."""
    unusable_trackers: tuple[str, ...] = ()
    """One clean line for each announce URL that cannot be asked: what it is and why."""
    making: Making | None = None
    """How its file is made. None: there is none (magnets)."""

    @property
    def info_hash_hex(self) -> str:
        """40 lower-case hex digits."""
        return self.info_hash.hex()

    @property
    def is_hybrid(self) -> bool:
        """Whether there are two swarms, which are asked apart and never added (BEP 52)."""
        return self.info_hash_v2 is not None and self.info_hash_v2[:20] != self.info_hash

    @property
    def swarms(self) -> tuple[tuple[SwarmVersion, bytes], ...]:
        """Each swarm with the 20 bytes that trackers know it by."""
        if self.info_hash_v2 is None:
            return ((SwarmVersion.V1, self.info_hash),)
        v2 = (SwarmVersion.V2, self.info_hash_v2[:20])
        return ((SwarmVersion.V1, self.info_hash), v2) if self.is_hybrid else (v2,)

    def merged_with(self, other: Torrent) -> Torrent:
        """This torrent with what another copy of it adds.

        Trackers that the copy adds form new tiers after the last, in the copy's order and grouping; web seeds unite; every
        source is remembered; a copy that knows more (size, v2 hash, name) fills what is unknown here.
        """
        known = {placement.tracker for placement in self.placements}
        added = [placement for placement in other.placements if placement.tracker not in known]
        placements = self.placements
        if added:
            last = max((placement.tier for placement in self.placements), default=-1)
            tiers = {tier: last + 1 + n for n, tier in enumerate(sorted({p.tier for p in added}))}
            positions: dict[int, int] = {}
            for placement in added:
                tier = tiers[placement.tier]
                position = positions.get(tier, 0)
                positions[tier] = position + 1
                placements += (Placement(placement.tracker, tier, position),)
        nameless = self.name == self.info_hash_hex
        return replace(
            self,
            name=other.name if nameless else self.name,
            info_hash_v2=self.info_hash_v2 or other.info_hash_v2,
            private=self.private or other.private,
            size_bytes=other.size_bytes if self.size_bytes is None else self.size_bytes,
            placements=placements,
            web_seeds=_union(self.web_seeds, other.web_seeds),
            sources=_union(self.sources, other.sources),
            source_tag=self.source_tag or other.source_tag,
            unusable_trackers=_union(self.unusable_trackers, other.unusable_trackers),
            making=self.making.merged_with(other.making) if self.making else other.making,
        )


def _union(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return first if first == second else tuple(dict.fromkeys(first + second))
