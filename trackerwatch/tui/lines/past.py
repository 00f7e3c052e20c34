"""What history tells of one tracker or torrent, as lines of the detail pane. Pure.

What was not loaded yet, is not kept or was never written down is said in words: an empty strip means "nobody asked".
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from trackerwatch.engine.views import Event, EventKind
from trackerwatch.tui.lines import charts, states, words
from trackerwatch.tui.lines.ink import LABEL_CELLS, Ink, Line, Span, labelled, safe

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trackerwatch.engine.views import TrackerView
    from trackerwatch.history import Gap, Outage, Stretch, TorrentHistory, TrackerHistory, Transition
    from trackerwatch.metainfo import Torrent

DAY_S = 86400.0
WEEK_S = 7 * DAY_S
MONTH_S = 30 * DAY_S

CHART_LINES = 3
"""One for each label: the top, what the glyphs are, and 0."""
CHART_MIN_ROUNDS = 3
OVERDUE = timedelta(seconds=60)
"""An answer holds so long beyond the moment at which the next one is due: rounds wait for their turn, and take a while."""
SAME_S = 2.0
"""What begins and ends so close together is one thing, told twice."""
MOST_OUTAGES = 12
MOST_GAPS = 4
MOST_MOVES = 20


@dataclass(frozen=True, slots=True)
class TrackerPast:
    """What was loaded of a tracker's history."""

    kept: bool = True
    """False: there is no store."""
    loaded: bool = False
    day: TrackerHistory | None = None
    """The last 24 hours; None with `loaded`: nothing is stored."""
    month: TrackerHistory | None = None
    """The last 30 days."""
    near: TrackerHistory | None = None
    """The last minutes or hours, where little more than that is known: then the latency is of these."""
    week: TrackerHistory | None = None
    """The last 7 days, where a full screen asked for them."""


@dataclass(frozen=True, slots=True)
class TorrentPast:
    """What was loaded of a torrent's history."""

    kept: bool = True
    """False: there is no store."""
    loaded: bool = False
    history: TorrentHistory | None = None

    @property
    def last_seeder_at(self) -> datetime | None:
        """When some tracker last told of a seeder, as far as is stored."""
        at = self.history.last_seeder_at if self.history else None
        return None if at is None else time_of(at)


def time_of(at: float) -> datetime:
    """A wall time of the store as a time; what no calendar has is the nearest that it has."""
    return datetime.fromtimestamp(min(max(at, 0.0), 2**35), UTC)


# -- a tracker ---------------------------------------------------------------------------------------------------------


def latest_round(view: TrackerView, now: datetime) -> charts.Latest | None:
    """The latest round of this run, which holds until a while after the next is due. None: there is none, or none is to come."""
    if (
        not view.recent
        or view.last_probe_at is None
        or view.recalled_at is not None
        or view.disabled is not None
        or view.retired
    ):
        return None
    until = view.last_probe_at if view.next_probe_at is None else view.next_probe_at + OVERDUE
    return charts.Latest(view.last_probe_at.timestamp(), view.recent[-1] is not None, min(now, until).timestamp())


def strip_lines(view: TrackerView, past: TrackerPast, now: datetime, width: int) -> list[Line]:
    """Strips of 24 hours and 30 days, and latency under the strip whose cells it shares: that of the day, as a rule."""
    if past.day is None:
        return [*not_there(past, "history"), *rounds_lines(view, width)]
    lines: list[Line] = []
    latest = latest_round(view, now)
    if past.near is not None:
        lines += _charted(words.span(past.near.until - past.near.since), past.near.stretches, now, latest)
        lines += _plain("24 h", past.day.stretches, now, latest, lambda at: words.clock(time_of(at)))
    else:
        lines += _charted("24 h", past.day.stretches, now, latest)
    if past.month is not None:
        lines += _plain("30 d", past.month.stretches, now, latest, lambda at: words.short_day(time_of(at)))
    return [*lines, labelled("", *charts.LEGEND)]


def _plain(
    label: str, stretches: Sequence[Stretch], now: datetime, latest: charts.Latest | None, name: charts.Namer
) -> list[Line]:
    return [labelled(label, *_strip(stretches, latest)), *axis_lines(stretches, now, name)]


def _strip(stretches: Sequence[Stretch], latest: charts.Latest | None) -> list[Span]:
    """A strip of just these stretches, which hold now."""
    if not stretches:
        return []
    last = stretches[-1]
    return charts.held_strip((stretches[0].begin, last.begin + last.span_s), stretches, len(stretches), latest)


def _charted(label: str, stretches: Sequence[Stretch], now: datetime, latest: charts.Latest | None) -> list[Line]:
    lines = [labelled(label, *_strip(stretches, latest))]
    top, chart = charts.latency_chart(stretches, CHART_LINES)
    if chart:
        cut = charts.OVER if any(charts.OVER in span.text for span in chart[0]) else ""
        labels = [words.latency(top) + cut, f"p50{charts.BARS[-1]} p95{charts.SHADE}", "0"]
        for text, spans in zip(labels, chart, strict=True):
            lines.append((Span(f"  {text:>{LABEL_CELLS - 1}} ", Ink.DIM), *spans))
    return [*lines, *axis_lines(stretches, now, lambda at: words.clock(time_of(at)))]


def axis_lines(stretches: Sequence[Stretch], now: datetime, name: charts.Namer) -> list[Line]:
    """How long ago cells begin, and when that was in UTC."""
    if not stretches:
        return []
    agos, times = charts.axis(stretches, now, name)
    return [labelled("", Span(agos, Ink.DIM)), labelled("UTC", Span(times, Ink.DIM))]


def not_there(past: TrackerPast | TorrentPast, label: str) -> list[Line]:
    """Why there is no past to show."""
    if not past.kept:
        return [labelled(label, Span("not kept (no store): what follows is of this run", Ink.DIM))]
    text = "nothing is written down yet" if past.loaded else "reading"
    return [labelled(label, Span(text, Ink.WAIT))]


def rounds_lines(view: TrackerView, width: int) -> list[Line]:
    """The latest rounds of this run, which know no times."""
    recent = view.recent
    if len(recent) < CHART_MIN_ROUNDS:
        return []
    cells = max(8, min(len(recent), width - LABEL_CELLS - 4))
    best = max((seconds for seconds in recent[-cells:] if seconds is not None), default=None)
    height = 1 if best is None else CHART_LINES
    labels = [words.latency(best), *[""] * (height - 2), "0"][:height]
    told = f"last {min(cells, len(recent))} rounds, now at the right"
    lines: list[Line] = [labelled("", Span(told, Ink.DIM))]
    for label, spans in zip(labels, charts.chart(recent, cells, height), strict=True):
        lines.append((Span(f"  {label:>{LABEL_CELLS - 1}} ", Ink.DIM), *spans))
    return lines


def outage_lines(past: TrackerPast, now: datetime) -> list[Line]:
    """The outages of 30 days, the latest first, and what did not count."""
    history = past.month or past.day
    if history is None:
        return []
    outages = _distinct(history.outages)
    if not outages:
        lines = [labelled("outages", Span("none is written down", Ink.DIM))]
    else:
        lines = _listed("outages", [_outage(one, now) for one in reversed(outages[-MOST_OUTAGES:])])
        if (rest := len(outages) - MOST_OUTAGES) > 0:
            lines.append(labelled("", Span(f"and {rest:,} before", Ink.DIM)))
    lines += _listed("not counted", [_gap(gap, now) for gap in reversed(history.gaps[-MOST_GAPS:])])
    return [*lines, ()]


def _distinct(outages: Sequence[Outage]) -> list[Outage]:
    """Without those of an address that are the tracker's own over again, as where it has but one."""
    whole = [one for one in outages if one.endpoint is None]
    return [one for one in outages if one.endpoint is None or not any(_same(one, other) for other in whole)]


def _same(one: Outage, other: Outage) -> bool:
    ends = [math.inf if outage.end is None else outage.end for outage in (one, other)]
    at_once = abs(one.begin - other.begin) < SAME_S and (ends[0] == ends[1] or abs(ends[0] - ends[1]) < SAME_S)
    return at_once and one.reason == other.reason


def _listed(label: str, found: Iterable[Line]) -> list[Line]:
    return [labelled("" if number else label, *line) for number, line in enumerate(found)]


def _outage(outage: Outage, now: datetime) -> Line:
    begin = time_of(outage.begin)
    end = now if outage.end is None else time_of(outage.end)
    length = words.duration((end - begin).total_seconds())
    until = "goes on" if outage.end is None else f"to {words.moment(end, now if end.date() != begin.date() else end)}"
    where = f"  {safe(outage.endpoint)}" if outage.endpoint else ""
    return (
        Span(f"{words.moment(begin, now)} ", Ink.PLAIN),
        Span(f"{until}  ", Ink.BAD if outage.end is None else Ink.PLAIN),
        Span(f"{length}  ", Ink.STRONG),
        Span(states.reason(outage.reason)),
        Span(where, Ink.DIM),
    )


def _gap(gap: Gap, now: datetime) -> Line:
    begin, end = time_of(gap.begin), time_of(gap.end)
    length = words.duration((end - begin).total_seconds())
    told = safe(gap.message) or safe(gap.kind.replace("_", " "))
    return (Span(f"{words.moment(begin, now)} for {length}  {told}", Ink.DIM),)


# -- a torrent ---------------------------------------------------------------------------------------------------------

_MOVES = frozenset(
    {EventKind.FAILED_OVER, EventKind.PROMOTED, EventKind.RECOVERED, EventKind.EXHAUSTED, EventKind.STATE_CHANGED}
)


@dataclass(frozen=True, slots=True)
class _Move:
    at: datetime
    kind: str
    message: str


def timeline_lines(torrent: Torrent, past: TorrentPast, events: Sequence[Event], now: datetime) -> list[Line]:
    """When the torrent went from tracker to tracker, the latest first, each with how long that lasted."""
    moves = _moves(past.history.transitions if past.history else (), torrent, events)
    lines: list[Line] = []
    if past.history is None and not (past.loaded and moves):
        lines += not_there(past, "moves")
    if not moves:
        return lines or [labelled("moves", Span("none is known: it stays where it is", Ink.DIM))]
    shown = moves[-MOST_MOVES:]
    ends = [*(later.at for _, later in pairwise(shown)), now]
    found: list[Line] = []
    for move, end in zip(reversed(shown), reversed(ends), strict=True):
        mark = states.kind_mark(move.kind)
        lasted = words.duration((end - move.at).total_seconds())
        found.append(
            (
                Span(f"{words.moment(move.at, now, seconds=True)} "),
                Span(f"{mark.text} ", mark.ink),
                # Whose moves they are is said above.
                Span(safe(move.message).removeprefix(safe(torrent.name)).lstrip()),
                Span(f"  {'for' if end is not now else 'now, for'} {lasted}", Ink.DIM),
            )
        )
    lines += _listed("" if lines else "moves", found)
    if (rest := len(moves) - len(shown)) > 0:
        lines.append(labelled("", Span(f"and {rest:,} before", Ink.DIM)))
    return lines


def _moves(stored: Sequence[Transition], torrent: Torrent, events: Sequence[Event]) -> list[_Move]:
    """Stored and of this run, oldest first, each once."""
    moves = [_Move(time_of(one.at), one.kind, one.message) for one in stored]
    known = [(move.kind, move.at) for move in moves]
    for event in events:
        if event.torrent is None or event.kind not in _MOVES or event.torrent.info_hash != torrent.info_hash:
            continue
        if not any(event.kind == kind and abs((event.at - at).total_seconds()) < SAME_S for kind, at in known):
            moves.append(_Move(event.at, event.kind, event.message))
    moves.sort(key=lambda move: move.at)
    return moves
