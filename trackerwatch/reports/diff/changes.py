"""What changed since another report: the last run, or the file that `--against` names. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class ChangeKind(StrEnum):
    """What changed. Contract: the JSON value."""

    TRACKER_DOWN = "tracker_down"
    TRACKER_RECOVERED = "tracker_recovered"
    PROBLEM_NEW = "problem_new"
    """A torrent has become worse than it was (verdict)."""
    PROBLEM_GONE = "problem_gone"
    UNREGISTERED = "unregistered"
    """A tracker that knew the torrent does not any more."""
    SEEDERS_DROPPED = "seeders_dropped"
    """By 80 % or more."""
    TORRENT_NEW = "torrent_new"
    TORRENT_GONE = "torrent_gone"
    TORRENT_RENEWED = "torrent_renewed"
    """The same name, another info hash."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is not as it was."""

    kind: ChangeKind
    message: str
    """One clean line that says it all."""
    torrent: str | None = None
    """Info hash in hex."""
    tracker: str | None = None
    """Tracker id."""
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything that changed."""

    against: str
    """What was compared with: `the last run`, or the name of a file; safe to show."""
    at: datetime
    """When that was made."""
    items: tuple[Change, ...]
    """Worst first."""
