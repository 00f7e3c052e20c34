"""One torrent's announces as a client would make them: feed it outcomes and time, ask it whom to announce to next.

    attempt = attempts.next_attempt(now)      # whom, and when; None: nobody, until something under way has ended
    attempts.begin(attempt.place)             # at or after attempt.at
    attempts.record(attempt.place, failure, now)

It opens no socket and reads no clock. `now` is in seconds of any clock that never steps back. A client that uses several trackers
at a time has several lanes (a lane is what it treats as one list): one announce a lane is under way, except that libtorrent
asks the next tracker while one that failed before is asked again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

from trackerwatch.failover.clients import GivesUp, OnFailure, OnSuccess, Parallel, Retry
from trackerwatch.failover.order import first_queue, tiers_of, unpack
from trackerwatch.outcome import FailureKind

if TYPE_CHECKING:
    import random

    from trackerwatch.failover.clients import Client
    from trackerwatch.failover.order import Place
    from trackerwatch.outcome import Failure

NEVER = float("inf")
_MOST_FAILURES = 127
"""libtorrent counts no further."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """The next announce."""

    place: int
    """Index into the torrent's placements."""
    at: float


@dataclass(frozen=True, slots=True)
class Refusal:
    """An announce that brought nothing."""

    place: int
    at: float
    failure: Failure
    failures_in_row: int
    again_at: float
    """Earliest next announce there; infinity: never."""


@dataclass(slots=True)
class _Entry:
    failures: int = 0
    due: float = 0.0
    """Not before then."""
    under_way: bool = False
    answered: bool = False


@dataclass(slots=True)
class _Lane:
    """Trackers that are tried one after the other."""

    order: list[int]
    due: float = 0.0
    """When the walk begins again from the front."""
    failures: int = 0
    """Walks in a row in which all failed."""
    tried: set[int] = field(default_factory=set)
    """In the walk that is under way."""


class Attempts:
    """What one client does about one torrent."""

    def __init__(self, client: Client, places: tuple[Place, ...], *, seed: bytes, rng: random.Random) -> None:
        """Begin as if the torrent had just been added.

        Args:
            client: Who announces.
            places: The torrent's placements.
            seed: What the shuffle is drawn from, where there is one.
            rng: For the random part of waits.
        """
        self.client = client
        self.tiers = tiers_of(client, places)
        self.refusals: list[Refusal] = []
        self._rng = rng
        self._entries = [_Entry() for _ in places]
        order = list(unpack(first_queue(client, places, seed), len(places))[1])
        match client.parallel:
            case Parallel.NONE:
                self._lanes = [_Lane(order)] if order else []
            case Parallel.TIERS:
                self._lanes = [_Lane(list(tier)) for _, tier in groupby(order, key=self.tiers.__getitem__)]
            case Parallel.ALL:
                self._lanes = [_Lane([place]) for place in order]

    @property
    def order(self) -> tuple[int, ...]:
        """All placements in the order in which they would be tried now."""
        return tuple(place for lane in self._lanes for place in lane.order)

    @property
    def working(self) -> tuple[int, ...]:
        """Those that answered their latest announce."""
        return tuple(place for place in self.order if self._entries[place].answered)

    def again_at(self, place: int) -> float:
        """Earliest next announce to one tracker; infinity: never."""
        return self._entries[place].due

    # ------------------------------------------------------------------ next

    def next_attempt(self, now: float) -> Attempt | None:
        """Whom to announce to next, and when: at `now` or later. None: nobody before an announce under way has ended."""
        found = [attempt for lane in self._lanes if (attempt := self._next_of(lane, now)) is not None]
        return min(found, key=lambda attempt: attempt.at, default=None)

    def _next_of(self, lane: _Lane, now: float) -> Attempt | None:
        match self.client.retry:
            case Retry.WITH_ANNOUNCE:
                attempt = self._next_in_walk(lane, now)
            case Retry.OWN_TIME:
                attempt = self._next_by_own_time(lane, now)
            case Retry.IN_TURN:
                front = lane.order[0]
                attempt = None if self._entries[front].under_way else Attempt(front, max(lane.due, now))
        return attempt if attempt is not None and attempt.at < NEVER else None

    def _next_in_walk(self, lane: _Lane, now: float) -> Attempt | None:
        """The first that this walk has not tried, and that does not want to be left alone."""
        if any(self._entries[place].under_way for place in lane.order):
            return None
        at = max(lane.due, now)
        left = [place for place in lane.order if place not in lane.tried]
        ready = next((place for place in left if self._entries[place].due <= at), None)
        if ready is not None:
            return Attempt(ready, at)
        soonest = min(left, key=lambda place: self._entries[place].due, default=None)
        return None if soonest is None else Attempt(soonest, self._entries[soonest].due)

    def _next_by_own_time(self, lane: _Lane, now: float) -> Attempt | None:
        """The first that is due, down to the first that is well: what stands behind that is left alone."""
        found: Attempt | None = None
        for place in lane.order:
            entry = self._entries[place]
            if not entry.under_way and (found is None or max(entry.due, now) < found.at):
                found = Attempt(place, max(entry.due, now))
            if not entry.failures:
                break
        return found

    # ------------------------------------------------------------------ outcomes

    def begin(self, place: int) -> None:
        """An announce is under way."""
        self._entries[place].under_way = True

    def record(self, place: int, failure: Failure | None, now: float, *, interval_s: float | None = None) -> None:
        """What an announce came to: reorders, backs off, and keeps every refusal.

        Args:
            place: Who was announced to.
            failure: Why nothing came. None: it answered.
            now: When it ended.
            interval_s: What a tracker that answered wants between announces. None: it did not say.
        """
        client, entry = self.client, self._entries[place]
        lane = next(lane for lane in self._lanes if place in lane.order)
        entry.under_way, entry.answered = False, failure is None
        if failure is None:
            wait_s = max(client.interval_s if interval_s is None else interval_s, client.interval_floor_s)
            entry.failures = lane.failures = 0
            entry.due = lane.due = now + wait_s
            lane.tried.clear()
            if client.on_success is OnSuccess.FRONT:
                self._to_front(lane, place)
            return
        entry.failures = min(entry.failures + 1, _MOST_FAILURES)
        if client.on_failure is OnFailure.END:
            self._to_end(lane, place)
        # A client that does not know BEP 31 obeys an interval beside a refusal, and no other wish.
        obeyed = GivesUp.RETRY_NEVER in client.gives_up or failure.kind.answered
        asked_s = failure.retry_in_s if obeyed else None
        over = gives_up(client, failure)
        match client.retry:
            case Retry.WITH_ANNOUNCE:
                # Its own steps are those of the whole list: of a tracker only its wishes count.
                entry.due = NEVER if over else now + (asked_s or 0.0)
                self._walked_past(lane, place, now)
            case Retry.OWN_TIME:
                entry.due = NEVER if over else now + self._wait_s(entry.failures, failure, asked_s)
            case Retry.IN_TURN:
                # What counts is how often the one failed whose turn it is now: a fresh one is asked at once.
                ahead = self._entries[lane.order[0]]
                entry.due = lane.due = NEVER if over else now + self._wait_s(ahead.failures, failure, asked_s)
        self.refusals.append(Refusal(place, now, failure, entry.failures, entry.due))

    def _wait_s(self, failures: int, failure: Failure, asked_s: float | None) -> float:
        replied = failure.kind.answered
        randomness = self._rng.random()
        return self.client.backoff.wait_s(failures, replied=replied, asked_s=asked_s, randomness=randomness)

    def _walked_past(self, lane: _Lane, place: int, now: float) -> None:
        lane.tried.add(place)
        if any(p not in lane.tried and self._entries[p].due <= now for p in lane.order):
            return
        lane.tried.clear()
        lane.failures += 1
        lane.due = now + self.client.backoff.step_s(lane.failures)

    def _to_front(self, lane: _Lane, place: int) -> None:
        order = lane.order
        order.remove(place)
        order.insert(next((n for n, p in enumerate(order) if self.tiers[p] == self.tiers[place]), 0), place)

    def _to_end(self, lane: _Lane, place: int) -> None:
        """Behind those of its tier that follow it."""
        order, at = lane.order, lane.order.index(place)
        while at + 1 < len(order) and self.tiers[order[at + 1]] == self.tiers[place]:
            order[at], order[at + 1] = order[at + 1], order[at]
            at += 1


def gives_up(client: Client, failure: Failure) -> bool:
    """Whether a client never asks again after this failure."""
    if failure.retry_never:
        gone = failure.kind is FailureKind.HTTP_STATUS
        return (GivesUp.GONE if gone else GivesUp.RETRY_NEVER) in client.gives_up
    return failure.kind is FailureKind.UNREGISTERED and GivesUp.UNREGISTERED in client.gives_up
