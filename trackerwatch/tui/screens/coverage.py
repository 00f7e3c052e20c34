"""The coverage view: every torrent of the table against every tracker, on a screen of its own."""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.screen import Screen

from trackerwatch.tui.lines import coverage, states, titles, words
from trackerwatch.tui.lines.columns import Cells, Column
from trackerwatch.tui.lines.ink import Ink, Line, Span, safe
from trackerwatch.tui.widgets.inked import InkLines
from trackerwatch.tui.widgets.keyline import KeyLine
from trackerwatch.tui.widgets.table import LineTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.app import ComposeResult

    from trackerwatch.tui.model.picture import Picture

SLICE_S = 0.008
"""The search for rows that disagree looks at torrents for so long, then lets keys through."""
REST_S = 0.012
_STATE, _NAME = "state", "name"
_HINTS = (
    ("enter", "to the torrent", "screen.go"),
    ("left right", "tracker", "screen.sideways(1)"),
    ("f", "only what disagrees", "screen.differing"),
    ("e", "export", "app.export"),
    ("esc", "back", "screen.leave"),
)


class CoverageScreen(Screen[int | None]):
    """Which tracker knows which torrent. Gives the torrent to go to; None: back to where one was."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,l", "sideways(1)", "next tracker", id="coverage.right", tooltip="The next tracker"),
        Binding("left,h", "sideways(-1)", "previous tracker", id="coverage.left", tooltip="The tracker before"),
        Binding(
            "f", "differing", "what disagrees", id="coverage.differing", tooltip="Only torrents whose trackers disagree"
        ),
        Binding(
            "e", "app.export", "export", id="coverage.export", tooltip="Export these torrents and trackers to a file"
        ),
        Binding("escape,q,v", "leave", "back", id="coverage.leave", tooltip="Back to the panes"),
    ]

    DEFAULT_CSS = """
    CoverageScreen { layout: vertical; overflow: hidden; }
    CoverageScreen > #matrix { height: 1fr; }
    """

    def __init__(self, picture: Picture, torrent: int | None, tracker: int | None) -> None:
        """Args: what to show, and the torrent and the tracker that the cursor starts at."""
        super().__init__()
        self.picture = picture
        self.differing = False
        """Whether only torrents are shown whose trackers disagree."""
        self.column = 0
        """Which of the trackers the cursor is on, from the left."""
        self._first = 0
        self._trackers: list[int] = []
        self._wanted = (torrent, tracker)
        self._found: list[int] = []
        self._searched = 0
        self._version = -1
        self._second = -1

    def compose(self) -> ComposeResult:
        """A title, the matrix, what the cursor is on, which column is whose, what the glyphs mean, keys."""
        yield InkLines(id="coverage-title")
        yield LineTable((), self._row, id="matrix", empty="no torrents")
        yield InkLines(id="coverage-rule")
        yield InkLines(id="coverage-cell")
        yield InkLines(id="coverage-hosts")
        yield InkLines(id="coverage-legend")
        yield KeyLine(id="coverage-keys")

    def on_mount(self) -> None:
        """Show what there is, with the cursor where it was on the panes."""
        self.table = self.query_one("#matrix", LineTable)
        self._lines = {
            name: self.query_one(f"#coverage-{name}", InkLines) for name in ("title", "rule", "cell", "hosts", "legend")
        }
        self.query_one(KeyLine).show_keys(_HINTS[:-1], _HINTS[-1:])
        self.table.focus()
        self.tick()
        torrent, tracker = self._wanted
        if torrent is not None:
            self.table.select(torrent)
        if tracker in self._trackers:
            self.column = self._trackers.index(tracker)
        self.call_after_refresh(self._lay_out)

    # -- data ----------------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Take what changed since, a few times a second; nothing changed and the same second costs nothing."""
        snapshot = self.picture.snapshot
        second = int(self.picture.real_now.timestamp())
        if snapshot is None or (snapshot.version == self._version and second == self._second):
            return
        self._version, self._second = snapshot.version, second
        watched = coverage.columns_of(snapshot.trackers)
        if set(watched) != set(self._trackers):
            # A tracker stays in its column while one looks at it: new ones come last.
            kept = [index for index in self._trackers if index in set(watched)]
            self._trackers = kept + [index for index in watched if index not in set(kept)]
            self.column = max(0, min(self.column, len(self._trackers) - 1))
        with self.app.batch_update():
            self.table.set_order(self._found if self.differing else self.picture.torrent_order.order)
            self.table.rows_changed()
            self._lay_out()

    def _row(self, key: int) -> Cells:
        view, snapshot = self.picture.torrent(key), self.picture.snapshot
        if view is None or snapshot is None:
            return {}
        state, ink = states.torrent_state(view), Ink.STRONG if coverage.disagrees(view) else Ink.PLAIN
        row: Cells = {_STATE: Span(state.text[0], state.ink), _NAME: Span(safe(view.torrent.name), ink)}
        spans = coverage.row_cells(view, [snapshot.trackers[index] for index in self._in_sight])
        current = self._trackers[self.column] if self._trackers else None
        _, _, each = coverage.room_for(self.table.scrollable_content_region.width, len(self._trackers))
        for index, span in spans.items():
            # The column of the cursor has a line at its left.
            edge = Span("│", Ink.KEY) if index == current else Span(" ")
            row[str(index)] = (edge, span, Span(" " * (each - coverage.COLUMN)))
        return row

    @property
    def _in_sight(self) -> Sequence[int]:
        _, room, _ = coverage.room_for(self.table.scrollable_content_region.width, len(self._trackers))
        return self._trackers[self._first : self._first + room]

    @property
    def trackers(self) -> Sequence[int]:
        """Indices of the trackers, in the order of their columns."""
        return tuple(self._trackers)

    def say(self, text: str, ink: Ink = Ink.PLAIN) -> None:
        """Tell what an action came to; empty text brings the keys back."""
        self.query_one(KeyLine).say(text, ink)

    # -- drawing -------------------------------------------------------------------------------------------------------

    def on_resize(self, event: events.Resize) -> None:
        """Fit the columns to the new width."""
        del event
        if self.is_mounted:
            self.call_after_refresh(self._lay_out)

    def _lay_out(self) -> None:
        """Choose the columns in sight, and draw everything around the matrix."""
        snapshot, height = self.picture.snapshot, self.size.height
        width = self.table.scrollable_content_region.width
        if snapshot is None or not width:
            return
        name, room, each = coverage.room_for(width, len(self._trackers))
        self._first = coverage.first_column(self._first, self.column, room, len(self._trackers))
        columns = [Column(_STATE, "", 1), Column(_NAME, "TORRENT", name - 2)]
        for place, index in enumerate(self._in_sight, self._first):
            edge = "│" if place == self.column else " "
            title = edge + coverage.column_title(place + 1, snapshot.trackers[index], each)
            columns.append(Column(str(index), title, each, gap=0))
        self.table.set_columns(columns)
        shown = {"title": height >= 6, "rule": height >= 12, "cell": height >= 4, "legend": height >= 9}
        for part, there in shown.items():
            self._lines[part].display = there
        self.query_one(KeyLine).display = height >= 8
        numbered = [(n, snapshot.trackers[index]) for n, index in enumerate(self._in_sight, self._first + 1)]
        lines = coverage.hosts_legend(numbered, self.column + 1, self.size.width, max(0, min(6, (height - 8) // 4)))
        self._lines["hosts"].display = bool(lines)
        self._lines["hosts"].styles.height = max(1, len(lines))
        self._lines["hosts"].show(*lines)
        self._lines["legend"].show(coverage.legend(self.size.width))
        self._lines["title"].show(self._title())
        self._draw_cell()

    def _title(self) -> Line:
        snapshot, order = self.picture.snapshot, self.picture.torrent_order
        total = len(snapshot.torrents.listed) if snapshot is not None else 0
        what = (
            f"{len(order.order):,} of {total:,} torrents"
            if len(order.order) != total
            else words.plural(total, "torrent")
        )
        told = titles.selection(self.picture).partition(", f = ")[0].partition(";")[0]
        if self.differing:
            searching = self._searched < len(order.order)
            told = f"{len(self._found):,} disagree" + (f" of {self._searched:,} looked at" if searching else "")
        seen = len(self._in_sight)
        place = f"trackers {self._first + 1}-{self._first + seen} of {len(self._trackers):,}" if seen else "no trackers"
        return (Span(" Coverage ", Ink.ACCENT), Span(f" {what} ({told})  {place}", Ink.PLAIN))

    def _draw_cell(self) -> None:
        snapshot, key = self.picture.snapshot, self.table.cursor_key
        view = None if key is None else self.picture.torrent(key)
        if snapshot is None or view is None or not self._trackers:
            self._lines["rule"].show(titles.plain_rule("nothing selected", self.size.width))
            self._lines["cell"].show((Span(" nothing to tell", Ink.DIM),))
            return
        self._lines["rule"].show(titles.plain_rule(view.torrent.name, self.size.width))
        tracker = snapshot.trackers[self._trackers[self.column]]
        self._lines["cell"].show(coverage.explain(view, tracker, self.picture.now))

    # -- moving --------------------------------------------------------------------------------------------------------

    def on_line_table_moved(self, message: LineTable.Moved) -> None:
        """Another torrent."""
        message.stop()
        self._draw_cell()

    def on_line_table_opened(self, message: LineTable.Opened) -> None:
        """Enter: to that torrent."""
        message.stop()
        self.dismiss(message.key)

    def on_line_table_head_clicked(self, message: LineTable.HeadClicked) -> None:
        """A click on a number: the cursor goes to that tracker."""
        message.stop()
        if message.column not in (_STATE, _NAME):
            self._to_column(self._trackers.index(int(message.column)))

    def on_click(self, event: events.Click) -> None:
        """A click on a cell: the cursor goes to its tracker too."""
        x, y = event.screen_x - self.table.region.x, event.screen_y - self.table.region.y
        if 0 < y < self.table.size.height:
            name, _, each = coverage.room_for(self.table.scrollable_content_region.width, len(self._trackers))
            place = (x - name - 1) // each
            if 0 <= place < len(self._in_sight):
                self._to_column(self._first + place)

    def action_go(self) -> None:
        """To the torrent under the cursor."""
        self.table.action_open()

    def action_sideways(self, step: int) -> None:
        """To another tracker."""
        self._to_column(self.column + step)

    def _to_column(self, column: int) -> None:
        self.column = max(0, min(len(self._trackers) - 1, column))
        self._lay_out()
        self.table.rows_changed()

    def action_leave(self) -> None:
        """Back."""
        self.dismiss(None)

    # -- what disagrees ------------------------------------------------------------------------------------------------

    def action_differing(self) -> None:
        """Show only torrents whose trackers disagree, or all."""
        self.differing = not self.differing
        self._version = -1
        if self.differing:
            self.run_worker(self._search(), exclusive=True)
        else:
            self.workers.cancel_node(self)
            self.table.set_empty("no torrents")
            self.tick()

    async def _search(self) -> None:
        """Look at every torrent's answers, a few milliseconds at a time."""
        order, snapshot = self.picture.torrent_order.order, self.picture.snapshot
        self._found, self._searched = [], 0
        self.table.set_empty("looking ...")
        while snapshot is not None and self._searched < len(order):
            until = perf_counter() + SLICE_S
            while self._searched < len(order) and perf_counter() < until:
                index = order[self._searched]
                self._searched += 1
                if coverage.disagrees(snapshot.torrents.view(index)):
                    self._found.append(index)
            self._show_found()
            await asyncio.sleep(REST_S)
        self.table.set_empty("the trackers of all these torrents agree: f shows all")
        self._show_found()

    def _show_found(self) -> None:
        self.table.set_order(tuple(self._found))
        self._lay_out()
