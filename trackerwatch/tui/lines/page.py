"""What a full screen shows: sections of lines, and rows that lead somewhere. Pure.

A page may hold ten thousand rows: those of a listing are made when they are looked at.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from trackerwatch.tui.lines.ink import Line, wrap

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True, slots=True)
class ToTracker:
    """Enter opens this tracker."""

    index: int


@dataclass(frozen=True, slots=True)
class ToTorrent:
    """Enter opens this torrent."""

    index: int


@dataclass(frozen=True, slots=True)
class Fold:
    """Enter folds a section, or unfolds it."""

    section: str


Target: TypeAlias = ToTracker | ToTorrent | Fold


@dataclass(frozen=True, slots=True)
class Row:
    """One line, wrapped where there is no room."""

    line: Line
    target: Target | None = None
    """None: it leads nowhere, and the cursor passes over it."""
    indent: int = 14
    """Cells before what follows a wrapped line's first."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Torrents, a line each, made when looked at."""

    torrents: Sequence[int]
    line: Callable[[int, int], Line]
    """The line of a torrent, by its index and the width there is."""

    def __len__(self) -> int:
        return len(self.torrents)


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page, to which one can jump."""

    key: str
    rows: Sequence[Row] = ()
    listing: Listing | None = None
    """What follows the rows."""
    after: Sequence[Row] = ()
    """What follows the listing."""


@dataclass(frozen=True, slots=True)
class Placed:
    """One line of a laid out page."""

    line: Line
    target: Target | None


class Layout:
    """A page at one width: which line is where."""

    def __init__(self, sections: Sequence[Section], width: int) -> None:
        self.width = width
        self.sections: list[tuple[str, int]] = []
        """Key of each section and the line at which it begins."""
        self._starts: list[int] = []
        self._parts: list[list[Placed] | Listing] = []
        self._made: dict[int, Line] = {}
        size = 0
        for section in sections:
            self.sections.append((section.key, size))
            for part in (self._wrapped(section.rows), section.listing, self._wrapped(section.after)):
                if part:
                    self._starts.append(size)
                    self._parts.append(part)
                    size += len(part)
        self._size = size

    def __len__(self) -> int:
        return self._size

    def _wrapped(self, rows: Sequence[Row]) -> list[Placed]:
        placed: list[Placed] = []
        for row in rows:
            target = row.target
            for part in wrap(row.line, self.width, indent=row.indent) if self.width > 0 else [row.line]:
                placed.append(Placed(part, target))
                # The cursor rests on the first line of a row alone.
                target = None
        return placed

    def _part(self, at: int) -> tuple[list[Placed] | Listing, int]:
        number = bisect_right(self._starts, at) - 1
        return self._parts[number], at - self._starts[number]

    def line(self, at: int) -> Line:
        """The line there; an empty one beyond the end."""
        if not 0 <= at < self._size:
            return ()
        part, offset = self._part(at)
        if not isinstance(part, Listing):
            return part[offset].line
        index = part.torrents[offset]
        line = self._made.get(index)
        if line is None:
            line = self._made[index] = part.line(index, self.width)
        return line

    def text(self, at: int) -> str:
        """The line there without its inks."""
        return "".join(span.text for span in self.line(at)).rstrip()

    def target(self, at: int) -> Target | None:
        """Where the line there leads."""
        if not 0 <= at < self._size:
            return None
        part, offset = self._part(at)
        return ToTorrent(part.torrents[offset]) if isinstance(part, Listing) else part[offset].target

    def stop(self, at: int, step: int) -> int | None:
        """The first line from here on, itself included, that leads somewhere. None: there is none.

        Args:
            at: Where to begin.
            step: 1 downwards, -1 upwards.
        """
        at = max(at, 0) if step > 0 else min(at, self._size - 1)
        while 0 <= at < self._size:
            if self.target(at) is not None:
                return at
            at += step
        return None

    def find(self, target: Target, near: int = 0) -> int | None:
        """The line that leads there, the nearest of several. None: none does."""
        found: list[int] = []
        for start, part in zip(self._starts, self._parts, strict=True):
            if not isinstance(part, Listing):
                found += [start + n for n, placed in enumerate(part) if placed.target == target]
            elif isinstance(target, ToTorrent):
                try:
                    found.append(start + part.torrents.index(target.index))
                except ValueError:
                    continue
        return min(found, key=lambda at: abs(at - near), default=None)

    def section_at(self, at: int) -> str:
        """The section in which a line is; empty where there is none."""
        before = [key for key, start in self.sections if start <= at]
        return before[-1] if before else ""

    def start_of(self, key: str) -> int | None:
        """Where a section begins. None: it is not there."""
        return next((start for one, start in self.sections if one == key), None)
