"""Not written yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trackerwatch.reports.formats import Style
    from trackerwatch.reports.rows import Report


def render(report: Report, style: Style) -> Iterator[str]:
    """The document, piece by piece."""
    raise NotImplementedError
