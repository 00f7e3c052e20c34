"""Command lines that a report names: told so that a shell takes them, and the one that checks again."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from collections.abc import Set as AbstractSet

MAX_CHECK_CHARS = 160
"""A longer command is no help beside a problem."""

_OUTPUTS = frozenset({"--format", "-o"})
"""Options that say where a report goes and in which form, and take a value."""
_WITH_VALUE = _OUTPUTS | frozenset({"--only", "--wait", "--against", "--max-age", "--fail-on", "--title"})
"""Options of `report` that say nothing of what is asked, and take a value."""
_ALONE = frozenset({"--all", "--cached", "--fresh"})


def words(command: str) -> list[str]:
    """The words of a command line, each quoted as a shell wants it, a comment at its end as one; whole where its quotes do not match."""
    command, separator, comment = command.partition("  # ")
    try:
        told = [shlex.quote(word) for word in shlex.split(command)]
    except ValueError:
        told = [command]
    return [*told, f"# {comment}"] if separator else told


def check_again(command: str) -> str:
    """The command that looks again at what is not well, made of that which made a report; empty where there is none."""
    try:
        given = shlex.split(command)
    except ValueError:
        return ""
    if given[:2] != ["trackerwatch", "report"] or "--from" in given or "-" in given:
        # What came through a pipe is gone.
        return ""
    kept = [word for word in _without(given[2:], _WITH_VALUE) if word not in _ALONE]
    again = shlex.join(["trackerwatch", "report", *kept, "--fresh", "--only", "problems"])
    return again if len(again) <= MAX_CHECK_CHARS else ""


def shortened(command: str) -> str:
    """A command that makes a report again; where it is long, without its other outputs, which do not change what is found."""
    if len(command) <= MAX_CHECK_CHARS:
        return command
    command, separator, comment = command.partition("  # ")
    try:
        given = shlex.split(command)
    except ValueError:
        return command + separator + comment
    return shlex.join(_without(given, _OUTPUTS)) + separator + comment


def _without(words: Iterable[str], options: AbstractSet[str]) -> Iterator[str]:
    """Words but for these options and their values."""
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word in options:
            skip = True
        elif word.partition("=")[0] not in options and not _is_joined(word):
            yield word


def _is_joined(word: str) -> bool:
    """Whether it is an option and its value in one, `-oFILE`."""
    return word.startswith("-o") and len(word) > len("-o")
