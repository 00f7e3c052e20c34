"""`trackerwatch demo`: local trackers that fail on schedule, and the live screen on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Run the demo."""
    from trackerwatch.demo.run import run_headless, run_tui  # noqa: PLC0415 - asyncio, only when a command runs

    return run_headless() if arguments.headless else run_tui()
