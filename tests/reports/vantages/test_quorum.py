from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.reports import scenes
from tests.reports.readback.test_reading import mutated
from trackerwatch.engine.views import Effect, Mute
from trackerwatch.errors import ReportError
from trackerwatch.failover import FailoverState, Role
from trackerwatch.filters import parse_filter
from trackerwatch.health import Health
from trackerwatch.outcome import FailureKind, SwarmCounts
from trackerwatch.policy.rules import Rule, Severity, Verdict
from trackerwatch.reports import FORMATS, Style, renderer
from trackerwatch.reports.building import build_report, empty_report
from trackerwatch.reports.readback.reading import read_report
from trackerwatch.reports.rows import FailOn, PolicyNote, Remembered, Report, SkippedInput, Subject, Vantage
from trackerwatch.reports.telling.vantage_words import votes
from trackerwatch.reports.vantages.quorum import Wishes, check_usable, combine
from trackerwatch.tracker import parse_tracker

NOW = scenes.NOW + timedelta(minutes=10)
HERE = Vantage("6f2a1d52-8e0b-4a6d-9f86-0d8f5cbe0a11", "vps7")
NAMES = ("ci-eu", "ci-us", "home", "office", "bunker")
DEAD, UP = (parse_tracker(url).id for url in (scenes.DEAD, scenes.UP))


def vantage(name: str) -> Vantage:
    return Vantage(f"00000000-0000-4000-8000-00000000000{NAMES.index(name)}", name)


def made(name: str, scene, *, age_s: float = 60.0, **more) -> Report:
    """A report as it is read back from the file of a vantage."""
    taken_at = NOW - timedelta(seconds=age_s)
    report = build_report(replace(scene, taken_at=taken_at), vantage=vantage(name), duration_s=2.5, **more)
    return read_report("".join(renderer("json")(report, Style())), f"{name}.json")


def put(*reports: Report, needed: int | None = None, unusable=(), **wishes) -> Report:
    return combine(
        reports, now=NOW, vantage=HERE, wishes=Wishes(needed=needed, max_age_s=1800.0, **wishes), unusable=unusable
    )


IMAGE = scenes.torrent("image", [scenes.DEAD], [scenes.UP])


def up(*, seeders: int = 12):
    """Both trackers work."""
    counts = SwarmCounts(seeders, 3, 100)
    answers = (
        scenes.answer(IMAGE, scenes.DEAD, Role.ACTIVE, counts),
        scenes.answer(IMAGE, scenes.UP, Role.BACKUP, SwarmCounts(2, 1, None)),
    )
    torrent = scenes.seen(IMAGE, counts=counts, active=scenes.DEAD, working=2, answers=answers)
    return scenes.snapshot([torrent], [scenes.tracker(scenes.DEAD), scenes.tracker(scenes.UP)])


def down(kind: FailureKind = FailureKind.REFUSED, *, said: bool = True):
    """The first tracker is down, the torrent runs on its backup. `said`: it is not muted."""
    failure = scenes.refused(kind)
    counts = SwarmCounts(9, 4, 50)
    answers = (
        scenes.answer(IMAGE, scenes.DEAD, Role.FAILED, failure=failure),
        scenes.answer(IMAGE, scenes.UP, Role.ACTIVE, counts),
    )
    over = scenes.problem(Rule.FAILED_OVER, "runs on its backup", "find out why", of=IMAGE)
    torrent = scenes.seen(
        IMAGE,
        Verdict.WARNING if said else Verdict.OK,
        counts=counts,
        state=FailoverState.FAILED_OVER,
        active=scenes.UP,
        answers=answers,
        problems=(over,) if said else (),
    )
    dead = scenes.tracker(scenes.DEAD, Health.DOWN, failure=failure)
    problem = scenes.problem(Rule.TRACKER_DOWN, "is down", "see why", at=parse_tracker(scenes.DEAD))
    return scenes.snapshot(
        [torrent],
        [dead if said else replace(dead, muted=Mute(None, "known")), scenes.tracker(scenes.UP)],
        (problem,) if said else (),
    )


def exhausted():
    """No tracker is left."""
    failure = scenes.refused()
    answers = tuple(scenes.answer(IMAGE, url, Role.FAILED, failure=failure) for url in (scenes.DEAD, scenes.UP))
    torrent = scenes.seen(
        IMAGE,
        Verdict.CRITICAL,
        state=FailoverState.EXHAUSTED,
        working=0,
        answers=answers,
        problems=(scenes.problem(Rule.EXHAUSTED, "no tracker is left", "bring one back", of=IMAGE),),
    )
    downs = tuple(
        scenes.problem(Rule.TRACKER_DOWN, "is down", "see why", at=parse_tracker(url))
        for url in (scenes.DEAD, scenes.UP)
    )
    trackers = [scenes.tracker(url, Health.DOWN, failure=failure) for url in (scenes.DEAD, scenes.UP)]
    return scenes.snapshot([torrent], trackers, downs)


def nothing_known():
    """A vantage that is offline: it was asked, and judges nothing."""
    torrent = scenes.seen(IMAGE, Verdict.UNKNOWN, state=FailoverState.UNKNOWN, working=0)
    trackers = [scenes.tracker(url, Health.UNKNOWN, endpoints=()) for url in (scenes.DEAD, scenes.UP)]
    return scenes.snapshot([torrent], trackers)


def tracker_of(report: Report, tracker_id: str = DEAD):
    return next(view for view in report.trackers if view.tracker.id == tracker_id)


def problems_of(report: Report, *, of_torrents: bool | None = None):
    return [
        (p.rule, p.severity, p.message)
        for p in report.problems
        if of_torrents is None or (p.torrent is not None) is of_torrents
    ]


def test_down_from_two_of_three_is_down():
    report = put(made("ci-eu", down()), made("ci-us", down(FailureKind.TIMEOUT)), made("home", up()))
    dead = tracker_of(report)
    assert (dead.state, dead.reasons, dead.latency_s) == (Health.DOWN, ("refused", "timeout"), None)
    assert dead.effect == Effect(0, 1, 0, 0)
    assert (report.verdict, report.exit_code) == (Verdict.WARNING, 1)
    assert report.quorum.needed == 2
    assert report.quorum.down_for == {DEAD: ("ci-eu", "ci-us")}
    assert problems_of(report) == [
        (
            Rule.TRACKER_DOWN,
            Severity.WARNING,
            (
                "tracker.foo.org:6969 is down from 2 of 3 fresh vantages (needed: 2): ci-eu (refused), "
                "ci-us (timeout); up from home"
            ),
        ),
        (Rule.FAILED_OVER, Severity.WARNING, "runs on its backup; seen from 2 of 3 fresh vantages: ci-eu, ci-us"),
    ]
    assert report.generated_at == NOW
    assert report.vantage == HERE


def test_down_from_one_of_three_is_regional():
    report = put(made("ci-eu", up()), made("ci-us", down(FailureKind.TIMEOUT)), made("home", up()))
    dead = tracker_of(report)
    assert (dead.state, dead.reasons) == (Health.DEGRADED, ("regional", "timeout"))
    assert dead.endpoints[0].state is Health.DEGRADED
    assert (report.verdict, report.exit_code) == (Verdict.OK, 0)
    assert problems_of(report) == [
        (
            Rule.REGIONAL,
            Severity.INFO,
            "tracker.foo.org:6969 is down from 1 of 3 fresh vantages (needed: 2): ci-us (timeout); up from ci-eu, home",
        ),
        (
            Rule.REGIONAL,
            Severity.INFO,
            "failed_over from 1 of 3 fresh vantages (needed: 2): ci-us; not from ci-eu, home; runs on its backup",
        ),
    ]
    assert report.problems[0].action == "compare the network of ci-us with the others': routes, DNS, filters"
    assert report.problems[0].id != report.problems[1].id
    assert report.quorum.down_for == {DEAD: ("ci-us",)}
    assert report.torrents[0].failover.state is FailoverState.PRIMARY
    assert tracker_of(report).effect == Effect(1, 0, 0, 0)


def test_what_is_critical_from_one_alone_is_a_warning():
    report = put(made("ci-eu", exhausted()), made("ci-us", up()), made("home", up()))
    assert (report.verdict, report.exit_code) == (Verdict.WARNING, 1)
    (rule, severity, message), *_ = problems_of(report, of_torrents=True)
    assert (rule, severity) == (Rule.REGIONAL, Severity.WARNING)
    assert message.startswith(
        "exhausted from 1 of 3 fresh vantages (needed: 2): ci-eu; not from ci-us, home; no tracker"
    )
    assert report.torrents[0].why == "regional"
    assert report.torrents[0].failover.active.id == DEAD


def test_all_agree():
    report = put(*(made(name, exhausted()) for name in NAMES[:3]))
    assert (report.verdict, report.exit_code) == (Verdict.CRITICAL, 2)
    assert "no tracker is left; seen from all 3 fresh vantages: ci-eu, ci-us, home" in {
        p.message for p in report.problems
    }
    assert tracker_of(report).effect == Effect(0, 0, 1, 0)
    both = put(made("ci-eu", down()), made("ci-us", down()))
    assert "is down from both fresh vantages: ci-eu (refused), ci-us (refused)" in both.problems[0].message


def test_one_vote_is_enough_where_one_is_asked_for():
    report = put(made("ci-eu", exhausted()), made("ci-us", up()), made("home", up()), needed=1)
    assert (report.verdict, report.exit_code) == (Verdict.CRITICAL, 2)
    assert tracker_of(report).state is Health.DOWN
    # Whose word it is tells of the tiers, too.
    assert report.torrents[0].failover.state is FailoverState.EXHAUSTED
    assert report.torrents[0].counts.seeders == 12


def test_who_says_how_bad_it_is_must_be_enough_as_well():
    critical = replace(down().torrents.views[0].problems[0], severity=Severity.CRITICAL)
    scene = down()
    view = replace(scene.torrents.views[0], problems=(critical,), verdict=Verdict.CRITICAL)
    strict = replace(scene, torrents=scenes.Table([view], scene.torrents.order))
    report = put(made("ci-eu", strict), made("ci-us", down()), made("home", up()))
    assert report.torrents[0].verdict is Verdict.WARNING
    assert put(made("ci-eu", strict), made("ci-us", strict), made("home", up())).verdict is Verdict.CRITICAL


def test_a_stale_report_has_no_vote():
    old = made("home", down(), age_s=3 * 3600)
    report = put(made("ci-eu", down()), made("ci-us", up()), old)
    assert [(vote.vantage.name, vote.fresh) for vote in report.quorum.votes] == [
        ("ci-eu", True),
        ("ci-us", True),
        ("home", False),
    ]
    assert report.quorum.needed == 2
    assert tracker_of(report).state is Health.DEGRADED
    assert report.quorum.down_for == {DEAD: ("ci-eu",)}
    assert report.verdict is Verdict.OK


@pytest.mark.parametrize(("age_s", "fresh"), [(1800, True), (1801, False), (-299, True), (-301, False)])
def test_a_report_is_fresh_for_so_long_and_clocks_may_differ(age_s, fresh):
    report = put(made("ci-eu", up()), made("ci-us", up(), age_s=age_s))
    assert report.quorum.votes[1].fresh is fresh


def test_too_few_fresh_ones_are_no_verdict_whatever_is_forgiven():
    reports = (made("ci-eu", exhausted()), made("ci-us", exhausted()), made("home", up(), age_s=4000))
    for fail_on in FailOn:
        report = put(*reports, needed=3, fail_on=fail_on)
        assert (report.verdict, report.exit_code) == (Verdict.UNKNOWN, 3)
        assert report.remark == "no verdict: --quorum 3, but 2 fresh vantages (home is 66m old)"
    assert report.torrents_by_verdict == {Verdict.UNKNOWN: 1}
    assert {severity for _, severity, _ in problems_of(report)} == {Severity.INFO}
    assert tracker_of(report).state is Health.DEGRADED
    assert not report.quorum.reached
    again = read_report("".join(renderer("json")(report, Style())), "x.json")
    assert again.remark == "no verdict: too few vantages were fresh"


def test_no_fresh_one_is_no_verdict():
    report = put(made("ci-eu", up(), age_s=7200), made("ci-us", down(), age_s=-9000))
    assert (report.verdict, report.exit_code) == (Verdict.UNKNOWN, 3)
    assert report.remark == (
        "no verdict: no report is from the last 30m (ci-eu is 2h old, ci-us is from 2h in the future)"
    )
    assert [view.state for view in report.trackers] == [Health.UNKNOWN, Health.UNKNOWN]
    assert report.torrents[0].counts == SwarmCounts(None, None, None)
    assert report.not_judged == 3


def test_of_two_reports_of_one_vantage_the_later_counts():
    report = put(made("ci-eu", up(), age_s=60), made("ci-eu", exhausted(), age_s=600), made("ci-us", up()))
    assert report.verdict is Verdict.OK
    assert [vote.fresh for vote in report.quorum.votes] == [True, False, True]
    assert report.skipped == ()


def seeded(seeders: int, rule: Rule | None = None, severity: Severity = Severity.CRITICAL, message: str = ""):
    """All trackers work and tell of so many seeders."""
    counts = SwarmCounts(seeders, 3, 100)
    answers = (scenes.answer(IMAGE, scenes.UP, Role.ACTIVE, counts),)
    problems = (replace(scenes.problem(rule, message, "seed it", of=IMAGE), severity=severity),) if rule else ()
    torrent = scenes.seen(
        IMAGE,
        severity.verdict if rule else Verdict.OK,
        counts=counts,
        active=scenes.UP,
        answers=answers,
        problems=problems,
    )
    return scenes.snapshot([torrent], [scenes.tracker(scenes.DEAD), scenes.tracker(scenes.UP)])


def test_seeders_that_one_vantage_alone_is_told_of_are_seeders():
    none = seeded(0, Rule.NO_SEEDERS, message="no seeder: the trackers know none")
    report = put(made("ci-eu", none), made("ci-us", none), made("home", seeded(50)))
    assert problems_of(report) == [
        (
            Rule.REGIONAL,
            Severity.WARNING,
            (
                "no_seeders from 2 of 3 fresh vantages: ci-eu, ci-us; but home is told of 50; "
                "no seeder: the trackers know none"
            ),
        )
    ]
    (view,) = report.torrents
    assert (view.verdict, view.counts.seeders, view.why) == (Verdict.WARNING, 50, "regional")
    assert report.verdict is Verdict.WARNING
    assert put(*(made(name, none) for name in NAMES[:3])).verdict is Verdict.CRITICAL
    # Who was told nothing says nothing against it.
    assert put(made("ci-eu", none), made("ci-us", none), made("home", nothing_known())).verdict is Verdict.CRITICAL


@pytest.mark.parametrize(("rule", "few", "enough"), [(Rule.ONE_SEEDER, 1, 2), (Rule.MIN_SEEDERS, 3, 5)])
def test_few_seeders_are_judged_by_the_most_that_anybody_is_told_of(rule, few, enough):
    scarce = seeded(few, rule, Severity.WARNING, "few")
    report = put(made("ci-eu", scarce), made("ci-us", scarce), made("home", seeded(enough)))
    assert [(p.rule, p.severity) for p in report.problems] == [(Rule.REGIONAL, Severity.INFO)]
    assert report.verdict is Verdict.OK
    # More, and too few for that one as well: enough agree.
    more = seeded(few + 1, rule, Severity.WARNING, "few")
    assert put(made("ci-eu", scarce), made("ci-us", more), made("home", more)).verdict is Verdict.WARNING


def test_a_report_from_the_future_silences_no_other_one_of_its_vantage():
    ahead = made("home", up(), age_s=-30 * 86400)
    reports = [made("ci-eu", up()), made("ci-us", down()), made("home", down(), age_s=30), ahead]
    report = put(*reports)
    assert [vote.fresh for vote in report.quorum.votes] == [True, True, True, False]
    assert tracker_of(report).state is Health.DOWN
    assert put(*reversed(reports)).quorum.down_for == {DEAD: ("home", "ci-us")}
    told = list(votes(report.quorum, NOW))
    assert told[-1] == "another report of home is from 30d in the future and does not count: look at the clocks"
    assert told[-2] == "home: warning, 30s old"
    # A clock that is ahead a little is believed.
    assert not put(made("home", down(), age_s=30), made("home", up(), age_s=-200)).quorum.down_for


def test_a_tracker_is_down_as_badly_as_enough_say():
    scene = down()
    strict = replace(
        scene, tracker_problems=tuple(replace(p, severity=Severity.CRITICAL) for p in scene.tracker_problems)
    )
    mild = made("ci-us", down()), made("home", down())
    (problem, *_) = put(made("ci-eu", strict), *mild).problems
    assert (problem.rule, problem.severity) == (Rule.TRACKER_DOWN, Severity.WARNING)
    (problem, *_) = put(made("ci-eu", strict), made("ci-us", strict), mild[1]).problems
    assert (problem.rule, problem.severity) == (Rule.TRACKER_DOWN, Severity.CRITICAL)
    # Who muted it says nothing of how bad that is.
    (problem, *_) = put(made("ci-eu", strict), made("ci-us", down(said=False))).problems
    assert (problem.rule, problem.severity) == (Rule.TRACKER_DOWN, Severity.CRITICAL)


def test_copied_machines_with_one_id_are_told_of():
    copied = made("ci-us", down())
    copied = replace(copied, vantage=replace(copied.vantage, id=vantage("ci-eu").id))
    report = put(made("ci-eu", up(), age_s=10), copied)
    assert report.verdict is Verdict.WARNING
    assert report.skipped[0].source == "the report of ci-us"
    assert "carries the vantage id of 'ci-eu'" in report.skipped[0].message


def test_vantages_of_one_name_are_told_apart():
    second = made("ci-us", down())
    second = replace(second, vantage=replace(second.vantage, name="ci-eu"))
    third = made("home", up())
    third = replace(third, vantage=replace(third.vantage, name=""))
    report = put(made("ci-eu", down()), second, third)
    assert report.quorum.down_for[DEAD] == ("ci-eu (00000000)", "ci-eu (00000000)")
    assert report.quorum.votes[2].vantage.name == "vantage (00000000)"


def test_who_was_not_asked_about_something_has_no_say_in_it():
    other = scenes.torrent("other", [scenes.UP])
    counts = SwarmCounts(4, 0, 1)
    view = scenes.seen(
        other, counts=counts, active=scenes.UP, answers=(scenes.answer(other, scenes.UP, Role.ACTIVE, counts),)
    )
    elsewhere = scenes.snapshot([view], [scenes.tracker(scenes.UP)])
    report = put(made("ci-eu", down()), made("ci-us", elsewhere), made("home", elsewhere))
    assert tracker_of(report).state is Health.DOWN
    assert report.verdict is Verdict.WARNING
    assert problems_of(report)[0][2] == (
        "tracker.foo.org:6969 is down from the only fresh vantage that knows it: ci-eu (refused)"
    )
    assert {view.torrent.name: view.verdict for view in report.torrents} == {
        "image": Verdict.WARNING,
        "other": Verdict.OK,
    }
    assert tracker_of(report, UP).torrents == 2
    # With --quorum 2 the same: those that know it are fewer, and all of them say so.
    assert put(made("ci-eu", down()), made("ci-us", elsewhere), needed=2).verdict is Verdict.WARNING


def test_who_was_asked_and_knows_nothing_confirms_nothing():
    report = put(made("ci-eu", down()), made("ci-us", nothing_known()), made("home", nothing_known()))
    assert tracker_of(report).state is Health.DEGRADED
    assert "ci-eu (refused); not known from ci-us, home" in report.problems[0].message
    assert report.torrents[0].verdict is Verdict.OK


def test_what_nobody_knows_is_unknown():
    report = put(made("ci-eu", nothing_known()), made("ci-us", nothing_known()))
    assert (report.verdict, report.exit_code) == (Verdict.UNKNOWN, 3)
    assert report.remark == ""
    assert tracker_of(report).state is Health.UNKNOWN
    assert put(made("ci-eu", nothing_known()), made("ci-us", up())).verdict is Verdict.OK


def test_what_a_stale_vantage_alone_watches_is_unknown():
    other = scenes.torrent("other", [scenes.KEYED])
    old = scenes.snapshot([scenes.seen(other, counts=SwarmCounts(4, 0, 1))], [scenes.tracker(scenes.KEYED)])
    report = put(made("ci-eu", up()), made("ci-us", old, age_s=9999))
    assert {view.torrent.name: view.verdict for view in report.torrents} == {
        "image": Verdict.OK,
        "other": Verdict.UNKNOWN,
    }
    assert report.verdict is Verdict.UNKNOWN
    assert report.trackers_by_state[Health.UNKNOWN] == 1


def test_counts_are_the_largest_and_tiers_are_as_most_see_them():
    report = put(made("ci-eu", up(seeders=3)), made("ci-us", up(seeders=40)), made("home", down()))
    (view,) = report.torrents
    assert view.counts == SwarmCounts(40, 4, 100)
    assert view.failover.state is FailoverState.PRIMARY
    assert [(a.role, a.counts.seeders) for a in view.answers] == [(Role.ACTIVE, 40), (Role.BACKUP, 9)]
    over = put(made("ci-eu", down()), made("ci-us", up(seeders=40)), made("home", down()))
    # What failed for those whose word counts shows no count that others were told.
    assert [(a.role, a.counts.seeders) for a in over.torrents[0].answers] == [(Role.FAILED, None), (Role.ACTIVE, 9)]
    assert over.torrents[0].counts.seeders == 40


def test_trackers_that_one_alone_lists_stand_behind_the_others():
    longer = scenes.torrent("image", [scenes.DEAD], [scenes.UP], [scenes.KEYED])
    counts = SwarmCounts(1, 1, 1)
    answers = tuple(
        scenes.answer(longer, url, role, counts)
        for url, role in ((scenes.DEAD, Role.ACTIVE), (scenes.UP, Role.BACKUP), (scenes.KEYED, Role.BACKUP))
    )
    scene = scenes.snapshot(
        [scenes.seen(longer, counts=counts, active=scenes.UP, answers=answers)], [scenes.tracker(scenes.KEYED)]
    )
    report = put(made("ci-eu", up()), made("ci-us", up()), made("home", scene))
    assert [a.tier for a in report.torrents[0].answers] == [0, 1, 2]
    assert len(report.torrents[0].torrent.placements) == 3


def test_one_who_muted_a_tracker_silences_nobody():
    report = put(made("ci-eu", down()), made("ci-us", down(said=False)), made("home", up()))
    assert tracker_of(report).state is Health.DOWN
    assert tracker_of(report).muted is None
    assert problems_of(report, of_torrents=False)[0][:2] == (Rule.TRACKER_DOWN, Severity.WARNING)
    muted = put(made("ci-eu", down(said=False)), made("ci-us", down(said=False)))
    assert tracker_of(muted).muted is not None
    assert muted.verdict is Verdict.OK


def test_since_is_the_earliest_of_those_who_agree():
    early = down()
    first = scenes.NOW - timedelta(hours=5)
    early = replace(early, trackers=(replace(early.trackers[0], since=first), early.trackers[1]))
    report = put(made("ci-eu", early), made("ci-us", down()), made("home", up()))
    assert tracker_of(report).since == first
    assert tracker_of(report, UP).since == scenes.EARLIER


def test_remarks_stay_remarks():
    scene = scenes.failed_over_scene()
    report = put(made("ci-eu", scene), made("ci-us", scene))
    assert (Rule.SINGLE_TRACKER, Severity.INFO, "one tracker listed") in problems_of(report)


def test_skipped_inputs_carry_the_names_of_their_vantages():
    broken = SkippedInput("x.torrent", "is no torrent")
    report = put(
        made("ci-eu", up(), skipped=[broken]),
        made("ci-us", up(), skipped=[broken, SkippedInput("y.torrent", "ends early")]),
        made("home", up(), skipped=[SkippedInput("z", "no")], age_s=9999),
        unusable=[SkippedInput("b.json", "is empty")],
    )
    assert report.skipped == (
        SkippedInput("b.json", "is empty"),
        SkippedInput("x.torrent", "is no torrent (at ci-eu, ci-us)"),
        SkippedInput("y.torrent", "ends early (at ci-us)"),
    )
    assert (report.verdict, report.exit_code) == (Verdict.WARNING, 1)
    assert sum(p.rule is Rule.SKIPPED_INPUT for p in report.problems) == 3


def test_only_problems_and_the_filter():
    scene = scenes.failed_over_scene()
    reports = made("ci-eu", scene), made("ci-us", scene)
    report = put(*reports, only_problems=True)
    assert [view.torrent.name for view in report.torrents] == ["dataset-imaging-v3", "secret"]
    assert [view.torrent.name for view in report.unlisted_torrents] == ["distro-13.2-netinst.iso"]
    assert report.torrents_judged == 3
    filtered = put(*reports, filter=parse_filter("name~distro"))
    assert [view.torrent.name for view in filtered.torrents] == ["distro-13.2-netinst.iso"]
    assert [view.tracker.id for view in filtered.trackers] == [UP]
    assert filtered.verdict is Verdict.OK
    nothing = put(*reports, filter=parse_filter("name~nowhere"))
    assert (nothing.exit_code, nothing.remark) == (3, "nothing matches the filter")
    failing = put(*reports, filter=parse_filter("state=down"))
    assert [view.torrent.name for view in failing.torrents] == ["dataset-imaging-v3"]


def test_fail_on_is_asked_as_ever():
    reports = made("ci-eu", down()), made("ci-us", down())
    assert [put(*reports, fail_on=fail_on).exit_code for fail_on in FailOn] == [1, 0, 0]


def test_checks_of_trackers_are_put_together_too():
    def check(name, state, problems=()):
        failure = scenes.refused() if state is Health.DOWN else None
        scene = scenes.snapshot([], [scenes.tracker(scenes.DEAD, state, failure=failure, torrents=0)], problems)
        return made(name, scene, subject=Subject.TRACKERS)

    said = (scenes.problem(Rule.TRACKER_DOWN, "is down", "see why", at=parse_tracker(scenes.DEAD)),)
    bad, good = check("ci-eu", Health.DOWN, said), check("ci-us", Health.UP)
    report = put(bad, good, check("home", Health.DOWN, said))
    assert (report.subject, report.verdict) == (Subject.TRACKERS, Verdict.CRITICAL)
    regional = put(bad, good, check("home", Health.UP))
    assert regional.verdict is Verdict.WARNING
    assert regional.trackers[0].reasons[0] == "regional"


def test_what_belongs_to_the_runs_is_carried_over():
    first = replace(
        made("ci-eu", up(), age_s=600),
        title="release 13",
        collection_of={IMAGE.info_hash_hex: "old name"},
        remembered=Remembered(2, 10.0, 100.0),
    )
    second = replace(
        made("ci-us", up(), age_s=60),
        title="release 14",
        collection_of={IMAGE.info_hash_hex: "images"},
        collections={"images": {Verdict.OK: 1}},
        policy=PolicyNote("release.toml", 0, 1),
    )
    report = put(first, second, command="trackerwatch report --from a.json")
    assert (report.title, report.policy.source, report.command) == (
        "release 14",
        "release.toml",
        "trackerwatch report --from a.json",
    )
    assert report.collections == {"images": {Verdict.OK: 1}}
    assert report.remembered == Remembered(2, 610.0, 700.0)
    assert put(first, second, title="mine").title == "mine"


def test_reports_that_cannot_be_put_together_are_refused():
    scene = scenes.failed_over_scene()
    with pytest.raises(ReportError, match=r"^a\.json: was written with --only problems"):
        check_usable(made("ci-eu", scene, only_problems=True), "a.json")
    combined = put(made("ci-eu", scene), made("ci-us", scene))
    with pytest.raises(ReportError, match=r"^a\.json: is put together from several vantages itself"):
        check_usable(combined, "a.json")
    check_usable(made("ci-eu", scene), "a.json")


def test_an_empty_report_is_a_vantage_that_knows_nothing():
    empty = replace(empty_report("no usable input", vantage=vantage("ci-us"), duration_s=0.0), generated_at=NOW)
    assert put(made("ci-eu", down()), empty).verdict is Verdict.WARNING
    alone = put(empty)
    assert (alone.verdict, alone.remark) == (Verdict.UNKNOWN, "nothing was asked")


def test_a_combined_report_round_trips():
    report = put(made("ci-eu", down()), made("ci-us", up()), made("home", up(), age_s=9999))
    written = "".join(renderer("json")(report, Style()))
    value = json.loads(written)
    assert value["quorum"]["fresh"] == 2
    assert [row["down_for"] for row in value["trackers"]] == [["ci-eu"], []]
    assert "".join(renderer("json")(read_report(written, "x.json"), Style())) == written


def test_many_vantages_are_told_in_few_words():
    reports = []
    for number in range(12):
        one = made("ci-eu", down())
        reports.append(replace(one, vantage=Vantage(f"00000000-0000-4000-8000-0000000000{number:02x}", f"v{number}")))
    message = put(*reports).problems[0].message
    assert "from all 12 fresh vantages: v0 (refused), v1 (refused)" in message
    assert "v5 (refused), 6 more" in message


def test_a_rule_broken_twice_is_told_twice():
    dead = [scenes.problem(Rule.FAILED_OVER, f"number {n}", "see", of=IMAGE) for n in (1, 2)]
    scene = down()
    view = replace(scene.torrents.views[0], problems=tuple(dead))
    twice = replace(scene, torrents=scenes.Table([view], scene.torrents.order))
    report = put(made("ci-eu", twice), made("ci-us", twice))
    assert [p.message.partition(";")[0] for p in report.torrents[0].problems] == ["number 1", "number 2"]


def test_whatever_a_report_claims_it_can_be_put_together_and_rendered():
    good = json.loads("".join(renderer("json")(made("home", down()), Style())))
    chance = random.Random(20261122)
    taken = 0
    for _ in range(120):
        text = json.dumps(mutated(good, chance, 0.004))
        try:
            odd = read_report(text, "odd.json")
            check_usable(odd, "odd.json")
        except ReportError:
            continue
        taken += 1
        report = put(odd, made("ci-eu", down()), made("ci-us", up()), needed=chance.choice((None, 1, 3)))
        for name in FORMATS:
            assert "".join(renderer(name)(report, Style())).endswith("\n"), name
    assert taken > 20


def test_how_long_other_machines_took_is_not_how_long_this_one_does():
    reports = (made("ci-eu", up()), made("ci-us", up()))
    assert [report.duration_s for report in reports] == [2.5, 2.5]
    assert put(*reports).duration_s == 0.0
