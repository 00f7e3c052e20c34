"""Events as JSON lines (Contract: `trackerwatch.event/1`; `event.schema.json` beside this file is the schema of a line)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.reports.values import moment, text

if TYPE_CHECKING:
    from trackerwatch.engine.views import Event
    from trackerwatch.reports.values import Json

SCHEMA = "trackerwatch.event/1"


def event_line(event: Event, *, missing: int = 0) -> str:
    """One event as one line, line break included.

    Args:
        event: What happened.
        missing: So many events before it came too fast to be told; the message says so.
    """
    return text(event_row(event, missing=missing)) + "\n"


def event_row(event: Event, *, missing: int = 0) -> Json:
    """One event as an object; see `event_line`."""
    lost = f" ({missing:,} event{'' if missing == 1 else 's'} before this one not told)" if missing else ""
    return {
        "schema": SCHEMA,
        "at": moment(event.at),
        "event": event.kind.value,
        "tracker": None if event.tracker is None else event.tracker.id,
        "url": None if event.tracker is None else event.tracker.shown_url,
        "endpoint": None if event.endpoint is None else str(event.endpoint),
        "torrent": None if event.torrent is None else event.torrent.info_hash_hex,
        "from": event.from_state,
        "to": event.to_state,
        "reason": None if event.reason is None else event.reason.value,
        "message": event.message + lost,
    }
