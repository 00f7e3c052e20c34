"""What clients do with a torrent's tiers, as data: in what order, who is promoted, when the failed are asked again.

Sources: BEP 12 for `listed` and `bep12`; for `libtorrent` its source and what a session does on loopback (version 2.1.1,
`tests/real/test_libtorrent_order.py`); for `transmission` its source (`libtransmission/announcer.cc`, `announce-list.cc`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class OnSuccess(StrEnum):
    """Where a tracker goes that answered."""

    STAY = "stay"
    FRONT = "front"
    """To the front of its tier (BEP 12)."""


class OnFailure(StrEnum):
    """Where a tracker goes that failed."""

    STAY = "stay"
    END = "end"
    """To the end of its tier. (A tier that is taken round-robin comes to the same: it begins after the failed one.)"""


class Parallel(StrEnum):
    """How many trackers a client uses at a time."""

    NONE = "none"
    TIERS = "tiers"
    """One of each tier."""
    ALL = "all"


class Retry(StrEnum):
    """When a tracker that failed is asked again while another works."""

    WITH_ANNOUNCE = "with_announce"
    """Each announce begins with the first tracker again (BEP 12)."""
    OWN_TIME = "own_time"
    """When its own back-off is over, if it stands before the one that works."""
    IN_TURN = "in_turn"
    """When the ones after it fail."""


class GivesUp(StrEnum):
    """What makes a client never ask a tracker again."""

    GONE = "gone"
    """HTTP 410."""
    RETRY_NEVER = "retry_never"
    """BEP 31, `retry in` = `never`."""
    UNREGISTERED = "unregistered"
    """The tracker does not know the torrent."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long a client waits after failures."""

    steps_s: tuple[float, ...]
    """By the number of failures in a row, from 0; the last holds for all beyond."""
    spread_s: int = 0
    """Up to so many whole seconds are added at random."""
    spread_from: int = 0
    """After so many failures in a row."""
    reply_s: float = 0.0
    """Waited at least where the tracker answered that it refuses, and did not say how long to wait."""
    reply_floor_s: float = 0.0
    """A wait that a tracker asked for beside a refusal is taken to be at least this."""

    def step_s(self, failures: int) -> float:
        """The wait after so many failures in a row, without what the tracker asks for."""
        return self.steps_s[min(failures, len(self.steps_s) - 1)]

    def wait_s(self, failures: int, *, replied: bool, asked_s: float | None, randomness: float = 0.0) -> float:
        """The wait in one case.

        Args:
            failures: In a row.
            replied: The tracker answered, and refused.
            asked_s: What it asked for. None: nothing.
            randomness: 0 to 1.
        """
        wait_s = self.step_s(failures)
        if self.spread_s and failures >= self.spread_from:
            wait_s += int(randomness * (self.spread_s + 1 - 1e-9))
        if replied:
            wait_s = max(wait_s, self.reply_s if asked_s is None else max(asked_s, self.reply_floor_s))
        elif asked_s is not None:
            wait_s = max(wait_s, asked_s)
        return wait_s

    def wait_by_now_s(self, failing_for_s: float) -> float:
        """The wait a client has come to that has been failing for so long: its waits grow as it goes on."""
        failures, spent_s = 1, self.step_s(1)
        while spent_s <= failing_for_s and failures < len(self.steps_s):
            failures += 1
            spent_s += self.step_s(failures)
        return self.step_s(failures)


@dataclass(frozen=True, slots=True, eq=False)
class Client:
    """How one client walks the tiers. Compared by identity: there is one of each."""

    name: str
    subject: str
    """What it is called in a sentence."""
    words: str
    """What it does, in a line for people."""
    shuffle: bool = False
    """Each tier is shuffled once (BEP 12)."""
    prefer_udp: bool = False
    """A udp tracker changes places with an http one before it on the same host."""
    joins_siblings: bool = False
    """Trackers with the same host and path share the tier of the first of them, whatever their scheme."""
    on_success: OnSuccess = OnSuccess.STAY
    on_failure: OnFailure = OnFailure.STAY
    parallel: Parallel = Parallel.NONE
    retry: Retry = Retry.WITH_ANNOUNCE
    backoff: Backoff = Backoff((0.0,))
    gives_up: frozenset[GivesUp] = frozenset()
    interval_s: float = 1800.0
    """Between announces where the tracker names no interval."""
    interval_floor_s: float = 0.0

    @property
    def in_order(self) -> bool:
        """Whether torrents are walked in the order of the file, now and ever: then no order need be remembered."""
        moves = self.on_success is not OnSuccess.STAY or self.on_failure is not OnFailure.STAY
        return not (moves or self.shuffle or self.prefer_udp)


LIBTORRENT_BACKOFF = Backoff(
    # 5 + fails^2 * 5 * tracker_backoff / 100, in whole seconds, with tracker_backoff = 250; an hour at most.
    steps_s=tuple(float(min(3600, 5 + fails * fails * 1250 // 100)) if fails else 0.0 for fails in range(18)),
    reply_s=1800.0,
    reply_floor_s=300.0,
)
_OBEDIENT_BACKOFF = Backoff(LIBTORRENT_BACKOFF.steps_s)
"""BEP 12 names no back-off: libtorrent's steps, with every wait as the tracker asks for it (BEP 31)."""
_OBEDIENT = frozenset({GivesUp.GONE, GivesUp.RETRY_NEVER})

LISTED = Client(
    "listed",
    "a client",
    "BEP 12 in the order of the file, without its shuffle: two machines see the same tracker active",
    backoff=_OBEDIENT_BACKOFF,
    gives_up=_OBEDIENT,
)
"""The default."""

CLIENTS: dict[str, Client] = {
    client.name: client
    for client in (
        LISTED,
        Client(
            "bep12",
            "a BEP 12 client",
            "BEP 12: each tier shuffled once, a tracker that answers moves to the front of its tier",
            shuffle=True,
            on_success=OnSuccess.FRONT,
            backoff=_OBEDIENT_BACKOFF,
            gives_up=_OBEDIENT,
        ),
        Client(
            "libtorrent",
            "libtorrent",
            "libtorrent (qBittorrent, Deluge): one tracker at a time, a failed one moves to the end of its tier, udp goes before http of the same host",
            prefer_udp=True,
            on_failure=OnFailure.END,
            retry=Retry.OWN_TIME,
            backoff=LIBTORRENT_BACKOFF,
            gives_up=frozenset({GivesUp.GONE}),
            interval_floor_s=300.0,
        ),
        Client(
            "transmission",
            "Transmission",
            "Transmission: all tiers at once, one tracker of each, the next one of the tier after a failure",
            joins_siblings=True,
            on_failure=OnFailure.END,
            parallel=Parallel.TIERS,
            retry=Retry.IN_TURN,
            backoff=Backoff((0.0, 20.0, 300.0, 900.0, 1800.0, 3600.0, 7200.0), spread_s=59, spread_from=2),
            gives_up=frozenset({GivesUp.UNREGISTERED}),
            interval_s=600.0,
        ),
        Client(
            "all-trackers",
            "a client",
            "every tracker is announced to at once, each on its own",
            parallel=Parallel.ALL,
            retry=Retry.OWN_TIME,
            backoff=_OBEDIENT_BACKOFF,
            gives_up=_OBEDIENT,
        ),
    )
}
"""By name: the values of the setting `client`."""
