from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

from tests.reports import scenes
from trackerwatch.engine.views import Event, EventKind, LocalState
from trackerwatch.failover import FailoverState
from trackerwatch.health import Health
from trackerwatch.outcome import Endpoint, FailureKind, Family
from trackerwatch.policy.rules import Rule
from trackerwatch.reports.live.event_lines import SCHEMA as NAME
from trackerwatch.reports.live.event_lines import event_line
from trackerwatch.tracker import parse_tracker

SCHEMA = json.loads(files("trackerwatch.reports").joinpath("event.schema.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
KEYS = ["schema", "at", "event", "tracker", "url", "endpoint", "torrent", "from", "to", "reason", "message"]


def row_of(line: str) -> dict:
    assert line.endswith("\n")
    assert len(line.splitlines()) == 1
    row = json.loads(line)
    VALIDATOR.validate(row)
    assert list(row) == KEYS
    return row


def test_the_schema_is_one_and_knows_the_closed_sets():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    properties = SCHEMA["properties"]
    assert properties["schema"]["const"] == NAME
    assert set(properties["event"]["enum"]) == {*EventKind}
    assert set(properties["reason"]["enum"]) == {None, *FailureKind}
    assert set(SCHEMA["$defs"]["state"]["enum"]) == {None, *Health, *FailoverState, *LocalState, "memory", *Rule}
    assert SCHEMA["required"] == KEYS == list(properties)


def test_everything_in_its_place():
    torrent = scenes.torrent("debian", [scenes.KEYED])
    tracker = parse_tracker(scenes.KEYED)
    event = Event(
        7,
        datetime(2026, 11, 22, 15, 2, 11, 4999, tzinfo=timezone(timedelta(hours=1))),
        EventKind.FAILED_OVER,
        "debian failed over",
        tracker,
        Endpoint(Family.IPV6, "2001:db8::1", 80),
        torrent,
        "primary",
        "failed_over",
        FailureKind.REFUSED,
    )
    row = row_of(event_line(event))
    assert row == {
        "schema": "trackerwatch.event/1",
        "at": "2026-11-22T14:02:11.004Z",
        "event": "failed_over",
        "tracker": tracker.id,
        "url": "https://private.example.net/…/announce",
        "endpoint": "[2001:db8::1]:80",
        "torrent": torrent.info_hash_hex,
        "from": "primary",
        "to": "failed_over",
        "reason": "refused",
        "message": "debian failed over",
    }
    assert "0123456789abcdef" not in event_line(event)


@pytest.mark.parametrize("kind", EventKind)
def test_what_does_not_apply_is_null(kind):
    row = row_of(event_line(Event(0, datetime(2026, 1, 1, tzinfo=UTC), kind, "so")))
    assert {key for key, value in row.items() if value is None} == set(KEYS) - {"schema", "at", "event", "message"}


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        (0, "x"),
        (1, "x (1 event before this one not told)"),
        (1234, "x (1,234 events before this one not told)"),
    ],
)
def test_a_loss_is_told(missing, said):
    event = Event(0, datetime(2026, 1, 1, tzinfo=UTC), EventKind.STOPPED, "x")
    assert row_of(event_line(event, missing=missing))["message"] == said


def test_the_examples_of_the_documentation_are_lines():
    text = (Path(__file__).parents[3] / "docs" / "headless.md").read_text("utf-8")
    block = text.partition("```json\n")[2].partition("```")[0]
    rows = [row_of(line) for line in block.splitlines(keepends=True)]
    assert {row["event"] for row in rows} == {*EventKind}
    assert [rows[0]["event"], rows[-1]["event"]] == ["started", "stopped"]
