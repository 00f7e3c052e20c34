"""What stands beside a state: pending, loss, flapping, mutes; and what holds for one tracker alone."""

import math

import pytest

from tests.engine.driven import BEGIN, REFUSED, TIMEOUT, Script, ScriptedProber, Watched, drive, make_engine, torrent
from tests.engine.keeping import MemoryKeeper
from trackerwatch.engine.commands import MuteTrackers, WalkAs
from trackerwatch.engine.settings import EngineSettings, TrackerSettings
from trackerwatch.engine.standing_orders import heartbeat_s
from trackerwatch.engine.views import EventKind
from trackerwatch.failover import FailoverState
from trackerwatch.health import Health
from trackerwatch.policy.rules import Verdict
from trackerwatch.tracker import parse_tracker

A, B, C = (f"udp://{name}.test:80" for name in "abc")
H = "http://h.test:80/announce"


def watching(prober, *torrents, settings=None, keeper=None):
    engine = make_engine(prober, settings, keeper=keeper)
    engine.add_torrents(torrents)
    return engine, Watched(engine)


@pytest.mark.parametrize("seed", range(20))
def test_one_datagram_in_five_lost_is_degraded_and_never_down(seed):
    """Ten minutes of it: nothing goes down, and the loss is the reason."""

    async def main():
        prober = ScriptedProber()
        script = prober.script(A, Script(addresses=("192.0.2.1",)))
        script.chance.seed(seed)
        engine, watched = watching(prober, torrent(0, [A]))
        await watched.until(2000)
        assert engine.snapshot().trackers[0].state is Health.UP
        script.loses = 0.2
        states = set()
        for second in range(2000, 2601, 10):
            await watched.until(second)
            states.add(engine.snapshot().trackers[0].state)
        assert Health.DOWN not in states
        assert not engine.snapshot().trackers[0].flapping
        view = engine.snapshot().trackers[0]
        if view.state is Health.DEGRADED:
            assert "loss" in view.reasons
        await watched.end()
        return view.state

    assert drive(main) in (Health.UP, Health.DEGRADED)


def test_one_datagram_in_five_lost_shows_sooner_or_later():
    async def main():
        prober = ScriptedProber()
        script = prober.script(A, Script(addresses=("192.0.2.1",), loses=0.2))
        engine, watched = watching(prober, torrent(0, [A]))
        script.chance.seed(3)
        await watched.until(3600)
        view = engine.snapshot().trackers[0]
        assert (view.state, view.reasons) == (Health.DEGRADED, ("loss",))
        assert "loss" in engine.snapshot().events[-1].message
        await watched.end()

    drive(main)


def test_a_udp_tracker_is_red_within_four_minutes_and_an_http_one_within_seventeen():
    async def main():
        prober = ScriptedProber()
        for n, url in enumerate((A, B, H)):
            prober.script(url, Script(addresses=(f"192.0.2.{n + 1}",)))
        torrents = [torrent(n, [A], [B]) for n in range(4)] + [
            torrent(9, [A]),
            torrent(10, [H], [A]),
            torrent(11, [B], [A]),
        ]
        engine, watched = watching(prober, *torrents)
        await watched.until(5000)
        for url in (A, H):
            prober.script(url).dead["*"] = TIMEOUT
        red: dict[str, float] = {}
        for second in range(5000, 6100):
            await watched.until(second)
            for view in engine.snapshot().trackers:
                if view.state is Health.DOWN:
                    red.setdefault(view.tracker.host, second - 5000)
        assert red["a.test"] <= 240
        assert red["h.test"] <= 17 * 60
        assert "b.test" not in red
        effect = engine.snapshot().trackers[0].effect
        assert (effect.unaffected, effect.failed_over, effect.exhausted, effect.unknown) == (1, 4, 2, 0)
        await watched.end()

    drive(main)


def test_a_tracker_that_comes_and_goes_is_flapping():
    async def main():
        prober = ScriptedProber()
        script = prober.script(A, Script(addresses=("192.0.2.1",)))
        engine, watched = watching(prober, torrent(0, [A]))
        await watched.until(3000)
        flapped = False
        for turn in range(40):
            script.dead = {"*": REFUSED} if turn % 2 else {}
            await watched.until(3000 + 130 * turn)
            flapped = flapped or engine.snapshot().trackers[0].flapping
        assert flapped
        script.dead = {}
        await watched.until(3000 + 130 * 40 + 21 * 130)
        assert not engine.snapshot().trackers[0].flapping
        await watched.end()

    drive(main)


class TestMutes:
    def test_a_muted_tracker_is_out_of_verdicts_and_in_the_truth(self):
        async def main():
            prober, keeper = ScriptedProber(), MemoryKeeper()
            for n, url in enumerate((A, B)):
                prober.script(url, Script(addresses=(f"192.0.2.{n + 1}",)))
            prober.script(A).dead["*"] = REFUSED
            engine, watched = watching(prober, torrent(0, [A], [B]), torrent(1, [A]), keeper=keeper)
            await watched.until(600)
            assert list(engine.snapshot().torrents.verdicts) == [Verdict.WARNING, Verdict.CRITICAL]
            events = len(engine.snapshot().events)
            said = engine.do(MuteTrackers((0,), BEGIN + 5000, "moves house"))
            assert said.startswith("a.test:80: muted until")
            snapshot = engine.snapshot()
            assert Verdict.CRITICAL not in snapshot.torrents.verdicts
            assert Verdict.WARNING not in snapshot.torrents.verdicts
            assert snapshot.trackers[0].state is Health.DOWN, "the truth stays"
            assert snapshot.torrents.failover_states[0] is FailoverState.FAILED_OVER
            assert snapshot.trackers[0].muted.why == "moves house"
            assert not [p for p in snapshot.tracker_problems if p.tracker == snapshot.trackers[0].tracker.id]
            assert len(snapshot.events) == events
            await watched.until(4000)
            assert [s for s in keeper.samples("a.test:80") if s.at > BEGIN + 700], "never out of history"
            await watched.until(5020)
            assert list(engine.snapshot().torrents.verdicts) == [Verdict.WARNING, Verdict.CRITICAL]
            assert engine.snapshot().trackers[0].muted is None
            await watched.end()

        drive(main)

    def test_and_back_by_hand(self):
        async def main():
            prober = ScriptedProber()
            prober.script(A).dead["*"] = REFUSED
            engine, watched = watching(prober, torrent(0, [A]))
            await watched.until(600)
            engine.do(MuteTrackers((0,), None, ""))
            assert engine.snapshot().torrents.verdicts[0] is not Verdict.CRITICAL
            assert engine.do(MuteTrackers((0,), None, "", muted=False)) == "a.test:80: heard again"
            assert engine.snapshot().torrents.verdicts[0] is Verdict.CRITICAL
            await watched.end()

        drive(main)

    def test_by_the_settings(self):
        async def main():
            prober = ScriptedProber()
            prober.script(A).dead["*"] = REFUSED
            its = TrackerSettings(muted=True, muted_until=BEGIN + 1000, mute_why="repairs")
            engine, watched = watching(prober, torrent(0, [A]), settings=EngineSettings(trackers={"a.test": its}))
            await watched.until(600)
            assert engine.snapshot().torrents.verdicts[0] is not Verdict.CRITICAL
            await watched.until(1020)
            assert engine.snapshot().torrents.verdicts[0] is Verdict.CRITICAL
            await watched.end()

        drive(main)


class TestOneTrackersOwnSettings:
    def test_own_trackers_take_any_interval(self):
        async def main():
            prober = ScriptedProber()
            for n, url in enumerate((A, B)):
                prober.script(url, Script(addresses=(f"192.0.2.{n + 1}",)))
            settings = EngineSettings(trackers={"a.test:80": TrackerSettings(own=True, interval_s=10.0)})
            engine, watched = watching(prober, torrent(0, [A], [B]), settings=settings)
            await watched.until(600)
            assert len(prober.of("scrape", "a.test:80")) > 50
            assert len(prober.of("scrape", "b.test:80")) == 1
            assert engine.snapshot().trackers[0].own
            await watched.end()

        drive(main)

    def test_others_are_never_asked_more_than_once_a_minute(self):
        async def main():
            prober = ScriptedProber()
            prober.script(A, Script(addresses=("192.0.2.1",)))
            settings = EngineSettings(trackers={"a.test": TrackerSettings(interval_s=10.0)})
            _, watched = watching(prober, torrent(0, [A]), settings=settings)
            await watched.until(600)
            assert len(prober.of("scrape")) <= 10
            await watched.end()

        drive(main)

    def test_thresholds(self):
        async def main():
            prober = ScriptedProber()
            for url in (A, B):
                prober.script(url).latency_s = 1.0
            settings = EngineSettings(
                slow_udp_s=3.0,
                trackers={"a.test": TrackerSettings(slow_s=0.5, down_after=1), "b.test": TrackerSettings(up_after=1)},
            )
            engine, watched = watching(prober, torrent(0, [A], [B]), settings=settings)
            await watched.until(3000)
            assert [(v.state, v.reasons) for v in engine.snapshot().trackers] == [
                (Health.DEGRADED, ("slow",)),
                (Health.UP, ()),
            ]
            for url in (A, B):
                prober.script(url).dead["*"] = REFUSED
            await watched.until(3140)
            a, b = engine.snapshot().trackers
            assert (a.state, a.pending_limit, b.pending_limit) == (Health.DOWN, 1, 3)
            await watched.end()

        drive(main)

    def test_other_settings_while_it_runs(self):
        async def main():
            prober = ScriptedProber()
            prober.script(A, Script(addresses=("192.0.2.1",)))
            engine, watched = watching(prober, torrent(0, [A]))
            await watched.until(100)
            engine.reconfigure(EngineSettings(interval_s=60.0, client="bep12"))
            await watched.until(700)
            assert len(prober.of("scrape")) >= 8
            assert engine.snapshot().client == "bep12"
            await watched.end()

        drive(main)


def test_the_client_can_be_switched_live_and_says_nothing_of_failovers():
    async def main():
        prober = ScriptedProber()
        for n, url in enumerate((A, B, C)):
            prober.script(url, Script(addresses=(f"192.0.2.{n + 1}",)))
        prober.script(A).dead["*"] = REFUSED
        engine, watched = watching(prober, torrent(0, [A, B], [C]))
        await watched.until(600)
        events = len(engine.snapshot().events)
        assert engine.snapshot().client == "listed"
        assert engine.do(WalkAs("transmission")) == "failover is walked as transmission does"
        snapshot = engine.snapshot()
        assert snapshot.client == "transmission"
        assert snapshot.torrents.view(0).failover.client == "transmission"
        roles = [answer.role for answer in snapshot.torrents.view(0).answers]
        assert [str(role) for role in roles] == ["failed", "active", "active"]
        assert "no client is called qbt" in engine.do(WalkAs("qbt"))
        assert len(engine.snapshot().events) == events
        await watched.end()

    drive(main)


def test_uptime_with_coverage_and_n():
    async def main():
        prober, keeper = ScriptedProber(), MemoryKeeper()
        script = prober.script(A, Script(addresses=("192.0.2.1",)))
        engine, watched = watching(prober, torrent(0, [A]), keeper=keeper)
        await watched.until(3600)
        script.dead["*"] = REFUSED
        await watched.until(5400)
        script.dead.clear()
        await watched.until(9000)
        day, week = engine.snapshot().trackers[0].uptimes[1:3]
        assert day.window == "24h"
        assert day.uptime is None, "a tenth of the day is known"
        assert day.ratio == pytest.approx(0.8, abs=0.1)
        assert day.coverage == pytest.approx(8900 / day.span_s, rel=0.05)
        assert week.counted == day.counted
        samples = [s for s in keeper.samples() if s.counted]
        assert day.counted == len(samples)
        assert day.successes == sum(s.answered for s in samples)
        assert math.isclose(day.covered_s, sum(s.covers_s for s in samples), rel_tol=0.01)
        assert [t.to_state for t in keeper.transitions() if t.endpoint is None and t.info_hash is None] == [
            "up",
            "down",
            *(["degraded"] if any(t.to_state == "degraded" for t in keeper.transitions()) else []),
            "up",
        ]
        assert [t.kind for t in keeper.transitions() if t.info_hash] == [EventKind.EXHAUSTED, EventKind.RECOVERED]
        await watched.end()

    drive(main)


def test_the_shortest_heartbeat_of_ones_own_tracker_is_a_second():
    its = TrackerSettings(own=True, heartbeat_s=0.001)
    settings = EngineSettings(trackers={"a.test": its})
    assert heartbeat_s(settings, parse_tracker(A)) == 1.0
