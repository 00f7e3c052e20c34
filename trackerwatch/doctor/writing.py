"""Findings as text and as JSON (Contract: `trackerwatch.doctor/1`; `doctor.schema.json` beside this file is its schema)."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING

from trackerwatch.doctor.findings import MARKS, Answer, verdict
from trackerwatch.outside_text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from trackerwatch.doctor.findings import Finding

SCHEMA = "trackerwatch.doctor/1"
_INDENT = 13


def as_text(findings: Sequence[Finding], width: int = 100) -> Iterator[str]:
    """A mark, the question and what was seen; below it what to do."""
    width = max(40, width)
    for finding in findings:
        mark = MARKS[finding.answer]
        told = f"{finding.question} {clean(finding.seen, limit_chars=1000)}"
        yield from _wrapped(f"{mark:<{_INDENT}}", told, width)
        if finding.do:
            yield from _wrapped(" " * _INDENT + "-> ", finding.do, width)
    yield "\n"
    yield f"{summary(findings)}\n"


def summary(findings: Iterable[Finding]) -> str:
    """All of it in one line."""
    found = list(findings)
    bad = [finding for finding in found if finding.answer is Answer.TROUBLE]
    open_ = [finding for finding in found if finding.answer is Answer.NOT_KNOWN]
    if not bad:
        rest = f", {len(open_)} not known" if open_ else ""
        return f"{verdict(found).upper()}  no trouble found{rest}"
    return f"{verdict(found).upper()}  trouble: {', '.join(finding.id for finding in bad)}"


def as_json(findings: Sequence[Finding]) -> str:
    """One document."""
    document = {
        "schema": SCHEMA,
        "verdict": str(verdict(findings)),
        "findings": [
            {
                "id": finding.id,
                "question": finding.question,
                "answer": str(finding.answer),
                "severity": str(finding.severity),
                "seen": finding.seen,
                "do": finding.do,
            }
            for finding in findings
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _wrapped(head: str, text: str, width: int) -> Iterator[str]:
    lines = textwrap.wrap(
        text, width - len(head), break_long_words=True, break_on_hyphens=False, drop_whitespace=True
    ) or [""]
    yield f"{head}{lines[0]}\n"
    for line in lines[1:]:
        yield f"{' ' * len(head)}{line}\n"
