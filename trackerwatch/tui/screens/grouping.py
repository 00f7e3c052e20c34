"""Rows in groups that fold: torrents by folder, trackers by host; and the coverage view."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from trackerwatch.tui.screens.chronicling import ChronicleScreen

if TYPE_CHECKING:
    from textual.binding import BindingType


class GroupingScreen(ChronicleScreen):
    """Rows in groups that fold: torrents by folder, trackers by host; and the coverage view."""

    BINDINGS: ClassVar[list[BindingType]] = []
