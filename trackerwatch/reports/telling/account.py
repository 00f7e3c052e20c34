"""What a report has to say, in the order people should read it; formats for people lay it out and add nothing.

Text here is clean (`outside_text.clean`) and not escaped: each format escapes for itself.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trackerwatch.reports.telling import blocks, commands, remarks, skipped, vantage_words, wording
from trackerwatch.reports.telling.blocks import Block

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from trackerwatch.engine.views import TorrentView, TrackerView
    from trackerwatch.policy.rules import Verdict
    from trackerwatch.reports.rows import Report

__all__ = ["NO_COLLECTION", "SECTIONS_ABOVE", "Account", "Block", "Section", "account_of", "worst_first"]

SECTIONS_ABOVE = 50
"""With more torrents than these they are listed by collection."""
NO_COLLECTION = "in no collection"
"""Name of the section of torrents that no collection takes, beside others."""


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
    """Worst first; of those as bad, trackers and the run first: they are the causes of what torrents have."""
    skipped: skipped.Alike
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
    """How to reproduce it, without other outputs where it is long; empty: not known."""
    check_again: str
    """What looks again at what is not well, once something was done about it; empty: all is well, or that is not known."""
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
    # One run writes one report in many formats, each of which asks for this.
    name = "account, folded" if folded else "account"
    known = report.memo.get(name)
    if isinstance(known, Account):
        return known
    account = report.memo[name] = _made(report, folded=folded)
    return account


def _made(report: Report, *, folded: bool) -> Account:
    problems = blocks.blocks_of(report, folded=folded)
    return Account(
        verdict=report.verdict,
        title=report.title,
        sentence=remarks.sentence(report),
        blocks=problems,
        skipped=skipped.alike(report.skipped),
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
        trackers=tuple(sorted(report.trackers, key=lambda view: -view.state.badness)),
        seen_from=remarks.seen_from(report),
        votes=tuple(vantage_words.votes(report.quorum, report.generated_at)),
        policy=remarks.policy(report.policy),
        command=commands.shortened(report.command),
        check_again=commands.check_again(report.command) if problems else "",
        exit_code=report.exit_code,
    )


def worst_first(views: Iterable[TorrentView]) -> tuple[TorrentView, ...]:
    """Torrents by their verdict; those alike as they came."""
    return tuple(sorted(views, key=lambda view: -view.verdict.badness))


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
