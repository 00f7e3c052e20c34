"""`run_again`: some trackers asked once more, the others left alone, and one story written down."""

from __future__ import annotations

import asyncio

import pytest

from tests.engine.driven import (
    REFUSED,
    SCRAPE_TIMEOUT,
    Script,
    ScriptedProber,
    drive,
    make_engine,
    torrent,
)
from tests.engine.keeping import MemoryKeeper
from trackerwatch.engine.records import SampleRecord, TrackerMemory
from trackerwatch.engine.settings import EngineSettings, Freshness
from trackerwatch.engine.views import AskState, LocalState
from trackerwatch.health import Health
from trackerwatch.outcome import Failure, FailureKind, Phase, SentinelOutcome
from trackerwatch.policy import Verdict

ONE, TWO = "udp://one.example:1", "udp://two.example:2"
NEAR = "udp://near.example:3"
BUSY = Failure(FailureKind.RATE_LIMITED, Phase.EXCHANGE, "slow down", retry_in_s=600.0)


def test_only_those_asked_for_are_asked_and_the_rest_stands():
    prober = ScriptedProber()
    one, two = prober.script(ONE), prober.script(TWO, Script(dead={"*": REFUSED}, addresses=("192.0.2.2",)))

    async def main():
        engine = make_engine(prober)
        engine.add_torrents([torrent(1, [ONE]), torrent(2, [TWO])])
        await engine.run_once(deadline_s=60)
        assert [view.state for view in engine.snapshot().trackers] == [Health.UP, Health.DOWN]
        prober.sent.clear()
        one.counts, two.dead = (lambda _: (99, 0, 0)), {}
        await asyncio.sleep(60)
        await engine.run_again([1], deadline_s=60)
        return engine.snapshot()

    snapshot = drive(main)
    assert {sent.host for sent in prober.sent} == {"two.example:2"}
    assert [view.state for view in snapshot.trackers] == [Health.UP, Health.UP]
    first, second = (snapshot.torrents.view(index) for index in (0, 1))
    assert (first.counts.seeders, second.counts.seeders) == (5, 5), "the first one's counts are those of the first look"
    assert (first.verdict, second.verdict) == (Verdict.OK, Verdict.OK)


def test_a_public_tracker_is_asked_once_a_minute_at_most():
    prober = ScriptedProber()
    prober.script(ONE, Script(dead={"*": REFUSED}))

    async def main():
        engine = make_engine(prober)
        engine.add_torrents([torrent(1, [ONE])])
        await engine.run_once(deadline_s=60)
        sent = len(prober.sent)
        wait_s = engine.may_ask_again_in_s(0)
        assert wait_s == pytest.approx(60, abs=0.1)
        await asyncio.sleep(wait_s - 1)
        await engine.run_again([0], deadline_s=60)
        assert len(prober.sent) == sent, "a second too early: nothing is sent"
        await asyncio.sleep(1.01)
        await engine.run_again([0], deadline_s=60)
        assert len(prober.sent) > sent

    drive(main)


def test_near_ones_every_few_seconds():
    prober = ScriptedProber()
    prober.script(NEAR, Script(dead={"*": REFUSED}, addresses=("127.0.0.1",)))

    async def main():
        engine = make_engine(prober)
        engine.add_torrents([torrent(1, [NEAR])])
        await engine.run_once(deadline_s=60)
        return engine.may_ask_again_in_s(0)

    assert drive(main) == pytest.approx(3, abs=0.1)


def test_a_wait_that_the_tracker_gave_holds_and_never_is_never():
    prober = ScriptedProber()
    prober.script(ONE, Script(scrape_failure=BUSY))
    prober.script(
        TWO,
        Script(scrape_failure=Failure(FailureKind.HTTP_STATUS, Phase.EXCHANGE, "HTTP 410", retry_never=True)),
    )

    async def main():
        engine = make_engine(prober)
        engine.add_torrents([torrent(1, [ONE], [TWO])])
        await engine.run_once(deadline_s=60)
        waits = engine.may_ask_again_in_s(0), engine.may_ask_again_in_s(1)
        sent = len(prober.sent)
        await asyncio.sleep(300)
        await engine.run_again([0, 1], deadline_s=60)
        assert len(prober.sent) == sent
        return waits

    first, second = drive(main)
    assert first == pytest.approx(600, abs=1)
    assert second is None


def test_private_trackers_that_are_not_asked_for_counts_wait_too():
    prober = ScriptedProber()
    prober.script(ONE, Script(dead={"*": SCRAPE_TIMEOUT}))

    async def main():
        engine = make_engine(prober)
        engine.add_torrents([torrent(1, [ONE], private=True)])
        await engine.run_once(deadline_s=60)
        assert not prober.of("scrape")
        return engine.may_ask_again_in_s(0)

    assert drive(main) == pytest.approx(60, abs=0.1)


def test_what_another_run_was_told_meanwhile_is_taken_over():
    prober, keeper = ScriptedProber(), MemoryKeeper()
    script = prober.script(ONE, Script(counts=lambda _: (0, 1, 0)))

    async def main():
        engine = make_engine(prober, keeper=keeper)
        engine.add_torrents([torrent(1, [ONE])])
        await engine.run_once(deadline_s=60)
        assert engine.snapshot().torrents.view(0).verdict is Verdict.CRITICAL
        await asyncio.sleep(59)
        script.counts = lambda _: (7, 1, 0)
        other = make_engine(prober, EngineSettings(freshness=Freshness.FRESH), keeper=keeper)
        other.add_torrents([torrent(1, [ONE])])
        await asyncio.sleep(1.1)
        await other.run_once(deadline_s=60)
        sent = len(prober.sent)
        await engine.run_again([0], deadline_s=60)
        assert len(prober.sent) == sent, "the minute is the tracker's, whoever asks"
        return engine.snapshot()

    view = drive(main).torrents.view(0)
    assert view.counts.seeders == 7
    assert view.answers[0].scrape.source == "store"


def test_a_remembered_state_is_asked_anew_and_told_once():
    prober, keeper = ScriptedProber(), MemoryKeeper()
    script = prober.script(ONE, Script(dead={"*": REFUSED}))

    async def main():
        for _ in range(2):
            engine = make_engine(prober, keeper=keeper)
            engine.add_torrents([torrent(1, [ONE])])
            await engine.run_once(deadline_s=60)
        script.dead = {}
        for _ in range(2):
            await asyncio.sleep(61)
            await engine.run_again([0], deadline_s=60)
        return engine.snapshot()

    snapshot = drive(main)
    assert snapshot.trackers[0].state is Health.UP
    told = [(r.from_state, r.to_state) for r in keeper.transitions() if r.endpoint is None and r.tracker is not None]
    assert told == [("unknown", "down"), ("down", "up")]
    health = keeper.of(TrackerMemory)[-1].endpoints[0].health
    assert (health.state, health.answers_in_row) == (Health.UP, 2)
    assert len([r for r in keeper.of(SampleRecord) if r.endpoint is None]) == 4


def test_a_spared_tracker_is_asked_once_its_minute_is_over():
    prober, keeper = ScriptedProber(), MemoryKeeper()
    script = prober.script(ONE, Script(counts=lambda _: (0, 1, 0)))

    async def main():
        first = make_engine(prober, keeper=keeper)
        first.add_torrents([torrent(1, [ONE])])
        await first.run_once(deadline_s=60)
        script.counts = lambda _: (7, 1, 0)
        await asyncio.sleep(20)
        engine = make_engine(prober, keeper=keeper)
        engine.add_torrents([torrent(1, [ONE])])
        await engine.run_once(deadline_s=60)
        assert engine.snapshot().torrents.view(0).counts.seeders == 0
        wait_s = engine.may_ask_again_in_s(0)
        await asyncio.sleep(wait_s)
        await engine.run_again([0], deadline_s=60)
        return wait_s, engine.snapshot()

    wait_s, snapshot = drive(main)
    assert wait_s == pytest.approx(40, abs=1)
    view = snapshot.torrents.view(0)
    assert (view.counts.seeders, view.answers[0].scrape.source, view.answers[0].scrape.state) == (
        7,
        "live",
        AskState.ANSWERED,
    )
    assert snapshot.trackers[0].recalled_at is None


def test_our_own_outage_of_one_look_is_over_at_the_next():
    prober = ScriptedProber()
    urls = [f"udp://t{n}.example:{n}" for n in range(1, 4)]
    for n, url in enumerate(urls, 1):
        prober.script(url, Script(dead={"*": SCRAPE_TIMEOUT}, addresses=(f"192.0.2.{n}",)))
    prober.sentinels = SentinelOutcome(tcp=True, udp=False)

    async def main():
        engine = make_engine(prober)
        engine.add_torrents([torrent(1, urls)])
        await engine.run_once(deadline_s=120)
        before = engine.snapshot()
        for url in urls:
            prober.script(url).dead = {}
        await asyncio.sleep(61)
        await engine.run_again([0, 1, 2], deadline_s=120)
        return before, engine.snapshot()

    before, after = drive(main)
    assert (before.ourselves.state, after.ourselves.state) == (LocalState.UDP_BLOCKED, LocalState.FINE)
    assert [view.state for view in before.trackers] == [Health.UNKNOWN] * 3
    assert [view.state for view in after.trackers] == [Health.UP] * 3
    assert after.torrents.view(0).verdict is Verdict.OK


def test_a_deadline_leaves_the_earlier_answer():
    prober = ScriptedProber()
    script = prober.script(ONE, Script(counts=lambda _: (0, 1, 0)))

    async def main():
        engine = make_engine(prober)
        engine.add_torrents([torrent(1, [ONE])])
        await engine.run_once(deadline_s=60)
        script.hangs = True
        await asyncio.sleep(61)
        await engine.run_again([0], deadline_s=5)
        return engine.snapshot()

    view = drive(main).torrents.view(0)
    assert (view.counts.seeders, view.counts.leechers) == (0, 1)
    assert view.verdict is Verdict.CRITICAL
