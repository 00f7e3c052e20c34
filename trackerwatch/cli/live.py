"""The live screen: rows appear before the first answer, and torrents come in while it is open."""

from __future__ import annotations

import asyncio
import io
import os
import sys
from typing import TYPE_CHECKING

from trackerwatch.cli.narration import Narrator
from trackerwatch.cli.wiring import engine_settings, prober_of, settled
from trackerwatch.engine.engine import Engine
from trackerwatch.errors import InputError, UsageError
from trackerwatch.filters import parse_filter
from trackerwatch.inputs import Batch, DirectoryWatch, Loader, fold_skipped, load_file, watchable_folders
from trackerwatch.inputs.files import reason_of
from trackerwatch.metainfo.magnet import is_magnet
from trackerwatch.outside_text import clean
from trackerwatch.tui.run import run as show

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence

    from trackerwatch.engine.commands import Command
    from trackerwatch.engine.feed import Feed
    from trackerwatch.metainfo.torrent import Torrent
    from trackerwatch.probe.prober import SocketProber

POLL_FOLDERS_S = 3.0


def watch_live(arguments: Namespace) -> int:
    """Open the screen and stay until it is left; what was skipped is told afterwards, where it can be read."""
    expression = parse_filter(arguments.filter)
    config = settled(arguments)
    prober = prober_of(config)
    _refuse_what_is_not_there(arguments.inputs)
    loader = Loader(arguments.inputs, stdin=_read_stdin() if "-" in arguments.inputs else None)
    engine = Engine(prober, engine_settings(config), vantage=config.vantage or "")
    _wish_for_colors(config.color)
    folders = watchable_folders(arguments.inputs)
    watched = WatchedEngine(engine, prober, folders, expression.may_match, loader.paths)
    code = show(watched, _batches(loader, prober, expression.may_match))
    narrator = Narrator()
    for line in fold_skipped(loader.loaded().skipped):
        narrator.say(f"skipped {line}")
    return code


def _refuse_what_is_not_there(inputs: Sequence[str]) -> None:
    """A screen on nothing helps nobody: where no input can be there, say so before it opens.

    Raises:
        UsageError: Every input is a path, and none of them exists.
    """
    missing = [word for word in inputs if word != "-" and "://" not in word and not is_magnet(word)]
    if len(missing) == len(inputs) and not any(os.path.lexists(word) for word in missing):
        raise UsageError(
            f"{clean(missing[0])}: no such file or folder"
            + (f" (nor the other {len(missing) - 1})" if missing[1:] else "")
        )


def _wish_for_colors(when: str) -> None:
    """Tell the screen about `--color` in the one way it listens to (https://no-color.org)."""
    if when == "never":
        os.environ["NO_COLOR"] = "1"
    elif when == "always":
        os.environ.pop("NO_COLOR", None)


class WatchedEngine:
    """An engine that is also told of torrents that come into the watched folders while it runs."""

    def __init__(
        self,
        engine: Engine,
        prober: SocketProber,
        folders: Sequence[str],
        wanted: Callable[[Torrent], bool],
        loaded_paths: Callable[[], dict[str, bytes]],
    ) -> None:
        """Wrap an engine.

        Args:
            engine: Not running yet.
            prober: Its prober; closed when the engine stops.
            folders: To watch.
            wanted: Which torrents are let in.
            loaded_paths: The files read at the start, with the info hash of the torrent in each.
        """
        self._engine = engine
        self._prober = prober
        self._folders = folders
        self._wanted = wanted
        self._loaded_paths = loaded_paths
        self._arrived: dict[str, bytes] = {}

    def add_torrents(self, torrents: Iterable[Torrent]) -> None:
        """Watch these too."""
        self._engine.add_torrents(torrents)

    async def run(self) -> None:
        """Ask until stopped, and look after the folders."""
        folders = asyncio.create_task(self._look_after_folders(), name="folders")
        try:
            await self._engine.run()
        finally:
            folders.cancel()

    async def stop(self) -> None:
        """End soon, whatever hangs; sockets are closed afterwards."""
        try:
            await self._engine.stop()
        finally:
            await self._prober.close()

    def feed(self) -> Feed:
        """A feed of the engine's."""
        return self._engine.feed()

    def do(self, command: Command) -> str:
        """Carry out what a user asks for."""
        return self._engine.do(command)

    async def _look_after_folders(self) -> None:
        if not self._folders:
            return
        watch = await asyncio.to_thread(DirectoryWatch, self._folders)
        while True:
            await asyncio.sleep(POLL_FOLDERS_S)
            changes = await asyncio.to_thread(watch.poll)
            arrived = await asyncio.to_thread(_load_files, changes.added)
            known = {**self._loaded_paths(), **self._arrived}
            left = known_left(known, {path: torrent.info_hash for path, torrent in arrived.items()}, changes.removed)
            self._arrived.update((path, torrent.info_hash) for path, torrent in arrived.items())
            self._engine.add_torrents(torrent for torrent in arrived.values() if self._wanted(torrent))
            self._engine.remove_torrents(left)


def known_left(known: Mapping[str, bytes], arrived: Mapping[str, bytes], removed: Iterable[str]) -> set[bytes]:
    """Torrents whose last file is gone.

    Args:
        known: Every file seen so far, with the info hash of the torrent in it.
        arrived: New or rewritten files likewise.
        removed: Files that are gone.
    """
    gone = set(removed)
    now = {path: info_hash for path, info_hash in known.items() if path not in gone} | dict(arrived)
    here = set(now.values())
    changed = gone | arrived.keys()
    return {info_hash for path, info_hash in known.items() if path in changed and info_hash not in here}


def _load_files(paths: Sequence[str]) -> dict[str, Torrent]:
    """The torrents among some files; what is none was told when the program began, or is half copied."""
    torrents = {}
    for path in paths:
        try:
            torrents[path] = load_file(path)
        except InputError:
            continue
    return torrents


async def _batches(loader: Loader, prober: SocketProber, wanted: Callable[[Torrent], bool]) -> AsyncIterator[Batch]:
    """What the inputs give, bit by bit: files first, then what has to be fetched."""
    local = loader.batches()
    while (batch := await asyncio.to_thread(next, local, None)) is not None:
        yield Batch(tuple(filter(wanted, batch.torrents)), batch.skipped, batch.progress)
    for url in loader.urls:
        fetched = None
        try:
            fetched = loader.add_fetched(url, await prober.fetch(url.url))
        except InputError as error:
            loader.add_failed(url, str(error))
        except TimeoutError:
            loader.add_failed(url, "no answer in time")
        except OSError as error:
            loader.add_failed(url, reason_of(error))
        torrents = (fetched,) if fetched is not None and wanted(fetched) else ()
        yield Batch(torrents, (), loader.progress)


def _read_stdin() -> io.BytesIO:
    """All of standard input, which then becomes the terminal: the screen needs its keys.

    Raises:
        UsageError: There is no terminal to take keys from.
    """
    if sys.stdin is None or sys.stdin.isatty():
        raise UsageError("`-` reads a list of inputs from a pipe, and there is none; give them as arguments")
    content = sys.stdin.buffer.read()
    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
    except OSError:
        raise UsageError("the live screen needs a terminal; `trackerwatch report` works without one") from None
    os.dup2(terminal, 0)
    os.close(terminal)
    return io.BytesIO(content)
