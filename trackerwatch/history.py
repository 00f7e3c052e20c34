"""What history looks like to those who show it: immutable values, made by the store, rendered by reports and panes. Pure.

Times are Unix seconds (wall), durations seconds. None is unknown, which is never 0. All text is clean and free of secrets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackerwatch.stats import UptimeFigure


@dataclass(frozen=True, slots=True)
class Stretch:
    """One column of a strip or a chart: what happened in a stretch of time."""

    begin: float
    span_s: float
    successes: int
    counted: int
    """0: nothing is known of this stretch (a gap)."""
    covered_s: float
    p50_s: float | None
    p95_s: float | None


@dataclass(frozen=True, slots=True)
class Outage:
    """From going down to the answer that ended it."""

    endpoint: str | None
    """`192.0.2.1:80`. None: the tracker as a whole."""
    begin: float
    end: float | None
    """None: it goes on."""
    reason: str
    """A failure kind."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch that counts for nothing: our own outage, a suspended machine, a clock that was set."""

    kind: str
    begin: float
    end: float
    message: str


@dataclass(frozen=True, slots=True)
class Transition:
    """A state that changed."""

    at: float
    kind: str
    """An event kind of `engine.views.EventKind`."""
    from_state: str | None
    to_state: str | None
    reason: str | None
    message: str
    tracker: str | None
    """Tracker id. Of a torrent's transition: the tracker that became active."""
    endpoint: str | None = None
    torrent: str | None = None
    """Info hash in hex."""
    name: str = ""


@dataclass(frozen=True, slots=True)
class TrackerHistory:
    """One tracker over a stretch of time."""

    tracker: str
    """Its id."""
    url: str
    """Redacted."""
    host_port: str
    protocol: str
    since: float
    until: float
    uptime: tuple[UptimeFigure, ...]
    """The asked stretch first, then 1h, 24h, 7d, 30d."""
    stretches: tuple[Stretch, ...]
    """Of equal span, oldest first, without holes: one for each stretch from `since` to `until`."""
    outages: tuple[Outage, ...]
    """Those that touch the stretch, oldest first."""
    gaps: tuple[Gap, ...]
    transitions: tuple[Transition, ...]
    """Of the tracker and its endpoints, oldest first, at most a thousand of the latest."""
    p50_s: float | None
    p95_s: float | None
    p99_s: float | None
    phases_p50_s: tuple[tuple[str, float], ...]
    """Median of each phase that was timed: resolve, connect, tls, exchange."""
    flaps: int
    """Changes between answering and down in the stretch."""
    last_success_at: float | None
    state: str
    """As last written down."""
    state_since: float | None


@dataclass(frozen=True, slots=True)
class TorrentHistory:
    """One torrent over a stretch of time: its failover timeline."""

    info_hash: str
    since: float
    until: float
    transitions: tuple[Transition, ...]
    """Oldest first, at most a thousand of the latest."""
    last_seeder_at: float | None
    seeders: tuple[tuple[float, int | None], ...]
    """(time, maximum over trackers), oldest first, where it changed."""


class History(Protocol):
    """Where history is asked for. Every method waits for a thread and raises nothing: unknown is empty."""

    async def tracker(self, tracker: str, *, since: float, until: float, stretches: int) -> TrackerHistory | None:
        """One tracker by its id, cut into so many stretches. None: nothing is stored of it."""
        ...

    async def overview(
        self, *, since: float, until: float, stretches: int, trackers: Sequence[str] | None = None
    ) -> Sequence[TrackerHistory]:
        """Every tracker that is stored, or those of these ids alone; without transitions."""
        ...

    async def torrent(self, info_hash: str, *, since: float, until: float) -> TorrentHistory:
        """One torrent by its info hash in hex."""
        ...
