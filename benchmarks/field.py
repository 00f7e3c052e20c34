"""What the scraping benchmarks ask: one real opentracker with 10,000 torrents of known counts."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Self

from tests.real.lab.trackers import Opentracker
from tests.real.lab.wire import Announce, Counts, UdpVisitor

if TYPE_CHECKING:
    from collections.abc import Mapping


def made_up_hashes(size: int) -> list[bytes]:
    """So many info hashes, the same in each run."""
    return [hashlib.sha1(b"benchmark %d" % number).digest() for number in range(size)]


class Field:
    """A running opentracker and the truth about it."""

    def __init__(self, info_hashes: list[bytes]) -> None:
        """Start it and bring the peers.

        Args:
            info_hashes: Each gets one to four seeders and none to two leechers, so that no answer is ambiguous.
        """
        self.info_hashes = info_hashes
        self.truth: Mapping[bytes, Counts] = {
            info_hash: Counts(1 + number % 4, number % 3, 0) for number, info_hash in enumerate(info_hashes)
        }
        self.tracker = Opentracker(info_hashes)

    def __enter__(self) -> Self:
        with UdpVisitor(self.tracker.address, self.tracker.port) as visitor:
            visitor.announce_all(
                Announce(info_hash, 2000 + peer, left=0 if peer < counts.seeders else 1, event=2)
                for info_hash, counts in self.truth.items()
                for peer in range(counts.seeders + counts.leechers)
            )
        if self.tracker.counts() != self.truth:
            raise RuntimeError("opentracker does not hold what was announced to it")
        return self

    def __exit__(self, *_: object) -> None:
        self.tracker.stop()
