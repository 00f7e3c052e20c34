"""What a report is called, and the command line that makes it again."""

from __future__ import annotations

import os
import re
import shlex
import sys
from typing import TYPE_CHECKING

from trackerwatch.outside_text import ELLIPSIS, clean, redact_url

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

MAX_COMMAND_CHARS = 2000
"""A shell makes thousands of words of `*`; what is left out is counted."""
_ROOM_CHARS = 60
_PASSKEY = re.compile(r"(?<![0-9A-Za-z])(?=[A-Za-z]*[0-9])(?=[0-9]*[A-Za-z])[0-9A-Za-z]{20,39}(?![0-9A-Za-z])")
"""A key by itself, as in a filter: not as long as an info hash."""
_URL = re.compile(r"\S+://\S+")
_PAIR = re.compile(r"\b(passkey|pass|key|authkey|auth|token|secret|torrent_pass|apikey|uid)=[^\s&]+", re.IGNORECASE)


def title_of(arguments: Namespace) -> str:
    """`--title`, else the name of the only input; empty where several have no name of their own."""
    given = getattr(arguments, "title", None)
    if given:
        return clean(_without_keys(given))
    inputs = getattr(arguments, "inputs", [])
    if len(inputs) != 1 or inputs[0] == "-" or "://" in inputs[0] or inputs[0].startswith("magnet:"):
        return ""
    return clean(os.path.basename(os.path.abspath(inputs[0])))  # noqa: PTH100, PTH119 - a plain string


def filter_of(arguments: Namespace) -> str:
    """`--filter` as a report may show it; empty without one."""
    given = (getattr(arguments, "filter", None) or "").strip()
    return clean(_PASSKEY.sub(ELLIPSIS, _without_keys(given)))


def _without_keys(text: str) -> str:
    """Words of the user's own, in which a URL may stand."""
    return _PAIR.sub(rf"\1={ELLIPSIS}", _URL.sub(lambda found: redact_url(found.group()), text))


def command_line(words: Sequence[str] | None = None) -> str:
    """The words of this process (or those given, without the program's name), quoted for a shell, without secrets.

    One line of `MAX_COMMAND_CHARS` at most; what is left out stands in a comment at its end.
    """
    words = sys.argv[1:] if words is None else words
    given = [shlex.quote(_harmless(word, of_urls=words[0] == "check")) for word in words]
    # Options are few and say how, and what follows one may be its value; inputs may be thousands.
    says_how = [
        word.startswith("-") or before.startswith("-") for before, word in zip(["", *given], given, strict=False)
    ]
    room = MAX_COMMAND_CHARS - _ROOM_CHARS
    room -= sum(len(word) + 1 for word, is_how in zip(given, says_how, strict=True) if is_how)
    line, left_out = "trackerwatch", 0
    for word, is_how in zip(given, says_how, strict=True):
        if not is_how:
            room -= len(word) + 1
        if is_how or room >= 0:
            line += f" {word}"
        else:
            left_out += 1
    return f"{line}  # and {left_out:,} more words" if left_out else line


def _harmless(word: str, *, of_urls: bool) -> str:
    # A URL may have lost its beginning.
    cut_url = of_urls and "/" in word and not os.path.exists(word)  # noqa: PTH110 - a plain string
    if "://" in word or word.startswith("magnet:") or cut_url:
        word = redact_url(word)
    elif _PASSKEY.search(word) and not os.path.exists(word):  # noqa: PTH110 - a plain string
        # Not the name of a file, which may be a hash: of a filter, or of a URL without its beginning.
        word = _PASSKEY.sub(ELLIPSIS, _without_keys(word))
    return clean(word, limit_chars=MAX_COMMAND_CHARS)
