"""Runs the live screen on an engine: asking, loading and drawing in one loop, and an orderly end."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import sys
import threading
from collections.abc import AsyncIterable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from trackerwatch.outside_text import clean
from trackerwatch.tui.app import TrackerwatchApp
from trackerwatch.tui.preferences import DEFAULT, Preferences

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence

    from trackerwatch.engine.commands import Command
    from trackerwatch.engine.views import Trial
    from trackerwatch.history import History
    from trackerwatch.metainfo import Torrent
    from trackerwatch.tui.model.picture import FeedLike

STOP_WITHIN_S = 5.0
"""The engine has so long to end; then the program ends without it."""

GONE_WITHIN_S = 12.0
"""After a signal that ends the program; longer than everything orderly takes."""

GONE_BY_FORCE = 137
"""Exit code of a program that had to be ended so."""

INTERNAL_ERROR = 3
"""Exit code when the screen itself failed."""

TURN_S = 0.0005
"""While files are read in another thread, it gives way after so long."""

ADD_AT_ONCE = 100
"""Torrents that are taken in before keys get their turn."""

KEYS_S = 0.01
"""The turn that keys get then."""

LASTING_TORRENTS = 1000
"""After so many more of them memory is put aside."""

LASTING_AFTER_S = 20.0
"""Once more then: the first answers have come."""

T = TypeVar("T")


class EngineLike(Protocol):
    """What the screen needs of `engine.Engine`."""

    def add_torrents(self, torrents: Iterable[Torrent]) -> None:
        """Watch these too."""
        ...

    async def run(self) -> None:
        """Ask until stopped."""
        ...

    async def stop(self) -> None:
        """End soon, whatever hangs."""
        ...

    def feed(self) -> FeedLike:
        """A feed of our own."""
        ...

    def do(self, command: Command) -> str:
        """Carry out what a user asks for."""
        ...

    async def try_out(self, url: str) -> Trial:
        """Ask a tracker once that is not watched (yet); a URL that is none is an answer, too."""
        ...


class ProgressLike(Protocol):
    """How far loading is: `inputs.Progress`."""

    @property
    def done(self) -> int:
        """Inputs judged."""
        ...

    @property
    def total(self) -> int | None:
        """None: not known yet."""
        ...

    @property
    def skipped(self) -> int:
        """Inputs that could not be used."""
        ...


class BatchLike(Protocol):
    """A slice of loading: `inputs.Batch`."""

    @property
    def torrents(self) -> Sequence[Torrent]:
        """What came in."""
        ...

    @property
    def progress(self) -> ProgressLike:
        """How far it is."""
        ...


def run(
    engine: EngineLike,
    batches: AsyncIterable[BatchLike] | Iterable[BatchLike] | None = None,
    history: History | None = None,
    preferences: Preferences = DEFAULT,
) -> int:
    """Show an engine until the user quits or the terminal is closed.

    Args:
        engine: Not running yet; torrents it already has are shown at once.
        batches: Torrents still to load, in small slices; a plain iterable is read in a thread. None: there are none.
        history: Whom the panes ask about the past. None: nobody keeps it, and they show what this run knows.
        preferences: How the user wants the screen.

    Returns:
        The exit code: 0, or 3 where the screen itself failed (the reason is on stderr).
    """
    with _last_resort() as ended, _lasting_memory():
        return asyncio.run(_run(engine, batches, history, preferences, ended))


async def _run(
    engine: EngineLike,
    batches: AsyncIterable[BatchLike] | Iterable[BatchLike] | None,
    history: History | None,
    preferences: Preferences,
    on_end: Callable[[], None],
) -> int:
    app = TrackerwatchApp(engine.feed(), do=engine.do, try_out=engine.try_out, history=history, preferences=preferences)
    asking = asyncio.create_task(watch_over(engine, app), name="engine")
    aside = asyncio.get_running_loop().call_later(LASTING_AFTER_S, gc.freeze)
    loading = None if batches is None else asyncio.create_task(load(engine, batches, app), name="loading")
    with _ending_on_signals(app, on_end):
        await app.run_async(mouse=preferences.mouse)
    aside.cancel()
    # Asking goes on until here, so that nothing of ours stays registered at a tracker.
    if loading is not None:
        loading.cancel()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(STOP_WITHIN_S):
            await engine.stop()
    asking.cancel()
    await asyncio.wait([task for task in (asking, loading) if task is not None], timeout=STOP_WITHIN_S)
    if app.failure is not None:
        detail = clean(str(app.failure), limit_chars=200)
        print(f"trackerwatch: the screen failed: {type(app.failure).__name__}: {detail}", file=sys.stderr)  # noqa: T201 - stderr is where narration goes
        return INTERNAL_ERROR
    return 0


async def watch_over(engine: EngineLike, app: TrackerwatchApp) -> None:
    """Run the engine; should it end by itself, the screen says so instead of showing old data as new."""
    # Where tasks start eagerly, the first picture goes before the first question.
    await asyncio.sleep(0)
    try:
        await engine.run()
    except Exception as error:  # noqa: BLE001 - the boundary of the engine: a bug there must not take the screen away
        app.picture.broken = f"asking has stopped: internal error ({type(error).__name__}); what you see is old"
        app.redraw()


async def load(
    engine: EngineLike, batches: AsyncIterable[BatchLike] | Iterable[BatchLike], app: TrackerwatchApp
) -> None:
    """Hand torrents to the engine as they come, and say how far loading is."""
    skipped = loaded = 0
    app.picture.loading = "loading"
    usual_s = sys.getswitchinterval()
    # The thread that reads files would keep every key waiting for several of its turns.
    sys.setswitchinterval(TURN_S)
    try:
        async for batch in _off_loop(batches):
            for start in range(0, len(batch.torrents), ADD_AT_ONCE):
                engine.add_torrents(batch.torrents[start : start + ADD_AT_ONCE])
                # A key takes several trips through the loop until it shows.
                await asyncio.sleep(KEYS_S)
            loaded += len(batch.torrents)
            if loaded >= LASTING_TORRENTS:
                gc.freeze()
                loaded = 0
            progress = batch.progress
            skipped = progress.skipped
            total = f" of {progress.total:,}" if progress.total is not None else ""
            app.picture.loading = f"loading {progress.done:,}{total}"
            app.redraw()
            await asyncio.sleep(0)
    except Exception as error:  # noqa: BLE001 - the boundary of the inputs: what is loaded stays on the screen
        app.tell(f"loading stopped: internal error ({type(error).__name__})")
    finally:
        sys.setswitchinterval(usual_s)
        gc.freeze()
        app.picture.loading = ""
    if skipped:
        app.tell(f"{skipped:,} input{'s' if skipped > 1 else ''} could not be used; the reasons follow when you quit")
    app.redraw()


async def _off_loop(batches: AsyncIterable[BatchLike] | Iterable[BatchLike]) -> AsyncIterator[BatchLike]:
    if isinstance(batches, AsyncIterable):
        async for batch in batches:
            yield batch
        return
    iterator = iter(batches)
    while (one := await _in_thread(lambda: next(iterator, None))) is not None:
        yield one


async def _in_thread(work: Callable[[], T]) -> T:
    """What a call comes to, in a thread that does not outlive the program: a network drive that hangs must not keep it."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: Exception | None) -> None:
        if answer.cancelled():
            return
        if error is not None:
            answer.set_exception(error)
        else:
            answer.set_result(result)  # type: ignore[arg-type]  # None where T allows it

    def run_it() -> None:
        result: T | None = None
        error: Exception | None = None
        try:
            result = work()
        except Exception as found:  # noqa: BLE001 - it surfaces where it is awaited
            error = found
        # The loop is closed where the program ended meanwhile.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=run_it, name="load", daemon=True).start()
    return await answer


@contextlib.contextmanager
def _lasting_memory() -> Iterator[None]:
    """Put aside what is here already, and take all back that was put aside meanwhile.

    A full collection of garbage looks at every object there is. With 10,000 torrents that takes 0.1 s in which no key is
    answered; they last as long as the program, so that they need not be looked at.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@contextlib.contextmanager
def _last_resort() -> Iterator[Callable[[], None]]:
    """Gives what to call when the end has been ordered: the process is gone some time later, whatever hangs."""
    timers: list[threading.Timer] = []

    def begin() -> None:
        if not timers:
            # `os._exit` is all that helps where a thread or the loop itself hangs.
            timer = threading.Timer(GONE_WITHIN_S, os._exit, (GONE_BY_FORCE,))
            timer.daemon = True
            timers.append(timer)
            timer.start()

    try:
        yield begin
    finally:
        for timer in timers:
            timer.cancel()


@contextlib.contextmanager
def _ending_on_signals(app: TrackerwatchApp, on_end: Callable[[], None]) -> Iterator[None]:
    """A closed terminal or a polite kill ends the program the orderly way."""
    loop = asyncio.get_running_loop()

    def end(number: int, frame: object) -> None:
        del number, frame
        on_end()
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(app.exit)

    before: list[tuple[signal.Signals, Any]] = []
    for name in ("SIGHUP", "SIGTERM"):
        # Not through the loop, which may be what hangs. Outside the main thread there are no signals.
        with contextlib.suppress(AttributeError, ValueError):
            number = getattr(signal, name)
            before.append((number, signal.signal(number, end)))
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)
