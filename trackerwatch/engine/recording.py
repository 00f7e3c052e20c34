"""Writes down what happens: uptime and latency in memory, and everything for a keeper where there is one.

A one-shot run learns only at its end whose a silence was, so its samples wait until then.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from trackerwatch.engine.endpoint_state import RoundResult
from trackerwatch.engine.keeper import Waits
from trackerwatch.engine.records import (
    AnnouncedRecord,
    EndpointMemory,
    GapRecord,
    SampleRecord,
    ScrapeRecord,
    TrackerMemory,
    TransitionRecord,
)
from trackerwatch.engine.views import EventKind
from trackerwatch.health import Health, roll_up
from trackerwatch.outcome import PhaseTimes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trackerwatch.engine.clock import Clock
    from trackerwatch.engine.endpoint_state import EndpointState
    from trackerwatch.engine.keeper import Keeper
    from trackerwatch.engine.records import GapKind, Record
    from trackerwatch.engine.tracker_state import TrackerState
    from trackerwatch.health import EndpointHealth
    from trackerwatch.outcome import AnnounceOutcome, Failure, ProbeOutcome, ScrapeOutcome

LONGEST_COVER_INTERVALS = 2.5
"""A sample speaks for so many intervals before it at most: more was not looked at."""
SHORTEST_COVER_S = 60.0


class Recording:
    """What there is to remember, as it happens."""

    def __init__(self, keeper: Keeper | None, clock: Clock, interval_s: Callable[[TrackerState], float]) -> None:
        """Record for a keeper.

        Args:
            keeper: None: nobody remembers.
            clock: Both clocks.
            interval_s: Between two rounds of a tracker.
        """
        self._keeper = keeper
        self._clock = clock
        self._interval_s = interval_s
        self._held: list[Record] | None = None
        self._one_shot = False

    def hold(self) -> None:
        """Keep samples back until `release`."""
        self._held = []
        self._one_shot = True

    def release(self, states: Sequence[TrackerState], excused: Sequence[TrackerState] = ()) -> None:
        """Let go of what was held, and say what became of each tracker: a one-shot run has no way there, only an end.

        Args:
            states: All trackers.
            excused: Those whose failures are our own: nothing of them is written down.
        """
        held, self._held = self._held or [], None
        ours = {state.tracker for state in excused}
        for record in held:
            if getattr(record, "tracker", None) not in ours:
                self._tell(record)
        for state in states:
            if state not in excused:
                self._changes_since_remembered(state)
                self.memory(state)

    def _changes_since_remembered(self, state: TrackerState) -> None:
        """Transitions from what an earlier run knew to what this one found."""
        memory, earlier = self._memory_of(state), state.remembered
        if memory is None:
            return
        if earlier is None or earlier.state is not memory.state:
            self.transition(
                TransitionRecord(
                    at=memory.at,
                    kind=EventKind.STATE_CHANGED,
                    from_state=str(earlier.state if earlier else Health.UNKNOWN),
                    to_state=str(memory.state),
                    reason=state.failure.kind if state.failure and memory.state is not Health.UP else None,
                    message=state.failure.message if state.failure and memory.state is not Health.UP else "",
                    tracker=state.tracker,
                )
            )
        before = {known.endpoint: known.health.state for known in earlier.endpoints} if earlier else {}
        for known in memory.endpoints:
            was, now = before.get(known.endpoint, Health.UNKNOWN), known.health.state
            if was is not now:
                failure = known.failure if now is not Health.UP else None
                self.transition(
                    TransitionRecord(
                        at=memory.at,
                        kind=EventKind.STATE_CHANGED,
                        from_state=str(was),
                        to_state=str(now),
                        reason=failure.kind if failure else None,
                        message=failure.message if failure else "",
                        tracker=state.tracker,
                        endpoint=known.endpoint,
                    )
                )
        # Should the run ask once more, this is what it knew before.
        state.remembered = memory

    def _tell(self, record: Record) -> None:
        if self._held is not None:
            if not isinstance(record, TransitionRecord | TrackerMemory):
                self._held.append(record)
        elif self._keeper is not None:
            self._keeper.record(record)

    # ------------------------------------------------------------------ samples

    def probe(self, state: TrackerState, outcome: ProbeOutcome, change: tuple[Health, Health] | None) -> None:
        """One probe of one endpoint, and what it made of the endpoint."""
        place = state.endpoints.get(outcome.endpoint)
        if place is None:
            return
        failure = outcome.failure
        counted = failure is None or failure.kind.counted
        covers_s = state.cover(place, self._clock.monotonic(), self._longest_s(state)) if counted else 0.0
        if self._keeper is None:
            return
        now = self._clock.wall()
        phases = outcome.phases
        latency_s = phases.exchange_s if phases.exchange_s is not None else phases.connect_s
        answered = failure is None or failure.kind.answered
        self._tell(
            SampleRecord(
                tracker=state.tracker,
                endpoint=outcome.endpoint,
                at=now,
                failure=failure.kind if failure else None,
                counted=counted,
                latency_s=latency_s if answered else None,
                covers_s=covers_s,
                phases=phases,
                requests=outcome.requests,
                lost=outcome.lost,
                said=failure.message if failure else "",
            )
        )
        if change is not None:
            before, after = change
            self._tell(
                TransitionRecord(
                    at=now,
                    kind=EventKind.STATE_CHANGED,
                    from_state=str(before),
                    to_state=str(after),
                    reason=failure.kind if failure else None,
                    message=failure.message if failure else "",
                    tracker=state.tracker,
                    endpoint=outcome.endpoint,
                )
            )

    def round(self, state: TrackerState, result: RoundResult | None) -> None:
        """One round of a tracker as a whole: what its uptime is counted from."""
        if result is None:
            return
        self._whole(state, result)

    def unresolved(self, state: TrackerState, failure: Failure) -> None:
        """A round that ended with the name."""
        if failure.kind.counted:
            state.recent.append(None)
        self._whole(state, RoundResult(failure, None, PhaseTimes(resolve_s=state.resolve_s), 0, 0))

    def _whole(self, state: TrackerState, result: RoundResult) -> None:
        failure, counted, answered, latency_s = result.failure, result.counted, result.answered, result.latency_s
        covers_s = state.cover(state, self._clock.monotonic(), self._longest_s(state)) if counted else 0.0
        now = self._clock.wall()
        state.windows.add(now, answered=answered, counted=counted, covers_s=covers_s, latency_s=latency_s)
        self._tell(
            SampleRecord(
                tracker=state.tracker,
                endpoint=None,
                at=now,
                failure=failure.kind if failure else None,
                counted=counted,
                latency_s=latency_s if answered else None,
                covers_s=covers_s,
                phases=result.phases,
                requests=result.requests,
                lost=result.lost,
                said=failure.message if failure else "",
            )
        )

    def ours(self, state: TrackerState, failure: Failure) -> None:
        """A round whose silence was our own: noted, and never counted."""
        self._tell(
            SampleRecord(
                tracker=state.tracker,
                endpoint=None,
                at=self._clock.wall(),
                failure=failure.kind,
                counted=False,
                latency_s=None,
                covers_s=0.0,
                said=failure.message,
            )
        )

    def _longest_s(self, state: TrackerState) -> float:
        return max(SHORTEST_COVER_S, LONGEST_COVER_INTERVALS * self._interval_s(state))

    # ------------------------------------------------------------------ what trackers said

    def scrape(self, state: TrackerState, outcome: ScrapeOutcome, info_hashes: Sequence[bytes]) -> None:
        """The counts of one scrape; nothing where not one request was answered."""
        if self._keeper is not None and outcome.probe.failure is None:
            now = self._clock.wall()
            self._tell(ScrapeRecord(state.tracker, now, tuple(info_hashes), outcome.columns.copy()))

    def announced(self, state: TrackerState, info_hash: bytes, outcome: AnnounceOutcome, wait_s: float) -> None:
        """One announce of one swarm, which may be announced again after a wait (infinite: never)."""
        if self._keeper is not None:
            now = self._clock.wall()
            self._tell(AnnouncedRecord(state.tracker, info_hash, now, outcome, now + wait_s))

    def waits(self, state: TrackerState) -> None:
        """What a tracker asked for, which all programs on one store obey."""
        if self._keeper is None:
            return
        wait_s = state.not_before - self._clock.monotonic()
        self._keeper.obey(
            state.tracker,
            Waits(
                not_before=self._clock.wall() + wait_s if wait_s > 0 else 0.0,
                never_again=state.never_again,
                min_request_interval_s=state.min_request_interval_s,
            ),
        )

    # ------------------------------------------------------------------ states

    def transition(self, record: TransitionRecord) -> None:
        """A tracker or a torrent changed."""
        self._tell(record)

    def gap(self, kind: GapKind, begin: float, end: float, message: str) -> None:
        """A stretch that counts for nothing. Wall times."""
        self._tell(GapRecord(kind, begin, end, message))

    def memory(self, state: TrackerState) -> None:
        """What a later run should know of a tracker; nothing while we are cut off, which is no news of anybody."""
        if self._keeper is not None and self._held is None and (memory := self._memory_of(state)) is not None:
            self._tell(memory)

    def _memory_of(self, state: TrackerState) -> TrackerMemory | None:
        if state.cut_off is not None or state.remembered_at is not None or state.last_probe_at is None:
            return None
        if state.retired or state.disabled is not None:
            # Nothing is claimed of it any more: what was known before stays.
            return None
        if state.judged_nothing and (state.was_judged or state.ever_judged):
            # A refusal of our own policy, or no route from here, is no news of it.
            return None
        lasting = [place.lasting or place.health for place in state.endpoints.values()]
        judged, reasons, since = state.state, state.reasons, state.since
        earlier = state.remembered
        before = {known.endpoint: known for known in earlier.endpoints} if earlier is not None else {}
        if earlier is not None and state.endpoints and not state.name_health.judged:
            # While somebody watches, what lasts is judged as they do: one-shot runs are quicker to call a tracker down.
            judged, reasons = roll_up(lasting)
            if judged is earlier.state:
                since = earlier.since
            elif judged is not state.state:
                since = self._clock.wall()
        return TrackerMemory(
            tracker=state.tracker,
            at=self._clock.wall(),
            state=judged,
            reasons=reasons,
            since=since,
            last_probe_at=state.last_probe_at,
            last_success_at=state.last_success_at,
            endpoints=tuple(
                _of_endpoint(place, health, before.get(place.endpoint))
                for place, health in zip(state.endpoints.values(), lasting, strict=True)
            ),
            name_health=state.name_health,
            resolve_failure=state.resolve_failure,
            scrape_supported=state.scrape_supported,
            interval_s=state.interval_s,
            min_interval_s=state.min_interval_s,
            watched_at=self._clock.wall() if not self._one_shot else earlier.watched_at if earlier else None,
        )


def _of_endpoint(place: EndpointState, health: EndpointHealth, before: EndpointMemory | None) -> EndpointMemory:
    """What a later run should know of an endpoint.

    Args:
        place: What this run knows.
        health: As it lasts.
        before: What an earlier run knew: it holds where this one, which judges for itself, saw nothing.
    """
    found = EndpointMemory(
        endpoint=place.endpoint,
        health=health,
        phases=place.phases,
        failure=place.failure,
        said=place.said,
        last_probe_at=place.last_probe_at,
        last_success_at=place.last_success_at,
        tls_expires_at=place.tls_expires_at,
    )
    if before is None:
        return found
    if not place.judged_now:
        found = replace(found, failure=before.failure, last_probe_at=before.last_probe_at)
    if place.last_success_at is None:
        last_success_at, tls_expires_at = before.last_success_at, before.tls_expires_at
        found = replace(found, phases=before.phases, last_success_at=last_success_at, tls_expires_at=tls_expires_at)
    return found
