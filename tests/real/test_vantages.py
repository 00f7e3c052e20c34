"""Reports of three vantages, made by real runs while one tracker is up and after it went down, put together by a fourth."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import jsonschema
import pytest

from tests.doubles.udp import UdpTracker
from tests.real.conftest import ROOT, SCHEMA
from tests.real.lab.torrents import Kind, make_torrent
from trackerwatch.reports import Style, renderer
from trackerwatch.reports.readback.reading import read_report

if TYPE_CHECKING:
    from pathlib import Path

LIMIT_S = 60.0


async def run(home: Path, *words: str, name: str = "desk") -> tuple[int, str, str]:
    """One run of the program as a machine of this name."""
    places = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"), str(home / name))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "trackerwatch", "report", *words),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, **places, "TRACKERWATCH_VANTAGE": name},
    )
    out, err = await asyncio.wait_for(process.communicate(), LIMIT_S)
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


@pytest.fixture
def reports(tmp_path: Path) -> dict[str, Path]:
    """`home` saw both trackers up; `ci-eu` and `ci-us` came when one was gone. By name the file of each."""
    torrent = make_torrent(tmp_path / "content", "release", Kind.V1)
    swarms = {torrent.key: (5, 100, 2)}
    files = {name: tmp_path / f"{name}.json" for name in ("home", "ci-eu", "ci-us")}

    async def vantage(name: str) -> int:
        words = ("--allow-private", "--format", "json", "-o", str(files[name]), str(tmp_path / "release.torrent"))
        code, _, err = await run(tmp_path, *words, name=name)
        assert files[name].exists(), err
        return code

    async def make() -> list[int]:
        async with UdpTracker(swarms) as well:
            async with UdpTracker(swarms) as flaky:
                torrent.write(tmp_path, [[flaky.tracker.url], [well.tracker.url]])
                codes = [await vantage("home")]
            return [*codes, await vantage("ci-eu"), await vantage("ci-us")]

    assert asyncio.run(make()) == [0, 1, 1]
    return files


def aged(path: Path, age: timedelta) -> None:
    """Make a report older than it is."""
    value = json.loads(path.read_text())
    value["generated_at"] = (datetime.now(UTC) - age).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    path.write_text(json.dumps(value))


def put_together(tmp_path: Path, files: dict[str, Path], *words: str) -> tuple[int, dict, dict[str, str]]:
    """The exit code, the JSON report, and by format the words of those for people."""
    outputs = {name: tmp_path / f"all.{name}" for name in ("json", "table", "html", "markdown", "nagios", "prometheus")}
    arguments = [word for name, path in outputs.items() for word in ("--format", name, "-o", str(path))]
    sources = [word for path in files.values() for word in ("--from", str(path))]
    code, out, _ = asyncio.run(run(tmp_path, *sources, *arguments, *words))
    assert out == ""
    value = json.loads(outputs["json"].read_text())
    jsonschema.validate(value, json.loads(SCHEMA.read_text()))
    assert value["summary"]["exit_code"] == code
    return code, value, {name: " ".join(path.read_text().split()) for name, path in outputs.items()}


def test_two_of_three_call_it_down(reports, tmp_path):
    code, value, texts = put_together(tmp_path, reports)
    assert code == 1
    flaky, well = value["trackers"]
    assert (flaky["state"], flaky["down_for"]) == ("down", ["ci-eu", "ci-us"])
    assert (well["state"], well["down_for"]) == ("up", [])
    assert (value["quorum"]["needed"], value["quorum"]["fresh"]) == (2, 3)
    assert value["vantage"]["name"] == "desk"
    assert len({vote["vantage"]["id"] for vote in value["quorum"]["votes"]} | {value["vantage"]["id"]}) == 4
    rules = {problem["rule"]: problem["message"] for problem in value["problems"]}
    assert (
        "down from 2 of 3 fresh vantages (needed: 2): ci-eu (refused), ci-us (refused); up from home"
        in rules["tracker_down"]
    )
    assert rules["failed_over"].endswith("; seen from 2 of 3 fresh vantages: ci-eu, ci-us")
    assert value["torrents"][0]["failover"]["active"] == well["id"]
    assert value["torrents"][0]["seeders"] == 5
    for name in ("table", "html", "markdown"):
        assert "down from 2 of 3 fresh vantages" in texts[name], name
        assert "down is what 2 of 3 fresh vantages call down" in texts[name], name


def test_each_report_is_read_back_as_it_was_written(reports):
    for path in reports.values():
        text = path.read_text()
        assert "".join(renderer("json")(read_report(text, path.name), Style())) == text


def test_with_one_of_them_stale_it_is_regional(reports, tmp_path):
    aged(reports["ci-us"], timedelta(hours=3))
    code, value, texts = put_together(tmp_path, reports)
    assert (code, value["summary"]["verdict"]) == (0, "ok")
    flaky = value["trackers"][0]
    assert (flaky["state"], flaky["reasons"][0], flaky["down_for"]) == ("degraded", "regional", ["ci-eu"])
    assert [vote["fresh"] for vote in value["quorum"]["votes"]] == [True, True, False]
    assert {problem["rule"] for problem in value["problems"] if problem["tracker"]} == {"regional"}
    for name in ("table", "html", "markdown"):
        assert "ci-us is 3h old and has no vote" in texts[name], name
        assert "is down from 1 of 2 fresh vantages (needed: 2): ci-eu (refused); up from home" in texts[name], name
    # One vote suffices where that is asked for.
    assert put_together(tmp_path, reports, "--quorum", "1")[0] == 1


def test_too_few_fresh_ones_are_unknown(reports, tmp_path):
    aged(reports["ci-us"], timedelta(hours=3))
    code, value, texts = put_together(tmp_path, reports, "--quorum", "3")
    assert (code, value["summary"]["verdict"]) == (3, "unknown")
    said = "no verdict: --quorum 3, but 2 fresh vantages (ci-us is 3h old)"
    for name in ("table", "html", "markdown"):
        assert said in texts[name], name
    assert texts["nagios"].startswith(f"TRACKERWATCH UNKNOWN - {said.partition(' (')[0]}")
    assert put_together(tmp_path, reports, "--quorum", "3", "--max-age", "1d")[0] == 0
