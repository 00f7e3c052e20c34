"""What commands share of their arguments: the parser, value types, and groups of options."""

from __future__ import annotations

import argparse
import math
import re
from typing import TYPE_CHECKING, Any, NoReturn

from trackerwatch.cli.exit_codes import ExitCode
from trackerwatch.errors import UsageError
from trackerwatch.reports.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    # argparse has no public name for what `add_subparsers` returns.
    Commands: TypeAlias = "argparse._SubParsersAction[ArgumentParser]"  # noqa: SLF001 - see above

# The values of these are the enums `engine.settings.AnnounceMode`, `PrivateMode` and `reports.rows.FailOn`; they are
# spelled out because `--help` imports neither room. A test keeps them equal.
ANNOUNCE_MODES = ("never", "fallback", "sample", "always", "peers")
PRIVATE_MODES = ("connect", "scrape", "announce")
FAIL_ON = ("warning", "critical", "none")
COLOR_WHEN = ("auto", "always", "never")

DEFAULT_INTERVAL_S = 900.0
DEFAULT_TIMEOUT_S = 10.0
DEFAULT_DEADLINE_S = 60.0
LONGEST_S = 30 * 86400.0
"""No number of seconds on the command line may be larger."""


class ArgumentParser(argparse.ArgumentParser):
    """argparse with our manners: no abbreviations, a mistake is one line and exit code 3."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{"allow_abbrev": False, "formatter_class": argparse.RawDescriptionHelpFormatter, **settings})

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the command line and leave."""
        line = " ".join("".join(c if c.isprintable() else "?" for c in message).split())
        self.exit(ExitCode.UNKNOWN, f"{self.prog}: {line}\n`{self.prog} --help` shows what there is\n")


def seconds(text: str) -> float:
    """A positive, finite number of seconds."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or number <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0")
    if number > LONGEST_S:
        raise argparse.ArgumentTypeError(f"{text!r} is more than {LONGEST_S:.0f} seconds (30 days)")
    return number


def info_hash(text: str) -> str:
    """An info hash in hex: 40 digits (v1, or truncated v2) or 64 (v2), lower-cased."""
    if not re.fullmatch(r"[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no info hash: 40 hex digits, or 64 for v2")
    return text.lower()


def format_name(text: str) -> str:
    """A format of the registry."""
    if text not in FORMATS:
        raise argparse.ArgumentTypeError(f"unknown format {text!r}; there are: {', '.join(FORMATS)}")
    return text


class _FormatAction(argparse.Action):
    """`--format F` begins a new output."""

    def __call__(
        self,
        _parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        _option: str | None = None,
    ) -> None:
        namespace.outputs = [*(namespace.outputs or []), (str(values), None)]


class _FileAction(argparse.Action):
    """`-o FILE` is where the output begun last goes; without one it is a table."""

    def __call__(
        self,
        _parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        _option: str | None = None,
    ) -> None:
        outputs: list[tuple[str, str | None]] = list(namespace.outputs or [])
        if outputs and outputs[-1][1] is None:
            outputs[-1] = (outputs[-1][0], str(values))
        elif outputs:
            raise argparse.ArgumentError(self, f"{str(values)!r} needs a --format of its own before it")
        else:
            outputs = [(next(iter(FORMATS)), str(values))]
        namespace.outputs = outputs


def add_outputs(parser: argparse.ArgumentParser) -> None:
    """Options that say what comes out, and where."""
    group = parser.add_argument_group("output")
    group.add_argument(
        "--format",
        action=_FormatAction,
        type=format_name,
        dest="outputs",
        metavar="F",
        help=f"{', '.join(FORMATS)}; repeatable, each with its own -o (default: {next(iter(FORMATS))})",
    )
    group.add_argument(
        "-o", action=_FileAction, dest="outputs", metavar="FILE", help="write to FILE, whole or not at all (-: stdout)"
    )
    group.add_argument("--only", choices=("problems",), help="list only what is not well")
    group.add_argument("--all", action="store_true", help="table: list every row that is well")
    group.add_argument(
        "--fail-on", choices=FAIL_ON, default="warning", help="from which verdict on the exit code is not 0"
    )


def add_deadline(parser: argparse.ArgumentParser) -> None:
    """The option that bounds a one-shot run."""
    parser.add_argument(
        "--deadline",
        type=seconds,
        default=DEFAULT_DEADLINE_S,
        metavar="S",
        help="be done after S seconds; the rest is not judged (default: 60)",
    )


def add_asking(parser: argparse.ArgumentParser, *, announce: str) -> None:
    """Options of watch, report and check.

    Args:
        parser: The command's.
        announce: Its default for `--announce`.
    """
    group = parser.add_argument_group("asking")
    group.add_argument(
        "--announce", choices=ANNOUNCE_MODES, default=announce, metavar="MODE", help=_choices(ANNOUNCE_MODES, announce)
    )
    group.add_argument(
        "--private",
        choices=PRIVATE_MODES,
        default=PRIVATE_MODES[0],
        metavar="MODE",
        help=f"what private trackers are asked: {_choices(PRIVATE_MODES, PRIVATE_MODES[0])}",
    )
    group.add_argument(
        "--filter", metavar="EXPR", default="", help="only these, like: 'name~debian & seeders<3 | !(host=x)'"
    )
    group.add_argument(
        "--interval",
        type=seconds,
        default=DEFAULT_INTERVAL_S,
        metavar="S",
        help="between two scrapes of a tracker, at least 60 for public ones (default: 900)",
    )
    group.add_argument(
        "--timeout",
        type=seconds,
        default=DEFAULT_TIMEOUT_S,
        metavar="S",
        help="for one probe with its resends (default: 10)",
    )
    group.add_argument("--ca-file", metavar="F", help="PEM file of certificate authorities to trust as well")
    group.add_argument(
        "--allow-private", action="store_true", help="ask loopback, private and link-local addresses too"
    )
    group.add_argument("--color", choices=COLOR_WHEN, default="auto", help="colours (default: auto)")


def _choices(choices: Sequence[str], default: str) -> str:
    return ", ".join(f"{choice} (default)" if choice == default else choice for choice in choices)


def checked_ca_file(path: str | None) -> str | None:
    """The path of `--ca-file`, once it is known to be readable and PEM.

    Raises:
        UsageError: It is not; asking would call every tracker broken instead.
    """
    if path is None:
        return None
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - pathlib is slow to import
            head = file.read(1 << 20)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError(f"--ca-file {path!r}: {reason}") from None
    if b"-----BEGIN CERTIFICATE-----" not in head and b"-----BEGIN TRUSTED CERTIFICATE-----" not in head:
        raise UsageError(f"--ca-file {path!r}: holds no PEM certificate")
    return path
