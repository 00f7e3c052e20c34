"""The report as JUnit XML, read back by junitparser and by the XML parser of the standard library."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from junitparser import Error, Failure, JUnitXml, Skipped

from tests.reports import scenes
from tests.reports.test_building import HERE, down_problem, report_on, well_scene
from trackerwatch.engine.views import Disabled, Mute, OrderSource
from trackerwatch.escaping import xml_text
from trackerwatch.failover import Role
from trackerwatch.health import Health
from trackerwatch.outcome import NOTHING_KNOWN, FailureKind, SwarmCounts
from trackerwatch.policy.rules import Rule, Severity, Verdict
from trackerwatch.reports import Style
from trackerwatch.reports.building import empty_report
from trackerwatch.reports.junit import render
from trackerwatch.reports.rows import FailOn, Quorum, SkippedInput, Subject, Vote

ATTRIBUTES = {
    "testsuites": {"name", "tests", "failures", "errors", "skipped", "time"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time", "timestamp", "hostname"},
    "testcase": {"classname", "name", "time"},
    "failure": {"type", "message"},
    "error": {"type", "message"},
    "skipped": {"message"},
    "system-out": set(),
}
"""What Jenkins and GitLab read of each element."""
INSIDE = {
    "testsuites": {"testsuite"},
    "testsuite": {"testcase"},
    "testcase": {"failure", "error", "skipped", "system-out"},
}


def document(report):
    """The document by junitparser, after its form and its sums are checked."""
    text = "".join(render(report, Style()))
    root = ET.fromstring(text)
    assert root.tag == "testsuites"
    for element in root.iter():
        assert set(element.attrib) == ATTRIBUTES[element.tag]
        assert {child.tag for child in element} <= INSIDE.get(element.tag, set())
        if element.tag == "testcase":
            assert len(element) <= 1
        if element.tag.startswith("testsuite"):
            found = {tag: len(list(element.iter(tag))) for tag in ("testcase", "failure", "error", "skipped")}
            told = {name: int(element.get(name)) for name in ("tests", "failures", "errors", "skipped")}
            assert list(told.values()) == list(found.values())
    names = [suite.get("name") for suite in root]
    assert len(set(names)) == len(names)
    fails = int(root.get("failures")) + int(root.get("errors")) > 0
    assert fails is (report.exit_code != 0), "the document agrees with the exit code"
    return JUnitXml.fromstring(text.encode())


def suites(report):
    """Results by suite and case: `passed`, or what the case holds."""
    told = {}
    for suite in document(report):
        for case in suite:
            told.setdefault(suite.name, {})[case.name] = case.result[0] if case.result else "passed"
    return told


def test_a_release_with_a_problem():
    report = report_on(scenes.failed_over_scene(), skipped=[SkippedInput("bad.torrent", "not bencode")])
    report = replace(report, title="release 13.2")
    read = document(report)
    assert read.name.startswith("WARNING release 13.2: 1 of 3 torrents has a problem")
    assert (read.tests, read.failures, read.errors, read.skipped, read.time) == (7, 3, 0, 2, 7.4)
    told = suites(report)
    assert list(told) == ["release 13.2", "trackers", "inputs"]
    failure = told["release 13.2"]["dataset-imaging-v3"]
    assert isinstance(failure, Failure)
    assert failure.type == "failed_over"
    assert failure.message == report.torrents[0].problems[0].message
    assert "do: check tracker.foo.org:6969, or list a second tracker in tier 0" in failure.text
    assert "evidence: tracker.foo.org:6969 connection refused" in failure.text
    assert told["release 13.2"]["distro-13.2-netinst.iso"] == "passed"
    secret = told["release 13.2"]["secret"]
    assert isinstance(secret, Skipped)
    assert secret.message == "not judged: private, not asked"
    assert told["trackers"]["udp://tracker.foo.org:6969/announce"].type == "tracker_down"
    assert told["trackers"]["udp://tracker.example.org:1337/announce"] == "passed"
    assert isinstance(told["trackers"]["https://private.example.net/…/announce"], Skipped)
    assert told["inputs"]["bad.torrent"].message == "not bencode"


def test_a_suite_for_each_collection():
    report = report_on(scenes.failed_over_scene())
    first, second, _ = (view.torrent.info_hash_hex for view in report.torrents)
    told = suites(
        replace(
            report,
            collection_of={first: "data", second: "release"},
            collections={"release": {Verdict.OK: 1}, "data": {Verdict.WARNING: 1}},
        )
    )
    assert list(told) == ["release", "data", "in no collection", "trackers"]
    assert list(told["data"]) == ["dataset-imaging-v3"]
    assert [case.classname for suite in document(report) for case in suite][:3] == ["torrents"] * 3


def test_what_is_forgiven_is_output():
    report = report_on(
        scenes.failed_over_scene(), fail_on=FailOn.CRITICAL, skipped=[SkippedInput("bad", "not bencode")]
    )
    assert (report.verdict, report.exit_code) == (Verdict.WARNING, 0)
    read = document(report)
    assert read.failures == read.errors == 0
    outputs = [case.system_out for suite in read for case in suite if case.system_out]
    assert len(outputs) == 3
    assert outputs[0].startswith("warning: failed_over: tier 0 failed")
    assert outputs[2].startswith("not bencode")


def critical_scene():
    gone = scenes.torrent("gone", [scenes.UP])
    lone = scenes.torrent("lone", [scenes.UP])
    none = scenes.problem(Rule.NO_SEEDERS, "nobody seeds it", "seed it", of=gone)
    one = scenes.problem(Rule.ONE_SEEDER, "one seeder", "add another", of=lone)
    return scenes.snapshot(
        [
            scenes.seen(gone, Verdict.CRITICAL, counts=SwarmCounts(0, 1, 2), problems=(none,)),
            scenes.seen(lone, Verdict.WARNING, counts=SwarmCounts(1, 1, 2), problems=(one,)),
        ],
        [scenes.tracker(scenes.UP)],
    )


@pytest.mark.parametrize(
    ("fail_on", "failed"),
    [(FailOn.WARNING, ["gone", "lone"]), (FailOn.CRITICAL, ["gone"]), (FailOn.NONE, [])],
)
def test_failures_are_what_fail_on_says(fail_on, failed):
    told = suites(report_on(critical_scene(), fail_on=fail_on))["torrents"]
    assert [name for name, result in told.items() if isinstance(result, Failure)] == failed


def test_all_is_well():
    read = document(report_on(well_scene()))
    assert (read.tests, read.failures, read.errors, read.skipped) == (2, 0, 0, 0)
    assert read.name == "OK 1 torrent is ready"


def test_all_is_well_and_nothing_is_listed():
    told = suites(report_on(well_scene(), only_problems=True))
    assert told == {"run": {"verdict": told["run"]["verdict"]}}, "no case at all is taken for a run that broke"


def test_nothing_is_known():
    listed = scenes.torrent("a", [scenes.UP])
    scene = scenes.snapshot(
        [scenes.seen(listed, Verdict.UNKNOWN, working=0)], [scenes.tracker(scenes.UP, Health.UNKNOWN, endpoints=())]
    )
    told = suites(report_on(scene))
    assert isinstance(told["torrents"]["a"], Skipped)
    assert isinstance(told["run"]["verdict"], Error)
    assert told["run"]["verdict"].type == "unknown"


def test_nothing_to_report():
    told = suites(empty_report("nothing matches the filter", vantage=HERE, duration_s=0.0))
    assert list(told) == ["run"]
    assert told["run"]["verdict"].message == "nothing matches the filter"


def test_a_problem_of_the_run():
    ours = scenes.problem(Rule.IMPLAUSIBLE, "the clock is wrong", "set it")
    scene = well_scene()
    told = suites(report_on(replace(scene, tracker_problems=(ours,))))
    assert told["run"]["implausible"].message == "the clock is wrong"


def test_a_check():
    scene = scenes.snapshot(
        [],
        [
            scenes.tracker(scenes.DEAD, Health.DOWN, failure=scenes.refused()),
            replace(scenes.tracker("udp://slow.example:80", Health.DEGRADED), reasons=("slow",)),
            replace(scenes.tracker("udp://muted.example:80", Health.DOWN), muted=Mute(None, "")),
            replace(scenes.tracker("udp://off.example:80", Health.UNKNOWN), disabled=Disabled("", OrderSource.HAND)),
            scenes.tracker(scenes.UP),
        ],
        (down_problem(scenes.DEAD),),
    )
    (told,) = suites(report_on(scene, subject=Subject.TRACKERS)).values()
    results = {name: getattr(result, "message", result) for name, result in told.items()}
    assert results == {
        "udp://tracker.foo.org:6969/announce": "is down",
        "udp://muted.example:80": "muted by you",
        "udp://slow.example:80": "slow",
        "udp://off.example:80": "switched off by you",
        "udp://tracker.example.org:1337/announce": "passed",
    }


def test_a_problem_of_a_tracker_that_is_up_and_not_listed():
    expiry = replace(down_problem(scenes.UP), rule=Rule.TLS_EXPIRY, message="its certificate ends in 2 days")
    told = suites(report_on(replace(well_scene(), tracker_problems=(expiry,)), only_problems=True))
    assert [result.message for result in told["trackers"].values()] == ["its certificate ends in 2 days"]


def test_cases_and_suites_of_one_name_are_told_apart():
    first = scenes.torrent("same", [scenes.UP])
    second = replace(scenes.torrent("other", [scenes.UP]), name="same")
    keyed = [
        "https://x.example/0123456789abcdef0123456789abcdef/announce",
        "https://x.example/f" + "e" * 31 + "/announce",
    ]
    scene = scenes.snapshot([scenes.seen(first), scenes.seen(second)], [scenes.tracker(url) for url in keyed])
    report = replace(report_on(scene, skipped=[SkippedInput("a", "b"), SkippedInput("a", "c")]), title="trackers")
    told = suites(report)
    assert list(told) == ["trackers (torrents)", "trackers", "inputs"]
    assert list(told["trackers (torrents)"]) == [
        f"same ({first.info_hash_hex[:8]})", f"same ({second.info_hash_hex[:8]})",
    ]  # fmt: skip
    assert list(told["trackers"]) == [f"https://x.example/…/announce ({view.tracker.id})" for view in report.trackers]
    assert list(told["inputs"]) == ["a (input 1)", "a (input 2)"]


def test_cases_are_told_apart_whatever_becomes_of_them():
    first, second, third = (
        replace(scenes.torrent(name, [scenes.UP]), name="same") for name in ("first", "second", "third")
    )
    third = replace(third, name=f"same ({first.info_hash_hex[:8]})")
    views = [scenes.seen(one, Verdict.UNKNOWN) for one in (first, second, third)]
    told = suites(report_on(scenes.snapshot(views, [scenes.tracker(scenes.UP)])))["torrents"]
    one, two, three = (torrent.info_hash_hex[:8] for torrent in (first, second, third))
    assert list(told) == [f"same ({one}) ({one})", f"same ({two})", f"same ({one}) ({three})"]
    assert {type(result) for result in told.values()} == {Skipped}


def unknown_of(kind=None, *, role=Role.FAILED, problems=(), trackers=None, counts=NOTHING_KNOWN, quorum=None):
    """Why JUnit says that a torrent was not judged."""
    listed = scenes.torrent("a", [scenes.UP])
    failure = None if kind is None else scenes.refused(kind, "")
    answers = () if role is None else (scenes.answer(listed, scenes.UP, role, counts, failure),)
    lonely = scenes.problem(Rule.SINGLE_TRACKER, "lists a single independent tracker", "list another", of=listed)
    view = scenes.seen(listed, Verdict.UNKNOWN, counts=counts, working=0, answers=answers, problems=(*problems, lonely))
    report = report_on(scenes.snapshot([view], [scenes.tracker(scenes.UP)] if trackers is None else trackers))
    return suites(replace(report, quorum=quorum))["torrents"]["a"].message


def test_a_torrent_that_was_not_judged_says_why_and_not_what_else_there_is_to_say():
    private = scenes.problem(Rule.PRIVATE_NOT_ASKED, "private torrent, not asked", "ask")
    silent = scenes.tracker(scenes.UP, Health.UNKNOWN, failure=scenes.refused(FailureKind.LOCAL_OFFLINE, ""))
    off = replace(scenes.tracker(scenes.UP), disabled=Disabled("", OrderSource.CONFIG))
    vote = Vote(HERE, scenes.NOW, fresh=False, verdict=Verdict.OK)
    assert unknown_of(FailureKind.BLOCKED) == "not judged: blocked, not public"
    assert unknown_of(FailureKind.TIMEOUT) == "not judged: timeout"
    assert unknown_of(None, role=Role.UNTRIED) == "not judged: no answer in time"
    assert unknown_of(None, role=Role.UNTRIED, trackers=[silent]) == "not judged: we are offline"
    assert unknown_of(None, role=Role.UNTRIED, trackers=[off]) == "not judged: switched off by you"
    assert unknown_of(None, role=Role.UNTRIED, trackers=[replace(silent, failure=None, last_probe_at=None)]) == (
        "not judged: nothing known of the trackers"
    )
    assert unknown_of(None, role=Role.BACKUP) == "not judged: no tracker told the seeders"
    leechers = SwarmCounts(None, 3, None)
    assert unknown_of(None, role=Role.BACKUP, counts=leechers) == (
        "not judged: no tracker told the seeders, which the policy asks for"
    )
    assert unknown_of(None, role=Role.ACTIVE, counts=SwarmCounts(3, 0, 0)) == (
        "not judged: too little is known for what the policy asks"
    )
    assert unknown_of(None, role=None) == "not judged: nothing known of the trackers"
    assert unknown_of(None, role=None, problems=(private,)) == "not judged: private, not asked"
    assert unknown_of(None, role=None, quorum=Quorum(2, (vote,), {})) == "not judged: too few fresh vantages"


def test_what_a_policy_makes_a_remark_is_output():
    listed = scenes.torrent("a", [scenes.UP])
    few = replace(
        scenes.problem(Rule.MIN_SEEDERS, "1 seeder (a remark until 2027)", "do", of=listed), severity=Severity.INFO
    )
    lonely = scenes.problem(Rule.SINGLE_TRACKER, "lists a single independent tracker", "do", of=listed)
    scene = scenes.snapshot([scenes.seen(listed, problems=(few, lonely))], [scenes.tracker(scenes.UP)])
    (case,) = next(iter(document(report_on(scene))))
    assert (case.result, case.system_out) == ([], "info: min_seeders: 1 seeder (a remark until 2027)")


@pytest.mark.parametrize("name", ["<script>", "]]>", 'a"b', "a&b", "a\x00b\x1b[31m", "\ud800x\ufffe", "日本語", "&#0;"])
def test_names_survive(name):
    scene = scenes.snapshot([scenes.seen(scenes.torrent(name, [scenes.UP]))], [scenes.tracker(scenes.UP)])
    told = suites(report_on(scene))
    sayable = "".join(c for c in name if c not in "\x00\x1b\ud800\ufffe")
    assert list(told["torrents"]) == [sayable]


@given(st.text())
def test_any_text_is_read_back(text):
    sayable = re.sub("[^\\t\\n\\r\\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text)
    element = ET.fromstring(f'<a b="{xml_text(text)}">{xml_text(text)}</a>')
    assert (element.text or "") == sayable
    assert element.get("b") == sayable.replace("\n", " ")
