"""`trackerwatch watch INPUT...`: the live screen."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from trackerwatch.cli.arguments import add_asking, add_config, add_filter
from trackerwatch.errors import UsageError

if TYPE_CHECKING:
    from trackerwatch.cli.arguments import Commands

NAME = "watch"


def register(commands: Commands) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        NAME,
        help="the live screen (the default command)",
        description="Watch trackers and torrents live.",
    )
    parser.add_argument("inputs", nargs="+", metavar="INPUT", help="torrent, folder, magnet, URL, .txt list, or -")
    # Promised for later; known by name, so that asking for one gets an answer instead of "unrecognized".
    parser.add_argument("--plain", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--headless", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--listen", metavar="ADDR:PORT", help=argparse.SUPPRESS)
    add_filter(parser)
    add_config(parser)
    add_asking(parser, announce="sample")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Open the live screen."""
    for flag in ("plain", "headless", "listen"):
        if getattr(arguments, flag):
            raise UsageError(f"watch --{flag} comes in a later version; `trackerwatch report` works without a screen")
    if not sys.stdout.isatty():
        raise UsageError("the live screen needs a terminal; `trackerwatch report` works without one")
    from trackerwatch.cli.live import watch_live  # noqa: PLC0415 - textual, only when the screen opens

    return watch_live(arguments)
