"""What the engine tells whoever keeps its history: a closed set of immutable facts, in the order they happened.

All times are wall time in Unix seconds, all durations seconds. Foreign text is clean and free of secrets; trackers carry their
real URL, so whoever writes them down redacts first (`Tracker.id` is stable and harmless, `Tracker.shown` is redacted).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from trackerwatch.outcome import PhaseTimes

if TYPE_CHECKING:
    from trackerwatch.engine.views import EventKind
    from trackerwatch.health import EndpointHealth, Health
    from trackerwatch.outcome import AnnounceOutcome, Endpoint, Failure, FailureKind, ScrapeColumns
    from trackerwatch.tracker import Tracker


@dataclass(frozen=True, slots=True)
class SampleRecord:
    """One round at one endpoint, or at a tracker as a whole: what uptime and latency are counted from."""

    tracker: Tracker
    endpoint: Endpoint | None
    """None: the tracker as a whole, which answered where any of its endpoints did (also: its name did not resolve)."""
    at: float
    failure: FailureKind | None
    """None: answered. Kinds that prove an answer (`FailureKind.answered`) are successes too."""
    counted: bool
    """Whether it says anything about the tracker. Samples of our own outage are recorded, and never counted."""
    latency_s: float | None
    """Of a success."""
    covers_s: float
    """So long before `at` nothing else was known: what this sample speaks for. 0 after a gap."""
    phases: PhaseTimes = PhaseTimes()  # noqa: RUF009 - immutable
    requests: int = 1
    lost: int = 0
    said: str = ""
    """The failure in one clean line; empty for a success."""

    @property
    def answered(self) -> bool:
        """Whether it is a success for uptime."""
        return self.failure is None or self.failure.answered


@dataclass(frozen=True, slots=True)
class ScrapeRecord:
    """The counts that one scrape brought. `columns` is a copy: it may be read on another thread."""

    tracker: Tracker
    at: float
    info_hashes: tuple[bytes, ...]
    """20 bytes each, parallel to the columns."""
    columns: ScrapeColumns


@dataclass(frozen=True, slots=True)
class AnnouncedRecord:
    """What one announce of one swarm brought."""

    tracker: Tracker
    info_hash: bytes
    at: float
    outcome: AnnounceOutcome
    not_before: float
    """Wall: earliest next announce of this swarm here; infinity: never again."""


@dataclass(frozen=True, slots=True)
class TransitionRecord:
    """A state changed. Kept for ever."""

    at: float
    kind: EventKind
    from_state: str | None
    to_state: str | None
    reason: FailureKind | None
    message: str
    tracker: Tracker | None = None
    """Whose state changed; for a torrent the tracker that is active now."""
    endpoint: Endpoint | None = None
    info_hash: bytes | None = None
    """Of the torrent that moved, 20 bytes. None: a tracker changed."""
    name: str = ""
    """Of that torrent."""


class GapKind(StrEnum):
    """Why for a while nothing was learnt of anybody."""

    LOCAL_OFFLINE = "local_offline"
    UDP_BLOCKED = "udp_blocked"
    SUSPENDED = "suspended"
    """The machine or this program slept."""
    CLOCK_STEPPED = "clock_stepped"
    """Wall time jumped; `begin` and `end` are the wall times before and after."""


@dataclass(frozen=True, slots=True)
class GapRecord:
    """A stretch of time that counts for nothing."""

    kind: GapKind
    begin: float
    end: float
    message: str


@dataclass(frozen=True, slots=True)
class EndpointMemory:
    """What is remembered of one endpoint."""

    endpoint: Endpoint
    health: EndpointHealth
    phases: PhaseTimes
    failure: Failure | None
    said: str
    last_probe_at: float | None
    last_success_at: float | None
    tls_expires_at: float | None


@dataclass(frozen=True, slots=True)
class TrackerMemory:
    """What is remembered of one tracker: written when it changed, given back after a restart."""

    tracker: Tracker
    at: float
    """When this was true."""
    state: Health
    reasons: tuple[str, ...]
    since: float | None
    last_probe_at: float | None
    last_success_at: float | None
    endpoints: tuple[EndpointMemory, ...]
    name_health: EndpointHealth
    resolve_failure: Failure | None
    scrape_supported: bool | None
    interval_s: float | None
    min_interval_s: float | None
    watched_at: float | None = None
    """When somebody who watches last wrote this: a one-shot run that came later judged by its own, quicker rule only where
    nobody watched. None: nobody ever did."""


Record = SampleRecord | ScrapeRecord | AnnouncedRecord | TransitionRecord | GapRecord | TrackerMemory
