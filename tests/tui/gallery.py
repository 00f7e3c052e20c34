"""Pictures of the TUI for people: `python -m tests.tui.gallery DIRECTORY` writes SVG files, no test runs this."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.tui.feeds import Clock, HandFeed, rich_snapshot, snapshot
from trackerwatch.tui.app import TrackerwatchApp

SHOTS = {
    "main-80x24": ((80, 24), ()),
    "torrents-80x24": ((80, 24), ("2", "down")),
    "detail-80x24": ((80, 24), ("enter",)),
    "torrent-detail-80x24": ((80, 24), ("2", "down", "down", "enter")),
    "events-80x24": ((80, 24), ("4",)),
    "filter-80x24": ((80, 24), ("2", "slash", *"seeders<3", "enter")),
    "typing-80x24": ((80, 24), ("2", "slash", *"seedrs<", "enter")),
    "help-80x24": ((80, 24), ("question_mark",)),
    "palette-80x24": ((80, 24), ("colon",)),
    "paused-80x24": ((80, 24), ("p",)),
    "main-40x12": ((40, 12), ()),
    "main-20x5": ((20, 5), ()),
    "main-160x48": ((160, 48), ()),
    "torrents-160x48": ((160, 48), ("2", "down", "down")),
    "main-120x36": ((120, 36), ()),
    "main-200x60": ((200, 60), ("2", "f")),
    "start-80x24": ((80, 24), ()),
}


async def draw(directory: Path, only: tuple[str, ...]) -> None:
    for name, (size, keys) in SHOTS.items():
        if only and name not in only:
            continue
        shown = snapshot() if name.startswith("start") else rich_snapshot()
        app = TrackerwatchApp(HandFeed(shown), do=lambda command: "asked in 4 s", clock=Clock(), tick_s=None)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await pilot.press(*keys)
            await pilot.pause(0.5 if name.startswith("palette") else 0)
            (directory / f"{name}.svg").write_text(app.export_screenshot())


if __name__ == "__main__":
    asyncio.run(draw(Path(sys.argv[1]), tuple(sys.argv[2:])))
