"""One heap for everything that is due: no task or timer for each of 50,000 things."""

from __future__ import annotations

import heapq
from typing import Generic, TypeVar

T = TypeVar("T")


class Agenda(Generic[T]):
    """Things with the time at which they are due; putting a thing again moves it."""

    __slots__ = ("_due", "_heap", "_sequence")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, T]] = []
        self._due: dict[T, tuple[float, int]] = {}
        self._sequence = 0

    def __len__(self) -> int:
        return len(self._due)

    def put(self, thing: T, due: float) -> None:
        """Make a thing due at a monotonic time, wherever it was before."""
        self._sequence += 1
        self._due[thing] = (due, self._sequence)
        heapq.heappush(self._heap, (due, self._sequence, thing))

    def drop(self, thing: T) -> None:
        """Forget a thing, if it is there."""
        self._due.pop(thing, None)

    def due_at(self, thing: T) -> float | None:
        """When a thing is due. None: it is not on the agenda."""
        entry = self._due.get(thing)
        return entry[0] if entry else None

    def next_due(self) -> float | None:
        """When the first thing is due. None: the agenda is empty."""
        self._discard_moved()
        return self._heap[0][0] if self._heap else None

    def pop_due(self, now: float) -> tuple[T, float] | None:
        """Take the first thing that is due, with the time it was due at. None: nothing is."""
        self._discard_moved()
        if not self._heap or self._heap[0][0] > now:
            return None
        due, _, thing = heapq.heappop(self._heap)
        del self._due[thing]
        return thing, due

    def _discard_moved(self) -> None:
        heap = self._heap
        while heap and self._due.get(heap[0][2]) != heap[0][:2]:
            heapq.heappop(heap)
