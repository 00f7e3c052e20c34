"""What users ask for by key, weighed against manners: what may be done now, and the line that says so. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.engine.pacing import announce_wait_s, recheck_wait_s
from trackerwatch.engine.settings import AnnounceMode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackerwatch.engine.tracker_state import TrackerState
    from trackerwatch.metainfo import Torrent


def to_probe(states: Sequence[TrackerState], now: float) -> tuple[list[TrackerState], str]:
    """Which of these trackers may be asked again at a monotonic time, and what to say of it."""
    off = [state for state in states if state.disabled is not None]
    waits = [(s, recheck_wait_s(s, now)) for s in states if not s.retired and s.disabled is None]
    ready = [s for s, wait_s in waits if wait_s <= 0 and not s.asking and s.never_again is None]
    if ready:
        names = ready[0].tracker.host_port if len(ready) == 1 else f"{len(ready)} trackers"
        rest = len(waits) - len(ready)
        return ready, f"asking {names} now" + (f"; {rest} must wait" if rest else "")
    if not waits and off:
        name = off[0].tracker.host_port if len(off) == 1 else f"{len(off)} trackers"
        return [], f"{name}: switched off by you; it is asked nothing" if len(off) == 1 else f"{name} are switched off"
    if not waits:
        return [], "no tracker to ask"
    state, wait_s = min(waits, key=lambda pair: pair[1])
    name = state.tracker.host_port
    if state.never_again is not None:
        return [], f"{name} asked never to be asked again"
    if state.asking:
        return [], f"{name} is being asked already"
    return [], f"{name} may be asked again in {wait_s:.0f} s"


def announce_refusal(torrent: Torrent, mode: AnnounceMode, *, allowed: bool) -> str:
    """Why a torrent is not announced at all. Empty: it may be.

    Args:
        torrent: Which.
        mode: The mode of announces.
        allowed: Whether its privacy allows it where it would go (BEP 27).
    """
    if mode is AnnounceMode.NEVER:
        return "announces are off: start with --announce fallback to allow them"
    return "" if allowed else f"{torrent.name} is private: start with --private announce to allow it"


def announce_wait(state: TrackerState, column: int, now: float) -> str:
    """Why a swarm is not announced yet, with how long there is to wait. Empty: it may be, at this monotonic time."""
    name = state.tracker.host_port
    if state.never_again is not None:
        return f"{name} asked never to be asked again"
    wait_s = announce_wait_s(state, column, now)
    return f"{name} wants no announce of it before {wait_s:.0f} s have passed" if wait_s > 0 else ""
