from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from importlib.resources import files

import jsonschema
import pytest

from tests.reports import scenes
from tests.reports.test_building import HERE, report_on
from trackerwatch.engine.views import AnnounceView, AskState, Disabled, Mute, OrderSource, Source
from trackerwatch.failover import FailoverState, Role
from trackerwatch.health import Health
from trackerwatch.outcome import FailureKind, Phase, SwarmCounts
from trackerwatch.policy.rules import Rule, Severity, Verdict
from trackerwatch.reports import Style
from trackerwatch.reports.building import empty_report
from trackerwatch.reports.diff.changes import Change, ChangeKind, Changes
from trackerwatch.reports.json_report import render
from trackerwatch.reports.rows import PolicyNote, Quorum, Remembered, SkippedInput, Subject, Vantage, Vote
from trackerwatch.reports.table import render as render_table

SCHEMA = json.loads(files("trackerwatch.reports").joinpath("report.schema.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def document(report):
    text = "".join(render(report, Style()))
    assert text.endswith("}\n")
    value = json.loads(text)
    VALIDATOR.validate(value)
    return value


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_schema_knows_the_closed_sets():
    defs = SCHEMA["$defs"]
    assert set(defs["failure"]["properties"]["kind"]["enum"]) == {*FailureKind}
    assert set(defs["failure"]["properties"]["phase"]["enum"]) == {*Phase, None}
    assert set(defs["problem"]["properties"]["rule"]["enum"]) == {*Rule}
    assert set(defs["problem"]["properties"]["severity"]["enum"]) == {*Severity}
    assert set(defs["verdict"]["enum"]) == {*Verdict}
    assert set(defs["health"]["enum"]) == {*Health}
    assert set(defs["answer"]["properties"]["role"]["enum"]) == {*Role}
    assert set(defs["torrent"]["properties"]["failover"]["properties"]["state"]["enum"]) == {*FailoverState}
    assert set(defs["change"]["properties"]["kind"]["enum"]) == {*ChangeKind}
    assert set(defs["scrape"]["properties"]["state"]["enum"]) == {*AskState}
    assert set(defs["scrape"]["properties"]["source"]["enum"]) == {*Source, None}


def objects_of(schema):
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            yield schema
        for value in schema.values():
            yield from objects_of(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from objects_of(value)


def test_every_key_is_required_and_no_other_allowed():
    objects = list(objects_of(SCHEMA))
    assert len(objects) == 25
    for one in objects:
        assert one["additionalProperties"] is False
        assert set(one["required"]) == set(one["properties"])


def test_the_contract_word_by_word():
    value = document(report_on(scenes.failed_over_scene(), skipped=[SkippedInput("bad.torrent", "not bencode")]))
    torrent = scenes.failed_over_scene().torrents.torrents[0]
    dead, alive = (view.tracker for view in scenes.failed_over_scene().trackers[:2])
    assert list(value) == [
        "schema", "generated_at", "duration_s", "vantage", "title", "command", "filter", "summary", "policy", "collections",
        "changes", "quorum", "trackers", "torrents", "problems", "skipped",
    ]  # fmt: skip
    assert value["schema"] == "trackerwatch.report/1"
    assert value["generated_at"] == "2026-11-22T14:02:11.000Z"
    assert value["duration_s"] == 7.4
    assert value["vantage"] == {"id": HERE.id, "name": "vps7"}
    assert (value["title"], value["command"], value["collections"]) == ("", "", [])
    assert value["policy"] is value["changes"] is value["quorum"] is value["filter"] is None
    assert value["summary"] == {
        "verdict": "warning",
        "exit_code": 1,
        "torrents": 3,
        "trackers": 3,
        "trackers_by_state": {"up": 1, "degraded": 0, "down": 1, "unknown": 1},
        "problems": 5,
        "not_judged": 2,
        "remembered": None,
    }
    assert value["trackers"][0] == {
        "id": dead.id,
        "url": "udp://tracker.foo.org:6969/announce",
        "protocol": "udp",
        "host": "tracker.foo.org",
        "port": 6969,
        "state": "down",
        "reasons": ["refused"],
        "since": "2026-11-22T14:02:07.000Z",
        "last_success_at": None,
        "latency_s": None,
        "scrape_supported": None,
        "interval_s": None,
        "min_interval_s": None,
        "tls_expires_at": None,
        "torrents": 1,
        "own": False,
        "flapping": False,
        "muted": None,
        "disabled": None,
        "interval_wish_s": None,
        "added": False,
        "down_for": None,
        "endpoints": [
            {
                "address": "192.0.2.7",
                "family": "ipv4",
                "port": 6969,
                "state": "down",
                "since": "2026-11-22T14:02:07.000Z",
                "latency_s": None,
                "phases": {"resolve_s": 0.002, "connect_s": 0.03, "tls_s": None, "exchange_s": None},
                "failure": {"kind": "refused", "phase": "connect", "message": "connection refused"},
            }
        ],
    }
    assert value["trackers"][1]["latency_s"] == 0.031
    assert value["trackers"][1]["scrape_supported"] is True
    assert value["torrents"][0] == {
        "name": "dataset-imaging-v3",
        "info_hash": torrent.info_hash_hex,
        "info_hash_v2": None,
        "private": False,
        "size_bytes": 1_000_000,
        "sources": ["dataset-imaging-v3.torrent"],
        "collection": None,
        "verdict": "warning",
        "seeders": 12,
        "leechers": 3,
        "completed": 4811,
        "last_seeder_at": None,
        "failover": {"state": "failed_over", "active": alive.id, "tier": 1, "working": 1, "total": 2},
        "trackers": [
            {
                "tracker": dead.id,
                "url": "udp://tracker.foo.org:6969/announce",
                "tier": 0,
                "position": 0,
                "swarm": "v1",
                "role": "failed",
                "seeders": None,
                "leechers": None,
                "completed": None,
                "scrape": {
                    "state": "failed",
                    "latency_s": None,
                    "failure": {"kind": "refused", "phase": "connect", "message": "connection refused"},
                    "observed_at": "2026-11-22T14:02:07.000Z",
                    "source": "live",
                },
                "announce": {
                    "state": "skipped",
                    "latency_s": None,
                    "peers": None,
                    "interval_s": None,
                    "min_interval_s": None,
                    "warning": None,
                    "failure": None,
                    "observed_at": None,
                    "source": None,
                },
            },
            {
                "tracker": alive.id,
                "url": "udp://tracker.example.org:1337/announce",
                "tier": 1,
                "position": 0,
                "swarm": "v1",
                "role": "active",
                "seeders": 12,
                "leechers": 3,
                "completed": 4811,
                "scrape": {
                    "state": "answered",
                    "latency_s": 0.031,
                    "failure": None,
                    "observed_at": "2026-11-22T14:02:07.000Z",
                    "source": "live",
                },
                "announce": {
                    "state": "skipped",
                    "latency_s": None,
                    "peers": None,
                    "interval_s": None,
                    "min_interval_s": None,
                    "warning": None,
                    "failure": None,
                    "observed_at": None,
                    "source": None,
                },
            },
        ],
    }
    assert [problem["rule"] for problem in value["problems"]] == [
        "tracker_down", "failed_over", "skipped_input", "single_tracker", "private_not_asked",
    ]  # fmt: skip
    assert value["skipped"] == [{"source": "bad.torrent", "message": "not bencode"}]


def test_passkeys_are_redacted():
    text = "".join(render(report_on(scenes.failed_over_scene()), Style()))
    assert "0123456789abcdef" not in text
    assert "https://private.example.net/…/announce" in text


def test_hashes_of_v2_torrents():
    whole = bytes(range(32))
    listed = scenes.torrent("v2", [scenes.UP])
    listed = replace(listed, info_hash=whole[:20], info_hash_v2=whole)
    (row,) = document(report_on(scenes.snapshot([scenes.seen(listed)], [scenes.tracker(scenes.UP)])))["torrents"]
    assert (row["info_hash"], row["info_hash_v2"]) == (whole[:20].hex(), whole.hex())


def test_a_torrent_of_which_nothing_is_known_has_every_key():
    listed = scenes.torrent("a", [scenes.UP], size=None, private=True)
    scene = scenes.snapshot(
        [scenes.seen(listed, Verdict.UNKNOWN, state=FailoverState.UNKNOWN, working=0)], [scenes.tracker(scenes.UP)]
    )
    (row,) = document(report_on(scene))["torrents"]
    assert row["private"] is True
    assert row["size_bytes"] is row["seeders"] is row["failover"]["active"] is row["failover"]["tier"] is None


def test_an_announce_is_told_in_full():
    listed = scenes.torrent("a", [scenes.UP])
    announce = AnnounceView(
        AskState.ANSWERED,
        latency_s=0.0123456789,
        peers=0,
        interval_s=1800,
        min_interval_s=60.5,
        warning="please use IPv6",
        observed_at=scenes.EARLIER,
        source=Source.STORE,
    )
    answer = replace(scenes.answer(listed, scenes.UP, Role.ACTIVE, SwarmCounts(0, 0, 0)), announce=announce)
    value = document(report_on(scenes.snapshot([scenes.seen(listed, answers=(answer,))], [scenes.tracker(scenes.UP)])))
    assert value["torrents"][0]["trackers"][0]["announce"] == {
        "state": "answered",
        "latency_s": 0.012346,
        "peers": 0,
        "interval_s": 1800.0,
        "min_interval_s": 60.5,
        "warning": "please use IPv6",
        "failure": None,
        "observed_at": "2026-11-22T14:02:07.000Z",
        "source": "store",
    }


def test_nothing_to_report_is_still_a_document():
    value = document(empty_report("no usable input", vantage=HERE, duration_s=0.0))
    assert value["summary"]["exit_code"] == 3
    assert value["summary"]["verdict"] == "unknown"
    assert value["trackers"] == value["torrents"] == value["problems"] == value["skipped"] == []


@pytest.mark.parametrize("name", ['"}],', "back\\slash", "日本語", "</script>", "=HYPERLINK()", "a" * 300])
def test_names_survive(name):
    scene = scenes.snapshot([scenes.seen(scenes.torrent(name, [scenes.UP]))], [scenes.tracker(scenes.UP)])
    assert document(report_on(scene))["torrents"][0]["name"] == name


def test_no_number_is_infinite():
    view = replace(scenes.tracker(scenes.UP), interval_s=float("inf"), latency_s=float("nan"))
    value = document(report_on(scenes.snapshot([scenes.seen(scenes.torrent("a", [scenes.UP]))], [view])))
    assert value["trackers"][0]["interval_s"] is value["trackers"][0]["latency_s"] is None


def test_what_is_muted_is_listed_and_out_of_the_verdict():
    until = datetime(2026, 12, 1, tzinfo=UTC)
    down = scenes.tracker("udp://tracker.foo.org:6969/announce", Health.DOWN, failure=scenes.refused())
    muted = replace(down, muted=Mute(until, "moves house"), flapping=True, own=True)
    report = report_on(scenes.snapshot([], (muted,)), subject=Subject.TRACKERS)
    assert (report.verdict, report.exit_code) == (Verdict.OK, 0)
    row = document(report)["trackers"][0]
    assert row["muted"] == {"until": "2026-12-01T00:00:00.000Z", "why": "moves house", "source": "hand"}
    assert (row["flapping"], row["own"], row["state"]) == (True, True, "down")
    text = "".join(render_table(report, Style()))
    assert text.startswith("OK  1 of 1 tracker is down (1 muted)")
    assert "muted  tracker.foo.org:6969 until 2026-12-01 00:00 UTC, out of every verdict: moves house" in text


def test_what_was_not_asked_is_said_in_the_summary():
    report = replace(report_on(scenes.failed_over_scene()), remembered=Remembered(3, 61.0, 840.5))
    value = json.loads("".join(render(report, Style())))
    VALIDATOR.validate(value)
    assert value["summary"]["remembered"] == {"trackers": 3, "youngest_s": 61.0, "oldest_s": 840.5}


def test_every_order_is_listed_also_where_only_problems_are():
    since = datetime(2026, 11, 20, 8, tzinfo=UTC)
    off = replace(
        scenes.tracker("udp://a.example:80", Health.UNKNOWN, endpoints=()), disabled=Disabled("gone", since=since)
    )
    window = replace(scenes.tracker("udp://b.example:80"), muted=Mute(None, "", OrderSource.WINDOW))
    own = replace(scenes.tracker("udp://c.example:80"), interval_wish_s=300.0)
    added = replace(scenes.tracker("udp://d.example:80"), added=True)
    plain = scenes.tracker("udp://e.example:80")
    scene = scenes.snapshot([], (off, window, own, added, plain))
    report = report_on(scene, subject=Subject.TRACKERS, only_problems=True)
    rows = document(report)["trackers"]
    assert [row["host"] for row in rows] == ["a.example", "b.example", "c.example", "d.example"]
    assert rows[0]["disabled"] == {"why": "gone", "source": "hand", "since": "2026-11-20T08:00:00.000Z"}
    assert rows[1]["muted"] == {"until": None, "why": "", "source": "window"}
    assert (rows[2]["interval_wish_s"], rows[3]["added"]) == (300.0, True)
    assert report.verdict is Verdict.OK, "what is switched off counts for nothing"
    assert report.not_judged == 0
    text = "".join(render_table(report, Style()))
    assert "switched off  a.example:80 since 2026-11-20 08:00 UTC, asked nothing and counted for nothing: gone" in text
    assert "muted  b.example:80 until that is taken back (a window of the config), out of every verdict" in text
    assert "interval  c.example:80 every 5m, by hand" in text
    assert "added  d.example:80 by hand, for this run" in text
    assert "not judged" not in text
    assert "- off" in text


def test_a_check_of_what_is_switched_off_alone_is_unknown():
    off = replace(scenes.tracker("udp://a.example:80", Health.UNKNOWN), disabled=Disabled("", OrderSource.CONFIG))
    report = report_on(scenes.snapshot([], (off,)), subject=Subject.TRACKERS)
    assert (report.verdict, report.exit_code) == (Verdict.UNKNOWN, 3)
    assert "(config)" in "".join(render_table(report, Style()))


def test_too_many_orders_for_a_table_are_counted():
    muted = tuple(replace(scenes.tracker(f"udp://t{n}.example:80"), muted=Mute(None, "")) for n in range(40))
    text = "".join(render_table(report_on(scenes.snapshot([], muted), subject=Subject.TRACKERS), Style()))
    assert text.count("muted  t") == 30
    assert "... 10 more orders (--format json lists them)" in text


def test_what_a_policy_did_is_said():
    report = report_on(scenes.failed_over_scene())
    first, second, third = (view.torrent.info_hash_hex for view in report.torrents)
    report = replace(
        report,
        title="release 13.2",
        command="trackerwatch report rel/ --policy release.toml",
        filter="private:no",
        collection_of={first: "release", second: "release"},
        collections={"release": {Verdict.WARNING: 1, Verdict.OK: 1}, "archive": {}},
        policy=PolicyNote("release.toml", 2, 1, ("override for x ended",)),
    )
    value = document(report)
    assert value["title"] == "release 13.2"
    assert value["command"] == "trackerwatch report rel/ --policy release.toml"
    assert value["filter"] == "private:no"
    assert value["policy"] == {
        "file": "release.toml", "in_grace": 2, "overridden": 1, "notes": ["override for x ended"],
    }  # fmt: skip
    assert value["collections"] == [
        {"name": "release", "torrents": 2, "by_verdict": {"ok": 1, "warning": 1, "critical": 0, "unknown": 0}},
        {"name": "archive", "torrents": 0, "by_verdict": {"ok": 0, "warning": 0, "critical": 0, "unknown": 0}},
    ]
    collections = {row["info_hash"]: row["collection"] for row in value["torrents"]}
    assert collections == {first: "release", second: "release", third: None}


def test_changes_are_told():
    report = report_on(scenes.failed_over_scene())
    dead, torrent = report.trackers[0].tracker.id, report.torrents[0].torrent.info_hash_hex
    items = (
        Change(ChangeKind.TRACKER_DOWN, "tracker.foo.org:6969 is down", tracker=dead, before="up", after="down"),
        Change(ChangeKind.SEEDERS_DROPPED, "100 seeders became 12", torrent=torrent, before="100", after="12"),
    )
    value = document(replace(report, changes=Changes("the last run", scenes.EARLIER, items)))["changes"]
    assert (value["against"], value["at"]) == ("the last run", "2026-11-22T14:02:07.000Z")
    assert value["items"] == [
        {
            "kind": "tracker_down",
            "torrent": None,
            "tracker": dead,
            "before": "up",
            "after": "down",
            "message": "tracker.foo.org:6969 is down",
        },
        {
            "kind": "seeders_dropped",
            "torrent": torrent,
            "tracker": None,
            "before": "100",
            "after": "12",
            "message": "100 seeders became 12",
        },
    ]


def test_several_vantages_are_told():
    report = report_on(scenes.failed_over_scene())
    dead = report.trackers[0].tracker.id
    votes = (
        Vote(HERE, scenes.NOW, fresh=True, verdict=Verdict.WARNING),
        Vote(Vantage(HERE.id, "ci-eu"), scenes.EARLIER, fresh=False, verdict=Verdict.OK),
    )
    value = document(replace(report, quorum=Quorum(2, votes, {dead: ("vps7",)})))
    assert (value["quorum"]["needed"], value["quorum"]["fresh"]) == (2, 1)
    assert value["quorum"]["votes"][1] == {
        "vantage": {"id": HERE.id, "name": "ci-eu"},
        "generated_at": "2026-11-22T14:02:07.000Z",
        "fresh": False,
        "verdict": "ok",
    }
    assert [row["down_for"] for row in value["trackers"]] == [["vps7"], [], []]


def test_when_a_torrent_last_had_a_seeder_is_told():
    view = replace(scenes.seen(scenes.torrent("a", [scenes.UP])), last_seeder_at=scenes.EARLIER)
    (row,) = document(report_on(scenes.snapshot([view], [scenes.tracker(scenes.UP)])))["torrents"]
    assert row["last_seeder_at"] == "2026-11-22T14:02:07.000Z"
