"""What a change is called, in one line. Pure; names and messages in it are clean."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from trackerwatch.health.states import Health
from trackerwatch.policy.rules import Verdict
from trackerwatch.policy.words import failure_words
from trackerwatch.reports.telling.wording import many

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trackerwatch.engine.views import TrackerView
    from trackerwatch.policy.rules import Rule

NAMED = 3
"""Of torrents that are told of together."""
_HASH_CHARS = 12

_PLAIN = {Verdict.OK: "ok", Verdict.CRITICAL: "critical", Verdict.UNKNOWN: "not judged"}


def names_of(views: Iterable[TrackerView]) -> dict[str, str]:
    """By id the host and port of each tracker; its URL where another one has the same."""
    views = tuple(views)
    shared = Counter(view.tracker.host_port for view in views)
    return {
        view.tracker.id: view.tracker.host_port if shared[view.tracker.host_port] == 1 else view.tracker.shown_url
        for view in views
    }


def some_of(names: Sequence[str]) -> str:
    """`a, b, c and 211 more`."""
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more:,} more" if more > 0 else "")


def fallen(name: str, view: TrackerView, before: Health | None, warned: int) -> str:
    """A tracker is down.

    Args:
        name: What it is called.
        view: How it stands.
        before: How it stood. None: it was well enough not to be listed.
        warned: So many torrents have a warning because of it.
    """
    why = failure_words(view.failure)
    stood = {None: "not among the problems", Health.DEGRADED: "degraded"}.get(before, "up")
    effect = f"; {many(warned, 'torrent')} {stands(Verdict.WARNING, warned)} because of it" if warned else ""
    return f"{name} is down now{f' ({why})' if why else ''}; it was {stood}{effect}"


def risen(name: str, view: TrackerView, better: int) -> str:
    """A tracker answers again, and so many torrents are better because of it."""
    how = f" (degraded: {', '.join(view.reasons)})" if view.state is Health.DEGRADED and view.reasons else ""
    effect = f"; {many(better, 'torrent')} {'is' if better == 1 else 'are'} better because of it" if better else ""
    return f"{name} answers again{how}; it was down{effect}"


def judged(was: Verdict, now: Verdict, rules: Sequence[Rule], number: int) -> tuple[str, str]:
    """How so many torrents stand now, and how they stood: `is critical now (no seeders)`, `was ok`.

    Args:
        was: The verdict before.
        now: The verdict.
        rules: What they break that they did not, or did break and do not any more.
        number: Of torrents.
    """
    why = f" ({', '.join(str(rule).replace('_', ' ') for rule in rules)})" if rules else ""
    if now.badness > was.badness:
        return f"{stands(now, number)} now{why}", stood(was, number)
    if now is Verdict.OK:
        return f"{stands(now, number)} again", stood(was, number) + why
    return f"{stands(now, number).replace('a warning', 'only a warning')} now", stood(was, number) + why


def renewed(name: str, before: str, now: str) -> str:
    """A torrent of the same name has another info hash."""
    return f"{name} is another torrent now: {before[:_HASH_CHARS]}… -> {now[:_HASH_CHARS]}…"


def dropped(before: int, now: int) -> str:
    """`seeders 120 -> 9 (-92 %)`."""
    return f"seeders {before:,} -> {now:,} (-{(before - now) * 100 // before} %)"


def stands(verdict: Verdict, number: int) -> str:
    """`is critical`, `have a warning`."""
    if verdict is Verdict.WARNING:
        return "has a warning" if number == 1 else "have a warning"
    return f"{'is' if number == 1 else 'are'} {_PLAIN[verdict]}"


def stood(verdict: Verdict, number: int) -> str:
    """`was critical`, `had a warning`."""
    if verdict is Verdict.WARNING:
        return "had a warning"
    return f"{'was' if number == 1 else 'were'} {_PLAIN[verdict]}"
