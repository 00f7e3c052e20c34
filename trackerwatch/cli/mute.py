"""`trackerwatch mute [TRACKER]`: out of verdicts and alerts until a date, never out of history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.cli.arguments import add_config

if TYPE_CHECKING:
    import argparse
    from argparse import Namespace

    from trackerwatch.cli.arguments import Commands

NAME = "mute"

WHOM = "a tracker's URL, host, host:port or id"


def register(commands: Commands) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        NAME,
        help="keep a tracker out of verdicts, until a date; or list all orders",
        description="Keep a tracker out of verdicts and alerts, but not out of history.\n"
        "Without TRACKER: list what is muted, switched off, or asked at an interval of its own.\n"
        "A watch that runs takes changes over within seconds.",
    )
    parser.add_argument("tracker", nargs="?", metavar="TRACKER", help=WHOM)
    end = parser.add_mutually_exclusive_group()
    end.add_argument(
        "--until", metavar="WHEN", help="like 90m or 3d, or 2026-12-31 (its end; default: until taken back)"
    )
    add_off(end)
    parser.add_argument("--why", metavar="TEXT", help="a word on it, for lists and reports")
    add_config(parser)
    parser.set_defaults(run=run)


def add_off(group: argparse._ActionsContainer) -> None:
    """The option that takes an order back."""
    group.add_argument("--off", action="store_true", help="take it back")


def run(arguments: Namespace) -> int:
    """Write it down, or list."""
    from trackerwatch.cli.orders import mute  # noqa: PLC0415 - only when a command runs

    return mute(arguments)
