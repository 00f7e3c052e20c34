"""Draw the pictures of the documentation from the running demo: `python docs/images/make.py [FOLDER] [--png]`.

All show one moment: about a hundred seconds after the start, when one tracker has just died for the third time. The `@font-face`
rules that Textual writes are taken out: they would load a font from elsewhere. With `--png` each is drawn as a PNG too, by a
Chromium that is found on the path, to be looked at.

With `--report` nothing of that is drawn, but the HTML report in such a Chromium: of the invented release that the tests of the page
use, which has thirty days behind it.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import shutil
import subprocess
import sys
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


REPORT_SIZE = (1240, 1330)
"""Pixels."""
HIDE_MIDDLE = """
for (const name of ['changes', 'not-judged']) {
  const head = document.getElementById(name);
  let next = head.nextElementSibling;
  while (next && next.tagName !== 'H2') { const after = next.nextElementSibling; next.remove(); next = after; }
  head.remove();
}
"""


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
    browser = a_chromium()
    size = re.search(r'viewBox="0 0 ([0-9.]+) ([0-9.]+)"', path.read_text(encoding="utf-8"))
    if size is None:
        raise SystemExit(f"{path} does not say how large it is")
    window = ",".join(str(round(float(number))) for number in size.groups())
    flags = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--window-size={window}")
    shot = f"--screenshot={path.with_suffix('.png')}"
    subprocess.run([browser, *flags, shot, path.resolve().as_uri()], check=True, capture_output=True)  # noqa: S603 - our own pictures


def draw_report(folder: Path) -> Path:
    # Made-up reports and a way to a browser are kept where the tests are.
    sys.path.insert(0, str(Path(__file__).parents[2]))
    from tests.real.lab.browser import Browser  # noqa: PLC0415 - as said above
    from tests.reports import pages  # noqa: PLC0415
    from trackerwatch.reports import Style, renderer  # noqa: PLC0415

    path = folder / "report-html.png"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        page = Path(place) / "report.html"
        page.write_text("".join(renderer("html")(pages.release(), Style())), encoding="utf-8")
        browser = Browser(a_chromium(), Path(place) / "profile")
        try:
            browser.open(page, width=REPORT_SIZE[0])
            # The middle of the page is taken out: problems, torrents and trackers are what it is about.
            browser.run(HIDE_MIDDLE)
            browser.picture(path, height=REPORT_SIZE[1], scale=0.75)
        finally:
            browser.close()
    return path


def a_chromium() -> str:
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        raise SystemExit("--png and --report need a Chromium")
    return browser


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Draw the pictures of the documentation.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parent)
    parser.add_argument("--png", action="store_true", help="as PNG too, beside the SVG")
    parser.add_argument("--report", action="store_true", help="the picture of the HTML report, and no other")
    arguments = parser.parse_args()
    if arguments.report:
        draw_report(arguments.folder)
        raise SystemExit
    for drawn in asyncio.run(main(arguments.folder)):
        if arguments.png:
            as_png(drawn)
