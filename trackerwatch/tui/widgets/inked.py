"""The base of every pane: draws lines of spans as terminal strips, with colours from the theme."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from trackerwatch.tui.lines.ink import Ink, Line, crop_line, line_width, wrap
from trackerwatch.tui.widgets.keys import Chorded, scroll_bindings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from textual.binding import BindingType

_CURSOR = "ink--cursor"
_CURSOR_WITH_KEYS = "ink--cursor-with-keys"


class Inked(Widget):
    """Turns spans into segments. Text is never read as markup."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {*(ink.value for ink in Ink), _CURSOR, _CURSOR_WITH_KEYS}

    DEFAULT_CSS = """
    Inked {
        & > .ink--dim { color: $foreground 70%; }
        & > .ink--strong { color: $foreground; text-style: bold; }
        & > .ink--good { color: $text-success; }
        & > .ink--warn { color: $text-warning; text-style: bold; }
        & > .ink--bad { color: $text-error; text-style: bold; }
        & > .ink--wait { color: $text-secondary; }
        & > .ink--bar { color: $success 60%; }
        & > .ink--accent { color: $text-accent; text-style: bold; }
        & > .ink--key { color: $text-primary; text-style: bold; }
        & > .ink--rule { color: $foreground 30%; }
        & > .ink--head { color: $foreground 75%; text-style: bold; }
        & > .ink--cursor { background: $surface; }
        scrollbar-background: $background; scrollbar-background-hover: $background; scrollbar-background-active: $background;
        scrollbar-color: $foreground 25%; scrollbar-color-hover: $foreground 40%; scrollbar-color-active: $primary;
        & > .ink--cursor-with-keys { background: $primary 24%; }
    }
    Inked:ansi {
        & > .ink--dim { color: $foreground; text-style: dim; }
        & > .ink--wait { color: $foreground; text-style: italic; }
        & > .ink--bar { color: $success; }
        & > .ink--rule { color: $foreground; text-style: dim; }
        & > .ink--head { color: $foreground; text-style: bold; }
        & > .ink--cursor { background: $background; text-style: underline; }
        scrollbar-color: $foreground; scrollbar-color-hover: $foreground; scrollbar-color-active: $foreground;
        & > .ink--cursor-with-keys { background: $background; text-style: reverse; }
    }
    Inked:nocolor {
        & > .ink--dim { text-style: dim; }
        & > .ink--bad { text-style: bold; }
        & > .ink--wait { text-style: dim; }
        & > .ink--rule { text-style: dim; }
        & > .ink--cursor { text-style: underline; }
        & > .ink--cursor-with-keys { text-style: reverse; }
    }
    """

    def notify_style_update(self) -> None:
        """Forget colours: the theme or a class has changed."""
        super().notify_style_update()
        self._painted_last = None
        self._styles_of = {}
        self.styles_changed()

    def styles_changed(self) -> None:
        """Drop what was drawn in the old colours."""

    # Whether one has the keys shows in the cursor alone. Textual would work out every style anew and paint everything.

    def on_focus(self, event: events.Focus) -> None:
        """It has the keys now."""
        event.prevent_default()
        self.has_focus = True
        self._tell_above(events.DescendantFocus(self))

    def on_blur(self, event: events.Blur) -> None:
        """Another has them."""
        event.prevent_default()
        self.has_focus = False
        self._tell_above(events.DescendantBlur(self))

    def _tell_above(self, event: events.DescendantFocus | events.DescendantBlur) -> None:
        if self.parent is not None:
            self.parent.post_message(event)

    def watch_has_focus(self, has_focus: bool) -> None:  # noqa: FBT001 - as Textual calls it
        """Draw the cursor otherwise."""
        del has_focus
        self._styles_of = {key: style for key, style in self._styles_of.items() if not key[1]}
        self.cursor_changed()

    def cursor_changed(self) -> None:
        """Draw what is under the cursor anew, if there is a cursor."""

    def render_lines(self, crop: Region) -> list[Strip]:
        """Lines as Textual paints them; those of the last time where none of them has changed since.

        A frame takes the lines of every pane, whatever of them changed.
        """
        painted = self._painted_last
        if painted is not None and painted[0] == crop and not any(map(self._styles_cache.is_dirty, crop.line_range)):
            return painted[1]
        strips = super().render_lines(crop)
        self._painted_last = (crop, strips)
        return strips

    _painted_last: tuple[Region, list[Strip]] | None = None

    _styles_of: Mapping[tuple[Ink, bool], Style] = {}
    """Styles found so far: finding one goes through all ancestors."""

    def style_of(self, ink: Ink, *, selected: bool = False) -> Style:
        """The terminal style of an ink, on the cursor's background when `selected`."""
        style = self._styles_of.get((ink, selected))
        if style is None:
            style = self._find_style(ink, selected=selected)
            self._styles_of = {**self._styles_of, (ink, selected): style}
        return style

    def _find_style(self, ink: Ink, *, selected: bool) -> Style:
        if selected and ink is Ink.DIM:
            # Grey on the cursor's background is unreadable where there are 16 colours.
            ink = Ink.PLAIN
        style = self.rich_style if ink is Ink.PLAIN else self.get_component_rich_style(ink.value)
        if selected:
            cursor = self.get_component_rich_style(_CURSOR_WITH_KEYS if self.has_focus else _CURSOR)
            # Where colours are few, the row is reversed: the same for every ink, or it would be in pieces.
            colors = Style(color="default") if cursor.reverse and style.color is not None else Style()
            style += colors + Style(
                bgcolor=cursor.bgcolor, bold=True, reverse=cursor.reverse, underline=cursor.underline
            )
        return style

    def strip_of(self, line: Line, width: int, *, selected: bool = False) -> Strip:
        """Exactly `width` cells of a line."""
        line = crop_line(line, width)
        segments = [
            Segment(
                span.text,
                self.style_of(span.ink, selected=selected) + Style.from_meta({"@click": span.action})
                if span.action
                else self.style_of(span.ink, selected=selected),
            )
            for span in line
        ]
        return Strip(segments, line_width(line)).extend_cell_length(width, self.style_of(Ink.PLAIN, selected=selected))


def changed_lines(before: Sequence[Line], after: Sequence[Line], width: int) -> list[Region]:
    """The lines that differ, of as many before as after."""
    return [
        Region(0, y, width, 1) for y, (old, new) in enumerate(zip(before, after, strict=True)) if width and old != new
    ]


class InkLines(Inked):
    """A few fixed lines: header, problem line, tabs, rules, strips."""

    DEFAULT_CSS = """
    InkLines { height: 1; width: 1fr; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self.lines: tuple[Line, ...] = ()

    def show(self, *lines: Line) -> None:
        """Draw these lines, if they are not what is there already."""
        if lines != self.lines:
            before, self.lines = self.lines, lines
            if len(before) == len(lines):
                if changed := changed_lines(before, lines, self.size.width):
                    self.refresh(*changed)
            else:
                self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line, as Textual's line API wants it."""
        width = self.size.width
        return self.strip_of(self.lines[y] if y < len(self.lines) else (), width)


class Scrolled(ScrollView):
    """Scrolls lines that it draws itself; another number of them moves nothing else on the screen."""

    def set_extent(self, width: int, lines: int) -> None:
        """Say how much there is to scroll."""
        extent = Size(width, lines)
        if extent != self.virtual_size:
            # Set the usual way, it lays the whole screen out anew. The scrollbar's coming and going still does.
            self.set_reactive(ScrollView.virtual_size, extent)
            self._scroll_update(extent)


class InkPane(Chorded, Inked, Scrolled, can_focus=True, inherit_bindings=False):
    """Any number of lines, wrapped and scrolled."""

    BINDINGS: ClassVar[list[BindingType]] = scroll_bindings("pane")

    DEFAULT_CSS = """
    InkPane { width: 1fr; height: 1fr; overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1; scrollbar-gutter: stable; }
    """

    def __init__(self, *, id: str | None = None, indent: int = 2, tail: bool = False) -> None:  # noqa: A002 - as above
        """Args of its own: `indent` for what follows a wrapped line's first, `tail` to keep the end in view."""
        super().__init__(id=id)
        self._indent = indent
        self._tail = tail
        self._follows = True
        self._source: tuple[Line, ...] = ()
        self._wrapped: list[Line] = []
        self._wrapped_width = 0
        self._known: dict[Line, list[Line]] = {}
        """How the lines that are shown are wrapped."""

    @property
    def lines(self) -> tuple[Line, ...]:
        """What is shown, before wrapping."""
        return self._source

    def show(self, lines: Iterable[Line], *, from_top: bool = False) -> None:
        """Draw these lines; the scroll position stays unless `from_top`."""
        source = tuple(lines)
        if source != self._source:
            self._source = source
            self._wrap()
        if from_top:
            self.scroll_to(y=0, animate=False, force=True)

    def _wrap(self) -> None:
        width = self.scrollable_content_region.width
        if not width:
            return
        before, width_before = self._in_view(), self._wrapped_width
        self._wrapped_width = width
        known = self._known if width == width_before else {}
        # Of most pages one line is another than a second ago.
        self._known = {line: known.get(line) or wrap(line, width, indent=self._indent) for line in self._source}
        self._wrapped = [part for line in self._source for part in self._known[line]]
        self.set_extent(width, len(self._wrapped))
        self._settle()
        after = self._in_view()
        if width == width_before and len(before) == len(after):
            # A countdown moves every second, and nothing else does.
            if changed := changed_lines(before, after, width):
                self.refresh(*changed)
        else:
            self.refresh()

    def _in_view(self) -> list[Line]:
        top = self.scroll_offset.y
        return self._wrapped[top : top + self.size.height]

    def _settle(self) -> None:
        """Stay at the end where that is followed, and never beyond it."""
        last = max(0, len(self._wrapped) - self.size.height)
        if (self._tail and self._follows) or self.scroll_y > last:
            self.scroll_to(y=last, animate=False, force=True)

    def on_resize(self) -> None:
        """Wrap to the new width."""
        if self.scrollable_content_region.width != self._wrapped_width:
            self._wrap()
        else:
            self._settle()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Note whether the end is in view: then it stays in view."""
        super().watch_scroll_y(old_value, new_value)
        if self.size.height:
            self._follows = new_value >= len(self._wrapped) - self.size.height

    def render_line(self, y: int) -> Strip:
        """One line, as Textual's line API wants it."""
        index = self.scroll_offset.y + y
        line = self._wrapped[index] if index < len(self._wrapped) else ()
        return self.strip_of(line, self.scrollable_content_region.width)

    def styles_changed(self) -> None:
        """Draw everything anew."""
        self.refresh(Region(0, 0, self.size.width, self.size.height))

    def action_move(self, lines: int) -> None:
        """Scroll by lines."""
        self.end_chord()
        self.scroll_to(y=self.scroll_target_y + lines, animate=False, force=True)

    def action_page(self, halves: int) -> None:
        """Scroll by half pages."""
        self.action_move(halves * max(1, self.size.height // 2))

    def action_edge(self, end: int) -> None:
        """Scroll to the first (0) or the last (1) line."""
        self.scroll_to(y=self.max_scroll_y if end else 0, animate=False, force=True)
