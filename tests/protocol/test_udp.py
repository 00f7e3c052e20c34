"""BEP 15 and BEP 41 datagrams: known answers, lenient reading, and any bytes at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackerwatch.errors import ProtocolError
from trackerwatch.outcome import AnnounceEvent, AnnounceRequest, Family
from trackerwatch.protocol.udp import (
    PEER_BYTES,
    PROTOCOL_MAGIC,
    Action,
    AnnounceRefused,
    AnnounceResponse,
    ConnectResponse,
    ErrorResponse,
    ScrapeResponse,
    decode_announce_response,
    decode_reply_header,
    decode_response,
    encode_announce_body,
    encode_request,
    encode_url_data,
    is_connection_id_error,
)

INFO_HASH = bytes.fromhex("e797b1908e6938957d0d5c4598e57abc9ee3a60b")
CONNECTION_ID = 0x1122334455667788
ANNOUNCE_HEX = (
    "112233445566778800000001deadbeefe797b1908e6938957d0d5c4598e57abc9ee3a60b"
    "2d5457303130302d6162636465666768696a6b6c0000000000000000000000000000000b0000000000000000"
    "{event}000000000badf00d{num_want}1ae1"
)


def announce_request(**changes):
    values = {
        "info_hash": INFO_HASH,
        "peer_id": b"-TW0100-abcdefghijkl",
        "port": 6881,
        "key": 0x0BADF00D,
        "left": 11,
        "event": AnnounceEvent.STOPPED,
        "numwant": 0,
    }
    return AnnounceRequest(**(values | changes))


# Requests


def test_connect_request():
    assert encode_request(PROTOCOL_MAGIC, Action.CONNECT, 0x12345678).hex() == "00000417271019800000000012345678"


@pytest.mark.parametrize(
    ("event", "event_hex", "numwant", "numwant_hex"),
    [
        (AnnounceEvent.STOPPED, "00000003", 0, "00000000"),
        (AnnounceEvent.STOPPED, "00000003", -1, "ffffffff"),
        (AnnounceEvent.STARTED, "00000002", 50, "00000032"),
    ],
)
def test_announce_request(event, event_hex, numwant, numwant_hex):
    body = encode_announce_body(announce_request(event=event, numwant=numwant))
    datagram = encode_request(CONNECTION_ID, Action.ANNOUNCE, 0xDEADBEEF, body)
    assert len(datagram) == 98
    assert datagram.hex() == ANNOUNCE_HEX.format(event=event_hex, num_want=numwant_hex)


def test_left_beyond_63_bits_and_a_long_key_still_fit():
    body = encode_announce_body(announce_request(left=1 << 64, key=0x1_0BAD_F00D))
    assert len(body) == 82
    assert body[48:56] == (2**63 - 1).to_bytes(8, "big")
    assert body[72:76].hex() == "0badf00d"


def test_scrape_request():
    datagram = encode_request(CONNECTION_ID, Action.SCRAPE, 0xCAFEF00D, INFO_HASH)
    assert datagram.hex() == "112233445566778800000002cafef00de797b1908e6938957d0d5c4598e57abc9ee3a60b"


@pytest.mark.parametrize(
    ("target", "options_hex"),
    [
        ("/dir?a=b&c=d", "020c2f6469723f613d6226633d64"),
        ("/announce?k=1", "020d2f616e6e6f756e63653f6b3d31"),
        ("?k=1", "02052f3f6b3d31"),
        ("/%2F", "02042f253246"),
        ("", ""),
        ("/", ""),
        ("/announce", ""),
        ("/" + "x" * 314, "02ff2f" + "78" * 254 + "023c" + "78" * 60),
        ("/" + "x" * 254, "02ff2f" + "78" * 254),
        ("/ü", "02032fc3bc"),
    ],
)
def test_url_data(target, options_hex):
    assert encode_url_data(target).hex() == options_hex
    assert encode_announce_body(announce_request(), target)[82:].hex() == options_hex


# Replies


@pytest.mark.parametrize(
    ("datagram_hex", "header", "message"),
    [
        ("00000000123456781122334455667788", (0, 0x12345678), ConnectResponse(CONNECTION_ID)),
        ("00000000123456780000041727101980", (0, 0x12345678), ConnectResponse(PROTOCOL_MAGIC)),
        ("00000000123456781122334455667788ffff", (0, 0x12345678), ConnectResponse(CONNECTION_ID)),
        (
            "00000001deadbeef000007080000000300000005c00002011ae1c6336407c8d5",
            (1, 0xDEADBEEF),
            AnnounceResponse(interval_s=1800, leechers=3, seeders=5, peers=2),
        ),
        ("00000001deadbeef000007080000000300000005", (1, 0xDEADBEEF), AnnounceResponse(1800, 3, 5, 0)),
        ("00000001deadbeef000007080000000300000005c0", (1, 0xDEADBEEF), AnnounceResponse(1800, 3, 5, None)),
        ("00000001deadbeefffffffffffffffff00000005", (1, 0xDEADBEEF), AnnounceResponse(-1, 0xFFFFFFFF, 5, 0)),
        ("00000001deadbeef", (1, 0xDEADBEEF), AnnounceRefused()),
        (
            "00000003cafef00d436f6e6e656374696f6e204944206d6973736d617463682e00",
            (3, 0xCAFEF00D),
            ErrorResponse(b"Connection ID missmatch."),
        ),
        (
            "03000000cafef00d436f6e6e656374696f6e204944206d6973736d617463682e00",
            (3, 0xCAFEF00D),
            ErrorResponse(b"Connection ID missmatch."),
        ),
        ("00000003cafef00d", (3, 0xCAFEF00D), ErrorResponse(b"")),
        ("00000003cafef00d0000", (3, 0xCAFEF00D), ErrorResponse(b"")),
    ],
)
def test_reply(datagram_hex, header, message):
    datagram = bytes.fromhex(datagram_hex)
    assert decode_reply_header(datagram) == header
    assert decode_response(datagram) == message


def test_peers_are_counted_by_the_family_of_the_socket():
    datagram = bytes.fromhex("00000001deadbeef00000708000000030000000520010db80000000000000000000000011ae1")
    over_ipv6 = decode_announce_response(datagram, peer_stride=PEER_BYTES[Family.IPV6])
    assert over_ipv6 == AnnounceResponse(1800, 3, 5, 1)
    assert decode_announce_response(datagram, peer_stride=PEER_BYTES[Family.IPV4]) == AnnounceResponse(1800, 3, 5, 3)


@pytest.mark.parametrize(
    ("entries_hex", "counts"),
    [
        ("00000005000000320000000a", [5, 50, 10]),
        ("ffffffff8000000000000000", [0xFFFFFFFF, 0x80000000, 0]),
        ("000000010000000200000003000000040000000500000006", [1, 2, 3, 4, 5, 6]),
        ("0000000100000002000000030000000400", [1, 2, 3]),
    ],
)
def test_scrape_reply(entries_hex, counts):
    message = decode_response(bytes.fromhex("00000002cafef00d" + entries_hex))
    assert isinstance(message, ScrapeResponse)
    assert message.counts.tolist() == counts


@pytest.mark.parametrize(
    "datagram_hex",
    [
        "",
        "00000000123456",
        "000000001234567811223344556677",
        "00000001deadbeef0000070800000003000000",
        "00000001deadbeef00",
        "00000002cafef00d",
        "00000002cafef00d0000000500000032000000",
        "00000004cafef00d0000000500000032",
        "ffffffffcafef00d",
    ],
)
def test_broken_reply(datagram_hex):
    with pytest.raises(ProtocolError, match=r"bytes|unknown action"):
        decode_response(bytes.fromhex(datagram_hex))


@given(
    st.binary(max_size=64) | st.builds(lambda a, b: bytes((0, 0, 0, a)) + b, st.integers(0, 4), st.binary(max_size=60))
)
def test_any_bytes_are_a_message_or_a_protocol_error(datagram):
    for stride in PEER_BYTES.values():
        try:
            message = decode_response(datagram, peer_stride=stride)
        except ProtocolError:
            continue
        assert isinstance(
            message, ConnectResponse | AnnounceResponse | AnnounceRefused | ScrapeResponse | ErrorResponse
        )


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        (b"Connection ID missmatch.", True),
        (b"bad connection ID", True),
        (b"connection id could not be verified", True),
        (b"cookie value is expired", True),
        (b"access denied", False),
        (b"Connection limit exceeded", False),
        (b"", False),
    ],
)
def test_connection_id_errors(text, is_one):
    assert is_connection_id_error(text) is is_one
