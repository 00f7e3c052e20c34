"""Watching: what is asked when, what becomes of a tracker that dies, and what faces are told."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from tests.engine.driven import (
    REFUSED,
    TIMEOUT,
    Script,
    ScriptedProber,
    Watched,
    drive,
    make_engine,
    torrent,
)
from trackerwatch.engine.commands import AnnounceNow, ProbeNow
from trackerwatch.engine.settings import AnnounceMode, EngineSettings
from trackerwatch.engine.views import EventKind
from trackerwatch.failover import FailoverState
from trackerwatch.health import Health
from trackerwatch.outcome import Failure, FailureKind, Phase

ONE, TWO = "udp://one.example:1", "udp://two.example:2"
WEB = "http://web.example/announce"


def two_tier_prober() -> ScriptedProber:
    prober = ScriptedProber()
    prober.script(ONE)
    prober.script(TWO, Script(addresses=("192.0.2.2",)))
    return prober


def test_a_udp_tracker_that_dies_is_red_within_four_minutes():
    prober = two_tier_prober()

    async def main():
        engine = make_engine(prober)
        engine.add_torrents([torrent(1, [ONE], [TWO])])
        watched = Watched(engine)
        await watched.until(1000)
        assert engine.snapshot().trackers[0].state is Health.UP
        prober.scripts["one.example:1"].dead["*"] = TIMEOUT
        pending = set()
        for second in range(1000, 1240, 5):
            await watched.until(second)
            tracker = engine.snapshot().trackers[0]
            pending.add(tracker.pending)
            if tracker.state is Health.DOWN:
                break
        assert tracker.state is Health.DOWN
        assert pending >= {0, 1, 2}, "RETRY 1/3 and 2/3 are shown on the way"
        assert tracker.reasons == ("timeout",)
        snapshot = engine.snapshot()
        view = snapshot.torrents.view(0)
        assert view.failover.state is FailoverState.FAILED_OVER
        assert view.failover.active_tier == 1
        assert view.counts.seeders == 5
        assert tracker.effect.failed_over == 1
        (problem,) = snapshot.tracker_problems
        assert "1 torrent failed over" in problem.message
        prober.scripts["one.example:1"].dead.clear()
        await watched.until(second + 300)
        snapshot = engine.snapshot()
        assert snapshot.trackers[0].state is Health.UP
        assert snapshot.torrents.view(0).failover.state is FailoverState.PRIMARY
        kinds = [event.kind for event in snapshot.events if event.kind is not EventKind.STARTED]
        assert kinds == [
            EventKind.STATE_CHANGED,
            EventKind.FAILED_OVER,
            EventKind.RECOVERED,
            EventKind.RECOVERED,
        ]
        down = snapshot.events[1]
        assert down.reason is FailureKind.TIMEOUT
        assert "failed over" in down.message
        await watched.end()

    drive(main)


def test_one_lost_packet_is_no_outage():
    prober = two_tier_prober()

    async def main():
        engine = make_engine(prober)
        engine.add_torrents([torrent(1, [ONE], [TWO])])
        watched = Watched(engine)
        await watched.until(890)
        prober.scripts["one.example:1"].dead["*"] = TIMEOUT
        while not engine.snapshot().trackers[0].pending:
            await watched.until(asyncio.get_running_loop().time() + 1)
        prober.scripts["one.example:1"].dead.clear()
        assert engine.snapshot().torrents.view(0).counts.seeders == 5, "old counts stay while in doubt"
        await watched.until(asyncio.get_running_loop().time() + 60)
        assert engine.snapshot().trackers[0].state is Health.UP
        assert engine.snapshot().trackers[0].pending == 0
        await watched.end()
        kinds = {event.kind for event in engine.snapshot().events}
        assert kinds == {EventKind.STARTED, EventKind.STOPPED}

    drive(main)


def test_an_http_tracker_that_dies_is_red_within_seventeen_minutes():
    prober = ScriptedProber()

    async def main():
        engine = make_engine(prober)
        engine.add_torrents([torrent(1, [WEB])])
        watched = Watched(engine)
        await watched.until(1)
        prober.scripts["web.example:80"].dead["*"] = REFUSED
        await watched.until(1 + 17 * 60 + 60)
        assert engine.snapshot().trackers[0].state is Health.DOWN
        assert engine.snapshot().torrents.view(0).failover.state is FailoverState.EXHAUSTED
        await watched.end()

    drive(main)


def test_a_day_of_manners():
    prober = ScriptedProber()

    async def main():
        engine = make_engine(prober, EngineSettings(announce=AnnounceMode.SAMPLE))
        engine.add_torrents([torrent(n, [ONE]) for n in range(1, 11)])
        watched = Watched(engine)
        await watched.until(86400)
        await watched.end()

    drive(main)
    scrapes = prober.of("scrape")
    assert 80 <= len(scrapes) <= 97, "every 15 minutes with jitter, never more often"
    gaps = [b.at - a.at for a, b in pairwise(scrapes)]
    assert min(gaps) >= 900
    assert all(len(sent.hashes) == 10 for sent in scrapes)
    assert 600 <= len(prober.of("check")) <= 720, "a heartbeat each two minutes"
    announces = prober.of("announce")
    assert len(announces) <= 97
    assert len({sent.hashes for sent in announces}) == 10, "samples rotate"
    assert all(sent.request is not None and sent.request.event == "stopped" for sent in announces)


def test_http_has_no_heartbeat():
    prober = ScriptedProber()

    async def main():
        engine = make_engine(prober)
        engine.add_torrents([torrent(1, [WEB])])
        watched = Watched(engine)
        await watched.until(3600)
        await watched.end()

    drive(main)
    assert {sent.what for sent in prober.sent} == {"resolve", "scrape"}
    assert len(prober.of("scrape")) <= 5


def test_without_scrape_the_pace_is_the_same():
    prober = ScriptedProber()
    prober.script(WEB, Script(scrapable=False))

    async def main():
        engine = make_engine(prober)
        engine.add_torrents([torrent(1, [WEB]), torrent(2, [WEB])])
        watched = Watched(engine)
        await watched.until(3600)
        await watched.end()

    drive(main)
    assert len(prober.of("check")) <= 5
    assert len(prober.of("announce")) == 4, "two torrents, twice an hour"


def test_a_tracker_dead_from_the_start_is_scraped_as_soon_as_it_lives():
    prober = ScriptedProber()
    prober.script(ONE, Script(dead={"*": REFUSED}))

    async def main():
        engine = make_engine(prober)
        engine.add_torrents([torrent(1, [ONE])])
        watched = Watched(engine)
        await watched.until(1000)
        assert engine.snapshot().trackers[0].state is Health.DOWN
        full = len(prober.of("scrape"))
        assert full <= 2, "a dead tracker is not asked for everything in a hurry"
        prober.scripts["one.example:1"].dead.clear()
        await watched.until(1300)
        assert engine.snapshot().torrents.seeders[0] == 5
        await watched.end()

    drive(main)


def test_min_request_interval_is_obeyed():
    prober = ScriptedProber()
    prober.script(WEB, Script(min_request_interval_s=3600.0))

    async def main():
        engine = make_engine(prober)
        engine.add_torrents([torrent(1, [WEB])])
        watched = Watched(engine)
        await watched.until(86400)
        await watched.end()

    drive(main)
    assert len(prober.of("scrape")) <= 25


def test_a_tracker_that_wants_to_be_left_alone_is():
    prober = ScriptedProber()
    later = Failure(FailureKind.RATE_LIMITED, Phase.EXCHANGE, "HTTP 429", retry_in_s=7200.0)
    prober.script(WEB, Script(scrape_failure=later, announce_failure=later))

    async def main():
        engine = make_engine(prober)
        engine.add_torrents([torrent(1, [WEB])])
        watched = Watched(engine)
        await watched.until(10)
        assert engine.do(ProbeNow((0,))).startswith("web.example:80 may be asked again in 7")
        await watched.until(7100)
        assert len(prober.of("scrape")) == 1
        await watched.until(9000)
        assert len(prober.of("scrape")) == 2
        await watched.end()

    drive(main)


def test_never_is_never():
    prober = ScriptedProber()
    gone = Failure(FailureKind.HTTP_STATUS, Phase.EXCHANGE, "HTTP 410", retry_never=True)
    prober.script(WEB, Script(scrape_failure=gone, announce_failure=gone))

    async def main():
        engine = make_engine(prober)
        engine.add_torrents([torrent(1, [WEB])])
        watched = Watched(engine)
        await watched.until(10)
        sent = len(prober.sent)
        await watched.until(100_000)
        assert len(prober.sent) == sent
        await watched.end()

    drive(main)


def test_ambiguous_zeros_are_announced_once_a_day():
    prober = ScriptedProber()
    dead = torrent(1, [ONE])
    prober.script(ONE, Script(ambiguous=frozenset([dead.info_hash])))

    async def main():
        engine = make_engine(prober)
        engine.add_torrents([dead])
        watched = Watched(engine)
        await watched.until(3 * 86400 - 2000)
        assert engine.snapshot().torrents.seeders[0] == 0
        await watched.end()

    drive(main)
    assert len(prober.of("announce")) == 3


def test_a_hanging_tracker_delays_nobody():
    prober = two_tier_prober()
    prober.scripts["one.example:1"].hangs = True

    async def main():
        engine = make_engine(prober)
        engine.add_torrents([torrent(1, [ONE]), torrent(2, [TWO])])
        assert len(engine.snapshot().torrents) == 2, "rows are there before the first answer"
        watched = Watched(engine)
        await watched.until(1)
        assert engine.snapshot().torrents.seeders[1] == 5
        begun = asyncio.get_running_loop().time()
        await watched.end()
        assert asyncio.get_running_loop().time() - begun <= 5

    drive(main)


def test_stop_says_goodbye_for_a_started_announce():
    prober = ScriptedProber()
    prober.script(WEB, Script(scrapable=False, latency_s=2.0))

    async def main():
        engine = make_engine(prober, EngineSettings(announce=AnnounceMode.PEERS))
        engine.add_torrents([torrent(1, [WEB])])
        watched = Watched(engine)
        await watched.until(3)
        await watched.end()

    drive(main)
    assert [sent.request.event for sent in prober.of("announce") if sent.request] == ["started", "stopped"]


def test_probe_now_has_manners():
    prober = two_tier_prober()

    async def main():
        engine = make_engine(prober)
        engine.add_torrents([torrent(1, [ONE], [TWO])])
        watched = Watched(engine)
        await watched.until(10)
        assert engine.do(ProbeNow((0,))) == "one.example:1 may be asked again in 50 s"
        await watched.until(61)
        assert engine.do(ProbeNow((0, 1))) == "asking 2 trackers now"
        await watched.until(62)
        assert len(prober.of("scrape", "one.example:1")) == 2
        await watched.end()

    drive(main)


def test_announce_now_says_how_long_there_is_to_wait():
    prober = two_tier_prober()

    async def main():
        engine = make_engine(prober)
        engine.add_torrents([torrent(1, [ONE], [TWO]), torrent(2, [ONE], private=True)])
        watched = Watched(engine)
        assert "no working tracker" in engine.do(AnnounceNow(0))
        await watched.until(10)
        assert engine.do(AnnounceNow(0)) == "announcing torrent 1 to one.example:1, as stopped: it joins no swarm"
        await watched.until(20)
        assert "no announce of it before 17" in engine.do(AnnounceNow(0))
        assert "--private announce" in engine.do(AnnounceNow(1))
        await watched.end()

    drive(main)


def test_feeds_tell_what_changed_and_share_the_rest():
    prober = two_tier_prober()
    prober.script(TWO).latency_s = 5.0

    async def main():
        engine = make_engine(prober)
        engine.add_torrents([torrent(1, [ONE]), torrent(2, [TWO])])
        feed = engine.feed()
        first = feed.pull()
        assert first is not None
        assert first.torrents is None
        assert feed.pull() is None
        watched = Watched(engine)
        await watched.until(1)
        update = feed.pull()
        assert update is not None
        assert update.torrents == {0, 1}, "the other one says now that it is being asked"
        await watched.until(2)
        assert feed.pull() is None, "nothing happens, nothing is told"
        before = engine.snapshot()
        await watched.until(6)
        update = feed.pull()
        assert update is not None
        assert update.trackers == {1}
        assert update.torrents == {1}
        assert update.snapshot.trackers[0] is before.trackers[0]
        assert before.torrents.seeders[1] == -1, "an old snapshot never changes"
        assert update.events == (), "that it was found up is no news"
        await watched.end()

    drive(main)


def test_torrents_may_come_while_running():
    prober = two_tier_prober()

    async def main():
        engine = make_engine(prober)
        engine.add_torrents([torrent(1, [ONE])])
        watched = Watched(engine)
        await watched.until(30)
        engine.add_torrents([torrent(2, [TWO]), torrent(3, [ONE])])
        await watched.until(40)
        snapshot = engine.snapshot()
        assert snapshot.torrents.seeders[1] == 5
        assert snapshot.torrents.seeders[2] == -1, "a public tracker is not asked for everything twice a minute"
        await watched.until(70)
        assert engine.snapshot().torrents.seeders[2] == 5
        await watched.end()

    drive(main)


@pytest.mark.parametrize("mode", list(AnnounceMode))
def test_completed_is_never_said(mode):
    prober = two_tier_prober()
    prober.script(WEB, Script(scrapable=False, addresses=("192.0.2.7",)))

    async def main():
        engine = make_engine(prober, EngineSettings(announce=mode))
        engine.add_torrents([torrent(n, [ONE], [TWO], [WEB]) for n in range(1, 6)])
        watched = Watched(engine)
        await watched.until(7200)
        await watched.end()

    drive(main)
    requests = [sent.request for sent in prober.of("announce") if sent.request]
    assert bool(requests) is (mode is not AnnounceMode.NEVER)
    assert {request.event for request in requests} <= {"started", "stopped"}
    last = {}
    for sent in prober.of("announce"):
        assert sent.request is not None
        last[sent.host, sent.hashes] = sent.request.event
    assert set(last.values()) <= {"stopped"}, "nothing of ours stays registered"


def test_since_is_since_this_trouble():
    prober = ScriptedProber()
    prober.script(ONE, Script(counts=lambda _: (0, 3, 1)))
    prober.script(WEB, Script(counts=lambda _: (0, 3, 1), addresses=("192.0.2.3",)))

    async def main():
        engine = make_engine(prober)
        engine.add_torrents([torrent(1, [WEB])])
        watched = Watched(engine)
        await watched.until(1000)
        before = engine.snapshot().torrents.since[0]
        prober.scripts["web.example:80"].dead["*"] = REFUSED
        await watched.until(4000)
        view = engine.snapshot().torrents.view(0)
        assert view.problems[0].rule == "exhausted"
        assert engine.snapshot().torrents.since[0] > before + 1000, (
            "critical before and after, and not the same trouble"
        )
        await watched.end()

    drive(main)


def test_a_retry_says_how_long_it_has_been_failing():
    prober = two_tier_prober()

    async def main():
        engine = make_engine(prober)
        engine.add_torrents([torrent(1, [ONE], [TWO])])
        watched = Watched(engine)
        await watched.until(1000)
        assert engine.snapshot().trackers[0].failing_since is None
        prober.scripts["one.example:1"].dead["*"] = TIMEOUT
        while not engine.snapshot().trackers[0].pending:
            await watched.until(asyncio.get_running_loop().time() + 1)
        begun = engine.snapshot().trackers[0].failing_since
        await watched.until(asyncio.get_running_loop().time() + 20)
        tracker = engine.snapshot().trackers[0]
        assert (tracker.pending, tracker.failing_since) == (2, begun)
        await watched.end()

    drive(main)
