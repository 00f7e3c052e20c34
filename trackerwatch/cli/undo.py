"""`trackerwatch undo`: takes the latest order back."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import Namespace

    from trackerwatch.cli.arguments import Commands

NAME = "undo"


def register(commands: Commands) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        NAME,
        help="take back the latest mute, disable or interval",
        description="Take back the latest change of what is muted, switched off or asked at an interval of its own,\n"
        "whether it was made here or on the live screen. Again: the one before it.",
    )
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Take it back."""
    from trackerwatch.cli.orders import undo  # noqa: PLC0415 - only when a command runs

    return undo(arguments)
