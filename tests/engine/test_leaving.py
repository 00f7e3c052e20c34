"""Torrents that leave: they are not asked for, not counted, and nothing of the others moves."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from tests.engine.driven import Script, ScriptedProber, Watched, drive, make_engine, torrent
from trackerwatch.engine.settings import AnnounceMode, EngineSettings
from trackerwatch.health import Health
from trackerwatch.policy import Verdict

ONE, TWO = "udp://one.example:1", "udp://two.example:2"


def watch(scenario, prober=None, settings=None):
    prober = prober or ScriptedProber()

    async def main():
        engine = make_engine(prober, settings)
        engine.add_torrents([torrent(1, [ONE]), torrent(2, [ONE], [TWO]), torrent(3, [ONE])])
        watched = Watched(engine)
        await watched.until(100)
        try:
            return await scenario(engine, watched)
        finally:
            await watched.end()

    return drive(main), prober


def test_what_left_is_not_listed_and_not_counted():
    async def scenario(engine, watched):
        feed = engine.feed()
        feed.pull()
        engine.remove_torrents([torrent(2, [ONE]).info_hash, b"never there".ljust(20)])
        update = feed.pull()
        return update, engine.snapshot()

    (update, snapshot), _ = watch(scenario)
    table = snapshot.torrents
    assert list(table.listed) == [0, 2]
    assert [table.torrents[index].name for index in table.listed] == ["torrent 1", "torrent 3"]
    assert snapshot.totals.torrents_by_verdict[Verdict.OK] == 2
    assert [tracker.torrents for tracker in snapshot.trackers] == [2, 0]
    assert snapshot.trackers[0].effect.unaffected == 2
    assert update.torrents is None or 1 in update.torrents


def test_what_left_is_not_asked_for_again():
    async def scenario(engine, watched):
        engine.remove_torrents([torrent(2, [ONE]).info_hash])
        begun = len(prober.sent)
        await watched.until(5000)
        assert engine.snapshot().trackers[1].state is Health.UNKNOWN
        return prober.sent[begun:]

    prober = ScriptedProber()
    prober.script(TWO, Script(addresses=("198.51.100.2",)))
    later, _ = watch(scenario, prober, EngineSettings(announce=AnnounceMode.SAMPLE))
    assert {sent.host for sent in later} == {"one.example:1"}, "a tracker without torrents is left alone"
    gone = torrent(2, [ONE]).info_hash
    assert all(gone not in sent.hashes for sent in later)
    assert [len(sent.hashes) for sent in later if sent.what == "scrape"] == [2] * 5


def test_what_left_may_come_back():
    async def scenario(engine, watched):
        engine.remove_torrents([torrent(2, [ONE]).info_hash])
        engine.add_torrents([torrent(2, [ONE], [TWO])])
        await watched.until(3000)
        return engine.snapshot()

    snapshot, _ = watch(scenario)
    assert list(snapshot.torrents.listed) == [0, 2, 3]
    assert [snapshot.torrents.seeders[index] for index in snapshot.torrents.listed] == [5, 5, 5]
    assert [tracker.torrents for tracker in snapshot.trackers] == [3, 1]


def test_to_come_and_go_is_no_way_round_a_trackers_waits():
    async def scenario(engine, watched):
        both = torrent(2, [ONE], [TWO])
        for second in range(100, 220):
            engine.remove_torrents([both.info_hash])
            engine.add_torrents([both])
            await watched.until(second + 1)

    prober = ScriptedProber()
    prober.script(TWO, Script(addresses=("198.51.100.2",)))
    watch(scenario, prober)
    asked = [sent.at for sent in prober.of("scrape", "two.example:2")]
    assert 2 <= len(asked) <= 4
    assert all(later - earlier >= 60 for earlier, later in pairwise(asked))


def test_the_key_stays_at_home_when_the_last_public_torrent_leaves():
    url = "http://web.example/0123456789abcdef0123456789abcdef/announce"
    prober = ScriptedProber()

    async def main():
        engine = make_engine(prober)
        engine.add_torrents([torrent(1, [url], private=True), torrent(2, [url])])
        watched = Watched(engine)
        await watched.until(100)
        engine.remove_torrents([torrent(2, [url]).info_hash])
        begun = len(prober.sent)
        await watched.until(5000)
        await watched.end()
        return prober.sent[begun:]

    later = drive(main)
    assert {(sent.what, sent.with_key) for sent in later if sent.what != "resolve"} == {("check", False)}


def test_a_swarm_that_another_torrent_has_too_stays():
    v2 = bytes(range(32))

    async def main():

        prober = ScriptedProber()
        engine = make_engine(prober)
        hybrid = torrent(1, [ONE], v2=v2)
        v2_only = replace(torrent(2, [ONE]), info_hash=v2[:20], info_hash_v2=v2)
        engine.add_torrents([hybrid, v2_only])
        engine.remove_torrents([hybrid.info_hash])
        await engine.run_once(deadline_s=30)
        return engine.snapshot(), prober

    snapshot, prober = drive(main)
    assert list(snapshot.torrents.listed) == [1]
    assert snapshot.torrents.seeders[1] == 5
    assert [sent.hashes for sent in prober.of("scrape")] == [(v2[:20],)]
