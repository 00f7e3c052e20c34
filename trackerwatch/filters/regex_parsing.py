"""From the text of a regular expression to what it is made of. What it may hold is told in `regex`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_PATTERN_CHARS = 200
_MAX_DEPTH = 20


class RegexError(ValueError):
    """A mistake in a pattern."""

    def __init__(self, problem: str, at: int, hint: str = "") -> None:
        """Args: what is wrong, the index in the pattern, and what would be right."""
        super().__init__(problem)
        self.problem = problem
        self.at = at
        self.hint = hint


class Assertion(Enum):
    """A place in a text."""

    START = "^"
    END = "$"
    EDGE = "b"
    NO_EDGE = "B"


@dataclass(frozen=True, slots=True)
class One:
    """One character that a test allows."""

    allows: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Here:
    """A place, without a character."""

    assertion: Assertion


@dataclass(frozen=True, slots=True)
class Sequence:
    """One after the other."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """One of them."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """The same again and again."""

    inner: Node
    least: int
    most: int | None


Node = One | Here | Sequence | Either | Repeat


def is_word(character: str) -> bool:
    """Whether a character belongs to a word."""
    return character.isalnum() or character == "_"


_CLASSES: dict[str, Callable[[str], bool]] = {"d": str.isdecimal, "w": is_word, "s": str.isspace}
_CONTROLS = {"n": "\n", "t": "\t"}
_ASSERTIONS = {"b": Assertion.EDGE, "B": Assertion.NO_EDGE}
_COUNTS = re.compile(r"\{(\d{1,4})(,(\d{0,4}))?\}", re.ASCII)


def _not(test: Callable[[str], bool]) -> Callable[[str], bool]:
    return lambda character: not test(character)


def _anything(character: str) -> bool:
    del character
    return True


def parse_regex(pattern: str) -> Node:
    """Read a pattern.

    Raises:
        RegexError: A mistake, with its index.
    """
    return _Parser(pattern).parse()


class _Parser:
    """A cursor over a pattern."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0

    def parse(self) -> Node:
        if len(self._pattern) > MAX_PATTERN_CHARS:
            raise RegexError(f"regex longer than {MAX_PATTERN_CHARS} characters", MAX_PATTERN_CHARS)
        node = self._either(0)
        if self._at < len(self._pattern):
            raise RegexError("nothing is open that ')' could close", self._at, r"write \) for the character")
        return node

    def _next(self) -> str:
        return self._pattern[self._at : self._at + 1]

    def _take(self, character: str) -> bool:
        if self._next() != character:
            return False
        self._at += 1
        return True

    def _either(self, depth: int) -> Node:
        if depth > _MAX_DEPTH:
            raise RegexError(f"more than {_MAX_DEPTH} levels deep", self._at)
        parts = [self._sequence(depth)]
        while self._take("|"):
            parts.append(self._sequence(depth))
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _sequence(self, depth: int) -> Node:
        parts: list[Node] = []
        while self._next() not in ("", "|", ")"):
            parts.append(self._repeated(depth))
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def _repeated(self, depth: int) -> Node:
        started_at = self._at
        if self._next() in "*+?":
            raise RegexError(f"nothing to repeat before {self._next()!r}", self._at, rf"write \{self._next()} for it")
        node = self._atom(depth)
        repeated = False
        while True:
            at = self._at
            if self._take("*"):
                least, most = 0, None
            elif self._take("+"):
                least, most = 1, None
            elif self._take("?"):
                if repeated:
                    # `*?` takes as little as it can: nothing that a search could tell.
                    continue
                least, most = 0, 1
            elif counts := _COUNTS.match(self._pattern, self._at):
                self._at = counts.end()
                least = int(counts[1])
                most = (int(counts[3]) if counts[3] else None) if counts[2] else least
                if most is not None and most < least:
                    raise RegexError("a repeat from more to less", at, f"write {{{most},{least}}}")
            else:
                return node
            if repeated:
                raise RegexError("a repeat of a repeat", at, "put the first into ( )")
            if isinstance(node, Here):
                raise RegexError("a place cannot be repeated", started_at)
            repeated = True
            node = Repeat(node, least, most)

    def _atom(self, depth: int) -> Node:
        at = self._at
        character = self._pattern[at]
        self._at += 1
        match character:
            case "(":
                if self._pattern.startswith("?:", self._at):
                    self._at += 2
                elif self._next() == "?":
                    raise RegexError("looking around and named groups are not known here", at, "groups are ( )")
                node = self._either(depth + 1)
                if not self._take(")"):
                    raise RegexError("'(' is never closed", at, r"write \( for the character")
                return node
            case "[":
                return One(self._class(at))
            case ".":
                return One(_anything)
            case "^":
                return Here(Assertion.START)
            case "$":
                return Here(Assertion.END)
            case "\\":
                return self._escape(at)
        return _literal(character)

    def _escape(self, at: int) -> Node:
        character = self._next()
        if not character:
            raise RegexError("a backslash at the end", at, r"write \\ for the character")
        self._at += 1
        if character in _ASSERTIONS:
            return Here(_ASSERTIONS[character])
        if (test := _class_named(character)) is not None:
            return One(test)
        return _literal(self._sign(character, at))

    def _sign(self, character: str, at: int) -> str:
        if character in _CONTROLS:
            return _CONTROLS[character]
        if character.isascii() and character.isalnum():
            what = "back references are" if character.isdigit() else f"\\{character} is"
            raise RegexError(f"{what} not known here", at, r"known are \d \w \s \b and their opposites")
        return character

    def _class(self, opened_at: int) -> Callable[[str], bool]:
        inverted = self._take("^")
        tests: list[Callable[[str], bool]] = []
        first = True
        while first or self._next() != "]":
            first = False
            if not self._next():
                raise RegexError("'[' is never closed", opened_at, r"write \[ for the character")
            at = self._at
            low = self._member()
            if not isinstance(low, str):
                tests.append(low)
                continue
            high: str | Callable[[str], bool] = low
            if self._next() == "-" and self._pattern[self._at + 1 : self._at + 2] not in ("", "]"):
                self._at += 1
                high = self._member()
            if not isinstance(high, str) or high < low:
                raise RegexError("a range that leads nowhere", at, "ranges are like a-z")
            tests.append(_range(low, high))
        self._at += 1
        together = tuple(tests)

        def allows(character: str) -> bool:
            return any(test(character) for test in together) is not inverted

        return allows

    def _member(self) -> str | Callable[[str], bool]:
        at = self._at
        character = self._pattern[at]
        self._at += 1
        if character != "\\":
            return character
        escaped = self._next()
        if not escaped:
            raise RegexError("a backslash at the end", at)
        self._at += 1
        return _class_named(escaped) or self._sign(escaped, at)


def _class_named(letter: str) -> Callable[[str], bool] | None:
    test = _CLASSES.get(letter.lower())
    return _not(test) if test is not None and letter.isupper() else test


def _range(low: str, high: str) -> Callable[[str], bool]:
    # Texts come casefolded: `[A-Z]` is to find their letters all the same.
    return lambda c: low <= c <= high or (len(upper := c.upper()) == 1 and low <= upper <= high)


def _literal(character: str) -> Node:
    folded = tuple(One(part.__eq__) for part in character.casefold())
    return folded[0] if len(folded) == 1 else Sequence(folded)
