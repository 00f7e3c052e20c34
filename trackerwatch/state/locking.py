"""One program at a time: a lock beside a file that several read, change and write."""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING

try:
    import fcntl
except ImportError:  # where there is no such lock, the last one to write wins
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WAIT_S = 1.0
"""Others hold the lock for the time that a small file takes to be written."""
_POLL_S = 0.01


@contextlib.contextmanager
def locked(path: Path, *, wait_s: float = WAIT_S) -> Iterator[None]:
    """Be the only one inside, among programs that use the same lock file; it is left behind.

    Raises:
        TimeoutError: Somebody else kept it all the time.
        OSError: The file cannot be made.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    try:
        if fcntl is not None:
            _take(descriptor, path, wait_s)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, path: Path, wait_s: float) -> None:
    give_up_at = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= give_up_at:
                raise TimeoutError(f"another program holds {path.name}") from None
            time.sleep(_POLL_S)
        except OSError:
            return  # a file system without locks: the last one to write wins, as where there are none at all
        else:
            return
