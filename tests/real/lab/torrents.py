"""Small torrents for the lab, made by libtorrent: the same content with whatever tiers a test wants."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

import libtorrent as lt

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class Kind(Enum):
    """Which of a torrent's hashes exist (BEP 52)."""

    V1 = "v1"
    HYBRID = "hybrid"
    V2 = "v2"


_FLAGS = {Kind.V1: lt.create_torrent.v1_only, Kind.HYBRID: 0, Kind.V2: lt.create_torrent.v2_only}


@dataclass(frozen=True)
class LabTorrent:
    """One piece of content and its metadata, not yet tied to any tracker."""

    name: str
    kind: Kind
    metadata: dict[bytes, Any]
    """As libtorrent makes it, without trackers."""
    v1: bytes | None
    """20 bytes; None for v2-only."""
    v2: bytes | None
    """32 bytes; None for v1-only."""

    @property
    def key(self) -> bytes:
        """The 20 bytes that reports name it by."""
        return self.v1 or (self.v2 or b"")[:20]

    @property
    def swarms(self) -> dict[str, bytes]:
        """`v1`, `v2`: the 20 bytes that trackers know each swarm by."""
        return ({"v1": self.v1} if self.v1 else {}) | ({"v2": self.v2[:20]} if self.v2 else {})

    def write(self, folder: Path, tiers: Sequence[Sequence[str]], *, name: str | None = None) -> Path:
        """Write a .torrent file with these tiers."""
        metadata = dict(self.metadata)
        if tiers:
            metadata[b"announce"] = tiers[0][0].encode()
            metadata[b"announce-list"] = [[url.encode() for url in tier] for tier in tiers]
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name or self.name}.torrent"
        path.write_bytes(lt.bencode(metadata))
        return path


def make_torrent(
    content: Path, name: str, kind: Kind, *, size_bytes: int = 40_000, private: bool = False
) -> LabTorrent:
    """Make content of its own under `content` and hash it."""
    content.mkdir(parents=True, exist_ok=True)
    (content / name).write_bytes(random.Random(name).randbytes(size_bytes))
    files = lt.list_files(str(content / name))
    creator = lt.create_torrent(files, 16384, _FLAGS[kind])
    creator.set_priv(private)
    lt.set_piece_hashes(creator, str(content))
    metadata = creator.generate()
    hashes = lt.torrent_info(metadata).info_hashes()
    return LabTorrent(
        name,
        kind,
        metadata,
        hashes.v1.to_bytes() if hashes.has_v1() else None,
        hashes.v2.to_bytes() if hashes.has_v2() else None,
    )
