"""The last line: the keys that matter now, or what the last action came to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.tui.lines.ink import Ink, Line, Span, line_width, safe
from trackerwatch.tui.widgets.inked import InkLines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events


class KeyLine(InkLines):
    """Fits as many keys as there is room for; those marked as kept go last and stay."""

    DEFAULT_CSS = """
    KeyLine { background: $surface; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._keys: Sequence[tuple[str, str, str]] = ()
        self._kept: Sequence[tuple[str, str, str]] = ()
        self._message: Line = ()

    @property
    def message(self) -> str:
        """What is said instead of keys; empty: keys are shown."""
        return "".join(span.text for span in self._message).strip()

    def show_keys(self, keys: Sequence[tuple[str, str, str]], kept: Sequence[tuple[str, str, str]]) -> None:
        """Offer these keys, each as key, what it does, and the action for a click."""
        self._keys, self._kept = keys, kept
        self._draw()

    def say(self, text: str, ink: Ink = Ink.PLAIN) -> None:
        """Show a message instead of the keys; empty text brings the keys back."""
        self._message = (Span(f" {safe(text)}", ink),) if text else ()
        self._draw()

    def on_resize(self, event: events.Resize) -> None:
        """Fit the keys to the new width."""
        del event
        self._draw()

    def _draw(self) -> None:
        if self._message:
            self.show(self._message)
            return
        kept = tuple(span for key in self._kept for span in _key(*key))
        line: Line = ()
        for key in self._keys:
            longer = (*line, *_key(*key))
            if line_width(longer) + line_width(kept) > self.size.width:
                break
            line = longer
        self.show((*line, *kept))


def _key(key: str, told: str, action: str) -> Line:
    return (Span(f" {key}", Ink.KEY, action), Span(f" {told} ", Ink.DIM, action))
