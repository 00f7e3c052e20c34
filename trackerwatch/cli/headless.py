"""`watch --headless`: no screen; what happens goes to stdout as one JSON object a line, flushed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from trackerwatch.cli.lines import stdout_descriptor
from trackerwatch.cli.longrun import Ending, Inputs, LongRun
from trackerwatch.cli.narration import Narrator
from trackerwatch.cli.remembering import remembering
from trackerwatch.cli.watching import Watch
from trackerwatch.engine.views import Event, EventKind
from trackerwatch.reports.live.event_lines import event_line

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable


def watch_headless(arguments: Namespace) -> int:
    """Watch until SIGTERM (0), Ctrl-C (130), or until nobody reads stdout any more (0)."""
    descriptor = stdout_descriptor()
    watch = Watch(arguments)
    narrator = Narrator()
    ending = Ending()
    try:
        with remembering(watch.config, narrator, close_within_s=ending.for_the_store) as memory:
            run = LongRun(Inputs(watch, memory), narrator, ending, Teller)
            return asyncio.run(run.to_its_end(descriptor))
    finally:
        ending.reached()
        narrator.clear()


class EventSource(Protocol):
    """Whoever numbers and keeps events."""

    def events_since(self, number: int) -> tuple[Event, ...]:
        """Events after the one with this number, as far as they are kept."""
        ...


class Teller:
    """Makes lines of events, in order, each once."""

    def __init__(self, source: EventSource, write: Callable[[str], bool]) -> None:
        """Tell.

        Args:
            source: Of the events.
            write: Takes a line; False: it is lost.
        """
        self._source = source
        self._write = write
        self._number = 0
        self._missing = 0
        self._stopped = False

    def tell_new(self) -> None:
        """Tell what happened since the last time."""
        for event in self._source.events_since(self._number):
            self._missing += event.number - self._number - 1
            self._number = event.number
            self.tell(event)

    def tell(self, event: Event) -> None:
        """Tell this; the message says how many were lost just before it."""
        self._stopped = event.kind is EventKind.STOPPED
        if self._write(event_line(event, missing=self._missing)):
            self._missing = 0
        else:
            self._missing += 1

    def tell_last(self) -> None:
        """Tell what is left, and that it is over."""
        self.tell_new()
        if not self._stopped:
            self.tell(own_event(EventKind.STOPPED, "stopped"))


def own_event(kind: EventKind, message: str) -> Event:
    """An event of the program itself, now."""
    return Event(0, datetime.now(UTC), kind, message)
