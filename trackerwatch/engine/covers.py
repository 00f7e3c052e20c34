"""What the user's orders cover: a torrent's trouble that is hidden by a mute goes on, and is as old as it is when it shows again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trackerwatch.failover import Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackerwatch.engine.shapes import Stand

_WORKS = {Role.ACTIVE: True, Role.BACKUP: True, Role.FAILED: False}


@dataclass(slots=True)
class _Cover:
    """One torrent's troubles that orders took out of sight, and what was seen of it when they did."""

    works: tuple[bool | None, ...]
    """Of each tracker whether it worked. None: nothing was known."""
    seeders: int
    """As the trackers tell: 0, 1, 2 (more), -1: unknown."""
    since: dict[object, float] = field(default_factory=dict)
    """Wall time by trouble."""

    def contradicted(self, works: Sequence[bool | None], seeders: int) -> bool:
        """Whether something real changed: then an old trouble that shows again is a new one."""
        if min(self.seeders, seeders) >= 0 and self.seeders != seeders:
            return True
        return any(None not in pair and pair[0] != pair[1] for pair in zip(self.works, works, strict=False))


class Covers:
    """The troubles of all torrents that orders cover."""

    def __init__(self) -> None:
        """Begin with nothing covered."""
        self._covers: dict[int, _Cover] = {}

    def __len__(self) -> int:
        return len(self._covers)

    def drop(self, index: int) -> None:
        """A torrent left, or lists other trackers."""
        self._covers.pop(index, None)

    def shift_wall(self, shift_s: float) -> None:
        """The clock was set."""
        for cover in self._covers.values():
            cover.since = {trouble: since + shift_s for trouble, since in cover.since.items()}

    def look(self, index: int, stand: Stand, seeders: int) -> None:
        """A torrent was brought up to date: what is covered may be over."""
        cover = self._covers.get(index)
        if cover is not None and cover.contradicted(_works(stand), min(seeders, 2)):
            del self._covers[index]

    def cover(self, index: int, trouble: object, since: float, *, stand: Stand | None, seeders: int) -> None:
        """An order takes a trouble out of sight.

        Args:
            index: Of the torrent.
            trouble: Which.
            since: Wall time of its begin.
            stand: Where the torrent stood before the order.
            seeders: What was known before it, -1: unknown.
        """
        if stand is None:
            return
        cover = self._covers.get(index)
        if cover is None:
            cover = self._covers[index] = _Cover(_works(stand), min(seeders, 2))
        cover.since[trouble] = since

    def uncover(self, index: int, trouble: object) -> float | None:
        """A trouble shows: since when, where orders had covered it. None: it is new."""
        cover = self._covers.get(index)
        if cover is None:
            return None
        since = cover.since.pop(trouble, None)
        if not cover.since:
            del self._covers[index]
        return since


def _works(stand: Stand) -> tuple[bool | None, ...]:
    return tuple(map(_WORKS.get, stand.walk.roles))
