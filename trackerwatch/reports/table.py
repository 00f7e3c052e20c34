"""The report for people: what is wrong first, then a row for each torrent and tracker, worst first.

At most `Style.width` columns, so that it fits an e-mail and a CI log.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TypeVar

from rich.cells import cell_len

from trackerwatch.health.states import Health
from trackerwatch.policy.rules import Rule, Severity, Verdict
from trackerwatch.reports import columns, evidence, wording
from trackerwatch.reports.account import SECTIONS_ABOVE, account_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from trackerwatch.engine.views import TorrentView
    from trackerwatch.reports.account import Account, Block, Section
    from trackerwatch.reports.formats import Style
    from trackerwatch.reports.rows import Report

Row = TypeVar("Row")

MAX_BLOCKS = 12
"""So many problems are told in full; the rows below name the rest."""
MAX_CHANGES = 12
MAX_OK_ROWS = 20
SHOWN_OK_ROWS = 3
"""Rows that are well and still listed where there are more than `MAX_OK_ROWS`."""
MAX_NAMED = 3
"""Names that are told of many that have the same problem."""
MAX_ORDERS = 30
"""Trackers that are muted, switched off and the like, and named."""
MAX_REASONS = 5
"""Reasons for skipping inputs that are told."""
LABEL_CELLS = 14
"""Indent and label of the lines under a problem."""
MIN_WIDTH = 80
"""A narrower terminal breaks the lines itself; columns would say nothing any more."""

_RESET = "\x1b[0m"
_COLORS = {"x": "\x1b[1;31m", "!": "\x1b[33m", "?": "\x1b[35m", "+": "\x1b[32m", "-": "\x1b[36m"}
_BOLD = "\x1b[1m"


def render(report: Report, style: Style) -> Iterator[str]:
    """The document, a line at a time."""
    for line in _Table(report, style).lines():
        yield line.rstrip() + "\n"


class _Table:
    """One rendering: the account and how it may look."""

    def __init__(self, report: Report, style: Style) -> None:
        self._report = report
        self._account: Account = account_of(report)
        self._style = style
        self._width = max(MIN_WIDTH, style.width)

    def lines(self) -> Iterator[str]:
        account = self._account
        yield from self._headline()
        yield from self._problems()
        yield from self._changes()
        if account.sections:
            yield ""
            yield from self._torrent_rows()
        if account.trackers:
            yield ""
            yield from self._tracker_rows()
        yield ""
        yield from self._notes()
        yield from self._footer()

    def _paint(self, text: str, glyph: str) -> str:
        color = _COLORS.get(glyph) if self._style.color else None
        return f"{color}{text}{_RESET}" if color else text

    def _bold(self, text: str) -> str:
        return f"{_BOLD}{text}{_RESET}" if self._style.color else text

    # -- what is wrong -----------------------------------------------------------------------------------------------

    def _headline(self) -> Iterator[str]:
        account = self._account
        word = account.verdict.value.upper()
        glyph = wording.VERDICT_MARKS[account.verdict][0]
        first, *more = columns.wrap(account.sentence, self._width - len(word) - 2)
        yield f"{self._paint(word, glyph)}  {self._bold(first)}"
        for line in more:
            yield " " * (len(word) + 2) + line

    def _problems(self) -> Iterator[str]:
        blocks = self._account.blocks
        for block in blocks[:MAX_BLOCKS]:
            yield ""
            yield from self._block(block)
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
        """One block for all inputs that could not be used: however many there are, it hides no torrent's problem."""
        alike = self._account.skipped
        glyph = wording.SEVERITY_GLYPHS[Severity.WARNING]
        head = f"{wording.many(sum(len(sources) for _, sources in alike), 'input')} skipped"
        yield f"{self._paint(glyph, glyph)} {self._bold(head)}   {Rule.SKIPPED_INPUT}"
        for message, sources in alike[:MAX_REASONS]:
            named = "; ".join(evidence.bounded(sources))
            source = sources[0] if len(sources) == 1 else f"{len(sources):,} inputs ({named})"
            yield from self._labelled("evidence", f"{source}: {message}")
        if len(alike) > MAX_REASONS:
            yield from self._labelled(
                "evidence", f"and {len(alike) - MAX_REASONS:,} more reasons (stderr, --format json)"
            )
        yield from self._labelled("effect", "not part of this report")
        yield from self._labelled("do", "repair these inputs or take them out")

    def _block(self, block: Block) -> Iterator[str]:
        glyph = wording.SEVERITY_GLYPHS[block.severity]
        told = f"{block.rule}: {block.message}"
        head = columns.elide_middle(block.subject, self._width - 4)
        room = self._width - 2 - cell_len(head) - 3
        if head and cell_len(told) > room:
            yield f"{self._paint(glyph, glyph)} {self._bold(head)}"
            yield from self._wrapped(told, "    ")
        elif head:
            yield f"{self._paint(glyph, glyph)} {self._bold(head)}   {told}"
        else:
            line, *more = columns.wrap(told, self._width - 2)
            yield f"{self._paint(glyph, glyph)} {line}"
            yield from (f"    {text}" for line in more for text in columns.wrap(line, self._width - 4))
        if block.members:
            yield from self._labelled("these", self._named(block))
        for rule, message in block.also:
            yield from self._labelled("also", f"{rule}: {message}")
        yield from self._labelled("evidence", "; ".join(block.evidence))
        yield from self._labelled("effect", block.effect)
        if block.since:
            yield from self._labelled("since", wording.moment(block.since, self._report.generated_at))
        for action in block.actions:
            yield from self._labelled("do", action)

    def _named(self, block: Block) -> str:
        more = len(block.members) - MAX_NAMED
        names = "; ".join(columns.elide_middle(name, 40) for _, name in block.members[:MAX_NAMED])
        return f"{names}; and {more:,} more, all listed below"

    def _changes(self) -> Iterator[str]:
        account = self._account
        if not account.compared:
            return
        yield ""
        yield from self._noted("changes", account.compared if account.changes else f"none {account.compared}")
        for change in account.changes[:MAX_CHANGES]:
            yield from self._wrapped(change, "    ")
        if (more := len(account.changes) - MAX_CHANGES) > 0:
            yield f"    ... {wording.many(more, 'more change')} (--format json lists them)"

    def _labelled(self, label: str, text: str) -> Iterator[str]:
        if text:
            first, *more = columns.wrap(text, self._width - LABEL_CELLS)
            yield f"    {label:<10}{first}"
            for line in more:
                yield " " * LABEL_CELLS + line

    def _wrapped(self, text: str, indent: str) -> Iterator[str]:
        for line in columns.wrap(text, self._width - len(indent)):
            yield indent + line

    # -- rows --------------------------------------------------------------------------------------------------------

    def _torrent_rows(self) -> Iterator[str]:
        account = self._account
        # VERDICT 9, SEED LEECH DONE 6 each, WORK 5, TIER 4, AGE 4, and a space between: names and trackers share the rest.
        free = self._width - (9 + 6 * 3 + 5 + 4 + 4 + 8)
        active_cells = min(26, free * 2 // 5)
        name_cells = free - active_cells
        yield self._bold(
            f"{'VERDICT':<9} {'TORRENT':<{name_cells}} {'SEED':>6} {'LEECH':>6} {'DONE':>6} {'WORK':>5} {'TIER':>4} "
            f"{columns.left(columns.elide_end('ACTIVE TRACKER', active_cells), active_cells)} {'AGE':>4}"
        )
        if len(account.sections) > 1 and self._report.torrents_judged > SECTIONS_ABOVE:
            for section in account.sections:
                yield from self._section(section, name_cells, active_cells)
            return
        rows = account.rows
        shown, folded = self._folded(rows, [view.verdict is Verdict.OK for view in rows])
        for view in shown:
            yield self._torrent_row(view, name_cells, active_cells)
        yield from self._fold_line(folded, "ok")

    def _section(self, section: Section, name_cells: int, active_cells: int) -> Iterator[str]:
        order = sorted(section.by_verdict, key=lambda verdict: -verdict.badness)
        counts = ", ".join(f"{section.by_verdict[v]:,} {v}" for v in order if section.by_verdict[v])
        name = columns.elide_middle(section.name, self._width - cell_len(counts) - 5)
        yield self._bold(f"-- {name}: {counts}")
        for view in section.rows:
            if self._style.all_rows or view.verdict is not Verdict.OK:
                yield self._torrent_row(view, name_cells, active_cells)

    def _torrent_row(self, view: TorrentView, name_cells: int, active_cells: int) -> str:
        failover, counts = view.failover, view.counts
        mark = wording.VERDICT_MARKS[view.verdict]
        age_s = evidence.age_s(view, self._report.generated_at)
        return " ".join(
            (
                self._paint(f"{mark:<9}", mark[0]),
                columns.left(columns.elide_middle(view.torrent.name, name_cells), name_cells),
                f"{wording.count(counts.seeders):>6}",
                f"{wording.count(counts.leechers):>6}",
                f"{wording.count(counts.completed):>6}",
                f"{f'{failover.working}/{failover.total}':>5}",
                f"{'-' if failover.active_tier is None else failover.active_tier:>4}",
                columns.left(columns.elide_start(evidence.active(view), active_cells), active_cells),
                f"{'-' if age_s is None else wording.duration(age_s):>4}",
            )
        )

    def _tracker_rows(self) -> Iterator[str]:
        # STATE 10, PROTO 5, ADDR 5, TORR 6, LATENCY 7, and a space between.
        free = self._width - (10 + 5 + 5 + 6 + 7 + 6)
        reason_cells = free // 2
        name_cells = free - reason_cells
        yield self._bold(
            f"{'STATE':<10} {'TRACKER':<{name_cells}} {'PROTO':<5} {'ADDR':>5} {'TORR':>6} {'LATENCY':>7} REASON"
        )
        rows = self._account.trackers
        shown, folded = self._folded(rows, [view.state is Health.UP for view in rows])
        for view in shown:
            mark = wording.HEALTH_MARKS[view.state] if view.disabled is None else wording.SWITCHED_OFF_MARK
            addresses = f"{view.endpoints_up}/{len(view.endpoints)}" if view.endpoints else "-"
            yield " ".join(
                (
                    self._paint(f"{mark:<10}", mark[0]),
                    columns.left(columns.elide_start(view.tracker.host_port, name_cells), name_cells),
                    f"{view.tracker.protocol.value:<5}",
                    f"{addresses:>5}",
                    f"{wording.count(view.torrents):>6}",
                    f"{wording.latency(view.latency_s):>7}",
                    columns.elide_end(wording.reason(view), reason_cells),
                )
            )
        yield from self._fold_line(folded, "up")

    def _folded(self, rows: Sequence[Row], well: Sequence[bool]) -> tuple[Sequence[Row], int]:
        """The rows to show, and how many that are well are left out. Rows that are well come last."""
        number = sum(well)
        if self._style.all_rows or number <= MAX_OK_ROWS:
            return rows, 0
        left_out = number - SHOWN_OK_ROWS
        return rows[: len(rows) - left_out], left_out

    def _fold_line(self, folded: int, word: str) -> Iterator[str]:
        if folded:
            yield f"... {folded:,} more {word} (--all lists them)"

    # -- the rest ----------------------------------------------------------------------------------------------------

    def _notes(self) -> Iterator[str]:
        account = self._account
        for note in account.notes:
            yield from self._noted("note", note)
        for label, line in account.orders[:MAX_ORDERS]:
            yield from self._noted(label, line)
        if (more := len(account.orders) - MAX_ORDERS) > 0:
            yield f"... {wording.many(more, 'more order')} (--format json lists them)"
        if account.not_judged:
            yield from self._noted("not judged", ", ".join(account.not_judged))

    def _noted(self, label: str, text: str) -> Iterator[str]:
        first, *more = columns.wrap(text, self._width - len(label) - 2)
        yield f"{label}  {first}"
        for line in more:
            yield " " * (len(label) + 2) + line

    def _footer(self) -> Iterator[str]:
        account = self._account
        for vote in account.votes:
            yield from self._noted("vantage", vote)
        yield from self._noted("seen from", account.seen_from)
        ended = f"exit {account.exit_code}"
        yield from self._wrapped(f"{account.policy}   {ended}" if account.policy else ended, "")
        if account.command:
            yield from self._noted("again", account.command)
