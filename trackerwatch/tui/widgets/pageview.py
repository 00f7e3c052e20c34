"""A page on the screen: scrolls like a pager, and the cursor rests on what leads somewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message

from trackerwatch.tui.lines.page import Layout
from trackerwatch.tui.widgets.inked import Inked, Scrolled
from trackerwatch.tui.widgets.keys import Chorded, scroll_bindings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.strip import Strip

    from trackerwatch.tui.lines.ink import Line
    from trackerwatch.tui.lines.page import Section, Target


class PageView(Chorded, Inked, Scrolled, can_focus=True, inherit_bindings=False):
    """Shows a page."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *scroll_bindings("page", but="space"),
        Binding("enter", "choose", "open", id="page.open", tooltip="Open what the cursor is on", show=True),
    ]

    DEFAULT_CSS = """
    PageView { width: 1fr; height: 1fr; overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1; scrollbar-gutter: stable; }
    """

    class Chosen(Message):
        """Enter, or a second click, on a line that leads somewhere."""

        def __init__(self, page: PageView, target: Target) -> None:
            super().__init__()
            self.page = page
            self.target = target

        @property
        def control(self) -> PageView:
            """The page that sent this."""
            return self.page

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._sections: Sequence[Section] = ()
        self._layout = Layout((), 0)
        self._cursor: int | None = None
        self._jumped = ""
        """The section that was jumped to last, until something moves."""
        self._painted: dict[int, tuple[Line, bool]] = {}

    # -- what is in it -------------------------------------------------------------------------------------------------

    @property
    def layout_of_page(self) -> Layout:
        """Which line is where."""
        return self._layout

    @property
    def target(self) -> Target | None:
        """What the cursor is on. None: nothing, or nothing that is in view."""
        return self._layout.target(self._cursor) if self._cursor is not None and self._in_view(self._cursor) else None

    @property
    def section(self) -> str:
        """The section that is looked at: the one jumped to, else that of the cursor or of the first line in view."""
        if self._jumped and self._layout.start_of(self._jumped) is not None:
            return self._jumped
        at = self._cursor if self._cursor is not None and self._in_view(self._cursor) else self.scroll_offset.y
        return self._layout.section_at(at)

    @property
    def texts(self) -> list[str]:
        """Every line as text; makes every row."""
        return [self._layout.text(at) for at in range(len(self._layout))]

    def show(self, sections: Sequence[Section]) -> None:
        """Show this page; the cursor stays on what it is on, and that stays where it is on the screen."""
        self._sections = sections
        self._lay_out()

    def _lay_out(self) -> None:
        width = self.scrollable_content_region.width
        if not width:
            return
        before, top = self._cursor, self.scroll_offset.y
        held = self.target
        self._layout = Layout(self._sections, width)
        self.set_extent(width, len(self._layout))
        if held is not None and before is not None:
            found = self._layout.find(held, before)
            self._cursor = found if found is not None else self._nearest(before)
            if found is not None and found != before:
                top = max(0, top + found - before)
        elif before is not None:
            self._cursor = self._nearest(before)
        else:
            first = self._layout.stop(0, 1)
            self._cursor = first if first is not None and first < self._height else None
        last = max(0, len(self._layout) - self._height)
        self._scroll(min(top, last))
        self._repaint()

    def _nearest(self, at: int) -> int | None:
        return self._layout.stop(at, -1) if self._layout.stop(at, 1) is None else self._layout.stop(at, 1)

    def _repaint(self) -> None:
        """Paint the visible lines that differ from what was painted."""
        top = self.scroll_offset.y
        dirty = []
        for y in range(self.size.height):
            at = top + y
            if self._painted.get(y) != (self._layout.line(at), at == self._cursor):
                dirty.append(Region(0, y, self.size.width, 1))
        if dirty:
            self.refresh(*dirty)

    def on_resize(self, event: events.Resize) -> None:
        """Wrap to the new width."""
        del event
        self._painted.clear()
        self._lay_out()
        if self._cursor is not None:
            self._bring_into_view(self._cursor)

    # -- moving --------------------------------------------------------------------------------------------------------

    @property
    def _height(self) -> int:
        return max(1, self.size.height)

    def _in_view(self, at: int) -> bool:
        return self.scroll_offset.y <= at < self.scroll_offset.y + self._height

    def _scroll(self, top: int) -> None:
        if top != self.scroll_offset.y:
            self.scroll_to(y=top, animate=False, force=True)

    def _bring_into_view(self, at: int) -> None:
        top = self.scroll_offset.y
        if at < top:
            self._scroll(at)
        elif at >= top + self._height:
            self._scroll(at - self._height + 1)

    def _put(self, at: int | None) -> None:
        self._cursor = at
        self._jumped = ""
        if at is not None:
            self._bring_into_view(at)
        self._repaint()

    def action_move(self, lines: int) -> None:
        """To the next thing that leads somewhere, where one is near; else a line on."""
        self.end_chord()
        self._jumped = ""
        step = 1 if lines > 0 else -1
        for _ in range(abs(lines)):
            self._step(step)
        self._repaint()

    def _step(self, step: int) -> None:
        top, height = self.scroll_offset.y, self._height
        edge = top + height - 1 if step > 0 else top
        if self._cursor is not None and self._in_view(self._cursor):
            begin = self._cursor + step
        else:
            begin = top if step > 0 else top + height - 1
        near = self._layout.stop(begin, step)
        # One line beyond the edge is in view after this step.
        if near is not None and (near - edge) * step <= 1:
            self._cursor = near
            self._bring_into_view(near)
        else:
            self._scroll(max(0, min(top + step, len(self._layout) - height)))

    def action_page(self, halves: int) -> None:
        """Half a page up or down; the cursor goes along."""
        self._jumped = ""
        rows = halves * max(1, self._height // 2)
        top = max(0, min(self.scroll_offset.y + rows, len(self._layout) - self._height))
        at_edge = top == self.scroll_offset.y
        wanted = (self._cursor if self._cursor is not None else top) + rows
        self._scroll(top)
        step = 1 if halves > 0 else -1
        if at_edge:
            wanted = len(self._layout) - 1 if step > 0 else 0
        near = self._layout.stop(max(top, min(wanted, top + self._height - 1)), -step)
        if near is None or not top <= near < top + self._height:
            near = self._layout.stop(top, 1)
        if near is not None and top <= near < top + self._height:
            self._cursor = near
        self._repaint()

    def action_edge(self, end: int) -> None:
        """To the first (0) or the last (1) line."""
        self._jumped = ""
        last = len(self._layout) - 1
        self._scroll(max(0, last + 1 - self._height) if end else 0)
        near = self._layout.stop(last, -1) if end else self._layout.stop(0, 1)
        self._cursor = near if near is not None and self._in_view(near) else self._cursor
        self._repaint()

    def jump(self, key: str) -> bool:
        """To the beginning of a section. Gives whether it is there."""
        start = self._layout.start_of(key)
        if start is None:
            return False
        self._scroll(max(0, min(start, len(self._layout) - self._height)))
        near = self._layout.stop(start, 1)
        self._cursor = near if near is not None and self._in_view(near) else self._cursor
        self._jumped = key
        self._repaint()
        return True

    def action_choose(self) -> None:
        """Say what was chosen."""
        if (target := self.target) is not None:
            self.post_message(self.Chosen(self, target))

    def on_click(self, event: events.Click) -> None:
        """A row is selected, and opened by the second click; what folds does so at once."""
        at = self.scroll_offset.y + event.y
        target = self._layout.target(at)
        if target is None:
            return
        again = at == self._cursor and event.chain > 1
        self._put(at)
        if again:
            self.action_choose()

    # -- drawing -------------------------------------------------------------------------------------------------------

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Everything is elsewhere."""
        super().watch_scroll_y(old_value, new_value)
        self._painted.clear()

    def styles_changed(self) -> None:
        """Draw everything anew."""
        self._painted.clear()
        self.refresh()

    def cursor_changed(self) -> None:
        """Draw its line anew."""
        if self._cursor is not None:
            self._painted.pop(self._cursor - self.scroll_offset.y, None)
            self._repaint()

    def render_line(self, y: int) -> Strip:
        """One line, as Textual's line API wants it."""
        at = self.scroll_offset.y + y
        line, selected = self._layout.line(at), at == self._cursor
        self._painted[y] = (line, selected)
        return self.strip_of(line, self.scrollable_content_region.width, selected=selected)
