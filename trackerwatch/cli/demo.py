"""`trackerwatch demo`: local trackers that fail on schedule, and the live screen on them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from trackerwatch.cli import terminal
from trackerwatch.cli.arguments import add_config, add_face, given_settings
from trackerwatch.config.settings import COLOR_WHEN, DEFAULTS

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable

    from trackerwatch.cli.arguments import Commands
    from trackerwatch.cli.longrun import Watched
    from trackerwatch.cli.narration import Narrator
    from trackerwatch.config.settings import Config
    from trackerwatch.engine.views import Event, Snapshot

NAME = "demo"


def register(commands: Commands) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        NAME,
        help="local trackers that fail on schedule; needs no network",
        description="Run small trackers on loopback that fail on schedule, and watch them.",
    )
    parser.add_argument("--headless", action="store_true", help="no screen: print the trackers' URLs and keep running")
    add_face(parser)
    add_config(parser)
    parser.add_argument("--color", choices=COLOR_WHEN, help=f"colours (default: {DEFAULTS.color})")
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Run the demo."""
    from trackerwatch.demo.run import run_headless, run_tui  # noqa: PLC0415 - asyncio, only when a command runs

    if arguments.headless:
        return run_headless()
    from trackerwatch.config.loading import load  # noqa: PLC0415 - as above

    config = load(given_settings(arguments), file=arguments.config, environment=os.environ).config
    if arguments.plain or not terminal.can_draw():
        return _run_plain(ascii_too=config.ascii, afterwards=_parting(arguments, config))
    from trackerwatch.cli.facing import preferences  # noqa: PLC0415 - only when the screen opens

    terminal.take_keys()
    # What is arranged and ordered in the demo goes with it.
    return run_tui(
        preferences=preferences(arguments, config, keep_layout=False), afterwards=_parting(arguments, config)
    )


def _parting(arguments: Namespace, config: Config) -> Callable[[Snapshot], None] | None:
    if not arguments.report_on_exit:
        return None
    from trackerwatch.cli.narration import Narrator  # noqa: PLC0415 - as above
    from trackerwatch.cli.parting import PartingReport  # noqa: PLC0415 - as above

    return PartingReport(vantage="demo", color=config.color, narrator=Narrator()).show


def _run_plain(*, ascii_too: bool, afterwards: Callable[[Snapshot], None] | None) -> int:
    from trackerwatch.cli.longrun import Ending  # noqa: PLC0415 - as above
    from trackerwatch.cli.narration import Narrator  # noqa: PLC0415 - as above
    from trackerwatch.cli.plain import tell  # noqa: PLC0415 - as above
    from trackerwatch.demo.run import serve_in_thread  # noqa: PLC0415 - as above

    narrator = Narrator(repaints=False)
    with serve_in_thread() as demo:
        for note in demo.notes(own_screen=True):
            narrator.say(note)
        return tell(_Samples(), narrator, Ending(), ascii_too=ascii_too, afterwards=afterwards)


class _Samples:
    """The demo's torrents, on its trackers."""

    async def open(self, narrator: Narrator) -> Watched | None:
        """An engine that is ready to run."""
        from trackerwatch.demo.screen import demo_engine  # noqa: PLC0415 - httpx, only when something is asked

        del narrator
        return demo_engine()

    async def reload(self) -> Event | None:
        """There is nothing to read."""
        return None

    async def close(self) -> None:
        """The engine has closed its sockets."""
