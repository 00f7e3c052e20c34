"""Numbers as few bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackerwatch.stats.varints import MAX_NUMBER, Reader, encode_varint


@pytest.mark.parametrize(
    ("number", "encoded"),
    [(0, "00"), (1, "01"), (127, "7f"), (128, "8001"), (300, "ac02"), (MAX_NUMBER + 9, "8080808080808010")],
)
def test_vectors(number, encoded):
    assert encode_varint(number).hex() == encoded


@given(st.lists(st.integers(0, MAX_NUMBER)))
def test_what_is_written_is_read(numbers):
    reader = Reader(b"".join(map(encode_varint, numbers)))
    assert [reader.varint() for _ in numbers] == numbers
    reader.expect_end()


@pytest.mark.parametrize("data", ["", "80", "ff" * 12, "ffffffffffffff7f"])
def test_what_is_no_number_is_refused(data):
    with pytest.raises(ValueError, match=r"number|bytes"):
        Reader(bytes.fromhex(data)).varint()


def test_the_cursor_refuses_to_overrun_and_to_leave_a_rest():
    reader = Reader(b"abc")
    assert reader.take(2) == b"ab"
    with pytest.raises(ValueError, match="follow"):
        reader.expect_end()
    with pytest.raises(ValueError, match="early"):
        reader.take(2)
    with pytest.raises(ValueError, match="early"):
        Reader(b"1234567").double()
