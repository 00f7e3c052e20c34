"""Whatever is pressed, in whatever order, while whatever comes in: nothing fails, and `Q` or ctrl+c always quits."""

from __future__ import annotations

import contextlib
import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from textual import events
from textual.pilot import OutOfBounds

from tests.tui.feeds import before, in_folders, marked_trackers, rich_events, rich_torrents, snapshot
from tests.tui.screens import show
from trackerwatch.engine.views import Trial
from trackerwatch.tui.preferences import Preferences

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot

    from tests.tui.screens import Show
    from trackerwatch.engine.views import Snapshot

KEYS = (
    *"/sSfpz1234?:qrmawcdijkgGnNtvZFyeEThlu+ 0569",
    *("tab", "shift+tab", "enter", "enter", "enter", "escape", "escape", "space", "space", "backspace", "delete"),
    *("up", "down", "left", "right", "home", "end", "pageup", "pagedown", "f1"),
    *("ctrl+d", "ctrl+u", "ctrl+f", "ctrl+b", "ctrl+o", "ctrl+p", "ctrl+a", "ctrl+k", "ctrl+w"),
)
SIZES = ((80, 24), (160, 50), (20, 5), (1, 1), (40, 10), (120, 36), (3, 200), (300, 2))
HOSTILE = (
    *("", "\x1b]52;c;QUJD\x07", "\u202egnp.exe", "[bold red]x[/] $error", "🎬" * 200, "a" + "\u0301" * 500),
    *("x\r\ny\x00\x08\x1b[2J", "name~/(a+)+$/", "@me & @me", '"', "(" * 300, "seeders<3 & !", "udp://[::1", "9" * 300),
)
ESCAPING = frozenset("\x1b\x07\x9b\u202e\r\n\x00")
MOVES = 60


def pictures() -> list[Snapshot]:
    """What a run may show one after the other: a version each."""
    folders = in_folders()
    trackers = folders.trackers
    rich = snapshot(trackers, rich_torrents(trackers), events=rich_events())
    gone = snapshot(trackers, rich_torrents(trackers), events=rich_events())
    gone.torrents.listed = range(150, 200)
    retired = tuple(replace(view, retired=view.index % 2 == 0, torrents=0) for view in trackers)
    marked = (*marked_trackers(), *trackers[len(marked_trackers()) :])
    found = [
        *(rich, folders, gone, snapshot(retired, rich_torrents(retired), events=rich_events())),
        snapshot(marked, rich_torrents(marked), events=rich_events() * 50, oldest_data_at=before(9)),
    ]
    return [replace(one, version=n) for n, one in enumerate(found, 1)]


async def _try_out(url: str) -> Trial:
    if len(url) % 3 == 0:
        raise RuntimeError(url)
    return Trial(url, lines=("[bold red]up[/]", "\x1b]0;x\x07"), works=len(url) % 2 == 0)


async def _move(shown: Show, chance: random.Random, offered: list[Snapshot]) -> None:
    app, pilot = shown.app, shown.pilot
    match chance.randrange(20):
        case 0:
            size = chance.choice(SIZES)
            await pilot.resize_terminal(*size)
        case 1 | 2 if offered:
            shown.clock.advance(chance.choice((0.3, 2, 5000)))
            shown.feed.post(chance.choice(offered), torrents=chance.choice((None, frozenset({1, 2, 70}))))
            app.tick()
        case 3:
            app.post_message(events.Paste(chance.choice(HOSTILE)))
        case 4:
            size = app.size
            with contextlib.suppress(OutOfBounds):
                await pilot.click(
                    offset=(chance.randrange(size.width), chance.randrange(size.height)), times=chance.choice((1, 2))
                )
        case 5:
            app.picture.broken = chance.choice(("", "asking has stopped: \x1b[2J[bold]"))
            app.redraw()
        case _:
            key = chance.choice(KEYS)
            # Most runs go on to their end.
            if key not in "qQ" or app.screen is not app.main or chance.random() < 0.05:
                await _press(pilot, key)


async def _press(pilot: Pilot[None], key: str) -> None:
    await pilot.press({" ": "space", "/": "slash", "+": "plus", ":": "colon", "?": "question_mark"}.get(key, key))


async def _monkey(
    seed: int, first: Snapshot | None, offered: list[Snapshot], folder: Path, size: tuple[int, int]
) -> None:
    chance = random.Random(seed)
    given = {"me": "@me", "worst": "seeders<3", "[red]\x1b": "(", "long": "name~" + "a" * 900}
    preferences = Preferences(folder=folder, filters=given)
    async with show(first, size=size, preferences=preferences, try_out=_try_out) as shown:
        for _ in range(MOVES):
            if not shown.app.is_running or shown.app._exit:
                # `Q` and `q` are keys, too.
                break
            await _move(shown, chance, offered)
            assert shown.app.failure is None
            assert not any(ESCAPING & set(line) for line in shown.lines)
        await shown.pilot.press("ctrl+q")
        await shown.pilot.pause()
        assert shown.app._exit
    assert shown.app.failure is None


@pytest.mark.parametrize("seed", range(6))
async def test_any_keys_while_pictures_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    monkeypatch.setenv("TERM", "vt100")
    monkeypatch.delenv("TMUX", raising=False)
    offered = pictures()
    await _monkey(seed, offered[seed % len(offered)], offered, tmp_path, SIZES[seed % 3])
