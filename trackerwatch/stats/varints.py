"""Numbers as few bytes: seven bits a byte, lowest first, the top bit says that more follow (LEB128)."""

from __future__ import annotations

import struct

MAX_NUMBER = 2**53
"""Nothing counts further."""
_MAX_BYTES = 8


def encode_varint(number: int) -> bytes:
    """A number from 0 to `MAX_NUMBER`; a larger one is written as that."""
    number = min(number, MAX_NUMBER)
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


class Reader:
    """A cursor over bytes that refuses to overrun."""

    __slots__ = ("_at", "_data")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def varint(self, limit: int = MAX_NUMBER) -> int:
        """The next number.

        Raises:
            ValueError: The bytes end, or it is over the limit.
        """
        data, at = self._data, self._at
        number = shift = 0
        while True:
            # Roll-ups are read by the thousand: no slice a byte.
            if at >= len(data):
                raise ValueError("the bytes end too early")
            byte = data[at]
            at += 1
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
            shift += 7
            if shift >= 7 * _MAX_BYTES:
                raise ValueError("a number without an end")
        self._at = at
        if number > limit:
            raise ValueError("a number out of bounds")
        return number

    def double(self) -> float:
        """The next eight bytes as a little-endian double.

        Raises:
            ValueError: The bytes end.
        """
        return float(struct.unpack("<d", self.take(8))[0])

    def take(self, size: int) -> bytes:
        """The next bytes.

        Raises:
            ValueError: There are not so many.
        """
        taken = self._data[self._at : self._at + size]
        if len(taken) != size:
            raise ValueError("the bytes end too early")
        self._at += size
        return taken

    def expect_end(self) -> None:
        """Nothing may follow.

        Raises:
            ValueError: Something does.
        """
        if self._at != len(self._data):
            raise ValueError("bytes follow the end")
