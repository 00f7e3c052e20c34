"""The lobby: theme, palette, the timer that pulls, and the first screen."""

from __future__ import annotations

import os
import signal
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import App
from textual.binding import Binding, BindingType
from textual.events import Key, Paste

from trackerwatch.actions import RESERVED, keymap
from trackerwatch.tui.exporting import without_fonts, write_new
from trackerwatch.tui.model import layout
from trackerwatch.tui.model.layout import SAVE_EVERY_S, Saver
from trackerwatch.tui.model.picture import FeedLike, Picture
from trackerwatch.tui.model.typed import pasted
from trackerwatch.tui.preferences import DEFAULT, Preferences
from trackerwatch.tui.screens.help import HelpScreen
from trackerwatch.tui.screens.main import MainScreen
from trackerwatch.tui.screens.theming import ThemeScreen, handful
from trackerwatch.tui.terminal import looks, themes
from trackerwatch.tui.terminal.clipboard import Clipboard
from trackerwatch.tui.terminal.narrow import narrowed
from trackerwatch.tui.terminal.outlet import unhurried
from trackerwatch.tui.terminal.pace import SLOW_STEP_S, Pace
from trackerwatch.tui.terminal.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from rich.console import RenderableType
    from textual.command import Provider
    from textual.driver import Driver
    from textual.events import Event
    from textual.filter import LineFilter
    from textual.screen import Screen

    from trackerwatch.engine.commands import Command
    from trackerwatch.engine.views import Trial
    from trackerwatch.history import History
    from trackerwatch.tui.model.choices import Choice

TICK_S = 0.25
"""Between two looks at the feed: four repaints with new data a second at most."""
_SAVING = "layout"


def _refuse(command: Command) -> str:
    """What a screen says that was started to look alone."""
    del command
    return "read-only: nothing is asked and nothing is changed"


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _palette() -> type[Provider]:
    from trackerwatch.tui.palette import Palette  # noqa: PLC0415 - when it is opened for the first time

    return Palette


class TrackerwatchApp(App[None]):
    """Shows a feed."""

    TITLE = "trackerwatch"
    ENABLE_COMMAND_PALETTE = True
    ALLOW_SELECT = False
    """Textual would copy the names of our widgets; with --no-mouse the terminal selects what they show."""
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {_palette}
    CSS = looks.CSS

    BINDINGS: ClassVar[list[BindingType]] = [
        # Without an id: whatever else is set, this quits.
        Binding("ctrl+c", "quit", "quit", show=False, priority=True),
        Binding("ctrl+q", "quit", "quit", show=False, priority=True, id="app.quit-at-once", tooltip="Quit at once"),
        Binding("colon,ctrl+p", "command_palette", "palette", id="app.palette", tooltip="Every action by its name"),
        Binding("question_mark,f1", "help", "help", id="app.help", tooltip="The keys that work now"),
        Binding("T", "wear", "theme", show=False, id="app.theme", tooltip="Choose a theme"),
        Binding(
            "E", "picture", "picture", show=False, id="app.screenshot", tooltip="Save the screen as a picture (SVG)"
        ),
        Binding(
            "ctrl+z",
            "suspend_process",
            "suspend",
            show=False,
            id="app.suspend",
            tooltip="Suspend the program; `fg` brings it back",
        ),
    ]

    def __init__(
        self,
        feed: FeedLike,
        *,
        do: Callable[[Command], str],
        try_out: Callable[[str], Awaitable[Trial]] | None = None,
        history: History | None = None,
        preferences: Preferences = DEFAULT,
        clock: Callable[[], datetime] = _utc_now,
        tick_s: float | None = TICK_S,
    ) -> None:
        """Make the app.

        Args:
            feed: What to show.
            do: Carries out what the user asks for, and says in one line what will happen.
            try_out: Asks a tracker once that is not watched. None: that is not offered.
            history: Whom to ask about the past. None: nobody keeps it, and the panes say so.
            preferences: How the user wants the screen.
            clock: The time, timezone-aware.
            tick_s: Seconds between pulls. None: only when `tick` is called.
        """
        # Textual asks for its driver at once.
        self.pace = Pace(self, slow_link=preferences.slow_link)
        super().__init__()
        self.turns = Turns(self, super().on_event)
        self.picture = Picture(feed, clock, step_s=SLOW_STEP_S if preferences.slow_link else 0.0)
        self.preferences = preferences
        looks.dress(self, preferences)
        self.try_out = try_out
        self.picture.read_only = preferences.read_only
        self.copying = Clipboard(self.copy_to_clipboard, self.write_to_terminal, preferences.folder)
        self.chosen_theme = ""
        """The one chosen on the screen, in this run or an earlier one. Empty: none was."""
        self.main = MainScreen(self.picture, _refuse if preferences.read_only else do, history)
        self.main.saved.given = dict(preferences.filters)
        self.saver = Saver(preferences.layout, lambda: layout.taken(self.main, self.chosen_theme))
        self._arrange()
        self.set_keymap(keymap(preferences.keys))
        self.failure: Exception | None = None
        """The bug that ended the screen, if one did."""
        self._tick_s = tick_s
        self.animation_level = "none"

    def get_driver_class(self) -> type[Driver]:
        """What reads keys and draws."""
        return unhurried(looks.on_terminal(super().get_driver_class()), self.pace.flow, self.pace)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """What every line of every widget goes through: characters and colours that the terminal has not are replaced."""
        return looks.filters(super().get_line_filters(), self.preferences)

    def _arrange(self) -> None:
        """As the user left it."""
        if self.preferences.layout is not None:
            kept = self.preferences.layout.load()
            self.main.greeting = layout.arrange(self.main, kept)
            self.chosen_theme = layout.theme_of(kept)
            self.saver.begin()

    def on_mount(self) -> None:
        """Dress, and show the first screen."""
        self.theme = themes.start_with(self.preferences.theme or self.chosen_theme, self.preferences.colors)
        self.push_screen(self.main)
        if self._tick_s is not None:
            self.set_interval(self._tick_s, self.look)
            if self.preferences.layout is not None:
                self.set_interval(SAVE_EVERY_S, self.keep_layout_meanwhile)

    def keep_layout_meanwhile(self) -> None:
        """The timer's: keys do not wait for a disk, nor does one save for another."""
        if all(worker.is_finished for worker in self.workers if worker.name == _SAVING):
            self.run_worker(self.keep_layout(), name=_SAVING, exit_on_error=False)

    async def keep_layout(self) -> None:
        """Keep what the user arranged, if that has changed."""
        if trouble := await self.saver.save_soon():
            self.tell(f"the layout is not kept: {trouble}")

    def on_unmount(self) -> None:
        """Keep the last changes."""
        self.saver.save()

    def look(self) -> None:
        """The timer's: take what the feed has where it is time for that and the terminal keeps up."""
        # While the screen is taken down, the timer may come once more.
        if self.is_running and self.pace.is_time():
            self.tick()

    def tick(self) -> None:
        """Take what the feed has; the screen may not be up yet."""
        if self.main.ready:
            self.main.tick()

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        # Textual's own way to the terminal; there is no public one that knows of frames.
        if renderable is not None and self._batch_count:
            self.pace.missed()
        super()._display(screen, narrowed(renderable))
        if renderable is not None:
            self.pace.drew()

    async def on_event(self, event: Event) -> None:
        """Let keys in one after the other, and nothing that would speak to the terminal when it is drawn in a line."""
        if not isinstance(event, Key | Paste) or event.is_forwarded:
            await super().on_event(event)
        elif isinstance(event, Key) and event.key == RESERVED:
            # Whatever waits, and for what.
            self.turns.drop()
            await super().on_event(event)
        else:
            if isinstance(event, Paste):
                event.text = pasted(event.text)
            await self.turns.take(event)

    def on_terminal_supports_synchronized_output(self) -> None:
        """The terminal answered: it has shown what was drawn before the question."""
        self.pace.answered()

    def on_app_blur(self) -> None:
        """Keys go elsewhere."""
        self.pace.watched = False

    def on_app_focus(self) -> None:
        """Keys come here again: show what there is."""
        self.pace.watched = True
        self.look()

    def redraw(self) -> None:
        """Draw the top lines anew: something beside the feed has changed."""
        if self.main.ready:
            self.main.redraw_lines()

    def tell(self, text: str) -> None:
        """Say something on the last line for a while."""
        if self.main.ready:
            self.main.say(text)

    def _handle_exception(self, error: Exception) -> None:
        # Textual's own hook; there is no public one.
        self.failure = self.failure or error
        super()._handle_exception(error)

    def _print_error_renderables(self) -> None:
        # Textual would print a traceback with all local variables; `run` says it in one line instead.
        self._exit_renderables.clear()

    # -- actions that are there on every screen -------------------------------------------------------------------------

    def action_help(self) -> None:
        """The keys that work now."""
        self.push_screen(HelpScreen(self.screen.active_bindings.values(), self.screen.focused, self.screen))

    def action_command_palette(self) -> None:
        """Every action by its name."""
        from trackerwatch.tui.palette import Lister  # noqa: PLC0415 - when it is opened for the first time

        if not isinstance(self.screen, Lister):
            self.push_screen(Lister(id="--command-palette"))

    def action_export(self) -> None:
        """Export what is looked at."""
        self.main.action_export()

    def action_suspend_process(self) -> None:
        """Stop as any program does at this key, with whatever started it, so that the shell has the terminal again."""
        if self._driver is None or not self._driver.can_suspend:
            return
        if os.getpgrp() == os.getsid(0):
            # A terminal's or ssh's only program: stopped, it would be there for ever.
            self.tell("not suspended: there is no shell here that could bring it back")
            return
        # First the terminal is given back: whoever has stopped may not touch it any more.
        with self.suspend():
            os.kill(0, signal.SIGTSTP)

    def action_picture(self) -> None:
        """Save the screen as a picture."""
        if self.preferences.reveal:
            self.tell("no picture was saved: with --reveal keys are on this screen, and only there")
            return
        svg = without_fonts(self.export_screenshot(title="trackerwatch"))
        name = f"trackerwatch-screen-{self.picture.real_now.strftime('%Y%m%d-%H%M%S')}.svg"
        path, problem = write_new(self.preferences.folder, name, svg)
        self.tell(f"picture of the screen saved to {path}" if path else f"no picture was saved: {problem}")

    def action_wear(self) -> None:
        """Choose a theme; the screen shows each on the way."""
        before = self.theme

        def take(choice: Choice | None) -> None:
            if choice is None:
                self.theme = before
            else:
                self.choose_theme(choice.label)

        offered = handful(themes.offered(self.preferences.colors), before)
        self.push_screen(ThemeScreen(offered, partial(setattr, self, "theme")), take)

    def choose_theme(self, name: str) -> None:
        """Wear a theme from now on, also in later runs where the config names none."""
        self.theme = self.chosen_theme = name
        self.tell(f"theme {name}")

    def write_to_terminal(self, sequence: str) -> None:
        """Send something that draws nothing."""
        if self._driver is not None:
            self._driver.write(sequence)
