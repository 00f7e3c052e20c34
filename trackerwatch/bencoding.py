"""The one doorway for bencode.py: bencode (BEP 3) from outside, with that library's holes closed.

bencode.py alone never ends on `d1:ai0e-6:` (a negative key length steps its cursor back), and takes `i+5e`, `i1_0e`,
`1_0:...` and strings that end early. What stays tolerated are keys out of order and keys told twice (the last one counts):
real trackers send both.
"""

from __future__ import annotations

from typing import Any, cast

import bencodepy

from trackerwatch.errors import ProtocolError

MAX_REPLY_BYTES = 1 << 20
MAX_DEPTH = 64
MAX_ITEMS = 200_000
"""Values and keys in one document: what decoding costs. A scrape of 10,000 swarms has 90,000."""

_INTEGER_CHARS = 22
"""64 bits take 20 with the sign; what lies a little beyond is read, and refused by whoever knows what it counts."""
_LENGTH_CHARS = 9

_WHITE_SPACE = b" \t\r\n\v\f"


class _HardenedDecoder(bencodepy.BencodeDecoder):  # type: ignore[misc]  # the library ships no types
    """Reads digits only, never beyond the end, never backwards, and only so many items. For one document."""

    def __init__(self) -> None:
        super().__init__(max_depth=MAX_DEPTH)
        self._items_left = MAX_ITEMS

    def decode_int(self, x: bytes, f: int, **_: Any) -> tuple[int, int]:
        self._count()
        end = x.index(b"e", f + 1, f + 2 + _INTEGER_CHARS)
        text = x[f + 1 : end]
        digits = text[1:] if text[:1] == b"-" else text
        # isdigit() knows ASCII digits only, for bytes; `-0` and leading zeros have no place in BEP 3.
        if not digits.isdigit() or (digits[:1] == b"0" and len(text) > 1):
            raise ValueError
        return int(text), end + 1

    def decode_string(self, x: bytes, f: int, **_: Any) -> tuple[bytes, int]:
        self._count()
        colon = x.index(b":", f, f + 1 + _LENGTH_CHARS)
        text = x[f:colon]
        if not text.isdigit() or (text[:1] == b"0" and len(text) > 1):
            raise ValueError
        end = colon + 1 + int(text)
        if end > len(x):
            raise ValueError
        return x[colon + 1 : end], end

    def decode_list(self, x: bytes, f: int, **kwargs: Any) -> tuple[list[object], int]:
        self._count()
        return cast("tuple[list[object], int]", super().decode_list(x, f, **kwargs))

    def decode_dict(self, x: bytes, f: int, **kwargs: Any) -> tuple[dict[bytes, object], int]:
        self._count()
        return cast("tuple[dict[bytes, object], int]", super().decode_dict(x, f, **kwargs))

    def _count(self) -> None:
        self._items_left -= 1
        if self._items_left < 0:
            raise ProtocolError(f"bencode of more than {MAX_ITEMS} items")


def decode(data: bytes, *, max_bytes: int = MAX_REPLY_BYTES) -> object:
    """Decode one bencoded value.

    Args:
        data: The whole value and nothing else.
        max_bytes: More than this is refused unread.

    Returns:
        `int`, `bytes`, `list` or `dict` with keys of `bytes`, nested at most 64 deep; integers of at most 22 characters.

    Raises:
        ProtocolError: Anything else.
    """
    if len(data) > max_bytes:
        raise ProtocolError(f"bencode of {len(data)} bytes; the limit is {max_bytes}")
    try:
        return _HardenedDecoder().decode(data)
    except bencodepy.BencodeDecodeError:
        raise ProtocolError("broken bencode") from None


def decode_reply(data: bytes, *, max_bytes: int = MAX_REPLY_BYTES) -> dict[bytes, object]:
    r"""Decode a tracker's HTTP answer: one bencoded dictionary.

    Args:
        data: The body. White space after the dictionary is dropped (aquatic sends CR LF, PHP pages a line end).
        max_bytes: More than this is refused unread.

    Returns:
        The dictionary as `decode` gives it.

    Raises:
        ProtocolError: It is no bencoded dictionary.
    """
    value = decode(data.rstrip(_WHITE_SPACE), max_bytes=max_bytes)
    if not isinstance(value, dict):
        raise ProtocolError("bencode, but no dictionary")
    return value


def encode(value: object) -> bytes:
    """Encode a value canonically (keys sorted as raw bytes).

    Args:
        value: `int`, `bytes`, `str` (as UTF-8), and lists, tuples and dictionaries of these.

    Raises:
        TypeError: Anything else is in it.
    """
    try:
        return cast("bytes", bencodepy.encode(value))
    except KeyError as error:
        raise TypeError(f"not a bencode type: {error.args[0]}") from None
