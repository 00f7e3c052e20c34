"""What can be wrong with a store, in one line for people."""

from __future__ import annotations

import errno
import os
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trackerwatch.outside_text import clean

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why nothing can be written down."""

    message: str
    """One clean line that names the file."""
    locked: bool = False
    """Another program holds the lock: it is tried again soon."""
    damaged: bool = False
    """The file's content is broken: it is not touched again."""


class StoreRefusedError(Exception):
    """A file that is no store of ours, or not one that this version can use. It was not touched."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.message)
        self.trouble = trouble


NONSENSE = (ValueError, TypeError, KeyError, IndexError, AttributeError, ArithmeticError)
"""What values raise that no version of this program writes, where they are reckoned with: SQLite holds any type in any column."""

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_WORDS = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_READONLY: "it cannot be written",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened",
    sqlite3.SQLITE_PERM: "it may not be opened",
    sqlite3.SQLITE_IOERR: "the disk failed",
    sqlite3.SQLITE_TOOBIG: "a value in it is too large",
    sqlite3.SQLITE_INTERRUPT: "reading it takes too long",
}
_SYSTEM = {
    errno.ENOENT: "it is not there, or empty",
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the limit for the size of a file is reached",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.ENOTDIR: "a part of the path is a file",
    errno.EISDIR: "it is a folder",
}


def explain(error: Exception, path: Path | None) -> Trouble:
    """What an error means for the store."""
    where = _name(path)
    if isinstance(error, StoreRefusedError):
        return error.trouble
    if isinstance(error, OSError):
        why = _SYSTEM.get(error.errno or 0) or clean(error.strerror or str(error))
        return Trouble(f"{where}: {why}")
    if isinstance(error, NONSENSE):
        why = f"it holds what no trackerwatch writes ({type(error).__name__})"
        return Trouble(f"{where}: {why}; nothing in it was changed", damaged=True)
    # Absent where the error is the module's own, not the library's.
    code = getattr(error, "sqlite_errorcode", None)
    primary = None if code is None else code & 0xFF
    if primary in _DAMAGED:
        return Trouble(f"{where}: the file is damaged ({clean(str(error))}); nothing in it was changed", damaged=True)
    if primary in _LOCKED:
        return Trouble(f"{where}: another program has locked it", locked=True)
    return Trouble(f"{where}: {_WORDS.get(primary or 0) or clean(str(error))}")


def explain_mistake(error: Exception, path: Path | None) -> str:
    """What to say when the store itself is at fault."""
    return f"{_name(path)}: {type(error).__name__} in the store; nothing is written any more"


def _name(path: Path | None) -> str:
    return "history in memory" if path is None else f"history {clean(os.fspath(path))}"
