"""What holds for one tracker, from the settings of all and of its own. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.health import Thresholds
from trackerwatch.schedule.pace import LOCAL_WINDOW_S, round_interval_s
from trackerwatch.tracker import Protocol

if TYPE_CHECKING:
    from trackerwatch.engine.settings import EngineSettings
    from trackerwatch.engine.tracker_state import TrackerState
    from trackerwatch.tracker import Tracker


ONE_SHOT_DOWN_AFTER = 2
"""Failed attempts that make a tracker down in a report, where one leaves doubt."""


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
    return round_interval_s(
        its.interval_s if its.interval_s is not None else settings.interval_s,
        local=state.local or its.own,
        min_request_interval_s=state.min_request_interval_s,
    )


def heartbeat_s(settings: EngineSettings, tracker: Tracker) -> float:
    """Between two connects to a UDP endpoint."""
    its = settings.tracker(tracker.host, tracker.port)
    # "Any interval" of one's own tracker is still no flood.
    return max(LOCAL_WINDOW_S, its.heartbeat_s if its.heartbeat_s is not None else settings.heartbeat_s)
