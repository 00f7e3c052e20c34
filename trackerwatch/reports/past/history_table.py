"""History for people: every tracker with a strip of the stretch, or all there is to say of one tracker or torrent.

At most `Style.width` columns; plain characters, and a glyph for each state, so that colour is never needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.health.states import Health
from trackerwatch.reports import columns
from trackerwatch.reports.past.history_rows import (
    distinct_outages,
    distinct_transitions,
    glyph,
    lasted_s,
    own_outages,
    utc,
)
from trackerwatch.reports.telling import wording

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import TypeVar

    from trackerwatch.history import Outage, Stretch, TorrentHistory, TrackerHistory, Transition
    from trackerwatch.reports.formats import Style
    from trackerwatch.reports.past.history_rows import HistoryReport
    from trackerwatch.stats import UptimeFigure

    Row = TypeVar("Row")

MIN_WIDTH = 80
ROOMY_WIDTH = 100
"""So wide, the overview has all its columns."""
CHART_ROWS = 6
SCALE_CELLS = 8
"""Before a chart or a strip: its scale, and a rule."""
MAX_ROWS = 40
"""Of outages, gaps and transitions, the latest ones; `--format json` has all."""
LEGEND = "# answered, ! partly, x nothing answered, . not known"

_RESET = "\x1b[0m"
_COLORS = {"x": "\x1b[1;31m", "!": "\x1b[33m", "?": "\x1b[35m", "+": "\x1b[32m", "#": "\x1b[32m"}
_BOLD = "\x1b[1m"


def render(report: HistoryReport, style: Style) -> Iterator[str]:
    """The document, a line at a time."""
    page = _Page(report, style)
    if report.torrent is not None:
        lines = page.torrent(report.torrent)
    elif report.in_full:
        lines = (line for history in report.trackers for line in page.tracker(history))
    else:
        lines = page.overview()
    for line in lines:
        yield line.rstrip() + "\n"


class _Page:
    """One rendering."""

    def __init__(self, report: HistoryReport, style: Style) -> None:
        self._report = report
        self._color = style.color
        self._width = max(MIN_WIDTH, style.width)

    def _paint(self, text: str, mark: str) -> str:
        color = _COLORS.get(mark) if self._color else None
        return f"{color}{text}{_RESET}" if color else text

    def _bold(self, text: str) -> str:
        return f"{_BOLD}{text}{_RESET}" if self._color else text

    # -- all trackers ------------------------------------------------------------------------------------------------

    def overview(self) -> Iterator[str]:
        report = self._report
        number = wording.many(len(report.trackers), "tracker")
        yield self._bold(
            f"{number}, the last {report.window} until {_time(report.until)} UTC, seen from {report.vantage.name}"
        )
        if not report.trackers:
            return
        yield ""
        # STATE 10, SINCE 5, UPTIME 7, SEEN 5, P95 6, OUTAGES 8, LAST OK 7, and a space between; with room, three of 6 more.
        narrow = self._width < ROOMY_WIDTH
        cells = self._width - (48 + 7) - (0 if narrow else 21)
        heads = [f"{'STATE':<10}", "SINCE", f"{'TRACKER':<{cells}}", " UPTIME", "     N", " SEEN"]
        heads += ["   P50", "   P95", "   P99", " OUTAGES", "LAST OK"]
        yield self._bold(self._columns(heads, narrow=narrow))
        for history in report.trackers:
            mark = _mark(history.state)
            figure = history.uptime[0] if history.uptime else None
            row = [
                self._paint(f"{mark:<10}", mark[0]),
                f"{self._age(history.state_since):>5}",
                columns.left(columns.elide_start(history.host_port, cells), cells),
                f"{_uptime(figure):>7}",
                f"{wording.count(figure.counted) if figure else '-':>6}",
                f"{_seen(figure):>5}",
                *(f"{wording.latency(span):>6}" for span in (history.p50_s, history.p95_s, history.p99_s)),
                f"{_outages(history):>8}",
                f"{self._age(history.last_success_at, 'never'):>7}",
            ]
            yield self._columns(row, narrow=narrow)
            yield f"{'':16} {self._strip(history.stretches)}"
        yield ""
        yield from self._labelled("strip", f"{_span(report.trackers[0].stretches)} a column, oldest first: {LEGEND}")
        yield from self._labelled(
            "columns",
            "SINCE and LAST OK: how long ago; SEEN: share of the time that was watched, below 50% there is no uptime",
        )
        figures = [history.uptime[0] for history in report.trackers if history.uptime]
        if told := _too_little(figures):
            yield from self._labelled("n/a", told)

    def _columns(self, cells: Sequence[str], *, narrow: bool) -> str:
        """A row of the overview; a narrow one has neither N nor P50 nor P99."""
        return " ".join(cell for index, cell in enumerate(cells) if not (narrow and index in (4, 6, 8)))

    # -- one tracker -------------------------------------------------------------------------------------------------

    def tracker(self, history: TrackerHistory) -> Iterator[str]:
        window = self._report.window
        mark = _mark(history.state)
        yield f"{self._paint(mark, mark[0])}  {self._bold(columns.elide_start(history.host_port, self._width - 24))}   {history.tracker}"
        yield from self._labelled("url", history.url)
        yield from self._labelled("state", f"{history.state} since {self._moment(history.state_since)}")
        yield from self._labelled("last ok", self._moment(history.last_success_at, "never"))
        flaps = f"; {wording.many(history.flaps, 'change')} between answering and down" if history.flaps else ""
        yield from self._labelled(
            "seen", f"from {self._report.vantage.name}, {window} until {_time(history.until)} UTC{flaps}"
        )
        yield ""
        for index, figure in enumerate(_figures(history.uptime, window)):
            name = window if not index else figure.window
            yield f"{'uptime' if not index else '':<8}{name:>4}  {_in_words(figure)}"
        if told := _too_little(history.uptime):
            yield from self._labelled("", told)
        yield ""
        yield f"{_span(history.stretches):>5}  |{self._strip(history.stretches)}"
        yield from self._axis(history.stretches)
        yield f"{'':{SCALE_CELLS}}{LEGEND}"
        yield ""
        yield from self._latency(history)
        yield from self._outage_rows(history)
        yield from self._gap_rows(history)
        yield from self._transition_rows(distinct_transitions(history), "changes")

    def _latency(self, history: TrackerHistory) -> Iterator[str]:
        told = ", ".join(
            f"{name} {wording.latency(span)}"
            for name, span in (("p50", history.p50_s), ("p95", history.p95_s), ("p99", history.p99_s))
        )
        phases = ", ".join(f"{name} {wording.latency(span)}" for name, span in history.phases_p50_s)
        yield from self._labelled("latency", told + (f"; median of {phases}" if phases else ""))
        highest = max((top for s in history.stretches if (top := s.p95_s or s.p50_s) is not None), default=None)
        if not highest:
            return
        for row in range(CHART_ROWS, 0, -1):
            scale = wording.latency(highest * row / CHART_ROWS) if row in (CHART_ROWS, CHART_ROWS // 2) else ""
            # A value reaches a row from half of its height on, and the lowest row always.
            least = highest * (row - 0.5) / CHART_ROWS if row > 1 else 0.0
            bars = "".join(_bar(stretch, least) for stretch in history.stretches)
            yield f"{scale:>6} |{bars}"
        base = "".join("-" if stretch.counted else " " for stretch in history.stretches)
        yield f"{'':6} +{base}"
        yield from self._axis(history.stretches)
        yield f"{'':{SCALE_CELLS}}# p50, : p95 of the answers; no line below: not known"

    def _outage_rows(self, history: TrackerHistory) -> Iterator[str]:
        if not history.outages:
            return
        yield ""
        outages = distinct_outages(history)
        total_s = sum(lasted_s(outage, history) for outage in own_outages(history))
        whole = wording.many(len(own_outages(history)), "outage")
        apart = any(outage.endpoint for outage in outages)
        remark = " (a line with an endpoint is about that address alone)" if apart else ""
        yield self._bold(f"{whole}, {wording.duration(total_s)} in all{remark}{_cut(outages)}")
        yield self._bold(f"{'FROM':<19} {'TO':<19} {'FOR':>4} {'REASON':<15} ENDPOINT")
        for outage in self._latest(outages):
            yield from self._outage(outage, history)

    def _outage(self, outage: Outage, history: TrackerHistory) -> Iterator[str]:
        end = history.until if outage.end is None else outage.end
        to = "goes on" if outage.end is None else _time(outage.end)
        head = f"{_time(outage.begin):<19} {to:<19} {wording.duration(end - outage.begin):>4} {outage.reason:<15} "
        yield from self._wrapped(head, outage.endpoint or "(all)")

    def _gap_rows(self, history: TrackerHistory) -> Iterator[str]:
        if not history.gaps:
            return
        yield ""
        counts = "it counts" if len(history.gaps) == 1 else "they count"
        yield self._bold(
            f"{wording.many(len(history.gaps), 'gap')} of our own{_cut(history.gaps)}: {counts} for nothing"
        )
        yield self._bold(f"{'FROM':<19} {'TO':<19} {'FOR':>4} WHY")
        for gap in self._latest(history.gaps):
            why = f"{gap.kind}: {gap.message}" if gap.message else gap.kind
            head = f"{_time(gap.begin):<19} {_time(gap.end):<19} {wording.duration(gap.end - gap.begin):>4} "
            yield from self._wrapped(head, why)

    # -- one torrent -------------------------------------------------------------------------------------------------

    def torrent(self, history: TorrentHistory) -> Iterator[str]:
        name = next((transition.name for transition in reversed(history.transitions) if transition.name), "")
        yield self._bold(columns.elide_middle(name, self._width)) if name else history.info_hash
        if name:
            yield from self._labelled("hash", history.info_hash)
        yield from self._labelled("seen", f"{self._report.window} until {_time(history.until)} UTC")
        yield from self._labelled("seeder", f"last seen {self._moment(history.last_seeder_at, 'never')}")
        if not history.transitions:
            yield ""
            yield "no tracker of it changed in that time"
        yield from self._transition_rows(history.transitions, "failover")
        if history.seeders:
            yield ""
            yield self._bold(f"seeders, maximum over trackers{_cut(history.seeders)}")
            for at, number in self._latest(history.seeders):
                yield f"{_time(at):<19} {wording.count(number):>6}"

    # -- shared ------------------------------------------------------------------------------------------------------

    def _transition_rows(self, transitions: Sequence[Transition], title: str) -> Iterator[str]:
        if not transitions:
            return
        yield ""
        yield self._bold(f"{title}{_cut(transitions)} (UTC)")
        for transition in self._latest(transitions):
            states = f"{transition.from_state or '?'} -> {transition.to_state or '?'}"
            yield from self._wrapped(f"{_time(transition.at):<19} {states:<22} ", _change_in_words(transition))

    def _latest(self, rows: Sequence[Row]) -> Sequence[Row]:
        return rows[-MAX_ROWS:]

    def _strip(self, stretches: Sequence[Stretch]) -> str:
        glyphs = [glyph(stretch) for stretch in stretches]
        if not self._color:
            return "".join(glyphs)
        runs: list[str] = []
        for index, one in enumerate(glyphs):
            if index and glyphs[index - 1] == one:
                runs[-1] += one
            else:
                runs.append(one)
        return "".join(self._paint(run, run[0]) for run in runs)

    def _axis(self, stretches: Sequence[Stretch]) -> Iterator[str]:
        """Times below the first, the middle and the last column, as far as there is room."""
        if not stretches:
            return
        first, middle, last = stretches[0], stretches[len(stretches) // 2], stretches[-1]
        line = _short_time(first.begin)
        end = f"{_short_time(last.begin + last.span_s)} UTC"
        at_middle, at_end = len(stretches) // 2, len(stretches) - len(end)
        inner = _short_time(middle.begin)
        if len(line) < at_middle and at_middle + len(inner) < at_end:
            line = line.ljust(at_middle) + inner
        yield " " * SCALE_CELLS + line.ljust(max(at_end, len(line) + 2)) + end

    def _labelled(self, label: str, text: str) -> Iterator[str]:
        yield from self._wrapped(f"{label:<8}", text)

    def _wrapped(self, head: str, text: str) -> Iterator[str]:
        first, *more = columns.wrap(text, self._width - len(head))
        yield head + first
        for line in more:
            yield " " * len(head) + line

    def _age(self, at: float | None, never: str = "-") -> str:
        return never if at is None else wording.duration(self._report.until - at)

    def _moment(self, at: float | None, never: str = "an unknown time") -> str:
        return never if at is None else f"{_time(at)} UTC ({wording.duration(self._report.until - at)} ago)"


def _change_in_words(transition: Transition) -> str:
    """What a transition was about, also where nobody worded it: `192.0.2.7:6969: no answer (timeout)`."""
    text = transition.message
    if transition.reason and transition.reason not in text:
        text = f"{text} ({transition.reason})" if text else transition.reason
    if transition.endpoint and transition.endpoint not in text:
        text = f"{transition.endpoint}: {text}" if text else transition.endpoint
    return text or ("the tracker" if transition.torrent is None else transition.kind.replace("_", " "))


def _cut(rows: Sequence[object]) -> str:
    return f", the latest {MAX_ROWS}" if len(rows) > MAX_ROWS else ""


def _figures(uptime: Sequence[UptimeFigure], window: str) -> list[UptimeFigure]:
    """The figure that was asked for and the usual ones, without telling one twice."""
    return [figure for index, figure in enumerate(uptime) if not index or figure.window != window]


def _mark(state: str) -> str:
    """Glyph and word of a state as it was written down."""
    try:
        return wording.HEALTH_MARKS[Health(state)]
    except ValueError:
        return f"? {state}"[:10]


def _uptime(figure: UptimeFigure | None) -> str:
    """`99.2%`; `n/a 9d` where only so much was watched."""
    if figure is None or not figure.counted:
        return "n/a"
    if figure.uptime is None:
        return f"n/a {wording.duration(figure.covered_s)}"
    return _percent(figure.uptime)


def _too_little(figures: Iterable[UptimeFigure]) -> str:
    """What the first `n/a 9d` among some means. Empty: there is none."""
    short = next((figure for figure in figures if figure.counted and figure.uptime is None), None)
    if short is None:
        return ""
    span = wording.duration(short.covered_s)
    return f"n/a {span}: only {span} of that time was watched, too little for a percentage"


def _in_words(figure: UptimeFigure) -> str:
    """`99.2% (n=96, 100% seen)`."""
    return f"{_uptime(figure)} (n={figure.counted}, {_seen(figure)} seen)"


def _seen(figure: UptimeFigure | None) -> str:
    if figure is None:
        return "-"
    # Something is not nothing, and nearly all is not all.
    return "<1%" if 0 < figure.coverage < 0.005 else f"{figure.coverage * 100:.0f}%"


def _percent(ratio: float) -> str:
    """A share that says 100% or 0% only where that is meant."""
    if ratio in (0.0, 1.0):
        return f"{ratio * 100:.0f}%"
    # Cut, not rounded: 99.96 % is no 100 %.
    return f"{max(0.1, int(ratio * 1000) / 10):.1f}%"


def _outages(history: TrackerHistory) -> str:
    """`2 14m`: how many, and how long in all."""
    outages = own_outages(history)
    if not outages:
        return "-"
    return f"{len(outages)} {wording.duration(sum(lasted_s(outage, history) for outage in outages))}"


def _bar(stretch: Stretch, least_s: float) -> str:
    """One cell of the chart: whether the column reaches this high."""
    if stretch.p50_s is not None and stretch.p50_s >= least_s:
        return "#"
    return ":" if stretch.p95_s is not None and stretch.p95_s >= least_s else " "


def _span(stretches: Sequence[Stretch]) -> str:
    """How long a column is."""
    return wording.duration(stretches[0].span_s) if stretches else "-"


def _time(at: float) -> str:
    """To the second, without its zone."""
    moment = utc(at)
    return "?" if moment is None else moment.strftime("%Y-%m-%d %H:%M:%S")


def _short_time(at: float) -> str:
    moment = utc(at)
    return "?" if moment is None else moment.strftime("%m-%d %H:%M")
