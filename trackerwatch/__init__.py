"""trackerwatch: htop for BitTorrent trackers."""

__version__ = "0.1.0"
