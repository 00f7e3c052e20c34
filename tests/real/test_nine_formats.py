"""One run against real trackers, in every format at once: they agree with each other and with what was started."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from junitparser import Error, Failure, JUnitXml, Skipped
from prometheus_client.parser import text_string_to_metric_families

from tests.real.conftest import SCHEMA
from tests.real.lab.places import ROOT, free_port, own_address
from trackerwatch.reports.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.real.conftest import Lab

POLICY = """
min_working_trackers = 2

[collections.releases]
filter = "name=v1-seeded | name=hybrid | name=v2-only"
min_seeders = 2

[collections.archive]
filter = "name~v1-"
min_seeders = 1
"""
COLLECTION_OF = {"v1-seeded": "releases", "hybrid": "releases", "v2-only": "releases", "v1-leechers": "archive"}
VERDICTS = {"v1-seeded": "ok", "hybrid": "ok", "v2-only": "warning", "v1-leechers": "critical"}
"""`v2-only` lists a tracker that is dead beside a good one: the policy wants two that work."""
SVG = "{http://www.w3.org/2000/svg}"


@dataclass(frozen=True)
class Nine:
    """The files of one run."""

    folder: Path
    exit_code: int
    stderr: str
    dead: str
    """Announce URL of the tracker that is dead."""

    def text(self, name: str) -> str:
        """A file, by its format."""
        return (self.folder / f"report.{name}").read_bytes().decode("utf-8")

    @cached_property
    def value(self) -> dict[str, Any]:
        """The JSON report, once it is known to be by its schema."""
        value = json.loads(self.text("json"))
        jsonschema.validate(value, json.loads(SCHEMA.read_text()))
        return value

    @cached_property
    def sentence(self) -> str:
        """What the first line of the table says, verdict and all, in one line."""
        head = self.text("table").split("\n\n")[0]
        return " ".join(head.split())


@pytest.fixture(scope="module")
def nine(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Nine:
    """The run."""
    base = tmp_path_factory.mktemp("nine")
    inputs, out = base / "inputs", base / "out"
    out.mkdir()
    address = own_address()
    dead = f"udp://{address}:{free_port(address)}/announce"
    good = [[lab.opentracker.udp_url], [lab.npm4.http_url]]
    for name in VERDICTS:
        lab.swarm.torrents[name].write(inputs, [good[0], [dead]] if name == "v2-only" else good)
    (inputs / "broken.torrent").write_bytes(b"<html>")
    policy = base / "release.toml"
    policy.write_text(POLICY)
    words = ["report", str(inputs), "--policy", str(policy), "--title", "release 13.2", "--allow-private", "--no-store"]
    for name in FORMATS:
        words += ["--format", name, "-o", str(out / f"report.{name}")]
    before = lab.memory()
    done = trackerwatch(base, *words)
    assert lab.memory() == before
    assert done.stdout == ""
    return Nine(out, done.returncode, done.stderr, dead)


def trackerwatch(home: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the program with a home of its own."""
    places = dict.fromkeys(("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"), str(home))
    done = subprocess.run(
        [sys.executable, "-m", "trackerwatch", *words],
        cwd=ROOT,
        env={**os.environ, **places, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert "internal error" not in done.stderr, done.stderr
    return done


def test_every_file_is_there(nine):
    assert {path.name for path in nine.folder.iterdir()} == {f"report.{name}" for name in FORMATS}


def truth(lab: Lab) -> dict[str, tuple[int, int]]:
    """Seeders and leechers by name, as they were started."""
    return {name: lab.swarm.truth(name)[:2] for name in VERDICTS}


def test_json_tells_the_truth(lab, nine):
    told = nine.value
    assert nine.exit_code == told["summary"]["exit_code"] == 2
    assert {t["name"]: (t["seeders"], t["leechers"]) for t in told["torrents"]} == truth(lab)
    assert {t["name"]: t["verdict"] for t in told["torrents"]} == VERDICTS
    assert {t["name"]: t["collection"] for t in told["torrents"]} == COLLECTION_OF
    states = {t["url"]: t["state"] for t in told["trackers"]}
    assert states == {lab.opentracker.udp_url: "up", lab.npm4.http_url: "up", nine.dead: "down"}
    assert told["title"] == "release 13.2"
    assert [(c["name"], c["torrents"]) for c in told["collections"]] == [("releases", 3), ("archive", 1)]
    assert len(told["skipped"]) == 1
    assert {p["rule"] for p in told["problems"]} == {
        *("no_seeders", "min_seeders", "min_working_trackers", "redundancy", "tracker_down", "skipped_input")
    }


def test_json_lines_hold_the_same_rows(nine):
    rows = [json.loads(line) for line in nine.text("jsonl").splitlines()]
    kinds = [(row.pop("type"), row) for row in rows]
    told = nine.value
    assert kinds[0][0] == "report"
    assert kinds[-1] == ("end", {"trackers": 3, "torrents": 4, "problems": 6, "skipped": 1, "changes": 0})
    for key, kind in (
        ("trackers", "tracker"),
        ("torrents", "torrent"),
        ("problems", "problem"),
        ("skipped", "skipped"),
    ):
        assert [row for one, row in kinds if one == kind] == told[key], key


def test_csv_has_a_row_for_each_swarm_on_each_tracker(lab, nine):
    rows = list(csv.DictReader(nine.text("csv").splitlines()))
    assert None not in {key for row in rows for key in row}
    seen = {(row["name"], row["url"], row["swarm"]): row for row in rows}
    assert len(seen) == len(rows) == sum(len(torrent["trackers"]) for torrent in nine.value["torrents"])
    counts = truth(lab)
    for (name, url, _), row in seen.items():
        assert (row["verdict"], row["collection"]) == (VERDICTS[name], COLLECTION_OF[name])
        if url == nine.dead:
            assert (row["seeders"], row["scrape_failure"], row["tracker_state"]) == ("", "refused", "down")
        else:
            assert (int(row["seeders"]), int(row["leechers"])) == counts[name]


def test_junit_fails_what_fails(nine):
    suites = {suite.name: suite for suite in JUnitXml.fromstring(nine.text("junit").encode())}
    cases = {(suite, case.name): case for suite in suites for case in suites[suite]}
    results = {key: {type(result) for result in case.result} for key, case in cases.items()}
    for name, verdict in VERDICTS.items():
        expected = set() if verdict == "ok" else {Failure}
        assert results[COLLECTION_OF[name], name] == expected
    assert results["trackers", nine.dead] == {Failure}
    assert {name for suite, name in cases if suite == "trackers"} == {t["url"] for t in nine.value["trackers"]}
    assert len([key for key in cases if key[0] == "inputs"]) == 1
    assert not {Error, Skipped} & {kind for kinds in results.values() for kind in kinds}
    for suite in suites.values():
        found = list(suite)
        assert (suite.tests, suite.failures) == (len(found), sum(bool(case.result) for case in found))


def test_prometheus_has_the_same_numbers(lab, nine):
    families = {family.name: family.samples for family in text_string_to_metric_families(nine.text("prometheus"))}
    names = {s.labels["torrent"]: s.labels["name"] for s in families["trackerwatch_torrent_info"]}
    counts = truth(lab)
    for index, metric in enumerate(("seeders", "leechers")):
        told = {names[s.labels["torrent"]]: s.value for s in families[f"trackerwatch_torrent_{metric}"]}
        assert told == {name: both[index] for name, both in counts.items()}
    verdicts = Counter(zip(COLLECTION_OF.values(), (VERDICTS[name] for name in COLLECTION_OF), strict=True))
    for sample in families["trackerwatch_torrent_verdict_count"]:
        assert sample.value == verdicts[sample.labels["collection"], sample.labels["verdict"]]
    up = {s.labels["tracker"]: s.labels["state"] for s in families["trackerwatch_tracker_state"] if s.value == 1}
    assert up == {tracker["url"]: tracker["state"] for tracker in nine.value["trackers"]}
    broken = Counter(problem["rule"] for problem in nine.value["problems"])
    told = {s.labels["rule"]: s.value for s in families["trackerwatch_policy_violations"] if s.value}
    assert told == dict(broken)


def test_nagios_says_it_in_its_first_line(lab, nine):
    lines = nine.text("nagios").splitlines()
    assert re.match(r"TRACKERWATCH CRITICAL - (release 13.2: )?1 critical, 1 warning of 4 torrents", lines[0])
    assert max(map(len, lines)) <= 80
    figures = dict(re.findall(r"('[^']+'|[^\s'=|]+)=(\S+)", " ".join(lines).partition("|")[2]))
    told = nine.value["summary"]
    by_verdict = Counter(VERDICTS.values())
    assert {key: int(figures[key]) for key in ("ok", "warning", "critical", "unknown")} == {
        key: by_verdict[key] for key in ("ok", "warning", "critical", "unknown")
    }
    assert {key: int(figures[key]) for key in ("up", "degraded", "down")} == {
        key: told["trackers_by_state"][key] for key in ("up", "degraded", "down")
    }
    seeders = {name.strip("'"): int(value) for name, value in figures.items() if name.strip("'") in VERDICTS}
    assert seeders == {name: both[0] for name, both in truth(lab).items()}


class Page(HTMLParser):
    """Reads a page: its elements are closed in order, and its tables row by row."""

    VOID = frozenset(("meta", "link", "br", "col", "wbr", "hr", "img", "input"))

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.rows: list[list[str]] = []
        self.loads: list[str] = []
        self.heading = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name in ("src", "href", "srcset", "data", "action", "poster") and not (value or "").startswith(
                ("#", "data:")
            ):
                self.loads.append(value or "")
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> at {self.getpos()}"

    def handle_data(self, data: str) -> None:
        if "h1" in self.open:
            self.heading += data
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data


def test_the_page_is_whole_loads_nothing_and_says_the_same(lab, nine):
    page = Page(nine.text("html"))
    assert page.open == []
    assert page.loads == []
    assert nine.sentence.partition("  ")[0].split()[0] in page.heading
    assert " ".join(page.heading.split()).endswith(nine.sentence.split(maxsplit=1)[1])
    counts = truth(lab)
    found = {}
    for name in VERDICTS:
        (row,) = [row for row in page.rows if len(row) > 3 and row[1].startswith(name) and "trackers" not in row[1]][:1]
        found[name] = (row[0].split()[-1], (int(row[2]), int(row[3])))
    assert found == {name: (VERDICTS[name], counts[name]) for name in VERDICTS}


def test_table_and_markdown_say_the_same_sentence_first(lab, nine):
    said = nine.sentence.split(maxsplit=1)[1]
    assert (
        said
        == "release 13.2: 2 of 4 torrents have a problem; 2 are ready; 1 of 3 trackers is down; 1 input was skipped"
    )
    for name in ("markdown", "github"):
        text = nine.text(name)
        assert len(text.encode()) < 60_000
        assert "CRITICAL" in text.upper()
        plain = " ".join(re.sub(r"[*_`\\]|&#?\w+;", "", text).split())
        assert said in plain, name
    rows = dict(re.findall(r"^[x!+?] \S+ +(\S+) +(\d+ +\d+) ", nine.text("table"), re.MULTILINE))
    assert {name: tuple(map(int, both.split())) for name, both in rows.items()} == truth(lab)


def test_github_annotates_each_problem(nine):
    commands = re.findall(r"^::(error|warning|notice)\b(.*)$", nine.text("github"), re.MULTILINE)
    assert Counter(level for level, _ in commands)["error"] >= 1
    assert any("v1-leechers" in rest for level, rest in commands if level == "error")
    assert any("v2-only" in rest for level, rest in commands if level == "warning")


def test_badges_are_an_image_and_an_endpoint(nine):
    root = ET.fromstring(nine.text("badge"))
    assert root.tag == f"{SVG}svg"
    words = " ".join(node.text or "" for node in root.iter(f"{SVG}text"))
    assert "2" in words
    badge = json.loads(nine.text("badge-json"))
    assert badge["schemaVersion"] == 1
    assert {"label", "message", "color"} <= badge.keys()
    assert badge["message"] in words


# ---------------------------------------------------------------------- exit codes


@pytest.fixture
def run(lab: Lab, tmp_path: Path) -> Callable[..., int]:
    """Report on torrents of the lab, by name; gives the exit code."""

    def of(*words: str, names: tuple[str, ...] = ("v1-seeded",), tiers: list[list[str]] | None = None) -> int:
        inputs = tmp_path / "inputs"
        for name in names:
            lab.swarm.torrents[name].write(inputs, tiers or [[lab.opentracker.udp_url], [lab.npm4.http_url]])
        return trackerwatch(tmp_path, "report", str(inputs), "--allow-private", "--no-store", *words).returncode

    return of


def test_exit_codes(run, tmp_path):
    address = own_address()
    dead = [[f"udp://{address}:{free_port(address)}/announce"]]
    assert run() == 0
    assert run("--min-seeders", "3") == 1
    assert run("--min-seeders", "3", "--fail-on", "critical") == 0
    assert run(names=("v1-leechers",)) == 2
    assert run("--fail-on", "critical") == 2
    assert run("--fail-on", "none") == 0
    for path in (tmp_path / "inputs").iterdir():
        path.unlink()
    assert run(tiers=dead) == 2
    assert run("--timeout", "0.2", "--filter", "name=nothing") == 3


def test_what_was_not_asked_is_3(lab, tmp_path):
    path = lab.swarm.torrents["v1-seeded"].write(tmp_path, [[lab.opentracker.udp_url]])
    assert trackerwatch(tmp_path, "report", str(path), "--no-store").returncode == 3


def test_a_skipped_input_is_1_at_least(run, tmp_path):
    (tmp_path / "inputs").mkdir()
    (tmp_path / "inputs" / "broken.torrent").write_bytes(b"<html>")
    assert run() == 1
    assert run("--fail-on", "critical") == 0
    assert run(names=("v1-leechers",)) == 2


@pytest.mark.parametrize(
    "words",
    [
        ("--format", "pdf"),
        ("--format", "json", "--format", "csv"),
        ("--fail-on", "sometimes"),
        ("--wait", "20m", "--cached"),
        ("--policy", "/nonexistent/policy.toml"),
        ("--min-seeders", "few"),
        ("--quorum", "0"),
        ("--against", "/nonexistent/report.json"),
    ],
)
def test_a_mistake_in_the_command_line_is_3_and_nothing_is_asked(lab, tmp_path, words):
    asked = lab.opentracker.requests()
    path = lab.swarm.torrents["v1-seeded"].write(tmp_path, [[lab.opentracker.udp_url]])
    done = trackerwatch(tmp_path, "report", str(path), "--allow-private", *words)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("trackerwatch")
    now = lab.opentracker.requests()
    assert {key: now[key] for key in now if key.startswith("udp")} == {
        key: asked[key] for key in asked if key.startswith("udp")
    }


def test_nothing_given_is_3(tmp_path):
    done = trackerwatch(tmp_path, "report")
    assert (done.returncode, done.stdout) == (3, "")
    assert "report needs INPUT" in done.stderr
