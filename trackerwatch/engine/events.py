"""What happened, in order: a bounded log that numbers what it is told."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from trackerwatch.engine.clock import at
from trackerwatch.engine.views import Event, EventKind

if TYPE_CHECKING:
    from trackerwatch.metainfo import Torrent
    from trackerwatch.outcome import Endpoint, FailureKind
    from trackerwatch.tracker import Tracker

EVENTS_KEPT = 1000


class EventLog:
    """The latest thousand events."""

    def __init__(self) -> None:
        self.events: deque[Event] = deque(maxlen=EVENTS_KEPT)
        self.count = 0

    def add(
        self,
        kind: EventKind,
        message: str,
        now: float,
        *,
        tracker: Tracker | None = None,
        endpoint: Endpoint | None = None,
        torrent: Torrent | None = None,
        from_state: str | None = None,
        to_state: str | None = None,
        reason: FailureKind | None = None,
    ) -> None:
        """Write down one event at a wall time."""
        moment = at(now)
        if moment is None:
            raise ValueError("an event needs a time")
        self.count += 1
        self.events.append(
            Event(self.count, moment, kind, message, tracker, endpoint, torrent, from_state, to_state, reason)
        )

    def since(self, number: int) -> tuple[Event, ...]:
        """Events after the one with this number, oldest first."""
        missing = self.count - number
        if missing <= 0:
            return ()
        return tuple(self.events)[-min(missing, len(self.events)) :]
