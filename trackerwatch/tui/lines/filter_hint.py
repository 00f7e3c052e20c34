"""What is said of filters: the line under one that is being typed, and the help of the language. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.filters.fields import EVENTS, TABLES, Language, Of
from trackerwatch.tui.lines.ink import Ink, Line, Span, crop, crop_line, fit, safe, width_of

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


_FORMS = (
    ("debian", "a word of {words}; * stands for anything"),
    ("a b   a | b   !a   (a)", "both, one of them, not so, together"),
    ("=  ~  !=  !~", "is, holds, is not, does not hold"),
    ("<  <=  >  >=", "of numbers: 3, 1.5k, 4GiB, 200ms, 2h, 7d, 99%, or = unknown"),
    ("name~/deb.*64$/", "a regular expression; case never counts"),
    ('name="two words"', "quotes hold anything"),
    ("@name", "a saved filter: F lists them and saves the current one"),
)
_TITLES = {
    Of.BOTH: "Of torrents and trackers",
    Of.TORRENT: "Of torrents",
    Of.TRACKER: "Of trackers; of a torrent: one of its trackers is so",
    Of.EVENT: "Of events",
}
FORM_CELLS = 25


def help_lines(language: Language = TABLES) -> list[Line]:
    """How a filter is written, and every field there is."""
    forms = [form for form in _FORMS if language is not EVENTS or form[0] != "@name"]
    lines: list[Line] = [(), (Span(" Filter, after /; tab completes", Ink.HEAD),)]
    for text, told in forms:
        lines.append((Span("  " + fit(text, FORM_CELLS), Ink.KEY), Span(told.format(words=language.words))))
    for of, title in _TITLES.items():
        fields = [info for info in language.fields.values() if info.of is of]
        if fields:
            lines += [(Span(f"  {title}", Ink.HEAD),)]
            lines += [(Span("  " + fit(info.example, FORM_CELLS), Ink.KEY), Span(info.told)) for info in fields]
    return lines
