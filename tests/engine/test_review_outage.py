"""Our own outage, where it is hard to tell: probes under way as it begins and ends, broken families, names, newcomers."""

import asyncio
import json
import random

import pytest

from tests.engine.driven import (
    NO_ROUTE,
    NXDOMAIN,
    REFUSED,
    TIMEOUT,
    DrivenClock,
    Script,
    ScriptedProber,
    Watched,
    drive,
    make_engine,
    torrent,
)
from tests.engine.keeping import MemoryKeeper
from trackerwatch.engine.commands import MuteTrackers, ProbeNow
from trackerwatch.engine.records import GapKind
from trackerwatch.engine.settings import AnnounceMode, EngineSettings, Freshness
from trackerwatch.engine.views import EventKind, LocalState, Snapshot
from trackerwatch.failover import FailoverState
from trackerwatch.health import Health
from trackerwatch.outcome import (
    Failure,
    FailureKind,
    Operation,
    Phase,
    PhaseTimes,
    ProbeOutcome,
    ScrapeColumns,
    ScrapeOutcome,
    SentinelOutcome,
    SwarmAnswer,
)
from trackerwatch.reports.building import build_report
from trackerwatch.reports.formats import Style
from trackerwatch.reports.json_report import render
from trackerwatch.reports.rows import FailOn, Subject, Vantage

UDP = [f"udp://t{n}.test:80" for n in range(6)]
HTTP = [f"http://h{n}.test:80/announce" for n in range(6)]
SILENT = SentinelOutcome(tcp=False, udp=False)
WELL = SentinelOutcome(tcp=True, udp=True)
NO_SENTINELS = SentinelOutcome(tcp=None, udp=None)
DNS_ERROR = Failure(FailureKind.DNS_ERROR, Phase.RESOLVE, "temporary failure in name resolution")
OURS = {EventKind.STARTED, EventKind.LOCAL_OFFLINE, EventKind.LOCAL_ONLINE}


class TimelyProber(ScriptedProber):
    """Silence lasts until the time is over, however well things went by then; no route is told at once."""

    async def _lost(self, tracker, endpoint, timeout_s):
        script = self._script(tracker)
        failure = script.dead.get(endpoint.address) or script.dead.get("*")
        if failure is not None:
            await asyncio.sleep(timeout_s if failure.kind is FailureKind.TIMEOUT else 0.001)
        return failure

    async def check(self, tracker, endpoint, *, timeout_s, with_key=True):
        self._note("check", tracker, endpoint, with_key=with_key)
        failure = await self._lost(tracker, endpoint, timeout_s)
        if failure is not None:
            return ProbeOutcome(endpoint, Operation.LIVENESS, PhaseTimes(), failure)
        await self._wait(self._script(tracker), timeout_s)
        return ProbeOutcome(endpoint, Operation.LIVENESS, PhaseTimes(0.01, 0.02, None, 0.05), None)

    async def scrape(self, tracker, endpoint, info_hashes, *, timeout_s, columns=None, on_progress=None):
        failure = await self._lost(tracker, endpoint, timeout_s)
        if failure is None:
            return await super().scrape(
                tracker, endpoint, info_hashes, timeout_s=timeout_s, columns=columns, on_progress=on_progress
            )
        self._note("scrape", tracker, endpoint, hashes=tuple(info_hashes))
        columns = ScrapeColumns.unknown(len(info_hashes)) if columns is None else columns
        columns.answers[:] = bytes([SwarmAnswer.FAILED]) * len(columns)
        columns.failures.update(dict.fromkeys(range(len(columns)), failure))
        return ScrapeOutcome(ProbeOutcome(endpoint, Operation.SCRAPE, PhaseTimes(), failure), columns)


def scene(urls: list[str], sentinels: SentinelOutcome = WELL) -> tuple[ScriptedProber, list[Script]]:
    prober = TimelyProber()
    prober.sentinels = sentinels
    scripts = [
        prober.script(url, Script(addresses=(f"192.0.{2 + n // 250}.{n % 250 + 1}",))) for n, url in enumerate(urls)
    ]
    return prober, scripts


def kinds(snapshot: Snapshot) -> list[EventKind]:
    return [event.kind for event in snapshot.events]


def states(snapshot: Snapshot) -> list[Health]:
    return [view.state for view in snapshot.trackers]


def fall_silent(prober: ScriptedProber, scripts: list[Script], failure: Failure = TIMEOUT) -> None:
    prober.sentinels = SILENT
    for script in scripts:
        script.dead["*"] = failure


def rise(prober: ScriptedProber, scripts: list[Script]) -> None:
    prober.sentinels = WELL
    for script in scripts:
        script.dead.clear()


def watching(prober: ScriptedProber, urls: list[str], **more) -> Watched:
    engine = make_engine(prober, **more)
    engine.add_torrents([torrent(0, *[[url] for url in urls])])
    return Watched(engine)


class TestEnds:
    @pytest.mark.parametrize("back_at", [5000.0 + n for n in range(0, 40, 3)])
    def test_what_was_asked_while_we_were_cut_off_counts_for_nothing(self, back_at):
        """Asked before we were back, silent after: the datagrams were lost on our side."""

        async def main():
            prober, scripts = scene(UDP)
            keeper = MemoryKeeper()
            watched = watching(prober, UDP, keeper=keeper)
            await watched.until(3000)
            fall_silent(prober, scripts)
            await watched.until(back_at)
            assert watched.engine.snapshot().ourselves.state is LocalState.OFFLINE
            rise(prober, scripts)
            await watched.until(back_at + 200)
            snapshot = watched.engine.snapshot()
            assert states(snapshot) == [Health.UP] * 6
            assert set(kinds(snapshot)) == OURS
            for view in snapshot.trackers:
                assert view.uptimes[1].successes == view.uptimes[1].counted
            assert [s.failure for s in keeper.samples(whole=False) if s.counted and s.failure] == []
            await watched.end()

        drive(main)

    def test_what_was_asked_then_is_asked_again_soon(self):
        """An HTTP round that hung over the end proves nothing: its tracker is found dead within the promise all the same."""

        async def main():
            prober, scripts = scene(HTTP)
            watched = watching(prober, HTTP)
            await watched.until(3000)
            fall_silent(prober, scripts)
            await watched.until(5000)
            watched.engine.do(ProbeNow(tuple(range(6))))
            await watched.until(5001)
            rise(prober, scripts)
            scripts[2].dead["*"] = TIMEOUT
            await watched.until(5001 + 240)
            assert states(watched.engine.snapshot())[2] is Health.DOWN
            await watched.end()

        drive(main)

    def test_one_that_died_meanwhile_is_found_soon_after(self):
        async def main():
            prober, scripts = scene(UDP + HTTP)
            watched = watching(prober, UDP + HTTP)
            await watched.until(3000)
            fall_silent(prober, scripts)
            await watched.until(9000)
            rise(prober, scripts)
            for dead in (scripts[1], scripts[7]):
                dead.dead["*"] = TIMEOUT
            await watched.until(9000 + 15 + 240)
            snapshot = watched.engine.snapshot()
            assert [n for n, state in enumerate(states(snapshot)) if state is not Health.UP] == [1, 7]
            assert states(snapshot)[1] is states(snapshot)[7] is Health.DOWN
            assert snapshot.trackers[1].since.timestamp() > 1_700_000_000 + 9000
            await watched.end()

        drive(main)

    def test_one_that_was_down_before_is_down_after_since_then(self):
        async def main():
            prober, scripts = scene(UDP)
            watched = watching(prober, UDP)
            await watched.until(2000)
            scripts[5].dead["*"] = TIMEOUT
            await watched.until(3000)
            before = watched.engine.snapshot()
            assert states(before)[5] is Health.DOWN
            fall_silent(prober, scripts)
            await watched.until(6000)
            assert states(watched.engine.snapshot()) == [Health.UNKNOWN] * 6
            rise(prober, scripts)
            scripts[5].dead["*"] = TIMEOUT
            await watched.until(6600)
            after = watched.engine.snapshot()
            assert states(after) == states(before)
            assert [v.since for v in after.trackers] == [v.since for v in before.trackers]
            assert kinds(after) == [*kinds(before), EventKind.LOCAL_OFFLINE, EventKind.LOCAL_ONLINE]
            await watched.end()

        drive(main)

    def test_the_clock_set_back_meanwhile_ages_nothing(self):
        async def main():
            prober, scripts = scene(UDP)
            keeper, clock = MemoryKeeper(), DrivenClock()
            watched = watching(prober, UDP, keeper=keeper, clock=clock)
            await watched.until(3000)
            since = watched.engine.snapshot().trackers[0].since.timestamp()
            fall_silent(prober, scripts)
            await watched.until(6000)
            clock.offset_s = -7200.0
            await watched.until(7000)
            rise(prober, scripts)
            await watched.until(7100)
            view = watched.engine.snapshot().trackers[0]
            assert view.state is Health.UP
            assert view.since.timestamp() == pytest.approx(since - 7200, abs=1)
            gap = next(gap for gap in keeper.gaps() if gap.kind is GapKind.LOCAL_OFFLINE)
            assert gap.end - gap.begin == pytest.approx(4000, abs=300)
            await watched.end()

        drive(main)

    def test_an_outage_that_outlives_the_program_is_a_gap(self):
        async def main():
            prober, scripts = scene(UDP)
            keeper = MemoryKeeper()
            watched = watching(prober, UDP, keeper=keeper)
            await watched.until(3000)
            fall_silent(prober, scripts)
            await watched.until(6000)
            await watched.end()
            assert [gap.kind for gap in keeper.gaps()] == [GapKind.LOCAL_OFFLINE]

        drive(main)


class TestBegins:
    @pytest.mark.parametrize("offset", range(8))
    def test_what_was_under_way_when_it_began_counts_for_nothing(self, offset):
        """One answered a moment before the cable was pulled: that says nothing of the ten seconds after it."""

        async def main():
            prober, scripts = scene(UDP)
            keeper = MemoryKeeper()
            watched = watching(prober, UDP, keeper=keeper)
            await watched.until(3000 + offset)
            # Asked together; one answers at once, then nothing comes through any more.
            for script in scripts[1:]:
                script.dead["*"] = TIMEOUT
            watched.engine.do(ProbeNow(tuple(range(6))))
            await asyncio.sleep(0.2)
            fall_silent(prober, scripts)
            await watched.until(6000)
            snapshot = watched.engine.snapshot()
            assert snapshot.ourselves.state is LocalState.OFFLINE
            assert [s.failure for s in keeper.samples(whole=False) if s.counted and s.failure] == []
            assert set(kinds(snapshot)) <= OURS
            await watched.end()

        drive(main)

    def test_hundreds_that_are_held_at_once_are_let_go(self):
        async def main():
            urls = [f"udp://t{n}.test:80" for n in range(700)]
            prober, scripts = scene(urls)
            engine = make_engine(prober)
            engine.add_torrents([torrent(n, [url]) for n, url in enumerate(urls)])
            watched = Watched(engine)
            await watched.until(200)
            assert set(states(engine.snapshot())) == {Health.UP}
            fall_silent(prober, scripts)
            await watched.until(320)
            assert engine.snapshot().ourselves.state is LocalState.OFFLINE
            assert set(states(engine.snapshot())) == {Health.UNKNOWN}
            await watched.until(600)
            rise(prober, scripts)
            await watched.until(660)
            snapshot = engine.snapshot()
            assert set(states(snapshot)) == {Health.UP}
            assert kinds(snapshot) == [EventKind.STARTED, EventKind.LOCAL_OFFLINE, EventKind.LOCAL_ONLINE]
            assert all(view.pending == 0 for view in snapshot.trackers)
            await watched.end()

        drive(main)

    def test_on_and_off_every_minute_moves_no_tracker(self):
        async def main():
            prober, scripts = scene(UDP)
            watched = watching(prober, UDP)
            await watched.until(3000)
            for minute in range(60):
                (rise if minute % 2 else fall_silent)(prober, scripts)
                await watched.until(3000 + 60 * (minute + 1))
            rise(prober, scripts)
            await watched.until(7000)
            snapshot = watched.engine.snapshot()
            assert set(kinds(snapshot)) <= OURS
            assert states(snapshot) == [Health.UP] * 6
            assert all(event.kind is not EventKind.STATE_CHANGED for event in snapshot.events)
            assert len(snapshot.events) <= 61
            await watched.end()

        drive(main)


class TestNewcomers:
    @pytest.mark.parametrize("urls", [UDP, HTTP], ids=["udp", "http"])
    def test_a_tracker_that_comes_during_an_outage_is_not_judged_and_asked_when_it_is_over(self, urls):
        async def main():
            prober, scripts = scene(urls)
            engine = make_engine(prober)
            engine.add_torrents([torrent(0, urls[:5])])
            watched = Watched(engine)
            await watched.until(3000)
            fall_silent(prober, scripts)
            await watched.until(5000)
            engine.add_torrents([torrent(1, urls[5:])])
            await watched.until(5100)
            view = engine.snapshot().trackers[5]
            assert view.state is Health.UNKNOWN
            assert view.failure.kind is FailureKind.LOCAL_OFFLINE
            rise(prober, scripts)
            await watched.until(5100 + 100)
            assert states(engine.snapshot()) == [Health.UP] * 6
            assert engine.snapshot().torrents.view(1).counts.seeders == 5
            await watched.end()

        drive(main)

    def test_one_that_left_during_an_outage_stays_away(self):
        async def main():
            prober, scripts = scene(UDP)
            engine = make_engine(prober)
            engine.add_torrents([torrent(n, [UDP[n]]) for n in range(6)])
            watched = Watched(engine)
            await watched.until(3000)
            fall_silent(prober, scripts)
            await watched.until(5000)
            engine.remove_torrents([torrent(5, []).info_hash])
            await watched.until(5100)
            sent = len(prober.sent)
            rise(prober, scripts)
            await watched.until(7000)
            assert [s for s in prober.sent[sent:] if s.host == "t5.test:80"] == []
            assert kinds(engine.snapshot()) == [EventKind.STARTED, EventKind.LOCAL_OFFLINE, EventKind.LOCAL_ONLINE]
            engine.add_torrents([torrent(5, [UDP[5]])])
            await watched.until(7200)
            assert states(engine.snapshot()) == [Health.UP] * 6
            await watched.end()

        drive(main)

    def test_no_way_out_from_the_start_and_then_there_is_one(self):
        async def main():
            prober, scripts = scene(HTTP, SILENT)
            for script in scripts:
                script.dead["*"] = NO_ROUTE
            watched = watching(prober, HTTP)
            await watched.until(60)
            snapshot = watched.engine.snapshot()
            assert snapshot.ourselves.state is LocalState.OFFLINE
            assert {view.failure.kind for view in snapshot.trackers} == {FailureKind.LOCAL_OFFLINE}
            await watched.until(100)
            rise(prober, scripts)
            await watched.until(220)
            snapshot = watched.engine.snapshot()
            assert states(snapshot) == [Health.UP] * 6
            assert snapshot.torrents.failover_states[0] is FailoverState.PRIMARY
            assert kinds(snapshot) == [EventKind.STARTED, EventKind.LOCAL_OFFLINE, EventKind.LOCAL_ONLINE]
            await watched.end()

        drive(main)

    def test_without_sentinels_trackers_tell_when_the_way_is_open(self):
        async def main():
            prober, scripts = scene(HTTP, NO_SENTINELS)
            watched = watching(prober, HTTP)
            await watched.until(3000)
            for script in scripts:
                script.dead["*"] = NO_ROUTE
            await watched.until(5000)
            assert watched.engine.snapshot().ourselves.state is LocalState.OFFLINE
            for script in scripts[1:]:
                script.dead.clear()
            await watched.until(5060)
            snapshot = watched.engine.snapshot()
            assert snapshot.ourselves.state is LocalState.FINE
            assert states(snapshot)[1:] == [Health.UP] * 5
            await watched.end()

        drive(main)

    def test_cut_off_right_after_a_restart(self):
        async def main():
            prober, scripts = scene(UDP)
            keeper = MemoryKeeper()
            watched = watching(prober, UDP, keeper=keeper)
            await watched.until(1000)
            await watched.end()
            fall_silent(prober, scripts)
            await asyncio.sleep(600)
            again = watching(prober, UDP, keeper=keeper)
            await asyncio.sleep(120)
            snapshot = again.engine.snapshot()
            assert snapshot.ourselves.state is LocalState.OFFLINE
            assert states(snapshot) == [Health.UNKNOWN] * 6
            assert kinds(snapshot) == [EventKind.STARTED, EventKind.LOCAL_OFFLINE]
            rise(prober, scripts)
            await asyncio.sleep(60)
            snapshot = again.engine.snapshot()
            assert states(snapshot) == [Health.UP] * 6
            assert kinds(snapshot) == [EventKind.STARTED, EventKind.LOCAL_OFFLINE, EventKind.LOCAL_ONLINE]
            await again.end()

        drive(main)


class TestFamilies:
    def test_a_family_without_a_route_asks_no_sentinel_round_after_round(self):
        """The most common machine there is: IPv4 alone, and trackers that have both."""

        async def main():
            prober = TimelyProber()
            prober.sentinels = WELL
            for n, url in enumerate(UDP):
                script = prober.script(url, Script(addresses=(f"192.0.2.{n + 1}", f"2001:db8::{n + 1}")))
                script.dead[f"2001:db8::{n + 1}"] = NO_ROUTE
            watched = watching(prober, UDP)
            await watched.until(7200)
            assert states(watched.engine.snapshot()) == [Health.UP] * 6
            assert len(prober.of("sentinel")) <= 1
            await watched.end()

        drive(main)

    def test_a_dead_address_asks_no_sentinel_round_after_round(self):
        async def main():
            prober = TimelyProber()
            prober.sentinels = WELL
            for n, url in enumerate(UDP):
                script = prober.script(url, Script(addresses=(f"192.0.2.{n + 1}", f"2001:db8::{n + 1}")))
                script.dead[f"2001:db8::{n + 1}"] = TIMEOUT
            watched = watching(prober, UDP)
            await watched.until(7200)
            assert states(watched.engine.snapshot()) == [Health.DEGRADED] * 6
            assert len(prober.of("sentinel")) <= 3
            await watched.end()

        drive(main)


class TestNames:
    def test_dead_names_do_not_break_the_resolver(self):
        """Lists are full of domains that lapsed: SERVFAIL for good. The resolver is well where other names resolve."""

        async def main():
            urls = [f"http://dead{n}.test:80/announce" for n in range(6)] + HTTP
            prober, scripts = scene(urls)
            for script in scripts[:6]:
                script.resolve_failure = DNS_ERROR
            watched = watching(prober, urls)
            await watched.until(8000)
            snapshot = watched.engine.snapshot()
            assert states(snapshot) == [Health.DOWN] * 6 + [Health.UP] * 6
            assert not {EventKind.LOCAL_OFFLINE, EventKind.LOCAL_ONLINE} & set(kinds(snapshot))
            await watched.end()

        drive(main)

    def test_an_address_in_a_url_says_nothing_of_names(self):
        async def main():
            urls = [*HTTP, "http://192.0.2.77:80/announce", "http://localhost:80/announce"]
            prober, scripts = scene(urls)
            scripts[-1].addresses = ("127.0.0.1",)
            watched = watching(prober, urls)
            await watched.until(3000)
            for script in scripts[:6]:
                script.resolve_failure = DNS_ERROR
            await watched.until(9000)
            snapshot = watched.engine.snapshot()
            assert snapshot.ourselves.state is LocalState.NO_NAMES
            assert kinds(snapshot) == [EventKind.STARTED, EventKind.LOCAL_OFFLINE]
            assert states(snapshot) == [Health.UP] * 8
            await watched.end()

        drive(main)

    def test_a_name_that_was_kept_nearby_ends_nothing(self):
        """A cache on this machine answers for one name while its own resolver is gone."""

        async def main():
            prober, scripts = scene(HTTP)
            watched = watching(prober, HTTP)
            await watched.until(3000)
            for script in scripts[:5]:
                script.resolve_failure = DNS_ERROR
            await watched.until(20_000)
            snapshot = watched.engine.snapshot()
            assert len([kind for kind in kinds(snapshot) if kind in OURS]) <= 3
            for script in scripts:
                script.resolve_failure = None
            await watched.until(22_000)
            assert states(watched.engine.snapshot()) == [Health.UP] * 6
            assert watched.engine.snapshot().ourselves.state is LocalState.FINE
            await watched.end()

        drive(main)

    @pytest.mark.parametrize("failure", [DNS_ERROR, None], ids=["names", "all"])
    def test_doubts_are_not_asked_about_while_the_fault_is_ours(self, failure):
        async def main():
            prober, scripts = scene(HTTP)
            watched = watching(prober, HTTP)
            await watched.until(3000)
            scripts[0].dead["*"] = scripts[1].dead["*"] = TIMEOUT
            watched.engine.do(ProbeNow((0, 1)))
            await watched.until(3012)
            assert watched.engine.snapshot().trackers[0].pending == 1
            if failure is None:
                fall_silent(prober, scripts)
            for script in scripts:
                script.resolve_failure = failure
            await watched.until(4500)
            sent = len(prober.sent)
            assert watched.engine.snapshot().ourselves.state is not LocalState.FINE
            await watched.until(8100)
            asked = [
                s for s in prober.sent[sent:] if s.host == "h0.test:80" and s.what in ("scrape", "check", "announce")
            ]
            assert len(asked) <= 20
            await watched.end()

        drive(main)

    def test_what_gets_worse_is_not_over(self):
        async def main():
            prober, scripts = scene(HTTP)
            keeper = MemoryKeeper()
            watched = watching(prober, HTTP, keeper=keeper)
            await watched.until(3000)
            for script in scripts:
                script.resolve_failure = DNS_ERROR
            await watched.until(5000)
            assert watched.engine.snapshot().ourselves.state is LocalState.NO_NAMES
            fall_silent(prober, scripts)
            await watched.until(8000)
            snapshot = watched.engine.snapshot()
            assert snapshot.ourselves.state is LocalState.OFFLINE
            assert EventKind.LOCAL_ONLINE not in kinds(snapshot)
            for script in scripts:
                script.resolve_failure = None
            rise(prober, scripts)
            await watched.until(8100)
            snapshot = watched.engine.snapshot()
            assert snapshot.ourselves.state is LocalState.FINE
            assert kinds(snapshot).count(EventKind.LOCAL_ONLINE) == 1
            await watched.end()

        drive(main)

    def test_a_router_that_denies_every_name_while_it_is_cut_off(self):
        async def main():
            prober, scripts = scene(UDP + HTTP)
            watched = watching(prober, UDP + HTTP)
            await watched.until(3000)
            fall_silent(prober, scripts)
            for script in scripts:
                script.resolve_failure = NXDOMAIN
            await watched.until(9000)
            snapshot = watched.engine.snapshot()
            assert snapshot.ourselves.state is LocalState.OFFLINE
            assert states(snapshot) == [Health.UNKNOWN] * 12
            assert set(kinds(snapshot)) == {EventKind.STARTED, EventKind.LOCAL_OFFLINE}
            for script in scripts:
                script.resolve_failure = None
            rise(prober, scripts)
            await watched.until(9200)
            snapshot = watched.engine.snapshot()
            assert states(snapshot) == [Health.UP] * 12
            assert set(kinds(snapshot)) == OURS
            await watched.end()

        drive(main)


class TestUdpBlocked:
    def test_udp_then_everything_then_udp_then_nothing(self):
        async def main():
            urls = UDP[:4] + HTTP
            prober, scripts = scene(urls)
            keeper = MemoryKeeper()
            watched = watching(prober, urls, keeper=keeper)
            await watched.until(3000)
            fall_silent(prober, scripts[:4])
            prober.sentinels = SentinelOutcome(tcp=True, udp=False)
            await watched.until(5000)
            snapshot = watched.engine.snapshot()
            assert snapshot.ourselves.state is LocalState.UDP_BLOCKED
            assert states(snapshot) == [Health.UNKNOWN] * 4 + [Health.UP] * 6
            fall_silent(prober, scripts)
            await watched.until(8000)
            snapshot = watched.engine.snapshot()
            assert snapshot.ourselves.state is LocalState.OFFLINE
            assert states(snapshot) == [Health.UNKNOWN] * 10
            assert EventKind.LOCAL_ONLINE not in kinds(snapshot)
            rise(prober, scripts)
            fall_silent(prober, scripts[:4])
            prober.sentinels = SentinelOutcome(tcp=True, udp=False)
            await watched.until(8600)
            snapshot = watched.engine.snapshot()
            assert snapshot.ourselves.state is LocalState.UDP_BLOCKED
            assert states(snapshot) == [Health.UNKNOWN] * 4 + [Health.UP] * 6
            rise(prober, scripts)
            await watched.until(9000)
            snapshot = watched.engine.snapshot()
            assert snapshot.ourselves.state is LocalState.FINE
            assert states(snapshot) == [Health.UP] * 10
            assert set(kinds(snapshot)) == OURS
            assert [gap.kind for gap in keeper.gaps()] == [
                GapKind.UDP_BLOCKED,
                GapKind.LOCAL_OFFLINE,
                GapKind.UDP_BLOCKED,
            ]
            await watched.end()

        drive(main)


class TestCommands:
    def test_probing_and_muting_during_an_outage(self):
        async def main():
            prober, scripts = scene(UDP)
            watched = watching(prober, UDP)
            engine = watched.engine
            await watched.until(3000)
            fall_silent(prober, scripts)
            await watched.until(5000)
            engine.do(ProbeNow(tuple(range(6))))
            engine.do(MuteTrackers((0,), None, "moving house"))
            await watched.until(5100)
            assert states(engine.snapshot()) == [Health.UNKNOWN] * 6
            engine.do(MuteTrackers((0,), None, "", muted=False))
            rise(prober, scripts)
            await watched.until(5200)
            assert states(engine.snapshot()) == [Health.UP] * 6
            assert set(kinds(engine.snapshot())) == OURS
            await watched.end()

        drive(main)

    def test_nothing_is_announced_while_we_are_cut_off(self):
        async def main():
            prober, scripts = scene(HTTP)
            watched = watching(prober, HTTP, settings=EngineSettings(announce=AnnounceMode.SAMPLE))
            await watched.until(3000)
            fall_silent(prober, scripts)
            await watched.until(4500)
            assert watched.engine.snapshot().ourselves.state is LocalState.OFFLINE
            sent = len(prober.sent)
            await watched.until(9000)
            assert [s for s in prober.sent[sent:] if s.what == "announce"] == []
            await watched.end()

        drive(main)


class TestOnce:
    def test_a_block_of_udp_is_called_one_though_all_trackers_are_udp(self):
        async def main():
            prober, scripts = scene(UDP[:3], SentinelOutcome(tcp=True, udp=False))
            for script in scripts:
                script.dead["*"] = TIMEOUT
            engine = make_engine(prober, EngineSettings(freshness=Freshness.FRESH))
            engine.add_torrents([torrent(0, UDP[:3])])
            await engine.run_once(deadline_s=60)
            snapshot = engine.snapshot()
            assert states(snapshot) == [Health.UNKNOWN] * 3
            assert snapshot.ourselves.state is LocalState.UDP_BLOCKED

        drive(main)

    def test_refusals_are_theirs(self):
        async def main():
            prober, scripts = scene(UDP, SILENT)
            for script in scripts:
                script.dead["*"] = REFUSED
            engine = make_engine(prober)
            engine.add_torrents([torrent(0, UDP)])
            await engine.run_once(deadline_s=60)
            assert states(engine.snapshot()) == [Health.DOWN] * 6
            assert engine.snapshot().torrents.failover_states[0] is FailoverState.EXHAUSTED

        drive(main)

    def test_the_report_says_that_it_could_not_tell(self):
        async def main():
            prober, scripts = scene(UDP)
            keeper = MemoryKeeper()
            earlier = make_engine(prober, keeper=keeper)
            earlier.add_torrents([torrent(0, UDP)])
            await earlier.run_once(deadline_s=60)
            keeper.waits.clear()
            fall_silent(prober, scripts)
            engine = make_engine(prober, EngineSettings(freshness=Freshness.FRESH), keeper=keeper)
            engine.add_torrents([torrent(0, UDP)])
            await engine.run_once(deadline_s=60)
            return engine.snapshot()

        snapshot = drive(main)
        report = build_report(
            snapshot,
            vantage=Vantage("00000000-0000-4000-8000-000000000000", "here"),
            duration_s=1.0,
            subject=Subject.TORRENTS,
            selected=None,
            skipped=(),
            only_problems=False,
            fail_on=FailOn.WARNING,
        )
        said = json.loads("".join(render(report, Style())))
        assert said["summary"]["exit_code"] == 3
        assert said["summary"]["verdict"] == "unknown"
        assert said["summary"]["trackers_by_state"] == {"up": 0, "degraded": 0, "down": 0, "unknown": 6}
        assert [problem["rule"] for problem in said["problems"] if problem["severity"] != "info"] == []
        assert said["torrents"][0]["failover"]["state"] == "unknown"
        for tracker in said["trackers"]:
            assert {e["failure"]["kind"] for e in tracker["endpoints"]} == {"local_offline"}


@pytest.mark.parametrize("seed", [2, 5, 12, 27, 41, 57])
def test_whatever_happens_it_is_over_when_it_is_over(seed):
    """Cables, names, routes, clocks and lists that come and go: then all is well, and the log was no flood."""

    async def main():
        rng = random.Random(seed)
        urls = [f"udp://t{n}.test:80" if rng.random() < 0.6 else f"http://t{n}.test:80/announce" for n in range(12)]
        prober, scripts = scene(urls, rng.choice([WELL, WELL, NO_SENTINELS]))
        for n, script in enumerate(scripts):
            if rng.random() < 0.3:
                script.addresses = (*script.addresses, f"2001:db8::{n + 1}")
        clock = DrivenClock()
        engine = make_engine(prober, EngineSettings(announce=AnnounceMode.SAMPLE), clock=clock)
        torrents = [torrent(n, *[[rng.choice(urls)] for _ in range(3)], private=rng.random() < 0.2) for n in range(20)]
        engine.add_torrents(torrents[:10])
        watched, seconds = Watched(engine), 0.0
        for _ in range(60):
            seconds += rng.choice([1, 7, 20, 60, 200, 900])
            await watched.until(seconds)
            match rng.randrange(11):
                case 0:
                    fall_silent(prober, scripts, rng.choice([TIMEOUT, NO_ROUTE]))
                case 1 | 2:
                    rise(prober, scripts)
                case 3:
                    rng.choice(scripts).dead["*"] = rng.choice([TIMEOUT, REFUSED, NO_ROUTE])
                case 4:
                    rng.choice(scripts).resolve_failure = rng.choice([DNS_ERROR, NXDOMAIN, None])
                case 5 | 6 as names:
                    for script in scripts:
                        script.resolve_failure = DNS_ERROR if names == 5 else None
                case 7:
                    engine.add_torrents([rng.choice(torrents)])
                case 8:
                    engine.remove_torrents([rng.choice(torrents).info_hash])
                case 9:
                    clock.offset_s += rng.choice([-7200.0, 28800.0, 86400.0])
                case 10:
                    engine.do(ProbeNow(tuple(range(len(engine.snapshot().trackers)))))
        rise(prober, scripts)
        for script in scripts:
            script.resolve_failure = None
        await watched.until(seconds + 2000)
        snapshot = engine.snapshot()
        assert snapshot.ourselves.state is LocalState.FINE
        assert {view.state for view in snapshot.trackers if view.torrents} == {Health.UP}
        assert not [event for event in snapshot.events if "internal error" in event.message]
        assert len([kind for kind in kinds(snapshot) if kind in OURS]) < 40
        for host in {sent.host for sent in prober.sent}:
            asked = [s for s in prober.sent if s.host == host and s.what in ("check", "scrape", "announce")]
            assert len(asked) < seconds / 20
        await watched.end()

    drive(main)
