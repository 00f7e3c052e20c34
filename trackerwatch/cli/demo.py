"""`trackerwatch demo`: local trackers that fail on schedule, and the live screen on them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from trackerwatch.cli.arguments import add_config, add_face, given_settings
from trackerwatch.config.settings import COLOR_WHEN, DEFAULTS

if TYPE_CHECKING:
    from argparse import Namespace

    from trackerwatch.cli.arguments import Commands

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
    from trackerwatch.cli.facing import preferences  # noqa: PLC0415 - only when the screen opens
    from trackerwatch.config.loading import load  # noqa: PLC0415 - as above

    config = load(given_settings(arguments), file=arguments.config, environment=os.environ).config
    # What is arranged and ordered in the demo goes with it.
    return run_tui(preferences=preferences(arguments, config, keep_layout=False))
