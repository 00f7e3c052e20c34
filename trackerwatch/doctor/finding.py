"""One question about this machine with its answer, and how answers are made."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from trackerwatch.policy.rules import Severity


class Answer(StrEnum):
    """How a question is answered. Contract: the JSON value."""

    OK = "ok"
    NOTE = "note"
    """It is so, and nothing is wrong with it."""
    TROUBLE = "trouble"
    NOT_KNOWN = "not_known"


MARKS = {
    Answer.OK: "+ ok",
    Answer.NOTE: "i note",
    Answer.TROUBLE: "x trouble",
    Answer.NOT_KNOWN: "? not known",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One question, answered."""

    id: str
    """Contract: stable."""
    question: str
    answer: Answer
    severity: Severity
    """How bad it is that the answer is trouble, or not known; else info."""
    seen: str
    """One clean line."""
    do: str
    """What to do, one clean line; empty where nothing is to be done."""


def ok(id_: str, question: str, seen: str, do: str = "") -> Finding:
    """All is well."""
    return Finding(id_, question, Answer.OK, Severity.INFO, seen, do)


def note(id_: str, question: str, seen: str, do: str = "") -> Finding:
    """It is so, and nothing is wrong with it."""
    return Finding(id_, question, Answer.NOTE, Severity.INFO, seen, do)


def trouble(id_: str, question: str, seen: str, do: str, severity: Severity = Severity.WARNING) -> Finding:
    """Something is wrong."""
    return Finding(id_, question, Answer.TROUBLE, severity, seen, do)


def not_known(id_: str, question: str, seen: str, do: str, severity: Severity = Severity.INFO) -> Finding:
    """It could not be found out, or was not to be."""
    return Finding(id_, question, Answer.NOT_KNOWN, severity, seen, do)


def many(number: int, noun: str) -> str:
    """`1 name`, `3 names`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
