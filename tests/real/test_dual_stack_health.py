"""A tracker's name has an IPv6 address that is dead, or that this machine has no way to: two different things."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.real.lab.places import free_port
from tests.real.lab.torrents import Kind, make_torrent
from tests.real.lab.trackers import Opentracker
from tests.real.lab.watch import Home

if TYPE_CHECKING:
    from collections.abc import Iterator

both = pytest.mark.parametrize("protocol", ["udp", "http"])

NOWHERE = "2001:db8::1"
"""For documentation (RFC 3849): no machine has a route to it."""


@pytest.fixture
def torrent(tmp_path):
    return make_torrent(tmp_path / "content", "dual", Kind.V1)


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


def ipv4_tracker(torrent, port: int) -> Iterator[Opentracker]:
    tracker = Opentracker([torrent.key], "127.0.0.1", port)
    try:
        yield tracker
    finally:
        tracker.stop()


@pytest.fixture
def tracker(needs, torrent) -> Iterator[Opentracker]:
    """Opentracker knows IPv4 alone; its port is closed on IPv6."""
    needs("opentracker", "timeout")
    yield from ipv4_tracker(torrent, free_port("127.0.0.1", "::1"))


@pytest.fixture
def lonely_tracker(needs, own_net, torrent) -> Iterator[Opentracker]:
    """The same in a network without any IPv6 but loopback's."""
    needs("opentracker", "timeout")
    assert not own_net.has_route(NOWHERE)
    yield from ipv4_tracker(torrent, free_port("127.0.0.1"))


def by_family(tracker: dict) -> dict:
    return {endpoint["family"]: endpoint for endpoint in tracker["endpoints"]}


@both
async def test_a_dead_family_degrades_and_hides_nothing(home, tmp_path, torrent, tracker, two_addresses, protocol):
    url = f"{protocol}://both.test:{tracker.port}/announce"
    path = torrent.write(tmp_path, [[url]])
    table = tmp_path / "table"
    report = await home.report("--timeout", "2", "--format", "table", "-o", table, path, inside=two_addresses)
    (line,) = [line for line in table.read_text().splitlines() if "DEGRADED" in line]
    assert "1/2" in line.split()
    (entry,) = report.value["trackers"]
    assert entry["state"] == "degraded"
    assert "endpoint_down" in entry["reasons"]
    ends = by_family(entry)
    assert (ends["ipv4"]["address"], ends["ipv4"]["state"], ends["ipv4"]["failure"]) == ("127.0.0.1", "up", None)
    assert (ends["ipv6"]["address"], ends["ipv6"]["state"]) == ("::1", "down")
    assert ends["ipv6"]["failure"]["kind"] == "refused"
    assert ends["ipv6"]["latency_s"] is None
    assert entry["latency_s"] == ends["ipv4"]["latency_s"] > 0
    assert ends["ipv4"]["phases"]["exchange_s"] > 0
    (listed,) = report.value["torrents"]
    assert listed["failover"]["state"] == "primary"
    assert listed["failover"]["working"] == 1
    assert "tracker_down" not in {problem["rule"] for problem in report.value["problems"]}


async def test_a_dead_family_while_watching_is_no_outage_of_the_tracker(
    home, tmp_path, torrent, tracker, two_addresses
):
    url = f"udp://both.test:{tracker.port}/announce"
    path = torrent.write(tmp_path, [[url]])
    async with home.watch("--interval", "1", "--timeout", "2", path, inside=two_addresses) as watch:
        await watch.until("started")
        (seen,) = (await home.remembers(lambda known: known[url]["uptime"][0]["counted"] >= 4)).values()
        assert await watch.stop() == 0
    assert seen["state"] == "degraded"
    assert seen["p50_s"] > 0
    assert [(outage["endpoint"], outage["end"], outage["reason"]) for outage in seen["outages"]] == [
        (f"[::1]:{tracker.port}", None, "refused")
    ]
    (whole, *_) = seen["uptime"]
    assert whole["successes"] == whole["counted"]
    assert not [row for row in watch.rows if row["to"] in {"down", "exhausted", "failed_over"} and not row["endpoint"]]


@both
async def test_a_family_without_a_route_is_not_judged(home, tmp_path, torrent, lonely_tracker, hosts_file, protocol):
    url = f"{protocol}://both.test:{lonely_tracker.port}/announce"
    path = torrent.write(tmp_path, [[url]])
    report = await home.report("--timeout", "2", path, inside=hosts_file("127.0.0.1", NOWHERE))
    (entry,) = report.value["trackers"]
    assert (entry["state"], entry["reasons"]) == ("up", [])
    ends = by_family(entry)
    assert (ends["ipv4"]["state"], ends["ipv4"]["failure"]) == ("up", None)
    assert (ends["ipv6"]["address"], ends["ipv6"]["state"]) == (NOWHERE, "unknown")
    assert ends["ipv6"]["failure"]["kind"] == "no_route"
    assert {problem["rule"] for problem in report.value["problems"]} <= {"single_tracker", "no_seeders"}
