"""What could stand at the cursor of a filter that is being typed. Pure; never fails, whatever has been typed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from os.path import commonprefix
from typing import TYPE_CHECKING

from trackerwatch.filters.fields import NUMBERS, TABLES, Comparison, Field, FieldInfo, Language, Shape
from trackerwatch.filters.parsing import OPERATOR, QUOTED, REGEX, SPACE, VALUE, WORD

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MAX_CANDIDATES = 50
_BARE = re.compile(r"[^\s()&|\"'/*][^\s()&|*]*")
_SAMPLES = {
    Shape.COUNT: (("1", ""), ("10", ""), ("1k", "1,000"), ("unknown", "nobody told")),
    Shape.SIZE: (("100MB", ""), ("1GiB", ""), ("10GiB", ""), ("unknown", "as of a magnet")),
    Shape.DURATION: (("200ms", ""), ("5m", "minutes"), ("2h", "hours"), ("7d", "days"), ("unknown", "nobody can tell")),
    Shape.SHARE: (("99%", ""), ("99.9%", ""), ("unknown", "nobody can tell")),
}
_OPERATORS = {
    "=": "is",
    "~": "holds, or is like a /regex/",
    "!=": "is not",
    "!~": "does not hold",
    "<": "less than",
    "<=": "at most",
    ">": "more than",
    ">=": "at least",
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that could stand at the cursor."""

    text: str
    """As it is inserted."""
    told: str = ""
    """What it means, in a few words."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What is there to be asked for at the moment."""

    values: Mapping[Field, Sequence[Candidate]] = field(default_factory=dict)
    """Of open fields what occurs, of closed sets what their values mean; as plain text, unquoted."""
    saved: Mapping[str, str] = field(default_factory=dict)
    """Saved filters by name."""


@dataclass(frozen=True, slots=True)
class Completion:
    """What can replace the text between two indices."""

    start: int
    end: int
    candidates: tuple[Candidate, ...]

    @property
    def common(self) -> str:
        """What all candidates begin with."""
        return commonprefix([candidate.text for candidate in self.candidates])  # noqa: RUF071 - character by character is meant


NOTHING = Vocabulary()


def complete(text: str, cursor: int, vocabulary: Vocabulary = NOTHING, language: Language = TABLES) -> Completion:
    """What is possible at the cursor.

    Args:
        text: The whole filter; what follows the cursor is left alone.
        cursor: Index of the cursor.
        vocabulary: What occurs.
        language: The fields there are.

    Returns:
        Candidates, best first: those that begin with what is typed, then those that hold it. None where anything goes.
    """
    cursor = max(0, min(cursor, len(text)))
    typed = text[:cursor]
    at = 0
    while True:
        at = _after(SPACE, typed, at)
        if at >= cursor:
            return Completion(cursor, cursor, _beginnings("", vocabulary, language))
        if typed[at] in "()&|!":
            at += 1
        elif typed[at] == "@":
            end = _name_end(typed, at + 1)
            if end >= cursor:
                return Completion(at, cursor, _saved(typed[at + 1 :].lstrip("\"'"), vocabulary))
            at = end
        elif typed[at] in "\"'/" and (match := QUOTED.match(typed, at) or REGEX.match(typed, at)):
            at = match.end()
            if at >= cursor:
                return Completion(cursor, cursor, ())
        elif not (word := WORD.match(typed, at)):
            # An operator without a field, or a quote that is open: nothing can be said.
            return Completion(cursor, cursor, ())
        elif not (operator := OPERATOR.match(typed, word.end())):
            if word.end() >= cursor:
                return Completion(at, cursor, _beginnings(word[0], vocabulary, language))
            at = word.end()
        else:
            known = language.named(word[0])
            end = _value_end(typed, operator.end())
            if end >= cursor:
                start = operator.end()
                if known is None:
                    return Completion(cursor, cursor, ())
                return Completion(
                    start, cursor, _values(known, operator[1], typed[start:], vocabulary, language.fields[known])
                )
            at = end


def _after(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


def _name_end(text: str, at: int) -> int:
    if text[at : at + 1] in ('"', "'"):
        return match.end() if (match := QUOTED.match(text, at)) else len(text)
    return _after(WORD, text, at)


def _value_end(text: str, at: int) -> int:
    if text[at : at + 1] in ('"', "'"):
        return match.end() if (match := QUOTED.match(text, at)) else len(text)
    return _after(REGEX, text, at) if REGEX.match(text, at) else _after(VALUE, text, at)


def _beginnings(typed: str, vocabulary: Vocabulary, language: Language) -> tuple[Candidate, ...]:
    """Fields with their usual operator; where the field is typed in full also its others."""
    named = language.named(typed) if typed else None
    offered = []
    if named is not None:
        info = language.fields[named]
        offered = [Candidate(f"{typed}{sign}", f"{named} {_OPERATORS[sign]}") for sign in _signs(info)]
    for name, info in language.fields.items():
        if name is not named:
            offered += [Candidate(f"{one}{_usual(info)}", info.told) for one in _spellings(name, info, typed)]
    found = _ranked(typed if named is not None else typed.replace("-", "_"), offered)
    if not typed:
        found += _saved("", vocabulary)
    return found[:MAX_CANDIDATES]


def _spellings(name: Field, info: FieldInfo, typed: str) -> Iterable[str]:
    """The field's name; an alias only for whoever begins to type it."""
    if not typed or typed.casefold().replace("-", "_") in name:
        return (name.value,)
    return [alias for alias in info.aliases if alias.startswith(typed.casefold())][:1]


def _signs(info: FieldInfo) -> tuple[str, ...]:
    if info.shape in NUMBERS:
        return ("<", "<=", ">", ">=", "=", "!=")
    return ("=", "~", "!=", "!~") if info.shape is Shape.CHOICE else ("~", "=", "!~", "!=")


def _usual(info: FieldInfo) -> str:
    """The operator of its example."""
    return next((sign for sign in ("!~", "!=", "<=", ">=", "~", "<", ">", "=") if sign in info.example), "=")


def _saved(typed: str, vocabulary: Vocabulary) -> tuple[Candidate, ...]:
    names = [Candidate(name, text) for name, text in vocabulary.saved.items()]
    return tuple(Candidate(f"@{_quoted(one.text, WORD)}", one.told) for one in _ranked(typed, names))


def _values(name: Field, sign: str, typed: str, vocabulary: Vocabulary, info: FieldInfo) -> tuple[Candidate, ...]:
    offered: Sequence[Candidate] = vocabulary.values.get(name, ())
    if info.shape in NUMBERS:
        samples = _SAMPLES[info.shape]
        offered = [Candidate(*sample) for sample in samples if sample[0] != "unknown" or sign in ("=", "!=")]
    elif info.choices:
        told = {candidate.text: candidate.told for candidate in offered}
        offered = [Candidate(one, told.get(one, "")) for one in info.choices]
    bare = typed.lstrip("\"'")
    found = _ranked(bare, offered)
    if sign.removeprefix("!") == Comparison.CONTAINS and info.shape is Shape.TEXT and typed.startswith("/"):
        return ()
    return tuple(Candidate(_quoted(one.text, _BARE), one.told) for one in found[:MAX_CANDIDATES])


def _ranked(typed: str, offered: Iterable[Candidate]) -> tuple[Candidate, ...]:
    typed = typed.casefold()
    offered = list({candidate.text: candidate for candidate in offered}.values())
    first = [one for one in offered if one.text.casefold().startswith(typed)]
    rest = [one for one in offered if typed in one.text.casefold() and one not in first]
    return (*first, *rest)


def _quoted(text: str, bare: re.Pattern[str]) -> str:
    """As it must be written."""
    if bare.fullmatch(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
