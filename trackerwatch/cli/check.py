"""`trackerwatch check URL...`: trackers alone, no torrent needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.cli.arguments import (
    add_asking,
    add_config,
    add_deadline,
    add_filter,
    add_freshness,
    add_outputs,
    add_wait,
    info_hash,
)

if TYPE_CHECKING:
    from argparse import Namespace

    from trackerwatch.cli.arguments import Commands

NAME = "check"


def register(commands: Commands) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        NAME,
        help="trackers alone, no torrent needed",
        description="Ask trackers for a sign of life. The exit code is the verdict: all down is critical.",
    )
    parser.add_argument("urls", nargs="+", metavar="URL", help="announce URL: udp://, http:// or https://")
    parser.add_argument("--info-hash", type=info_hash, metavar="H", help="ask for this torrent as well")
    add_filter(parser)
    add_config(parser)
    add_outputs(parser)
    add_deadline(parser)
    add_wait(parser)
    add_asking(parser, announce="fallback")
    add_freshness(parser)
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Make the report."""
    from trackerwatch.cli.oneshot import report_on_trackers, run_once  # noqa: PLC0415 - asyncio, only when a command runs

    return run_once(arguments, report_on_trackers)
