"""Columns of a table: which are there at a width, and how wide each is. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from trackerwatch.tui.lines.ink import Span

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Column:
    """One column and the widths of the table at which it is there."""

    key: str
    title: str
    width: int
    """Cells; with `flex` the least."""
    right: bool = False
    """Right-aligned: numbers."""
    flex: int = 0
    """Its share of the cells left over; 0 takes none."""
    most: int = 0
    """The widest a flexible column gets; 0: no limit."""
    at: int = 0
    """Shown in tables at least this wide."""
    until: int = 10_000
    """Shown in tables narrower than this."""
    elide_left: bool = False
    """Too long a text loses its beginning."""
    gap: int = 1
    """Cells between it and the next column."""


Cell: TypeAlias = Span | tuple[Span, ...]
"""A text to be fitted to the column, or spans that fit it already."""

Cells: TypeAlias = dict[str, Cell]
"""A row, by column key. The provider may leave out columns that are not shown."""


def lay_out(columns: Sequence[Column], width: int) -> list[tuple[Column, int]]:
    """The columns that are shown in a table of this width, each with its width in cells."""
    shown = [column for column in columns if column.at <= width < column.until]
    widths = {column.key: column.width for column in shown}
    spare = width - sum(column.width + column.gap for column in shown) + (shown[-1].gap if shown else 0)
    flexible = [column for column in shown if column.flex]
    while spare > 0 and flexible:
        share = sum(column.flex for column in flexible)
        given = 0
        for column in list(flexible):
            extra = max(1, spare * column.flex // share)
            if column.most:
                extra = min(extra, column.most - widths[column.key])
            extra = min(extra, spare - given)
            widths[column.key] += extra
            given += extra
            if column.most and widths[column.key] >= column.most:
                flexible.remove(column)
        if not given:
            break
        spare -= given
    return [(column, widths[column.key]) for column in shown]
