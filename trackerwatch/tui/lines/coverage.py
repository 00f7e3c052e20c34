"""Torrents against trackers: who knows what, where they disagree, and why. Pure.

A cell is five characters: a glyph that says it all, and the seeders that this tracker tells of.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from trackerwatch.engine.views import AskState
from trackerwatch.health.states import Health
from trackerwatch.outcome import FailureKind
from trackerwatch.tui.lines import states, words
from trackerwatch.tui.lines.ink import Ink, Line, Span, crop_left, fit, safe, width_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from trackerwatch.engine.views import AnswerView, TorrentView, TrackerView
    from trackerwatch.metainfo import SwarmVersion
    from trackerwatch.outcome import Failure

CELL = 5
COLUMN = CELL + 1
"""A cell and the line at its left."""
LEAST_NAMED_COLUMN, NAMED_COLUMN = 16, 26
"""The narrowest and the widest column that has a name above it."""
FEW = 4
"""Fewer seeders than one in so many of what another tracker tells of are too few to be the same swarm seen twice."""
NAME_LEAST, NAME_MOST = 14, 44


class Kind(StrEnum):
    """How a torrent stands with a tracker."""

    REGISTERED = "registered"
    DIFFERS = "differs"
    """Registered, with far fewer seeders than another tracker tells of."""
    UNREGISTERED = "unregistered"
    OMITTED = "omitted"
    """The tracker answered, and left this torrent out."""
    FAILED = "failed"
    UNKNOWN = "unknown"
    """Nobody asked yet, or nobody may."""
    NOT_LISTED = "not listed"


_WORST = (Kind.UNREGISTERED, Kind.OMITTED, Kind.DIFFERS, Kind.REGISTERED, Kind.FAILED, Kind.UNKNOWN)
"""Of two swarms of one torrent at a tracker the first of these is told."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One torrent at one tracker."""

    kind: Kind
    seeders: int | None = None
    """As this tracker tells. None: it does not."""
    most: int | None = None
    """The most that any tracker tells of the same swarm. None: nobody told."""
    failure: Failure | None = None
    observed_at: datetime | None = None


NOT_LISTED = Cell(Kind.NOT_LISTED)


def cells(view: TorrentView) -> dict[int, Cell]:
    """The cells of one torrent, by the tracker's index; what is not there it does not list."""
    most: dict[SwarmVersion, int] = {}
    for answer in view.answers:
        if answer.counts.seeders is not None:
            most[answer.swarm] = max(most.get(answer.swarm, 0), answer.counts.seeders)
    found: dict[int, Cell] = {}
    for answer in view.answers:
        cell = _cell(answer, most.get(answer.swarm))
        other = found.get(answer.tracker_index)
        if other is None or _WORST.index(cell.kind) < _WORST.index(other.kind):
            found[answer.tracker_index] = cell
    return found


def _cell(answer: AnswerView, most: int | None) -> Cell:
    scrape, announce, seeders = answer.scrape, answer.announce, answer.counts.seeders
    observed = max((at for at in (scrape.observed_at, announce.observed_at) if at is not None), default=None)
    failures = [failure for failure in (scrape.failure, announce.failure) if failure is not None]
    refused = next((failure for failure in failures if failure.kind is FailureKind.UNREGISTERED), None)
    if refused is not None:
        return Cell(Kind.UNREGISTERED, None, most, refused, observed)
    states_of = (scrape.state, announce.state)
    if AskState.ANSWERED not in states_of and AskState.FAILED in states_of:
        return Cell(Kind.FAILED, None, most, failures[0] if failures else None, observed)
    if seeders is not None:
        return Cell(Kind.DIFFERS if seeders * FEW < (most or 0) else Kind.REGISTERED, seeders, most, None, observed)
    if announce.state is AskState.ANSWERED:
        return Cell(Kind.REGISTERED, None, most, None, observed)
    if scrape.state is AskState.ANSWERED:
        return Cell(Kind.OMITTED, None, most, None, observed)
    return Cell(Kind.UNKNOWN, None, most, failures[0] if failures else None, observed)


def cell_at(view: TorrentView, found: Mapping[int, Cell], tracker: TrackerView) -> Cell:
    """One of a torrent's cells, also of a tracker that has told nothing of it."""
    cell = found.get(tracker.index)
    if cell is not None:
        return cell
    listed = any(placement.tracker is tracker.tracker for placement in view.torrent.placements)
    return Cell(Kind.UNKNOWN) if listed else NOT_LISTED


def disagrees(view: TorrentView) -> bool:
    """Whether one tracker does not know a torrent, or leaves out or belittles what another one tells of."""
    return any(
        cell.kind in (Kind.UNREGISTERED, Kind.DIFFERS) or (cell.kind is Kind.OMITTED and cell.most is not None)
        for cell in cells(view).values()
    )


_INKS = {
    Kind.REGISTERED: ("+", Ink.PLAIN),
    Kind.DIFFERS: ("!", Ink.WARN),
    Kind.UNREGISTERED: ("x", Ink.BAD),
    Kind.OMITTED: ("-", Ink.WARN),
    Kind.FAILED: ("~", Ink.WARN),
    Kind.UNKNOWN: ("?", Ink.WAIT),
    Kind.NOT_LISTED: (" ", Ink.DIM),
}
_TOLD = {Kind.UNREGISTERED: "not", Kind.OMITTED: "", Kind.FAILED: "fail", Kind.UNKNOWN: "", Kind.NOT_LISTED: "·"}


def cell_span(cell: Cell) -> Span:
    """`+  41`, `!   0`, `x not`, `~fail`, `?`, `    ·`: always as wide as a column."""
    glyph, ink = _INKS[cell.kind]
    if cell.kind is Kind.REGISTERED and cell.seeders == 0:
        ink = Ink.BAD
    told = _TOLD.get(cell.kind)
    if told is None:
        told = "" if cell.seeders is None else words.short_count(cell.seeders, CELL - 1)
    return Span(f"{glyph}{told:>{CELL - 1}}", ink)


LEGEND: tuple[tuple[Span, str], ...] = (
    (Span("+", Ink.PLAIN), "seeders"),
    (Span("!", Ink.WARN), "disagree"),
    (Span("x", Ink.BAD), "unregistered"),
    (Span("-", Ink.WARN), "left out"),
    (Span("~", Ink.WARN), "no answer"),
    (Span("?", Ink.WAIT), "unknown"),
    (Span("·", Ink.DIM), "unlisted"),
)


def legend(width: int) -> Line:
    """What the glyphs mean: as many as fit."""
    line: Line = ()
    used = 0
    for mark, told in LEGEND:
        used += width_of(mark.text) + width_of(told) + 2
        if used > width:
            break
        line = (*line, Span(" "), mark, Span(f" {told}", Ink.DIM))
    return line


def explain(view: TorrentView, tracker: TrackerView, now: datetime) -> Line:
    """The cell under the cursor in a sentence."""
    cell = cell_at(view, cells(view), tracker)
    told = {
        Kind.REGISTERED: "registered" if cell.seeders is None else f"registered, {_seeders(cell.seeders)}",
        Kind.DIFFERS: f"{_seeders(cell.seeders)} here, {words.count(cell.most)} elsewhere: the counts disagree",
        Kind.UNREGISTERED: "not registered",
        Kind.OMITTED: "it answered, and said nothing of this torrent",
        Kind.FAILED: "no answer",
        Kind.UNKNOWN: "private: only asked whether it is up" if view.torrent.private else "not known yet",
        Kind.NOT_LISTED: "not in this torrent's list",
    }[cell.kind]
    glyph, ink = _INKS[cell.kind]
    # That it is not registered was just said.
    said = cell.failure and (cell.failure.message if cell.kind is Kind.UNREGISTERED else states.failure(cell.failure))
    why = f": {safe(said)}" if said else ""
    age = f", {words.ago(cell.observed_at, now)}" if cell.observed_at is not None else ""
    where = Span(f"  {safe(tracker.tracker.host_port)} {tracker.tracker.protocol}", Ink.STRONG)
    return (Span(" "), Span(f"{glyph} {told}".strip(), ink), where, Span(f"{why}{age}"))


def _seeders(number: int | None) -> str:
    return "no count of seeders" if number is None else words.plural(number, "seeder")


def columns_of(trackers: Sequence[TrackerView]) -> list[int]:
    """The trackers from left to right: most used first; without those that are watched no more."""
    watched = [view for view in trackers if not view.retired]
    return [view.index for view in sorted(watched, key=lambda view: (-view.torrents, view.index))]


_MARKS = {Health.UP: "+", Health.DEGRADED: "!", Health.DOWN: "x", Health.UNKNOWN: "?"}


def tracker_mark(view: TrackerView) -> str:
    """The glyph of a tracker's state, for its column."""
    aside = view.muted is not None or view.disabled is not None
    return "=" if aside else "~" if view.pending and view.state is not Health.DOWN else _MARKS[view.state]


ENTRY = 36
"""Cells of a host in the legend of columns, at least."""


def hosts_legend(numbered: Sequence[tuple[int, TrackerView]], current: int, width: int, most_lines: int) -> list[Line]:
    """Which number is which tracker, for the columns in sight.

    Args:
        numbered: Column numbers from 1, with their trackers.
        current: The number that the cursor is on.
        width: Cells of a line.
        most_lines: So many lines at most; the current one is always among them.
    """
    across = max(1, width // ENTRY)
    room = across * most_lines
    if not room or not numbered:
        return []
    place = next((n for n, (number, _) in enumerate(numbered) if number == current), 0)
    start = max(0, min(place - room + 1, len(numbered) - room)) if place >= room else 0
    shown = numbered[start : start + room]
    cells_each = width // across
    lines: list[Line] = []
    for first in range(0, len(shown), across):
        line: Line = ()
        for number, view in shown[first : first + across]:
            name = crop_left(safe(view.tracker.host_port), cells_each - 13)
            text = f"{number:>3} {tracker_mark(view)} {name} {view.tracker.protocol}"
            line = (*line, Span(fit(text, cells_each), Ink.STRONG if number == current else Ink.PLAIN))
        lines.append(line)
    return lines


def room_for(width: int, trackers: int) -> tuple[int, int, int]:
    """How a table is divided.

    Args:
        width: Of the table.
        trackers: How many there are.

    Returns:
        Cells of the names, how many trackers there is room for, and cells of each of their columns.
    """
    name = max(min(NAME_LEAST, width // 2), min(NAME_MOST, width // 3))
    room = max(1, (width - name - 1) // COLUMN)
    if trackers >= room:
        return name, room, COLUMN
    # Where there is room for all of them there may be some for their names.
    each = min(NAMED_COLUMN, (width - name - 1) // max(1, trackers))
    return name, room, each if each >= LEAST_NAMED_COLUMN else COLUMN


def column_title(number: int, view: TrackerView, cells_each: int) -> str:
    """What stands above a column: its tracker's state and number, and where there is room the end of its host."""
    title = f"{tracker_mark(view)}{number:>{CELL - 1}}"
    left = cells_each - COLUMN - 2
    return f"{title} {crop_left(safe(view.tracker.shown_host), left)}" if left > 0 else title


def first_column(first: int, cursor: int, room: int, total: int) -> int:
    """Where the columns in sight begin, so that the cursor is among them."""
    first = min(first, cursor) if cursor < first else max(first, cursor - room + 1)
    return max(0, min(first, total - room))


def row_cells(view: TorrentView, trackers: Iterable[TrackerView]) -> dict[int, Span]:
    """The spans of one row, by the tracker's index."""
    found = cells(view)
    return {tracker.index: cell_span(cell_at(view, found, tracker)) for tracker in trackers}
