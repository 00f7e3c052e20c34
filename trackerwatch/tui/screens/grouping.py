"""Rows in groups that fold: torrents by folder, trackers by host; and the coverage view."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from trackerwatch.tui.lines.arrangement import Pane
from trackerwatch.tui.lines.group_rows import below, collection_cells, host_cells, room_of
from trackerwatch.tui.lines.group_subject import GroupSubject
from trackerwatch.tui.lines.rows import TORRENT_COLUMNS
from trackerwatch.tui.model.attention import worst_pane
from trackerwatch.tui.screens.binding import key
from trackerwatch.tui.screens.chronicling import ChronicleScreen
from trackerwatch.tui.screens.coverage import CoverageScreen

if TYPE_CHECKING:
    from textual import events
    from textual.binding import BindingType

    from trackerwatch.tui.lines.columns import Cells
    from trackerwatch.tui.lines.subject import Subject
    from trackerwatch.tui.model.grouping import Groups
    from trackerwatch.tui.widgets.table import LineTable


class GroupingScreen(ChronicleScreen):
    """Rows in groups that fold: torrents by folder, trackers by host; and the coverage view."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("t", "group", "group", "group", "Group torrents by folder, trackers by host, or not", show=True),
        key("space", "fold", "fold", "fold", "Fold or unfold the group under the cursor; without groups one page down"),
        key("Z", "fold_all", "fold all", "fold-all", "Fold all groups, or unfold them"),
        key(
            "v",
            "coverage",
            "coverage",
            "coverage",
            "Which tracker knows which torrent, and where they disagree",
            show=True,
        ),
    ]

    follows_trouble = True
    """Whether the table with the worst trouble is opened: until somebody presses a key."""

    # -- attention -----------------------------------------------------------------------------------------------------

    def on_key(self, event: events.Key) -> None:
        """Somebody is there: where one is, one stays."""
        del event
        self.follows_trouble = False

    def on_click(self, event: events.Click) -> None:
        """As a key."""
        del event
        self.follows_trouble = False

    def _follow_trouble(self) -> None:
        snapshot = self.picture.snapshot
        if self.trackers.scroll_offset.y or self.torrents.scroll_offset.y:
            # A wheel is as good as a key.
            self.follows_trouble = False
        if self.follows_trouble and snapshot is not None:
            worst = worst_pane(snapshot, self.pane)
            if worst is not self.pane:
                self.action_pane(worst)

    # -- rows ----------------------------------------------------------------------------------------------------------

    def _groups_of(self, table: LineTable) -> Groups:
        return self.picture.hosts if table is self.trackers else self.picture.collections

    def _tracker_row(self, key: int) -> Cells:
        groups = self.picture.hosts
        width = self.trackers.scrollable_content_region.width
        columns = self.tracker_columns
        if key < 0:
            group = groups.group(key)
            return {} if group is None else host_cells(self.picture, group, columns, width)
        cells = super()._tracker_row(key)
        if groups.heading_of(key) is not None:
            cells["tracker"] = below(cells["tracker"], room_of("tracker", columns, width), elide_left=True)
        return cells

    def _torrent_row(self, key: int) -> Cells:
        groups = self.picture.collections
        width = self.torrents.scrollable_content_region.width
        if key < 0:
            group = groups.group(key)
            return {} if group is None else collection_cells(self.picture, group, TORRENT_COLUMNS, width)
        cells = super()._torrent_row(key)
        if groups.on and cells:
            cells["name"] = below(cells["name"], room_of("name", TORRENT_COLUMNS, width), elide_left=False)
        return cells

    @property
    def selected(self) -> Subject | None:
        """What the detail is about: also a group."""
        key = self.table.cursor_key
        if key is None or key >= 0:
            return super().selected
        groups = self._groups_of(self.table)
        group = groups.group(key)
        return None if group is None else GroupSubject(self.picture, groups, group)

    # -- coverage ------------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Take what changed, also for the coverage view above."""
        super().tick()
        self._follow_trouble()
        if isinstance(self.app.screen, CoverageScreen) and self.app.screen.is_mounted:
            self.app.screen.tick()

    def action_coverage(self) -> None:
        """Torrents against trackers on a screen of their own."""
        torrent, tracker = self.torrents.cursor_key, self.trackers.cursor_key
        at = tracker if self.subject is Pane.TRACKERS else None
        self.app.push_screen(CoverageScreen(self.picture, torrent, at), self._go_to_torrent)

    def _go_to_torrent(self, key: int | None) -> None:
        if key is not None:
            self.reveal(self.torrents, key)
            self.action_pane(Pane.TORRENTS)

    # -- folding -------------------------------------------------------------------------------------------------------

    def on_line_table_toggled(self, message: LineTable.Toggled) -> None:
        """Enter or a click on a group."""
        self.turn_to(Pane(message.table.id or ""))
        self._fold(message.table, message.key)

    def action_group(self) -> None:
        """Group the rows of the table, or stop that."""
        table, groups = self.table, self._groups_of(self.table)
        key = table.cursor_key
        if key is not None and key < 0 and (group := groups.group(key)) is not None:
            key = group.members[0]
        groups.on = not groups.on
        self.picture.regroup()
        self._show_rows(table, key)
        what = "trackers by host" if table is self.trackers else "torrents by folder"
        if not groups.on:
            self.say(f"{self.subject} not grouped")
        elif not any(row < 0 for row in groups.rows):
            self.say(f"{what}: each host has one tracker, so there is nothing to fold")
        else:
            self.say(f"{what}: space folds one, Z folds all, t ends it")

    def action_fold(self) -> None:
        """Fold or unfold the group under the cursor; without groups one page down."""
        table, groups = self.table, self._groups_of(self.table)
        key = table.cursor_key
        if not groups.on:
            table.action_page(2)
        elif key is not None:
            heading = groups.group(key) if key < 0 else groups.heading_of(key)
            if heading is None:
                self.say("this row is in no group")
            else:
                self._fold(table, heading.key)

    def action_fold_all(self) -> None:
        """Fold all groups, or unfold them."""
        table, groups = self.table, self._groups_of(self.table)
        if not groups.on:
            self.say("rows are not grouped: t groups them")
            return
        key = table.cursor_key
        groups.fold_all()
        self._show_rows(table, key)

    def _fold(self, table: LineTable, key: int) -> None:
        groups = self._groups_of(table)
        group = groups.group(key)
        if group is not None:
            groups.fold(group)
            self._show_rows(table, key)

    def reveal(self, table: LineTable, key: int) -> None:
        """Put the cursor on a row, also on one in a folded group."""
        if self._groups_of(table).reveal(key):
            self._show_rows(table, key)
        table.select(key)

    def _show_rows(self, table: LineTable, key: int | None) -> None:
        """Show the rows as they are folded now, with the cursor on a key, or on the group that hides it."""
        groups = self._groups_of(table)
        before = len(self.trackers.order)
        table.set_order(groups.rows)
        if key is not None:
            heading = groups.heading_of(key)
            table.select(heading.key if heading is not None and not groups.is_open(heading) else key)
        table.rows_changed()
        if len(self.trackers.order) != before:
            # The table of trackers is as high as it has rows.
            self.rearrange()
        self.redraw_lines()
        self.draw_detail()
