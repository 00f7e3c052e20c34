"""What the engine needs of whoever does the asking. `trackerwatch.probe` is the one that uses sockets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trackerwatch.outcome import (
        AnnounceOutcome,
        AnnounceRequest,
        Endpoint,
        ProbeOutcome,
        Resolution,
        ScrapeColumns,
        ScrapeOutcome,
        SentinelOutcome,
    )
    from trackerwatch.tracker import Tracker


class Prober(Protocol):
    """Asks one endpoint at a time. No method raises for what a tracker, a network or a resolver did.

    Each call bounds its own connections by host and in all; each ends within its time limits whatever the other side does,
    and at once when cancelled.
    """

    async def resolve(self, tracker: Tracker, *, timeout_s: float) -> Resolution:
        """Find the addresses behind a tracker's host and apply the address policy to each."""
        ...

    def scrape_supported(self, tracker: Tracker) -> bool:
        """Whether a scrape can be asked at all (UDP always; HTTP where a scrape URL can be derived, BEP 48)."""
        ...

    async def check(
        self, tracker: Tracker, endpoint: Endpoint, *, timeout_s: float, with_key: bool = True
    ) -> ProbeOutcome:
        """The smallest sign of life, for no torrent.

        UDP: a BEP 15 connect. HTTP(S): a GET of the bare announce URL, which is up with any bencoded dictionary or
        opentracker's 400 "Invalid Request"; with `with_key=False` the connect and TLS handshake alone, nothing of the path sent.
        """
        ...

    async def scrape(
        self,
        tracker: Tracker,
        endpoint: Endpoint,
        info_hashes: Sequence[bytes],
        *,
        timeout_s: float,
        columns: ScrapeColumns | None = None,
        on_progress: Callable[[], None] | None = None,
    ) -> ScrapeOutcome:
        """Scrape unique 20-byte hashes in as few requests as it takes.

        Args:
            tracker: Whom to ask.
            endpoint: Where.
            info_hashes: Unique, at least one.
            timeout_s: Bounds one request with its resends, not the whole round.
            columns: Filled in place, parallel to `info_hashes`; a new one when None.
            on_progress: Called after each answered request, when `columns` has grown.
        """
        ...

    async def announce(
        self, tracker: Tracker, endpoint: Endpoint, request: AnnounceRequest, *, timeout_s: float
    ) -> AnnounceOutcome:
        """Announce once."""
        ...

    @property
    def sentinels_are_local(self) -> bool:
        """Whether there are sentinels and all are on loopback or private addresses: they speak for local trackers too."""
        ...

    async def sentinel(self, *, timeout_s: float) -> SentinelOutcome:
        """Ask the sentinels, which have nothing to do with any tracker, whether this machine is on the net."""
        ...

    async def close(self) -> None:
        """Close every socket and thread; calls under way end at once."""
        ...
