"""Folders that change while the program runs."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trackerwatch.inputs.files import torrent_paths

if TYPE_CHECKING:
    from collections.abc import Sequence

Stamp = tuple[int, int, int]
"""Inode, size in bytes, time of modification in nanoseconds."""


LOOK_EVERY = 15
"""With a poll every two seconds: twice a minute."""

FRESH_NS = 2_000_000_000
"""Some file systems keep times in steps of two seconds."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What is different since the last poll."""

    added: tuple[str, ...] = ()
    """Paths that are new, or changed: load them."""
    removed: tuple[str, ...] = ()
    """Paths that are gone."""

    def __bool__(self) -> bool:
        return bool(self.added or self.removed)


class DirectoryWatch:
    """Notices torrents that come, change and go in some folders.

    Looks at names, sizes and times only, so it works on every file system. Make it before the folders are loaded, and nothing
    is missed: what is there now is taken as known. Making and polling read folders: do both off the event loop.

    A file is reported once two looks in a row saw the same stamp, so that one which is being copied is not read half.

    Args:
        folders: Read recursively, as inputs are.
        look_every: Of how many polls one looks at every file. The others look closer only when a folder changed, which files
            that come and go do, but not a file that is written again in its place.
    """

    def __init__(self, folders: Sequence[str], *, look_every: int = LOOK_EVERY) -> None:
        self._folders = tuple(dict.fromkeys(folders))
        self._look_every = look_every
        self._polls = 0
        self._subfolders: dict[str, Stamp] = {}
        self._is_fresh = False
        """Whether a folder changed so shortly before it was read that a later change may bear the same time."""
        self._known, self._unreadable = self._look()
        self._settling: dict[str, Stamp] = {}

    @property
    def folders(self) -> tuple[str, ...]:
        """What is watched."""
        return self._folders

    def poll(self) -> Changes:
        """Compare the folders with what is known. Call it every few seconds.

        What lies in a folder that cannot be read at the moment counts as unchanged.
        """
        self._polls += 1
        is_settled = not (self._settling or self._unreadable or self._is_fresh)
        if self._polls % self._look_every and is_settled and self._folders_are_the_same():
            return Changes()
        seen, self._unreadable = self._look()
        different = {path: stamp for path, stamp in seen.items() if self._known.get(path) != stamp}
        settled = {path: stamp for path, stamp in different.items() if self._settling.get(path) == stamp}
        self._settling = {path: stamp for path, stamp in different.items() if path not in settled}
        removed = tuple(path for path in self._known if path not in seen and not path.startswith(self._unreadable))
        self._known.update(settled)
        for path in removed:
            del self._known[path]
        return Changes(tuple(settled), removed)

    def _look(self) -> tuple[dict[str, Stamp], tuple[str, ...]]:
        """Stamps of all torrents there are, and how the paths start of which nothing is known now."""
        seen: dict[str, Stamp] = {}
        self._subfolders = {}
        self._is_fresh = False
        unreadable: list[str] = []
        for folder in self._folders:
            for found in torrent_paths(folder, on_folder=self._remember_folder):
                if not isinstance(found, str):
                    if not found.is_gone:
                        unreadable.append(os.path.join(found.path, ""))  # noqa: PTH118  names may be undecodable
                    continue
                try:
                    status = os.stat(found)  # noqa: PTH116  10,000 of these every two seconds
                except FileNotFoundError:
                    continue
                except OSError:
                    unreadable.append(found)
                    continue
                seen[found] = _stamp(status)
        return seen, tuple(unreadable)

    def _remember_folder(self, path: str, status: os.stat_result) -> None:
        self._subfolders[path] = _stamp(status)
        self._is_fresh |= time.time_ns() - status.st_mtime_ns < FRESH_NS

    def _folders_are_the_same(self) -> bool:
        try:
            return all(_stamp(os.stat(path)) == stamp for path, stamp in self._subfolders.items())  # noqa: PTH116  as below
        except OSError:
            return False


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_ino, status.st_size, status.st_mtime_ns
