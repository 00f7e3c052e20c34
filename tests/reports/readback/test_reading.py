from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.reports import scenes
from trackerwatch.engine.views import Disabled, Effect, Mute, OrderSource, ScrapeView
from trackerwatch.errors import ReportError
from trackerwatch.failover import FailoverState, Role
from trackerwatch.health import Health
from trackerwatch.outcome import Failure, FailureKind, SwarmCounts
from trackerwatch.policy.rules import Problem, Rule, Severity, Verdict
from trackerwatch.reports import FORMATS, Style, renderer
from trackerwatch.reports.building import build_report, empty_report
from trackerwatch.reports.diff.changes import Change, ChangeKind, Changes
from trackerwatch.reports.readback.document import MAX_BYTES
from trackerwatch.reports.readback.reading import read_report
from trackerwatch.reports.rows import (
    FailOn,
    PolicyNote,
    Quorum,
    Remembered,
    Report,
    SkippedInput,
    Subject,
    Vantage,
    Vote,
)
from trackerwatch.tracker import parse_tracker, tracker_from_report

HERE = Vantage("6f2a1d52-8e0b-4a6d-9f86-0d8f5cbe0a11", "vps7")
THERE = Vantage("0d9f1a00-1111-4222-8333-444455556666", "ci-us")


def report_on(scene, **more) -> Report:
    return build_report(scene, vantage=HERE, duration_s=7.4, **more)


def as_json(report: Report) -> str:
    return "".join(renderer("json")(report, Style()))


def document(scene=None, **more) -> dict:
    return json.loads(as_json(report_on(scene or scenes.failed_over_scene(), **more)))


def read(value: object) -> Report:
    return read_report(json.dumps(value), "a.json")


def ordered_scene():
    """Every order of single trackers, an IPv6 address, a certificate, a failed announce, a hybrid torrent."""
    both = replace(scenes.torrent("both", [scenes.UP, scenes.KEYED]), info_hash_v2=bytes(range(32)))
    answers = (
        scenes.answer(both, scenes.UP, Role.ACTIVE, SwarmCounts(3, None, 2)),
        replace(
            scenes.answer(both, scenes.KEYED, Role.FAILED, failure=scenes.refused(FailureKind.UNREGISTERED, "gone")),
            announce=replace(scenes.answer(both, scenes.UP, Role.ACTIVE).announce, peers=4, warning="soon down"),
        ),
    )
    muted = replace(
        scenes.tracker(scenes.UP, endpoints=(scenes.endpoint(Health.UP, address="2001:db8::7"),)),
        muted=Mute(scenes.NOW + timedelta(hours=1), "repair"),
        interval_wish_s=900.0,
        added=True,
        own=True,
        flapping=True,
        tls_expires_at=scenes.NOW + timedelta(days=3),
    )
    off = replace(
        scenes.tracker(scenes.KEYED, Health.UNKNOWN, endpoints=()),
        disabled=Disabled("no more", OrderSource.CONFIG),
    )
    return scenes.snapshot(
        [scenes.seen(both, Verdict.OK, counts=SwarmCounts(3, None, 2), active=scenes.UP, answers=answers)], [muted, off]
    )


def test_a_report_comes_back_whole():
    for scene in (scenes.failed_over_scene(), ordered_scene()):
        for more in ({}, {"only_problems": True}, {"subject": Subject.TRACKERS}):
            written = as_json(report_on(scene, skipped=[SkippedInput("x.torrent", "is no torrent")], **more))
            report = read_report(written, "a.json")
            assert as_json(report) == written
            assert as_json(read_report(as_json(report).encode(), "a.json")) == written


def test_json_lines_are_the_same_report():
    first = report_on(scenes.failed_over_scene(), skipped=[SkippedInput("x.torrent", "is no torrent")])
    item = Change(ChangeKind.TORRENT_NEW, "new", first.torrents[0].torrent.info_hash_hex)
    for whole in (first, replace(first, changes=Changes("the last run", scenes.EARLIER, (item,)))):
        lines = "".join(renderer("jsonl")(whole, Style()))
        assert as_json(read_report(lines, "a.jsonl")) == as_json(whole)
        with pytest.raises(ReportError, match=r"^a\.jsonl: is cut off"):
            read_report("\n".join(lines.splitlines()[:-1]), "a.jsonl")


def test_what_belongs_to_the_run_comes_back_too():
    first = report_on(scenes.failed_over_scene())
    hashes = [view.torrent.info_hash_hex for view in first.torrents]
    whole = replace(
        first,
        title="release 13.2",
        command="trackerwatch report rel/",
        filter="private:no",
        remembered=Remembered(2, 1.0, 60.5),
        collection_of={hashes[0]: "images", hashes[1]: "images"},
        collections={"images": {Verdict.WARNING: 1, Verdict.OK: 1}},
        policy=PolicyNote("release.toml", 1, 2, ("an override ended",)),
        changes=Changes(
            "the last run",
            scenes.EARLIER,
            (Change(ChangeKind.SEEDERS_DROPPED, "fewer", hashes[0], first.trackers[0].tracker.id, "40", "3"),),
        ),
        quorum=Quorum(
            2,
            (Vote(THERE, scenes.EARLIER, fresh=False, verdict=Verdict.OK),),
            {first.trackers[0].tracker.id: ("ci-us",)},
        ),
        torrents=tuple(replace(view, last_seeder_at=scenes.EARLIER) for view in first.torrents),
    )
    report = read_report(as_json(whole), "a.json")
    assert as_json(report) == as_json(whole)
    for name in (
        "title",
        "command",
        "filter",
        "remembered",
        "collection_of",
        "policy",
        "changes",
        "quorum",
        "problems",
        "skipped",
    ):
        assert getattr(report, name) == getattr(whole, name), name
    assert {name: dict(numbers) for name, numbers in report.collections.items()} == whole.collections
    assert [view.last_seeder_at for view in report.torrents] == [scenes.EARLIER] * 3


def test_views_hold_what_follows_from_the_document():
    report = read(document())
    backup, well, private = report.torrents
    down, up, keyed = report.trackers
    assert report.subject is Subject.TORRENTS
    assert down.effect == Effect(0, 1, 0, 0)
    assert up.effect == Effect(2, 0, 0, 0)
    assert keyed.effect == Effect(0, 0, 0, 1)
    assert down.failure == scenes.refused()
    assert up.failure is None
    assert backup.failover.active is up.tracker is backup.answers[1].tracker
    assert backup.why == "tracker.foo.org connection refused; last one left"
    assert backup.since == scenes.EARLIER
    assert [problem.rule for problem in backup.problems] == [Rule.FAILED_OVER]
    assert [problem.rule for problem in well.problems] == [Rule.SINGLE_TRACKER]
    assert well.why == private.why == ""
    assert [placement.tier for placement in backup.torrent.placements] == [0, 1]
    assert keyed.tracker.shown_url == parse_tracker(scenes.KEYED).shown_url
    assert "0123456789abcdef" not in keyed.tracker.url


def test_what_was_forgiven_is_seen_by_the_exit_code():
    scene = scenes.failed_over_scene()
    assert [read(document(scene, fail_on=fail_on)).fail_on for fail_on in FailOn] == [
        FailOn.WARNING,
        FailOn.CRITICAL,
        FailOn.CRITICAL,
    ]


def test_with_only_problems_the_well_ones_are_counted():
    report = read(document(only_problems=True))
    assert len(report.torrents) == 2
    assert report.torrents_by_verdict == {Verdict.WARNING: 1, Verdict.UNKNOWN: 1, Verdict.OK: 1}
    backup = report.torrents[0]
    assert backup.failover.active.host_port == "tracker.example.org:1337"
    assert backup.answers[1].tracker_index == -1


@pytest.mark.parametrize(
    ("url", "known"),
    [
        ("https://tracker.example.org/…/announce", ("https", "tracker.example.org", 443)),
        ("http://…@t.example.org:8080?passkey=…", ("http", "t.example.org", 8080)),
        ("udp://[2001:db8::1]:6969/announce", ("udp", "2001:db8::1", 6969)),
        ("http://[2001:db8::1]/announce", ("http", "2001:db8::1", 80)),
    ],
)
def test_trackers_that_only_torrents_name_are_known_by_their_url(url, known):
    written = document()
    written["torrents"][0]["trackers"][0] |= {"tracker": "00000000aa", "url": url}
    tracker = read(written).torrents[0].answers[0].tracker
    assert (tracker.protocol, tracker.host, tracker.port) == known
    assert tracker.shown_url == url


def test_equal_ids_are_one_tracker():
    first, second = read(document()), read(document())
    assert first.trackers[0].tracker is second.trackers[0].tracker
    assert first.trackers[0].tracker is not first.trackers[1].tracker


def test_every_format_renders_what_was_read():
    report = read(document())
    for name in FORMATS:
        try:
            text = "".join(renderer(name)(report, Style()))
        except NotImplementedError:
            continue
        assert text.endswith("\n"), name


def test_an_empty_report_comes_back():
    written = as_json(empty_report("nothing matches", vantage=HERE, duration_s=0.1))
    report = read_report(written, "a.json")
    assert as_json(report) == written
    assert report.verdict is Verdict.UNKNOWN
    assert report.remark


def test_reports_of_earlier_and_later_minor_versions_are_read():
    later = document() | {"schema": "trackerwatch.report/1.2", "weather": {"fine": [1]}}
    later["trackers"][0]["mood"] = "grumpy"
    assert len(read(later).torrents) == 3
    earlier = document()
    for key in ("title", "command", "filter", "policy", "collections", "changes", "quorum"):
        earlier.pop(key, None)
    for row in earlier["trackers"]:
        for key in ("down_for", "muted", "disabled", "interval_wish_s", "added", "own", "flapping"):
            row.pop(key, None)
    for row in earlier["torrents"]:
        for key in ("collection", "last_seeder_at"):
            row.pop(key, None)
    report = read(earlier)
    assert (report.title, report.policy, report.quorum, dict(report.collections)) == ("", None, None, {})
    assert report.trackers[0].muted is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "a.json: is empty: did the run that was to write it fail?"),
        (b" \n", "a.json: is empty: did the run that was to write it fail?"),
        (b"CRITICAL  1 of 2 torrents", "a.json: is no JSON; give it a report of --format json"),
        (b"\xff\x00\xff\xfe\xfd", "a.json: is no text (UTF-8)"),
        (b"\x80\x81", "a.json: is no text (UTF-8)"),
        (b"[]", "a.json: is no report: a list instead of an object"),
        (b"[" * 100_000, "a.json: is nested too deeply for a report"),
        (b'{"a": ' * 100_000, "a.json: is nested too deeply for a report"),
        (b'{"a": 1}\n{"a": 2}\n', "holds several JSON documents; give it one report, of --format json or jsonl"),
        (b'{"type": "report"}\n[]\n', "is cut off: its last line (end) is missing"),
        (b'{"type": "report"}\n{"type": "tor', "line 2 is no JSON, or cut off"),
        (b'{"type": "report"}\n' + b"[" * 50_000, "line 2 is no JSON, or cut off"),
        (b'{"schema": "trackerwatch.report/2"}', "its schema is 'trackerwatch.report/2'; this version reads"),
        (b'{"schema": "trackerwatch.history/1"}', "its schema is 'trackerwatch.history/1'; this version reads"),
        (b'{"schema": "<script>alert(1)</script>"}', "a.json: its schema is of something else"),
        (b'{"a": 1}', "a.json: is JSON, but no report of trackerwatch: it has no schema"),
        (b'{"a": NaN}', "a.json: is no JSON: NaN is no number"),
        (b'{"a": ' + b"9" * 10_000 + b"}", "a.json: is no JSON: "),
        (b'{"a": 1,}', "a.json: is no JSON: "),
    ],
)
def test_what_is_no_report_is_told_in_one_line(text, said):
    with pytest.raises(ReportError, match=r"^a\.json: ") as caught:
        read_report(text, "a.json")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert str(caught.value) == f"a.json: {caught.value.reason}"


def test_a_report_cut_off_anywhere_is_told_of():
    whole = as_json(report_on(scenes.failed_over_scene()))
    for end in range(1, len(whole) - 3, 97):
        with pytest.raises(ReportError, match=r"^a\.json: "):
            read_report(whole[:end], "a.json")
    with pytest.raises(ReportError, match="is cut off: its JSON ends in the middle"):
        read_report(whole[: len(whole) // 2 - 1].rstrip("}]"), "a.json")


def test_too_much_is_refused_before_it_is_parsed():
    with pytest.raises(ReportError, match="larger than 64 MiB"):
        read_report(b" " * (MAX_BYTES + 1), "a.json")
    with pytest.raises(ReportError, match="more than 4,000,000 values"):
        read_report("[" + "[]," * 2_000_001 + "0]", "a.json")


def test_what_a_windows_shell_writes_is_read():
    text = as_json(report_on(scenes.failed_over_scene()))
    assert as_json(read_report(text.encode("utf-16"), "a.json")) == text
    assert as_json(read_report(b"\xef\xbb\xbf" + text.encode(), "a.json")) == text


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("generated_at",), "yesterday", "generated_at: 'yesterday' is not a time like 2026-11-22T14:02:11Z"),
        (("generated_at",), "0001-01-01T00:00:00+14:00", "generated_at: "),
        (("generated_at",), "2026-13-01T00:00:00Z", "generated_at: "),
        (("duration_s",), True, "duration_s: true is not a number of seconds"),
        (("duration_s",), -1, "duration_s: -1 is not a number of seconds"),
        (("duration_s",), 1e300, "duration_s: "),
        (("vantage",), [], "vantage: a list is not an object"),
        (("vantage", "id"), "me", "vantage.id: 'me' is not the UUID of a vantage"),
        (("summary", "exit_code"), 4, "summary.exit_code: 4 is not a whole number from 0 to 3"),
        (("summary", "torrents"), 10**30, "summary.torrents: a number that large is not a whole number"),
        (("summary", "verdict"), "fine", "summary.verdict: 'fine' is not one of ok, unknown, warning, critical;"),
        (("trackers",), {}, "trackers: an object is not a list"),
        (("trackers", 1), None, "trackers[1]: null is not an object"),
        (("trackers", 1, "id"), "XYZ", "trackers[1].id: 'XYZ' is not the id of a tracker"),
        (("trackers", 1, "port"), 0, "trackers[1].port: 0 is not a whole number from 1 to 65535"),
        (("trackers", 1, "port"), True, "trackers[1].port: true is not a whole number"),
        (("trackers", 0, "endpoints", 0, "address"), "here", "trackers[0].endpoints[0].address: 'here' is not an IP"),
        (
            ("trackers", 0, "endpoints", 0, "failure", "kind"),
            [],
            "trackers[0].endpoints[0].failure.kind: a list is not",
        ),
        (("trackers", 0, "reasons"), ["<b>"], "trackers[0].reasons: '<b>' is no reason's code"),
        (("torrents", 0, "info_hash"), "ff", "torrents[0].info_hash: 'ff' is not 40 hex digits"),
        (("torrents", 0, "name"), 7, "torrents[0].name: 7 is not a text"),
        (("torrents", 0, "seeders"), -1, "torrents[0].seeders: -1 is not a whole number"),
        (("torrents", 0, "seeders"), 1.5, "torrents[0].seeders: 1.5 is not a whole number"),
        (("torrents", 0, "failover", "active"), "0123456789", "torrents[0].failover.active: there is no tracker"),
        (("problems", 0, "rule"), "new_rule", "is not one of exhausted, "),
        (("problems", 0, "rule"), "new_rule", "was it made by a newer trackerwatch?"),
        (("skipped",), None, "skipped: null is not a list"),
    ],
)
def test_a_wrong_value_is_named_with_its_place(path, value, said):
    written = document()
    at = written
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    with pytest.raises(ReportError) as caught:
        read(written)
    assert said in str(caught.value)
    assert str(caught.value).startswith("a.json: ")


def test_what_is_missing_is_named_with_its_place():
    written = document()
    del written["torrents"][1]["failover"]["state"]
    with pytest.raises(
        ReportError, match=r"^a\.json: torrents\[1\].failover.state: is missing; it should be one of prim"
    ):
        read(written)


def test_things_listed_twice_are_refused():
    written = document()
    written["trackers"].append(written["trackers"][0])
    with pytest.raises(ReportError, match=r"trackers\[3\].id: [0-9a-f]{10} is listed twice"):
        read(written)
    written = document()
    written["torrents"].append(written["torrents"][0])
    with pytest.raises(ReportError, match="two of them have the same info hash"):
        read(written)


def test_foreign_text_comes_in_clean():
    written = document()
    written["torrents"][0]["name"] = "a\x1b[31mred\u202e\nname\ud800"
    written["trackers"][0]["url"] = (
        "https://u:secret@t.example.org/0123456789abcdef0123456789abcdef/announce?key=abcdef"
    )
    written["trackers"][0]["id"] = "00000000bb"
    written["problems"][0]["message"] = "x" * 10_000
    written["vantage"]["name"] = "ci\r\n::error::us"
    report = read(written)
    assert report.torrents[0].torrent.name == "ared name"
    assert report.trackers[0].tracker.shown_url == "https://…@t.example.org/…/announce?key=…"
    assert len(report.problems[0].message) == 4000
    assert report.vantage.name == "ci ::error::us"


SPLINTERS = (
    None,
    True,
    -1,
    0,
    1.5,
    1e308,
    2**70,
    "",
    "x",
    "\x1b]0;\x07",
    "2026-11-22T14:02:11Z",
    [],
    [None],
    {},
    {"a": 1},
)


def mutated(value, chance: random.Random, rate: float):
    if chance.random() < rate:
        return chance.choice(SPLINTERS)
    if isinstance(value, dict):
        return {key: mutated(item, chance, rate) for key, item in value.items() if chance.random() > rate / 4}
    if isinstance(value, list):
        return [mutated(item, chance, rate) for item in value]
    return value


def test_no_mutation_of_a_document_raises_anything_else():
    good = document(ordered_scene()), document()
    chance = random.Random(20261122)
    said = []
    for _ in range(400):
        bad = mutated(chance.choice(good), chance, chance.choice((0.002, 0.01, 0.1)))
        try:
            report = read(bad)
        except ReportError as error:
            said.append(str(error))
        else:
            # What is taken can be written again, and read again.
            again = as_json(report)
            assert as_json(read_report(again, "a.json")) == again
    assert 100 < len(said) < 400
    assert all(line.startswith("a.json: ") and line.isprintable() for line in said)


def test_bytes_flipped_raise_nothing_else():
    good = bytearray(as_json(report_on(scenes.failed_over_scene())).encode())
    chance = random.Random(7)
    said = []
    for _ in range(300):
        bad = good[:]
        for _ in range(chance.randint(1, 4)):
            bad[chance.randrange(len(bad))] = chance.randrange(256)
        try:
            report = read_report(bytes(bad), "a.json")
        except ReportError as error:
            said.append(str(error))
        else:
            as_json(report)
    assert said
    assert all(line.isprintable() for line in said)


def test_a_tracker_of_a_report_shows_what_it_was_told():
    tracker = tracker_from_report(
        "00000000cc", "udp://[2001:db8::1]:6969/", parse_tracker(scenes.UP).protocol, "2001:db8::1", 6969
    )
    assert (tracker.host_port, tracker.secrets, tracker.id) == ("[2001:db8::1]:6969", (), "00000000cc")


def test_words_for_failures_are_worked_out():
    written = document()
    row = written["torrents"][0]
    row["trackers"][0]["scrape"] = {
        "state": "skipped",
        "latency_s": None,
        "failure": None,
        "observed_at": None,
        "source": None,
    }
    assert read(written).torrents[0].answers[0].scrape == ScrapeView(scenes.AskState.SKIPPED)
    # A tracker that is down says why for all that list it.
    assert read(written).torrents[0].why == "tracker.foo.org connection refused; last one left"
    written["trackers"][0]["state"] = "up"
    assert read(written).torrents[0].why == "tracker.foo.org failed; last one left"
    written["trackers"][0]["state"] = "down"
    written["trackers"][0]["endpoints"] = []
    written["trackers"][0]["reasons"] = ["dns_nxdomain"]
    assert read(written).trackers[0].failure == Failure(FailureKind.DNS_NXDOMAIN)
    written["torrents"][0]["failover"]["state"] = "exhausted"
    assert read(written).trackers[0].effect == Effect(0, 0, 1, 0)
    assert read(written).torrents[0].failover.state is FailoverState.EXHAUSTED
    assert isinstance(read(written).problems[0], Problem)
    assert read(written).problems[0].severity is Severity.WARNING


def test_rows_that_hold_the_same_are_read_once_and_told_apart_by_every_value():
    doc = document()
    torrent = doc["torrents"][0]
    first, second = (dict(torrent["trackers"][0], tier=tier) for tier in (0, 1))
    other = dict(first, tier=2, announce={**first["announce"], "peers": 7})
    torrent["trackers"] = [first, second, other]
    seen = read(doc).torrents[0].answers
    assert seen[0].announce is seen[1].announce
    # With a failure in it a row is more than single values, and read for itself.
    assert seen[0].scrape is not seen[1].scrape
    assert seen[0].scrape == seen[1].scrape == seen[2].scrape
    assert seen[0].announce.peers is None
    assert seen[2].announce.peers == 7


def test_true_is_no_number_of_peers_where_one_was_read_before():
    doc = document()
    torrent = doc["torrents"][0]
    row = torrent["trackers"][0]
    torrent["trackers"] = [dict(row, announce={**row["announce"], "peers": peers}) for peers in (1, True)]
    with pytest.raises(ReportError, match=r"torrents\[0\]\.trackers\[1\]\.announce\.peers: true is not a whole number"):
        read(doc)


def test_what_a_report_calls_a_tracker_changes_none_that_is_asked():
    live = parse_tracker("https://live.example/announce")
    lying = tracker_from_report(live.id, "udp://elsewhere.example:1/", live.protocol, "elsewhere.example", 1)
    doc = document()
    for row in doc["trackers"]:
        row["url"] = f"udp://elsewhere.example:{row['port']}/"
    told = read(doc)
    assert lying is not live
    for url in (scenes.UP, scenes.KEYED, "https://live.example/announce"):
        asked = parse_tracker(url)
        assert "elsewhere" not in asked.shown_url + asked.url + asked.host
    ids = {parse_tracker(url).id for url in (scenes.UP, scenes.KEYED)}
    assert not {parse_tracker(url) for url in (scenes.UP, scenes.KEYED)} & {v.tracker for v in told.trackers}
    assert ids <= {view.tracker.id for view in told.trackers}
