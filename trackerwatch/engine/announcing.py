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
from trackerwatch.engine.swarms import REFUSAL_FLAGS, AnnounceRecord
from trackerwatch.engine.tracker_state import is_unreachable
from trackerwatch.outcome import AnnounceEvent, AnnounceRequest, Failure, FailureKind, SwarmAnswer

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from trackerwatch.engine.clock import Clock
    from trackerwatch.engine.prober import Prober
    from trackerwatch.engine.recording import Recording
    from trackerwatch.engine.settings import EngineSettings
    from trackerwatch.engine.tracker_state import TrackerState
    from trackerwatch.metainfo import Torrent
    from trackerwatch.outcome import AnnounceOutcome, Endpoint, ProbeOutcome
    from trackerwatch.tracker import Tracker

UNKNOWN_SIZE_LEFT_BYTES = 16384
"""What libtorrent says of a magnet whose metadata it does not have."""
ANNOUNCE_INTERVAL_S = 1800.0
"""Where a tracker names none."""
DECISION_LASTS_S = 86400.0
"""An ambiguous zero is decided, and a refusal asked again, at most daily."""
SPACING_S = 0.1
"""Between announces to one tracker on the net."""
ALWAYS_SPACING_S = 1.0
"""At most one a second a host in mode `always`."""
GIVE_UP_AFTER = 2
"""Announces in a row without any answer end a sweep: the tracker is not asked for thousands of torrents in vain."""
STOP_TIMEOUT_S = 2.0
"""The farewell after a `started` announce, said twice where it is not answered: within the time a shutdown may take."""
PEERS_WANTED = 50
TOLD_EVERY_S = 0.25
OVERDUE_WAIT_S = 60.0
SAMPLE_LOOKS_AT = 1000
"""Swarms that one search for a sample looks at; the next one goes on behind them."""


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
        *,
        identity: Identity,
        torrent_of: Callable[[int], Torrent],
        recording: Recording,
    ) -> None:
        self._prober = prober
        self.settings = settings
        self._clock = clock
        self._identity = identity
        self._torrent_of = torrent_of
        self._recording = recording
        self.one_shot = False
        """Whoever runs a report after a repair wants to know whether it worked."""
        self._rotation: dict[int, int] = {}
        self._host_free_at: dict[str, float] = {}
        self._under_way: set[tuple[int, int]] = set()
        """Tracker and column: a sweep and a round's second opinion must not announce the same swarm at once."""
        self._farewells: set[asyncio.Task[AnnounceOutcome]] = set()

    # ------------------------------------------------------------------ which

    def candidates(self, tracker: TrackerState, *, active_here: Callable[[int], bool]) -> list[int]:
        """Columns to announce now, by the mode; never before a swarm's own interval is over.

        Args:
            tracker: Where.
            active_here: Whether a torrent's active tracker is this one, by torrent index.
        """
        mode, now = self.settings.announce, self._clock.monotonic()
        if mode is AnnounceMode.NEVER or now < tracker.not_before or not _may_answer(tracker):
            return []
        swarms = tracker.swarms
        wanted = {
            column: None
            for column in swarms.undecided(supported=tracker.scrape_supported is not False)
            if self._due(tracker, column, now) and self._open(tracker, column)
        }
        if mode is AnnounceMode.ALWAYS:
            for column in range(len(swarms)):
                if active_here(swarms.owners[column]) and self._due(tracker, column, now):
                    wanted[column] = None
        elif mode is AnnounceMode.SAMPLE and not wanted:
            wanted = dict.fromkeys(self._sample(tracker, now))
        return list(wanted)

    def next_at(self, tracker: TrackerState, *, active_here: Callable[[int], bool]) -> float | None:
        """Monotonic time of a tracker's next announce in mode `always`. None: announces follow rounds."""
        if self.settings.announce is not AnnounceMode.ALWAYS:
            return None
        owners, announces = tracker.swarms.owners, tracker.swarms.announces
        dues = [record.not_before for column, record in announces.items() if active_here(owners[column])]
        now = self._clock.monotonic()
        if not dues:
            return None
        # What could not be announced when it was due waits a minute for better times.
        return first if (first := min(dues)) > now else now + OVERDUE_WAIT_S

    def may_announce(self, torrent: Torrent, tracker: Tracker) -> bool:
        """Private torrents only where the user allows announces (BEP 27)."""
        return not torrent.private or self._private_allowed(tracker)

    def _private_allowed(self, tracker: Tracker) -> bool:
        return self.settings.private_at(tracker.host) is PrivateMode.ANNOUNCE

    def _due(self, tracker: TrackerState, column: int, now: float) -> bool:
        """Whether a swarm may be announced now: by its privacy, and by what the tracker asked for."""
        if tracker.swarms.private[column] and not self._private_allowed(tracker.tracker):
            return False
        if (tracker.index, column) in self._under_way or column in tracker.swarms.gone:
            return False
        record = tracker.swarms.announces.get(column)
        return record is None or record.not_before <= now

    def _open(self, tracker: TrackerState, column: int) -> bool:
        """Whether its question is still open: zeros are decided, and refusals asked again, once a day.

        A refusal that a scrape disputes is asked again as soon as the tracker allows.
        """
        record = tracker.swarms.announces.get(column)
        if record is None or not record.decides or record.disputed(tracker.swarms.columns.answers[column]):
            return True
        daily = (record.refusal is not None and not self.one_shot) or tracker.swarms.columns.answers[
            column
        ] == SwarmAnswer.AMBIGUOUS
        return not daily or self._clock.wall() - record.at >= DECISION_LASTS_S

    def _sample(self, tracker: TrackerState, now: float) -> list[int]:
        """The next public swarm in turn."""
        size = len(tracker.swarms)
        start = self._rotation.get(tracker.index, 0)
        for step in range(min(size, SAMPLE_LOOKS_AT)):
            column = (start + step) % size
            self._rotation[tracker.index] = column + 1
            if not tracker.swarms.private[column] and self._due(tracker, column, now):
                return [column]
        return []

    # ------------------------------------------------------------------ how

    async def sweep(
        self, tracker: TrackerState, columns: list[int], changed: Callable[[], None], *, wished: bool = False
    ) -> None:
        """Announce these swarms one after the other.

        Args:
            tracker: To whom.
            columns: Which.
            changed: Called now and then; the caller settles the end.
            wished: A user wants it, even where the tracker did not answer lately.
        """
        unanswered, told_at = 0, self._clock.monotonic()
        for column in columns:
            if not self._due(tracker, column, self._clock.monotonic()):
                continue
            await self._wait_for_turn(tracker)
            # Looked at after the wait: a round that ran meanwhile may have brought news.
            usable = tracker.usable_endpoints()
            endpoint = next((e for e in usable if tracker.endpoints[e].well), usable[0] if wished and usable else None)
            now = self._clock.monotonic()
            if endpoint is None or tracker.never_again is not None or now < tracker.not_before:
                return
            if tracker.cut_off is not None:
                return
            if not self._due(tracker, column, now):
                continue
            outcome = await self.announce(tracker, endpoint, column)
            failure = outcome.probe.failure
            unanswered = unanswered + 1 if failure is not None and not failure.kind.answered else 0
            if unanswered >= GIVE_UP_AFTER or (failure is not None and failure.kind is FailureKind.RATE_LIMITED):
                return
            if self._clock.monotonic() - told_at >= TOLD_EVERY_S:
                told_at = self._clock.monotonic()
                changed()

    async def _wait_for_turn(self, tracker: TrackerState) -> None:
        """Keep the distance between announces to one host, whatever trackers it runs."""
        if tracker.local:
            return
        spacing_s = ALWAYS_SPACING_S if self.settings.announce is AnnounceMode.ALWAYS else SPACING_S
        now = self._clock.monotonic()
        free_at = max(now, self._host_free_at.get(tracker.tracker.host, 0.0))
        self._host_free_at[tracker.tracker.host] = free_at + spacing_s
        if free_at > now:
            await asyncio.sleep(free_at - now)

    async def test(self, tracker: TrackerState, endpoint: Endpoint) -> ProbeOutcome | None:
        """Announce the first swarm that may be announced, to see whether the tracker answers. None: there is none."""
        now = self._clock.monotonic()
        column = next((column for column in range(len(tracker.swarms)) if self._due(tracker, column, now)), None)
        if column is None:
            return None
        await self._wait_for_turn(tracker)
        now = self._clock.monotonic()
        if now < tracker.not_before or not self._due(tracker, column, now):
            return None
        return (await self.announce(tracker, endpoint, column)).probe

    async def announce(self, tracker: TrackerState, endpoint: Endpoint, column: int) -> AnnounceOutcome:
        """Announce one swarm, and remember what came of it."""
        key = (tracker.index, column)
        self._under_way.add(key)
        try:
            return await self._announce(tracker, endpoint, column)
        finally:
            self._under_way.discard(key)

    async def _announce(self, tracker: TrackerState, endpoint: Endpoint, column: int) -> AnnounceOutcome:
        swarms = tracker.swarms
        torrent = self._torrent_of(swarms.owners[column])
        private = torrent.private or bool(swarms.private[column])
        if self.settings.announce is AnnounceMode.PEERS and not private:
            outcome = await self._announce_with_peers(tracker, endpoint, column, torrent)
        else:
            request = self._request(swarms.hashes[column], torrent, AnnounceEvent.STOPPED, numwant=0)
            timeout_s = self.settings.timeout_s
            outcome = await self._prober.announce(tracker.tracker, endpoint, request, timeout_s=timeout_s)
        failure, now = outcome.probe.failure, self._clock.monotonic()
        about_it = failure is not None and failure.kind in REFUSAL_FLAGS
        if not about_it:
            tracker.obey(failure, now)
            if failure is not None and (failure.retry_in_s or failure.retry_never):
                self._recording.waits(tracker)
        never = about_it and failure is not None and failure.retry_never
        not_before = float("inf") if never else now + self._wait_s(tracker, outcome, failure)
        swarms.fit()
        known = swarms.columns.answers[column] == SwarmAnswer.ANSWERED
        swarms.announces[column] = AnnounceRecord(outcome, self._clock.wall(), not_before, despite_scrape=known)
        tracker.apply_announce(outcome)
        self._recording.announced(tracker, swarms.hashes[column], outcome, not_before - now)
        return outcome

    def _wait_s(self, tracker: TrackerState, outcome: AnnounceOutcome, failure: Failure | None) -> float:
        """Never below what the tracker asks for; where it asks for nothing, half an hour, a second on loopback."""
        # A lost reply may have been counted all the same: what it asked for earlier still holds.
        asked_for_s = outcome.min_interval_s if outcome.min_interval_s is not None else tracker.min_interval_s
        minimum = max(asked_for_s or 0.0, (failure.retry_in_s or 0.0) if failure else 0.0)
        if tracker.local:
            return max(minimum, 1.0)
        if failure is not None and not failure.kind.answered:
            return max(minimum, self.settings.interval_s)
        return max(minimum, outcome.interval_s or tracker.interval_s or ANNOUNCE_INTERVAL_S)

    async def _announce_with_peers(
        self, tracker: TrackerState, endpoint: Endpoint, column: int, torrent: Torrent
    ) -> AnnounceOutcome:
        """`started`, and whatever happens then `stopped`: the farewell outlives a cancellation."""
        info_hash = tracker.swarms.hashes[column]
        started = self._request(info_hash, torrent, AnnounceEvent.STARTED, numwant=PEERS_WANTED)
        try:
            outcome = await self._prober.announce(tracker.tracker, endpoint, started, timeout_s=self.settings.timeout_s)
        finally:
            farewell = asyncio.ensure_future(self._say_goodbye(tracker, endpoint, info_hash, torrent))
            self._farewells.add(farewell)
            farewell.add_done_callback(self._farewells.discard)
            gone = await asyncio.shield(farewell)
        # The farewell's counts leave us out; the first reply's may not.
        return replace(outcome, counts=gone.counts) if gone.probe.failure is None else outcome

    async def _say_goodbye(
        self, tracker: TrackerState, endpoint: Endpoint, info_hash: bytes, torrent: Torrent
    ) -> AnnounceOutcome:
        stopped = self._request(info_hash, torrent, AnnounceEvent.STOPPED, numwant=0)
        gone = await self._prober.announce(tracker.tracker, endpoint, stopped, timeout_s=STOP_TIMEOUT_S)
        if gone.probe.failure is not None and gone.probe.failure.kind.retried:
            gone = await self._prober.announce(tracker.tracker, endpoint, stopped, timeout_s=STOP_TIMEOUT_S)
        return gone

    @property
    def farewells(self) -> set[asyncio.Task[AnnounceOutcome]]:
        """Farewells that are still under way."""
        return self._farewells

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
    if tracker.never_again is not None or not any(state.well for state in tracker.endpoints.values()):
        return False
    if tracker.cut_off is not None:
        return False
    failure = tracker.swarms.scrape_failure
    return failure is None or (failure.kind is not FailureKind.RATE_LIMITED and not is_unreachable(failure))
