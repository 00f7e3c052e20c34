"""What is wrong, told once for each torrent and each tracker; many that have the same problem are told together."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from trackerwatch.meanings import meaning
from trackerwatch.policy.rules import Rule, Severity
from trackerwatch.reports.telling import evidence, wording

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence
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


def blocks_of(report: Report) -> tuple[Block, ...]:
    """One block for all problems of each torrent, each tracker and the run; causes first, then worst first."""
    problems: dict[tuple[str, str], list[Problem]] = {}
    for problem in report.problems:
        if problem.severity is not Severity.INFO and problem.rule is not Rule.SKIPPED_INPUT:
            kind = "torrent" if problem.torrent else "tracker" if problem.tracker else problem.id
            problems.setdefault((kind, problem.torrent or problem.tracker or ""), []).append(problem)
    writer = _Writer(report)
    blocks = [writer.block(together) for together in problems.values()]
    # Trackers and the run first, however many torrents are critical: they are the causes of what torrents have.
    return tuple(sorted(blocks, key=lambda block: (block.torrent is not None, block.severity is not Severity.CRITICAL)))


class _Writer:
    """Makes blocks of problems, from one report."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._trackers = {view.tracker.id: view for view in report.trackers}
        self._torrents = {view.torrent.info_hash_hex: view for view in report.torrents}

    def block(self, problems: Sequence[Problem]) -> Block:
        first = problems[0]
        subject, seen, effect = self._circumstances(first)
        return Block(
            severity=first.severity,
            subject=subject,
            torrent=first.torrent,
            tracker=first.tracker,
            collection=self._report.collection_of.get(first.torrent, "") if first.torrent else "",
            rule=first.rule,
            message=first.message,
            also=tuple((problem.rule, problem.message) for problem in problems[1:]),
            evidence=seen,
            effect=effect,
            since=self._since(problems),
            actions=tuple(dict.fromkeys(problem.action for problem in problems if problem.action)),
        )

    def _since(self, problems: Sequence[Problem]) -> datetime | None:
        known = [problem.since for problem in problems if problem.since is not None]
        if not known:
            return None
        age_s = (self._report.generated_at - min(known)).total_seconds()
        # What this run was the first to see may have been so for long.
        return min(known) if age_s > max(self._report.duration_s, 60.0) else None

    def _circumstances(self, problem: Problem) -> tuple[str, tuple[str, ...], str]:
        """Name, evidence and effect of what a problem is about; empty where there is none."""
        if problem.torrent is not None:
            torrent = self._torrents.get(problem.torrent)
            if torrent is None:
                return problem.torrent, (), ""
            return torrent.torrent.name, evidence.of_torrent(torrent), evidence.effect_on_torrent(torrent)
        if problem.tracker is not None:
            tracker = self._trackers.get(problem.tracker)
            if tracker is None:
                return problem.tracker, (), ""
            seen = evidence.of_tracker(tracker, self._report.generated_at)
            return tracker.tracker.shown_url, seen, evidence.effect_of_tracker(tracker, problem.message)
        return "", (), ""


def folded(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Blocks that say the same of many are one; where there are still too many, those of one rule are."""
    fewer = _folded_by(blocks, lambda block: (_kind(block), block.severity, block.rule, block.message))
    if len(fewer) > MAX_BLOCKS:
        fewer = _folded_by(blocks, lambda block: (_kind(block), block.severity, block.rule))
    return fewer


def _kind(block: Block) -> str:
    return "torrent" if block.torrent is not None else "tracker" if block.tracker is not None else ""


def _folded_by(blocks: Sequence[Block], key: Callable[[Block], Hashable]) -> tuple[Block, ...]:
    alike: dict[Hashable, list[Block]] = {}
    for block in blocks:
        alike.setdefault(key(block) if _kind(block) else id(block), []).append(block)
    fewer: list[Block] = []
    for together in alike.values():
        fewer.extend([_one_of(together)] if len(together) > FOLD_ABOVE else together)
    return tuple(fewer)


def _one_of(blocks: Sequence[Block]) -> Block:
    """One block for many that have the same problem."""
    first = blocks[0]
    messages = Counter(block.message for block in blocks)
    alike = len(messages) == 1
    return replace(
        first,
        subject=wording.many(len(blocks), _kind(first)),
        collection=first.collection if len({block.collection for block in blocks}) == 1 else "",
        message=first.message if alike else meaning(first.rule).means,
        also=_rules_of(blocks),
        evidence=first.evidence if alike and len({block.evidence for block in blocks}) == 1 else _causes(blocks),
        effect=first.effect if len({block.effect for block in blocks}) == 1 else "",
        since=min((block.since for block in blocks if block.since is not None), default=None),
        actions=tuple(dict.fromkeys(action for block in blocks for action in block.actions))[: evidence.MAX_PARTS],
        members=tuple((block.torrent or block.tracker or "", block.subject) for block in blocks),
    )


def _causes(blocks: Sequence[Block]) -> tuple[str, ...]:
    """What is told of how many, the commonest first; empty where it is the same of all."""
    # What follows the first part is what the rule means for all of them.
    causes = Counter(block.message.partition("; ")[0] for block in blocks)
    if len(causes) == 1:
        return ()
    told = causes.most_common(MAX_CAUSES)
    lines = [f"{wording.many(number, _kind(blocks[0]))}: {cause}" if number > 1 else cause for cause, number in told]
    rest = causes.total() - sum(number for _, number in told)
    return (*lines, f"and {rest:,} more") if rest else tuple(lines)


def _rules_of(blocks: Sequence[Block]) -> tuple[tuple[Rule, str], ...]:
    """What else is wrong with many, counted."""
    rules = Counter(rule for block in blocks for rule in dict.fromkeys(rule for rule, _ in block.also))
    return tuple((rule, f"{number:,} of them") for rule, number in rules.most_common())
