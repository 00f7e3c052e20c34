"""Records and connections for the tests of the store."""

import sqlite3
import time
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trackerwatch.engine.records import (
    AnnouncedRecord,
    EndpointMemory,
    Record,
    SampleRecord,
    ScrapeRecord,
    TrackerMemory,
    TransitionRecord,
)
from trackerwatch.engine.views import EventKind
from trackerwatch.health import EndpointHealth, Health, Sample
from trackerwatch.outcome import (
    AnnounceOutcome,
    Endpoint,
    Failure,
    FailureKind,
    Family,
    Operation,
    Phase,
    PhaseTimes,
    ProbeOutcome,
    ScrapeColumns,
    SwarmCounts,
)
from trackerwatch.store import Store
from trackerwatch.store.lookups import Lookups
from trackerwatch.store.opening import open_writer
from trackerwatch.store.pending import Pending
from trackerwatch.store.recording import write_batch
from trackerwatch.store.rollups import roll
from trackerwatch.tracker import Tracker, parse_tracker

VANTAGE = "5b8b2b52-0c35-4a4e-9a43-0f0f6a2f5a10"
OTHER = "77777777-0c35-4a4e-9a43-0f0f6a2f5a10"
NOON = 1_750_000_000 // 86400 * 86400 + 43200.0
"""Twelve o'clock UTC of a day in June 2025."""
HOUR, DAY = 3600.0, 86400.0

TRACKER = parse_tracker("udp://tracker.example.org:6969/announce")
ENDPOINT = Endpoint(Family.IPV4, "192.0.2.1", 6969)
ENDPOINT_6 = Endpoint(Family.IPV6, "2001:db8::1", 6969)


def info_hash(number: int) -> bytes:
    return number.to_bytes(20, "big")


def sample(
    at: float,
    latency_s: float | None = 0.05,
    *,
    tracker: Tracker = TRACKER,
    endpoint: Endpoint | None = None,
    failure: FailureKind | None = None,
    counted: bool = True,
    covers_s: float = 900.0,
    said: str = "",
) -> SampleRecord:
    phases = PhaseTimes() if latency_s is None else PhaseTimes(resolve_s=0.001, exchange_s=latency_s)
    return SampleRecord(tracker, endpoint, at, failure, counted, latency_s, covers_s, phases, 3, 1, said)


def failed(at: float, kind: FailureKind = FailureKind.TIMEOUT, **more) -> SampleRecord:
    return sample(at, None, failure=kind, **more)


def columns(*rows: tuple[int, int, int, int]) -> ScrapeColumns:
    """Rows of seeders, leechers, completed, answer."""
    seeders, leechers, completed, answers = zip(*rows, strict=True)
    return ScrapeColumns(array("q", seeders), array("q", leechers), array("q", completed), bytearray(answers))


def scrape(at: float, *rows: tuple[int, int, int, int], tracker: Tracker = TRACKER, first: int = 0) -> ScrapeRecord:
    """Of the info hashes from `first` on."""
    return ScrapeRecord(tracker, at, tuple(info_hash(first + i) for i in range(len(rows))), columns(*rows))


def turned(
    at: float, from_state: str, to_state: str, *, endpoint: Endpoint | None = None, tracker: Tracker = TRACKER
) -> TransitionRecord:
    reason = FailureKind.TIMEOUT if to_state == "down" else None
    message = f"{from_state} to {to_state}"
    return TransitionRecord(at, EventKind.STATE_CHANGED, from_state, to_state, reason, message, tracker, endpoint)


def memory(at: float, state: Health = Health.UP, tracker: Tracker = TRACKER) -> TrackerMemory:
    health = EndpointHealth(
        state=state,
        reasons=("timeout",) if state is Health.DOWN else (),
        since=at - 60,
        failures_in_row=3,
        failing_since=at - 90,
        ever_answered=True,
        window=(Sample(None, 0.25, 4, 1, 86400.0, 7776000.0), Sample(FailureKind.TIMEOUT)),
        counted=2,
        answered=1,
    )
    failure = Failure(FailureKind.TIMEOUT, Phase.CONNECT, "no answer in 15 s", 60.0, retry_never=False)
    endpoint = EndpointMemory(
        ENDPOINT, health, PhaseTimes(0.1, None, 0.2, 0.3), failure, "it said so", at - 5, at - 10, at + DAY
    )
    return TrackerMemory(
        tracker=tracker,
        at=at,
        state=state,
        reasons=("endpoint_down", "timeout"),
        since=at - 60,
        last_probe_at=at - 5,
        last_success_at=at - 10,
        endpoints=(endpoint,),
        name_health=EndpointHealth(),
        resolve_failure=Failure(FailureKind.DNS_TIMEOUT),
        scrape_supported=True,
        interval_s=1800.0,
        min_interval_s=None,
    )


def announced(at: float, number: int = 0, seeders: int | None = 3, not_before: float = 0.0) -> AnnouncedRecord:
    probe = ProbeOutcome(ENDPOINT, Operation.ANNOUNCE, PhaseTimes(exchange_s=0.1), said="interval 1800")
    outcome = AnnounceOutcome(probe, SwarmCounts(seeders, 1, None), 2, 1800.0, 900.0, "be gentle", None)
    return AnnouncedRecord(TRACKER, info_hash(number), at, outcome, not_before)


class Bench:
    """A store without threads: what is recorded is written at once."""

    def __init__(self, path: Path | None = None, vantage: str = VANTAGE) -> None:
        self.connection = open_writer(path)
        self.lookups = Lookups(self.connection, vantage, "here")

    def write(self, *records: Record) -> int:
        pending = Pending()
        unwritable = 0
        for record in records:
            pending.put(record)
        while len(batch := pending.take()):
            unwritable += write_batch(self.connection, self.lookups, batch)
        return unwritable

    def write_each(self, *records: Record) -> None:
        """Each in a batch of its own: within one, a newer scrape of the same swarms stands for an older one."""
        for record in records:
            self.write(record)

    def roll(self, now: float) -> int:
        return sum(1 for _ in roll(self.connection, self.lookups, now))

    def rows(self, query: str, *values: object) -> list[tuple]:
        return self.connection.execute(query, values).fetchall()

    def value(self, query: str, *values: object):
        return self.rows(query, *values)[0][0]


@contextmanager
def bench(path: Path | None = None, vantage: str = VANTAGE) -> Iterator[Bench]:
    made = Bench(path, vantage)
    try:
        yield made
    finally:
        made.connection.close()


@contextmanager
def opened(path: Path | None, *, wall=lambda: NOON, vantage: str = VANTAGE, **more) -> Iterator[Store]:
    store = Store.open(path, vantage_id=vantage, vantage_name="here", wall=wall, **{"batch_s": 0.0, **more})
    try:
        yield store
    finally:
        store.close()


def until(condition, seconds: float = 10.0) -> None:
    """Wait for what another thread does; fail where it never does it."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.002)


def all_rows(path: Path) -> dict[str, list[tuple]]:
    """Everything in a file, by table."""
    connection = sqlite3.connect(path)
    try:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in names}
    finally:
        connection.close()
