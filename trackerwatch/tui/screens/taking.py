"""What leaves the screen: copies and exports."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol, cast

from trackerwatch.tui.exporting import FORMATS, Format, export
from trackerwatch.tui.lines import pages, sheets
from trackerwatch.tui.lines.arrangement import Pane
from trackerwatch.tui.lines.copies import Copy, copies
from trackerwatch.tui.lines.ink import Ink
from trackerwatch.tui.lines.page import Layout
from trackerwatch.tui.model.choices import Choice
from trackerwatch.tui.screens.asking import NOTHING, AskingScreen
from trackerwatch.tui.screens.binding import key
from trackerwatch.tui.screens.choice import ChoiceScreen
from trackerwatch.tui.screens.coverage import CoverageScreen

if TYPE_CHECKING:
    from textual.binding import BindingType

    from trackerwatch.tui.lines.sheets import Sheet
    from trackerwatch.tui.preferences import Preferences
    from trackerwatch.tui.terminal.clipboard import Clipboard

TO_FILE = Choice("all, to a file", "for where nothing can be pasted", None)
SHOWN_CHARS = 60
PAGE_CELLS, PAGE_LINES = 120, 60
"""What a full screen is laid out for when it is exported, whatever the terminal's size."""

NOTHING_YET = "there is nothing to export yet: the first picture is still to come, or no row is selected"


class Desk(Protocol):
    """What taking needs of the app."""

    preferences: Preferences
    copying: Clipboard


class TakingScreen(AskingScreen):
    """What leaves the screen: copies and exports."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("c", "copy", "copy", "copy", "Copy of the selection: URL, info hash, magnet link, reason, row", show=True),
        key("y", "copy_first", "copy first", "copy-first", "Copy the URL of the tracker or the info hash at once"),
        key("e", "export", "export", "export", "Export what this pane shows to a file", show=True),
    ]

    @property
    def _desk(self) -> Desk:
        return cast("Desk", self.app)

    @property
    def _covering(self) -> CoverageScreen | None:
        """The coverage view that is looked at, perhaps below a dialog. None: it is not there."""
        return next((one for one in reversed(self.app.screen_stack) if isinstance(one, CoverageScreen)), None)

    def say(self, text: str, ink: Ink = Ink.PLAIN) -> None:
        """Tell what an action came to, where it is looked at."""
        super().say(text, ink)
        if self.is_attached and (covering := self._covering) is not None:
            covering.say(text, ink)

    # -- copies --------------------------------------------------------------------------------------------------------

    def _copies(self) -> tuple[Copy, ...]:
        selected = self.selected
        if selected is None:
            self.say(NOTHING)
            return ()
        return copies(selected, reveal=self._desk.preferences.reveal)

    def action_copy(self) -> None:
        """Choose what of the selection to copy."""
        found = self._copies()
        if not found:
            return
        offered = (*(Choice(copy.what, _shown(copy), None) for copy in found), TO_FILE)

        def take(choice: Choice | None) -> None:
            if choice is TO_FILE:
                self.run_worker(self._write(found), name="copy", exit_on_error=False)
            elif choice is not None:
                self._copy(found[offered.index(choice)])

        self.app.push_screen(ChoiceScreen("Copy what?", offered), take)

    def action_copy_first(self) -> None:
        """Copy what names the selection."""
        found = self._copies()
        if found:
            self._copy(found[0])

    def _copy(self, copy: Copy) -> None:
        self.run_worker(self._put(copy), name="copy", exit_on_error=False)

    async def _put(self, copy: Copy) -> None:
        where = await self._desk.copying.put(copy.text)
        note = f" ({copy.note})" if copy.note else ""
        self.say(f"{copy.what} is in {where}{note}: {copy.text[:200]}")

    async def _write(self, found: tuple[Copy, ...]) -> None:
        text = "\n".join(f"{copy.what}: {copy.text}" for copy in found)
        self.say(f"all is in {await self._desk.copying.put_in_file(text)}")

    # -- exports -------------------------------------------------------------------------------------------------------

    def action_export(self) -> None:
        """Choose as what this pane is exported."""
        forms = {Choice(name, told, None): form for form, (name, told) in FORMATS.items()}

        def take(choice: Choice | None) -> None:
            if choice is not None:
                self.export_as(forms[choice])

        sheet = self.sheet()
        if sheet is None:
            self.say(NOTHING_YET)
        else:
            rows = f"{len(sheet.keys):,} row{'' if len(sheet.keys) == 1 else 's'}"
            self.app.push_screen(ChoiceScreen(f"Export {sheet.title}, {rows}, as what?", tuple(forms)), take)

    def export_as(self, form: Format) -> None:
        """Write what the pane shows, in its order, into a new file; keys go on working meanwhile."""
        sheet = self.sheet()
        if sheet is None:
            self.say(NOTHING_YET)
            return
        self.say(f"exporting {len(sheet.keys):,} rows")
        # One at a time: a second one is what the user wants instead.
        write = self._write_export(sheet, form)
        self.run_worker(write, name="export", group="export", exclusive=True, exit_on_error=False)

    async def _write_export(self, sheet: Sheet, form: Format) -> None:
        self.say(await export(sheet, form, self._desk.preferences.folder, self.picture.real_now))

    def sheet(self) -> Sheet | None:
        """What the pane with the keys shows, filtered and sorted as it is. None: there is nothing yet."""
        snapshot = self.picture.snapshot
        if snapshot is None:
            return None
        if (covering := self._covering) is not None:
            return sheets.of_coverage(snapshot, covering.table.order, covering.trackers)
        if (opened := self.opened) is not None:
            return opened.sheet()
        if self.pane is Pane.TRACKERS:
            return sheets.of_trackers(snapshot, self.picture.tracker_order)
        if self.pane is Pane.TORRENTS:
            return sheets.of_torrents(snapshot, self.picture.torrent_order.order)
        if self.pane is Pane.EVENTS:
            return sheets.of_events(self.events_shown())
        selected = self.selected
        if selected is None:
            return None
        lines = selected.lines(self.picture.now, max(80, self.detail.size.width), self.lookback)
        return self._sheet_of_lines(["".join(span.text for span in line) for line in lines])

    def _sheet_of_page(self) -> Sheet | None:
        """All of a full screen, nothing folded; keys are left out, also where the screen shows them."""
        selected = self.selected
        if selected is None:
            return None
        room = pages.Room(PAGE_CELLS, 0, PAGE_LINES)
        left, _ = pages.sections(selected, self.picture, self.lookback, room, toggled=None, reveal=False)
        layout = Layout(left, PAGE_CELLS)
        lines = ("".join(span.text for span in layout.line(at)) for at in range(len(layout)))
        return self._sheet_of_lines(list(lines))

    def _sheet_of_lines(self, texts: list[str]) -> Sheet | None:
        selected = self.selected
        if selected is None:
            return None
        title = " ".join(selected.title(self.picture.now).replace("|", " ").split())
        return sheets.of_lines("detail", title, texts)


def _shown(copy: Copy) -> str:
    text = copy.text if len(copy.text) <= SHOWN_CHARS else f"{copy.text[: SHOWN_CHARS - 1]}…"
    return f"{text} ({copy.note})" if copy.note else text
