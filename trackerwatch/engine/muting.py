"""What the user does not want to hear of: out of verdicts and alerts until a date, never out of history. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.engine.clock import at
from trackerwatch.engine.endpoint_state import MuteState

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trackerwatch.engine.commands import MuteTrackers
    from trackerwatch.engine.settings import TrackerSettings
    from trackerwatch.engine.tracker_state import TrackerState


def mute_of(settings: TrackerSettings, now: float) -> MuteState | None:
    """The mute that the settings of a tracker ask for at a wall time. None: none, or it is over."""
    if not settings.muted or (settings.muted_until is not None and settings.muted_until <= now):
        return None
    return MuteState(settings.muted_until, settings.mute_why, by_settings=True)


def mute(states: Sequence[TrackerState], command: MuteTrackers) -> str:
    """Mute trackers, or take it back: what to say of it."""
    for state in states:
        state.mute = MuteState(command.until, command.why) if command.muted else None
        state.dirty = True
    names = states[0].tracker.host_port if len(states) == 1 else f"{len(states)} trackers"
    if not command.muted:
        return f"{names}: heard again"
    until = at(command.until)
    return f"{names}: muted " + (
        "until you quit, or take it back" if until is None else f"until {until:%d %b %H:%M} UTC"
    )


def expired(states: Iterable[TrackerState], now: float) -> list[TrackerState]:
    """Trackers whose mute is over at a wall time; it is taken off."""
    over = [s for s in states if s.mute is not None and s.mute.until is not None and s.mute.until <= now]
    for state in over:
        state.mute, state.dirty = None, True
    return over
