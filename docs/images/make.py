"""Draw the pictures of the documentation from the running demo: `python docs/images/make.py [FOLDER] [--png]`.

All show one moment: about a hundred seconds after the start, when one tracker has just died for the third time. The `@font-face`
rules that Textual writes are taken out: they would load a font from elsewhere. With `--png` each is drawn as a PNG too, by a
Chromium that is found on the path, to be looked at.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import shutil
import subprocess
import tempfile
import time
import uuid
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from trackerwatch.demo.run import serve
from trackerwatch.demo.screen import demo_engine
from trackerwatch.engine.views import Snapshot, Update
from trackerwatch.store import Store
from trackerwatch.tui.app import TrackerwatchApp
from trackerwatch.tui.preferences import DEFAULT, Colors, Preferences

if TYPE_CHECKING:
    from datetime import datetime

SETTLED_S = 111.5


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture."""

    size: tuple[int, int]
    """Columns and lines."""
    keys: tuple[str, ...] = ()
    """Pressed before it is taken."""
    preferences: Preferences = DEFAULT


PICTURES = {
    "small": Picture((80, 24)),
    "medium": Picture((120, 35)),
    "wide": Picture((160, 48)),
    "large": Picture((200, 60)),
    "mono": Picture((80, 24), preferences=Preferences(colors=Colors.NONE)),
    "ascii": Picture((80, 24), preferences=Preferences(ascii=True)),
    "sixteen": Picture((80, 24), preferences=Preferences(colors=Colors.SIXTEEN)),
    "safe": Picture((120, 35), preferences=Preferences(theme="trackerwatch-safe")),
    "light": Picture((120, 35), preferences=Preferences(theme="trackerwatch-safe-light")),
    "history": Picture((120, 34), ("1", "home", "3")),
    "tracker": Picture((120, 35), ("1", "home", "enter")),
    "torrent": Picture((120, 35), ("2", "home", "enter")),
    "coverage": Picture((120, 35), ("v",)),
    "mute": Picture((80, 24), ("m",)),
    "help": Picture((80, 24), ("question_mark",)),
}
"""By the end of the file's name."""


class OneMoment:
    """A feed that gives one snapshot, once."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._left: Update | None = Update(snapshot, frozenset(range(len(snapshot.trackers))), None, snapshot.events)

    def pull(self) -> Update | None:
        """What is new."""
        update, self._left = self._left, None
        return update


async def main(folder: Path) -> list[Path]:
    with tempfile.TemporaryDirectory() as past:
        store = Store.open(Path(past) / "history.db", vantage_id=str(uuid.uuid4()), vantage_name="demo")
        try:
            async with serve():
                engine = demo_engine(keeper=store)
                running = asyncio.create_task(engine.run())
                await asyncio.sleep(SETTLED_S)
                snapshot = engine.snapshot()
                await engine.stop()
                await running
            return [await draw(folder, name, picture, snapshot, store) for name, picture in PICTURES.items()]
        finally:
            store.close()


async def draw(folder: Path, name: str, picture: Picture, snapshot: Snapshot, store: Store) -> Path:
    begun_at = time.monotonic()

    def clock() -> datetime:
        # It goes on: what the past is asked for is asked a moment after the selection stands still.
        return snapshot.taken_at + timedelta(seconds=time.monotonic() - begun_at)

    app = TrackerwatchApp(
        OneMoment(snapshot),
        do=lambda _: "",
        history=store,
        preferences=picture.preferences,
        clock=clock,
        tick_s=0.1,
    )
    async with app.run_test(size=picture.size) as pilot:
        await pilot.pause(0.5)
        await pilot.press(*picture.keys)
        # The past is asked for in a thread.
        await pilot.pause(1.5)
        svg = re.sub(r"@font-face\s*\{[^}]*\}", "", app.export_screenshot(title="trackerwatch demo"))
    path = folder / f"screen-{name}.svg"
    path.write_text(svg, encoding="utf-8")
    return path


def as_png(path: Path) -> None:
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    size = re.search(r'viewBox="0 0 ([0-9.]+) ([0-9.]+)"', path.read_text(encoding="utf-8"))
    if browser is None or size is None:
        raise SystemExit("--png needs a Chromium")
    window = ",".join(str(round(float(number))) for number in size.groups())
    flags = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--window-size={window}")
    shot = f"--screenshot={path.with_suffix('.png')}"
    subprocess.run([browser, *flags, shot, path.resolve().as_uri()], check=True, capture_output=True)  # noqa: S603 - our own pictures


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Draw the pictures of the documentation.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parent)
    parser.add_argument("--png", action="store_true", help="as PNG too, beside the SVG")
    arguments = parser.parse_args()
    for drawn in asyncio.run(main(arguments.folder)):
        if arguments.png:
            as_png(drawn)
