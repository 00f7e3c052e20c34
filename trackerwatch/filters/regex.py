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

from enum import Enum
from typing import TYPE_CHECKING

from trackerwatch.filters.regex_parsing import (
    Assertion,
    Either,
    Here,
    Node,
    One,
    RegexError,
    Repeat,
    Sequence,
    is_word,
    parse_regex,
)

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_STEPS = 250
"""Of a compiled pattern; counted repeats are written out."""
MAX_TEXT_CHARS = 512
"""What follows in a text is not looked at."""
_MAX_ADDED = 10_000
_MAX_KNOWN = 20_000


class _Place(Enum):
    """What stands before a position of the text."""

    START = 0
    WORD = 1
    OTHER = 2


class _Program:
    """Numbered steps: each waits for a character, for a place, or goes on to others at once."""

    def __init__(self) -> None:
        self.tests: list[Callable[[str], bool] | None] = []
        self.places: list[Assertion | None] = []
        self.following: list[list[int]] = []
        self._added = 0

    def step(self, *, allows: Callable[[str], bool] | None = None, place: Assertion | None = None) -> int:
        if len(self.following) >= MAX_STEPS:
            raise RegexError("a regex that is too much work", 0, "use fewer or smaller counts in { }")
        self.tests.append(allows)
        self.places.append(place)
        self.following.append([])
        return len(self.following) - 1

    def add(self, node: Node, begin: int) -> int:
        """Write down a node after a step; the step it ends with."""
        self._added += 1
        if self._added > _MAX_ADDED:
            # Repeats of nothing make no steps, and no end either.
            raise RegexError("a regex that is too much work", 0, "use fewer or smaller counts in { }")
        match node:
            case One(allows):
                one = self.step(allows=allows)
                self.following[begin].append(one)
                end = self.step()
                self.following[one].append(end)
                return end
            case Here(place):
                here = self.step(place=place)
                self.following[begin].append(here)
                return here
            case Sequence(parts):
                for part in parts:
                    begin = self.add(part, begin)
                return begin
            case Either(parts):
                end = self.step()
                for part in parts:
                    self.following[self.add(part, self._after(begin))].append(end)
                return end
            case Repeat(inner, least, most):
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
        self._end = program.add(parse_regex(pattern), self._begin)
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
        word = bool(character) and is_word(character)
        edge = (before is _Place.WORD) is not word
        holds = {
            Assertion.START: before is _Place.START,
            Assertion.END: not character,
            Assertion.EDGE: edge,
            Assertion.NO_EDGE: not edge,
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
