"""A long run without its face: what is watched, how it is asked, and the folders that change meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import os
from typing import TYPE_CHECKING

from trackerwatch.cli.wiring import engine_settings, prober_of, settled
from trackerwatch.engine.engine import Engine
from trackerwatch.errors import InputError, UsageError
from trackerwatch.filters import parse_filter
from trackerwatch.inputs import DirectoryWatch, load_file, watchable_folders
from trackerwatch.metainfo.magnet import is_magnet
from trackerwatch.outside_text import clean
from trackerwatch.state import StateFile

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from trackerwatch.cli.remembering import Memory
    from trackerwatch.engine.commands import Command
    from trackerwatch.engine.feed import Feed
    from trackerwatch.engine.settings import EngineSettings
    from trackerwatch.engine.views import Event, Snapshot, Trial
    from trackerwatch.metainfo.torrent import Torrent
    from trackerwatch.probe.prober import SocketProber
    from trackerwatch.state.orders import KeptOrders

POLL_FOLDERS_S = 3.0
POLL_ORDERS_S = 1.0


class Watch:
    """What every face of a long run needs: arguments, checked, and what makes an engine of them."""

    def __init__(self, arguments: Namespace) -> None:
        """Check what can be checked before anything is opened or sent.

        Raises:
            UsageError: A mistake in an option, or no input can be there.
            ConfigError: A mistake in a setting.
        """
        self.arguments = arguments
        self.config = settled(arguments)
        self.filter = parse_filter(arguments.filter, dict(self.config.filters))
        self.prober = prober_of(self.config)
        refuse_what_is_not_there(arguments.inputs)
        self.folders = watchable_folders(arguments.inputs)
        self.shown_folders = ", ".join(clean(folder) for folder in self.folders)

    def watched(self, loaded_paths: Callable[[], dict[str, bytes]], memory: Memory | None) -> WatchedEngine:
        """An engine with its folders.

        Args:
            loaded_paths: The files read at the start, with the info hash of the torrent in each.
            memory: Where history is kept. None: nowhere.
        """
        orders = StateFile().orders
        settings = engine_settings(self.config, orders.load())
        engine = Engine(self.prober, settings, vantage=self.config.vantage or "", keeper=memory)
        engine.keep_orders(orders)
        return WatchedEngine(
            engine, self.prober, self.folders, self.filter.may_match, loaded_paths, memory=memory, orders=orders
        )


def refuse_what_is_not_there(inputs: Sequence[str]) -> None:
    """Watching nothing helps nobody: where no input can be there, say so before it begins.

    Raises:
        UsageError: Every input is a path, and none of them exists.
    """
    missing = [word for word in inputs if word != "-" and "://" not in word and not is_magnet(word)]
    if len(missing) == len(inputs) and not any(os.path.lexists(word) for word in missing):
        raise UsageError(
            f"{clean(missing[0])}: no such file or folder"
            + (f" (nor the other {len(missing) - 1})" if missing[1:] else "")
        )


class WatchedEngine:
    """An engine that is also told of torrents that come into the watched folders while it runs."""

    def __init__(
        self,
        engine: Engine,
        prober: SocketProber,
        folders: Sequence[str],
        wanted: Callable[[Torrent], bool],
        loaded_paths: Callable[[], dict[str, bytes]],
        *,
        memory: Memory | None = None,
        orders: KeptOrders | None = None,
    ) -> None:
        """Wrap an engine.

        Args:
            engine: Not running yet.
            prober: Its prober; closed when the engine stops.
            folders: To watch.
            wanted: Which torrents are let in.
            loaded_paths: The files read at the start, with the info hash of the torrent in each.
            memory: What the engine remembers with: it is told where that is in trouble.
            orders: Where orders are kept, which others may change. None: nobody does.
        """
        self._orders = orders
        self._orders_stamp = None if orders is None else orders.loaded_stamp
        self._engine = engine
        self._memory = memory
        self._prober = prober
        self._folders = folders
        self._wanted = wanted
        self._loaded_paths = loaded_paths
        self._arrived: dict[str, bytes] = {}
        self._watch: DirectoryWatch | None = None

    async def look_at_folders(self) -> None:
        """Take what lies in the folders now as known. Before loading: then nothing is missed."""
        if self._folders:
            self._watch = await asyncio.to_thread(DirectoryWatch, self._folders)

    def add_torrents(self, torrents: Iterable[Torrent]) -> None:
        """Watch these too."""
        self._engine.add_torrents(torrents)

    async def run(self) -> None:
        """Ask until stopped, and look after the folders, the orders and the store."""
        folders = asyncio.create_task(self._look_after_folders(), name="folders")
        orders = asyncio.create_task(self._look_after_orders(), name="orders")
        with self._hearing_of_trouble():
            try:
                await self._engine.run()
            finally:
                folders.cancel()
                orders.cancel()

    async def stop(self) -> None:
        """End soon, whatever hangs; sockets are closed afterwards."""
        try:
            await self._engine.stop()
        finally:
            await self._prober.close()

    def feed(self) -> Feed:
        """A feed of the engine's."""
        return self._engine.feed()

    def snapshot(self) -> Snapshot:
        """Everything there is to see now."""
        return self._engine.snapshot()

    def events_since(self, number: int) -> tuple[Event, ...]:
        """Events after the one with this number, as far as they are kept."""
        return self._engine.events_since(number)

    def reconfigure(self, settings: EngineSettings) -> None:
        """Go on with other settings."""
        self._engine.reconfigure(settings)

    def do(self, command: Command) -> str:
        """Carry out what a user asks for."""
        return self._engine.do(command)

    async def try_out(self, url: str) -> Trial:
        """Ask a tracker once that is not watched (yet)."""
        return await self._engine.try_out(url)

    @contextlib.contextmanager
    def _hearing_of_trouble(self) -> Iterator[None]:
        """Inside, the engine is told where the store is in trouble."""
        if self._memory is None:
            yield
            return
        memory, engine = self._memory, self._engine
        end = memory.subscribe(engine.note_store)
        # In its turn: that the engine has started comes first.
        first = asyncio.get_running_loop().call_soon(lambda: engine.note_store(memory.trouble))
        try:
            yield
        finally:
            first.cancel()
            end()

    async def _look_after_orders(self) -> None:
        """What others order meanwhile holds here, too."""
        if self._orders is None:
            return
        if self._orders.trouble:
            self._engine.note_orders(self._orders.trouble)
        while True:
            await asyncio.sleep(POLL_ORDERS_S)
            self.look_at_orders()

    def look_at_orders(self) -> None:
        """Take orders over, if the file changed. In one go, so that none given here comes between."""
        if self._orders is None:
            return
        stamp = self._orders.stamp()
        # A file that is gone takes nothing back: whoever lost it did not mean that.
        if stamp is None or stamp == self._orders_stamp:
            return
        self._orders_stamp = stamp
        orders = self._orders.load()
        if self._orders.trouble:
            self._engine.note_orders(self._orders.trouble)
        else:
            self._engine.take_orders(orders)

    async def _look_after_folders(self) -> None:
        if not self._folders:
            return
        if self._watch is None:
            await self.look_at_folders()
        watch = self._watch
        while watch is not None:
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
