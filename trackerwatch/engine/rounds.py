"""How one tracker is asked: full rounds and minimal ones. Decides what to ask, tells the state what came of it.

A full round scrapes everything on one endpoint (sticky while it answers), samples a second family with one batch and
scrapes it in full only where its counts differ, and gives every other endpoint a minimal probe (spec 5). A scrape that fails
in the answer itself says little about the tracker, so an announce or a bare request decides.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from trackerwatch.engine.pacing import may_scrape_now
from trackerwatch.engine.settings import AnnounceMode, PrivateMode
from trackerwatch.engine.standing_orders import interval_s
from trackerwatch.engine.tracker_state import is_unreachable
from trackerwatch.outcome import Failure, FailureKind, Operation, ProbeOutcome, ScrapeColumns, SwarmAnswer
from trackerwatch.tracker import Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trackerwatch.engine.announcing import Announcer
    from trackerwatch.engine.clock import Clock
    from trackerwatch.engine.outage import Outage
    from trackerwatch.engine.prober import Prober
    from trackerwatch.engine.recording import Recording
    from trackerwatch.engine.settings import EngineSettings
    from trackerwatch.engine.tracker_state import TrackerState
    from trackerwatch.outcome import Endpoint, ScrapeOutcome

PROGRESS_EVERY_S = 0.25
"""While the first round of a large tracker goes on, what came is shown so often."""
SAMPLE_SWARMS = 20
"""Of a second family, to see whether its counts differ."""
SCRAPE_AGAIN_S = 86400.0
"""Where scrapes fail and announces work, scrapes are tried again: after an interval, then ever later, daily at least."""
STALE_INTERVALS = 2.5
"""Counts of scrapes that long ago are not shown as if they were so."""

_ABOUT_TORRENTS = frozenset({FailureKind.UNREGISTERED, FailureKind.UNAUTHORIZED})


class Rounds:
    """Runs rounds. One tracker never has two at a time; the engine sees to that."""

    def __init__(
        self,
        prober: Prober,
        settings: EngineSettings,
        clock: Clock,
        *,
        announcer: Announcer,
        outage: Outage,
        recording: Recording,
        on_progress: Callable[[TrackerState], None],
    ) -> None:
        self._prober = prober
        self.settings = settings
        self._clock = clock
        self._announcer = announcer
        self._outage = outage
        self._recording = recording
        self._on_progress = on_progress
        self.one_shot = False

    # ------------------------------------------------------------------ rounds

    async def full(self, tracker: TrackerState) -> None:
        """Ask everything there is to ask of a tracker, announces excepted."""
        tracker.asked_at = tracker.full_at = self._clock.monotonic()
        if not await self._resolve(tracker):
            return
        endpoints = tracker.usable_endpoints()
        swarms = len(tracker.swarms)
        await self._ask_all(tracker, endpoints)
        if any(state.well for state in tracker.endpoints.values()):
            # Where an endpoint answered, all was said that will be; swarms that came meanwhile want a scrape of their own.
            tracker.wants_round = False
            tracker.swarms.asked = max(tracker.swarms.asked, swarms)

    async def minimal(self, tracker: TrackerState) -> None:
        """Ask each endpoint for the smallest sign of life."""
        # Addresses of an earlier run, and such as fail now, may not be its addresses any more.
        doubtful = tracker.resolve_s is None or bool(tracker.pending)
        unsure = not tracker.endpoints or tracker.name_health.judged or doubtful
        if unsure and not await self._resolve(tracker):
            return
        await self._minimal_round(tracker, tracker.usable_endpoints())

    async def again(self, tracker: TrackerState) -> None:
        """The second attempt of a one-shot run, for what failed in a way that one attempt proves little."""
        if tracker.answered_at is None:
            await self.full(tracker)
            return
        doubtful = [e for e in tracker.usable_endpoints() if tracker.endpoints[e].health.pending]
        outcomes = await asyncio.gather(*(self._minimal(tracker, endpoint) for endpoint in doubtful))
        self._recording.round(tracker, tracker.count_round(outcomes))

    async def fresh(self, tracker: TrackerState) -> None:
        """Scrape the swarms that no scrape asked for yet, so that one new torrent does not ask for all of them."""
        unsure = tracker.remembered_at is not None or tracker.name_health.judged
        if unsure and not await self._resolve(tracker):
            return
        endpoints = [e for e in tracker.usable_endpoints() if tracker.endpoints[e].well]
        first = tracker.swarms.asked
        asked = [column for column in self.askable(tracker) if column >= first]
        size = len(tracker.swarms)
        if asked and endpoints and tracker.scrape_supported and self._prober.scrape_supported(tracker.tracker):
            tracker.asked_at = self._clock.monotonic()
            hashes = [tracker.swarms.hashes[column] for column in asked]
            outcome = await self._ask(tracker, endpoints[0], hashes)
            if outcome.probe.failure is None:
                tracker.swarms.take(outcome.columns, asked)
                self._recording.scrape(tracker, outcome, hashes)
        tracker.swarms.asked = size

    def askable(self, tracker: TrackerState) -> Sequence[int]:
        """Columns that a scrape may ask for: private torrents only where the user allows it (BEP 27)."""
        swarms, gone = tracker.swarms, tracker.swarms.gone
        every = self._key_allowed(tracker) or 1 not in swarms.private
        if every and not gone:
            return range(len(swarms))
        return [n for n, private in enumerate(swarms.private) if (every or not private) and n not in gone]

    def _key_allowed(self, tracker: TrackerState) -> bool:
        return self.settings.private_at(tracker.tracker.host) is not PrivateMode.CONNECT

    # ------------------------------------------------------------------ parts

    async def _resolve(self, tracker: TrackerState) -> bool:
        begun = self._clock.monotonic()
        resolution = await self._prober.resolve(tracker.tracker, timeout_s=self.settings.timeout_s)
        failure = resolution.failure
        if failure is not None and await self._outage.excuses(tracker, failure, begun):
            # A broken resolver of our own is no reason to stop asking where it was found before.
            # An address out of a store was judged by no policy of this run yet.
            remembered = tracker.remembered_at is not None
            known = bool(tracker.endpoints) and not tracker.name_health.judged and not remembered
            if not known:
                self._recording.ours(tracker, failure)
            return known
        if failure is None:
            self._outage.name_resolved(tracker)
        found = tracker.apply_resolution(resolution, self._clock.wall())
        if failure is not None:
            self._recording.unresolved(tracker, failure)
        self._outage.introduce(tracker)
        if tracker.readdressed:
            tracker.swarms.dirty = True
            for shape in tracker.shapes:
                shape.stands.clear()
        return found

    async def _ask_all(self, tracker: TrackerState, endpoints: list[Endpoint]) -> None:
        asked = self.askable(tracker)
        again_at = tracker.scrape_again_at
        if tracker.scrape_supported is False and again_at is not None and self._clock.monotonic() >= again_at:
            tracker.scrape_supported = None
        if asked and tracker.scrape_supported is not False:
            if self._prober.scrape_supported(tracker.tracker):
                await self._scrape_round(tracker, endpoints, asked)
                return
            tracker.scrape_supported = False
            tracker.swarms.scrape_failure = Failure(
                FailureKind.SCRAPE_UNSUPPORTED, None, "no scrape URL can be derived from the announce URL"
            )
            tracker.swarms.dirty = True
        await self._minimal_round(tracker, endpoints)

    async def _minimal_round(self, tracker: TrackerState, endpoints: list[Endpoint]) -> None:
        outcomes = await asyncio.gather(*(self._minimal(tracker, endpoint) for endpoint in endpoints))
        self._recording.round(tracker, tracker.count_round(outcomes))

    async def _minimal(self, tracker: TrackerState, endpoint: Endpoint) -> ProbeOutcome:
        """The smallest probe of one endpoint, counted."""
        begun = self._clock.monotonic()
        outcome = await self._smallest(tracker, endpoint)
        return await self._count(tracker, outcome, begun)

    async def _smallest(self, tracker: TrackerState, endpoint: Endpoint) -> ProbeOutcome:
        timeout_s = self.settings.timeout_s
        swarms, udp = tracker.swarms, tracker.tracker.protocol is Protocol.UDP
        scrapes = not udp and tracker.scrape_supported is not False and may_scrape_now(tracker, self._clock.monotonic())
        asked = self.askable(tracker) if scrapes else ()
        if asked and self._prober.scrape_supported(tracker.tracker):
            outcome = await self._prober.scrape(
                tracker.tracker, endpoint, [swarms.hashes[asked[0]]], timeout_s=timeout_s
            )
            failure = outcome.probe.failure
            if outcome.min_request_interval_s is not None:
                tracker.min_request_interval_s = outcome.min_request_interval_s
            if failure is None or is_unreachable(failure) or failure.kind.retried or failure.kind.answered:
                return outcome.probe
            if tracker.not_before > self._clock.monotonic() or failure.retry_in_s:
                return outcome.probe
        # Only private torrents are here: the key stays at home.
        with_key = self._key_allowed(tracker) or not swarms.only_private
        return await self._prober.check(tracker.tracker, endpoint, timeout_s=timeout_s, with_key=with_key)

    async def _scrape_round(self, tracker: TrackerState, endpoints: list[Endpoint], asked: Sequence[int]) -> None:
        first, others = endpoints[0], endpoints[1:]
        all_hashes = tracker.swarms.hashes
        hashes = all_hashes[:] if len(asked) == len(all_hashes) else [all_hashes[column] for column in asked]
        minimal = asyncio.gather(*(self._minimal(tracker, endpoint) for endpoint in others))
        minimal.add_done_callback(_taken_note_of)
        try:
            outcome, probe = await self._scrape(tracker, first, hashes, asked)
            outcomes = list(await minimal)
        finally:
            minimal.cancel()
        failure = outcome.probe.failure
        if failure is None:
            await self._sample_second_family(tracker, outcome, outcomes, hashes, asked)
        elif not failure.kind.answered:
            for other in outcomes:
                if other.failure is None and not self._left_alone(tracker):
                    second = await self._ask(tracker, other.endpoint, hashes)
                    if second.probe.failure is None:
                        self._take(tracker, second, asked)
                        break
        self._recording.round(tracker, tracker.count_round([probe, *outcomes]))

    def _left_alone(self, tracker: TrackerState) -> bool:
        """Whether the tracker asked for patience, perhaps just now."""
        return tracker.never_again is not None or tracker.not_before > self._clock.monotonic()

    async def _ask(
        self,
        tracker: TrackerState,
        endpoint: Endpoint,
        hashes: list[bytes],
        columns: ScrapeColumns | None = None,
        on_progress: Callable[[], None] | None = None,
    ) -> ScrapeOutcome:
        """Scrape, and obey what comes beside the answer."""
        outcome = await self._prober.scrape(
            tracker.tracker,
            endpoint,
            hashes,
            timeout_s=self.settings.timeout_s,
            columns=columns,
            on_progress=on_progress,
        )
        self._obey(tracker, outcome.probe.failure)
        if outcome.min_request_interval_s is not None:
            tracker.min_request_interval_s = outcome.min_request_interval_s
            self._recording.waits(tracker)
        return outcome

    async def _scrape(
        self, tracker: TrackerState, endpoint: Endpoint, hashes: list[bytes], asked: Sequence[int]
    ) -> tuple[ScrapeOutcome, ProbeOutcome]:
        """Scrape everything on one endpoint.

        Returns:
            The scrape, and the probe that speaks for the endpoint: its own, or the second opinion's.
        """
        columns = ScrapeColumns.unknown(len(hashes))
        first_time = tracker.answered_at is None
        shown_at = self._clock.monotonic()

        def on_progress(*, every_s: float = PROGRESS_EVERY_S) -> None:
            # Later rounds replace the whole; only the first one has nothing better to show meanwhile.
            nonlocal shown_at
            now = self._clock.monotonic()
            if first_time and now - shown_at >= every_s:
                shown_at = now
                tracker.swarms.take(columns, asked)
                tracker.dirty = True
                self._on_progress(tracker)

        begun = self._clock.monotonic()
        try:
            outcome = await self._ask(tracker, endpoint, hashes, columns, on_progress)
        except asyncio.CancelledError:
            # A deadline: what came until then is kept.
            on_progress(every_s=0.0)
            raise
        failure = outcome.probe.failure
        if failure is None:
            self._take(tracker, outcome, asked)
            self._recording.scrape(tracker, outcome, hashes)
            await self._count(tracker, outcome.probe, begun, outcome.exchange_s)
            return outcome, outcome.probe
        if await self._outage.excuses(tracker, failure, begun, endpoint):
            probe = replace(outcome.probe, failure=_ours(failure))
            return replace(outcome, probe=probe), probe
        self._take(tracker, outcome, asked)
        settled = is_unreachable(failure) or failure.kind in _ABOUT_TORRENTS or failure.kind is FailureKind.RATE_LIMITED
        if settled or self._left_alone(tracker):
            self._apply(tracker, outcome.probe)
            return outcome, outcome.probe
        begun = self._clock.monotonic()
        decided = await self._second_opinion(tracker, endpoint)
        if failure.kind.answered:
            # It said no to a scrape, which is an answer, whatever else it says.
            decided = outcome.probe if decided.failure is not None else decided
        elif decided.failure is not None and self.one_shot:
            self._apply(tracker, outcome.probe)
        decided = await self._count(tracker, decided, begun)
        if decided.failure is None and decided.operation is Operation.ANNOUNCE:
            self._scrape_failed_alone(tracker, failure)
        return outcome, decided

    def _scrape_failed_alone(self, tracker: TrackerState, failure: Failure) -> None:
        """An announce worked where the scrape did not: leave scrapes alone for a while, longer each time."""
        if tracker.tracker.protocol is Protocol.UDP or failure.kind.retried:
            return
        tracker.scrape_supported = False
        wait_s = min(SCRAPE_AGAIN_S, interval_s(self.settings, tracker) * 2.0**tracker.scrape_failures)
        tracker.scrape_failures += 1
        tracker.scrape_again_at = self._clock.monotonic() + wait_s

    async def _second_opinion(self, tracker: TrackerState, endpoint: Endpoint) -> ProbeOutcome:
        """Is the tracker sick, or its scrape alone? An announce tells where it is allowed, else a bare request."""
        if self.settings.announce is not AnnounceMode.NEVER:
            outcome = await self._announcer.test(tracker, endpoint)
            if outcome is not None:
                return outcome
        return await self._prober.check(tracker.tracker, endpoint, timeout_s=self.settings.timeout_s)

    async def _sample_second_family(
        self,
        tracker: TrackerState,
        first: ScrapeOutcome,
        others: list[ProbeOutcome],
        hashes: list[bytes],
        asked: Sequence[int],
    ) -> None:
        """Some trackers count each family apart: where a sample differs, the other family is scraped in full."""
        family = first.probe.endpoint.family
        second = next((o.endpoint for o in others if o.failure is None and o.endpoint.family is not family), None)
        if second is None:
            return
        sample = await self._ask(tracker, second, hashes[:SAMPLE_SWARMS])
        if sample.probe.failure is not None or _agree(sample.columns, first.columns):
            return
        whole = await self._ask(tracker, second, hashes)
        if whole.probe.failure is None:
            tracker.swarms.take(_maximum(first.columns, whole.columns), asked)

    def _take(self, tracker: TrackerState, outcome: ScrapeOutcome, asked: Sequence[int]) -> None:
        """Take over a scrape. One with no answer at all leaves the old counts, until they are too old or it is down."""
        swarms, failure = tracker.swarms, outcome.probe.failure
        if failure is None:
            swarms.take(outcome.columns, asked)
            tracker.sticky = outcome.probe.endpoint
            tracker.answered_at = self._clock.monotonic()
        elif failure.kind in _ABOUT_TORRENTS:
            swarms.refuse(failure, asked)
        elif swarms.scraped_at is not None:
            stale_s = STALE_INTERVALS * interval_s(self.settings, tracker)
            if self._clock.wall() - swarms.scraped_at > stale_s:
                swarms.forget_counts()
        tracker.apply_scrape(outcome, self._clock.wall())

    async def _count(
        self, tracker: TrackerState, outcome: ProbeOutcome, begun: float, exchange_s: tuple[float, ...] = ()
    ) -> ProbeOutcome:
        """Count a probe once it is known whose its silence is.

        Args:
            tracker: Whom was asked.
            outcome: What it came to.
            begun: Monotonic: when the probe began.
            exchange_s: As for `TrackerState.apply_probe`.

        Returns:
            The same; with another failure, which counts for nothing, where the fault is ours.
        """
        failure = outcome.failure
        if await self._outage.excuses(tracker, failure, begun, outcome.endpoint):
            return replace(outcome, failure=_ours(failure))
        self._apply(tracker, outcome, exchange_s)
        return outcome

    def _apply(self, tracker: TrackerState, outcome: ProbeOutcome, exchange_s: tuple[float, ...] = ()) -> None:
        change = tracker.apply_probe(outcome, self._clock.wall(), exchange_s)
        self._recording.probe(tracker, outcome, change)
        if outcome.operation is not Operation.ANNOUNCE:
            self._obey(tracker, outcome.failure)

    def _obey(self, tracker: TrackerState, failure: Failure | None) -> None:
        if failure is not None and (failure.retry_in_s or failure.retry_never):
            tracker.obey(failure, self._clock.monotonic())
            self._recording.waits(tracker)


def _ours(failure: Failure | None) -> Failure:
    """The same silence, once it is known to be our own."""
    said = failure.message if failure else ""
    return Failure(FailureKind.LOCAL_OFFLINE, failure.phase if failure else None, said)


def _taken_note_of(future: asyncio.Future[list[ProbeOutcome]]) -> None:
    """Where a deadline ends a round nobody awaits this any more; asyncio would print a traceback of it."""
    if not future.cancelled():
        future.exception()


def _agree(sample: ScrapeColumns, whole: ScrapeColumns) -> bool:
    size = len(sample)
    return sample.seeders == whole.seeders[:size] and sample.leechers == whole.leechers[:size]


def _maximum(first: ScrapeColumns, second: ScrapeColumns) -> ScrapeColumns:
    """Two families of one tracker: the maximum of each count, the better of each answer."""
    merged = first.copy()
    columns = (
        (merged.seeders, second.seeders),
        (merged.leechers, second.leechers),
        (merged.completed, second.completed),
    )
    for index, answer in enumerate(second.answers):
        # An ambiguous zero is no count beside a lost or missing one.
        if answer == SwarmAnswer.ANSWERED:
            for ours, theirs in columns:
                ours[index] = max(ours[index], theirs[index])
            merged.answers[index] = answer
            merged.failures.pop(index, None)
    return merged
