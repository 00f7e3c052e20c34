"""What a JSON report leaves out and views hold: effects of trackers, failures and words, worked out from what is there."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from trackerwatch.engine.views import AskState, Effect
from trackerwatch.failover.states import FailoverState, Role
from trackerwatch.health.states import Health
from trackerwatch.outcome import Failure, FailureKind
from trackerwatch.policy.rules import Problem, Rule, Severity
from trackerwatch.policy.words import failure_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from trackerwatch.engine.views import AnswerView, EndpointView, FailoverView, TorrentView

_KINDS = frozenset(FailureKind)
_FAILED_THERE = frozenset({Rule.EXHAUSTED, Rule.FAILED_OVER, Rule.REDUNDANCY, Rule.UNREGISTERED, Rule.UNAUTHORIZED})
"""Rules that are explained by the trackers that fail."""
_WORDS = {Rule.NO_SEEDERS: "no seeder", Rule.ONE_SEEDER: "one seeder", Rule.NO_TRACKERS: "lists no usable tracker"}


def effects_of(torrents: Iterable[TorrentView]) -> dict[str, Effect]:
    """By tracker id what each tracker's state does to the torrents that list it; as `Effect` has it.

    Only what stands before the active tracker made a torrent fail over.
    """
    counted: dict[str, Counter[FailoverState]] = {}
    for view in torrents:
        failover = view.failover
        seen: set[str] = set()
        before_active = True
        for answer in view.answers:
            tracker = answer.tracker
            before_active = before_active and tracker is not failover.active
            if tracker.id in seen:
                continue
            seen.add(tracker.id)
            state = failover.state
            if state is FailoverState.FAILED_OVER and not (before_active and answer.role is Role.FAILED):
                state = FailoverState.PRIMARY
            counted.setdefault(tracker.id, Counter())[state] += 1
    return {
        tracker_id: Effect(
            unaffected=effect[FailoverState.PRIMARY],
            failed_over=effect[FailoverState.FAILED_OVER],
            exhausted=effect[FailoverState.EXHAUSTED],
            unknown=effect[FailoverState.UNKNOWN],
        )
        for tracker_id, effect in counted.items()
    }


def failure_of(state: Health, reasons: Sequence[str], endpoints: Sequence[EndpointView]) -> Failure | None:
    """What best explains a tracker's state: the failure of an address that its reasons name, else of any."""
    if state is Health.UP:
        return None
    failures = [view.failure for view in endpoints if view.failure is not None]
    for failure in failures:
        if failure.kind in reasons:
            return failure
    named = next((FailureKind(reason) for reason in reasons if reason in _KINDS), None)
    if named is not None:
        return Failure(named)
    return failures[0] if failures else None


def why_of(
    problems: Sequence[Problem],
    answers: Sequence[AnswerView],
    failover: FailoverView,
    down: Mapping[str, Failure | None] | None = None,
) -> str:
    """A torrent's worst problem in a few words; empty where all is well.

    Args:
        problems: Worst first.
        answers: What its trackers said.
        failover: Where it stands.
        down: By tracker id, why each tracker is down that is.
    """
    rule = next((problem.rule for problem in problems if problem.severity is not Severity.INFO), None)
    if rule is None:
        return ""
    if rule in _FAILED_THERE and (failed := failed_trackers(answers, down or {})):
        tail = "; last one left" if failover.working == 1 and failover.total > 1 else ""
        return ", ".join(f"{name} {reason}" for name, reason in failed.items()) + tail
    return _WORDS.get(rule, str(rule).replace("_", " "))


def failed_trackers(answers: Iterable[AnswerView], down: Mapping[str, Failure | None]) -> Mapping[str, str]:
    """By short name of each tracker that failed a torrent, why, in words."""
    failed: dict[str, str] = {}
    for answer in answers:
        if answer.role is Role.FAILED:
            failure = down.get(answer.tracker.id) or answer_failure(answer)
            failed.setdefault(_brief(answer.tracker.host_port), failure_words(failure) or "failed")
    return failed


def _brief(host_port: str) -> str:
    """A name without its port; of an address the port may be all that tells it apart."""
    literal = host_port[0].isdigit() or host_port.startswith("[")
    return host_port if literal else host_port.rpartition(":")[0]


def answer_failure(answer: AnswerView) -> Failure | None:
    """Why a tracker does not work for a torrent: what it said of the announce goes before what it said of the scrape."""
    announce = answer.announce
    if announce.warning and announce.state is AskState.ANSWERED and announce.failure is None:
        return Failure(FailureKind.UNREGISTERED, None, announce.warning)
    if announce.failure is not None and (announce.failure.kind.answered or answer.scrape.failure is None):
        return announce.failure
    return answer.scrape.failure
