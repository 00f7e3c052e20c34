"""What is wrong, told once for each torrent and each tracker; many that have the same problem are told together."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from trackerwatch.meanings import meaning
from trackerwatch.policy.rules import Rule, Severity
from trackerwatch.reports.telling import evidence, wording

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence
    from datetime import datetime

    from trackerwatch.policy.rules import Problem
    from trackerwatch.reports.rows import Report

FOLD_ABOVE = 3
"""More problems alike than these are told as one."""
MAX_NAMED = 3
"""Names of many that have the same problem."""
MAX_CAUSES = 3
"""Different messages that are told of many together."""
MAX_BLOCKS = 12
"""Where there are more blocks than these, all of one rule are alike."""


@dataclass(frozen=True, slots=True)
class Block:
    """What is wrong with one torrent, one tracker or the run: all its problems together."""

    severity: Severity
    """The worst of them; never info."""
    subject: str
    """Name of the torrent, URL of the tracker, `214 torrents`; empty where the run is meant."""
    torrent: str | None
    """Info hash in hex."""
    tracker: str | None
    """Tracker id. With a torrent: whom its problem blames."""
    collection: str
    rule: Rule
    message: str
    also: tuple[tuple[Rule, str], ...]
    """The other rules it breaks, with their messages."""
    evidence: tuple[str, ...]
    """What each tracker or address said, most telling first."""
    effect: str
    since: datetime | None
    """None: not known, or since this run."""
    actions: tuple[str, ...]
    members: tuple[tuple[str, str], ...] = ()
    """(info hash in hex or tracker id, name) of all that it tells of together. Empty: it is about one alone."""

    @property
    def examples(self) -> tuple[str, ...]:
        """Names of the first members, where nothing else names them."""
        is_named = self.torrent is None and bool(self.evidence)
        return () if is_named else tuple(name for _, name in self.members[:MAX_NAMED])


def blocks_of(report: Report, *, folded: bool = False) -> tuple[Block, ...]:
    """One block for all problems of each torrent, each tracker and the run; causes first, then worst first.

    Args:
        report: What to tell.
        folded: Blocks that would say the same of many are one; where there are still too many, those of one rule are.
    """
    problems: dict[tuple[str, str], list[Problem]] = {}
    for problem in report.problems:
        if problem.severity is not Severity.INFO and problem.rule is not Rule.SKIPPED_INPUT:
            kind = "torrent" if problem.torrent else "tracker" if problem.tracker else problem.id
            problems.setdefault((kind, problem.torrent or problem.tracker or ""), []).append(problem)
    views = _Views(report)
    cases = [_Case(views, together) for together in problems.values()]
    # Trackers and the run first, however many torrents are critical: they are the causes of what torrents have.
    cases.sort(key=lambda case: (case.first.torrent is not None, case.first.severity is not Severity.CRITICAL))
    if not folded:
        return tuple(case.block() for case in cases)
    groups = _groups(cases, lambda case: (case.kind, case.first.severity, case.first.rule, case.first.message))
    if len(groups) > MAX_BLOCKS:
        groups = _groups(cases, lambda case: (case.kind, case.first.severity, case.first.rule))
    return tuple(group[0].block() if len(group) == 1 else _one_of(group) for group in groups)


class _Views:
    """What is known of whom a report is about."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.trackers = {view.tracker.id: view for view in report.trackers}
        self.torrents = {view.torrent.info_hash_hex: view for view in report.torrents}


class _Case:
    """All problems of one torrent, one tracker or the run. Its words are made when asked for: of many alike few are."""

    __slots__ = ("_views", "first", "problems")

    def __init__(self, views: _Views, problems: Sequence[Problem]) -> None:
        self._views = views
        self.first = problems[0]
        self.problems = problems

    @property
    def kind(self) -> str:
        """What it is about, in a word; empty: the run."""
        return "torrent" if self.first.torrent is not None else "tracker" if self.first.tracker is not None else ""

    @property
    def collection(self) -> str:
        return self._views.report.collection_of.get(self.first.torrent, "") if self.first.torrent else ""

    @property
    def since(self) -> datetime | None:
        known = [problem.since for problem in self.problems if problem.since is not None]
        if not known:
            return None
        report = self._views.report
        age_s = (report.generated_at - min(known)).total_seconds()
        # What this run was the first to see may have been so for long.
        return min(known) if age_s > max(report.duration_s, 60.0) else None

    @property
    def subject(self) -> str:
        """The name of what it is about."""
        if self.first.torrent is not None:
            torrent = self._views.torrents.get(self.first.torrent)
            return self.first.torrent if torrent is None else torrent.torrent.name
        if self.first.tracker is not None:
            tracker = self._views.trackers.get(self.first.tracker)
            return self.first.tracker if tracker is None else tracker.tracker.shown_url
        return ""

    @property
    def evidence(self) -> tuple[str, ...]:
        if self.first.torrent is not None:
            torrent = self._views.torrents.get(self.first.torrent)
            return () if torrent is None else evidence.of_torrent(torrent)
        tracker = self._views.trackers.get(self.first.tracker or "")
        return () if tracker is None else evidence.of_tracker(tracker, self._views.report.generated_at)

    @property
    def effect(self) -> str:
        if self.first.torrent is not None:
            torrent = self._views.torrents.get(self.first.torrent)
            return "" if torrent is None else evidence.effect_on_torrent(torrent)
        tracker = self._views.trackers.get(self.first.tracker or "")
        return "" if tracker is None else evidence.effect_of_tracker(tracker, self.first.message)

    def block(self) -> Block:
        """All of it in words."""
        first = self.first
        return Block(
            severity=first.severity,
            subject=self.subject,
            torrent=first.torrent,
            tracker=first.tracker,
            collection=self.collection,
            rule=first.rule,
            message=first.message,
            also=tuple((problem.rule, problem.message) for problem in self.problems[1:]),
            evidence=self.evidence,
            effect=self.effect,
            since=self.since,
            actions=_actions(self.problems),
        )


def _groups(cases: Sequence[_Case], key: Callable[[_Case], Hashable]) -> list[list[_Case]]:
    """Cases that are told together, in the order of the first of each."""
    alike: dict[Hashable, list[_Case]] = {}
    for case in cases:
        alike.setdefault(key(case) if case.kind else id(case), []).append(case)
    groups: list[list[_Case]] = []
    for together in alike.values():
        groups.extend([together] if len(together) > FOLD_ABOVE else ([case] for case in together))
    return groups


def _one_of(cases: Sequence[_Case]) -> Block:
    """One block for many that have the same problem."""
    first = cases[0].block()
    alike = all(case.first.message == first.message for case in cases)
    same_evidence = alike and all(case.evidence == first.evidence for case in cases)
    return replace(
        first,
        subject=wording.many(len(cases), cases[0].kind),
        collection=first.collection if all(case.collection == first.collection for case in cases) else "",
        message=first.message if alike else meaning(first.rule).means,
        also=_rules_of(cases),
        evidence=first.evidence if same_evidence else _causes(cases),
        effect=first.effect if all(case.effect == first.effect for case in cases) else "",
        since=min((since for case in cases if (since := case.since) is not None), default=None),
        actions=_actions(problem for case in cases for problem in case.problems)[: evidence.MAX_PARTS],
        members=tuple((case.first.torrent or case.first.tracker or "", case.subject) for case in cases),
    )


def _actions(problems: Iterable[Problem]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(problem.action for problem in problems if problem.action))


def _causes(cases: Sequence[_Case]) -> tuple[str, ...]:
    """What is told of how many, the commonest first; empty where it is the same of all."""
    # What follows the first part is what the rule means for all of them.
    causes = Counter(case.first.message.partition("; ")[0] for case in cases)
    if len(causes) == 1:
        return ()
    told = causes.most_common(MAX_CAUSES)
    lines = [f"{wording.many(number, cases[0].kind)}: {cause}" if number > 1 else cause for cause, number in told]
    rest = causes.total() - sum(number for _, number in told)
    return (*lines, f"and {rest:,} more") if rest else tuple(lines)


def _rules_of(cases: Sequence[_Case]) -> tuple[tuple[Rule, str], ...]:
    """What else is wrong with many, counted."""
    rules = Counter(rule for case in cases for rule in dict.fromkeys(problem.rule for problem in case.problems[1:]))
    return tuple((rule, f"{number:,} of them") for rule, number in rules.most_common())
