"""Inputs that could not be used, and how they are told without flooding a terminal."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trackerwatch.outside_text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_NAMED_SOURCES = 3

_position = re.compile(r",? at byte [0-9]+")
_quoted = re.compile(r"'[^']*'|\"[^\"]*\"")


@dataclass(frozen=True, slots=True)
class Skipped:
    """One input, or something inside one, that could not be used."""

    source: str
    """Which input: clean, without secrets."""
    message: str
    """Why, in one clean line without secrets."""


def fold_skipped(skipped: Iterable[Skipped]) -> list[str]:
    """Lines that name every reason once.

    Args:
        skipped: In the order in which they were met.

    Returns:
        `SOURCE: MESSAGE` for what happened once; `12 inputs: MESSAGE (a, b, c and 9 more)` for what happened often, where
        positions and quoted words differ between inputs and are left out. In order of the first of each.
    """
    alike: dict[str, list[Skipped]] = {}
    for one in skipped:
        alike.setdefault(_reason(one.message), []).append(one)
    return [_line(reason, group) for reason, group in alike.items()]


def _reason(message: str) -> str:
    return _quoted.sub("…", _position.sub("", message))


def _line(reason: str, group: list[Skipped]) -> str:
    first = group[0]
    if len(group) == 1:
        return f"{first.source}: {first.message}"
    if all(one.message == first.message for one in group):
        reason = first.message
    sources = list(dict.fromkeys(one.source for one in group))
    named = ", ".join(clean(source, limit_chars=80) for source in sources[:MAX_NAMED_SOURCES])
    rest = len(sources) - MAX_NAMED_SOURCES
    return f"{len(group)} inputs: {reason} ({named}{f' and {rest} more' if rest > 0 else ''})"
