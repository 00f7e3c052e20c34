"""Copies of one torrent become one torrent."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trackerwatch.metainfo import Torrent


class TorrentCollection:
    """Torrents by info hash, in the order in which they were first met.

    A magnet with only the v2 hash of a hybrid torrent is a copy of it as well: torrents that share any swarm are one.
    """

    def __init__(self) -> None:
        self._torrents: dict[bytes, Torrent] = {}
        self._keys: dict[bytes, bytes] = {}
        """From the 20 bytes of each swarm to the key of its torrent."""

    def __len__(self) -> int:
        return len(self._torrents)

    @property
    def torrents(self) -> Iterable[Torrent]:
        """All of them."""
        return self._torrents.values()

    def key_of(self, swarm: bytes) -> bytes:
        """The info hash of the torrent that has this swarm (20 bytes of one that was added)."""
        return self._keys[swarm]

    def add(self, torrent: Torrent) -> Torrent:
        """Take in a torrent or another copy of one.

        Returns:
            The torrent as it now is, with what all copies say.
        """
        if torrent.info_hash_v2 is None and torrent.info_hash not in self._keys:
            self._torrents[torrent.info_hash] = torrent
            self._keys[torrent.info_hash] = torrent.info_hash
            return torrent
        known = dict.fromkeys(key for _, swarm in torrent.swarms if (key := self._keys.get(swarm)) is not None)
        merged = torrent
        if known:
            first, *others = (self._torrents.pop(key) if len(known) > 1 else self._torrents[key] for key in known)
            for other in (*others, torrent):
                # The copy that knows both hashes lends its key: `merged_with` keeps that of its first.
                first = (
                    other.merged_with(first) if other.is_hybrid and not first.is_hybrid else first.merged_with(other)
                )
            merged = first
            for key in known:
                if key != merged.info_hash:
                    self._torrents.pop(key, None)
        self._torrents[merged.info_hash] = merged
        for _, swarm in merged.swarms:
            self._keys[swarm] = merged.info_hash
        return merged
