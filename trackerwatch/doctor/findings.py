"""The judgement: each question about this machine with its answer, what was seen, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.doctor.finding import MARKS, Answer, Finding
from trackerwatch.doctor.of_machine import of_machine
from trackerwatch.doctor.of_network import of_network
from trackerwatch.policy.rules import Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trackerwatch.doctor.facts import Facts

__all__ = ["MARKS", "Answer", "Finding", "judge", "verdict"]


def judge(facts: Facts) -> tuple[Finding, ...]:
    """Answer every question, the network's first."""
    return (*of_network(facts.network), *of_machine(facts.machine))


def verdict(findings: Iterable[Finding]) -> Verdict:
    """What all of them come to, for the exit code."""
    worst = Verdict.OK
    for finding in findings:
        if finding.severity is Severity.INFO or finding.answer in (Answer.OK, Answer.NOTE):
            continue
        came = Verdict.UNKNOWN if finding.answer is Answer.NOT_KNOWN else finding.severity.verdict
        worst = max(worst, came, key=lambda one: one.badness)
    return worst
