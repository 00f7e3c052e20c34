"""What the engine may be told."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class AnnounceMode(StrEnum):
    """When torrents are announced (the value of `--announce`). No announce of ours ever joins a swarm."""

    NEVER = "never"
    FALLBACK = "fallback"
    """Where a scrape is unsupported, failed or ambiguous."""
    SAMPLE = "sample"
    """As fallback, and one public torrent a tracker and interval, rotating: it tests the announce path."""
    ALWAYS = "always"
    """Every public torrent at its active tracker's interval, at most one a second a host."""
    PEERS = "peers"
    """As fallback, but with a peer list: `started`, followed at once by `stopped`."""


class PrivateMode(StrEnum):
    """What private torrents' trackers (BEP 27) are asked (the value of `--private`)."""

    CONNECT = "connect"
    """Liveness without the key."""
    SCRAPE = "scrape"
    ANNOUNCE = "announce"


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """How the engine behaves; what the config and the command line boil down to."""

    interval_s: float = 900.0
    """Between full scrapes of a tracker. At least 60 except on loopback and private addresses, where it is at least 1."""
    timeout_s: float = 10.0
    """Bounds one request with its resends."""
    announce: AnnounceMode = AnnounceMode.FALLBACK
    private: PrivateMode = PrivateMode.CONNECT
    private_hosts: Mapping[str, PrivateMode] = field(default_factory=dict)
    """Where it differs: by the host of a tracker, lower case, an IPv6 literal without brackets."""
    heartbeat_s: float = 120.0
    """Between connect-only probes of a UDP endpoint."""
    down_after: int = 3
    """So many counted failures in a row are down."""

    def private_at(self, host: str) -> PrivateMode:
        """What private torrents' trackers on a host are asked."""
        return self.private_hosts.get(host, self.private)
