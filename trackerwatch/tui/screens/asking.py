"""What a user asks of the engine for the selection, and what it came to."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Protocol, cast

from trackerwatch.config.moments import read_until
from trackerwatch.config.values import WrongValueError
from trackerwatch.engine.commands import DisableTrackers, MuteTrackers, SetInterval, Undo
from trackerwatch.tui.lines.group_subject import GroupSubject
from trackerwatch.tui.lines.ink import safe, width_of
from trackerwatch.tui.lines.subject import TorrentSubject, TrackerSubject
from trackerwatch.tui.model import choices, typed
from trackerwatch.tui.screens.answer import AnswerScreen
from trackerwatch.tui.screens.binding import key
from trackerwatch.tui.screens.choice import ChoiceScreen
from trackerwatch.tui.screens.opening import OpeningScreen
from trackerwatch.tui.screens.trial import TrialScreen

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from textual.binding import BindingType

    from trackerwatch.engine.commands import Command
    from trackerwatch.engine.views import TrackerView, Trial
    from trackerwatch.history import History
    from trackerwatch.tui.model.choices import Choice
    from trackerwatch.tui.model.picture import Picture
    from trackerwatch.tui.preferences import Preferences

READ_ONLY = "read only: this screen was started to look alone (--read-only)"
NOTHING = "nothing selected: choose a row in 1 Trackers or 2 Torrents"
UNDOES = "u undoes it"
KEPT = "kept in the state file"
NOT_KEPT = "for this run"


class Lobby(Protocol):
    """What the screen needs of its app."""

    preferences: Preferences
    try_out: Callable[[str], Awaitable[Trial]] | None


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
        key("m", "mute", "mute", "mute", "Mute the selected tracker, or take that back", show=True),
        key("d", "disable", "off", "disable", "Ask the selected tracker no more, or again"),
        key("i", "interval", "interval", "interval", "Ask the selected tracker at another interval"),
        key("u", "undo", "undo", "undo", "Undo the latest mute, disable, interval or added tracker"),
        key("plus", "try", "try", "try", "Try a tracker by its URL, and watch it for this run"),
        key("a", "announce", "announce", "announce", "Announce the selected torrent now", show=True),
        key("w", "walk", "walk as", "walk", "Walk the tiers as another client would", show=True),
    ]

    def __init__(self, picture: Picture, do: Callable[[Command], str], history: History | None = None) -> None:
        """Args: what to show, whom to tell what the user asks for, and whom to ask about the past."""
        super().__init__(picture, history)
        self.do = do

    @property
    def lobby(self) -> Lobby:
        """The app, as far as this screen knows it."""
        return cast("Lobby", self.app)

    def looks_alone(self) -> bool:
        """Whether nothing may be asked or changed; then it says so."""
        if self.lobby.preferences.read_only:
            self.say(READ_ONLY)
            return True
        if self.picture.broken:
            # Whoever would do it is no more.
            self.say(f"not done: {safe(self.picture.broken)}")
            return True
        return False

    # -- at once -------------------------------------------------------------------------------------------------------

    def action_recheck(self) -> None:
        """Ask again now."""
        selected = self.selected
        if self.looks_alone():
            return
        if selected is None:
            self.say(NOTHING)
        elif (command := selected.recheck) is None:
            self.say("this torrent lists no tracker to ask: + tries one and adds it")
        else:
            self.say(self.do(command))

    def action_announce(self) -> None:
        """Announce the selected torrent."""
        selected = self.selected
        if self.looks_alone():
            return
        if selected is None:
            self.say(NOTHING)
        elif (command := selected.announce) is None:
            folder = isinstance(selected, GroupSubject) and not selected.of_trackers
            where = "the cursor is on a folder: choose a torrent" if folder else "choose one in 2 Torrents"
            self.say(f"announcing is for a torrent: {where}")
        else:
            self.say(self.do(command))

    def action_undo(self) -> None:
        """Take the latest order back."""
        if not self.looks_alone():
            self.say(self.do(Undo()))

    def action_walk(self) -> None:
        """Choose the client as which failover is walked."""
        if self.looks_alone():
            return
        snapshot = self.picture.snapshot
        current = snapshot.client if snapshot else ""
        self._choose("Walk the tiers as which client?", choices.clients(current), self.ask)

    def ask(self, choice: Choice | None) -> None:
        """Ask for what was chosen, if something was."""
        if choice is not None and choice.command is not None and not self.looks_alone():
            self.say(self.do(choice.command))

    # -- orders for trackers -------------------------------------------------------------------------------------------

    def trackers_meant(self, what: str) -> tuple[TrackerView, ...]:
        """The trackers that an order is for: the selected one, or those of the selected host; else says what to choose.

        Args:
            what: What would be done, as the beginning of a sentence ("muting").
        """
        selected = self.selected
        if self.looks_alone():
            return ()
        if isinstance(selected, TrackerSubject):
            return (selected.view,)
        if isinstance(selected, GroupSubject) and selected.of_trackers:
            views = (self.picture.tracker(index) for index in selected.group.members)
            return tuple(view for view in views if view is not None)
        self.say(f"{what} is for a tracker: choose one in 1 Trackers")
        return ()

    def _for_trackers(self, what: str, then: Callable[[tuple[TrackerView, ...]], None]) -> None:
        """Go on with the trackers that are meant; of a torrent's, one is chosen first.

        Args:
            what: As of `trackers_meant`.
            then: What is asked about them.
        """
        selected = self.selected
        if not isinstance(selected, TorrentSubject):
            if views := self.trackers_meant(what):
                then(views)
            return
        if self.looks_alone():
            return
        indices = dict.fromkeys(answer.tracker_index for answer in selected.view.answers)
        found = [view for view in map(self.picture.tracker, indices) if view is not None]
        # Stable: behind the active one they stay in the order of their tiers.
        found.sort(key=lambda view: view.tracker != selected.view.failover.active)
        if not found:
            self.say("this torrent lists no tracker")
            return
        offered = choices.of_torrent(found, selected.view.failover.active)

        def chosen(choice: Choice | None) -> None:
            if choice is not None:
                number = next(n for n, one in enumerate(offered) if one is choice)
                then((found[number],))

        self._choose(f"{what[:1].upper()}{what[1:]}: for which tracker of the torrent?", offered, chosen)

    def action_mute(self) -> None:
        """Choose for how long the selected tracker is muted, and say why; or take that back."""
        self._for_trackers("muting", self._mute)

    def _mute(self, views: tuple[TrackerView, ...]) -> None:
        offered = choices.mutes(views, self.picture.real_now)
        self._choose(choices.mute_title(views), offered, partial(self._mute_chosen, views))

    def _mute_chosen(self, views: Sequence[TrackerView], choice: Choice | None) -> None:
        if choice is None:
            return
        if choice.command is None:
            screen = AnswerScreen(
                f"Mute {choices.names(views)} until when?",
                lambda text: typed.judge_until(text, self.picture.real_now),
                takes="goes on",
            )
            self.app.push_screen(screen, partial(self._mute_end_typed, views))
        elif isinstance(choice.command, MuteTrackers) and choice.command.muted:
            self._ask_why(views, choice.command)
        else:
            self._order(choice.command)

    def _mute_end_typed(self, views: Sequence[TrackerView], text: str | None) -> None:
        if text is None:
            return
        try:
            until = read_until(text, self.picture.real_now)
        except WrongValueError as error:
            # It was still to come when enter was pressed.
            self.say(str(error))
            return
        self._ask_why(views, MuteTrackers(tuple(view.index for view in views), until.timestamp(), ""))

    def _ask_why(self, views: Sequence[TrackerView], command: MuteTrackers) -> None:
        def typed_why(text: str | None) -> None:
            if text is not None:
                self._order(replace(command, why=text.strip()))

        told = ("It stands beside the tracker here and in reports.",)
        screen = AnswerScreen(
            f"2 of 2: why is {choices.names(views)} muted? Enter alone leaves it out.",
            typed.judge_why,
            told=told,
            takes="mutes",
            placeholder="why",
        )
        self.app.push_screen(screen, typed_why)

    def action_disable(self) -> None:
        """Ask the selected tracker no more, once that is confirmed; or again, at once."""
        self._for_trackers("switching off", self._disable)

    def _disable(self, views: tuple[TrackerView, ...]) -> None:
        indices = tuple(view.index for view in views)
        if all(view.disabled is not None for view in views):
            self._order(DisableTrackers(indices, "", disabled=False))
            return

        def typed_why(text: str | None) -> None:
            if text is not None:
                self._order(DisableTrackers(indices, text.strip()))

        screen = AnswerScreen(
            f"Switch {choices.names(views)} off?",
            typed.judge_why,
            told=choices.disable_told(views),
            takes="switches it off",
            placeholder="why",
        )
        self.app.push_screen(screen, typed_why)

    def action_interval(self) -> None:
        """Type how often the selected tracker is asked."""
        self._for_trackers("an interval of its own", self._interval)

    def _interval(self, views: tuple[TrackerView, ...]) -> None:
        indices = tuple(view.index for view in views)

        def typed_interval(text: str | None) -> None:
            if text is not None:
                self._order(SetInterval(indices, typed.read_interval(text, views)))

        screen = AnswerScreen(
            f"Ask {choices.names(views)} how often?",
            lambda text: typed.judge_interval(text, views),
            told=choices.interval_told(views),
            takes="takes it",
            value=choices.interval_value(views),
            placeholder="20m, 2h, 1d",
        )
        self.app.push_screen(screen, typed_interval)

    def action_try(self) -> None:
        """Type the URL of a tracker, ask it once, and watch it if it is worth it."""
        try_out = self.lobby.try_out
        if self.looks_alone():
            return
        if try_out is None:
            self.say("no tracker can be tried here")
            return
        selected = self.selected
        torrent = selected.view if isinstance(selected, TorrentSubject) else None

        def typed_url(text: str | None) -> None:
            if text is not None:
                url = text.strip()
                screen = TrialScreen(url, try_out, torrent=torrent, snapshot=lambda: self.picture.snapshot)
                self.app.push_screen(screen, self._watch)

        screen = AnswerScreen(
            "Try which tracker? It is asked once, for no torrent.",
            lambda text: typed.judge_url(text, self.picture.snapshot),
            takes="asks it",
            placeholder="udp://tracker.example.org:6969/announce",
        )
        self.app.push_screen(screen, typed_url)

    def _watch(self, choice: Choice | None) -> None:
        if choice is not None and choice.command is not None and not self.looks_alone():
            self.say(self.do(choice.command))

    def _order(self, command: Command) -> None:
        """Give an order, and say how it is undone and how long it holds."""
        if self.looks_alone():
            return
        # The layout and orders are in one file, or in none.
        keeps = self.lobby.preferences.layout is not None
        said = f"{self.do(command)}; {UNDOES}"
        longer = f"{said}; {KEPT if keeps else NOT_KEPT}"
        # What was done comes first; where it is kept is told where there is room.
        self.say(longer if width_of(longer) < self.size.width else said)

    def _choose(self, title: str, offered: Sequence[Choice], then: Callable[[Choice | None], None]) -> None:
        self.app.push_screen(ChoiceScreen(title, offered), then)
