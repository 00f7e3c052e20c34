"""What a report is called, and the command line that makes it again."""

from __future__ import annotations

import os
import shlex
import sys
from typing import TYPE_CHECKING

from trackerwatch.outside_text import clean, redact_url

if TYPE_CHECKING:
    from argparse import Namespace


def title_of(arguments: Namespace) -> str:
    """`--title`, else the name of the only input; empty where several have no name of their own."""
    given = getattr(arguments, "title", None)
    if given:
        return clean(given)
    inputs = getattr(arguments, "inputs", [])
    if len(inputs) != 1 or inputs[0] == "-" or "://" in inputs[0] or inputs[0].startswith("magnet:"):
        return ""
    return clean(os.path.basename(os.path.abspath(inputs[0])))  # noqa: PTH100, PTH119 - a plain string


def command_line() -> str:
    """The words of this process, quoted for a shell, without secrets."""
    return clean(shlex.join(["trackerwatch", *map(_harmless, sys.argv[1:])]))


def _harmless(word: str) -> str:
    return redact_url(word) if "://" in word or word.startswith("magnet:") else word
