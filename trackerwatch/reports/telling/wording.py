"""How states, counts and times are said to people."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from trackerwatch.health.states import Health
from trackerwatch.meanings import meaning
from trackerwatch.policy.rules import Rule, Severity, Verdict
from trackerwatch.policy.words import effect_words, failure_words

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from trackerwatch.engine.views import Effect, TrackerView
    from trackerwatch.outcome import Failure

VERDICT_MARKS = {
    Verdict.OK: "+ ok",
    Verdict.UNKNOWN: "? unknown",
    Verdict.WARNING: "! WARN",
    Verdict.CRITICAL: "x CRIT",
}
"""Glyph and word: a state is never told by colour alone."""

HEALTH_MARKS = {
    Health.UP: "+ up",
    Health.UNKNOWN: "? unknown",
    Health.DEGRADED: "! DEGRADED",
    Health.DOWN: "x DOWN",
}

SWITCHED_OFF_MARK = "- off"
"""In place of the state of a tracker that is asked nothing."""

SEVERITY_GLYPHS = {Severity.INFO: "-", Severity.WARNING: "!", Severity.CRITICAL: "x"}

NOTES = {
    Rule.SINGLE_TRACKER: ("lists", "list", "a single independent tracker"),
    Rule.SAME_TIER_FAILOVER: ("is", "are", "on a backup of the same tier"),
    Rule.DISAGREEMENT: ("has", "have", "trackers that disagree on the counts"),
    Rule.SCRAPE_UNSUPPORTED: ("has", "have", "a tracker that cannot be scraped"),
    Rule.PRIVATE_NOT_ASKED: ("is", "are", "private and not asked about, which --private scrape would do"),
    Rule.WARNING_MESSAGE: ("has", "have", "a warning message from a tracker"),
    Rule.REGIONAL: ("is", "are", "down from some vantages and not from others"),
}
"""Rules of severity info that lint does not look for: what one torrent or tracker does, what several do, and what of it."""


def many(number: int, noun: str) -> str:
    """`1 torrent`, `8,012 torrents`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def are(number: int) -> str:
    """`is` or `are`."""
    return "is" if number == 1 else "are"


def note(rule: Rule, number: int, noun: str) -> str:
    """What one rule of severity info says of so many things."""
    if rule not in NOTES:
        return f"{many(number, noun)}: {meaning(rule).means}"
    one, several, what = NOTES[rule]
    return f"{many(number, noun)} {one if number == 1 else several} {what}"


def verdicts(counts: Mapping[Verdict, int]) -> str:
    """`3 critical, 1 warning, 96 ok`, worst first."""
    worst_first = sorted(counts, key=lambda verdict: -verdict.badness)
    return ", ".join(f"{counts[verdict]:,} {verdict}" for verdict in worst_first if counts[verdict])


def count(number: int | None) -> str:
    """A count in at most six characters; `?` for unknown."""
    if number is None:
        return "?"
    if number < 1_000_000:
        return str(number)
    for limit, unit in ((1e9, "M"), (1e12, "G"), (1e15, "T")):
        if number < limit:
            scaled = number * 1000 / limit
            return f"{scaled:.1f}{unit}" if scaled < 100 else f"{int(scaled)}{unit}"
    return ">999T"


def counted(number: int | None, noun: str) -> str:
    """`1 seeder`, `12 seeders`, `? seeders`."""
    return f"{count(number)} {noun}{'' if number == 1 else 's'}"


def duration(span_s: float) -> str:
    """A length of time in at most four characters: `4s`, `14m`, `3h`, `22d`."""
    for limit, divisor, unit in ((100, 1, "s"), (100 * 60, 60, "m"), (48 * 3600, 3600, "h")):
        if span_s < limit:
            return f"{max(0, int(span_s / divisor))}{unit}"
    return f"{min(999, int(span_s / 86400))}d"


def moment(at: datetime, now: datetime) -> str:
    """`13:48 UTC (14m ago)`, or with the day where that is another: `21 Nov 13:48 UTC (25h ago)`."""
    at, now = at.astimezone(UTC), now.astimezone(UTC)
    day = "" if at.date() == now.date() else f"{at:%d %b} " if at.year == now.year else f"{at:%Y-%m-%d} "
    return f"{day}{at:%H:%M} UTC ({duration(max(0.0, (now - at).total_seconds()))} ago)"


def latency(span_s: float | None) -> str:
    """A latency: `31ms`, `0.4ms`, `2.1s`; `-` for unknown."""
    if span_s is None:
        return "-"
    if span_s >= 1:
        return f"{span_s:.1f}s"
    return f"{span_s * 1000:.0f}ms" if span_s >= 0.01 else f"{span_s * 1000:.1f}ms"


def failure(cause: Failure) -> str:
    """`refused`, or with what the other side said: `tracker says no: come back later`."""
    return failure_words(cause)


def effect(seen: Effect) -> str:
    """What a tracker's state does to its torrents; empty where it has none."""
    numbers = (seen.unaffected, seen.failed_over, seen.exhausted, seen.unknown)
    return effect_words(numbers) if sum(numbers) else ""


def reason(view: TrackerView) -> str:
    """Why a tracker is not simply up, in a few words."""
    if view.disabled is not None:
        return "switched off by you"
    if view.failure is not None and view.state is not Health.UP:
        # Some vantages see this, others do not.
        regional = f"{Rule.REGIONAL}: " if Rule.REGIONAL.value in view.reasons else ""
        return regional + failure(view.failure)
    if view.state is Health.UNKNOWN and view.last_probe_at is not None:
        return "no answer in the time given"
    return ", ".join(view.reasons)
