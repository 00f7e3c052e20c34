"""Wrapped lines with a cursor on one of them; the end stays in view until one moves away from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message

from trackerwatch.tui.lines.ink import Span, wrap
from trackerwatch.tui.widgets.inked import Inked, Scrolled
from trackerwatch.tui.widgets.keys import Chorded, scroll_bindings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.strip import Strip

    from trackerwatch.tui.lines.chronicle import Entry
    from trackerwatch.tui.lines.ink import Line

SHORTEST_PIECE = 12
"""Cells of a line that are worth filling."""
MAX_WRAPPED = 4000
"""Lines whose wrapping is remembered: most are the same the next time."""


def _wrap(line: Line, width: int, indent: int) -> list[Line]:
    """As `wrap`, and quick for what nearly all events are: a short head, and a message of ASCII that has spaces."""
    *head, message = line or (Span(""),)
    text, used = message.text, sum(len(span.text) for span in head)
    plain = text.isascii() and all(span.text.isascii() for span in head)
    if not plain or width - max(used, indent) < SHORTEST_PIECE:
        return wrap(line, width, indent=indent)
    lines: list[Line] = []
    before: tuple[Span, ...] = tuple(head)
    at, room = 0, width - used
    while len(text) - at > room:
        end = text.rfind(" ", at + 1, at + room + 1)
        if end < 0:
            # A word that is longer than the line.
            return wrap(line, width, indent=indent)
        lines.append((*before, message._replace(text=text[at:end])))
        before, at, room = (Span(" " * indent),), end + 1, width - indent
    return [*lines, (*before, message._replace(text=text[at:]))]


class EventList(Chorded, Inked, Scrolled, can_focus=True, inherit_bindings=False):
    """Events, the latest at the end."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *scroll_bindings("events", but="space"),
        Binding(
            "enter", "open", "go to row", id="events.open", tooltip="Go to the row that this event is about", show=True
        ),
        Binding("space", "fold", "unfold", id="events.fold", tooltip="Show each event of a burst, or fold them"),
    ]

    DEFAULT_CSS = """
    EventList { width: 1fr; height: 1fr; overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1; scrollbar-gutter: stable; }
    """

    class Opened(Message):
        """An entry was chosen."""

        def __init__(self, entry: Entry) -> None:
            super().__init__()
            self.entry = entry

    class Widened(Message):
        """It has another width than before."""

    class Folded(Message):
        """An entry is to be folded or unfolded."""

        def __init__(self, entry: Entry) -> None:
            super().__init__()
            self.entry = entry

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._indent = 4
        """Of what follows a wrapped line's first."""
        self._entries: tuple[Entry, ...] = ()
        self._places: list[int] = []
        """Indices of the entries that can be chosen."""
        self._cursor = -1
        """Index of the entry under the cursor; -1: there is none."""
        self._follows = True
        self._wrapped: list[tuple[int, Line]] = []
        """Each line with the index of its entry."""
        self._first: list[int] = []
        """Of each entry its first line."""
        self._width = 0
        self._known: dict[Line, list[Line]] = {}

    # -- what is in it -------------------------------------------------------------------------------------------------

    @property
    def lines(self) -> tuple[Line, ...]:
        """What is shown, before wrapping."""
        return tuple(entry.line for entry in self._entries)

    @property
    def cursor(self) -> Entry | None:
        """The entry under the cursor."""
        return self._entries[self._cursor] if self._cursor >= 0 else None

    @property
    def follows(self) -> bool:
        """Whether the end is kept in view."""
        return self._follows

    def show(self, entries: Sequence[Entry], indent: int) -> None:
        """Show these. The cursor stays on its entry, or at the end while that is followed.

        Args:
            entries: All there are to show.
            indent: Cells before what follows a wrapped line's first.
        """
        shown = tuple(entries)
        if shown == self._entries and indent == self._indent:
            return
        if indent != self._indent:
            self._indent = indent
            self._known.clear()
        key = None if self.cursor is None else self.cursor.key
        top = self._entry_at(self.scroll_offset.y)
        top_key = self._entries[top].key if top >= 0 else None
        lines_below = self.scroll_offset.y - self._first[top] if top >= 0 else 0
        before = self._cursor
        self._entries = shown
        self._places = [index for index, entry in enumerate(shown) if entry.key is not None]
        self._cursor = -1
        self._wrap()
        if not self._places:
            return
        index = self._index_of(key)
        if self._follows:
            self._cursor = self._places[-1]
        else:
            self._cursor = index if index is not None else self._nearest(before)
        if self._follows:
            self._to_end()
        elif self._first and top_key is not None and (anchor := self._index_of(top_key)) is not None:
            self.scroll_to(y=self._first[anchor] + lines_below, animate=False, force=True)
        self.refresh()

    def select(self, key: int) -> bool:
        """Put the cursor on an entry.

        Returns:
            Whether it is there.
        """
        index = self._index_of(key)
        if index is None:
            return False
        self._go(index)
        return True

    def _index_of(self, key: int | None) -> int | None:
        return next((index for index in self._places if self._entries[index].key == key), None)

    def _nearest(self, index: int) -> int:
        return next((place for place in self._places if place >= index), self._places[-1])

    def _entry_at(self, line: int) -> int:
        return self._wrapped[line][0] if line < len(self._wrapped) else -1

    # -- wrapping ------------------------------------------------------------------------------------------------------

    def _wrap(self) -> None:
        width = self.scrollable_content_region.width
        if not width:
            # What is wrapped would be of other entries than those there are by now.
            self._wrapped, self._first, self._width = [], [], 0
            return
        if width != self._width or len(self._known) > MAX_WRAPPED:
            self._known.clear()
            self._width = width
        self._wrapped, self._first = [], []
        for index, entry in enumerate(self._entries):
            self._first.append(len(self._wrapped))
            parts = self._known.get(entry.line)
            if parts is None:
                parts = self._known[entry.line] = _wrap(entry.line, width, self._indent)
            self._wrapped += [(index, part) for part in parts]
        self.set_extent(width, len(self._wrapped))
        self.refresh()

    def _to_end(self) -> None:
        self.scroll_to(y=max(0, len(self._wrapped) - self.size.height), animate=False, force=True)

    def _last_line(self, index: int) -> int:
        return (self._first[index + 1] if index + 1 < len(self._first) else len(self._wrapped)) - 1

    def on_resize(self) -> None:
        """Wrap to the new width, with the cursor in view."""
        if self.scrollable_content_region.width != self._width:
            self._wrap()
            self.post_message(self.Widened())
        if self._follows:
            self._to_end()
        elif self._cursor >= 0:
            self._bring_into_view()

    def _bring_into_view(self) -> None:
        if not self._first:
            return
        first, last = self._first[self._cursor], self._last_line(self._cursor)
        top, height = self.scroll_offset.y, max(1, self.size.height)
        if first < top:
            self.scroll_to(y=first, animate=False, force=True)
        elif last >= top + height:
            self.scroll_to(y=min(first, last - height + 1), animate=False, force=True)

    def render_line(self, y: int) -> Strip:
        """One line, as Textual's line API wants it."""
        width = self.scrollable_content_region.width
        at = self.scroll_offset.y + y
        if at >= len(self._wrapped):
            return self.strip_of((), width)
        index, line = self._wrapped[at]
        return self.strip_of(line, width, selected=index == self._cursor)

    def styles_changed(self) -> None:
        """Draw everything anew."""
        self.refresh(Region(0, 0, self.size.width, self.size.height))

    def cursor_changed(self) -> None:
        """Draw its entry anew."""
        if self._cursor >= 0 and self._first:
            first, last = self._first[self._cursor], self._last_line(self._cursor)
            width, height = self.size
            top, end = max(0, first - self.scroll_offset.y), min(height, last - self.scroll_offset.y + 1)
            if top < end:
                self.refresh(Region(0, top, width, end - top))

    # -- moving --------------------------------------------------------------------------------------------------------

    def _go(self, index: int) -> None:
        self._cursor = index
        # Whoever stands at the end wants to see what comes.
        self._follows = index == self._places[-1]
        self._bring_into_view()
        if self._follows:
            self._to_end()
        self.refresh()

    def _step(self, by: int) -> None:
        if self._places:
            at = self._places.index(self._cursor) if self._cursor in self._places else len(self._places) - 1
            self._go(self._places[max(0, min(len(self._places) - 1, at + by))])

    def action_move(self, lines: int) -> None:
        """Move the cursor by entries."""
        self.end_chord()
        self._step(lines)

    def action_page(self, halves: int) -> None:
        """Move the cursor by half pages."""
        self.action_move(halves * max(1, self.size.height // 2))

    def action_edge(self, end: int) -> None:
        """Move the cursor to the first (0) or the last (1) entry."""
        if self._places:
            self._go(self._places[-1 if end else 0])

    def action_open(self) -> None:
        """Say that the entry under the cursor was chosen."""
        if self.cursor is not None:
            self.post_message(self.Opened(self.cursor))

    def action_fold(self) -> None:
        """Say that the entry under the cursor is to be folded or unfolded."""
        if self.cursor is not None:
            self.post_message(self.Folded(self.cursor))

    def on_mouse_scroll_up(self) -> None:
        """Whoever scrolls up wants to read, whatever comes."""
        self._follows = False

    def on_mouse_scroll_down(self) -> None:
        """Whoever is at the end again wants to see what comes."""
        if self.scroll_target_y >= self.max_scroll_y:
            self._follows = True

    def on_click(self, event: events.Click) -> None:
        """A click selects, the second opens."""
        index = self._entry_at(self.scroll_offset.y + event.y)
        if index in self._places:
            if index == self._cursor and event.chain > 1:
                self.action_open()
            else:
                self._go(index)
