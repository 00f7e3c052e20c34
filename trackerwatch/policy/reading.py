"""From the TOML of a policy to a `Policy`, or to everything that is wrong with it. Pure."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from trackerwatch.config.moments import end_of
from trackerwatch.config.toml_text import line_at, lines_of, parse_toml
from trackerwatch.config.values import Duration, Kind, Line, Switch, Whole, WrongValueError, near, quoted, shown
from trackerwatch.errors import ConfigError
from trackerwatch.filters import Filter, FilterError, parse_filter
from trackerwatch.outside_text import clean
from trackerwatch.policy.document import Collection, Override, Policy, Requirements
from trackerwatch.policy.rules import OF_THE_RUN, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from trackerwatch.config.toml_text import Path

MAX_COLLECTIONS = 200
MAX_OVERRIDES = 200
MAX_NAME_CHARS = 60
MAX_MISTAKES = 200
LONGEST_DAYS = 3650
LONGEST_GRACE_S = 400 * 86400.0
OFF = "off"
"""What stands for no severity."""

_NEAR = 0.7
"""How alike a key must be to a misspelt one: others in this field hold `seeders` as well."""
_SEVERITIES = (*Severity, OFF)
_JUDGED = tuple(rule for rule in Rule if rule is not Rule.REGIONAL)
"""Rules that a policy can say something of: reports that are put together are judged by none."""
_NOT_YET = frozenset({"expect_seeders", "webseeds"})
"""Keys that plans of this program name and that it does not know yet."""


class Days(Kind):
    """Days as a number above 0."""

    def read(self, value: object) -> float:
        """Take a number."""
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= LONGEST_DAYS:
            raise WrongValueError(
                f"{shown(value)} is no number of days above 0, up to {LONGEST_DAYS}; write it like 30"
            )
        return float(value)


class Grace(Kind):
    """A duration; 0 is none."""

    def read(self, value: object) -> float:
        """Take a duration."""
        if not isinstance(value, bool) and value in (0, "0", "0s", "0h", "0d"):
            return 0.0
        return Duration(at_most_s=LONGEST_GRACE_S).read(value)


_ASKED: Mapping[str, tuple[str, Kind]] = {
    "min_seeders": ("min_seeders", Whole(0, 1_000_000)),
    "min_working_trackers": ("min_working_trackers", Whole(0, 1000)),
    "max_dead_days": ("max_dead_days", Days()),
    "grace": ("grace_s", Grace()),
}
"""Fields of `Requirements` by key."""

KEYS_OF_ALL = (*_ASKED, "lint", "severities", "collections", "overrides")
KEYS_OF_COLLECTION = ("filter", *_ASKED, "severities")
KEYS_OF_OVERRIDE = ("filter", "why", "until", *_ASKED, "severities")
"""In the order in which they are told."""


def read_policy(text: str, source: str, named_filters: Mapping[str, str]) -> Policy:
    """Read a policy.

    Args:
        text: TOML.
        source: The file that it is from, as messages name it.
        named_filters: Saved filters by name, which its filters may call as `@name`.

    Raises:
        ConfigError: There are mistakes: the first one, and how many more.
    """
    policy, mistakes = _read(text, source, named_filters)
    if mistakes:
        first, *others = mistakes
        check = f"`trackerwatch config check --policy {clean(source, limit_chars=1000)}`"
        raise ConfigError(first + (f" (and {len(others)} more: see {check})" if others else ""))
    return policy


def policy_mistakes(text: str, source: str, named_filters: Mapping[str, str]) -> list[str]:
    """What is wrong with a policy: one clean line each, with file, line and key, in the order of the lines."""
    return _read(text, source, named_filters)[1]


def looks_like_policy(text: str) -> bool:
    """Whether a file that is no config is one of these."""
    try:
        table = parse_toml(text)
    except ValueError:
        return False
    return not table.keys().isdisjoint(KEYS_OF_ALL)


def _read(text: str, source: str, named_filters: Mapping[str, str]) -> tuple[Policy, list[str]]:
    name = clean(source, limit_chars=1000)
    try:
        table = parse_toml(text)
    except ValueError as error:
        return Policy(name), [f"{name}: {error}"]
    reader = _Reader(name, text, named_filters)
    policy = reader.policy(table)
    return policy, reader.told()


class _Reader:
    """Reads one file, and writes down what is wrong."""

    def __init__(self, name: str, text: str, named_filters: Mapping[str, str]) -> None:
        self._name = name
        self._lines = lines_of(text)
        self._named = named_filters
        self._mistakes: list[tuple[int, str]] = []

    def told(self) -> list[str]:
        """The mistakes, in the order of the lines."""
        told = [message for _, message in sorted(self._mistakes, key=lambda mistake: mistake[0])]
        return told if len(told) < MAX_MISTAKES else [*told, f"{self._name}: there may be more"]

    def policy(self, table: Mapping[str, object]) -> Policy:
        """The whole."""
        self._refuse_unknown((), table, KEYS_OF_ALL)
        return Policy(
            source=self._name,
            defaults=self._requirements((), table),
            collections=tuple(self._collections(table.get("collections"))),
            overrides=tuple(self._overrides(table.get("overrides"))),
            lint=self._value(("lint",), Switch(), table["lint"]) is True if "lint" in table else False,
        )

    # -- parts ---------------------------------------------------------------------------------------------------------

    def _collections(self, value: object) -> Iterable[Collection]:
        path: Path = ("collections",)
        if value is None:
            return
        if not isinstance(value, dict):
            self._wrong(path, f"{shown(value)} is no table; write it like [collections.isos] with keys below it")
            return
        if len(value) > MAX_COLLECTIONS:
            self._wrong(path, f"{len(value)} are too many; at most {MAX_COLLECTIONS}")
            return
        names: set[str] = set()
        for name, table in value.items():
            at = (*path, name)
            if not isinstance(table, dict):
                hint = "write it like [collections.isos] with keys below it"
                self._wrong(at, f"{shown(table)} is no table of a collection; {hint}")
                continue
            shown_name = clean(name, limit_chars=MAX_NAME_CHARS)
            if not name.strip() or len(name) > MAX_NAME_CHARS or not name.isprintable():
                self._wrong(at, f"{shown(name)} is no name of up to {MAX_NAME_CHARS} printable characters")
            elif shown_name in names:
                self._wrong(at, "reads like another one above; give it a name of its own")
            names.add(shown_name)
            self._refuse_unknown(at, table, KEYS_OF_COLLECTION)
            filter_ = self._filter(at, table, "name~iso")
            requirements = self._requirements(at, table)
            if filter_ is not None:
                yield Collection(shown_name, filter_, requirements)

    def _overrides(self, value: object) -> Iterable[Override]:
        path: Path = ("overrides",)
        if value is None:
            return
        if not isinstance(value, list):
            self._wrong(path, f"{shown(value)} is no list of tables; begin each with [[overrides]]")
            return
        if len(value) > MAX_OVERRIDES:
            self._wrong(path, f"{len(value)} are too many; at most {MAX_OVERRIDES}")
            return
        for number, table in enumerate(value):
            at = (*path, number)
            if not isinstance(table, dict):
                self._wrong(at, f"{shown(table)} is no table; begin each with [[overrides]]")
                continue
            self._refuse_unknown(at, table, KEYS_OF_OVERRIDE)
            filter_ = self._filter(at, table, "name=old-release")
            if filter_ is not None and filter_.is_empty:
                self._wrong(
                    (*at, "filter"),
                    "an empty one is about all torrents; what holds for all stands at the top of the file",
                )
            requirements = self._requirements(at, table)
            why = self._value((*at, "why"), Line(), table["why"]) if "why" in table else None
            until = self._until((*at, "until"), table["until"]) if "until" in table else None
            if filter_ is not None:
                yield Override(filter_, requirements, clean(str(why or "")), until)

    def _requirements(self, path: Path, table: Mapping[str, object]) -> Requirements:
        read = {
            field: self._value((*path, key), kind, table[key]) for key, (field, kind) in _ASKED.items() if key in table
        }
        severities = self._severities((*path, "severities"), table["severities"]) if "severities" in table else {}
        return Requirements(**read, severities=severities)  # type: ignore[arg-type]  # each was read by its kind

    def _severities(self, path: Path, value: object) -> dict[Rule, Severity | None]:
        if not isinstance(value, dict):
            self._wrong(path, f'{shown(value)} is no table; write it like {{redundancy = "info"}}')
            return {}
        read: dict[Rule, Severity | None] = {}
        for key, word in value.items():
            at = (*path, key)
            if key not in Rule.__members__.values():
                meant = near(key.lower().replace("-", "_"), _JUDGED)
                hint = f"did you mean {meant}?" if meant else f"there are: {', '.join(_JUDGED)}"
                self._wrong(at, f"there is no rule {shown(key)}; {hint}", of=path)
            elif key not in _JUDGED:
                self._wrong(
                    at, "comes of reports that were put together (--from), which no policy judges; leave it out"
                )
            elif Rule(key) in OF_THE_RUN and len(path) > 1:
                self._wrong(at, "no torrent breaks this rule; only [severities] at the top can have it")
            elif not isinstance(word, str) or word not in _SEVERITIES:
                # `false` is what people try first.
                meant = (
                    OFF if word is False else near(word.lower(), _SEVERITIES, 0.5) if isinstance(word, str) else None
                )
                hint = f"did you mean {quoted(meant)}?" if meant else f"there are: {', '.join(_SEVERITIES)}"
                self._wrong(at, f"{shown(word)} is no severity; {hint}")
            else:
                read[Rule(key)] = None if word == OFF else Severity(word)
        return read

    # -- values --------------------------------------------------------------------------------------------------------

    def _value(self, path: Path, kind: Kind, value: object) -> object:
        """A value as its kind reads it. None: it is none, and that is written down."""
        try:
            return kind.read(value)
        except WrongValueError as error:
            self._wrong(path, str(error))
            return None

    def _until(self, path: Path, value: object) -> dt.datetime | None:
        try:
            return dt.datetime.fromtimestamp(end_of(value), dt.UTC)
        except WrongValueError as error:
            self._wrong(path, str(error))
            return None

    def _filter(self, path: Path, table: Mapping[str, object], example: str) -> Filter | None:
        if "filter" not in table:
            if not any(near(key.lower(), ["filter"], _NEAR) for key in table):
                self._wrong(path, f"filter is missing: which torrents? write it like filter = {quoted(example)}")
            return None
        at, text = (*path, "filter"), table["filter"]
        if not isinstance(text, str):
            self._wrong(at, f"{shown(text)} is no filter in quotes; write it like {quoted(example)}")
            return None
        try:
            return parse_filter(text, self._named)
        except FilterError as error:
            hint = f"; {error.hint}" if error.hint else ""
            self._wrong(at, f"{error.problem} at column {error.column}{hint}")
            return None

    def _refuse_unknown(self, path: Path, table: Mapping[str, object], known: tuple[str, ...]) -> None:
        for key in table:
            if key in known:
                continue
            plain = key.lower().replace("-", "_")
            meant = near(plain, known, _NEAR)
            hint = f"did you mean {meant}?" if meant else f"there are: {', '.join(known)}"
            if plain in _NOT_YET:
                hint = f"this version has none; there are: {', '.join(known)}"
            self._wrong((*path, key), f"unknown key {shown(key)}; {hint}", of=path)

    def _wrong(self, path: Path, message: str, *, of: Path | None = None) -> None:
        """Write a mistake down.

        Args:
            path: Where it is.
            message: What is wrong.
            of: What the message is about, where it names the key itself. None: the path.
        """
        if len(self._mistakes) >= MAX_MISTAKES:
            return
        line = line_at(path, self._lines)
        place = f"{self._name} line {line}" if line else self._name
        about = _shown_path(path if of is None else of)
        self._mistakes.append((line or 0, f"{place}: {about}{': ' if about else ''}{clean(message, limit_chars=600)}"))


def _shown_path(path: Path) -> str:
    """`collections.isos.min_seeders`; a row of a list by its number from 1, as people count: `overrides 2.filter`."""
    told = ""
    for part in path:
        if isinstance(part, int):
            told += f" {part + 1}"
        else:
            plain = part.isascii() and part.replace("_", "").replace("-", "").isalnum()
            told += ("." if told else "") + (part if plain else quoted(clean(part, limit_chars=80)))
    return told
