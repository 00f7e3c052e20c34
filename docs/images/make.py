"""Draw the pictures of the documentation from the running demo: `python docs/images/make.py [FOLDER]`.

They are what the screen shows about fifteen seconds after the start, when one tracker has just died. The `@font-face` rules
that Textual writes are taken out: they would load a font from elsewhere.
"""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

from trackerwatch.demo.run import serve
from trackerwatch.demo.screen import demo_engine
from trackerwatch.tui.app import TrackerwatchApp

SIZES = {"wide": (160, 48), "small": (80, 24)}
SETTLED_S = 15.5


async def main(folder: Path) -> None:
    async with serve():
        engine = demo_engine()
        running = asyncio.create_task(engine.run())
        await asyncio.sleep(SETTLED_S)
        for name, size in SIZES.items():
            app = TrackerwatchApp(engine.feed(), do=engine.do)
            async with app.run_test(size=size) as pilot:
                await pilot.pause(0.5)
                svg = re.sub(r"@font-face\s*\{[^}]*\}", "", app.export_screenshot(title="trackerwatch demo"))
                (folder / f"screen-{name}.svg").write_text(svg, encoding="utf-8")
        await engine.stop()
        await running


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent))
