"""`trackerwatch disable TRACKER`: nothing is sent to it any more, and it counts for nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.cli.arguments import add_config
from trackerwatch.cli.mute import WHOM, add_off

if TYPE_CHECKING:
    from argparse import Namespace

    from trackerwatch.cli.arguments import Commands

NAME = "disable"


def register(commands: Commands) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        NAME,
        help="send a tracker nothing more; --off asks it again",
        description="Send a tracker nothing more: no probe, no announce. It counts for nothing in verdicts and failover.\n"
        "A watch that runs takes changes over within seconds; `trackerwatch mute` lists what is switched off.",
    )
    parser.add_argument("tracker", metavar="TRACKER", help=WHOM)
    add_off(parser)
    parser.add_argument("--why", metavar="TEXT", help="a word on it, for lists and reports")
    add_config(parser)
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Write it down."""
    from trackerwatch.cli.orders import disable  # noqa: PLC0415 - only when a command runs

    return disable(arguments)
