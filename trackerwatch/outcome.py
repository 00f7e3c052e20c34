"""What a probe returns: values that cross every room, and no behaviour beyond naming themselves.

A probe never raises for what a tracker did. It returns an outcome with phases, counts and, where it failed, one `Failure` of
a closed set of kinds (a contract: the kinds are metric labels, filter keys and JSON values).
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class FailureKind(StrEnum):
    """Why a probe has no answer. Contract: never renamed."""

    LOCAL_OFFLINE = "local_offline"
    DNS_NXDOMAIN = "dns_nxdomain"
    DNS_ERROR = "dns_error"
    DNS_TIMEOUT = "dns_timeout"
    DNS_BLOCKED = "dns_blocked"
    """The name resolves to a sinkhole: 0.0.0.0, loopback or the like."""
    NO_ROUTE = "no_route"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    TLS = "tls"
    HTTP_STATUS = "http_status"
    REDIRECT = "redirect"
    TOO_LARGE = "too_large"
    CLOSED = "closed"
    """The connection ended before a whole answer."""
    NOT_BENCODE = "not_bencode"
    BAD_REPLY = "bad_reply"
    FAILURE_REASON = "failure_reason"
    UNREGISTERED = "unregistered"
    UNAUTHORIZED = "unauthorized"
    RATE_LIMITED = "rate_limited"
    SCRAPE_UNSUPPORTED = "scrape_unsupported"
    DENIED = "denied"
    """The host says by DNS that it runs no tracker (BEP 34)."""
    BLOCKED = "blocked"
    """Our own address policy refused to ask."""
    INTERNAL = "internal"

    @property
    def counted(self) -> bool:
        """Whether this failure says anything about the tracker, for health and failover."""
        return self not in _NOT_COUNTED

    @property
    def answered(self) -> bool:
        """Whether the tracker said something parseable: it is up, and the torrent, key or rate has the problem."""
        return self in _ANSWERED

    @property
    def conclusive(self) -> bool:
        """Whether one such failure suffices in a one-shot run; the others are asked twice (spec 3)."""
        return self in _CONCLUSIVE

    @property
    def retried(self) -> bool:
        """Whether a second attempt may end otherwise: what can be a lost packet."""
        return self in _RETRIED


_NOT_COUNTED = frozenset(
    {
        FailureKind.LOCAL_OFFLINE,
        FailureKind.NO_ROUTE,
        FailureKind.BLOCKED,
        FailureKind.DENIED,
        FailureKind.INTERNAL,
        FailureKind.SCRAPE_UNSUPPORTED,
    }
)
_ANSWERED = frozenset(
    {
        FailureKind.FAILURE_REASON,
        FailureKind.UNREGISTERED,
        FailureKind.UNAUTHORIZED,
        FailureKind.RATE_LIMITED,
    }
)
_CONCLUSIVE = frozenset({FailureKind.REFUSED, FailureKind.DNS_NXDOMAIN, FailureKind.TLS})
_RETRIED = frozenset({FailureKind.TIMEOUT, FailureKind.CLOSED, FailureKind.DNS_TIMEOUT})


class Phase(StrEnum):
    """The part of a probe in which it failed."""

    RESOLVE = "resolve"
    CONNECT = "connect"
    TLS = "tls"
    EXCHANGE = "exchange"


class Family(StrEnum):
    """An address family."""

    IPV4 = "ipv4"
    IPV6 = "ipv6"


class Operation(StrEnum):
    """What a probe asked for."""

    ANNOUNCE = "announce"
    SCRAPE = "scrape"
    LIVENESS = "liveness"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no answer: safe to show as it is."""

    kind: FailureKind
    phase: Phase | None = None
    """None: no part of the exchange is to blame (a policy, say)."""
    message: str = ""
    """One clean line: what the tracker said word for word, or what the system said. No secrets."""
    retry_in_s: float | None = None
    """The tracker's own wish (BEP 31 `retry in`, Retry-After, `interval` beside a failure). None: it said nothing."""
    retry_never: bool = False
    """The tracker wants never to be asked again (BEP 31 `never`, HTTP 410)."""


@dataclass(frozen=True, slots=True, order=True)
class Endpoint:
    """One address behind a tracker. Health is measured here."""

    family: Family
    address: str
    """An IP literal, without brackets."""
    port: int

    def __str__(self) -> str:
        """`192.0.2.1:80` or `[2001:db8::1]:80`."""
        return f"[{self.address}]:{self.port}" if self.family is Family.IPV6 else f"{self.address}:{self.port}"


@dataclass(frozen=True, slots=True)
class PhaseTimes:
    """Seconds spent in each phase of one probe, by a monotonic clock. None: the phase did not happen or did not end."""

    resolve_s: float | None = None
    connect_s: float | None = None
    """TCP connect; over UDP the BEP 15 connect exchange."""
    tls_s: float | None = None
    exchange_s: float | None = None
    """From the request sent to the whole answer; over several requests the median."""

    @property
    def took_s(self) -> float | None:
        """What a client waits for an answer once it has an address: connect, TLS and exchange. None: none of them ended."""
        known = [part for part in (self.connect_s, self.tls_s, self.exchange_s) if part is not None]
        return sum(known) if known else None


@dataclass(frozen=True, slots=True)
class Resolution:
    """The addresses behind a tracker's host name."""

    endpoints: tuple[Endpoint, ...]
    """Addresses that may be asked, at most four a family."""
    refused: tuple[tuple[Endpoint, Failure], ...]
    """Addresses that exist and that the address policy refused, each with its reason (`blocked`, `dns_blocked`)."""
    resolve_s: float
    failure: Failure | None = None
    """Why there is no address at all, or may none be asked (`denied`: the host says by DNS that it runs no tracker, BEP 34).
    None where there is one, allowed or not."""
    note: str = ""
    """What DNS says beside addresses, one clean line ("DNS names port 1337 instead of 80 (BEP 34)"). Empty: nothing."""


@dataclass(frozen=True, slots=True)
class ProbeOutcome:
    """One probe of one endpoint: what every operation has in common."""

    endpoint: Endpoint
    operation: Operation
    phases: PhaseTimes
    failure: Failure | None = None
    """None: answered."""
    requests: int = 1
    """Requests or datagrams sent, resends and connects included."""
    lost: int = 0
    """Datagrams that were never answered and had to be sent again."""
    tls_expires_at: datetime | None = None
    """End of the certificate shown, UTC. None: no TLS."""
    tls_valid_from: datetime | None = None
    """Begin of that certificate's life, UTC. None: no TLS, or not said."""
    said: str = ""
    """The tracker's answer in one clean line, for people: what the detail pane shows word for word."""


class SwarmAnswer(IntEnum):
    """What a scrape said of one info hash; the value of one byte in `ScrapeColumns.answers`."""

    NOT_ASKED = 0
    ANSWERED = 1
    AMBIGUOUS = 2
    """0/0/0 over UDP: BEP 15 servers say that for hashes they do not know."""
    OMITTED = 3
    """A whole answer came and left this hash out: unknown."""
    FAILED = 4
    """The request that carried this hash has no answer."""


UNKNOWN_COUNT = -1
"""How columns write a count that nobody told. It never leaves the columns: everywhere else unknown is None."""


@dataclass(slots=True)
class ScrapeColumns:
    """Counts of many swarms on one tracker, as parallel columns in the order the hashes were asked in.

    A prober fills one in place while a round runs; `copy` makes what a snapshot may keep.
    """

    seeders: array[int]
    leechers: array[int]
    completed: array[int]
    answers: bytearray
    """One `SwarmAnswer` a hash."""
    failures: dict[int, Failure] = field(default_factory=dict)
    """Why, for each `FAILED` index."""

    @classmethod
    def unknown(cls, size: int) -> ScrapeColumns:
        """Columns of `size` swarms of which nothing is known."""
        blank = array("q", [UNKNOWN_COUNT]) * size
        return cls(blank, blank[:], blank[:], bytearray(size))

    def __len__(self) -> int:
        return len(self.answers)

    def copy(self) -> ScrapeColumns:
        """An independent copy."""
        return ScrapeColumns(self.seeders[:], self.leechers[:], self.completed[:], self.answers[:], dict(self.failures))

    def counts(self, index: int) -> SwarmCounts:
        """The counts of one swarm, None where unknown (ambiguous zeros are unknown too)."""
        if self.answers[index] != SwarmAnswer.ANSWERED:
            return NOTHING_KNOWN
        return SwarmCounts(
            *(None if n < 0 else n for n in (self.seeders[index], self.leechers[index], self.completed[index]))
        )


@dataclass(frozen=True, slots=True)
class SwarmCounts:
    """What one tracker says of one swarm. None: it did not say."""

    seeders: int | None
    leechers: int | None
    completed: int | None


NOTHING_KNOWN = SwarmCounts(None, None, None)


@dataclass(frozen=True, slots=True)
class ScrapeOutcome:
    """One scrape of one endpoint: as many requests as the hashes took."""

    probe: ProbeOutcome
    """`failure` is set where not one request was answered, and then it is every asked hash's failure."""
    columns: ScrapeColumns
    exchange_s: tuple[float, ...] = ()
    """Seconds of each answered request."""
    min_request_interval_s: float | None = None
    """BEP 48 `flags.min_request_interval`, clamped to what makes sense. None: not said."""


@dataclass(frozen=True, slots=True)
class AnnounceRequest:
    """What goes into one announce (BEP 3, BEP 15). Ours never touches a swarm: see docs/manners.md."""

    info_hash: bytes
    """20 bytes: the v1 hash or the truncated v2 hash."""
    peer_id: bytes
    """20 bytes."""
    port: int
    key: int
    """32 bits, the same for every family."""
    left: int
    """Bytes left; never 0, which would be a seeder."""
    event: AnnounceEvent
    numwant: int = 0
    private: bool = False


class AnnounceEvent(StrEnum):
    """BEP 3 events we send. `completed` is missing on purpose: it is never sent."""

    STOPPED = "stopped"
    STARTED = "started"


@dataclass(frozen=True, slots=True)
class AnnounceOutcome:
    """One announce to one endpoint."""

    probe: ProbeOutcome
    counts: SwarmCounts = NOTHING_KNOWN
    peers: int | None = None
    """Peers listed. None: no peer list came."""
    interval_s: float | None = None
    min_interval_s: float | None = None
    warning: str | None = None
    """Warning message, clean. None: none came."""
    warning_kind: FailureKind | None = None
    """What a warning really is where it is a failure in disguise ("Torrent not registered"). None: a plain warning."""


@dataclass(frozen=True, slots=True)
class SentinelOutcome:
    """Whether anything at all comes back. An answer, a refusal or a reset proves it. None: no such sentinel is set."""

    tcp: bool | None
    udp: bool | None
    local: bool = False
    """Every sentinel is on loopback or a private address, so that they speak for local trackers too."""

    @property
    def proves_us_online(self) -> bool:
        """Whether any sentinel gave a sign of life."""
        return bool(self.tcp or self.udp)
