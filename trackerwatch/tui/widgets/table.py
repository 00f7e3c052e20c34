"""A table of any length whose rows exist only while they are visible.

It holds keys in an order, and asks for the cells of the few rows it draws. Cursor and scroll position belong to a key, so
they stay on it when the order changes. `DataTable` does the same a hundred times slower when rows change often.
Keys below zero are headings, which are not opened but toggled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip

from trackerwatch.tui.lines.columns import Cell, Cells, Column, lay_out
from trackerwatch.tui.lines.ink import Ink, Span, fit
from trackerwatch.tui.widgets.inked import Inked, Scrolled
from trackerwatch.tui.widgets.keys import Chorded, scroll_bindings

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from rich.style import Style
    from textual import events


MAX_FITTED = 4000
"""Cells whose text is remembered as it is drawn."""


def _add_below(regions: list[Region], part: Region) -> None:
    """Add a part of a line; with the same part of the line above it is one region, which is painted at one go."""
    above = regions[-1] if regions else None
    if above is not None and (above.x, above.width, above.bottom) == (part.x, part.width, part.y):
        regions[-1] = Region(above.x, above.y, above.width, above.height + part.height)
    else:
        regions.append(part)


class LineTable(Chorded, Inked, Scrolled, can_focus=True, inherit_bindings=False):
    """A keyed table on Textual's line API."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *scroll_bindings("table", but="space"),
        Binding("enter", "open", "open", id="table.open", tooltip="Show everything about the selected row"),
    ]

    DEFAULT_CSS = """
    LineTable { width: 1fr; height: 1fr; overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1; scrollbar-gutter: stable; }
    """

    class Moved(Message):
        """The cursor is on another key (or the first time on one)."""

        def __init__(self, table: LineTable, key: int | None) -> None:
            super().__init__()
            self.table = table
            self.key = key

        @property
        def control(self) -> LineTable:
            """The table that sent this."""
            return self.table

    class Opened(Message):
        """The row under the cursor was chosen."""

        def __init__(self, table: LineTable, key: int) -> None:
            super().__init__()
            self.table = table
            self.key = key

        @property
        def control(self) -> LineTable:
            """The table that sent this."""
            return self.table

    class Toggled(Message):
        """The heading under the cursor was chosen: a key below zero."""

        def __init__(self, table: LineTable, key: int) -> None:
            super().__init__()
            self.table = table
            self.key = key

        @property
        def control(self) -> LineTable:
            """The table that sent this."""
            return self.table

    class HeadClicked(Message):
        """A column title was clicked."""

        def __init__(self, table: LineTable, column: str) -> None:
            super().__init__()
            self.table = table
            self.column = column

        @property
        def control(self) -> LineTable:
            """The table that sent this."""
            return self.table

    def __init__(
        self,
        columns: Sequence[Column],
        row: Callable[[int], Cells],
        *,
        id: str | None = None,  # noqa: A002 - Textual's name
        empty: str = "nothing to show",
    ) -> None:
        super().__init__(id=id)
        self._columns = tuple(columns)
        self._row = row
        self._order: Sequence[int] = ()
        self._cursor = 0
        self._touched = False
        self._drawn: dict[int, tuple[Cells, Strip | None, Strip | None]] = {}
        self._drawn_width = -1
        self._layout: list[tuple[Column, int]] = []
        self._fitted: dict[tuple[int, Cell | None], tuple[tuple[str, Ink], ...]] = {}
        """By number of the column: what a cell is drawn as."""
        self._marks: dict[str, str] = {}
        self._empty = empty
        self._styles: dict[tuple[Ink, bool], Style] = {}
        self.rows_drawn = 0
        """Rows turned into cells so far: what tests and measurements look at."""

    # -- what is in it -------------------------------------------------------------------------------------------------

    @property
    def order(self) -> Sequence[int]:
        """The keys, in the order shown."""
        return self._order

    @property
    def cursor(self) -> int:
        """Position of the cursor in `order`."""
        return self._cursor

    @property
    def cursor_key(self) -> int | None:
        """The key under the cursor. None: the table is empty."""
        return self._order[self._cursor] if self._order else None

    def set_order(self, order: Sequence[int]) -> None:
        """Show these keys in this order. The cursor stays on its key once it was moved, else on the first row."""
        if order == self._order:
            return
        before = self.cursor_key
        height = self._body_height
        offset = self._cursor - self.scroll_offset.y
        at_top = self.scroll_offset.y == 0
        self._order = order
        position = self._cursor if self._touched else 0
        if self._touched and before is not None:
            try:
                position = order.index(before)
            except ValueError:
                position = self._cursor
        self._cursor = max(0, min(len(order) - 1, position))
        self.set_extent(self.size.width, len(order) + 1)
        top = 0 if at_top and self._cursor < height else max(0, self._cursor - max(0, offset))
        self.scroll_to(y=top, animate=False, force=True)
        self.refresh()
        if self.cursor_key != before:
            self.post_message(self.Moved(self, self.cursor_key))

    def rows_changed(self, keys: Collection[int] | None = None) -> None:
        """Ask anew for those of these rows (None: of all) that are visible, and repaint the lines that differ."""
        if keys is None:
            visible = set(self.visible_keys())
            for key in [key for key in self._drawn if key not in visible]:
                del self._drawn[key]
        else:
            for key in keys:
                if key in self._drawn and not self._is_visible(key):
                    del self._drawn[key]
        dirty: list[Region] = []
        for y, key in enumerate(self.visible_keys()):
            if keys is not None and key not in keys:
                continue
            drawn = self._drawn.get(key)
            if drawn is None:
                continue
            self.rows_drawn += 1
            cells = self._row(key)
            if cells != drawn[0]:
                self._drawn[key] = (cells, None, None)
                if (part := self._differing(drawn[0], cells, y + 1)) is not None:
                    _add_below(dirty, part)
        if dirty:
            self.refresh(*dirty)

    def _differing(self, before: Cells, after: Cells, y: int) -> Region | None:
        """The part of a line from the first column that differs to the last. None: no column that is shown does."""
        x = end = 0
        start: int | None = None
        for column, width in self._layout:
            if before.get(column.key) != after.get(column.key):
                start = x if start is None else start
                end = x + width
            x += width + column.gap
        return None if start is None else Region(start, y, end - start, 1)

    def _is_visible(self, key: int) -> bool:
        return key in self.visible_keys()

    def visible_keys(self) -> Sequence[int]:
        """The keys on screen, from the top."""
        top = self.scroll_offset.y
        return self._order[top : top + self._body_height]

    def mark(self, **marks: str) -> None:
        """Put a mark (such as an arrow) behind the titles of columns; other titles lose theirs."""
        if marks != self._marks:
            self._marks = marks
            self.refresh(Region(0, 0, self.size.width, 1))

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Show these columns from now on."""
        if tuple(columns) != self._columns:
            self._columns = tuple(columns)
            # As if the width had changed.
            self._drawn_width = -1
            self.refresh()

    def set_empty(self, text: str) -> None:
        """What an empty table says."""
        if text != self._empty:
            self._empty = text
            if not self._order:
                self.refresh()

    def select(self, key: int) -> None:
        """Put the cursor on a key, if it is there."""
        if key in self._order:
            self._touched = True
            self._go(self._order.index(key))

    # -- moving --------------------------------------------------------------------------------------------------------

    @property
    def _body_height(self) -> int:
        return max(0, self.size.height - 1)

    def _go(self, position: int) -> None:
        if not self._order:
            return
        before = self._cursor
        self._cursor = max(0, min(len(self._order) - 1, position))
        if self._cursor == before:
            return
        top = self.scroll_offset.y
        height = max(1, self._body_height)
        if self._cursor < top:
            self.scroll_to(y=self._cursor, animate=False, force=True)
        elif self._cursor >= top + height:
            self.scroll_to(y=self._cursor - height + 1, animate=False, force=True)
        if self.scroll_offset.y == top:
            lines = (before - top + 1, self._cursor - top + 1)
            self.refresh(*(Region(0, y, self.size.width, 1) for y in lines))
        else:
            self.refresh()
        self.post_message(self.Moved(self, self.cursor_key))

    def action_move(self, rows: int) -> None:
        """Move the cursor by rows."""
        self.end_chord()
        self._touched = True
        self._go(self._cursor + rows)

    def action_page(self, halves: int) -> None:
        """Move the cursor by half pages."""
        self.action_move(halves * max(1, self._body_height // 2))

    def action_edge(self, end: int) -> None:
        """Move the cursor to the first (0) or the last (1) row; at the first it follows whatever is first again."""
        self._touched = bool(end)
        self._go(len(self._order) - 1 if end else 0)

    def action_open(self) -> None:
        """Say that the row under the cursor was chosen."""
        if (key := self.cursor_key) is not None:
            self._touched = True
            self.post_message(self.Opened(self, key) if key >= 0 else self.Toggled(self, key))

    def on_click(self, event: events.Click) -> None:
        """Titles sort; a row is selected, and opened by the second click."""
        if event.y == 0:
            x = 0
            for column, width in self._layout:
                if x <= event.x < x + width + column.gap:
                    self.post_message(self.HeadClicked(self, column.key))
                    return
                x += width + column.gap
            return
        position = self.scroll_offset.y + event.y - 1
        if position < len(self._order):
            self._touched = True
            heading = self._order[position] < 0
            if not heading and position == self._cursor and event.chain > 1:
                self.action_open()
            else:
                self._go(position)
            if heading:
                self.action_open()

    def on_resize(self) -> None:
        """Keep the cursor in view."""
        self.set_extent(self.size.width, len(self._order) + 1)
        height = max(1, self._body_height)
        if self._cursor >= self.scroll_offset.y + height:
            self.scroll_to(y=self._cursor - height + 1, animate=False, force=True)

    # -- drawing -------------------------------------------------------------------------------------------------------

    def styles_changed(self) -> None:
        """Draw everything anew in the new colours."""
        self._styles.clear()
        for key, (cells, _, _) in self._drawn.items():
            self._drawn[key] = (cells, None, None)

    def cursor_changed(self) -> None:
        """Draw its row anew."""
        self._styles = {key: style for key, style in self._styles.items() if not key[1]}
        for key, (cells, strip, _) in self._drawn.items():
            self._drawn[key] = (cells, strip, None)
        y = self._cursor - self.scroll_offset.y
        if 0 <= y < self._body_height:
            self.refresh(Region(0, y + 1, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        """One line, as Textual's line API wants it."""
        width = self.scrollable_content_region.width
        if width != self._drawn_width:
            self._drawn_width = width
            self._layout = lay_out(self._columns, width)
            self._drawn.clear()
            self._fitted.clear()
        if y == 0:
            return self._head(width)
        position = self.scroll_offset.y + y - 1
        if position >= len(self._order):
            text = self._empty if y == 1 and not self._order else ""
            return self.strip_of((Span(f" {text}", Ink.DIM),), width)
        key = self._order[position]
        selected = position == self._cursor
        drawn = self._drawn.get(key)
        if drawn is None:
            if len(self._drawn) > 2000:
                self._drawn.clear()
            self.rows_drawn += 1
            drawn = (self._row(key), None, None)
        strip = drawn[2] if selected else drawn[1]
        if strip is None:
            strip = self._strip(drawn[0], width, selected=selected)
            drawn = (drawn[0], drawn[1], strip) if selected else (drawn[0], strip, drawn[2])
            self._drawn[key] = drawn
        return strip

    def _head(self, width: int) -> Strip:
        text = ""
        for column, cells in self._layout:
            mark = self._marks.get(column.key, "")
            title, gap = column.title, " " * column.gap
            if len(title) + len(mark) <= cells:
                title += mark
            elif mark and column.gap >= len(mark):
                # The title stays whole: the mark stands in the gap behind it.
                gap = mark + gap[len(mark) :]
            else:
                title = title[: cells - len(mark)] + mark
            text += fit(title, cells, right=column.right) + gap
        return self.strip_of((Span(text[:width], Ink.HEAD),), width)

    def _strip(self, cells: Cells, width: int, *, selected: bool) -> Strip:
        # Neighbours in the same ink are one segment: fewer to draw, and fewer to send.
        runs: list[tuple[Ink, list[str]]] = []
        used = 0
        for number, (column, column_width) in enumerate(self._layout):
            for text, ink in self._pieces(number, cells.get(column.key)):
                if runs and runs[-1][0] is ink:
                    runs[-1][1].append(text)
                else:
                    runs.append((ink, [text]))
            used += column_width + self._gap_behind(number)
        segments = [Segment("".join(texts), self._cached_style(ink, selected)) for ink, texts in runs]
        return Strip(segments, used).adjust_cell_length(width, self._cached_style(Ink.PLAIN, selected))

    def _gap_behind(self, number: int) -> int:
        return self._layout[number][0].gap if number < len(self._layout) - 1 else 0

    def _pieces(self, number: int, cell: Cell | None) -> tuple[tuple[str, Ink], ...]:
        """A cell as texts that fill its column and the gap behind it; of most rows one cell is another than a second ago."""
        known = self._fitted.get((number, cell))
        if known is not None:
            return known
        column, width = self._layout[number]
        gap = " " * self._gap_behind(number)
        if cell is None:
            pieces: tuple[tuple[str, Ink], ...] = ((" " * width + gap, Ink.PLAIN),)
        elif isinstance(cell, Span):
            text = fit(cell.text, width, right=column.right, elide_left=column.elide_left)
            pieces = ((text + gap, cell.ink),)
        else:
            pieces = (*((part.text, part.ink) for part in cell), (gap, Ink.PLAIN))
        if len(self._fitted) >= MAX_FITTED:
            self._fitted.clear()
        self._fitted[number, cell] = pieces
        return pieces

    def _cached_style(self, ink: Ink, selected: bool) -> Style:  # noqa: FBT001 - private, on the hot path
        style = self._styles.get((ink, selected))
        if style is None:
            style = self._styles[ink, selected] = self.style_of(ink, selected=selected)
        return style
