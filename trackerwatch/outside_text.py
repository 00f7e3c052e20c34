"""The one doorway for foreign text: what torrents, trackers, lists and URLs say comes in clean, and secrets stay out.

`clean` makes one printable line of anything; `redact_url` is how a URL is shown; `url_secrets` are the pieces of a URL that
must never be shown, also when a tracker echoes them.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterable

ELLIPSIS = "…"
"""What stands where a secret stood."""

DEFAULT_LIMIT_CHARS = 300

_KEY_LIKE = re.compile(r"[0-9A-Za-z_-]{16,}")
"""A path segment of this shape is taken for a passkey (32 hex digits at most private trackers)."""


def clean(text: str | bytes, *, limit_chars: int = DEFAULT_LIMIT_CHARS, secrets: Iterable[str] = ()) -> str:
    """Make foreign text one safe line: no control, escape, bidi or invisible characters, bounded, secrets replaced.

    Args:
        text: Bytes are read as UTF-8, else as Latin-1.
        limit_chars: Longer text is cut and ends in an ellipsis.
        secrets: Literal strings to replace, as from `url_secrets`.

    Returns:
        Printable text without line breaks. It may still hold markup of some format: each face escapes for itself.
    """
    if isinstance(text, bytes):
        # Four bytes a character at most; what lies beyond cannot be shown anyway.
        head = text[: limit_chars * 4 + 4]
        try:
            text = head.decode("utf-8")
        except UnicodeDecodeError as error:
            # Cut inside a character is no reason to read the rest as Latin-1.
            cut_at_end = len(head) < len(text) and error.start >= len(head) - 3
            text = head[: error.start].decode("utf-8") if cut_at_end else head.decode("latin-1")
    for secret in secrets:
        text = text.replace(secret, ELLIPSIS)
    if not (text.isascii() and text.isprintable()):
        text = text[: limit_chars * 8]
        text = "".join(" " if c.isspace() else c for c in text if c.isspace() or _is_visible(c))
    text = " ".join(text.split())
    return text if len(text) <= limit_chars else text[: limit_chars - 1] + ELLIPSIS


def _is_visible(character: str) -> bool:
    # Cc controls, Cf bidi and zero-width, Cs surrogates, Co private use, Cn unassigned, Zl/Zp line breaks.
    return unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@lru_cache(maxsize=65536)
def redact_url(url: str) -> str:
    """A URL as it may be shown: query values, key-like path segments and user info are an ellipsis.

    Works on the text, so that a URL which no parser takes is still redacted.
    """
    scheme, separator, rest = url.partition("://")
    if not separator:
        scheme, rest = "", url
    rest = rest.partition("#")[0]
    rest, question, query = rest.partition("?")
    authority, slash, path = rest.partition("/")
    if "@" in authority:
        authority = f"{ELLIPSIS}@{authority.rpartition('@')[2]}"
    path = "/".join(ELLIPSIS if _KEY_LIKE.fullmatch(unquote(segment)) else segment for segment in path.split("/"))
    shown = scheme + separator + authority + slash + path
    if question:
        shown += "?" + "&".join(_redact_parameter(parameter) for parameter in query.split("&"))
    return clean(shown, limit_chars=2048)


def _redact_parameter(parameter: str) -> str:
    name, equals, value = parameter.partition("=")
    if equals:
        return f"{name}={ELLIPSIS}" if value else parameter
    return ELLIPSIS if name else name


@lru_cache(maxsize=65536)
def url_secrets(url: str) -> tuple[str, ...]:
    """The literal strings of a URL that must not be shown wherever they appear, longest first.

    Both the escaped and the unescaped form; values of fewer than four characters are no secrets (`compact=1`).
    """
    rest = url.partition("://")[2] or url
    rest = rest.partition("#")[0]
    rest, _, query = rest.partition("?")
    authority, _, path = rest.partition("/")
    found: set[str] = set()
    user_info, at, _ = authority.rpartition("@")
    if at:
        found.update(user_info.split(":"))
    found.update(segment for segment in path.split("/") if _KEY_LIKE.fullmatch(unquote(segment)))
    for parameter in query.split("&"):
        name, equals, value = parameter.partition("=")
        found.add(value if equals else name)
    found |= {unquote(secret) for secret in found}
    return tuple(sorted((secret for secret in found if len(secret) >= 4), key=len, reverse=True))
