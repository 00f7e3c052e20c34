"""Trackers that are watched by hand for one run."""

from tests.engine.driven import BLOCKED, REFUSED, Script, ScriptedProber, Watched, drive, make_engine, torrent
from trackerwatch.engine.commands import DisableTrackers, Undo, WatchTracker
from trackerwatch.engine.settings import EngineSettings, TrackerSettings
from trackerwatch.failover import FailoverState
from trackerwatch.health import Health
from trackerwatch.policy.rules import Verdict

A, B, C = (f"udp://{name}.test:80" for name in "abc")


def watching(prober, *torrents, settings=None):
    for n, url in enumerate((A, B, C)):
        prober.script(url).addresses = (f"192.0.2.{n + 1}",)
    engine = make_engine(prober, settings)
    engine.add_torrents(torrents)
    return engine, Watched(engine)


def test_for_itself_it_is_asked_and_shown():
    async def main():
        prober = ScriptedProber()
        engine, watched = watching(prober, torrent(0, [A]))
        await watched.until(100)
        assert engine.do(WatchTracker(B)) == "b.test:80: watched for this run"
        await watched.until(103)
        view = engine.snapshot().trackers[1]
        assert (view.state, view.added, view.torrents) == (Health.UP, True, 0)
        assert prober.of("check", "b.test:80")
        assert not prober.of("scrape", "b.test:80")
        assert not prober.of("announce", "b.test:80")
        assert not engine.snapshot().trackers[0].added
        await watched.until(1200)
        assert len(prober.of("check", "b.test:80")) > 5, "it is watched on"
        await watched.end()

    drive(main)


def test_taken_back_it_is_asked_no_more():
    async def main():
        prober = ScriptedProber()
        engine, watched = watching(prober, torrent(0, [A]))
        await watched.until(100)
        engine.do(WatchTracker(B))
        await watched.until(110)
        assert engine.do(Undo()) == "taken back: b.test:80: watched for this run"
        sent = len(prober.sent)
        view = engine.snapshot().trackers[1]
        assert (view.added, view.state, view.next_probe_at, view.retired) == (False, Health.UNKNOWN, None, True)
        await watched.until(2000)
        assert "b.test:80" not in {s.host for s in prober.sent[sent:]}
        assert engine.do(WatchTracker(B)) == "b.test:80: watched for this run", "and once more"
        await watched.until(2010)
        assert engine.snapshot().trackers[1].state is Health.UP
        assert not engine.snapshot().trackers[1].retired
        await watched.end()

    drive(main)


def test_to_and_fro_is_no_way_round_its_waits():
    async def main():
        prober = ScriptedProber()
        engine, watched = watching(prober, torrent(0, [A]))
        await watched.until(100)
        for second in range(101, 131, 3):
            engine.do(WatchTracker(B))
            await watched.until(second)
            engine.do(Undo())
        assert len(prober.of("check", "b.test:80")) == 1
        await watched.end()

    drive(main)


def test_as_the_last_tier_of_one_torrent():
    async def main():
        prober = ScriptedProber()
        prober.script(A).dead["*"] = REFUSED
        engine, watched = watching(prober, torrent(0, [A]), torrent(1, [A]))
        await watched.until(600)
        assert list(engine.snapshot().torrents.verdicts) == [Verdict.CRITICAL] * 2
        assert engine.do(WatchTracker(B, 0)) == "b.test:80: added to torrent 0 as tier 1, for this run"
        await watched.until(610)
        table = engine.snapshot().torrents
        assert list(table.failover_states) == [FailoverState.FAILED_OVER, FailoverState.EXHAUSTED]
        assert [(p.tracker.host, p.tier) for p in table.view(0).torrent.placements] == [("a.test", 0), ("b.test", 1)]
        assert [len(s.hashes) for s in prober.of("scrape", "b.test:80")] == [1], "of this torrent alone"
        views = engine.snapshot().trackers
        assert [(v.added, v.torrents) for v in views] == [(False, 2), (True, 1)]
        assert "lists b.test:80 already" in engine.do(WatchTracker(B, 0))
        engine.do(Undo())
        table = engine.snapshot().torrents
        assert list(table.failover_states) == [FailoverState.EXHAUSTED] * 2
        assert [p.tracker.host for p in table.view(0).torrent.placements] == ["a.test"]
        assert [(v.added, v.torrents) for v in engine.snapshot().trackers] == [(False, 2), (False, 0)]
        sent = len(prober.sent)
        await watched.until(2000)
        assert "b.test:80" not in {s.host for s in prober.sent[sent:]}
        await watched.end()

    drive(main)


def test_a_tracker_of_others_is_only_taken_off_the_torrent_again():
    async def main():
        prober = ScriptedProber()
        engine, watched = watching(prober, torrent(0, [A]), torrent(1, [B]))
        await watched.until(100)
        engine.do(WatchTracker(B, 0))
        await watched.until(200)
        view = engine.snapshot().trackers[1]
        assert (view.torrents, view.added) == (2, False)
        assert engine.snapshot().torrents.working[0] == 2
        engine.do(Undo())
        view = engine.snapshot().trackers[1]
        assert (view.torrents, view.state, view.retired) == (1, Health.UP, False)
        assert engine.snapshot().torrents.total[0] == 1
        await watched.end()

    drive(main)


def test_a_private_torrent_gets_none():
    async def main():
        prober = ScriptedProber()
        engine, watched = watching(prober, torrent(0, [A], private=True))
        await watched.until(10)
        said = engine.do(WatchTracker(B, 0))
        assert "private" in said
        assert "BEP 27" in said
        assert len(engine.snapshot().trackers) == 1
        assert "b.test:80" not in {s.host for s in prober.sent}
        assert engine.do(Undo()) == "nothing to take back"
        await watched.end()

    drive(main)


def test_what_is_none_or_is_there_already_is_said():
    async def main():
        engine, watched = watching(ScriptedProber(), torrent(0, [A]))
        await watched.until(10)
        assert engine.do(WatchTracker(A)) == "a.test:80 is watched already"
        assert "without a scheme" in engine.do(WatchTracker("nonsense"))
        assert "unsupported" in engine.do(WatchTracker("wss://a.test/x"))
        assert "not watched any more" in engine.do(WatchTracker(B, 7))
        assert len(engine.snapshot().trackers) == 1
        await watched.end()

    drive(main)


def test_a_hundred_are_enough():
    async def main():
        engine, watched = watching(ScriptedProber(), torrent(0, [A]))
        said = [engine.do(WatchTracker(f"udp://n{n}.test:80")) for n in range(102)]
        assert said[99].endswith("watched for this run")
        assert "enough" in said[100]
        assert len(engine.snapshot().trackers) == 101
        await watched.end()

    drive(main)


def test_it_stays_when_the_last_torrent_that_listed_it_too_leaves():
    async def main():
        prober = ScriptedProber()
        engine, watched = watching(prober, torrent(0, [A]))
        await watched.until(100)
        engine.do(WatchTracker(B))
        other = torrent(1, [B])
        engine.add_torrents([other])
        await watched.until(200)
        engine.remove_torrents([other.info_hash])
        await watched.until(400)
        view = engine.snapshot().trackers[1]
        assert (view.state, view.retired, view.torrents) == (Health.UP, False, 0)
        await watched.end()

    drive(main)


def test_a_torrent_that_left_meanwhile_is_passed_over():
    async def main():
        prober = ScriptedProber()
        one = torrent(0, [A])
        engine, watched = watching(prober, one)
        await watched.until(100)
        engine.do(WatchTracker(B, 0))
        engine.remove_torrents([one.info_hash])
        engine.do(Undo())
        assert [view.retired for view in engine.snapshot().trackers] == [True, True]
        await watched.end()

    drive(main)


def test_the_address_policy_holds():
    async def main():
        prober = ScriptedProber()
        prober.script(B, Script(addresses=(), refused_addresses=(("127.0.0.1", BLOCKED),)))
        engine = make_engine(prober)
        watched = Watched(engine)
        engine.do(WatchTracker(B))
        await watched.until(100)
        assert engine.snapshot().trackers[0].state is Health.UNKNOWN
        assert not prober.of("check")
        await watched.end()

    drive(main)


def test_one_that_is_switched_off_is_not_asked():
    async def main():
        prober = ScriptedProber()
        settings = EngineSettings(trackers={"b.test": TrackerSettings(disabled=True)})
        engine, watched = watching(prober, torrent(0, [A]), settings=settings)
        assert engine.do(WatchTracker(B)).endswith("it is switched off, so nothing is sent to it")
        await watched.until(300)
        assert "b.test:80" not in {s.host for s in prober.sent}
        engine.do(DisableTrackers((1,), "", disabled=False))
        await watched.until(303)
        assert engine.snapshot().trackers[1].state is Health.UP
        await watched.end()

    drive(main)
