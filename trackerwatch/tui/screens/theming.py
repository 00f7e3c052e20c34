"""Chooses a theme, and shows the screen below in each while one looks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.tui.model.choices import Choice
from trackerwatch.tui.screens.choice import ChoiceScreen

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_HANDFUL = (
    *("tokyo-night", "trackerwatch-safe", "trackerwatch-safe-light", "textual-light", "nord", "gruvbox"),
    *("solarized-light", "trackerwatch-16"),
)
_TOLD = {
    "tokyo-night": "dark, ours",
    "trackerwatch-safe": "dark, for every eye: no red against green",
    "trackerwatch-safe-light": "the same on paper",
    "trackerwatch-16": "the terminal's own sixteen colours",
}


def handful(offered: Sequence[str], current: str) -> tuple[Choice, ...]:
    """A few themes of those there are, the one that is worn among them; the palette has them all."""
    names = [name for name in _HANDFUL if name in offered]
    if current in offered and current not in names:
        names.insert(0, current)
    return tuple(Choice(name, _TOLD.get(name, ""), None, current=name == current) for name in names)


class ThemeScreen(ChoiceScreen):
    """Gives the choice whose label is the theme; none: all is as before."""

    DEFAULT_CSS = """
    ThemeScreen { background: transparent; align: right bottom; }
    """

    def __init__(self, offered: Sequence[Choice], wear: Callable[[str], None]) -> None:
        """Args: the themes, and what puts one on."""
        super().__init__("Which theme? The screen shows it", offered)
        self._wear = wear

    def action_move(self, lines: int) -> None:
        """Move the cursor, and put on what is under it."""
        super().action_move(lines)
        self._wear(self._offered[self._cursor].label)
