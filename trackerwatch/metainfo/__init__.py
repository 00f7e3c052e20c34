"""Torrents: .torrent bytes and magnet links to info hash, tiers and sizes. Pure."""

from trackerwatch.metainfo.torrent import Placement, SwarmVersion, Torrent

__all__ = ["Placement", "SwarmVersion", "Torrent"]
