from __future__ import annotations

from dataclasses import replace

import pytest

from tests.reports import scenes
from trackerwatch.engine.views import Mute, OrderSource
from trackerwatch.health import Health
from trackerwatch.outcome import SwarmCounts
from trackerwatch.policy.rules import Rule, Severity, Verdict
from trackerwatch.reports.building import build_report, empty_report
from trackerwatch.reports.rows import FailOn, Report, SkippedInput, Subject, Vantage
from trackerwatch.tracker import parse_tracker

HERE = Vantage("6f2a1d52-8e0b-4a6d-9f86-0d8f5cbe0a11", "vps7")


def report_on(scene, **more) -> Report:
    return build_report(scene, vantage=HERE, duration_s=7.4, **more)


def well_scene():
    well = scenes.torrent("well", [scenes.UP])
    return scenes.snapshot(
        [scenes.seen(well, counts=SwarmCounts(5, 1, 2), active=scenes.UP)], [scenes.tracker(scenes.UP)]
    )


def down_problem(url: str):
    return scenes.problem(Rule.TRACKER_DOWN, "is down", "see why", at=parse_tracker(url))


def test_the_run_is_as_bad_as_its_worst_part():
    report = report_on(scenes.failed_over_scene())
    assert (report.verdict, report.exit_code) == (Verdict.WARNING, 1)
    assert report.torrents_by_verdict == {Verdict.WARNING: 1, Verdict.OK: 1, Verdict.UNKNOWN: 1}
    assert report.trackers_by_state == {Health.UP: 1, Health.DEGRADED: 0, Health.DOWN: 1, Health.UNKNOWN: 1}
    assert report.not_judged == 2
    assert [p.rule for p in report.problems] == [
        Rule.TRACKER_DOWN,
        Rule.FAILED_OVER,
        Rule.SINGLE_TRACKER,
        Rule.PRIVATE_NOT_ASKED,
    ]


def test_trackers_that_left_while_somebody_watched_are_no_part_of_it():
    scene = well_scene()
    left = replace(scenes.tracker(scenes.DEAD, index=1), retired=True)
    report = report_on(replace(scene, trackers=(*scene.trackers, left)))
    assert [view.tracker for view in report.trackers] == [scene.trackers[0].tracker]


def test_all_well():
    report = report_on(well_scene())
    assert (report.verdict, report.exit_code, report.problems, report.not_judged) == (Verdict.OK, 0, (), 0)


def test_unknown_counts_only_where_nothing_is_worse():
    unknown = scenes.seen(scenes.torrent("a", [scenes.UP]), Verdict.UNKNOWN)
    ok = scenes.seen(scenes.torrent("b", [scenes.UP]))
    assert report_on(scenes.snapshot([unknown, ok], [scenes.tracker(scenes.UP)])).exit_code == 3
    warning = scenes.seen(scenes.torrent("c", [scenes.UP]), Verdict.WARNING)
    assert report_on(scenes.snapshot([unknown, warning], [scenes.tracker(scenes.UP)])).exit_code == 1
    critical = scenes.seen(scenes.torrent("d", [scenes.UP]), Verdict.CRITICAL)
    assert report_on(scenes.snapshot([warning, critical], [scenes.tracker(scenes.UP)])).exit_code == 2


def test_a_tracker_that_is_down_is_a_problem_of_the_run_although_every_torrent_is_well():
    scene = scenes.snapshot(
        [scenes.seen(scenes.torrent("well", [scenes.UP], [scenes.DEAD]))],
        [scenes.tracker(scenes.UP), scenes.tracker(scenes.DEAD, Health.DOWN, failure=scenes.refused())],
        (down_problem(scenes.DEAD),),
    )
    assert report_on(scene).exit_code == 1


def test_a_skipped_input_makes_it_a_warning_at_least():
    report = report_on(well_scene(), skipped=[SkippedInput("bad\x1b[31m.torrent", "not bencode")])
    assert (report.verdict, report.exit_code) == (Verdict.WARNING, 1)
    (problem,) = report.problems
    assert (problem.rule, problem.severity) == (Rule.SKIPPED_INPUT, Severity.WARNING)
    assert problem.message == "bad.torrent: not bencode; it is not part of this report"
    again = report_on(well_scene(), skipped=[SkippedInput("bad\x1b[31m.torrent", "not bencode")])
    assert again.problems[0].id == problem.id


def test_a_selection_brings_its_trackers_and_its_problems_alone():
    report = report_on(scenes.failed_over_scene(), selected=[1])
    assert [view.torrent.name for view in report.torrents] == ["distro-13.2-netinst.iso"]
    assert [view.tracker.host for view in report.trackers] == ["tracker.example.org"]
    assert [problem.rule for problem in report.problems] == [Rule.SINGLE_TRACKER]
    assert (report.verdict, report.exit_code) == (Verdict.OK, 0)


def test_an_empty_selection_is_unknown():
    report = report_on(scenes.failed_over_scene(), selected=[], fail_on=FailOn.NONE)
    assert (report.verdict, report.exit_code, report.torrents, report.trackers) == (Verdict.UNKNOWN, 3, (), ())


def test_nothing_to_look_at_is_3_also_where_inputs_were_skipped():
    report = empty_report(
        "no usable input", vantage=HERE, duration_s=0.1, skipped=[SkippedInput("x.torrent", "truncated")]
    )
    assert (report.verdict, report.exit_code) == (Verdict.UNKNOWN, 3)
    assert [problem.rule for problem in report.problems] == [Rule.SKIPPED_INPUT]


def test_only_problems_lists_less_and_judges_the_same():
    everything, trimmed = (report_on(scenes.failed_over_scene(), only_problems=only) for only in (False, True))
    assert [view.torrent.name for view in trimmed.torrents] == ["dataset-imaging-v3", "secret"]
    assert [view.tracker.host for view in trimmed.trackers] == ["tracker.foo.org", "private.example.net"]
    assert trimmed.verdict == everything.verdict
    assert trimmed.problems == everything.problems
    assert trimmed.torrents_judged == everything.torrents_judged == 3
    assert trimmed.trackers_judged == everything.trackers_judged == 3


@pytest.mark.parametrize(
    ("states", "code"),
    [
        ([Health.UP], 0),
        ([Health.UP, Health.DOWN], 1),
        ([Health.UP, Health.DEGRADED], 1),
        ([Health.UP, Health.UNKNOWN], 3),
        ([Health.UNKNOWN, Health.DOWN], 1),
        ([Health.DOWN], 2),
        ([Health.DOWN, Health.DOWN], 2),
        ([Health.UNKNOWN], 3),
    ],
)
def test_check(states, code):
    urls = [scenes.UP, scenes.DEAD][: len(states)]
    trackers = [scenes.tracker(url, state, torrents=0) for url, state in zip(urls, states, strict=True)]
    problems = tuple(down_problem(url) for url, state in zip(urls, states, strict=True) if state is Health.DOWN)
    report = report_on(scenes.snapshot([], trackers, problems), subject=Subject.TRACKERS)
    assert report.exit_code == code
    assert all(
        problem.severity is (Severity.CRITICAL if code == 2 else Severity.WARNING) for problem in report.problems
    )


def blind_scene(**more):
    """Two torrents and their tracker, of which nothing is known."""
    views = [scenes.seen(scenes.torrent(name, [scenes.UP]), Verdict.UNKNOWN, working=0) for name in ("a", "b")]
    return scenes.snapshot(views, [scenes.tracker(scenes.UP, Health.UNKNOWN, endpoints=())], **more)


@pytest.mark.parametrize("fail_on", FailOn)
def test_where_nothing_could_be_judged_nothing_is_forgiven(fail_on):
    """Or a machine without a network would find everything well."""
    report = report_on(blind_scene(), fail_on=fail_on)
    assert (report.verdict, report.exit_code) == (Verdict.UNKNOWN, 3)
    skipped = report_on(blind_scene(), fail_on=fail_on, skipped=[SkippedInput("x.torrent", "truncated")])
    assert (skipped.verdict, skipped.exit_code) == (Verdict.WARNING, 1 if fail_on is FailOn.WARNING else 3)


def test_what_was_not_judged_is_forgiven_where_something_was():
    one, other = (scenes.torrent(name, [scenes.UP]) for name in ("a", "b"))
    views = [scenes.seen(one, Verdict.UNKNOWN, working=0), scenes.seen(other, Verdict.CRITICAL)]
    unknown = scenes.tracker(scenes.UP, Health.UNKNOWN, endpoints=())
    assert report_on(scenes.snapshot(views, [unknown]), fail_on=FailOn.NONE).exit_code == 0
    assert report_on(scenes.snapshot(views[:1], [scenes.tracker(scenes.UP)]), fail_on=FailOn.NONE).exit_code == 0
    assert report_on(scenes.snapshot([], [unknown]), subject=Subject.TRACKERS, fail_on=FailOn.NONE).exit_code == 3
    muted = replace(unknown, muted=Mute(None, "", OrderSource.HAND))
    assert report_on(scenes.snapshot([], [muted]), subject=Subject.TRACKERS, fail_on=FailOn.NONE).exit_code == 0
