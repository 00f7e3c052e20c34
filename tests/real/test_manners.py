"""What we send to real trackers: little, and nothing that changes a swarm or gives a key away."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from tests.real.lab.relay import CountingRelay
from tests.real.lab.trackers import Opentracker
from tests.real.lab.wire import Announce, UdpVisitor

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.real.conftest import Lab, Run

KEY = "0123456789abcdef0123456789abcdef"


def test_a_thousand_torrents_take_sixteen_scrape_datagrams(
    needs: Callable[..., None], report: Callable[..., Run], tmp_path: Path
) -> None:
    needs("opentracker", "timeout")
    infos = [
        b"d6:lengthi1e4:name4:%04d12:piece lengthi16384e6:pieces20:%be" % (number, bytes(20)) for number in range(1000)
    ]
    hashes = [hashlib.sha1(info).digest() for info in infos]
    tracker = Opentracker(hashes)
    try:
        seeders = {info_hash: 2 + number % 5 for number, info_hash in enumerate(hashes)}
        with UdpVisitor(tracker.address, tracker.port) as visitor:
            visitor.announce_all(
                Announce(info_hash, 2000 + peer, left=0, event=2)
                for info_hash, number in seeders.items()
                for peer in range(number)
            )
        before, counted = tracker.counts(), tracker.requests()
        with CountingRelay(tracker.address, tracker.port) as relay:
            for number, info in enumerate(infos):
                url = relay.udp_url.encode()
                (tmp_path / f"{number}.torrent").write_bytes(b"d8:announce%d:%b4:info%be" % (len(url), url, info))
            run = report(tmp_path)
            assert run.exit_code == 0
            assert {bytes.fromhex(t["info_hash"]): t["seeders"] for t in run.report["torrents"]} == seeders
            assert 15 <= relay.seen["scrape"] <= 16
            assert relay.seen["connect"] <= 2
            assert relay.seen["announce"] == relay.seen["other"] == 0
            assert relay.largest_bytes <= 1472
        assert tracker.requests()["udp_scrape"] - counted["udp_scrape"] == relay.seen["scrape"]
        assert tracker.counts() == before
    finally:
        tracker.stop()


def test_a_private_torrent_sends_no_key_and_no_announce(
    lab: Lab, report: Callable[..., Run], tmp_path: Path, untouched: None
) -> None:
    before = len(lab.front.requests())
    requests = lab.opentracker.requests()
    url = lab.front.url(f"/p/{KEY}/announce", listener="plain")
    run = report(lab.private.write(tmp_path, [[url], [lab.opentracker.udp_url]]))
    assert [line for line in lab.front.requests()[before:] if KEY in line or "info_hash" in line] == []
    asked = lab.opentracker.requests()
    for request in ("udp_announce", "udp_scrape", "tcp_announce", "tcp_scrape"):
        assert asked[request] == requests[request], request
    torrent = run.torrent(lab.private)
    assert torrent["private"] is True
    assert {answer["scrape"]["state"] for answer in torrent["trackers"]} == {"skipped"}
    assert {answer["announce"]["state"] for answer in torrent["trackers"]} == {"skipped"}
    assert "private_not_asked" in run.rules(lab.private)
    assert {tracker["state"] for tracker in run.report["trackers"]} == {"up"}
    assert KEY not in str(run.report) + run.stderr


def test_a_private_torrent_is_scraped_when_asked_for(
    lab: Lab, report: Callable[..., Run], tmp_path: Path, untouched: None
) -> None:
    before = len(lab.front.requests())
    url = lab.front.url(f"/p/{KEY}/announce", listener="plain")
    run = report(lab.private.write(tmp_path, [[url]]), "--private", "scrape")
    asked = lab.front.requests()[before:]
    assert any(line.startswith(f"GET /p/{KEY}/scrape?info_hash=") for line in asked), asked
    assert not any("/announce" in line and "info_hash" in line for line in asked), asked
    assert KEY not in str(run.report) + run.stderr


@pytest.mark.parametrize("mode", ["never", "fallback", "sample", "always", "peers"])
def test_no_announce_mode_leaves_a_peer_behind(
    lab: Lab, report: Callable[..., Run], tmp_path: Path, untouched: None, mode: str
) -> None:
    urls = lab.urls()
    for name in ("v1-seeded", "hybrid", "nobody"):
        lab.swarm.torrents[name].write(tmp_path, [[url] for way, url in urls.items() if "https" not in way])
    run = report(tmp_path, "--announce", mode, "--ca-file", lab.front.ca_file)
    assert run.torrent(lab.swarm.torrents["v1-seeded"])["seeders"] == 2
    if mode == "never":
        assert {a["announce"]["state"] for t in run.report["torrents"] for a in t["trackers"]} == {"skipped"}


def test_an_announce_tells_the_interval(lab: Lab, report: Callable[..., Run], tmp_path: Path, untouched: None) -> None:
    torrent = lab.swarm.torrents["v1-seeded"]
    run = report(torrent.write(tmp_path, [[lab.opentracker.http_url]]), "--announce", "always")
    (answer,) = run.torrent(torrent)["trackers"]
    assert answer["announce"]["state"] == "answered"
    # Opentracker draws an interval around half an hour for each answer, and asks for half of it at least.
    assert 1620 <= answer["announce"]["interval_s"] < 1980
    assert answer["announce"]["min_interval_s"] == answer["announce"]["interval_s"] // 2
    assert (answer["seeders"], answer["leechers"], answer["completed"]) == (2, 1, 0)
