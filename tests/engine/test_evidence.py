"""Scrapes and announces tell of the same swarms: whom to believe, for how long, and what silence means."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import pairwise

import pytest

from tests.engine.driven import (
    HTTP_404,
    NO_ROUTE,
    NXDOMAIN,
    SCRAPE_TIMEOUT,
    TIMEOUT,
    Script,
    ScriptedProber,
    Watched,
    drive,
    make_engine,
    torrent,
)
from tests.engine.keeping import MemoryKeeper
from trackerwatch.engine.commands import AnnounceNow, ProbeNow
from trackerwatch.engine.settings import AnnounceMode, EngineSettings, PrivateMode
from trackerwatch.engine.views import AskState, EventKind
from trackerwatch.failover import FailoverState, Role
from trackerwatch.health import Health
from trackerwatch.outcome import Failure, FailureKind, Phase, ScrapeOutcome, SwarmAnswer
from trackerwatch.policy import Verdict
from trackerwatch.tracker import parse_tracker

ONE, TWO, THREE = "udp://one.example:1", "udp://two.example:2", "udp://three.example:3"
WEB = "http://web.example/announce"
NO = Failure(FailureKind.FAILURE_REASON, Phase.EXCHANGE, "server busy")


def watch(prober, torrents, scenario, settings=None):
    """Run a scenario against a watching engine; its result."""

    async def main():
        engine = make_engine(prober, settings)
        engine.add_torrents(torrents)
        watched = Watched(engine)
        try:
            return await scenario(engine, watched)
        finally:
            await watched.end()

    return drive(main)


def once(prober, torrents, settings=None):
    async def main():
        engine = make_engine(prober, settings)
        engine.add_torrents(torrents)
        await engine.run_once(deadline_s=60)
        return engine.snapshot()

    return drive(main)


@pytest.mark.parametrize("mode", [PrivateMode.CONNECT, PrivateMode.SCRAPE])
def test_private_torrents_are_never_announced_unless_allowed(mode):
    prober = ScriptedProber()
    prober.script(WEB, Script(scrape_failure=HTTP_404))
    secret, public = torrent(1, [WEB], private=True), torrent(2, [WEB])
    snapshot = once(prober, [secret, public], EngineSettings(private=mode))
    assert {sent.hashes for sent in prober.of("announce")} == {(public.info_hash,)}
    assert snapshot.torrents.seeders[1] == 5
    assert not [event for event in snapshot.events if event.reason is FailureKind.INTERNAL]


def test_an_announce_that_is_lost_decides_nothing():
    prober = ScriptedProber()
    dead = torrent(1, [ONE])
    script = prober.script(ONE, Script(ambiguous=frozenset([dead.info_hash]), announce_failure=SCRAPE_TIMEOUT))

    async def scenario(engine, watched):
        await watched.until(60)
        assert engine.snapshot().torrents.failover_states[0] is FailoverState.PRIMARY
        assert engine.snapshot().torrents.verdicts[0] is Verdict.UNKNOWN
        script.announce_failure = None
        await watched.until(4000)
        assert engine.snapshot().torrents.seeders[0] == 0

    watch(prober, [dead], scenario)


def test_a_passing_no_to_an_announce_ends_with_the_next_scrape():
    prober = ScriptedProber()
    script = prober.script(ONE, Script(announce_failure=NO))

    async def scenario(engine, watched):
        await watched.until(30)
        assert engine.snapshot().torrents.failover_states[0] is FailoverState.EXHAUSTED
        script.announce_failure = None
        await watched.until(1100)
        assert engine.snapshot().torrents.failover_states[0] is FailoverState.PRIMARY
        assert engine.snapshot().torrents.seeders[0] == 5

    watch(prober, [torrent(1, [ONE])], scenario, EngineSettings(announce=AnnounceMode.SAMPLE))


def test_a_refusal_stands_until_an_announce_says_otherwise_and_is_asked_daily():
    prober = ScriptedProber()
    strange = torrent(1, [ONE])
    script = prober.script(
        ONE, Script(ambiguous=frozenset([strange.info_hash]), unregistered=frozenset([strange.info_hash]))
    )

    async def scenario(engine, watched):
        await watched.until(2.5 * 86400)
        view = engine.snapshot().torrents.view(0)
        assert view.answers[0].role is Role.FAILED
        assert view.since is not None
        assert (view.since - engine.snapshot().started_at).total_seconds() < 60, "no daily flapping"
        assert len(prober.of("announce")) == 3
        script.unregistered = frozenset()
        await watched.until(3.5 * 86400)
        assert engine.snapshot().torrents.view(0).answers[0].role is Role.ACTIVE

    watch(prober, [strange], scenario)


def test_nothing_is_announced_into_the_void():
    prober = ScriptedProber()
    prober.script(ONE, Script(dead={"*": TIMEOUT}))

    async def scenario(engine, watched):
        await watched.until(10)
        snapshot = engine.snapshot()
        assert snapshot.trackers[0].pending == 1
        assert snapshot.torrents.failover_states[0] is FailoverState.UNKNOWN, "in doubt is not exhausted"
        await watched.until(1000)
        assert engine.snapshot().torrents.failover_states[0] is FailoverState.EXHAUSTED

    watch(prober, [torrent(1, [ONE])], scenario)
    assert not prober.of("announce")


class Losing(ScriptedProber):
    """Loses the answer for one hash from the second scrape on."""

    lost: bytes = b""

    async def scrape(self, tracker, endpoint, info_hashes, **more):
        outcome = await super().scrape(tracker, endpoint, info_hashes, **more)
        if self.lost in info_hashes and len(self.of("scrape")) > 1:
            index = list(info_hashes).index(self.lost)
            columns = outcome.columns
            columns.answers[index] = SwarmAnswer.FAILED
            columns.seeders[index] = columns.leechers[index] = columns.completed[index] = -1
            columns.failures[index] = SCRAPE_TIMEOUT
            return ScrapeOutcome(outcome.probe, columns)
        return outcome


def test_a_lost_batch_is_no_news_of_its_swarms():
    prober = Losing()
    torrents = [torrent(1, [ONE]), torrent(2, [ONE])]
    prober.lost = torrents[0].info_hash

    async def scenario(engine, watched):
        await watched.until(1100)
        assert len(prober.of("scrape")) == 2
        view = engine.snapshot().torrents.view(0)
        assert (view.verdict, view.counts.seeders) == (Verdict.OK, 5)

    watch(prober, torrents, scenario, EngineSettings(announce=AnnounceMode.NEVER))


def test_a_no_to_scrapes_alone_does_not_exhaust_anything():
    prober = ScriptedProber()
    prober.script(WEB, Script(scrape_failure=replace(NO, message="scrape is disabled")))
    torrents = [torrent(n, [WEB]) for n in range(1, 40)]

    async def scenario(engine, watched):
        seen = set()
        for second in range(1, 60):
            await watched.until(second)
            seen |= set(engine.snapshot().torrents.failover_states)
        assert seen == {FailoverState.UNKNOWN, FailoverState.PRIMARY}
        assert engine.snapshot().trackers[0].state is Health.UP
        assert engine.snapshot().trackers[0].scrape_supported is False
        assert not [e for e in engine.snapshot().events if e.kind is not EventKind.STARTED]

    watch(prober, torrents, scenario)


def test_scrapes_that_failed_for_a_while_are_tried_again():
    prober = ScriptedProber()
    script = prober.script(WEB, Script(scrape_failure=HTTP_404))

    async def scenario(engine, watched):
        await watched.until(100)
        assert engine.snapshot().trackers[0].scrape_supported is False
        script.scrape_failure = None
        await watched.until(3000)
        assert engine.snapshot().trackers[0].scrape_supported is True

    watch(prober, [torrent(1, [WEB])], scenario)


def test_counts_of_a_scrape_that_broke_do_not_live_for_ever():
    prober = ScriptedProber()
    script = prober.script(ONE)

    async def scenario(engine, watched):
        await watched.until(800)
        script.scrape_failure = SCRAPE_TIMEOUT
        script.counts = lambda _: (0, 7, 0)
        await watched.until(40_000)
        view = engine.snapshot().torrents.view(0)
        assert view.counts.seeders == 0, "the announce is newer than the scrape"
        assert view.verdict is Verdict.CRITICAL

    watch(prober, [torrent(1, [ONE])], scenario)

    async def quiet(engine, watched):
        await watched.until(40_000)
        assert engine.snapshot().torrents.seeders[0] == -1

    prober = ScriptedProber()
    prober.script(ONE, Script(scrape_failure=SCRAPE_TIMEOUT))
    watch(prober, [torrent(1, [ONE])], quiet, EngineSettings(announce=AnnounceMode.NEVER))


def test_second_opinions_keep_to_the_min_interval():
    prober = ScriptedProber()
    prober.script(ONE, Script(scrape_failure=SCRAPE_TIMEOUT, min_interval_s=3600.0, interval_s=3600.0))

    async def scenario(engine, watched):
        await watched.until(20_000)

    watch(prober, [torrent(1, [ONE])], scenario)
    at = [sent.at for sent in prober.of("announce")]
    assert min(b - a for a, b in pairwise(at)) >= 3600


def test_a_new_torrent_asks_for_itself_alone():
    prober = ScriptedProber()

    async def scenario(engine, watched):
        await watched.until(10)
        for n in range(100, 110):
            engine.add_torrents([torrent(n, [ONE])])
            await watched.until(asyncio.get_running_loop().time() + 60)
        await watched.until(asyncio.get_running_loop().time() + 70)
        assert list(engine.snapshot().torrents.seeders) == [5] * 60

    watch(prober, [torrent(n, [ONE]) for n in range(1, 51)], scenario, EngineSettings(announce=AnnounceMode.NEVER))
    sizes = [len(sent.hashes) for sent in prober.of("scrape")]
    assert sizes[0] == 50
    assert all(size <= 2 for size in sizes[1:])


def test_the_trackers_own_scrape_interval_binds_rechecks_and_reasks():
    prober = ScriptedProber()
    script = prober.script(WEB, Script(min_request_interval_s=3600.0))

    async def scenario(engine, watched):
        await watched.until(100)
        assert engine.do(ProbeNow((0,))).startswith("web.example:80 may be asked again in 35")
        script.dead["*"] = TIMEOUT
        await watched.until(3600 * 2)

    watch(prober, [torrent(1, [WEB])], scenario)
    at = [sent.at for sent in prober.of("scrape")]
    assert len(at) == 2
    assert at[1] >= 3600


@pytest.mark.parametrize("kind", [FailureKind.HTTP_STATUS, FailureKind.RATE_LIMITED])
def test_a_wait_beside_a_failure_stops_everything_at_once(kind):
    prober = ScriptedProber()
    later = Failure(kind, Phase.EXCHANGE, "come back later", retry_in_s=3600.0)
    prober.script(WEB, Script(scrape_failure=later, announce_failure=later))

    async def scenario(engine, watched):
        await watched.until(3000)

    watch(prober, [torrent(n, [WEB]) for n in range(1, 6)], scenario)
    assert [sent.what for sent in prober.sent] == ["resolve", "scrape"]


def test_a_sweep_ends_when_the_tracker_asks_for_patience():
    prober = ScriptedProber()
    busy = replace(NO, retry_in_s=3600.0)
    prober.script(WEB, Script(scrapable=False, announce_failure=busy))
    once(prober, [torrent(n, [WEB]) for n in range(1, 6)])
    assert len(prober.of("announce")) == 1


def test_never_for_one_torrent_is_not_never_for_the_tracker():
    prober = ScriptedProber()
    strange = torrent(1, [WEB])
    prober.script(WEB, Script(scrapable=False, unregistered=frozenset([strange.info_hash])))

    class Never(ScriptedProber):
        async def announce(self, tracker, endpoint, request, **more):
            outcome = await super().announce(tracker, endpoint, request, **more)
            failure = outcome.probe.failure
            if failure is None:
                return outcome
            return replace(outcome, probe=replace(outcome.probe, failure=replace(failure, retry_never=True)))

    never = Never()
    never.scripts = prober.scripts

    async def scenario(engine, watched):
        await watched.until(86400 * 3)
        assert engine.snapshot().torrents.seeders[1] == 5

    watch(never, [strange, torrent(2, [WEB])], scenario)
    assert len([sent for sent in never.of("announce") if sent.hashes == (strange.info_hash,)]) == 1


def test_a_tracker_that_wants_never_to_be_asked_is_down_and_says_so():
    prober = ScriptedProber()
    gone = Failure(FailureKind.HTTP_STATUS, Phase.EXCHANGE, "HTTP 410", retry_never=True)
    prober.script(WEB, Script(scrape_failure=gone, announce_failure=gone))

    async def scenario(engine, watched):
        await watched.until(100)
        snapshot = engine.snapshot()
        assert snapshot.trackers[0].state is Health.DOWN
        assert snapshot.trackers[0].failure == gone
        assert engine.do(ProbeNow((0,))) == "web.example:80 asked never to be asked again"
        assert len(prober.of("scrape")) == 1
        assert not prober.of("announce")

    watch(prober, [torrent(1, [WEB])], scenario)


def test_a_name_that_is_gone_is_not_asked_at_its_old_address():
    prober = ScriptedProber()
    script = prober.script(ONE)

    async def scenario(engine, watched):
        await watched.until(800)
        script.resolve_failure = NXDOMAIN
        await watched.until(2000)
        assert engine.snapshot().trackers[0].state is Health.DOWN
        sent = len([s for s in prober.sent if s.what != "resolve"])
        await watched.until(40_000)
        assert len([s for s in prober.sent if s.what != "resolve"]) == sent
        uptime = engine.snapshot().trackers[0].uptime
        assert uptime is not None
        assert uptime < 0.1

    watch(prober, [torrent(1, [ONE])], scenario)


def test_what_nobody_can_be_blamed_for_is_unknown_not_up():
    prober = ScriptedProber()
    script = prober.script(ONE)

    async def scenario(engine, watched):
        await watched.until(850)
        script.dead["*"] = NO_ROUTE
        await watched.until(2000)
        snapshot = engine.snapshot()
        assert snapshot.trackers[0].state is Health.UNKNOWN
        assert snapshot.trackers[0].failure == NO_ROUTE
        assert snapshot.torrents.seeders[0] == -1
        assert snapshot.torrents.verdicts[0] is Verdict.UNKNOWN
        assert snapshot.totals.not_judged == 2
        script.dead.clear()
        await watched.until(3000)
        assert engine.snapshot().torrents.seeders[0] == 5

    watch(prober, [torrent(1, [ONE])], scenario)


def test_two_torrents_that_share_a_swarm_both_have_its_counts():
    v2 = bytes(range(32))
    hybrid = torrent(1, [ONE], v2=v2)
    v2_only = replace(torrent(2, [ONE]), info_hash=v2[:20], info_hash_v2=v2)
    snapshot = once(ScriptedProber(), [hybrid, v2_only])
    assert list(snapshot.torrents.seeders) == [5, 5]
    assert snapshot.trackers[0].effect.unaffected == 2


def test_a_copy_that_adds_a_tracker_counts_once():
    snapshot = once(ScriptedProber(), [torrent(1, [ONE]), torrent(1, [TWO])])
    assert [tracker.torrents for tracker in snapshot.trackers] == [1, 1]
    assert [tracker.effect.unaffected for tracker in snapshot.trackers] == [1, 1]


def test_a_copy_that_is_private_makes_the_torrent_private():
    prober = ScriptedProber()
    snapshot = once(prober, [torrent(1, [ONE]), torrent(1, [ONE], private=True)])
    assert snapshot.torrents.torrents[0].private
    assert not prober.of("scrape")


def test_where_one_family_answers_nonsense_the_other_one_is_scraped():
    prober = ScriptedProber()
    bad = Failure(FailureKind.HTTP_STATUS, Phase.EXCHANGE, "HTTP 502")
    prober.script(WEB, Script(addresses=("192.0.2.1", "2001:db8::1"), dead={"192.0.2.1": bad}))
    snapshot = once(prober, [torrent(1, [WEB])], EngineSettings(announce=AnnounceMode.NEVER))
    assert snapshot.trackers[0].state is Health.DEGRADED
    assert snapshot.torrents.view(0).counts.seeders == 5


@pytest.mark.parametrize(
    "failure",
    [
        Failure(FailureKind.DNS_ERROR, Phase.RESOLVE, "server failure"),
        Failure(FailureKind.DNS_TIMEOUT, Phase.RESOLVE, "no answer"),
    ],
)
def test_a_name_that_fails_twice_is_down_in_one_run(failure):
    prober = ScriptedProber()
    prober.script(ONE, Script(resolve_failure=failure))
    snapshot = once(prober, [torrent(1, [ONE])])
    assert snapshot.trackers[0].state is Health.DOWN
    assert len(prober.of("resolve")) == 2
    assert snapshot.torrents.verdicts[0] is Verdict.CRITICAL


def test_second_attempts_come_behind_every_first_one():
    prober = ScriptedProber()
    for n in range(200):
        prober.script(f"udp://dead{n}.example:1", Script(dead={"*": TIMEOUT}, latency_s=10.0))
    torrents = [torrent(n, [f"udp://dead{n}.example:1"]) for n in range(200)]
    torrents += [torrent(1000 + n, [f"udp://well{n}.example:1"]) for n in range(200)]

    async def main():
        engine = make_engine(prober)
        engine.add_torrents(torrents)
        await engine.run_once(deadline_s=30)
        return engine.snapshot()

    snapshot = drive(main)
    assert all(count == 5 for count in list(snapshot.torrents.seeders)[200:])


def test_announces_in_mode_always_keep_their_distance_by_host_and_come_when_due():
    prober = ScriptedProber()
    udp, web = "udp://one.example:1", "http://one.example/announce"
    prober.script(udp, Script(interval_s=300.0))
    prober.script(web, Script(interval_s=300.0))
    torrents = [torrent(n, [udp]) for n in range(10)] + [torrent(100 + n, [web]) for n in range(10)]

    async def scenario(engine, watched):
        await watched.until(3600)

    watch(prober, torrents, scenario, EngineSettings(announce=AnnounceMode.ALWAYS))
    at = sorted(sent.at for sent in prober.of("announce"))
    assert min(b - a for a, b in pairwise(at)) >= 0.99
    one = [sent.at for sent in prober.of("announce") if sent.hashes == (torrents[0].info_hash,)]
    assert 9 <= len(one) <= 13, "every five minutes, as the tracker wants"


def test_samples_find_the_one_public_torrent_among_many():
    prober = ScriptedProber()
    torrents = [torrent(n, [ONE], private=True) for n in range(1, 1101)] + [torrent(5000, [ONE])]

    async def scenario(engine, watched):
        await watched.until(4000)

    watch(prober, torrents, scenario, EngineSettings(announce=AnnounceMode.SAMPLE))
    assert prober.of("announce")


def test_heartbeats_are_no_latency_of_a_swarm():
    prober = ScriptedProber()
    prober.script(ONE, Script(latency_s=0.5))

    async def scenario(engine, watched):
        await watched.until(7200)
        endpoint = engine.snapshot().trackers[0].endpoints[0]
        assert endpoint.latency_s == pytest.approx(0.5)
        assert endpoint.phases.exchange_s == pytest.approx(0.5)

    watch(prober, [torrent(1, [ONE])], scenario)


def test_torrents_added_during_a_round_leave_no_row_behind():
    prober = ScriptedProber()
    script = prober.script(ONE, Script(addresses=("192.0.2.1", "2001:db8::1"), dead={"2001:db8::1": TIMEOUT}))
    script.counts = lambda _: (5, 3, 10)

    async def scenario(engine, watched):
        await watched.until(100)
        script.counts = lambda _: (77, 3, 10)
        while not engine.snapshot().trackers[0].asking:
            await watched.until(asyncio.get_running_loop().time() + 0.02)
        await watched.until(asyncio.get_running_loop().time() + 0.04)
        engine.add_torrents([torrent(9, [ONE])])
        await watched.until(4000)
        table = engine.snapshot().torrents
        assert list(table.seeders) == [table.view(i).answers[0].counts.seeders for i in range(len(table))]

    watch(prober, [torrent(n, [ONE]) for n in range(1, 4)], scenario)


def test_a_down_backup_is_not_blamed_for_a_failover_before_it():
    prober = ScriptedProber()
    prober.script(ONE, Script(dead={"*": TIMEOUT}))
    prober.script(TWO, Script(addresses=("198.51.100.2",)))
    prober.script(THREE, Script(dead={"*": TIMEOUT}, addresses=("198.51.100.3",)))
    snapshot = once(prober, [torrent(1, [ONE], [TWO], [THREE])])
    first, _, third = snapshot.trackers
    assert (first.effect.failed_over, first.effect.unaffected) == (1, 0)
    assert (third.effect.failed_over, third.effect.unaffected) == (0, 1)


def test_one_run_after_the_other_asks_again():
    prober = ScriptedProber()

    async def main():
        engine = make_engine(prober)
        engine.add_torrents([torrent(1, [ONE])])
        await engine.run_once(deadline_s=60)
        await engine.run_once(deadline_s=60)

    drive(main)
    assert len(prober.of("scrape")) == 2


def test_what_came_before_the_run_was_not_late():
    prober = ScriptedProber()

    async def main():
        engine = make_engine(prober)
        engine.add_torrents([torrent(1, [ONE])])
        await asyncio.sleep(30)
        watched = Watched(engine)
        await watched.until(31)
        assert engine.snapshot().lateness_s < 1
        await watched.end()

    drive(main)


def test_a_bug_is_an_event_and_no_traceback(capsys):
    class Broken(ScriptedProber):
        async def announce(self, tracker, endpoint, request, **more):
            raise ZeroDivisionError

    prober = Broken()
    prober.script(WEB, Script(scrapable=False))
    snapshot = once(prober, [torrent(1, [WEB])])
    assert [event.reason for event in snapshot.events] == [FailureKind.INTERNAL]
    assert capsys.readouterr().err == ""


def test_announce_now_in_mode_peers_says_what_it_does():
    prober = ScriptedProber()

    async def scenario(engine, watched):
        await watched.until(10)
        return engine.do(AnnounceNow(0))

    said = watch(prober, [torrent(1, [ONE])], scenario, EngineSettings(announce=AnnounceMode.PEERS))
    assert said == "announcing torrent 1 to one.example:1, and leaving at once"


def test_trackers_asked_for_no_torrent_show_their_connect_as_latency():
    async def main():
        engine = make_engine(ScriptedProber())
        engine.add_trackers([parse_tracker(ONE)])
        await engine.run_once(deadline_s=10)
        return engine.snapshot()

    assert drive(main).trackers[0].latency_s is not None


def test_hybrids_disagree_only_within_one_swarm():
    prober = ScriptedProber()
    hybrid = torrent(1, [WEB], v2=bytes(range(32)))
    prober.script(WEB, Script(counts=lambda h: (9, 1, 1) if h == hybrid.info_hash else (0, 0, 0)))
    view = once(prober, [hybrid]).torrents.view(0)
    assert "disagreement" not in {str(problem.rule) for problem in view.problems}
    assert [answer.scrape.state for answer in view.answers] == [AskState.ANSWERED, AskState.ANSWERED]


def test_one_lost_scrape_announces_nothing():
    prober = ScriptedProber()
    script = prober.script(ONE)

    async def scenario(engine, watched):
        await watched.until(800)
        script.scrape_failure = SCRAPE_TIMEOUT
        await watched.until(1200)
        script.scrape_failure = None
        assert len(prober.of("announce")) <= 1, "the second opinion alone"
        assert list(engine.snapshot().torrents.seeders) == [5] * 50
        await watched.until(2400)
        assert len(prober.of("announce")) <= 1

    watch(prober, [torrent(n, [ONE]) for n in range(1, 51)], scenario)


def test_a_tracker_that_refuses_its_torrents_is_up_and_says_how_many():
    prober = ScriptedProber()
    torrents = [torrent(n, [WEB], [TWO]) for n in range(1, 5)]
    script = prober.script(WEB, Script(scrape_failure=HTTP_404))
    script.unregistered = frozenset(t.info_hash for t in torrents[:3])

    async def scenario(engine, watched):
        await watched.until(60)
        first = engine.snapshot().trackers
        script.unregistered = frozenset()
        script.dead["*"] = TIMEOUT
        await watched.until(7200)
        return first, engine.snapshot().trackers

    (web, two), (dead, _) = watch(prober, torrents, scenario)
    assert (web.state, web.refused, web.refused_kind) == (Health.UP, 3, FailureKind.UNREGISTERED)
    assert (two.refused, two.refused_kind) == (0, None)
    assert (dead.state, dead.refused, dead.refused_kind) == (Health.DOWN, 0, None)


def test_a_hybrid_is_refused_where_both_of_its_swarms_are():
    prober = ScriptedProber()
    half, whole = torrent(1, [WEB], v2=b"v" * 32), torrent(2, [WEB], v2=b"w" * 32)
    script = prober.script(WEB, Script(scrape_failure=HTTP_404))
    script.unregistered = frozenset({half.info_hash, *(swarm for _, swarm in whole.swarms)})
    (web,) = once(prober, [half, whole]).trackers
    assert (web.refused, web.refused_kind) == (1, FailureKind.UNREGISTERED)


NOT_REGISTERED = Failure(FailureKind.UNREGISTERED, Phase.EXCHANGE, "not registered")


def well_again(script):
    script.scrape_failure = script.announce_failure = None


class TestATrackerThatRefusedEverythingOnce:
    def test_the_scrape_that_knows_the_torrent_again_ends_it_and_an_announce_makes_sure(self):
        prober = ScriptedProber()
        script = prober.script(WEB, Script(scrape_failure=NOT_REGISTERED, announce_failure=NOT_REGISTERED))

        async def scenario(engine, watched):
            await watched.until(60)
            torrents = engine.snapshot().torrents
            assert torrents.failover_states[0] is FailoverState.EXHAUSTED
            assert engine.snapshot().trackers[0].refused == 1
            well_again(script)
            await watched.until(300)
            assert "asking" in engine.do(ProbeNow((0,)))
            await watched.until(310)
            torrents = engine.snapshot().torrents
            assert torrents.failover_states[0] is FailoverState.PRIMARY
            assert torrents.view(0).problems[0].rule != "unregistered"
            assert engine.snapshot().trackers[0].refused == 0
            assert len(prober.of("announce")) == 1, "the interval it asked for still holds"
            await watched.until(7200)
            assert engine.snapshot().torrents.failover_states[0] is FailoverState.PRIMARY
            return len(prober.of("announce"))

        assert watch(prober, [torrent(1, [WEB])], scenario) == 2

    def test_an_announce_that_is_refused_again_has_the_last_word(self):
        prober = ScriptedProber()
        script = prober.script(WEB, Script(scrape_failure=NOT_REGISTERED, announce_failure=NOT_REGISTERED))

        async def scenario(engine, watched):
            await watched.until(60)
            script.scrape_failure = None
            await watched.until(1200)
            assert engine.snapshot().torrents.failover_states[0] is FailoverState.PRIMARY
            moves = []
            for hours in range(2, 40):
                await watched.until(hours * 3600)
                moves.append(engine.snapshot().torrents.failover_states[0])
            return set(moves)

        assert watch(prober, [torrent(1, [WEB])], scenario) == {FailoverState.EXHAUSTED}, "no flapping"
        assert len(prober.of("announce")) == 3, "once to make sure, and daily"

    def test_zeros_over_udp_end_nothing(self):
        prober = ScriptedProber()
        zero = torrent(1, [ONE])
        script = prober.script(ONE, Script(scrape_failure=NOT_REGISTERED, announce_failure=NOT_REGISTERED))

        async def scenario(engine, watched):
            await watched.until(60)
            script.scrape_failure, script.ambiguous = None, frozenset([zero.info_hash])
            await watched.until(5000)
            return engine.snapshot().torrents.failover_states[0]

        assert watch(prober, [zero], scenario) is FailoverState.EXHAUSTED

    def test_who_may_not_announce_is_told_by_announces_alone(self):
        prober = ScriptedProber()
        no = Failure(FailureKind.UNAUTHORIZED, Phase.EXCHANGE, "banned client")
        script = prober.script(WEB, Script(scrape_failure=no, announce_failure=no))

        async def scenario(engine, watched):
            await watched.until(60)
            well_again(script)
            await watched.until(1200)
            assert engine.snapshot().torrents.failover_states[0] is FailoverState.EXHAUSTED
            await watched.until(5400)
            return engine.snapshot().torrents.failover_states[0]

        assert watch(prober, [torrent(1, [WEB])], scenario) is FailoverState.PRIMARY

    def test_a_restart_obeys_the_same_rule(self):
        prober, keeper = ScriptedProber(), MemoryKeeper()
        script = prober.script(WEB, Script(scrape_failure=NOT_REGISTERED, announce_failure=NOT_REGISTERED))
        one = torrent(1, [WEB])

        async def run(seconds):
            engine = make_engine(prober, keeper=keeper)
            engine.add_torrents([one])
            watched = Watched(engine)
            await asyncio.sleep(seconds)
            state = engine.snapshot().torrents.failover_states[0]
            await watched.end()
            return state

        async def main():
            states = [await run(60)]
            well_again(script)
            await asyncio.sleep(1000)
            # A tracker that was asked lately is not asked at once: what is remembered is shown.
            states += [await run(5), await run(5)]
            return states

        assert drive(main) == [FailoverState.EXHAUSTED, FailoverState.PRIMARY, FailoverState.PRIMARY]

    def test_a_restart_before_it_is_well_again_does_not_make_it_last(self):
        prober, keeper = ScriptedProber(), MemoryKeeper()
        script = prober.script(WEB, Script())
        one = torrent(1, [WEB])

        async def run(*seconds):
            engine = make_engine(prober, keeper=keeper)
            engine.add_torrents([one])
            watched = Watched(engine)
            states = []
            for pause in seconds:
                await asyncio.sleep(pause)
                states.append(engine.snapshot().torrents.failover_states[0])
            await watched.end()
            return states

        async def main():
            states = await run(60)
            script.scrape_failure = script.announce_failure = NOT_REGISTERED
            await asyncio.sleep(2000)
            states += await run(60)
            well_again(script)
            states += await run(5, 1200)
            return states

        assert drive(main) == [
            FailoverState.PRIMARY,
            FailoverState.EXHAUSTED,
            FailoverState.EXHAUSTED,
            FailoverState.PRIMARY,
        ]


def test_announce_now_asks_a_tracker_that_failed_and_says_how_long_it_must_wait():
    prober = ScriptedProber()
    one, two = prober.script(WEB, Script(scrapable=False)), prober.script(TWO, Script(dead={"*": TIMEOUT}))
    one.announce_failure = NOT_REGISTERED

    async def scenario(engine, watched):
        await watched.until(60)
        assert engine.snapshot().torrents.failover_states[0] is not FailoverState.PRIMARY
        said = [engine.do(AnnounceNow(0))]
        two.dead.clear()
        await watched.until(70)
        said.append(engine.do(AnnounceNow(0)))
        one.announce_failure = None
        await watched.until(1900)
        return said

    first, second = watch(prober, [torrent(1, [TWO], [WEB])], scenario)
    assert first == "announcing torrent 1 to two.example:2, as stopped: it joins no swarm", "the other one waits"
    assert "wants no announce of it before" in second


def test_asking_a_torrents_trackers_again_announces_where_that_failed():
    prober = ScriptedProber()
    zero = torrent(1, [ONE])
    script = prober.script(ONE, Script(ambiguous=frozenset([zero.info_hash]), announce_failure=NOT_REGISTERED))

    async def scenario(engine, watched):
        await watched.until(100)
        script.announce_failure = None
        early = engine.do(ProbeNow((0,), torrent=0))
        await watched.until(4000)
        assert engine.snapshot().torrents.failover_states[0] is FailoverState.EXHAUSTED
        late = engine.do(ProbeNow((0,), torrent=0))
        await watched.until(4010)
        return early, late, engine.snapshot().torrents.failover_states[0]

    early, late, state = watch(prober, [zero], scenario)
    assert "; one.example:1 wants no announce of it before 1" in early
    assert late == "asking one.example:1 now; announcing it again to one.example:1"
    assert state is FailoverState.PRIMARY
