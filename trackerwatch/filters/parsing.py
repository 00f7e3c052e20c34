r"""From text to an expression tree.

    any    := all ("|" all)*
    all    := term (["&"] term)*             words side by side must all match
    term   := "!" term | "(" any ")" | "@" NAME | test
    test   := FIELD operator VALUE | WORD    operators: = != ~ !~ < <= > >=

A value ends at white space, `&`, `|` or a parenthesis; quotes (single or double, with backslash escapes) hold anything.
`*` in a word or in the value of a text stands for anything, unless it is quoted. `/.../` as a word, or after `~`, is a regular expression in
which `\/` is a slash. `@NAME` is a filter saved under that name. Case never counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from trackerwatch.filters.fields import NUMBERS, TABLES, Comparison, Field, Language, Shape, choice
from trackerwatch.filters.mistakes import FilterError
from trackerwatch.filters.quantities import EXAMPLES, Unknown, number
from trackerwatch.filters.regex import Regex
from trackerwatch.filters.regex_parsing import RegexError
from trackerwatch.filters.texts import Glob
from trackerwatch.outside_text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MAX_CHARS = 2000
MAX_DEPTH = 40
"""Parentheses and negations inside each other."""
MAX_TESTS = 500
"""Words and comparisons, with those of the saved filters that are named."""


@dataclass(frozen=True, slots=True)
class Word:
    """A plain word, casefolded: matches name or host."""

    text: str | Glob | Regex


@dataclass(frozen=True, slots=True)
class FieldTest:
    """One field compared with one value; text values are casefolded."""

    field: Field
    comparison: Comparison
    value: str | float | Unknown | Glob | Regex
    step: float = 0.0
    """With `=`: numbers up to this much above the value are equal to it."""


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

SPACE = re.compile(r"\s*")
WORD = re.compile(r"(?:[^\s()&|=~<>!]|!(?![=~]))+")
VALUE = re.compile(r"[^\s()&|]+")
OPERATOR = re.compile(r"\s*(!=|!~|<=|>=|=|~|<|>)\s*")
QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"|\'((?:[^\'\\]|\\.)*)\'', re.DOTALL)
REGEX = re.compile(r"/((?:[^/\\\n]|\\.)+)/([a-z]?)(?=$|[\s&|)])", re.IGNORECASE)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_UNCLOSED_REGEX = re.compile(r"/[^/]*[*\[\]^$\\{}][^/]*$")
_EXPECTED = "expected a word or field=value"


def parse(text: str, named: Mapping[str, str] | None = None, language: Language = TABLES) -> Node:
    """Read a filter. Empty text matches everything.

    Args:
        text: The filter.
        named: Filters that it may call by name.
        language: The fields it may use.

    Raises:
        FilterError: A mistake, with its column.
    """
    return _parse(text, _Around(language, {} if named is None else named))


class _SavedError(FilterError):
    """A mistake inside a saved filter: what it says is true wherever that is named."""


@dataclass(slots=True)
class _Around:
    """What a filter and those it names have in common."""

    language: Language
    named: Mapping[str, str]
    tests: int = 0
    open: tuple[str, ...] = ()
    """Names that are being read, the outermost first."""


def _parse(text: str, around: _Around, depth: int = 0) -> Node:
    if len(text) > MAX_CHARS:
        raise FilterError(f"longer than {MAX_CHARS} characters", text, MAX_CHARS + 1)
    parser = _Parser(text, around)
    parser.skip_space()
    if parser.at_end():
        return AllOf(())
    node = parser.any_of(depth)
    if not parser.at_end():
        # Only a closing parenthesis can stop `any_of` before the end.
        raise parser.mistake("nothing is open that ')' could close")
    return node


class _Parser:
    """A cursor over the text; each method consumes one construct and the white space after it."""

    def __init__(self, text: str, around: _Around) -> None:
        self._text = text
        self._around = around
        self._at = 0

    def at_end(self) -> bool:
        return self._at >= len(self._text)

    def mistake(self, problem: str, at: int | None = None, hint: str = "") -> FilterError:
        return FilterError(problem, self._text, (self._at if at is None else at) + 1, hint=hint)

    def skip_space(self) -> None:
        match = SPACE.match(self._text, self._at)
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
        self._around.tests += 1
        if self._around.tests > MAX_TESTS:
            raise self.mistake(f"more than {MAX_TESTS} words and comparisons")
        if self._next() == "@":
            return self._saved(depth + 1)
        return self._test()

    # -- saved filters -------------------------------------------------------------------------------------------------

    def _saved(self, depth: int) -> Node:
        called_at = self._at
        self._at += 1
        if self._next() in ('"', "'"):
            name = self._quoted()
        elif word := WORD.match(self._text, self._at):
            self._at = word.end()
            name = word[0]
            self.skip_space()
        else:
            raise self.mistake("the name of a saved filter is missing", hint=_saved_names(self._around.named))
        key = _key(name, self._around.named)
        if key is None:
            hint = _suggest(name, self._around.named, "saved are") if self._around.named else "none is saved"
            raise self.mistake(f"no filter is saved as {clean(name)!r}", called_at, hint)
        if key in self._around.open:
            ways = " -> ".join(f"@{clean(one)}" for one in (*self._around.open, key))
            raise self._saved_mistake(f"saved filters go round in a circle: {ways}", called_at)
        before = self._around.open
        self._around.open = (*before, key)
        try:
            node = _parse(self._around.named[key].strip(), self._around, depth)
        except _SavedError as error:
            raise self._saved_mistake(error.problem, called_at, error.hint) from None
        except FilterError as error:
            told = f"in @{clean(key)}: {error.problem} at its column {error.column}"
            raise self._saved_mistake(told, called_at, error.hint) from None
        self._around.open = before
        return node

    def _saved_mistake(self, problem: str, at: int, hint: str = "") -> _SavedError:
        return _SavedError(problem, self._text, at + 1, hint=hint)

    # -- tests ---------------------------------------------------------------------------------------------------------

    def _test(self) -> Node:
        started_at = self._at
        if self._next() in ('"', "'"):
            return Word(self._quoted().casefold())
        if self._next() == "/" and (regex := self._regex()):
            return Word(regex)
        if not (word := WORD.match(self._text, self._at)):
            if self.at_end():
                raise self.mistake("something is missing", hint=_EXPECTED)
            raise self.mistake(f"{self._next()!r} is unexpected here", hint=_EXPECTED)
        self._at = word.end()
        if not (operator := OPERATOR.match(self._text, self._at)):
            self.skip_space()
            text = word[0].casefold()
            return Word(Glob(f"*{text}*") if "*" in text else text)
        field = self._field(word[0], started_at)
        self._at = operator.end()
        negated = operator[1].startswith("!")
        comparison = Comparison(operator[1].removeprefix("!"))
        test = self._comparison(field, comparison, operator.start(1))
        return Not(test) if negated else test

    def _field(self, name: str, at: int) -> Field:
        field = self._around.language.named(name)
        if field is None:
            known = self._around.language.fields
            also = [alias for info in known.values() for alias in info.aliases]
            wrong = name.casefold()[:40]
            near = get_close_matches(wrong, known, n=1) or get_close_matches(wrong, also, n=1)
            hint = f"did you mean {near[0]}?" if near else f"fields: {', '.join(known)}"
            raise self.mistake(f"unknown field {clean(name)!r}", at, hint)
        return field

    def _comparison(self, field: Field, comparison: Comparison, operator_at: int) -> FieldTest:
        info = self._around.language.fields[field]
        if info.shape in NUMBERS:
            return self._number_test(field, info.shape, comparison, operator_at)
        value_at = self._at
        if comparison not in (Comparison.EQUAL, Comparison.CONTAINS):
            raise self.mistake(f"{field} is no number", operator_at, "use = or ~")
        value: str | Glob | Regex
        if self._next() in ('"', "'"):
            value = self._quoted().casefold()
        elif self._next() == "/" and (regex := self._regex(only_after=comparison)):
            value = regex
        else:
            value = self._bare(field).casefold()
            if comparison is Comparison.CONTAINS and _UNCLOSED_REGEX.match(value):
                raise self.mistake("a regex is never closed", value_at, "end it with /, or quote what is no regex")
            if info.shape is Shape.TEXT and "*" in value:
                value = Glob(value if comparison is Comparison.EQUAL else f"*{value}*")
        if info.shape is Shape.CHOICE and not isinstance(value, Glob):
            value = self._chosen(field, value, comparison, value_at)
        return FieldTest(field, comparison, value)

    def _chosen(self, field: Field, value: str | Regex, comparison: Comparison, value_at: int) -> str | Regex:
        info = self._around.language.fields[field]
        if isinstance(value, Regex):
            if not any(value.search(one) for one in info.choices):
                raise self.mistake(f"no {field} is like that", value_at, f"choices: {', '.join(info.choices)}")
            return value
        if comparison is Comparison.EQUAL:
            chosen = choice(info, value)
            if chosen not in info.choices:
                raise self.mistake(
                    f"unknown {field} {clean(value)!r}", value_at, _suggest(value, info.choices, "choices:")
                )
            return chosen
        if not any(value in one for one in info.choices):
            raise self.mistake(
                f"no {field} holds {clean(value)!r}", value_at, _suggest(value, info.choices, "choices:")
            )
        return value

    def _number_test(self, field: Field, shape: Shape, comparison: Comparison, operator_at: int) -> FieldTest:
        value_at = self._at
        text = self._quoted() if self._next() in ('"', "'") else self._bare(field)
        if comparison is Comparison.CONTAINS:
            raise self.mistake(f"{field} is a number", operator_at, "use = < <= > >= instead of ~")
        value = number(text, shape)
        if value is None:
            what = {Shape.DURATION: "duration", Shape.SHARE: "share"}.get(shape, "number")
            raise self.mistake(f"{clean(text)!r} is no {what} for {field}", value_at, EXAMPLES[shape])
        if isinstance(value, Unknown):
            if comparison is not Comparison.EQUAL:
                raise self.mistake("unknown has no order", value_at, f"use {field}=unknown")
            return FieldTest(field, comparison, value)
        return FieldTest(field, comparison, value.value, value.step if comparison is Comparison.EQUAL else 0.0)

    # -- values --------------------------------------------------------------------------------------------------------

    def _bare(self, field: Field) -> str:
        if not (value := VALUE.match(self._text, self._at)):
            raise self.mistake(f"a value for {field} is missing", hint=f"like {self._example(field)}")
        self._at = value.end()
        self.skip_space()
        return value[0]

    def _example(self, field: Field) -> str:
        return self._around.language.fields[field].example

    def _regex(self, only_after: Comparison | None = None) -> Regex | None:
        """The regular expression that begins here. None: this slash begins none."""
        started_at = self._at
        if not (match := REGEX.match(self._text, started_at)):
            return None
        if only_after is Comparison.EQUAL:
            if not re.search(r"[*+?\[\](){}^$\\|]", match[1]):
                return None
            raise self.mistake("a regex cannot be equal", started_at, "compare it with ~, or quote what is no regex")
        if match[2] not in ("", "i", "I"):
            raise self.mistake(
                f"a regex has no flag {match[2]!r}", match.start(2), "case never counts; nothing follows the last /"
            )
        try:
            regex = Regex(match[1])
        except RegexError as error:
            raise self.mistake(error.problem, match.start(1) + error.at, error.hint) from None
        self._at = match.end()
        self.skip_space()
        return regex

    def _quoted(self) -> str:
        if not (quoted := QUOTED.match(self._text, self._at)):
            raise self.mistake("the quote is never closed")
        self._at = quoted.end()
        self.skip_space()
        return _ESCAPE.sub(r"\1", quoted[1] if quoted[1] is not None else quoted[2])


def _key(name: str, named: Mapping[str, str]) -> str | None:
    """The name as it was saved: exactly this, or another case of it."""
    if name in named:
        return name
    folded = name.casefold()
    return next((one for one in named if one.casefold() == folded), None)


def _saved_names(named: Mapping[str, str]) -> str:
    return f"saved are {', '.join(clean(name) for name in named)}" if named else "none is saved"


def _suggest(wrong: str, right: Iterable[str], what: str) -> str:
    right = tuple(right)
    near = get_close_matches(wrong.casefold()[:40], right, n=1, cutoff=0.6)
    return f"did you mean {clean(near[0])}?" if near else f"{what} {', '.join(clean(one) for one in right)}"
