from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.reports import scenes
from tests.reports.test_building import report_on
from trackerwatch.engine.views import AnnounceView, AskState
from trackerwatch.failover import FailoverState, Role
from trackerwatch.outcome import SwarmCounts
from trackerwatch.policy.rules import Rule, Verdict
from trackerwatch.reports import Style, renderer
from trackerwatch.reports.telling import evidence

BOTH = scenes.torrent("t", [scenes.DEAD], [scenes.UP])
REFUSED = scenes.answer(BOTH, scenes.DEAD, Role.FAILED, failure=scenes.refused())
ANSWERED = scenes.answer(BOTH, scenes.UP, Role.ACTIVE, SwarmCounts(5, 1, 2))


def aged(answer, age_s: float):
    return replace(answer, scrape=replace(answer.scrape, observed_at=scenes.NOW - timedelta(seconds=age_s)))


@pytest.mark.parametrize(
    ("answers", "age_s"),
    [
        ((), None),
        ((REFUSED,), None),
        ((scenes.answer(BOTH, scenes.UP, Role.UNTRIED),), None),
        ((aged(REFUSED, 2), aged(ANSWERED, 900)), 900.0),
        ((aged(ANSWERED, -5),), 0.0),
    ],
)
def test_only_an_answer_has_an_age(answers, age_s):
    assert evidence.age_s(scenes.seen(BOTH, answers=answers), scenes.NOW) == age_s


def test_an_announce_is_an_answer_too():
    announced = replace(REFUSED, announce=AnnounceView(AskState.ANSWERED, observed_at=scenes.EARLIER))
    assert evidence.age_s(scenes.seen(BOTH, answers=(announced,)), scenes.NOW) == 4.0


@pytest.mark.parametrize("name", ["table", "markdown", "html"])
def test_every_format_says_the_same_of_torrents_without_a_tracker(name):
    secret = scenes.torrent("secret", [scenes.KEYED], private=True)
    not_asked = scenes.problem(Rule.PRIVATE_NOT_ASKED, "not asked", "allow it", of=secret)
    dead = scenes.torrent("dead", [scenes.DEAD])
    views = [
        scenes.seen(secret, Verdict.UNKNOWN, state=FailoverState.UNKNOWN, working=0, problems=(not_asked,)),
        scenes.seen(dead, Verdict.CRITICAL, state=FailoverState.EXHAUSTED, working=0),
    ]
    text = "".join(renderer(name)(report_on(scenes.snapshot(views, [scenes.tracker(scenes.UP)])), Style()))
    rows = [line for line in text.splitlines() if "0/1" in line and ("secret" in line or "dead" in line)]
    around = {"table": " {} ", "markdown": "| {} |", "html": "<td>{}</td>"}[name]
    assert len(rows) == 2
    assert around.format("none") in next(row for row in rows if "dead" in row)
    assert around.format("private") in next(row for row in rows if "secret" in row)


@pytest.mark.parametrize(
    ("age_s", "duration_s", "is_older"), [(7.5, 7, False), (9, 7, True), (59, 7, True), (61, 90, False)]
)
def test_what_began_in_the_run_is_not_older(age_s, duration_s, is_older):
    report = replace(report_on(scenes.failed_over_scene()), duration_s=duration_s)
    assert evidence.is_older_than_run(scenes.NOW - timedelta(seconds=age_s), report) is is_older
