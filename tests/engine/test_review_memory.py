"""Memory where it could mislead: clocks that were wrong, addresses that moved, runs of cron, programs side by side."""

import asyncio
import itertools
from dataclasses import replace

import pytest

from tests.engine.driven import (
    NXDOMAIN,
    REFUSED,
    TIMEOUT,
    UNREGISTERED,
    DrivenClock,
    Script,
    ScriptedProber,
    Watched,
    drive,
    make_engine,
    torrent,
)
from tests.engine.keeping import MemoryKeeper
from trackerwatch.engine.commands import ProbeNow
from trackerwatch.engine.keeper import Waits
from trackerwatch.engine.records import AnnouncedRecord, TrackerMemory
from trackerwatch.engine.settings import AnnounceMode, EngineSettings, Freshness, PrivateMode
from trackerwatch.engine.views import Source
from trackerwatch.failover import FailoverState
from trackerwatch.health import Health
from trackerwatch.outcome import AnnounceOutcome, Operation, PhaseTimes, ProbeOutcome, SwarmCounts
from trackerwatch.stats import Windows
from trackerwatch.tracker import parse_tracker

A, B = "udp://a.test:80", "udp://b.test:80"
H = "http://h.test:80/announce"


def public(prober: ScriptedProber, *urls: str) -> list[Script]:
    return [prober.script(url, Script(addresses=(f"192.0.2.{n + 1}",))) for n, url in enumerate(urls)]


async def watch(prober, keeper, seconds, *torrents, settings=None, clock=None):
    engine = make_engine(prober, settings, keeper=keeper, clock=clock)
    engine.add_torrents(torrents)
    watched = Watched(engine)
    await asyncio.sleep(seconds)
    await watched.end()
    return engine


async def report(prober, keeper, *torrents, deadline_s=60, clock=None, **settings):
    engine = make_engine(prober, EngineSettings(**settings), keeper=keeper, clock=clock)
    engine.add_torrents(torrents)
    await engine.run_once(deadline_s=deadline_s)
    return engine.snapshot()


async def check(prober, keeper, *urls, **settings):
    engine = make_engine(prober, EngineSettings(**settings), keeper=keeper)
    engine.add_trackers([parse_tracker(url) for url in urls])
    await engine.run_once(deadline_s=60)
    return engine.snapshot()


class CountingKeeper(MemoryKeeper):
    """Remembers uptime too, as a store does."""

    async def recall(self, tracker, info_hashes, *, past=True):
        windows = Windows()
        for sample in self.samples(tracker.host_port):
            windows.add(
                sample.at,
                answered=sample.failure is None,
                counted=sample.counted,
                covers_s=sample.covers_s,
                latency_s=sample.latency_s,
            )
        return replace(await super().recall(tracker, info_hashes, past=past), windows=windows)


class SlowKeeper(MemoryKeeper):
    """A disk that takes seconds for everything."""

    wait_s = 5.0

    async def recall(self, tracker, info_hashes, *, past=True):
        await asyncio.sleep(self.wait_s)
        return await super().recall(tracker, info_hashes, past=past)

    async def claim(self, tracker, now, window_s):
        await asyncio.sleep(self.wait_s)
        return await super().claim(tracker, now, window_s)


class TestCached:
    @pytest.mark.parametrize("failure", [TIMEOUT, REFUSED])
    def test_a_doubt_that_is_remembered_is_not_settled_by_asking(self, failure):
        async def main():
            prober, keeper = ScriptedProber(), MemoryKeeper()
            (a,) = public(prober, A)
            await watch(prober, keeper, 1000, torrent(0, [A]))
            a.dead["*"] = failure
            engine = await watch(prober, keeper, 5, torrent(0, [A]))
            assert engine.snapshot().trackers[0].pending > 0
            sent = len(prober.sent)
            await report(prober, keeper, torrent(0, [A]), freshness=Freshness.CACHED)
            assert prober.sent[sent:] == []
            await report(prober, keeper, torrent(0, [A]))
            assert prober.sent[sent:] == [], "its counts are fresh enough"

        drive(main)


class TestCheck:
    def test_it_asks_each_time_and_takes_no_turn_of_a_report(self):
        async def main():
            prober, keeper = ScriptedProber(), MemoryKeeper()
            (a,) = public(prober, A)
            await report(prober, keeper, torrent(0, [A]))
            await asyncio.sleep(20)
            a.dead["*"] = REFUSED
            snapshot = await check(prober, keeper, A)
            assert snapshot.trackers[0].state is Health.DOWN
            a.dead.clear()
            await asyncio.sleep(5)
            snapshot = await check(prober, keeper, A)
            assert snapshot.trackers[0].state is Health.UP
            await asyncio.sleep(60)
            sent = len(prober.sent)
            await check(prober, keeper, A)
            assert {s.what for s in prober.sent[sent:]} == {"resolve", "check"}
            snapshot = await report(prober, keeper, torrent(0, [A]), freshness=Freshness.FRESH)
            assert snapshot.torrents.view(0).answers[0].scrape.source is Source.LIVE

        drive(main)

    def test_it_keeps_to_what_the_tracker_asked_for(self):
        async def main():
            prober, keeper = ScriptedProber(), MemoryKeeper()
            public(prober, A)
            await report(prober, keeper, torrent(0, [A]))
            now = DrivenClock().wall()
            keeper.waits[parse_tracker(A).id] = Waits(not_before=now + 3600)
            sent = len(prober.sent)
            snapshot = await check(prober, keeper, A)
            assert prober.sent[sent:] == []
            assert snapshot.trackers[0].state is Health.UP
            assert "left alone" in snapshot.trackers[0].note

        drive(main)

    def test_cached_and_old_answers_serve_where_they_are_asked_for(self):
        async def main():
            prober, keeper = ScriptedProber(), MemoryKeeper()
            public(prober, A)
            await check(prober, keeper, A)
            sent = len(prober.sent)
            await asyncio.sleep(300)
            assert (await check(prober, keeper, A, freshness=Freshness.CACHED)).trackers[0].state is Health.UP
            assert (await check(prober, keeper, A, max_age_s=600.0)).trackers[0].state is Health.UP
            assert prober.sent[sent:] == []

        drive(main)


class TestCron:
    @pytest.mark.parametrize("every_s", [300, 900, 1800])
    def test_reports_of_cron_add_up_to_an_uptime(self, every_s):
        async def main():
            prober, keeper = ScriptedProber(), CountingKeeper()
            public(prober, A)
            for _ in range(86400 // every_s):
                await report(prober, keeper, torrent(0, [A]))
                await asyncio.sleep(every_s - 1)
            snapshot = await report(prober, keeper, torrent(0, [A]))
            day = snapshot.trackers[0].uptimes[1]
            assert day.covered_s == pytest.approx(86400, rel=0.05)
            assert day.successes == day.counted > 20

        drive(main)

    def test_a_report_a_day_is_no_uptime(self):
        async def main():
            prober, keeper = ScriptedProber(), CountingKeeper()
            public(prober, A)
            for _ in range(3):
                await report(prober, keeper, torrent(0, [A]))
                await asyncio.sleep(86400 - 60)
            snapshot = await report(prober, keeper, torrent(0, [A]), freshness=Freshness.CACHED)
            assert snapshot.trackers[0].uptimes[2].covered_s < 3 * 3600

        drive(main)

    def test_a_restart_leaves_no_hole(self):
        async def main():
            prober, keeper = ScriptedProber(), CountingKeeper()
            public(prober, A)
            for _ in range(6):
                engine = await watch(prober, keeper, 590, torrent(0, [A]))
                await asyncio.sleep(10)
            assert engine.snapshot().trackers[0].uptimes[0].covered_s == pytest.approx(3600, rel=0.1)
            whole = sum(sample.covers_s for sample in keeper.samples())
            assert whole <= 3600

        drive(main)

    @pytest.mark.parametrize("every_s", [900, 905])
    def test_cron_at_the_interval_asks_each_time(self, every_s):
        async def main():
            prober, keeper = ScriptedProber(), MemoryKeeper()
            public(prober, A)
            for n in range(6):
                begun = asyncio.get_running_loop().time()
                await report(prober, keeper, torrent(0, [A]))
                assert len(prober.of("scrape")) == n + 1
                await asyncio.sleep(begun + every_s - asyncio.get_running_loop().time())

        drive(main)


class TestClocks:
    def test_answers_from_the_future_are_not_fresh(self):
        """The clock was a year ahead for a while: what was written then is no answer of today."""

        async def main():
            prober, keeper, clock = ScriptedProber(), MemoryKeeper(), DrivenClock()
            (a,) = public(prober, A)
            clock.offset_s = 365 * 86400.0
            await report(prober, keeper, torrent(0, [A]), clock=clock)
            keeper.waits.clear()  # which a store sets right by itself
            clock.offset_s = 0.0
            a.counts = lambda _: (9, 3, 10)
            snapshot = await report(prober, keeper, torrent(0, [A]), clock=clock)
            assert snapshot.torrents.view(0).counts.seeders == 9
            assert snapshot.torrents.view(0).answers[0].scrape.source is Source.LIVE

        drive(main)

    def test_announces_age_with_a_clock_that_is_set_back(self):
        async def main():
            prober, clock = ScriptedProber(), DrivenClock()
            (h,) = public(prober, H)
            one = torrent(0, [H])
            h.omitted = frozenset({one.info_hash})
            engine = make_engine(prober, clock=clock)
            engine.add_torrents([one])
            watched = Watched(engine)
            await watched.until(500)
            assert engine.snapshot().torrents.view(0).counts.seeders == 5
            clock.offset_s = -7200.0
            h.omitted, h.counts = frozenset(), lambda _: (44, 3, 10)
            await watched.until(1600)
            assert engine.snapshot().torrents.view(0).counts.seeders == 44
            await watched.end()

        drive(main)

    def test_times_that_make_no_sense_do_no_harm(self):
        async def main():
            prober, keeper = ScriptedProber(), MemoryKeeper()
            public(prober, A)
            await report(prober, keeper, torrent(0, [A]))
            memory = keeper.of(TrackerMemory)[-1]
            tracker = memory.tracker
            odd = replace(memory, last_probe_at=9e12, last_success_at=-5.0, since=None)
            keeper.record(odd)
            keeper.waits[tracker.id] = Waits(asked_at=9e12, not_before=float("nan"), min_request_interval_s=0.0)
            engine = await watch(prober, keeper, 3000, torrent(0, [A]))
            assert engine.snapshot().trackers[0].state is Health.UP

        drive(main)


class TestAddresses:
    def test_a_tracker_that_moved_while_nobody_looked_is_not_down(self):
        async def main():
            prober, keeper = ScriptedProber(), MemoryKeeper()
            (a,) = public(prober, A)
            await watch(prober, keeper, 300, torrent(0, [A]))
            a.addresses, a.dead["192.0.2.1"] = ("198.51.100.7",), TIMEOUT
            engine = await watch(prober, keeper, 400, torrent(0, [A]))
            view = engine.snapshot().trackers[0]
            assert view.state is Health.UP
            assert [e.endpoint.address for e in view.endpoints] == ["198.51.100.7"]
            assert not [t for t in keeper.transitions() if t.to_state == "down"]

        drive(main)

    def test_a_tracker_that_moves_between_two_rounds_is_not_down(self):
        async def main():
            prober, keeper = ScriptedProber(), MemoryKeeper()
            (a,) = public(prober, A)
            engine = make_engine(prober, keeper=keeper)
            engine.add_torrents([torrent(0, [A])])
            watched = Watched(engine)
            await watched.until(1100)
            a.addresses, a.dead["192.0.2.1"] = ("198.51.100.7",), TIMEOUT
            await watched.until(1800)
            assert not [t for t in keeper.transitions() if t.to_state == "down"]
            assert engine.snapshot().trackers[0].state is Health.UP
            await watched.end()

        drive(main)


class TestLeaving:
    def test_a_tracker_that_nobody_lists_now_is_remembered_as_it_was(self):
        async def main():
            prober, keeper = ScriptedProber(), MemoryKeeper()
            public(prober, A, B)
            engine = make_engine(prober, keeper=keeper)
            engine.add_torrents([torrent(0, [A]), torrent(1, [B])])
            watched = Watched(engine)
            await watched.until(500)
            engine.remove_torrents([torrent(0, []).info_hash])
            await watched.until(600)
            await watched.end()
            memory = [m for m in keeper.of(TrackerMemory) if m.tracker.host == "a.test"][-1]
            assert memory.state is Health.UP
            assert memory.endpoints

        drive(main)


class TestPrivate:
    def test_what_may_not_be_asked_is_not_missed(self):
        """A tracker of public and private torrents: what is remembered of the public ones spares the question."""

        async def main():
            prober, keeper = ScriptedProber(), MemoryKeeper()
            public(prober, A)
            both = [torrent(0, [A]), torrent(1, [A], private=True)]
            await report(prober, keeper, *both)
            sent = len(prober.sent)
            await asyncio.sleep(300)
            await report(prober, keeper, *both)
            assert prober.sent[sent:] == []
            await report(prober, keeper, *both, private=PrivateMode.SCRAPE)
            assert len(prober.of("scrape")) == 2
            assert len(prober.of("scrape")[-1].hashes) == 2

        drive(main)


class TestNew:
    def test_another_torrent_a_moment_later_has_an_answer(self):
        """Somebody looks at one torrent and then at the next."""

        async def main():
            prober, keeper = ScriptedProber(), MemoryKeeper()
            public(prober, A)
            for n in range(4):
                snapshot = await report(prober, keeper, torrent(n, [A]))
                assert snapshot.torrents.view(0).counts.seeders == 5
                await asyncio.sleep(1)
            times = [sent.at for sent in prober.of("scrape")]
            assert all(later - earlier >= 4.9 for earlier, later in itertools.pairwise(times))

        drive(main)

    def test_a_short_deadline_does_not_hurry_it(self):
        async def main():
            prober, keeper = ScriptedProber(), MemoryKeeper()
            public(prober, A)
            await report(prober, keeper, torrent(0, [A]))
            snapshot = await report(prober, keeper, torrent(1, [A]), deadline_s=2)
            assert len(prober.of("scrape")) == 1
            assert snapshot.torrents.view(0).counts.seeders is None

        drive(main)

    def test_torrents_that_come_later_are_asked_for_once(self):
        async def main():
            prober, keeper = ScriptedProber(), MemoryKeeper()
            public(prober, A)
            known = [torrent(n, [A]) for n in range(5)]
            await watch(prober, keeper, 300, *known)
            sent = len(prober.sent)
            engine = make_engine(prober, keeper=keeper)
            engine.add_torrents(known[:2])
            watched = Watched(engine)
            await asyncio.sleep(10)
            engine.add_torrents(known[2:])
            await asyncio.sleep(10)
            assert [engine.snapshot().torrents.view(n).counts.seeders for n in range(5)] == [5] * 5
            engine.add_torrents([torrent(9, [A])])
            await asyncio.sleep(120)
            assert engine.snapshot().torrents.view(5).counts.seeders == 5
            scrapes = [s for s in prober.sent[sent:] if s.what == "scrape"]
            assert [len(s.hashes) for s in scrapes] == [1]
            checks = [s for s in prober.sent[sent:] if s.what == "check"]
            assert len(checks) < 8
            await watched.end()

        drive(main)


class TestSideBySide:
    def test_new_torrents_in_two_programs_make_no_storm(self):
        async def main():
            prober, keeper = ScriptedProber(), MemoryKeeper()
            public(prober, A)
            engines = [make_engine(prober, keeper=keeper) for _ in range(2)]
            both = [Watched(engine) for engine in engines]
            for n in range(20):
                engines[n % 2].add_torrents([torrent(n, [A])])
                await asyncio.sleep(31)
            times = sorted(sent.at for sent in prober.of("scrape"))
            assert all(later - earlier >= 59 for earlier, later in itertools.pairwise(times))
            assert len(prober.sent) < 120
            await asyncio.sleep(120)
            for engine in engines:
                assert all(engine.snapshot().torrents.view(n).counts.seeders == 5 for n in range(10))
            for watched in both:
                await watched.end()

        drive(main)

    def test_a_refusal_that_the_other_one_saw_lifted_is_lifted(self):
        async def main():
            prober, keeper = ScriptedProber(), MemoryKeeper()
            (h,) = public(prober, H)
            h.scrape_failure = UNREGISTERED
            engine = make_engine(prober, EngineSettings(announce=AnnounceMode.NEVER), keeper=keeper)
            engine.add_torrents([torrent(0, [H])])
            watched = Watched(engine)
            await watched.until(500)
            assert engine.snapshot().torrents.failover_states[0] is FailoverState.EXHAUSTED
            h.scrape_failure = None
            await report(prober, keeper, torrent(0, [H]), freshness=Freshness.FRESH)
            await watched.until(1100)
            assert engine.snapshot().torrents.view(0).counts.seeders == 5
            assert engine.snapshot().torrents.failover_states[0] is FailoverState.PRIMARY
            await watched.end()

        drive(main)

    def test_programs_that_probe_on_command_in_turn(self):
        async def main():
            prober, keeper = ScriptedProber(), MemoryKeeper()
            public(prober, A)
            engines = [make_engine(prober, keeper=keeper) for _ in range(2)]
            for engine in engines:
                engine.add_torrents([torrent(0, [A])])
            both = [Watched(engine) for engine in engines]
            for n in range(60):
                await asyncio.sleep(20)
                engines[n % 2].do(ProbeNow((0,)))
            times = sorted(sent.at for sent in prober.of("scrape"))
            assert all(later - earlier >= 59 for earlier, later in itertools.pairwise(times))
            for watched in both:
                await watched.end()

        drive(main)


class TestSlow:
    def test_a_slow_disk_delays_and_changes_nothing(self):
        async def main():
            prober, keeper = ScriptedProber(), SlowKeeper()
            public(prober, A)
            engine = await watch(prober, keeper, 2000, torrent(0, [A]))
            assert engine.snapshot().trackers[0].state is Health.UP
            snapshot = await report(prober, keeper, torrent(0, [A]), freshness=Freshness.FRESH)
            assert snapshot.trackers[0].state is Health.UP

        drive(main)

    def test_a_deadline_in_the_middle_of_recalling(self):
        async def main():
            prober, keeper = ScriptedProber(), SlowKeeper()
            public(prober, A)
            snapshot = await report(prober, keeper, torrent(0, [A]), deadline_s=2)
            assert snapshot.trackers[0].state is Health.UNKNOWN
            assert prober.sent == []

        drive(main)

    def test_stopping_in_the_middle_of_recalling(self):
        async def main():
            prober, keeper = ScriptedProber(), SlowKeeper()
            keeper.wait_s = 1e6
            public(prober, A)
            engine = make_engine(prober, keeper=keeper)
            engine.add_torrents([torrent(0, [A])])
            watched = Watched(engine)
            await asyncio.sleep(3)
            begun = asyncio.get_running_loop().time()
            await watched.end()
            assert asyncio.get_running_loop().time() - begun < 1
            records = len(keeper.records)
            await asyncio.sleep(2e6)
            assert len(keeper.records) == records

        drive(main)


class TestHybrid:
    def test_both_hashes_come_back(self):
        async def main():
            prober, keeper = ScriptedProber(), MemoryKeeper()
            (a,) = public(prober, A)
            hybrid = torrent(0, [A], v2=bytes(range(32)))
            a.counts = lambda info_hash: (3, 1, 0) if info_hash == hybrid.info_hash else (8, 1, 0)
            await report(prober, keeper, hybrid)
            sent = len(prober.sent)
            await asyncio.sleep(60)
            snapshot = await report(prober, keeper, hybrid)
            assert prober.sent[sent:] == []
            assert [answer.counts.seeders for answer in snapshot.torrents.view(0).answers] == [3, 8]

        drive(main)


def test_an_announce_that_is_remembered_says_how_old_it_is():
    async def main():
        prober, keeper = ScriptedProber(), MemoryKeeper()
        (h,) = public(prober, H)
        h.scrapable = False
        one = torrent(0, [H])
        await report(prober, keeper, one)
        (record,) = keeper.of(AnnouncedRecord)
        assert record.outcome == AnnounceOutcome(
            ProbeOutcome(
                record.outcome.probe.endpoint,
                Operation.ANNOUNCE,
                PhaseTimes(0.01, 0.02, None, 0.05),
                None,
                requests=2,
                said="announce answered",
            ),
            SwarmCounts(5, 3, None),
            0,
            1800.0,
            None,
        )
        await asyncio.sleep(600)
        sent = len(prober.of("announce"))
        snapshot = await report(prober, keeper, one)
        assert len(prober.of("announce")) == sent, "inside its interval"
        answer = snapshot.torrents.view(0).answers[0].announce
        assert (answer.source, answer.observed_at.timestamp()) == (Source.STORE, record.at)

    drive(main)


class TestNames:
    def test_a_name_that_is_gone_after_a_restart_is_this_runs_own_finding(self):
        async def main():
            prober, keeper = ScriptedProber(), MemoryKeeper()
            (h,) = public(prober, H)
            await watch(prober, keeper, 300, torrent(0, [H]))
            h.resolve_failure = NXDOMAIN
            engine = await watch(prober, keeper, 1500, torrent(0, [H]))
            view = engine.snapshot().trackers[0]
            assert view.state is Health.DOWN
            assert view.recalled_at is None
            assert keeper.of(TrackerMemory)[-1].state is Health.DOWN

        drive(main)


class TestGaps:
    @pytest.mark.parametrize(("url", "within_s"), [(A, 240), (H, 1020)])
    def test_what_died_in_our_sleep_is_found_in_time(self, url, within_s):
        async def main():
            prober, clock = ScriptedProber(), DrivenClock()
            (script,) = public(prober, url)
            engine = make_engine(prober, clock=clock)
            engine.add_torrents([torrent(0, [url])])
            watched = Watched(engine)
            await watched.until(2000)
            script.dead["*"] = TIMEOUT
            clock.offset_s = 8 * 3600.0
            await watched.until(2000 + 30 + within_s)
            assert engine.snapshot().trackers[0].state is Health.DOWN
            await watched.end()

        drive(main)

    @pytest.mark.parametrize("slept_s", [8 * 3600.0, -3600.0])
    def test_the_next_probe_is_told_by_the_clock_of_today(self, slept_s):
        async def main():
            prober, clock = ScriptedProber(), DrivenClock()
            public(prober, A, H)
            engine = make_engine(prober, clock=clock)
            engine.add_torrents([torrent(0, [A], [H])])
            watched = Watched(engine)
            await watched.until(1500)
            clock.offset_s = slept_s
            await asyncio.sleep(11)
            for view in engine.snapshot().trackers:
                assert -1 <= view.next_probe_at.timestamp() - clock.wall() <= 1000
            await watched.end()

        drive(main)
