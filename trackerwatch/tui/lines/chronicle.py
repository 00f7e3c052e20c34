"""Events as lines, bursts of them folded, and which of them came while nobody was looking. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from trackerwatch.tui.lines import states, words
from trackerwatch.tui.lines.ink import Ink, Line, Span, safe

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import date, datetime

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


WIDE_CELLS = 70
"""Panes at least this wide have room for the year."""
FOLD_FROM = 4
"""So many events of a kind in a row are folded into one line."""
FOLD_WITHIN_S = 30.0
"""Of each other, at most."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the events pane."""

    key: int | None
    """The event's number; of a burst's first line the number of its first event below zero. None: nothing to choose."""
    line: Line
    events: tuple[Event, ...] = ()
    """What the line stands for."""


def full_line(event: Event, *, wide: bool, today: date | None = None, told: str = "", indent: str = "") -> Line:
    """Date, time, glyph and message.

    Args:
        event: The event.
        wide: Whether there is room for the year.
        today: Where there is no such room, events of this UTC day need no date. None: all have one.
        told: Stands before the message.
        indent: Stands before the glyph.
    """
    moment = event.at.astimezone(UTC)
    day = "%Y-%m-%d " if wide else "" if moment.date() == today else "%d %b "
    at = moment.strftime(f"{day}%H:%M:%S")
    mark = states.event_mark(event)
    return (
        Span(f" {at} {indent}", Ink.DIM),
        Span(f"{mark.text} ", mark.ink),
        *((Span(told, Ink.KEY),) if told else ()),
        Span(safe(event.message)),
    )


def _bursts(events: Sequence[Event], news_from: int | None) -> list[list[Event]]:
    """Events in a row that are of one kind and close to each other; news begin anew."""
    bursts: list[list[Event]] = []
    for event in events:
        last = bursts[-1][-1] if bursts else None
        if (
            last is not None
            and (last.kind, last.to_state) == (event.kind, event.to_state)
            and abs((event.at - last.at).total_seconds()) <= FOLD_WITHIN_S
            and not (news_from is not None and last.number <= news_from < event.number)
        ):
            bursts[-1].append(event)
        else:
            bursts.append([event])
    return bursts


def entries(
    events: Sequence[Event],
    *,
    wide: bool,
    today: date | None = None,
    unfolded: Collection[int] = (),
    news: tuple[int, str] | None = None,
) -> list[Entry]:
    """What the events pane shows, oldest first.

    Args:
        events: Those that the filter leaves.
        wide: Whether there is room for the year.
        today: As for `full_line`.
        unfolded: Keys of bursts that are not folded.
        news: From `Watchfulness.news`.
    """
    shown: list[Entry] = []
    for burst in _bursts(events, news[0] if news else None):
        first, last = burst[0], burst[-1]
        if news is not None and shown and shown[-1].key is not None and first.number > news[0]:
            shown.append(Entry(None, (Span(news[1], Ink.KEY),)))
            news = None
        if len(burst) < FOLD_FROM:
            shown += [Entry(event.number, full_line(event, wide=wide, today=today), (event,)) for event in burst]
            continue
        key, together = -first.number, tuple(burst)
        if key in unfolded:
            within = words.duration((last.at - first.at).total_seconds())
            told = f"[-] {len(burst)} of a kind within {within}: "
            shown.append(Entry(key, full_line(last, wide=wide, today=today, told=told), together))
            shown += [
                Entry(event.number, full_line(event, wide=wide, today=today, indent="  "), (event,)) for event in burst
            ]
        else:
            shown.append(
                Entry(key, full_line(last, wide=wide, today=today, told=f"[+{len(burst) - 1} more] "), together)
            )
    return shown


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

    def news(self, events: Sequence[Event], now: datetime) -> tuple[int, str] | None:
        """The number of the event after which the news begin, and the line that says so. None: there is nothing to say."""
        divider = self._divider
        if self._pressed_at is not None and self.unseen(now):
            divider = (self._seen, self._pressed_at)
        if divider is None:
            return None
        told = words.plural(sum(event.number > divider[0] for event in events), "event")
        return divider[0], f"-- since you last pressed a key, {words.ago(divider[1], now)}: {told} --"

    def lines(self, events: Sequence[Event], now: datetime, last: int) -> list[Line]:
        """The latest events in short, oldest first."""
        return [event_line(event, now) for event in (events[-last:] if last else ())]
