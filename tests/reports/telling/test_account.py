from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.reports import scenes
from tests.reports.test_building import report_on
from trackerwatch.engine.views import Effect
from trackerwatch.failover import FailoverState, Role
from trackerwatch.health import Health
from trackerwatch.outcome import FailureKind, SwarmCounts
from trackerwatch.policy.rules import Rule, Severity, Verdict
from trackerwatch.policy.ruling import Judged
from trackerwatch.reports.diff.changes import Change, ChangeKind, Changes
from trackerwatch.reports.rows import PolicyNote, Remembered, Report, SkippedInput
from trackerwatch.reports.telling import evidence
from trackerwatch.reports.telling.account import NO_COLLECTION, account_of
from trackerwatch.tracker import parse_tracker

COMMAND = "trackerwatch report rel/ --policy release.toml --format html -o report.html"


def release(**more) -> Report:
    """Twelve torrents, one of them with too few seeders; no IPv6 here."""
    views = []
    for number in range(12):
        listed = scenes.torrent(f"distro-13.2-{number}.iso", [scenes.UP])
        counts = SwarmCounts(1, 14, 200) if number == 1 else SwarmCounts(41, 212, 900)
        problem = scenes.problem(Rule.SINGLE_TRACKER, "lists a single independent tracker", "add one", of=listed)
        if number == 1:
            problem = scenes.problem(
                Rule.MIN_SEEDERS, "1 seeder, 2 are asked for", "start 1 more on another machine", of=listed
            )
            problem = replace(problem, severity=Severity.CRITICAL, since=scenes.NOW - timedelta(minutes=14))
        views.append(
            scenes.seen(
                listed,
                Verdict.CRITICAL if number == 1 else Verdict.OK,
                counts=counts,
                active=scenes.UP,
                answers=(scenes.answer(listed, scenes.UP, Role.ACTIVE, counts),),
                problems=(problem,),
            )
        )
    v6 = scenes.endpoint(
        Health.UNKNOWN, address="2001:db8::7", failure=scenes.refused(FailureKind.NO_ROUTE, ""), judged=False
    )
    tracker = scenes.tracker(scenes.UP, torrents=12, endpoints=(scenes.endpoint(Health.UP), v6))
    return report_on(scenes.snapshot(views, [tracker]), **{"title": "release 13.2", "command": COMMAND, **more})


def ill(number: int, message, rule: Rule = Rule.ONE_SEEDER, **more) -> Report:
    """Torrents with one problem each, told by `message`."""
    views = []
    for n in range(number):
        listed = scenes.torrent(f"t{n}", [scenes.UP])
        problem = scenes.problem(rule, message(n), "start another", of=listed)
        views.append(scenes.seen(listed, Verdict.WARNING, counts=SwarmCounts(1, n, 0), problems=(problem,)))
    return report_on(scenes.snapshot(views, [scenes.tracker(scenes.UP)]), **more)


def test_a_release_with_one_problem():
    account = account_of(release())
    assert account.verdict is Verdict.CRITICAL
    assert account.sentence == "release 13.2: 1 of 12 torrents has a problem; 11 are ready"
    [block] = account.blocks
    assert (block.severity, block.rule, block.subject) == (Severity.CRITICAL, Rule.MIN_SEEDERS, "distro-13.2-1.iso")
    assert block.message == "1 seeder, 2 are asked for"
    assert block.evidence == ("tracker.example.org:1337 1 seeder, 14 leechers",)
    assert block.effect == "1 of 1 tracker works; clients use tracker.example.org:1337 (tier 0); 1 seeder"
    assert block.since == scenes.NOW - timedelta(minutes=14)
    assert block.actions == ("start 1 more on another machine",)
    assert account.notes == ("11 torrents list a single independent tracker (does not change the verdict)",)
    assert account.seen_from == "vps7, IPv4 only (no IPv6 route: 1 endpoint not judged), 7.4 s, all data fresh"
    assert account.not_judged == ()
    assert account.command == COMMAND
    assert account.check_again == "trackerwatch report rel/ --policy release.toml --fresh --only problems"
    assert [view.torrent.name for view in account.rows][:2] == ["distro-13.2-1.iso", "distro-13.2-0.iso"]


def test_where_all_is_well_nothing_is_to_be_checked_again():
    listed = scenes.torrent("t", [scenes.UP])
    scene = scenes.snapshot([scenes.seen(listed)], [scenes.tracker(scenes.UP)])
    account = account_of(report_on(scene, title="rel", command=COMMAND))
    assert (account.sentence, account.blocks, account.check_again) == ("rel: 1 torrent is ready", (), "")


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        ({Verdict.OK: 12}, "12 torrents are in grace"),
        ({Verdict.OK: 13}, "1 torrent is ready, 12 are in grace"),
        ({Verdict.OK: 14, Verdict.CRITICAL: 1}, "1 of 15 torrents has a problem; 2 are ready, 12 are in grace"),
        ({Verdict.OK: 1, Verdict.UNKNOWN: 3}, "1 torrent is in grace, 3 are unknown"),
    ],
)
def test_what_is_in_grace_is_not_called_ready(counts, sentence):
    listed = scenes.torrent("t", [scenes.UP])
    report = report_on(scenes.snapshot([scenes.seen(listed)], [scenes.tracker(scenes.UP)]))
    assert account_of(replace(report, torrents_by_verdict=counts, policy=PolicyNote("", 12, 0))).sentence == sentence


@pytest.mark.parametrize(("age_s", "told"), [(5.0, False), (59.0, True), (86400.0, True)])
def test_since_is_told_where_it_began_before_this_run(age_s, told):
    listed = scenes.torrent("t", [scenes.UP])
    since = scenes.NOW - timedelta(seconds=age_s)
    problem = replace(scenes.problem(Rule.NO_SEEDERS, "none", "seed", of=listed), since=since)
    view = scenes.seen(listed, Verdict.CRITICAL, problems=(problem,))
    [block] = account_of(report_on(scenes.snapshot([view], [scenes.tracker(scenes.UP)]))).blocks
    assert block.since == (since if told else None)


def test_many_with_the_same_problem_are_one_block():
    [block] = account_of(ill(214, lambda _: "one seeder only")).blocks
    assert (block.subject, block.message, block.evidence) == ("214 torrents", "one seeder only", ())
    assert len(block.members) == 214
    assert block.members[0] == (scenes.torrent("t0", [scenes.UP]).info_hash_hex, "t0")
    assert block.examples == "t0; t1; t2; and 211 more"


def test_three_with_the_same_problem_stay_three():
    assert [block.subject for block in account_of(ill(3, lambda _: "one seeder only")).blocks] == ["t0", "t1", "t2"]
    assert len(account_of(ill(40, str), folded=False).blocks) == 40


def test_too_many_of_one_rule_are_one_block_with_their_causes():
    few = account_of(ill(12, lambda n: f"cause {n}")).blocks
    assert [block.message for block in few] == [f"cause {n}" for n in range(12)]
    [block] = account_of(ill(13, lambda n: f"cause {n // 2}; that is bad")).blocks
    assert block.subject == "13 torrents"
    assert block.message == "if the one seeder leaves, nobody can complete a download"
    assert block.evidence == ("t0; t1: cause 0", "t2; t3: cause 1", "t4; t5: cause 2", "and 7 more")


def exhausted_by_a_tracker(*, severity: Severity) -> Report:
    listed = scenes.torrent("t", [scenes.DEAD])
    over = scenes.torrent("u", [scenes.DEAD], [scenes.UP])
    worse = scenes.problem(Rule.EXHAUSTED, "no tracker is left", "bring one back", of=listed)
    bad = scenes.problem(Rule.FAILED_OVER, "tier 0 failed", "check it", of=over)
    down = scenes.problem(Rule.TRACKER_DOWN, "is down", "ask", at=parse_tracker(scenes.DEAD))
    dead = scenes.tracker(scenes.DEAD, Health.DOWN, failure=scenes.refused(), effect=Effect(0, 0, 1, 0))
    views = [
        scenes.seen(over, Verdict.WARNING, problems=(bad,)),
        scenes.seen(
            listed,
            Verdict.CRITICAL,
            answers=(scenes.answer(listed, scenes.DEAD, Role.FAILED, failure=scenes.refused()),),
            problems=(worse,),
        ),
    ]
    return report_on(scenes.snapshot(views, [dead], (replace(down, severity=severity),)))


def test_the_worst_comes_first_and_of_those_as_bad_the_cause():
    rules = [block.rule for block in account_of(exhausted_by_a_tracker(severity=Severity.WARNING)).blocks]
    assert rules == [Rule.EXHAUSTED, Rule.TRACKER_DOWN, Rule.FAILED_OVER]
    rules = [block.rule for block in account_of(exhausted_by_a_tracker(severity=Severity.CRITICAL)).blocks]
    assert rules == [Rule.TRACKER_DOWN, Rule.EXHAUSTED, Rule.FAILED_OVER]


def test_a_torrent_that_comes_before_its_cause_names_it():
    worst, down, _ = account_of(exhausted_by_a_tracker(severity=Severity.WARNING)).blocks
    assert worst.evidence == ("tracker.foo.org:6969 connection refused",)
    assert down.effect == "1 torrent exhausted"


def breaking(rules_of, message, number: int = 5000) -> Report:
    """Torrents that each break the rules that are theirs."""
    views = []
    for n in range(number):
        listed = scenes.torrent(f"t{n}", [scenes.UP])
        problems = tuple(scenes.problem(rule, message(rule, n), f"mend {rule}", of=listed) for rule in rules_of(n))
        views.append(
            scenes.seen(
                listed,
                Verdict.WARNING,
                problems=problems,
                answers=(scenes.answer(listed, scenes.UP, Role.ACTIVE, SwarmCounts(n, 0, 0)),),
            )
        )
    return report_on(scenes.snapshot(views, [scenes.tracker(scenes.UP)]))


def test_those_that_break_the_same_rules_are_told_together():
    two = (Rule.REDUNDANCY, Rule.MIN_SEEDERS)
    report = breaking(lambda n: two if n % 4 == 0 else two[:1], lambda rule, n: f"{rule} is broken")
    both, one = account_of(report).blocks
    assert (both.subject, both.examples) == ("1,250 torrents", "t0; t4; t8; and 1,247 more")
    assert both.also == ((Rule.MIN_SEEDERS, "min_seeders is broken"),)
    assert both.actions == ("mend redundancy", "mend min_seeders")
    assert (one.subject, one.examples) == ("3,750 torrents", "t1; t2; t3; and 3,747 more")
    assert (one.also, one.actions) == ((), ("mend redundancy",))


SOME = (Rule.MIN_SEEDERS, Rule.FAILED_OVER, Rule.UNREGISTERED, Rule.IMPLAUSIBLE)


def test_where_too_many_differ_it_is_named_who_breaks_what():
    report = breaking(
        lambda n: (Rule.REDUNDANCY, *(rule for bit, rule in enumerate(SOME) if n >> bit & 1)),
        lambda rule, n: f"{rule} {n if rule is Rule.MIN_SEEDERS else 'is broken'}",
    )
    [block] = account_of(report).blocks
    assert block.subject == "5,000 torrents"
    whose = dict(block.also)
    assert whose[Rule.MIN_SEEDERS].startswith("2,500 of them (t1; t3; t5; and 2,497 more): ")
    assert whose[Rule.UNREGISTERED].endswith("of them (t4; t5; t6; and 2,497 more): unregistered is broken")
    assert block.actions[:2] == ("mend redundancy", "2,500 of them (t1; t3; t5; and 2,497 more): mend min_seeders")
    assert len(block.actions) == 5
    assert block.actions[-1] == "2,496 of them (t8; t9; t10; and 2,493 more): what --format json tells of each"


def test_what_to_do_names_the_few_it_is_for():
    views = []
    for n in range(6):
        listed = scenes.torrent(f"t{n}", [scenes.UP])
        todo = "start 2 more" if n in (1, 4) else "start 1 more"
        problem = scenes.problem(Rule.MIN_SEEDERS, "too few", todo, of=listed)
        views.append(scenes.seen(listed, Verdict.WARNING, problems=(problem,)))
    [block] = account_of(report_on(scenes.snapshot(views, [scenes.tracker(scenes.UP)]))).blocks
    assert block.actions == ("4 of them (t0; t2; t3; and 1 more): start 1 more", "t1; t4: start 2 more")


def test_evidence_is_made_for_what_is_told(monkeypatch):
    made = []
    monkeypatch.setattr(evidence, "of_torrent", lambda view: made.append(view) or (f"{view.counts} {len(made)}",))
    account_of(breaking(lambda _: (Rule.ONE_SEEDER,), lambda _, n: f"cause {n}"))
    assert len(made) <= 2
    account_of(breaking(lambda _: (Rule.ONE_SEEDER,), lambda _, __: "one seeder"))
    assert len(made) <= 5


@pytest.mark.parametrize(("state", "kind"), [(Health.DOWN, FailureKind.REFUSED), (Health.UNKNOWN, FailureKind.BLOCKED)])
def test_nothing_is_fresh_where_nothing_answered(state, kind):
    listed = scenes.torrent("t", [scenes.DEAD])
    view = scenes.seen(listed, Verdict.CRITICAL, working=0, state=FailoverState.EXHAUSTED)
    dead = scenes.tracker(scenes.DEAD, state, failure=scenes.refused(kind))
    assert account_of(report_on(scenes.snapshot([view], [dead]))).seen_from == "vps7, 7.4 s"
    both = scenes.snapshot([view], [dead, scenes.tracker(scenes.UP)])
    listing = replace(both.torrents.views[0], torrent=scenes.torrent("t", [scenes.DEAD], [scenes.UP]))
    both = scenes.snapshot([listing], [dead, scenes.tracker(scenes.UP)])
    assert account_of(report_on(both)).seen_from == "vps7, 7.4 s, all data fresh"


def test_nothing_judged_has_its_reason_in_the_sentence():
    views = [
        scenes.seen(
            listed,
            Verdict.UNKNOWN,
            state=FailoverState.UNKNOWN,
            working=0,
            answers=(scenes.answer(listed, scenes.UP, Role.UNTRIED),),
        )
        for listed in (scenes.torrent("a", [scenes.UP]), scenes.torrent("b", [scenes.UP]))
    ]
    offline = scenes.refused(FailureKind.LOCAL_OFFLINE, "")
    account = account_of(
        report_on(scenes.snapshot(views, [scenes.tracker(scenes.UP, Health.UNKNOWN, endpoints=(), failure=offline)]))
    )
    assert account.sentence == "2 torrents are unknown; the only tracker could not be judged (we are offline)"
    assert account.not_judged == ("2 torrents (we are offline)", "1 tracker (we are offline)")
    assert "fresh" not in account.seen_from


def test_reasons_for_not_judging_are_told_once_each():
    secret = scenes.torrent("secret", [scenes.KEYED], private=True)
    not_asked = scenes.problem(Rule.PRIVATE_NOT_ASKED, "not asked", "allow it", of=secret)
    eased = replace(scenes.problem(Rule.NO_TRACKERS, "lists none", "add one", of=secret), severity=Severity.INFO)
    views = [
        scenes.seen(secret, Verdict.UNKNOWN, working=0, problems=(not_asked,)),
        *(scenes.seen(scenes.torrent(f"t{n}"), Verdict.UNKNOWN, working=0, problems=(eased,)) for n in range(2)),
    ]
    account = account_of(report_on(scenes.snapshot(views, [scenes.tracker(scenes.UP)])))
    assert account.not_judged == ("3 torrents (no tracker is listed; private, not asked)",)
    [note] = [note for note in account.notes if "no_trackers" in note]
    assert note.endswith(" (no_trackers: does not change the verdict)")


def by_folder(*folders: str) -> Report:
    views = []
    for number, folder in enumerate(folders):
        listed = replace(scenes.torrent(f"t{number}", [scenes.UP]), sources=(f"{folder}t{number}.torrent",))
        views.append(scenes.seen(listed, Verdict.WARNING if number == 1 else Verdict.OK))
    return report_on(scenes.snapshot(views, [scenes.tracker(scenes.UP)]))


def sections(report: Report) -> list[tuple[str, list[str], dict]]:
    return [
        (section.name, [view.torrent.name for view in section.rows], dict(section.by_verdict))
        for section in account_of(report).sections
    ]


def test_folders_are_collections_where_no_policy_has_some():
    assert sections(by_folder("rel/b/", "rel/a/", "rel/a/", "")) == [
        ("rel/a", ["t1", "t2"], {Verdict.WARNING: 1, Verdict.OK: 1}),
        ("rel/b", ["t0"], {Verdict.OK: 1}),
        (NO_COLLECTION, ["t3"], {Verdict.OK: 1}),
    ]
    assert [name for name, _, _ in sections(by_folder("rel/", "rel/"))] == [""]
    assert [name for name, _, _ in sections(by_folder("https://a.org/", "magnet:?x/"))] == [""]


def test_collections_of_the_policy_keep_their_order_and_count_what_is_not_listed():
    listed = [scenes.torrent(name, [scenes.UP]) for name in ("a", "b", "c")]
    views = [scenes.seen(one, Verdict.OK if one.name == "b" else Verdict.WARNING) for one in listed]
    judged = Judged(tuple(views), {listed[0].info_hash_hex: "zoo", listed[1].info_hash_hex: "ark"})
    scene = scenes.snapshot(views, [scenes.tracker(scenes.UP)])
    assert sections(report_on(scene, judged=judged, only_problems=True)) == [
        ("zoo", ["a"], {Verdict.WARNING: 1}),
        ("ark", [], {Verdict.OK: 1}),
        (NO_COLLECTION, ["c"], {Verdict.WARNING: 1}),
    ]


def test_changes_policy_and_store_are_said():
    change = Change(ChangeKind.PROBLEM_NEW, "distro-13.2-1.iso was ok and is critical now")
    report = replace(
        release(policy=PolicyNote("release.toml", 2, 1, ("the override for a ended on 2026-11-01",))),
        changes=Changes("the last run", scenes.NOW - timedelta(days=1), (change,)),
        remembered=Remembered(3, 61.0, 840.5),
    )
    account = account_of(report)
    assert account.changes == (change.message,)
    assert account.compared == "since the last run, 21 Nov 14:02 UTC (24h ago)"
    assert account.policy == "policy release.toml: 2 torrents in grace, an override holds for 1 torrent"
    assert account.notes[-1] == "the override for a ended on 2026-11-01"
    assert account.seen_from.endswith("answers of 3 trackers from the store, 61s to 14m old (--fresh asks again)")


def test_skipped_inputs_are_told_by_reason():
    skipped = [SkippedInput("a", "empty file"), SkippedInput("b", "ends early"), SkippedInput("c", "empty file")]
    account = account_of(release(skipped=skipped))
    assert account.skipped == (("empty file", ("a", "c")), ("ends early", ("b",)))
    assert account.sentence.endswith("; 3 inputs were skipped")
    assert all(block.rule is not Rule.SKIPPED_INPUT for block in account.blocks)


def test_lint_is_told_in_its_own_words_and_alike_together():
    views = []
    for number in range(6):
        listed = scenes.torrent(f"t{number}", [scenes.UP])
        message = "4 pieces of 64 MiB" if number else "3 pieces of 96 MiB"
        found = scenes.problem(Rule.PIECE_SIZE, message, "make it anew", of=listed)
        views.append(scenes.seen(listed, problems=(found,)))
    account = account_of(report_on(scenes.snapshot(views, [scenes.tracker(scenes.UP)])))
    tail = "make it anew (piece_size: lint, does not change the verdict)"
    assert account.notes == (
        f"5 torrents (t1, t2, t3, and 2 more): 4 pieces of 64 MiB; {tail}",
        f"t0: 3 pieces of 96 MiB; {tail}",
    )


def test_a_report_has_one_account_and_one_that_came_of_it_has_its_own():
    report = release(title="rel")
    assert account_of(report) is account_of(report)
    assert account_of(report, folded=False) is not account_of(report)
    assert account_of(replace(report, title="other")).title == "other"
