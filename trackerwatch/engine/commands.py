"""What a user can ask of a running engine: a closed set."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProbeNow:
    """Ask these trackers again, as soon as their own waits allow."""

    trackers: tuple[int, ...]
    """Indices in `Snapshot.trackers`."""


@dataclass(frozen=True, slots=True)
class AnnounceNow:
    """Announce this torrent to its active tracker, when min interval allows."""

    torrent: int
    """Index in `Snapshot.torrents`."""


Command = ProbeNow | AnnounceNow
