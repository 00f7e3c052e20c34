"""What there is to do at a tracker."""

from __future__ import annotations

from enum import Enum


class Due(Enum):
    """What a tracker is asked for when its time comes."""

    FULL = "full"
    FRESH = "fresh"
    """A scrape of the swarms that no scrape asked for yet."""
    MINIMAL = "minimal"
    ANNOUNCES = "announces"
    AGAIN = "again"
    """The second attempt of a one-shot run."""
