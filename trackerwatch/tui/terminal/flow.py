"""How much of what was drawn the terminal has not shown yet, as far as that can be known. Pure.

Two things tell: what has not left this process (the terminal takes no more), and what stands before a question that the
terminal has not answered (it is on its way: a slow line, with the buffers that lie along it).
"""

from __future__ import annotations

from collections import deque

PATIENCE_S = 5.0
"""A question that is not answered for so long is lost, or nobody is there who answers."""


class Flow:
    """Counts what goes out and what has arrived."""

    def __init__(self, window_bytes: int) -> None:
        """Args: so much may be under way before anything more is held back."""
        self._window_bytes = window_bytes
        self._written = 0
        self._left = 0
        self._arrived = 0
        self._questions: deque[tuple[int, float]] = deque()

    def wrote(self, size_bytes: int) -> None:
        """So much was drawn."""
        self._written += size_bytes

    def left(self, size_bytes: int) -> None:
        """So much of it left this process."""
        self._left += size_bytes

    def asked(self, now_s: float) -> None:
        """The terminal will be asked something as soon as it has shown all that was drawn until now (monotonic time)."""
        self._questions.append((self._written, now_s))

    def answered(self) -> bool:
        """The terminal answered.

        Returns:
            Whether it had been asked.
        """
        if not self._questions:
            return False
        self._arrived = self._questions.popleft()[0]
        return True

    def is_silent(self, now_s: float) -> bool:
        """Whether a question was answered too long ago; then none counts any more."""
        if not self._questions or self._left < self._questions[0][0]:
            # What has not even left cannot be answered.
            return False
        if now_s - self._questions[0][1] < PATIENCE_S:
            return False
        self._questions.clear()
        return True

    @property
    def is_jammed(self) -> bool:
        """Whether drawing more would only make it later."""
        if self._written - self._left > self._window_bytes:
            return True
        return bool(self._questions) and self._written - self._arrived > self._window_bytes
