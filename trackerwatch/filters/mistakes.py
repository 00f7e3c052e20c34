"""What is wrong with a filter, and where."""

from __future__ import annotations

import unicodedata

from trackerwatch.errors import UsageError

_SHOWN_CHARS = 72
_LEAD_CHARS = 40
"""So many characters before the mistake are kept when a long filter is cut."""


class FilterError(UsageError):
    """A filter with a mistake in it. `str` is one line; `pointer` shows the place."""

    def __init__(self, problem: str, text: str, column: int, *, hint: str = "") -> None:
        """Name the mistake.

        Args:
            problem: What is wrong, without the place.
            text: The whole filter.
            column: Where the mistake begins, from 1.
            hint: What would be right.
        """
        self.problem = problem
        self.hint = hint
        self.text = text
        self.column = column
        super().__init__(f"filter: {problem} at column {column}{'; ' + hint if hint else ''}")

    @property
    def pointer(self) -> str:
        """Two lines: the filter, and a caret under the mistake."""
        start = max(0, self.column - 1 - _LEAD_CHARS) if len(self.text) > _SHOWN_CHARS else 0
        shown = "".join(_printable(c) for c in self.text[start : start + _SHOWN_CHARS])
        caret_at = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in shown[: self.column - 1 - start])
        return f"  {shown}\n  {' ' * caret_at}^"


def _printable(character: str) -> str:
    # One for one, so that columns stay true; combining marks would take no column.
    return character if character.isprintable() and not unicodedata.combining(character) else "?"
