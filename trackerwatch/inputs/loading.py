"""INPUT words to torrents, bit by bit, so that ten thousand files never stop a screen."""

from __future__ import annotations

import asyncio
import contextlib
import math
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

from trackerwatch.errors import InputError
from trackerwatch.inputs.collecting import TorrentCollection
from trackerwatch.inputs.expanding import FileInput, Found, MagnetInput, UrlInput, expand
from trackerwatch.inputs.files import read_file, reason_of, shown_path
from trackerwatch.inputs.skipped import Skipped
from trackerwatch.metainfo.load import load_torrent
from trackerwatch.metainfo.magnet import parse_magnet
from trackerwatch.outside_text import clean, url_secrets

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence

    from trackerwatch.metainfo import Torrent

MAX_FETCHES = 8
"""URLs fetched at the same time."""
FETCHED_TOO_LATE = "not fetched in time: fetching gets half of --deadline at most"

BATCH_ITEMS = 500
BATCH_S = 0.05


@dataclass(frozen=True, slots=True)
class Progress:
    """How far loading has come."""

    done: int
    """Inputs judged, folders and lists counted by what is in them."""
    total: int | None
    """None: folders and lists are still being read."""
    torrents: int
    """Without duplicates."""
    skipped: int


@dataclass(frozen=True, slots=True)
class Batch:
    """What a slice of loading brought."""

    torrents: tuple[Torrent, ...]
    """New ones, and known ones that a copy added to."""
    skipped: tuple[Skipped, ...]
    progress: Progress


@dataclass(frozen=True, slots=True)
class Loaded:
    """Everything the inputs gave."""

    torrents: list[Torrent]
    """In the order of the inputs, each once."""
    skipped: list[Skipped]
    paths: dict[str, bytes] = field(default_factory=dict)
    """The info hash that each file gave: what leaves when the file is removed."""


def load_file(path: str) -> Torrent:
    """Read one .torrent file.

    Raises:
        InputError: The reason in one line, without the path.
    """
    return load_torrent(read_file(path), source=shown_path(path))


class Loader:
    """Turns inputs into torrents in small slices.

    Iterate over `batches` to the end; then fetch each of `urls` and hand the outcome to `add_fetched` or `add_failed`; then
    `loaded` has everything. No method touches the network.

    Args:
        inputs: As on the command line.
        stdin: What `-` reads; reading blocks.
    """

    def __init__(self, inputs: Sequence[str], *, stdin: BinaryIO | None = None) -> None:
        self._inputs = inputs
        self._stdin = stdin
        self._collection = TorrentCollection()
        self._skipped: list[Skipped] = []
        self._paths: dict[str, bytes] = {}
        self._done = 0
        self._total: int | None = None
        self.urls: list[UrlInput] = []
        """URLs to fetch, known once `batches` has ended."""

    @property
    def progress(self) -> Progress:
        """How far it has come."""
        return Progress(self._done, self._total, len(self._collection), len(self._skipped))

    def loaded(self) -> Loaded:
        """Everything so far."""
        return Loaded(list(self._collection.torrents), list(self._skipped), self.paths())

    def paths(self) -> dict[str, bytes]:
        """The files read so far, with the info hash of the torrent in each."""
        return {path: self._collection.key_of(info_hash) for path, info_hash in self._paths.items()}

    def batches(self, *, max_items: int = BATCH_ITEMS, max_s: float = BATCH_S) -> Iterator[Batch]:
        """Load what is local.

        Args:
            max_items: Inputs in one batch.
            max_s: A batch ends once it took so long; one huge file can take longer.

        Yields:
            What came in since the last batch; the first ones may be empty while folders are read.
        """
        found: list[Found] = []
        deadline = time.perf_counter() + max_s
        for one in expand(self._inputs, stdin=self._stdin):
            found.append(one)
            if not len(found) % max_items or time.perf_counter() >= deadline:
                yield Batch((), (), self.progress)
                deadline = time.perf_counter() + max_s
        self._total = len(found)
        torrents: dict[bytes, Torrent] = {}
        skipped_before = 0
        items = 0
        deadline = time.perf_counter() + max_s
        for one in found:
            torrent = self._take(one)
            if torrent is not None:
                torrents[torrent.info_hash] = torrent
            items += 1
            if items >= max_items or time.perf_counter() >= deadline:
                yield Batch(tuple(torrents.values()), tuple(self._skipped[skipped_before:]), self.progress)
                torrents.clear()
                skipped_before = len(self._skipped)
                items = 0
                deadline = time.perf_counter() + max_s
        yield Batch(tuple(torrents.values()), tuple(self._skipped[skipped_before:]), self.progress)

    def add_fetched(self, url: UrlInput, data: bytes) -> Torrent | None:
        """Take in what a URL gave. None: it was no torrent, and is now among the skipped."""
        self._done += 1
        return self._keep(url, lambda: load_torrent(data, source=url.shown))

    def add_failed(self, url: UrlInput, message: str) -> None:
        """Note that a URL could not be fetched; the message may hold the URL's secrets."""
        self._done += 1
        self._skipped.append(Skipped(url.shown, clean(message, secrets=url_secrets(url.url))))

    def _take(self, found: Found) -> Torrent | None:
        if isinstance(found, UrlInput):
            self.urls.append(found)
            return None
        self._done += 1
        if isinstance(found, FileInput):
            torrent = self._keep(found, lambda: load_file(found.path))
            if torrent is not None:
                self._paths[found.path] = torrent.info_hash
            return torrent
        if isinstance(found, MagnetInput):
            return self._keep(found, lambda: parse_magnet(found.link, source=found.shown))
        self._skipped.append(found)
        return None

    def _keep(self, found: FileInput | MagnetInput | UrlInput, load: Callable[[], Torrent]) -> Torrent | None:
        try:
            torrent = load()
        except InputError as error:
            self._skipped.append(Skipped(found.shown, str(error)))
            return None
        return self._collection.add(torrent)


async def load_inputs(
    inputs: Sequence[str],
    *,
    fetch: Callable[[str], Awaitable[bytes]] | None = None,
    why_not_fetched: str = "URLs are not fetched here",
    within_s: float = math.inf,
    stdin: BinaryIO | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Loaded:
    """Load everything without stopping the event loop.

    Args:
        inputs: As on the command line.
        fetch: Gets the bytes behind an http(s) URL, bounded in size and time; it raises InputError, OSError or
            TimeoutError. None: URLs are skipped.
        why_not_fetched: The reason, where they are.
        within_s: So long after the call began nothing is fetched any more, and URLs without an answer are skipped. Files are
            read to the end, however long that takes.
        stdin: What `-` reads.
        on_progress: Called on the loop's thread, some twenty times a second.

    Returns:
        Torrents and what was skipped. Nothing usable is an empty list, not an error.
    """
    until = asyncio.get_running_loop().time() + within_s
    loader = Loader(inputs, stdin=stdin)
    report = on_progress or (lambda _: None)
    async for batch in batches_off_loop(loader):
        report(batch.progress)
    if loader.urls and fetch is None:
        for url in loader.urls:
            loader.add_failed(url, why_not_fetched)
    elif loader.urls and fetch is not None:
        await _fetch_all(loader, fetch, until, report)
    return loader.loaded()


async def _fetch_all(
    loader: Loader, fetch: Callable[[str], Awaitable[bytes]], until: float, report: Callable[[Progress], None]
) -> None:
    loop = asyncio.get_running_loop()
    slots = asyncio.Semaphore(MAX_FETCHES)
    waiting = len(loader.urls)

    async def outcome_of(url: UrlInput) -> bytes | str:
        nonlocal waiting
        async with slots:
            waiting -= 1
            left_s = until - loop.time()
            if left_s <= 0:
                return FETCHED_TOO_LATE
            # Half of what is left while others wait for a slot: a few that hang must not take the turns of all the rest.
            limit_s = left_s / 2 if waiting else left_s
            try:
                async with asyncio.timeout(limit_s if limit_s < math.inf else None) as limit:
                    return await fetch(url.url)
            except InputError as error:
                return str(error)
            except TimeoutError:
                return FETCHED_TOO_LATE if limit.expired() else "no answer in time"
            except OSError as error:
                return reason_of(error)

    async with asyncio.TaskGroup() as group:
        fetches = [(url, group.create_task(outcome_of(url))) for url in loader.urls]
        # Taken in the order of the inputs, whichever answers first: a merge must not depend on the network's mood.
        for url, task in fetches:
            outcome = await task
            if isinstance(outcome, bytes):
                await asyncio.to_thread(loader.add_fetched, url, outcome)
            else:
                loader.add_failed(url, outcome)
            report(loader.progress)


async def batches_off_loop(loader: Loader) -> AsyncIterator[Batch]:
    """The loader's batches, made on a thread of its own.

    A daemon thread: neither a terminal at `-` nor a network drive that hangs may keep the program from ending.
    """
    loop = asyncio.get_running_loop()
    arrived: asyncio.Queue[Batch | Exception | None] = asyncio.Queue()
    unwanted = threading.Event()

    def post(item: Batch | Exception | None) -> None:
        # The loop is closed when the program ended meanwhile.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(arrived.put_nowait, item)

    def work() -> None:
        try:
            for batch in loader.batches():
                if unwanted.is_set():
                    return
                post(batch)
        except Exception as error:  # noqa: BLE001  a bug on this thread must surface on the loop, not hang it
            post(error)
        else:
            post(None)

    threading.Thread(target=work, name="load inputs", daemon=True).start()
    try:
        while (item := await arrived.get()) is not None:
            if isinstance(item, Exception):
                raise item
            yield item
    finally:
        unwanted.set()
