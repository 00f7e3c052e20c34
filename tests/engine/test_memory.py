"""What is remembered: states with their age, waits shared by programs, answers that need no asking."""

import asyncio
import itertools

import pytest

from tests.engine.driven import REFUSED, TIMEOUT, Script, ScriptedProber, Watched, drive, make_engine, torrent
from tests.engine.keeping import MemoryKeeper
from trackerwatch.engine.commands import ProbeNow
from trackerwatch.engine.records import AnnouncedRecord, TrackerMemory
from trackerwatch.engine.settings import AnnounceMode, EngineSettings, Freshness
from trackerwatch.engine.views import EventKind, Source
from trackerwatch.failover import FailoverState
from trackerwatch.health import Health
from trackerwatch.outcome import Failure, FailureKind, Phase
from trackerwatch.policy.rules import Verdict

A, B = "udp://a.test:80", "udp://b.test:80"
H = "http://h.test:80/announce"
SOON = Failure(FailureKind.FAILURE_REASON, Phase.EXCHANGE, "come back later", retry_in_s=3600.0)
NEVER = Failure(FailureKind.FAILURE_REASON, Phase.EXCHANGE, "not a tracker", retry_never=True)


def public(prober: ScriptedProber, *urls: str) -> list[Script]:
    return [prober.script(url, Script(addresses=(f"192.0.2.{n + 1}",))) for n, url in enumerate(urls)]


def local(prober: ScriptedProber, url: str) -> Script:
    return prober.script(url, Script(addresses=("127.0.0.1",)))


async def watch(prober, keeper, seconds, *torrents, settings=None, clock=None):
    engine = make_engine(prober, settings, keeper=keeper, clock=clock)
    engine.add_torrents(torrents)
    watched = Watched(engine)
    loop_now = engine._clock.monotonic()
    await watched.until(loop_now + seconds)
    await watched.end()
    return engine


async def report(prober, keeper, *torrents, **settings):
    engine = make_engine(prober, EngineSettings(**settings), keeper=keeper)
    engine.add_torrents(torrents)
    await engine.run_once(deadline_s=60)
    return engine.snapshot()


def pause(seconds):
    return asyncio.sleep(seconds)


class TestRestart:
    def test_states_come_back_with_their_age(self):
        async def main():
            prober, keeper = ScriptedProber(), MemoryKeeper()
            a, _ = public(prober, A, B)
            await watch(prober, keeper, 1000, torrent(0, [A], [B]))
            a.dead["*"] = REFUSED
            engine = await watch(prober, keeper, 1500, torrent(0, [A], [B]))
            before = engine.snapshot().trackers
            failed_over_since = engine.snapshot().torrents.view(0).since
            assert [view.state for view in before] == [Health.DOWN, Health.UP]
            sent = len(prober.sent)
            await pause(60)

            again = make_engine(prober, keeper=keeper)
            again.add_torrents([torrent(0, [A], [B])])
            watched = Watched(again)
            await pause(0.001)
            snapshot = again.snapshot()
            assert [(v.state, v.since, v.reasons) for v in snapshot.trackers] == [
                (v.state, v.since, v.reasons) for v in before
            ]
            assert all(view.recalled_at is not None for view in snapshot.trackers)
            assert snapshot.torrents.failover_states[0] is FailoverState.FAILED_OVER
            assert snapshot.torrents.view(0).counts.seeders == 5
            assert snapshot.torrents.view(0).since == failed_over_since
            told = [(event.kind, event.to_state) for event in snapshot.events]
            assert told == [
                (EventKind.STARTED, None),
                (EventKind.STATE_CHANGED, "down"),
                (EventKind.FAILED_OVER, "failed_over"),
            ], "who begins to listen must know what is wrong"
            assert "as an earlier run saw it" in snapshot.events[1].message
            assert failed_over_since is not None
            assert snapshot.events[2].message == (
                f"torrent 0 runs on its backup b.test:80 (since {failed_over_since:%Y-%m-%d %H:%M} UTC,"
                " as an earlier run saw it)"
            )
            await pause(30)
            snapshot = again.snapshot()
            assert [view.recalled_at for view in snapshot.trackers] == [None, None]
            assert [(v.state, v.since) for v in snapshot.trackers] == [(v.state, v.since) for v in before]
            asked = [s.what for s in prober.sent[sent:] if s.what != "resolve"]
            assert "scrape" not in asked, "the interval since the last scrape is not over"
            assert asked.count("check") >= 2, "but each is asked for a sign of life"
            await pause(900)
            assert [s.what for s in prober.sent[sent:]].count("scrape") >= 1
            await watched.end()

        drive(main)

    def test_many_restarts_move_no_failover_into_the_present(self):
        async def main():
            prober, keeper = ScriptedProber(), MemoryKeeper()
            a, _ = public(prober, A, B)
            a.dead["*"] = REFUSED
            one = torrent(0, [A], [B], ["udp://c.test:80"])
            engine = await watch(prober, keeper, 1500, one)
            since = engine.snapshot().torrents.view(0).since
            written = len(keeper.transitions())
            for _ in range(3):
                await pause(60)
                engine = await watch(prober, keeper, 100, one)
                assert engine.snapshot().torrents.view(0).since == since
                kinds = [event.kind for event in engine.snapshot().events]
                assert kinds.count(EventKind.FAILED_OVER) == 1
                assert EventKind.PROMOTED not in kinds
            assert len(keeper.transitions()) == written, "what was written down already is not written again"

        drive(main)

    def test_a_missing_seeder_of_an_earlier_run_is_told_as_that(self):
        async def main():
            prober, keeper = ScriptedProber(), MemoryKeeper()
            (a,) = public(prober, A)
            a.counts = lambda _: (0, 3, 10)
            await watch(prober, keeper, 100, torrent(0, [A]))
            engine = await watch(prober, keeper, 100, torrent(0, [A]))
            told = [e.message for e in engine.snapshot().events if e.kind is EventKind.PROBLEM_OPENED]
            assert told == ["torrent 0: no seeder (as an earlier run saw it)"]

        drive(main)

    def test_a_state_of_long_ago_says_nothing_of_today(self):
        async def main():
            prober, keeper = ScriptedProber(), MemoryKeeper()
            (a,) = public(prober, A)
            a.dead["*"] = REFUSED
            await watch(prober, keeper, 1000, torrent(0, [A]))
            await pause(8 * 86400)
            a.dead.clear()
            a.hangs = True
            engine = make_engine(prober, keeper=keeper)
            engine.add_torrents([torrent(0, [A])])
            watched = Watched(engine)
            await pause(5)
            assert engine.snapshot().trackers[0].state is Health.UNKNOWN
            await watched.end()

        drive(main)

    def test_a_bad_round_that_was_remembered_goes_on_counting(self):
        async def main():
            prober, keeper = ScriptedProber(), MemoryKeeper()
            (a,) = public(prober, A)
            await watch(prober, keeper, 500, torrent(0, [A]))
            a.dead["*"] = TIMEOUT
            engine = await watch(prober, keeper, 60, torrent(0, [A]))
            pending = engine.snapshot().trackers[0].pending
            assert 0 < pending < 3
            engine = await watch(prober, keeper, 1, torrent(0, [A]))
            assert (
                engine.snapshot().trackers[0].pending == pending + 1
                or engine.snapshot().trackers[0].state is Health.DOWN
            )

        drive(main)

    def test_what_a_tracker_asked_for_holds_after_a_restart(self):
        async def main():
            prober, keeper = ScriptedProber(), MemoryKeeper()
            (h,) = public(prober, H)
            h.scrape_failure = SOON
            await watch(prober, keeper, 20, torrent(0, [H]))
            h.scrape_failure = None
            sent = len(prober.sent)
            await watch(prober, keeper, 3000, torrent(0, [H]))
            assert [s for s in prober.sent[sent:] if s.what != "resolve"] == []
            await watch(prober, keeper, 1500, torrent(0, [H]))
            assert [s.what for s in prober.sent[sent:] if s.what == "scrape"]

        drive(main)

    def test_never_means_never(self):
        async def main():
            prober, keeper = ScriptedProber(), MemoryKeeper()
            (h,) = public(prober, H)
            h.scrape_failure = NEVER
            await watch(prober, keeper, 20, torrent(0, [H]))
            h.scrape_failure, sent = None, len(prober.sent)
            engine = await watch(prober, keeper, 5000, torrent(0, [H]))
            assert [s for s in prober.sent[sent:] if s.what != "resolve"] == []
            assert engine.snapshot().trackers[0].state is Health.DOWN
            snapshot = await report(prober, keeper, torrent(0, [H]), freshness=Freshness.FRESH)
            assert [s for s in prober.sent[sent:] if s.what != "resolve"] == []
            assert snapshot.trackers[0].state is Health.DOWN

        drive(main)


def test_a_remembered_address_is_asked_only_once_it_is_resolved_again():
    """What a store names was judged by no address policy of this run."""

    async def main():
        prober, keeper = ScriptedProber(), MemoryKeeper()
        (h,) = public(prober, H)
        await watch(prober, keeper, 100, torrent(0, [H]))
        sent = len(prober.sent)
        h.resolve_failure = Failure(FailureKind.DNS_TIMEOUT, Phase.RESOLVE, "no answer")
        await watch(prober, keeper, 2000, torrent(0, [H]), torrent(1, [H]))
        assert {s.what for s in prober.sent[sent:]} <= {"resolve", "sentinel"}

    drive(main)


class TestTwoPrograms:
    def test_one_tracker_is_scraped_once_an_interval_by_both(self):
        async def main():
            prober, keeper = ScriptedProber(), MemoryKeeper()
            public(prober, A)
            engines = [make_engine(prober, keeper=keeper) for _ in range(2)]
            for engine in engines:
                engine.add_torrents([torrent(0, [A])])
            both = [Watched(engine) for engine in engines]
            await both[0].until(4 * 3600)
            times = sorted(sent.at for sent in prober.of("scrape"))
            assert all(later - earlier > 850 for earlier, later in itertools.pairwise(times))
            assert len(times) > 12
            for engine in engines:
                view = engine.snapshot().torrents.view(0)
                assert view.counts.seeders == 5
            for watched in both:
                await watched.end()

        drive(main)

    def test_counts_of_the_other_one_are_taken_over(self):
        async def main():
            prober, keeper = ScriptedProber(), MemoryKeeper()
            (a,) = public(prober, A)
            engine = make_engine(prober, keeper=keeper)
            engine.add_torrents([torrent(0, [A])])
            watched = Watched(engine)
            await watched.until(500)
            a.counts = lambda _: (77, 3, 10)
            await report(prober, keeper, torrent(0, [A]), freshness=Freshness.FRESH)
            await watched.until(1100)
            assert engine.snapshot().torrents.view(0).counts.seeders == 77
            assert engine.snapshot().torrents.view(0).answers[0].scrape.source is Source.STORE
            await watched.end()

        drive(main)

    def test_a_user_who_asks_is_served_after_a_minute(self):
        async def main():
            prober, keeper = ScriptedProber(), MemoryKeeper()
            public(prober, A)
            engine = make_engine(prober, keeper=keeper)
            engine.add_torrents([torrent(0, [A])])
            watched = Watched(engine)
            await watched.until(100)
            engine.do(ProbeNow((0,)))
            await watched.until(110)
            assert len(prober.of("scrape")) == 2
            await watched.end()

        drive(main)


class TestReports:
    def test_what_was_answered_lately_is_not_asked_again(self):
        async def main():
            prober, keeper = ScriptedProber(), MemoryKeeper()
            public(prober, A, B)
            first = await report(prober, keeper, torrent(0, [A], [B]))
            sent = len(prober.sent)
            await pause(600)
            second = await report(prober, keeper, torrent(0, [A], [B]))
            assert prober.sent[sent:] == []
            view = second.torrents.view(0)
            assert view.verdict is first.torrents.view(0).verdict
            assert view.counts == first.torrents.view(0).counts
            assert {answer.scrape.source for answer in view.answers} == {Source.STORE}
            assert {a.scrape.observed_at for a in view.answers} == {
                a.scrape.observed_at for a in first.torrents.view(0).answers
            }
            assert {tracker.state for tracker in second.trackers} == {Health.UP}
            assert {tracker.since for tracker in second.trackers} == {tracker.since for tracker in first.trackers}
            assert all("fresh enough" in tracker.note for tracker in second.trackers)

        drive(main)

    @pytest.mark.parametrize(
        ("age_s", "settings", "asks"),
        [
            (600, {}, False),
            (1000, {}, True),
            (600, {"max_age_s": 300.0}, True),
            (3000, {"max_age_s": 3600.0}, False),
            (600, {"freshness": Freshness.FRESH}, True),
            (30, {"freshness": Freshness.FRESH}, False),
            (10**6, {"freshness": Freshness.CACHED}, False),
        ],
    )
    def test_how_old_answers_may_be(self, age_s, settings, asks):
        async def main():
            prober, keeper = ScriptedProber(), MemoryKeeper()
            public(prober, A)
            await report(prober, keeper, torrent(0, [A]))
            sent = len(prober.sent)
            await pause(age_s)
            snapshot = await report(prober, keeper, torrent(0, [A]), **settings)
            assert bool(prober.of("scrape")[1:]) is asks
            assert asks or prober.sent[sent:] == []
            source = snapshot.torrents.view(0).answers[0].scrape.source
            assert source is (Source.LIVE if asks else Source.STORE)

        drive(main)

    def test_what_was_down_is_asked_again(self):
        async def main():
            prober, keeper = ScriptedProber(), MemoryKeeper()
            (a,) = public(prober, A)
            a.dead["*"] = REFUSED
            first = await report(prober, keeper, torrent(0, [A]))
            assert first.trackers[0].state is Health.DOWN
            a.dead.clear()
            await pause(120)
            second = await report(prober, keeper, torrent(0, [A]))
            assert second.trackers[0].state is Health.UP
            assert second.torrents.view(0).counts.seeders == 5

        drive(main)

    def test_a_new_torrent_is_asked_for(self):
        async def main():
            prober, keeper = ScriptedProber(), MemoryKeeper()
            public(prober, A)
            await report(prober, keeper, torrent(0, [A]))
            await pause(100)
            snapshot = await report(prober, keeper, torrent(0, [A]), torrent(1, [A]))
            assert snapshot.torrents.view(1).counts.seeders == 5

        drive(main)

    def test_at_home_answers_are_live(self):
        """Whoever stops a tracker on loopback and asks again sees it at once."""

        async def main():
            prober, keeper = ScriptedProber(), MemoryKeeper()
            a = local(prober, "udp://127.0.0.1:80")
            await report(prober, keeper, torrent(0, ["udp://127.0.0.1:80"]))
            a.dead["*"] = REFUSED
            await pause(0.1)
            snapshot = await report(prober, keeper, torrent(0, ["udp://127.0.0.1:80"]))
            assert snapshot.trackers[0].state is Health.DOWN
            assert snapshot.torrents.verdicts[0] is Verdict.CRITICAL
            a.dead.clear()
            await pause(2)
            snapshot = await report(prober, keeper, torrent(0, ["udp://127.0.0.1:80"]))
            assert snapshot.trackers[0].state is Health.UP
            assert snapshot.torrents.view(0).answers[0].scrape.source is Source.LIVE

        drive(main)

    def test_a_repair_is_seen_although_the_refusal_is_remembered(self):
        async def main():
            prober, keeper = ScriptedProber(), MemoryKeeper()
            url = "http://127.0.0.1:80/announce"
            h = local(prober, url)
            one = torrent(0, [url])
            h.omitted = h.unregistered = frozenset({one.info_hash})
            snapshot = await report(prober, keeper, one)
            assert "unregistered" in [problem.rule for problem in snapshot.torrents.view(0).problems]
            h.unregistered = frozenset()
            await pause(2)
            snapshot = await report(prober, keeper, one)
            assert snapshot.torrents.failover_states[0] is FailoverState.PRIMARY

        drive(main)

    def test_an_ambiguous_zero_is_announced_once_a_day(self):
        async def main():
            prober, keeper = ScriptedProber(), MemoryKeeper()
            (a,) = public(prober, A)
            one = torrent(0, [A])
            a.ambiguous = frozenset({one.info_hash})
            for _ in range(10):
                await report(prober, keeper, one)
                await pause(3600)
            assert len(prober.of("announce")) == 1
            assert len(keeper.of(AnnouncedRecord)) == 1

        drive(main)

    def test_nothing_remembered_and_nothing_asked_is_unknown(self):
        async def main():
            prober, keeper = ScriptedProber(), MemoryKeeper()
            public(prober, A)
            snapshot = await report(prober, keeper, torrent(0, [A]), freshness=Freshness.CACHED)
            assert prober.sent == []
            assert snapshot.trackers[0].state is Health.UNKNOWN
            assert snapshot.torrents.verdicts[0] is Verdict.UNKNOWN

        drive(main)

    def test_what_is_cut_off_by_the_deadline_is_unknown_whatever_is_remembered(self):
        async def main():
            prober, keeper = ScriptedProber(), MemoryKeeper()
            (a,) = public(prober, A)
            await report(prober, keeper, torrent(0, [A]))
            await pause(3600)
            a.hangs = True
            snapshot = await report(prober, keeper, torrent(0, [A]))
            assert snapshot.trackers[0].state is Health.UNKNOWN
            assert snapshot.torrents.verdicts[0] is Verdict.UNKNOWN

        drive(main)

    def test_a_report_leaves_what_watching_knows_as_watching_would(self):
        async def main():
            prober, keeper = ScriptedProber(), MemoryKeeper()
            (a,) = public(prober, A)
            await watch(prober, keeper, 3000, torrent(0, [A]))
            a.dead["*"] = REFUSED
            snapshot = await report(prober, keeper, torrent(0, [A]), freshness=Freshness.FRESH)
            assert snapshot.trackers[0].state is Health.DOWN
            memory = keeper.of(TrackerMemory)[-1]
            assert memory.state is Health.UP, "one refusal is pending there"
            assert memory.endpoints[0].health.failures_in_row == 1
            assert len(memory.endpoints[0].health.window) > 5

        drive(main)

    def test_modes_of_announces_hold_across_programs(self):
        async def main():
            prober, keeper = ScriptedProber(), MemoryKeeper()
            (h,) = public(prober, H)
            h.scrapable = False
            for _ in range(4):
                await report(prober, keeper, torrent(0, [H]), announce=AnnounceMode.FALLBACK)
                await pause(600)
            times = [sent.at for sent in prober.of("announce")]
            assert all(later - earlier >= 1800 for earlier, later in itertools.pairwise(times))
            assert len(times) == 2 or len(times) == 1

        drive(main)


class TestReportsAndHistory:
    """A report, what --cached says right after it, and what history tells must not contradict each other."""

    @staticmethod
    async def _says(prober, keeper, **settings):
        snapshot = await report(prober, keeper, torrent(0, [A]), **settings)
        return snapshot.trackers[0].state, snapshot.torrents.verdicts[0]

    @pytest.mark.parametrize("watched", [False, True], ids=["cron alone", "beside a watcher"])
    def test_cached_says_what_the_report_before_it_said(self, watched):
        async def main():
            prober, keeper = ScriptedProber(), MemoryKeeper()
            (a,) = public(prober, A)
            if watched:
                await watch(prober, keeper, 300, torrent(0, [A]))
            else:
                await report(prober, keeper, torrent(0, [A]))
            for dead, state, verdict in (
                (REFUSED, Health.DOWN, Verdict.CRITICAL),
                (None, Health.UP, Verdict.OK),
                (TIMEOUT, Health.DOWN, Verdict.CRITICAL),
                (TIMEOUT, Health.DOWN, Verdict.CRITICAL),
                (None, Health.UP, Verdict.OK),
            ):
                await pause(120)
                a.dead = {"*": dead} if dead else {}
                assert await self._says(prober, keeper, freshness=Freshness.FRESH) == (state, verdict)
                sent = len(prober.sent)
                assert await self._says(prober, keeper, freshness=Freshness.CACHED) == (state, verdict)
                assert len(prober.sent) == sent

        drive(main)

    def test_with_cron_alone_each_report_is_history(self):
        async def main():
            prober, keeper = ScriptedProber(), MemoryKeeper()
            (a,) = public(prober, A)
            for dead in (None, REFUSED, None, TIMEOUT, TIMEOUT, None):
                a.dead = {"*": dead} if dead else {}
                await report(prober, keeper, torrent(0, [A]))
                await pause(900)
            told = [t.to_state for t in keeper.transitions() if t.endpoint is None and t.info_hash is None]
            assert told == ["up", "down", "up", "down", "up"]

        drive(main)

    def test_beside_a_watcher_one_refusal_is_no_outage(self):
        async def main():
            prober, keeper = ScriptedProber(), MemoryKeeper()
            (a,) = public(prober, A)
            engine = make_engine(prober, keeper=keeper)
            engine.add_torrents([torrent(0, [A])])
            watched = Watched(engine)
            await watched.until(500)
            a.dead["*"] = REFUSED
            await report(prober, keeper, torrent(0, [A]), freshness=Freshness.FRESH)
            a.dead.clear()
            await watched.until(3000)
            await watched.end()
            assert "down" not in [t.to_state for t in keeper.transitions() if t.info_hash is None]

        drive(main)
