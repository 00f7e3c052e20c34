"""Where settings come from: command line over environment over file over default; and every mistake in them."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from trackerwatch.config.files import read_text, shown_path
from trackerwatch.config.settings import BY_KEY, PREFIX, SETTINGS, Config
from trackerwatch.config.toml_text import parse_toml
from trackerwatch.config.values import FilePath, StorePath, WrongValueError, near, public, shown
from trackerwatch.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE_VARIABLE = f"{PREFIX}CONFIG"
"""Names the config file; `--config` beats it."""
_OTHER_VARIABLES = ("CONFIG", "DEBUG", "STATE")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_NEAR = 0.8
"""How alike a variable must be to a setting's to be a misspelt one: others may own some that begin like ours."""


class Layer(IntEnum):
    """Where a value comes from; the higher wins."""

    DEFAULT = 0
    FILE = 1
    ENVIRONMENT = 2
    COMMAND_LINE = 3


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the value of one setting comes from."""

    layer: Layer
    where: str
    """As messages say it: `--timeout`, `TRACKERWATCH_TIMEOUT`, `config.toml line 3: timeout`; empty for a default."""


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """The file that settings are read from."""

    path: str
    chosen_by: str
    """`--config` or the variable that names it; empty: it is the one in the user's folder, which need not exist."""


@dataclass(frozen=True, slots=True)
class Settled:
    """Effective settings, and the mistakes that keep them from being used."""

    config: Config
    origins: Mapping[str, Origin]
    """By key, for every setting."""
    file: ConfigFile
    file_exists: bool
    mistakes: tuple[str, ...]
    """One clean line each."""


def which_file(flag: str | None, environment: Mapping[str, str]) -> ConfigFile:
    """The config file to use.

    Args:
        flag: The value of `--config`, if any.
        environment: Of the process.
    """
    if flag is not None:
        return ConfigFile(flag, "--config")
    if named := environment.get(FILE_VARIABLE):
        return ConfigFile(named, FILE_VARIABLE)
    from trackerwatch.locations import config_file  # noqa: PLC0415 - costs a file name more than it looks

    return ConfigFile(str(config_file()), "")


def load(flags: Mapping[str, object], *, file: str | None, environment: Mapping[str, str]) -> Settled:
    """Settle the settings of a run.

    Raises:
        ConfigError: There are mistakes: the first one, and how many more.
    """
    settled = settle(flags, which_file(file, environment), environment)
    if settled.mistakes:
        first, *others = settled.mistakes
        option = f" --config {shown_path(file)}" if file is not None else ""
        more = f" (and {len(others)} more: see `trackerwatch config check{option}`)" if others else ""
        raise ConfigError(first + more)
    return settled


def settle(flags: Mapping[str, object], file: ConfigFile, environment: Mapping[str, str]) -> Settled:
    """Put the layers together.

    Args:
        flags: Values given on the command line, by key, read already.
        file: Where the file is.
        environment: Of the process; empty: only the file counts.

    Returns:
        The settings; where there are mistakes, those settings are as the other layers have them.
    """
    values: dict[str, object] = {}
    origins = {setting.key: Origin(Layer.DEFAULT, "") for setting in SETTINGS}
    mistakes: list[str] = []
    text = _read_file(file, mistakes)
    if text is not None:
        _take_file(file.path, text, values, origins, mistakes)
    _take_environment(environment, values, origins, mistakes)
    for key, value in flags.items():
        setting = BY_KEY[key]
        values[setting.field] = value
        origins[key] = Origin(Layer.COMMAND_LINE, setting.flag or key)
    if origins["private"].layer > origins["private_hosts"].layer > Layer.DEFAULT:
        # Whoever says it closer to the run means all trackers.
        values.pop("private_hosts", None)
        origins["private_hosts"] = origins["private"]
    return Settled(Config(**values), origins, file, text is not None, tuple(mistakes))  # type: ignore[arg-type]


def _read_file(file: ConfigFile, mistakes: list[str]) -> str | None:
    """The text of the file. None: there is none, or it cannot be read, which is a mistake."""
    try:
        return read_text(file.path)
    except FileNotFoundError:
        if file.chosen_by:
            mistakes.append(f"{file.chosen_by} {shown_path(file.path)!r}: no such file")
    except ConfigError as error:
        mistakes.append(str(error))
    return None


def _take_file(
    path: str, text: str, values: dict[str, object], origins: dict[str, Origin], mistakes: list[str]
) -> None:
    name = shown_path(path)
    try:
        table = parse_toml(text)
    except ValueError as error:
        mistakes.append(f"{name}: {error}")
        return
    for key, value in table.items():
        line = _line_of(key, text)
        place = f"{name} line {line}" if line else name
        setting = BY_KEY.get(key)
        if setting is None:
            mistakes.append(f"{place}: unknown key {shown(key)}; {_hint(key)}")
            continue
        try:
            read = setting.kind.read(value)
        except WrongValueError as error:
            if error.at and (line := _line_below(key, error.at, text)):
                place = f"{name} line {line}"
            mistakes.append(f"{place}: {_path(key, error.at)}: {error}")
            continue
        if isinstance(setting.kind, (FilePath, StorePath)) and isinstance(read, str):
            # What a file names lies beside it, wherever the program was started.
            read = os.path.join(os.path.dirname(os.path.abspath(path)), os.path.expanduser(read))  # noqa: PTH100, PTH111, PTH118, PTH120 - plain strings
        values[setting.field] = read
        origins[key] = Origin(Layer.FILE, f"{place}: {key}")


def _take_environment(
    environment: Mapping[str, str], values: dict[str, object], origins: dict[str, Origin], mistakes: list[str]
) -> None:
    ours = {name.removeprefix(PREFIX).lower(): name for name in environment if name.startswith(PREFIX)}
    for low, name in ours.items():
        setting = BY_KEY.get(low)
        if setting is None or setting.variable != name:
            if low.upper() not in _OTHER_VARIABLES and (meant := near(low, [*BY_KEY, "config", "debug"], _NEAR)):
                mistakes.append(
                    f"{shown_path(name)} in the environment is no setting; did you mean {PREFIX}{meant.upper()}?"
                )
            continue
        # Set to nothing is how people take a variable back.
        if text := environment[name].strip():
            try:
                values[setting.field] = setting.kind.read_text(text)
                origins[low] = Origin(Layer.ENVIRONMENT, name)
            except WrongValueError as error:
                mistakes.append(f"{_path(name, error.at)}: {error}")


def _hint(key: str) -> str:
    meant = near(key.lower().replace("-", "_"), BY_KEY)
    return f"did you mean {meant}?" if meant else f"there are: {', '.join(BY_KEY)}"


def _path(key: str, below: tuple[str, ...]) -> str:
    """`trackers."tracker.example.org".heartbeat`, as TOML writes it and without secrets."""
    names = (public(name) for name in below)
    return ".".join([key, *(name if _BARE_KEY.fullmatch(name) else f'"{name}"' for name in names)])


def _line_of(key: str, text: str) -> int | None:
    """The line where a top-level key is written. None: not found for certain; tomllib does not tell."""
    pattern = rf"""^[ \t]*(?:\[{{1,2}}[ \t]*)?(?P<q>["']?){re.escape(key)}(?P=q)[ \t]*[=.\]]"""
    found = list(re.finditer(pattern, text, re.MULTILINE))
    return text.count("\n", 0, found[0].start()) + 1 if len(found) == 1 else None


def _line_below(key: str, below: tuple[str, ...], text: str) -> int | None:
    """The line of a key in a table with a head of its own (`[trackers."a.example"]`), or else of the head. None: not found."""
    name, *inner = below
    head = rf"""^[ \t]*\[[ \t]*{re.escape(key)}[ \t]*\.[ \t]*(?P<q>["']?){re.escape(name)}(?P=q)[ \t]*\]"""
    heads = list(re.finditer(head, text, re.MULTILINE))
    if not heads:
        # Or a plain table that holds the name itself.
        heads = list(re.finditer(rf"^[ \t]*\[[ \t]*{re.escape(key)}[ \t]*\]", text, re.MULTILINE))
        inner = [name]
    if len(heads) != 1:
        return None
    begin = heads[0].end()
    following = re.compile(r"^[ \t]*\[", re.MULTILINE).search(text, begin)
    line = text.count("\n", 0, heads[0].start()) + 1
    within = _line_of(inner[0], text[begin : following.start() if following else len(text)]) if inner else None
    return line if within is None else text.count("\n", 0, begin) + within
