"""Running the app on a hand-made feed, and reading its screen as text."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.tui.feeds import Clock, HandFeed, rich_snapshot
from trackerwatch.tui.app import TrackerwatchApp
from trackerwatch.tui.preferences import DEFAULT, Preferences

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from textual.pilot import Pilot

    from trackerwatch.engine.commands import Command
    from trackerwatch.engine.views import Snapshot, Trial
    from trackerwatch.history import History
    from trackerwatch.tui.screens.main import MainScreen


async def settle(pilot: Pilot[None]) -> None:
    """Wait until the screen stands still: on a busy machine one pause of the pilot is too short for a new layout."""
    before = None
    for _ in range(20):
        await pilot.pause()
        now = [strip.text for strip in pilot.app.screen._compositor.render_strips()]
        if now == before:
            return
        before = now


@dataclass
class Show:
    """An app on a feed, with a clock that stands still and no timer."""

    app: TrackerwatchApp
    feed: HandFeed
    clock: Clock
    pilot: Pilot[None]
    commands: list[Command] = field(default_factory=list)

    @property
    def main(self) -> MainScreen:
        return self.app.main

    @property
    def lines(self) -> list[str]:
        return [strip.text.rstrip() for strip in self.app.screen._compositor.render_strips()]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.pilot.press(key)
        await self.settle()

    async def settle(self) -> None:
        """Wait until the screen stands still."""
        await settle(self.pilot)

    async def post(self, snapshot: Snapshot, *, later_s: float = 0, **what: object) -> None:
        self.clock.advance(later_s)
        self.feed.post(snapshot, **what)
        await self.tick()

    async def tick(self, *, later_s: float = 0) -> None:
        self.clock.advance(later_s)
        self.app.tick()
        await self.settle()

    def names(self) -> list[str]:
        """Names in the torrents table, in order."""
        table = self.app.picture.snapshot.torrents
        return [table.torrents[key].name for key in self.main.torrents.order]


@contextlib.asynccontextmanager
async def show(
    snapshot: Snapshot | None = None,
    *,
    size: tuple[int, int] = (80, 24),
    history: History | None = None,
    preferences: Preferences = DEFAULT,
    try_out: Callable[[str], Awaitable[Trial]] | None = None,
) -> AsyncIterator[Show]:
    clock = Clock()
    feed = HandFeed(rich_snapshot() if snapshot is None else snapshot)
    commands: list[Command] = []

    def do(command: Command) -> str:
        commands.append(command)
        return "asked in 4 s"

    app = TrackerwatchApp(
        feed, do=do, try_out=try_out, history=history, preferences=preferences, clock=clock, tick_s=None
    )
    async with app.run_test(size=size) as pilot:
        shown = Show(app, feed, clock, pilot, commands)
        await shown.settle()
        yield shown
