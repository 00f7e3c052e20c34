"""What a report has to say, in the order people should read it; formats for people lay it out and add nothing.

Text here is clean (`outside_text.clean`) and not escaped: each format escapes for itself.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from trackerwatch.policy.rules import Rule, Severity, Verdict
from trackerwatch.reports import evidence, remarks, wording

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
    from datetime import datetime

    from trackerwatch.engine.views import TorrentView, TrackerView
    from trackerwatch.policy.rules import Problem
    from trackerwatch.reports.rows import Report

FOLD_ABOVE = 3
"""More problems alike than these are told as one."""
MAX_BLOCKS = 12
"""Where there are more blocks than these, all of one rule are alike."""
SECTIONS_ABOVE = 50
"""With more torrents than these they are listed by collection."""
NO_COLLECTION = "in no collection"
"""Name of the section of torrents that no collection takes, beside others."""


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


@dataclass(frozen=True, slots=True)
class Section:
    """Torrents of one collection, worst first."""

    name: str
    """Empty: there is only one."""
    rows: tuple[TorrentView, ...]
    by_verdict: Mapping[Verdict, int]
    """Of all its torrents, also those that are not listed."""


@dataclass(frozen=True, slots=True)
class Account:
    """The whole of it, in order."""

    verdict: Verdict
    title: str
    """What the report is about: `release 13.2`."""
    sentence: str
    """Verdict, count and subject in one sentence, without the verdict's word: `release 13.2: 1 of 12 torrents has a problem; ...`."""
    blocks: tuple[Block, ...]
    """Trackers and the run first: they are the causes of what torrents have. Then torrents, worst first."""
    skipped: tuple[tuple[str, tuple[str, ...]], ...]
    """(message, sources) of inputs that could not be used."""
    changes: tuple[str, ...]
    """One line each; empty: none, or nothing to compare with (`compared`)."""
    compared: str
    """`since the last run, 22 Nov 13:00 UTC (1h ago)`; empty: nothing was compared."""
    not_judged: tuple[str, ...]
    """What nothing is known of, and why."""
    notes: tuple[str, ...]
    """Remarks that change no verdict, `11 torrents list a single tracker`."""
    orders: tuple[tuple[str, str], ...]
    """(label, line): what the user ordered of single trackers: muted, switched off."""
    sections: tuple[Section, ...]
    """By collection."""
    trackers: tuple[TrackerView, ...]
    """Worst first."""
    seen_from: str
    """`ci-eu, IPv4 only (no IPv6 route: 2 endpoints not judged), 7.4 s, all data fresh`."""
    votes: tuple[str, ...]
    """With several vantages: who says what, and whose vote does not count; the quorum in words first."""
    policy: str
    """`policy release.toml: 2 torrents in grace`; empty: none."""
    command: str
    """How to reproduce it; empty: not known."""
    exit_code: int

    @property
    def rows(self) -> tuple[TorrentView, ...]:
        """All torrents that are listed, of every section, worst first."""
        return worst_first(row for section in self.sections for row in section.rows)


def account_of(report: Report, *, folded: bool = True) -> Account:
    """Put a report into words and order.

    Args:
        report: What to tell.
        folded: Tell many problems alike as one block. False: each has its own.
    """
    blocks = _blocks(report)
    return Account(
        verdict=report.verdict,
        title=report.title,
        sentence=remarks.sentence(report),
        blocks=_folded(blocks) if folded else tuple(blocks),
        skipped=_skipped(report),
        changes=tuple(change.message for change in report.changes.items) if report.changes else (),
        compared=(
            f"since {report.changes.against}, {wording.moment(report.changes.at, report.generated_at)}"
            if report.changes
            else ""
        ),
        not_judged=tuple(remarks.not_judged(report)),
        notes=tuple(remarks.notes(report)),
        orders=tuple(remarks.orders(report.trackers)),
        sections=_sections(report),
        trackers=tuple(sorted(report.trackers, key=lambda view: remarks.TRACKER_ORDER[view.state])),
        seen_from=remarks.seen_from(report),
        votes=tuple(remarks.votes(report.quorum, report.generated_at)),
        policy=remarks.policy(report.policy),
        command=report.command,
        exit_code=report.exit_code,
    )


def worst_first(views: Iterable[TorrentView]) -> tuple[TorrentView, ...]:
    """Torrents by their verdict; those alike as they came."""
    return tuple(sorted(views, key=lambda view: -view.verdict.badness))


# -- what is wrong ---------------------------------------------------------------------------------------------------


def _blocks(report: Report) -> list[Block]:
    """One block for all problems of each torrent, each tracker and the run."""
    problems: dict[tuple[str, str], list[Problem]] = {}
    for problem in report.problems:
        if problem.severity is not Severity.INFO and problem.rule is not Rule.SKIPPED_INPUT:
            kind = "torrent" if problem.torrent else "tracker" if problem.tracker else problem.id
            problems.setdefault((kind, problem.torrent or problem.tracker or ""), []).append(problem)
    writer = _Writer(report)
    blocks = [writer.block(together) for together in problems.values()]
    # Trackers and the run first, however many torrents are critical: they are the causes of what torrents have.
    return sorted(blocks, key=lambda block: (block.torrent is not None, block.severity is not Severity.CRITICAL))


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
            if self._report.quorum and (told := evidence.of_vantages(self._report.quorum, problem.tracker)):
                seen = (told, *seen)
            return tracker.tracker.shown_url, seen, evidence.effect_of_tracker(tracker, problem.message)
        return "", (), ""


def _folded(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Blocks that say the same of many are one; where there are still too many, those of one rule are."""
    folded = _folded_by(blocks, lambda block: (_kind(block), block.severity, block.rule, block.message))
    if len(folded) > MAX_BLOCKS:
        folded = _folded_by(blocks, lambda block: (_kind(block), block.severity, block.rule))
    return folded


def _kind(block: Block) -> str:
    return "torrent" if block.torrent is not None else "tracker" if block.tracker is not None else ""


def _folded_by(blocks: Sequence[Block], key: Callable[[Block], Hashable]) -> tuple[Block, ...]:
    alike: dict[Hashable, list[Block]] = {}
    for block in blocks:
        alike.setdefault(key(block) if _kind(block) else id(block), []).append(block)
    folded: list[Block] = []
    for together in alike.values():
        folded.extend([_one_of(together)] if len(together) > FOLD_ABOVE else together)
    return tuple(folded)


def _one_of(blocks: Sequence[Block]) -> Block:
    """One block for many that have the same problem."""
    first = blocks[0]
    messages = Counter(block.message for block in blocks)
    (message, number), *others = messages.most_common()
    like = next(block for block in blocks if block.message == message)
    return replace(
        like,
        subject=wording.many(len(blocks), _kind(first)),
        collection=first.collection if len({block.collection for block in blocks}) == 1 else "",
        message=f"{number:,} of them: {message}" if others else message,
        also=_rules_of(blocks),
        effect=like.effect if len({block.effect for block in blocks}) == 1 else "",
        since=min((block.since for block in blocks if block.since is not None), default=None),
        actions=tuple(dict.fromkeys(action for block in blocks for action in block.actions))[: evidence.MAX_PARTS],
        members=tuple((block.torrent or block.tracker or "", block.subject) for block in blocks),
    )


def _rules_of(blocks: Sequence[Block]) -> tuple[tuple[Rule, str], ...]:
    """What else is wrong with many, counted."""
    rules = Counter(rule for block in blocks for rule in dict.fromkeys(rule for rule, _ in block.also))
    return tuple((rule, f"{number:,} of them") for rule, number in rules.most_common())


def _skipped(report: Report) -> tuple[tuple[str, tuple[str, ...]], ...]:
    alike: dict[str, list[str]] = {}
    for one in report.skipped:
        alike.setdefault(one.message, []).append(one.source)
    return tuple((message, tuple(sources)) for message, sources in alike.items())


# -- rows ------------------------------------------------------------------------------------------------------------


def _sections(report: Report) -> tuple[Section, ...]:
    if not report.torrents and not report.collections:
        return ()
    if report.collections:
        name_of = dict(report.collection_of)
        names = [*report.collections, NO_COLLECTION]
    else:
        name_of = _folders(report.torrents)
        names = [*sorted(set(name_of.values())), *([] if len(name_of) == len(report.torrents) else [NO_COLLECTION])]
    if len(names) < 2:
        return (Section("", worst_first(report.torrents), dict(report.torrents_by_verdict)),)
    rows: dict[str, list[TorrentView]] = {name: [] for name in names}
    for view in report.torrents:
        rows[name_of.get(view.torrent.info_hash_hex, NO_COLLECTION)].append(view)
    sections = (Section(name, worst_first(rows[name]), _counts(report, name, rows[name])) for name in names)
    return tuple(section for section in sections if sum(section.by_verdict.values()))


def _counts(report: Report, name: str, rows: Sequence[TorrentView]) -> Mapping[Verdict, int]:
    if not report.collections:
        return Counter(view.verdict for view in rows)
    if name != NO_COLLECTION:
        return report.collections[name]
    of_all = Counter(report.torrents_by_verdict)
    for counts in report.collections.values():
        of_all.subtract(counts)
    return +of_all


def _folders(views: Iterable[TorrentView]) -> dict[str, str]:
    """Names of the folders in which torrents were found, by info hash; those from elsewhere are not in it."""
    folders = {}
    for view in views:
        source = view.torrent.sources[0] if view.torrent.sources else ""
        folder, slash, _ = source.rpartition("/")
        if slash and "://" not in source and not source.startswith("magnet:"):
            folders[view.torrent.info_hash_hex] = folder or slash
    return folders
