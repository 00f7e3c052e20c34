"""The palette: every action of the screen below it by name, with its keys, and what can be jumped to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import CommandList, CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from trackerwatch.actions import shown_key
from trackerwatch.tui.exporting import FORMATS
from trackerwatch.tui.lines.ink import fit, safe, width_of
from trackerwatch.tui.model import choices
from trackerwatch.tui.model.ordering import TorrentSort, TrackerSort
from trackerwatch.tui.screens.coverage import CoverageScreen
from trackerwatch.tui.screens.detail import DetailScreen
from trackerwatch.tui.screens.main import MainScreen, use_rank
from trackerwatch.tui.terminal import themes

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from textual.binding import ActiveBinding
    from textual.screen import Screen

    from trackerwatch.tui.app import TrackerwatchApp

MIN_NAME = 24
"""Cells of a name that are kept where there is something beside it."""
BESIDE = 6
"""Cells of a line of the palette that are its frame's and its scroll bar's."""
MAX_JUMPS = 20
"""So many trackers are offered for a text."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One line of the palette."""

    name: str
    """Clean text."""
    keys: str
    """As people write them, with blanks between; empty: there are none."""
    told: str
    """What else there is to know, clean."""
    run: Callable[[], object]

    @property
    def text(self) -> str:
        """Name and keys in one line."""
        return f"{self.name}  [{self.keys}]" if self.keys else self.name

    def line(self, width: int) -> str:
        """One line of the palette: the name, and the keys at the right; what else there is to know where there are none.

        Args:
            width: Cells there are.
        """
        right = self.keys or self.told
        room = width - width_of(right) - 2
        return (
            f"{fit(self.name, room)}  {right}" if room >= min(width_of(self.name), MIN_NAME) else fit(self.name, width)
        )


def offers(app: TrackerwatchApp, screen: Screen[object]) -> Iterator[Offer]:
    """Everything that can be done on a screen now."""
    yield from of_bindings(app, screen)
    if isinstance(screen, MainScreen):
        yield from _of_main(screen)
    if isinstance(screen, MainScreen | DetailScreen | CoverageScreen):
        yield from _of_subject(app.main)
    for theme in themes.offered(app.preferences.colors):
        yield Offer(f"Theme {theme}", "", "colours of all panes", partial(app.choose_theme, theme))


def of_bindings(app: TrackerwatchApp, screen: Screen[object]) -> Iterator[Offer]:
    """The actions that have keys now, and those that lost theirs."""
    keys: dict[str, list[str]] = {}
    found: dict[str, ActiveBinding] = {}
    for active in screen.active_bindings.values():
        binding = active.binding
        if not binding.tooltip or binding.action == "command_palette":
            continue
        name = binding.id or binding.action
        keys.setdefault(name, [])
        if (key := shown_key(binding.key)) and key not in keys[name]:
            keys[name].append(key)
        found.setdefault(name, active)

    def rank(item: tuple[str, ActiveBinding]) -> tuple[int, bool]:
        # What is used most comes first; what the screen itself does before how to move within a pane.
        return use_rank(item[1].binding.action), item[1].node is not screen

    for name, active in sorted(found.items(), key=rank):
        run = partial(app.run_action, active.binding.action, active.node)
        yield Offer(active.binding.tooltip, " ".join(keys[name]), name, cast("Callable[[], Awaitable[bool]]", run))


def _of_main(main: MainScreen) -> Iterator[Offer]:
    for name, text in main.saved.named.items():
        yield Offer(f"Filter {safe(name)}", "", safe(text), partial(main.apply_filter, text))
    for by in TrackerSort:
        yield Offer(f"Sort trackers by {by.value}", "", "again reverses", partial(main.sort_by, by))
    for order in TorrentSort:
        yield Offer(f"Sort torrents by {order.value}", "", "again reverses", partial(main.sort_by, order))


def _of_subject(main: MainScreen) -> Iterator[Offer]:
    for form, (name, told) in FORMATS.items():
        yield Offer(f"Export as {name}", "", told, partial(main.export_as, form))
    for choice in choices.clients(main.picture.snapshot.client if main.picture.snapshot else ""):
        yield Offer(f"Walk the tiers as {choice.label}", "", choice.told, partial(main.ask, choice))


def jumps(main: MainScreen, text: str) -> Iterator[Offer]:
    """Trackers whose host has this text, the first few."""
    snapshot = main.picture.snapshot
    sought = text.strip().casefold()
    if snapshot is None or not sought:
        return
    found = 0
    for view in snapshot.trackers:
        host = view.tracker.host_port
        if not view.retired and sought in host.casefold():
            told = f"{view.state.value}, {view.torrents:,} torrents; {safe(view.tracker.shown_url)}"
            yield Offer(f"Go to {safe(host)}", "", told, partial(main.go_to_tracker, view.index))
            found += 1
            if found == MAX_JUMPS:
                return


class Lister(CommandPalette):
    """Textual's palette, for every size of terminal."""

    @property
    def busy(self) -> bool:
        """Whether it still looks for what was typed: enter would take something else."""
        return any(worker.node is self and not worker.is_finished for worker in self.workers)

    def _action_command_list(self, action: str) -> None:
        # Where its list has no line, a page of it is a KeyError.
        if self.query_one(CommandList).scrollable_content_region.area:
            super()._action_command_list(action)


class Palette(Provider):
    """Gives Textual's palette our offers."""

    def _offers(self) -> Iterator[Offer]:
        return offers(cast("TrackerwatchApp", self.app), self.screen)

    def _line(self, offer: Offer) -> Content:
        return Content(offer.line(self.app.size.width - BESIDE))

    async def discover(self) -> Hits:
        """Everything, before a letter is typed."""
        for offer in self._offers():
            yield DiscoveryHit(self._line(offer), offer.run, offer.text)

    async def search(self, query: str) -> Hits:
        """What resembles the text."""
        matcher = self.matcher(query)
        for offer in self._offers():
            # By its id too: that is how a config names it.
            score = max(matcher.match(offer.name), 0.9 * matcher.match(offer.told) if offer.keys else 0.0)
            if score > 0:
                yield Hit(score, self._line(offer), offer.run, offer.text)
        if isinstance(self.screen, MainScreen):
            for offer in jumps(self.screen, query):
                yield Hit(max(0.5, matcher.match(offer.name)), self._line(offer), offer.run, offer.text)
