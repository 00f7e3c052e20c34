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

    @property
    def badness(self) -> int:
        """For sorting and for the worst of several: critical, warning, info."""
        return _SEVERITY_BADNESS[self]

    @property
    def verdict(self) -> Verdict:
        """What a problem of this severity comes to at least: of a remark, ok."""
        return _VERDICT_OF[self]


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
        return _VERDICT_BADNESS[self]


_SEVERITY_BADNESS = {Severity.INFO: 0, Severity.WARNING: 1, Severity.CRITICAL: 2}
_VERDICT_BADNESS = {Verdict.OK: 0, Verdict.UNKNOWN: 1, Verdict.WARNING: 2, Verdict.CRITICAL: 3}
_VERDICT_OF = {Severity.INFO: Verdict.OK, Severity.WARNING: Verdict.WARNING, Severity.CRITICAL: Verdict.CRITICAL}


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
    # What a policy asks for.
    MIN_SEEDERS = "min_seeders"
    MIN_WORKING_TRACKERS = "min_working_trackers"
    DEAD_TRACKER = "dead_tracker"
    """A tracker has been down for longer than `max_dead_days`; lint looks for it as well."""
    REGIONAL = "regional"
    """Some vantages see a fault, fewer than the quorum."""
    # Lint: how a torrent is made.
    PIECE_SIZE = "piece_size"
    DUPLICATE_TRACKER = "duplicate_tracker"
    UNUSABLE_TRACKER = "unusable_tracker"
    UNSAFE_TRACKER = "unsafe_tracker"
    CLEARTEXT_TRACKER = "cleartext_tracker"
    TIER_LAYOUT = "tier_layout"
    NO_WEB_SEEDS = "no_web_seeds"
    PRIVATE_WITH_PUBLIC = "private_with_public"
    # Drift: what is published is not what is watched.
    NEW_INFO_HASH = "new_info_hash"
    """The same name has another info hash than at the last run."""
    PUBLISHED_DIFFERS = "published_differs"
    """Two inputs carry the same name and different info hashes."""


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
    Rule.MIN_SEEDERS: Severity.WARNING,
    Rule.MIN_WORKING_TRACKERS: Severity.WARNING,
    Rule.DEAD_TRACKER: Severity.INFO,
    Rule.REGIONAL: Severity.INFO,
    Rule.PIECE_SIZE: Severity.INFO,
    Rule.DUPLICATE_TRACKER: Severity.INFO,
    Rule.UNUSABLE_TRACKER: Severity.INFO,
    Rule.UNSAFE_TRACKER: Severity.INFO,
    Rule.CLEARTEXT_TRACKER: Severity.INFO,
    Rule.TIER_LAYOUT: Severity.INFO,
    Rule.NO_WEB_SEEDS: Severity.INFO,
    Rule.PRIVATE_WITH_PUBLIC: Severity.INFO,
    Rule.NEW_INFO_HASH: Severity.INFO,
    Rule.PUBLISHED_DIFFERS: Severity.INFO,
}
"""Of each rule where no policy says otherwise; a policy that sets `max_dead_days` makes `dead_tracker` a warning."""

LINT = frozenset(
    {
        Rule.DEAD_TRACKER,
        Rule.PIECE_SIZE,
        Rule.DUPLICATE_TRACKER,
        Rule.UNUSABLE_TRACKER,
        Rule.UNSAFE_TRACKER,
        Rule.CLEARTEXT_TRACKER,
        Rule.TIER_LAYOUT,
        Rule.NO_WEB_SEEDS,
        Rule.PRIVATE_WITH_PUBLIC,
        Rule.NEW_INFO_HASH,
        Rule.PUBLISHED_DIFFERS,
    }
)
"""Looked for under `--lint`, or where a policy asks for it (`lint = true`, or a severity for one of them)."""


BUILT_IN = frozenset(Rule) - LINT - {Rule.MIN_SEEDERS, Rule.MIN_WORKING_TRACKERS, Rule.REGIONAL}
"""Those that the engine itself finds broken, without a policy, lint or other vantages: the live screen and filters know no others."""

OF_THE_RUN = frozenset({Rule.TRACKER_DOWN, Rule.TLS_EXPIRY, Rule.SKIPPED_INPUT, Rule.REGIONAL})
"""Broken by trackers and by the run, by no torrent."""


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
