"""Turns what changed into events: one a tracker, and one a torrent while they are few."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from trackerwatch.engine.views import EventKind
from trackerwatch.failover import FailoverState
from trackerwatch.health import Health
from trackerwatch.policy.words import failure_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackerwatch.engine.events import EventLog
    from trackerwatch.engine.torrent_book import Move, TorrentBook
    from trackerwatch.engine.tracker_state import TrackerState

EACH_TORRENT_UP_TO = 20
"""More torrents that move at once are one event with a count."""


def tell_state(
    events: EventLog, tracker: TrackerState, before: Health, after: Health, *, now: float, effect: str
) -> None:
    """A tracker's state changed."""
    name, failure = tracker.tracker.host_port, tracker.failure
    if after is Health.DOWN:
        message = f"{name} is down: {failure_words(failure) or 'no answer'}"
    elif after is Health.DEGRADED:
        why = failure_words(failure) if failure else ", ".join(tracker.reasons).replace("_", " ")
        message = f"{name} is degraded: {why}"
    elif before is Health.DOWN:
        message = f"{name} answers again"
    else:
        message = f"{name} is {after}"
    recovered = before is Health.DOWN and after in (Health.UP, Health.DEGRADED)
    events.add(
        EventKind.RECOVERED if recovered else EventKind.STATE_CHANGED,
        f"{message} -> {effect}" if effect else message,
        now,
        tracker=tracker.tracker,
        from_state=str(before),
        to_state=str(after),
        reason=failure.kind if failure and after in (Health.DOWN, Health.DEGRADED) else None,
    )


def effect_of(moves: Sequence[Move]) -> str:
    """`41 failed over, 3 exhausted`; empty where nothing moved for the worse."""
    states = Counter(move.after for move in moves)
    parts = [
        f"{states[state]} {words}"
        for state, words in ((FailoverState.FAILED_OVER, "failed over"), (FailoverState.EXHAUSTED, "exhausted"))
        if states[state]
    ]
    return ", ".join(parts)


def tell_moves(
    events: EventLog, moves: Sequence[Move], book: TorrentBook, trackers: Sequence[TrackerState], now: float
) -> None:
    """Torrents moved between trackers."""
    by_kind: dict[EventKind, list[Move]] = {}
    for move in moves:
        kind = _kind(move)
        if kind is not None:
            by_kind.setdefault(kind, []).append(move)
    for kind, moved in by_kind.items():
        if len(moved) > EACH_TORRENT_UP_TO:
            words = {
                EventKind.EXHAUSTED: "torrents have no working tracker left",
                EventKind.FAILED_OVER: "torrents failed over to a backup",
                EventKind.PROMOTED: "torrents moved to another backup",
                EventKind.RECOVERED: "torrents are back on their first tracker",
            }[kind]
            events.add(
                kind, f"{len(moved)} {words}", now, from_state=str(moved[0].before), to_state=str(moved[0].after)
            )
            continue
        for move in moved:
            torrent = book.torrents[move.torrent]
            active = trackers[move.active_after].tracker if move.active_after >= 0 else None
            where = f" to {active.host_port} (tier {book.active_tier[move.torrent]})" if active else ""
            words = {
                EventKind.EXHAUSTED: f"{torrent.name} has no working tracker left",
                EventKind.FAILED_OVER: f"{torrent.name} failed over{where}",
                EventKind.PROMOTED: f"{torrent.name} moved{where}",
                EventKind.RECOVERED: f"{torrent.name} is back on its first tracker"
                + (f" {active.host_port}" if active else ""),
            }[kind]
            events.add(
                kind,
                words,
                now,
                tracker=active,
                torrent=torrent,
                from_state=str(move.before),
                to_state=str(move.after),
            )


def _kind(move: Move) -> EventKind | None:
    if move.after is FailoverState.EXHAUSTED:
        return EventKind.EXHAUSTED if move.before is not FailoverState.EXHAUSTED else None
    if move.after is FailoverState.FAILED_OVER:
        return EventKind.PROMOTED if move.before is FailoverState.FAILED_OVER else EventKind.FAILED_OVER
    if move.after is FailoverState.PRIMARY and move.before in (FailoverState.FAILED_OVER, FailoverState.EXHAUSTED):
        return EventKind.RECOVERED
    return None
