"""The keys that move within a pane, the same everywhere."""

from __future__ import annotations

import time

from textual.binding import Binding, BindingType

CHORD_S = 1.0
"""The second `g` comes within this time."""

_MOVES = (
    ("down", "down,j", "move(1)", "one line down"),
    ("up", "up,k", "move(-1)", "one line up"),
    ("page-down", "pagedown,ctrl+f,space", "page(2)", "one page down"),
    ("page-up", "pageup,ctrl+b", "page(-2)", "one page up"),
    ("half-down", "ctrl+d", "page(1)", "half a page down"),
    ("half-up", "ctrl+u", "page(-1)", "half a page up"),
    ("first", "home", "edge(0)", "to the first line"),
    ("top", "g", "top", "twice: to the first line"),
    ("last", "end,G", "edge(1)", "to the last line"),
)


def scroll_bindings(pane: str, *, but: str = "") -> list[BindingType]:
    """Bindings for a pane with the actions `move(lines)`, `page(halves)`, `edge(0 or 1)` and `top`.

    Args:
        pane: Its ids start with this.
        but: A key that does something else there. Empty: none does.
    """
    return [
        Binding(
            ",".join(key for key in keys.split(",") if key != but),
            action,
            description,
            show=False,
            id=f"{pane}.{name}",
            tooltip=description.capitalize(),
        )
        for name, keys, action, description in _MOVES
    ]


class Chorded:
    """What a pane needs for `gg`; its `action_move` ends a chord that was begun."""

    _chord_at: float | None = None

    def action_edge(self, end: int) -> None:
        """Go to the first (0) or the last (1) line."""
        raise NotImplementedError

    def action_top(self) -> None:
        """The first press waits for a second one, which goes to the first line."""
        now = time.monotonic()
        if self._chord_at is not None and now - self._chord_at <= CHORD_S:
            self.end_chord()
            self.action_edge(0)
        else:
            self._chord_at = now

    def end_chord(self) -> None:
        """Another key came between."""
        self._chord_at = None
