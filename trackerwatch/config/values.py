"""Kinds of values: how each is read from TOML or from text, and written as TOML."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST_S = 30 * 86400.0
"""No duration may be longer, unless its setting says otherwise."""
LONGEST_CERTIFICATE_S = 400 * 86400.0
"""No certificate that browsers take lives longer."""
SHORTEST_INTERVAL_S = 60.0
SHORTEST_HEARTBEAT_S = 60.0
"""A connect is the least there is, but nobody's tracker wants it every second."""
NO_STORE = "none"
"""What stands for no store where only text can stand; a file of that name is `./none`."""
DURATION_HINT = 'write seconds, or a number with a unit: "90s", "20m", "2h"'

_UNITS_S = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_ADDRESS = re.compile(r"\[?[0-9A-Fa-f:.]{2,45}\]?(?:/[0-9]{1,3})?")
_MAX_TEXT_CHARS = 200
MAX_ITEMS = 1000
"""Of a list or table."""


class WrongValueError(ValueError):
    """A value that a setting cannot have. The message says what is wrong and what would be right, in one clean line."""

    def __init__(self, message: str, *, at: tuple[str, ...] = ()) -> None:
        """Say what is wrong.

        Args:
            message: One clean line.
            at: The keys below the setting's own that lead to the value, as written in the file.
        """
        super().__init__(message)
        self.at = at


class Kind:
    """What the values of a setting look like."""

    def read(self, value: object) -> object:
        """Take a value as TOML gives it.

        Raises:
            WrongValueError: It is none of this kind.
        """
        raise NotImplementedError

    def read_text(self, text: str) -> object:
        """Take a value as the environment gives it: unquoted text.

        Raises:
            WrongValueError: It is none of this kind.
        """
        return self.read(text)

    def write(self, value: object) -> str:
        """A value as TOML on one line, without secrets."""
        return quoted(str(value or ""))


@dataclass(frozen=True, slots=True)
class Duration(Kind):
    """Seconds as a number, or text with a unit. Gives seconds."""

    at_least_s: float = 0.0
    """0: anything above 0."""
    at_most_s: float = LONGEST_S

    def read(self, value: object) -> float:
        """Take a duration."""
        duration_s = _duration_s(value)
        if duration_s is None or not 0 < duration_s < math.inf:
            raise WrongValueError(f"{shown(value)} is no duration above 0; {DURATION_HINT}")
        if duration_s > self.at_most_s:
            raise WrongValueError(f"{shown(value)} is too long; at most {self.at_most_s / 86400:.15g} days")
        if duration_s < self.at_least_s:
            raise WrongValueError(f"{shown(value)} is too short; at least {duration(self.at_least_s)}")
        return duration_s

    def write(self, value: object) -> str:
        """Write with the largest unit that leaves a whole number."""
        return quoted(duration(value)) if isinstance(value, float) else '""'


class MaybeDuration(Kind):
    """A duration, or None for an empty text."""

    def read(self, value: object) -> float | None:
        """Take a duration or an empty text."""
        return None if value == "" else Duration().read(value)

    def write(self, value: object) -> str:
        """Write a duration, or an empty text."""
        return Duration().write(value)


class Share(Kind):
    """A part of a whole: a number above 0 and up to 1, or a percentage as text. Gives the number."""

    def read(self, value: object) -> float:
        """Take a share."""
        share = _share(value)
        if share is None or not 0 < share <= 1:
            raise WrongValueError(f'{shown(value)} is no share above 0; write 0.1, or "10%"')
        return share

    def write(self, value: object) -> str:
        """Write a percentage."""
        return quoted(f"{value * 100:.15g}%") if isinstance(value, float) else '""'


@dataclass(frozen=True, slots=True)
class Choice(Kind):
    """One of some words."""

    words: tuple[str, ...]

    def read(self, value: object) -> str:
        """Take a word."""
        if value not in self.words:
            raise WrongValueError(f"{shown(value)} is no choice; there are: {', '.join(self.words)}")
        return str(value)


@dataclass(frozen=True, slots=True)
class Whole(Kind):
    """A whole number within bounds."""

    least: int
    most: int

    def read(self, value: object) -> int:
        """Take a number."""
        if not isinstance(value, int) or isinstance(value, bool) or not self.least <= value <= self.most:
            raise WrongValueError(f"{shown(value)} is no whole number from {self.least} to {self.most}")
        return value

    def read_text(self, text: str) -> int:
        """Take decimal digits."""
        plain = text.strip()
        return self.read(int(plain) if plain.isdecimal() and len(plain) < 20 else text)

    def write(self, value: object) -> str:
        """Write digits."""
        return str(value)


class Switch(Kind):
    """True or false."""

    def read(self, value: object) -> bool:
        """Take a truth."""
        if not isinstance(value, bool):
            raise WrongValueError(f"{shown(value)} is neither true nor false (written without quotes)")
        return value

    def read_text(self, text: str) -> bool:
        """Take the words that people write for it."""
        word = text.strip().lower()
        if word in {"true", "yes", "on", "1"}:
            return True
        if word in {"false", "no", "off", "0"}:
            return False
        raise WrongValueError(f"{shown(text)} is neither true nor false")

    def write(self, value: object) -> str:
        """Write `true` or `false`."""
        return "true" if value else "false"


class Line(Kind):
    """One line of text. Gives None for an empty one."""

    def read(self, value: object) -> str | None:
        """Take a text."""
        if not isinstance(value, str):
            raise WrongValueError(f"{shown(value)} is no text in quotes")
        if not value.isprintable() or len(value) > _MAX_TEXT_CHARS:
            raise WrongValueError(f"{shown(value)} is no single line of at most {_MAX_TEXT_CHARS} printable characters")
        return value.strip() or None


class FilePath(Kind):
    """The path of a file. Gives None for an empty text. What it is relative to is the business of who reads it."""

    def read(self, value: object) -> str | None:
        """Take a path."""
        if not isinstance(value, str) or "\0" in value:
            raise WrongValueError(f"{shown(value)} is no path of a file in quotes")
        return value or None


class StorePath(Kind):
    """The path of the store. Gives None for an empty text (the usual place) and False where there is to be none."""

    def read(self, value: object) -> str | Literal[False] | None:
        """Take a path, `false` or `"none"`."""
        if value is False:
            return False
        if value is True:
            raise WrongValueError(
                'true is no path; leave the key out for the usual place, write "a path" for another, false for none'
            )
        if not isinstance(value, str) or "\0" in value:
            raise WrongValueError(f"{shown(value)} is no path of a file in quotes, and not false")
        return False if value == NO_STORE else value or None

    def read_text(self, text: str) -> str | Literal[False] | None:
        """Take a path, or a word for no."""
        word = text.strip().lower()
        if word in {"true", "yes", "on"}:
            return self.read(value=True)
        return self.read(NO_STORE if word in {"false", "no", "off"} else text)

    def write(self, value: object) -> str:
        """Write a path or `false`."""
        return "false" if value is False else super().write(value)


@dataclass(frozen=True, slots=True)
class FailurePhrase:
    """What a tracker's words mean: a row of the setting `failure_phrases`."""

    phrase: str
    """Literal words, matched anywhere in the text whatever their case and white space."""
    kind: str


@dataclass(frozen=True, slots=True)
class Phrases(Kind):
    """An ordered list of phrases, each with the kind of failure it means. Gives a tuple of `FailurePhrase`."""

    kinds: tuple[str, ...]

    def read(self, value: object) -> tuple[FailurePhrase, ...]:
        """Take a list of tables."""
        if not isinstance(value, list) or len(value) > MAX_ITEMS:
            raise WrongValueError(f"{shown(value)} is no list of phrases; {self._hint}")
        return tuple(self._row(number, row) for number, row in enumerate(value, 1))

    def read_text(self, text: str) -> tuple[FailurePhrase, ...]:
        """Take a TOML list."""
        try:
            return self.read(toml_value(text))
        except WrongValueError:
            raise
        except ValueError:
            raise WrongValueError(f"{shown(text)} is no TOML list of phrases; {self._hint}") from None

    def write(self, value: object) -> str:
        """Write a list of inline tables."""
        rows = value if isinstance(value, tuple) else ()
        return f"[{', '.join(f'{{phrase = {quoted(row.phrase)}, kind = {quoted(row.kind)}}}' for row in rows)}]"

    @property
    def _hint(self) -> str:
        return f'write them like [{{phrase = "torrent gone", kind = "{self.kinds[0]}"}}]'

    def _row(self, number: int, row: object) -> FailurePhrase:
        from trackerwatch.protocol.failures import folded  # noqa: PLC0415 - the rules of matching; only for phrases

        if not isinstance(row, dict):
            raise WrongValueError(f"item {number}: {shown(row)} is no table; {self._hint}")
        for key in row.keys() - {"phrase", "kind"}:
            raise WrongValueError(f"item {number}: unknown key {shown(key)}; a phrase has phrase and kind")
        phrase, kind = row.get("phrase"), row.get("kind")
        if not isinstance(phrase, str) or not folded(phrase) or len(phrase) > _MAX_TEXT_CHARS:
            raise WrongValueError(
                f"item {number}: phrase must be 1 to {_MAX_TEXT_CHARS} characters of what trackers say"
            )
        if kind not in self.kinds:
            what = "kind is missing" if kind is None else f"{shown(kind)} is no kind"
            raise WrongValueError(f"item {number}: {what}; there are: {', '.join(self.kinds)}")
        return FailurePhrase(phrase, str(kind))


def duration(duration_s: float) -> str:
    """A duration as people write it: `90s`, `20m`, `2h`, `0.5s`."""
    for unit in ("d", "h", "m"):
        number = duration_s / _UNITS_S[unit]
        # A minute is told in seconds, as people do.
        if number.is_integer() and number >= (2 if unit == "m" else 1):
            return f"{number:.0f}{unit}"
    return f"{duration_s:.15g}s"


def quoted(text: str) -> str:
    """A text as a TOML basic string."""
    return '"' + "".join(_escaped(character) for character in text) + '"'


def shown(value: object) -> str:
    """A wrong value as a message shows it: one short line, with the secrets of URLs replaced."""
    if isinstance(value, str):
        return repr(public(value))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) or (isinstance(value, int) and abs(value) < 10**30):
        return repr(value)
    if value is None:
        return "nothing"
    names = ((int, "a number of that length"), (list, "a list"), (dict, "a table"))
    return next((name for type_, name in names if isinstance(value, type_)), "a date or time")


def toml_value(text: str) -> object:
    """The value that a text is in TOML.

    Raises:
        ValueError: It is none.
    """
    import tomllib  # noqa: PLC0415 - few settings need it

    try:
        return tomllib.loads(f"value = {text}\n").get("value")
    except RecursionError:
        raise ValueError("nested too deeply") from None


def near(word: str, words: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The one of some words that a misspelt one is most like. None: it is like none of them.

    Args:
        word: As written.
        words: What there is.
        cutoff: How alike they must be, 0 to 1.
    """
    from difflib import get_close_matches  # noqa: PLC0415 - only where there is a mistake

    return next(iter(get_close_matches(word[:60], list(words), 1, cutoff)), None)


def public(text: str) -> str:
    """A name or URL as a message may show it: clean, short, without what may be a secret."""
    from trackerwatch.outside_text import clean, redact_host, redact_url  # noqa: PLC0415 - only for values that are shown

    # Addresses hold no secrets, and their colons are not those of a URL.
    plain = ":" in text and _ADDRESS.fullmatch(text) is not None
    redacted = text if plain else redact_url(text) if set(text) & set("/?@=") else redact_host(text)
    return clean(redacted, limit_chars=80)


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    if character.isprintable():
        return character
    return f"\\u{ord(character):04x}" if ord(character) < 0x10000 else f"\\U{ord(character):08x}"


def _share(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    divisor = 1.0
    if isinstance(value, str):
        value = value.strip()
        if value.endswith("%"):
            divisor, value = 100.0, value[:-1]
    try:
        return float(value) / divisor
    except (ValueError, OverflowError):
        return None


def _duration_s(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    factor = 1.0
    if isinstance(value, str):
        value = value.strip()
        if value[-1:] in _UNITS_S:
            factor, value = _UNITS_S[value[-1]], value[:-1]
    try:
        return float(value) * factor
    except (ValueError, OverflowError):
        return None
