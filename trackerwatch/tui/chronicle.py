"""Events as lines, and which of them came while nobody was looking. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.tui import words
from trackerwatch.tui.ink import Ink, Line, Span, safe

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from trackerwatch.engine.views import Event


_OLD_S = 43200.0


def event_line(event: Event, now: datetime) -> Line:
    """Time (of long ago the date), glyph and message."""
    mark = words.event_mark(event)
    old = (now - event.at).total_seconds() > _OLD_S
    return (
        Span(f" {words.short_day(event.at) if old else words.clock(event.at, seconds=True):<8} ", Ink.DIM),
        Span(f"{mark.text} ", mark.ink),
        Span(safe(event.message)),
    )


class Watchfulness:
    """Remembers what had been seen when a key was last pressed."""

    def __init__(self) -> None:
        self._latest = -1
        self._seen = -1
        self._divider = -1
        self._looked = True

    def arrived(self, events: Sequence[Event]) -> None:
        """These events came."""
        if not events:
            return
        if self._latest < 0:
            # What was there at the start is not news.
            self._latest = self._seen = self._divider = events[-1].number
            self._looked = True
            return
        if self._looked:
            self._divider = self._seen
            self._looked = False
        self._latest = max(self._latest, events[-1].number)

    def key_pressed(self) -> None:
        """Somebody is there; the divider stays where it is until something new comes."""
        self._seen = self._latest
        self._looked = True

    @property
    def unseen(self) -> int:
        """Events that came since a key was last pressed."""
        return self._latest - self._seen

    def lines(self, events: Sequence[Event], now: datetime, last: int | None = None) -> list[Line]:
        """The latest events, oldest first, with a divider before those that came while nobody pressed a key."""
        shown = events if last is None else events[-last:] if last else ()
        lines: list[Line] = []
        news = sum(event.number > self._divider for event in events) if self._divider >= 0 else 0
        for event in shown:
            if last is None and news and lines and event.number == self._divider + 1:
                lines.append((Span(f" -- {words.plural(news, 'event')} since you last pressed a key --", Ink.KEY),))
            lines.append(event_line(event, now))
        return lines
