"""One tracker, two addresses: IPv4 and IPv6 are endpoints of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.real.lab.places import free_port
from tests.real.lab.torrents import Kind, LabTorrent, make_torrent
from tests.real.lab.trackers import NpmTracker
from tests.real.lab.wire import Announce, UdpVisitor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from tests.real.conftest import Run


@pytest.fixture
def torrent(tmp_path: Path) -> LabTorrent:
    """One torrent."""
    return make_torrent(tmp_path / "content", "both", Kind.V1)


@pytest.fixture
def port(needs: Callable[..., None]) -> int:
    """A port for both families."""
    needs("node", "npm tracker", "timeout")
    return free_port("127.0.0.1", "::1")


@pytest.fixture
def ipv4(port: int, torrent: LabTorrent) -> Iterator[NpmTracker]:
    """The tracker on IPv4: two seeders, three leechers."""
    yield from serving("127.0.0.1", port, torrent, seeders=2, leechers=3)


@pytest.fixture
def ipv6(port: int, torrent: LabTorrent) -> Iterator[NpmTracker]:
    """The tracker on IPv6: four seeders, one leecher."""
    yield from serving("::1", port, torrent, seeders=4, leechers=1)


def serving(address: str, port: int, torrent: LabTorrent, *, seeders: int, leechers: int) -> Iterator[NpmTracker]:
    """A tracker with these peers."""
    tracker = NpmTracker(f"npm-{port}-{'6' if ':' in address else '4'}", address, port)
    try:
        with UdpVisitor(address, port) as visitor:
            visitor.announce_all(
                Announce(torrent.key, 2000 + peer, left=0 if peer < seeders else 1, event=2)
                for peer in range(seeders + leechers)
            )
        assert tracker.counts()[torrent.key][:2] == (seeders, leechers)
        yield tracker
    finally:
        tracker.stop()


@pytest.mark.parametrize("protocol", ["udp", "http"])
def test_both_families_are_asked_and_the_larger_count_stands(
    report: Callable[..., Run],
    tmp_path: Path,
    torrent: LabTorrent,
    port: int,
    two_addresses: Sequence[str],
    ipv4: NpmTracker,
    ipv6: NpmTracker,
    protocol: str,
) -> None:
    url = f"{protocol}://both.test:{port}/announce"
    run = report(torrent.write(tmp_path, [[url]]), inside=two_addresses)
    endpoints = run.tracker(url)["endpoints"]
    assert {(endpoint["family"], endpoint["address"], endpoint["state"]) for endpoint in endpoints} == {
        ("ipv4", "127.0.0.1", "up"),
        ("ipv6", "::1", "up"),
    }
    assert run.tracker(url)["state"] == "up"
    entry = run.torrent(torrent)
    assert (entry["seeders"], entry["leechers"]) == (4, 3)
    assert entry["failover"]["working"] == 1


@pytest.mark.parametrize("protocol", ["udp", "http"])
def test_a_dead_family_degrades_the_tracker(
    report: Callable[..., Run],
    tmp_path: Path,
    torrent: LabTorrent,
    port: int,
    two_addresses: Sequence[str],
    ipv4: NpmTracker,
    protocol: str,
) -> None:
    url = f"{protocol}://both.test:{port}/announce"
    run = report(torrent.write(tmp_path, [[url]]), inside=two_addresses)
    states = {endpoint["family"]: endpoint["state"] for endpoint in run.tracker(url)["endpoints"]}
    assert states == {"ipv4": "up", "ipv6": "down"}
    assert run.tracker(url)["state"] == "degraded"
    assert "endpoint_down" in run.tracker(url)["reasons"]
    entry = run.torrent(torrent)
    assert (entry["seeders"], entry["leechers"]) == (2, 3)
    assert entry["failover"]["state"] == "primary"
