"""The line under a filter that is being typed: what is wrong and where, or what could stand at the cursor. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.tui.ink import Ink, Line, Span, crop, crop_line, safe, width_of

if TYPE_CHECKING:
    from trackerwatch.filters import FilterError
    from trackerwatch.filters.completion import Completion


def mistake(error: FilterError, at: int, width: int) -> Line:
    """A caret under the mistake, with what is wrong beside it.

    Args:
        error: The mistake.
        at: The cell under which the caret belongs; outside the line it stands at its edge.
        width: Cells of the line.
    """
    at = max(0, min(at, width - 1))
    told = safe(error.problem + (f"; {error.hint}" if error.hint else ""))
    if width_of(told) <= width - at - 2 or at < width // 2:
        return (Span(" " * at + "^ ", Ink.WARN), Span(crop(told, max(0, width - at - 2)), Ink.WARN))
    told = crop(told, max(0, at - 1))
    return (Span(" " * (at - 1 - width_of(told)) + told, Ink.WARN), Span(" ^", Ink.WARN))


def candidates(found: Completion, chosen: int, width: int) -> Line:
    """What could stand at the cursor: the chosen one (else the first) with what it means, then others.

    Args:
        found: What could.
        chosen: Index of the one that stands there by now; -1: none does.
        width: Cells of the line.
    """
    if not found.candidates:
        return ()
    first = max(0, chosen)
    one = found.candidates[first]
    told = crop(safe(one.told), max(0, width // 2 - width_of(one.text)))
    line: Line = (
        Span(" tab ", Ink.DIM),
        Span(safe(one.text), Ink.ACCENT if chosen >= 0 else Ink.STRONG),
        Span(f" {told}" if told else "", Ink.DIM),
    )
    count = len(found.candidates)
    for step in range(1, min(count, 30)):
        line = (*line, Span("   " if step == 1 else "  "), Span(safe(found.candidates[(first + step) % count].text)))
    return crop_line(line, width)
