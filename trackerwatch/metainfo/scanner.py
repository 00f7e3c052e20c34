"""One pass over the bytes of a .torrent file: where things stand, without building them.

A full decode of a torrent makes an object of every path and piece only to throw it away. A tracker monitor needs the exact
span of `info` (its hash is the torrent's name, and re-encoding changes it whenever the file is not canonical), a dozen small
fields and the sum of the file lengths. So the scanner steps from token to token, remembers the spans of the fields that
somebody asks for, and adds up lengths on the way.

Theory of operation:

- Tokens are matched by compiled patterns at a position; strings are stepped over by their length, never copied.
- Regular expressions cannot count, but they can list: `usual_shapes` has a pattern that matches exactly the bencoded strings
  of up to 255 bytes. With it a run of several hundred file entries of the usual shape is one match. Whatever has another
  shape is read token by token; both roads give the same answer.
- No road recurses, and containers nest `MAX_DEPTH` deep at most, so hostile nesting ends after 64 bytes.

The grammar is the strict one (no leading zeros, no `-0`, no signs on lengths), except that keys may be unsorted and inner keys
may repeat, as in real files; the first of equal keys counts, as in libtorrent. BEP 3, BEP 52.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trackerwatch.errors import MetainfoError
from trackerwatch.metainfo.diagnosis import MAX_DEPTH, bad_key, bad_token, first_impression, not_a_torrent, too_deep
from trackerwatch.metainfo.usual_shapes import (
    list_of_lists,
    run_end_of,
    usual_file,
    usual_files_run,
    usual_leaf,
    usual_leaves_run,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_ITEMS = 3_000_000
"""Strings, integers and containers that are read token by token: bounds the time (about a second) that a file of 64 MiB made of
empty strings can take. Files of the usual shape do not count."""

MAX_SIZE_BYTES = (1 << 63) - 1
"""Sizes beyond a signed 64-bit integer are lies."""

MAX_KEY_BYTES = 64
"""No key that anybody asks for is longer; longer ones are stepped over."""

Span = tuple[int, int]
"""Start and end of a value as bencoded, as in `data[start:end]`."""

_length_prefix = re.compile(rb"(0|[1-9][0-9]{0,9}):").match
_integer = re.compile(rb"i(0|-?[1-9][0-9]{0,63})e").match

_DICTIONARY, _LIST, _END = b"d"[0], b"l"[0], b"e"[0]

TOP_KEYS = frozenset({b"announce", b"announce-list", b"info", b"magnet-uri", b"url-list"})
INFO_KEYS = frozenset(
    {
        *(b"file tree", b"files", b"length", b"meta version", b"name", b"name.utf-8"),
        *(b"piece length", b"pieces", b"private", b"source"),
    }
)
_ENTRY_KEYS = frozenset({b"attr", b"length"})


class Allowance:
    """How many items may still be read one by one."""

    __slots__ = ("items",)

    def __init__(self, items: int = MAX_ITEMS) -> None:
        self.items = items

    def spend(self, items: int) -> None:
        """Count items.

        Raises:
            MetainfoError: There were too many.
        """
        self.items -= items
        if self.items < 0:
            raise MetainfoError(f"made of more than {MAX_ITEMS} items")


@dataclass(slots=True)
class TorrentSpans:
    """Where the fields of one .torrent file stand."""

    top: dict[bytes, Span] = field(default_factory=dict)
    """Values of the outermost dictionary, of `TOP_KEYS` alone."""
    info: dict[bytes, Span] | None = None
    """Values in the info dictionary, of `INFO_KEYS` alone. None: `info` is absent or no dictionary."""
    files_size_bytes: int | None = None
    """Sum of the lengths in `files` (v1) without pad files. None: no such list, or see `files_error`."""
    files: int = 0
    """Entries of `files` without pad files."""
    pads: int = 0
    """Pad files in `files` (BEP 47)."""
    file_tree_size_bytes: int | None = None
    """Sum of the lengths in `file tree` (v2) without pad files. None: no such dictionary, or see `file_tree_error`."""
    file_tree_files: int = 0
    """Leaves of `file tree`."""
    files_error: MetainfoError | None = None
    """What is wrong with `files`; whether that matters depends on the kind of torrent."""
    file_tree_error: MetainfoError | None = None
    """What is wrong with `file tree`; it matters only once `meta version` is known to be ours (BEP 52)."""


def scan_torrent(data: bytes) -> TorrentSpans:
    """Find the fields of a .torrent file.

    Args:
        data: The whole file. White space after the end is tolerated, anything else is not.

    Returns:
        Spans and sums; fields are not judged beyond their grammar.

    Raises:
        MetainfoError: The bytes are not one well-formed bencoded dictionary; the message says what and where.
    """
    if not data:
        raise MetainfoError("empty file")
    if data[0] != _DICTIONARY:
        if data.startswith(b"l" * (MAX_DEPTH + 1)):
            raise too_deep()
        raise not_a_torrent(first_impression(data))
    spans = TorrentSpans()
    allowance = Allowance()
    position = 1
    while (key_end := _read_key(data, position, allowance)) is not None:
        key, start = key_end
        if key == b"info" and data[start : start + 1] == b"d":
            position = _scan_info(data, start, spans, allowance)
        else:
            position = skip(data, start, 1, allowance)
        if key in TOP_KEYS:
            if key == b"info" and b"info" in spans.top:
                raise not_a_torrent("it has two info dictionaries")
            spans.top.setdefault(key, (start, position))
    end = _expect_end(data, position)
    if end < len(data) and data[end:].strip():
        raise not_a_torrent(f"something follows its end at byte {end}")
    return spans


def skip(data: bytes, position: int, depth: int, allowance: Allowance) -> int:
    """Step over one value of any type.

    Args:
        data: The whole file.
        position: Where the value starts.
        depth: How many containers it is in.
        allowance: What the items of a container are taken from.

    Returns:
        Where the value ends.

    Raises:
        MetainfoError: It is not well-formed, nested too deeply or made of too many items.
    """
    if (match := _length_prefix(data, position)) is not None:
        return _string_end(data, match)
    if (match := _integer(data, position)) is not None:
        return match.end()
    if (match := list_of_lists(data, position)) is not None and depth <= MAX_DEPTH - 2:
        return match.end()
    size = len(data)
    # Whether each open container is a dictionary, outermost first.
    open_dictionaries: list[bool] = []
    items = 0
    while True:
        items += 1
        if items & 0xFFFF == 0:
            allowance.spend(0x10000)
        if (match := _length_prefix(data, position)) is not None:
            position = _string_end(data, match)
        elif position < size and data[position] in b"dl":
            if depth + len(open_dictionaries) >= MAX_DEPTH:
                raise too_deep()
            open_dictionaries.append(data[position] == _DICTIONARY)
            position += 1
        elif (match := _integer(data, position)) is not None:
            position = match.end()
        else:
            raise bad_token(data, position)
        # A value has ended or a container has begun: close what ends here, then step over a key if one is due.
        while data[position : position + 1] == b"e":
            if not open_dictionaries:
                break
            open_dictionaries.pop()
            position += 1
        if not open_dictionaries:
            allowance.spend(items & 0xFFFF)
            return position
        if open_dictionaries[-1]:
            match = _length_prefix(data, position)
            if match is None:
                raise bad_key(data, position)
            position = _string_end(data, match)


def read_string(data: bytes, span: Span | None) -> bytes | None:
    """The string in a span. None: there is no span, or it holds no string."""
    if span is None or (match := _length_prefix(data, span[0])) is None:
        return None
    return data[match.end() : span[1]]


def string_length(data: bytes, span: Span | None) -> int | None:
    """Length in bytes of the string in a span, without copying it. None: no string."""
    if span is None or (match := _length_prefix(data, span[0])) is None:
        return None
    return span[1] - match.end()


def read_integer(data: bytes, span: Span | None) -> int | None:
    """The integer in a span. None: there is no span, or it holds no integer."""
    if span is None or (match := _integer(data, span[0])) is None:
        return None
    return int(match[1])


def list_items(data: bytes, span: Span) -> Iterator[Span]:
    """The spans of the elements of a list that was scanned; nothing if the span holds no list."""
    position = span[0]
    if data[position] != _LIST:
        return
    position += 1
    # It was scanned before, so depth and number of items have been judged.
    allowance = Allowance()
    while data[position] != _END:
        end = skip(data, position, 1, allowance)
        yield position, end
        position = end


def _scan_info(data: bytes, start: int, spans: TorrentSpans, allowance: Allowance) -> int:
    found: dict[bytes, Span] = {}
    position = start + 1
    while (key_end := _read_key(data, position, allowance)) is not None:
        key, value = key_end
        if key == b"files" and key not in found:
            try:
                position, spans.files_size_bytes, spans.files, spans.pads = _sum_files(data, value, allowance)
            except MetainfoError as error:
                # Malformed bencode fails again here; what is left is a list of another shape.
                spans.files_error = error
                position = skip(data, value, 2, allowance)
        elif key == b"file tree" and key not in found:
            try:
                position, spans.file_tree_size_bytes, spans.file_tree_files = _sum_file_tree(data, value, allowance)
            except MetainfoError as error:
                spans.file_tree_error = error
                position = skip(data, value, 2, allowance)
        else:
            position = skip(data, value, 2, allowance)
        if key in INFO_KEYS:
            found.setdefault(key, (value, position))
    spans.info = found
    return _expect_end(data, position)


def _sum_files(data: bytes, position: int, allowance: Allowance) -> tuple[int, int, int, int]:
    """Where the `files` list ends, the sum of its lengths without pad files (BEP 47), the files, and the pad files."""
    if data[position : position + 1] != b"l":
        raise MetainfoError("files is not a list")
    position += 1
    size_bytes = files = pads = 0
    while True:
        if (run_end := run_end_of(usual_files_run, data, position)) > position:
            lengths = usual_file.findall(data, position, run_end)
            # Pad files leave the group empty.
            run_pads = lengths.count(b"")
            files += len(lengths) - run_pads
            pads += run_pads
            size_bytes += sum(map(int, filter(None, lengths) if run_pads else lengths))
            position = run_end
            continue
        kind = data[position : position + 1]
        if kind == b"e":
            return position + 1, _checked_size(size_bytes), files, pads
        if kind != b"d":
            raise MetainfoError("files holds something that is not a dictionary")
        position, length = _sum_entry(data, position, 3, allowance)
        if length is None:
            pads += 1
        else:
            files += 1
            size_bytes += length


def _sum_file_tree(data: bytes, position: int, allowance: Allowance) -> tuple[int, int, int]:
    """Where the `file tree` ends, the sum of its lengths without pad files, and the files (BEP 52)."""
    if data[position : position + 1] != b"d":
        raise MetainfoError("file tree is not a dictionary")
    position += 1
    depth = 3
    size_bytes = files = 0
    while True:
        # A leaf opens two dictionaries.
        if depth <= MAX_DEPTH - 2 and (run_end := run_end_of(usual_leaves_run, data, position)) > position:
            lengths = [length for length in usual_leaf.findall(data, position, run_end) if length]
            files += len(lengths)
            size_bytes += sum(map(int, lengths))
            position = run_end
            continue
        if data[position : position + 1] == b"e":
            position += 1
            depth -= 1
            if depth == 2:
                return position, _checked_size(size_bytes), files
            continue
        key_end = _read_key(data, position, allowance)
        if key_end is None:
            raise bad_key(data, position)
        key, position = key_end
        if data[position : position + 1] != b"d":
            raise MetainfoError("file tree holds something that is not a dictionary")
        if depth >= MAX_DEPTH:
            raise too_deep()
        if key == b"":
            position, length = _sum_entry(data, position, depth, allowance)
            if length is not None:
                files += 1
                size_bytes += length
        else:
            position += 1
            depth += 1


def _sum_entry(data: bytes, position: int, depth: int, allowance: Allowance) -> tuple[int, int | None]:
    """Where the dictionary of one file ends, and its length. None: it is a pad file."""
    found: dict[bytes, Span] = {}
    position += 1
    while (key_end := _read_key(data, position, allowance)) is not None:
        key, start = key_end
        position = skip(data, start, depth + 1, allowance)
        if key in _ENTRY_KEYS:
            found.setdefault(key, (start, position))
    position = _expect_end(data, position)
    length = read_integer(data, found.get(b"length"))
    if length is None:
        raise MetainfoError("a file without a length")
    if length < 0:
        raise MetainfoError("a file with a negative length")
    is_pad = b"p" in (read_string(data, found.get(b"attr")) or b"")
    return position, None if is_pad else length


def _checked_size(size_bytes: int) -> int:
    if size_bytes > MAX_SIZE_BYTES:
        raise MetainfoError("its files add up to an impossible size")
    return size_bytes


def _read_key(data: bytes, position: int, allowance: Allowance) -> tuple[bytes, int] | None:
    """A dictionary key (a stand-in when it is too long to matter) and where its value starts.

    None: no key stands here, so the dictionary must end.
    """
    match = _length_prefix(data, position)
    if match is None:
        return None
    allowance.spend(1)
    end = _string_end(data, match)
    start = match.end()
    return (data[start:end] if end - start <= MAX_KEY_BYTES else b"..."), end


def _string_end(data: bytes, match: re.Match[bytes]) -> int:
    end = match.end() + int(match[1])
    if end > len(data):
        raise not_a_torrent(f"ends inside a string at byte {len(data)}")
    return end


def _expect_end(data: bytes, position: int) -> int:
    if data[position : position + 1] != b"e":
        raise bad_key(data, position)
    return position + 1
