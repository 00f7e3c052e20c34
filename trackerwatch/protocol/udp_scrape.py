"""One round of UDP scrapes: which hashes go into which request, and which swarm each entry of a reply belongs to.

Replies carry no hashes, so an entry is known by its place alone, and not every server keeps the order (torrust answers in an
arbitrary one). So, once for each endpoint: the first batch whose entries differ is asked again in reverse, and the entries must
come back mirrored. Until then the entries of batches are held back, unless they are all equal, which any order would give.
Where they do not mirror, counts may have changed between the two requests: they are asked once more right after each other.
If that fails too, each hash is asked singly, now and later.

A mirrored reply may also be luck: two entries come in the right order half the time. The order is trusted once the chance
of luck is below 2 %; for three hashes and fewer it is no dearer to ask singly.

A reply with fewer entries than hashes teaches the server's limit; its entries belong to the leading hashes, and the others
are asked again in batches of that size.
"""

from __future__ import annotations

import sys
from array import array
from collections import Counter, deque
from dataclasses import dataclass
from enum import Enum
from math import factorial, prod
from typing import TYPE_CHECKING

from trackerwatch.outcome import SwarmAnswer
from trackerwatch.protocol.udp import INFO_HASH_BYTES, MAX_SCRAPE_HASHES, decode_scrape_response

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trackerwatch.outcome import Failure, ScrapeColumns

CERTAIN_AT = 50
"""Arrangements of the entries that would have been as likely, from which on a mirrored reply is no luck."""

MAX_LOST_TRIALS = 3
"""Order tests without an answer until the round gives up on what depends on them."""

_ALWAYS_SINGLY = 3
"""Up to this many hashes of unknown order are asked singly."""

_ANSWER_OF_BYTE = bytes((SwarmAnswer.AMBIGUOUS,)) + bytes((SwarmAnswer.ANSWERED,)) * 255
"""Translates a byte which is 0 where all counts are."""

_LOW_HALF = 0 if sys.byteorder == "little" else 1


class Order(Enum):
    """What is known about the order of an endpoint's entries."""

    UNKNOWN = "unknown"
    KEPT = "kept"
    SHUFFLED = "shuffled"


@dataclass(slots=True)
class ScrapeHabits:
    """What was learnt about scrapes of one endpoint; outlives the round."""

    limit: int = MAX_SCRAPE_HASHES
    """Hashes in one request, at least 1."""
    order: Order = Order.UNKNOWN


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """The hashes of one request."""

    ranges: tuple[tuple[int, int], ...]
    """Slices of the round's hashes, in the order of the request (of its reverse, where `reverse`)."""
    size: int
    body: bytes
    in_trial: bool = False
    """Whether it is part of the order test."""
    reverse: bool = False


@dataclass(slots=True, eq=False)
class _Trial:
    """An order test under way: the same hashes forwards and backwards."""

    batch: Batch
    forward: array[int] | None
    backward: array[int] | None = None
    repeated: bool = False
    """Whether both were asked anew, right after each other."""
    odds: int = 1
    """One in how many shuffled replies would have looked as mirrored."""


class UdpScrapeRound:
    """Hands out batches and takes their replies, in any order, until `next_batch` gives None with nothing under way."""

    def __init__(self, info_hashes: Sequence[bytes], columns: ScrapeColumns, habits: ScrapeHabits) -> None:
        """Prepare a round.

        Args:
            info_hashes: Unique hashes of 20 bytes.
            columns: As long as `info_hashes`; filled in place.
            habits: What is known about the endpoint; what is learnt goes in here.
        """
        self._blob = b"".join(info_hashes)
        self._columns = columns
        self._habits = habits
        self._todo: deque[tuple[int, int]] = deque([(0, len(info_hashes))] if info_hashes else [])
        self._again: deque[tuple[int, int]] = deque()
        """Left over from short replies; gathered until there is a full batch or nothing else to wait for."""
        self._held: list[tuple[Batch, array[int]]] = []
        """Entries whose order is not proved yet."""
        self._trial: _Trial | None = None
        self._trial_batches: deque[Batch] = deque()
        self._lost_trials = 0
        self._under_way = 0
        self._singly = habits.order is Order.UNKNOWN and len(info_hashes) <= _ALWAYS_SINGLY
        self._failure: Failure | None = None
        """Why nothing more is asked."""
        self._last_failure: Failure | None = None

        self.filled = 0
        """Swarms that have an answer by now."""

    def next_batch(self) -> Batch | None:
        """What to ask next. None: nothing, until something that is under way ends (or for good)."""
        if self._failure is not None:
            self._drop_unsent(self._failure)
            return None
        if self._trial_batches:
            self._under_way += 1
            return self._trial_batches.popleft()
        if not self._todo and not self._under_way and not self._again and self._held:
            self._settle_held()
        source = self._todo
        if not source:
            source = self._again
            if self._under_way and sum(stop - start for start, stop in source) < self._limit:
                return None
        ranges = _take(source, self._limit)
        if not ranges:
            return None
        self._under_way += 1
        return self._batch(ranges)

    def answered(self, batch: Batch, reply: bytes) -> None:
        """Take the reply to a batch.

        Raises:
            ProtocolError: It is not even one entry; the batch is then still under way, so `failed` is next.
        """
        counts = decode_scrape_response(reply).counts
        self._under_way -= 1
        entries = len(counts) // 3
        if entries < batch.size:
            self._habits.limit = min(self._habits.limit, entries)
            if batch.in_trial:
                self._lose_trial(None)
                return
            leading, rest = _split(batch.ranges, entries)
            self._again.extend(rest)
            self._place(self._batch(leading), counts, whole=batch.size == 1)
            return
        if entries > batch.size:
            counts = counts[: 3 * batch.size]
        if batch.in_trial:
            self._judge(batch, counts)
        else:
            self._place(batch, counts, whole=True)

    def failed(self, batch: Batch, failure: Failure) -> None:
        """Note that a batch has no answer."""
        self._under_way -= 1
        self._last_failure = failure
        if batch.in_trial:
            self._lose_trial(failure)
        else:
            self._fail(batch.ranges, failure)

    def stop(self, failure: Failure) -> None:
        """Ask nothing more: what was not sent fails with this."""
        self._failure = self._last_failure = failure
        self._drop_unsent(failure)

    def _drop_unsent(self, failure: Failure) -> None:
        for source in (self._todo, self._again):
            self._fail(source, failure)
            source.clear()
        if self._trial_batches:
            self._trial_batches.clear()
            self._trial = None
        if not self._under_way:
            self._settle_held()

    # Batches

    @property
    def _limit(self) -> int:
        return 1 if self._singly or self._habits.order is Order.SHUFFLED else self._habits.limit

    def _batch(self, ranges: tuple[tuple[int, int], ...], *, in_trial: bool = False, reverse: bool = False) -> Batch:
        body = b"".join([self._blob[start * INFO_HASH_BYTES : stop * INFO_HASH_BYTES] for start, stop in ranges])
        if reverse:
            body = b"".join(
                [body[at - INFO_HASH_BYTES : at] for at in range(len(body), 0, -INFO_HASH_BYTES)],
            )
        return Batch(ranges, len(body) // INFO_HASH_BYTES, body, in_trial, reverse)

    # Replies

    def _place(self, batch: Batch, counts: array[int], *, whole: bool) -> None:
        """Put entries into the columns, or hold them back while their order is not proved."""
        order = self._habits.order
        if order is Order.KEPT or (whole and (batch.size == 1 or counts[3:] == counts[:-3])):
            self._fill(batch, counts)
        elif order is Order.SHUFFLED or self._singly:
            self._todo.extend(batch.ranges)
        else:
            self._held.append((batch, counts))
            if self._trial is None:
                self._try_order()

    def _fill(self, batch: Batch, counts: array[int]) -> None:
        columns = self._columns
        wide = _widened(counts)
        seeders, completed, leechers = wide[0::3], wide[1::3], wide[2::3]
        answers = _answers(counts)
        at = 0
        for start, stop in batch.ranges:
            end = at + stop - start
            columns.seeders[start:stop] = seeders[at:end]
            columns.leechers[start:stop] = leechers[at:end]
            columns.completed[start:stop] = completed[at:end]
            columns.answers[start:stop] = answers[at:end]
            at = end
            if columns.failures:
                for index in range(start, stop):
                    columns.failures.pop(index, None)
        self.filled += batch.size

    def _fail(self, ranges: Iterable[tuple[int, int]], failure: Failure) -> None:
        for start, stop in ranges:
            self._columns.answers[start:stop] = bytes((SwarmAnswer.FAILED,)) * (stop - start)
            self._columns.failures.update(dict.fromkeys(range(start, stop), failure))

    # The order test

    def _try_order(self) -> None:
        """Ask one of the held batches in reverse, if one of them can prove anything."""
        if self._failure is not None or self._lost_trials >= MAX_LOST_TRIALS:
            return
        for batch, counts in self._held:
            if batch.size > 1 and batch.size <= self._limit and counts != _mirrored(counts):
                self._trial = _Trial(batch, counts)
                self._trial_batches.append(self._batch(batch.ranges, in_trial=True, reverse=True))
                return

    def _judge(self, batch: Batch, counts: array[int]) -> None:
        trial = self._trial
        if trial is None or trial.batch.ranges != batch.ranges:
            return
        if batch.reverse:
            trial.backward = counts
        else:
            trial.forward = counts
        if trial.forward is None or trial.backward is None:
            return
        if trial.backward == _mirrored(trial.forward):
            trial.odds *= _arrangements(counts)
            if trial.odds >= CERTAIN_AT:
                self._conclude(Order.KEPT)
                return
        elif trial.repeated:
            self._conclude(Order.SHUFFLED)
            return
        else:
            trial.repeated, trial.forward = True, None
            self._trial_batches.append(self._batch(batch.ranges, in_trial=True))
        trial.backward = None
        self._trial_batches.append(self._batch(batch.ranges, in_trial=True, reverse=True))

    def _conclude(self, order: Order) -> None:
        self._habits.order = order
        self._trial = None
        held, self._held = self._held, []
        for batch, counts in held:
            if order is Order.KEPT:
                self._fill(batch, counts)
            elif self._failure is not None:
                self._fail(batch.ranges, self._failure)
            else:
                self._todo.extend(batch.ranges)

    def _lose_trial(self, failure: Failure | None) -> None:
        """An order test without a usable answer: try another, a few times."""
        lost, self._trial = self._trial, None
        self._trial_batches.clear()
        if failure is not None:
            self._lost_trials += 1
        if lost is not None:
            # The next test takes another batch, if there is one.
            self._held.sort(key=lambda held: held[0] is lost.batch)
        self._try_order()

    def _settle_held(self) -> None:
        """Nothing more comes that could prove the order: fail what is held, or ask it singly."""
        failure = self._failure or (self._last_failure if self._lost_trials >= MAX_LOST_TRIALS else None)
        held, self._held = self._held, []
        self._trial = None
        if failure is None:
            self._singly = True
        for batch, _ in held:
            if failure is None:
                self._todo.extend(batch.ranges)
            else:
                self._fail(batch.ranges, failure)


def _take(source: deque[tuple[int, int]], limit: int) -> tuple[tuple[int, int], ...]:
    """Cut up to `limit` hashes from the front."""
    taken: list[tuple[int, int]] = []
    while source and limit:
        start, stop = source.popleft()
        if stop - start > limit:
            source.appendleft((start + limit, stop))
            stop = start + limit
        taken.append((start, stop))
        limit -= stop - start
    return tuple(taken)


def _split(
    ranges: tuple[tuple[int, int], ...], size: int
) -> tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]:
    """The leading `size` hashes, and the rest."""
    rest = deque(ranges)
    return _take(rest, size), tuple(rest)


def _mirrored(counts: array[int]) -> array[int]:
    """The entries in reverse; each entry keeps its own order."""
    mirrored = counts[:]
    for column in range(3):
        mirrored[column::3] = counts[column::3][::-1]
    return mirrored


def _widened(counts: array[int]) -> array[int]:
    """32-bit counts as 64-bit ones, without making an object of each."""
    halves = array(counts.typecode, bytes(8 * len(counts)))
    halves[_LOW_HALF::2] = counts
    return array("q", halves.tobytes())


def _answers(counts: array[int]) -> bytes:
    """One `SwarmAnswer` for each entry: 0/0/0 is what such a server says for hashes it does not know.

    All entries at once: the three counts are laid over each other as one long number, then the four bytes of each lane.
    """
    size = len(counts) // 3
    told = 0
    for column in range(3):
        told |= int.from_bytes(counts[column::3].tobytes(), "little")
    told |= told >> 8
    told |= told >> 16
    return told.to_bytes(4 * size, "little")[0::4].translate(_ANSWER_OF_BYTE)


def _arrangements(counts: array[int]) -> int:
    """In how many ways these entries can be arranged."""
    entries = Counter(zip(counts[0::3], counts[1::3], counts[2::3], strict=True))
    return factorial(len(counts) // 3) // prod(map(factorial, entries.values()))
