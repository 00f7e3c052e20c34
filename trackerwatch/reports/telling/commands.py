"""Command lines that a report names: told so that a shell takes them, and the one that checks again."""

from __future__ import annotations

import shlex

MAX_CHECK_CHARS = 160
"""A longer command is no help beside a problem."""

_WITH_VALUE = frozenset({"--format", "-o", "--only", "--wait", "--against", "--max-age", "--fail-on", "--title"})
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
    kept: list[str] = []
    skip = False
    for word in given[2:]:
        if skip:
            skip = False
        elif word in _WITH_VALUE:
            skip = True
        elif word not in _ALONE and word.partition("=")[0] not in _WITH_VALUE and not _is_joined(word):
            kept.append(word)
    again = shlex.join(["trackerwatch", "report", *kept, "--fresh", "--only", "problems"])
    return again if len(again) <= MAX_CHECK_CHARS else ""


def _is_joined(word: str) -> bool:
    """Whether it is an option and its value in one, `-oFILE`."""
    return word.startswith("-o") and len(word) > len("-o")
