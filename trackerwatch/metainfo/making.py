"""How a .torrent file is made, as far as advice about it needs that."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trackerwatch.tracker import Tracker


@dataclass(frozen=True, slots=True)
class Making:
    """How a .torrent file is made. Copies of one torrent differ in their announce URLs alone."""

    piece_length_bytes: int | None
    """None: absent, or no integer."""
    pieces: int | None
    """Hashes in `pieces` (v1). None: there are none (v2 only)."""
    files: int
    """Without pad files."""
    padded: bool
    """There are pad files (BEP 47), which fill pieces as well."""
    duplicates: tuple[Tracker, ...] = ()
    """Trackers that `announce-list` names more than once, in the order of the file. The same tuple for the same tiers."""
    announce_alone: Tracker | None = None
    """What `announce` names where there is an `announce-list` that leaves it out. None: nothing is left out."""

    def merged_with(self, other: Making | None) -> Making:
        """This one with the duplicates of another copy."""
        if other is None or other.duplicates == self.duplicates:
            return self
        return replace(self, duplicates=tuple(dict.fromkeys(self.duplicates + other.duplicates)))
