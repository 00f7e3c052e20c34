from __future__ import annotations

from datetime import timedelta

from tests.reports.scenes import NOW
from tests.reports.vantages.test_quorum import down, made, put, up
from trackerwatch.policy.rules import Verdict
from trackerwatch.reports import Style, renderer
from trackerwatch.reports.rows import Quorum, Vantage, Vote
from trackerwatch.reports.telling.vantage_words import votes


def vote(name: str, age_s: float, *, fresh: bool = True, verdict: Verdict = Verdict.OK, id: str = "") -> Vote:  # noqa: A002 - the field's name
    return Vote(Vantage(id or name, name), NOW - timedelta(seconds=age_s), fresh, verdict)


def told(needed: int, *cast: Vote) -> list[str]:
    return list(votes(Quorum(needed, cast, {}), NOW))


def test_the_rule_comes_first_then_everyone():
    assert told(2, vote("ci-eu", 60), vote("ci-us", 10800, fresh=False), vote("home", 5, verdict=Verdict.CRITICAL)) == [
        "down is what 2 of 2 fresh vantages call down; what fewer see is regional",
        "ci-eu: ok, 60s old",
        "ci-us is 3h old and has no vote",
        "home: critical, 5s old",
    ]


def test_no_quorum_says_nothing():
    assert list(votes(None, NOW)) == []


def test_whose_vote_does_not_count_is_told_with_the_reason():
    lines = told(
        1,
        vote("ci-eu", 60),
        vote("ci-eu", 600, fresh=False),
        vote("ahead", -7200, fresh=False),
        vote("", 9999, fresh=False, id="abc"),
    )
    assert lines == [
        "there is one fresh vantage alone: what it says holds",
        "ci-eu: ok, 60s old",
        "an earlier report of ci-eu (10m old) does not count",
        "ahead has no vote: its report is from 2h in the future, look at the clocks",
        "abc is 2h old and has no vote",
    ]


def test_too_few_is_said():
    assert told(3, vote("ci-eu", 60))[0] == "3 fresh vantages must agree, and 1 is fresh: too few for a verdict"
    assert told(1, vote("ci-eu", 6000, fresh=False))[0] == "no report is fresh: nothing can be said"


def test_regional_faults_are_told_in_full_by_formats_for_people():
    report = put(made("ci-eu", up()), made("ci-us", down()), made("home", up(), age_s=10800))
    text = " ".join("".join(renderer("table")(report, Style())).split())
    assert "regional: tracker.foo.org:6969 is down from 1 of 2 fresh vantages (needed: 2): ci-us (refused)" in text
    assert "home is 3h old and has no vote" in text
    assert "seen from vps7, which put 3 reports together, 60s to 3h old" in text
    assert "down is what 2 of 2 fresh vantages call down" in text
