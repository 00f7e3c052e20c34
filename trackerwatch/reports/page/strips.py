"""Small pictures as inline SVG, each with what it shows in words. Pure.

Colours are classes of the page's style sheet; each state has a shape of its own, so that none is told by colour alone.
"""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING

from trackerwatch.policy.rules import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from trackerwatch.history import Stretch
    from trackerwatch.outcome import PhaseTimes

PHASES = ("resolve", "connect", "tls", "exchange")
"""In the order in which they happen; each has its shade, from pale to strong."""

BAR_CELLS = 100
"""Width of a bar of phases, in its own units."""

MOST_OF_MEDIAN = 5
"""A bar that is longer than so many times the middle one is cut."""

SHORTEST_SCALE_S = 0.01
"""A whole bar stands for no less: what takes no time is no long bar, also where nothing took longer."""

MAX_NAMED_DAYS = 6
"""Days of trouble that the words of a strip name."""

_CELL, _HEIGHT = 6, 22
_CLASSES = {
    Verdict.CRITICAL: "critical",
    Verdict.WARNING: "warning",
    Verdict.UNKNOWN: "unknown",
    Verdict.OK: "ok",
}


def day(at: float) -> str:
    """`22 Nov` of a Unix time, in UTC; empty where no calendar has it."""
    try:
        moment = datetime.fromtimestamp(at, UTC)
    except (OverflowError, OSError, ValueError):
        return ""
    return f"{moment.day} {moment:%b}"


def strip(stretches: Sequence[Stretch]) -> str:
    """One cell a stretch: a whole bar answered, half a bar partly, a cross not at all, a dot where nothing is known."""
    if not stretches:
        return ""
    whole, partly, crosses, unknown, titles = [], [], [], [], []
    for index, stretch in enumerate(stretches):
        left = index * _CELL
        if not stretch.counted:
            unknown.append(f"M{left + 1.5} {_HEIGHT - 2}h2v2h-2z")
            continue
        if stretch.successes >= stretch.counted:
            whole.append(f"M{left} 1h{_CELL - 1}v{_HEIGHT - 1}h-{_CELL - 1}z")
            continue
        if stretch.successes:
            partly.append(f"M{left} {_HEIGHT // 2}h{_CELL - 1}v{_HEIGHT // 2}h-{_CELL - 1}z")
        else:
            crosses.append(f"M{left} 2l5 18m0-18l-5 18")
        told = f"{day(stretch.begin)}: {stretch.successes:,} of {stretch.counted:,} answered"
        titles.append(
            f'<rect x="{left}" width="{_CELL}" height="{_HEIGHT}" fill-opacity="0"><title>{told}</title></rect>'
        )
    paths = (("ok", whole), ("warning", partly), ("x", crosses), ("none", unknown))
    drawn = "".join(f'<path class="{name}" d="{"".join(parts)}"/>' for name, parts in paths if parts)
    return (
        f'<svg class="strip" role="img" viewBox="0 0 {len(stretches) * _CELL - 1} {_HEIGHT}" preserveAspectRatio="none">'
        f"<title>{in_words(stretches)}</title>{drawn}{''.join(titles)}</svg>"
    )


def in_words(stretches: Sequence[Stretch]) -> str:
    """What a strip shows: `30 days to 22 Nov: 27 answered, 2 partly, 1 not at all (12 Nov)`."""
    known = [s for s in stretches if s.counted]
    whole = sum(s.successes >= s.counted for s in known)
    partly = [s for s in known if 0 < s.successes < s.counted]
    none = [s for s in known if not s.successes]
    parts = [f"{whole} answered"]
    parts += [f"{len(days)} {word}{_named(days)}" for days, word in ((partly, "partly"), (none, "not at all")) if days]
    if len(known) < len(stretches):
        parts.append(f"{len(stretches) - len(known)} not known")
    return f"{len(stretches)} days to {day(stretches[-1].begin)}: {', '.join(parts)}"


def _named(days: Sequence[Stretch]) -> str:
    more = len(days) - MAX_NAMED_DAYS
    told = ", ".join(day(stretch.begin) for stretch in days[-MAX_NAMED_DAYS:])
    return f" ({'..., ' if more > 0 else ''}{told})"


def share_answered(stretches: Iterable[Stretch]) -> float | None:
    """Successes out of counted, 0 to 1. None: nothing was counted."""
    successes = counted = 0
    for stretch in stretches:
        successes += stretch.successes
        counted += stretch.counted
    return successes / counted if counted else None


def spent(phases: PhaseTimes) -> tuple[tuple[int, str, float], ...]:
    """(index, name, seconds) of the phases that were timed, in order."""
    times = (phases.resolve_s, phases.connect_s, phases.tls_s, phases.exchange_s)
    return tuple((n, name, s) for n, (name, s) in enumerate(zip(PHASES, times, strict=True)) if s is not None)


def fit(totals_s: Sequence[float]) -> float:
    """How long a bar can be, in seconds: few that are far slower than the rest do not make the rest too short to read."""
    if not totals_s:
        return 0.0
    return max(SHORTEST_SCALE_S, min(max(totals_s), MOST_OF_MEDIAN * sorted(totals_s)[len(totals_s) // 2]))


def bar(phases: PhaseTimes, longest_s: float, words: str) -> str:
    """Where the time of one probe went, side by side; `longest_s` is as long as the bar can be, one that is longer is cut."""
    parts, left = [], 0.0
    for index, _, span_s in spent(phases):
        # What took no time worth drawing is still there.
        width = max(0.8, BAR_CELLS * min(1.0, span_s / longest_s)) if longest_s > 0 else 0.8
        width = min(width, BAR_CELLS - left)
        if width > 0:
            parts.append(f'<rect class="p{index + 1}" x="{left:.1f}" width="{width:.1f}" height="8"/>')
        left += width
    if not parts:
        return ""
    if sum(span_s for _, _, span_s in spent(phases)) > longest_s * 1.001:
        parts.append(f'<path class="cut" d="M{BAR_CELLS - 9} 8l3-8h3l-3 8z"/>')
    return (
        f'<svg class="bar" role="img" viewBox="0 0 {BAR_CELLS} 8" preserveAspectRatio="none">'
        f"<title>{escape(words)}</title>{''.join(parts)}</svg>"
    )


def shares(by_verdict: Mapping[Verdict, int], words: str) -> str:
    """How many torrents came to what, worst first."""
    total = sum(by_verdict.values())
    parts, left = [], 0.0
    for verdict, name in _CLASSES.items():
        if total and (number := by_verdict.get(verdict, 0)):
            width = max(1.0, 100 * number / total)
            parts.append(f'<rect class="{name}" x="{left:.1f}" width="{width:.1f}" height="6"/>')
            left += width
    if not parts:
        return ""
    return (
        f'<svg class="share" role="img" viewBox="0 0 {max(100.0, left):.1f} 6" preserveAspectRatio="none">'
        f"<title>{escape(words)}</title>{''.join(parts)}</svg>"
    )
