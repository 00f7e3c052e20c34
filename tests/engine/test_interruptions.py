"""Suspends, pauses and clocks that are set: gaps, and never failures."""

import asyncio

import pytest

from tests.engine.driven import (
    BEGIN,
    TIMEOUT,
    DrivenClock,
    Script,
    ScriptedProber,
    Watched,
    drive,
    make_engine,
    sleep_through,
    torrent,
)
from tests.engine.keeping import MemoryKeeper
from trackerwatch.engine.records import GapKind
from trackerwatch.engine.views import EventKind
from trackerwatch.health import Health

HOUR = 3600.0
DAY = 86400.0
UDP = [f"udp://t{n}.test:80" for n in range(6)]


class Scene:
    def __init__(self) -> None:
        self.prober = ScriptedProber()
        self.scripts = [self.prober.script(url, Script(addresses=(f"192.0.2.{n + 1}",))) for n, url in enumerate(UDP)]
        self.clock, self.keeper = DrivenClock(), MemoryKeeper()
        self.engine = make_engine(self.prober, clock=self.clock, keeper=self.keeper)
        self.engine.add_torrents([torrent(n, [UDP[n]], [UDP[n - 1]]) for n in range(6)])
        self.watched = Watched(self.engine)

    @property
    def trackers(self):
        return self.engine.snapshot().trackers

    @property
    def kinds(self):
        return [event.kind for event in self.engine.snapshot().events]

    def bad_samples(self):
        return [s for s in self.keeper.samples() if s.counted and not s.answered]


def test_a_suspended_machine():
    """Eight hours: the monotonic clock stands still, as on Linux and macOS; networks come back after twenty seconds."""

    async def main():
        scene = Scene()
        await scene.watched.until(3000)
        before = scene.trackers
        scene.clock.offset_s += 8 * HOUR
        for script in scene.scripts:
            script.dead["*"] = TIMEOUT
        await scene.watched.until(3020)
        for script in scene.scripts:
            script.dead.clear()
        await scene.watched.until(3900)
        assert [view.state for view in scene.trackers] == [Health.UP] * 6
        assert [view.since for view in scene.trackers] == [view.since for view in before]
        assert scene.kinds == [EventKind.STARTED, EventKind.GAP]
        assert scene.bad_samples() == []
        gap = scene.keeper.gaps()[0]
        assert gap.kind is GapKind.SUSPENDED
        assert gap.end - gap.begin == pytest.approx(8 * HOUR, abs=20)
        figure = scene.trackers[0].uptimes[1]
        assert figure.successes == figure.counted
        assert figure.covered_s < 3900, "eight hours that nobody saw are not covered"
        await scene.watched.end()

    drive(main)


def test_a_program_that_was_stopped():
    """SIGSTOP, or a machine whose monotonic clock runs on: everything is due at once, and is not asked at once."""

    async def main():
        scene = Scene()
        await scene.watched.until(3000)
        sleep_through(8 * HOUR)
        begun = asyncio.get_running_loop().time()
        await scene.watched.until(begun + 60)
        asked = sorted(sent.at for sent in scene.prober.of("scrape") if sent.at >= begun)
        assert len(asked) == 6
        assert asked[-1] - asked[0] > 3, "spread"
        assert scene.engine.snapshot().lateness_s < 1
        assert scene.kinds == [EventKind.STARTED, EventKind.GAP]
        assert [view.state for view in scene.trackers] == [Health.UP] * 6
        assert scene.bad_samples() == []
        await scene.watched.end()

    drive(main)


def test_rounds_under_way_when_the_machine_falls_asleep():
    async def main():
        scene = Scene()
        await scene.watched.until(3000)
        for script in scene.scripts:
            script.dead["*"], script.latency_s = TIMEOUT, 9.0
        await scene.watched.until(min(view.next_probe_at.timestamp() for view in scene.trackers) - BEGIN + 1)
        assert scene.engine.snapshot().rounds_under_way
        scene.clock.offset_s += 8 * HOUR
        await asyncio.sleep(12)
        for script in scene.scripts:
            script.dead.clear()
            script.latency_s = 0.05
        await asyncio.sleep(900)
        assert scene.bad_samples() == []
        assert [view.state for view in scene.trackers] == [Health.UP] * 6
        await scene.watched.end()

    drive(main)


@pytest.mark.parametrize("step_s", [-HOUR, DAY, -400 * DAY, 45.0], ids=["back an hour", "a day ahead", "back", "NTP"])
def test_a_clock_that_is_set(step_s):
    async def main():
        scene = Scene()
        await scene.watched.until(3000)
        ages = [scene.clock.wall() - view.since.timestamp() for view in scene.trackers]
        scene.clock.offset_s += step_s
        await scene.watched.until(3100)
        assert scene.kinds == [EventKind.STARTED, EventKind.GAP]
        asked = len(scene.prober.sent)
        await scene.watched.until(6900)
        assert len(scene.prober.sent) - asked == pytest.approx(asked / 3000 * 3800, rel=0.25), "the schedule goes on"
        assert [view.state for view in scene.trackers] == [Health.UP] * 6
        assert scene.bad_samples() == []
        now = scene.clock.wall()
        for view, age_s in zip(scene.trackers, ages, strict=True):
            true_s = age_s + 3900 + max(0.0, step_s)
            assert now - view.since.timestamp() == pytest.approx(true_s, abs=30)
            assert view.last_probe_at.timestamp() <= now
            assert view.next_probe_at.timestamp() == pytest.approx(now, abs=1000)
        await scene.watched.end()

    drive(main)


def test_daylight_saving_is_no_step(monkeypatch):
    """Unix time knows no daylight saving; uptime and gaps are told in it."""
    monkeypatch.setenv("TZ", "Europe/Berlin")

    async def main():
        scene = Scene()
        scene.clock.offset_s = 1_729_990_800.0 - 1_700_000_000.0  # 27 October 2024, 01:00 UTC: clocks go back there
        await scene.watched.until(100)
        await scene.watched.until(2 * HOUR)
        assert scene.kinds == [EventKind.STARTED]
        assert scene.bad_samples() == []
        await scene.watched.end()

    drive(main)


def test_a_tracker_that_dies_while_the_machine_sleeps_is_down_afterwards():
    async def main():
        scene = Scene()
        await scene.watched.until(3000)
        scene.clock.offset_s += 8 * HOUR
        scene.scripts[0].dead["*"] = TIMEOUT
        await scene.watched.until(3600)
        assert [view.state for view in scene.trackers] == [Health.DOWN] + [Health.UP] * 5
        await scene.watched.end()

    drive(main)
