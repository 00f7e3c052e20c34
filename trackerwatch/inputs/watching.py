"""Folders that change while the program runs."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trackerwatch.inputs.files import torrent_paths

if TYPE_CHECKING:
    from collections.abc import Sequence

Stamp = tuple[int, int, int]
"""Inode, size in bytes, time of modification in nanoseconds."""


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

    A file is reported once two polls in a row saw the same stamp, so that one which is being copied is not read half.

    Args:
        folders: Read recursively, as inputs are.
    """

    def __init__(self, folders: Sequence[str]) -> None:
        self._folders = tuple(dict.fromkeys(folders))
        self._known, _ = self._look()
        self._settling: dict[str, Stamp] = {}

    @property
    def folders(self) -> tuple[str, ...]:
        """What is watched."""
        return self._folders

    def poll(self) -> Changes:
        """Compare the folders with what is known. Call it every few seconds.

        What lies in a folder that cannot be read at the moment counts as unchanged.
        """
        seen, unreadable = self._look()
        different = {path: stamp for path, stamp in seen.items() if self._known.get(path) != stamp}
        settled = {path: stamp for path, stamp in different.items() if self._settling.get(path) == stamp}
        self._settling = {path: stamp for path, stamp in different.items() if path not in settled}
        removed = tuple(path for path in self._known if path not in seen and not path.startswith(unreadable))
        self._known.update(settled)
        for path in removed:
            del self._known[path]
        return Changes(tuple(settled), removed)

    def _look(self) -> tuple[dict[str, Stamp], tuple[str, ...]]:
        """Stamps of all torrents there are, and how the paths start of which nothing is known now."""
        seen: dict[str, Stamp] = {}
        unreadable: list[str] = []
        for folder in self._folders:
            for found in torrent_paths(folder):
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
                seen[found] = (status.st_ino, status.st_size, status.st_mtime_ns)
        return seen, tuple(unreadable)
