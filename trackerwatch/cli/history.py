"""`trackerwatch history [TRACKER]`: what is remembered: uptime, latency, outages; asks nobody."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from trackerwatch.cli.arguments import add_config, file_name
from trackerwatch.config.settings import COLOR_WHEN, DEFAULTS
from trackerwatch.config.values import Duration, WrongValueError

if TYPE_CHECKING:
    from trackerwatch.cli.arguments import Commands

NAME = "history"

FORMATS = ("table", "json", "csv")
SHORTEST_S = 60.0
LONGEST_S = 400 * 86400.0
"""Roll-ups are kept so long."""


def register(commands: Commands) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        NAME,
        help="uptime, latency and outages, as they were kept",
        description="Tell what the store remembers: of all trackers, worst uptime first, or everything about one.",
    )
    parser.add_argument(
        "tracker",
        nargs="?",
        metavar="TRACKER",
        help="id, URL, host or host:port (or a part of it); or a torrent's info hash (40 hex digits)",
    )
    parser.add_argument(
        "--since", type=window, default="24h", metavar="S", help="how far back: like 90m, 24h, 30d (default: 24h)"
    )
    parser.add_argument("--format", choices=FORMATS, default=FORMATS[0], help=f"(default: {FORMATS[0]})")
    parser.add_argument(
        "--store", type=file_name, metavar="FILE", help="the store (default: in the user's data folder)"
    )
    parser.add_argument("--color", choices=COLOR_WHEN, help=f"colours (default: {DEFAULTS.color})")
    add_config(parser)
    parser.set_defaults(run=run)


def window(text: str) -> tuple[str, float]:
    """A stretch of time up to now: as people write it, and its seconds."""
    try:
        span_s = Duration(at_least_s=SHORTEST_S, at_most_s=LONGEST_S).read(text)
    except WrongValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    written = text.strip().lower()
    return (written if written[-1:].isalpha() else f"{written}s", span_s)


def run(arguments: argparse.Namespace) -> int:
    """Tell it."""
    from trackerwatch.cli.past import tell_history  # noqa: PLC0415 - asyncio, only when a command runs

    return tell_history(arguments)
