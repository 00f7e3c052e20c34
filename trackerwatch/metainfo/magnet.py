"""Magnet links (BEP 9, 52, 53) to torrents."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from trackerwatch.errors import MagnetError
from trackerwatch.metainfo.scanner import MAX_SIZE_BYTES
from trackerwatch.metainfo.tiers import place_trackers
from trackerwatch.metainfo.torrent import Torrent
from trackerwatch.metainfo.web_seeds import usable_web_seeds
from trackerwatch.outside_text import ELLIPSIS, clean

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_MAGNET_CHARS = 256 * 1024

_numbered_key = re.compile(r"(.+)\.[0-9]+").fullmatch
_btih_hex = re.compile(rb"[0-9a-fA-F]{40}").fullmatch
_btih_base32 = re.compile(rb"[A-Za-z2-7]{32}").fullmatch
_btmh_sha256 = re.compile(rb"1220([0-9a-fA-F]{64})").fullmatch


def is_magnet(text: str) -> bool:
    """Whether text means to be a magnet link."""
    return text[:7].lower() == "magnet:"


def parse_magnet(text: str, *, source: str | None = None) -> Torrent:
    """Read a magnet link.

    Args:
        text: The link; surrounding white space is ignored.
        source: Where it came from, safe to show. None: the link itself, as `shown_magnet` shows it.

    Returns:
        A torrent of unknown size (unless `xl` says it). Each `tr` is a tier of its own, in the order of the link: BEPs are
        silent, libtorrent and Transmission do that.

    Raises:
        MagnetError: The link names no torrent; the message is one clean line without secrets.
    """
    text = text.strip()
    if len(text) > MAX_MAGNET_CHARS:
        raise MagnetError(f"magnet link of more than {MAX_MAGNET_CHARS >> 10} KiB")
    if text[:8].lower() != "magnet:?":
        raise MagnetError("not a magnet link: it does not start with magnet:?")
    v1_hashes: dict[bytes, None] = {}
    v2_hashes: dict[bytes, None] = {}
    tracker_urls: list[bytes] = []
    web_seeds: list[bytes] = []
    name = b""
    size_bytes: int | None = None
    for key, value in _parameters(text):
        if key == "xt":
            topic = value.lower()
            if topic.startswith(b"urn:btih:"):
                v1_hashes[_v1_hash(value[9:])] = None
            elif topic.startswith(b"urn:btmh:"):
                v2_hashes[_v2_hash(value[9:])] = None
        elif key == "tr":
            tracker_urls.append(value)
        elif key in ("ws", "as"):
            web_seeds.append(value)
        elif key == "dn":
            name = name or value
        elif key == "xl" and size_bytes is None:
            size_bytes = _size(value)
    if not v1_hashes and not v2_hashes:
        raise MagnetError("magnet link without an info hash (xt=urn:btih:... or xt=urn:btmh:...)")
    if len(v1_hashes) > 1 or len(v2_hashes) > 1:
        raise MagnetError("magnet link that names more than one torrent")
    v1_hash = next(iter(v1_hashes), None)
    v2_hash = next(iter(v2_hashes), None)
    info_hash = v1_hash if v1_hash is not None else next(iter(v2_hashes))[:20]
    placed = place_trackers(tuple((url,) for url in tracker_urls))
    return Torrent(
        name=clean(name) or info_hash.hex(),
        info_hash=info_hash,
        info_hash_v2=v2_hash,
        private=False,
        size_bytes=size_bytes,
        placements=placed.placements,
        web_seeds=usable_web_seeds(web_seeds),
        sources=(shown_magnet(text) if source is None else source,),
        unusable_trackers=placed.unusable,
    )


def shown_magnet(text: str) -> str:
    """A magnet link as it may be shown, whole or broken: topics and name as written, every other value an ellipsis."""
    head, question, query = text.strip()[:MAX_MAGNET_CHARS].partition("?")
    if not question:
        # Without its question mark nothing tells a hash from a passkey.
        return clean(head, limit_chars=40)
    shown: dict[str, None] = {}
    for parameter in query.split("&"):
        name, equals, value = parameter.partition("=")
        key = _plain_key(name)
        if key in ("xt", "dn", "xl"):
            shown[f"{name}{equals}{value}"] = None
        elif equals:
            shown[f"{name}={ELLIPSIS}"] = None
    return clean(f"{head}?{'&'.join(shown)}")


def _parameters(text: str) -> Iterator[tuple[str, bytes]]:
    # Lone surrogates, as from undecodable arguments, cannot be encoded.
    for parameter in text[8:].encode("utf-8", "replace").split(b"&"):
        name, _, value = parameter.partition(b"=")
        key = _plain_key(name.decode("utf-8", "replace"))
        # In other values a plus sign is part of a URL.
        yield key, unquote_to_bytes(value.replace(b"+", b" ") if key == "dn" else value).strip()


def _plain_key(name: str) -> str:
    """Lower case, without the number of `tr.1`, and without what is left of `&amp;` in a link copied from a page's source."""
    key = name.lower().removeprefix("amp;")
    numbered = _numbered_key(key)
    return numbered[1] if numbered else key


def _v1_hash(text: bytes) -> bytes:
    if _btih_hex(text):
        return binascii.unhexlify(text)
    if _btih_base32(text):
        return base64.b32decode(text, casefold=True)
    raise MagnetError(
        f"magnet link with a bad btih info hash {_shown_hash(text)}: it takes 40 hex or 32 base32 characters"
    )


def _v2_hash(text: bytes) -> bytes:
    if match := _btmh_sha256(text):
        return binascii.unhexlify(match[1])
    raise MagnetError(f"magnet link with a bad btmh info hash {_shown_hash(text)}: it takes 1220 and 64 hex characters")


def _shown_hash(text: bytes) -> str:
    return repr(clean(text, limit_chars=70))


def _size(text: bytes) -> int | None:
    if not text.isdigit() or len(text) > 19:
        return None
    size_bytes = int(text)
    return size_bytes if size_bytes <= MAX_SIZE_BYTES else None
