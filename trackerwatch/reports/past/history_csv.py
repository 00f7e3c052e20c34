"""History as CSV: a row for each stretch of each tracker, or for each transition of a torrent. Times are RFC 3339, UTC.

A spreadsheet takes cells that begin like a formula for one: names and texts from outside get an apostrophe before that.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from trackerwatch.escaping import harmless_cell
from trackerwatch.reports.past.history_rows import rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from trackerwatch.history import TorrentHistory, TrackerHistory
    from trackerwatch.reports.past.history_rows import HistoryReport

STRETCH_COLUMNS = (*("tracker", "url", "begin", "span_s", "successes", "counted", "covered_s", "p50_s", "p95_s"),)
TRANSITION_COLUMNS = (*("torrent", "name", "at", "event", "from", "to", "tracker", "endpoint", "reason", "message"),)

Cell = str | float | None


def render(report: HistoryReport) -> Iterator[str]:
    """The document, a line at a time."""
    if report.torrent is not None:
        yield _line(TRANSITION_COLUMNS)
        yield from map(_line, _transitions(report.torrent))
        return
    yield _line(STRETCH_COLUMNS)
    for history in report.trackers:
        yield from map(_line, _stretches(history))


def _line(cells: Iterable[Cell]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow([harmless_cell(c) if isinstance(c, str) else c for c in cells])
    return line.getvalue()


def _stretches(history: TrackerHistory) -> Iterator[tuple[Cell, ...]]:
    for stretch in history.stretches:
        yield (
            history.tracker,
            history.url,
            rfc3339(stretch.begin),
            round(stretch.span_s, 3),
            stretch.successes,
            stretch.counted,
            round(stretch.covered_s, 3),
            _seconds(stretch.p50_s),
            _seconds(stretch.p95_s),
        )


def _transitions(history: TorrentHistory) -> Iterator[tuple[Cell, ...]]:
    for transition in history.transitions:
        yield (
            history.info_hash,
            transition.name,
            rfc3339(transition.at),
            transition.kind,
            transition.from_state,
            transition.to_state,
            transition.tracker,
            transition.endpoint,
            transition.reason,
            transition.message,
        )


def _seconds(duration_s: float | None) -> float | None:
    return None if duration_s is None else round(duration_s, 6)
