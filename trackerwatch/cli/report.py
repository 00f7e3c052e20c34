"""`trackerwatch report INPUT...`: one look at everything, a verdict in the exit code, facts in a format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.cli.arguments import (
    add_asking,
    add_config,
    add_deadline,
    add_filter,
    add_freshness,
    add_outputs,
    add_policy,
    add_vantages,
    add_wait,
)
from trackerwatch.errors import UsageError

if TYPE_CHECKING:
    from argparse import Namespace

    from trackerwatch.cli.arguments import Commands

NAME = "report"


def register(commands: Commands) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        NAME,
        help="one look at everything: verdict, problems, counts",
        description="Ask every tracker once and report. The exit code is the verdict.",
    )
    parser.add_argument("inputs", nargs="*", metavar="INPUT", help="torrent, folder, magnet, URL, .txt list, or -")
    add_filter(parser)
    add_config(parser)
    add_outputs(parser)
    add_policy(parser)
    add_vantages(parser)
    add_deadline(parser)
    add_wait(parser)
    add_asking(parser, announce="fallback")
    add_freshness(parser)
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Make the report."""
    if arguments.vantages:
        from trackerwatch.cli.vantages import report_on_vantages  # noqa: PLC0415 - only when a command runs

        return report_on_vantages(arguments)
    if arguments.quorum is not None:
        raise UsageError("--quorum is about several vantages: give it their reports with --from FILE")
    if not arguments.inputs:
        raise UsageError("report needs INPUT: torrents, folders, magnets, URLs or lists (or --from FILE)")
    from trackerwatch.cli.oneshot import report_on_inputs, run_once  # noqa: PLC0415 - asyncio, only when a command runs

    return run_once(arguments, report_on_inputs)
