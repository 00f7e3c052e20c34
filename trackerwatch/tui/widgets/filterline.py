"""The line a filter is typed into; it says what it is worth after a pause in typing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message
from textual.widgets import Input

if TYPE_CHECKING:
    from textual.timer import Timer

PAUSE_S = 0.25
"""Typing that pauses so long is worth a look at the tables."""


class FilterLine(Input):
    """One line without a frame, hidden until it is opened."""

    DEFAULT_CSS = """
    FilterLine { height: 1; border: none; padding: 0 1; background: $surface; display: none; }
    FilterLine:focus { border: none; background: $primary-muted; }
    """

    class Typed(Message):
        """The text to filter by now; `final` when enter was pressed."""

        def __init__(self, text: str, *, final: bool) -> None:
            super().__init__()
            self.text = text
            self.final = final

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, placeholder="a word, or seeders<3 & host~example   enter keeps, esc clears")
        self._pause: Timer | None = None

    def open(self, text: str) -> None:
        """Show it with a text to change."""
        self.value = text
        self.display = True
        self.focus()

    def close(self) -> None:
        """Hide it."""
        self._stop()
        self.display = False

    def _stop(self) -> None:
        if self._pause is not None:
            self._pause.stop()
            self._pause = None

    def on_input_changed(self, message: Input.Changed) -> None:
        """Wait for a pause in typing."""
        message.stop()
        self._stop()
        if self.display:
            self._pause = self.set_timer(PAUSE_S, self._paused)

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Enter."""
        message.stop()
        self._stop()
        self.post_message(self.Typed(self.value, final=True))

    def _paused(self) -> None:
        self._pause = None
        if self.display:
            self.post_message(self.Typed(self.value, final=False))
