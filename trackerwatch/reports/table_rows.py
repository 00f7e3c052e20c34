"""The rows of the table: a line for each torrent and each tracker, worst first, as many as somebody reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from rich.cells import cell_len

from trackerwatch.health.states import Health
from trackerwatch.policy.rules import Verdict
from trackerwatch.reports import columns
from trackerwatch.reports.telling import evidence, wording

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from trackerwatch.engine.views import TorrentView, TrackerView
    from trackerwatch.reports.telling.account import Account, Section

Row = TypeVar("Row")

MAX_OK_ROWS = 20
SHOWN_OK_ROWS = 3
"""Rows that are well and still listed where there are more than `MAX_OK_ROWS`."""
MAX_BAD_ROWS = 40
"""Rows that are not well and are listed."""
LEAST_BAD_ROWS = 3
"""Of each collection, however many there are."""
MAX_BAD_SECTIONS = 20
"""Collections of which not all is well, and that are listed."""
MAX_WELL_SECTIONS = 10
"""Collections of which all is well, and that are named."""
WIDE = 90
"""From so many columns on all columns of torrents have room beside a name."""

_RESET = "\x1b[0m"
_COLORS = {"x": "\x1b[1;31m", "!": "\x1b[33m", "?": "\x1b[35m", "+": "\x1b[32m", "-": "\x1b[36m"}
_BOLD = "\x1b[1m"


class Ink:
    """Colours, where they are wanted; they add nothing that is not said in words."""

    def __init__(self, *, color: bool) -> None:
        """Know whether to use them."""
        self._color = color

    def paint(self, text: str, glyph: str) -> str:
        """Text in the colour of the state that a glyph stands for."""
        color = _COLORS.get(glyph) if self._color else None
        return f"{color}{text}{_RESET}" if color else text

    def bold(self, text: str) -> str:
        """Text that stands out."""
        return f"{_BOLD}{text}{_RESET}" if self._color else text


class Rows:
    """Rows of one width."""

    def __init__(self, ink: Ink, width: int, now: datetime, *, every: bool) -> None:
        """Lay out.

        Args:
            ink: Colours.
            width: Columns.
            now: The time of the report.
            every: List every row, also those that would be folded.
        """
        self._ink = ink
        self._width = width
        self._now = now
        self._every = every
        self._is_wide = width >= WIDE
        # VERDICT 9, SEED LEECH 6 each, WORK 5, AGE 4 (and DONE 6, TIER 4), each with a space: names and trackers share the rest.
        free = width - (9 + 6 * 2 + 5 + 4 + 6) - (6 + 4 + 2 if self._is_wide else 0)
        self._active_cells = min(26, free * 2 // 5 if self._is_wide else free // 3)
        self._name_cells = free - self._active_cells

    def torrents(self, account: Account, *, by_section: bool) -> Iterator[str]:
        """A head, and a line for each torrent."""
        done, tier = (f" {'DONE':>6}", f" {'TIER':>4}") if self._is_wide else ("", "")
        active = columns.left(columns.elide_end("ACTIVE TRACKER", self._active_cells), self._active_cells)
        yield self._ink.bold(
            f"{'VERDICT':<9} {'TORRENT':<{self._name_cells}} {'SEED':>6} {'LEECH':>6}{done} {'WORK':>5}{tier} {active} {'AGE':>4}"
        )
        if by_section:
            yield from self._sections(account.sections)
        else:
            yield from self._some(account.rows, lambda view: view.verdict is Verdict.OK, self._torrent, "ok")

    def _torrent(self, view: TorrentView) -> str:
        failover, counts = view.failover, view.counts
        mark = wording.VERDICT_MARKS[view.verdict]
        age_s = evidence.age_s(view, self._now)
        cells = (
            self._ink.paint(f"{mark:<9}", mark[0]),
            columns.left(columns.elide_middle(view.torrent.name, self._name_cells), self._name_cells),
            f"{wording.count(counts.seeders):>6}",
            f"{wording.count(counts.leechers):>6}",
            f"{wording.count(counts.completed):>6}" if self._is_wide else None,
            f"{f'{failover.working}/{failover.total}':>5}",
            f"{'-' if failover.active_tier is None else failover.active_tier:>4}" if self._is_wide else None,
            columns.left(columns.elide_start(evidence.active(view), self._active_cells), self._active_cells),
            f"{'-' if age_s is None else wording.duration(age_s):>4}",
        )
        return " ".join(cell for cell in cells if cell is not None)

    def _sections(self, sections: Sequence[Section]) -> Iterator[str]:
        """A line for each collection with its counts, and below it the rows that are not ok."""
        parted = [(section, _parted(section.rows, lambda view: view.verdict is Verdict.OK)[0]) for section in sections]
        share = self._share([len(bad) for _, bad in parted])
        ill = well = hidden = 0
        for section, bad in parted:
            ill, well = ill + bool(bad), well + (not bad)
            if not self._every and (ill > MAX_BAD_SECTIONS if bad else well > MAX_WELL_SECTIONS):
                hidden += len(bad)
                continue
            yield self._ink.bold(self._section_line(section))
            rows = section.rows if self._every else bad[:share]
            yield from map(self._torrent, rows)
            if (left_out := len(bad) - len(rows)) > 0:
                yield _fold(left_out, "that are not ok")
        if self._every:
            return
        if ill > MAX_BAD_SECTIONS:
            yield _fold(ill - MAX_BAD_SECTIONS, f"collections, {hidden:,} torrents of them not ok")
        if well > MAX_WELL_SECTIONS:
            yield _fold(well - MAX_WELL_SECTIONS, "collections, all ok")

    def _share(self, numbers: Sequence[int]) -> int:
        """How many rows that are not ok each collection may list."""
        if sum(numbers) <= MAX_BAD_ROWS:
            return MAX_BAD_ROWS
        return max(LEAST_BAD_ROWS, MAX_BAD_ROWS // max(1, sum(map(bool, numbers))))

    def _section_line(self, section: Section) -> str:
        counts = wording.verdicts(section.by_verdict)
        return f"-- {columns.elide_middle(section.name, self._width - cell_len(counts) - 5)}: {counts}"

    def trackers(self, account: Account) -> Iterator[str]:
        """A head, and a line for each tracker."""
        # STATE 10, PROTO 5, ADDR 5, TORR 6, LATENCY 7, and a space between.
        free = self._width - (10 + 5 + 5 + 6 + 7 + 6)
        reason_cells = free // 2
        name_cells = free - reason_cells
        yield self._ink.bold(
            f"{'STATE':<10} {'TRACKER':<{name_cells}} {'PROTO':<5} {'ADDR':>5} {'TORR':>6} {'LATENCY':>7} REASON"
        )

        def line(view: TrackerView) -> str:
            mark = wording.HEALTH_MARKS[view.state] if view.disabled is None else wording.SWITCHED_OFF_MARK
            addresses = f"{view.endpoints_up}/{len(view.endpoints)}" if view.endpoints else "-"
            return " ".join(
                (
                    self._ink.paint(f"{mark:<10}", mark[0]),
                    columns.left(columns.elide_start(view.tracker.host_port, name_cells), name_cells),
                    f"{view.tracker.protocol.value:<5}",
                    f"{addresses:>5}",
                    f"{wording.count(view.torrents):>6}",
                    f"{wording.latency(view.latest_latency_s):>7}",
                    columns.elide_end(wording.reason(view), reason_cells),
                )
            )

        yield from self._some(account.trackers, lambda view: view.state is Health.UP, line, "up")

    def _some(
        self, rows: Iterable[Row], is_well: Callable[[Row], bool], line: Callable[[Row], str], word: str
    ) -> Iterator[str]:
        """Rows that are not well and then those that are, and how many of each are left out."""
        bad, well = _parted(rows, is_well)
        shown_bad, shown_well = len(bad), len(well)
        if not self._every:
            shown_bad = min(shown_bad, MAX_BAD_ROWS)
            shown_well = shown_well if shown_well <= MAX_OK_ROWS else SHOWN_OK_ROWS
        yield from map(line, bad[:shown_bad])
        if len(bad) > shown_bad:
            yield _fold(len(bad) - shown_bad, f"that are not {word}")
        yield from map(line, well[:shown_well])
        if len(well) > shown_well:
            yield _fold(len(well) - shown_well, word)


def _fold(number: int, what: str) -> str:
    return f"... {number:,} more {what} (--all lists them)"


def _parted(rows: Iterable[Row], is_well: Callable[[Row], bool]) -> tuple[list[Row], list[Row]]:
    """Those that are not well, and those that are."""
    bad: list[Row] = []
    well: list[Row] = []
    for row in rows:
        (well if is_well(row) else bad).append(row)
    return bad, well
