"""How the main screen's keys are declared."""

from __future__ import annotations

from textual.binding import Binding


def key(keys: str, action: str, told: str, name: str, tooltip: str, *, show: bool = False) -> Binding:
    """A key of the main screen.

    Args:
        keys: Textual's names, with commas between them.
        action: What it does.
        told: In a word or two, for the key line.
        name: Its id after `main.`, by which it is remapped.
        tooltip: In a sentence, for help and palette.
        show: Whether the key line offers it.
    """
    return Binding(keys, action, told, id=f"main.{name}", tooltip=tooltip, show=show)
