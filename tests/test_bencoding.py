"""bencode.py with its holes closed: any bytes give a value or a ProtocolError, and soon."""

import contextlib

import bencode2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackerwatch.bencoding import MAX_DEPTH, MAX_ITEMS, decode, decode_reply, encode
from trackerwatch.errors import ProtocolError

VALUES = st.recursive(
    st.integers(-(2**63), 2**63 - 1) | st.binary(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.binary(max_size=22), inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"4:spam", b"spam"),
        (b"i3e", 3),
        (b"i-3e", -3),
        (b"i0e", 0),
        (b"0:", b""),
        (b"l4:spam4:eggse", [b"spam", b"eggs"]),
        (b"d3:cow3:moo4:spam4:eggse", {b"cow": b"moo", b"spam": b"eggs"}),
        (b"d4:spaml1:a1:bee", {b"spam": [b"a", b"b"]}),
        (b"i18446744073709551615e", 2**64 - 1),
    ],
)
def test_reads_what_bep_3_shows(data, value):
    assert decode(data) == value


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"i03e",
        b"i-0e",
        b"i+5e",
        b"i 5e",
        b"i5 e",
        b"i1_0e",
        b"ie",
        b"i-e",
        b"i" + b"9" * 23 + b"e",
        b"i" + b"9" * 5000 + b"e",
        b"i\xd9\xa1e",
        b"03:abc",
        b"1_0:abcdefghij",
        b"3 :abc",
        b"+3:abc",
        b"4:abc",
        b"9999999999:a",
        b"9" * 5000 + b":a",
        b"d-2:ai0ee",
        b"d1:ai0e-6:",
        b"d1:ai0e-6:e",
        b"di1ei2ee",
        b"d1:ae",
        b"d1:a",
        b"l",
        b"li1e",
        b"x",
        b"i1ei2e",
        b"d5:peers0:e garbage",
    ],
)
def test_refuses_what_is_no_bencode(data):
    with pytest.raises(ProtocolError):
        decode(data)


def test_tolerates_keys_out_of_order_and_told_twice():
    assert decode(b"d1:bi1e1:ai2e1:bi3ee") == {b"b": 3, b"a": 2}


def test_bounds_depth():
    depth = MAX_DEPTH + 1
    assert decode(b"l" * depth + b"e" * depth) is not None
    for far in (depth + 1, 100_000):
        with pytest.raises(ProtocolError):
            decode(b"l" * far + b"e" * far)


def test_bounds_size_and_items():
    with pytest.raises(ProtocolError, match="11 bytes; the limit is 10"):
        decode(b"9:" + b"a" * 9, max_bytes=10)
    with pytest.raises(ProtocolError, match="items"):
        decode(b"l" + b"0:" * (MAX_ITEMS + 1) + b"e")
    with pytest.raises(ProtocolError, match="items"):
        decode(b"l" + b"le" * (MAX_ITEMS + 1) + b"e")


def test_a_reply_is_one_dictionary_and_white_space_after_it_is_dropped():
    assert decode_reply(b"d8:intervali1800e5:peers0:e\r\n") == {b"interval": 1800, b"peers": b""}
    for other in (b"i5e", b"le", b"4:spam", b" d5:peers0:e", b"\xef\xbb\xbfd5:peers0:e", b"\r\n", b"de\0"):
        with pytest.raises(ProtocolError):
            decode_reply(other)


@given(st.binary(max_size=200) | st.text("dlie0123456789:-+ab", max_size=60).map(str.encode))
def test_any_bytes_give_a_value_or_a_protocol_error(data):
    try:
        value = decode(data)
    except ProtocolError:
        with pytest.raises((bencode2.BencodeDecodeError, ValueError)):
            bencode2.bdecode(data)
    else:
        assert isinstance(value, int | bytes | list | dict)


@given(VALUES)
def test_agrees_with_an_independent_implementation(value):
    data = bencode2.bencode(value)
    assert decode(data) == value == bencode2.bdecode(data)
    assert encode(value) == data


@given(VALUES, st.data())
def test_a_changed_byte_never_escapes(value, data):
    encoded = bytearray(bencode2.bencode(value))
    encoded[data.draw(st.integers(0, len(encoded) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(ProtocolError):
        decode(bytes(encoded))


def test_encode_says_what_it_cannot():
    with pytest.raises(TypeError, match="float"):
        encode({b"a": 1.5})
