"""The one doorway for foreign text: what torrents, trackers, lists and URLs say comes in clean, and secrets stay out.

`clean` makes one printable line of anything; `redact_url` is how a URL is shown; `url_secrets` are the pieces of a URL that
must never be shown, also when a tracker echoes them.
"""

from __future__ import annotations

import binascii
import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, unquote_plus, unquote_to_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable

ELLIPSIS = "…"
"""What stands where a secret stood."""

DEFAULT_LIMIT_CHARS = 300

MAX_MARKS = 4
"""Combining marks on one base character: Vietnamese and pointed Hebrew take up to three, a flood climbs over other rows."""

_READ_AHEAD = 8
"""Characters read for each one that may be shown: what is dropped on the way must not make a long text read as a short one."""

_MIN_SECRET_CHARS = 4
"""Shorter values are no secrets (`compact=1`), and replacing them would tear ordinary words apart."""

_KEY_LIKE = re.compile(r"[0-9A-Za-z_-]{16,}")
"""A path segment of this shape is taken for a passkey (32 hex digits at most private trackers)."""

_KEY_RUN = re.compile(r"(?<![0-9A-Za-z])(?=[A-Za-z]*[0-9])[0-9A-Za-z]{16,}")
"""The same inside a longer segment (`key=0123…`, `0123….php`); a digit is asked for, since words grow long."""

_KEY_LABEL = re.compile(r"[0-9A-Fa-f]{32,}")
"""A host label of this shape is a passkey: trackers with wildcard certificates put it there."""

_NO_SECRETS = frozenset(
    {
        *("announce", "scrape", "announce.php", "scrape.php", "tracker.php", "tracker", "torrent", "torrents"),
        *("true", "false", "null", "none", "http", "https", "compact", "info_hash", "peer_id", "passkey", "authkey"),
    }
)
"""Words of the field that occur as query values: without them a tracker's texts could not be read."""

_ESCAPE_SEQUENCE = re.compile(
    # CSI; OSC, DCS, APC, PM and SOS up to their end, where they have one near; short ones, letters spared.
    r"(?:\x1b\[|\x9b)[0-?]{0,64}[ -/]{0,8}[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]{0,512}(?:\x07|\x1b\\|\x9c)"
    r"|\x1b(?:[ -/]{1,8}[0-~]|[c78=>])"
)

_INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Controls, bidi and zero-width, surrogates, private use, unassigned, line and paragraph separators."""

_INVISIBLE = frozenset(
    # Letters, marks and symbols by category, and yet nothing to see: fillers, variation selectors, blanks.
    {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0, 0xFFFC, 0x1D159}
    | set(range(0x180B, 0x1810))
    | set(range(0xFE00, 0xFE10))
    | set(range(0xE0000, 0xE1000))
)


class _Visible(dict[int, int | None]):
    """For `str.translate`: white space is a blank, the invisible is dropped, the rest stays. Fills itself, in bounds."""

    def __missing__(self, code: int) -> int | None:
        character = chr(code)
        if character.isspace():
            shown: int | None = 0x20
        elif code in _INVISIBLE or unicodedata.category(character) in _INVISIBLE_CATEGORIES:
            shown = None
        else:
            shown = code
        if len(self) < 8192:
            self[code] = shown
        return shown


class _MarksOnly(dict[int, int | None]):
    """For `str.translate`: leaves the combining marks alone, to see quickly whether there are any."""

    def __missing__(self, code: int) -> int | None:
        shown = code if unicodedata.category(chr(code)).startswith("M") else None
        if len(self) < 8192:
            self[code] = shown
        return shown


_VISIBLE = _Visible()
_MARKS_ONLY = _MarksOnly()


def clean(text: str | bytes, *, limit_chars: int = DEFAULT_LIMIT_CHARS, secrets: Iterable[str] = ()) -> str:
    """Make foreign text one safe line: no control, escape, bidi or invisible characters, bounded, secrets replaced.

    Args:
        text: Bytes are read as UTF-8, else as Latin-1.
        limit_chars: At least 1. Longer text is cut and ends in an ellipsis.
        secrets: Literal strings to replace whatever their case, as from `url_secrets`.

    Returns:
        Printable text without line breaks. It may still hold markup of some format: each face escapes for itself.
    """
    needles = tuple(secrets)
    # Room for every secret that begins within what will be shown.
    room = limit_chars * _READ_AHEAD + max(map(len, needles), default=0)
    was_cut = False
    if isinstance(text, bytes):
        was_cut = len(text) > room * 4
        text = _decoded(text[: room * 4], was_cut=was_cut)
    if len(text) > room:
        text, was_cut = text[:room], True
    if not (text.isascii() and text.isprintable()):
        text = _visible(text)
    text = " ".join(text.split())
    if needles:
        # After the cleaning: a key torn apart by invisible characters is whole again by now.
        text = _without_secrets(text, needles, was_cut=was_cut)
    if len(text) > limit_chars or (was_cut and not text.endswith(ELLIPSIS)):
        text = text[: limit_chars - 1].rstrip() + ELLIPSIS
    return text


def _decoded(raw: bytes, *, was_cut: bool) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        # Cut inside a character is no reason to read the rest as Latin-1.
        cut_inside = was_cut and error.start >= len(raw) - 3
        return raw[: error.start].decode("utf-8") if cut_inside else raw.decode("latin-1")


def _visible(text: str) -> str:
    text = _ESCAPE_SEQUENCE.sub("", text)
    text = text.translate(_VISIBLE)
    return _with_few_marks(text) if text.translate(_MARKS_ONLY) else text


def _with_few_marks(text: str) -> str:
    """Bound the marks a character carries, and drop those which would climb onto what stands before the text."""
    kept: list[str] = []
    room = 0
    for character in text:
        if _MARKS_ONLY[ord(character)] is None:
            room = 0 if character == " " else MAX_MARKS
        elif room:
            room -= 1
        else:
            continue
        kept.append(character)
    return "".join(kept)


def _without_secrets(text: str, secrets: tuple[str, ...], *, was_cut: bool) -> str:
    pattern, needles = _needles(secrets)
    if pattern is None:
        return text
    while True:
        shorter = pattern.sub(ELLIPSIS, text)
        if shorter == text:
            break
        text = shorter
    if was_cut:
        # The cut may have gone through a secret: its beginning is no news for anybody.
        folded = text.lower()
        begun = max(
            (size for needle in needles for size in range(1, len(needle)) if folded.endswith(needle[:size])), default=0
        )
        text = text[: len(text) - begun]
    return text


@lru_cache(maxsize=4096)
def _needles(secrets: tuple[str, ...]) -> tuple[re.Pattern[str] | None, tuple[str, ...]]:
    # As they look once the text around them is clean.
    cleaned = {clean(secret, limit_chars=max(len(secret), 1)) for secret in secrets}
    needles = sorted((needle for needle in cleaned if len(needle) >= 2), key=len, reverse=True)
    if not needles:
        return None, ()
    return re.compile("|".join(map(_spelled, needles)), re.IGNORECASE), tuple(needle.lower() for needle in needles)


def _spelled(needle: str) -> str:
    """A pattern for a secret of which any character may be percent-encoded: whoever quotes a request may have done that."""
    return "".join(
        f"(?:{'|'.join((re.escape(one), *{_quoted(case) for case in (one.lower(), one.upper())}))})" for one in needle
    )


def _quoted(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode("utf-8", "replace"))


@lru_cache(maxsize=65536)
def redact_url(url: str) -> str:
    """A URL as it may be shown: query values, key-like path segments and user info are an ellipsis.

    Host and port stay readable, but for a passkey among the host's labels. In a magnet link the trackers and sources are
    redacted, hash and name stay. Works on the text, so that a URL which no parser takes is still redacted.
    """
    if url[:7].lower() == "magnet:":
        return _redact_magnet(url)
    scheme, authority, path, question, query = _taken_apart(url)
    user_info, _, host = authority.rpartition("@")
    if _odd_authority(host):
        # A password with `/`, `?` or `#` in it: what is the host and what the secret is anybody's guess.
        return clean(scheme + ELLIPSIS, limit_chars=2048)
    shown = scheme + (f"{ELLIPSIS}@" if user_info else "") + redact_host(host)
    shown += "/".join(_redact_segment(segment) for segment in path.split("/"))
    if question:
        shown += "?" + "&".join(_redact_parameter(parameter) for parameter in query.split("&"))
    return clean(shown, limit_chars=2048)


def redact_host(host: str) -> str:
    """A host name, perhaps with its port, as it may be shown: a label that is a passkey is an ellipsis."""
    if len(host) < 32:
        return host
    return ".".join(ELLIPSIS if _KEY_LABEL.fullmatch(label) else label for label in host.split("."))


def _taken_apart(url: str) -> tuple[str, str, str, str, str]:
    """Scheme with its `://`, authority, path from its slash on, `?` or nothing, query. The fragment is dropped."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        # `http:/user:pass@host`, `user:pass@host/path`: all up to the `@` may be secret.
        scheme, rest = "", url
    rest = rest.partition("#")[0]
    rest, question, query = rest.partition("?")
    before, at, after = rest.rpartition("@")
    if at and ("/" not in before or not separator or rest.startswith("/")):
        authority, slash, path = after.partition("/")
        authority = f"{before}@{authority}"
    else:
        authority, slash, path = rest.partition("/")
    return scheme + separator, authority, slash + path, question, query


def _odd_authority(host: str) -> bool:
    if host.startswith("["):
        host = host.rpartition("]")[2]
    name, colon, port = host.partition(":")
    return bool(colon and name and port and not port.isdigit())


def _redact_segment(segment: str) -> str:
    plain = _unquoted(segment)
    if _KEY_LIKE.fullmatch(plain):
        return ELLIPSIS
    if not _KEY_RUN.search(plain):
        return segment
    return _KEY_RUN.sub(ELLIPSIS, plain) if plain == segment else ELLIPSIS


def _redact_parameter(parameter: str) -> str:
    name, equals, value = parameter.partition("=")
    if not equals:
        return ELLIPSIS if name else name
    if _KEY_LIKE.fullmatch(_unquoted(name)):
        name = ELLIPSIS
    return f"{name}={ELLIPSIS}" if value else f"{name}="


def _redact_magnet(link: str) -> str:
    head, question, query = link.partition("?")
    return clean(head + question + "&".join(map(_redact_magnet_parameter, query.split("&"))), limit_chars=2048)


def _redact_magnet_parameter(parameter: str) -> str:
    name, equals, value = parameter.partition("=")
    kind = name.lower().partition(".")[0]
    if kind in {"xt", "dn", "xl", "so"} or not value:
        return parameter if equals or not name else ELLIPSIS
    if kind in {"tr", "ws", "as", "xs"}:
        shown = redact_url(unquote_plus(value))
        return f"{name}={quote(shown, safe=':/?=[]@,').replace(quote(ELLIPSIS), ELLIPSIS)}"
    return f"{name}={ELLIPSIS}"


@lru_cache(maxsize=65536)
def url_secrets(url: str) -> tuple[str, ...]:
    """The literal strings of a URL that must not be shown wherever they appear, longest first.

    Both the escaped and the unescaped form; values of fewer than four characters are no secrets (`compact=1`). Of a magnet
    link: those of its trackers and sources.
    """
    found: set[str] = set()
    if url[:7].lower() == "magnet:":
        for parameter in url.partition("?")[2].split("&"):
            name, _, value = parameter.partition("=")
            if name.lower().partition(".")[0] in {"tr", "ws", "as", "xs"}:
                found.update(url_secrets(unquote_plus(value)))
        return _longest_first(found)
    _, authority, path, _, query = _taken_apart(url)
    user_info, at, host = authority.rpartition("@")
    if at:
        found.update(user_info.split(":"))
        # As it goes over the wire (RFC 7617), and stands in what a server quotes of a request.
        found.add(binascii.b2a_base64(unquote_to_bytes(user_info), newline=False).decode("ascii"))
    found.update(label for label in host.partition(":")[0].split(".") if _KEY_LABEL.fullmatch(label))
    for segment in path.split("/"):
        plain = _unquoted(segment)
        if _KEY_LIKE.fullmatch(plain):
            found.update((segment, plain))
        else:
            found.update(_KEY_RUN.findall(plain))
    for parameter in query.split("&"):
        name, equals, value = parameter.partition("=")
        found.add(value if equals else name)
        if equals and _KEY_LIKE.fullmatch(_unquoted(name)):
            found.add(name)
    return _longest_first(found)


def _longest_first(found: set[str]) -> tuple[str, ...]:
    spellings = found | {unquote(secret) for secret in found} | {unquote_plus(secret) for secret in found}
    spellings |= {_unquoted(secret) for secret in found}
    secrets = {one for one in spellings if len(one.strip()) >= _MIN_SECRET_CHARS and one.lower() not in _NO_SECRETS}
    return tuple(sorted(secrets, key=lambda one: (-len(one), one)))


def _unquoted(text: str) -> str:
    """Percent-encoding undone, also where somebody applied it twice."""
    for _ in range(3):
        plain = unquote(text)
        if plain == text:
            break
        text = plain
    return text
