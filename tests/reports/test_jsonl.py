"""The report as JSON lines, read back line by line and compared with the JSON report."""

from __future__ import annotations

import json
from dataclasses import replace

import jsonschema
import pytest

from tests.reports import scenes
from tests.reports.test_building import HERE, report_on
from tests.reports.test_json_report import SCHEMA
from trackerwatch.policy.rules import Verdict
from trackerwatch.reports import Style
from trackerwatch.reports.building import empty_report
from trackerwatch.reports.diff.changes import Change, ChangeKind, Changes
from trackerwatch.reports.json_report import render as render_json
from trackerwatch.reports.jsonl import TYPES, render
from trackerwatch.reports.rows import SkippedInput

ROWS = {"tracker": "tracker", "torrent": "torrent", "problem": "problem", "change": "change"}
"""Definition of the report's schema by type of a row."""


def rows(report):
    text = "".join(render(report, Style()))
    assert text.endswith("\n")
    assert "\r" not in text
    lines = [json.loads(line) for line in text.split("\n")[:-1]]
    for line in lines:
        if definition := ROWS.get(line["type"]):
            row = {key: value for key, value in line.items() if key != "type"}
            schema = {**SCHEMA["$defs"][definition], "$defs": SCHEMA["$defs"]}
            jsonschema.Draft202012Validator(schema).validate(row)
    return lines


def full_report():
    report = report_on(scenes.failed_over_scene(), skipped=[SkippedInput("bad.torrent", "not bencode")])
    first = report.torrents[0].torrent.info_hash_hex
    items = (Change(ChangeKind.SEEDERS_DROPPED, "100 seeders became 12", torrent=first, before="100", after="12"),)
    return replace(
        report,
        changes=Changes("the last run", scenes.EARLIER, items),
        collection_of={first: "release"},
        collections={"release": {Verdict.WARNING: 1}},
    )


def test_the_order_and_the_end():
    lines = rows(full_report())
    assert [line["type"] for line in lines] == [
        "report", *["tracker"] * 3, *["torrent"] * 3, *["problem"] * 5, "skipped", "change", "end",
    ]  # fmt: skip
    assert lines[-1] == {"type": "end", "trackers": 3, "torrents": 3, "problems": 5, "skipped": 1, "changes": 1}


def test_the_rows_are_those_of_the_json_report():
    report = full_report()
    document = json.loads("".join(render_json(report, Style())))
    lines = rows(report)
    lists = {key: [] for key in TYPES}
    for line in lines[1:-1]:
        kind = line.pop("type")
        lists[next(key for key, name in TYPES.items() if name == kind)].append(line)
    assert lists.pop("changes") == document["changes"].pop("items")
    for key, listed in lists.items():
        assert listed == document.pop(key)
    head = lines[0]
    assert head.pop("type") == "report"
    assert head == document
    assert head["schema"] == "trackerwatch.report/1"
    assert head["changes"] == {"against": "the last run", "at": "2026-11-22T14:02:07.000Z"}


def test_nothing_to_report_is_a_head_and_an_end():
    head, end = rows(empty_report("no usable input", vantage=HERE, duration_s=0.0))
    assert head["summary"]["exit_code"] == 3
    assert head["changes"] is None
    assert end == {"type": "end", "trackers": 0, "torrents": 0, "problems": 0, "skipped": 0, "changes": 0}


@pytest.mark.parametrize("name", ["a\nb", "a\u2028b", "\x00\x1b[31m", "\ud800", '"}', "日本語"])
def test_a_name_stays_in_its_line(name):
    scene = scenes.snapshot([scenes.seen(scenes.torrent(name, [scenes.UP]))], [scenes.tracker(scenes.UP)])
    text = "".join(render(report_on(scene), Style()))
    # As the output writes it.
    read = [json.loads(line) for line in text.encode("utf-8", "backslashreplace").split(b"\n")[:-1]]
    assert [line["name"] for line in read if line["type"] == "torrent"] == [name]
