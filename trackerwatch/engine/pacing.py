"""When a tracker is asked next, and for what: the schedule's rules applied to one tracker's state."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from trackerwatch.health import Health
from trackerwatch.health.rollup import ANSWERING
from trackerwatch.schedule.pace import (
    LOCAL_WINDOW_S,
    PUBLIC_WINDOW_S,
    reask_delay_s,
    round_interval_s,
    stretched,
)
from trackerwatch.tracker import Protocol

if TYPE_CHECKING:
    from trackerwatch.engine.settings import EngineSettings
    from trackerwatch.engine.tracker_state import TrackerState


class Due(Enum):
    """What a tracker is asked for when its time comes."""

    FULL = "full"
    MINIMAL = "minimal"


def next_due(state: TrackerState, settings: EngineSettings, now: float, randomness: float) -> tuple[float, Due] | None:
    """The next probe of a tracker.

    Args:
        state: As its last round left it.
        settings: What the user wants.
        now: Monotonic.
        randomness: 0 to 1, for the jitter.

    Returns:
        The monotonic time and what to ask, or None: never again.
    """
    if state.never_again:
        return None
    interval_s = round_interval_s(
        settings.interval_s, local=state.local, min_request_interval_s=state.min_request_interval_s
    )
    full = now if state.asked_at is None else state.asked_at + stretched(interval_s, randomness)
    if state.wants_round and state.asked_at is not None and state.state in ANSWERING:
        # It came back, or has new swarms: everything is asked as soon as manners allow.
        window_s = max(LOCAL_WINDOW_S if state.local else PUBLIC_WINDOW_S, state.min_request_interval_s or 0.0)
        full = min(full, max(now, state.asked_at + window_s))
    due = full
    reask = _reask_at(state, settings, now, interval_s)
    if reask is not None:
        due = min(due, reask)
    if state.tracker.protocol is Protocol.UDP:
        due = min(due, now + stretched(min(settings.heartbeat_s, interval_s), randomness))
    due = max(due, state.not_before)
    return due, Due.FULL if due >= full else Due.MINIMAL


def _reask_at(state: TrackerState, settings: EngineSettings, now: float, interval_s: float) -> float | None:
    """Doubt is settled quickly: failures that are not yet down, and first answers after down."""
    healths = [state.name_health] if state.name_health.judged else [e.health for e in state.endpoints.values()]
    doubts = [health.failures_in_row for health in healths if 0 < health.failures_in_row < settings.down_after]
    doubts += [1 for health in healths if health.state is Health.DOWN and health.answers_in_row]
    if not doubts:
        return None
    return now + reask_delay_s(min(doubts), interval_s, local=state.local)


def recheck_wait_s(state: TrackerState, now: float) -> float:
    """Seconds until a user may have a tracker asked again: once a minute, never inside a wait the tracker asked for."""
    window_s = LOCAL_WINDOW_S if state.local else PUBLIC_WINDOW_S
    since = 0.0 if state.asked_at is None else state.asked_at + window_s
    return max(since, state.not_before) - now


def announce_wait_s(state: TrackerState, column: int, now: float) -> float:
    """Seconds until a swarm may be announced again."""
    record = state.announces.get(column)
    return max(record.not_before if record else 0.0, state.not_before) - now
