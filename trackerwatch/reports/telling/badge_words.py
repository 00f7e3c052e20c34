"""What a badge says: a label, and the verdict in a few words beside it. Pure.

The words tell the verdict by themselves; the colour says it once more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.health.states import Health
from trackerwatch.policy.rules import Verdict
from trackerwatch.reports.rows import Subject

if TYPE_CHECKING:
    from trackerwatch.reports.rows import Report

MAX_LABEL_CHARS = 40
MAX_MESSAGE_CHARS = 60

COLORS = {
    Verdict.OK: "#17673a",
    Verdict.UNKNOWN: "#5f3aa0",
    Verdict.WARNING: "#8a4a00",
    Verdict.CRITICAL: "#ab1519",
}
"""Behind the message; white text stands out on each of them by 4.5 or more."""


def label(report: Report) -> str:
    """What it is about."""
    if report.title:
        return _short(report.title, MAX_LABEL_CHARS)
    return "seeded" if report.subject is Subject.TORRENTS else "trackers"


def message(report: Report) -> str:
    """`12 of 12 ready`, `11 of 12 ready, 1 critical`, `9 of 12 ready, 3 in grace`, `13 of 14 up, 1 down`, `unknown: nothing matches the filter`."""
    if report.remark:
        return _short(f"unknown: {report.remark}", MAX_MESSAGE_CHARS)
    if report.subject is Subject.TORRENTS or not report.trackers_judged:
        return _of_torrents(report)
    states, total = report.trackers_by_state, report.trackers_judged
    told = [f"{states[Health.UP]:,} of {total:,} up"]
    told += [f"{states[state]:,} {state}" for state in (Health.DOWN, Health.DEGRADED, Health.UNKNOWN) if states[state]]
    return ", ".join(_with_the_verdict(told, report, len(told) > 1))


def _of_torrents(report: Report) -> str:
    numbers, total = report.torrents_by_verdict, report.torrents_judged
    told = [f"{report.ready:,} of {total:,} ready"]
    worst = max((verdict for verdict in numbers if numbers[verdict]), key=lambda v: v.badness, default=Verdict.OK)
    if worst is not Verdict.OK:
        told.append(f"{numbers[worst]:,} {worst}")
    if report.in_grace:
        told.append(f"{report.in_grace:,} in grace")
    return ", ".join(_with_the_verdict(told, report, worst is report.verdict))


def _with_the_verdict(told: list[str], report: Report, is_told: bool) -> list[str]:  # noqa: FBT001 - one caller each
    """A tracker may be to blame while all torrents are well: then the verdict's own word says so."""
    return told if is_told or report.verdict is Verdict.OK else [*told, report.verdict.value]


def _short(text: str, limit_chars: int) -> str:
    """A text, or its two ends."""
    if len(text) <= limit_chars:
        return text
    tail = (limit_chars - 1) // 2
    return f"{text[: limit_chars - 1 - tail].rstrip()}\u2026{text[-tail:].lstrip()}"
