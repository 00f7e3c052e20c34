"""The two tables: their columns at each width, and the cells of one row. Pure but for the column type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.health.states import Health
from trackerwatch.policy.rules import Verdict
from trackerwatch.tui import words
from trackerwatch.tui.ink import Ink, Span, safe
from trackerwatch.tui.ordering import tracker_rank
from trackerwatch.tui.widgets.table import Cells, Column

if TYPE_CHECKING:
    from datetime import datetime

    from trackerwatch.engine.views import TorrentView, TrackerView

NARROW = 79
"""Tables at least this wide have the columns of an 80-column screen (a scrollbar takes one)."""
WIDE = 118
"""Tables at least this wide have the columns of a 120-column screen."""
WIDEST = 150

SPARK_CELLS = 10
SPARK_CELLS_WIDEST = 20
ASKING = ">"
"""Behind the state of a tracker that is being asked."""

TRACKER_COLUMNS = (
    # The mark of a round under way stands in the gap behind the state.
    Column("state", "STATE", 11, gap=0),
    Column("tracker", "TRACKER", 6, flex=1, elide_left=True, until=NARROW),
    Column("tracker", "TRACKER", 21, flex=2, most=44, elide_left=True, at=NARROW),
    Column("protocol", "PROTO", 5, at=NARROW),
    Column("endpoints", "ADDR", 4, right=True, at=44),
    Column("torrents", "TORR", 5, right=True, at=56),
    Column("recent", "LAST", SPARK_CELLS, at=WIDE, until=WIDEST),
    Column("recent", "LAST ROUNDS", SPARK_CELLS_WIDEST, at=WIDEST),
    Column("p50", "P50", 5, right=True, at=WIDE),
    Column("p95", "P95", 5, right=True, at=62),
    Column("up", "UP", 5, right=True, at=68),
    Column("last", "LASTOK", 6, right=True, at=WIDE),
    Column("next", "NEXT", 4, right=True, at=WIDE),
    Column("since", "SINCE", 5, right=True, at=30),
    Column("reason", "REASON", 11, flex=1, at=NARROW, until=WIDE),
    Column("reason", "REASON", 16, flex=4, at=WIDE),
)

TORRENT_COLUMNS = (
    Column("state", "STATE", 10),
    Column("name", "NAME", 6, flex=1, until=NARROW),
    Column("name", "NAME", 26, flex=3, at=NARROW, until=WIDE),
    Column("name", "NAME", 30, flex=3, most=64, at=WIDE),
    Column("seeders", "SEED", 5, right=True, at=30),
    Column("leechers", "LEECH", 5, right=True, at=50),
    Column("completed", "DONE", 6, right=True, at=104),
    Column("active", "ACTIVE", 16, elide_left=True, at=NARROW, until=WIDE),
    Column("active", "ACTIVE TRACKER", 22, flex=1, most=30, elide_left=True, at=WIDE),
    Column("tier", "TIER", 4, right=True, at=104),
    Column("working", "WORK", 4, right=True, at=40),
    Column("since", "SINCE", 5, right=True, at=58),
    Column("why", "WHY", 12, flex=2, at=104),
)


def tracker_cells(view: TrackerView, now: datetime, spark_cells: int, *, brief: bool) -> Cells:
    """One row of the trackers table; `brief` for a narrow reason."""
    state = words.tracker_state(view)
    text = f"{state.text:<10}{ASKING if view.asking else ' '}"
    troubled = tracker_rank(view) > 1
    all_up = view.endpoints_up == len(view.endpoints)
    endpoints = f"{view.endpoints_up}/{len(view.endpoints)}" if view.endpoints else words.NO_COUNT
    quiet = Ink.DIM
    return {
        "state": Span(text, state.ink),
        "tracker": Span(safe(view.tracker.host_port), Ink.STRONG if troubled else Ink.PLAIN),
        "protocol": Span(view.tracker.protocol.value, quiet),
        "endpoints": Span(endpoints, Ink.PLAIN if all_up or not troubled else Ink.WARN),
        "torrents": Span(words.short_count(view.torrents)),
        "recent": tuple(words.sparkline(view.recent, spark_cells)),
        "p50": Span(words.latency(view.p50_s)),
        "p95": Span(words.latency(view.p95_s)),
        "up": Span(words.percent(view.uptime), Ink.PLAIN if view.uptime in (None, 1.0) else Ink.WARN),
        "last": Span(words.age(view.last_success_at, now), quiet),
        "next": Span(ASKING if view.asking else words.until(view.next_probe_at, now), quiet),
        # Beside a RETRY people read how long it has been failing, not how long it was up before.
        "since": Span(
            words.age(view.failing_since if view.pending else view.since, now), state.ink if troubled else quiet
        ),
        "reason": Span(words.tracker_reason(view, brief=brief), state.ink if view.state is Health.DOWN else Ink.PLAIN),
    }


def torrent_cells(view: TorrentView, now: datetime) -> Cells:
    """One row of the torrents table."""
    state = words.torrent_state(view)
    counts, failover = view.counts, view.failover
    troubled = view.verdict in (Verdict.CRITICAL, Verdict.WARNING)
    tiers = len({placement.tier for placement in view.torrent.placements})
    tier = "-" if failover.active_tier is None else f"{failover.active_tier}/{tiers}"
    thin = failover.total > 1 and failover.working < failover.total
    return {
        "state": state,
        "name": Span(safe(view.torrent.name), Ink.STRONG if troubled else Ink.PLAIN),
        "seeders": _count(counts.seeders, Ink.BAD if counts.seeders == 0 else Ink.PLAIN),
        "leechers": _count(counts.leechers),
        "completed": _count(counts.completed, width=6),
        "active": Span(safe(failover.active.host_port)) if failover.active else Span("- none -", Ink.DIM),
        "tier": Span(tier, Ink.DIM),
        "working": Span(f"{failover.working}/{failover.total}", Ink.WARN if thin and troubled else Ink.PLAIN),
        "since": Span(words.age(view.since, now), Ink.DIM),
        "why": Span(safe(view.why)),
    }


def _count(number: int | None, ink: Ink = Ink.PLAIN, *, width: int = 5) -> Span:
    return Span(words.short_count(number, width), Ink.WAIT if number is None else ink)
