"""Garbage collection while one report is made."""

from __future__ import annotations

import contextlib
import gc
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROWS_BETWEEN_COLLECTIONS = 200_000


@contextlib.contextmanager
def seldom_collecting() -> Iterator[None]:
    """Look for garbage seldom: thousands of rows are made and kept, and looking at them over and over takes a sixth of a run."""
    before = gc.get_threshold()
    gc.set_threshold(ROWS_BETWEEN_COLLECTIONS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
