"""What holds for one tracker: what was ordered by hand goes before its own settings, and these before those of all. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.engine.clock import at
from trackerwatch.engine.endpoint_state import MuteState
from trackerwatch.engine.views import Disabled, OrderSource
from trackerwatch.health import Thresholds
from trackerwatch.health.reporting import ONE_SHOT_DOWN_AFTER
from trackerwatch.orders import NOTHING_ORDERED, keys_of, order_of
from trackerwatch.schedule.pace import LOCAL_WINDOW_S, round_interval_s
from trackerwatch.schedule.windows import open_until
from trackerwatch.tracker import Protocol

if TYPE_CHECKING:
    from trackerwatch.engine.settings import EngineSettings
    from trackerwatch.engine.tracker_state import TrackerState
    from trackerwatch.orders import TrackerOrder
    from trackerwatch.tracker import Tracker


def thresholds(settings: EngineSettings, tracker: Tracker, *, one_shot: bool) -> Thresholds:
    """When the state of a tracker changes."""
    its = settings.tracker(tracker.host, tracker.port)
    slow_s = settings.slow_udp_s if tracker.protocol is Protocol.UDP else settings.slow_http_s
    return Thresholds(
        slow_s=its.slow_s if its.slow_s is not None else slow_s,
        loss=its.loss if its.loss is not None else settings.loss,
        tls_expiry_s=its.tls_expiry_s if its.tls_expiry_s is not None else settings.tls_expiry_s,
        down_after=ONE_SHOT_DOWN_AFTER if one_shot else its.down_after or settings.down_after,
        up_after=1 if one_shot else its.up_after or settings.up_after,
        conclusive_at_once=one_shot,
    )


def interval_s(settings: EngineSettings, state: TrackerState) -> float:
    """Between two full scrapes of a tracker; the tracker's own wish holds for those that are run by the user, too."""
    its = settings.tracker(state.tracker.host, state.tracker.port)
    ours_s = its.interval_s if its.interval_s is not None else settings.interval_s
    return round_interval_s(
        ours_s if state.interval_wish_s is None else state.interval_wish_s,
        local=state.local or its.own,
        min_request_interval_s=state.min_request_interval_s,
    )


def heartbeat_s(settings: EngineSettings, tracker: Tracker) -> float:
    """Between two connects to a UDP endpoint."""
    its = settings.tracker(tracker.host, tracker.port)
    # "Any interval" of one's own tracker is still no flood.
    return max(LOCAL_WINDOW_S, its.heartbeat_s if its.heartbeat_s is not None else settings.heartbeat_s)


# ---------------------------------------------------------------------- by hand


def order_for(settings: EngineSettings, tracker: Tracker, now: float) -> TrackerOrder:
    """What is ordered of a tracker by hand at a wall time."""
    if not settings.orders:
        return NOTHING_ORDERED
    return order_of(settings.orders, keys_of(tracker.id, tracker.host, tracker.port), now)


def mute_of(settings: EngineSettings, tracker: Tracker, now: float) -> MuteState | None:
    """The mute that holds for a tracker at a wall time. None: none does."""
    order = order_for(settings, tracker, now)
    if order.muted is not None:
        return MuteState(order.muted_until, order.mute_why) if order.muted else None
    its = settings.tracker(tracker.host, tracker.port)
    if its.muted and (its.muted_until is None or now < its.muted_until):
        return MuteState(its.muted_until, its.mute_why, OrderSource.CONFIG)
    end = open_until(its.mute_windows, now)
    return None if end is None else MuteState(end, its.mute_why, OrderSource.WINDOW)


def mute_may_turn(settings: EngineSettings, tracker: Tracker) -> bool:
    """Whether time alone may mute a tracker, or end its mute."""
    its = settings.tracker(tracker.host, tracker.port)
    if its.mute_windows or its.muted_until is not None:
        return True
    keys = keys_of(tracker.id, tracker.host, tracker.port)
    return any(key in settings.orders and settings.orders[key].muted_until is not None for key in keys)


def disabled_of(settings: EngineSettings, tracker: Tracker, now: float) -> Disabled | None:
    """Whether a tracker is switched off at a wall time, and by whom. None: it is not."""
    order = order_for(settings, tracker, now)
    if order.disabled is not None:
        return Disabled(order.disable_why, since=at(order.given_at)) if order.disabled else None
    its = settings.tracker(tracker.host, tracker.port)
    return Disabled(its.disable_why, OrderSource.CONFIG) if its.disabled else None
