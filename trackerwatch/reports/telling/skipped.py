"""Inputs that could not be used, told together: however many there are, they hide no torrent's problem."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.reports.rows import NOT_PART, REPAIR
from trackerwatch.reports.telling import wording
from trackerwatch.reports.telling.evidence import bounded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from trackerwatch.reports.rows import SkippedInput

Alike = tuple[tuple[str, tuple[str, ...]], ...]
"""(message, sources) of inputs, each message once."""

MAX_NAMED = 3
"""Inputs that one reason names."""


def alike(skipped: Iterable[SkippedInput]) -> Alike:
    """Inputs by the reason why they were skipped."""
    reasons: dict[str, list[str]] = {}
    for one in skipped:
        reasons.setdefault(one.message, []).append(one.source)
    return tuple((message, tuple(sources)) for message, sources in reasons.items())


def head(skipped: Alike) -> str:
    """`3 inputs skipped`."""
    return f"{wording.many(_total(skipped), 'input')} skipped"


def reason(message: str, sources: Sequence[str], named: int = MAX_NAMED) -> str:
    """`a; b; c; and 3 more: ends early`."""
    return f"{'; '.join(bounded(sources, named))}: {message}"


def facts(skipped: Alike, reasons: int, named: int = MAX_NAMED) -> Iterator[tuple[str, str]]:
    """What stands below the head: (label, text) in the order of reading.

    Args:
        skipped: What was skipped.
        reasons: So many reasons are told.
        named: So many inputs each of them names.
    """
    yield from (("evidence", reason(message, sources, named)) for message, sources in skipped[:reasons])
    if (left_out := len(skipped) - reasons) > 0:
        yield "evidence", f"and {wording.many(left_out, 'more reason')} (stderr, --format json)"
    yield "effect", NOT_PART
    yield "do", action(_total(skipped))


def action(number: int) -> str:
    """What to do about so many."""
    return REPAIR if number == 1 else "repair these inputs or take them out"


def _total(skipped: Alike) -> int:
    return sum(len(sources) for _, sources in skipped)
