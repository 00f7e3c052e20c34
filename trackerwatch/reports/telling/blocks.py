"""What is wrong, told once for each torrent and each tracker; many that have the same problem are told together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from trackerwatch.meanings import meaning
from trackerwatch.policy.rules import Rule, Severity
from trackerwatch.reports.columns import elide_middle
from trackerwatch.reports.telling import evidence, wording

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
    from datetime import datetime

    from trackerwatch.policy.rules import Problem
    from trackerwatch.reports.rows import Report

FOLD_ABOVE = 3
"""More problems alike than these are told as one."""
MAX_NAMED = 3
"""Names of many that have the same problem."""
MAX_NAME_CELLS = 40
"""Of the name of one of many."""
MAX_CAUSES = 3
"""Different messages that are told of many together."""
MAX_ACTIONS = 4
"""Different things to do that are told of many together."""
AT_ONCE = timedelta(minutes=1)
"""What begins within so long a time is told as having begun at once."""
MAX_BLOCKS = 12
"""Where there are more blocks than these, more are taken for alike."""


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
    """None: not known, or since this run. Of many together, since when the first of them is so."""
    actions: tuple[str, ...]
    """Each says for whom it is where it is not for all members."""
    members: tuple[tuple[str, str], ...] = ()
    """(info hash in hex or tracker id, name) of all that it tells of together. Empty: it is about one alone."""
    since_latest: datetime | None = None
    """Of many together that did not begin at once, since when the last of them is so. None: all as `since` says."""

    @property
    def examples(self) -> str:
        """Some of its members, where nothing else names them: `a; b; c; and 211 more`."""
        is_named = self.torrent is None and bool(self.evidence)
        return "" if is_named else _names([name for _, name in self.members])

    def facts(self, now: datetime) -> Iterator[tuple[str, str]]:
        """What stands below its message: (label, text) in the order of reading. A label may come more than once.

        Args:
            now: The time of the report.
        """
        if self.examples:
            yield "these", self.examples
        yield from (("also", f"{rule}: {message}") for rule, message in self.also)
        if self.members:
            yield from (("evidence", line) for line in self.evidence)
        elif self.evidence:
            yield "evidence", "; ".join(self.evidence)
        if self.effect:
            yield "effect", self.effect
        if self.since is not None:
            others = f"; the latest {wording.moment(self.since_latest, now)}" if self.since_latest is not None else ""
            yield "since", wording.moment(self.since, now) + others
        yield from (("do", action) for action in self.actions)


def blocks_of(report: Report, *, folded: bool = False) -> tuple[Block, ...]:
    """One block for all problems of each torrent, each tracker and the run; worst first, then causes before what they cause.

    Args:
        report: What to tell.
        folded: Blocks that would say the same of many are one. Where there are still too many, those that break the same rules
            are one, and at last those of which the same rule is the worst.
    """
    problems: dict[tuple[str, str], list[Problem]] = {}
    for problem in report.problems:
        if problem.severity is not Severity.INFO and problem.rule is not Rule.SKIPPED_INPUT:
            kind = "torrent" if problem.torrent else "tracker" if problem.tracker else problem.id
            problems.setdefault((kind, problem.torrent or problem.tracker or ""), []).append(problem)
    views = _Views(report)
    cases = [_Case(views, together) for together in problems.values()]
    # What is to blame for a torrent stands in the torrent's own evidence too.
    cases.sort(key=lambda case: (case.first.severity is not Severity.CRITICAL, case.first.torrent is not None))
    if not folded:
        return tuple(case.block() for case in cases)
    for key in (_said, _broken, _worst):
        groups = _groups(cases, key)
        if len(groups) <= MAX_BLOCKS:
            break
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
    def found_at(self) -> datetime:
        """When this run ended."""
        return self._views.report.generated_at

    @property
    def since(self) -> datetime | None:
        known = min((problem.since for problem in self.problems if problem.since is not None), default=None)
        if known is None or not evidence.is_older_than_run(known, self._views.report):
            return None
        return known

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
            actions=tuple(dict.fromkeys(problem.action for problem in self.problems if problem.action)),
        )


def _said(case: _Case) -> Hashable:
    return (_broken(case), case.first.message)


def _broken(case: _Case) -> Hashable:
    rules = frozenset((problem.rule, problem.severity) for problem in case.problems)
    return (_worst(case), rules)


def _worst(case: _Case) -> Hashable:
    return (case.kind, case.first.severity, case.first.rule)


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
    # Whoever began in this run did so at its end, as far as is known.
    begun = sorted(case.since or case.found_at for case in cases) if any(case.since for case in cases) else []
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
        since=begun[0] if begun else None,
        since_latest=begun[-1] if begun and begun[-1] - begun[0] > AT_ONCE else None,
        actions=_actions(cases),
        members=tuple((case.first.torrent or case.first.tracker or "", case.subject) for case in cases),
    )


def _names(names: Sequence[str]) -> str:
    """`a; b; c; and 211 more`."""
    told = [elide_middle(name, MAX_NAME_CELLS) for name in names[:MAX_NAMED]]
    more = len(names) - len(told)
    return "; ".join([*told, f"and {more:,} more"] if more else told)


def _whom(some: Sequence[_Case], cases: Sequence[_Case]) -> str:
    """Which of many are meant: `a; b`, `1,250 of them (a; b; c; and 1,247 more)`; empty: all."""
    if len(some) == len(cases):
        return ""
    names = _names([case.subject for case in some])
    return names if len(some) <= MAX_NAMED else f"{len(some):,} of them ({names})"


def _by(cases: Sequence[_Case], told: Callable[[_Case], Iterable[str]]) -> list[tuple[str, list[_Case]]]:
    """What is said of whom, the commonest first."""
    said: dict[str, list[_Case]] = {}
    for case in cases:
        for text in dict.fromkeys(told(case)):
            said.setdefault(text, []).append(case)
    return sorted(said.items(), key=lambda item: -len(item[1]))


def _actions(cases: Sequence[_Case]) -> tuple[str, ...]:
    """What to do, and for whom where it is not for all."""
    actions = _by(cases, lambda case: (problem.action for problem in case.problems if problem.action))
    lines = [f"{whom}: {action}" if (whom := _whom(some, cases)) else action for action, some in actions[:MAX_ACTIONS]]
    if left_out := actions[MAX_ACTIONS:]:
        whose = {id(case): case for _, some in left_out for case in some}
        lines.append(f"{_whom(list(whose.values()), cases) or 'all of them'}: what --format json tells of each")
    return tuple(lines)


def _causes(cases: Sequence[_Case]) -> tuple[str, ...]:
    """What is told of whom, the commonest first; empty where it is the same of all."""
    # What follows the first part is what the rule means for all of them.
    causes = _by(cases, lambda case: (case.first.message.partition("; ")[0],))
    if len(causes) == 1:
        return ()
    lines = []
    for cause, some in causes[:MAX_CAUSES]:
        # The message on a tracker names it.
        is_named = len(some) == 1 and some[0].kind == "tracker"
        lines.append(cause if is_named else f"{_whom(some, cases)}: {cause}")
    rest = sum(len(some) for _, some in causes[MAX_CAUSES:])
    return (*lines, f"and {rest:,} more") if rest else tuple(lines)


def _rules_of(cases: Sequence[_Case]) -> tuple[tuple[Rule, str], ...]:
    """What else is wrong with many, and with whom of them."""
    messages: dict[Rule, list[str]] = {}
    whose: dict[Rule, dict[int, _Case]] = {}
    for case in cases:
        for problem in case.problems[1:]:
            messages.setdefault(problem.rule, []).append(problem.message)
            whose.setdefault(problem.rule, {})[id(case)] = case
    told = []
    for rule in sorted(whose, key=lambda rule: -len(whose[rule])):
        [message, *others] = dict.fromkeys(messages[rule])
        what = meaning(rule).means if others else message
        whom = _whom(list(whose[rule].values()), cases)
        told.append((rule, f"{whom}: {what}" if whom else what))
    return tuple(told)
