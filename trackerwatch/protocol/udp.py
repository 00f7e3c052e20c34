"""BEP 15 datagrams (with the URLData option of BEP 41), as a client writes and reads them.

Every request starts with sixteen bytes (connection id, action, transaction id) and goes on with a body which does not change
when the request is sent again. Every reply starts with action and transaction id. Replies are read leniently where servers
are known to differ: more bytes than needed are fine, an error may end in NULs, or carry its action in little-endian order.

All integers are big-endian; offsets and sizes are bytes. Counts are unsigned 32 bits.
"""

from __future__ import annotations

import struct
import sys
from array import array
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from trackerwatch.errors import ProtocolError
from trackerwatch.outcome import AnnounceEvent, Family

if TYPE_CHECKING:
    from trackerwatch.outcome import AnnounceRequest

PROTOCOL_MAGIC = 0x0000041727101980
"""The connection id of a connect request; some servers also give it out as the id to use (npm bittorrent-tracker)."""

INFO_HASH_BYTES = 20
SCRAPE_ENTRY_BYTES = 12

MAX_SCRAPE_HASHES = 70
"""Hashes in one scrape: aquatic's limit, the lowest of the servers that answer about 74 (BEP 15); one Ethernet frame."""

PEER_BYTES = {Family.IPV4: 6, Family.IPV6: 18}
"""Bytes of one peer in an announce reply: the family of the packets decides, not what was asked (BEP 15)."""


class Action(IntEnum):
    """What a datagram is."""

    CONNECT = 0
    ANNOUNCE = 1
    SCRAPE = 2
    ERROR = 3


_LITTLE_ENDIAN_ERROR = 0x03000000
"""How old opentracker builds write `Action.ERROR`."""

_EVENT_CODES = {AnnounceEvent.STARTED: 2, AnnounceEvent.STOPPED: 3}

_REQUEST_HEADER = struct.Struct(">QII")
_REPLY_HEADER = struct.Struct(">II")
# peer_id, downloaded, left, uploaded, event, IPv4 address, key, num_want, port
_ANNOUNCE_TAIL = struct.Struct(">20sQQQIIIiH")
_ANNOUNCE_REPLY = struct.Struct(">iII")
_CONNECTION_ID = struct.Struct(">Q")

_URL_DATA = 0x02
_MAX_OPTION_BYTES = 255
_MAX_LEFT = (1 << 63) - 1
"""Servers read 64 bits, some of them signed."""


@dataclass(frozen=True, slots=True)
class ConnectResponse:
    """A connection was granted."""

    connection_id: int
    """Opaque, 64 bits, good for this socket alone."""


@dataclass(frozen=True, slots=True)
class AnnounceResponse:
    """What an announce was answered."""

    interval_s: int
    """As sent, read as signed: nonsense occurs."""
    leechers: int
    seeders: int
    peers: int | None
    """Peers listed. None: the list's length is not a whole number of peers, so nobody knows."""


@dataclass(frozen=True, slots=True)
class AnnounceRefused:
    """An announce reply of eight bytes: opentracker's way to say that the info hash is not allowed."""


@dataclass(frozen=True, slots=True)
class ScrapeResponse:
    """What a scrape was answered: no hashes, only entries in the order of the request (on most servers)."""

    counts: array[int]
    """Seeders, completed, leechers; seeders, completed, leechers; and so on, one triple a hash."""


@dataclass(frozen=True, slots=True)
class ErrorResponse:
    """The server refused."""

    text: bytes
    """Foreign bytes without trailing NULs, perhaps empty. Not yet safe to show."""


Response = ConnectResponse | AnnounceResponse | AnnounceRefused | ScrapeResponse | ErrorResponse


def encode_request(connection_id: int, action: Action, transaction_id: int, body: bytes = b"") -> bytes:
    """Put the header before a request's body.

    Args:
        connection_id: As received, 64 bits; `PROTOCOL_MAGIC` for a connect.
        action: Not `Action.ERROR`.
        transaction_id: 32 bits, new for each datagram.
        body: What follows: nothing for a connect, `encode_announce_body`, or the info hashes of a scrape in one piece.
            Nothing may follow the hashes: servers reject it or take it for another hash.

    See BEP 15.
    """
    return _REQUEST_HEADER.pack(connection_id, action, transaction_id) + body


def encode_announce_body(request: AnnounceRequest, target: str = "") -> bytes:
    """Encode an announce without its header: 82 bytes, and BEP 41 options where the URL says more than its host.

    Args:
        request: What to announce.
        target: Path and query of the announce URL as written; they may hold a key.

    Returns:
        The bytes from offset 16 on. Uploaded, downloaded and the address are always 0.

    See BEP 15, "Announce", and BEP 41.
    """
    tail = _ANNOUNCE_TAIL.pack(
        request.peer_id,
        0,
        min(request.left, _MAX_LEFT),
        0,
        _EVENT_CODES[request.event],
        0,
        request.key & 0xFFFFFFFF,
        request.numwant,
        request.port,
    )
    return request.info_hash + tail + encode_url_data(target)


def encode_url_data(target: str) -> bytes:
    """Encode path and query as BEP 41 URLData options.

    Args:
        target: Path and query as written in the URL, still percent-escaped.

    Returns:
        Nothing where the path is empty, `/` or `/announce` and there is no query: servers which know nothing of BEP 41
        then get a plain announce. Else options of at most 255 bytes each.
    """
    if target in {"", "/", "/announce"}:
        return b""
    if not target.startswith("/"):
        target = "/" + target
    # Letters beyond ASCII are sent as they would be in a path of an HTTP request: as UTF-8.
    data = target.encode("utf-8", "surrogatepass")
    chunks = (data[at : at + _MAX_OPTION_BYTES] for at in range(0, len(data), _MAX_OPTION_BYTES))
    return b"".join(bytes((_URL_DATA, len(chunk))) + chunk for chunk in chunks)


def decode_reply_header(datagram: bytes) -> tuple[int, int]:
    """Read what a datagram claims to be, and to what it is the reply.

    Returns:
        The action (an error in little-endian order becomes `Action.ERROR`; unknown values are passed on) and the
        transaction id.

    Raises:
        ProtocolError: Fewer than 8 bytes.
    """
    if len(datagram) < 8:
        raise ProtocolError(f"datagram of {len(datagram)} bytes: a reply has at least 8")
    action, transaction_id = _REPLY_HEADER.unpack_from(datagram)
    return (Action.ERROR if action == _LITTLE_ENDIAN_ERROR else action), transaction_id


def decode_connect_response(datagram: bytes) -> ConnectResponse:
    """Decode a connect reply: at least 16 bytes.

    Raises:
        ProtocolError: Fewer than 16 bytes.
    """
    if len(datagram) < 16:
        raise ProtocolError(f"connect reply of {len(datagram)} bytes: it has at least 16")
    return ConnectResponse(_CONNECTION_ID.unpack_from(datagram, 8)[0])


def decode_announce_response(datagram: bytes, *, peer_stride: int) -> AnnounceResponse | AnnounceRefused:
    """Decode an announce reply: 20 bytes (here leechers precede seeders), and what follows is peers.

    Args:
        datagram: One whole datagram.
        peer_stride: Bytes per peer, from `PEER_BYTES`.

    Returns:
        Interval and counts as sent; a peer list of the wrong length costs only the number of peers.

    Raises:
        ProtocolError: Fewer than 20 bytes, except for opentracker's 8.

    See BEP 15, "Announce".
    """
    if len(datagram) == 8:
        return AnnounceRefused()
    if len(datagram) < 20:
        raise ProtocolError(f"announce reply of {len(datagram)} bytes: it has at least 20")
    interval_s, leechers, seeders = _ANNOUNCE_REPLY.unpack_from(datagram, 8)
    peers, rest = divmod(len(datagram) - 20, peer_stride)
    return AnnounceResponse(interval_s, leechers, seeders, None if rest else peers)


def decode_scrape_response(datagram: bytes) -> ScrapeResponse:
    """Decode a scrape reply: 8 bytes and 12 for each hash (seeders, completed, leechers).

    Returns:
        The whole entries; what is left over at the end is dropped. There may be fewer entries than hashes were asked.

    Raises:
        ProtocolError: Not one whole entry.

    See BEP 15, "Scrape".
    """
    entries = (len(datagram) - 8) // SCRAPE_ENTRY_BYTES
    if entries < 1:
        raise ProtocolError(f"scrape reply of {len(datagram)} bytes: it has at least 20")
    counts = array(_U32, datagram[8 : 8 + entries * SCRAPE_ENTRY_BYTES])
    if sys.byteorder == "little":
        counts.byteswap()
    return ScrapeResponse(counts)


_U32 = next(code for code in "IL" if array(code).itemsize == 4)


def decode_error_response(datagram: bytes) -> ErrorResponse:
    """Decode an error: what follows the header is text, which servers written in C end with a NUL."""
    return ErrorResponse(datagram[8:].rstrip(b"\0"))


def decode_response(datagram: bytes, *, peer_stride: int = 6) -> Response:
    """Decode any reply by the action it claims.

    Args:
        datagram: One whole datagram.
        peer_stride: Bytes per peer, from `PEER_BYTES`.

    Raises:
        ProtocolError: It is no reply of BEP 15.
    """
    action, _ = decode_reply_header(datagram)
    match action:
        case Action.CONNECT:
            return decode_connect_response(datagram)
        case Action.ANNOUNCE:
            return decode_announce_response(datagram, peer_stride=peer_stride)
        case Action.SCRAPE:
            return decode_scrape_response(datagram)
        case Action.ERROR:
            return decode_error_response(datagram)
        case _:
            raise ProtocolError(f"reply with the unknown action {action}")


def is_connection_id_error(text: bytes) -> bool:
    """Whether an error says that the connection id is not, or no longer, good (opentracker, chihaya, torrust, aquatic).

    opentracker spells it "Connection ID missmatch."
    """
    folded = text.lower()
    return b"connection id" in folded or b"connection_id" in folded or b"cookie value is expired" in folded
