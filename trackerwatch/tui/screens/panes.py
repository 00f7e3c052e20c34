"""The panes of the main screen: which are there, what each shows, and what an update repaints."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from textual.containers import Horizontal, Vertical
from textual.reactive import Reactive
from textual.screen import Screen

from trackerwatch.engine.views import EventKind
from trackerwatch.tui.lines import emptiness, headline, titles
from trackerwatch.tui.lines.arrangement import MANY, Arrangement, Pane, arrange
from trackerwatch.tui.lines.ink import Ink
from trackerwatch.tui.lines.rows import (
    NOTHING_TOLD,
    SPARK_CELLS,
    SPARK_CELLS_WIDEST,
    TORRENT_COLUMNS,
    WIDE,
    WIDEST,
    told_of,
    torrent_cells,
    tracker_cells,
    tracker_columns,
)
from trackerwatch.tui.lines.subject import Subject, torrent_subject, tracker_subject
from trackerwatch.tui.model.lookback import STRIPS_S, Lookback, OfAll, OfTorrent, OfTracker, window
from trackerwatch.tui.widgets.eventlist import EventList
from trackerwatch.tui.widgets.filterline import FilterLine
from trackerwatch.tui.widgets.inked import InkLines, InkPane
from trackerwatch.tui.widgets.keyline import KeyLine
from trackerwatch.tui.widgets.table import LineTable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from textual.app import ComposeResult
    from textual.geometry import Size
    from textual.timer import Timer
    from textual.widget import Widget

    from trackerwatch.engine.views import Event
    from trackerwatch.history import History
    from trackerwatch.tui.lines.columns import Cells, Column
    from trackerwatch.tui.model.picture import Picture


MESSAGE_TIME = timedelta(seconds=6)
"""How long what an action came to stays on the key line."""

_FROM_ELSEWHERE = frozenset({EventKind.CONFIG_RELOADED, EventKind.CONFIG_REJECTED})
"""Events of changes that no key of this screen made."""

ORDER_PAUSE_S = 0.002
"""Between two parts of sorting: keys that wait are answered, and their frames drawn."""


class PaneScreen(Screen[None]):
    """Trackers, torrents, detail and events, without any key."""

    DEFAULT_CSS = """
    PaneScreen {
        layout: vertical;
        overflow: hidden;
        & #trackers, & #torrents { height: 1fr; }
        & #bottom { height: 1fr; }
        & #left { width: 2fr; }
        & #right { width: 1fr; }
        & #detail, & #events { height: 1fr; }
        & #right.-beside { border-left: vkey $foreground 20%; }
        & #problem { background: $surface; }
        & #filter-hint { display: none; background: $surface; }
    }
    """

    focused: Reactive[Widget | None] = Reactive(None, repaint=False)
    """As Textual's, which paints the whole screen for it; the two panes that it is about paint themselves."""

    def __init__(self, picture: Picture, history: History | None) -> None:
        """Args: what to show, and whom to ask about the past (None: nobody keeps it)."""
        super().__init__()
        self.picture = picture
        self.lookback = Lookback(history, lambda: picture.real_now, self._history_came)
        self.pane = Pane.TRACKERS
        """The pane that has the keys, and below the wide size the one that is shown."""
        self.subject = Pane.TRACKERS
        """The table whose selection the detail is about."""
        self.zoomed = False
        self.mistake = ""
        """What is wrong with the filter being typed; it stands in the problem line meanwhile."""
        self._arrangement: Arrangement | None = None
        self._parts: dict[str, InkLines] = {}
        self._events_fit: tuple[Arrangement, Size] | None = None
        """What the events were drawn for when they were last drawn because of it."""
        self._message_until: datetime | None = None
        self._last_second = -1
        self._marks = (0, "")
        self._room_for_troubles = 0
        self._room_for_rows = (MANY, MANY)
        self._strip_s = STRIPS_S[-1]
        self._told = NOTHING_TOLD
        self._order_timer: Timer | None = None
        """Until sorting goes on."""

    def compose(self) -> ComposeResult:
        """All parts; `arrange` says which are there."""
        yield InkLines(id="header")
        yield InkLines(id="problem")
        yield InkLines(id="ours")
        yield InkLines(id="tabs")
        yield InkLines(id="rule-trackers")
        yield LineTable(self.tracker_columns, self._tracker_row, id="trackers")
        yield InkLines(id="rule-torrents")
        yield LineTable(TORRENT_COLUMNS, self._torrent_row, id="torrents")
        with Horizontal(id="bottom"):
            with Vertical(id="left"):
                yield InkLines(id="rule-detail")
                yield InkPane(id="detail", indent=14)
            with Vertical(id="right"):
                yield InkLines(id="rule-events")
                yield EventList(id="events")
        yield InkLines(id="rule-strip")
        yield InkLines(id="strip")
        yield InkLines(id="rule-recent")
        yield InkLines(id="recent")
        yield FilterLine(id="filter")
        yield InkLines(id="filter-hint")
        yield KeyLine(id="keys")

    def on_mount(self) -> None:
        """Draw what is known before the first answer."""
        self.trackers = self.query_one("#trackers", LineTable)
        self.torrents = self.query_one("#torrents", LineTable)
        self.detail = self.query_one("#detail", InkPane)
        self.event_pane = self.query_one("#events", EventList)
        self.keys = self.query_one("#keys", KeyLine)
        self.filter_input = self.query_one(FilterLine)
        self.rearrange()
        self.tick()

    def on_unmount(self) -> None:
        """Ask nobody any more."""
        self.lookback.close()

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
        if update is not None and update.trackers:
            self.lookback.rounds_came()
        self.lookback.tick()
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
            if update is not None:
                self._tell_of_elsewhere(update.events)
            marks = picture.watchfulness.marks(picture.now)
            if marks != self._marks or (update is not None and update.events):
                self._marks = marks
                self.draw_events()
            room = (self._room_for_troubles, self._room_for_rows)
            if update is not None and (self._troubles(), self._rows()) != room:
                self.rearrange()
            self.redraw_lines()
            self.draw_detail()

    def _tell_of_elsewhere(self, events: Sequence[Event]) -> None:
        """What somebody else changed, or nobody could read: no key here was pressed for it."""
        message = next((event.message for event in reversed(events) if event.kind in _FROM_ELSEWHERE), "")
        # While something is typed there is no line to say it on; the events have it.
        if message and self.ready and not self.filter_input.display:
            self.say(message)

    def _reorder(self) -> None:
        """Sort and filter; of many torrents a part at a time, and keys are answered in between."""
        picture = self.picture
        # The first picture is whole: nobody has pressed a key yet.
        first = not picture.is_ordered
        picture.begin_order()
        self._order_on()
        while first and picture.ordering:
            self._order_on()

    def _order_on(self) -> None:
        if not self.picture.ordering:
            return
        if self.picture.order_on():
            with self.app.batch_update():
                self._show_order()
        elif self._order_timer is None:
            self._order_timer = self.set_timer(ORDER_PAUSE_S, self._order_goes_on)

    def _order_goes_on(self) -> None:
        self._order_timer = None
        self._order_on()
        if not self.picture.ordering:
            self.redraw_lines()
            self.draw_detail()

    def _show_order(self) -> None:
        snapshot = self.picture.snapshot
        if snapshot is not None and self._told != (told := told_of(snapshot.trackers)):
            self._told = told
            self.trackers.set_columns(self.tracker_columns)
        self.trackers.set_order(self.picture.tracker_rows)
        self.torrents.set_order(self.picture.torrent_rows)
        self.trackers.set_empty(emptiness.trackers(self.picture))
        self.torrents.set_empty(emptiness.torrents(self.picture))
        self.trackers.mark(**{self.picture.tracker_sort.value: "^" if self.picture.trackers_reversed else "*"})
        self.torrents.mark(**{self.picture.torrent_sort.value: "^" if self.picture.torrents_reversed else "*"})
        if self._rows() != self._room_for_rows:
            self.rearrange()

    def criteria_changed(self) -> None:
        """Sort and filter anew at once: the user asked for it."""
        self._reorder()
        self.redraw_lines()
        self.draw_detail()

    def _tracker_row(self, key: int) -> Cells:
        view, width = self.picture.tracker(key), self.trackers.size.width
        if view is None:
            return {}
        cells = SPARK_CELLS_WIDEST if width >= WIDEST else SPARK_CELLS
        now = self.picture.now
        if not self.lookback.kept:
            return tracker_cells(view, now, cells, brief=width < WIDE)
        past = self.lookback.strip_of(view.tracker.id) or ()
        span = window(now.timestamp(), self._strip_s, cells)
        return tracker_cells(view, now, cells, brief=width < WIDE, past=past, window=span)

    def _torrent_row(self, key: int) -> Cells:
        view = self.picture.torrent(key)
        return {} if view is None else torrent_cells(view, self.picture.now)

    def _history_came(self, wish: OfAll | OfTracker | OfTorrent) -> None:
        if not self.ready:
            return
        if isinstance(wish, OfAll):
            snapshot = self.picture.snapshot
            age_s = (self.picture.real_now - snapshot.started_at).total_seconds() if snapshot else 0.0
            self._strip_s = self.lookback.strip_span_s(age_s)
            self.trackers.set_columns(self.tracker_columns)
            self.trackers.rows_changed()
            self._look_back()
        else:
            self.draw_detail()

    def _look_back(self) -> None:
        """Say what of the past can be seen now."""
        plan, selected, width = self._arrangement, self.selected, self.detail.size.width
        shown = plan is not None and Pane.DETAIL in plan.panes and width > 0
        self.lookback.look_at(selected.wish(width) if shown and selected is not None else None)
        table = self.trackers.size.width if plan is not None and Pane.TRACKERS in plan.panes else 0
        cells = SPARK_CELLS_WIDEST if table >= WIDEST else SPARK_CELLS
        self.lookback.show_strips(OfAll(self._strip_s, cells) if table >= WIDE else None)

    def _troubles(self) -> int:
        return len(headline.ourselves(self.picture.snapshot, self.picture.now))

    def _rows(self) -> tuple[int, int]:
        """Rows that the tables show."""
        if self.picture.snapshot is None:
            return MANY, MANY
        return min(MANY, len(self.trackers.order)), min(MANY, len(self.torrents.order))

    @property
    def tracker_columns(self) -> tuple[Column, ...]:
        """What the trackers table has at any width."""
        return tracker_columns(self._strip_s if self.lookback.kept else None, self._told)

    # -- drawing -------------------------------------------------------------------------------------------------------

    def rearrange(self) -> None:
        """Show the parts that this size has room for."""
        self._room_for_troubles = self._troubles()
        self._room_for_rows = self._rows()
        plan = arrange(
            self.size.width,
            self.size.height,
            self.pane,
            zoomed=self.zoomed,
            trackers=self._room_for_rows[0],
            torrents=self._room_for_rows[1],
            troubles=self._room_for_troubles,
        )
        if plan != self._arrangement:
            self._arrangement = plan
            self._lay_out(plan)
            # Titles and charts are as wide as their panes, which is known after the layout.
            self.call_after_refresh(self.redraw_lines)
            self.call_after_refresh(self.draw_detail)
            # What was hidden is painted anew, not as it was when it was last seen.
            self.call_after_refresh(self.detail.refresh)
        self.redraw_lines()
        self.draw_detail()
        if (plan, self.size) != self._events_fit:
            self._events_fit = (plan, self.size)
            self.draw_events()
        # After what is drawn: the screen paints as soon as it has heard of the focus, and the rest in a frame of its own.
        self.focus_pane()
        self.draw_keys()

    def _lay_out(self, plan: Arrangement) -> None:
        def part(name: str, shown: object, height: int | None = None) -> None:
            widget = self.query_one(f"#{name}")
            widget.display = bool(shown)
            if height is not None:
                widget.styles.height = height or "1fr"

        detail, events = Pane.DETAIL in plan.panes, Pane.EVENTS in plan.panes
        part("header", plan.header)
        part("problem", plan.problem)
        part("ours", plan.ours, plan.ours or 1)
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
        mistake = titles.filter_mistake(self.mistake) if self.mistake else None
        self._lines("problem").show(mistake or headline.problem(picture.snapshot, situation, width))
        if plan.ours:
            self._lines("ours").show(*headline.ourselves(picture.snapshot, situation.now))
        if plan.tabs:
            self._lines("tabs").show(titles.tabs(picture, self.pane, width))
        if plan.rules:
            for pane in Pane:
                title = self._lines(f"rule-{pane}")
                told = self._title() if pane is Pane.DETAIL else ""
                title.show(titles.rule(picture, pane, title.size.width, has_keys=pane is self.pane, told=told))

    def draw_detail(self) -> None:
        """Draw the detail of the selection, in full and in its strip."""
        plan = self._arrangement
        if plan is None:
            return
        self._look_back()
        if Pane.DETAIL in plan.panes:
            selected = self.selected
            now, width = self.picture.now, self.detail.size.width
            lines = (
                selected.lines(now, width, self.lookback)
                if selected
                else [emptiness.detail(self.picture, self.subject)]
            )
            self.detail.show(lines)
        if plan.strip:
            self._lines("rule-strip").show(titles.plain_rule(self._title(), self.size.width))
            selected = self.selected
            lines = (
                selected.strip(self.picture.now, plan.strip)
                if selected
                else [emptiness.detail(self.picture, self.subject)]
            )
            self._lines("strip").show(*lines)

    def draw_events(self) -> None:
        """Draw the events, in their pane and in their strip."""
        plan, snapshot = self._arrangement, self.picture.snapshot
        if plan is None:
            return
        events = snapshot.events if snapshot else ()
        watchfulness = self.picture.watchfulness
        if Pane.EVENTS in plan.panes:
            self.draw_event_pane()
        if plan.recent:
            self._lines("rule-recent").show(titles.plain_rule(titles.events(self.picture), self.size.width))
            self._lines("recent").show(*watchfulness.lines(events, self.picture.now, plan.recent))

    def draw_event_pane(self) -> None:
        """Draw the events in their pane; there are none here."""

    def draw_keys(self) -> None:
        """Offer the keys that work now; there are none here."""

    def _title(self) -> str:
        selected = self.selected
        return selected.title(self.picture.now) if selected else "nothing selected"

    def _lines(self, name: str) -> InkLines:
        part = self._parts.get(name)
        if part is None:
            part = self._parts[name] = self.query_one(f"#{name}", InkLines)
        return part

    # -- selection -----------------------------------------------------------------------------------------------------

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

    def turn_to(self, table: Pane) -> None:
        """Make the detail about the selection of this table."""
        if table is not self.subject:
            self.subject = table
            self.detail.scroll_to(y=0, animate=False)

    def action_pane(self, name: str) -> None:
        """Go to a pane."""
        self.pane = Pane(name)
        if self.pane in (Pane.TRACKERS, Pane.TORRENTS):
            self.turn_to(self.pane)
        self.rearrange()

    # -- saying --------------------------------------------------------------------------------------------------------

    def say(self, text: str, ink: Ink = Ink.PLAIN) -> None:
        """Tell what an action came to; empty text takes it back."""
        self._message_until = None
        if text:
            self._message_until = self.picture.real_now + MESSAGE_TIME
        self.keys.say(text, ink)

    def focus_pane(self) -> None:
        """Give the keys to the pane that should have them."""
        if self.filter_input.display:
            return
        widget = self.query_one(f"#{self.pane}")
        if self.focused is not widget:
            self.set_focus(widget, scroll_visible=False)
