"""HTTP announces (BEP 3, 7, 23, 31): the request target to send and the reply to read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote_from_bytes

from trackerwatch.bencoding import decode_reply
from trackerwatch.errors import ProtocolError
from trackerwatch.outcome import NOTHING_KNOWN, SwarmCounts
from trackerwatch.protocol.failures import PHRASES, classify, is_stopped_acknowledged
from trackerwatch.protocol.http_target import base_target, escape, with_parameters
from trackerwatch.protocol.http_values import count_of, failure_of, interval_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from trackerwatch.outcome import AnnounceRequest, Failure, FailureKind
    from trackerwatch.protocol.failures import Phrase
    from trackerwatch.tracker import Tracker

_REPLY_KEYS = frozenset(
    {b"interval", b"min interval", b"peers", b"peers6", b"complete", b"incomplete", b"downloaded", b"warning message"}
)
"""A dictionary with none of these and no `failure reason` is something else than a tracker's reply."""

_OPENTRACKER_LEFT = 1 << 32


@dataclass(frozen=True, slots=True)
class AnnounceReply:
    """What one announce was answered."""

    counts: SwarmCounts = NOTHING_KNOWN
    peers: int | None = None
    """Peers listed, both families together. None: no list, or one that cannot be counted."""
    interval_s: float | None = None
    min_interval_s: float | None = None
    failure: Failure | None = None
    """None: no `failure reason`, or the one by which UNIT3D acknowledges `stopped`."""
    warning: str | None = None
    """Clean. None: there was no `warning message`."""
    warning_kind: FailureKind | None = None
    """The failure that the warning amounts to, where a tracker sends it instead of one ("Torrent not registered")."""
    findings: tuple[str, ...] = ()
    """What was odd about the reply and did not stop it from being read; clean lines."""

    def in_words(self) -> str:
        """The reply in one line, with the names that the wire uses."""
        parts = [
            f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"
            for name, value in (
                ("complete", self.counts.seeders),
                ("incomplete", self.counts.leechers),
                ("downloaded", self.counts.completed),
                ("peers", self.peers),
                ("interval", self.interval_s),
                ("min interval", self.min_interval_s),
            )
            if value is not None
        ]
        if self.warning:
            parts.append(f'warning "{self.warning}"')
        return ", ".join((*parts, *self.findings))


def encode_announce_target(tracker: Tracker, request: AnnounceRequest) -> bytes:
    """Encode the request target of an announce.

    Args:
        tracker: Its path and query come first, byte for byte; a query of its own stays in front.
        request: `left` is sent as one more where it is a multiple of 2^32: opentracker keeps 32 bits of it, and 0 would be
            a seeder.

    Returns:
        Path and query in ASCII: `info_hash`, `peer_id`, `port`, `uploaded=0`, `downloaded=0`, `left`, `compact=1`,
        `numwant`, `key` (8 hex digits), `event`.
    """
    left = request.left + (request.left % _OPENTRACKER_LEFT == 0)
    return with_parameters(
        base_target(tracker.target),
        (
            b"info_hash=" + escape(request.info_hash),
            b"peer_id=" + quote_from_bytes(request.peer_id, safe="").encode("ascii"),
            b"port=%d" % request.port,
            b"uploaded=0",
            b"downloaded=0",
            b"left=%d" % left,
            b"compact=1",
            b"numwant=%d" % request.numwant,
            b"key=%08X" % request.key,
            b"event=" + request.event.value.encode("ascii"),
        ),
    )


def decode_announce(
    body: bytes,
    *,
    secrets: Iterable[str] = (),
    http_status: int | None = None,
    private: bool = False,
    phrases: Sequence[Phrase] = PHRASES,
) -> AnnounceReply:
    """Decode the body of an announce's answer.

    Args:
        body: As received, decompressed.
        secrets: Strings that must not be shown when the tracker echoes them.
        http_status: Helps to classify a failure whose words do not.
        private: Whether the torrent is private.
        phrases: What failure texts mean, as `failures.classify` takes it.

    Returns:
        Counts, intervals and the number of peers, or a failure. What makes no sense (negative counts, say) is None and a
        finding; a peer list of a wrong length is a finding too and leaves the rest standing.

    Raises:
        ProtocolError: The body is no bencoded dictionary, or none that a tracker sends.
    """
    reply = decode_reply(body)
    findings: list[str] = []
    failure = failure_of(reply, secrets=secrets, http_status=http_status, private=private, phrases=phrases)
    if failure is not None:
        if is_stopped_acknowledged(failure.message):
            return AnnounceReply(findings=(failure.message,))
        return AnnounceReply(failure=failure)
    if not reply.keys() & _REPLY_KEYS:
        raise ProtocolError("a bencoded dictionary, but no tracker's reply")
    warning = warning_kind = None
    if b"warning message" in reply:
        warning = text_of(reply[b"warning message"], secrets)
        # The slang of private trackers counts in failures alone.
        kind = classify(warning, table=phrases)
        warning_kind = kind if kind.value != "failure_reason" else None
    return AnnounceReply(
        counts=SwarmCounts(
            count_of(reply, b"complete", findings, secrets=secrets),
            count_of(reply, b"incomplete", findings, secrets=secrets),
            count_of(reply, b"downloaded", findings, secrets=secrets),
        ),
        peers=_count_peers(reply, findings),
        interval_s=interval_of(reply, b"interval", findings, secrets=secrets),
        min_interval_s=interval_of(reply, b"min interval", findings, secrets=secrets),
        warning=warning,
        warning_kind=warning_kind,
        findings=tuple(findings),
    )


def _count_peers(reply: Mapping[bytes, object], findings: list[str]) -> int | None:
    counted = [
        _count_list(key, reply[key], stride, findings)
        for key, stride in ((b"peers", 6), (b"peers6", 18))
        if key in reply
    ]
    known = [count for count in counted if count is not None]
    return sum(known) if known else None


def _count_list(key: bytes, peers: object, stride: int, findings: list[str]) -> int | None:
    # The type decides, not what was asked for.
    if isinstance(peers, bytes):
        if len(peers) % stride:
            findings.append(f"{key.decode()} of {len(peers)} bytes is no list of {stride} a peer")
            return None
        return len(peers) // stride
    if isinstance(peers, list):
        usable = sum(_is_peer(peer) for peer in peers)
        if usable < len(peers):
            findings.append(f"{len(peers) - usable} of {len(peers)} {key.decode()} have no address or no port")
        return usable
    if isinstance(peers, dict) and not peers:
        # An empty PHP array may be either.
        return 0
    findings.append(f"{key.decode()} is no list")
    return None


def _is_peer(peer: object) -> bool:
    if not isinstance(peer, dict) or not isinstance(peer.get(b"ip"), bytes):
        return False
    port = peer.get(b"port")
    return isinstance(port, int) and 0 < port <= 0xFFFF
