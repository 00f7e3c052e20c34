"""Events as lines, and which of them came while nobody was looking. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.tui import states, words
from trackerwatch.tui.ink import Ink, Line, Span, safe

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from trackerwatch.engine.views import Event


_OLD_S = 43200.0


def event_line(event: Event, now: datetime) -> Line:
    """Time (of long ago the date), glyph and message."""
    mark = states.event_mark(event)
    old = (now - event.at).total_seconds() > _OLD_S
    return (
        Span(f" {words.short_day(event.at) if old else words.clock(event.at, seconds=True):<8} ", Ink.DIM),
        Span(f"{mark.text} ", mark.ink),
        Span(safe(event.message)),
    )


IDLE_S = 60.0
"""Keys that rest so long: nobody looks, and what comes is news to whoever presses the next one."""


class Watchfulness:
    """Remembers what had been seen when a key was last pressed, and when that was."""

    def __init__(self) -> None:
        self._latest: Event | None = None
        self._pressed_at: datetime | None = None
        self._seen = -1
        """Number of the last event that was there when a key was pressed."""
        self._divider: tuple[int, datetime] | None = None
        """The event before the news that were looked at last, and when the key before was pressed."""

    def arrived(self, events: Sequence[Event], now: datetime) -> None:
        """These events came."""
        if not events:
            return
        if self._latest is None:
            # What was there at the start is not news.
            self._seen = events[-1].number
        self._pressed_at = self._pressed_at or now
        self._latest = events[-1]

    def key_pressed(self, now: datetime) -> bool:
        """Somebody is there. What they look at stays marked as news until there are newer ones.

        Returns:
            Whether there were news.
        """
        news = self.unseen(now) > 0
        if news and self._pressed_at is not None:
            self._divider = (self._seen, self._pressed_at)
        self._pressed_at = now
        if self._latest is not None:
            self._seen = self._latest.number
        return news

    def unseen(self, now: datetime) -> int:
        """Events that came since a key was last pressed, where keys have rested since."""
        if self._latest is None or self._pressed_at is None:
            return 0
        # A clock that was set back counts as time passed.
        rested = abs((now - self._pressed_at).total_seconds()) > IDLE_S
        return self._latest.number - self._seen if rested else 0

    def marks(self, now: datetime) -> tuple[int, str]:
        """What `lines` says beside the events: where it differs from before, there is something to draw."""
        divider = self._divider
        return self.unseen(now), words.ago(divider[1], now) if divider else ""

    def lines(self, events: Sequence[Event], now: datetime, last: int | None = None) -> list[Line]:
        """The latest events, oldest first, with a divider before those that came while nobody pressed a key."""
        shown = events if last is None else events[-last:] if last else ()
        divider = self._divider
        if self._pressed_at is not None and self.unseen(now):
            divider = (self._seen, self._pressed_at)
        lines: list[Line] = []
        for event in shown:
            if last is None and divider is not None and lines and event.number == divider[0] + 1:
                news = words.plural(sum(event.number > divider[0] for event in events), "event")
                since = words.ago(divider[1], now)
                lines.append((Span(f"-- since you last pressed a key, {since}: {news} --", Ink.KEY),))
            lines.append(event_line(event, now))
        return lines
