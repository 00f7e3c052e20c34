"""A real tracker is killed and started again while the engine watches it: RETRY, down, failover, recovery."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.real.lab.trackers import Opentracker
from trackerwatch.engine.engine import Engine
from trackerwatch.engine.settings import EngineSettings
from trackerwatch.engine.views import EventKind
from trackerwatch.failover import FailoverState
from trackerwatch.health import Health
from trackerwatch.metainfo import Placement, Torrent
from trackerwatch.outcome import FailureKind
from trackerwatch.probe.prober import SocketProber
from trackerwatch.tracker import parse_tracker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trackerwatch.engine.views import Snapshot

HASHES = [bytes([n]) * 20 for n in range(1, 31)]
PATIENCE_S = 30


@pytest.fixture
def trackers(needs) -> Iterator[tuple[Opentracker, Opentracker]]:
    needs("opentracker", "timeout")
    with ExitStack() as stack:
        pair = []
        for _ in range(2):
            tracker = Opentracker(HASHES)
            stack.callback(tracker.stop)
            pair.append(tracker)
        yield pair[0], pair[1]


@pytest.mark.parametrize("way", ["udp_url", "http_url"])
async def test_a_tracker_that_is_killed_and_comes_back(trackers, way):
    first, second = trackers
    placements = tuple(
        Placement(parse_tracker(getattr(tracker, way)), tier, 0) for tier, tracker in enumerate((first, second))
    )
    prober = SocketProber(allow_private=True)
    engine = Engine(prober, EngineSettings(interval_s=1.0, timeout_s=2.0), vantage="test")
    engine.add_torrents(Torrent(h.hex(), h, None, False, 1, placements) for h in HASHES)
    running = asyncio.create_task(engine.run())
    feed, pending = engine.feed(), set()

    async def until(happened: Callable[[Snapshot], bool]) -> Snapshot:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                update = feed.pull()
                if update is not None:
                    pending.add(update.snapshot.trackers[0].pending)
                    if happened(update.snapshot):
                        return update.snapshot
                await asyncio.sleep(0.02)

    def all_in(state: FailoverState) -> Callable[[Snapshot], bool]:
        return lambda snapshot: snapshot.totals.torrents_by_failover[state] == len(HASHES)

    try:
        await until(all_in(FailoverState.PRIMARY))
        first.stop(hard=True)
        dead = await until(all_in(FailoverState.FAILED_OVER))
        assert dead.trackers[0].state is Health.DOWN
        assert dead.trackers[0].failure is not None
        assert dead.trackers[0].failure.kind is FailureKind.REFUSED
        assert dead.trackers[0].effect.failed_over == len(HASHES)
        assert pending >= {0, 1, 2}, "in doubt before it is down"
        first.start()
        alive = await until(all_in(FailoverState.PRIMARY))
        assert alive.trackers[0].state in (Health.UP, Health.DEGRADED)
        told = [
            (event.kind, event.tracker is not None) for event in alive.events if event.kind is not EventKind.STARTED
        ]
        assert (EventKind.FAILED_OVER, False) in told, "thirty at once are one event"
        assert (EventKind.RECOVERED, True) in told
    finally:
        await engine.stop()
        await running
        await prober.close()
    assert first.counts() == {}, "nothing of ours stays registered"
    assert second.counts() == {}
