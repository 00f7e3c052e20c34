"""The report as CSV, read back by the csv module."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hostile.documents import FORMULA
from tests.reports import scenes
from tests.reports.test_building import HERE, down_problem, report_on
from trackerwatch.engine.views import AnnounceView, AskState, ScrapeView, Source
from trackerwatch.escaping import harmless_cell
from trackerwatch.failover import Role
from trackerwatch.health import Health
from trackerwatch.metainfo.torrent import SwarmVersion
from trackerwatch.outcome import SwarmCounts
from trackerwatch.policy.rules import Rule, Verdict
from trackerwatch.reports import Style
from trackerwatch.reports.building import empty_report
from trackerwatch.reports.csv_report import COLUMNS, render
from trackerwatch.reports.rows import Subject


def rows(report) -> list[dict[str, str]]:
    text = "".join(render(report, Style()))
    assert text.count("\r\n") >= 1
    read = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert read[0] == list(COLUMNS)
    assert {len(row) for row in read} == {len(COLUMNS)}
    return [dict(zip(COLUMNS, row, strict=True)) for row in read[1:]]


def test_a_row_for_each_torrent_and_tracker():
    report = report_on(scenes.failed_over_scene())
    first, second, third, fourth = rows(report)
    dead, alive = (view.tracker for view in report.trackers[:2])
    assert first == {
        "verdict": "warning",
        "name": "dataset-imaging-v3",
        "info_hash": report.torrents[0].torrent.info_hash_hex,
        "private": "false",
        "size_bytes": "1000000",
        "collection": "",
        "tracker": dead.id,
        "url": "udp://tracker.foo.org:6969/announce",
        "tier": "0",
        "position": "0",
        "swarm": "v1",
        "role": "failed",
        "seeders": "",
        "leechers": "",
        "completed": "",
        "scrape": "failed",
        "scrape_failure": "refused",
        "announce": "skipped",
        "announce_failure": "",
        "message": "connection refused",
        "observed_at": "2026-11-22T14:02:07.000Z",
        "source": "live",
        "tracker_state": "down",
        "problems": "failed_over tracker_down",
    }
    assert (second["tracker"], second["tier"], second["role"]) == (alive.id, "1", "active")
    assert (second["seeders"], second["leechers"], second["completed"]) == ("12", "3", "4811")
    assert (second["tracker_state"], second["problems"]) == ("up", "failed_over")
    assert (third["verdict"], third["completed"], third["problems"]) == ("ok", "", "single_tracker")
    assert (fourth["private"], fourth["url"]) == ("true", "https://private.example.net/…/announce")
    assert fourth["seeders"] == fourth["observed_at"] == fourth["source"] == ""


def test_zero_is_zero_and_unknown_is_empty():
    listed = scenes.torrent("a", [scenes.UP], size=None)
    answer = scenes.answer(listed, scenes.UP, Role.ACTIVE, SwarmCounts(0, None, 0))
    scene = scenes.snapshot([scenes.seen(listed, answers=(answer,))], [scenes.tracker(scenes.UP)])
    (row,) = rows(report_on(scene))
    assert (row["seeders"], row["leechers"], row["completed"], row["size_bytes"]) == ("0", "", "0", "")


def test_both_swarms_of_a_hybrid_have_a_row():
    listed = scenes.torrent("a", [scenes.UP])
    one = scenes.answer(listed, scenes.UP, Role.ACTIVE, SwarmCounts(1, 0, 0))
    other = replace(one, swarm=SwarmVersion.V2, counts=SwarmCounts(2, 0, 0))
    scene = scenes.snapshot([scenes.seen(listed, answers=(one, other))], [scenes.tracker(scenes.UP)])
    assert [(row["swarm"], row["seeders"]) for row in rows(report_on(scene))] == [("v1", "1"), ("v2", "2")]


def test_a_torrent_without_trackers_has_a_row():
    listed = scenes.torrent("lonely")
    problem = scenes.problem(Rule.NO_TRACKERS, "it lists no tracker", "add one", of=listed)
    view = scenes.seen(listed, Verdict.WARNING, working=0, problems=(problem,))
    report = report_on(scenes.snapshot([view], []))
    (row,) = rows(replace(report, collection_of={listed.info_hash_hex: "release"}))
    assert (row["name"], row["collection"], row["problems"]) == ("lonely", "release", "no_trackers")
    assert row["tracker"] == row["tier"] == row["scrape"] == row["tracker_state"] == ""


def test_a_check_has_rows_of_trackers():
    scene = scenes.snapshot(
        [],
        [scenes.tracker(scenes.DEAD, Health.DOWN, failure=scenes.refused()), scenes.tracker(scenes.UP)],
        (down_problem(scenes.DEAD),),
    )
    dead, up = rows(report_on(scene, subject=Subject.TRACKERS))
    assert (dead["url"], dead["tracker_state"], dead["message"]) == (
        "udp://tracker.foo.org:6969/announce", "down", "connection refused",
    )  # fmt: skip
    assert (dead["problems"], dead["observed_at"]) == ("tracker_down", "2026-11-22T14:02:07.000Z")
    assert (up["tracker_state"], up["problems"], up["message"]) == ("up", "", "")
    assert dead["verdict"] == dead["name"] == dead["seeders"] == ""


def test_a_tracker_that_no_row_names_has_one_where_only_problems_are_listed():
    listed = scenes.torrent("well", [scenes.DEAD, scenes.UP])
    answers = (
        scenes.answer(listed, scenes.DEAD, Role.FAILED, failure=scenes.refused()),
        scenes.answer(listed, scenes.UP, Role.ACTIVE, SwarmCounts(5, 1, 2)),
    )
    scene = scenes.snapshot(
        [scenes.seen(listed, answers=answers)],
        [scenes.tracker(scenes.DEAD, Health.DOWN, failure=scenes.refused()), scenes.tracker(scenes.UP)],
        (down_problem(scenes.DEAD),),
    )
    (row,) = rows(report_on(scene, only_problems=True))
    assert (row["name"], row["tracker_state"], row["problems"]) == ("", "down", "tracker_down")


def test_what_an_announce_said_later_is_what_is_told():
    listed = scenes.torrent("a", [scenes.UP])
    answer = replace(
        scenes.answer(listed, scenes.UP, Role.ACTIVE),
        scrape=ScrapeView(AskState.ANSWERED, observed_at=scenes.EARLIER, source=Source.STORE),
        announce=AnnounceView(AskState.ANSWERED, warning="use IPv6", observed_at=scenes.NOW, source=Source.LIVE),
    )
    scene = scenes.snapshot([scenes.seen(listed, answers=(answer,))], [scenes.tracker(scenes.UP)])
    (row,) = rows(report_on(scene))
    assert (row["message"], row["source"], row["observed_at"]) == ("use IPv6", "live", "2026-11-22T14:02:11.000Z")


def test_nothing_to_list_is_a_header():
    well = scenes.torrent("well", [scenes.UP])
    scene = scenes.snapshot([scenes.seen(well, counts=SwarmCounts(5, 1, 2))], [scenes.tracker(scenes.UP)])
    assert rows(report_on(scene, only_problems=True)) == []
    assert rows(empty_report("no usable input", vantage=HERE, duration_s=0.0)) == []


@pytest.mark.parametrize("text", ["=cmd()", "+1", "-1", "@SUM(A1)", "|calc", "%0", " =1", "a;=cmd()", "＝cmd()"])  # noqa: RUF001 - a full-width sign
def test_no_cell_is_a_formula(text):
    listed = scenes.torrent(text, [scenes.UP])
    answer = scenes.answer(listed, scenes.UP, Role.FAILED, failure=scenes.refused(message=text))
    scene = scenes.snapshot([scenes.seen(listed, answers=(answer,))], [scenes.tracker(scenes.UP)])
    report = replace(report_on(scene), collection_of={listed.info_hash_hex: text})
    (row,) = rows(report)
    for cell in (row["name"], row["message"], row["collection"]):
        assert cell != text
        assert cell.replace("'", "") == text
        assert not any(part.strip().startswith(("=", "+", "-", "@", "|", "%", "＝")) for part in cell.split(";"))  # noqa: RUF001


@given(st.text())
def test_any_cell_is_harmless_and_nothing_else_is_changed(text):
    cell = harmless_cell(text)
    assert cell.replace("'", "") == text.replace("'", "")
    assert not any(part.strip().startswith(FORMULA) for part in cell.split(";"))


@pytest.mark.parametrize("text", ['a "b", c', "a,b", "a\r\nb", "a\nb", '"', "日本語"])
def test_separators_stay_in_their_cell(text):
    scene = scenes.snapshot([scenes.seen(scenes.torrent(text, [scenes.UP]))], [scenes.tracker(scenes.UP)])
    assert rows(report_on(scene))[0]["name"] == text


def test_the_page_tells_every_column():
    page = (Path(__file__).parents[2] / "docs" / "formats.md").read_text("utf-8")
    table = page.partition("## CSV")[2].partition("## JUnit")[0]
    told = [
        name for line in table.split("\n| `")[1:] for name in re.findall(r"`(\w+)`", "`" + line.partition(" | ")[0])
    ]
    assert tuple(told) == COLUMNS
