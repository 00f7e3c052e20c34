"""Panes as tables of plain values, for files and for the clipboard: what is there in full, not what a width has room for.

Pure. Secrets are left out, whatever the screen shows. Times are RFC 3339 in UTC, durations seconds, None is unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias

from trackerwatch.outside_text import redact_host
from trackerwatch.tui.lines import coverage, states, words
from trackerwatch.tui.lines.ink import safe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from trackerwatch.engine.views import Event, Snapshot, TorrentView, TrackerView

Value: TypeAlias = str | int | float | None
Row: TypeAlias = tuple[Value, ...]

TRACKER_COLUMNS = (
    *("state", "tracker", "url", "torrents", "addresses_up", "addresses", "uptime_24h", "p50_s", "p95_s", "since"),
    *("last_answer", "next_probe", "muted", "disabled", "reason"),
)
TORRENT_COLUMNS = (
    *("state", "failover", "name", "info_hash", "private", "size_bytes", "seeders", "leechers", "completed"),
    *("active_tracker", "active_tier", "working", "listed", "since", "why"),
)
EVENT_COLUMNS = ("at", "event", "message", "tracker", "torrent", "from", "to", "reason")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table to write: rows are made when they are taken."""

    name: str
    """In a word, for the name of a file."""
    title: str
    columns: tuple[str, ...]
    keys: Sequence[object]
    """One for each row."""
    row: Callable[[object], Row]


def tracker_row(view: TrackerView) -> Row:
    """A tracker's values under `TRACKER_COLUMNS`."""
    uptime = words.window(view.uptimes, "24h")
    share = uptime.uptime if uptime is not None else view.uptime
    return (
        states.unmuted_state(view).text.lstrip("x!+?~-=% ").strip() or view.state.value,
        safe(view.tracker.host_port),
        safe(view.tracker.shown_url),
        view.torrents,
        view.endpoints_up,
        len(view.endpoints),
        None if share is None else round(share, 4),
        _seconds(view.p50_s),
        _seconds(view.p95_s),
        moment(view.failing_since if view.pending else view.since),
        moment(view.last_success_at),
        moment(view.next_probe_at),
        None if view.muted is None else safe(view.muted.why) or "muted",
        None if view.disabled is None else safe(view.disabled.why) or "disabled",
        safe(states.tracker_reason(view)),
    )


def torrent_row(view: TorrentView) -> Row:
    """A torrent's values under `TORRENT_COLUMNS`."""
    torrent, counts, failover = view.torrent, view.counts, view.failover
    return (
        view.verdict.value,
        failover.state.value,
        safe(torrent.name),
        torrent.info_hash_hex,
        "yes" if torrent.private else "no",
        torrent.size_bytes,
        counts.seeders,
        counts.leechers,
        counts.completed,
        safe(failover.active.host_port) if failover.active else None,
        failover.active_tier,
        failover.working,
        failover.total,
        moment(view.since),
        safe(view.why),
    )


def event_row(event: Event) -> Row:
    """An event's values under `EVENT_COLUMNS`."""
    return (
        moment(event.at),
        event.kind.value,
        safe(event.message),
        safe(redact_host(event.tracker.host_port)) if event.tracker else None,
        safe(event.torrent.name) if event.torrent else None,
        event.from_state,
        event.to_state,
        event.reason.value if event.reason else None,
    )


def of_trackers(snapshot: Snapshot, keys: Iterable[int]) -> Sheet:
    """These trackers in this order; keys of nothing are left out."""
    shown = tuple(key for key in keys if 0 <= key < len(snapshot.trackers))
    return Sheet(
        "trackers", "Trackers", TRACKER_COLUMNS, shown, lambda key: tracker_row(snapshot.trackers[_index(key)])
    )


def of_torrents(snapshot: Snapshot, keys: Iterable[int]) -> Sheet:
    """These torrents in this order; keys of nothing are left out."""
    shown = tuple(key for key in keys if 0 <= key < len(snapshot.torrents))
    view = snapshot.torrents.view
    return Sheet("torrents", "Torrents", TORRENT_COLUMNS, shown, lambda key: torrent_row(view(_index(key))))


def of_events(events: Sequence[Event]) -> Sheet:
    """These events in this order."""
    return Sheet("events", "Events", EVENT_COLUMNS, range(len(events)), lambda key: event_row(events[_index(key)]))


def of_coverage(snapshot: Snapshot, keys: Iterable[int], trackers: Sequence[int]) -> Sheet:
    """These torrents against these trackers: how each stands there, and the seeders that the tracker tells of."""
    shown = tuple(key for key in keys if 0 <= key < len(snapshot.torrents))
    views = [snapshot.trackers[index] for index in trackers]
    columns = ("name", "info_hash", *(safe(view.tracker.shown_url) for view in views))

    def row(key: object) -> Row:
        view = snapshot.torrents.view(_index(key))
        found = coverage.cells(view)
        told = (coverage.cell_at(view, found, tracker) for tracker in views)
        cells = (cell.kind.value if cell.seeders is None else f"{cell.kind.value} {cell.seeders}" for cell in told)
        return (safe(view.torrent.name), view.torrent.info_hash_hex, *cells)

    return Sheet("coverage", "Coverage", columns, shown, row)


def of_lines(name: str, title: str, texts: Sequence[str]) -> Sheet:
    """Lines of text as they stand on the screen, a row each."""
    lines = tuple(safe(text).rstrip() for text in texts)
    return Sheet(name, safe(title), ("line",), range(len(lines)), lambda key: (lines[_index(key)],))


def as_text(columns: Sequence[str], row: Row) -> str:
    """A row in one line: what is known, each with its name."""
    return "; ".join(
        f"{column} {value}" for column, value in zip(columns, row, strict=True) if value is not None and value != ""
    )


def moment(at: datetime | None) -> str | None:
    """RFC 3339 in UTC, to the second."""
    return None if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _seconds(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def _index(key: object) -> int:
    if not isinstance(key, int):
        raise TypeError(key)
    return key
