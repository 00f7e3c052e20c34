"""Start the demo: its trackers alone (`run_headless`) or under the live screen (`run_tui`)."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import queue
import signal
import socket
import sys
import threading
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from trackerwatch.demo.plan import (
    BASE_PORT,
    CYCLE_S,
    TRACKERS,
    PlannedTracker,
    State,
    counts_at,
    delay_at,
    state_at,
)
from trackerwatch.demo.samples import unregistered_hashes
from trackerwatch.demo.trackers import Conduct, HttpTracker, LoopbackTracker, UdpTracker
from trackerwatch.errors import TrackerwatchError
from trackerwatch.tracker import Protocol, parse_tracker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from trackerwatch.engine.views import Snapshot
    from trackerwatch.tui.preferences import Preferences

TICK_S = 0.1
"""How often the plan is followed: an outage begins so much late at most."""

EXIT_UNKNOWN = 3
EXIT_INTERRUPTED = 130


class CannotListenError(TrackerwatchError):
    """A port of the demo cannot be had. The message says which, and what to do."""


@dataclass(frozen=True, slots=True)
class Demo:
    """The running demo."""

    trackers: tuple[tuple[PlannedTracker, LoopbackTracker], ...]
    """Each planned tracker that this machine can run, with the one that does it."""
    ipv6: bool
    """Whether this machine can run the trackers on IPv6."""

    def notes(self, *, own_screen: bool) -> tuple[str, ...]:
        """What is different on this machine, one line each.

        Args:
            own_screen: Whether the demo's own screen asks, which knows both addresses of `localhost` by itself.
        """
        if not self.ipv6:
            return (
                "no IPv6 on this machine: the two IPv6 trackers do not run, and what lists only them has no counts",
            )
        if not own_screen and socket.AF_INET6 not in localhost_families():
            return ("localhost has no IPv6 address on this machine, so the half-broken tracker looks whole",)
        return ()


@contextlib.asynccontextmanager
async def serve(
    *,
    base_port: int = BASE_PORT,
    clock: Callable[[], float] = time.monotonic,
    on_change: Callable[[float, PlannedTracker, State], None] | None = None,
) -> AsyncIterator[Demo]:
    """Run every tracker of the plan until the block is left; then nothing listens any more.

    Args:
        base_port: First of the ten ports; 0 takes free ones.
        clock: Monotonic seconds.
        on_change: Called with the elapsed seconds when a tracker's state changes.

    Raises:
        CannotListenError: A port is taken.
    """
    begun = clock()
    ipv6 = has_ipv6_loopback()
    planned = tuple(tracker for tracker in TRACKERS if ipv6 or not tracker.is_ipv6)

    def elapsed_s() -> float:
        return clock() - begun

    async with contextlib.AsyncExitStack() as stack:
        running = []
        for plan in planned:
            tracker = _tracker(plan, elapsed_s, base_port)
            try:
                await stack.enter_async_context(tracker)
            except OSError as error:
                raise CannotListenError(_why_not(error, tracker)) from None
            running.append((plan, tracker))
        follower = asyncio.create_task(_follow(running, elapsed_s, on_change))
        try:
            yield Demo(tuple(running), ipv6)
        finally:
            follower.cancel()
            await asyncio.gather(follower, return_exceptions=True)


def run_headless(*, base_port: int = BASE_PORT) -> int:
    """Run the trackers until SIGTERM (0) or Ctrl-C (130); their URLs go to stdout, one a line with what each does."""
    try:
        return asyncio.run(_headless(base_port))
    except CannotListenError as error:
        sys.stderr.write(f"trackerwatch demo: {error}\n")
        return EXIT_UNKNOWN
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


def run_tui(
    *,
    base_port: int = BASE_PORT,
    preferences: Preferences | None = None,
    afterwards: Callable[[Snapshot], None] | None = None,
) -> int:
    """Run the trackers in a thread of their own and the live screen on them.

    Args:
        base_port: The first port of the demo's trackers.
        preferences: How the user wants the screen. None: as usual.
        afterwards: Is given what was seen last, when the screen is gone.

    Returns:
        The exit code.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        _say("trackerwatch demo: the live screen needs a terminal; `trackerwatch demo --headless` works without one")
        return EXIT_UNKNOWN
    # Before the plan's clock starts, so that the first seconds of it are seen.
    from trackerwatch.demo.screen import show  # noqa: PLC0415 - httpx only when a screen is wanted

    try:
        with serve_in_thread(base_port=base_port) as demo:
            for note in demo.notes(own_screen=True):
                sys.stderr.write(f"trackerwatch demo: {note}\n")
            return show(base_port, preferences, afterwards)
    except CannotListenError as error:
        sys.stderr.write(f"trackerwatch demo: {error}\n")
        return EXIT_UNKNOWN


@contextlib.contextmanager
def serve_in_thread(*, base_port: int = BASE_PORT) -> Iterator[Demo]:
    """As `serve`, on an event loop in a thread, so that a busy screen makes no tracker late.

    Raises:
        CannotListenError: A port is taken.
    """
    started: queue.Queue[tuple[asyncio.AbstractEventLoop, asyncio.Event, Demo] | CannotListenError] = queue.Queue()

    async def live() -> None:
        over = asyncio.Event()
        try:
            async with serve(base_port=base_port) as demo:
                started.put((asyncio.get_running_loop(), over, demo))
                await over.wait()
        except CannotListenError as error:
            started.put(error)

    thread = threading.Thread(target=lambda: asyncio.run(live()), name="demo trackers", daemon=True)
    thread.start()
    outcome = started.get()
    if isinstance(outcome, CannotListenError):
        thread.join()
        raise outcome
    loop, over, demo = outcome
    try:
        yield demo
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(timeout=5)


def has_ipv6_loopback() -> bool:
    """Whether ::1 is there to listen on."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def localhost_families() -> frozenset[socket.AddressFamily]:
    """The families that the name `localhost` has on this machine."""
    try:
        found = socket.getaddrinfo("localhost", None, type=socket.SOCK_STREAM)
    except OSError:
        return frozenset()
    return frozenset(entry[0] for entry in found)


def _tracker(plan: PlannedTracker, elapsed_s: Callable[[], float], base_port: int) -> LoopbackTracker:
    unknown = unregistered_hashes(plan.key)
    conduct = Conduct(
        state=lambda: state_at(plan, elapsed_s()),
        delay_s=lambda: delay_at(plan, elapsed_s()),
        counts=lambda info_hash: counts_at(info_hash, elapsed_s()),
        registered=lambda info_hash: info_hash not in unknown,
        passkey=plan.passkey,
    )
    kind = UdpTracker if plan.protocol is Protocol.UDP else HttpTracker
    port = base_port + plan.port_offset if base_port else 0
    return kind(conduct, host=plan.address, port=port, url_host=plan.host)


async def _follow(
    running: list[tuple[PlannedTracker, LoopbackTracker]],
    elapsed_s: Callable[[], float],
    on_change: Callable[[float, PlannedTracker, State], None] | None,
) -> None:
    states = {plan.key: state_at(plan, 0.0) for plan, _ in running}
    while True:
        await asyncio.sleep(TICK_S)
        for plan, tracker in running:
            now_s = elapsed_s()
            state = state_at(plan, now_s)
            await tracker.follow()
            if state is not states[plan.key]:
                states[plan.key] = state
                if on_change is not None:
                    on_change(now_s, plan, state)


def _why_not(error: OSError, tracker: LoopbackTracker) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {tracker.port} on {tracker.host} is taken, by another demo perhaps; stop it and try again"
    reason = os.strerror(error.errno) if error.errno else "the system refuses"
    return f"port {tracker.port} on {tracker.host} cannot be opened: {reason}"


async def _headless(base_port: int) -> int:
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[int] = loop.create_future()

    def end(code: int) -> None:
        if not ended.done():
            ended.set_result(code)

    loop.add_signal_handler(signal.SIGTERM, partial(end, 0))
    loop.add_signal_handler(signal.SIGINT, partial(end, EXIT_INTERRUPTED))
    async with serve(base_port=base_port, on_change=_tell_change) as demo:
        _introduce(demo)
        return await ended


def _introduce(demo: Demo) -> None:
    _say(
        f"{len(demo.trackers)} trackers on this machine alone, with invented swarms; what they do repeats every {CYCLE_S:.0f} s.\n"
    )
    shown = [(parse_tracker(tracker.url).shown_url, plan.story) for plan, tracker in demo.trackers]
    width = max(len(url) for url, _ in shown)
    _print("".join(f"{url:{width}}  {story}\n" for url, story in shown))
    for note in demo.notes(own_screen=False):
        _say(f"\nnote: {note}")
    _say(
        "\nTry in another terminal:\n"
        "  trackerwatch report sample_torrents --allow-private\n"
        "  trackerwatch sample_torrents sample_torrents/magnets.txt --allow-private --interval 3\n"
        "  trackerwatch check udp://127.0.0.1:41692/announce --allow-private\n"
        "No folder sample_torrents? `python -m trackerwatch.demo.samples sample_torrents` makes it. Ctrl-C ends the demo.\n"
    )


def _tell_change(elapsed_s: float, plan: PlannedTracker, state: State) -> None:
    what = "is dead now: its port refuses" if state is State.DEAD else "is back"
    _say(f"{elapsed_s:5.0f} s  {parse_tracker(plan.url()).host_port} {what}")


def _say(text: str) -> None:
    with contextlib.suppress(OSError):  # Nobody listens to the narration any more: the trackers go on.
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


def _print(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        # As in `demo --headless | head -1`. The interpreter flushes again when it ends: let that go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
