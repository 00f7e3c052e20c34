"""`trackerwatch interval TRACKER 5m`: one tracker is asked at an interval of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.cli.arguments import add_config
from trackerwatch.cli.mute import WHOM, add_off

if TYPE_CHECKING:
    from argparse import Namespace

    from trackerwatch.cli.arguments import Commands

NAME = "interval"


def register(commands: Commands) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        NAME,
        help="ask a tracker at an interval of its own; --off as the settings say",
        description="Ask a tracker at an interval of its own, as far as manners and its own wish allow.\n"
        "A watch that runs takes changes over within seconds; `trackerwatch mute` lists them.",
    )
    parser.add_argument("tracker", metavar="TRACKER", help=WHOM)
    parser.add_argument("every", nargs="?", metavar="S", help="between two scrapes, like 5m")
    add_off(parser)
    add_config(parser)
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Write it down."""
    from trackerwatch.cli.orders import interval  # noqa: PLC0415 - only when a command runs

    return interval(arguments)
