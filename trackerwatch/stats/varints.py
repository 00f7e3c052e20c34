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
        number = self.varints(1)[0]
        if number > limit:
            raise ValueError("a number out of bounds")
        return number

    def varints(self, count: int) -> list[int]:
        """The next so many numbers. Roll-ups are read by the thousand, so this is one loop without a call in it.

        Raises:
            ValueError: The bytes end, or one is over `MAX_NUMBER`.
        """
        data, at, end = self._data, self._at, len(self._data)
        numbers: list[int] = []
        for _ in range(count):
            if at >= end:
                raise ValueError("the bytes end too early")
            number = data[at]
            at += 1
            if number > 0x7F:
                number &= 0x7F
                shift = 7
                while True:
                    if at >= end:
                        raise ValueError("the bytes end too early")
                    if shift == 7 * _MAX_BYTES:
                        raise ValueError("a number without an end")
                    byte = data[at]
                    at += 1
                    number |= (byte & 0x7F) << shift
                    if byte < 0x80:
                        break
                    shift += 7
                if number > MAX_NUMBER:
                    raise ValueError("a number out of bounds")
            numbers.append(number)
        self._at = at
        return numbers

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
