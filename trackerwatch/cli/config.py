"""`trackerwatch config show|path|init|check`: what the settings are, where they come from, and what is wrong with them."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from trackerwatch.cli.arguments import (
    add_asking,
    add_config,
    add_deadline,
    add_policy_file,
    checked_ca_file,
    file_name,
    given_settings,
)
from trackerwatch.cli.exit_codes import ExitCode
from trackerwatch.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from argparse import Namespace

    from trackerwatch.cli.arguments import Commands
    from trackerwatch.config.loading import ConfigFile, Settled

NAME = "config"


def register(commands: Commands) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        NAME,
        help="settings: show, path, init, check",
        description="The command line beats the environment (TRACKERWATCH_*), which beats the config file.",
    )
    parts = parser.add_subparsers(dest="part", metavar="COMMAND", title="commands", required=True)
    show = parts.add_parser(
        "show",
        help="every effective value and where it came from",
        description="Print what holds, as TOML, with its origin. Options are taken as watch, report and check take them.",
    )
    add_config(show)
    add_deadline(show)
    add_asking(show, announce="")
    add_policy_file(show)
    show.set_defaults(run=_show)
    path = parts.add_parser("path", help="where the config file is", description="Print where the config file is.")
    add_config(path)
    path.set_defaults(run=_path)
    init = parts.add_parser(
        "init",
        help="write a commented file with every key",
        description="Write a config file that changes nothing: every key is there, commented out and explained. Or write a "
        "policy, made from the torrents in a folder; nobody is asked.",
    )
    add_config(init)
    init.add_argument("--policy", metavar="DIR", type=file_name, help="write a policy, from the torrents in DIR")
    init.add_argument(
        "-o",
        metavar="FILE",
        type=file_name,
        dest="output",
        help="where the policy goes (default: policy.toml; -: stdout)",
    )
    init.add_argument("--force", action="store_true", help="overwrite a file that is there")
    init.set_defaults(run=_init)
    check = parts.add_parser(
        "check",
        help="ok, or every mistake",
        description="Look for mistakes in the config file, the policy that it names and the environment, or in FILE alone. Exit "
        "code 3: there are some.",
    )
    check.add_argument("file", nargs="?", metavar="FILE", help="look at this file alone")
    add_config(check)
    check.add_argument("--policy", metavar="FILE", type=file_name, help="look at this policy")
    check.set_defaults(run=_check)


def _show(arguments: Namespace) -> int:
    from trackerwatch.config.loading import load  # noqa: PLC0415 - only when a command runs
    from trackerwatch.config.writing import effective  # noqa: PLC0415 - as above
    from trackerwatch.locations import host_name  # noqa: PLC0415 - as above
    from trackerwatch.outside_text import clean  # noqa: PLC0415 - as above

    found = load(given_settings(arguments), file=arguments.config, environment=os.environ)
    _print(f"# config file: {_of(found)}\n")
    # Of the two defaults of `announce` the quieter one is the value; the other is told beside it.
    _print(effective(found, unset={"announce": "fallback", "vantage": clean(host_name())}))
    return ExitCode.OK


def _path(arguments: Namespace) -> int:
    _print(f"{_file(arguments).path}\n")
    return ExitCode.OK


def _init(arguments: Namespace) -> int:
    from trackerwatch.config.writing import sample  # noqa: PLC0415 - only when a command runs

    if arguments.policy is not None:
        return _init_policy(arguments)
    if arguments.output is not None:
        raise UsageError("-o is for --policy; --config says where the config file goes")
    path = _file(arguments).path
    folder = os.path.dirname(os.path.abspath(path))  # noqa: PTH100, PTH120 - plain strings
    try:
        os.makedirs(folder, exist_ok=True)  # noqa: PTH103 - as above
    except (OSError, ValueError) as error:
        raise ConfigError(f"{_shown(folder)}: {_reason(error)}") from None
    _write_new(path, sample(), force=arguments.force)
    _print(f"{path}\n")
    return ExitCode.OK


def _init_policy(arguments: Namespace) -> int:
    from trackerwatch.cli.policies import DEFAULT_FILE, made_from  # noqa: PLC0415 - only when a command runs

    text = made_from(arguments.policy)
    path = arguments.output or DEFAULT_FILE
    if path == "-":
        _print(text)
        return ExitCode.OK
    _write_new(path, text, force=arguments.force)
    _print(f"{path}\n")
    return ExitCode.OK


def _write_new(path: str, text: str, *, force: bool) -> None:
    """Write a file that is not there yet, or over one by force."""
    from trackerwatch.cli.output import write_file  # noqa: PLC0415 - only when a command runs

    try:
        if force:
            write_file(path, [text])
        else:
            # Exclusive: nothing that is there is overwritten, whoever makes it meanwhile.
            with open(path, "x", encoding="utf-8") as file:  # noqa: PTH123 - pathlib is slow to import
                file.write(text)
    except FileExistsError:
        raise UsageError(f"{_shown(path)} is there already; --force overwrites it") from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{_shown(path)}: {_reason(error)}") from None


def _check(arguments: Namespace) -> int:
    from trackerwatch.config.loading import ConfigFile, settle  # noqa: PLC0415 - only when a command runs
    from trackerwatch.config.overrides import mutes_over  # noqa: PLC0415 - as above

    if arguments.file is not None and (arguments.config is not None or arguments.policy is not None):
        other = "--config" if arguments.config is not None else "--policy"
        raise UsageError(f"config check takes FILE or {other}, not both")
    if arguments.policy is not None:
        return _check_policy(arguments)
    alone = arguments.file is not None
    file = ConfigFile(arguments.file, "FILE") if alone else _file(arguments)
    found = settle({}, file, {} if alone else os.environ)
    mistakes = [*found.mistakes, *_mistakes_beyond(found)]
    if mistakes and alone and _is_policy(arguments.file):
        _print(
            f"{_shown(arguments.file)} looks like a policy: `trackerwatch config check --policy {_shown(arguments.file)}`\n"
        )
        return ExitCode.UNKNOWN
    for mistake in mistakes:
        _print(f"{mistake}\n")
    if mistakes:
        return ExitCode.UNKNOWN
    for remark in mutes_over(found.config.trackers, time.time()):
        _print(f"remark: {remark}\n")
    if found.config.policy:
        _remark_on_policy(found.config.policy, found)
    _print(f"ok: {_of(found)}\n")
    return ExitCode.OK


def _check_policy(arguments: Namespace) -> int:
    """Look for mistakes in one policy; of the config only its saved filters count."""
    from trackerwatch.cli.policies import mistakes_in  # noqa: PLC0415 - only when a command runs
    from trackerwatch.config.loading import settle  # noqa: PLC0415 - as above

    config = settle({}, _file(arguments), os.environ)
    mistakes = mistakes_in(arguments.policy, dict(config.config.filters))
    for mistake in mistakes:
        _print(f"{mistake}\n")
    if mistakes:
        return ExitCode.UNKNOWN
    _remark_on_policy(arguments.policy, config)
    _print(f"ok: {_shown(arguments.policy)}\n")
    return ExitCode.OK


def _remark_on_policy(path: str, found: Settled) -> None:
    from datetime import UTC, datetime  # noqa: PLC0415 - only when a command runs

    from trackerwatch.cli.policies import remarks_on  # noqa: PLC0415 - as above

    for remark in remarks_on(path, dict(found.config.filters), datetime.now(UTC)):
        _print(f"remark: {_shown(path)}: {remark}\n")


def _is_policy(path: str) -> bool:
    from trackerwatch.cli.policies import is_policy  # noqa: PLC0415 - only when a command runs

    return is_policy(path)


def _mistakes_beyond(found: Settled) -> list[str]:
    """What is wrong with the files and themes that settings name."""
    told = []
    try:
        checked_ca_file(found.config.ca_file, found.origins["ca_file"].where)
    except UsageError as error:
        told.append(str(error))
    if found.config.policy:
        from trackerwatch.cli.policies import mistakes_in  # noqa: PLC0415 - only where one is named

        told += mistakes_in(found.config.policy, dict(found.config.filters))
    if found.config.theme:
        from trackerwatch.tui.terminal import themes  # noqa: PLC0415 - textual, only where a theme is named

        if mistake := themes.mistake(found.config.theme):
            told.append(f"{found.origins['theme'].where}: {mistake}")
    return told


def _file(arguments: Namespace) -> ConfigFile:
    from trackerwatch.config.loading import which_file  # noqa: PLC0415 - only when a command runs

    return which_file(arguments.config, os.environ)


def _of(found: Settled) -> str:
    return _shown(found.file.path) + ("" if found.file_exists else " (there is none)")


def _shown(path: str) -> str:
    from trackerwatch.outside_text import clean  # noqa: PLC0415 - only when a command runs

    return clean(path, limit_chars=1000)


def _reason(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)


def _print(text: str) -> None:
    from trackerwatch.cli.output import to_stdout  # noqa: PLC0415 - only when a command runs

    to_stdout([text])
