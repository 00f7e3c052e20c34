"""Torrents as a policy sees them: what is asked of each, what it breaks, and what that comes to."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reports.scenes import EARLIER, NOW, answer, problem, refused, seen, torrent, tracker
from trackerwatch.engine.views import Disabled, Mute, TorrentView, TrackerView
from trackerwatch.failover import FailoverState, Role
from trackerwatch.health import Health
from trackerwatch.outcome import NOTHING_KNOWN, FailureKind, SwarmCounts
from trackerwatch.policy.document import NO_POLICY, Policy
from trackerwatch.policy.judge import worst_verdict
from trackerwatch.policy.reading import read_policy
from trackerwatch.policy.rules import SEVERITIES, Problem, Rule, Severity, Verdict
from trackerwatch.policy.ruling import Judged, judge_torrents

A = "udp://tracker.example.org:1337/announce"
B = "udp://tracker.foo.org:6969/announce"
C = "https://third.example.net/announce"
LONG_AGO = NOW - timedelta(days=41, hours=5)

WORDS = {
    Rule.NO_SEEDERS: "no seeder",
    Rule.ONE_SEEDER: "one seeder",
    Rule.EXHAUSTED: "tracker.example.org refused",
}


def up(url: str, index: int = 0, **more) -> TrackerView:
    return replace(tracker(url, index=index), **more)


def down(url: str, index: int = 0, *, since: datetime = LONG_AGO, **more) -> TrackerView:
    failing = refused(FailureKind.DNS_NXDOMAIN, "no such host name")
    return replace(
        tracker(url, Health.DOWN, failure=failing, index=index), **({"since": since, "last_success_at": None} | more)
    )


def scene(
    name: str = "a.iso",
    seeders: int | None = 5,
    works: tuple[str, ...] = (A,),
    fails: tuple[str, ...] = (),
    untried: tuple[str, ...] = (),
    broken: tuple[Rule, ...] = (),
) -> TorrentView:
    """A torrent with each tracker in a tier of its own, as the engine would have judged it."""
    urls = [*works, *fails, *untried]
    one = torrent(name, *([url] for url in urls))
    counts = NOTHING_KNOWN if seeders is None else SwarmCounts(seeders, 0, 9)
    answers = tuple(
        answer(
            one,
            url,
            Role.ACTIVE if url in works else Role.FAILED if url in fails else Role.UNTRIED,
            counts if url in works else NOTHING_KNOWN,
            refused() if url in fails else None,
            index=n,
        )
        for n, url in enumerate(urls)
    )
    problems = tuple(problem(rule, f"{rule} message", f"{rule} action", of=one) for rule in broken)
    verdicts = {Severity.CRITICAL: Verdict.CRITICAL, Severity.WARNING: Verdict.WARNING, Severity.INFO: Verdict.OK}
    plain = Verdict.UNKNOWN if seeders is None else Verdict.OK
    verdict = worst_verdict([plain, *(verdicts[SEVERITIES[rule]] for rule in broken)])
    if verdict is Verdict.OK or not broken:
        verdict = plain
    return seen(
        one,
        verdict,
        counts=counts,
        state=FailoverState.PRIMARY if works else FailoverState.EXHAUSTED,
        active=works[0] if works else None,
        working=len(works),
        answers=answers,
        problems=problems,
        why=WORDS.get(broken[0], str(broken[0])) if broken and SEVERITIES[broken[0]] is not Severity.INFO else "",
    )


def judge(
    policy: str | Policy,
    *views: TorrentView,
    trackers: tuple[TrackerView, ...] = (),
    first_seen: dict[str, datetime] | None = None,
    findings: dict[str, list[Problem]] | None = None,
    now: datetime = NOW,
) -> Judged:
    read = read_policy(policy, "p.toml", {}) if isinstance(policy, str) else policy
    return judge_torrents(views, read, trackers=trackers, now=now, first_seen=first_seen or {}, findings=findings or {})


def told(view: TorrentView) -> list[tuple[Rule, Severity]]:
    return [(one.rule, one.severity) for one in view.problems]


def the(view: TorrentView, rule: Rule) -> Problem:
    (found,) = (one for one in view.problems if one.rule is rule)
    return found


# -- without a policy --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "view",
    [
        scene(),
        scene(seeders=None),
        scene(seeders=0, broken=(Rule.NO_SEEDERS, Rule.DISAGREEMENT)),
        scene(seeders=1, broken=(Rule.ONE_SEEDER,)),
        scene(seeders=None, works=(), fails=(A,), broken=(Rule.EXHAUSTED,)),
        scene(broken=(Rule.SINGLE_TRACKER,)),
    ],
)
def test_without_a_policy_nothing_changes(view):
    judged = judge(NO_POLICY, view)
    assert judged == Judged((view,))
    assert judged.views[0] is view


# -- what is asked for -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seeders", "message", "action", "why"),
    [
        (
            0,
            "no seeder seen by tracker.example.org:1337, the policy wants 3",
            "start 3 seeders, each on a machine of its own",
            "no seeder, 3 wanted",
        ),
        (
            1,
            "1 seeder seen by tracker.example.org:1337, the policy wants 3",
            "start 2 more seeders on other machines",
            "1 seeder, 3 wanted",
        ),
        (
            2,
            "2 seeders seen by tracker.example.org:1337, the policy wants 3",
            "start 1 more seeder on another machine",
            "2 seeders, 3 wanted",
        ),
    ],
)
def test_too_few_seeders_are_told_with_wanted_seen_and_by_whom(seeders, message, action, why):
    (view,) = judge("min_seeders = 3", scene(seeders=seeders)).views
    assert told(view) == [(Rule.MIN_SEEDERS, Severity.WARNING)]
    found = the(view, Rule.MIN_SEEDERS)
    assert (found.message, found.action) == (message, action)
    assert (found.torrent, found.tracker) == (view.torrent.info_hash_hex, None)
    assert (view.verdict, view.why) == (Verdict.WARNING, why)


def test_enough_seeders_are_enough():
    view = scene(seeders=3)
    assert judge("min_seeders = 3", view).views[0] is view


def test_both_rules_remain_where_there_is_one_seeder_or_none():
    none = scene(seeders=0, broken=(Rule.NO_SEEDERS,))
    one = scene("b", seeders=1, broken=(Rule.ONE_SEEDER,))
    first, second = judge("min_seeders = 2", none, one).views
    assert told(first) == [(Rule.NO_SEEDERS, Severity.CRITICAL), (Rule.MIN_SEEDERS, Severity.WARNING)]
    assert (first.verdict, first.why, first.since) == (Verdict.CRITICAL, "no seeder", EARLIER)
    assert told(second) == [(Rule.ONE_SEEDER, Severity.WARNING), (Rule.MIN_SEEDERS, Severity.WARNING)]
    assert the(second, Rule.MIN_SEEDERS).since == EARLIER
    # One thing to do, not two that are nearly the same.
    assert {one.action for one in first.problems} == {"start 2 seeders, each on a machine of its own"}
    assert {one.action for one in second.problems} == {"start 1 more seeder on another machine"}


def test_many_trackers_that_say_so_are_not_all_named():
    urls = tuple(f"udp://t{n}.example.org:1/announce" for n in range(8))
    (view,) = judge("min_seeders = 2", scene(seeders=1, works=urls)).views
    named = ", ".join(f"t{n}.example.org:1" for n in range(5))
    assert the(view, Rule.MIN_SEEDERS).message == f"1 seeder seen by {named} and 3 more, the policy wants 2"


def test_unknown_seeders_break_nothing_and_leave_the_torrent_unknown():
    nothing = scene(seeders=None)
    leechers = replace(scene("b"), counts=SwarmCounts(None, 4, None))
    both = judge("min_seeders = 2", nothing, leechers).views
    assert [(view.verdict, view.problems) for view in both] == [(Verdict.UNKNOWN, ())] * 2
    assert [view.verdict for view in judge("", nothing, leechers).views] == [Verdict.UNKNOWN, Verdict.OK]


def test_what_a_muted_tracker_alone_tells_breaks_nothing():
    view = scene(seeders=1)
    muted = up(A, muted=Mute(None, ""))
    assert judge("min_seeders = 2", view, trackers=(muted,)).views == (view,)
    assert told(judge("min_seeders = 2", view, trackers=(up(A),)).views[0]) == [(Rule.MIN_SEEDERS, Severity.WARNING)]


@pytest.mark.parametrize(
    ("wanted", "works", "fails", "untried", "message", "action"),
    [
        (
            2,
            (A,),
            (B,),
            (),
            "1 of 2 trackers works, the policy wants 2: tracker.foo.org:6969 connection refused",
            "bring this tracker back, or add one that works and publish the torrent again",
        ),
        (
            1,
            (),
            (A, B),
            (),
            (
                "none of 2 trackers works, the policy wants 1: "
                "tracker.example.org:1337 connection refused, tracker.foo.org:6969 connection refused"
            ),
            "bring one of these trackers back, or add one that works and publish the torrent again",
        ),
        (
            2,
            (A,),
            (),
            (),
            "lists 1 tracker, the policy wants 2 that work",
            "add a tracker on another host and publish the torrent again",
        ),
        (
            4,
            (A,),
            (B,),
            (C,),
            "1 of 3 trackers works, the policy wants 4: tracker.foo.org:6969 connection refused",
            "add a tracker on another host and publish the torrent again, and bring back what fails",
        ),
        (
            3,
            (),
            (),
            (),
            "lists no tracker, the policy wants 3 that work",
            "add 3 trackers on another host and publish the torrent again",
        ),
    ],
)
def test_too_few_working_trackers(wanted, works, fails, untried, message, action):
    (view,) = judge(f"min_working_trackers = {wanted}", scene(works=works, fails=fails, untried=untried)).views
    assert told(view) == [(Rule.MIN_WORKING_TRACKERS, Severity.WARNING)]
    found = the(view, Rule.MIN_WORKING_TRACKERS)
    assert (found.message, found.action) == (message, action)
    assert view.why == f"{len(works)} of {len([*works, *fails, *untried])} trackers work, {wanted} wanted"


def test_a_tracker_of_which_nothing_is_known_may_work():
    view = scene(works=(A,), untried=(B,))
    (judged,) = judge("min_working_trackers = 2", view).views
    assert (judged.problems, judged.verdict) == ((), Verdict.UNKNOWN)
    assert judge("min_working_trackers = 1", view).views[0] is view


@pytest.mark.parametrize("order", [{"muted": Mute(None, "")}, {"disabled": Disabled("")}])
def test_a_tracker_that_the_user_wants_nothing_of_breaks_nothing(order):
    view = scene(works=(A,), fails=(B,))
    trackers = (up(A), down(B, 1, **order))
    assert judge("min_working_trackers = 2\nmax_dead_days = 30", view, trackers=trackers).views == (view,)


def test_a_hybrid_has_a_working_tracker_where_one_of_its_swarms_does():
    view = scene(works=(A,), fails=(B,))
    first, second = view.answers
    view = replace(view, answers=(first, replace(first, role=Role.FAILED), second, replace(second, role=Role.ACTIVE)))
    assert judge("min_working_trackers = 2", view).views[0] is view


# -- trackers that are long dead ---------------------------------------------------------------------------------------


def test_a_tracker_that_is_long_dead_is_named_with_the_list_without_it():
    view = scene(works=(A,), fails=(B,), untried=(C,))
    trackers = (up(A), down(B, 1), up(C, 2))
    (judged,) = judge("max_dead_days = 30", view, trackers=trackers).views
    assert told(judged) == [(Rule.DEAD_TRACKER, Severity.WARNING)]
    found = the(judged, Rule.DEAD_TRACKER)
    assert found.message == "tracker.foo.org:6969 has been down for 41 days (no such host name), the policy allows 30"
    assert found.action == f"take it out of the torrent; what stays: {A} (tier 0), {C} (tier 2)"
    assert (found.since, found.tracker) == (LONG_AGO, trackers[1].tracker.id)
    assert (judged.verdict, judged.why, judged.since) == (
        Verdict.WARNING,
        "tracker.foo.org:6969 dead for 41 days",
        LONG_AGO,
    )


def test_several_are_one_problem():
    view = scene(works=(), fails=(A, B))
    trackers = (down(A, since=NOW - timedelta(days=31)), down(B, 1))
    found = the(judge("max_dead_days = 30", view, trackers=trackers).views[0], Rule.DEAD_TRACKER)
    assert found.message == (
        "2 trackers have been down: tracker.example.org:1337 for 31 days (no such host name), "
        "tracker.foo.org:6969 for 41 days (no such host name), the policy allows 30"
    )
    assert found.action == "replace them: the torrent lists no other tracker"
    assert (found.since, found.tracker) == (LONG_AGO, None)


@pytest.mark.parametrize(
    "alive",
    [
        up(B, 1),
        down(B, 1, since=NOW - timedelta(days=29)),
        down(B, 1, since=None),
        down(B, 1, last_success_at=NOW - timedelta(days=2)),
        down(B, 1, recalled_at=NOW - timedelta(days=20)),
        down(B, 1, retired=True),
    ],
)
def test_a_tracker_is_not_dead_by(alive):
    view = scene(works=(A,), fails=(B,))
    assert judge("max_dead_days = 30", view, trackers=(up(A), alive)).views == (view,)


def test_lint_looks_for_dead_trackers_by_itself():
    view = scene(works=(A,), fails=(B,))
    trackers = (up(A), down(B, 1))
    (judged,) = judge("lint = true", view, trackers=trackers).views
    assert told(judged) == [(Rule.DEAD_TRACKER, Severity.INFO)]
    assert judged.problems[0].message == (
        "tracker.foo.org:6969 has been down for 41 days (no such host name); clients still try it"
    )
    assert judged.verdict is Verdict.OK
    (judged,) = judge('severities = {dead_tracker = "critical"}', view, trackers=trackers).views
    assert told(judged) == [(Rule.DEAD_TRACKER, Severity.CRITICAL)]


def test_a_list_that_stays_is_bounded_and_without_secrets():
    key = "0123456789abcdef0123456789abcdef"
    urls = tuple(f"https://t{n}.example.org/{key}/announce" for n in range(9))
    view = scene(works=urls, fails=(B,))
    trackers = (*(up(url, n) for n, url in enumerate(urls)), down(B, 9))
    found = the(judge("max_dead_days = 30", view, trackers=trackers).views[0], Rule.DEAD_TRACKER)
    assert key not in found.action
    assert found.action.endswith("(tier 4) and 4 more")


# -- requirements laid over each other ---------------------------------------------------------------------------------

LAYERS = """
min_seeders = 2
[collections.isos]
filter = "name~iso"
min_seeders = 4
[collections.big-isos]
filter = "name~big"
min_seeders = 9
[[overrides]]
filter = "name~old"
min_seeders = 3
[[overrides]]
filter = "name~older"
min_seeders = 1
why = "archive"
"""


@pytest.mark.parametrize(
    ("name", "wanted", "collection", "overridden"),
    [
        ("film", 2, None, 0),
        ("an.iso", 4, "isos", 0),
        ("big.iso", 4, "isos", 0),
        ("big film", 9, "big-isos", 0),
        ("old.iso", 3, "isos", 1),
        ("older.iso", 1, "isos", 1),
        ("old film", 3, None, 1),
    ],
)
def test_defaults_lie_below_the_first_collection_that_matches_and_that_below_overrides(
    name, wanted, collection, overridden
):
    for seeders in (wanted - 1, wanted):
        judged = judge(LAYERS, scene(name, seeders=seeders))
        (view,) = judged.views
        assert [rule for rule, _ in told(view)] == ([Rule.MIN_SEEDERS] if seeders < wanted else [])
        assert list(judged.collection_of.values()) == ([collection] if collection else [])
        assert judged.overridden == overridden


def test_collections_come_in_the_order_of_the_policy():
    judged = judge(LAYERS, scene("big film", 9), scene("an.iso", 4), scene("film", 2))
    assert list(judged.collection_of.values()) == ["isos", "big-isos"]
    assert [view.torrent.name for view in judged.views] == ["big film", "an.iso", "film"]


def test_an_override_that_ended_does_nothing_but_is_noted():
    policy = (
        '[[overrides]]\nfilter = "name~iso"\nmin_seeders = 9\nwhy = "until the fair"\nuntil = 2026-11-22T14:02:11Z\n'
    )
    judged = judge(policy, scene())
    assert (judged.views[0].problems, judged.overridden) == ((), 0)
    assert judged.notes == ("override 1 (until the fair) ended at 2026-11-22 14:02 UTC: it does nothing any more",)
    before = judge(policy, scene(), now=NOW - timedelta(seconds=1))
    assert (len(before.views[0].problems), before.overridden, before.notes) == (1, 1, ())


def test_what_is_about_nothing_is_noted():
    assert judge(LAYERS, scene("film")).notes == (
        "collection isos has no torrent",
        "collection big-isos has no torrent",
        "override 1 (name~old) is about none of these torrents",
        "override 2 (archive) is about none of these torrents",
    )


def test_filters_may_ask_for_what_trackers_told():
    policy = (
        '[collections.lonely]\nfilter = "seeders<2 & state=down & rule=one_seeder"\nseverities = {one_seeder = "off"}'
    )
    view = scene(seeders=1, fails=(B,), broken=(Rule.ONE_SEEDER,))
    judged = judge(policy, view, trackers=(up(A), down(B, 1, since=EARLIER)))
    assert list(judged.collection_of.values()) == ["lonely"]
    assert (judged.views[0].verdict, judged.views[0].why) == (Verdict.OK, "")


# -- severities --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("least", [0, 1])
def test_who_wants_one_seeder_need_not_be_warned_of_it(least):
    (view,) = judge(f"min_seeders = {least}", scene(seeders=1, broken=(Rule.ONE_SEEDER,))).views
    assert (told(view), view.verdict) == ([(Rule.ONE_SEEDER, Severity.INFO)], Verdict.OK)


def test_who_wants_none_need_not_be_warned_of_none():
    view = scene(seeders=0, broken=(Rule.NO_SEEDERS,))
    (free,) = judge("min_seeders = 0", view).views
    assert (told(free), free.verdict, free.why) == ([(Rule.NO_SEEDERS, Severity.INFO)], Verdict.OK, "")
    (one,) = judge("min_seeders = 1", view).views
    assert told(one) == [(Rule.NO_SEEDERS, Severity.CRITICAL), (Rule.MIN_SEEDERS, Severity.WARNING)]
    assert the(one, Rule.MIN_SEEDERS).action == "start seeding it"


def test_who_wants_one_working_tracker_need_not_be_warned_of_no_second():
    (view,) = judge("min_working_trackers = 1", scene(fails=(B,), broken=(Rule.REDUNDANCY,))).views
    assert (told(view), view.verdict) == ([(Rule.REDUNDANCY, Severity.INFO)], Verdict.OK)


def test_who_wants_no_tracker_need_not_be_warned_of_none():
    (view,) = judge("min_working_trackers = 0", scene(works=(), fails=(A,), broken=(Rule.EXHAUSTED,))).views
    assert (told(view), view.verdict) == ([(Rule.EXHAUSTED, Severity.INFO)], Verdict.OK)


def test_a_severity_that_is_written_beats_what_follows_from_numbers():
    policy = 'min_seeders = 0\nmax_dead_days = 30\nseverities = {no_seeders = "warning", dead_tracker = "info"}'
    view = scene(seeders=0, fails=(B,), broken=(Rule.NO_SEEDERS,))
    (judged,) = judge(policy, view, trackers=(up(A), down(B, 1))).views
    assert told(judged) == [(Rule.NO_SEEDERS, Severity.WARNING), (Rule.DEAD_TRACKER, Severity.INFO)]
    assert judged.verdict is Verdict.WARNING


def test_severities_lie_over_each_other_as_all_else():
    policy = """
    severities = {one_seeder = "off", disagreement = "warning"}
    [collections.all]
    filter = ""
    severities = {one_seeder = "info"}
    [[overrides]]
    filter = "name=b"
    severities = {one_seeder = "critical"}
    """
    broken = (Rule.ONE_SEEDER, Rule.DISAGREEMENT)
    first, second = judge(policy, scene("a", 1, broken=broken), scene("b", 1, broken=broken)).views
    assert told(first) == [(Rule.DISAGREEMENT, Severity.WARNING), (Rule.ONE_SEEDER, Severity.INFO)]
    assert (first.verdict, first.why) == (Verdict.WARNING, "disagreement")
    assert told(second) == [(Rule.ONE_SEEDER, Severity.CRITICAL), (Rule.DISAGREEMENT, Severity.WARNING)]
    assert (second.verdict, second.why) == (Verdict.CRITICAL, "one seeder")


@pytest.mark.parametrize(("seeders", "verdict"), [(5, Verdict.OK), (None, Verdict.UNKNOWN)])
def test_a_warning_that_is_switched_off_leaves_ok_or_unknown(seeders, verdict):
    view = scene(seeders=seeders, fails=(B,), broken=(Rule.FAILED_OVER,))
    (judged,) = judge('severities = {failed_over = "off"}', view).views
    assert (judged.problems, judged.verdict, judged.why, judged.since) == ((), verdict, "", None)


def test_what_is_behind_the_worst_gets_words_of_its_own():
    view = scene(seeders=0, fails=(B,), broken=(Rule.NO_SEEDERS, Rule.FAILED_OVER))
    (judged,) = judge('severities = {no_seeders = "off"}', view, trackers=(up(A), up(B, 1))).views
    assert (judged.verdict, judged.why) == (Verdict.WARNING, "tracker.foo.org:6969 connection refused")


def test_severities_of_the_run_are_handed_on_and_no_others():
    policy = 'severities = {tracker_down = "info", tls_expiry = "off", skipped_input = "critical", one_seeder = "off"}'
    assert judge(policy).severities == {
        Rule.TRACKER_DOWN: Severity.INFO,
        Rule.TLS_EXPIRY: None,
        Rule.SKIPPED_INPUT: Severity.CRITICAL,
    }


# -- lint --------------------------------------------------------------------------------------------------------------


def findings(view: TorrentView) -> dict[str, list[Problem]]:
    rules = (Rule.PIECE_SIZE, Rule.NO_WEB_SEEDS)
    return {view.torrent.info_hash_hex: [problem(rule, "m", "a", of=view.torrent) for rule in rules]}


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("", []),
        ("lint = true", [(Rule.PIECE_SIZE, Severity.INFO), (Rule.NO_WEB_SEEDS, Severity.INFO)]),
        ('lint = true\nseverities = {piece_size = "off"}', [(Rule.NO_WEB_SEEDS, Severity.INFO)]),
        ('severities = {no_web_seeds = "warning"}', [(Rule.NO_WEB_SEEDS, Severity.WARNING)]),
        ('[[overrides]]\nfilter = "name=other"\nseverities = {no_web_seeds = "warning"}', []),
    ],
)
def test_findings_of_lint_count_where_they_are_asked_for(policy, expected):
    view = scene()
    (judged,) = judge(policy, view, findings=findings(view)).views
    assert told(judged) == expected
    assert judged.verdict is (Verdict.WARNING if (Rule.NO_WEB_SEEDS, Severity.WARNING) in expected else Verdict.OK)


# -- grace -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ago", "new"), [(timedelta(0), True), (timedelta(hours=47), True), (timedelta(hours=48), False), (None, False)]
)
def test_problems_of_a_new_torrent_are_remarks(ago, new):
    view = scene(seeders=0, broken=(Rule.NO_SEEDERS, Rule.SINGLE_TRACKER))
    first_seen = {} if ago is None else {view.torrent.info_hash_hex: NOW - ago}
    judged = judge('grace = "48h"\nmin_seeders = 2', view, first_seen=first_seen)
    (found,) = judged.views
    assert judged.in_grace == new
    assert [rule for rule, _ in told(found)] == [Rule.NO_SEEDERS, Rule.MIN_SEEDERS, Rule.SINGLE_TRACKER] or new
    assert found.verdict is (Verdict.OK if new else Verdict.CRITICAL)
    if new:
        assert {severity for _, severity in told(found)} == {Severity.INFO}
        until = f"{NOW - ago + timedelta(hours=48):%Y-%m-%d %H:%M} UTC"
        assert the(found, Rule.NO_SEEDERS).message == f"no_seeders message (a remark until {until}: the torrent is new)"
        assert the(found, Rule.SINGLE_TRACKER).message == "single_tracker message"
        assert (found.why, the(found, Rule.NO_SEEDERS).id) == ("", view.problems[0].id)


def test_a_new_torrent_that_is_well_is_in_no_grace():
    view = scene(broken=(Rule.SINGLE_TRACKER,))
    judged = judge('grace = "48h"', view, first_seen={view.torrent.info_hash_hex: NOW})
    assert (judged.in_grace, judged.views) == (0, (view,))


def test_a_new_torrent_of_which_nothing_is_known_is_unknown_and_not_in_grace():
    view = scene(seeders=None, broken=(Rule.UNREGISTERED,))
    judged = judge('grace = "48h"', view, first_seen={view.torrent.info_hash_hex: NOW})
    assert (judged.in_grace, judged.views[0].verdict) == (0, Verdict.UNKNOWN)


@pytest.mark.parametrize("rule", [Rule.EXHAUSTED, Rule.FAILED_OVER, Rule.REDUNDANCY, Rule.NO_TRACKERS])
def test_grace_forgives_no_tracker_that_fails(rule):
    view = scene(seeders=0, broken=(rule, Rule.NO_SEEDERS))
    judged = judge('grace = "48h"', view, first_seen={view.torrent.info_hash_hex: NOW})
    (found,) = judged.views
    assert judged.in_grace == 0
    assert told(found)[0] == (rule, SEVERITIES[rule])
    assert (Rule.NO_SEEDERS, Severity.INFO) in told(found)
    assert found.verdict is SEVERITIES[rule].verdict


@pytest.mark.parametrize(("severity", "verdict"), [("info", Verdict.OK), ("warning", Verdict.UNKNOWN)])
def test_what_is_a_remark_leaves_nothing_open(severity, verdict):
    view = scene(works=(A,), untried=(B,))
    policy = f'min_working_trackers = 2\nseverities = {{min_working_trackers = "{severity}"}}'
    (found,) = judge(policy, view).views
    assert found.verdict is verdict


def test_a_collection_may_take_grace_back():
    view = scene(seeders=0, broken=(Rule.NO_SEEDERS,))
    policy = 'grace = "48h"\n[collections.a]\nfilter = ""\ngrace = 0'
    judged = judge(policy, view, first_seen={view.torrent.info_hash_hex: NOW})
    assert (judged.in_grace, judged.views) == (0, (view,))


def test_a_clock_that_was_set_back_makes_no_grace_longer():
    view = scene(seeders=0, broken=(Rule.NO_SEEDERS,))
    later = {view.torrent.info_hash_hex: NOW + timedelta(days=300)}
    (judged,) = judge('grace = "1h"', view, first_seen=later).views
    assert "until 2026-11-22 15:02 UTC" in judged.problems[0].message


# -- what always holds -------------------------------------------------------------------------------------------------

WORDS_OF_SEVERITY = st.sampled_from(["critical", "warning", "info", "off"])
POLICIES = st.builds(
    lambda numbers, severities, grace: "\n".join(
        [
            *(f"{key} = {value}" for key, value in numbers.items()),
            *(f"severities.{rule} = '{word}'" for rule, word in severities.items()),
            *(["grace = 60"] if grace else []),
        ]
    ),
    st.dictionaries(st.sampled_from(["min_seeders", "min_working_trackers", "max_dead_days"]), st.integers(1, 4)),
    st.dictionaries(
        st.sampled_from(
            [Rule.NO_SEEDERS, Rule.ONE_SEEDER, Rule.FAILED_OVER, Rule.MIN_SEEDERS, Rule.DEAD_TRACKER, Rule.DISAGREEMENT]
        ),
        WORDS_OF_SEVERITY,
    ),
    st.booleans(),
)
SCENES = st.builds(
    lambda seeders, fails, untried, broken: scene(
        seeders=seeders, fails=(B,) if fails else (), untried=(C,) if untried else (), broken=tuple(broken)
    ),
    st.one_of(st.none(), st.integers(0, 4)),
    st.booleans(),
    st.booleans(),
    st.lists(st.sampled_from([Rule.NO_SEEDERS, Rule.FAILED_OVER, Rule.ONE_SEEDER, Rule.DISAGREEMENT]), unique=True).map(
        lambda rules: sorted(rules, key=list(SEVERITIES).index)
    ),
)


@given(POLICIES, SCENES, st.booleans())
def test_a_verdict_is_its_worst_problem_and_order_is_worst_first(policy, view, new):
    trackers = (up(A), down(B, 1), up(C, 2))
    first_seen = {view.torrent.info_hash_hex: NOW} if new else {}
    judged = judge(policy, view, trackers=trackers, first_seen=first_seen)
    (found,) = judged.views
    severities = [severity for _, severity in told(found)]
    order = [Severity.CRITICAL, Severity.WARNING, Severity.INFO]
    assert severities == sorted(severities, key=order.index)
    verdicts = {Severity.CRITICAL: {Verdict.CRITICAL}, Severity.WARNING: {Verdict.WARNING}}
    worst = severities[0] if severities else Severity.INFO
    assert found.verdict in verdicts.get(worst, {Verdict.OK, Verdict.UNKNOWN})
    assert bool(found.why) == (worst is not Severity.INFO)
    assert len({one.id for one in found.problems}) == len(found.problems)
    assert all(one.message.isprintable() and one.action for one in found.problems)
    # Judging again says the same: nothing depends on who was judged before.
    assert judge(policy, view, view, trackers=trackers, first_seen=first_seen).views == (found, found)
