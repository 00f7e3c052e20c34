from __future__ import annotations

from dataclasses import replace

from tests.reports import scenes
from trackerwatch.engine.views import AskState, Effect
from trackerwatch.failover import FailoverState, Role
from trackerwatch.health import Health
from trackerwatch.outcome import Failure, FailureKind
from trackerwatch.policy.rules import Rule
from trackerwatch.reports.readback.derived import answer_failure, effects_of, failed_trackers, failure_of, why_of
from trackerwatch.tracker import parse_tracker

DEAD, UP, KEYED = (parse_tracker(url).id for url in (scenes.DEAD, scenes.UP, scenes.KEYED))
LISTED = scenes.torrent("image", [scenes.DEAD], [scenes.UP], [scenes.KEYED])


def over(*, active: str | None = scenes.UP, state: FailoverState = FailoverState.FAILED_OVER):
    roles = ((scenes.DEAD, Role.FAILED), (scenes.UP, Role.ACTIVE), (scenes.KEYED, Role.FAILED))
    answers = tuple(
        scenes.answer(LISTED, url, role, failure=scenes.refused() if role is Role.FAILED else None)
        for url, role in roles
    )
    return scenes.seen(LISTED, active=active, state=state, answers=answers)


def test_only_what_stands_before_the_active_tracker_made_a_torrent_fail_over():
    assert effects_of([over(), over()]) == {
        DEAD: Effect(0, 2, 0, 0),
        UP: Effect(2, 0, 0, 0),
        KEYED: Effect(2, 0, 0, 0),
    }


def test_exhausted_and_unknown_are_everybodys():
    exhausted = over(active=None, state=FailoverState.EXHAUSTED)
    unknown = over(active=None, state=FailoverState.UNKNOWN)
    assert set(effects_of([exhausted, unknown]).values()) == {Effect(0, 0, 1, 1)}


def test_the_failure_of_a_tracker_is_the_one_its_reasons_name():
    slow = scenes.endpoint(Health.DOWN, failure=Failure(FailureKind.TIMEOUT))
    closed = scenes.endpoint(Health.DOWN, failure=scenes.refused())
    assert failure_of(Health.DOWN, ("refused",), (slow, closed)) == scenes.refused()
    assert failure_of(Health.DOWN, ("tls",), (slow, closed)) == Failure(FailureKind.TLS)
    assert failure_of(Health.DEGRADED, ("endpoint_down",), (slow, closed)) == Failure(FailureKind.TIMEOUT)
    assert failure_of(Health.UP, ("refused",), (closed,)) is None
    assert failure_of(Health.UNKNOWN, (), ()) is None


def test_a_torrents_trouble_in_a_few_words():
    view = replace(over(), failover=replace(over().failover, working=1, total=3))
    broken = (scenes.problem(Rule.FAILED_OVER, "runs on its backup", "see", of=LISTED),)
    refused = "tracker.foo.org connection refused, private.example.net connection refused; last one left"
    assert why_of(broken, view.answers, view.failover) == refused
    tls = Failure(FailureKind.TLS)
    assert why_of(broken, view.answers, view.failover, {DEAD: tls}).startswith("tracker.foo.org TLS failed, private")
    for rule, words in ((Rule.ONE_SEEDER, "one seeder"), (Rule.MIN_SEEDERS, "min seeders"), (Rule.SINGLE_TRACKER, "")):
        assert why_of((scenes.problem(rule, "x", "y", of=LISTED),), (), view.failover) == words


def test_a_refused_announce_goes_before_a_scrape_that_was_answered():
    answer = scenes.answer(LISTED, scenes.DEAD, Role.FAILED, failure=Failure(FailureKind.TIMEOUT))
    gone = Failure(FailureKind.UNREGISTERED, None, "not here")
    announced = replace(answer, announce=replace(answer.announce, state=AskState.FAILED, failure=gone))
    assert answer_failure(announced) is gone
    unclear = replace(answer, announce=replace(answer.announce, failure=Failure(FailureKind.CLOSED)))
    assert answer_failure(unclear) == Failure(FailureKind.TIMEOUT)
    warned = replace(answer, announce=replace(answer.announce, state=AskState.ANSWERED, warning="not registered"))
    assert answer_failure(warned) == Failure(FailureKind.UNREGISTERED, None, "not registered")
    assert dict(failed_trackers([announced], {})) == {"tracker.foo.org": "unregistered: not here"}
