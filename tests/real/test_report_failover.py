"""Tiers whose first trackers are dead, refuse or lie: what a report says of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.real.conftest import Lab, Run


@pytest.mark.parametrize("scheme", ["udp", "http", "https"])
def test_a_closed_port_fails_over_to_the_next_tier(
    lab: Lab, report: Callable[..., Run], tmp_path: Path, closed_port: tuple[str, int], untouched: None, scheme: str
) -> None:
    torrent, truth = lab.swarm.torrents["v1-seeded"], lab.swarm.truth("v1-seeded")
    dead = f"{scheme}://{closed_port[0]}:{closed_port[1]}/announce"
    run = report(torrent.write(tmp_path, [[dead], [lab.opentracker.udp_url]]))

    entry = run.torrent(torrent)
    first, second = entry["trackers"]
    assert entry["failover"]["state"] == "failed_over"
    assert entry["failover"]["active"] == second["tracker"] == run.tracker(lab.opentracker.udp_url)["id"]
    assert (entry["failover"]["working"], entry["failover"]["total"]) == (1, 2)
    assert (first["role"], second["role"]) == ("failed", "active")
    assert first["scrape"]["state"] == "failed"
    assert first["scrape"]["failure"]["kind"] == "refused"
    assert first["seeders"] is None
    assert run.tracker(dead)["state"] == "down"
    assert run.tracker(dead)["endpoints"][0]["failure"]["kind"] == "refused"
    assert (second["seeders"], second["leechers"]) == (truth.seeders, truth.leechers)
    assert (entry["verdict"], run.report["summary"]["verdict"], run.exit_code) == ("warning", "warning", 1)
    assert "failed_over" in run.rules(torrent)


def test_a_dead_backup_is_no_failover(
    lab: Lab, report: Callable[..., Run], tmp_path: Path, closed_port: tuple[str, int], untouched: None
) -> None:
    torrent = lab.swarm.torrents["v1-seeded"]
    dead = f"udp://{closed_port[0]}:{closed_port[1]}/announce"
    run = report(torrent.write(tmp_path, [[lab.opentracker.udp_url], [dead]]))
    assert run.torrent(torrent)["failover"]["state"] == "primary"
    assert run.rules(torrent) >= {"redundancy"}
    assert run.exit_code == 1


def test_all_trackers_dead_is_exhausted(
    lab: Lab, report: Callable[..., Run], tmp_path: Path, closed_port: tuple[str, int]
) -> None:
    torrent = lab.swarm.torrents["hybrid"]
    dead = [[f"{scheme}://{closed_port[0]}:{closed_port[1]}/announce"] for scheme in ("udp", "http", "https")]
    run = report(torrent.write(tmp_path, dead))
    entry = run.torrent(torrent)
    assert entry["failover"]["state"] == "exhausted"
    assert entry["failover"]["active"] is None
    assert (entry["failover"]["working"], entry["failover"]["total"]) == (0, 3)
    assert (entry["seeders"], entry["leechers"], entry["completed"]) == (None, None, None)
    assert {answer["scrape"]["failure"]["kind"] for answer in entry["trackers"]} == {"refused"}
    assert (entry["verdict"], run.exit_code) == ("critical", 2)
    assert "exhausted" in run.rules(torrent)


@pytest.mark.parametrize(
    ("path", "listener", "kind"),
    [
        ("/503/announce", "plain", "http_status"),
        ("/404/announce", "plain", "http_status"),
        ("/loop/announce", "plain", "redirect"),
        ("/html/announce", "plain", "not_bencode"),
        ("/empty/announce", "plain", "not_bencode"),
        ("/503/announce", "tls", "http_status"),
        ("/announce", "expired", "tls"),
        ("/announce", "foreign", "tls"),
    ],
)
def test_a_web_server_in_a_trackers_place_is_named(
    lab: Lab, report: Callable[..., Run], tmp_path: Path, untouched: None, path: str, listener: str, kind: str
) -> None:
    torrent = lab.swarm.torrents["v1-seeded"]
    broken = lab.front.url(path, listener=listener)
    run = report(torrent.write(tmp_path, [[broken], [lab.opentracker.http_url]]), "--ca-file", lab.front.ca_file)
    first, second = run.torrent(torrent)["trackers"]
    assert first["scrape"]["failure"]["kind"] == kind
    assert (first["role"], second["role"]) == ("failed", "active")
    assert first["seeders"] is None
    assert run.torrent(torrent)["failover"]["state"] == "failed_over"
    assert run.exit_code == 1


def test_a_tracker_that_asks_for_patience_is_up(
    lab: Lab, report: Callable[..., Run], tmp_path: Path, untouched: None
) -> None:
    torrent, impatient = lab.swarm.torrents["v1-seeded"], lab.front.url("/429/announce", listener="plain")
    before = len(lab.front.requests())
    run = report(torrent.write(tmp_path, [[impatient], [lab.opentracker.http_url]]))
    first, second = run.torrent(torrent)["trackers"]
    assert first["scrape"]["failure"]["kind"] == "rate_limited"
    assert first["seeders"] is None
    assert second["role"] == "active"
    assert run.tracker(impatient)["state"] == "up"
    # It said for how long: once is enough.
    assert len(lab.front.requests()) - before == 1


def test_a_certificate_of_an_unknown_authority_is_refused(
    lab: Lab, report: Callable[..., Run], tmp_path: Path, untouched: None
) -> None:
    torrent = lab.swarm.torrents["v1-seeded"]
    run = report(torrent.write(tmp_path, [[lab.front.url()]]))
    (answer,) = run.torrent(torrent)["trackers"]
    assert answer["scrape"]["failure"]["kind"] == "tls"
    assert answer["scrape"]["failure"]["phase"] == "tls"
    assert run.exit_code == 2


WAYS_TO_OPENTRACKER = ["opentracker udp", "opentracker http", "opentracker https"]


@pytest.mark.parametrize("way", WAYS_TO_OPENTRACKER)
def test_a_torrent_off_the_trackers_list_is_unregistered(
    lab: Lab, report: Callable[..., Run], tmp_path: Path, untouched: None, way: str
) -> None:
    # Opentracker consults its list when somebody joins, not when somebody leaves: only `peers` mode hears the refusal.
    url = lab.urls()[way]
    run = report(
        lab.unlisted.write(tmp_path, [[url]]),
        lab.swarm.torrents["v1-seeded"].write(tmp_path, [[url]]),
        "--announce",
        "peers",
        "--ca-file",
        lab.front.ca_file,
    )
    (answer,) = run.torrent(lab.unlisted)["trackers"]
    assert answer["announce"]["state"] == "failed"
    assert answer["announce"]["failure"]["kind"] == "unregistered"
    assert answer["role"] == "failed"
    assert answer["seeders"] is None
    assert "unregistered" in run.rules(lab.unlisted)
    # The torrent is at fault, not the tracker.
    assert run.tracker(url)["state"] == "up"
    assert run.torrent(lab.swarm.torrents["v1-seeded"])["seeders"] == 2


@pytest.mark.parametrize("way", WAYS_TO_OPENTRACKER)
def test_a_torrent_off_the_trackers_list_is_never_well(
    lab: Lab, report: Callable[..., Run], tmp_path: Path, untouched: None, way: str
) -> None:
    run = report(lab.unlisted.write(tmp_path, [[lab.urls()[way]]]), "--ca-file", lab.front.ca_file)
    (answer,) = run.torrent(lab.unlisted)["trackers"]
    assert answer["seeders"] in (0, None)
    assert run.tracker(lab.urls()[way])["state"] == "up"
    assert run.exit_code == 2
