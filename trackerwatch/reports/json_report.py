"""The report as one JSON document (Contract: `trackerwatch.report/1`).

One object a line inside the lists: quick to write, and a diff of two reports names what changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.reports.json_rows import head, lists
from trackerwatch.reports.values import text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trackerwatch.reports.formats import Style
    from trackerwatch.reports.rows import Report


def render(report: Report, style: Style) -> Iterator[str]:  # noqa: ARG001 - every format has this signature
    """The document, piece by piece."""
    opening = "{\n"
    for key, value in head(report).items():
        yield f"{opening} {text(key)}: {text(value)}"
        opening = ",\n"
    for key, rows in lists(report).items():
        yield f",\n {text(key)}: ["
        separator = "\n  "
        for row in rows:
            yield separator + text(row)
            separator = ",\n  "
        yield "]" if separator == "\n  " else "\n ]"
    yield "\n}\n"
