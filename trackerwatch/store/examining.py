"""Looking at a store's file without using it: whether it could be written to."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from trackerwatch.store.opening import BUSY_S, look
from trackerwatch.store.schema import STEPS
from trackerwatch.store.troubles import StoreRefusedError, explain

if TYPE_CHECKING:
    from pathlib import Path


def examine(path: Path) -> str:
    """Why a file that is there could not be written to, in one clean line; nothing in it is changed.

    Returns:
        Empty: it could be, or it is not there, or another program is writing to it just now.
    """
    try:
        if not look(path, newest=len(STEPS)):
            return ""
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None, timeout=BUSY_S
        )
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        finally:
            connection.close()
    except (OSError, sqlite3.Error, StoreRefusedError) as error:
        trouble = explain(error, path)
        return "" if trouble.locked else trouble.message
    return ""
