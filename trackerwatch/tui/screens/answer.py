"""A question with a line to type the answer into, over the screen below."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from trackerwatch.tui.lines.ink import Ink, Line, Span, safe, wrap
from trackerwatch.tui.widgets.inked import InkLines

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.app import ComposeResult

    from trackerwatch.tui.model.typed import Judged

WIDTH = 80
"""A whole line of a small terminal: nothing of the screen below sticks out beside it."""
MAX_CHARS = 5000
MIN_BELOW = 2
"""Lines that are kept for what a text is worth."""


class AnswerScreen(ModalScreen[str | None]):
    """Type and press enter; each letter is judged. Escape answers nothing. Gives the text as typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave", id="answer.leave", tooltip="Leave all as it is"),
    ]

    DEFAULT_CSS = """
    AnswerScreen { align: center middle; background: $background 60%; }
    AnswerScreen > #box { width: 80; max-width: 100%; height: auto; max-height: 100%; background: $surface; }
    AnswerScreen #typed { height: 1; border: none; padding: 0 1; margin: 0 3; background: $background; }
    AnswerScreen #typed:focus { border: none; background: $primary-muted; }
    """

    def __init__(
        self,
        title: str,
        judge: Callable[[str], Judged],
        *,
        told: Sequence[str] = (),
        takes: str,
        value: str = "",
        placeholder: str = "",
    ) -> None:
        """Ask.

        Args:
            title: The question.
            judge: What a text is worth.
            told: What there is to know before answering, a line each.
            takes: What enter does, after "enter".
            value: What stands there to be changed.
            placeholder: Stands there while nothing does.
        """
        super().__init__()
        self._title, self._judge, self._told, self._takes = title, judge, tuple(told), takes
        self._value, self._placeholder = value, placeholder
        self._above = 0
        """Lines of the question that there is room for."""

    def compose(self) -> ComposeResult:
        """The question, the line, and what the text is worth."""
        with Vertical(id="box"):
            yield InkLines(id="question")
            yield Input(self._value, id="typed", placeholder=self._placeholder, max_length=MAX_CHARS)
            yield InkLines(id="worth")

    def on_mount(self) -> None:
        """Ask at once."""
        self._draw()
        self.query_one("#typed", Input).focus()

    def on_resize(self) -> None:
        """Wrap to the new width."""
        self._draw()

    @property
    def judged(self) -> Judged:
        """What the text is worth now."""
        return self._judge(self.query_one("#typed", Input).value)

    def _draw(self) -> None:
        room = max(1, min(WIDTH, self.size.width))
        lines: list[Line] = [(), *wrap((Span(f"  {safe(self._title)}", Ink.ACCENT),), room, indent=2)]
        for text in self._told:
            lines += wrap((Span(f"    {safe(text)}", Ink.DIM),), room, indent=4)
        lines.append(())
        below = min(len(self._worth()) + 1, MIN_BELOW, max(0, self.size.height - 2))
        if len(lines) + 1 + below > self.size.height:
            # Nobody shall type blindly: the question gives way, its end first, to the line and what that is worth.
            lines = lines[1:-1][: max(0, self.size.height - 1 - below)]
        self._above = len(lines)
        self._show("#question", lines)
        self._say_worth()

    def _worth(self) -> list[Line]:
        room = max(1, min(WIDTH, self.size.width))
        judged = self.judged
        mark = Span("    + " if judged.good else "    ! ", Ink.GOOD if judged.good else Ink.WARN)
        return wrap((mark, Span(safe(judged.told))), room, indent=6) if judged.told else [()]

    def _say_worth(self) -> None:
        lines = [*self._worth(), (Span(f"    enter {self._takes}, esc leaves", Ink.DIM),), ()]
        self._show("#worth", lines[: max(1, self.size.height - 1 - self._above)])

    def _show(self, name: str, lines: list[Line]) -> None:
        box = self.query_one(name, InkLines)
        box.display = bool(lines)
        box.styles.height = max(1, len(lines))
        box.show(*lines)

    def on_input_changed(self, message: Input.Changed) -> None:
        """Say what the text is worth by now."""
        message.stop()
        self._say_worth()

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Take it, if it is worth something."""
        message.stop()
        if self._judge(message.value).good:
            self.dismiss(message.value)
        else:
            self._say_worth()

    def action_leave(self) -> None:
        """Answer nothing."""
        self.dismiss(None)
