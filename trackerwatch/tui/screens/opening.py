"""What enter opens: full screens of a tracker and of a torrent, and what that means for the screen below."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from trackerwatch.tui.lines.arrangement import Pane
from trackerwatch.tui.lines.ink import Ink
from trackerwatch.tui.lines.page import ToTorrent, ToTracker
from trackerwatch.tui.lines.subject import TorrentSubject, TrackerSubject
from trackerwatch.tui.screens.binding import key
from trackerwatch.tui.screens.detail import DetailScreen
from trackerwatch.tui.screens.grouping import GroupingScreen

if TYPE_CHECKING:
    from textual.binding import BindingType

    from trackerwatch.tui.lines.subject import Subject
    from trackerwatch.tui.model.lookback import OfAll, OfTorrent, OfTracker
    from trackerwatch.tui.widgets.table import LineTable

MAX_OPENED = 20
"""So many full screens lie upon each other."""


class OpeningScreen(GroupingScreen):
    """What enter opens: full screens of a tracker and of a torrent."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("enter", "open", "open", "open", "Show everything about the selection on the whole screen"),
    ]

    def on_line_table_opened(self, message: LineTable.Opened) -> None:
        """Enter: everything about it, on the whole screen."""
        self.turn_to(Pane(message.table.id or ""))
        self.open_full((ToTracker if message.table is self.trackers else ToTorrent)(message.key))

    def action_open(self) -> None:
        """From the detail: the same on the whole screen. Tables and events have an enter of their own."""
        selected = self.selected
        if isinstance(selected, TrackerSubject):
            self.open_full(ToTracker(selected.view.index))
        elif isinstance(selected, TorrentSubject):
            self.open_full(ToTorrent(selected.view.index))
        else:
            self.say("choose a tracker or a torrent first")

    def open_full(self, about: ToTracker | ToTorrent) -> None:
        """Open the full screen of a tracker or torrent, where it is there."""
        there = self.picture.tracker(about.index) if isinstance(about, ToTracker) else self.picture.torrent(about.index)
        if there is None:
            return
        if sum(isinstance(one, DetailScreen) for one in self.app.screen_stack) < MAX_OPENED:
            self.app.push_screen(DetailScreen(self, about))
        else:
            # From one to the next and on: nobody goes all that way back.
            self.app.switch_screen(DetailScreen(self, about))

    @property
    def opened(self) -> DetailScreen | None:
        """The full screen that is looked at, perhaps below a dialog. None: it is this screen that is."""
        return next((one for one in reversed(self.app.screen_stack) if isinstance(one, DetailScreen)), None)

    @property
    def reveals(self) -> bool:
        """Whether the user wants to see keys in URLs."""
        preferences = getattr(self.app, "preferences", None)
        return bool(preferences and preferences.reveal)

    @property
    def selected(self) -> Subject | None:
        """What keys act on: what the full screen is about, else the row under the cursor."""
        opened = self.opened if self.is_attached else None
        return super().selected if opened is None else opened.selected

    def say(self, text: str, ink: Ink = Ink.PLAIN) -> None:
        """Tell what an action came to, where it is looked at."""
        super().say(text, ink)
        if self.is_attached and (opened := self.opened) is not None:
            opened.say(text, ink)

    # -- covered -------------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Below a full screen nothing is drawn; the picture goes on."""
        opened = self.opened if self.is_attached else None
        if opened is None:
            super().tick()
            return
        picture = self.picture
        update = picture.pull()
        second = int(picture.real_now.timestamp())
        new_second = second != self._last_second
        self._last_second = second
        if self._message_until is not None and picture.real_now >= self._message_until:
            self.say("")
        self.lookback.show_strips(None)
        self.lookback.tick()
        if update is not None or new_second:
            opened.tick(update, new_second=new_second)

    def draw_detail(self) -> None:
        """Draw the detail of the selection, if it can be seen."""
        if not self.is_attached or self.opened is None:
            super().draw_detail()

    def _history_came(self, wish: OfAll | OfTracker | OfTorrent) -> None:
        opened = self.opened if self.is_attached else None
        if opened is None:
            super()._history_came(wish)
        else:
            opened.draw()

    def on_screen_resume(self) -> None:
        """It is looked at again: everything may have changed meanwhile."""
        if self.ready and self.opened is None:
            self.trackers.rows_changed()
            self.torrents.rows_changed()
            self.redraw_lines()
            self.draw_detail()
            self.draw_events()
