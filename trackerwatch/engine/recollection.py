"""Puts what is remembered of a tracker into its state, and tells whether that spares a question. Pure.

Memory is of other times and perhaps of wrong clocks: it may spare a question, never decide what was asked.

Waits come back as they are: they are the tracker's. States come back with their age; what is older than a week comes back as
history alone.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from trackerwatch.engine.endpoint_state import EndpointState
from trackerwatch.engine.settings import Freshness
from trackerwatch.engine.swarms import AnnounceRecord
from trackerwatch.health import Health, roll_up
from trackerwatch.health.reporting import as_reported
from trackerwatch.health.rollup import ANSWERING
from trackerwatch.outcome import UNKNOWN_COUNT, SwarmAnswer
from trackerwatch.schedule.pace import MAX_TRACKER_WAIT_S, is_local

if TYPE_CHECKING:
    from trackerwatch.engine.keeper import Recalled, Waits
    from trackerwatch.engine.records import EndpointMemory, TrackerMemory
    from trackerwatch.engine.settings import EngineSettings
    from trackerwatch.engine.tracker_state import TrackerState
    from trackerwatch.outcome import Failure, FailureKind

STATES_LAST_S = 7 * 86400.0
"""A state of long ago says nothing of today."""
CLOCKS_DIFFER_S = 60.0
"""By so much may the clocks of two runs differ; answers from further ahead are of no known age."""
CLOCK_SET_BACK_S = 86400.0
"""What seems to come from the future was written before the clock was set back."""
WATCHED_INTERVALS = 2.5
"""Who watches writes at each round."""
INFINITY = float("inf")
WINDOW_SHARE = 0.95
"""Of an interval: clocks of two programs differ a little."""


def remember(
    state: TrackerState, recalled: Recalled, *, monotonic: float, wall: float, judge: bool, as_reports: bool = False
) -> None:
    """Take over what is remembered of a tracker this run knows nothing of yet.

    Args:
        state: Of that tracker.
        recalled: What is remembered.
        monotonic: Now.
        wall: Now.
        judge: Whether its state holds until this run sees it. Otherwise this run sees for itself whether it answers, and
            goes on with what is remembered of how and since when.
        as_reports: Of two states that may be said of the same probes, the one that a report says: its latest answer or
            failure decides.
    """
    obey_waits(state, recalled.waits, monotonic=monotonic, wall=wall)
    if recalled.windows is not None:
        state.windows = recalled.windows
    if not state.recent:
        state.recent.extend(recalled.recent)
    memory = recalled.memory
    state.was_judged = memory is not None and memory.state is not Health.UNKNOWN
    if memory is None or not -CLOCK_SET_BACK_S < wall - memory.at < STATES_LAST_S or state.last_probe_at is not None:
        return
    state.last_success_at = memory.last_success_at
    state.interval_s, state.min_interval_s = memory.interval_s, memory.min_interval_s
    if memory.last_probe_at is not None and memory.last_probe_at <= wall:
        # Runs that follow one another cover the time between them, as far as one sample may speak for.
        state.covered_at = monotonic - (wall - memory.last_probe_at)
    if not judge:
        state.remembered = memory
        return
    state.endpoints = {known.endpoint: _endpoint(known, state.covered_at) for known in memory.endpoints}
    state.local = is_local(endpoint.address for endpoint in state.endpoints)
    state.name_health, state.resolve_failure = memory.name_health, memory.resolve_failure
    state.state, state.reasons, state.since = memory.state, memory.reasons, memory.since
    if as_reports:
        # A run that waits may ask all the same, and then goes on with what is remembered.
        state.remembered = memory
        _judge_as_reports(state)
    state.last_probe_at = memory.last_probe_at
    state.scrape_supported = memory.scrape_supported or None
    state.remembered_at = memory.at
    state.readdressed = state.retold = state.dirty = state.swarms.dirty = True


def _judge_as_reports(state: TrackerState) -> None:
    for place in state.endpoints.values():
        place.lasting = place.health
        place.health = as_reported(place.health, _kind_of(place.failure), place.last_success_at)
    state.name_health = as_reported(state.name_health, _kind_of(state.resolve_failure), None)
    names = state.name_health
    healths = [names] if names.judged else [place.health for place in state.endpoints.values()]
    judged, reasons = roll_up(healths)
    if judged is not state.state and judged is not Health.UNKNOWN:
        state.state, state.reasons = judged, reasons
        state.since = max((h.since for h in healths if h.since is not None), default=state.since)


def _kind_of(failure: Failure | None) -> FailureKind | None:
    return None if failure is None else failure.kind


def watched_lately(memory: TrackerMemory, *, wall: float, interval_s: float) -> bool:
    """Whether somebody watches the tracker, as far as what they write shows."""
    return memory.watched_at is not None and 0.0 <= wall - memory.watched_at < WATCHED_INTERVALS * interval_s


def _endpoint(known: EndpointMemory, covered_at: float | None) -> EndpointState:
    return EndpointState(
        endpoint=known.endpoint,
        health=known.health,
        phases=known.phases,
        failure=known.failure,
        said=known.said,
        last_probe_at=known.last_probe_at,
        last_success_at=known.last_success_at,
        tls_expires_at=known.tls_expires_at,
        covered_at=covered_at,
    )


def remember_swarms(
    state: TrackerState, recalled: Recalled, *, monotonic: float, wall: float, private_too: bool = True
) -> bool:
    """Take over remembered counts and announces of swarms that this run has not asked for.

    Args:
        state: Of their tracker.
        recalled: What is remembered.
        monotonic: Now.
        wall: Now.
        private_too: Whether private torrents are asked for here; those that are not miss nothing.

    Returns:
        Whether something is known of every swarm now, and since when.
    """
    swarms = state.swarms
    swarms.fit()
    columns = swarms.columns
    complete = True
    for column, info_hash in enumerate(swarms.hashes):
        known = recalled.swarms.get(info_hash)
        announced = recalled.announced.get(info_hash)
        if announced is not None and column not in swarms.announces:
            wait_s = (
                min(announced.not_before - wall, MAX_TRACKER_WAIT_S) if announced.not_before < INFINITY else INFINITY
            )
            # Counts that did not change are not written down again: the round's time tells whether they are newer.
            known_before = recalled.scraped_at is not None and recalled.scraped_at <= announced.at
            swarms.announces[column] = AnnounceRecord(
                announced.outcome,
                announced.at,
                monotonic + max(0.0, wait_s),
                recalled=True,
                despite_scrape=known is not None and known.answer == SwarmAnswer.ANSWERED and known_before,
            )
        if known is None:
            answered = announced is not None or columns.answers[column] != SwarmAnswer.NOT_ASKED
            unasked = column in swarms.gone or (swarms.private[column] and not private_too)
            complete = complete and bool(answered or unasked)
            continue
        if columns.answers[column] != SwarmAnswer.NOT_ASKED and not swarms.recalled:
            continue
        columns.seeders[column] = UNKNOWN_COUNT if known.seeders is None else known.seeders
        columns.leechers[column] = UNKNOWN_COUNT if known.leechers is None else known.leechers
        columns.completed[column] = UNKNOWN_COUNT if known.completed is None else known.completed
        columns.answers[column] = known.answer
        columns.failures.pop(column, None)
        swarms.dirty = True
    if recalled.scraped_at is not None and (swarms.scraped_at is None or swarms.recalled):
        swarms.scraped_at = min(recalled.scraped_at, wall)
        swarms.recalled = True
    state.dirty = True
    return complete and not (recalled.scraped_at is not None and recalled.scraped_at > wall + CLOCKS_DIFFER_S)


def obey_waits(state: TrackerState, waits: Waits, *, monotonic: float, wall: float) -> None:
    """Take over what a tracker asked of any program on the same store."""
    if waits.asked_at is not None:
        asked_at = monotonic - max(0.0, wall - waits.asked_at)
        state.asked_at = asked_at if state.asked_at is None else max(state.asked_at, asked_at)
        state.full_at = asked_at if state.full_at is None else max(state.full_at, asked_at)
    wait_s = min(waits.not_before - wall, MAX_TRACKER_WAIT_S)
    if wait_s > 0:
        state.not_before = max(state.not_before, monotonic + wait_s)
    if waits.min_request_interval_s is not None and state.min_request_interval_s is None:
        state.min_request_interval_s = waits.min_request_interval_s
    if waits.never_again is not None:
        state.never_again = waits.never_again
        state.dirty = True


class Verdict(Enum):
    """What a one-shot run does at a tracker of which something is remembered."""

    ASK = "ask"
    SPARE = "spare"
    """What is remembered is fresh enough: nothing is sent."""
    NEVER = "never"
    """Nothing may be sent, whatever is remembered."""


def worth_asking(
    state: TrackerState,
    memory: TrackerMemory | None,
    settings: EngineSettings,
    *,
    complete: bool,
    wall: float,
    interval_s: float,
) -> Verdict:
    """Whether a one-shot run asks a tracker.

    Args:
        state: With what is remembered of its swarms in it.
        memory: What is remembered of its health.
        settings: How fresh answers must be.
        complete: Whether something is remembered of every swarm.
        wall: Now.
        interval_s: Between two rounds of this tracker.
    """
    if settings.freshness is Freshness.CACHED:
        return Verdict.NEVER
    if state.never_again is not None:
        return Verdict.NEVER
    # Where there are no torrents to ask for, the sign of life is what is asked.
    answered_at = state.swarms.scraped_at if len(state.swarms) else memory.last_success_at if memory else None
    if settings.freshness is Freshness.FRESH or not complete or answered_at is None:
        return Verdict.ASK
    failing = memory is not None and all(known.health.failures_in_row for known in memory.endpoints)
    if memory is None or memory.state not in ANSWERING or failing:
        # Whether it works by now is just what is asked.
        return Verdict.ASK
    # On one's own network nobody is bothered by a question, so answers there are live unless asked for otherwise.
    live = is_near(state, memory) or not len(state.swarms)
    # Runs that come at the interval ask each time, though none comes to the second.
    longest_s = settings.max_age_s if settings.max_age_s is not None else 0.0 if live else WINDOW_SHARE * interval_s
    return Verdict.SPARE if 0.0 <= wall - answered_at < longest_s else Verdict.ASK


def is_near(state: TrackerState, memory: TrackerMemory | None) -> bool:
    """Whether it is on loopback or a private network, as far as is known before its name is resolved."""
    if state.endpoints:
        return state.local
    host = state.tracker.host
    literal = host.replace(".", "").isdigit() or ":" in host
    if memory is not None and memory.endpoints and not literal:
        return is_local(known.endpoint.address for known in memory.endpoints)
    return is_local((host,)) if literal else host == "localhost"
