"""Patterns for texts: part of one, a whole one, one with `*` in it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Glob:
    """A casefolded text in which `*` stands for anything. One pass over the text, whatever it holds."""

    pattern: str

    def matches(self, text: str) -> bool:
        """Whether a casefolded text is like that from its beginning to its end."""
        first, *parts = self.pattern.split("*")
        if not parts:
            return text == first
        last = parts.pop()
        if len(text) < len(first) + len(last) or not text.startswith(first) or not text.endswith(last):
            return False
        at, end = len(first), len(text) - len(last)
        for part in parts:
            found = text.find(part, at, end)
            if found < 0:
                return False
            at = found + len(part)
        return True
