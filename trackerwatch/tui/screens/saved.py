"""The saved filters, with what each matches: choose one, save the current one, delete one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from trackerwatch.filters import FilterError, parse_filter
from trackerwatch.tui.lines import words
from trackerwatch.tui.lines.ink import Ink, Line, Span, crop, fit, safe, width_of, wrap
from trackerwatch.tui.model.saved import called
from trackerwatch.tui.model.typed import Judged
from trackerwatch.tui.screens.answer import AnswerScreen
from trackerwatch.tui.widgets.inked import InkLines

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult

    from trackerwatch.filters import Filter
    from trackerwatch.tui.model.picture import Picture
    from trackerwatch.tui.model.saved import SavedFilters

WIDTH = 78
CURSOR = ">"
NAME_CELLS = 20
SLICE = 500
"""Torrents that are counted at one go."""
SLICE_IN_FULL = 25
"""The same of a filter that looks at each torrent in full."""


class SavedScreen(ModalScreen[str | None]):
    """Gives the text of the filter that was chosen; None: none was."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "down", id="saved.down", tooltip="Next filter"),
        Binding("up,k", "move(-1)", "up", id="saved.up", tooltip="Filter before"),
        Binding("enter,space", "take", "filter", id="saved.take", tooltip="Filter both tables by this"),
        Binding("s,plus", "save", "save", id="saved.save", tooltip="Save the current filter by a name"),
        Binding("d,delete", "delete", "delete", id="saved.delete", tooltip="Delete this saved filter"),
        Binding("escape,q", "leave", "leave", id="saved.leave", tooltip="Leave the filter as it is"),
    ]

    DEFAULT_CSS = """
    SavedScreen { align: center middle; background: $background 60%; }
    SavedScreen > #saved { width: 78; max-width: 100%; height: auto; max-height: 100%; background: $surface; }
    """

    def __init__(self, picture: Picture, saved: SavedFilters, name: str = "") -> None:
        """Args: what is counted, the filters, and the one under the cursor."""
        super().__init__()
        self._picture = picture
        self._saved = saved
        self._names = sorted(saved.named, key=str.casefold)
        self.cursor = self._names.index(name) if name in self._names else 0
        self.counts: dict[str, str] = {}
        """What each matches, as far as it is counted; of a filter with a mistake what that is."""
        self._bad: set[str] = set()
        self._told = ""

    def compose(self) -> ComposeResult:
        """One block of lines."""
        yield InkLines(id="saved")

    def on_mount(self) -> None:
        """Draw, then count what each matches."""
        self._draw()
        self.run_worker(self._count(), exclusive=True)

    def on_resize(self) -> None:
        """Wrap to the new width."""
        self._draw()

    # -- counting ------------------------------------------------------------------------------------------------------

    async def _count(self) -> None:
        """Count in slices: keys are answered in between."""
        for name in self._names:
            try:
                found = parse_filter(self._saved.named[name], self._saved.named)
            except FilterError as error:
                self._bad.add(name)
                self.counts[name] = f"{error.problem} at column {error.column}"
            else:
                self.counts[name] = await self._matches(found)
            self._draw()

    async def _matches(self, found: Filter) -> str:
        snapshot, now = self._picture.snapshot, self._picture.now
        if snapshot is None:
            return ""
        listed, torrents = list(snapshot.torrents.listed), 0
        size = SLICE_IN_FULL if found.in_full else SLICE
        for start in range(0, len(listed), size):
            torrents += len(found.select_torrents(snapshot, listed[start : start + size], now))
            await asyncio.sleep(0)
        trackers = sum(found.matches_tracker(view, now) for view in snapshot.trackers)
        told = words.plural(torrents, "torrent")
        return told if trackers == len(snapshot.trackers) else f"{told}, {words.plural(trackers, 'tracker')}"

    # -- drawing -------------------------------------------------------------------------------------------------------

    def _draw(self) -> None:
        room = max(1, min(WIDTH, self.size.width))
        lines: list[Line] = [(), (Span("  Saved filters", Ink.ACCENT),)]
        below = self._below(room)
        shown = max(1, self.size.height - len(lines) - len(below))
        top = max(0, min(self.cursor - shown // 2, len(self._names) - shown))
        lines += [self._row(number, room) for number in range(top, min(top + shown, len(self._names)))]
        if not self._names:
            lines += wrap((Span("  none yet: filter with /, then save that here with s", Ink.DIM),), room, indent=2)
        lines += below
        box = self.query_one("#saved", InkLines)
        box.styles.height = len(lines)
        box.show(*lines)

    def _row(self, number: int, room: int) -> Line:
        name, here = self._names[number], number == self.cursor
        action = f"screen.take_number({number})"
        count = self.counts.get(name, "")
        cells = min(NAME_CELLS, max(6, room // 3))
        line: Line = (
            Span(f"  {CURSOR if here else ' '} ", Ink.KEY, action),
            Span(fit(safe(name), cells) + " ", Ink.STRONG if here else Ink.PLAIN, action),
        )
        if name in self._bad:
            return (*line, Span(crop(safe(count), max(0, room - cells - 6)), Ink.WARN, action))
        text = max(0, room - cells - 7 - width_of(count))
        return (
            *line,
            Span(fit(safe(self._saved.named[name]), text) + " ", Ink.DIM, action),
            Span(count, Ink.GOOD if here else Ink.PLAIN, action),
        )

    def _below(self, room: int) -> list[Line]:
        lines: list[Line] = []
        if self._names and self.size.height >= 12:
            name = self._names[self.cursor]
            where = "saved here" if name in self._saved.own else "of the config"
            told = self.counts.get(name, "") if name in self._bad else self._saved.named[name]
            lines += [(), *wrap((Span(f"    {where}: {safe(told)}"),), room, indent=4)[:3]]
        if self._told:
            lines += wrap((Span(f"    {safe(self._told)}", Ink.WARN),), room, indent=4)
        keys = "enter filters  s saves the current one  d deletes  esc leaves"
        return [*lines, *wrap((Span(f"    {keys}", Ink.DIM),), room, indent=4), ()]

    # -- doing ---------------------------------------------------------------------------------------------------------

    def on_key(self, event: events.Key) -> None:
        """A digit chooses one of the first nine."""
        if event.key.isdecimal() and 1 <= int(event.key) <= len(self._names):
            event.stop()
            self.action_take_number(int(event.key) - 1)

    def action_move(self, rows: int) -> None:
        """Move the cursor."""
        if self._names:
            self.cursor = (self.cursor + rows) % len(self._names)
            self._told = ""
            self._draw()

    def action_take(self) -> None:
        """Choose what is under the cursor."""
        if self._names:
            self.action_take_number(self.cursor)

    def action_take_number(self, number: int) -> None:
        """Choose a filter, if it is one."""
        text = called(self._names[number])
        try:
            parse_filter(text, self._saved.named)
        except FilterError as error:
            self.cursor = number
            self._told = str(error)
            self._draw()
        else:
            self.dismiss(text)

    def action_save(self) -> None:
        """Ask for a name for the current filter."""
        current = self._picture.filter
        if current is None:
            self._told = "there is no filter to save: esc, then type one after /"
            self._draw()
            return
        text = current.text.strip()

        def judge(name: str) -> Judged:
            trouble = self._saved.trouble(name, text)
            if trouble:
                return Judged(good=False, told=trouble)
            replaced = " instead of the one of that name" if name.strip() in self._saved.named else ""
            return Judged(good=True, told=f"to be called as {called(name.strip())}{replaced}")

        def save(name: str | None) -> None:
            if name is not None:
                self._saved.save(name, text)
                self._changed(name.strip(), f"saved as {name.strip()}")

        asked = AnswerScreen("Save the filter by which name?", judge, told=(text,), takes="saves it")
        self.app.push_screen(asked, save)

    def action_delete(self) -> None:
        """Delete the one under the cursor, if it was saved on the screen."""
        if self._names:
            name = self._names[self.cursor]
            self._changed(name, self._saved.delete(name))

    def _changed(self, name: str, told: str) -> None:
        self._told = told
        self._names = sorted(self._saved.named, key=str.casefold)
        self.cursor = self._names.index(name) if name in self._names else max(0, min(self.cursor, len(self._names) - 1))
        self._bad.clear()
        self.counts.clear()
        self._draw()
        self.run_worker(self._count(), exclusive=True)

    def action_leave(self) -> None:
        """Choose nothing."""
        self.dismiss(None)
