"""Lines that go to stdout while a program runs: whoever reads them slowly, or not at all, holds nothing up."""

from __future__ import annotations

import contextlib
import os
import queue
import select
import stat
import sys
import threading
from typing import TYPE_CHECKING

from trackerwatch.cli.output import OutputError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator

WAITING_LINES = 10_000
"""So many lines wait for a slow reader; further ones are counted and lost."""


class LineWriter:
    """Writes whole lines to a file descriptor from a thread of its own, each as soon as it comes.

    A reader that stops reading blocks a write for good, and an event loop must not be what waits for it.
    """

    def __init__(self, descriptor: int, on_end: Callable[[OSError | None], None]) -> None:
        """Begin.

        Args:
            descriptor: Where to; it stays open.
            on_end: Called once, on the writer's thread, where writing is not possible any more: with the reason, or None
                where the reader went away.
        """
        self._descriptor = descriptor
        self._on_end = on_end
        self._lines: queue.Queue[bytes | None] = queue.Queue(WAITING_LINES)
        self._thread = threading.Thread(target=self._write_lines, name="stdout", daemon=True)
        self._thread.start()

    def write(self, line: str) -> bool:
        """Take a line. False: too many wait already, and this one is lost."""
        try:
            self._lines.put_nowait(line.encode("utf-8", "backslashreplace"))
        except queue.Full:
            return False
        return True

    def close(self, within_s: float) -> bool:
        """Wait until everything is written, or cannot be. False: the reader did not take it in time."""
        with contextlib.suppress(queue.Full):
            self._lines.put(None, timeout=within_s)
        self._thread.join(within_s)
        return not self._thread.is_alive()

    def _write_lines(self) -> None:
        try:
            while (line := self._lines.get()) is not None:
                while line:
                    line = line[os.write(self._descriptor, line) :]
        except OSError as error:
            self._on_end(None if isinstance(error, BrokenPipeError) else error)
            while self._lines.get() is not None:
                pass


def stdout_descriptor() -> int:
    """The file descriptor of stdout, with nothing left in its buffer.

    Raises:
        OutputError: It is closed.
    """
    if sys.stdout is None:
        raise OutputError("stdout is closed")
    try:
        sys.stdout.flush()
        return sys.stdout.fileno()
    except (OSError, ValueError) as error:
        raise OutputError(f"stdout: {error}") from None


@contextlib.contextmanager
def when_reader_leaves(loop: asyncio.AbstractEventLoop, descriptor: int, then: Callable[[], None]) -> Iterator[None]:
    """Inside the block, call back once nobody can read a pipe any more, also while there is nothing to write.

    Of what is no pipe nothing is known.
    """

    def look() -> None:
        poll = select.poll()
        poll.register(descriptor, select.POLLOUT)
        loop.remove_reader(descriptor)
        if any(seen & (select.POLLERR | select.POLLHUP) for _, seen in poll.poll(0)):
            then()

    if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
        # The writing end is "readable" once its reader is gone; where the system does not say so, the next write will.
        with contextlib.suppress(OSError, NotImplementedError):
            loop.add_reader(descriptor, look)
    try:
        yield
    finally:
        with contextlib.suppress(OSError, NotImplementedError):
            loop.remove_reader(descriptor)
