"""From text to an expression tree.

    any    := all ("|" all)*
    all    := term (["&"] term)*             words side by side must all match
    term   := "!" term | "(" any ")" | test
    test   := FIELD operator VALUE | WORD    operators: = != ~ !~ < <= > >=

A value ends at white space, `&`, `|` or a parenthesis; quotes (single or double, with backslash escapes) hold anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches

from trackerwatch.filters.fields import CHOICES, NUMBERS, Comparison, Field, Unknown, choice, number
from trackerwatch.filters.mistakes import FilterError
from trackerwatch.outside_text import clean

MAX_CHARS = 2000
MAX_DEPTH = 40
"""Parentheses and negations inside each other."""


@dataclass(frozen=True, slots=True)
class Word:
    """A plain word, casefolded: matches name or host."""

    text: str


@dataclass(frozen=True, slots=True)
class FieldTest:
    """One field compared with one value; text values are casefolded."""

    field: Field
    comparison: Comparison
    value: str | float | Unknown


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    inner: Node


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part matches; true without parts."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part matches."""

    parts: tuple[Node, ...]


Node = Word | FieldTest | Not | AllOf | AnyOf

_SPACE = re.compile(r"\s*")
_WORD = re.compile(r"(?:[^\s()&|=~<>!]|!(?![=~]))+")
_VALUE = re.compile(r"[^\s()&|]+")
_OPERATOR = re.compile(r"\s*(!=|!~|<=|>=|=|~|<|>)\s*")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"|\'((?:[^\'\\]|\\.)*)\'', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def parse(text: str) -> Node:
    """Read a filter. Empty text matches everything.

    Raises:
        FilterError: A mistake, with its column.
    """
    if len(text) > MAX_CHARS:
        raise FilterError(f"longer than {MAX_CHARS} characters", text, MAX_CHARS + 1)
    parser = _Parser(text)
    parser.skip_space()
    if parser.at_end():
        return AllOf(())
    node = parser.any_of(0)
    if not parser.at_end():
        # Only a closing parenthesis can stop `any_of` before the end.
        raise parser.mistake("nothing is open that ')' could close")
    return node


class _Parser:
    """A cursor over the text; each method consumes one construct and the white space after it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def at_end(self) -> bool:
        return self._at >= len(self._text)

    def mistake(self, problem: str, at: int | None = None, hint: str = "") -> FilterError:
        return FilterError(problem, self._text, (self._at if at is None else at) + 1, hint=hint)

    def skip_space(self) -> None:
        match = _SPACE.match(self._text, self._at)
        self._at = match.end() if match else self._at

    def _next(self) -> str:
        return self._text[self._at : self._at + 1]

    def _take(self, character: str) -> bool:
        if self._next() != character:
            return False
        self._at += 1
        # `&&` and `||` are what programmers type.
        if character in "&|" and self._next() == character:
            self._at += 1
        self.skip_space()
        return True

    def any_of(self, depth: int) -> Node:
        parts = [self._all_of(depth)]
        while self._take("|"):
            parts.append(self._all_of(depth))
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _all_of(self, depth: int) -> Node:
        parts = [self._term(depth)]
        while self._take("&") or self._next() not in ("", "|", ")"):
            parts.append(self._term(depth))
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _term(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise self.mistake(f"more than {MAX_DEPTH} levels deep")
        opened_at = self._at
        if self._take("!"):
            return Not(self._term(depth + 1))
        if self._take("("):
            node = self.any_of(depth + 1)
            if not self._take(")"):
                raise self.mistake("'(' is never closed", opened_at)
            return node
        return self._test()

    def _test(self) -> Node:
        started_at = self._at
        if self._next() in ('"', "'"):
            return Word(self._quoted().casefold())
        if not (word := _WORD.match(self._text, self._at)):
            if self.at_end():
                raise self.mistake("something is missing", hint="expected a word or field=value")
            raise self.mistake(f"{self._next()!r} is unexpected here", hint="expected a word or field=value")
        self._at = word.end()
        if not (operator := _OPERATOR.match(self._text, self._at)):
            self.skip_space()
            return Word(word[0].casefold())
        field = self._field(word[0], started_at)
        self._at = operator.end()
        negated = operator[1].startswith("!")
        comparison = Comparison(operator[1].removeprefix("!"))
        test = self._comparison(field, comparison, operator.start(1))
        return Not(test) if negated else test

    def _field(self, name: str, at: int) -> Field:
        try:
            return Field(name.casefold().replace("-", "_"))
        except ValueError:
            raise self.mistake(f"unknown field {clean(name)!r}", at, _suggest(name, tuple(Field), "fields")) from None

    def _comparison(self, field: Field, comparison: Comparison, operator_at: int) -> FieldTest:
        value_at = self._at
        text = self._value(field)
        if field in NUMBERS:
            if comparison is Comparison.CONTAINS:
                raise self.mistake(f"{field} is a number", operator_at, "use = < <= > >= instead of ~")
            value = number(text)
            if value is None:
                raise self.mistake(
                    f"{clean(text)!r} is no number for {field}", value_at, "numbers are like 3, 1.5k, 4Gi"
                )
            if value is Unknown.UNKNOWN and comparison is not Comparison.EQUAL:
                raise self.mistake("unknown has no order", value_at, f"use {field}=unknown")
            return FieldTest(field, comparison, value)
        if comparison not in (Comparison.EQUAL, Comparison.CONTAINS):
            raise self.mistake(f"{field} is no number", operator_at, "use = or ~")
        if field in CHOICES and comparison is Comparison.EQUAL:
            text = choice(field, text)
            if text not in CHOICES[field]:
                raise self.mistake(
                    f"unknown {field} {clean(text)!r}", value_at, _suggest(text, CHOICES[field], "choices")
                )
        return FieldTest(field, comparison, text.casefold())

    def _value(self, field: Field) -> str:
        if self._next() in ('"', "'"):
            return self._quoted()
        if not (value := _VALUE.match(self._text, self._at)):
            raise self.mistake(f"a value for {field} is missing")
        self._at = value.end()
        self.skip_space()
        return value[0]

    def _quoted(self) -> str:
        if not (quoted := _QUOTED.match(self._text, self._at)):
            raise self.mistake("the quote is never closed")
        self._at = quoted.end()
        self.skip_space()
        return _ESCAPE.sub(r"\1", quoted[1] if quoted[1] is not None else quoted[2])


def _suggest(wrong: str, right: tuple[str, ...], what: str) -> str:
    near = get_close_matches(wrong.casefold()[:40], right, n=1, cutoff=0.6)
    return f"did you mean {near[0]}?" if near else f"{what}: {', '.join(right)}"
