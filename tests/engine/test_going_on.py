"""What one-shot runs say goes on from run to run: state, reasons and since, with and without asking."""

import asyncio

import pytest

from tests.engine.driven import (
    BLOCKED,
    NO_ROUTE,
    REFUSED,
    TIMEOUT,
    Script,
    ScriptedProber,
    Watched,
    drive,
    make_engine,
    torrent,
)
from tests.engine.keeping import MemoryKeeper
from tests.engine.test_memory import report, watch
from trackerwatch.engine.records import TrackerMemory
from trackerwatch.engine.settings import Freshness
from trackerwatch.health import Health
from trackerwatch.outcome import Failure, FailureKind, Phase

A = "udp://a.test:80"
DENIED = Failure(FailureKind.DENIED, Phase.RESOLVE, "runs no tracker, says DNS (BEP 34)")


def scripted(**settings):
    prober, keeper = ScriptedProber(), MemoryKeeper()
    return prober, keeper, prober.script(A, Script(addresses=("192.0.2.1",), **settings))


async def live(prober, keeper):
    await asyncio.sleep(120)
    snapshot = await report(prober, keeper, torrent(0, [A]), freshness=Freshness.FRESH)
    return snapshot.trackers[0]


async def cached(prober, keeper):
    await asyncio.sleep(1)
    sent = len(prober.sent)
    snapshot = await report(prober, keeper, torrent(0, [A]), freshness=Freshness.CACHED)
    assert len(prober.sent) == sent
    return snapshot.trackers[0]


def said(view):
    endpoints = [(one.state, one.since) for one in view.endpoints]
    return view.state, view.reasons, view.since, view.flapping, endpoints


def _unreachable(kind: str, script: Script) -> None:
    match kind:
        case "blocked":
            script.refused_addresses, script.addresses = (("192.0.2.1", BLOCKED),), ()
        case "no_route":
            script.dead["*"] = NO_ROUTE
        case "denied":
            script.resolve_failure = DENIED


class TestOurOwnDoing:
    @pytest.mark.parametrize("kind", ["blocked", "no_route", "denied"])
    @pytest.mark.parametrize("dead", [True, False])
    def test_what_does_not_count_leaves_what_is_remembered(self, kind, dead):
        async def main():
            prober, keeper, script = scripted()
            if dead:
                script.dead["*"] = REFUSED
            first = await live(prober, keeper)
            remembered = len(keeper.of(TrackerMemory))
            changes = len(keeper.transitions())

            addresses = script.addresses
            _unreachable(kind, script)
            between = await live(prober, keeper)
            assert between.state is Health.UNKNOWN, "that run itself knows nothing"
            assert len(keeper.of(TrackerMemory)) == remembered
            assert len(keeper.transitions()) == changes
            then = await cached(prober, keeper)
            assert (then.state, then.since) == (first.state, first.since)

            script.addresses, script.refused_addresses, script.resolve_failure = addresses, (), None
            script.dead = {"*": REFUSED} if dead else {}
            after = await live(prober, keeper)
            assert (after.state, after.since) == (first.state, first.since)

        drive(main)

    def test_nor_does_it_after_so_long_that_states_are_forgotten(self):
        async def main():
            prober, keeper, script = scripted()
            script.dead["*"] = REFUSED
            await live(prober, keeper)
            await asyncio.sleep(9 * 86400)
            remembered = keeper.of(TrackerMemory)
            _unreachable("blocked", script)
            await live(prober, keeper)
            assert keeper.of(TrackerMemory) == remembered

        drive(main)

    def test_a_tracker_of_which_nothing_is_known_is_remembered_as_that(self):
        async def main():
            prober, keeper, script = scripted()
            _unreachable("blocked", script)
            await live(prober, keeper)
            assert [memory.state for memory in keeper.of(TrackerMemory)] == [Health.UNKNOWN]

        drive(main)

    def test_who_watches_without_a_route_forgets_nothing_either(self):
        async def main():
            prober, keeper, script = scripted()
            script.dead["*"] = REFUSED
            first = await live(prober, keeper)
            script.dead = {"*": NO_ROUTE}
            await watch(prober, keeper, 2000, torrent(0, [A]))
            then = await cached(prober, keeper)
            assert (then.state, then.since) == (first.state, first.since)

        drive(main)

    @pytest.mark.parametrize("after", [REFUSED, None])
    def test_who_watches_takes_up_where_the_route_was_lost(self, after):
        async def main():
            prober, keeper, script = scripted()
            script.dead["*"] = REFUSED
            engine = make_engine(prober, keeper=keeper)
            engine.add_torrents([torrent(0, [A])])
            watched = Watched(engine)
            await watched.until(1000)
            down = engine.snapshot().trackers[0]
            assert down.state is Health.DOWN
            script.dead["*"] = NO_ROUTE
            await watched.until(3000)
            assert engine.snapshot().trackers[0].state is Health.UNKNOWN
            script.dead = {"*": after} if after else {}
            await watched.until(6000)
            view = engine.snapshot().trackers[0]
            if after is None:
                assert (view.state, view.since > down.since) == (Health.UP, True)
            else:
                assert (view.state, view.since) == (Health.DOWN, down.since)
            await watched.end()
            assert keeper.of(TrackerMemory)[-1].since == pytest.approx(view.since.timestamp(), abs=0.01)

        drive(main)

    def test_a_family_without_a_route_keeps_what_is_remembered_of_it(self):
        async def main():
            prober, keeper, script = scripted()
            script.addresses = ("192.0.2.1", "2001:db8::1")
            script.dead["2001:db8::1"] = REFUSED
            first = await live(prober, keeper)
            assert (first.state, first.reasons) == (Health.DEGRADED, ("endpoint_down", "refused"))
            script.dead["2001:db8::1"] = NO_ROUTE
            await live(prober, keeper)
            (v6,) = [one for one in keeper.of(TrackerMemory)[-1].endpoints if ":" in one.endpoint.address]
            assert (v6.health.state, v6.failure) == (Health.DOWN, REFUSED)

        drive(main)


class TestAgreeing:
    def test_slow_is_slow_with_and_without_asking(self):
        async def main():
            prober, keeper, script = scripted()
            script.latency_s = 3.0
            states, sinces = [], set()
            for _ in range(5):
                now = await live(prober, keeper)
                assert said(await cached(prober, keeper)) == said(now)
                states.append((now.state, now.reasons))
                sinces.add(now.since)
            assert states == [(Health.UP, ())] * 2 + [(Health.DEGRADED, ("slow",))] * 3
            assert len(sinces) == 2, "one for up, and one for degraded, whenever it was asked"

        drive(main)

    def test_up_stays_up_since_the_first_run(self):
        async def main():
            prober, keeper, _ = scripted()
            views = [await live(prober, keeper) for _ in range(4)]
            assert len({view.since for view in views}) == 1
            assert len({view.endpoints[0].since for view in views}) == 1

        drive(main)

    @pytest.mark.parametrize("failure", [REFUSED, TIMEOUT])
    def test_down_and_back(self, failure):
        async def main():
            prober, keeper, script = scripted()
            seen = []
            for dead in (False, True, True, False, False, True):
                script.dead = {"*": failure} if dead else {}
                now = await live(prober, keeper)
                assert said(await cached(prober, keeper)) == said(now)
                seen.append((now.state, now.since))
            states = [state for state, _ in seen]
            assert states == [Health.UP, Health.DOWN, Health.DOWN, Health.UP, Health.UP, Health.DOWN]
            assert seen[1] == seen[2]
            assert seen[3] == seen[4]
            assert len({since for _, since in seen}) == 4

        drive(main)

    def test_also_where_somebody_watches(self):
        """Who watches takes three failures for down, and two answers for up; reports take two and one."""

        async def main():
            prober, keeper, script = scripted()
            await watch(prober, keeper, 400, torrent(0, [A]))
            for dead in (True, False, True, False, False):
                script.dead = {"*": TIMEOUT} if dead else {}
                now = await live(prober, keeper)
                assert (now.state is Health.DOWN) is dead
                assert said(await cached(prober, keeper)) == said(now)

        drive(main)

    def test_one_failed_attempt_of_this_run_is_not_down_whatever_came_before(self):
        async def main():
            prober, keeper, script = scripted()
            await live(prober, keeper)
            script.dead["*"] = TIMEOUT
            for _ in range(2):
                sent = len(prober.of("scrape"))
                now = await live(prober, keeper)
                assert len(prober.of("scrape")) == sent + 2, "it is asked twice each time"
                assert now.state is Health.DOWN

        drive(main)

    def test_what_an_answer_told_outlives_a_run_without_one(self):
        async def main():
            prober, keeper, script = scripted()
            up = await live(prober, keeper)
            script.dead["*"] = TIMEOUT
            await live(prober, keeper)
            (known,) = keeper.of(TrackerMemory)[-1].endpoints
            assert known.last_success_at == up.last_success_at.timestamp()
            assert known.phases.exchange_s == pytest.approx(0.05)

        drive(main)


class TestLatency:
    def test_what_nobody_is_asked_for_is_the_latest_that_is_remembered(self):
        async def main():
            prober, keeper, script = scripted()
            now = await live(prober, keeper)
            assert now.latency_s == now.latest_latency_s == pytest.approx(0.05)
            then = await cached(prober, keeper)
            assert then.latency_s is None, "contract: of this run's successes"
            assert then.latest_latency_s == pytest.approx(0.05)
            script.dead["*"] = REFUSED
            down = await live(prober, keeper)
            assert down.latest_latency_s is None
            assert (await cached(prober, keeper)).latest_latency_s is None, "what is down answers in no time at all"

        drive(main)

    def test_a_run_that_only_connects_keeps_it(self):
        """A tracker nearby is asked for a sign of life where another run asked it for everything a moment ago."""

        async def main():
            prober, keeper, script = scripted()
            script.addresses, script.only_connects = ("127.0.0.1",), True
            await report(prober, keeper, torrent(0, [A]))
            snapshot = await report(prober, keeper, torrent(0, [A]))
            assert [len(prober.of(what)) for what in ("scrape", "check")] == [1, 1]
            assert snapshot.trackers[0].latency_s is None
            assert snapshot.trackers[0].latest_latency_s == pytest.approx(0.05)
            assert (await cached(prober, keeper)).latest_latency_s == pytest.approx(0.05)

        drive(main)

    @pytest.mark.parametrize("connect_s", [4.0, 0.02])
    def test_slow_is_the_whole_way_to_an_answer(self, connect_s):
        async def main():
            prober, keeper, script = scripted()
            script.connect_s = connect_s
            views = [await live(prober, keeper) for _ in range(3)]
            assert views[-1].reasons == (("slow",) if connect_s > 2 else ())
            assert views[-1].latency_s == pytest.approx(0.05), "contract: the exchange alone"

        drive(main)
