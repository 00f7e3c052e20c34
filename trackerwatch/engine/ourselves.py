"""Is it them, or is it us? What a one-shot run can tell of this machine's own faults. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.outcome import Failure, FailureKind, Phase

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackerwatch.engine.tracker_state import TrackerState

NO_NAME_RESOLVES = Failure(FailureKind.LOCAL_OFFLINE, Phase.RESOLVE, "no name resolves on this machine now")
NAMES_THAT_PROVE = 2
"""So many names must fail before the resolver is blamed: one may be broken for itself."""

_OUR_RESOLVER = frozenset({FailureKind.DNS_ERROR, FailureKind.DNS_TIMEOUT})


def excusable(trackers: Sequence[TrackerState]) -> list[TrackerState]:
    """Trackers whose failure is our own resolver's: every name failed to resolve, and nobody answered.

    A name that does not exist was answered by some resolver; one that resolved proves that names do.
    """
    failed = [s for s in trackers if s.resolve_failure is not None and s.resolve_failure.kind in _OUR_RESOLVER]
    if len({state.tracker.host for state in failed}) < NAMES_THAT_PROVE:
        return []
    for state in trackers:
        by_name = all(endpoint.address != state.tracker.host for endpoint in state.endpoints)
        resolved = state.resolve_failure is None and bool(state.endpoints) and by_name
        says_no = state.resolve_failure is not None and state.resolve_failure.kind is FailureKind.DNS_NXDOMAIN
        if state.last_success_at is not None or resolved or says_no:
            return []
    return failed
