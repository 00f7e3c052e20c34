"""What a user asks of the engine for the selection, and what it came to."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from trackerwatch.tui import choices
from trackerwatch.tui.screens.binding import key
from trackerwatch.tui.screens.choice import ChoiceScreen
from trackerwatch.tui.screens.opening import OpeningScreen
from trackerwatch.tui.subject import TrackerSubject

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.binding import BindingType

    from trackerwatch.engine.commands import Command
    from trackerwatch.history import History
    from trackerwatch.tui.choices import Choice
    from trackerwatch.tui.picture import Picture


class AskingScreen(OpeningScreen):
    """The panes, and everything that goes from them to the engine."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key(
            "r",
            "recheck",
            "recheck",
            "recheck",
            "Ask the selected tracker, or a torrent's trackers, again now",
            show=True,
        ),
        key("m", "mute", "mute", "mute", "Mute the selected tracker while this runs, or take that back", show=True),
        key("a", "announce", "announce", "announce", "Announce the selected torrent now", show=True),
        key("w", "walk", "walk as", "walk", "Walk the tiers as another client would", show=True),
    ]

    def __init__(self, picture: Picture, do: Callable[[Command], str], history: History | None = None) -> None:
        """Args: what to show, whom to tell what the user asks for, and whom to ask about the past."""
        super().__init__(picture, history)
        self.do = do

    def action_recheck(self) -> None:
        """Ask again now."""
        selected = self.selected
        if selected is None:
            self.say("nothing selected")
        elif (command := selected.recheck) is None:
            self.say("this torrent has no tracker to ask")
        else:
            self.say(self.do(command))

    def action_announce(self) -> None:
        """Announce the selected torrent."""
        selected = self.selected
        if selected is None:
            self.say("nothing selected")
        elif (command := selected.announce) is None:
            self.say("announcing is for a torrent: choose one in 2 Torrents")
        else:
            self.say(self.do(command))

    def action_mute(self) -> None:
        """Choose for how long the selected tracker is muted, or take that back."""
        selected = self.selected
        if not isinstance(selected, TrackerSubject):
            self.say("muting is for a tracker: choose one in 1 Trackers")
            return
        now = self.picture.real_now
        self._choose(choices.mute_title(selected.view), choices.mutes(selected.view, now))

    def action_walk(self) -> None:
        """Choose the client as which failover is walked."""
        snapshot = self.picture.snapshot
        current = snapshot.client if snapshot else ""
        self._choose("Walk the tiers as which client?", choices.clients(current))

    def ask(self, choice: Choice | None) -> None:
        """Ask for what was chosen, if something was."""
        if choice is not None:
            self.say(self.do(choice.command))

    def _choose(self, title: str, offered: Sequence[Choice]) -> None:
        self.app.push_screen(ChoiceScreen(title, offered), self.ask)
