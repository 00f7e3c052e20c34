"""Turns what changed into events: one a tracker, and one a torrent while they are few."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from trackerwatch.engine.clock import at
from trackerwatch.engine.views import EventKind
from trackerwatch.failover import FailoverState
from trackerwatch.health import Health
from trackerwatch.health.rollup import ANSWERING
from trackerwatch.policy.words import failure_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackerwatch.engine.endpoint_state import MuteState
    from trackerwatch.engine.events import EventLog
    from trackerwatch.engine.torrent_book import Move, TorrentBook
    from trackerwatch.engine.tracker_state import TrackerState
    from trackerwatch.outcome import Endpoint, Failure

EACH_TRACKER_UP_TO = 20
"""More mutes that turn at once are one event with a count."""
EACH_TORRENT_UP_TO = 20
"""More torrents that move at once are one event with a count."""


def tell_state(
    events: EventLog, tracker: TrackerState, before: Health, after: Health, *, now: float, effect: str
) -> str:
    """A tracker's state changed. That one is found up at the start is no news. What was said of it; empty: nothing."""
    if (before, after) == (Health.UNKNOWN, Health.UP):
        return ""
    name, failure = tracker.tracker.host_port, tracker.failure
    recovered = before is Health.DOWN and after in ANSWERING
    if recovered:
        message = f"{name} answers again"
    elif after is Health.DOWN:
        message = f"{name} is down: {failure_words(failure) or 'no answer'}"
    elif after is Health.DEGRADED:
        message = f"{name} is degraded: {_why_degraded(tracker, failure)}"
    elif after is Health.UNKNOWN:
        message = f"{name} cannot be judged now" + (f": {failure_words(failure)}" if failure else "")
    else:
        message = f"{name} is well again"
    message = f"{message} -> {effect}" if effect and not recovered else message
    events.add(
        EventKind.RECOVERED if recovered else EventKind.STATE_CHANGED,
        message,
        now,
        tracker=tracker.tracker,
        endpoint=_culprit(tracker) if after is Health.DEGRADED else None,
        from_state=str(before),
        to_state=str(after),
        reason=failure.kind if failure and after in (Health.DOWN, Health.DEGRADED) else None,
    )
    return message


def tell_remembered(events: EventLog, tracker: TrackerState, now: float) -> None:
    """An earlier run left a tracker in trouble: whoever listens from now on must know."""
    if tracker.state not in (Health.DOWN, Health.DEGRADED) or tracker.muted:
        return
    since = at(tracker.since)
    failure = tracker.failure if tracker.state is Health.DOWN else None
    why = failure_words(failure) if failure else _why_degraded(tracker, tracker.failure)
    events.add(
        EventKind.STATE_CHANGED,
        f"{tracker.tracker.host_port} is {tracker.state}: {why}"
        + (
            f" (since {since:%Y-%m-%d %H:%M} UTC, as an earlier run saw it)" if since else " (as an earlier run saw it)"
        ),
        now,
        tracker=tracker.tracker,
        endpoint=_culprit(tracker) if tracker.state is Health.DEGRADED else None,
        from_state=str(Health.UNKNOWN),
        to_state=str(tracker.state),
        reason=tracker.failure.kind if tracker.failure else None,
    )


def _culprit(tracker: TrackerState) -> Endpoint | None:
    """The endpoint that is down while another answers. None: that is not what is wrong."""
    if "endpoint_down" not in tracker.reasons:
        return None
    return next((e.endpoint for e in tracker.endpoints.values() if e.health.state is Health.DOWN), None)


def _why_degraded(tracker: TrackerState, failure: Failure | None) -> str:
    down = _culprit(tracker)
    if down is not None:
        return f"{down.address} is down: {failure_words(tracker.endpoints[down].down_by) or 'no answer'}"
    return ", ".join(tracker.reasons).replace("_", " ") or failure_words(failure)


def effect_of(moves: Sequence[Move]) -> str:
    """`41 failed over, 3 exhausted`; empty where nothing moved for the worse."""
    states = Counter(move.after for move in moves if kind_of_move(move) in (EventKind.FAILED_OVER, EventKind.EXHAUSTED))
    parts = [
        f"{states[state]} {words}"
        for state, words in ((FailoverState.FAILED_OVER, "failed over"), (FailoverState.EXHAUSTED, "exhausted"))
        if states[state]
    ]
    return ", ".join(parts)


def tell_mutes(events: EventLog, turned: Sequence[TrackerState], now: float) -> None:
    """Mutes began or ended by time alone. One that ended over trouble is told as trouble: nobody heard of it until now."""
    told = [state for state in turned if state.disabled is None and not state.retired]
    few = len(told) <= EACH_TRACKER_UP_TO
    for state in told:
        name, mute = state.tracker.host_port, state.mute
        trouble = mute is None and state.state in (Health.DOWN, Health.DEGRADED)
        if trouble:
            failure = state.failure if state.state is Health.DOWN else None
            why = failure_words(failure) if failure else _why_degraded(state, state.failure)
            events.add(
                EventKind.STATE_CHANGED,
                f"{name}: its mute is over, and it is {state.state}: {why}",
                now,
                tracker=state.tracker,
                from_state=str(Health.UNKNOWN),
                to_state=str(state.state),
                reason=state.failure.kind if state.failure else None,
            )
        elif few:
            message = f"{name}: its mute is over" if mute is None else f"{name} is muted {_until(mute)}"
            events.add(EventKind.CONFIG_RELOADED, message, now, tracker=state.tracker)
    if not few:
        muted = sum(state.mute is not None for state in told)
        counts = [f"{muted} are muted"] * bool(muted) + [f"of {len(told) - muted} it is over"] * (muted < len(told))
        events.add(EventKind.CONFIG_RELOADED, f"mutes of {len(told)} trackers turned: {', '.join(counts)}", now)


def _until(mute: MuteState) -> str:
    until = at(mute.until)
    words = "until you take it back" if until is None else f"until {until:%Y-%m-%d %H:%M} UTC"
    return f"{words}: {mute.why}" if mute.why else words


def tell_moves(
    events: EventLog, moves: Sequence[Move], book: TorrentBook, trackers: Sequence[TrackerState], now: float
) -> None:
    """Torrents moved between trackers."""
    by_kind: dict[EventKind, list[Move]] = {}
    for move in moves:
        kind = kind_of_move(move)
        if kind is not None:
            by_kind.setdefault(kind, []).append(move)
    for kind, moved in by_kind.items():
        if len(moved) > EACH_TORRENT_UP_TO:
            words = {
                EventKind.EXHAUSTED: "torrents have no working tracker left",
                EventKind.FAILED_OVER: "torrents failed over to a backup",
                EventKind.PROMOTED: "torrents moved to another backup",
                EventKind.RECOVERED: "torrents have a better tracker again",
            }[kind]
            events.add(
                kind, f"{len(moved)} {words}", now, from_state=str(moved[0].before), to_state=str(moved[0].after)
            )
            continue
        for move in moved:
            events.add(
                kind,
                move_words(move, kind, book, trackers),
                now,
                tracker=trackers[move.active_after].tracker if move.active_after >= 0 else None,
                torrent=book.torrents[move.torrent],
                from_state=str(move.before),
                to_state=str(move.after),
            )


def tell_old_moves(
    events: EventLog,
    moves: Sequence[tuple[Move, float]],
    book: TorrentBook,
    trackers: Sequence[TrackerState],
    now: float,
) -> None:
    """Torrents are where an earlier run saw them move to, each with the wall time of that: told as old news."""
    by_kind: dict[EventKind, list[tuple[Move, float]]] = {}
    for move, since in moves:
        kind = kind_of_move(move)
        # Trackers come back to mind one by one: what a torrent passes through on the way was no move.
        if kind in (EventKind.FAILED_OVER, EventKind.EXHAUSTED):
            by_kind.setdefault(kind, []).append((move, since))
    for kind, moved in by_kind.items():
        if len(moved) > EACH_TORRENT_UP_TO:
            words = "have no working tracker left" if kind is EventKind.EXHAUSTED else "run on a backup"
            before, after = str(moved[0][0].before), str(moved[0][0].after)
            message = f"{len(moved)} torrents {words} (as an earlier run saw it)"
            events.add(kind, message, now, from_state=before, to_state=after)
            continue
        for move, since in moved:
            active = trackers[move.active_after].tracker if move.active_after >= 0 else None
            torrent = book.torrents[move.torrent]
            where = f"runs on its backup {active.host_port}" if active else "has no working tracker left"
            events.add(
                kind,
                f"{torrent.name} {where} (since {at(since):%Y-%m-%d %H:%M} UTC, as an earlier run saw it)",
                now,
                tracker=active,
                torrent=torrent,
                from_state=str(move.before),
                to_state=str(move.after),
            )


def move_words(move: Move, kind: EventKind, book: TorrentBook, trackers: Sequence[TrackerState]) -> str:
    """What a torrent's move is told as."""
    name = book.torrents[move.torrent].name
    active = trackers[move.active_after].tracker if move.active_after >= 0 else None
    where = f" to {active.host_port} (tier {book.active_tier[move.torrent]})" if active else ""
    if kind is EventKind.RECOVERED and active and move.active_before == move.active_after:
        # A client that reorders its tiers stays where it is.
        return f"{name} stays with {active.host_port}, and nothing before it fails any more"
    return {
        EventKind.EXHAUSTED: f"{name} has no working tracker left",
        EventKind.FAILED_OVER: f"{name} failed over{where}",
        EventKind.PROMOTED: f"{name} moved{where}",
        EventKind.RECOVERED: f"{name} is back{where}",
    }[kind]


_BADNESS = {FailoverState.PRIMARY: 0, FailoverState.FAILED_OVER: 1, FailoverState.EXHAUSTED: 2}


def kind_of_move(move: Move) -> EventKind | None:
    """What to call a move. None: it is not worth telling."""
    before, after = _BADNESS.get(move.before), _BADNESS.get(move.after)
    if after is None or (before is None and not after):
        return None
    if before is None or after > before:
        return EventKind.EXHAUSTED if after == 2 else EventKind.FAILED_OVER
    if after < before:
        return EventKind.RECOVERED
    return EventKind.PROMOTED if after == 1 else None
