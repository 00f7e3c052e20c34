"""What a report says of real trackers with real peers is exactly what was started."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.real.lab.swarm import PLANS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.real.conftest import Lab, Run

WAYS = (
    "opentracker udp",
    "opentracker http",
    "opentracker https",
    "opentracker redirected",
    "npm udp ipv4",
    "npm http ipv4",
    "npm udp ipv6",
    "npm http ipv6",
)
PEOPLED = [name for name, plan in PLANS.items() if plan.seeders + plan.leechers]


@pytest.fixture(scope="module")
def whole(lab: Lab, report: Callable[..., Run], tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One report on every torrent that people share, each on every tracker in every way."""
    folder = tmp_path_factory.mktemp("torrents")
    urls = lab.urls()
    before = lab.memory()
    for name in PEOPLED:
        lab.swarm.torrents[name].write(folder, [[urls[way]] for way in WAYS])
    run = report(folder, "--ca-file", lab.front.ca_file)
    assert lab.memory() == before
    return run


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", PEOPLED)
def test_every_count_is_true(lab: Lab, whole: Run, name: str, way: str) -> None:
    torrent, truth = lab.swarm.torrents[name], lab.swarm.truth(name)
    # The npm tracker keeps no counter of downloads: what it tells as `completed` is its seeders.
    completed = truth.seeders if way.startswith("npm") else truth.completed
    answers = whole.answers(torrent)[lab.urls()[way]]
    assert [answer["swarm"] for answer in answers] == list(torrent.swarms)
    for answer in answers:
        assert answer["scrape"]["state"] == "answered", answer["scrape"]["failure"]
        assert (answer["seeders"], answer["leechers"], answer["completed"]) == (
            truth.seeders,
            truth.leechers,
            completed,
        )
        assert answer["tier"] == WAYS.index(way)


@pytest.mark.parametrize("name", PEOPLED)
def test_a_torrent_counts_its_peers_once(lab: Lab, whole: Run, name: str) -> None:
    torrent, truth = whole.torrent(lab.swarm.torrents[name]), lab.swarm.truth(name)
    assert (torrent["seeders"], torrent["leechers"]) == (truth.seeders, truth.leechers)
    assert torrent["completed"] == max(truth.completed, truth.seeders)
    assert torrent["failover"]["state"] == "primary"
    assert torrent["failover"]["total"] == torrent["failover"]["working"] == len(WAYS)


def test_the_verdict_is_the_worst_of_the_torrents(lab: Lab, whole: Run) -> None:
    assert whole.torrent(lab.swarm.torrents["v1-leechers"])["verdict"] == "critical"
    assert "no_seeders" in whole.rules(lab.swarm.torrents["v1-leechers"])
    assert whole.torrent(lab.swarm.torrents["v2-only"])["verdict"] == "ok"
    assert whole.exit_code == 2
    assert whole.report["summary"]["verdict"] == "critical"
    assert whole.report["summary"]["torrents"] == len(PEOPLED)
    assert whole.report["summary"]["trackers_by_state"] == {"up": len(WAYS), "degraded": 0, "down": 0, "unknown": 0}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_shows_its_phases(lab: Lab, whole: Run, way: str) -> None:
    tracker = whole.tracker(lab.urls()[way])
    (endpoint,) = tracker["endpoints"]
    assert tracker["state"] == endpoint["state"] == "up"
    assert endpoint["family"] == ("ipv6" if "ipv6" in way else "ipv4")
    assert 0 < tracker["latency_s"] < 5
    assert 0 < endpoint["phases"]["connect_s"] < 5
    assert 0 < endpoint["phases"]["exchange_s"] < 5
    encrypted = tracker["url"].startswith("https")
    assert (endpoint["phases"]["tls_s"] is not None) == encrypted
    assert (tracker["tls_expires_at"] is not None) == encrypted


@pytest.mark.parametrize("way", WAYS)
def test_a_torrent_that_nobody_shares_has_no_seeders(
    lab: Lab, report: Callable[..., Run], tmp_path: Path, untouched: None, way: str
) -> None:
    torrent = lab.swarm.torrents["nobody"]
    run = report(torrent.write(tmp_path, [[lab.urls()[way]]]), "--ca-file", lab.front.ca_file)
    (answer,) = run.answers(torrent)[lab.urls()[way]]
    assert (answer["seeders"], answer["leechers"]) == (0, 0)
    assert answer["completed"] in (0, None)
    assert run.exit_code == 2
    assert "no_seeders" in run.rules(torrent)


def test_only_seeded_torrents_are_all_well(
    lab: Lab, report: Callable[..., Run], tmp_path: Path, untouched: None
) -> None:
    for name in ("v1-seeded", "hybrid", "v2-only"):
        lab.swarm.torrents[name].write(tmp_path, [[lab.opentracker.udp_url], [lab.npm4.http_url]])
    run = report(tmp_path)
    assert (run.exit_code, run.report["summary"]["verdict"]) == (0, "ok")
