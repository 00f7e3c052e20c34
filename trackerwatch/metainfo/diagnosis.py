"""Why bytes are no torrent, in one line that helps."""

from __future__ import annotations

import re

from trackerwatch.errors import MetainfoError

MAX_DEPTH = 64
"""Containers inside each other; the outermost dictionary is the first."""


def not_a_torrent(reason: str) -> MetainfoError:
    """The error for bytes that are no bencoded dictionary."""
    return MetainfoError(f"not a torrent: {reason}")


def too_deep() -> MetainfoError:
    """The error for containers inside containers inside containers."""
    return MetainfoError(f"nested deeper than {MAX_DEPTH}")


def bad_key(data: bytes, position: int) -> MetainfoError:
    """The error for what stands where a dictionary key or the end of the dictionary should."""
    if data[position : position + 1] in (b"i", b"l", b"d"):
        return not_a_torrent(f"a dictionary key that is not a string at byte {position}")
    return bad_token(data, position)


_cut_token = re.compile(rb"(?:[0-9]{1,10}|i(?:-?[1-9][0-9]{0,63}|[0-])?)\Z").match
_digits_and_colon = re.compile(rb"[0-9]+:").match


def bad_token(data: bytes, position: int) -> MetainfoError:
    """The error for what stands where a value should."""
    if position >= len(data):
        return not_a_torrent(f"ends before it is complete at byte {len(data)}")
    if _cut_token(data, position):
        return not_a_torrent(f"ends inside a number at byte {len(data)}")
    first = data[position : position + 1]
    if first == b"i":
        return not_a_torrent(f"a broken integer at byte {position}")
    if first.isdigit() or first in b"-+":
        if first != b"0" and _digits_and_colon(data, position):
            return not_a_torrent(f"ends inside a string at byte {len(data)}")
        return not_a_torrent(f"a broken string length at byte {position}")
    if first == b"e":
        return not_a_torrent(f"a key without a value at byte {position}")
    return not_a_torrent(f"an unexpected byte 0x{first.hex()} at byte {position}")


def first_impression(data: bytes) -> str:
    """What a file seems to be that does not start as a torrent."""
    head = data[:1024]
    if head.startswith(b"\x1f\x8b"):
        return "it is compressed with gzip"
    if head.startswith(b"PK\x03\x04"):
        return "it is a zip archive"
    if not head.strip(b"\0"):
        return "it starts with zero bytes"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith(b"<"):
        return "it is a web page or XML"
    if text.startswith(b"magnet:"):
        return "it is text with a magnet link; name it .txt to use it as a list"
    if text and all(byte >= 0x20 or byte in b"\t\n\r" for byte in text) and b"\n" in text:
        return "it is text; a list of inputs is named .txt"
    return "it does not start with a bencoded dictionary"
