"""The two tables: their columns at each width, and the cells of one row. Pure but for the column type."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from trackerwatch.health.states import Health
from trackerwatch.policy.rules import Verdict
from trackerwatch.tui.lines import charts, states, words
from trackerwatch.tui.lines.columns import Cells, Column
from trackerwatch.tui.lines.ink import Ink, Span, safe
from trackerwatch.tui.lines.past import latest_round
from trackerwatch.tui.model import attention
from trackerwatch.tui.model.ordering import tracker_rank

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from trackerwatch.engine.views import TorrentView, TrackerView
    from trackerwatch.history import Stretch

NARROW = 79
"""Tables at least this wide have the columns of an 80-column screen (a scrollbar takes one)."""
WIDE = 118
"""Tables at least this wide have the columns of a 120-column screen."""
ROOMY = 132
"""Tables at least this wide tell what a tracker's state does to torrents."""
WIDEST = 150

SPARK_CELLS = 10
SPARK_CELLS_WIDEST = 18
ASKING = ">"
"""Behind the state of a tracker that is being asked."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Which uptimes some tracker has a figure of; the others are `n/a` for all."""

    day: bool
    month: bool


EVERYTHING_TOLD = Figures(day=True, month=True)
NOTHING_TOLD = Figures(day=False, month=False)


def told_of(trackers: Iterable[TrackerView]) -> Figures:
    """What can be told of these; looks no farther than to the first that has it all."""
    day = month = False
    for view in trackers:
        for figure in view.uptimes:
            if figure.window == "24h":
                day = day or figure.uptime is not None
            elif figure.window == "30d":
                month = month or figure.uptime is not None
        if day and month:
            break
    return Figures(day, month)


@lru_cache(maxsize=16)
def tracker_columns(strip_s: float | None, told: Figures = EVERYTHING_TOLD) -> tuple[Column, ...]:
    """Columns of the trackers table.

    Args:
        strip_s: What its strip is of: so many seconds up to now. None: the latest rounds.
        told: What some tracker has a figure of; a column of nothing but `n/a` leaves its room to others.
    """
    unit = "" if strip_s is None else f"{strip_s / 3600:.0f}H" if strip_s >= 3600 else f"{strip_s / 60:.0f}M"
    columns = (
        # The mark of a round under way stands in the gap behind the state.
        Column("state", "STATE", 11, gap=0),
        Column("tracker", "TRACKER", 6, flex=1, elide_left=True, until=NARROW),
        Column("tracker", "TRACKER", 21, flex=2, most=44, elide_left=True, at=NARROW),
        Column("protocol", "PROTO", 5, at=NARROW),
        Column("endpoints", "ADDR", 4, right=True, at=44),
        Column("torrents", "TORR", 5, right=True, at=56),
        Column("recent", f"LAST {unit}".rstrip(), SPARK_CELLS, at=WIDE, until=WIDEST),
        Column("recent", f"LAST {unit or 'ROUNDS'}", SPARK_CELLS_WIDEST, at=WIDEST),
        Column("p50", "P50", 5, right=True, at=WIDE),
        Column("p95", "P95", 5, right=True, at=WIDE),
        Column("up", "UP24H", 5, right=True, at=68, until=WIDE)
        if told.day
        else Column("next", "NEXT", 4, right=True, at=68, until=WIDE),
        Column("up", "UP24H", 7, right=True, at=WIDE),
        Column("up30", "UP30D", 7, right=True, at=WIDEST),
        Column("p95", "P95", 5, right=True, at=62, until=WIDE),
        Column("last", "LASTOK", 6, right=True, at=WIDE),
        Column("next", "NEXT", 4, right=True, at=WIDE),
        Column("since", "SINCE", 5, right=True, at=30),
        Column("hits", "HITS", 16, at=ROOMY),
        Column("reason", "REASON", 11 if told.day else 12, flex=1, at=NARROW, until=WIDE),
        Column("reason", "REASON", 16, flex=4, at=WIDE),
    )
    missing = {key for key, there in (("up", told.day), ("up30", told.month)) if not there}
    return tuple(column for column in columns if column.key not in missing)


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


def tracker_cells(
    view: TrackerView,
    now: datetime,
    spark_cells: int,
    *,
    brief: bool,
    past: Sequence[Stretch] | None = None,
    window: tuple[float, float] | None = None,
) -> Cells:
    """One row of the trackers table; `brief` for narrow columns, `past` for a strip of time instead of rounds.

    With a `window` (Unix time) the strip is of that, and goes on with the latest round where `past` ends.
    """
    state = states.tracker_state(view)
    text = f"{state.text:<10}{ASKING if view.asking else ' '}"
    muted = view.muted is not None
    troubled = tracker_rank(view) > 1
    all_up = view.endpoints_up == len(view.endpoints)
    endpoints = f"{view.endpoints_up}/{len(view.endpoints)}" if view.endpoints else words.NO_COUNT
    quiet = Ink.DIM
    bad = view.state is Health.DOWN and not muted
    if past is None:
        recent = charts.sparkline(view.recent, spark_cells)
    elif window is None:
        recent = charts.strip(past, spark_cells)
    else:
        recent = charts.held_strip(window, past, spark_cells, latest_round(view, now))
    return {
        "state": Span(text, state.ink),
        "tracker": Span(safe(view.tracker.host_port), Ink.STRONG if troubled else quiet if muted else Ink.PLAIN),
        "protocol": Span(view.tracker.protocol.value, quiet),
        "endpoints": Span(endpoints, Ink.PLAIN if all_up or not troubled else Ink.WARN),
        "torrents": Span(words.short_count(view.torrents)),
        "recent": tuple(recent),
        "p50": Span(words.latency(view.p50_s)),
        "p95": Span(words.latency(view.p95_s)),
        "up": _uptime(view, "24h", brief=brief),
        "up30": _uptime(view, "30d", brief=brief),
        "last": Span(words.age(view.last_success_at, now), quiet),
        "next": Span(ASKING if view.asking else words.until(view.next_probe_at, now), quiet),
        # Beside a RETRY people read how long it has been failing, not how long it was up before.
        "since": Span(
            words.age(view.failing_since if view.pending else view.since, now), state.ink if troubled else quiet
        ),
        "hits": Span(
            "" if muted or view.disabled else attention.hits(view.effect),
            Ink.BAD if view.effect.exhausted else Ink.WARN,
        ),
        "reason": Span(
            states.tracker_remark(view, now, brief=brief), Ink.BAD if bad else quiet if muted else Ink.PLAIN
        ),
    }


def _uptime(view: TrackerView, window: str, *, brief: bool) -> Span:
    figure = words.window(view.uptimes, window)
    known = None if figure is None else figure.uptime
    ink = Ink.DIM if known is None else Ink.PLAIN if known >= 1 else Ink.WARN
    return Span(words.uptime(figure, width=5 if brief else 7), ink)


def torrent_cells(view: TorrentView, now: datetime) -> Cells:
    """One row of the torrents table."""
    state = states.torrent_state(view)
    counts, failover = view.counts, view.failover
    troubled = view.verdict in (Verdict.CRITICAL, Verdict.WARNING)
    tier = "-" if failover.active_tier is None else str(failover.active_tier)
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
