"""A few lines to choose one from, over the screen below."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from trackerwatch.tui.lines.ink import Ink, Line, Span, fit, safe, width_of, wrap
from trackerwatch.tui.model.choices import Choice
from trackerwatch.tui.widgets.inked import InkLines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.app import ComposeResult

CURSOR = ">"
WIDTH = 80
"""A whole line of a small terminal: nothing of the screen below sticks out beside it."""

MIN_WITH_TITLE = 3
"""Screens of fewer lines show no title."""


def in_view(lines: list[Line], at: tuple[int, int], height: int) -> list[Line]:
    """As many of the lines as there is room for: the title, and around those that must be seen.

    Args:
        lines: The first and the last are blank.
        at: Where those begin and end that must be seen, at least the first of them.
        height: Lines there is room for.
    """
    if len(lines) <= height:
        return lines
    head = 1 if height >= MIN_WITH_TITLE else 0
    room = max(1, height - head)
    begin, end = at
    # What comes before is read first, as long as the rest of it can be seen too.
    top = min(max(1 + head, end - room), max(1 + head, begin), len(lines) - room)
    return [*lines[1 : 1 + head], *lines[top : top + room]]


class ChoiceScreen(ModalScreen[Choice | None]):
    """Choose by number, with the arrows and enter, or with the mouse; escape chooses nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "down", id="choice.down", tooltip="Next line"),
        Binding("up,k", "move(-1)", "up", id="choice.up", tooltip="Previous line"),
        Binding("enter,space", "take", "choose", id="choice.take", tooltip="Choose this"),
        Binding("escape,q", "leave", "leave", id="choice.leave", tooltip="Choose nothing"),
    ]

    DEFAULT_CSS = """
    ChoiceScreen { align: center middle; background: $background 60%; }
    ChoiceScreen > #choice { width: 80; max-width: 100%; height: auto; background: $surface; }
    """

    def __init__(self, title: str, offered: Sequence[Choice], told: Sequence[str] = ()) -> None:
        """A question, its answers (at most nine), and what there is to know before answering, a line each."""
        super().__init__()
        self._title = title
        self._told = tuple(told)
        self._offered = tuple(offered)
        self._cursor = next((n for n, choice in enumerate(self._offered) if choice.current), 0)

    def compose(self) -> ComposeResult:
        """One block of lines."""
        yield InkLines(id="choice")

    def on_mount(self) -> None:
        """Make room for the lines, and draw them."""
        self._draw()

    def on_resize(self) -> None:
        """Wrap to the new width."""
        self._draw()

    def _draw(self) -> None:
        box = self.query_one("#choice", InkLines)
        room = min(WIDTH, self.size.width)
        label = max((width_of(choice.label) for choice in self._offered), default=0) + 2
        lines: list[Line] = [(), *wrap((Span(f"  {self._title}", Ink.ACCENT),), room, indent=2)]
        for text in self._told:
            lines += wrap((Span(f"    {safe(text)}"),), room, indent=6)
        at = (0, 0)
        for number, choice in enumerate(self._offered):
            here = number == self._cursor
            action = f"screen.take_number({number})"
            line = (
                Span(f"  {CURSOR if here else ' '} ", Ink.KEY, action),
                Span(f"{number + 1} ", Ink.KEY, action),
                Span(fit(choice.label, label), Ink.STRONG if here else Ink.PLAIN, action),
                Span("now: " if choice.current else "", Ink.GOOD, action),
                Span(choice.told, Ink.DIM, action),
            )
            before = len(lines)
            lines += wrap(line, room, indent=label + 6)
            if here:
                at = (before, len(lines))
        told = "number or enter chooses, esc leaves" if self._offered else "esc leaves"
        lines += [(Span(f"    {told}", Ink.DIM),), ()]
        lines = in_view(lines, at, self.size.height)
        box.styles.height = len(lines)
        box.show(*lines)

    def on_key(self, event: events.Key) -> None:
        """A digit chooses its line."""
        if event.key.isdecimal() and 1 <= int(event.key) <= len(self._offered):
            event.stop()
            self.action_take_number(int(event.key) - 1)

    def action_move(self, lines: int) -> None:
        """Move the cursor."""
        if self._offered:
            self._cursor = (self._cursor + lines) % len(self._offered)
            self._draw()

    def action_take(self) -> None:
        """Choose what is under the cursor."""
        self.action_take_number(self._cursor)

    def action_take_number(self, number: int) -> None:
        """Choose a line."""
        if number < len(self._offered):
            self.dismiss(self._offered[number])

    def action_leave(self) -> None:
        """Choose nothing."""
        self.dismiss(None)
