"""Events: their filter, bursts, and from an event to its row and back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from trackerwatch.filters import FilterError, parse_event_filter
from trackerwatch.filters.completion import complete
from trackerwatch.filters.fields import EVENTS
from trackerwatch.policy.rules import Verdict
from trackerwatch.tui.lines import emptiness
from trackerwatch.tui.lines.arrangement import Pane
from trackerwatch.tui.lines.chronicle import WIDE_CELLS, Entry, entries
from trackerwatch.tui.lines.ink import Ink, Span, crop, safe
from trackerwatch.tui.model import vocabulary
from trackerwatch.tui.screens.binding import key
from trackerwatch.tui.screens.filtering import FilteringScreen

if TYPE_CHECKING:
    from datetime import datetime

    from textual.binding import BindingType

    from trackerwatch.engine.views import Event
    from trackerwatch.filters import EventFilter, Filter
    from trackerwatch.history import History
    from trackerwatch.tui.model.picture import Picture
    from trackerwatch.tui.widgets.eventlist import EventList
    from trackerwatch.tui.widgets.table import LineTable

NARROW_CELLS = 44
MAX_PLACES = 50
SIFT_EVERY_S = 5.0
"""How often a filter of events that is about time is asked again."""
NAME_CELLS = 24
"""Of a torrent's name in what is said about it."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where one was: enough to come back to."""

    pane: Pane
    subject: Pane
    zoomed: bool
    attention: bool
    filter: Filter | None
    event_filter: EventFilter | None
    cursors: tuple[int | None, int | None]
    """Keys in both tables."""
    tops: tuple[int, int]
    """First rows in view of both tables."""
    event: int | None
    """Key in the events pane. None: its end is followed."""


class ChronicleScreen(FilteringScreen):
    """Events: their filter, bursts, and from an event to its row and back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("ctrl+o,backspace", "return", "where one was", "return", "Back to where one was before going to a row"),
    ]

    def __init__(self, picture: Picture, history: History | None) -> None:
        """Args: as those of the panes."""
        super().__init__(picture, history)
        self._unfolded: set[int] = set()
        self._places: list[_Place] = []
        self._wanted: tuple[Pane, int] | None = None
        """A row to put the cursor on once the order is there that shows it."""
        self._came_back: _Place | None = None
        self._sifted_at: datetime | None = None
        self._filters_events = False
        """Whether the filter line was opened for events."""

    # -- what the pane shows -------------------------------------------------------------------------------------------

    def events_shown(self) -> tuple[Event, ...]:
        """Those that the filter leaves, bursts unfolded."""
        snapshot, found = self.picture.snapshot, self.picture.event_filter
        events = snapshot.events if snapshot is not None else ()
        if found is None:
            return events
        now = self.picture.now
        return tuple(event for event in events if found.matches(event, now))

    def _entries(self) -> list[Entry]:
        events = self.events_shown()
        if not events:
            empty = emptiness.events(self.picture)
            if self.picture.event_filter is not None:
                empty = [(Span(" no event matches the filter: esc clears it", Ink.DIM),)]
            return [Entry(None, line) for line in empty]
        news = self.picture.watchfulness.news(events, self.picture.now)
        wide = self.event_pane.size.width >= WIDE_CELLS
        today = self.picture.now.astimezone(UTC).date()
        return entries(events, wide=wide, today=today, unfolded=self._unfolded, news=news)

    def draw_event_pane(self) -> None:
        """Draw the events in their pane, those that match."""
        self.picture.events_matched = None if self.picture.event_filter is None else len(self.events_shown())
        width = self.event_pane.size.width
        # Under the message, as long as there is room enough for one.
        indent = 22 if width >= WIDE_CELLS else 12 if width >= NARROW_CELLS else 4
        self.event_pane.show(self._entries(), indent)

    def on_event_list_widened(self, message: EventList.Widened) -> None:
        """How much of a date there is room for is known after the layout."""
        message.stop()
        self.draw_event_pane()

    def on_event_list_folded(self, message: EventList.Folded) -> None:
        """Space on a burst, or on one of its events."""
        message.stop()
        self._fold_events(message.entry)

    def _fold_events(self, entry: Entry) -> None:
        if entry.key is None:
            return
        shown = self._entries()
        burst = next((one for one in shown if entry.key in (one.key, *(event.number for event in one.events))), None)
        if burst is None or burst.key is None or burst.key > 0:
            self.say("this event stands alone: bursts are marked with [+]")
            return
        self._unfolded ^= {burst.key}
        self.draw_events()
        self.event_pane.select(burst.key)

    def tick(self) -> None:
        """Take what changed; what a filter about time leaves changes by itself."""
        super().tick()
        found, plan = self.picture.event_filter, self._arrangement
        if found is None or not found.depends_on_time or plan is None or Pane.EVENTS not in plan.panes:
            return
        now = self.picture.now
        if self._sifted_at is None or abs((now - self._sifted_at).total_seconds()) >= SIFT_EVERY_S:
            self._sifted_at = now
            self.draw_event_pane()
            self.redraw_lines()

    # -- their filter --------------------------------------------------------------------------------------------------

    def action_filter(self) -> None:
        """Open the filter line: for events where their pane has the keys."""
        self._filters_events = self.pane is Pane.EVENTS
        if not self._filters_events:
            super().action_filter()
            return
        snapshot = self.picture.snapshot
        words = vocabulary.of_events(snapshot.events if snapshot is not None else ())
        self.open_filter_line(
            self.picture.event_filter.text if self.picture.event_filter else "",
            partial(complete, vocabulary=words, language=EVENTS),
            kind="events",
            placeholder="events: a word, or kind=failed_over & since<1h; tab completes, esc clears",
        )

    def check_filter(self, text: str) -> None:
        """Read what the filter line says, in the language of what it was opened for."""
        if self._filters_events:
            parse_event_filter(text.strip())
        else:
            super().check_filter(text)

    def take_filter(self, text: str) -> bool:
        """What the filter line says goes to what it was opened for."""
        return self.set_event_filter(text) if self._filters_events else super().take_filter(text)

    def cancel_filter(self) -> None:
        """Put the filter line away, and the filter with it."""
        if not self._filters_events:
            super().cancel_filter()
            return
        self.close_filter()
        self.set_event_filter("")

    def set_event_filter(self, text: str) -> bool:
        """Show the events that match; empty text shows all.

        Returns:
            Whether it is a filter; else the mistake stands on the screen and nothing has changed.
        """
        try:
            found = parse_event_filter(text.strip())
        except FilterError as error:
            self.tell_mistake(error)
            return False
        self.tell_mistake(None)
        self.picture.event_filter = None if found.is_empty else found
        self.draw_events()
        self.redraw_lines()
        return True

    # -- to its row and back -------------------------------------------------------------------------------------------

    def on_event_list_opened(self, message: EventList.Opened) -> None:
        """Go to the row of the event's torrent, else of its tracker."""
        message.stop()
        entry = message.entry
        if len(entry.events) > 1:
            self._fold_events(entry)
            return
        if not entry.events:
            return
        event = entry.events[0]
        row = self._row_of(event)
        if row is None:
            self.say(
                "that one has left: it is watched no more"
                if event.torrent is not None or event.tracker is not None
                else "this event is about no single tracker or torrent"
            )
            return
        self.go_to_row(*row)

    def _row_of(self, event: Event) -> tuple[Pane, int] | None:
        snapshot = self.picture.snapshot
        if snapshot is None:
            return None
        if event.torrent is not None:
            table, info_hash = snapshot.torrents, event.torrent.info_hash
            found = (index for index in table.listed if table.torrents[index].info_hash == info_hash)
            if (index := next(found, None)) is not None:
                return Pane.TORRENTS, index
        if event.tracker is not None:
            tracker = event.tracker
            if (view := next((view for view in snapshot.trackers if view.tracker is tracker), None)) is not None:
                return Pane.TRACKERS, view.index
        return None

    def go_to_row(self, pane: Pane, row: int) -> None:
        """Put the cursor on a row of a table; what hides it is taken away, and that is said. `ctrl+o` leads back.

        Args:
            pane: The table.
            row: The index of a tracker or torrent.
        """
        self._places = [*self._places, self._here()][-MAX_PLACES:]
        picture = self.picture
        told: list[str] = []
        if picture.filter is not None and not self._matches(picture.filter, pane, row):
            self.set_filter("")
            told.append("filter cleared")
        if pane is Pane.TORRENTS and picture.filter is None and picture.attention and self._is_passed_over(row):
            picture.attention = False
            told.append("all torrents shown")
            self.criteria_changed()
            self.draw_keys()
        self.action_pane(pane)
        self._wanted = (pane, row)
        self._go_on()
        name = safe(self._name_of(pane, row))
        self.say(f"{', '.join(told)}: {name}; ctrl+o goes back" if told else f"{name}; ctrl+o goes back")

    def _is_shown(self, pane: Pane, row: int) -> bool:
        order = self.picture.tracker_order if pane is Pane.TRACKERS else self.picture.torrent_order.order
        return row in order and not self.picture.ordering

    def _is_passed_over(self, row: int) -> bool:
        """Whether others need attention and this torrent does not."""
        snapshot = self.picture.snapshot
        if snapshot is None:
            return False
        by_verdict = snapshot.totals.torrents_by_verdict
        needing = (Verdict.CRITICAL, Verdict.WARNING)
        return any(by_verdict.get(verdict) for verdict in needing) and snapshot.torrents.verdicts[row] not in needing

    def _matches(self, found: Filter, pane: Pane, row: int) -> bool:
        snapshot, now = self.picture.snapshot, self.picture.now
        if snapshot is None:
            return False
        if pane is Pane.TRACKERS:
            return found.matches_tracker(snapshot.trackers[row], now)
        return bool(found.select_torrents(snapshot, [row], now))

    def _name_of(self, pane: Pane, row: int) -> str:
        snapshot = self.picture.snapshot
        if snapshot is None:
            return ""
        if pane is Pane.TRACKERS:
            return snapshot.trackers[row].tracker.host_port
        name = snapshot.torrents.torrents[row].name
        return crop(name, NAME_CELLS)

    def _show_order(self) -> None:
        super()._show_order()
        self._go_on()

    def _go_on(self) -> None:
        """Put the cursor where it was to be, as soon as the row is there."""
        if self._wanted is not None and self._is_shown(*self._wanted):
            pane, row = self._wanted
            self._wanted = None
            self.reveal(self.trackers if pane is Pane.TRACKERS else self.torrents, row)
        if self._came_back is not None and not self.picture.ordering:
            place, self._came_back = self._came_back, None
            for table, cursor, top in zip((self.trackers, self.torrents), place.cursors, place.tops, strict=True):
                if cursor is not None:
                    self.reveal(table, cursor)
                table.scroll_to(y=top, animate=False, force=True)

    def reveal(self, table: LineTable, key: int) -> None:
        """Put the cursor on a row."""
        table.select(key)

    def _here(self) -> _Place:
        events = self.event_pane
        return _Place(
            pane=self.pane,
            subject=self.subject,
            zoomed=self.zoomed,
            attention=self.picture.attention,
            filter=self.picture.filter,
            event_filter=self.picture.event_filter,
            cursors=(self.trackers.cursor_key, self.torrents.cursor_key),
            tops=(self.trackers.scroll_offset.y, self.torrents.scroll_offset.y),
            event=None if events.follows or events.cursor is None else events.cursor.key,
        )

    def action_return(self) -> None:
        """Back to where one was: pane, filter, rows and cursor."""
        if not self._places:
            self.say("nowhere to go back to: enter on an event goes to its row")
            return
        place = self._places.pop()
        picture = self.picture
        changed = (picture.filter, picture.attention) != (place.filter, place.attention)
        picture.filter, picture.attention = place.filter, place.attention
        picture.event_filter = place.event_filter
        self.zoomed, self._wanted, self._came_back = place.zoomed, None, place
        if changed:
            self.criteria_changed()
        self.turn_to(place.subject)
        self.action_pane(place.pane)
        self._go_on()
        if place.event is not None:
            self.event_pane.select(place.event)
        self.draw_keys()
        self.say("back where you were" + (f"; {len(self._places)} more" if self._places else ""))
