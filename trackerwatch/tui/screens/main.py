"""The main screen: arranges the panes, routes keys, and repaints what an update changed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen

from trackerwatch.filters import FilterError, parse_filter
from trackerwatch.tui import headline, titles, words
from trackerwatch.tui.arrangement import Arrangement, Pane, arrange
from trackerwatch.tui.ink import Ink
from trackerwatch.tui.ordering import TorrentSort, TrackerSort
from trackerwatch.tui.rows import (
    SPARK_CELLS,
    SPARK_CELLS_WIDEST,
    TORRENT_COLUMNS,
    TRACKER_COLUMNS,
    WIDE,
    WIDEST,
    torrent_cells,
    tracker_cells,
)
from trackerwatch.tui.screens.help import HelpScreen
from trackerwatch.tui.subject import Subject, torrent_subject, tracker_subject
from trackerwatch.tui.widgets.filterline import FilterLine
from trackerwatch.tui.widgets.inked import InkLines, InkPane
from trackerwatch.tui.widgets.keyline import KeyLine
from trackerwatch.tui.widgets.table import Cells, LineTable

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from textual import events
    from textual.app import ComposeResult

    from trackerwatch.engine.commands import Command
    from trackerwatch.tui.picture import Picture

MESSAGE_TIME = timedelta(seconds=6)
"""How long the outcome of an action stays on the key line."""


def _key(keys: str, action: str, told: str, name: str, tooltip: str, *, show: bool = True) -> Binding:
    return Binding(keys, action, told, id=f"main.{name}", tooltip=tooltip, show=show)


class MainScreen(Screen[None]):
    """Trackers, torrents, detail and events."""

    BINDINGS: ClassVar[list[BindingType]] = [
        _key("slash", "filter", "filter", "filter", "Filter both tables: a word, or fields as in seeders<3"),
        _key("s", "sort", "sort", "sort", "Sort by the next column"),
        _key("S", "reverse", "reverse", "reverse", "Reverse the order", show=False),
        _key("f", "attention", "all", "attention", "Show all torrents, or what needs attention"),
        _key("r", "recheck", "recheck", "recheck", "Ask the selected tracker, or a torrent's trackers, again now"),
        _key("p", "freeze", "freeze", "freeze", "Freeze the picture; asking goes on"),
        _key("a", "announce", "announce", "announce", "Announce the selected torrent now"),
        _key("c", "copy", "copy", "copy", "Copy the tracker's URL or the torrent's info hash"),
        _key("z", "zoom", "zoom", "zoom", "One pane on the whole screen, or all"),
        _key("1", "pane('trackers')", "trackers", "trackers", "Trackers", show=False),
        _key("2", "pane('torrents')", "torrents", "torrents", "Torrents", show=False),
        _key("3", "pane('detail')", "detail", "detail", "Detail of the selection", show=False),
        _key("4", "pane('events')", "events", "events", "Events", show=False),
        _key("tab", "next_pane(1)", "pane", "next-pane", "Next pane"),
        _key("shift+tab", "next_pane(-1)", "previous pane", "previous-pane", "Previous pane", show=False),
        _key("colon", "palette", "palette", "palette", "Every action by name (also ctrl+p)"),
        _key("question_mark,f1", "help", "help", "help", "This help"),
        _key("q", "back(True)", "back", "back-or-quit", "Back; at the top, quit"),
        _key("escape", "back(False)", "back", "back", "Back, or clear the filter", show=False),
        _key("Q", "app.quit", "quit", "quit", "Quit"),
    ]

    DEFAULT_CSS = """
    MainScreen {
        layout: vertical;
        overflow: hidden;
        & #trackers, & #torrents { height: 1fr; }
        & #bottom { height: 1fr; }
        & #left { width: 2fr; }
        & #right { width: 1fr; }
        & #detail, & #events { height: 1fr; }
        & #right.-beside { border-left: vkey $foreground 20%; }
        & #problem { background: $surface; }
    }
    """

    def __init__(self, picture: Picture, do: Callable[[Command], str]) -> None:
        """Args: what to show, and whom to tell what the user asks for."""
        super().__init__()
        self.picture = picture
        self._do = do
        self.pane = Pane.TRACKERS
        """The pane that has the keys, and below the wide size the one that is shown."""
        self.subject = Pane.TRACKERS
        """The table whose selection the detail is about."""
        self.zoomed = False
        self._arrangement: Arrangement | None = None
        self._message_until: datetime | None = None
        self._last_second = -1
        self._mistake = ""
        """What is wrong with the filter being typed; it stands in the problem line meanwhile."""

    def compose(self) -> ComposeResult:
        """All parts; `arrange` says which are there."""
        yield InkLines(id="header")
        yield InkLines(id="problem")
        yield InkLines(id="tabs")
        yield InkLines(id="rule-trackers")
        yield LineTable(TRACKER_COLUMNS, self._tracker_row, id="trackers")
        yield InkLines(id="rule-torrents")
        yield LineTable(TORRENT_COLUMNS, self._torrent_row, id="torrents")
        with Horizontal(id="bottom"):
            with Vertical(id="left"):
                yield InkLines(id="rule-detail")
                yield InkPane(id="detail", indent=14)
            with Vertical(id="right"):
                yield InkLines(id="rule-events")
                yield InkPane(id="events", indent=12, tail=True)
        yield InkLines(id="rule-strip")
        yield InkLines(id="strip")
        yield InkLines(id="rule-recent")
        yield InkLines(id="recent")
        yield FilterLine(id="filter")
        yield KeyLine(id="keys")

    def on_mount(self) -> None:
        """Draw what is known before the first answer."""
        self.trackers = self.query_one("#trackers", LineTable)
        self.torrents = self.query_one("#torrents", LineTable)
        self.detail = self.query_one("#detail", InkPane)
        self.event_pane = self.query_one("#events", InkPane)
        self.keys = self.query_one("#keys", KeyLine)
        self.filter_input = self.query_one(FilterLine)
        self.rearrange()
        self.tick()

    @property
    def ready(self) -> bool:
        """Whether the panes are there; before that there is nothing to draw on."""
        return self._arrangement is not None

    # -- data ----------------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Take what changed, a few times a second; nothing changed and the same second costs nothing."""
        picture = self.picture
        update = picture.pull()
        second = int(picture.real_now.timestamp())
        new_second = second != self._last_second
        self._last_second = second
        if self._message_until is not None and picture.real_now >= self._message_until:
            self.say("")
        if update is None and not new_second and not picture.order_is_due():
            return
        with self.app.batch_update():
            if picture.order_is_due():
                self._reorder()
            if new_second:
                # Ages and countdowns; only lines whose text differs are painted.
                self.trackers.rows_changed()
                self.torrents.rows_changed()
            elif update is not None:
                self.trackers.rows_changed(update.trackers)
                self.torrents.rows_changed(update.torrents)
            if update is not None and update.events:
                self._draw_events()
            self.redraw_lines()
            self._draw_detail()

    def _reorder(self) -> None:
        count = len(self.trackers.order)
        self.picture.reorder()
        self.trackers.set_order(self.picture.tracker_order)
        self.torrents.set_order(self.picture.torrent_order.order)
        filtered = self.picture.filter is not None
        self.trackers.set_empty("no tracker matches the filter" if filtered else "no trackers")
        self.torrents.set_empty("no torrent matches the filter" if filtered else "no torrents yet")
        self.trackers.mark(**{self.picture.tracker_sort.value: "^" if self.picture.trackers_reversed else "*"})
        self.torrents.mark(**{self.picture.torrent_sort.value: "^" if self.picture.torrents_reversed else "*"})
        if len(self.trackers.order) != count:
            self.rearrange()

    def criteria_changed(self) -> None:
        """Sort and filter anew at once: the user asked for it."""
        self._reorder()
        self.redraw_lines()
        self._draw_detail()

    def _tracker_row(self, key: int) -> Cells:
        view = self.picture.tracker(key)
        spark = SPARK_CELLS_WIDEST if self.trackers.size.width >= WIDEST else SPARK_CELLS
        return (
            {} if view is None else tracker_cells(view, self.picture.now, spark, brief=self.trackers.size.width < WIDE)
        )

    def _torrent_row(self, key: int) -> Cells:
        view = self.picture.torrent(key)
        return {} if view is None else torrent_cells(view, self.picture.now)

    # -- drawing -------------------------------------------------------------------------------------------------------

    def rearrange(self) -> None:
        """Show the parts that this size has room for."""
        plan = arrange(
            self.size.width, self.size.height, self.pane, zoomed=self.zoomed, trackers=len(self.trackers.order)
        )
        if plan != self._arrangement:
            self._arrangement = plan
            self._lay_out(plan)
            # Titles and charts are as wide as their panes, which is known after the layout.
            self.call_after_refresh(self.redraw_lines)
            self.call_after_refresh(self._draw_detail)
            # What was hidden is painted anew, not as it was when it was last seen.
            self.call_after_refresh(self.detail.refresh)
        self._focus_pane()
        self.redraw_lines()
        self._draw_detail()
        self._draw_events()
        self._draw_keys()

    def _lay_out(self, plan: Arrangement) -> None:
        def part(name: str, shown: object, height: int | None = None) -> None:
            widget = self.query_one(f"#{name}")
            widget.display = bool(shown)
            if height is not None:
                widget.styles.height = height or "1fr"

        detail, events = Pane.DETAIL in plan.panes, Pane.EVENTS in plan.panes
        part("header", plan.header)
        part("problem", plan.problem)
        part("tabs", plan.tabs)
        part("trackers", Pane.TRACKERS in plan.panes, plan.trackers)
        part("torrents", Pane.TORRENTS in plan.panes)
        part("bottom", detail or events, plan.bottom)
        part("left", detail)
        part("right", events)
        self.query_one("#right").set_class(plan.all_panes, "-beside")
        for pane in Pane:
            part(f"rule-{pane}", plan.rules)
        part("rule-strip", plan.strip)
        part("strip", plan.strip, plan.strip or 1)
        part("rule-recent", plan.recent)
        part("recent", plan.recent, plan.recent or 1)
        part("keys", plan.keys and not self.filter_input.display)

    def redraw_lines(self) -> None:
        """Draw header, problem line, tabs and titles."""
        plan, picture, width = self._arrangement, self.picture, self.size.width
        if plan is None:
            return
        situation = picture.situation()
        self._lines("header").show(headline.header(picture.snapshot, situation, width))
        mistake = titles.filter_mistake(self._mistake) if self._mistake else None
        self._lines("problem").show(mistake or headline.problem(picture.snapshot, situation, width))
        if plan.tabs:
            self._lines("tabs").show(titles.tabs(picture, self.pane, width))
        if plan.rules:
            for pane in Pane:
                title = self._lines(f"rule-{pane}")
                told = self._title() if pane is Pane.DETAIL else ""
                title.show(titles.rule(picture, pane, title.size.width, has_keys=pane is self.pane, told=told))

    def _draw_detail(self) -> None:
        plan = self._arrangement
        if plan is None:
            return
        if Pane.DETAIL in plan.panes:
            selected = self.selected
            now, width = self.picture.now, self.detail.size.width
            self.detail.show(selected.lines(now, width) if selected else [titles.nothing_selected()])
        if plan.strip:
            self._lines("rule-strip").show(titles.plain_rule(self._title(), self.size.width))
            selected = self.selected
            lines = selected.strip(self.picture.now, plan.strip) if selected else [titles.nothing_selected()]
            self._lines("strip").show(*lines)

    def _draw_events(self) -> None:
        plan, snapshot = self._arrangement, self.picture.snapshot
        if plan is None:
            return
        events = snapshot.events if snapshot else ()
        watchfulness = self.picture.watchfulness
        if Pane.EVENTS in plan.panes:
            self.event_pane.show(watchfulness.lines(events, self.picture.now))
        if plan.recent:
            self._lines("rule-recent").show(titles.plain_rule(titles.events(self.picture), self.size.width))
            self._lines("recent").show(*watchfulness.lines(events, self.picture.now, plan.recent))

    def _title(self) -> str:
        selected = self.selected
        return selected.title(self.picture.now) if selected else "nothing selected"

    def _draw_keys(self) -> None:
        shown = [active for active in self.active_bindings.values() if active.binding.show]
        first = [active for active in shown if active.node is self.focused]
        named: list[tuple[str, str, str]] = []
        for active in first + [active for active in shown if active.node is self]:
            binding = active.binding
            target = "focused" if active.node is self.focused else "screen"
            action = binding.action if "." in binding.action.partition("(")[0] else f"{target}.{binding.action}"
            told = binding.description
            if binding.action == "attention":
                told = "all" if self.picture.attention else "attention"
            if binding.action == "freeze":
                told = "freeze" if self.picture.paused_at is None else "go on"
            if all(action != other for _, _, other in named):
                named.append((words.key_name(binding.key), told, action))
        kept = [key for key in named if key[1] in ("help", "back", "quit")]
        self.keys.show_keys([key for key in named if key not in kept], kept)

    def _lines(self, name: str) -> InkLines:
        return self.query_one(f"#{name}", InkLines)

    # -- events of widgets ---------------------------------------------------------------------------------------------

    @property
    def table(self) -> LineTable:
        """The table whose selection the detail is about."""
        return self.trackers if self.subject is Pane.TRACKERS else self.torrents

    @property
    def selected(self) -> Subject | None:
        """What the detail is about. None: the table is empty."""
        if self.subject is Pane.TRACKERS:
            return tracker_subject(self.picture, self.trackers.cursor_key)
        return torrent_subject(self.picture, self.torrents.cursor_key)

    def on_resize(self, event: events.Resize) -> None:
        """Switch between one pane and all, live."""
        del event
        if self._arrangement is not None:
            self.rearrange()

    def on_key(self, event: events.Key) -> None:
        """Somebody is there."""
        del event
        had_news = self.picture.watchfulness.unseen
        self.picture.watchfulness.key_pressed()
        if had_news:
            self._draw_events()
            self.redraw_lines()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """A pane got the keys, by key or mouse."""
        if event.widget.id in set(Pane):
            pane = Pane(event.widget.id)
            if pane in (Pane.TRACKERS, Pane.TORRENTS):
                self._turn_to(pane)
            self.pane = pane
            self.redraw_lines()
            self._draw_detail()
            self._draw_keys()

    def _turn_to(self, table: Pane) -> None:
        """Make the detail about the selection of this table."""
        if table is not self.subject:
            self.subject = table
            self.detail.scroll_to(y=0, animate=False)

    def on_line_table_moved(self, message: LineTable.Moved) -> None:
        """Another row: its detail, from the top."""
        if message.table is self.table:
            self.detail.scroll_to(y=0, animate=False)
            self._draw_detail()
            self.redraw_lines()

    def on_line_table_opened(self, message: LineTable.Opened) -> None:
        """Enter: the detail gets the keys."""
        self._turn_to(Pane(message.table.id or ""))
        self.action_pane(Pane.DETAIL)

    def on_line_table_head_clicked(self, message: LineTable.HeadClicked) -> None:
        """A click on a title sorts by it; again reverses."""
        picture = self.picture
        if message.table is self.trackers and message.column in set(TrackerSort):
            same = picture.tracker_sort == message.column
            picture.tracker_sort = TrackerSort(message.column)
            picture.trackers_reversed = same and not picture.trackers_reversed
        elif message.table is self.torrents and message.column in set(TorrentSort):
            same = picture.torrent_sort == message.column
            picture.torrent_sort = TorrentSort(message.column)
            picture.torrents_reversed = same and not picture.torrents_reversed
        else:
            return
        self.criteria_changed()

    # -- actions -------------------------------------------------------------------------------------------------------

    def say(self, text: str, ink: Ink = Ink.PLAIN) -> None:
        """Tell what an action came to; empty text takes it back."""
        self._message_until = None
        if text:
            self._message_until = self.picture.real_now + MESSAGE_TIME
        self.keys.say(text, ink)

    def _focus_pane(self) -> None:
        if self.filter_input.display:
            return
        widget = self.query_one(f"#{self.pane}")
        if self.focused is not widget:
            self.set_focus(widget, scroll_visible=False)

    def action_pane(self, name: str) -> None:
        """Go to a pane."""
        self.pane = Pane(name)
        if self.pane in (Pane.TRACKERS, Pane.TORRENTS):
            self._turn_to(self.pane)
        self.rearrange()

    def action_next_pane(self, step: int) -> None:
        """Go to the next or the previous pane."""
        panes = list(Pane)
        self.action_pane(panes[(panes.index(self.pane) + step) % len(panes)])

    def action_zoom(self) -> None:
        """One pane, or all."""
        self.zoomed = not self.zoomed
        self.rearrange()

    def action_back(self, may_quit: bool) -> None:  # noqa: FBT001 - called by Textual with the binding's argument
        """One step back: out of the filter, out of a detail, out of the zoom, out of the program."""
        if self.filter_input.display:
            self._close_filter()
            self._set_filter("")
        elif self.pane in (Pane.DETAIL, Pane.EVENTS):
            self.action_pane(self.subject)
        elif self.zoomed:
            self.action_zoom()
        elif self.picture.filter is not None and not may_quit:
            self._set_filter("")
        elif may_quit:
            self.app.exit()

    def action_sort(self) -> None:
        """Sort the table that has the keys by its next column."""
        picture = self.picture
        if self.subject is Pane.TRACKERS:
            sorts = list(TrackerSort)
            picture.tracker_sort = sorts[(sorts.index(picture.tracker_sort) + 1) % len(sorts)]
            picture.trackers_reversed = False
        else:
            by = list(TorrentSort)
            picture.torrent_sort = by[(by.index(picture.torrent_sort) + 1) % len(by)]
            picture.torrents_reversed = False
        self.criteria_changed()
        self.say(f"{self.subject} sorted: {titles.sorting(self.picture, self.subject)}  (S reverses)")

    def action_reverse(self) -> None:
        """Reverse the order of the table that has the keys."""
        if self.subject is Pane.TRACKERS:
            self.picture.trackers_reversed = not self.picture.trackers_reversed
        else:
            self.picture.torrents_reversed = not self.picture.torrents_reversed
        self.criteria_changed()

    def action_attention(self) -> None:
        """All torrents, or what needs attention."""
        self.picture.attention = not self.picture.attention
        self.criteria_changed()
        self._draw_keys()
        order = self.picture.torrent_order
        if self.picture.filter is not None:
            self.say("a filter shows all torrents that match; esc clears it")
        elif self.picture.attention and not order.attention:
            self.say("no torrent needs attention: all are shown")
        elif self.picture.attention:
            self.say(f"torrents: the {order.attention:,} that need attention")
        else:
            self.say(f"torrents: all {order.matched:,}")

    def action_freeze(self) -> None:
        """Freeze the picture, not the asking."""
        frozen = self.picture.toggle_freeze()
        self.say("picture frozen, asking goes on; p lets it go on" if frozen else "live again")
        self._draw_keys()
        if frozen:
            self.redraw_lines()
        else:
            self.tick()

    def action_recheck(self) -> None:
        """Ask again now."""
        selected = self.selected
        if selected is None:
            self.say("nothing selected")
        elif (command := selected.recheck) is None:
            self.say("this torrent has no tracker to ask")
        else:
            self.say(self._do(command))

    def action_announce(self) -> None:
        """Announce the selected torrent."""
        selected = self.selected
        if selected is None:
            self.say("nothing selected")
        elif (command := selected.announce) is None:
            self.say("announcing is for a torrent: choose one in 2 Torrents")
        else:
            self.say(self._do(command))

    def action_copy(self) -> None:
        """Copy what names the selection, through the terminal."""
        selected = self.selected
        if selected is None:
            self.say("nothing selected")
            return
        what, text = selected.copied
        self.app.copy_to_clipboard(text)
        self.say(f"{what} sent to the terminal's clipboard (OSC 52): {text}")

    def action_palette(self) -> None:
        """Every action by name."""
        self.app.action_command_palette()

    def action_help(self) -> None:
        """The keys that work now."""
        self.app.push_screen(HelpScreen(self.active_bindings.values(), self.focused))

    # -- filter --------------------------------------------------------------------------------------------------------

    def action_filter(self) -> None:
        """Open the filter line."""
        self.say("")
        self.keys.display = False
        self.filter_input.open(self.picture.filter.text if self.picture.filter else "")

    def _close_filter(self) -> None:
        self.filter_input.close()
        self.keys.display = self._arrangement is None or self._arrangement.keys
        self._focus_pane()

    def on_filter_line_typed(self, message: FilterLine.Typed) -> None:
        """Apply the filter; enter keeps it, if it is one."""
        if self._set_filter(message.text) and message.final:
            self._close_filter()

    def _set_filter(self, text: str) -> bool:
        try:
            found = parse_filter(text.strip())
        except FilterError as error:
            self._mistake = str(error)
            self.redraw_lines()
            return False
        self._mistake = ""
        self.picture.filter = None if found.is_empty else found
        self.criteria_changed()
        return True
