"""Make real torrents from generated content: v1 (BEP 3), v2 and hybrid (BEP 52).

The content of a file is a pure function of the torrent's and the file's name, so a torrent and its hashes are the same on
every machine, and whoever wants to seed one can make the content again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from operator import itemgetter
from typing import Any, TypeAlias

Bencodable: TypeAlias = (
    "int | bytes | str | Sequence[Bencodable] | Mapping[str, Bencodable] | Mapping[bytes, Bencodable]"
)

_Tree: TypeAlias = "dict[str, Any]"
"""A file tree: folders in folders, without end, which no type says well."""

BLOCK_BYTES = 16384
"""Leaves of the merkle trees (BEP 52), and the smallest piece."""


class Format(Enum):
    """Which hashes a torrent has."""

    V1 = "v1"
    HYBRID = "hybrid"
    V2 = "v2"


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a torrent is made of."""

    name: str
    files: tuple[tuple[str, int], ...]
    """Path with `/`, and size in bytes; sorted by path. One file with an empty path: a single-file torrent."""
    tiers: tuple[tuple[str, ...], ...] = ()
    """Announce URLs (BEP 12)."""
    format: Format = Format.V1
    web_seeds: tuple[str, ...] = ()
    """BEP 19."""
    private: bool = False
    """BEP 27."""
    source: str | None = None
    """`info.source`: what makes a private site's hash its own."""
    comment: str | None = None
    piece_bytes: int = 65536
    """A power of two, at least 16 KiB."""

    @property
    def size_bytes(self) -> int:
        """Content without pad files."""
        return sum(size for _, size in self.files)


def encode(value: Bencodable) -> bytes:
    """Bencode (BEP 3): text as UTF-8, keys in the order of their bytes."""
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, bytes):
        return b"%d:%b" % (len(value), value)
    if not isinstance(value, Mapping):
        return b"l%be" % b"".join(map(encode, value))
    pairs = sorted(
        ((key.encode() if isinstance(key, str) else key, item) for key, item in value.items()), key=itemgetter(0)
    )
    return b"d%be" % b"".join(encode(key) + encode(item) for key, item in pairs)


def content(recipe: Recipe, path: str) -> bytes:
    """The bytes of one file of a torrent."""
    size = dict(recipe.files)[path]
    return hashlib.shake_256(f"{recipe.name}/{path}".encode()).digest(size)


def info_dictionary(recipe: Recipe) -> dict[str, Bencodable]:
    """The `info` of a torrent, with every hash computed from its content."""
    info: dict[str, Bencodable] = {"name": recipe.name, "piece length": recipe.piece_bytes}
    if recipe.private:
        info["private"] = 1
    if recipe.source is not None:
        info["source"] = recipe.source
    if recipe.format is not Format.V2:
        _add_v1(info, recipe)
    if recipe.format is not Format.V1:
        info["meta version"] = 2
        info["file tree"] = _file_tree(recipe)
    return info


def torrent_bytes(recipe: Recipe) -> bytes:
    """A whole .torrent file."""
    torrent: dict[str, Bencodable] = {"info": info_dictionary(recipe), "created by": "trackerwatch demo"}
    urls = [url for tier in recipe.tiers for url in tier]
    if urls:
        torrent["announce"] = urls[0]
    if len(urls) > 1:
        torrent["announce-list"] = [list(tier) for tier in recipe.tiers]
    if recipe.comment is not None:
        torrent["comment"] = recipe.comment
    if recipe.web_seeds:
        torrent["url-list"] = list(recipe.web_seeds)
    if recipe.format is not Format.V1:
        torrent["piece layers"] = _piece_layers(recipe)
    return encode(torrent)


def v1_hash(recipe: Recipe) -> bytes:
    """The 20 bytes of the v1 info hash."""
    return hashlib.sha1(encode(info_dictionary(recipe)), usedforsecurity=False).digest()


def v2_hash(recipe: Recipe) -> bytes:
    """The 32 bytes of the v2 info hash."""
    return hashlib.sha256(encode(info_dictionary(recipe))).digest()


def _is_single_file(recipe: Recipe) -> bool:
    return len(recipe.files) == 1 and not recipe.files[0][0]


def _add_v1(info: dict[str, Bencodable], recipe: Recipe) -> None:
    stream = bytearray()
    files: list[Bencodable] = []
    for path, size in recipe.files:
        # A v2 file begins at a piece of its own; in a hybrid's one v1 stream pad files see to that (BEP 47, BEP 52).
        padding = -len(stream) % recipe.piece_bytes if recipe.format is Format.HYBRID else 0
        if padding:
            stream += bytes(padding)
            files.append({"attr": "p", "length": padding, "path": [".pad", str(padding)]})
        stream += content(recipe, path)
        files.append({"length": size, "path": [*path.split("/")]})
    if _is_single_file(recipe):
        info["length"] = recipe.size_bytes
    else:
        info["files"] = files
    pieces = (stream[start : start + recipe.piece_bytes] for start in range(0, len(stream), recipe.piece_bytes))
    info["pieces"] = b"".join(hashlib.sha1(piece, usedforsecurity=False).digest() for piece in pieces)


def _file_tree(recipe: Recipe) -> _Tree:
    tree: _Tree = {}
    for path, size in recipe.files:
        folder = tree
        *folders, name = (path or recipe.name).split("/")
        for part in folders:
            folder = folder.setdefault(part, {})
        leaf: dict[str, Bencodable] = {"length": size}
        if size:
            leaf["pieces root"] = _root(_leaves(content(recipe, path)))
        folder[name] = {"": leaf}
    return tree


def _piece_layers(recipe: Recipe) -> dict[bytes, Bencodable]:
    layers: dict[bytes, Bencodable] = {}
    for path, size in recipe.files:
        if size <= recipe.piece_bytes:
            continue
        leaves = _leaves(content(recipe, path))
        blocks = recipe.piece_bytes // BLOCK_BYTES
        layer = (_root(leaves[start : start + blocks], blocks) for start in range(0, len(leaves), blocks))
        layers[_root(leaves)] = b"".join(layer)
    return layers


def _leaves(data: bytes) -> list[bytes]:
    return [hashlib.sha256(data[i : i + BLOCK_BYTES]).digest() for i in range(0, len(data), BLOCK_BYTES)]


def _root(leaves: list[bytes], width: int | None = None) -> bytes:
    """The root of a merkle tree over `width` leaves (default: the next power of two); what is missing is zeros."""
    width = width or 1 << (len(leaves) - 1).bit_length()
    row = leaves + [bytes(32)] * (width - len(leaves))
    while len(row) > 1:
        row = [hashlib.sha256(row[i] + row[i + 1]).digest() for i in range(0, len(row), 2)]
    return row[0]
