"""Time on a full screen: uptime strips, latency and seeders over time, what happened when. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trackerwatch.history import Stretch
from trackerwatch.tui.lines import charts, states, words
from trackerwatch.tui.lines.ink import LABEL_CELLS, Ink, Line, Span, labelled, safe
from trackerwatch.tui.lines.past import (
    DAY_S,
    MONTH_S,
    SAME_S,
    WEEK_S,
    axis_lines,
    not_there,
    outage_lines,
    rounds_lines,
    time_of,
)
from trackerwatch.tui.lines.tracker_detail import uptime_line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from trackerwatch.engine.views import Event, TrackerView
    from trackerwatch.history import TrackerHistory, Transition
    from trackerwatch.tui.lines.past import TorrentPast, TrackerPast

MOST_HAPPENED = 12
SPANS: dict[float, tuple[int, ...]] = {
    300.0: (60, 30, 20, 10),
    1800.0: (60, 30, 20, 10),
    3600.0: (60, 30, 20, 10),
    6 * 3600.0: (72, 36, 24, 12),
    DAY_S: (96, 48, 24, 12),
    WEEK_S: (84, 56, 28, 14),
    MONTH_S: (90, 60, 30, 15),
}
"""Seeders are shown over the shortest of these that holds what is known, in so many cells of a round length."""


# -- a tracker ---------------------------------------------------------------------------------------------------------


def tracker_time(view: TrackerView, past: TrackerPast, now: datetime, width: int, height: int) -> list[Line]:
    """Uptime, latency over time, strips of a day, a week and a month, outages.

    Args:
        view: The tracker.
        past: What was loaded of its past.
        now: The moment shown.
        width: Cells a line.
        height: Lines of the latency chart.
    """
    latencies = ((50, view.p50_s), (95, view.p95_s), (99, view.p99_s))
    told = "  ".join(f"p{share} {words.latency(seconds)}" for share, seconds in latencies)
    lines = [uptime_line(view, width), labelled("latency", Span(told), Span("  of answers in 24 h", Ink.DIM))]
    if past.day is None:
        return [*lines, *not_there(past, "history"), *rounds_lines(view, width), ()]
    if past.day.phases_p50_s:
        phases = "  ".join(f"{safe(name)} {words.latency(seconds)}" for name, seconds in past.day.phases_p50_s)
        lines.append(labelled("phases", Span(phases), Span("  p50 in 24 h", Ink.DIM)))
    lines.append(())
    charted = past.near or past.day
    lines += latency_lines(charted, now, height)
    if past.near is not None:
        lines += _strip(past.near, words.span(past.near.until - past.near.since), now)
    lines += _strip(past.day, "24 h", now)
    for history, label in ((past.week, "7 d"), (past.month, "30 d")):
        if history is not None:
            lines += _strip(history, label, now, days=True)
    return [*lines, labelled("", *charts.LEGEND), (), *outage_lines(past, now)]


def latency_lines(history: TrackerHistory, now: datetime, height: int) -> list[Line]:
    """Latency over the strip below it, with a scale at the left; what is cut at the top is said."""
    stretches = history.stretches
    top, chart = charts.latency_chart(stretches, height)
    if top is None:
        return [labelled("over time", Span("no answer was timed", Ink.DIM))]
    lines: list[Line] = []
    for row, spans in enumerate(chart):
        label = words.latency(top * (height - row) / height) if row in (0, height // 2) else ""
        lines.append((Span(f"  {label:>{LABEL_CELLS - 1}} ", Ink.DIM), *spans))
    says = [Span(f"{charts.BARS[-1]} p50  {charts.SHADE} up to p95", Ink.DIM)]
    if (beyond := charts.clipped(stretches, top)) is not None:
        when = words.moment(time_of(beyond.begin), now)
        most = words.latency(beyond.p95_s or beyond.p50_s)
        says.append(Span(f"  {charts.OVER} cut off: up to {most} at {when}", Ink.WARN))
    return [*lines, labelled("", *says)]


def _strip(history: TrackerHistory, label: str, now: datetime, *, days: bool = False) -> list[Line]:
    stretches = history.stretches
    span_s = sum(one.span_s for one in stretches)
    covered = sum(min(one.covered_s, one.span_s) for one in stretches) / span_s if span_s else 0.0
    counted, well = sum(one.counted for one in stretches), sum(one.successes for one in stretches)
    share = f"  {words.percent(well / counted)}" if counted and covered >= 0.5 else "  n/a"
    seen = f" seen {'<1' if 0 < covered < 0.01 else int(covered * 100)}%"

    def name(at: float) -> str:
        return words.short_day(time_of(at)) if days else words.clock(time_of(at))

    drawn = labelled(label, *charts.strip(stretches), Span(share), Span(seen, Ink.DIM))
    return [drawn, *axis_lines(stretches, now, name)]


@dataclass(frozen=True, slots=True)
class _Happened:
    at: datetime
    kind: str
    to_state: str | None
    message: str


def happened_lines(view: TrackerView, past: TrackerPast, events: Sequence[Event], now: datetime) -> list[Line]:
    """What happened to a tracker, the latest first: of this run, and what is written down."""
    found = [
        _Happened(event.at, event.kind, event.to_state, event.message)
        for event in events
        if event.tracker is not None and event.tracker is view.tracker
    ]
    known = [(one.kind, one.at) for one in found]
    history = past.month or past.day
    for stored in history.transitions if history else ():
        at = time_of(stored.at)
        if not any(stored.kind == kind and abs((at - other).total_seconds()) < SAME_S for kind, other in known):
            found.append(_Happened(at, stored.kind, stored.to_state, stored.message or _from_to(stored)))
    found.sort(key=lambda one: one.at, reverse=True)
    lines: list[Line] = []
    for one in found[:MOST_HAPPENED]:
        mark = states.kind_mark(one.kind, one.to_state)
        when = Span(f"  {words.moment(one.at, now, seconds=True):<13}", Ink.DIM)
        lines.append((when, Span(f"{mark.text} ", mark.ink), Span(safe(one.message))))
    if (rest := len(found) - MOST_HAPPENED) > 0:
        lines.append((Span(f"{'':15}and {rest:,} before", Ink.DIM),))
    return lines or [(Span("  nothing yet: since it was first asked it stayed as it is", Ink.DIM),)]


def _from_to(stored: Transition) -> str:
    """What was written down without words."""
    states_told = " -> ".join(state for state in (stored.from_state, stored.to_state) if state)
    what = f"{stored.endpoint} {states_told}" if stored.endpoint else states_told
    return what.strip() or stored.kind.replace("_", " ")


# -- a torrent ---------------------------------------------------------------------------------------------------------


def seeder_lines(past: TorrentPast, now: datetime, width: int, height: int) -> list[Line]:
    """Seeders over time, as the tracker that tells most of them says."""
    history = past.history
    if history is None:
        return not_there(past, "seeders")
    known = [one for one in history.seeders if one[1] is not None]
    if not known:
        return [labelled("seeders", Span("no count is written down yet", Ink.DIM))]
    until = now.timestamp()
    age_s = until - known[0][0]
    span_s = next((span_s for span_s in SPANS if age_s <= span_s), MONTH_S)
    cells = next((cells for cells in SPANS[span_s] if cells <= width - LABEL_CELLS - 2), SPANS[span_s][-1])
    values = charts.sampled(history.seeders, until - span_s, until, cells)
    top, chart = charts.count_chart([value for _, value in values], height)
    if top is None:
        return [labelled("seeders", Span("no count is known of this time", Ink.DIM))]
    lines: list[Line] = [
        labelled("seeders", Span(f"over {_span(span_s)}, the least of each {words.duration(span_s / cells)}"))
    ]
    for row, spans in enumerate(chart):
        label = words.short_count(top) if row == 0 else "0" if row == height - 1 else ""
        lines.append((Span(f"  {label:>{LABEL_CELLS - 1}} ", Ink.DIM), *spans))
    stretches = [Stretch(begin, span_s / cells, 0, 0, 0.0, None, None) for begin, _ in values]
    days = span_s > DAY_S
    lines += axis_lines(stretches, now, lambda at: (words.short_day if days else words.clock)(time_of(at)))
    if any(value == 0 for _, value in values):
        lines.append(labelled("", Span(charts.MISS, Ink.BAD), Span(" no seeder  ", Ink.DIM)))
    return lines


def _span(seconds: float) -> str:
    return f"{seconds / DAY_S:.0f} d" if seconds > DAY_S else words.span(seconds)
