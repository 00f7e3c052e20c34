"""When a tracker is asked next, and for what: the schedule's rules applied to one tracker's state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.engine.due import Due
from trackerwatch.engine.standing_orders import heartbeat_s
from trackerwatch.engine.standing_orders import interval_s as interval_of
from trackerwatch.health import Health
from trackerwatch.health.rollup import ANSWERING
from trackerwatch.schedule.pace import (
    LOCAL_WINDOW_S,
    PUBLIC_WINDOW_S,
    reask_delay_s,
    stretched,
)
from trackerwatch.tracker import Protocol

if TYPE_CHECKING:
    from trackerwatch.engine.settings import EngineSettings
    from trackerwatch.engine.tracker_state import TrackerState


NEAR_S = 5.0
LOCAL_LOOK_S = 3.0
"""Between two looks of a run that waits, on loopback and private addresses and at the user's own trackers."""
NEAR_SHARE = 0.2
"""A full round so soon after a smaller probe (at most this share of the interval) takes its place."""


def next_due(
    state: TrackerState, settings: EngineSettings, now: float, randomness: float, announce_at: float | None = None
) -> tuple[float, Due] | None:
    """The next probe of a tracker.

    Args:
        state: As its last round left it.
        settings: What the user wants.
        now: Monotonic.
        randomness: 0 to 1, for the jitter.
        announce_at: Monotonic: when the next announce is due by itself. None: announces follow rounds.

    Returns:
        The monotonic time and what to ask, or None: never again.
    """
    if state.never_again is not None:
        return None
    interval_s = interval_of(settings, state)
    full = now if state.full_at is None else state.full_at + stretched(interval_s, randomness)
    full = max(full, now + recheck_wait_s(state, now))
    well = state.asked_at is not None and state.state in ANSWERING
    if state.wants_round and well:
        # It came back: everything is asked as soon as manners allow.
        full = min(full, max(now, now + recheck_wait_s(state, now)))
    # From the last probe on: plans that are made anew for other reasons must not put it off for ever.
    since = now if state.probed_at is None else state.probed_at
    dues = [(full, Due.FULL)]
    if state.swarms.asked < len(state.swarms) and well:
        dues.append((max(now, now + recheck_wait_s(state, now)), Due.FRESH))
    reask_s = _reask_s(state, interval_s)
    if reask_s is not None:
        dues.append((max(now, since + reask_s), Due.MINIMAL))
    if state.tracker.protocol is Protocol.UDP:
        beat_s = stretched(min(heartbeat_s(settings, state.tracker), interval_s), randomness)
        dues.append((max(now, since + beat_s), Due.MINIMAL))
    if announce_at is not None:
        dues.append((max(now, announce_at), Due.ANNOUNCES))
    due, what = min(dues, key=lambda pair: pair[0])
    if due < full <= due + min(NEAR_S, interval_s * NEAR_SHARE):
        # Two failures a moment apart are one: the smaller probe waits for the full round.
        due = full
    # Never in the past: what fell due while nobody lived through it is not late.
    due = max(due, state.not_before, now)
    return due, Due.FULL if due >= full else what


def _reask_s(state: TrackerState, interval_s: float) -> float | None:
    """Doubt is settled quickly: failures that are not yet down, and first answers after down."""
    if state.excused or state.cut_off is not None:
        return None
    if state.name_health.judged:
        healths = [state.name_health]
    else:
        healths = [e.health for e in state.endpoints.values() if e.judged_now]
    doubts = [health.failures_in_row for health in healths if 0 < health.failures_in_row < state.thresholds.down_after]
    doubts += [1 for health in healths if health.state is Health.DOWN and health.answers_in_row]
    doubts += [1] * state.unproven
    if not doubts:
        return None
    return reask_delay_s(min(doubts), interval_s, local=state.local or state.own)


def recheck_wait_s(state: TrackerState, now: float) -> float:
    """Seconds until a tracker may be asked for counts again, whoever wants it: once a minute, and as it asked for itself."""
    window_s = max(LOCAL_WINDOW_S if state.local or state.own else PUBLIC_WINDOW_S, state.min_request_interval_s or 0.0)
    since = 0.0 if state.asked_at is None else state.asked_at + window_s
    return max(since, state.not_before) - now


def another_look_s(state: TrackerState, now: float) -> float | None:
    """Seconds until a run that waits for better news may look again, also where no counts are asked for. None: never again."""
    if state.never_again is not None or state.disabled is not None or state.retired:
        return None
    window_s = LOCAL_LOOK_S if state.local or state.own else PUBLIC_WINDOW_S
    # Of one that was spared nobody asked anything: when it was asked last is known from the store.
    since = 0.0 if state.probed_at is None or state.spared else state.probed_at + window_s
    return max(0.0, recheck_wait_s(state, now), since - now)


def may_scrape_now(state: TrackerState, now: float) -> bool:
    """Whether the tracker's own interval between scrapes is over."""
    if state.asked_at is None or not state.min_request_interval_s:
        return True
    return now >= state.asked_at + state.min_request_interval_s


def announce_wait_s(state: TrackerState, column: int, now: float) -> float:
    """Seconds until a swarm may be announced again."""
    record = state.swarms.announces.get(column)
    return max(record.not_before if record else 0.0, state.not_before) - now
