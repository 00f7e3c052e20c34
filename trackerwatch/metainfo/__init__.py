"""Torrents: .torrent bytes and magnet links to info hash, tiers and sizes. Pure."""

from trackerwatch.metainfo.load import load_torrent
from trackerwatch.metainfo.magnet import parse_magnet
from trackerwatch.metainfo.torrent import Placement, SwarmVersion, Torrent

__all__ = ["Placement", "SwarmVersion", "Torrent", "load_torrent", "parse_magnet"]
