"""Where waits, plans and numbers could slip: between two kinds of rounds, between two merges, at the edges of a run."""

from __future__ import annotations

import asyncio
import gc
from itertools import pairwise

from tests.engine.driven import (
    NO_ROUTE,
    REFUSED,
    SCRAPE_TIMEOUT,
    TIMEOUT,
    ScriptedProber,
    Watched,
    drive,
    make_engine,
    torrent,
)
from trackerwatch.engine import conclusions as conclusions_module
from trackerwatch.engine.rounds import _maximum
from trackerwatch.engine.settings import AnnounceMode, EngineSettings
from trackerwatch.engine.views import AskState, EventKind
from trackerwatch.failover import FailoverState
from trackerwatch.health import Health
from trackerwatch.outcome import Failure, FailureKind, Phase, ScrapeColumns, SwarmAnswer

ONE, TWO = "udp://one.example:1", "udp://two.example:2"
WEB = "http://web.example/announce"


def watch(prober, torrents, scenario, settings=None):
    async def main():
        engine = make_engine(prober, settings)
        engine.add_torrents(torrents)
        watched = Watched(engine)
        try:
            return await scenario(engine, watched)
        finally:
            await watched.end()

    return drive(main)


def test_torrents_that_come_often_do_not_put_off_the_full_round():
    prober = ScriptedProber()

    async def scenario(engine, watched):
        for number in range(2, 38):
            await watched.until(number * 600)
            engine.add_torrents([torrent(number, [ONE])])

    watch(prober, [torrent(1, [ONE])], scenario)
    first = (1).to_bytes(20, "big")
    asked = [sent.at for sent in prober.of("scrape") if first in sent.hashes]
    assert len(asked) > 15
    assert max(after - before for before, after in pairwise(asked)) < 1100
    scrapes = [sent.at for sent in prober.of("scrape")]
    assert min(after - before for before, after in pairwise(scrapes)) >= 60


def test_announces_in_mode_always_do_not_put_off_heartbeats():
    prober = ScriptedProber()
    script = prober.script(ONE)
    script.interval_s = 300.0

    async def scenario(engine, watched):
        await watched.until(1300)
        script.dead = {"*": TIMEOUT}
        await watched.until(1300 + 240)
        return engine.snapshot().trackers[0].state

    torrents = [torrent(number, [ONE]) for number in range(1, 400)]
    assert watch(prober, torrents, scenario, EngineSettings(announce=AnnounceMode.ALWAYS)) is Health.DOWN


def test_a_second_attempt_keeps_to_the_wait_asked_for_by_the_first():
    prober = ScriptedProber()
    busy = Failure(FailureKind.HTTP_STATUS, Phase.EXCHANGE, "HTTP 503", retry_in_s=3600)
    prober.script(WEB).scrape_failure = busy

    async def main():
        engine = make_engine(prober)
        engine.add_torrents([torrent(1, [WEB])])
        await engine.run_once(deadline_s=60)
        return engine.snapshot()

    snapshot = drive(main)
    assert [sent.what for sent in prober.sent] == ["resolve", "scrape"]
    assert snapshot.trackers[0].state is Health.UNKNOWN
    assert snapshot.trackers[0].failure == busy


def test_a_lost_announce_does_not_shorten_the_min_interval():
    prober = ScriptedProber()
    script = prober.script(WEB)
    script.scrapable, script.min_interval_s = False, 3600.0

    async def scenario(engine, watched):
        await watched.until(100)
        script.announce_failure = SCRAPE_TIMEOUT
        await watched.until(20_000)

    watch(prober, [torrent(1, [WEB])], scenario, EngineSettings(interval_s=60))
    announced = [sent.at for sent in prober.of("announce")]
    assert len(announced) == 6
    assert min(after - before for before, after in pairwise(announced)) >= 3600


def test_an_address_without_a_route_is_no_doubt_to_be_settled():
    prober = ScriptedProber()
    script = prober.script(ONE)
    script.addresses = ("192.0.2.1", "2001:db8::1")

    async def scenario(engine, watched):
        await watched.until(10)
        script.dead = {"2001:db8::1": TIMEOUT}
        for second in range(11, 200):
            await watched.until(second)
            if engine.snapshot().trackers[0].pending:
                break
        script.dead = {"2001:db8::1": NO_ROUTE}
        await asyncio.sleep(20)
        begun = len(prober.of("check"))
        await asyncio.sleep(3600)
        return len(prober.of("check")) - begun, engine.snapshot().trackers[0]

    checks, view = watch(prober, [torrent(1, [ONE])], scenario)
    assert 50 < checks < 70  # both addresses at each heartbeat
    assert (view.state, view.pending) == (Health.UP, 0)


def test_a_name_that_counts_for_nothing_leaves_the_others_to_exhaust():
    prober = ScriptedProber()
    prober.script(ONE).resolve_failure = Failure(FailureKind.DENIED, Phase.RESOLVE, "runs no tracker")
    prober.script(TWO).dead = {"*": REFUSED}

    async def main():
        engine = make_engine(prober)
        engine.add_torrents([torrent(1, [ONE], [TWO])])
        await engine.run_once(deadline_s=60)
        return engine.snapshot().torrents.view(0).failover.state

    assert drive(main) is FailoverState.EXHAUSTED


def test_a_round_cut_off_before_its_first_step_can_be_asked_again():
    prober = ScriptedProber()

    async def main():
        engine = make_engine(prober)
        engine.add_torrents([torrent(1, [ONE])])
        await engine.run_once(deadline_s=0)
        cut_off = engine.snapshot().trackers[0].asking
        await engine.run_once(deadline_s=60)
        return cut_off, engine.snapshot().trackers[0].state

    assert drive(main) == (False, Health.UP)


def test_a_run_with_nothing_to_ask_says_that_it_started():
    async def main():
        engine = make_engine(ScriptedProber())
        feed = engine.feed()
        feed.pull()
        watched = Watched(engine)
        await watched.until(1)
        update = feed.pull()
        await watched.end()
        return update and [event.kind for event in update.events]

    assert drive(main) == [EventKind.STARTED]


def test_a_refused_scrape_leaves_no_old_counts_behind():
    prober = ScriptedProber()
    script = prober.script(WEB)

    async def scenario(engine, watched):
        await watched.until(10)
        script.scrape_failure = Failure(FailureKind.UNAUTHORIZED, Phase.EXCHANGE, "bad key")
        await watched.until(2000)
        return engine.snapshot().torrents.view(0)

    view = watch(prober, [torrent(1, [WEB])], scenario, EngineSettings(announce=AnnounceMode.NEVER))
    assert view.counts.seeders is None
    assert view.failover.state is FailoverState.EXHAUSTED


def test_a_tracker_that_can_be_judged_again_is_asked_for_counts_at_once():
    prober = ScriptedProber()
    script = prober.script(ONE)

    async def scenario(engine, watched):
        await watched.until(10)
        script.dead = {"*": NO_ROUTE}
        await watched.until(36_000)
        script.dead = {}
        script.counts = lambda _: (2, 0, 0)
        await watched.until(36_200)
        return engine.snapshot().torrents.view(0).counts.seeders

    assert watch(prober, [torrent(1, [ONE])], scenario) == 2


def test_a_torrent_that_becomes_a_hybrid_is_counted_once():
    prober = ScriptedProber()

    async def main():
        engine = make_engine(prober)
        engine.add_torrents([torrent(1, [ONE]), torrent(2, [ONE])])
        engine.add_torrents([torrent(1, [ONE], v2=b"\x09" * 32)])
        return engine.torrents_of(0)

    assert sorted(drive(main)) == [0, 1]


def test_an_ambiguous_zero_of_one_family_is_no_count_beside_a_lost_answer():
    lost, zero = ScrapeColumns.unknown(1), ScrapeColumns.unknown(1)
    lost.answers[0] = SwarmAnswer.FAILED
    zero.answers[0] = SwarmAnswer.AMBIGUOUS
    zero.seeders[0] = zero.leechers[0] = zero.completed[0] = 0
    assert _maximum(lost, zero).seeders[0] == -1


def test_feeds_tell_of_answers_that_are_only_newer():
    prober = ScriptedProber()

    async def scenario(engine, watched):
        feed = engine.feed()
        await watched.until(500)
        feed.pull()
        await watched.until(600)
        between = feed.pull().torrents
        await watched.until(1100)
        update = feed.pull()
        return between, update.torrents, update.snapshot.torrents.view(0).answers[0].scrape

    between, after, scrape = watch(prober, [torrent(1, [ONE])], scenario)
    assert (between, after) == (frozenset(), frozenset({0}))
    assert scrape.state is AskState.ANSWERED


def test_a_deadline_within_conclusions_leaves_no_torrent_behind(monkeypatch):
    monkeypatch.setattr(conclusions_module, "CHUNK_PLACEMENTS", 1)
    prober = ScriptedProber()

    async def main():
        engine = make_engine(prober)
        engine.add_torrents([torrent(number, [ONE]) for number in range(1, 20)])
        recompute = engine._book.recompute
        task = asyncio.ensure_future(engine.run_once(deadline_s=60))

        def cut(indices, now, **more):
            indices = list(indices)
            if indices == [3]:
                task.cancel()
            return recompute(indices, now, **more)

        monkeypatch.setattr(engine._book, "recompute", cut)
        await asyncio.wait([task])
        assert task.cancelled()
        return list(engine.snapshot().torrents.seeders)

    assert drive(main) == [5] * 19


def test_ways_to_stand_are_not_remembered_for_ever():
    async def main():
        engine = make_engine(ScriptedProber())
        engine.add_torrents([torrent(1, [f"udp://host{n}.example:1" for n in range(8)])])
        shape = engine._book.shapes[0]
        for number in range(256):
            shape.stand(bytes(int(digit) for digit in f"{number:08b}"))
        return len(shape.stands)

    assert 0 < drive(main) < 100


def test_a_sweep_and_a_second_opinion_do_not_announce_the_same_torrent_at_once():
    prober = ScriptedProber()
    script = prober.script(WEB)
    script.addresses, script.latency_s = ("192.0.2.1", "2001:db8::1"), 0.3
    script.scrape_failure = SCRAPE_TIMEOUT

    async def main():
        engine = make_engine(prober)
        engine.add_torrents([torrent(number, [WEB]) for number in range(1, 8)])
        await engine.run_once(deadline_s=60)

    drive(main)
    announced = [sent.hashes for sent in prober.of("announce")]
    assert len(announced) == len(set(announced)) == 7


def test_a_round_with_two_addresses_that_is_cut_off_prints_no_traceback(capfd, caplog):
    prober = ScriptedProber()
    script = prober.script(WEB)
    script.addresses, script.hangs = ("192.0.2.1", "192.0.2.2"), True

    async def main():
        engine = make_engine(prober)
        engine.add_torrents([torrent(1, [WEB])])
        await engine.run_once(deadline_s=1)

    drive(main)
    gc.collect()
    assert capfd.readouterr().err == ""
    assert not caplog.records


def test_what_a_scrape_of_new_torrents_says_of_its_interval_is_heard():
    prober = ScriptedProber()
    script = prober.script(WEB)

    async def scenario(engine, watched):
        await watched.until(100)
        script.min_request_interval_s = 3000.0
        engine.add_torrents([torrent(2, [WEB])])
        await watched.until(8000)

    watch(prober, [torrent(1, [WEB])], scenario)
    first, fresh, *later = [sent.at for sent in prober.of("scrape")]
    assert (first, fresh) == (0, 100)
    assert later
    assert min(after - before for before, after in pairwise([fresh, *later])) >= 3000
