"""What commands share of their arguments: the parser, value types, and groups of options."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING, Any, NoReturn

from trackerwatch.cli.exit_codes import ExitCode
from trackerwatch.config.settings import (
    ANNOUNCE_MODES,
    COLOR_WHEN,
    DEFAULTS,
    PRIVATE_MODES,
    SETTINGS,
)
from trackerwatch.config.values import Duration, WrongValueError, duration, near
from trackerwatch.errors import UsageError
from trackerwatch.reports.formats import FORMATS, format_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    # argparse has no public name for what `add_subparsers` returns.
    Commands: TypeAlias = "argparse._SubParsersAction[ArgumentParser]"  # noqa: SLF001 - see above

# The values are the enum `reports.rows.FailOn`, which `--help` does not import. A test keeps them equal.
FAIL_ON = ("warning", "critical", "none")


_UNKNOWN_OPTIONS = re.compile(r"unrecognized arguments: (?:[^-]\S* )*?(?P<option>--[^\s=]+)")
_INVALID_CHOICE = re.compile(r"invalid choice: '(?P<word>[^']*)' \(choose from (?P<choices>.*)\)")


class ArgumentParser(argparse.ArgumentParser):
    """argparse with our manners: no abbreviations, a mistake is one line and exit code 3."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{"allow_abbrev": False, "formatter_class": argparse.RawDescriptionHelpFormatter, **settings})

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the command line and leave."""
        line = " ".join("".join(c if c.isprintable() else "?" for c in message).split())
        meant = self._meant(line)
        hint = f"; did you mean {meant}?" if meant else ""
        self.exit(ExitCode.UNKNOWN, f"{self.prog}: {line}{hint}\n`{self.prog} --help` shows what there is\n")

    def of_command(self, name: str) -> ArgumentParser:
        """The parser of one command; this one where there is none of that name."""
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction) and name in action.choices:  # noqa: SLF001 - it has no other name
                found = action.choices[name]
                return found if isinstance(found, ArgumentParser) else self
        return self

    def _meant(self, message: str) -> str | None:
        """The option or choice that a misspelt one in a message of argparse is most like. None: none is."""
        if (wrong := _UNKNOWN_OPTIONS.match(message)) is not None:
            return near(wrong["option"].lower(), (one for one in self._option_string_actions if one.startswith("--")))
        if (wrong := _INVALID_CHOICE.search(message)) is not None:
            return near(wrong["word"].lower(), re.findall(r"[\w-]+", wrong["choices"]), 0.5)
        return None


def seconds(text: str) -> float:
    """A positive duration: seconds, or a number with a unit (`90s`, `20m`, `2h`)."""
    try:
        return Duration().read(text)
    except WrongValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def whole(text: str) -> int:
    """A whole number, 0 or more."""
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number")
    return int(text)


def positive(text: str) -> int:
    """A whole number, 1 or more."""
    if (number := whole(text)) < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def info_hash(text: str) -> str:
    """An info hash in hex: 40 digits (v1, or truncated v2) or 64 (v2), lower-cased."""
    if not re.fullmatch(r"[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no info hash: 40 hex digits, or 64 for v2")
    return text.lower()


def file_name(text: str) -> str:
    """The path of a file."""
    if not text:
        raise argparse.ArgumentTypeError("needs the name of a file")
    return text


def format_name(text: str) -> str:
    """A format of the registry."""
    if text not in FORMATS:
        meant = near(text.lower(), FORMATS)
        hint = f"did you mean {meant}?" if meant else f"there are: {', '.join(FORMATS)}"
        raise argparse.ArgumentTypeError(f"unknown format {text!r}; {hint}")
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
        namespace.says_formats = True


class _FileAction(argparse.Action):
    """`-o FILE` is where the output begun last goes; where none was begun its name says what it is, or it is a table.

    Behind a `--format` that has its file already, a name that says nothing is refused: somebody may mean that format twice.
    """

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
        elif (by_name := format_of(str(values))) is not None:
            outputs.append((by_name, str(values)))
        elif getattr(namespace, "says_formats", False):
            raise argparse.ArgumentError(self, f"{str(values)!r} needs a --format of its own before it")
        else:
            outputs.append((next(iter(FORMATS)), str(values)))
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
        "-o",
        action=_FileAction,
        dest="outputs",
        metavar="FILE",
        help="write to FILE, whole or not at all (-: stdout); without a --format before it a name like x.html says which",
    )
    group.add_argument("--only", choices=("problems",), help="list only what is not well")
    group.add_argument("--all", action="store_true", help="table: list every row")
    group.add_argument(
        "--fail-on", choices=FAIL_ON, default="warning", help="from which verdict on the exit code is not 0"
    )


def add_policy(parser: argparse.ArgumentParser) -> None:
    """Options that say what is asked of torrents."""
    group = parser.add_argument_group("policy")
    add_policy_file(group)
    group.add_argument(
        "--min-seeders",
        type=whole,
        metavar="N",
        help="fewer seeders are a warning; 1: one is enough; beats the policy, not its overrides",
    )
    group.add_argument("--lint", action="store_true", help="look at how torrents are made, too")
    group.add_argument("--title", metavar="TEXT", help="what the report is about (default: made from the inputs)")
    group.add_argument(
        "--against", type=file_name, metavar="FILE", help="compare with this JSON report (default: with the last run)"
    )


def add_policy_file(group: argparse._ActionsContainer) -> None:
    """The options that say by which policy."""
    which = group.add_mutually_exclusive_group()
    which.add_argument("--policy", type=file_name, metavar="FILE", help="judge by this policy (TOML)")
    which.add_argument(
        "--no-policy", action="store_const", const="", dest="policy", help="judge by none, whatever the config says"
    )


def add_vantages(parser: argparse.ArgumentParser) -> None:
    """Options that put reports of several vantages together."""
    group = parser.add_argument_group("several vantages (nobody is asked)")
    group.add_argument(
        "--from",
        action="append",
        type=file_name,
        dest="vantages",
        metavar="FILE",
        help="a JSON report made elsewhere, or a folder of them; repeatable, instead of INPUT; once it is older than --max-age "
        "(here: 30m) it has no vote",
    )
    group.add_argument(
        "--quorum",
        type=positive,
        metavar="K",
        help="down is what so many fresh vantages call down (default: more than half of them)",
    )


def add_config(parser: argparse.ArgumentParser) -> None:
    """The option that names the config file."""
    parser.add_argument(
        "--config",
        metavar="F",
        help="config file (default: TRACKERWATCH_CONFIG, or where `trackerwatch config path` says)",
    )


def add_deadline(parser: argparse.ArgumentParser) -> None:
    """The option that bounds a one-shot run."""
    parser.add_argument(
        "--deadline",
        type=seconds,
        metavar="S",
        help=f"be done after S seconds; the rest is not judged (default: {duration(DEFAULTS.deadline_s)})",
    )


def add_wait(parser: argparse.ArgumentParser) -> None:
    """The option that has a one-shot run ask again."""
    parser.add_argument(
        "--wait",
        type=seconds,
        metavar="S",
        help="ask again what is not well until all is, for so long (like 20m); --deadline then bounds each look",
    )


def add_filter(parser: argparse.ArgumentParser) -> None:
    """The option that says which torrents and trackers."""
    parser.add_argument(
        "--filter", metavar="EXPR", default="", help="only these, like: 'name~debian & seeders<3 | !(host=x)'"
    )


def add_asking(parser: argparse.ArgumentParser, *, announce: str) -> None:
    """Options of watch, report and check that are settings too: None where they are not given.

    Args:
        parser: The command's.
        announce: Its default for `--announce`. Empty: it depends.
    """
    parser.set_defaults(default_announce=announce)
    group = parser.add_argument_group("asking (S: seconds, or like 90s, 20m, 2h)")
    group.add_argument("--announce", choices=ANNOUNCE_MODES, metavar="MODE", help=_choices(ANNOUNCE_MODES, announce))
    group.add_argument(
        "--private",
        choices=PRIVATE_MODES,
        metavar="MODE",
        help=f"what private trackers are asked: {_choices(PRIVATE_MODES, DEFAULTS.private)}",
    )
    group.add_argument(
        "--interval",
        type=seconds,
        metavar="S",
        help=f"between two scrapes of a tracker, at least 60 for public ones (default: {duration(DEFAULTS.interval_s)})",
    )
    group.add_argument(
        "--timeout",
        type=seconds,
        metavar="S",
        help=f"for one probe with its resends (default: {duration(DEFAULTS.timeout_s)}, at most 0.4 of --deadline)",
    )
    group.add_argument("--ca-file", metavar="F", help="PEM file of certificate authorities to trust as well")
    group.add_argument(
        "--allow-private",
        action=argparse.BooleanOptionalAction,
        help="ask loopback, private and link-local addresses too",
    )
    add_store(group)
    group.add_argument("--color", choices=COLOR_WHEN, help=f"colours (default: {DEFAULTS.color})")


def add_face(parser: argparse.ArgumentParser) -> None:
    """Options of the live screen; those that are settings too are None where they are not given."""
    group = parser.add_argument_group("the live screen")
    group.add_argument(
        "--plain",
        action="store_true",
        help="no screen: lines of text as things happen, for screen readers and logs (without a terminal this is the default)",
    )
    group.add_argument("--theme", metavar="NAME", help="colours, by the name of a theme")
    group.add_argument(
        "--ascii", action=argparse.BooleanOptionalAction, help="draw with characters of ASCII alone", default=None
    )
    group.add_argument(
        "--mouse", action=argparse.BooleanOptionalAction, help="let the screen have the mouse (default)", default=None
    )
    group.add_argument(
        "--slow-link",
        action=argparse.BooleanOptionalAction,
        help="draw seldom and without animation, for a thin line",
        default=None,
    )
    group.add_argument("--read-only", action="store_true", help="looking alone: no key asks or changes anything")
    group.add_argument("--reveal", action="store_true", help="show passkeys on the screen, and only there")
    group.add_argument(
        "--report-on-exit", action="store_true", help="print a report of what the screen saw last when it is left"
    )


def add_store(group: argparse._ActionsContainer) -> None:
    """The options that say where history is kept."""
    where = group.add_mutually_exclusive_group()
    where.add_argument(
        "--store", type=file_name, metavar="FILE", help="where history is kept (default: in the user's data folder)"
    )
    where.add_argument("--no-store", action="store_const", const=False, dest="store", help="keep no history, use none")


def add_freshness(parser: argparse.ArgumentParser) -> None:
    """The options that say how old an answer may be."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--max-age",
        type=seconds,
        metavar="S",
        help="use remembered answers up to this age instead of asking (default: 0.95 of the interval for public trackers "
        "that worked; one that was down is asked again, and private and loopback ones each time, once a second at most)",
    )
    group.add_argument("--fresh", action="store_true", help="ask again, as far as the trackers' own waits allow")
    group.add_argument("--cached", action="store_true", help="ask nobody: report what is remembered")


def given_settings(arguments: argparse.Namespace) -> dict[str, object]:
    """The settings that the command line gives, by key."""
    given = {setting.key: getattr(arguments, setting.key, None) for setting in SETTINGS if setting.has_flag}
    return {key: value for key, value in given.items() if value is not None}


def _choices(choices: Sequence[str], default: str) -> str:
    return ", ".join(f"{choice} (default)" if choice == default else choice for choice in choices)


def checked_ca_file(path: str | None, named_by: str = "--ca-file") -> str | None:
    """The path of a file of authorities, once it is known to be readable and PEM.

    Args:
        path: Where it is. None: there is none.
        named_by: Who says so: the option, the variable, or the place in a file.

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
        raise UsageError(f"{named_by} {path!r}: {reason}") from None
    if b"-----BEGIN CERTIFICATE-----" not in head and b"-----BEGIN TRUSTED CERTIFICATE-----" not in head:
        raise UsageError(f"{named_by} {path!r}: holds no PEM certificate")
    return path
