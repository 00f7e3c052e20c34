"""How long one run waits for its store, all in all."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Patience:
    """A budget of seconds that everything shares which waits: opening, noting, keeping, closing."""

    def __init__(self, total_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with all of it.

        Args:
            total_s: The whole budget.
            clock: Seconds, never going back.
        """
        self._left_s = total_s
        self._clock = clock

    @property
    def left_s(self) -> float:
        """What is left of it, never less than 0."""
        return max(0.0, self._left_s)

    def give_up(self) -> None:
        """Wait for nothing any more: what did not come so far is not worth the rest of the run."""
        self._left_s = 0.0

    @contextlib.contextmanager
    def spending(self) -> Iterator[None]:
        """What is done within is paid from it."""
        begun = self._clock()
        try:
            yield
        finally:
            self._left_s -= self._clock() - begun
