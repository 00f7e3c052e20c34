"""The lobby: theme, palette, the timer that pulls, and the first screen."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType

from trackerwatch.tui import choices, looks, themes, words
from trackerwatch.tui.picture import FeedLike, Picture
from trackerwatch.tui.preferences import DEFAULT, Preferences
from trackerwatch.tui.screens.main import MainScreen

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from textual.driver import Driver
    from textual.filter import LineFilter
    from textual.screen import Screen

    from trackerwatch.engine.commands import Command
    from trackerwatch.engine.views import Trial
    from trackerwatch.history import History

TICK_S = 0.22
"""Between two looks at the feed: four to five repaints a second at most."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class TrackerwatchApp(App[None]):
    """Shows a feed."""

    TITLE = "trackerwatch"
    ENABLE_COMMAND_PALETTE = True
    CSS = looks.CSS

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c,ctrl+q", "quit", "quit", show=False, priority=True, id="app.quit", tooltip="Quit at once"),
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
        super().__init__()
        self.picture = Picture(feed, clock)
        self.preferences = preferences
        looks.dress(self, preferences)
        self.try_out = try_out
        self.main = MainScreen(self.picture, do, history)
        self.failure: Exception | None = None
        """The bug that ended the screen, if one did."""
        self._tick_s = tick_s

    def get_driver_class(self) -> type[Driver]:
        """What reads keys and draws."""
        return looks.on_terminal(super().get_driver_class())

    def get_line_filters(self) -> Sequence[LineFilter]:
        """What every line of every widget goes through: characters and colours that the terminal has not are replaced."""
        return looks.filters(super().get_line_filters(), self.preferences)

    def on_mount(self) -> None:
        """Dress, and show the first screen."""
        self.theme = themes.start_with(self.preferences.theme, self.preferences.colors)
        self.push_screen(self.main)
        if self._tick_s is not None:
            self.set_interval(self._tick_s, self.tick)

    def tick(self) -> None:
        """Take what the feed has; the screen may not be up yet."""
        if self.main.ready:
            self.main.tick()

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

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette: whatever the screen below has a key for, and the theme."""
        offered = {"palette"}
        for active in screen.active_bindings.values():
            binding = active.binding
            if active.node is not screen or not binding.tooltip or binding.action in offered:
                continue
            offered.add(binding.action)
            told = f"key {words.key_name(binding.key)}"
            action = binding.action if binding.action.startswith("app.") else f"screen.{binding.action}"
            yield SystemCommand(binding.tooltip, told, partial(self.run_action, action))
        if screen is self.main:
            for choice in choices.clients(""):
                asks = partial(self.main.ask, choice)
                yield SystemCommand(f"Walk the tiers as {choice.label}", choice.told, asks)
        yield SystemCommand("Change the theme", "colours of all panes", self.action_change_theme)
