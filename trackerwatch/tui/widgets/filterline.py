"""The line a filter is typed into: it completes, remembers, and says what it is worth after a pause in typing."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

from trackerwatch.filters.completion import Completion
from trackerwatch.tui.lines.ink import width_of
from trackerwatch.tui.model.typed import plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.timer import Timer

PAUSE_S = 0.25
"""Typing that pauses so long is worth a look at the tables."""
MAX_HISTORY = 100
MAX_CHARS = 2000
_NOTHING = Completion(0, 0, ())


class FilterLine(Input):
    """One line without a frame, hidden until it is opened."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete(1)", "complete", id="filter.complete", tooltip="Complete, then the next that fits"),
        Binding("shift+tab", "complete(-1)", "previous", id="filter.complete-back", tooltip="The one before that fits"),
        Binding("up", "recall(-1)", "earlier", id="filter.earlier", tooltip="The filter typed before"),
        Binding("down", "recall(1)", "later", id="filter.later", tooltip="The filter typed after"),
    ]

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

    class Considered(Message):
        """Text, cursor or what is offered has changed."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, max_length=MAX_CHARS)
        self.offered = _NOTHING
        """What could stand at the cursor, as of the last key that was no completion."""
        self.chosen = -1
        """Which of it stands there by now; -1: none."""
        self._complete: Callable[[str, int], Completion] = lambda _, cursor: Completion(cursor, cursor, ())
        self._pause: Timer | None = None
        self._history: dict[str, list[str]] = {}
        self._kind = ""
        self._recalled: int | None = None
        self._draft = ""
        self._end = 0
        self._by_completion: tuple[str, int] | None = None

    def on_mount(self) -> None:
        """Consider each place of the cursor."""
        self.watch(self, "selection", self._moved, init=False)

    def validate_value(self, value: str) -> str:
        """Filters and names of the config or of a layout may hold anything; what is shown does nothing to the terminal."""
        return plain(value)

    def open(self, text: str, complete: Callable[[str, int], Completion], *, kind: str, placeholder: str) -> None:
        """Show it.

        Args:
            text: To change.
            complete: What could stand at a cursor in a text.
            kind: Which of several histories it has.
            placeholder: What it says while empty.
        """
        self._complete, self._kind, self.placeholder = complete, kind, placeholder
        self._recalled = None
        self._by_completion = None
        self.value = text
        self.display = True
        # At once: `focus` waits for a refresh, and the first letter would still be a command.
        self.screen.set_focus(self, scroll_visible=False)
        self.cursor_position = len(text)
        self._consider()

    def close(self) -> None:
        """Hide it."""
        self._stop()
        self.display = False

    def cell_of(self, index: int) -> int:
        """The cell of the widget at which a character of the text is."""
        return 1 + width_of(self.value[:index]) - self.scroll_offset.x

    # -- completing ----------------------------------------------------------------------------------------------------

    def _moved(self) -> None:
        if self.display:
            self._consider()

    def _consider(self) -> None:
        if self._by_completion == (self.value, self.cursor_position):
            return
        self._by_completion = None
        self.offered = self._complete(self.value, self.cursor_position)
        self.chosen = -1
        self._end = self.offered.end
        self.post_message(self.Considered())

    def action_complete(self, step: int) -> None:
        """Put in what all that fits have in common; then one after the other."""
        found = self.offered
        if not found.candidates:
            return
        typed = self.value[found.start : self._end]
        longer = len(found.common) > len(typed) and found.common.casefold().startswith(typed.casefold())
        if self.chosen < 0 and longer and len(found.candidates) > 1:
            self._put(found.common)
            self.post_message(self.Considered())
            return
        first = 0 if step > 0 else -1
        self.chosen = (self.chosen + step if self.chosen >= 0 else first) % len(found.candidates)
        self._put(found.candidates[self.chosen].text)
        if len(found.candidates) == 1:
            # Nothing else fits here: what follows is considered.
            self._by_completion = None
            self._consider()
        else:
            self.post_message(self.Considered())

    def _put(self, text: str) -> None:
        value, start = self.value, self.offered.start
        cursor = start + len(text)
        value = value[:start] + text + value[self._end :]
        self._by_completion = (value, cursor)
        self._end = cursor
        self.value = value
        self.cursor_position = cursor

    # -- remembering ---------------------------------------------------------------------------------------------------

    def remember(self, text: str) -> None:
        """Offer this text again with the up key."""
        if text:
            known = self._history.setdefault(self._kind, [])
            known[:] = [*(one for one in known if one != text), text][-MAX_HISTORY:]

    def action_recall(self, step: int) -> None:
        """A filter that was typed before, or after that."""
        known = self._history.get(self._kind, [])
        if self._recalled is None:
            if step > 0 or not known:
                return
            self._draft = self.value
            self._recalled = len(known)
        self._recalled = max(0, self._recalled + step)
        if self._recalled >= len(known):
            self._recalled = None
            self.value = self._draft
        else:
            self.value = known[self._recalled]
        self.cursor_position = len(self.value)

    # -- saying what it is worth ---------------------------------------------------------------------------------------

    def _stop(self) -> None:
        if self._pause is not None:
            self._pause.stop()
            self._pause = None

    def on_input_changed(self, message: Input.Changed) -> None:
        """Wait for a pause in typing."""
        message.stop()
        self._stop()
        if self.display:
            self._consider()
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
