"""What the engine may be told."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trackerwatch.orders import Orders
    from trackerwatch.schedule.windows import Window


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
class TrackerSettings:
    """What differs for one tracker. None: as for all."""

    own: bool = False
    """The user runs it: any interval goes."""
    interval_s: float | None = None
    heartbeat_s: float | None = None
    down_after: int | None = None
    up_after: int | None = None
    slow_s: float | None = None
    loss: float | None = None
    """Share of datagrams lost that makes it degraded, 0 to 1."""
    tls_expiry_s: float | None = None
    muted: bool = False
    muted_until: float | None = None
    """Unix time. None: for good, where `muted`."""
    mute_why: str = ""
    mute_windows: tuple[Window, ...] = ()
    """Recurring windows in which it is muted."""
    disabled: bool = False
    """Nothing is sent to it, and it counts for nothing."""
    disable_why: str = ""


class Freshness(StrEnum):
    """How a one-shot run uses what is remembered."""

    INTERVAL = "interval"
    """What was answered less than an interval ago is not asked again (`max_age_s` says otherwise)."""
    FRESH = "fresh"
    """Everything is asked again, once a minute a tracker, never inside a wait that the tracker gave."""
    CACHED = "cached"
    """Nothing is asked."""


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
    up_after: int = 2
    """So many answers in a row after down are up again."""
    slow_udp_s: float = 2.0
    slow_http_s: float = 5.0
    """Slower rounds than this make a tracker degraded."""
    loss: float = 0.1
    """Share of datagrams lost that makes an endpoint degraded."""
    tls_expiry_s: float = 14 * 86400.0
    client: str = "listed"
    """The client policy by which failover is walked: a name of `failover.CLIENTS`."""
    trackers: Mapping[str, TrackerSettings] = field(default_factory=dict)
    """Where it differs: by host, or by `host:port` which goes before; lower case, an IPv6 literal in brackets with a port."""
    orders: Orders = field(default_factory=dict)
    """What the user ordered by hand: goes before `trackers`."""
    freshness: Freshness = Freshness.INTERVAL
    max_age_s: float | None = None
    """Remembered answers of a one-shot run may be so old. None: an interval."""

    def tracker(self, host: str, port: int) -> TrackerSettings:
        """What differs for the tracker at this host (an IPv6 literal without brackets) and port."""
        named = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        return self.trackers.get(named) or self.trackers.get(host) or _NOTHING_DIFFERS

    def private_at(self, host: str) -> PrivateMode:
        """What private torrents' trackers on a host are asked."""
        return self.private_hosts.get(host, self.private)


_NOTHING_DIFFERS = TrackerSettings()
