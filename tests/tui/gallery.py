"""Pictures of the TUI for people: `python -m tests.tui.gallery DIRECTORY` writes SVG files, no test runs this."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

from tests.tui.feeds import (
    Clock,
    HandFeed,
    before,
    event,
    in_folders,
    marked_trackers,
    rich_events,
    rich_snapshot,
    rich_torrents,
    snapshot,
)
from tests.tui.pasts import FakeHistory, moved
from trackerwatch.engine.views import EventKind, LocalState, OurselvesView, Snapshot
from trackerwatch.tui.app import TrackerwatchApp

SHOTS = {
    "main-80x24": ((80, 24), ()),
    "torrents-80x24": ((80, 24), ("2", "down")),
    "detail-80x24": ((80, 24), ("3",)),
    "torrent-detail-80x24": ((80, 24), ("2", "down", "down", "3")),
    "full-80x24": ((80, 24), ("enter",)),
    "full-past-120x35": ((120, 35), ("enter", "3")),
    "full-200x60": ((200, 60), ("enter",)),
    "full-torrent-80x24": ((80, 24), ("2", "down", "down", "enter")),
    "full-torrent-160x48": ((160, 48), ("2", "down", "down", "enter")),
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
    "groups-80x24": ((80, 24), ("2", "t")),
    "groups-trackers-80x24": ((80, 24), ("t",)),
    "groups-160x48": ((160, 48), ("t", "2", "t", "Z", "home")),
    "groups-coverage-80x24": ((80, 24), ("2", "f", "v", *["down"] * 9)),
    "groups-coverage-160x48": ((160, 48), ("2", "f", "v", *["down"] * 9, "right")),
    "start-80x24": ((80, 24), ()),
    "past-80x24": ((80, 24), ("3",)),
    "past-below-80x24": ((80, 24), ("3", "pagedown")),
    "past-100x60": ((100, 60), ("3",)),
    "past-160x48": ((160, 48), ()),
    "past-torrent-80x24": ((80, 24), ("2", "3", "G")),
    "past-torrent-160x48": ((160, 48), ("2", "down", "3", "G")),
    "marks-80x24": ((80, 24), ()),
    "marks-160x48": ((160, 48), ()),
    "troubles-80x24": ((80, 24), ()),
    "troubles-160x48": ((160, 48), ()),
    "offline-80x24": ((80, 24), ()),
    "mute-80x24": ((80, 24), ("m",)),
    "until-80x24": ((80, 24), ("m", "4", *"3d")),
    "why-80x24": ((80, 24), ("m", "1")),
    "disable-80x24": ((80, 24), ("d",)),
    "interval-80x24": ((80, 24), ("i", *"5s")),
    "walk-80x24": ((80, 24), ("w",)),
    "news-80x24": ((80, 24), ()),
    "news-160x48": ((160, 48), ()),
}


MOVES = (
    moved(9 * 86400, "failed_over", "tracker.foo.org:6969 timeout -> tracker.example.org:1337"),
    moved(9 * 86400 - 3600, "promoted", "back on tracker.foo.org:6969"),
    moved(811, "failed_over", "tracker.foo.org:6969 refused -> tracker.example.org:1337"),
)
SEEDERS = tuple(
    (hours * 3600.0, 12 + hours * 7 % 9 if hours not in range(40, 52) else 0) for hours in range(140, 0, -4)
)
"""Seconds ago, and how many."""
NEWS = (
    event(7, EventKind.STATE_CHANGED, "open.baz.io:1337 down: timeout", ago_s=0, to_state="down"),
    event(8, EventKind.FAILED_OVER, "12 torrents failed over to tracker.example.org:1337"),
    event(9, EventKind.RECOVERED, "tracker.foo.org:6969 is up again after 15m"),
)
TROUBLES = OurselvesView(LocalState.UDP_BLOCKED, before(900), "no answer over UDP, TCP works", "the disk is full")
OFFLINE = OurselvesView(LocalState.OFFLINE, before(7290), "no network route")


def picture_of(kind: str) -> Snapshot:
    """The snapshot behind a kind of picture."""
    if kind == "start":
        return snapshot()
    if kind == "groups":
        return in_folders()
    if kind in ("marks", "troubles"):
        trackers = marked_trackers()
        more = {"ourselves": TROUBLES, "client": "libtorrent"} if kind == "troubles" else {}
        return snapshot(trackers, rich_torrents(trackers), events=rich_events(), **more)
    return rich_snapshot(**({"ourselves": OFFLINE} if kind == "offline" else {}))


async def draw(directory: Path, only: tuple[str, ...]) -> None:
    for name, (size, keys) in SHOTS.items():
        if only and name not in only:
            continue
        kind = name.partition("-")[0]
        clock, feed = Clock(), HandFeed(picture_of(kind))
        history = None
        if kind in ("past", "marks", "full"):
            history = FakeHistory(*MOVES, last_seeder_ago_s=3 * 86400, seeders=SEEDERS)
        app = TrackerwatchApp(feed, do=lambda command: "asked in 4 s", history=history, clock=clock, tick_s=None)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await pilot.press(*keys)
            if kind in ("past", "marks", "news", "full"):
                if kind == "news":
                    feed.post(replace(picture_of(kind), events=(*rich_events(), *NEWS)), events=NEWS)
                await pilot.pause(0.2)
                for later_s in (65 if kind == "news" else 1, 1):
                    clock.advance(later_s)
                    app.tick()
                    await pilot.pause(0.2)
                if "G" in keys:
                    await pilot.press("G")
            await pilot.pause(0.5 if name.startswith("palette") else 0)
            (directory / f"{name}.svg").write_text(app.export_screenshot())


if __name__ == "__main__":
    asyncio.run(draw(Path(sys.argv[1]), tuple(sys.argv[2:])))
