"""Our own outage is not theirs: one event, nothing counted, and as before when it is over."""

import asyncio

import pytest

from tests.engine.driven import (
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
from trackerwatch.engine.records import GapKind
from trackerwatch.engine.settings import EngineSettings, Freshness
from trackerwatch.engine.views import EventKind, LocalState, Snapshot
from trackerwatch.failover import FailoverState
from trackerwatch.health import Health
from trackerwatch.outcome import Failure, FailureKind, Phase, SentinelOutcome
from trackerwatch.policy.rules import Verdict

UDP = [f"udp://t{n}.test:80" for n in range(6)]
HTTP = [f"http://h{n}.test:80/announce" for n in range(6)]
SILENT = SentinelOutcome(tcp=False, udp=False)
WELL = SentinelOutcome(tcp=True, udp=True)
DNS_ERROR = Failure(FailureKind.DNS_ERROR, Phase.RESOLVE, "temporary failure in name resolution")
ABOUT_TRACKERS = {EventKind.STATE_CHANGED, EventKind.RECOVERED, EventKind.FAILED_OVER, EventKind.EXHAUSTED}


def scene(urls: list[str], sentinels: SentinelOutcome = WELL) -> tuple[ScriptedProber, list[Script]]:
    prober = ScriptedProber()
    prober.sentinels = sentinels
    scripts = [prober.script(url, Script(addresses=(f"192.0.2.{n + 1}",))) for n, url in enumerate(urls)]
    return prober, scripts


def kinds(snapshot: Snapshot) -> list[EventKind]:
    return [event.kind for event in snapshot.events]


def fall_silent(prober: ScriptedProber, scripts: list[Script], failure: Failure = TIMEOUT) -> None:
    prober.sentinels = SILENT
    for script in scripts:
        script.dead["*"] = failure


def rise(prober: ScriptedProber, scripts: list[Script]) -> None:
    prober.sentinels = WELL
    for script in scripts:
        script.dead.clear()


@pytest.mark.parametrize("urls", [UDP, HTTP, UDP[:3] + HTTP[3:]], ids=["udp", "http", "both"])
def test_when_everybody_falls_silent_it_is_us(urls):
    async def main():
        prober, scripts = scene(urls)
        keeper = MemoryKeeper()
        engine = make_engine(prober, keeper=keeper)
        engine.add_torrents([torrent(n, [urls[n]], [urls[n - 1]]) for n in range(6)])
        watched = Watched(engine)
        await watched.until(3000)
        before = engine.snapshot()
        assert {view.state for view in before.trackers} == {Health.UP}
        figures = {view.tracker: view.uptimes[1] for view in before.trackers}

        fall_silent(prober, scripts)
        await watched.until(6000)
        cut_off = engine.snapshot()
        assert cut_off.ourselves.state is LocalState.OFFLINE
        assert "cut off" in cut_off.ourselves.message
        assert {view.state for view in cut_off.trackers} == {Health.UNKNOWN}
        assert {view.failure.kind for view in cut_off.trackers if view.failure} == {FailureKind.LOCAL_OFFLINE}
        assert set(cut_off.torrents.failover_states) == {FailoverState.UNKNOWN}
        assert set(cut_off.torrents.verdicts) == {Verdict.UNKNOWN}
        assert kinds(cut_off) == [EventKind.STARTED, EventKind.LOCAL_OFFLINE]

        rise(prober, scripts)
        await watched.until(6060)
        back = engine.snapshot()
        assert back.ourselves.state is LocalState.FINE
        assert kinds(back) == [EventKind.STARTED, EventKind.LOCAL_OFFLINE, EventKind.LOCAL_ONLINE]
        for view, earlier in zip(back.trackers, before.trackers, strict=True):
            assert (view.state, view.since) == (Health.UP, earlier.since)
        assert set(back.torrents.failover_states) == {FailoverState.PRIMARY}
        for view in back.trackers:
            figure, earlier = view.uptimes[1], figures[view.tracker]
            assert figure.successes == figure.counted >= earlier.counted
            assert figure.covered_s < 3300, "what was not seen is not covered"
        gap = keeper.gaps()[0]
        assert gap.kind is GapKind.LOCAL_OFFLINE
        assert gap.end - gap.begin == pytest.approx(3000, abs=900)
        assert not [t for t in keeper.transitions() if t.to_state == "down"]
        assert all(sample.failure is None for sample in keeper.samples() if sample.counted)
        await watched.end()

    drive(main)


def test_when_everybody_refuses_they_are_down():
    """The same processes stopped: ports closed, so the machine behind them answers."""

    async def main():
        prober, scripts = scene(UDP)
        engine = make_engine(prober)
        engine.add_torrents([torrent(n, [UDP[n]], [UDP[n - 1]]) for n in range(6)])
        watched = Watched(engine)
        await watched.until(3000)
        fall_silent(prober, scripts, REFUSED)
        await watched.until(3600)
        snapshot = engine.snapshot()
        assert {view.state for view in snapshot.trackers} == {Health.DOWN}
        assert set(snapshot.torrents.failover_states) == {FailoverState.EXHAUSTED}
        assert EventKind.LOCAL_OFFLINE not in kinds(snapshot)
        assert prober.of("sentinel") == []
        await watched.end()

    drive(main)


def test_when_the_sentinel_answers_they_are_down():
    async def main():
        prober, scripts = scene(UDP)
        engine = make_engine(prober)
        engine.add_torrents([torrent(0, UDP)])
        watched = Watched(engine)
        await watched.until(3000)
        fall_silent(prober, scripts)
        prober.sentinels = WELL
        await watched.until(3700)
        snapshot = engine.snapshot()
        assert {view.state for view in snapshot.trackers} == {Health.DOWN}
        assert prober.of("sentinel")
        await watched.end()

    drive(main)


def test_one_that_answers_proves_that_we_are_on_the_net():
    async def main():
        prober, scripts = scene(UDP)
        engine = make_engine(prober)
        engine.add_torrents([torrent(0, UDP)])
        watched = Watched(engine)
        await watched.until(3000)
        fall_silent(prober, scripts[:5])
        scripts[5].dead["*"] = REFUSED
        await watched.until(3900)
        snapshot = engine.snapshot()
        assert {view.state for view in snapshot.trackers} == {Health.DOWN}
        assert EventKind.LOCAL_OFFLINE not in kinds(snapshot)
        await watched.end()

    drive(main)


def test_too_few_trackers_prove_nothing():
    async def main():
        prober, scripts = scene(UDP[:2])
        engine = make_engine(prober)
        engine.add_torrents([torrent(0, UDP[:1], UDP[1:2])])
        watched = Watched(engine)
        await watched.until(3000)
        fall_silent(prober, scripts)
        await watched.until(3900)
        snapshot = engine.snapshot()
        assert {view.state for view in snapshot.trackers} == {Health.DOWN}
        assert snapshot.torrents.failover_states[0] is FailoverState.EXHAUSTED
        await watched.end()

    drive(main)


def test_trackers_that_never_answered_have_no_say():
    async def main():
        prober, scripts = scene(UDP)
        for script in scripts[2:]:
            script.dead["*"] = TIMEOUT
        prober.sentinels = SentinelOutcome(tcp=False, udp=True)
        engine = make_engine(prober)
        engine.add_torrents([torrent(0, UDP)])
        watched = Watched(engine)
        await watched.until(3000)
        assert [view.state for view in engine.snapshot().trackers] == [Health.UP] * 2 + [Health.DOWN] * 4
        fall_silent(prober, scripts)
        await watched.until(3900)
        snapshot = engine.snapshot()
        assert EventKind.LOCAL_OFFLINE not in kinds(snapshot)
        assert {view.state for view in snapshot.trackers} == {Health.DOWN}
        await watched.end()

    drive(main)


def test_loopback_says_nothing_of_the_net():
    """Local trackers are not weighed by sentinels on the net: silence there is theirs."""

    async def main():
        prober = ScriptedProber()
        prober.sentinels = SILENT
        scripts = [prober.script(url, Script(addresses=(f"127.0.0.{n + 1}",))) for n, url in enumerate(UDP)]
        engine = make_engine(prober)
        engine.add_torrents([torrent(0, UDP)])
        watched = Watched(engine)
        await watched.until(3000)
        for script in scripts:
            script.dead["*"] = TIMEOUT
        await watched.until(3900)
        assert {view.state for view in engine.snapshot().trackers} == {Health.DOWN}
        assert prober.of("sentinel") == []
        await watched.end()

    drive(main)


def test_a_local_sentinel_speaks_for_local_trackers():
    async def main():
        prober = ScriptedProber()
        prober.sentinels = SentinelOutcome(tcp=True, udp=True, local=True)
        scripts = [prober.script(url, Script(addresses=(f"127.0.0.{n + 1}",))) for n, url in enumerate(UDP)]
        engine = make_engine(prober)
        engine.add_torrents([torrent(0, UDP)])
        watched = Watched(engine)
        await watched.until(3000)
        for script in scripts:
            script.dead["*"] = TIMEOUT
        prober.sentinels = SentinelOutcome(tcp=False, udp=False, local=True)
        await watched.until(3900)
        assert {view.state for view in engine.snapshot().trackers} == {Health.UNKNOWN}
        await watched.end()

    drive(main)


def test_no_route_anywhere_is_our_own_stack():
    async def main():
        prober, scripts = scene(HTTP, SentinelOutcome(tcp=None, udp=None))
        engine = make_engine(prober)
        engine.add_torrents([torrent(0, HTTP)])
        watched = Watched(engine)
        await watched.until(3000)
        for script in scripts:
            script.dead["*"] = NO_ROUTE
        await watched.until(5000)
        snapshot = engine.snapshot()
        assert snapshot.ourselves.state is LocalState.OFFLINE
        assert kinds(snapshot) == [EventKind.STARTED, EventKind.LOCAL_OFFLINE]
        for script in scripts:
            script.dead.clear()
        await watched.until(7000)
        snapshot = engine.snapshot()
        assert snapshot.ourselves.state is LocalState.FINE
        assert kinds(snapshot)[2:] == [EventKind.LOCAL_ONLINE]
        assert {view.state for view in snapshot.trackers} == {Health.UP}
        await watched.end()

    drive(main)


def test_no_route_of_one_family_is_nobodys_fault():
    async def main():
        prober = ScriptedProber()
        prober.sentinels = SILENT
        for n, url in enumerate(UDP):
            prober.script(url, Script(addresses=(f"192.0.2.{n + 1}", f"2001:db8::{n + 1}")))
            prober.scripts[f"t{n}.test:80"].dead[f"2001:db8::{n + 1}"] = NO_ROUTE
        engine = make_engine(prober)
        engine.add_torrents([torrent(0, UDP)])
        watched = Watched(engine)
        await watched.until(3000)
        snapshot = engine.snapshot()
        assert {view.state for view in snapshot.trackers} == {Health.UP}
        assert {e.judged for view in snapshot.trackers for e in view.endpoints if e.endpoint.family == "ipv6"} == {
            False
        }
        assert snapshot.ourselves.state is LocalState.FINE
        await watched.end()

    drive(main)


def test_no_name_resolves_and_nothing_is_heard():
    async def main():
        prober, scripts = scene(HTTP)
        engine = make_engine(prober)
        engine.add_torrents([torrent(0, HTTP)])
        watched = Watched(engine)
        await watched.until(3000)
        fall_silent(prober, scripts)
        for script in scripts:
            script.resolve_failure = DNS_ERROR
        await watched.until(6000)
        snapshot = engine.snapshot()
        assert snapshot.ourselves.state is LocalState.OFFLINE
        assert {view.state for view in snapshot.trackers} == {Health.UNKNOWN}
        assert not ABOUT_TRACKERS & set(kinds(snapshot))
        await watched.end()

    drive(main)


def test_where_only_names_fail_trackers_are_asked_where_they_were():
    async def main():
        prober, scripts = scene(HTTP)
        engine = make_engine(prober)
        engine.add_torrents([torrent(0, HTTP)])
        watched = Watched(engine)
        await watched.until(3000)
        for script in scripts:
            script.resolve_failure = DNS_ERROR
        await watched.until(6000)
        snapshot = engine.snapshot()
        assert snapshot.ourselves.state is LocalState.NO_NAMES
        assert {view.state for view in snapshot.trackers} == {Health.UP}
        assert kinds(snapshot) == [EventKind.STARTED, EventKind.LOCAL_OFFLINE]
        assert len([sent for sent in prober.of("scrape") if sent.at > 4000]) > 6, "asking goes on"
        for script in scripts:
            script.resolve_failure = None
        await watched.until(6100)
        assert kinds(engine.snapshot()) == [EventKind.STARTED, EventKind.LOCAL_OFFLINE, EventKind.LOCAL_ONLINE]
        await watched.end()

    drive(main)


def test_a_name_that_fails_alone_is_its_own_fault():
    async def main():
        prober, scripts = scene(HTTP)
        engine = make_engine(prober)
        engine.add_torrents([torrent(0, HTTP)])
        watched = Watched(engine)
        await watched.until(3000)
        scripts[2].resolve_failure = DNS_ERROR
        await watched.until(6000)
        snapshot = engine.snapshot()
        assert snapshot.ourselves.state is LocalState.FINE
        assert [view.state for view in snapshot.trackers].index(Health.DOWN) == 2
        await watched.end()

    drive(main)


def test_udp_is_blocked_here():
    """All UDP trackers silent from the start, while HTTP ones answer: not judged, in one event."""

    async def main():
        prober, scripts = scene([*UDP[:3], *HTTP[:3]])
        prober.sentinels = SentinelOutcome(tcp=True, udp=False)
        for script in scripts[:3]:
            script.dead["*"] = TIMEOUT
        engine = make_engine(prober)
        engine.add_torrents([torrent(0, UDP[:3], HTTP[:3])])
        watched = Watched(engine)
        await watched.until(900)
        snapshot = engine.snapshot()
        assert snapshot.ourselves.state is LocalState.UDP_BLOCKED
        assert [view.state for view in snapshot.trackers] == [Health.UNKNOWN] * 3 + [Health.UP] * 3
        assert kinds(snapshot) == [EventKind.STARTED, EventKind.LOCAL_OFFLINE]
        assert "UDP" in snapshot.events[-1].message
        assert snapshot.torrents.failover_states[0] is FailoverState.PRIMARY
        for script in scripts:
            script.dead.clear()
        await watched.until(1200)
        snapshot = engine.snapshot()
        assert snapshot.ourselves.state is LocalState.FINE
        assert {view.state for view in snapshot.trackers} == {Health.UP}
        assert kinds(snapshot)[2:] == [EventKind.LOCAL_ONLINE]
        await watched.end()

    drive(main)


def test_one_udp_tracker_that_answers_disproves_a_block():
    async def main():
        prober, scripts = scene([*UDP, *HTTP[:2]])
        prober.sentinels = SentinelOutcome(tcp=True, udp=False)
        for script in scripts[1:6]:
            script.dead["*"] = TIMEOUT
        engine = make_engine(prober)
        engine.add_torrents([torrent(0, UDP, HTTP[:2])])
        watched = Watched(engine)
        await watched.until(900)
        assert [view.state for view in engine.snapshot().trackers][1:6] == [Health.DOWN] * 5
        await watched.end()

    drive(main)


def test_stopping_while_an_inquiry_is_under_way_ends_at_once():
    async def main():
        prober, scripts = scene(UDP)
        engine = make_engine(prober)
        engine.add_torrents([torrent(0, UDP)])
        watched = Watched(engine)
        await watched.until(3000)
        prober.sentinels = SILENT
        for script in scripts:
            script.hangs = True
        scripts[0].hangs = False
        scripts[0].dead["*"] = TIMEOUT
        begun = asyncio.get_running_loop().time()
        await asyncio.sleep(130)
        await watched.end()
        assert asyncio.get_running_loop().time() - begun < 136

    drive(main)


class TestOneShot:
    def run(self, urls, failure, sentinels, *, keeper=None, heard=0):
        async def main():
            prober, scripts = scene(urls, sentinels)
            if keeper is not None:
                earlier = make_engine(prober, keeper=keeper)
                earlier.add_torrents([torrent(0, urls)])
                await earlier.run_once(deadline_s=60)
                keeper.waits.clear()
            for script in scripts[heard:]:
                script.dead["*"] = failure
            engine = make_engine(prober, EngineSettings(freshness=Freshness.FRESH), keeper=keeper)
            engine.add_torrents([torrent(0, urls[:1], urls[1:])])
            await engine.run_once(deadline_s=120)
            return engine.snapshot(), prober

        return drive(main)

    def test_two_dead_trackers_are_exhausted(self):
        snapshot, prober = self.run(UDP[:2], TIMEOUT, SILENT)
        assert snapshot.torrents.failover_states[0] is FailoverState.EXHAUSTED
        assert snapshot.torrents.verdicts[0] is Verdict.CRITICAL
        assert prober.of("sentinel") == []

    def test_many_that_never_answered_are_dead(self):
        snapshot, _ = self.run(HTTP, TIMEOUT, SILENT)
        assert snapshot.torrents.failover_states[0] is FailoverState.EXHAUSTED

    def test_many_that_answered_earlier_and_a_silent_sentinel_are_us(self):
        keeper = MemoryKeeper()
        snapshot, _ = self.run(UDP, TIMEOUT, SILENT, keeper=keeper)
        assert {view.state for view in snapshot.trackers} == {Health.UNKNOWN}
        assert snapshot.torrents.verdicts[0] is Verdict.UNKNOWN
        assert {e.state for view in snapshot.trackers for e in view.endpoints} == {Health.UNKNOWN}
        assert all(sample.failure is None for sample in keeper.samples()), "nothing of it is remembered"
        assert not [t for t in keeper.transitions() if t.to_state in ("down", "exhausted")]

    def test_the_sentinel_clears_us(self):
        snapshot, _ = self.run(UDP, TIMEOUT, WELL, keeper=MemoryKeeper())
        assert snapshot.torrents.failover_states[0] is FailoverState.EXHAUSTED

    def test_udp_blocked_in_a_container(self):
        snapshot, _ = self.run([*HTTP[:1], *UDP[:3]], TIMEOUT, SentinelOutcome(tcp=True, udp=False), heard=1)
        assert [view.state for view in snapshot.trackers] == [Health.UP] + [Health.UNKNOWN] * 3
        assert snapshot.ourselves.state is LocalState.UDP_BLOCKED
