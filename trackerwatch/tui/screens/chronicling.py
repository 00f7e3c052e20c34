"""Events: their filter, and from an event to its row and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from trackerwatch.tui.screens.filtering import FilteringScreen

if TYPE_CHECKING:
    from textual.binding import BindingType


class ChronicleScreen(FilteringScreen):
    """Events: their filter, and from an event to its row and back."""

    BINDINGS: ClassVar[list[BindingType]] = []
