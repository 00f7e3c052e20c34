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


def to_announce(states: Sequence[TrackerState], info_hash: bytes, now: float) -> tuple[TrackerState | None, str]:
    """Which of these trackers a swarm is announced to now, and where none is, why not.

    Args:
        states: Those that its torrent may be announced to, in the order of its tiers.
        info_hash: Of the swarm.
        now: Monotonic.

    Returns:
        The first that may be asked, one that answers before one that does not; or what keeps the soonest from it, in a line;
        empty: no address of any is known.
    """
    listed = [state for state in states if state.disabled is None]
    if states and not listed:
        return None, f"{states[0].tracker.host_port}: switched off by you; it is asked nothing"
    waits = [(announce_wait(state, state.swarms.column_of[info_hash], now), state) for state in listed]
    free = [state for wait, state in waits if not wait and state.usable_endpoints()]
    if free:
        return next((s for s in free if any(e.well for e in s.endpoints.values())), free[0]), ""
    if not any(wait for wait, _ in waits):
        return None, ""
    waiting = [state for wait, state in waits if wait]
    asked = [state for state in waiting if state.never_again is None] or waiting
    soonest = min(asked, key=lambda state: announce_wait_s(state, state.swarms.column_of[info_hash], now))
    return None, announce_wait(soonest, soonest.swarms.column_of[info_hash], now)


def failed_announces(state: TrackerState, hashes: Sequence[bytes]) -> list[int]:
    """Columns of these swarms that a tracker which answers refused when they were announced last."""
    if state.disabled is not None or not any(endpoint.well for endpoint in state.endpoints.values()):
        return []
    columns = [state.swarms.column_of[info_hash] for info_hash in hashes]
    records = [(column, state.swarms.announces.get(column)) for column in columns]
    return [c for c, r in records if r is not None and (r.outcome.probe.failure is not None or r.refusal is not None)]


def announce_wait(state: TrackerState, column: int, now: float) -> str:
    """Why a swarm is not announced yet, with how long there is to wait. Empty: it may be, at this monotonic time."""
    name = state.tracker.host_port
    if state.never_again is not None:
        return f"{name} asked never to be asked again"
    wait_s = announce_wait_s(state, column, now)
    return f"{name} wants no announce of it before {max(wait_s, 1.0):.0f} s have passed" if wait_s > 0 else ""
