"""What full screens show of a tracker beside its state: what is asked next, how often, by which rules, and of whom."""

from tests.engine.driven import TIMEOUT, Script, ScriptedProber, Watched, drive, make_engine, torrent
from trackerwatch.engine.commands import DisableTrackers, SetInterval
from trackerwatch.engine.views import NextAsk
from trackerwatch.failover import FailoverState
from trackerwatch.health import Health

ONE, TWO, WEB = "udp://one.example:1", "udp://two.example:2", "http://web.example/announce"


def look(act, *, until=1000):
    async def main():
        prober = ScriptedProber()
        prober.script(ONE)
        prober.script(TWO, Script(addresses=("192.0.2.2",)))
        prober.script(WEB, Script(addresses=("192.0.2.3",)))
        engine = make_engine(prober)
        engine.add_torrents([torrent(1, [ONE], [TWO]), torrent(2, [TWO], [ONE]), torrent(3, [WEB])])
        watched = Watched(engine)
        await watched.until(until)
        found = await act(engine, watched, prober)
        await watched.end()
        return found

    return drive(main)


def test_what_is_asked_next_and_how_often():
    async def act(engine, watched, prober):
        return engine.snapshot().trackers

    one, _, web = look(act)
    assert one.next_ask is NextAsk.MINIMAL
    assert (one.every_s, one.heartbeat_s) == (900.0, 120.0)
    assert web.next_ask is NextAsk.FULL
    assert (web.every_s, web.heartbeat_s) == (900.0, None)
    assert one.thresholds.down_after == 3


def test_an_interval_by_hand_is_what_holds():
    async def act(engine, watched, prober):
        engine.do(SetInterval((0,), 3600.0))
        await watched.until(1500)
        return engine.snapshot().trackers[0]

    one = look(act)
    assert (one.interval_wish_s, one.every_s) == (3600.0, 3600.0)


def test_torrents_of_a_down_tracker_by_effect_and_of_a_disabled_one():
    async def act(engine, watched, prober):
        prober.scripts["one.example:1"].dead["*"] = TIMEOUT
        await watched.until(1500)
        down = engine.snapshot()
        assert down.trackers[0].state is Health.DOWN
        told = dict(down.torrents.torrents_of(0))
        assert down.torrents.torrents_of(0) is down.torrents.torrents_of(0)
        engine.do(DisableTrackers((0,), "gone"))
        await watched.until(1600)
        off = engine.snapshot()
        assert off.trackers[0].next_ask is None
        return told, dict(off.torrents.torrents_of(0)), dict(off.torrents.torrents_of(2))

    down, off, web = look(act)
    assert down == {FailoverState.FAILED_OVER: [0], FailoverState.PRIMARY: [1]}
    assert sorted(n for found in off.values() for n in found) == [0, 1]
    assert list(off) == [FailoverState.PRIMARY]
    assert web == {FailoverState.PRIMARY: [2]}
