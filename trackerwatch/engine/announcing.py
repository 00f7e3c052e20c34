"""Announces that touch no swarm: when, of which torrent, and how.

`event=stopped` with `left > 0` registers no peer on any real tracker and still returns counts and interval. Only where a
peer list is wanted (`peers`) is it `started`, followed at once by `stopped`, also when everything is being torn down. Never
`event=completed`.
"""

from __future__ import annotations

import asyncio
import string
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from trackerwatch import __version__
from trackerwatch.engine.settings import AnnounceMode, PrivateMode
from trackerwatch.engine.tracker_state import DECISION_LASTS_S, is_transport_failure
from trackerwatch.outcome import AnnounceEvent, AnnounceRequest, Failure, FailureKind, SwarmAnswer

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator

    from trackerwatch.engine.clock import Clock
    from trackerwatch.engine.prober import Prober
    from trackerwatch.engine.settings import EngineSettings
    from trackerwatch.engine.tracker_state import TrackerState
    from trackerwatch.metainfo import Torrent
    from trackerwatch.outcome import AnnounceOutcome, Endpoint, ProbeOutcome
    from trackerwatch.tracker import Tracker

UNKNOWN_SIZE_LEFT_BYTES = 16384
"""What libtorrent says of a magnet whose metadata it does not have."""
STANDARD_INTERVAL_S = 1800.0
"""Where a tracker names none."""
SPACING_S = 0.1
"""Between announces to one tracker on the net."""
ALWAYS_SPACING_S = 1.0
"""At most one a second a host in mode `always`."""
GIVE_UP_AFTER = 2
"""Announces in a row without any answer end a sweep: the tracker is not asked for thousands of torrents in vain."""
STOP_TIMEOUT_S = 4.0
"""The farewell after a `started` announce; within the five seconds that a shutdown may take."""
PEERS_WANTED = 50


@dataclass(frozen=True, slots=True)
class Identity:
    """Who we say we are: the same for the whole run, and not to be mistaken for a client."""

    peer_id: bytes
    port: int
    key: int

    @classmethod
    def random(cls, rng: random.Random) -> Identity:
        """`-TW` and the version (BEP 20), twelve random characters, a port no client behind this address uses."""
        digits = "".join(f"{int(part):02d}" for part in __version__.split(".")[:2])
        tail = "".join(rng.choices(string.ascii_letters + string.digits, k=12))
        return cls(f"-TW{digits}-{tail}".encode(), rng.randint(20000, 60000), rng.getrandbits(32))


class Announcer:
    """Announces what the mode asks for."""

    def __init__(
        self,
        prober: Prober,
        settings: EngineSettings,
        clock: Clock,
        identity: Identity,
        torrent_of: Callable[[int], Torrent],
    ) -> None:
        self._prober = prober
        self._settings = settings
        self._clock = clock
        self._identity = identity
        self._torrent_of = torrent_of
        self._rotation: dict[int, int] = {}
        self._farewells: set[asyncio.Task[AnnounceOutcome]] = set()

    # ------------------------------------------------------------------ which

    def candidates(self, tracker: TrackerState, *, active_here: Callable[[int], bool]) -> list[int]:
        """Columns to announce now, by the mode; never before a swarm's own interval is over.

        Args:
            tracker: Where.
            active_here: Whether a torrent's active tracker is this one, by torrent index.
        """
        mode = self._settings.announce
        if mode is AnnounceMode.NEVER or tracker.never_again:
            return []
        now, wall = self._clock.monotonic(), self._clock.wall()
        if now < tracker.not_before or not _may_answer(tracker):
            return []
        wanted = [
            column
            for column in self._undecided(tracker)
            if (self._may(tracker, column) and (record := tracker.announces.get(column)) is None)
            or (record is not None and record.not_before <= now and self._stale(tracker, column, wall))
        ]
        if mode is AnnounceMode.ALWAYS:
            seen = set(wanted)
            wanted += [
                column
                for column in range(len(tracker.swarms))
                if column not in seen
                and self._may(tracker, column)
                and active_here(tracker.owners[column])
                and self._due(tracker, column, now)
            ]
        elif mode is AnnounceMode.SAMPLE and not wanted:
            wanted += self._sample(tracker, now)
        return wanted

    def may_announce(self, torrent: Torrent, tracker: Tracker) -> bool:
        """Private torrents only where the user allows announces (BEP 27)."""
        return not torrent.private or self._private_allowed(tracker)

    def _may(self, tracker: TrackerState, column: int) -> bool:
        return not tracker.private[column] or self._private_allowed(tracker.tracker)

    def _private_allowed(self, tracker: Tracker) -> bool:
        return self._settings.private_at(tracker.host) is PrivateMode.ANNOUNCE

    def _due(self, tracker: TrackerState, column: int, now: float) -> bool:
        record = tracker.announces.get(column)
        return record is None or record.not_before <= now

    def _stale(self, tracker: TrackerState, column: int, wall: float) -> bool:
        """An ambiguous zero is decided once a day; where nothing can be scraped, each interval asks again."""
        if tracker.columns.answers[column] != SwarmAnswer.AMBIGUOUS:
            return True
        return wall - tracker.announces[column].at >= DECISION_LASTS_S

    def _undecided(self, tracker: TrackerState) -> Iterator[int]:
        answers = tracker.columns.answers
        if tracker.scrape_supported is False or tracker.scrape_failure is not None:
            yield from range(len(answers))
            return
        for doubt in (SwarmAnswer.AMBIGUOUS, SwarmAnswer.OMITTED, SwarmAnswer.FAILED):
            at = answers.find(doubt)
            while at >= 0:
                yield at
                at = answers.find(doubt, at + 1)

    def _sample(self, tracker: TrackerState, now: float) -> list[int]:
        """The next public swarm in turn."""
        size = len(tracker.swarms)
        start = self._rotation.get(tracker.index, 0)
        for step in range(min(size, 1000)):
            column = (start + step) % size
            if not tracker.private[column] and self._due(tracker, column, now):
                self._rotation[tracker.index] = column + 1
                return [column]
        return []

    # ------------------------------------------------------------------ how

    async def sweep(self, tracker: TrackerState, columns: list[int], changed: Callable[[], None]) -> None:
        """Announce these swarms one after the other."""
        spacing = ALWAYS_SPACING_S if self._settings.announce is AnnounceMode.ALWAYS else SPACING_S
        unanswered = 0
        for column in columns:
            endpoint = next(iter(tracker.usable_endpoints()), None)
            if endpoint is None:
                return
            outcome = await self.announce(tracker, endpoint, column)
            changed()
            failure = outcome.probe.failure
            unanswered = unanswered + 1 if failure is not None and not failure.kind.answered else 0
            rate_limited = failure is not None and failure.kind is FailureKind.RATE_LIMITED
            if unanswered >= GIVE_UP_AFTER or rate_limited or tracker.never_again:
                return
            if not tracker.local:
                await asyncio.sleep(spacing)

    async def test(self, tracker: TrackerState, endpoint: Endpoint) -> ProbeOutcome | None:
        """Announce the first swarm that may be announced, to see whether the tracker answers. None: there is none."""
        column = next((column for column in range(len(tracker.swarms)) if self._may(tracker, column)), None)
        if column is None:
            return None
        return (await self.announce(tracker, endpoint, column)).probe

    async def announce(self, tracker: TrackerState, endpoint: Endpoint, column: int) -> AnnounceOutcome:
        """Announce one swarm, and remember what came of it."""
        torrent = self._torrent_of(tracker.owners[column])
        timeout_s = self._settings.timeout_s
        with_peers = self._settings.announce is AnnounceMode.PEERS and not torrent.private
        if with_peers:
            outcome = await self._announce_with_peers(tracker, endpoint, column, torrent)
        else:
            request = self._request(tracker.swarms[column], torrent, AnnounceEvent.STOPPED, numwant=0)
            outcome = await self._prober.announce(tracker.tracker, endpoint, request, timeout_s=timeout_s)
        failure = outcome.probe.failure
        if failure is not None:
            tracker.obey(failure)
        not_before = self._clock.monotonic() + self._wait_s(tracker, outcome, failure)
        tracker.apply_announce(column, outcome, self._clock.wall(), not_before)
        return outcome

    def _wait_s(self, tracker: TrackerState, outcome: AnnounceOutcome, failure: Failure | None) -> float:
        """Never below what the tracker asks for; where it asks for nothing, half an hour, a second on loopback."""
        minimum = max(outcome.min_interval_s or 0.0, (failure.retry_in_s or 0.0) if failure else 0.0)
        if tracker.local:
            return max(minimum, 1.0)
        return max(minimum, outcome.interval_s or tracker.interval_s or STANDARD_INTERVAL_S)

    async def _announce_with_peers(
        self, tracker: TrackerState, endpoint: Endpoint, column: int, torrent: Torrent
    ) -> AnnounceOutcome:
        """`started`, and whatever happens then `stopped`: the farewell outlives a cancellation."""
        info_hash = tracker.swarms[column]
        started = self._request(info_hash, torrent, AnnounceEvent.STARTED, numwant=PEERS_WANTED)
        stopped = self._request(info_hash, torrent, AnnounceEvent.STOPPED, numwant=0)
        try:
            outcome = await self._prober.announce(
                tracker.tracker, endpoint, started, timeout_s=self._settings.timeout_s
            )
        finally:
            farewell = asyncio.ensure_future(
                self._prober.announce(tracker.tracker, endpoint, stopped, timeout_s=STOP_TIMEOUT_S)
            )
            self._farewells.add(farewell)
            farewell.add_done_callback(self._farewells.discard)
            gone = await asyncio.shield(farewell)
        # The farewell's counts leave us out; the first reply's may not.
        return _with_counts_of(outcome, gone)

    async def finish(self, timeout_s: float) -> None:
        """Wait for farewells that are still under way."""
        if self._farewells:
            await asyncio.wait(set(self._farewells), timeout=timeout_s)

    def _request(self, info_hash: bytes, torrent: Torrent, event: AnnounceEvent, *, numwant: int) -> AnnounceRequest:
        left = torrent.size_bytes or UNKNOWN_SIZE_LEFT_BYTES
        # opentracker reads `left` into 32 bits: a multiple of 2**32 would make a seeder of us.
        left += left % 2**32 == 0
        identity = self._identity
        return AnnounceRequest(
            info_hash=info_hash,
            peer_id=identity.peer_id,
            port=identity.port,
            key=identity.key,
            left=left,
            event=event,
            numwant=numwant,
            private=torrent.private,
        )


def _may_answer(tracker: TrackerState) -> bool:
    """Whether an announce can bring what the scrape did not: not where nothing connects, nor where patience is asked for."""
    failure = tracker.scrape_failure
    if failure is None:
        return True
    return failure.kind is not FailureKind.RATE_LIMITED and not is_transport_failure(tracker.tracker, failure)


def _with_counts_of(outcome: AnnounceOutcome, gone: AnnounceOutcome) -> AnnounceOutcome:
    return replace(outcome, counts=gone.counts) if gone.probe.failure is None else outcome
