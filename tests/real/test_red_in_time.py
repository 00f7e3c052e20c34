"""A real tracker stops, and waits take no time: red within what the documentation promises, with the right effect.

Sockets are real; where none has anything to say for a moment, the loop's clock jumps to the next thing that is due.
"""

from __future__ import annotations

import asyncio
import selectors
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.engine.driven import DrivenClock
from tests.real.lab.trackers import Opentracker
from trackerwatch.engine.engine import Engine
from trackerwatch.engine.settings import EngineSettings
from trackerwatch.health import Health
from trackerwatch.metainfo import Placement, Torrent
from trackerwatch.outcome import FailureKind
from trackerwatch.probe.prober import SocketProber
from trackerwatch.tracker import parse_tracker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trackerwatch.engine.views import TrackerView

HASHES = [bytes([n]) * 20 for n in range(1, 11)]
QUIET_S = 0.1
"""Real seconds without a word while something is asked: loopback answers in far less."""
RED_UDP_S, RED_HTTP_S = 4 * 60, 17 * 60


class _HurryingSelector(selectors.DefaultSelector):
    """Listens to real sockets, and takes what would be waited for as passed when they have nothing to say."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.asking: Callable[[], bool] = lambda: True

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        quiet_s = QUIET_S if self.asking() else 0.001
        wait_s = quiet_s if timeout is None else min(timeout, quiet_s)
        ready = super().select(wait_s)
        if not ready and timeout is not None:
            self.now += timeout
        return ready


class HurryingLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.hurry = _HurryingSelector()
        super().__init__(self.hurry)

    def time(self) -> float:
        return self.hurry.now


@pytest.fixture
def trackers(needs) -> Iterator[list[Opentracker]]:
    needs("opentracker", "timeout")
    with ExitStack() as stack:
        pair = []
        for _ in range(2):
            tracker = Opentracker(HASHES)
            stack.callback(tracker.stop, hard=True)
            pair.append(tracker)
        yield pair


def killed(tracker: Opentracker) -> None:
    tracker.stop(hard=True)


@pytest.mark.parametrize(
    ("way", "how", "promised_s", "kind"),
    [
        ("udp_url", killed, RED_UDP_S, FailureKind.REFUSED),
        ("udp_url", Opentracker.fall_silent, RED_UDP_S, FailureKind.TIMEOUT),
        ("http_url", killed, RED_HTTP_S, FailureKind.REFUSED),
        ("http_url", Opentracker.fall_silent, RED_HTTP_S, FailureKind.TIMEOUT),
    ],
    ids=["udp killed", "udp silent", "http killed", "http silent"],
)
def test_red_in_time(trackers, way, how, promised_s, kind):
    dying, living = (parse_tracker(getattr(tracker, way)) for tracker in trackers)

    def torrent(n: int, *tiers: list) -> Torrent:
        placements = tuple(
            Placement(tracker, tier, position) for tier, row in enumerate(tiers) for position, tracker in enumerate(row)
        )
        return Torrent(f"torrent {n}", HASHES[n], None, False, 1, placements)

    async def main() -> tuple[float, TrackerView]:
        prober = SocketProber(allow_private=True)
        engine = Engine(prober, EngineSettings(), vantage="test", clock=DrivenClock())
        engine.add_torrents(
            [
                *(torrent(n, [dying], [living]) for n in range(5)),  # fail over
                *(torrent(n, [dying]) for n in range(5, 7)),  # are left with nothing
                *(torrent(n, [living], [dying]) for n in range(7, 10)),  # do not care
            ]
        )
        running = asyncio.ensure_future(engine.run())
        loop = asyncio.get_running_loop()
        assert isinstance(loop, HurryingLoop)
        loop.hurry.asking = lambda: engine.snapshot().rounds_under_way > 0
        try:
            await asyncio.sleep(400)
            assert {view.state for view in engine.snapshot().trackers} <= {Health.UP, Health.DEGRADED}
            how(trackers[0])
            died_at = loop.time()
            for _ in range(2 * promised_s):
                await asyncio.sleep(1)
                if engine.snapshot().trackers[0].state is Health.DOWN:
                    break
            return loop.time() - died_at, engine.snapshot().trackers[0]
        finally:
            await engine.stop()
            await running
            await prober.close()

    with asyncio.Runner(loop_factory=HurryingLoop) as runner:
        red_after_s, view = runner.run(main())
    assert view.state is Health.DOWN
    assert red_after_s <= promised_s
    assert view.failure is not None
    assert view.failure.kind is kind
    effect = view.effect
    assert (effect.unaffected, effect.failed_over, effect.exhausted, effect.unknown) == (3, 5, 2, 0)
