"""Draw the pictures of the documentation from the running demo: `python docs/images/make.py [FOLDER]`.

They are what the screen shows about a hundred seconds after the start, when one tracker has just died for the third time. The
`@font-face` rules that Textual writes are taken out: they would load a font from elsewhere.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
import uuid
from pathlib import Path

from trackerwatch.demo.run import serve
from trackerwatch.demo.screen import demo_engine
from trackerwatch.store import Store
from trackerwatch.tui.app import TrackerwatchApp

PICTURES = {
    "wide": ((160, 48), ()),
    "small": ((80, 24), ()),
    "history": ((120, 34), ("1", "home", "3")),
}
"""Size, and the keys that are pressed before the picture is taken."""
SETTLED_S = 111.5


async def main(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as past:
        store = Store.open(Path(past) / "history.db", vantage_id=str(uuid.uuid4()), vantage_name="demo")
        try:
            await draw(folder, store)
        finally:
            store.close()


async def draw(folder: Path, store: Store) -> None:
    async with serve():
        engine = demo_engine(keeper=store)
        running = asyncio.create_task(engine.run())
        await asyncio.sleep(SETTLED_S)
        for name, (size, keys) in PICTURES.items():
            app = TrackerwatchApp(engine.feed(), do=engine.do, history=store)
            async with app.run_test(size=size) as pilot:
                await pilot.press(*keys)
                await pilot.pause(1.0)
                svg = re.sub(r"@font-face\s*\{[^}]*\}", "", app.export_screenshot(title="trackerwatch demo"))
                (folder / f"screen-{name}.svg").write_text(svg, encoding="utf-8")
        await engine.stop()
        await running


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent))
