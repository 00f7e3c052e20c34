r"""Regular expressions whose time is bounded: names come from strangers, and a screen must not freeze over one.

Python's `re` tries alternatives one after the other, which a chosen name can make take hours. This one follows all of them
at once: the work for a text is at most its length times the size of the pattern, whatever either holds. That leaves out
what cannot be done so: back references and looking around. Case never counts.

    pattern   := sequence ("|" sequence)*
    sequence  := (atom ("*" | "+" | "?" | "{n}" | "{n,}" | "{n,m}")?)*
    atom      := character | "." | "[...]" | "(" pattern ")" | "^" | "$" | escape
    escape    := \d \D \w \W \s \S \b \B \n \t, or a sign that means itself
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_PATTERN_CHARS = 200
MAX_STEPS = 400
"""Of a compiled pattern; counted repeats are written out."""
MAX_TEXT_CHARS = 1024
"""What follows in a text is not looked at."""
_MAX_DEPTH = 20
_MAX_ADDED = 10_000
_MAX_KNOWN = 20_000


class RegexError(ValueError):
    """A mistake in a pattern."""

    def __init__(self, problem: str, at: int, hint: str = "") -> None:
        """Args: what is wrong, the index in the pattern, and what would be right."""
        super().__init__(problem)
        self.problem = problem
        self.at = at
        self.hint = hint


class _Place(Enum):
    """What stands before a position of the text."""

    START = 0
    WORD = 1
    OTHER = 2


class _Assertion(Enum):
    START = "^"
    END = "$"
    EDGE = "b"
    NO_EDGE = "B"


# -- what a pattern is made of -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _One:
    """One character that a test allows."""

    allows: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class _Here:
    """A place, without a character."""

    assertion: _Assertion


@dataclass(frozen=True, slots=True)
class _Sequence:
    parts: tuple[_Node, ...]


@dataclass(frozen=True, slots=True)
class _Either:
    parts: tuple[_Node, ...]


@dataclass(frozen=True, slots=True)
class _Repeat:
    inner: _Node
    least: int
    most: int | None


_Node = _One | _Here | _Sequence | _Either | _Repeat


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


_CLASSES: dict[str, Callable[[str], bool]] = {"d": str.isdecimal, "w": _is_word, "s": str.isspace}
_CONTROLS = {"n": "\n", "t": "\t"}
_ASSERTIONS = {"b": _Assertion.EDGE, "B": _Assertion.NO_EDGE}
_COUNTS = re.compile(r"\{(\d{1,4})(,(\d{0,4}))?\}", re.ASCII)


def _not(test: Callable[[str], bool]) -> Callable[[str], bool]:
    return lambda character: not test(character)


def _anything(character: str) -> bool:
    del character
    return True


class _Parser:
    """A cursor over a pattern."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0

    def parse(self) -> _Node:
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

    def _either(self, depth: int) -> _Node:
        if depth > _MAX_DEPTH:
            raise RegexError(f"more than {_MAX_DEPTH} levels deep", self._at)
        parts = [self._sequence(depth)]
        while self._take("|"):
            parts.append(self._sequence(depth))
        return parts[0] if len(parts) == 1 else _Either(tuple(parts))

    def _sequence(self, depth: int) -> _Node:
        parts: list[_Node] = []
        while self._next() not in ("", "|", ")"):
            parts.append(self._repeated(depth))
        return parts[0] if len(parts) == 1 else _Sequence(tuple(parts))

    def _repeated(self, depth: int) -> _Node:
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
            if isinstance(node, _Here):
                raise RegexError("a place cannot be repeated", started_at)
            repeated = True
            node = _Repeat(node, least, most)

    def _atom(self, depth: int) -> _Node:
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
                return _One(self._class(at))
            case ".":
                return _One(_anything)
            case "^":
                return _Here(_Assertion.START)
            case "$":
                return _Here(_Assertion.END)
            case "\\":
                return self._escape(at)
        return _literal(character)

    def _escape(self, at: int) -> _Node:
        character = self._next()
        if not character:
            raise RegexError("a backslash at the end", at, r"write \\ for the character")
        self._at += 1
        if character in _ASSERTIONS:
            return _Here(_ASSERTIONS[character])
        if (test := _class_named(character)) is not None:
            return _One(test)
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


def _literal(character: str) -> _Node:
    folded = tuple(_One(part.__eq__) for part in character.casefold())
    return folded[0] if len(folded) == 1 else _Sequence(folded)


# -- steps -------------------------------------------------------------------------------------------------------------


class _Program:
    """Numbered steps: each waits for a character, for a place, or goes on to others at once."""

    def __init__(self) -> None:
        self.tests: list[Callable[[str], bool] | None] = []
        self.places: list[_Assertion | None] = []
        self.following: list[list[int]] = []
        self._added = 0

    def step(self, *, allows: Callable[[str], bool] | None = None, place: _Assertion | None = None) -> int:
        if len(self.following) >= MAX_STEPS:
            raise RegexError("a regex that is too much work", 0, "use fewer or smaller counts in { }")
        self.tests.append(allows)
        self.places.append(place)
        self.following.append([])
        return len(self.following) - 1

    def add(self, node: _Node, begin: int) -> int:
        """Write down a node after a step; the step it ends with."""
        self._added += 1
        if self._added > _MAX_ADDED:
            # Repeats of nothing make no steps, and no end either.
            raise RegexError("a regex that is too much work", 0, "use fewer or smaller counts in { }")
        match node:
            case _One(allows):
                one = self.step(allows=allows)
                self.following[begin].append(one)
                end = self.step()
                self.following[one].append(end)
                return end
            case _Here(place):
                here = self.step(place=place)
                self.following[begin].append(here)
                return here
            case _Sequence(parts):
                for part in parts:
                    begin = self.add(part, begin)
                return begin
            case _Either(parts):
                end = self.step()
                for part in parts:
                    self.following[self.add(part, self._after(begin))].append(end)
                return end
            case _Repeat(inner, least, most):
                for _ in range(least):
                    begin = self.add(inner, begin)
                if most is None:
                    loop = self._after(begin)
                    self.following[self.add(inner, loop)].append(loop)
                    return self._after(loop)
                ends = [begin]
                for _ in range(most - least):
                    begin = self.add(inner, begin)
                    ends.append(begin)
                end = self.step()
                for one in ends:
                    self.following[one].append(end)
                return end

    def _after(self, begin: int) -> int:
        step = self.step()
        self.following[begin].append(step)
        return step


class _State:
    """Steps that are reached, after a character of some kind; and what each next character comes to."""

    __slots__ = ("before", "reached", "then")

    def __init__(self, reached: frozenset[int], before: _Place) -> None:
        self.reached = reached
        self.before = before
        self.then: dict[str, _State | None] = {}
        """By the next character, empty for the end. None: the pattern was found."""


class Regex:
    """A pattern, ready to be searched for. Remembers what it learned from one text for the next."""

    def __init__(self, pattern: str) -> None:
        """Compile a pattern.

        Raises:
            RegexError: A mistake, with its index.
        """
        self.pattern = pattern
        program = _Program()
        self._begin = program.step()
        self._end = program.add(_Parser(pattern).parse(), self._begin)
        self._program = program
        self._forget()

    def _forget(self) -> None:
        self._start = _State(frozenset({self._begin}), _Place.START)
        self._states = {(self._start.reached, self._start.before): self._start}
        self.learned = 0
        """What followed from a state and a character, so often; bounded."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Regex) and other.pattern == self.pattern

    def __hash__(self) -> int:
        return hash(self.pattern)

    def __repr__(self) -> str:
        return f"Regex({self.pattern!r})"

    def search(self, text: str) -> bool:
        """Whether it is somewhere in a casefolded text."""
        state = self._start
        for character in text[:MAX_TEXT_CHARS]:
            then = state.then.get(character, state)
            if then is state and character not in state.then:
                then = self._learn(state, character)
            if then is None:
                return True
            state = then
        return (state.then[""] if "" in state.then else self._learn(state, "")) is None

    def _learn(self, state: _State, character: str) -> _State | None:
        if self.learned >= _MAX_KNOWN:
            self._forget()
        self.learned += 1
        key = self._go_on(state.reached, state.before, character)
        then = None if key is None else self._states.setdefault(key, _State(*key))
        state.then[character] = then
        return then

    def _go_on(self, reached: frozenset[int], before: _Place, character: str) -> tuple[frozenset[int], _Place] | None:
        """Take one character at every step at once. None: the pattern was found."""
        program = self._program
        word = bool(character) and _is_word(character)
        edge = (before is _Place.WORD) is not word
        holds = {
            _Assertion.START: before is _Place.START,
            _Assertion.END: not character,
            _Assertion.EDGE: edge,
            _Assertion.NO_EDGE: not edge,
        }
        # It may begin anywhere.
        waiting = [*reached, self._begin]
        seen = set(waiting)
        later: set[int] = set()
        while waiting:
            step = waiting.pop()
            place, allows = program.places[step], program.tests[step]
            if place is not None and not holds[place]:
                continue
            if step == self._end:
                return None
            if allows is not None:
                if character and allows(character):
                    later.update(program.following[step])
                continue
            for following in program.following[step]:
                if following not in seen:
                    seen.add(following)
                    waiting.append(following)
        return frozenset(later), _Place.WORD if word else _Place.OTHER
