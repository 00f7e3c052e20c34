"""The filter of both tables: typed, chosen by its name, kept and cleared."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from trackerwatch.filters import FilterError, parse_filter
from trackerwatch.tui.screens.binding import key
from trackerwatch.tui.screens.panes import PaneScreen

if TYPE_CHECKING:
    from textual.binding import BindingType

    from trackerwatch.tui.widgets.filterline import FilterLine


class FilteringScreen(PaneScreen):
    """The panes, and a filter over both tables."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("slash", "filter", "filter", "filter", "Filter both tables: a word, or fields as in seeders<3", show=True),
    ]

    def action_filter(self) -> None:
        """Open the filter line."""
        self.say("")
        self.keys.display = False
        self.filter_input.open(self.picture.filter.text if self.picture.filter else "")

    def close_filter(self) -> None:
        """Put the filter line away; what it came to stays."""
        self.filter_input.close()
        self.keys.display = self._arrangement is None or self._arrangement.keys
        self.focus_pane()

    def on_filter_line_typed(self, message: FilterLine.Typed) -> None:
        """Apply the filter; enter keeps it, if it is one."""
        if self.set_filter(message.text) and message.final:
            self.close_filter()

    def set_filter(self, text: str) -> bool:
        """Filter both tables by an expression; empty text shows all.

        Returns:
            Whether it is one; else the mistake stands on the screen and nothing has changed.
        """
        try:
            found = parse_filter(text.strip())
        except FilterError as error:
            self.mistake = str(error)
            self.redraw_lines()
            return False
        self.mistake = ""
        self.picture.filter = None if found.is_empty else found
        self.criteria_changed()
        return True
