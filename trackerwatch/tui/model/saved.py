"""Filters saved by name: those of the config, and those that were saved on the screen. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.filters import FilterError, mistakes, parse_filter
from trackerwatch.outside_text import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_NAME_CHARS = 60
MAX_FILTERS = 200
MAX_FILTER_CHARS = 2000


class SavedFilters:
    """All that can be called by name. One that was saved on the screen stands before one of the config of its name."""

    def __init__(self, given: Mapping[str, str] | None = None) -> None:
        """Args: those of the config."""
        self.given: Mapping[str, str] = dict(given or {})
        self.own: dict[str, str] = {}
        """Saved on the screen; the layout keeps them."""

    @property
    def named(self) -> dict[str, str]:
        """Every one by its name."""
        return {**self.given, **self.own}

    def restore(self, kept: object) -> None:
        """Take what the layout kept, whatever it is; what is no filter's text by a name is left out."""
        if isinstance(kept, dict):
            texts = [(name, text) for name, text in kept.items() if isinstance(name, str) and isinstance(text, str)]
            usable = [(name, text) for name, text in texts if not _wrong_name(name) and len(text) <= MAX_FILTER_CHARS]
            self.own = dict(usable[:MAX_FILTERS])

    def trouble(self, name: str, text: str) -> str:
        """Why a filter cannot be saved so, in one line. Empty: it can."""
        name, text = name.strip(), text.strip()
        if wrong := _wrong_name(name):
            return wrong
        if name not in self.own and len(self.own) >= MAX_FILTERS:
            return f"{MAX_FILTERS} filters are saved: delete one first"
        try:
            if parse_filter(text, {**self.named, name: text}).is_empty:
                return "there is no filter to save: type one after /"
            parse_filter(f'@"{_escaped(name)}"', {**self.named, name: text})
        except FilterError as error:
            return str(error)
        return ""

    def save(self, name: str, text: str) -> None:
        """Keep a filter by a name that is free of `trouble`."""
        self.own[name.strip()] = text.strip()

    def delete(self, name: str) -> str:
        """Forget one.

        Returns:
            What came of it, in one line.
        """
        shown = clean(name)
        if self.own.pop(name, None) is not None:
            again = f"; {shown} of the config holds again" if name in self.given else ""
            return f"filter {shown} deleted{again}"
        if name in self.given:
            return f"{shown} stands in the config, under [filters]: delete it there"
        return f"no filter is saved as {shown}"

    def mistakes(self) -> dict[str, str]:
        """What is wrong with those that are wrong, one line each by name."""
        return mistakes(self.named)


def _escaped(name: str) -> str:
    return name.replace("\\", "\\\\").replace('"', '\\"')


def _wrong_name(name: str) -> str:
    if not name.strip():
        return "type a name"
    if len(name) > MAX_NAME_CHARS or not name.isprintable():
        return f"a name has up to {MAX_NAME_CHARS} characters that can be seen"
    return ""


def called(name: str) -> str:
    """How a filter is called in another one: `@name`, in quotes where it must be."""
    plain = name.replace("_", "").replace("-", "").replace(".", "").isalnum()
    return f"@{name}" if plain else f'@"{_escaped(name)}"'
