"""How many hashes go into one HTTP scrape: no tracker says what it takes, so it is found out and remembered. No sockets.

What trackers do with more than they take: answer the first so many (opentracker 64, chihaya 50), answer one (pages that
know one `info_hash`), refuse with 400, 414 or 431, or hang up. But a hash left out may also be one that the tracker does not
know. So what looks cut off is asked again: if answers come, it was a limit; if not, the hash is unknown there.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from trackerwatch.protocol.http_scrape import HASH_PARAMETER_BYTES

if TYPE_CHECKING:
    from collections.abc import Sequence

START_HASHES = 20
START_URL_BYTES = 1_900
MAX_URL_BYTES = 15_000
"""Node refuses headers of more than 16 KiB, opentracker and nginx lines of more than 8: nobody takes more than this."""


@dataclass(frozen=True, slots=True)
class LearntLimits:
    """What earlier rounds found out about one endpoint."""

    size: int
    """Hashes a request to start with."""
    ceiling: int
    """Never more than this."""
    proven: int
    """As many were answered whole in one request."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What goes into one request."""

    indices: Sequence[int]
    """Rising positions within the round's hashes."""
    again: bool = False
    """An answer came without these; if the next one leaves them out too, the tracker does not know them."""
    suspected_limit: int | None = None
    """If any of these is answered, the tracker takes no more than so many in a request."""
    followers: Sequence[int] = ()
    """Hashes that were left out with this one: how they are asked depends on whether this one is answered."""
    retried: bool = False
    """It failed once for a reason that was not its size."""


class BatchPlan:
    """Deals out the hashes of one round. Several requests may be under way."""

    def __init__(self, count: int, base_bytes: int, learnt: LearntLimits | None = None) -> None:
        """Plan a round.

        Args:
            count: Hashes in all.
            base_bytes: Length of the request target without any.
            learnt: From an earlier round on the same endpoint.
        """
        self._count = count
        self._next = 0
        self._waiting: deque[Batch] = deque()
        by_length = max(1, (MAX_URL_BYTES - base_bytes) // HASH_PARAMETER_BYTES)
        if learnt is not None:
            self._ceiling = min(by_length, learnt.ceiling)
            self._size = min(self._ceiling, learnt.size)
            self._proven = learnt.proven
        else:
            self._ceiling = by_length
            self._size = min(by_length, START_HASHES, max(1, (START_URL_BYTES - base_bytes) // HASH_PARAMETER_BYTES))
            self._proven = 0

    @property
    def learnt(self) -> LearntLimits | None:
        """What to begin the next round with. None: nothing was ever answered, so that no failure was due to a size."""
        return LearntLimits(self._size, self._ceiling, self._proven) if self._proven else None

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to ask, but for what requests under way may bring back."""
        return not self._waiting and self._next >= self._count

    def next_batch(self) -> Batch | None:
        """What to ask next; None: nothing just now."""
        if self._waiting:
            batch = self._waiting.popleft()
            if len(batch.indices) > self._ceiling:
                self._waiting.appendleft(replace(batch, indices=batch.indices[self._ceiling :]))
                batch = replace(batch, indices=batch.indices[: self._ceiling])
            return batch
        if self._next >= self._count:
            return None
        first = self._next
        self._next = min(self._count, first + self._size)
        return Batch(range(first, self._next))

    def remaining(self) -> list[int]:
        """Everything not asked yet or to be asked again; the round is over then."""
        left = [index for batch in self._waiting for index in (*batch.indices, *batch.followers)]
        left.extend(range(self._next, self._count))
        self._waiting.clear()
        self._next = self._count
        return left

    def answered(self, batch: Batch, missing: Sequence[int]) -> list[int]:
        """Take note of a whole answer.

        Args:
            batch: What was asked.
            missing: Positions within the batch that the answer left out, rising.

        Returns:
            Indices that the tracker does not know.
        """
        asked = len(batch.indices)
        if batch.again:
            return self._answered_again(batch, [batch.indices[position] for position in missing])
        if not missing:
            self._grow(asked)
            return []
        if asked > 1 and asked - len(missing) == 1:
            first, *others = [batch.indices[position] for position in missing]
            self._proven = max(self._proven, 1)
            self._waiting.appendleft(Batch([first], again=True, suspected_limit=1, followers=others))
            return []
        cut = asked
        for position in reversed(missing):
            if position != cut - 1:
                break
            cut = position
        unknown = [batch.indices[position] for position in missing if position < cut]
        if cut == asked:
            # The last one was answered, so the tracker came through to the end.
            self._grow(asked)
        else:
            self._proven = max(self._proven, cut)
            self._waiting.append(Batch(batch.indices[cut:], again=True, suspected_limit=cut or None))
        return unknown

    def _answered_again(self, batch: Batch, missing: list[int]) -> list[int]:
        confirmed = len(missing) < len(batch.indices)
        if confirmed:
            self._proven = max(self._proven, len(batch.indices))
            if batch.suspected_limit is not None:
                self._lower(batch.suspected_limit)
        if batch.followers:
            size = 1 if confirmed else max(1, self._size)
            self._waiting.extend(
                Batch(batch.followers[start : start + size], again=True)
                for start in range(0, len(batch.followers), size)
            )
        return missing

    def too_large(self, batch: Batch) -> bool:
        """Take note that a request was refused as too large, or may have been.

        Returns:
            Whether its hashes will be asked again, fewer at a time. False: there was but one.
        """
        asked = len(batch.indices)
        if asked == 1:
            return False
        half = asked // 2
        self._lower(half)
        self._waiting.extendleft(
            replace(batch, indices=batch.indices[start : start + half]) for start in reversed(range(0, asked, half))
        )
        return True

    def once_more(self, batch: Batch) -> bool:
        """Ask the same again, once: its size is one that this tracker has answered."""
        if batch.retried or not self.is_proven(batch):
            return False
        self._waiting.appendleft(replace(batch, retried=True))
        return True

    def is_proven(self, batch: Batch) -> bool:
        """Whether so many hashes were answered before."""
        return len(batch.indices) <= self._proven

    def is_grown(self, batch: Batch) -> bool:
        """Whether fewer hashes than these were answered, and so many never."""
        return 0 < self._proven < len(batch.indices)

    def distrust(self, batch: Batch) -> None:
        """Go no further than what was proven: a grown request was not answered at all."""
        if self.is_grown(batch):
            self._lower(self._proven)

    def _grow(self, asked: int) -> None:
        self._proven = max(self._proven, asked)
        if asked >= self._size:
            self._size = min(self._ceiling, 2 * asked)

    def _lower(self, ceiling: int) -> None:
        self._ceiling = min(self._ceiling, ceiling)
        self._size = min(self._size, self._ceiling)
