"""INPUT words to single inputs: folders and lists are opened up, everything else is told apart."""

from __future__ import annotations

import difflib
import os
import re
import stat
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import urlsplit

from trackerwatch.errors import InputError
from trackerwatch.inputs.files import TORRENT_SUFFIX, read_file, reason_of, shown_path, torrent_paths
from trackerwatch.inputs.skipped import Skipped
from trackerwatch.metainfo.magnet import is_magnet, shown_magnet
from trackerwatch.outside_text import clean, redact_url

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_LIST_BYTES = 16 * 1024 * 1024
MAX_LIST_LINES = 200_000
MAX_URL_CHARS = 8192

STANDARD_INPUT = "-"
LIST_SUFFIX = ".txt"

_scheme = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://").match
_bare_info_hash = re.compile(r"[0-9A-Fa-f]{40}|[A-Za-z2-7]{32}").fullmatch
_trailing_comment = re.compile(r"\s+#.*").search
_no_url_character = re.compile(r"[\x00-\x20\x7f]").search


@dataclass(frozen=True, slots=True)
class FileInput:
    """A file that should be a torrent."""

    path: str
    origin: str = ""
    """The list and line that name it, clean. Empty: the command line or a folder."""

    @property
    def shown(self) -> str:
        """The input as people see it."""
        return _with_origin(shown_path(self.path), self.origin)


@dataclass(frozen=True, slots=True)
class MagnetInput:
    """A magnet link."""

    link: str
    origin: str = ""

    @property
    def shown(self) -> str:
        """The input as people see it, without announce URLs."""
        return _with_origin(shown_magnet(self.link), self.origin)


@dataclass(frozen=True, slots=True)
class UrlInput:
    """An http(s) URL that should lead to a torrent."""

    url: str
    origin: str = ""

    @property
    def shown(self) -> str:
        """The input as people see it, without secrets."""
        return _with_origin(redact_url(self.url), self.origin)


Found = FileInput | MagnetInput | UrlInput | Skipped


def expand(inputs: Sequence[str], *, stdin: BinaryIO | None = None) -> Iterator[Found]:
    """Open up folders and lists.

    Args:
        inputs: As on the command line.
        stdin: What `-` reads, once and bounded. None: `-` is refused.

    Yields:
        Single inputs in the order given; what cannot be one is a `Skipped` in its place.
    """
    for text in inputs:
        if text == STANDARD_INPUT:
            yield from _standard_input(stdin)
            stdin = None
        elif not text.strip():
            yield Skipped("''", "an empty input")
        elif (found := _link(text, "")) is not None:
            yield found
        else:
            yield from _path(text, "", may_be_list=True)


def watchable_folders(inputs: Sequence[str]) -> list[str]:
    """The inputs that are folders: these are watched while the program runs."""
    return [text for text in inputs if text != STANDARD_INPUT and not is_magnet(text) and _is_folder(text)]


def _link(text: str, origin: str) -> Found | None:
    """A magnet link or URL. None: it must be a path."""
    text = text.strip()
    if is_magnet(text):
        return MagnetInput(text, origin)
    match = _scheme(text)
    if match is None:
        return None
    scheme = match[1].lower()
    shown = _with_origin(redact_url(text[:MAX_URL_CHARS]), origin)
    if scheme in {"http", "https"}:
        reason = _bad_url(text)
        return Skipped(shown, reason) if reason else UrlInput(text, origin)
    if scheme in {"udp", "ws", "wss"}:
        return Skipped(shown, "a tracker's URL, not a torrent's; `trackerwatch check` asks trackers alone")
    if scheme == "file":
        return Skipped(shown, "file URLs are not read; give the path itself")
    return Skipped(shown, "bad URL: torrents are fetched over http and https only")


def _bad_url(url: str) -> str | None:
    if len(url) > MAX_URL_CHARS:
        return f"bad URL: longer than {MAX_URL_CHARS} characters"
    if _no_url_character(url):
        return "bad URL: it holds white space or control characters"
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    return None if usable else "bad URL: no usable host and port"


def _path(path: str, origin: str, *, may_be_list: bool) -> Iterator[Found]:
    shown = _with_origin(shown_path(path), origin)
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116  undecodable names and the cost of a Path each
    except FileNotFoundError:
        # A URL that lost its beginning may carry a key; a name like that of a torrent's file hides nothing.
        named = (
            shown if path.endswith(TORRENT_SUFFIX) else _with_origin(clean(redact_url(path), limit_chars=1000), origin)
        )
        yield Skipped(named, f"no such file or folder{_hint(path)}")
        return
    except OSError as error:
        yield Skipped(shown, reason_of(error))
        return
    except ValueError:
        yield Skipped(shown, "a path with a zero byte")
        return
    if stat.S_ISDIR(mode):
        yield from _folder(path, origin)
    elif path.lower().endswith(LIST_SUFFIX):
        if may_be_list:
            yield from _list_file(path)
        else:
            yield Skipped(shown, "a list inside a list is not followed")
    else:
        yield FileInput(path, origin)


def _folder(path: str, origin: str) -> Iterator[Found]:
    nothing = True
    for found in torrent_paths(path):
        nothing = False
        if isinstance(found, str):
            yield FileInput(found, origin)
        else:
            yield Skipped(_with_origin(shown_path(found.path), origin), found.reason)
    if nothing:
        yield Skipped(_with_origin(shown_path(path), origin), _why_nothing(path))


def _why_nothing(folder: str) -> str:
    try:
        with os.scandir(folder) as entries:
            is_empty = next(entries, None) is None
    except OSError as error:
        return reason_of(error)
    return "empty folder" if is_empty else "a folder without .torrent files"


def _list_file(path: str) -> Iterator[Found]:
    shown = shown_path(path)
    try:
        data = read_file(path, limit_bytes=MAX_LIST_BYTES)
    except InputError as error:
        yield Skipped(shown, str(error))
        return
    yield from _list(data, shown, os.path.dirname(path))  # noqa: PTH120  as above


def _standard_input(stdin: BinaryIO | None) -> Iterator[Found]:
    if stdin is None:
        yield Skipped("standard input", "it can be read once, and only where there is one")
        return
    try:
        data = stdin.read(MAX_LIST_BYTES + 1)
    except OSError as error:
        yield Skipped("standard input", reason_of(error))
        return
    if len(data) > MAX_LIST_BYTES:
        yield Skipped("standard input", f"larger than {MAX_LIST_BYTES >> 20} MiB")
        return
    yield from _list(data, "standard input", "")


def _list(data: bytes, shown_list: str, folder: str) -> Iterator[Found]:
    """The inputs of a list. Relative paths are relative to the folder of the list."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = data.decode("utf-16", "replace")
    elif b"\0" in data:
        yield Skipped(shown_list, "not a text file with an input on each line")
        return
    else:
        # File names are any bytes, and these come back when the path is used.
        text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    nothing = True
    for number, raw_line in enumerate(lines[:MAX_LIST_LINES], start=1):
        line = raw_line.strip()
        if not line or line.startswith("#"):
            continue
        nothing = False
        yield from _list_line(line, f"{shown_list} line {number}", folder)
    if len(lines) > MAX_LIST_LINES:
        yield Skipped(shown_list, f"longer than {MAX_LIST_LINES} lines; the rest is ignored")
    elif nothing:
        yield Skipped(shown_list, "a list without inputs")


def _list_line(line: str, origin: str, folder: str) -> Iterator[Found]:
    comment = _trailing_comment(line)
    bare = line[: comment.start()] if comment else line
    if (found := _link(bare, origin)) is not None:
        yield found
        return
    if bare == STANDARD_INPUT:
        yield Skipped(origin, "standard input inside a list is not read")
        return
    # A file name may hold " #": the whole line is a path if there is one.
    whole = _resolved(line, folder)
    yield from _path(whole if bare == line or _exists(whole) else _resolved(bare, folder), origin, may_be_list=False)


def _resolved(path: str, folder: str) -> str:
    # No shell has seen this path.
    return os.path.join(folder, os.path.expanduser(path))  # noqa: PTH111, PTH118  names may be undecodable


def _exists(path: str) -> bool:
    try:
        return os.path.exists(path)  # noqa: PTH110  as above
    except ValueError:
        return False


def _is_folder(path: str) -> bool:
    try:
        return os.path.isdir(path)  # noqa: PTH112  as above
    except ValueError:
        return False


def _hint(path: str) -> str:
    """What was probably meant, as an end of the sentence."""
    if _bare_info_hash(path):
        return "; an info hash alone names no tracker, give a magnet link"
    if any(character in path for character in "*?["):
        return "; the pattern matches nothing"
    folder, name = os.path.split(path)
    try:
        with os.scandir(folder or ".") as entries:
            # The suffix that all share says nothing about likeness.
            names = {entry.name.removesuffix(TORRENT_SUFFIX): entry.name for entry in islice(entries, 5000)}
    except (OSError, ValueError):
        return ""
    near = difflib.get_close_matches(name[:255].removesuffix(TORRENT_SUFFIX), names, n=1, cutoff=0.7)
    return f"; did you mean {clean(names[near[0]], limit_chars=100)!r}?" if near else ""


def _with_origin(shown: str, origin: str) -> str:
    return f"{shown} ({origin})" if origin else shown
