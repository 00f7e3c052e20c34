"""A tracker that was down and answers again is not believed at once: until then its outage keeps its reason."""

from __future__ import annotations

import asyncio

from tests.engine.driven import REFUSED, Script, ScriptedProber, Watched, drive, make_engine, torrent
from tests.engine.keeping import MemoryKeeper
from trackerwatch.health import Health
from trackerwatch.outcome import Failure, FailureKind, Phase
from trackerwatch.reports.live import plain_lines

ONE, TWO = "udp://one.example:1", "udp://two.example:2"
NO = Failure(FailureKind.FAILURE_REASON, Phase.EXCHANGE, "busy")


async def came_back_once(prober, watched, engine):
    """Let the tracker go down and answer once."""
    script = prober.scripts["one.example:1"]
    await watched.until(60)
    script.dead["*"] = REFUSED
    while engine.snapshot().trackers[0].state is not Health.DOWN:  # noqa: ASYNC110 - driven time: it costs none
        await asyncio.sleep(10)
    script.dead.clear()
    while not engine.snapshot().trackers[0].answers_in_row:  # noqa: ASYNC110 - driven time: it costs none
        await asyncio.sleep(0.5)
    return engine.snapshot()


def test_the_reason_of_an_outage_lasts_until_the_outage_ends():
    prober = ScriptedProber()
    prober.script(ONE, Script())

    async def main():
        engine = make_engine(prober)
        engine.add_torrents([torrent(1, [ONE], [TWO]), torrent(2, [ONE])])
        watched = Watched(engine)
        snapshot = await came_back_once(prober, watched, engine)
        await asyncio.sleep(600)
        after = engine.snapshot()
        await watched.end()
        return snapshot, after

    snapshot, after = drive(main)
    view = snapshot.trackers[0]
    assert (view.state, view.answers_in_row) == (Health.DOWN, 1)
    assert view.failure == REFUSED
    assert view.endpoints[0].failure is None, "the address itself answered"
    assert plain_lines.why(view) == "connection refused; it answers again, 1 of 2"
    first, only = snapshot.torrents.view(0), snapshot.torrents.view(1)
    assert first.why == "one.example connection refused; last one left"
    assert "not one.example:1 (tier 0): connection refused" in first.failover.explanation
    assert "one.example:1: it answers again, 1 of 2 before it is believed" in first.failover.explanation
    assert only.problems[0].message.startswith(
        "no tracker is left, its only one failed: one.example:1 connection refused"
    )
    assert [p.message for p in snapshot.tracker_problems] == [
        "one.example:1 is down (connection refused): of 2 torrents, 1 failed over, 1 exhausted"
    ]
    up = after.trackers[0]
    assert (up.state, up.answers_in_row, up.failure) == (Health.UP, 0, None)


def test_an_answer_that_is_a_refusal_takes_no_reason_away_either():
    prober = ScriptedProber()
    prober.script(ONE, Script(scrape_failure=NO, announce_failure=NO))

    async def main():
        engine = make_engine(prober)
        engine.add_torrents([torrent(1, [ONE])])
        watched = Watched(engine)
        snapshot = await came_back_once(prober, watched, engine)
        await watched.end()
        return snapshot

    assert drive(main).trackers[0].failure == REFUSED


def test_a_restart_in_between_still_knows_what_it_was():
    prober, keeper = ScriptedProber(), MemoryKeeper()
    prober.script(ONE, Script())

    async def main():
        engine = make_engine(prober, keeper=keeper)
        engine.add_torrents([torrent(1, [ONE])])
        watched = Watched(engine)
        await came_back_once(prober, watched, engine)
        await watched.end()
        prober.scripts["one.example:1"].latency_s = 3.0
        engine = make_engine(prober, keeper=keeper)
        engine.add_torrents([torrent(1, [ONE])])
        watched = Watched(engine)
        await asyncio.sleep(1)
        snapshot = engine.snapshot()
        await watched.end()
        return snapshot

    snapshot = drive(main)
    view = snapshot.trackers[0]
    assert (view.state, view.answers_in_row) == (Health.DOWN, 1)
    assert view.failure is not None
    assert view.failure.kind is FailureKind.REFUSED
    assert snapshot.torrents.view(0).why == "one.example refused"
