"""HTTP scrapes (BEP 48): where to ask, what to send, and what the answer says of each hash.

A scrape without `info_hash` would be answered with every swarm the tracker has: nothing here can make one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trackerwatch.bencoding import MAX_REPLY_BYTES, decode_reply
from trackerwatch.errors import ProtocolError
from trackerwatch.outcome import UNKNOWN_COUNT, SwarmAnswer
from trackerwatch.protocol.failures import PHRASES
from trackerwatch.protocol.http_target import base_target, with_parameters
from trackerwatch.protocol.http_values import count_of, failure_of, interval_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from trackerwatch.outcome import Failure, ScrapeColumns
    from trackerwatch.protocol.failures import Phrase

HASH_PARAMETER_BYTES = len("&info_hash=") + 3 * 20
"""What each hash adds to a request target."""

_HASH_BYTES = 20

SwarmEntry = tuple[int | None, int | None, int | None]
"""`complete`, `downloaded`, `incomplete`. None: not told, or makes no sense."""

# What most trackers send, and nothing else: raw hashes, these three counts in this order. Two passes over the whole body, one
# that checks and one that splits, are many times as fast as a decoder.
_COUNT = rb"(?:0|[1-9][0-9]{0,8})"
_ENTRY = rb"20:(?s:.{20})d8:completei%be10:downloadedi%be10:incompletei%bee" % (_COUNT, _COUNT, _COUNT)
_CANONICAL_REPLY = re.compile(
    rb"d5:filesd((?:%b)*+)e(?:5:flagsd20:min_request_intervali([1-9][0-9]{0,8})eee|e)[ \t\r\n\v\f]*" % _ENTRY
)
_SPLIT = re.compile(rb"20:(.{20})d8:completei([0-9]+)e10:downloadedi([0-9]+)e10:incompletei([0-9]+)ee", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ScrapeAddress:
    """Where a tracker's scrapes go."""

    target: bytes
    """Path and query without any hash: for `encode_scrape_target` alone, never to be sent as it is."""
    guessed: bool
    """Whether only BEP 48's wording allows it: try once, and remember whether it worked."""


@dataclass(frozen=True, slots=True)
class ScrapeReply:
    """What one scrape request was answered."""

    files: Mapping[bytes, SwarmEntry]
    """By 20-byte hash; hashes that were not asked for may be among them."""
    min_request_interval_s: float | None = None
    failure: Failure | None = None
    """A `failure reason` for the whole request; `files` is empty then."""
    findings: tuple[str, ...] = ()
    """What was odd about the reply and did not stop it from being read; clean lines."""


def derive_scrape_address(announce_target: str) -> ScrapeAddress | None:
    """Find out where the scrapes of an announce URL go.

    The rule of the field: what follows the last slash of the whole URL, query included, must begin with `announce`, and that
    word becomes `scrape`. Nothing is unescaped, and case counts. BEP 48 words it wider (`announce` in the path), and there
    are trackers which work that way (torrust's `/announce/KEY`), so such a path makes a guess.

    Args:
        announce_target: Path and query of the announce URL as written.

    Returns:
        None where there is nothing to try: scrape is unsupported.
    """
    written = announce_target.partition("#")[0]
    slash = written.rfind("/")
    if slash >= 0 and written.startswith("announce", slash + 1):
        return ScrapeAddress(base_target(_with_scrape_at(written, slash + 1)), guessed=False)
    path = written.partition("?")[0]
    position = path.find("/announce")
    if position >= 0:
        return ScrapeAddress(base_target(_with_scrape_at(written, position + 1)), guessed=True)
    return None


def _with_scrape_at(written: str, position: int) -> str:
    return written[:position] + "scrape" + written[position + len("announce") :]


def encode_scrape_target(address: ScrapeAddress, info_hashes: Sequence[bytes]) -> bytes:
    """Encode the request target of one scrape.

    Raises:
        ValueError: No hash, or one that is not 20 bytes long: a full scrape, or an error for the whole request.
    """
    if set(map(len, info_hashes)) != {_HASH_BYTES}:
        raise ValueError("a scrape needs hashes of 20 bytes")
    # One conversion for all of them, cut into pieces: with 64 hashes four times as fast as one at a time.
    escaped = b"".join(info_hashes).hex("%")
    step = 3 * _HASH_BYTES
    parameters = "&info_hash=%".join([escaped[start : start + step - 1] for start in range(0, len(escaped), step)])
    return with_parameters(address.target, (f"info_hash=%{parameters}".encode("ascii"),))


def decode_scrape(
    body: bytes,
    *,
    secrets: Iterable[str] = (),
    http_status: int | None = None,
    phrases: Sequence[Phrase] = PHRASES,
) -> ScrapeReply:
    """Decode the body of a scrape's answer.

    Args:
        body: As received, decompressed.
        secrets: Strings that must not be shown when the tracker echoes them.
        http_status: Helps to classify a failure whose words do not.
        phrases: What failure texts mean, as `failures.classify` takes it.

    Returns:
        Entries by hash, or the failure. Keys that are 40 hex digits, or hashes whose upper bytes went through UTF-8 (npm's
        bittorrent-tracker), are turned back into hashes; `host` is read where `files` is missing.

    Raises:
        ProtocolError: The body is no bencoded dictionary, or none that a tracker sends.
    """
    if len(body) <= MAX_REPLY_BYTES and (canonical := _CANONICAL_REPLY.fullmatch(body)):
        files, wait = canonical.groups()
        entries = {
            h: (int(complete), int(downloaded), int(incomplete))
            for h, complete, downloaded, incomplete in _SPLIT.findall(files)
        }
        return ScrapeReply(entries, None if wait is None else interval_of({b"": int(wait)}, b"", []))
    return _decode_any(body, secrets, http_status, phrases)


def _decode_any(
    body: bytes, secrets: Iterable[str], http_status: int | None, phrases: Sequence[Phrase] = PHRASES
) -> ScrapeReply:
    reply = decode_reply(body)
    failure = failure_of(reply, secrets=secrets, http_status=http_status, phrases=phrases)
    if failure is not None:
        return ScrapeReply({}, failure=failure)
    listed = reply.get(b"files", reply.get(b"host"))
    if listed == []:
        # An empty PHP array.
        listed = {}
    if not isinstance(listed, dict):
        raise ProtocolError("a bencoded dictionary without files: no answer to a scrape")
    findings: list[str] = []
    files: dict[bytes, SwarmEntry] = {}
    strange = 0
    for key, entry in listed.items():
        info_hash = _hash_of(key)
        if info_hash is None or not isinstance(entry, dict):
            strange += 1
            continue
        files[info_hash] = (
            count_of(entry, b"complete", findings, secrets=secrets),
            count_of(entry, b"downloaded", findings, secrets=secrets),
            count_of(entry, b"incomplete", findings, secrets=secrets),
        )
    if strange:
        findings.append(f"{strange} of {len(listed)} entries are for no info hash")
    flags = reply.get(b"flags")
    wait_s = interval_of(flags, b"min_request_interval", findings, secrets=secrets) if isinstance(flags, dict) else None
    # One finding of a sort is enough of a list that a tracker can make as long as it likes.
    return ScrapeReply(files, wait_s, findings=tuple(findings[:3]))


def _hash_of(key: bytes) -> bytes | None:
    if len(key) == _HASH_BYTES:
        return key
    try:
        text = key.decode("utf-8")
        if len(text) == _HASH_BYTES:
            return text.encode("latin-1")
        return bytes.fromhex(text) if len(key) == 2 * _HASH_BYTES and " " not in text else None
    except ValueError:
        return None


def fill_columns(
    columns: ScrapeColumns, reply: ScrapeReply, info_hashes: Sequence[bytes], indices: Sequence[int]
) -> list[int]:
    """Write what a reply says of the hashes that were asked for into the columns.

    Args:
        columns: Parallel to all hashes of the round.
        reply: Without failure.
        info_hashes: All hashes of the round.
        indices: Which of them this request asked for, in its order.

    Returns:
        Positions within `indices` that the reply leaves out, rising. Their columns are untouched.
    """
    files = reply.files
    seeders, leechers, completed, answers = columns.seeders, columns.leechers, columns.completed, columns.answers
    missing: list[int] = []
    for position, index in enumerate(indices):
        entry = files.get(info_hashes[index])
        if entry is None:
            missing.append(position)
            continue
        complete, downloaded, incomplete = entry
        seeders[index] = UNKNOWN_COUNT if complete is None else complete
        completed[index] = UNKNOWN_COUNT if downloaded is None else downloaded
        leechers[index] = UNKNOWN_COUNT if incomplete is None else incomplete
        answers[index] = SwarmAnswer.ANSWERED
    return missing
