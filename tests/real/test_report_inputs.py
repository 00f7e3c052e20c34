"""However a torrent is named, the report on it is the same and true."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING
from urllib.parse import quote

import libtorrent as lt
import pytest

from tests.real.lab.places import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.real.conftest import Lab, Run
    from tests.real.lab.torrents import LabTorrent

NAMES = ["v1-seeded", "hybrid", "v2-only"]


def assert_true(lab: Lab, run: Run, name: str) -> None:
    """Every swarm on opentracker has the counts that were started."""
    truth = lab.swarm.truth(name)
    answers = run.torrent(lab.swarm.torrents[name])["trackers"]
    assert [answer["swarm"] for answer in answers] == list(lab.swarm.torrents[name].swarms)
    for answer in answers:
        assert (answer["seeders"], answer["leechers"], answer["completed"]) == tuple(truth)


def magnet(torrent: LabTorrent, url: str) -> str:
    """A magnet link with every hash the torrent has."""
    hashes = [f"urn:btih:{torrent.v1.hex()}"] if torrent.v1 else []
    hashes += [f"urn:btmh:1220{torrent.v2.hex()}"] if torrent.v2 else []
    return "magnet:?" + "&".join(f"xt={each}" for each in hashes) + f"&dn={torrent.name}&tr={quote(url, safe='')}"


@pytest.mark.parametrize("name", NAMES)
def test_a_magnet(lab: Lab, report: Callable[..., Run], untouched: None, name: str) -> None:
    link = magnet(lab.swarm.torrents[name], lab.opentracker.udp_url)
    assert lt.parse_magnet_uri(link).trackers == [lab.opentracker.udp_url]
    run = report(link)
    assert_true(lab, run, name)
    assert run.torrent(lab.swarm.torrents[name])["name"] == name


@pytest.mark.parametrize("listener", ["plain", "tls"])
def test_a_torrent_on_a_web_server(lab: Lab, report: Callable[..., Run], untouched: None, listener: str) -> None:
    lab.swarm.torrents["hybrid"].write(lab.front.files, [[lab.opentracker.http_url]])
    run = report(lab.front.url("/files/hybrid.torrent", listener=listener), "--ca-file", lab.front.ca_file)
    assert_true(lab, run, "hybrid")


def test_a_list_of_all_kinds(lab: Lab, report: Callable[..., Run], tmp_path: Path, untouched: None) -> None:
    torrents, url = lab.swarm.torrents, lab.opentracker.udp_url
    torrents["hybrid"].write(lab.front.files, [[url]], name="listed")
    lines = [
        "# what we publish",
        "",
        magnet(torrents["v2-only"], url),
        str(torrents["v1-seeded"].write(tmp_path / "files", [[url]])),
        lab.front.url("/files/listed.torrent", listener="plain"),
    ]
    (tmp_path / "all.txt").write_text("\n".join(lines) + "\n")
    run = report(tmp_path / "all.txt")
    for name in NAMES:
        assert_true(lab, run, name)
    assert run.exit_code == 0


def test_copies_of_a_torrent_are_one(lab: Lab, report: Callable[..., Run], tmp_path: Path, untouched: None) -> None:
    torrent = lab.swarm.torrents["v1-seeded"]
    torrent.write(tmp_path, [[lab.opentracker.udp_url]], name="a")
    torrent.write(tmp_path / "deeper", [[lab.npm4.http_url]], name="b")
    entry = report(tmp_path, magnet(torrent, lab.npm6.udp_url)).torrent(torrent)
    assert [(answer["url"], answer["tier"]) for answer in entry["trackers"]] == [
        (lab.opentracker.udp_url, 0),
        (lab.npm4.http_url, 1),
        (lab.npm6.udp_url, 2),
    ]
    assert {(answer["seeders"], answer["leechers"]) for answer in entry["trackers"]} == {(2, 1)}
    assert len(entry["sources"]) == 3


def test_a_bad_file_beside_a_good_one_is_named(
    lab: Lab, report: Callable[..., Run], tmp_path: Path, untouched: None
) -> None:
    lab.swarm.torrents["v1-seeded"].write(tmp_path, [[lab.opentracker.udp_url]])
    (tmp_path / "broken.torrent").write_bytes(b"d4:infod")
    run = report(tmp_path)
    assert_true(lab, run, "v1-seeded")
    (skipped,) = run.report["skipped"]
    assert "broken.torrent" in skipped["source"]
    assert "broken.torrent" in run.stderr
    assert run.exit_code == 1


def test_a_list_on_standard_input(lab: Lab, untouched: None) -> None:
    link = magnet(lab.swarm.torrents["v1-seeded"], lab.opentracker.udp_url)
    done = subprocess.run(
        [sys.executable, "-m", "trackerwatch", "report", "-", "--format", "json", "--allow-private"],
        input=link + "\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["torrents"][0]["seeders"] == 2
