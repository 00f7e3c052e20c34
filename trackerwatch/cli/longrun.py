"""A long run whose face is lines on stdout: loading, asking, signals, and an end within a time that is promised."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Protocol

from trackerwatch.cli.exit_codes import ExitCode
from trackerwatch.cli.lines import LineWriter, when_reader_leaves
from trackerwatch.cli.loading import load
from trackerwatch.cli.narration import about_nobody, refusals
from trackerwatch.cli.reloading import Reloader
from trackerwatch.cli.remembering import CLOSE_WITHIN_S

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trackerwatch.cli.narration import Narrator
    from trackerwatch.cli.remembering import Memory
    from trackerwatch.cli.watching import Watch
    from trackerwatch.engine.views import Event, Snapshot

PULL_EVERY_S = 0.25
LOOK_AROUND_EVERY_S = 5.0
"""How often stderr may hear of something new that is no event."""
STOP_WITHIN_S = 5.0
ENGINE_STOPS_WITHIN_S = 3.5
"""Of those five seconds; the rest is for the last lines."""


class Watched(Protocol):
    """What runs and can be looked at: an engine, with its folders or without."""

    async def run(self) -> None:
        """Ask until stopped."""
        ...

    async def stop(self) -> None:
        """End soon, whatever hangs."""
        ...

    def snapshot(self) -> Snapshot:
        """Everything there is to see now."""
        ...

    def events_since(self, number: int) -> tuple[Event, ...]:
        """Events after the one with this number, as far as they are kept."""
        ...


class Source(Protocol):
    """Where what is watched comes from."""

    async def open(self, narrator: Narrator) -> Watched | None:
        """Load, and make ready. None: there is nothing to watch, and there never will be."""
        ...

    async def reload(self) -> Event | None:
        """Read the settings anew. What came of it; None: there are none to read."""
        ...

    async def close(self) -> None:
        """Let go of everything that was opened."""
        ...


class Teller(Protocol):
    """Makes lines of what happens."""

    def tell_new(self) -> None:
        """Tell what is new; called a few times a second."""
        ...

    def tell(self, event: Event) -> None:
        """Tell this, which is not among the engine's events."""
        ...

    def tell_last(self) -> None:
        """Tell what is left, and that it is over."""
        ...


class Ending:
    """That a run is to end, with which exit code, and within which time."""

    def __init__(self) -> None:
        self.wished = asyncio.Event()
        self.code: int = ExitCode.OK
        self._deadline = 0.0
        self._guard: threading.Timer | None = None

    def wish(self, code: int) -> None:
        """End soon, with this exit code; the first wish counts."""
        if self.wished.is_set():
            return
        self.code = code
        self.wished.set()
        self._deadline = time.monotonic() + STOP_WITHIN_S
        # A disk or a name server that hangs holds up threads which nobody can stop: the promise is kept without them.
        self._guard = threading.Timer(STOP_WITHIN_S - 0.2, os._exit, (code,))
        self._guard.daemon = True
        self._guard.start()

    @property
    def remaining_s(self) -> float:
        """Seconds that an orderly end may still take."""
        return max(0.0, self._deadline - time.monotonic() - 0.5)

    def for_the_store(self) -> float:
        """Seconds that writing the last records may take."""
        return min(CLOSE_WITHIN_S, self.remaining_s) if self.wished.is_set() else CLOSE_WITHIN_S

    def reached(self) -> None:
        """It has ended in time."""
        if self._guard is not None:
            self._guard.cancel()


class Inputs:
    """The inputs of a command line."""

    def __init__(self, watch: Watch, memory: Memory | None) -> None:
        """Args: what is watched and how, and where history is kept (None: nowhere)."""
        self._watch = watch
        self._memory = memory
        self._reloader: Reloader | None = None

    async def open(self, narrator: Narrator) -> Watched | None:
        """As the protocol says; an empty folder may still fill."""
        paths: dict[str, bytes] = {}
        watched = self._watch.watched(lambda: paths, self._memory)
        self._reloader = Reloader(self._watch.arguments, self._watch.config, watched.reconfigure)
        await watched.look_at_folders()
        loaded = await load(self._watch.arguments.inputs, self._watch.prober, narrator)
        paths.update(loaded.paths)
        torrents = [torrent for torrent in loaded.torrents if self._watch.filter.may_match(torrent)]
        watched.add_torrents(torrents)
        if torrents:
            if told := about_nobody(self._watch.config, loaded.torrents):
                narrator.say(told)
            return watched
        why = (
            f"nothing matches the filter (of {len(loaded.torrents):,} loaded)" if loaded.torrents else "no usable input"
        )
        if self._watch.folders:
            folders = self._watch.shown_folders
            narrator.say(f"{why} yet; waiting for torrents in {folders}")
            return watched
        narrator.say(why)
        return None

    async def reload(self) -> Event | None:
        """Read the config again."""
        return None if self._reloader is None else await self._reloader.reload()

    async def close(self) -> None:
        """Close the sockets."""
        await self._watch.prober.close()


class LongRun:
    """One run, from loading to the last line."""

    def __init__(
        self,
        source: Source,
        narrator: Narrator,
        ending: Ending,
        teller: Callable[[Watched, Callable[[str], bool]], Teller],
        *,
        hangup_ends: bool = False,
    ) -> None:
        """Make a run.

        Args:
            source: Of what is watched.
            narrator: For stderr.
            ending: Who is told that it is to end.
            teller: Makes the face, of what is watched and of what takes a line (False: it is lost).
            hangup_ends: SIGHUP ends the run; else it reads the settings again.
        """
        self._source = source
        self._narrator = narrator
        self._ending = ending
        self._make_teller = teller
        self._hangup_ends = hangup_ends
        self._reload_wished = asyncio.Event()

    async def to_its_end(self, descriptor: int) -> int:
        """Everything.

        Args:
            descriptor: Of stdout.

        Returns:
            The exit code.
        """
        loop = asyncio.get_running_loop()
        wished = asyncio.create_task(self._ending.wished.wait(), name="end")
        hangup = partial(self._ending.wish, ExitCode.OK) if self._hangup_ends else self._reload_wished.set
        with _signals(loop, self._ending.wish, hangup, self._ending.wished.is_set):
            loading = asyncio.create_task(self._source.open(self._narrator), name="loading")
            try:
                await asyncio.wait((loading, wished), return_when=asyncio.FIRST_COMPLETED)
                if not loading.done():
                    return self._ending.code
                watched = loading.result()
                if watched is None:
                    return ExitCode.UNKNOWN
                await self._watch_and_tell(watched, descriptor, wished)
            finally:
                wished.cancel()
                loading.cancel()
                await self._source.close()
        return self._ending.code

    async def _watch_and_tell(self, watched: Watched, descriptor: int, wished: asyncio.Task[bool]) -> None:
        loop = asyncio.get_running_loop()
        lines = LineWriter(descriptor, partial(_tell_loop, loop, self._no_more_output))
        teller = self._make_teller(watched, lines.write)
        asking = asyncio.create_task(watched.run(), name="engine")
        try:
            with when_reader_leaves(loop, descriptor, partial(self._no_more_output, None)):
                await self._until_wished(watched, teller, asking, wished)
        finally:
            if not self._ending.wished.is_set():
                # The engine ended by itself, which is a bug of ours: the exception tells.
                self._ending.wish(ExitCode.UNKNOWN)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ENGINE_STOPS_WITHIN_S):
                    await watched.stop()
            await asyncio.wait((asking,), timeout=min(0.5, self._ending.remaining_s))
            asking.cancel()
            teller.tell_last()
            await asyncio.to_thread(lines.close, self._ending.remaining_s)
        if asking.done() and not asking.cancelled():
            asking.result()

    async def _until_wished(
        self, watched: Watched, teller: Teller, asking: asyncio.Task[None], wished: asyncio.Task[bool]
    ) -> None:
        reloading: asyncio.Task[None] | None = None

        async def reload() -> None:
            event = await self._source.reload()
            if event is not None:
                self._narrator.say(event.message)
                teller.tell(event)

        said = ""
        look_at = time.monotonic() + LOOK_AROUND_EVERY_S
        done: set[asyncio.Task[bool] | asyncio.Task[None]] = set()
        while not done:
            done, _ = await asyncio.wait((wished, asking), timeout=PULL_EVERY_S, return_when=asyncio.FIRST_COMPLETED)
            teller.tell_new()
            if self._reload_wished.is_set() and (reloading is None or reloading.done()):
                self._reload_wished.clear()
                reloading = asyncio.create_task(reload(), name="reload")
            if time.monotonic() >= look_at:
                look_at = time.monotonic() + LOOK_AROUND_EVERY_S
                refused = refusals(watched.snapshot())
                if refused and refused != said:
                    said = refused
                    self._narrator.say(refused)
        if reloading is not None:
            reloading.cancel()

    def _no_more_output(self, error: OSError | None) -> None:
        """Nothing can be told any more, so there is nothing to go on for."""
        if self._ending.wished.is_set():
            return
        if error is None:
            self._ending.wish(ExitCode.OK)
            return
        self._narrator.say(f"stdout: {error.strerror or error}")
        self._ending.wish(ExitCode.UNKNOWN)


def _tell_loop(
    loop: asyncio.AbstractEventLoop, callback: Callable[[OSError | None], None], error: OSError | None
) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed: it is over anyway
        loop.call_soon_threadsafe(callback, error)


@contextlib.contextmanager
def _signals(
    loop: asyncio.AbstractEventLoop,
    end: Callable[[int], None],
    hangup: Callable[[], None],
    is_ending: Callable[[], bool],
) -> Iterator[None]:
    """SIGTERM and Ctrl-C end the orderly way (a second Ctrl-C at once); what SIGHUP does is the face's."""

    def interrupt() -> None:
        loop.remove_signal_handler(signal.SIGINT)
        end(ExitCode.INTERRUPTED)

    handlers: dict[str, Callable[[], object]] = {
        "SIGTERM": partial(end, ExitCode.OK),
        "SIGINT": interrupt,
        "SIGHUP": hangup,
    }
    added = []
    for name, handler in handlers.items():
        with contextlib.suppress(AttributeError, NotImplementedError, ValueError):
            loop.add_signal_handler(getattr(signal, name), handler)
            added.append(name)
    try:
        yield
    finally:
        for name in added:
            loop.remove_signal_handler(getattr(signal, name))
            if is_ending() and name != "SIGINT":
                # The last records are being written: whoever asks once more for the end changes nothing.
                signal.signal(getattr(signal, name), signal.SIG_IGN)
