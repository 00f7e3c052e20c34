"""The entry point: finds the command, runs it, and turns whatever happens into an exit code and at most one message."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from trackerwatch import __version__
from trackerwatch.cli import check, config, demo, disable, doctor, history, interval, mute, report, undo, watch
from trackerwatch.cli.arguments import ArgumentParser
from trackerwatch.cli.exit_codes import ExitCode
from trackerwatch.cli.pipes import drop_stdout
from trackerwatch.cli.plugin import runs_as_plugin, tell_monitoring
from trackerwatch.errors import TrackerwatchError, UsageError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

_DESCRIPTION = """\
htop for BitTorrent trackers: live health, swarm counts and failover, and the same as reports.

INPUT is a .torrent file, a folder of them, a magnet link, the URL of a .torrent, or a .txt file
(or -) with one of these a line. `trackerwatch INPUT...` alone opens the live screen, as
`trackerwatch watch INPUT...` does.
"""
_EPILOG = """\
exit codes: 0 all well, 1 warning, 2 critical, 3 unknown or could not run, 130 interrupted
`trackerwatch COMMAND --help` tells more about each command.
"""
_COMMANDS = (watch, report, check, history, mute, disable, interval, undo, demo, doctor, config)

DEBUG_VARIABLE = "TRACKERWATCH_DEBUG"


def build_parser() -> ArgumentParser:
    """The parser with every command; importing no command's face."""
    parser = ArgumentParser(prog="trackerwatch", description=_DESCRIPTION, epilog=_EPILOG)
    parser.add_argument("--version", action="version", version=f"trackerwatch {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands", required=True)
    for command in _COMMANDS:
        command.register(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line.

    Args:
        arguments: Without the program's name. None: those of the process.

    Returns:
        The exit code, see `ExitCode`.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    parser = build_parser()
    if not words:
        parser.print_help(sys.stderr)
        return ExitCode.UNKNOWN
    try:
        parsed = _parsed(parser, with_command(words))
        code = parsed.run(parsed)
        return int(code)
    except SystemExit as leaving:  # argparse: --help, --version and mistakes
        _flush()
        code = leaving.code if isinstance(leaving.code, int) else ExitCode.UNKNOWN
        if code == ExitCode.UNKNOWN and runs_as_plugin(words):
            tell_monitoring("a mistake on the command line, told on stderr")
        return code
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        drop_stdout()
        return ExitCode.UNKNOWN
    except TrackerwatchError as error:
        _complain(str(error), pointer=getattr(error, "pointer", ""))
        if runs_as_plugin(words):
            tell_monitoring(str(error))
        return ExitCode.UNKNOWN
    except Exception as error:
        # The outermost boundary: a bug of ours is one line for people, and a traceback only for those who ask for it.
        if os.environ.get(DEBUG_VARIABLE):
            raise
        _complain(f"internal error: {type(error).__name__}: {' '.join(str(error).split())}")
        _complain(f"this is a bug; {DEBUG_VARIABLE}=1 shows where")
        if runs_as_plugin(words):
            tell_monitoring(f"internal error: {type(error).__name__}")
        return ExitCode.UNKNOWN


def _parsed(parser: ArgumentParser, words: list[str]) -> Namespace:
    """The arguments, inputs between options too: argparse takes one row of them alone."""
    parsed, left = parser.parse_known_args(words)
    more: list[str] | None = getattr(parsed, "inputs", None) or getattr(parsed, "urls", None)
    if left and (more is None or any(word.startswith("-") and word != "-" for word in left)):
        parser.of_command(parsed.command).error(f"unrecognized arguments: {' '.join(left)}")
    if more is not None:
        more += left
    return parsed


def with_command(words: list[str]) -> list[str]:
    """The same command line with its command spelled out: without one it is `watch`."""
    names = {command.NAME for command in _COMMANDS}
    if not words or words[0] in names or words[0] in ("-h", "--help", "--version"):
        return words
    if words[0].isalpha() and not os.path.exists(words[0]):  # noqa: PTH110 - a plain string of a command line
        import difflib  # noqa: PLC0415 - only for a mistake

        close = difflib.get_close_matches(words[0], names, n=1)
        if close:
            raise UsageError(f"no command and no input is called {words[0]!r}; did you mean `trackerwatch {close[0]}`?")
    return [watch.NAME, *words]


def _complain(message: str, pointer: str = "") -> None:
    try:
        sys.stderr.write(f"trackerwatch: {message}\n{pointer}{chr(10) if pointer else ''}")
    except (OSError, AttributeError):
        return  # nobody listens


def _flush() -> None:
    try:
        sys.stdout.flush()
    except (OSError, AttributeError):
        drop_stdout()
