"""The built-in rules, their severities, and what a broken rule looks like.

Rule ids, severities and verdicts are a contract: reports, exit codes and alerts carry them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class Severity(StrEnum):
    """How bad a broken rule is."""

    INFO = "info"
    """Worth knowing; never changes a verdict or an exit code."""
    WARNING = "warning"
    CRITICAL = "critical"


class Verdict(StrEnum):
    """What a torrent or a run comes to."""

    OK = "ok"
    UNKNOWN = "unknown"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def exit_code(self) -> int:
        """The Nagios plugin code: 0 ok, 1 warning, 2 critical, 3 unknown."""
        return {Verdict.OK: 0, Verdict.WARNING: 1, Verdict.CRITICAL: 2, Verdict.UNKNOWN: 3}[self]

    @property
    def badness(self) -> int:
        """For sorting and for the worst of several: critical, warning, unknown, ok."""
        return {Verdict.OK: 0, Verdict.UNKNOWN: 1, Verdict.WARNING: 2, Verdict.CRITICAL: 3}[self]


class Rule(StrEnum):
    """What can be wrong."""

    EXHAUSTED = "exhausted"
    NO_SEEDERS = "no_seeders"
    FAILED_OVER = "failed_over"
    REDUNDANCY = "redundancy"
    ONE_SEEDER = "one_seeder"
    NO_TRACKERS = "no_trackers"
    UNREGISTERED = "unregistered"
    UNAUTHORIZED = "unauthorized"
    TRACKER_DOWN = "tracker_down"
    TLS_EXPIRY = "tls_expiry"
    IMPLAUSIBLE = "implausible"
    SKIPPED_INPUT = "skipped_input"
    SINGLE_TRACKER = "single_tracker"
    SAME_TIER_FAILOVER = "same_tier_failover"
    DISAGREEMENT = "disagreement"
    SCRAPE_UNSUPPORTED = "scrape_unsupported"
    PRIVATE_NOT_ASKED = "private_not_asked"
    WARNING_MESSAGE = "warning_message"


SEVERITIES: dict[Rule, Severity] = {
    Rule.EXHAUSTED: Severity.CRITICAL,
    Rule.NO_SEEDERS: Severity.CRITICAL,
    Rule.FAILED_OVER: Severity.WARNING,
    Rule.REDUNDANCY: Severity.WARNING,
    Rule.ONE_SEEDER: Severity.WARNING,
    Rule.NO_TRACKERS: Severity.WARNING,
    Rule.UNREGISTERED: Severity.WARNING,
    Rule.UNAUTHORIZED: Severity.WARNING,
    Rule.TRACKER_DOWN: Severity.WARNING,
    Rule.TLS_EXPIRY: Severity.WARNING,
    Rule.IMPLAUSIBLE: Severity.WARNING,
    Rule.SKIPPED_INPUT: Severity.WARNING,
    Rule.SINGLE_TRACKER: Severity.INFO,
    Rule.SAME_TIER_FAILOVER: Severity.INFO,
    Rule.DISAGREEMENT: Severity.INFO,
    Rule.SCRAPE_UNSUPPORTED: Severity.INFO,
    Rule.PRIVATE_NOT_ASKED: Severity.INFO,
    Rule.WARNING_MESSAGE: Severity.INFO,
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One broken rule, with what was seen and what to do."""

    id: str
    """Stable between runs: rule, torrent and tracker make it."""
    severity: Severity
    rule: Rule
    torrent: str | None
    """Info hash in hex. None: the run or a tracker has the problem."""
    tracker: str | None
    """Tracker id. None: no single tracker is to blame."""
    since: datetime | None
    message: str
    """What was seen and what it affects: one clean line."""
    action: str
    """What to do next: one clean line."""
