"""The main screen: what each key does to the panes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from trackerwatch.policy.rules import Verdict
from trackerwatch.tui.lines import titles, words
from trackerwatch.tui.lines.arrangement import Pane
from trackerwatch.tui.model.choices import Choice
from trackerwatch.tui.model.ordering import TorrentSort, TrackerSort, tracker_rank
from trackerwatch.tui.screens.binding import key
from trackerwatch.tui.screens.choice import ChoiceScreen
from trackerwatch.tui.screens.taking import TakingScreen

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual import events
    from textual.binding import BindingType
    from textual.widget import Widget

    from trackerwatch.tui.widgets.table import LineTable


_OFTEN = (
    "focused.open",
    *(f"screen.{action}" for action in ("filter", "sort", "attention", "recheck", "mute", "copy", "group", "coverage")),
)
"""The actions that the key line offers first: there is not room for all."""


_USE = {
    name: rank
    for rank, name in enumerate(
        (
            *("open", "filter", "sort", "attention", "recheck", "mute", "copy", "group", "coverage", "export"),
            *("freeze", "next_pane", "command_palette", "announce", "zoom", "walk"),
        )
    )
}
"""Actions by how much they are used: the key line has room for the first few."""


_CHANGING = frozenset({"recheck", "mute", "disable", "interval", "undo", "try", "announce", "walk"})
"""What a screen that looks alone does not do."""
_FOR_TORRENTS = frozenset({"announce"})


def use_rank(action: str) -> int:
    """How much an action is used, the most used first."""
    return _USE.get(_name_of(action), len(_USE))


def _name_of(action: str) -> str:
    return action.partition("(")[0].rpartition(".")[2]


class MainScreen(TakingScreen):
    """Trackers, torrents, detail and events."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("s", "sort", "sort", "sort", "Sort by the next column", show=True),
        key("S", "reverse", "reverse", "reverse", "Reverse the order"),
        key("O", "sort_by", "sort by", "sort-by", "Choose the column to sort by"),
        key("f", "attention", "all", "attention", "Show all torrents, or what needs attention", show=True),
        key("p", "freeze", "freeze", "freeze", "Freeze the picture; asking goes on", show=True),
        key("z", "zoom", "zoom", "zoom", "One pane on the whole screen, or all", show=True),
        key("1", "pane('trackers')", "trackers", "trackers", "Trackers"),
        key("2", "pane('torrents')", "torrents", "torrents", "Torrents"),
        key("3", "pane('detail')", "detail", "detail", "Detail of the selection"),
        key("4", "pane('events')", "events", "events", "Events"),
        key("tab", "next_pane(1)", "pane", "next-pane", "Next pane", show=True),
        key("shift+tab", "next_pane(-1)", "previous pane", "previous-pane", "Previous pane"),
        key("n", "next_unwell(1)", "next trouble", "next-unwell", "Next row that is not well"),
        key("N", "next_unwell(-1)", "previous trouble", "previous-unwell", "Previous row that is not well"),
        key("q", "back(True)", "back", "back-or-quit", "Back; at the top, quit", show=True),
        key("escape", "back(False)", "back", "back", "Back, or clear the filter"),
        key("Q", "app.quit", "quit", "quit", "Quit", show=True),
    ]

    greeting = ""
    """What is said first."""
    _keys_of: Widget | None = None
    """The pane whose keys are offered."""

    def on_mount(self) -> None:
        """Greet, once there is a line to say it on."""
        if self.greeting:
            self.call_after_refresh(self.say, self.greeting)

    # -- events of widgets ---------------------------------------------------------------------------------------------

    def draw_keys(self) -> None:
        """Offer the keys that work now, from the live bindings."""
        self._keys_of = self.focused
        shown = [active for active in self.active_bindings.values() if active.binding.show]
        named: list[tuple[str, str, str]] = []
        for node in (self.focused, self, self.app):
            target = {self: "screen", self.app: "app"}.get(node, "focused") if node else "screen"
            for binding in (active.binding for active in shown if active.node is node):
                action = binding.action if "." in binding.action.partition("(")[0] else f"{target}.{binding.action}"
                if not self._acts_here(_name_of(binding.action)):
                    continue
                told = binding.description
                if binding.action == "attention":
                    told = "all" if self.picture.attention else "attention"
                if binding.action == "freeze":
                    told = "freeze" if self.picture.paused_at is None else "go on"
                if words.key_name(binding.key) and all(action != other for _, _, other in named):
                    named.append((words.key_name(binding.key), told, action))
        named.sort(key=lambda key: _OFTEN.index(key[2]) if key[2] in _OFTEN else len(_OFTEN))
        kept = [key for key in named if key[1] in ("help", "back", "quit")]
        rest = sorted((key for key in named if key not in kept), key=lambda key: use_rank(key[2]))
        self.keys.show_keys(rest, kept)

    def _acts_here(self, action: str) -> bool:
        if action in _CHANGING and self.lobby.preferences.read_only:
            return False
        # A torrent's row offers its trackers to what is for a tracker.
        return self.subject is not Pane.TRACKERS or action not in _FOR_TORRENTS

    def on_resize(self, event: events.Resize) -> None:
        """Switch between one pane and all, live."""
        del event
        if self._arrangement is not None:
            self.rearrange()

    def on_key(self, event: events.Key) -> None:
        """Somebody is there."""
        del event
        self._seen()

    def on_click(self, event: events.Click) -> None:
        """Somebody is there who has a mouse."""
        del event
        self._seen()

    def _seen(self) -> None:
        if self.picture.watchfulness.key_pressed(self.picture.real_now):
            self.draw_events()
            self.redraw_lines()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """A pane got the keys, by key or mouse."""
        if event.widget.id in set(Pane):
            pane = Pane(event.widget.id)
            if pane is self.pane and event.widget is self._keys_of:
                # Whoever gave it the keys has drawn that.
                return
            if pane in (Pane.TRACKERS, Pane.TORRENTS):
                self.turn_to(pane)
            self.pane = pane
            self.redraw_lines()
            self.draw_detail()
            self.draw_keys()

    def on_line_table_moved(self, message: LineTable.Moved) -> None:
        """Another row: its detail, from the top."""
        if message.table is self.table:
            self.detail.scroll_to(y=0, animate=False)
            self.draw_detail()
            self.redraw_lines()

    def on_line_table_head_clicked(self, message: LineTable.HeadClicked) -> None:
        """A click on a title sorts by it; again reverses."""
        if message.table is self.trackers and message.column in set(TrackerSort):
            self.sort_by(TrackerSort(message.column))
        elif message.table is self.torrents and message.column in set(TorrentSort):
            self.sort_by(TorrentSort(message.column))

    def sort_by(self, by: TrackerSort | TorrentSort) -> None:
        """Sort a table; by the same again reverses."""
        picture = self.picture
        if isinstance(by, TrackerSort):
            picture.trackers_reversed = picture.tracker_sort is by and not picture.trackers_reversed
            picture.tracker_sort = by
        else:
            picture.torrents_reversed = picture.torrent_sort is by and not picture.torrents_reversed
            picture.torrent_sort = by
        self.criteria_changed()

    # -- actions -------------------------------------------------------------------------------------------------------

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
            self.cancel_filter()
        elif self.pane is Pane.EVENTS and self.picture.event_filter is not None and not may_quit:
            self.set_event_filter("")
        elif self.pane in (Pane.DETAIL, Pane.EVENTS):
            self.action_pane(self.subject)
        elif self.zoomed:
            self.action_zoom()
        elif self.picture.filter is not None and not may_quit:
            self.set_filter("")
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

    def action_sort_by(self) -> None:
        """Choose the column that the table is sorted by."""
        picture = self.picture
        of_trackers = self.subject is Pane.TRACKERS
        names = titles.TRACKER_SORTS if of_trackers else titles.TORRENT_SORTS
        now = picture.tracker_sort if of_trackers else picture.torrent_sort
        offered = [Choice(by.value, told, None, current=by is now) for by, told in names.items()]

        def take(choice: Choice | None) -> None:
            if choice is None or choice.label == now.value:
                return
            self.sort_by(TrackerSort(choice.label) if of_trackers else TorrentSort(choice.label))
            self.say(f"{self.subject} sorted: {titles.sorting(picture, self.subject)}  (S reverses)")

        self.app.push_screen(ChoiceScreen(f"Sort {self.subject} by", offered), take)

    def action_reverse(self) -> None:
        """Reverse the order of the table that has the keys."""
        if self.subject is Pane.TRACKERS:
            self.picture.trackers_reversed = not self.picture.trackers_reversed
        else:
            self.picture.torrents_reversed = not self.picture.torrents_reversed
        self.criteria_changed()
        self.say(f"{self.subject} sorted: {titles.sorting(self.picture, self.subject)}")

    def action_attention(self) -> None:
        """All torrents, or what needs attention."""
        self.picture.attention = not self.picture.attention
        self.criteria_changed()
        self.draw_keys()
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
        self.draw_keys()
        if frozen:
            self.redraw_lines()
        else:
            self.tick()

    # -- going to rows -------------------------------------------------------------------------------------------------

    def action_next_unwell(self, step: int) -> None:
        """Go to the next (1) or previous (-1) row that is not well; after the last comes the first."""
        table = self.table
        order, cursor = table.order, table.cursor
        at = range(cursor + step, cursor + step * (len(order) + 1), step)
        is_unwell = self._unwell()
        # All there are may be well, and they may be many.
        key = next((key for key in map(order.__getitem__, (n % len(order) for n in at)) if is_unwell(key)), None)
        if key is None:
            self.say(f"no row of {self.subject} is in trouble")
            return
        if self.pane is not self.subject:
            self.action_pane(self.subject)
        table.select(key)

    def _unwell(self) -> Callable[[int], bool]:
        """What tells whether a row of the table is not well."""
        snapshot, groups = self.picture.snapshot, self._groups_of(self.table)
        if snapshot is None:
            return lambda _: False

        def hides_trouble(key: int) -> bool:
            group = groups.group(key)
            # Rows of an open group are there themselves.
            return group is not None and not groups.is_open(group) and bool(group.critical or group.warning)

        if self.subject is Pane.TORRENTS:
            verdicts, bad = snapshot.torrents.verdicts, (Verdict.CRITICAL, Verdict.WARNING)
            return lambda key: verdicts[key] in bad if key >= 0 else hides_trouble(key)
        trackers = snapshot.trackers
        return lambda key: tracker_rank(trackers[key]) > 1 if key >= 0 else hides_trouble(key)

    def go_to_tracker(self, index: int) -> None:
        """Put the cursor on a tracker, out of the filter where it would hide it."""
        self.go_to_row(Pane.TRACKERS, index)

    def apply_filter(self, text: str) -> None:
        """Filter both tables by a text, and say where it is no filter."""
        if not self.set_filter(text):
            self.say(f"no filter: {self.mistake}")
            self.mistake = ""
            self.redraw_lines()
