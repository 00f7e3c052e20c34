"""Kinds of values: how each is read from TOML or from text, and written as TOML."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

LONGEST_S = 30 * 86400.0
"""No duration may be longer."""
DURATION_HINT = 'write seconds, or a number with a unit: "90s", "20m", "2h"'

_UNITS_S = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_ADDRESS = re.compile(r"\[?[0-9A-Fa-f:.]{2,45}\]?(?:/[0-9]{1,3})?")
_MAX_TEXT_CHARS = 200
_MAX_ITEMS = 1000


class WrongValueError(ValueError):
    """A value that a setting cannot have. The message says what is wrong and what would be right, in one clean line."""


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

    def read(self, value: object) -> float:
        """Take a duration."""
        duration_s = _duration_s(value)
        if duration_s is None or not 0 < duration_s < math.inf:
            raise WrongValueError(f"{shown(value)} is no duration above 0; {DURATION_HINT}")
        if duration_s > LONGEST_S:
            raise WrongValueError(f"{shown(value)} is too long; at most 30 days")
        if duration_s < self.at_least_s:
            raise WrongValueError(f"{shown(value)} is too short; at least {duration(self.at_least_s)}")
        return duration_s

    def write(self, value: object) -> str:
        """Write with the largest unit that leaves a whole number."""
        return quoted(duration(value)) if isinstance(value, float) else '""'


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


class Networks(Kind):
    """IP networks. Gives a tuple of them in their usual spelling."""

    def read(self, value: object) -> tuple[str, ...]:
        """Take a list of networks."""
        if not isinstance(value, list) or len(value) > _MAX_ITEMS:
            raise WrongValueError(f'{shown(value)} is no list of networks; write them like ["10.0.0.0/8", "fd00::/8"]')
        return tuple(dict.fromkeys(_network(item) for item in value))

    def read_text(self, text: str) -> tuple[str, ...]:
        """Take networks with commas between them."""
        return self.read([part.strip() for part in text.split(",") if part.strip()])

    def write(self, value: object) -> str:
        """Write a list."""
        return f"[{', '.join(quoted(str(item)) for item in value)}]" if isinstance(value, tuple) else "[]"


@dataclass(frozen=True, slots=True)
class HostModes(Kind):
    """A mode for each of some hosts. Gives a tuple of (host, mode)."""

    modes: tuple[str, ...]

    def read(self, value: object) -> tuple[tuple[str, str], ...]:
        """Take a table from host to mode."""
        if not isinstance(value, dict) or len(value) > _MAX_ITEMS:
            raise WrongValueError(f'{shown(value)} is no table; write it like {{"tracker.example.org" = "scrape"}}')
        modes: dict[str, str] = {}
        for name, mode in value.items():
            host = _host(name)
            if mode not in self.modes:
                raise WrongValueError(
                    f"{shown(mode)} is no choice for {_public(host)}; there are: {', '.join(self.modes)}"
                )
            if host in modes:
                raise WrongValueError(f"{_public(host)} is named twice")
            modes[host] = str(mode)
        return tuple(modes.items())

    def read_text(self, text: str) -> tuple[tuple[str, str], ...]:
        """Take `host=mode` with commas between them."""
        modes: dict[str, object] = {}
        for part in filter(str.strip, text.split(",")):
            host, equals, mode = part.partition("=")
            if not equals:
                raise WrongValueError(f'{shown(part)} names no mode; write it like "tracker.example.org=scrape"')
            modes[host.strip()] = mode.strip()
        return self.read(modes)

    def write(self, value: object) -> str:
        """Write an inline table."""
        pairs = value if isinstance(value, tuple) else ()
        return f"{{{', '.join(f'{quoted(_public(host))} = {quoted(mode)}' for host, mode in pairs)}}}"


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
        if not isinstance(value, list) or len(value) > _MAX_ITEMS:
            raise WrongValueError(f"{shown(value)} is no list of phrases; {self._hint}")
        return tuple(self._row(number, row) for number, row in enumerate(value, 1))

    def read_text(self, text: str) -> tuple[FailurePhrase, ...]:
        """Take a TOML list."""
        import tomllib  # noqa: PLC0415 - only where phrases are given

        try:
            return self.read(tomllib.loads(f"value = {text}\n").get("value"))
        except WrongValueError:
            raise
        except (ValueError, RecursionError):
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
        return repr(_public(value))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) or (isinstance(value, int) and abs(value) < 10**30):
        return repr(value)
    if value is None:
        return "nothing"
    names = ((int, "a number of that length"), (list, "a list"), (dict, "a table"))
    return next((name for type_, name in names if isinstance(value, type_)), "a date or time")


def _public(text: str) -> str:
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


def _network(item: object) -> str:
    import ipaddress  # noqa: PLC0415 - only where networks are given

    if not isinstance(item, str):
        raise WrongValueError(f'{shown(item)} is no network in quotes; write it like "10.0.0.0/8"')
    try:
        return str(ipaddress.ip_network(item))
    except ValueError:
        try:
            meant = f"; did you mean {ipaddress.ip_network(item, strict=False)}?"
        except ValueError:
            meant = '; write it like "10.0.0.0/8" or "192.168.1.5"'
    raise WrongValueError(f"{shown(item)} is no network{meant}")


def _host(name: object) -> str:
    from trackerwatch.errors import TrackerUrlError  # noqa: PLC0415 - with the next one
    from trackerwatch.tracker import parse_tracker  # noqa: PLC0415 - the rules for hosts; only where hosts are given

    text = str(name)
    literal = f"[{text}]" if text.count(":") > 1 and not text.startswith("[") else text
    # Whatever else a URL may hold would be left out in silence.
    alone = not set(literal) & set("/?#@") and (literal.endswith("]") or ":" not in literal)
    try:
        if alone:
            return parse_tracker(f"udp://{literal}").host
    except TrackerUrlError:
        alone = False
    raise WrongValueError(f'{shown(text)} is no host; write it like "tracker.example.org", without port and path')
