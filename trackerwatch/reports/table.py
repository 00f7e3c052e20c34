"""The report for people: what is wrong first, then a row for each torrent and tracker, worst first.

At most `Style.width` columns, so that it fits an e-mail and a CI log.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.cells import cell_len

from trackerwatch.escaping import no_workflow_command
from trackerwatch.policy.rules import Rule, Severity
from trackerwatch.reports import columns
from trackerwatch.reports.table_rows import Ink, Rows
from trackerwatch.reports.telling import commands, skipped, wording
from trackerwatch.reports.telling.account import SECTIONS_ABOVE, account_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trackerwatch.reports.formats import Style
    from trackerwatch.reports.rows import Report
    from trackerwatch.reports.telling.account import Account, Block

MAX_BLOCKS = 12
"""So many problems are told in full; the rows below name the rest."""
MAX_CHANGES = 12
MAX_ORDERS = 30
"""Trackers that are muted, switched off and the like, and named."""
MAX_NOTES = 25
MAX_REASONS = 5
"""Reasons for skipping inputs that are told."""
LABEL_CELLS = 14
"""Indent and label of the lines under a problem."""
MIN_WIDTH = 80
"""A narrower terminal breaks the lines itself; columns would say nothing any more."""


def render(report: Report, style: Style) -> Iterator[str]:
    """The document, a line at a time."""
    for line in _Table(report, style).lines():
        # A name or a message may stand where a line begins.
        yield no_workflow_command(line).rstrip() + "\n"


class _Table:
    """One rendering: the account and how it may look."""

    def __init__(self, report: Report, style: Style) -> None:
        self._report = report
        self._account: Account = account_of(report)
        self._width = max(MIN_WIDTH, style.width)
        self._ink = Ink(color=style.color)
        self._rows = Rows(self._ink, self._width, report.generated_at, every=style.all_rows)

    def lines(self) -> Iterator[str]:
        account = self._account
        yield from self._headline()
        yield from self._problems()
        yield from self._changes()
        if account.not_judged:
            yield ""
            yield from self._noted("not judged", ", ".join(account.not_judged))
        if account.sections:
            yield ""
            by_section = len(account.sections) > 1 and self._report.torrents_judged > SECTIONS_ABOVE
            yield from self._rows.torrents(account, by_section=by_section)
        if account.trackers:
            yield ""
            yield from self._rows.trackers(account)
        yield ""
        yield from self._notes()
        yield from self._footer()

    # -- what is wrong -----------------------------------------------------------------------------------------------

    def _headline(self) -> Iterator[str]:
        account = self._account
        word = account.verdict.value.upper()
        glyph = wording.VERDICT_MARKS[account.verdict][0]
        first, *more = columns.wrap(account.sentence, self._width - len(word) - 2)
        yield f"{self._ink.paint(word, glyph)}  {self._ink.bold(first)}"
        for line in more:
            yield " " * (len(word) + 2) + line

    def _problems(self) -> Iterator[str]:
        blocks = self._account.blocks
        for block in blocks[:MAX_BLOCKS]:
            yield ""
            yield from self._block(block)
        if self._account.check_again:
            yield from self._command(f"    {'then':<9}", self._account.check_again)
        if left_out := blocks[MAX_BLOCKS:]:
            rules: Counter[Rule] = Counter()
            for block in left_out:
                rules[block.rule] += max(1, len(block.members))
            told = ", ".join(f"{number:,} {rule}" for rule, number in rules.most_common())
            yield ""
            yield from self._wrapped(f"... {wording.many(rules.total(), 'more problem')}: {told}", "    ")
        if self._account.skipped:
            yield ""
            yield from self._skipped()

    def _skipped(self) -> Iterator[str]:
        """One block for all inputs that could not be used."""
        glyph = wording.SEVERITY_GLYPHS[Severity.WARNING]
        head = skipped.head(self._account.skipped)
        yield f"{self._ink.paint(glyph, glyph)} {self._ink.bold(head)}   {Rule.SKIPPED_INPUT}"
        for label, text in skipped.facts(self._account.skipped, MAX_REASONS):
            yield from self._labelled(label, text)

    def _block(self, block: Block) -> Iterator[str]:
        glyph = wording.SEVERITY_GLYPHS[block.severity]
        told = f"{block.rule}: {block.message}"
        head = columns.elide_middle(block.subject, self._width - 4)
        room = self._width - 2 - cell_len(head) - 3
        if head and cell_len(told) > room:
            yield f"{self._ink.paint(glyph, glyph)} {self._ink.bold(head)}"
            yield from self._wrapped(told, "    ")
        elif head:
            yield f"{self._ink.paint(glyph, glyph)} {self._ink.bold(head)}   {told}"
        else:
            line, *more = columns.wrap(told, self._width - 2)
            yield f"{self._ink.paint(glyph, glyph)} {line}"
            yield from (f"    {text}" for line in more for text in columns.wrap(line, self._width - 4))
        for label, text in block.facts(self._report.generated_at):
            yield from self._labelled(label, text)

    def _changes(self) -> Iterator[str]:
        account = self._account
        if not account.compared:
            return
        yield ""
        yield from self._noted("changes", account.compared if account.changes else f"none {account.compared}")
        for change in account.changes[:MAX_CHANGES]:
            first, *more = columns.wrap(change, self._width - 6)
            yield f"    {first}"
            yield from (f"      {line}" for line in more)
        if (left_out := len(account.changes) - MAX_CHANGES) > 0:
            yield f"    ... {wording.many(left_out, 'more change')} (--format json lists them)"

    def _labelled(self, label: str, text: str) -> Iterator[str]:
        first, *more = columns.wrap(text, self._width - LABEL_CELLS)
        yield f"    {label:<10}{first}"
        for line in more:
            yield " " * LABEL_CELLS + line

    def _wrapped(self, text: str, indent: str) -> Iterator[str]:
        for line in columns.wrap(text, self._width - len(indent)):
            yield indent + line

    # -- the rest ----------------------------------------------------------------------------------------------------

    def _notes(self) -> Iterator[str]:
        account = self._account
        for note in account.notes[:MAX_NOTES]:
            yield from self._noted("note", note)
        if (more := len(account.notes) - MAX_NOTES) > 0:
            yield f"... {wording.many(more, 'more note')} (--format json tells them)"
        for label, line in account.orders[:MAX_ORDERS]:
            yield from self._noted(label, line)
        if (more := len(account.orders) - MAX_ORDERS) > 0:
            yield f"... {wording.many(more, 'more order')} (--format json lists them)"

    def _noted(self, label: str, text: str) -> Iterator[str]:
        first, *more = columns.wrap(text, self._width - len(label) - 2)
        yield f"{label}  {first}"
        for line in more:
            yield " " * (len(label) + 2) + line

    def _footer(self) -> Iterator[str]:
        account = self._account
        for number, vote in enumerate(account.votes):
            yield from self._noted("vantage" if number else "quorum", vote)
        yield from self._noted("seen from", account.seen_from)
        ended = f"exit {account.exit_code}"
        told = columns.wrap(account.policy, self._width - len(ended) - 3)
        *more, last = told if account.policy else [""]
        yield from more
        yield f"{last}   {ended}" if last else ended
        if account.command:
            yield from self._command("again ", account.command)

    def _command(self, label: str, command: str) -> Iterator[str]:
        """It may be copied from here whole: a shell joins its lines."""
        line = label
        for word in commands.words(command):
            if cell_len(line) + 1 + cell_len(word) > self._width - 2 and line.strip():
                yield f"{line} \\"
                line = " " * len(label)
            line += f" {word}"
        yield line
