"""The filter of both tables: typed with completion, kept and cleared."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from trackerwatch.filters import FilterError, parse_filter
from trackerwatch.filters.completion import complete
from trackerwatch.tui.lines import filter_hint
from trackerwatch.tui.lines.ink import Ink
from trackerwatch.tui.model import vocabulary
from trackerwatch.tui.model.saved import SavedFilters, called
from trackerwatch.tui.screens.binding import key
from trackerwatch.tui.screens.panes import PaneScreen
from trackerwatch.tui.screens.saved import SavedScreen

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.binding import BindingType

    from trackerwatch.filters.completion import Completion
    from trackerwatch.history import History
    from trackerwatch.tui.model.picture import Picture
    from trackerwatch.tui.widgets.filterline import FilterLine

HINT_ROWS = 10
"""So many rows a screen needs for the line under the filter."""


class FilteringScreen(PaneScreen):
    """The panes, and a filter over both tables."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("slash", "filter", "filter", "filter", "Filter both tables: a word, or fields as in seeders<3", show=True),
        key("F", "saved", "saved filters", "saved", "Choose a saved filter, or save the current one by a name"),
    ]

    def __init__(self, picture: Picture, history: History | None) -> None:
        """Args: as those of the panes."""
        super().__init__(picture, history)
        self.saved = SavedFilters()
        """Filters by name; the app puts in those of the config and of the layout."""
        self._wrong: FilterError | None = None

    def on_mount(self) -> None:
        """Name saved filters that are none; the others work all the same."""
        wrong = list(self.saved.mistakes().values())
        if wrong:
            more = f"  (and {len(wrong) - 1} more: F shows them)" if wrong[1:] else "  (F shows it)"
            self.call_after_refresh(self.say, wrong[0] + more, Ink.WARN)

    # -- the line ------------------------------------------------------------------------------------------------------

    def action_filter(self) -> None:
        """Open the filter line."""
        offer = partial(complete, vocabulary=vocabulary.of_tables(self.picture.snapshot, self.saved.named))
        self.open_filter_line(
            self.picture.filter.text if self.picture.filter else "",
            offer,
            kind="tables",
            placeholder="a word, or seeders<3 & host~example; tab completes, enter keeps, esc clears",
        )

    def open_filter_line(
        self, text: str, offer: Callable[[str, int], Completion], *, kind: str, placeholder: str
    ) -> None:
        """Show the filter line where the keys are named."""
        self.say("")
        self.keys.display = False
        self._wrong = None
        self.filter_input.open(text, offer, kind=kind, placeholder=placeholder)
        self._lines("filter-hint").display = self.size.height >= HINT_ROWS
        self._draw_hint()

    def close_filter(self) -> None:
        """Put the filter line away; what it came to stays."""
        self.filter_input.close()
        self._lines("filter-hint").display = False
        self.keys.display = self._arrangement is None or self._arrangement.keys
        self.focus_pane()

    def cancel_filter(self) -> None:
        """Put the filter line away, and the filter with it."""
        self.close_filter()
        self.set_filter("")

    def on_filter_line_considered(self, message: FilterLine.Considered) -> None:
        """What could stand at the cursor has changed: a mistake that was told is not looked at any more."""
        message.stop()
        self._wrong = None
        self._draw_hint()

    def on_filter_line_typed(self, message: FilterLine.Typed) -> None:
        """Apply the filter; enter keeps it, if it is one."""
        message.stop()
        if not message.final and self._is_half_typed(message.text):
            return
        if self.take_filter(message.text) and message.final:
            self.filter_input.remember(message.text.strip())
            self.close_filter()
        self._draw_hint()

    def take_filter(self, text: str) -> bool:
        """What the filter line says goes to what it was opened for."""
        return self.set_filter(text)

    def check_filter(self, text: str) -> None:
        """Read what the filter line says.

        Raises:
            FilterError: It is no filter.
        """
        parse_filter(text.strip(), self.saved.named)

    def _is_half_typed(self, text: str) -> bool:
        """Whether the mistake is no more than that the last word is not there yet."""
        offered = self.filter_input.offered
        if not offered.candidates:
            return False
        try:
            self.check_filter(text)
        except FilterError as error:
            return error.column > offered.start
        return False

    def _draw_hint(self) -> None:
        line, hint = self.filter_input, self._lines("filter-hint")
        width = self.size.width
        if self._wrong is not None:
            # The filter was stripped before it was read.
            lead = len(line.value) - len(line.value.lstrip())
            hint.show(filter_hint.mistake(self._wrong, line.cell_of(self._wrong.column - 1 + lead), width))
        else:
            hint.show(filter_hint.candidates(line.offered, line.chosen, width))

    def action_saved(self) -> None:
        """Choose a saved filter, with what each matches; or save the current one."""
        current = self.picture.filter.text if self.picture.filter else ""
        name = next((name for name in self.saved.named if called(name) == current), "")
        self.app.push_screen(SavedScreen(self.picture, self.saved, name), self._take_saved)

    def _take_saved(self, text: str | None) -> None:
        if text is not None and self.set_filter(text):
            self.filter_input.remember(text)

    # -- the filter ----------------------------------------------------------------------------------------------------

    def set_filter(self, text: str) -> bool:
        """Filter both tables by an expression; empty text shows all.

        Returns:
            Whether it is one; else the mistake stands on the screen and nothing has changed.
        """
        try:
            found = parse_filter(text.strip(), self.saved.named)
        except FilterError as error:
            self.tell_mistake(error)
            return False
        self.tell_mistake(None)
        self.picture.filter = None if found.is_empty else found
        self.criteria_changed()
        return True

    def tell_mistake(self, error: FilterError | None) -> None:
        """Say what is wrong with the filter; None: nothing is any more."""
        before, self.mistake = self.mistake, "" if error is None else str(error)
        self._wrong = error
        if self.mistake != before:
            self.redraw_lines()
