"""Two reports side by side: what is told, what is not, and how often."""

from dataclasses import replace

import pytest

from tests.reports.scenes import (
    DEAD,
    NOW,
    UP,
    answer,
    problem,
    refused,
    seen,
    snapshot,
    torrent,
    tracker,
)
from trackerwatch.engine.views import Disabled, Mute
from trackerwatch.failover import FailoverState, Role
from trackerwatch.health import Health
from trackerwatch.outcome import FailureKind, SwarmCounts
from trackerwatch.policy.rules import Rule, Verdict
from trackerwatch.reports.building import build_report
from trackerwatch.reports.diff import comparing
from trackerwatch.reports.diff.baseline import baseline_of, filled
from trackerwatch.reports.diff.baseline_bytes import from_bytes, to_bytes
from trackerwatch.reports.diff.changes import ChangeKind
from trackerwatch.reports.diff.comparing import changes
from trackerwatch.reports.formats import Style
from trackerwatch.reports.json_report import render
from trackerwatch.reports.readback.reading import read_report
from trackerwatch.reports.rows import Vantage
from trackerwatch.tracker import parse_tracker

HERE = Vantage("5b8b2b52-0c35-4a4e-9a43-0f0f6a2f5a10", "vps7")
UP_ID, DEAD_ID = parse_tracker(UP).id, parse_tracker(DEAD).id
UP_NAME, DEAD_NAME = "tracker.example.org:1337", "tracker.foo.org:6969"


def report_of(torrents, trackers, **more):
    return build_report(snapshot(list(torrents), list(trackers)), vantage=HERE, duration_s=1.0, **more)


def told(before, now, **more):
    """What changed from one report to another, by way of the bytes that are kept."""
    return changes(from_bytes(to_bytes(baseline_of(before))), baseline_of(now), now, "the last run", **more)


def lines(before, now, **more) -> list[str]:
    return [change.message for change in told(before, now, **more).items]


def well(name="debian-12.iso", seeders: int | None = 40, *, urls=(UP,)):
    listed = torrent(name, *[[url] for url in urls])
    answers = tuple(answer(listed, url, Role.BACKUP, SwarmCounts(seeders, 1, 1)) for url in urls)
    verdict = Verdict.OK if seeders is not None else Verdict.UNKNOWN
    return seen(listed, verdict, counts=SwarmCounts(seeders, 1, 1), answers=answers, active=urls[0])


def broken(name, rule, verdict, *, seeders=40, down=DEAD, urls=(DEAD, UP), works=True, state=FailoverState.FAILED_OVER):
    """A torrent on two trackers, of which one fails."""
    listed = torrent(name, *[[url] for url in urls])
    answers = tuple(
        answer(listed, url, Role.FAILED, failure=refused())
        if url == down or not works
        else answer(listed, url, Role.ACTIVE, SwarmCounts(seeders, 1, 1))
        for url in urls
    )
    return seen(
        listed,
        verdict,
        counts=SwarmCounts(seeders, 1, 1),
        answers=answers,
        state=state,
        problems=(problem(rule, "words", "do", of=listed),),
    )


DOWN = {"failure": refused(message="connection refused")}


def test_nothing_changed():
    report = report_of([well()], [tracker(UP)])
    found = told(report, report)
    assert (found.against, found.at, found.items) == ("the last run", NOW, ())


def test_a_tracker_that_is_down_now_and_one_that_answers_again():
    before = report_of([well(urls=(UP, DEAD))], [tracker(UP), tracker(DEAD, Health.DOWN, **DOWN)])
    now = report_of([well(urls=(UP, DEAD))], [tracker(UP, Health.DOWN, **DOWN), tracker(DEAD)])
    found = told(before, now)
    assert [(c.kind, c.tracker, c.torrent, c.before, c.after) for c in found.items] == [
        (ChangeKind.TRACKER_DOWN, UP_ID, None, "up", "down"),
        (ChangeKind.TRACKER_RECOVERED, DEAD_ID, None, "down", "up"),
    ]
    assert [c.message for c in found.items] == [
        f"{UP_NAME} is down now (connection refused); it was up",
        f"{DEAD_NAME} answers again; it was down",
    ]


@pytest.mark.parametrize(
    ("then", "now"),
    [
        (Health.UNKNOWN, Health.DOWN),
        (Health.UP, Health.UNKNOWN),
        (Health.DOWN, Health.UNKNOWN),
        (Health.UNKNOWN, Health.UP),
        (Health.UP, Health.DEGRADED),
        (Health.DOWN, Health.DOWN),
    ],
)
def test_what_is_not_known_has_not_changed(then, now):
    assert lines(report_of([well()], [tracker(UP, then)]), report_of([well()], [tracker(UP, now)])) == []


def test_degraded_is_said():
    shaky = replace(tracker(UP, Health.DEGRADED), reasons=("slow",))
    down = tracker(UP, Health.DOWN, **DOWN)
    assert lines(report_of([well()], [down]), report_of([well()], [shaky])) == [
        f"{UP_NAME} answers again (degraded: slow); it was down"
    ]
    assert lines(report_of([well()], [shaky]), report_of([well()], [down])) == [
        f"{UP_NAME} is down now (connection refused); it was degraded"
    ]


@pytest.mark.parametrize("order", [{"muted": Mute(None, "moving")}, {"disabled": Disabled("dead")}])
def test_of_a_muted_tracker_nobody_wants_to_hear(order):
    down = replace(tracker(UP, Health.DOWN, **DOWN), **order)
    assert lines(report_of([well()], [tracker(UP)]), report_of([well()], [down])) == []


def test_a_tracker_that_was_not_there_is_not_newly_down():
    before = report_of([well()], [tracker(UP)])
    now = report_of([well()], [tracker(UP), tracker(DEAD, Health.DOWN, **DOWN)])
    assert lines(before, now) == []


def test_two_trackers_of_one_host_are_told_apart():
    other = "http://tracker.example.org:1337/announce"
    before = report_of([well()], [tracker(UP), tracker(other)])
    now = report_of([well()], [tracker(UP), tracker(other, Health.DOWN, **DOWN)])
    assert lines(before, now) == [f"{other} is down now (connection refused); it was up"]


def test_what_a_fall_does_to_torrents_stands_with_it():
    names = [f"t{number}" for number in range(30)]
    up = [tracker(DEAD), tracker(UP)]
    down = [tracker(DEAD, Health.DOWN, **DOWN), tracker(UP)]
    good = [well(name, urls=(DEAD, UP)) for name in names]
    bad = [broken(name, Rule.FAILED_OVER, Verdict.WARNING) for name in names]
    assert lines(report_of(good, up), report_of(bad, down)) == [
        f"{DEAD_NAME} is down now (connection refused); it was up; 30 torrents have a warning because of it"
    ]
    assert lines(report_of(bad, down), report_of(good, up)) == [
        f"{DEAD_NAME} answers again; it was down; 30 torrents are better because of it"
    ]
    assert lines(report_of(good[:1], up), report_of(bad[:1], down)) == [
        f"{DEAD_NAME} is down now (connection refused); it was up; 1 torrent has a warning because of it"
    ]


def test_what_else_is_wrong_is_told_beside_a_fall():
    good = [well("a", seeders=2, urls=(DEAD, UP))]
    bad = [broken("a", Rule.ONE_SEEDER, Verdict.WARNING, seeders=1)]
    down = [tracker(DEAD, Health.DOWN, **DOWN), tracker(UP)]
    assert lines(report_of(good, [tracker(DEAD), tracker(UP)]), report_of(bad, down)) == [
        f"{DEAD_NAME} is down now (connection refused); it was up",
        "a has a warning now (one seeder); it was ok",
    ]


def test_what_is_critical_is_told_whatever_the_cause():
    up, down = [tracker(DEAD)], [tracker(DEAD, Health.DOWN, **DOWN)]
    good = [well("debian-12.iso", urls=(DEAD,))]
    dead = [
        broken(
            "debian-12.iso", Rule.EXHAUSTED, Verdict.CRITICAL, seeders=None, urls=(DEAD,), state=FailoverState.EXHAUSTED
        )
    ]
    found = told(report_of(good, up), report_of(dead, down))
    assert [change.message for change in found.items] == [
        "debian-12.iso is critical now (exhausted); it was ok",
        f"{DEAD_NAME} is down now (connection refused); it was up",
    ]
    item = found.items[0]
    assert (item.kind, item.torrent, item.before, item.after) == (
        ChangeKind.PROBLEM_NEW,
        good[0].torrent.info_hash_hex,
        "ok",
        "critical",
    )


def test_a_tracker_that_does_not_know_a_torrent_any_more():
    up = [tracker(DEAD), tracker(UP)]
    good = [well("a", urls=(DEAD, UP))]
    listed = good[0].torrent
    no = refused(FailureKind.UNREGISTERED, "not registered")
    lost = seen(
        listed,
        Verdict.WARNING,
        counts=SwarmCounts(40, 1, 1),
        answers=(
            answer(listed, DEAD, Role.FAILED, failure=no),
            answer(listed, UP, Role.ACTIVE, SwarmCounts(40, 1, 1)),
        ),
        problems=(problem(Rule.UNREGISTERED, "words", "do", of=listed),),
    )
    found = told(report_of(good, up), report_of([lost], up))
    assert [(c.kind, c.torrent, c.tracker, c.message) for c in found.items] == [
        (ChangeKind.UNREGISTERED, listed.info_hash_hex, DEAD_ID, f"a: {DEAD_NAME} does not know it any more")
    ]
    quiet = [replace(up[0], muted=Mute(None, "it forgets")), up[1]]
    assert ChangeKind.UNREGISTERED not in [c.kind for c in told(report_of(good, up), report_of([lost], quiet)).items]
    # Where it did not answer before it may never have known it.
    never = report_of([broken("a", Rule.FAILED_OVER, Verdict.WARNING)], [tracker(DEAD, Health.DOWN), tracker(UP)])
    assert ChangeKind.UNREGISTERED not in [c.kind for c in told(never, report_of([lost], up)).items]
    assert lines(report_of([lost], up), report_of([lost], up)) == []


def test_a_tracker_that_forgets_many_is_told_once():
    no = refused(FailureKind.UNREGISTERED, "not registered")
    good = [well(f"t{number}", urls=(UP,)) for number in range(25)]
    lost = [
        replace(
            view, answers=(answer(view.torrent, UP, Role.FAILED, failure=no),), counts=SwarmCounts(None, None, None)
        )
        for view in good
    ]
    assert lines(report_of(good, [tracker(UP)]), report_of(lost, [tracker(UP)])) == [
        f"{UP_NAME} does not know 25 torrents any more: t0, t1, t2 and 22 more"
    ]


@pytest.mark.parametrize(
    ("then", "now", "message"),
    [
        (120, 9, "debian-12.iso: seeders 120 -> 9 (-92 %)"),
        (5, 1, "debian-12.iso: seeders 5 -> 1 (-80 %)"),
        (5, 0, "debian-12.iso: seeders 5 -> 0 (-100 %)"),
        (12_000, 2_400, "debian-12.iso: seeders 12,000 -> 2,400 (-80 %)"),
        (100, 21, None),
        (4, 0, None),
        (120, None, None),
        (None, 3, None),
        (9, 120, None),
        # No such swarm exists: the tracker spoke nonsense.
        (1_000_000_000, 3, None),
    ],
)
def test_seeders_that_left(then, now, message):
    before, after = report_of([well(seeders=then)], [tracker(UP)]), report_of([well(seeders=now)], [tracker(UP)])
    assert lines(before, after) == ([] if message is None else [message])


def test_seeders_that_a_silent_tracker_knew_of_have_not_left():
    before = report_of([well(seeders=120, urls=(DEAD, UP))], [tracker(DEAD), tracker(UP)])
    after = report_of(
        [broken("debian-12.iso", Rule.FAILED_OVER, Verdict.WARNING, seeders=4)],
        [tracker(DEAD, Health.DOWN, **DOWN), tracker(UP)],
    )
    assert [c.kind for c in told(before, after).items] == [ChangeKind.TRACKER_DOWN]


def test_a_tracker_that_was_silent_before_hides_no_drop():
    trackers = [tracker(DEAD, Health.DOWN, **DOWN), tracker(UP)]
    good = report_of([well(seeders=120, urls=(DEAD, UP))], [tracker(DEAD), tracker(UP)])
    one = report_of([broken("debian-12.iso", Rule.FAILED_OVER, Verdict.WARNING, seeders=90)], trackers)
    two = report_of([broken("debian-12.iso", Rule.FAILED_OVER, Verdict.WARNING, seeders=9)], trackers)
    kept = filled(baseline_of(one), baseline_of(good))
    assert [c.message for c in changes(kept, baseline_of(two), two, "x").items] == [
        "debian-12.iso: seeders 90 -> 9 (-90 %)"
    ]


def test_a_tracker_that_lost_its_memory_while_it_was_down_is_told():
    no = refused(FailureKind.UNREGISTERED, "not registered")
    good = report_of([well("a", urls=(UP,))], [tracker(UP)])
    listed = torrent("a", [UP])
    silent = seen(listed, Verdict.CRITICAL, answers=(answer(listed, UP, Role.FAILED, failure=refused()),))
    down = report_of([silent], [tracker(UP, Health.DOWN, **DOWN)])
    back = seen(listed, Verdict.CRITICAL, answers=(answer(listed, UP, Role.FAILED, failure=no),))
    now = report_of([back], [tracker(UP)])
    kept = filled(baseline_of(down), baseline_of(good))
    assert [c.message for c in changes(kept, baseline_of(now), now, "x").items] == [
        f"a: {UP_NAME} does not know it any more",
        f"{UP_NAME} answers again; it was down",
    ]


def test_a_drop_and_the_warning_it_means_are_one_line():
    lone = well(seeders=1)
    lone = replace(lone, verdict=Verdict.WARNING, problems=(problem(Rule.ONE_SEEDER, "w", "d", of=lone.torrent),))
    assert lines(report_of([well(seeders=50)], [tracker(UP)]), report_of([lone], [tracker(UP)])) == [
        "debian-12.iso: seeders 50 -> 1 (-98 %)"
    ]
    none = replace(
        well(seeders=0), verdict=Verdict.CRITICAL, problems=(problem(Rule.NO_SEEDERS, "w", "d", of=lone.torrent),)
    )
    assert lines(report_of([well(seeders=50)], [tracker(UP)]), report_of([none], [tracker(UP)])) == [
        "debian-12.iso is critical now (no seeders); it was ok",
        "debian-12.iso: seeders 50 -> 0 (-100 %)",
    ]


def test_many_drops_are_told_once_with_the_worst():
    before = report_of([well(f"t{n}", seeders=100 + n) for n in range(30)], [tracker(UP)])
    after = report_of([well(f"t{n}", seeders=2) for n in range(30)], [tracker(UP)])
    assert lines(before, after) == ["30 torrents lost 80% of their seeders or more (t29: 129 -> 2)"]


def test_better_and_worse():
    two = (DEAD, UP)
    ok = well("a", urls=two)
    warning = broken("a", Rule.REDUNDANCY, Verdict.WARNING, urls=two)
    critical = broken("a", Rule.NO_SEEDERS, Verdict.CRITICAL, seeders=0, urls=two)
    both = [tracker(DEAD), tracker(UP)]
    as_reports = [report_of([view], both) for view in (ok, warning, critical)]
    ok_, warning_, critical_ = as_reports
    assert lines(ok_, warning_) == ["a has a warning now (redundancy); it was ok"]
    assert lines(warning_, critical_)[0] == "a is critical now (no seeders); it had a warning"
    assert lines(critical_, warning_) == ["a has only a warning now; it was critical (no seeders)"]
    assert lines(warning_, ok_) == ["a is ok again; it had a warning (redundancy)"]


def test_some_that_became_worse_alike_are_told_one_by_one():
    names = ["a", "b", "c"]
    before = report_of([well(name, seeders=3) for name in names], [tracker(UP)])
    bad = [broken(name, Rule.NO_SEEDERS, Verdict.CRITICAL, seeders=0, urls=(UP,)) for name in names]
    now = report_of(bad, [tracker(UP)])
    assert lines(before, now) == [f"{name} is critical now (no seeders); it was ok" for name in names]
    assert lines(now, before) == [f"{name} is ok again; it was critical (no seeders)" for name in names]


def test_many_that_became_worse_alike_are_told_once():
    names = [f"t{number}" for number in range(214)]
    both = [tracker(UP)]
    before = report_of([well(name, seeders=3) for name in names], both)
    bad = [broken(name, Rule.NO_SEEDERS, Verdict.CRITICAL, seeders=0, urls=(UP,)) for name in names]
    found = told(before, report_of(bad, both))
    assert [(c.kind, c.torrent, c.after, c.message) for c in found.items] == [
        (
            ChangeKind.PROBLEM_NEW,
            None,
            "critical",
            "214 torrents are critical now (no seeders), and were ok: t0, t1, t2 and 211 more",
        )
    ]


def test_torrents_that_come_and_go_and_are_made_anew():
    before = report_of([well("a"), well("b"), well("c")], [tracker(UP)])
    anew = torrent("b", [UP])
    anew = replace(anew, info_hash=b"\x07" * 20)
    now = report_of([well("a"), seen(anew), well("d")], [tracker(UP)])
    found = told(before, now)
    b, c, d = (torrent(name, [UP]).info_hash_hex for name in "bcd")
    assert [(x.kind, x.torrent, x.before, x.after) for x in found.items] == [
        (ChangeKind.TORRENT_GONE, c, c, None),
        (ChangeKind.TORRENT_RENEWED, "07" * 20, b, "07" * 20),
        (ChangeKind.TORRENT_NEW, d, None, d),
    ]
    assert [x.message for x in found.items] == [
        "c is gone; it was ok",
        f"b is another torrent now: {b[:12]}… -> 070707070707…",
        "d is new",
    ]


def test_a_new_torrent_that_is_not_well_says_so():
    before = report_of([well("a")], [tracker(UP)])
    new = broken("b", Rule.NO_SEEDERS, Verdict.CRITICAL, seeders=0, urls=(UP,))
    assert lines(before, report_of([well("a"), new], [tracker(UP)])) == ["b is new, and is critical"]


def test_twenty_are_told_one_by_one_and_more_are_not():
    before = report_of([well("a")], [tracker(UP)])
    names = [f"n{number}" for number in range(21)]
    assert len(lines(before, report_of([well("a"), *map(well, names[:20])], [tracker(UP)]))) == 20
    assert len(lines(before, report_of([well("a"), *map(well, names)], [tracker(UP)]))) == 1


def test_many_that_come_are_told_once():
    before = report_of([well("a")], [tracker(UP)])
    now = report_of([well("a"), *(well(f"n{number}") for number in range(1200))], [tracker(UP)])
    assert lines(before, now) == ["1,200 torrents are new: n0, n1, n2 and 1,197 more"]
    assert lines(now, before) == ["1,200 torrents are gone: n0, n1, n2 and 1,197 more"]


def test_what_the_filter_leaves_out_now_is_not_gone_and_was_not_new():
    views = [well("a"), broken("b", Rule.REDUNDANCY, Verdict.WARNING, urls=(UP,))]
    one, other = report_of(views, [tracker(UP)], selected=[0]), report_of(views, [tracker(UP)], selected=[1])
    both = report_of(views, [tracker(UP)])
    assert lines(one, other) == []
    assert lines(both, one) == []
    assert lines(one, both) == []


def test_a_part_is_not_compared_with_a_whole_that_it_does_not_know():
    whole = report_of([well("a"), well("b")], [tracker(UP)])
    part = report_of([well("a")], [tracker(UP)])
    assert lines(whole, part, filtered=True) == []
    assert lines(whole, part) == ["b is gone; it was ok"]


def test_only_problems_hides_nothing_from_the_next_run():
    good, bad = well("a"), broken("a", Rule.NO_SEEDERS, Verdict.CRITICAL, seeders=0, urls=(UP,))
    hidden = report_of([good, well("b")], [tracker(UP)], only_problems=True)
    assert hidden.torrents == ()
    assert lines(hidden, report_of([bad, well("b")], [tracker(UP)], only_problems=True))[0] == (
        "a is critical now (no seeders); it was ok"
    )
    assert lines(report_of([bad, well("b")], [tracker(UP)]), hidden) == ["a is ok again; it was critical (no seeders)"]


def test_a_file_of_problems_alone_is_enough_to_compare_with():
    quiet = report_of([well("a"), well("b")], [tracker(UP), tracker(DEAD)], only_problems=True)
    before = baseline_of(read_report("".join(render(quiet, Style())), "old.json"))
    bad = broken("a", Rule.NO_SEEDERS, Verdict.CRITICAL, seeders=0, urls=(UP,))
    now = report_of([bad, well("b")], [tracker(UP), tracker(DEAD, Health.DOWN, **DOWN)])
    assert [c.message for c in changes(before, baseline_of(now), now, "old.json").items] == [
        "a is critical now (no seeders); it was ok",
        f"{DEAD_NAME} is down now (connection refused); it was not among the problems",
    ]


def test_there_is_an_end_to_it(monkeypatch):
    monkeypatch.setattr(comparing, "MAX_ITEMS", 4)
    before = report_of([well(f"a{number}") for number in range(9)], [tracker(UP)])
    assert lines(before, report_of([well("b")], [tracker(UP)])) == [
        "a0 is gone; it was ok",
        "a1 is gone; it was ok",
        "a2 is gone; it was ok",
        "7 more changes are not listed",
    ]
