"""What enter opens: full screens of a tracker and of a torrent."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from trackerwatch.tui.arrangement import Pane
from trackerwatch.tui.screens.grouping import GroupingScreen

if TYPE_CHECKING:
    from textual.binding import BindingType

    from trackerwatch.tui.widgets.table import LineTable


class OpeningScreen(GroupingScreen):
    """What enter opens: full screens of a tracker and of a torrent."""

    BINDINGS: ClassVar[list[BindingType]] = []

    def on_line_table_opened(self, message: LineTable.Opened) -> None:
        """Enter: the detail gets the keys."""
        self.turn_to(Pane(message.table.id or ""))
        self.action_pane(Pane.DETAIL)
