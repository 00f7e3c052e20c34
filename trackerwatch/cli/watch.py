"""`trackerwatch watch INPUT...`: the live screen, or lines without one."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from trackerwatch.cli import terminal
from trackerwatch.cli.arguments import add_asking, add_config, add_face, add_filter
from trackerwatch.errors import UsageError

if TYPE_CHECKING:
    from trackerwatch.cli.arguments import Commands

NAME = "watch"


def register(commands: Commands) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        NAME,
        help="the live screen (the default command), or lines of text or JSON",
        description="Watch trackers and torrents live.",
    )
    parser.add_argument("inputs", nargs="+", metavar="INPUT", help="torrent, folder, magnet, URL, .txt list, or -")
    parser.add_argument(
        "--headless", action="store_true", help="no screen: events on stdout as JSON lines, until SIGTERM or Ctrl-C"
    )
    add_face(parser)
    # Promised for later; known by name, so that asking for it gets an answer instead of "unrecognized".
    parser.add_argument("--listen", metavar="ADDR:PORT", help=argparse.SUPPRESS)
    add_filter(parser)
    add_config(parser)
    add_asking(parser, announce="sample")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Watch: with a screen where there can be one, else in lines."""
    if arguments.listen:
        raise UsageError("watch --listen comes in a later version; `trackerwatch watch --headless` needs no screen")
    if arguments.headless:
        from trackerwatch.cli.headless import watch_headless  # noqa: PLC0415 - asyncio, only when a command runs

        return watch_headless(arguments)
    if arguments.plain or not terminal.can_draw():
        from trackerwatch.cli.plain import watch_plain  # noqa: PLC0415 - asyncio, only when a command runs

        return watch_plain(arguments)
    if "-" not in arguments.inputs:
        # With `-` the list is read first.
        terminal.take_keys()
    from trackerwatch.cli.live import watch_live  # noqa: PLC0415 - textual, only when the screen opens

    return watch_live(arguments)
