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
        (EventKind.PROBLEM_CLOSED, "no_seeders", None, "torrent 0 has a seeder again"),
    ]


def test_many_at_once_are_one_event():
    def one_each(scripts, _):
        for script in scripts:
            script.counts = lambda _: (1, 3, 10)

    told = [event for event in watch(30, change=one_each) if event[0] in PROBLEMS]
    assert [message for *_, message in told] == [
        "30 torrents: one seeder",
        "30 torrents have more than one seeder again",
    ]


def test_a_tracker_that_is_down_is_told_once():
    def dead(scripts, _):
        scripts[0].dead["*"] = REFUSED

    events = watch(1, change=dead)
    kinds = [kind for kind, *_ in events]
    assert kinds.count(EventKind.STATE_CHANGED) == kinds.count(EventKind.FAILED_OVER) == 1
    assert not set(PROBLEMS) & set(kinds)


def problems(prober, torrents, *steps):
    """What is told of problems while scripts change, a step every thousand seconds."""

    async def main():
        engine = make_engine(prober)
        engine.add_torrents(torrents)
        watched = Watched(engine)
        for n, step in enumerate(steps):
            await watched.until(100 + 2000 * n)
            step()
        await watched.until(100 + 2000 * len(steps))
        await watched.end()
        return [(e.message, e.from_state, e.to_state) for e in engine.snapshot().events if e.kind in PROBLEMS]

    return drive(main)


def test_that_nothing_is_known_any_more_is_no_good_news():
    prober = ScriptedProber()
    script = prober.script(A, Script())

    def says(seeders):
        script.dead, script.counts = {}, lambda _: (seeders, 3, 10)

    told = problems(
        prober,
        [torrent(0, [A])],
        lambda: says(0),
        lambda: script.dead.update({"*": REFUSED}),
        lambda: says(0),
        lambda: script.dead.update({"*": REFUSED}),
        lambda: says(9),
    )
    assert told == [
        ("torrent 0: no seeder", None, "no_seeders"),
        ("torrent 0 has a seeder again", "no_seeders", None),
    ]


def test_that_the_one_seeder_left_is_told_once_and_as_bad():
    prober = ScriptedProber()
    script = prober.script(A, Script())

    def says(seeders):
        script.counts = lambda _: (seeders, 3, 10)

    told = problems(prober, [torrent(0, [A])], *(lambda n=n: says(n) for n in (1, 0, 1, 5)))
    assert told == [
        ("torrent 0: one seeder", None, "one_seeder"),
        ("torrent 0: no seeder", "one_seeder", "no_seeders"),
        ("torrent 0: one seeder", None, "one_seeder"),
        ("torrent 0 has a seeder again", "no_seeders", None),
        ("torrent 0 has more than one seeder again", "one_seeder", None),
    ]


def test_a_refusal_is_not_over_because_the_tracker_is_gone():
    prober = ScriptedProber()
    one = torrent(0, ["http://a.test/announce"], [B])
    script = prober.script("http://a.test/announce", Script(omitted=frozenset([one.info_hash])))
    script.unregistered = script.omitted

    def well():
        script.dead, script.omitted, script.unregistered = {}, frozenset(), frozenset()

    told = problems(prober, [one], lambda: script.dead.update({"*": REFUSED}), well)
    assert told == [
        ("torrent 0: a tracker does not know it", None, "unregistered"),
        ("torrent 0 is registered again", "unregistered", None),
    ]
