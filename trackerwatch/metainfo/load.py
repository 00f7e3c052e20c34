"""A .torrent file's bytes to a `Torrent` (BEP 3, 12, 19, 27, 47, 52)."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from trackerwatch.errors import MagnetError, MetainfoError
from trackerwatch.metainfo.magnet import parse_magnet
from trackerwatch.metainfo.making import Making
from trackerwatch.metainfo.scanner import (
    MAX_SIZE_BYTES,
    Span,
    TorrentSpans,
    list_items,
    read_integer,
    read_string,
    scan_torrent,
    string_length,
)
from trackerwatch.metainfo.tiers import (
    MAX_ANNOUNCE_URLS,
    MAX_REMEMBERED_BYTES,
    PlacedTrackers,
    Tiers,
    place_trackers_of_file,
)
from trackerwatch.metainfo.torrent import Torrent
from trackerwatch.metainfo.web_seeds import usable_web_seeds
from trackerwatch.outside_text import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_TORRENT_BYTES = 64 * 1024 * 1024


def load_torrent(data: bytes, *, source: str) -> Torrent:
    """Read a .torrent file.

    Args:
        data: The whole file, at most `MAX_TORRENT_BYTES`.
        source: Where it came from, safe to show (no secrets, clean).

    Returns:
        The torrent: v1, v2 or hybrid. Announce URLs that cannot be asked are lines in `unusable_trackers`.

    Raises:
        MetainfoError: It is no usable torrent; the message is one clean line.
    """
    if len(data) > MAX_TORRENT_BYTES:
        raise MetainfoError(f"larger than {MAX_TORRENT_BYTES >> 20} MiB")
    spans = scan_torrent(data)
    info = spans.info
    if info is None:
        return _without_info(data, spans, source)
    has_v2 = _judge_meta_version(data, info)
    has_v1 = _judge_pieces(data, info)
    if not has_v1 and not has_v2:
        raise MetainfoError("info has neither pieces (v1) nor a file tree with meta version 2 (v2)")
    start, end = spans.top[b"info"]
    info_bytes = data[start:end]
    v2_hash = hashlib.sha256(info_bytes).digest() if has_v2 else None
    # A hash that names content, not one that keeps a secret.
    info_hash = v2_hash[:20] if v2_hash and not has_v1 else hashlib.sha1(info_bytes, usedforsecurity=False).digest()
    size_bytes = _v1_size(data, spans, info) if has_v1 else _v2_size(spans)
    placed = _placed_trackers(data, spans.top)
    raw_name = read_string(data, info.get(b"name.utf-8")) or read_string(data, info.get(b"name")) or b""
    raw_source_tag = read_string(data, info.get(b"source"))
    making = Making(
        piece_length_bytes=read_integer(data, info.get(b"piece length")),
        pieces=(string_length(data, info.get(b"pieces")) or 0) // 20 if has_v1 else None,
        files=(spans.files or 1) if has_v1 else spans.file_tree_files,
        padded=has_v1 and spans.pads > 0,
        duplicates=placed.duplicates,
        announce_alone=placed.announce_alone,
    )
    return Torrent(
        name=clean(raw_name) or info_hash.hex(),
        info_hash=info_hash,
        info_hash_v2=v2_hash,
        private=bool(read_integer(data, info.get(b"private"))),
        size_bytes=size_bytes,
        placements=placed.placements,
        web_seeds=_web_seeds(data, spans.top.get(b"url-list")),
        sources=(source,),
        source_tag=clean(raw_source_tag) or None if raw_source_tag else None,
        unusable_trackers=placed.unusable,
        making=making,
    )


def _without_info(data: bytes, spans: TorrentSpans, source: str) -> Torrent:
    raw_magnet = read_string(data, spans.top.get(b"magnet-uri"))
    if b"info" in spans.top or not raw_magnet:
        raise MetainfoError("no info dictionary")
    try:
        return parse_magnet(raw_magnet.decode("utf-8", "replace"), source=source)
    except MagnetError as error:
        raise MetainfoError(f"no info dictionary, and its magnet-uri is unusable: {error}") from None


def _judge_meta_version(data: bytes, info: Mapping[bytes, Span]) -> bool:
    """Whether the torrent has a v2 swarm. BEP 52 wants this before any other validation."""
    span = info.get(b"meta version")
    if span is None:
        return False
    version = read_integer(data, span)
    if version is None:
        raise MetainfoError("meta version is not an integer")
    if version == 1:
        # Nothing was ever defined for it; libtorrent reads such files as v1.
        return False
    if version != 2:
        raise MetainfoError(f"meta version {str(version)[:20]} is not supported: only v1 and v2 torrents are")
    if b"file tree" not in info:
        raise MetainfoError("meta version 2 without a file tree")
    return True


def _judge_pieces(data: bytes, info: Mapping[bytes, Span]) -> bool:
    """Whether the torrent has a v1 swarm."""
    span = info.get(b"pieces")
    if span is None:
        return False
    length = string_length(data, span)
    if length is None or length % 20:
        raise MetainfoError("pieces is not a string of 20-byte hashes")
    return True


def _v1_size(data: bytes, spans: TorrentSpans, info: Mapping[bytes, Span]) -> int:
    if spans.files_error is not None:
        raise spans.files_error
    if spans.files_size_bytes is not None:
        return spans.files_size_bytes
    length = read_integer(data, info.get(b"length"))
    if length is None:
        raise MetainfoError("info has neither length nor files")
    if not 0 <= length <= MAX_SIZE_BYTES:
        raise MetainfoError("info has an impossible length")
    return length


def _v2_size(spans: TorrentSpans) -> int | None:
    if spans.file_tree_error is not None:
        raise spans.file_tree_error
    return spans.file_tree_size_bytes


def _placed_trackers(data: bytes, top: Mapping[bytes, Span]) -> PlacedTrackers:
    announce = read_string(data, top.get(b"announce")) or b""
    span = top.get(b"announce-list")
    raw_list = data[span[0] : span[1]] if span else b"le"
    if len(announce) + len(raw_list) > MAX_REMEMBERED_BYTES:
        return place_trackers_of_file(announce, _read_tiers(raw_list))
    return _remembered_trackers(announce, raw_list)


@lru_cache(maxsize=8192)
def _remembered_trackers(announce: bytes, raw_list: bytes) -> PlacedTrackers:
    return place_trackers_of_file(announce, _read_tiers(raw_list))


def _read_tiers(raw_list: bytes) -> Tiers:
    # What is no list among the tiers, or no string in a tier, holds its place but names nothing.
    tiers: list[tuple[bytes, ...]] = []
    urls = 0
    for tier in islice(list_items(raw_list, (0, len(raw_list))), MAX_ANNOUNCE_URLS + 1):
        # One more than is read, so that the rest is noticed.
        spans = islice(list_items(raw_list, tier), MAX_ANNOUNCE_URLS + 1 - urls)
        tiers.append(tuple(read_string(raw_list, url) or b"" for url in spans))
        urls += len(tiers[-1])
    return tuple(tiers)


def _web_seeds(data: bytes, span: Span | None) -> tuple[str, ...]:
    """`url-list`: one string or a list of them (BEP 19)."""
    if span is None:
        return ()
    single = read_string(data, span)
    urls = [single] if single is not None else (read_string(data, item) for item in list_items(data, span))
    return usable_web_seeds(url for url in urls if url)
