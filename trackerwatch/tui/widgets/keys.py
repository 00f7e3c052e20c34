"""The keys that move within a pane, the same everywhere."""

from __future__ import annotations

from textual.binding import Binding, BindingType

_MOVES = (
    ("down", "down,j", "move(1)", "one line down"),
    ("up", "up,k", "move(-1)", "one line up"),
    ("page-down", "pagedown,ctrl+f,space", "page(2)", "one page down"),
    ("page-up", "pageup,ctrl+b", "page(-2)", "one page up"),
    ("half-down", "ctrl+d", "page(1)", "half a page down"),
    ("half-up", "ctrl+u", "page(-1)", "half a page up"),
    ("first", "home,g", "edge(0)", "to the first line"),
    ("last", "end,G", "edge(1)", "to the last line"),
)


def scroll_bindings(pane: str) -> list[BindingType]:
    """Bindings for a pane with the actions `move(lines)`, `page(halves)` and `edge(0 or 1)`; ids start with its name."""
    return [
        Binding(keys, action, description, show=False, id=f"{pane}.{name}", tooltip=description.capitalize())
        for name, keys, action, description in _MOVES
    ]
