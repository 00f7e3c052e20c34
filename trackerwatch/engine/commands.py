"""What a user can ask of a running engine: a closed set."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProbeNow:
    """Ask these trackers again, as soon as their own waits allow."""

    trackers: tuple[int, ...]
    """Indices in `Snapshot.trackers`."""
    torrent: int | None = None
    """Index of the torrent that it is about: it is announced again where its announce failed. None: none in particular."""


@dataclass(frozen=True, slots=True)
class AnnounceNow:
    """Announce this torrent to its active tracker, or without one to the first that may be asked, when min interval allows."""

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


@dataclass(frozen=True, slots=True)
class DisableTrackers:
    """Send these trackers nothing more and count them for nothing; or ask them again."""

    trackers: tuple[int, ...]
    why: str
    disabled: bool = True
    """False: ask them again."""


@dataclass(frozen=True, slots=True)
class SetInterval:
    """Ask these trackers at another interval; public ones never more often than their own and our floors allow."""

    trackers: tuple[int, ...]
    interval_s: float | None
    """None: as the settings say."""


@dataclass(frozen=True, slots=True)
class WatchTracker:
    """Watch one more tracker, for this run alone."""

    url: str
    torrent: int | None = None
    """Index of the torrent to whose last tier it is added. None: it is watched for itself."""


@dataclass(frozen=True, slots=True)
class Undo:
    """Take back the latest of: mute, disable, interval, watched tracker. Says what was taken back."""


Command = ProbeNow | AnnounceNow | WalkAs | MuteTrackers | DisableTrackers | SetInterval | WatchTracker | Undo
