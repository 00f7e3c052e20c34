"""Who has a vote among several reports, how many votes are enough, and how that is said."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from trackerwatch.policy.rules import Problem, Rule, Severity
from trackerwatch.reports.rows import Vote

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from trackerwatch.reports.rows import Report

CLOCKS_DIFFER_S = 300.0
"""Two machines' clocks may be so far apart; a report from further ahead has no age that could be told."""
NAMES_TOLD = 6
"""Of vantages, in a message."""

LOWER = {Severity.CRITICAL: Severity.WARNING, Severity.WARNING: Severity.INFO, Severity.INFO: Severity.INFO}
"""What is left of a severity where too few vantages agree."""
_SEVERE = (Severity.CRITICAL, Severity.WARNING)


@dataclass(frozen=True, slots=True, eq=False)
class Voter:
    """One vantage with its latest report."""

    name: str
    """Different from all others."""
    report: Report


@dataclass(frozen=True, slots=True)
class Ballots:
    """The votes there are."""

    fresh: tuple[Voter, ...]
    """In the order in which they were given."""
    stale: tuple[Voter, ...]
    """Without a vote."""
    needed: int
    """So many fresh vantages must agree on what all of them look at."""
    chosen: int | None
    """What `--quorum` says. None: more than half are enough."""
    votes: tuple[Vote, ...]
    """Of every report, also those that do not count."""

    @property
    def reached(self) -> bool:
        """Whether there are enough fresh vantages for any verdict."""
        return 0 < self.needed <= len(self.fresh)

    @property
    def latest_first(self) -> tuple[Voter, ...]:
        """Fresh voters, the latest report first."""
        return tuple(sorted(self.fresh, key=lambda voter: voter.report.generated_at, reverse=True))

    def enough(self, knowers: int) -> int:
        """How many must agree on something that only so many fresh vantages look at.

        What not all of them were asked about is judged by those that were; with `--quorum K` K of them, or all.
        """
        if not self.reached:
            return self.needed
        return majority(knowers) if self.chosen is None else max(1, min(self.chosen, knowers))


def majority(voters: int) -> int:
    """More than half."""
    return voters // 2 + 1


def hold(reports: Sequence[Report], *, now: datetime, needed: int | None, max_age_s: float) -> Ballots:
    """Sort reports into those that have a vote and those that have none.

    Of two reports of one vantage the later one counts, but for one from the future, which says nothing against the other;
    neither does one that is too old, or from the future.
    """

    def rank(report: Report) -> tuple[bool, datetime]:
        return (report.generated_at - now).total_seconds() <= CLOCKS_DIFFER_S, report.generated_at

    latest: dict[str, Report] = {}
    for report in reports:
        known = latest.get(report.vantage.id)
        if known is None or rank(report) > rank(known):
            latest[report.vantage.id] = report
    names = display_names(latest.values())
    fresh: list[Voter] = []
    stale: list[Voter] = []
    votes: list[Vote] = []
    for report in reports:
        counts = latest[report.vantage.id] is report
        is_fresh = counts and -CLOCKS_DIFFER_S <= (now - report.generated_at).total_seconds() <= max_age_s
        name = names[report.vantage.id]
        votes.append(Vote(replace(report.vantage, name=name), report.generated_at, is_fresh, report.verdict))
        if counts:
            (fresh if is_fresh else stale).append(Voter(name, report))
    return Ballots(tuple(fresh), tuple(stale), majority(len(fresh)) if needed is None else needed, needed, tuple(votes))


def display_names(reports: Iterable[Report]) -> dict[str, str]:
    """By vantage id a name that no other one has: two machines may have been given the same."""
    vantages = [report.vantage for report in reports]
    times = Counter(vantage.name for vantage in vantages)
    return {
        vantage.id: vantage.name
        if vantage.name and times[vantage.name] == 1
        else f"{vantage.name or 'vantage'} ({vantage.id[:8]})"
        for vantage in vantages
    }


# -- words -------------------------------------------------------------------------------------------------------------


def told(names: Sequence[str]) -> str:
    """`ci-eu, ci-us`, and how many more there are."""
    more = len(names) - NAMES_TOLD
    return ", ".join((*names[:NAMES_TOLD], *((f"{more:,} more",) if more > 0 else ())))


def share(ballots: Ballots, agree: int, knowers: int, *, needed: bool = True) -> str:
    """`2 of 3 fresh vantages (needed: 2)`, `all 3 fresh vantages`, `the only fresh vantage`; of those that know it."""
    known = " that know it" if knowers < len(ballots.fresh) else ""
    enough = f" (needed: {ballots.enough(knowers):,})" if needed else ""
    if agree == knowers and ballots.reached:
        if knowers == 1:
            return f"the only fresh vantage{' that knows it' if known else ''}"
        return f"{'both' if knowers == 2 else f'all {knowers:,}'} fresh vantages{known}"
    return f"{agree:,} of {knowers:,} fresh vantages{known}{enough}"


# -- problems ----------------------------------------------------------------------------------------------------------


def merged_problems(said: Mapping[Voter, Sequence[Problem]], ballots: Ballots) -> list[Problem]:
    """What several vantages say of one thing, worst first.

    Args:
        said: By each fresh voter that knows it, the problems that it sees.
        ballots: All of them.

    Returns:
        Problems that enough vantages see, as bad as enough of them say; the others as `regional`, one level lower. Remarks
        (info) stay what they are.
    """
    seen: dict[tuple[str, int], dict[Voter, Problem]] = {}
    for voter in ballots.latest_first:
        # One that breaks a rule twice (two dead trackers) breaks it twice elsewhere, too.
        times = Counter[str]()
        for problem in said.get(voter, ()):
            times[problem.id] += 1
            seen.setdefault((problem.id, times[problem.id]), {})[voter] = problem
    merged = [_merged(by_voter, tuple(said), ballots) for by_voter in seen.values()]
    return sorted(merged, key=lambda problem: -problem.severity.badness)


def _merged(by_voter: Mapping[Voter, Problem], knowers: Sequence[Voter], ballots: Ballots) -> Problem:
    severe = {voter: problem for voter, problem in by_voter.items() if problem.severity is not Severity.INFO}
    if not severe:
        return next(iter(by_voter.values()))
    needed = ballots.enough(len(knowers))
    agreed = next((s for s in _SEVERE if sum(_is_as_bad(p, s) for p in severe.values()) >= needed), None)
    first = next((p for p in severe.values() if p.severity is agreed), next(iter(severe.values())))
    since = min((p.since for p in severe.values() if p.since is not None), default=None)
    names = [voter.name for voter in knowers if voter in severe]
    if agreed is not None:
        where = f"seen from {share(ballots, len(severe), len(knowers), needed=False)}: {told(names)}"
        return replace(first, severity=agreed, since=since, message=f"{first.message}; {where}")
    others = [voter.name for voter in knowers if voter not in severe]
    not_from = f"; not from {told(others)}" if others else ""
    worst = max((p.severity for p in severe.values()), key=lambda severity: severity.badness)
    return regional(
        first,
        severity=LOWER[worst] if ballots.reached else Severity.INFO,
        since=since,
        message=f"{first.rule} from {share(ballots, len(severe), len(knowers))}: {told(names)}{not_from}; {first.message}",
        names=names,
    )


def _is_as_bad(problem: Problem, severity: Severity) -> bool:
    return problem.severity.badness >= severity.badness


def regional(
    problem: Problem, *, severity: Severity, since: datetime | None, message: str, names: Sequence[str]
) -> Problem:
    """What is left of a problem that too few vantages see."""
    digest = hashlib.sha256(f"{Rule.REGIONAL}|{problem.id}".encode()).hexdigest()
    return Problem(
        digest[:12],
        severity,
        Rule.REGIONAL,
        problem.torrent,
        problem.tracker,
        since,
        message,
        f"compare the network of {told(names)} with the others': routes, DNS, filters",
    )
