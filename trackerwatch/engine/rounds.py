"""How one tracker is asked: full rounds and minimal ones. Decides what to ask, tells the state what came of it.

A full round scrapes everything on one endpoint (sticky while it answers), samples a second family with one batch and
scrapes it in full only where its counts differ, and gives every other endpoint a minimal probe (spec 5). A scrape that fails
in the answer itself says little about the tracker, so an announce or a bare request decides.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from trackerwatch.engine.settings import AnnounceMode, PrivateMode
from trackerwatch.engine.tracker_state import is_transport_failure
from trackerwatch.outcome import Failure, FailureKind, Operation, ProbeOutcome, ScrapeColumns, SwarmAnswer
from trackerwatch.tracker import Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from trackerwatch.engine.announcing import Announcer
    from trackerwatch.engine.clock import Clock
    from trackerwatch.engine.prober import Prober
    from trackerwatch.engine.settings import EngineSettings
    from trackerwatch.engine.tracker_state import TrackerState
    from trackerwatch.outcome import Endpoint, Resolution, ScrapeOutcome

PROGRESS_EVERY_S = 0.25
"""While the first round of a large tracker goes on, what came is shown so often."""
SAMPLE_SWARMS = 20
"""Of a second family, to see whether its counts differ."""

_WHOLLY_REFUSED = {FailureKind.UNREGISTERED, FailureKind.UNAUTHORIZED, FailureKind.FAILURE_REASON}


class Rounds:
    """Runs rounds. One tracker never has two at a time; the engine sees to that."""

    def __init__(
        self,
        prober: Prober,
        settings: EngineSettings,
        clock: Clock,
        announcer: Announcer,
        on_progress: Callable[[TrackerState], None],
    ) -> None:
        self._prober = prober
        self._settings = settings
        self._clock = clock
        self._announcer = announcer
        self._on_progress = on_progress
        self.one_shot = False

    # ------------------------------------------------------------------ rounds

    async def full(self, tracker: TrackerState) -> None:
        """Ask everything there is to ask of a tracker, announces excepted."""
        tracker.asked_at = self._clock.monotonic()
        await self._resolve(tracker)
        if endpoints := tracker.usable_endpoints():
            swarms = len(tracker.swarms)
            await self._ask_all(tracker, endpoints)
            # Where an endpoint answered, all was said that will be; swarms that came meanwhile want a round of their own.
            answered = any(s.failure is None or s.failure.kind.answered for s in tracker.endpoints.values())
            tracker.wants_round = len(tracker.swarms) > swarms or (tracker.wants_round and not answered)

    async def _ask_all(self, tracker: TrackerState, endpoints: list[Endpoint]) -> None:
        tracker.fit_columns()
        asked = self.askable(tracker)
        if asked and tracker.scrape_supported is not False:
            if self._prober.scrape_supported(tracker.tracker):
                await self._scrape_round(tracker, endpoints, asked)
                return
            tracker.scrape_supported = False
            tracker.scrape_failure = Failure(
                FailureKind.SCRAPE_UNSUPPORTED, None, "no scrape URL can be derived from the announce URL"
            )
            tracker.swarms_dirty = True
        await self._minimal_round(tracker, endpoints)

    async def minimal(self, tracker: TrackerState) -> None:
        """Ask each endpoint for the smallest sign of life."""
        if not tracker.endpoints or tracker.name_health.judged:
            await self._resolve(tracker)
        if endpoints := tracker.usable_endpoints():
            await self._minimal_round(tracker, endpoints)

    def askable(self, tracker: TrackerState) -> range | list[int]:
        """Columns that a scrape may ask for: private torrents only where the user allows it (BEP 27)."""
        size = len(tracker.swarms)
        if self._key_allowed(tracker) or 1 not in tracker.private:
            return range(size)
        return [column for column in range(size) if not tracker.private[column]]

    # ------------------------------------------------------------------ parts

    def _key_allowed(self, tracker: TrackerState) -> bool:
        return self._settings.private_at(tracker.tracker.host) is not PrivateMode.CONNECT

    async def _resolve(self, tracker: TrackerState) -> Resolution:
        resolution = await self._prober.resolve(tracker.tracker, timeout_s=self._settings.timeout_s)
        if self.one_shot and resolution.failure is not None and resolution.failure.kind.retried:
            tracker.apply_resolution(resolution, self._clock.wall())
            resolution = await self._prober.resolve(tracker.tracker, timeout_s=self._settings.timeout_s)
        before = tuple(tracker.endpoints)
        tracker.apply_resolution(resolution, self._clock.wall())
        if tuple(tracker.endpoints) != before:
            tracker.readdressed = tracker.swarms_dirty = True
            for shape in tracker.shapes:
                shape.stands.clear()
        return resolution

    async def _minimal_round(self, tracker: TrackerState, endpoints: list[Endpoint]) -> None:
        outcomes = await asyncio.gather(*(self._minimal(tracker, endpoint) for endpoint in endpoints))
        tracker.count_round(list(outcomes))

    async def _minimal(self, tracker: TrackerState, endpoint: Endpoint) -> ProbeOutcome:
        """The smallest probe of one endpoint, counted; asked twice in a one-shot run where once proves little."""
        outcome = await self._smallest(tracker, endpoint)
        if self.one_shot and outcome.failure is not None and not outcome.failure.kind.conclusive:
            self._count(tracker, outcome)
            if outcome.failure.kind.retried:
                outcome = await self._smallest(tracker, endpoint)
        self._count(tracker, outcome)
        return outcome

    async def _smallest(self, tracker: TrackerState, endpoint: Endpoint) -> ProbeOutcome:
        timeout_s = self._settings.timeout_s
        udp = tracker.tracker.protocol is Protocol.UDP
        asked = () if udp or tracker.scrape_supported is False else self.askable(tracker)
        if asked and self._prober.scrape_supported(tracker.tracker):
            outcome = await self._prober.scrape(
                tracker.tracker, endpoint, [tracker.swarms[asked[0]]], timeout_s=timeout_s
            )
            failure = outcome.probe.failure
            if failure is None or is_transport_failure(tracker.tracker, failure) or failure.kind.retried:
                return outcome.probe
        # Only private torrents are here: the key stays at home.
        with_key = self._key_allowed(tracker) or 0 in tracker.private or not tracker.private
        return await self._prober.check(tracker.tracker, endpoint, timeout_s=timeout_s, with_key=with_key)

    async def _scrape_round(self, tracker: TrackerState, endpoints: list[Endpoint], asked: range | list[int]) -> None:
        first, others = endpoints[0], endpoints[1:]
        hashes = tracker.swarms if len(asked) == len(tracker.swarms) else [tracker.swarms[column] for column in asked]
        hashes = hashes[:]
        minimal = asyncio.gather(*(self._minimal(tracker, endpoint) for endpoint in others))
        try:
            outcome = await self._scrape(tracker, first, hashes, asked)
            outcomes = list(await minimal)
        finally:
            minimal.cancel()
        outcomes.insert(0, outcome.probe)
        if outcome.probe.failure is not None and is_transport_failure(tracker.tracker, outcome.probe.failure):
            for endpoint, probe in zip(others, outcomes[1:], strict=True):
                if probe.failure is None:
                    second = await self._prober.scrape(
                        tracker.tracker, endpoint, hashes, timeout_s=self._settings.timeout_s
                    )
                    if second.probe.failure is None:
                        self._take(tracker, second, asked)
                        break
        elif outcome.probe.failure is None:
            await self._sample_second_family(tracker, outcome, outcomes[1:], hashes, asked)
        tracker.count_round(outcomes)

    async def _scrape(
        self, tracker: TrackerState, endpoint: Endpoint, hashes: list[bytes], asked: range | list[int]
    ) -> ScrapeOutcome:
        """Scrape everything on one endpoint, and count what that says of the endpoint."""
        columns = ScrapeColumns.unknown(len(hashes))
        first_time = tracker.answered_at is None and len(asked) == len(tracker.swarms)
        shown_at = self._clock.monotonic()

        def on_progress(*, every_s: float = PROGRESS_EVERY_S) -> None:
            # Later rounds replace the whole; only the first one has nothing better to show meanwhile.
            nonlocal shown_at
            now = self._clock.monotonic()
            if first_time and now - shown_at >= every_s:
                shown_at = now
                tracker.columns = columns.copy()
                tracker.swarms_dirty = tracker.dirty = True
                self._on_progress(tracker)

        async def ask() -> ScrapeOutcome:
            return await self._prober.scrape(
                tracker.tracker,
                endpoint,
                hashes,
                timeout_s=self._settings.timeout_s,
                columns=columns,
                on_progress=on_progress,
            )

        try:
            outcome = await ask()
            failure = outcome.probe.failure
            if self.one_shot and failure is not None and failure.kind.retried:
                self._count(tracker, outcome.probe)
                outcome = await ask()
                failure = outcome.probe.failure
        except asyncio.CancelledError:
            # A deadline: what came until then is kept.
            on_progress(every_s=0.0)
            raise
        self._take(tracker, outcome, asked)
        if failure is None:
            tracker.sticky = endpoint
            tracker.answered_at = self._clock.monotonic()
            tracker.apply_probe(outcome.probe, self._clock.wall(), outcome.exchange_s)
            return outcome
        tracker.wait_until(failure, self._clock.monotonic())
        # A UDP connect that was answered by nonsense is no silence: it is not asked twice for itself, and once judges nobody.
        hopeless = is_transport_failure(tracker.tracker, failure) and failure.kind is not FailureKind.BAD_REPLY
        if hopeless or failure.kind.answered:
            self._count(tracker, outcome.probe)
            return outcome
        decided = await self._second_opinion(tracker, endpoint)
        if decided.failure is not None and self.one_shot:
            self._count(tracker, outcome.probe)
        self._count(tracker, decided)
        if decided.failure is None and decided.operation is Operation.ANNOUNCE:
            http = tracker.tracker.protocol is not Protocol.UDP
            tracker.scrape_supported = False if http and not failure.kind.retried else tracker.scrape_supported
        return replace(outcome, probe=decided) if decided.failure is not None else outcome

    async def _second_opinion(self, tracker: TrackerState, endpoint: Endpoint) -> ProbeOutcome:
        """Is the tracker sick, or its scrape alone? An announce tells where it is allowed, else a bare request."""
        if self._settings.announce is not AnnounceMode.NEVER:
            outcome = await self._announcer.test(tracker, endpoint)
            if outcome is not None:
                return outcome
        return await self._prober.check(tracker.tracker, endpoint, timeout_s=self._settings.timeout_s)

    async def _sample_second_family(
        self,
        tracker: TrackerState,
        first: ScrapeOutcome,
        others: list[ProbeOutcome],
        hashes: list[bytes],
        asked: range | list[int],
    ) -> None:
        """Some trackers count each family apart: where a sample differs, the other family is scraped in full."""
        family = first.probe.endpoint.family
        second = next((o.endpoint for o in others if o.failure is None and o.endpoint.family is not family), None)
        if second is None:
            return
        timeout_s = self._settings.timeout_s
        sample = await self._prober.scrape(tracker.tracker, second, hashes[:SAMPLE_SWARMS], timeout_s=timeout_s)
        if sample.probe.failure is not None or _agree(sample.columns, first.columns):
            return
        whole = await self._prober.scrape(tracker.tracker, second, hashes, timeout_s=timeout_s)
        if whole.probe.failure is None:
            self._take(tracker, replace(whole, columns=_maximum(first.columns, whole.columns)), asked)

    def _take(self, tracker: TrackerState, outcome: ScrapeOutcome, asked: range | list[int]) -> None:
        """Take over a scrape's counts. A scrape with no answer at all leaves the old ones until the tracker is down."""
        failure = outcome.probe.failure
        refused = failure is not None and (
            failure.kind in _WHOLLY_REFUSED
            # Counts that are known already outlive a tracker's wish to be left alone.
            or (failure.kind is FailureKind.RATE_LIMITED and tracker.answered_at is None)
        )
        if failure is None or refused:
            columns = outcome.columns
            if failure is not None:
                columns.answers[:] = bytes([SwarmAnswer.FAILED]) * len(columns)
                columns.failures.update(dict.fromkeys(range(len(columns)), failure))
            if len(columns) == len(tracker.swarms):
                tracker.columns = columns.copy()
            else:
                _scatter(columns, asked, tracker.columns)
        tracker.apply_scrape(outcome, self._clock.wall())

    def _count(self, tracker: TrackerState, outcome: ProbeOutcome) -> None:
        tracker.apply_probe(outcome, self._clock.wall())
        tracker.wait_until(outcome.failure, self._clock.monotonic())


def _agree(sample: ScrapeColumns, whole: ScrapeColumns) -> bool:
    size = len(sample)
    return sample.seeders == whole.seeders[:size] and sample.leechers == whole.leechers[:size]


def _maximum(first: ScrapeColumns, second: ScrapeColumns) -> ScrapeColumns:
    """Two families of one tracker: the maximum of each count, the better of each answer."""
    merged = first.copy()
    for ours, theirs in (
        (merged.seeders, second.seeders),
        (merged.leechers, second.leechers),
        (merged.completed, second.completed),
    ):
        for index, value in enumerate(theirs):
            ours[index] = max(ours[index], value)
    for index, answer in enumerate(second.answers):
        if answer == SwarmAnswer.ANSWERED:
            merged.answers[index] = answer
            merged.failures.pop(index, None)
    return merged


def _scatter(columns: ScrapeColumns, asked: range | list[int], into: ScrapeColumns) -> None:
    """Put the columns of a part of the swarms where they belong among all."""
    for index, column in enumerate(asked):
        if index >= len(columns) or column >= len(into):
            break
        into.seeders[column] = columns.seeders[index]
        into.leechers[column] = columns.leechers[index]
        into.completed[column] = columns.completed[index]
        into.answers[column] = columns.answers[index]
        into.failures.pop(column, None)
        if index in columns.failures:
            into.failures[column] = columns.failures[index]
