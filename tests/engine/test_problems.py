"""Rules that are broken and mended are events; what has an event of its own is not told twice."""

from tests.engine.driven import REFUSED, Script, ScriptedProber, Watched, drive, make_engine, torrent
from trackerwatch.engine.views import EventKind

A, B = "udp://a.test:80", "udp://b.test:80"
PROBLEMS = (EventKind.PROBLEM_OPENED, EventKind.PROBLEM_CLOSED)


def watch(count, *, change):
    async def main():
        prober = ScriptedProber()
        scripts = [prober.script(url, Script(addresses=(f"192.0.2.{n + 1}",))) for n, url in enumerate((A, B))]
        engine = make_engine(prober)
        torrents = [torrent(n, [A], [B]) for n in range(count)]
        engine.add_torrents(torrents)
        watched = Watched(engine)
        await watched.until(100)
        change(scripts, torrents)
        await watched.until(3000)
        for script in scripts:
            script.counts, script.dead = (lambda _: (5, 3, 10)), {}
        await watched.until(6000)
        await watched.end()
        return [(e.kind, e.from_state, e.to_state, e.message) for e in engine.snapshot().events]

    return drive(main)


def test_the_last_seeder_goes_and_comes_back():
    def nobody(scripts, _):
        for script in scripts:
            script.counts = lambda _: (0, 3, 10)

    told = [event for event in watch(1, change=nobody) if event[0] in PROBLEMS]
    assert told == [
        (EventKind.PROBLEM_OPENED, None, "no_seeders", "torrent 0: no seeder"),
        (EventKind.PROBLEM_CLOSED, "no_seeders", None, "torrent 0: no longer so: no seeder"),
    ]


def test_many_at_once_are_one_event():
    def one_each(scripts, _):
        for script in scripts:
            script.counts = lambda _: (1, 3, 10)

    told = [event for event in watch(30, change=one_each) if event[0] in PROBLEMS]
    assert [message for *_, message in told] == ["30 torrents: one seeder", "30 torrents: no longer so: one seeder"]


def test_a_tracker_that_is_down_is_told_once():
    def dead(scripts, _):
        scripts[0].dead["*"] = REFUSED

    events = watch(1, change=dead)
    kinds = [kind for kind, *_ in events]
    assert kinds.count(EventKind.STATE_CHANGED) == kinds.count(EventKind.FAILED_OVER) == 1
    assert not set(PROBLEMS) & set(kinds)
