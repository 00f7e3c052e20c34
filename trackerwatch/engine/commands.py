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


@dataclass(frozen=True, slots=True)
class WalkAs:
    """Walk every torrent's tiers as this client would."""

    client: str
    """A name of `failover.CLIENTS`."""


@dataclass(frozen=True, slots=True)
class MuteTrackers:
    """Take trackers out of verdicts and alerts; or back in."""

    trackers: tuple[int, ...]
    until: float | None
    """Unix time. None: until it is taken back."""
    why: str
    muted: bool = True
    """False: take the mute back."""


Command = ProbeNow | AnnounceNow | WalkAs | MuteTrackers
