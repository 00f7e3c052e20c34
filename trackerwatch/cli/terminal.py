"""What there is to draw on and to take keys from, and what it can show."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from trackerwatch.errors import UsageError
from trackerwatch.tui.preferences import Colors

if TYPE_CHECKING:
    from collections.abc import Mapping

_MONOCHROME = frozenset({"dumb", "vt52", "vt100", "vt102", "vt220", "vt320", "xterm-mono", "screen-mono"})
_MANY = ("256color", "kitty", "direct", "truecolor")
"""How names of terminals end that have at least 256 colours; those which say so in COLORTERM need no name."""


def can_draw() -> bool:
    """Whether stdout is a terminal that can do more than show lines."""
    return sys.stdout is not None and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def take_keys() -> None:
    """Let standard input be the terminal, whatever it was: a screen needs its keys.

    Raises:
        UsageError: There is no terminal to take keys from.
    """
    if sys.stdin is not None and sys.stdin.isatty():
        return
    try:
        keys = os.open("/dev/tty", os.O_RDWR)
    except OSError:
        raise UsageError("the live screen needs a terminal; `trackerwatch watch --plain` works without one") from None
    os.dup2(keys, 0)
    os.close(keys)
    if sys.stdin is None:
        sys.stdin = sys.__stdin__ = open(0, closefd=False)  # type: ignore[misc] # noqa: SIM115 - the one that was missing


def colors(when: str, environment: Mapping[str, str]) -> Colors:
    """How many colours the screen may use.

    Args:
        when: The value of `--color`: `auto`, `always` or `never`.
        environment: NO_COLOR (https://no-color.org) counts where `when` is `auto`; COLORTERM and TERM say what there is.
    """
    if when == "never" or (when == "auto" and environment.get("NO_COLOR")):
        return Colors.NONE
    term = environment.get("TERM", "").lower()
    if environment.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return Colors.FULL
    if term in _MONOCHROME:
        return Colors.NONE if when == "auto" else Colors.SIXTEEN
    # Not knowing is sixteen: every terminal with colours has those.
    return Colors.FULL if term.rpartition("-")[2] in _MANY else Colors.SIXTEEN


def draws_unicode(environment: Mapping[str, str]) -> bool:
    """Whether more than ASCII can be drawn: by the locale's encoding, and not on a console, whose font lacks bars."""
    stream = sys.stdout if sys.stdout is not None else sys.stderr
    return takes_unicode(getattr(stream, "encoding", None)) and environment.get("TERM") not in ("linux", "dumb")


def takes_unicode(encoding: str | None) -> bool:
    """Whether text in this encoding may hold any character."""
    return (encoding or "").lower().startswith("utf")
