"""What users say of failure texts holds wherever a tracker sends one."""

from ipaddress import ip_network

import pytest

from tests.doubles.http import Canned, http
from tests.doubles.udp import Refusing
from trackerwatch.outcome import AnnounceEvent, AnnounceRequest, FailureKind
from trackerwatch.probe.prober import SocketProber
from trackerwatch.protocol.failures import PHRASES, literal

HASH = b"h" * 20
REQUEST = AnnounceRequest(HASH, b"p" * 20, 43210, 1, 5, AnnounceEvent.STOPPED)
TEXT = b"the cake is gone"


@pytest.fixture
async def prober():
    prober = SocketProber(allow_private=True, phrases=(literal("Cake is gone", FailureKind.UNREGISTERED), *PHRASES))
    yield prober
    await prober.close()


@pytest.fixture(params=["udp", "http"])
def tracker(request):
    if request.param == "http":
        return Canned(http(b"d14:failure reason16:%be" % TEXT), path="/announce")
    tracker = Refusing()
    tracker.text = TEXT
    return tracker


async def test_announces(prober, tracker):
    async with tracker:
        outcome = await prober.announce(tracker.tracker, tracker.endpoint, REQUEST, timeout_s=5)
    assert outcome.probe.failure.kind is FailureKind.UNREGISTERED
    assert outcome.probe.failure.message == TEXT.decode()


async def test_scrapes(prober, tracker):
    async with tracker:
        outcome = await prober.scrape(tracker.tracker, tracker.endpoint, [HASH], timeout_s=5)
    assert outcome.columns.failures[0].kind is FailureKind.UNREGISTERED


async def test_warnings(prober):
    async with Canned(http(b"d8:intervali5e15:warning message16:%be" % TEXT), path="/announce") as tracker:
        outcome = await prober.announce(tracker.tracker, tracker.endpoint, REQUEST, timeout_s=5)
    assert (outcome.warning, outcome.warning_kind) == (TEXT.decode(), FailureKind.UNREGISTERED)


async def test_networks_of_the_config_are_asked():
    prober = SocketProber(allowed_networks=(ip_network("127.0.0.0/8"),))
    try:
        async with Refusing() as tracker:
            resolution = await prober.resolve(tracker.tracker, timeout_s=5)
    finally:
        await prober.close()
    assert resolution.endpoints == (tracker.endpoint,)
