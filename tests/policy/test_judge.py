"""Which rules are broken, and what that comes to."""

from __future__ import annotations

import pytest

from trackerwatch.failover import FailoverState
from trackerwatch.policy import SEVERITIES, Rule, Verdict
from trackerwatch.policy.judge import Standings, broken_rules, verdict_of, worst_verdict
from trackerwatch.policy.rules import BUILT_IN, Severity
from trackerwatch.policy.words import Evidence, effect_words, torrent_words

WELL = Standings(
    FailoverState.PRIMARY, later_tier=False, listed=2, listed_independent=2, hopeful_independent=2, works=True
)


def broken(standings: Standings = WELL, seeders: int = 2, **flags: bool) -> tuple[Rule, ...]:
    return broken_rules(
        standings, seeders, **({"unregistered": False, "unauthorized": False, "implausible": False} | flags)
    )


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (broken(), ()),
        (broken(seeders=1), (Rule.ONE_SEEDER,)),
        (broken(seeders=0), (Rule.NO_SEEDERS,)),
        (broken(seeders=-1), ()),
        (broken(Standings(FailoverState.EXHAUSTED, False, 2, 2, 0, False), -1), (Rule.EXHAUSTED,)),
        (
            broken(Standings(FailoverState.FAILED_OVER, True, 2, 2, 1, True), 0),
            (Rule.NO_SEEDERS, Rule.FAILED_OVER, Rule.REDUNDANCY),
        ),
        (broken(Standings(FailoverState.FAILED_OVER, False, 3, 3, 2, True)), ()),
        (broken(Standings(FailoverState.PRIMARY, False, 2, 1, 1, True)), ()),
        (broken(Standings(FailoverState.UNKNOWN, False, 0, 0, 0, False), -1), (Rule.NO_TRACKERS,)),
        (
            broken(unregistered=True, unauthorized=True, implausible=True),
            (Rule.UNREGISTERED, Rule.UNAUTHORIZED, Rule.IMPLAUSIBLE),
        ),
    ],
)
def test_broken_rules(rules, expected):
    assert rules == expected


@pytest.mark.parametrize(
    ("rules", "known", "verdict"),
    [
        ((), True, Verdict.OK),
        ((), False, Verdict.UNKNOWN),
        ((Rule.ONE_SEEDER,), True, Verdict.WARNING),
        ((Rule.ONE_SEEDER, Rule.EXHAUSTED), False, Verdict.CRITICAL),
        ((Rule.SINGLE_TRACKER,), True, Verdict.OK),
        ((Rule.SINGLE_TRACKER,), False, Verdict.UNKNOWN),
    ],
)
def test_verdict(rules, known, verdict):
    assert verdict_of(rules, counts_known=known) is verdict


def test_worst_first_is_critical_warning_unknown_ok():
    order = [Verdict.OK, Verdict.UNKNOWN, Verdict.WARNING, Verdict.CRITICAL]
    assert sorted(Verdict, key=lambda v: v.badness) == order
    assert worst_verdict(order) is Verdict.CRITICAL
    assert worst_verdict([Verdict.OK, Verdict.UNKNOWN]) is Verdict.UNKNOWN
    assert worst_verdict([]) is Verdict.OK
    assert [v.exit_code for v in order] == [0, 3, 1, 2]


@pytest.mark.parametrize("rule", list(Rule))
def test_every_rule_has_a_severity_and_every_torrent_rule_has_words(rule):
    assert rule in SEVERITIES
    if rule in BUILT_IN - {Rule.TRACKER_DOWN, Rule.TLS_EXPIRY, Rule.SKIPPED_INPUT}:
        message, action = torrent_words(rule, Evidence(names=("foo:1 refused",), active="bar:2", total=2, working=1))
        assert message
        assert action
        assert message != str(rule)


def test_effect_words():
    assert effect_words((5076, 41, 3, 0)) == "of 5,120 torrents, 5,076 keep their tracker, 41 failed over, 3 exhausted"
    assert effect_words((1, 0, 0, 0)) == "1 torrent keeps its tracker"
    assert effect_words((12, 0, 0, 0)) == "12 torrents keep their tracker"
    assert effect_words((0, 0, 1200, 0)) == "1,200 torrents exhausted"
    assert effect_words((0, 0, 0, 0)) == "no torrent lists it"


def test_severities_rank_as_the_verdicts_that_they_come_to():
    assert sorted(Severity, key=lambda s: -s.badness) == [Severity.CRITICAL, Severity.WARNING, Severity.INFO]
    assert [s.verdict for s in Severity] == [Verdict.OK, Verdict.WARNING, Verdict.CRITICAL]
    by_verdict = sorted(Severity, key=lambda s: s.verdict.badness)
    assert by_verdict == sorted(Severity, key=lambda s: s.badness)
