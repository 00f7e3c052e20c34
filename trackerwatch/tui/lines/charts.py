"""Time as cells: sparklines of rounds, strips of stretches, latency over time, and the axis under them. Pure.

A glyph says it all where there is no colour: `█` answered, `▄` partly failed, `x` failed, `·` not known.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from statistics import median
from typing import TYPE_CHECKING, TypeAlias

from trackerwatch.tui.lines.ink import Ink, Line, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from trackerwatch.history import Stretch

# -- rounds ------------------------------------------------------------------------------------------------------------

BARS = "▁▂▃▄▅▆▇█"
_BAR_LIMITS_S = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
MISS = "x"


def sparkline(recent: Sequence[float | None], width: int) -> list[Span]:
    """The latest rounds, newest at the right: a bar on one fixed scale (so rows compare), `x` for a failed round."""
    shown = recent[-width:] if width > 0 else ()
    spans: list[Span] = [Span(" " * (width - len(shown)), Ink.DIM)] if len(shown) < width else []
    for seconds in shown:
        if seconds is None:
            text, ink = MISS, Ink.BAD
        else:
            level = sum(seconds >= limit for limit in _BAR_LIMITS_S)
            text, ink = BARS[level], Ink.WARN if level >= 6 else Ink.BAR
        _append(spans, text, ink)
    return spans


def chart(recent: Sequence[float | None], width: int, height: int) -> list[list[Span]]:
    """Latency over the latest rounds as a bar chart, top line first, scaled to its own maximum; `x` marks failed rounds."""
    shown = list(recent[-width:])
    top = max((seconds for seconds in shown if seconds is not None), default=0.0)
    lines: list[list[Span]] = []
    for row in range(height - 1, -1, -1):
        spans: list[Span] = []
        for seconds in shown:
            if seconds is None:
                text, ink = (MISS, Ink.BAD) if row == 0 else (" ", Ink.BAD)
            else:
                eighths = max(1, round(seconds / top * height * 8)) if top else 1
                part = min(8, max(0, eighths - row * 8))
                text, ink = (BARS[part - 1] if part else " "), Ink.BAR
            _append(spans, text, ink)
        lines.append(spans)
    return lines


def _append(spans: list[Span], text: str, ink: Ink) -> None:
    if spans and spans[-1].ink is ink:
        spans[-1] = Span(spans[-1].text + text, ink)
    else:
        spans.append(Span(text, ink))


# -- stretches of time -------------------------------------------------------------------------------------------------


class Told(Enum):
    """What a stretch of time says, each with its glyph and ink."""

    ANSWERED = ("█", Ink.BAR)
    PARTLY = ("▄", Ink.WARN)
    FAILED = (MISS, Ink.BAD)
    UNKNOWN = ("·", Ink.DIM)

    @property
    def span(self) -> Span:
        """One cell."""
        return Span(*self.value)


LEGEND: Line = (
    Told.ANSWERED.span,
    Span(" answered  ", Ink.DIM),
    Told.PARTLY.span,
    Span(" partly failed  ", Ink.DIM),
    Told.FAILED.span,
    Span(" failed  ", Ink.DIM),
    Told.UNKNOWN.span,
    Span(" not known", Ink.DIM),
)


def told(stretches: Sequence[Stretch]) -> list[Told]:
    """What each stretch says.

    One without a sample of its own, of a tracker that is asked less often than cells are long, is as the next one whose
    sample speaks for it.
    """
    says: list[Told] = []
    for stretch in reversed(stretches):
        if not stretch.counted:
            spoken_for = stretch.covered_s * 2 >= stretch.span_s
            says.append(says[-1] if spoken_for and says else Told.UNKNOWN)
        elif stretch.successes >= stretch.counted:
            says.append(Told.ANSWERED)
        else:
            says.append(Told.PARTLY if stretch.successes else Told.FAILED)
    return says[::-1]


@dataclass(frozen=True, slots=True)
class Latest:
    """The latest round of a tracker, which holds until the next one is due: nobody asks in between."""

    at: float
    """Unix time."""
    answered: bool
    until: float
    """Unix time up to which it holds."""


def held_strip(
    window: tuple[float, float], stretches: Sequence[Stretch], width: int, latest: Latest | None
) -> list[Span]:
    """A strip of a window, with what the latest round says from then on; where only that tells, it is dim.

    Args:
        window: From and until, Unix time.
        stretches: As far as history has answered, perhaps a while ago; empty: nothing is stored, or not known yet.
        width: Cells, one for each stretch of the window.
        latest: The latest round of this run. None: there is none.
    """
    if width <= 0:
        return []
    begin, span_s = window[0], (window[1] - window[0]) / width
    if stretches and abs(stretches[0].span_s - span_s) > span_s / 2:
        # Of another length of time, until that of this one comes.
        return strip(stretches, width)
    cells: list[tuple[str, Ink] | None] = [None] * width
    known = -1
    for stretch, says in zip(stretches, told(stretches), strict=True):
        index = round((stretch.begin - begin) / span_s)
        if 0 <= index < width:
            cells[index] = says.value
            known = known if says is Told.UNKNOWN else index
    if latest is not None:
        first, last = (math.floor((at - begin) / span_s) for at in (latest.at, latest.until))
        glyph, ink = (Told.ANSWERED if latest.answered else Told.FAILED).value
        for index in range(max(0, first, known + 1), min(width, last + 1)):
            cells[index] = (glyph, ink if index == first else Ink.DIM)
    if cells[-1] == Told.UNKNOWN.value:
        # It is not over yet: that is no gap.
        cells[-1] = None
    spans: list[Span] = []
    for cell in cells:
        _append(spans, *(cell or (" ", Ink.DIM)))
    return spans


def strip(stretches: Sequence[Stretch], width: int | None = None) -> list[Span]:
    """One glyph a stretch, oldest first; with a width exactly so many cells, the latest at the right."""
    says = told(stretches)
    # The stretch that is not over yet may have nothing to say so far: that is no gap.
    running = len(says) > 1 and says[-1] is Told.UNKNOWN is not says[-2]
    cells = [one.value for one in says[: len(says) - running]] + [(" ", Ink.DIM)] * running
    if width is not None:
        cells = cells[-width:] if width > 0 else []
        cells = [(" ", Ink.DIM)] * (width - len(cells)) + cells
    spans: list[Span] = []
    for glyph, ink in cells:
        _append(spans, glyph, ink)
    return spans


DAY_S = 86400.0
_UNITS = ((DAY_S, "d"), (3600.0, "h"), (60.0, "m"), (1.0, "s"))
SHADE = "░"
OVER = "^"
OUTLIER = 5.0
"""What is so many times the usual p95 must not flatten the rest: it is cut, and marked as cut."""


def latency_chart(stretches: Sequence[Stretch], height: int) -> tuple[float | None, list[list[Span]]]:
    """Latency over time, top line first: a bar up to p50, shade from there up to p95, nothing where nothing is known.

    `x` marks a stretch in which nothing answered, `^` one that goes beyond the top.

    Returns:
        The latency at the top in seconds (None: there is none to show, and no lines), and the lines.
    """
    highs = [stretch.p95_s for stretch in stretches if stretch.p95_s is not None]
    if not highs:
        return None, []
    top = min(max(highs), OUTLIER * median(highs)) or max(highs)
    lines: list[list[Span]] = []
    for row in range(height - 1, -1, -1):
        spans: list[Span] = []
        for stretch in stretches:
            _append(spans, *_latency_cell(stretch, top, row, height))
        lines.append(spans)
    return top, lines


def _latency_cell(stretch: Stretch, top: float, row: int, height: int) -> tuple[str, Ink]:
    if stretch.p50_s is None:
        lost = row == 0 and stretch.counted and not stretch.successes
        return (MISS, Ink.BAD) if lost else (" ", Ink.BAR)
    high = stretch.p50_s if stretch.p95_s is None else stretch.p95_s
    if row == height - 1 and high > top * 1.001:
        return OVER, Ink.WARN
    part = min(8, _eighths(stretch.p50_s, top, height) - row * 8)
    if part > 0:
        return BARS[part - 1], Ink.BAR
    return (SHADE, Ink.DIM) if _eighths(high, top, height) > row * 8 else (" ", Ink.BAR)


def _eighths(seconds: float, top: float, height: int) -> int:
    return max(1, round(seconds / top * height * 8)) if top else 1


def clipped(stretches: Sequence[Stretch], top: float) -> Stretch | None:
    """The stretch that goes farthest beyond the top of its chart. None: none does."""
    beyond = [one for one in stretches if (one.p95_s or one.p50_s or 0.0) > top * 1.001]
    return max(beyond, key=lambda one: one.p95_s or one.p50_s or 0.0, default=None)


# -- counts ------------------------------------------------------------------------------------------------------------


def sampled(
    series: Sequence[tuple[float, int | None]], since: float, until: float, cells: int
) -> list[tuple[float, int | None]]:
    """A count that was written down where it changed, cut into cells: the least that it was in each.

    Args:
        series: Unix time and count, oldest first; None is unknown from then on.
        since: Unix time at which the first cell begins.
        until: Unix time at which the last one ends.
        cells: How many.

    Returns:
        The beginning of each cell and its count; None where it was not known.
    """
    span_s = (until - since) / cells if cells else 0.0
    found: list[tuple[float, int | None]] = []
    held: int | None = None
    at = 0
    while at < len(series) and series[at][0] <= since:
        held = series[at][1]
        at += 1
    for cell in range(cells):
        begin = since + cell * span_s
        values = [held]
        while at < len(series) and series[at][0] < begin + span_s:
            held = series[at][1]
            values.append(held)
            at += 1
        found.append((begin, min((value for value in values if value is not None), default=None)))
    return found


def count_chart(values: Sequence[int | None], height: int) -> tuple[int | None, list[list[Span]]]:
    """Counts as bars, top line first; `x` where there was none, nothing where nothing is known.

    Returns:
        The count at the top (None: nothing is known, and no lines), and the lines.
    """
    known = [value for value in values if value is not None]
    if not known:
        return None, []
    top = max(1, *known)
    lines: list[list[Span]] = []
    for row in range(height - 1, -1, -1):
        spans: list[Span] = []
        for value in values:
            if not value:
                _append(spans, *((MISS, Ink.BAD) if value == 0 and row == 0 else (" ", Ink.BAR)))
                continue
            part = min(8, max(1, round(value / top * height * 8)) - row * 8)
            _append(spans, BARS[part - 1] if part > 0 else " ", Ink.BAR)
        lines.append(spans)
    return top, lines


# -- the axis ----------------------------------------------------------------------------------------------------------

Namer: TypeAlias = "Callable[[float], str]"
"""What a Unix time is called under a chart."""


def axis(stretches: Sequence[Stretch], now: datetime, name: Namer) -> tuple[str, str]:
    """Two lines under a strip of these stretches, of which the last one holds now: how long ago, and the UTC time.

    The times are those at which cells begin; how long ago that was is rounded.
    """
    cells = len(stretches)
    if not cells:
        return "", ""
    end = now.timestamp()
    span_s = end - stretches[0].begin
    parts = (3 if span_s > 2 * DAY_S else 4) if cells >= 44 else 2 if cells >= 18 else 1
    unit_s, unit = next(found for found in _UNITS if span_s >= 8 * found[0] or found[1] == "s")
    agos, times = "", ""
    for part in range(parts):
        at = cells * part // parts
        begin = stretches[at].begin
        agos = f"{agos:<{at}}{round((end - begin) / unit_s)}{unit}{'' if part else ' ago'}"
        times = f"{times:<{at}}{name(begin)}"
    last = name(end)
    return f"{agos:<{cells - 3}}now", f"{times:<{cells - len(last)}}{last}"
