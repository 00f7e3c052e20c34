"""The demo's plan: which trackers there are, what each does at which second, and what its swarms hold.

Everything here is a pure function of the time since the demo began, so that tests read the plan instead of waiting for it.
The story of one cycle (`CYCLE_S`) is told in docs/demo.md.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from enum import StrEnum

from trackerwatch.tracker import Protocol

BASE_PORT = 41690
"""First of the ten fixed ports; the sample torrents name them."""

HIDDEN_KEY = "5d41c0ffee7a9b02e4d8f1a63c5b9e70"
"""The passkey in the private sample: 32 hex digits, as most private trackers give out. It opens nothing."""

INTERVAL_S = 2.5
"""How often the demo's screen asks: trackers on loopback may be asked every second."""


class State(StrEnum):
    """What a tracker does with a request."""

    ALIVE = "alive"
    """Answers after its usual latency."""
    SLOW = "slow"
    """Answers late. Over UDP the connect is quick: an overloaded tracker, not a distant one."""
    SILENT = "silent"
    """Takes requests and never answers."""
    GARBAGE = "garbage"
    """Answers with bytes that are no answer."""
    DEAD = "dead"
    """Its socket is closed, so the system refuses."""

    @property
    def answers(self) -> bool:
        """Whether counts can be had."""
        return self in (State.ALIVE, State.SLOW)


@dataclass(frozen=True, slots=True)
class Outage:
    """When a tracker is dead, over and over."""

    starts_s: float
    lasts_s: float
    every_s: float

    def covers(self, elapsed_s: float) -> bool:
        """Whether the tracker is dead at this moment."""
        return self.starts_s <= elapsed_s % self.every_s < self.starts_s + self.lasts_s


@dataclass(frozen=True, slots=True)
class PlannedTracker:
    """One of the demo's trackers."""

    key: str
    """How samples name it."""
    protocol: Protocol
    host: str
    """As the announce URL has it: an IPv6 literal without brackets."""
    address: str
    """What it listens on."""
    port_offset: int
    story: str
    """What it does, for people."""
    state: State = State.ALIVE
    """What it does outside an outage."""
    outage: Outage | None = None
    latency_s: float = 0.01
    """About how long an answer takes."""
    passkey: str | None = None
    """The path segment without which it answers nobody."""
    unregistered: frozenset[str] = frozenset()
    """Names of samples that it does not know."""

    @property
    def is_ipv6(self) -> bool:
        """Whether it listens on an IPv6 address."""
        return ":" in self.address

    def url(self, base_port: int = BASE_PORT) -> str:
        """Its announce URL, key included."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        key = f"/{self.passkey}" if self.passkey else ""
        return f"{self.protocol}://{host}:{base_port + self.port_offset}{key}/announce"


CYCLE_S = 48.0
"""After so many seconds everything begins again (counts of completed downloads go on rising)."""

DRIFTWOOD = "driftwood-audio-archive-2025"
"""The sample that one tracker has taken off its list."""

TRACKERS: tuple[PlannedTracker, ...] = (
    PlannedTracker(
        "http",
        Protocol.HTTP,
        "127.0.0.1",
        "127.0.0.1",
        0,
        "hiccups: refuses from 2 s to 7 s after the start, healthy otherwise; again every 48 s",
        outage=Outage(starts_s=2.0, lasts_s=5.0, every_s=CYCLE_S),
        latency_s=0.012,
    ),
    PlannedTracker("udp", Protocol.UDP, "127.0.0.1", "127.0.0.1", 1, "healthy", latency_s=0.004),
    PlannedTracker(
        "dying",
        Protocol.UDP,
        "127.0.0.1",
        "127.0.0.1",
        2,
        "dies 12 s after the start, refuses for 20 s, comes back; again every 48 s",
        outage=Outage(starts_s=12.0, lasts_s=20.0, every_s=CYCLE_S),
        latency_s=0.007,
    ),
    PlannedTracker(
        "slow",
        Protocol.UDP,
        "127.0.0.1",
        "127.0.0.1",
        3,
        "slow: answers after 2.4 s",
        state=State.SLOW,
        latency_s=2.4,
    ),
    PlannedTracker(
        "garbage",
        Protocol.HTTP,
        "127.0.0.1",
        "127.0.0.1",
        4,
        "answers with a web page instead of a tracker's answer",
        state=State.GARBAGE,
    ),
    PlannedTracker(
        "half",
        Protocol.HTTP,
        "localhost",
        "127.0.0.1",
        5,
        "half broken: answers over IPv4, refuses over IPv6",
        latency_s=0.009,
    ),
    PlannedTracker("udp6", Protocol.UDP, "::1", "::1", 6, "healthy, IPv6 only", latency_s=0.003),
    PlannedTracker("http6", Protocol.HTTP, "::1", "::1", 7, "healthy, IPv6 only", latency_s=0.015),
    PlannedTracker(
        "private",
        Protocol.HTTP,
        "127.0.0.1",
        "127.0.0.1",
        8,
        "healthy, answers only to the passkey in its path",
        latency_s=0.02,
        passkey=HIDDEN_KEY,
    ),
    PlannedTracker(
        "picky",
        Protocol.HTTP,
        "127.0.0.1",
        "127.0.0.1",
        9,
        f'says "unregistered torrent" for {DRIFTWOOD}',
        latency_s=0.011,
        unregistered=frozenset({DRIFTWOOD}),
    ),
)

BY_KEY = {tracker.key: tracker for tracker in TRACKERS}


def state_at(tracker: PlannedTracker, elapsed_s: float) -> State:
    """What a tracker does so long after the start."""
    if tracker.outage is not None and tracker.outage.covers(elapsed_s):
        return State.DEAD
    return tracker.state


def delay_at(tracker: PlannedTracker, elapsed_s: float) -> float:
    """Seconds that an answer takes so long after the start: within 40 % above `latency_s`, so that the screen moves."""
    wave = math.sin(elapsed_s / 3.1 + tracker.port_offset) + math.sin(elapsed_s / 1.3 + 2 * tracker.port_offset)
    return tracker.latency_s * (1.2 + wave / 10)


@dataclass(frozen=True, slots=True)
class Swarm:
    """What a tracker says of a swarm."""

    seeders: int
    leechers: int
    completed: int


_SALT = b"demo 4714"
"""Chosen so that among the samples one magnet has no seeder, one torrent has one, and the others are healthy."""


def counts_at(info_hash: bytes, elapsed_s: float) -> Swarm:
    """What a swarm holds so long after the start.

    Seeders and leechers come and go slowly; completed downloads only grow. One swarm in sixteen has no seeder and one in
    sixteen has a single one, by its hash.
    """
    digest = hashlib.sha256(_SALT + info_hash).digest()
    kind, size, hunger, popularity, phase = digest[:5]
    base = 4 + round(2 ** (size / 32))
    turn = phase / 256 * math.tau
    seeders = base + round(base / 5 * math.sin(elapsed_s / 7 + turn))
    leechers = round(base * (0.2 + hunger / 256) * (1 + math.sin(elapsed_s / 5 + turn) / 3)) + 1
    completed = base * (20 + popularity) + int(elapsed_s * (1 + base / 40) / 6)
    if kind % 16 == 0:
        return Swarm(0, leechers, completed)
    return Swarm(1 if kind % 16 == 1 else seeders, leechers, completed)
