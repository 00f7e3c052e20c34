"""The report as JSON lines: one object a line, told apart by `type`, with the rows of the JSON report.

In this order: one `report` (what belongs to the run: schema, vantage, summary and so on, as at the top of the JSON report,
where `changes` says with what was compared), then a `tracker`, `torrent`, `problem`, `skipped` or `change` for each row of
these lists, and one `end` with the number of rows of each. Without its `end` a file is not whole.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from trackerwatch.reports import json_rows
from trackerwatch.reports.values import moment, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trackerwatch.reports.formats import Style
    from trackerwatch.reports.rows import Report
    from trackerwatch.reports.values import Json

TYPES = {
    "trackers": "tracker",
    "torrents": "torrent",
    "problems": "problem",
    "skipped": "skipped",
    "changes": "change",
}
"""Type of a row by the list of the JSON report that it stands in."""


def render(report: Report, style: Style) -> Iterator[str]:  # noqa: ARG001 - every format has this signature
    """The document, a line at a time."""
    head = json_rows.head(report)
    changes = report.changes
    if changes is not None:
        head["changes"] = {"against": changes.against, "at": moment(changes.at)}
    yield _line("report", head)
    lists = json_rows.lists(report)
    lists["changes"] = map(json_rows.change_row, changes.items if changes is not None else ())
    counted: Counter[str] = Counter()
    for key, rows in lists.items():
        for row in rows:
            counted[key] += 1
            yield _line(TYPES[key], row)
    yield _line("end", {key: counted[key] for key in TYPES})


def _line(kind: str, row: dict[str, Json]) -> str:
    return text({"type": kind, **row}) + "\n"
