"""What monitoring is told when a run could not be made: it reads stdout alone."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH = 80


def runs_as_plugin(words: Sequence[str]) -> bool:
    """Whether a command line asks for `--format nagios` on stdout; it may hold mistakes, and so is not parsed."""
    begun: list[tuple[str, str]] = []
    rest = iter(words)
    for word in rest:
        if word == "--":
            break
        if word == "--format" or word.startswith("--format="):
            begun.append((word[9:] or next(rest, ""), "-"))
        elif word.startswith("-o") and begun:
            # As `arguments.add_outputs` has it: -o is about the --format before it.
            begun[-1] = (begun[-1][0], word[2:].removeprefix("=") or next(rest, "-"))
    return ("nagios", "-") in begun


def tell_monitoring(message: str) -> None:
    """Say on stdout why nothing is known, in one line of the plugin's form."""
    from trackerwatch.outside_text import clean  # noqa: PLC0415 - only for a mistake
    from trackerwatch.reports.nagios import plugin_line  # noqa: PLC0415 - as above

    try:
        sys.stdout.write(f"{plugin_line(f'TRACKERWATCH UNKNOWN - {clean(message)}', WIDTH)}\n")
        sys.stdout.flush()
    except (OSError, ValueError, AttributeError):
        return  # nobody listens
