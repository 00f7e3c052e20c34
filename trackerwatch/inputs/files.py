"""Reading what a folder holds: bounded, never waiting on something that is no file."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trackerwatch.errors import InputError
from trackerwatch.metainfo.load import MAX_TORRENT_BYTES
from trackerwatch.outside_text import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TORRENT_SUFFIX = ".torrent"

# Opening a FIFO or a terminal must neither wait nor take it over; both flags mean nothing for files.
_OPEN_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


def shown_path(path: str) -> str:
    """A path as one clean line; names hold any byte."""
    return clean(path, limit_chars=1000)


def read_file(path: str, *, limit_bytes: int = MAX_TORRENT_BYTES) -> bytes:
    """Read a regular file whole.

    Args:
        path: Anything else than a regular file is refused without waiting for it.
        limit_bytes: More is refused, mostly before a byte is read.

    Raises:
        InputError: The reason in one line, without the path.
    """
    try:
        descriptor = os.open(path, _OPEN_FLAGS)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise InputError(_what_it_is(status.st_mode))
            if status.st_size > limit_bytes:
                raise InputError(f"larger than {limit_bytes >> 20} MiB")
            # One byte more than there is tells whether it grows.
            data = os.read(descriptor, status.st_size + 1)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise InputError(reason_of(error)) from None
    except ValueError:
        raise InputError("a path with a zero byte") from None
    if len(data) != status.st_size:
        raise InputError("it changed while it was read")
    return data


def reason_of(error: OSError) -> str:
    """An error of the operating system as a reason: lower case, without path and number."""
    if error.errno == errno.ENXIO:
        return "not a regular file"
    if error.errno == errno.ENOENT:
        return "no such file or folder"
    reason = clean(error.strerror or type(error).__name__)
    return reason[:1].lower() + reason[1:]


@dataclass(frozen=True, slots=True)
class UnreadableFolder:
    """A folder whose contents are unknown."""

    path: str
    reason: str
    is_gone: bool
    """Whether it does not exist (any more), so that its contents are known after all: none."""


def torrent_paths(
    folder: str, *, on_folder: Callable[[str, os.stat_result], None] | None = None
) -> Iterator[str | UnreadableFolder]:
    """Every `*.torrent` in a folder and below, in a stable order: sorted by name, a subfolder where its name stands.

    Hidden files and folders are passed over. Links are followed, and each folder is read once, so loops end. No
    file is opened.

    Args:
        folder: Where to start; it may be hidden itself.
        on_folder: Told of each folder, with its status from before it is read.
    """
    read_folders: set[tuple[int, int]] = set()
    # Still to do, next one last: a path, and whether it is a folder.
    pending: list[tuple[str, bool]] = [(folder, True)]
    while pending:
        path, is_folder = pending.pop()
        if not is_folder:
            yield path
            continue
        try:
            status = os.stat(path)  # noqa: PTH116  paths here are plain strings: a Path each would double the cost of a scan
            identity = (status.st_dev, status.st_ino)
            if identity in read_folders:
                continue
            read_folders.add(identity)
            if on_folder is not None:
                on_folder(path, status)
            with os.scandir(path) as entries:
                inside = [
                    (entry.path if path != "." else entry.name, _is_folder(entry))
                    for entry in sorted(entries, key=_name, reverse=True)
                    if not entry.name.startswith(".")
                ]
        except OSError as error:
            yield UnreadableFolder(path, reason_of(error), isinstance(error, FileNotFoundError))
            continue
        pending += [(name, deeper) for name, deeper in inside if deeper or is_torrent_name(name)]


def is_torrent_name(name: str) -> bool:
    """Whether a file's name says that it is a torrent."""
    return name[-8:].lower() == TORRENT_SUFFIX


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        # A link that leads in circles or out of reach.
        return False


def _what_it_is(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "a folder, not a file"
    return "not a regular file"
