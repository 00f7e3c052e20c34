from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files

import jsonschema
import pytest

from tests.reports import pasts
from tests.reports.test_json_report import objects_of
from trackerwatch.engine.views import EventKind
from trackerwatch.health import Health
from trackerwatch.reports.past.history_json import PHASES, render
from trackerwatch.reports.past.history_json import SCHEMA as NAME
from trackerwatch.stats import PHASES as TIMED
from trackerwatch.tracker import Protocol

SCHEMA = json.loads(files("trackerwatch.reports").joinpath("history.schema.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def document(report) -> dict:
    text = "".join(render(report))
    assert text.endswith("}\n")
    value = json.loads(text)
    VALIDATOR.validate(value)
    return value


def test_the_schema_is_one_and_knows_the_closed_sets():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    defs = SCHEMA["$defs"]
    assert SCHEMA["properties"]["schema"]["const"] == NAME
    assert set(defs["transition"]["properties"]["event"]["enum"]) == {*EventKind}
    assert set(defs["tracker"]["properties"]["state"]["enum"]) == {*Health}
    assert set(defs["tracker"]["properties"]["protocol"]["enum"]) == {*Protocol}
    assert set(PHASES) == set(TIMED)
    for one in objects_of(SCHEMA):
        assert one["required"] == list(one["properties"])
        assert one["additionalProperties"] is False


def test_the_overview():
    value = document(pasts.report(pasts.tracker(), pasts.well(), pasts.new()))
    assert (value["schema"], value["since"], value["until"]) == (
        "trackerwatch.history/1",
        "2026-11-21T14:00:00.000Z",
        "2026-11-22T14:00:00.000Z",
    )
    assert value["vantage"] == {"id": pasts.HERE.id, "name": "vps7"}
    assert value["torrent"] is None
    assert [row["id"] for row in value["trackers"]] == ["0123456789", "abcdef0123", "aaaaaaaaaa"]


def test_one_tracker_in_full():
    row = document(pasts.report(pasts.tracker(), in_full=True))["trackers"][0]
    assert row["uptime"][0] == {
        "window": "asked",
        "uptime": 0.90625,
        "coverage": 0.92,
        "successes": 87,
        "counted": 96,
        "span_s": 86400.0,
        "covered_s": 79488.0,
    }
    assert row["uptime"][4]["uptime"] is None
    assert row["phases_p50"] == {"resolve_s": 0.002, "connect_s": 0.03, "tls_s": None, "exchange_s": 0.031}
    assert row["outages"][2] == {
        "endpoint": None,
        "begin": "2026-11-22T13:46:00.000Z",
        "end": None,
        "reason": "refused",
    }
    assert row["gaps"][0]["kind"] == "local_offline"
    assert len(row["stretches"]) == 48
    assert row["stretches"][-1] | {"successes": 0, "counted": 2, "p50_s": None} == row["stretches"][-1]
    assert [t["event"] for t in row["transitions"]] == ["state_changed", "recovered", "state_changed"]
    assert (
        row["transitions"][0] | {"from": "up", "to": "down", "reason": "timeout", "name": None}
        == (row["transitions"][0])
    )


def test_one_torrent():
    value = document(pasts.report(torrent=pasts.torrent()))
    assert value["trackers"] == []
    assert value["torrent"]["last_seeder_at"] == "2026-11-22T13:55:00.000Z"
    assert [row["seeders"] for row in value["torrent"]["seeders"]] == [12, None, 9]
    assert value["torrent"]["transitions"][0]["torrent"] == pasts.HASH


def test_nothing_is_a_document_too():
    assert document(pasts.report())["trackers"] == []


@pytest.mark.parametrize("at", [1e20, -1e20, float("nan")])
def test_a_time_that_no_calendar_has_is_unknown(at):
    row = document(pasts.report(pasts.well(last_success_at=at)))["trackers"][0]
    assert row["last_success_at"] is None


def test_an_asked_stretch_that_is_a_usual_one_is_listed_once():
    whole = pasts.tracker()
    asked = replace(whole.uptime[0], window="24h")
    row = document(pasts.report(replace(whole, uptime=(asked, *whole.uptime[1:])), in_full=True))["trackers"][0]
    assert [figure["window"] for figure in row["uptime"]] == ["24h", "1h", "7d", "30d"]
