"""`SocketProber`: one registry, one gate, one last boundary, and an end at once."""

import asyncio
import subprocess
import sys

import pytest

from trackerwatch.errors import ConfigError, InputError
from trackerwatch.outcome import (
    AnnounceEvent,
    AnnounceOutcome,
    AnnounceRequest,
    Endpoint,
    FailureKind,
    Family,
    Operation,
    PhaseTimes,
    ProbeOutcome,
    ScrapeColumns,
    ScrapeOutcome,
    SwarmAnswer,
)
from trackerwatch.probe.prober import SocketProber
from trackerwatch.tracker import parse_tracker

UDP = parse_tracker("udp://tracker.example:6969/announce")
HTTP = parse_tracker("http://tracker.example/announce")
ENDPOINT = Endpoint(Family.IPV4, "127.0.0.1", 6969)
REQUEST = AnnounceRequest(b"h" * 20, b"p" * 20, 6881, 1, 1, AnnounceEvent.STOPPED)


class FakeProbe:
    """Stands in for a protocol's probe: answers, raises or waits."""

    def __init__(self) -> None:
        self.error: BaseException | None = None
        self.door: asyncio.Event | None = None
        self.under_way = self.most = 0
        self.ended: list[str] = []
        self.asked: list[tuple] = []

    async def _happen(self, *what: object) -> None:
        self.asked.append(what)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            if self.door is not None:
                await self.door.wait()
            if self.error is not None:
                raise self.error
        except asyncio.CancelledError:
            self.ended.append("cancelled")
            raise
        finally:
            self.under_way -= 1

    async def check(self, tracker, endpoint, *, timeout_s, with_key):
        await self._happen("check", tracker, timeout_s, with_key)
        return ProbeOutcome(endpoint, Operation.LIVENESS, PhaseTimes(connect_s=0.1))

    async def scrape(self, tracker, endpoint, info_hashes, *, timeout_s, columns, on_progress):
        columns.answers[0] = SwarmAnswer.ANSWERED
        columns.seeders[0] = 5
        await self._happen("scrape", tracker, tuple(info_hashes))
        return ScrapeOutcome(ProbeOutcome(endpoint, Operation.SCRAPE, PhaseTimes()), columns)

    async def announce(self, tracker, endpoint, request, *, timeout_s):
        await self._happen("announce", tracker, request)
        return AnnounceOutcome(ProbeOutcome(endpoint, Operation.ANNOUNCE, PhaseTimes()))

    def scrape_supported(self, tracker):
        return False


@pytest.fixture
async def prober():
    prober = SocketProber(allow_private=True)
    yield prober
    await prober.close()


@pytest.fixture
def udp(prober):
    prober._udp = FakeProbe()
    return prober._udp


async def settle() -> None:
    for _ in range(8):
        await asyncio.sleep(0)


async def test_each_protocol_has_its_probe(prober, udp):
    prober._http = http = FakeProbe()
    assert (await prober.check(UDP, ENDPOINT, timeout_s=5)).phases.connect_s == 0.1
    await prober.check(HTTP, ENDPOINT, timeout_s=6, with_key=False)
    await prober.check(parse_tracker("https://tracker.example/announce"), ENDPOINT, timeout_s=7)
    assert udp.asked == [("check", UDP, 5, True)]
    assert [what[2:] for what in http.asked] == [(6, False), (7, True)]
    assert prober.scrape_supported(UDP)
    assert not prober.scrape_supported(HTTP)


async def test_two_at_once_on_one_host(prober, udp):
    udp.door = asyncio.Event()
    other = parse_tracker("udp://tracker.example:7070/announce")
    calls = [asyncio.create_task(prober.check(tracker, ENDPOINT, timeout_s=5)) for tracker in (UDP, other, UDP, other)]
    await settle()
    assert udp.under_way == 2
    udp.door.set()
    await asyncio.gather(*calls)
    assert (udp.most, len(udp.asked)) == (2, 4)


async def test_a_mistake_of_ours_is_a_failure_and_tells_no_secret(prober, udp):
    udp.error = KeyError("http://tracker.example/passkey")
    outcome = await prober.check(UDP, ENDPOINT, timeout_s=5)
    assert outcome.failure is not None
    assert (outcome.failure.kind, outcome.failure.message) == (FailureKind.INTERNAL, "unexpected KeyError")
    announced = await prober.announce(UDP, ENDPOINT, REQUEST, timeout_s=5)
    assert announced.probe.failure == outcome.failure
    scraped = await prober.scrape(UDP, ENDPOINT, [b"1" * 20, b"2" * 20], timeout_s=5)
    assert scraped.probe.failure == outcome.failure
    # What was answered before stays.
    assert list(scraped.columns.answers) == [SwarmAnswer.ANSWERED, SwarmAnswer.FAILED]
    assert scraped.columns.counts(0).seeders == 5
    assert scraped.columns.failures == {1: outcome.failure}


async def test_a_scrape_fills_the_columns_it_is_given(prober, udp):
    columns = ScrapeColumns.unknown(1)
    outcome = await prober.scrape(UDP, ENDPOINT, [b"1" * 20], timeout_s=5, columns=columns)
    assert outcome.columns is columns
    assert columns.counts(0).seeders == 5


async def test_cancelling_passes_through_and_reaches_the_probe(prober, udp):
    udp.door = asyncio.Event()
    call = asyncio.create_task(prober.check(UDP, ENDPOINT, timeout_s=5))
    await settle()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert udp.ended == ["cancelled"]
    assert prober._under_way == set()


async def test_closing_ends_every_call_with_an_outcome(prober, udp):
    udp.door = asyncio.Event()
    calls = [asyncio.create_task(prober.check(UDP, ENDPOINT, timeout_s=600)) for _ in range(5)]
    await settle()
    await prober.close()
    outcomes = await asyncio.gather(*calls)
    assert {(o.failure.kind, o.failure.message) for o in outcomes} == {(FailureKind.INTERNAL, "the prober is closed")}
    assert udp.ended == ["cancelled"] * 2
    later = await prober.check(UDP, ENDPOINT, timeout_s=5)
    assert later.failure is not None
    assert (await prober.resolve(UDP, timeout_s=5)).failure is not None
    await prober.close()


async def test_addresses_are_judged(prober):
    local = parse_tracker("udp://localhost:6969/announce")
    assert Endpoint(Family.IPV4, "127.0.0.1", 6969) in (await prober.resolve(local, timeout_s=5)).endpoints
    strict = SocketProber()
    try:
        resolution = await strict.resolve(local, timeout_s=5)
    finally:
        await strict.close()
    assert resolution.endpoints == ()
    assert {failure.kind for _, failure in resolution.refused} == {FailureKind.BLOCKED}


async def test_a_url_is_fetched_under_the_same_policy():
    strict = SocketProber()
    try:
        with pytest.raises(InputError, match="--allow-private"):
            await strict.fetch("http://localhost/a.torrent")
    finally:
        await strict.close()


def test_a_bad_ca_file_is_a_config_error(tmp_path):
    with pytest.raises(ConfigError, match="CA file"):
        SocketProber(ca_file=str(tmp_path / "missing.pem"))


def test_a_run_on_udp_trackers_alone_loads_no_httpx():
    script = """
import asyncio, sys
from trackerwatch.outcome import Endpoint, Family
from trackerwatch.probe.prober import SocketProber
from trackerwatch.tracker import parse_tracker
async def main():
    prober = SocketProber(allow_private=True)
    tracker = parse_tracker("udp://127.0.0.1:9/announce")
    assert prober.scrape_supported(tracker)
    resolution = await prober.resolve(tracker, timeout_s=5)
    await prober.check(tracker, resolution.endpoints[0], timeout_s=0.05)
    await prober.close()
asyncio.run(main())
print(sorted({"httpx", "h11", "anyio", "textual"} & set(sys.modules)))
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "[]\n", "")
