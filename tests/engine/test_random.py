"""Hours of trackers that fail at random: what must hold whatever happens."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import pytest

from tests.engine.driven import (
    BLOCKED,
    HTTP_404,
    NO_ROUTE,
    NXDOMAIN,
    REFUSED,
    SCRAPE_TIMEOUT,
    TIMEOUT,
    ScriptedProber,
    Watched,
    drive,
    make_engine,
    torrent,
)
from trackerwatch.engine.commands import AnnounceNow, ProbeNow
from trackerwatch.engine.settings import AnnounceMode, EngineSettings, PrivateMode
from trackerwatch.failover import FailoverState
from trackerwatch.outcome import Failure, FailureKind, Phase
from trackerwatch.policy.rules import Verdict

URLS = (
    "udp://one.example:1",
    "udp://two.example:2",
    "udp://one.example:7",
    "http://web.example/announce",
    "https://safe.example/announce",
)
HOURS = 6
STARTS_AN_HOUR = 100
"""Of rounds and sweeps at one tracker, at most: heartbeats, re-asks, and announces each minute."""
COLUMNS = ("verdicts", "failover_states", "seeders", "leechers", "completed", "active", "working", "total", "rules")


def said(kind, **more):
    return Failure(kind, Phase.EXCHANGE, "no", **more)


def disturb(rng, script, hashes):
    """Let something happen to a tracker."""
    some = frozenset(rng.sample(hashes, min(2, len(hashes))))
    number = rng.randint(0, 9)
    match rng.randint(0, 9):
        case 0 | 1:
            script.dead = {}
        case 2:
            script.dead = {rng.choice(["*", *script.addresses]): rng.choice([REFUSED, TIMEOUT, NO_ROUTE])}
        case 3:
            limited = said(FailureKind.RATE_LIMITED, retry_in_s=rng.choice([None, 400.0]))
            no = said(rng.choice([FailureKind.UNAUTHORIZED, FailureKind.FAILURE_REASON]))
            script.scrape_failure = rng.choice([None, None, HTTP_404, SCRAPE_TIMEOUT, limited, no])
        case 4:
            script.announce_failure = rng.choice([None, SCRAPE_TIMEOUT, said(FailureKind.UNAUTHORIZED)])
        case 5:
            offline = Failure(FailureKind.LOCAL_OFFLINE, Phase.RESOLVE, "offline")
            script.resolve_failure = rng.choice([None, None, NXDOMAIN, offline])
        case 6:
            script.addresses = rng.choice([("192.0.2.1",), ("192.0.2.1", "2001:db8::1"), ("192.0.2.2",)])
            script.refused_addresses = rng.choice([(), (("10.0.0.1", BLOCKED),)])
        case 7:
            script.ambiguous, script.omitted = rng.choice([(some, frozenset()), (frozenset(), some)])
        case 8:
            script.unregistered = some
        case _:
            script.counts = lambda info_hash: (info_hash[-1] % 3 * number, number, number)


def any_torrent(rng, number):
    urls = rng.sample(URLS, rng.randint(0, 4))
    v2 = b"\x77" + number.to_bytes(31, "big") if rng.random() < 0.2 else None
    return torrent(number, urls[:2], urls[2:], private=rng.random() < 0.15, v2=v2)


class Shadow:
    """What a face knows that looks only at what its feed calls changed."""

    def __init__(self, engine):
        self.feed = engine.feed()
        self.torrents, self.trackers, self.events = {}, {}, []

    def pull(self):
        update = self.feed.pull()
        if update is None:
            return
        table, trackers = update.snapshot.torrents, update.snapshot.trackers
        for index in range(len(table)) if update.torrents is None else update.torrents:
            self.torrents[index] = row(table, index)
        self.trackers.update((index, trackers[index]) for index in update.trackers)
        self.events += update.events
        assert [self.torrents[index] for index in range(len(table))] == [row(table, i) for i in range(len(table))]
        assert [self.trackers[index] for index in range(len(trackers))] == list(trackers)


def row(table, index):
    view = table.view(index)
    return [getattr(table, name)[index] for name in COLUMNS], view.why, view.failover, view.answers, view.problems


def recount(snapshot):
    """The effect of each tracker, counted torrent by torrent."""
    table = snapshot.torrents
    effects = [Counter() for _ in snapshot.trackers]
    index_of = {view.tracker: view.index for view in snapshot.trackers}
    for index, one in enumerate(table.torrents):
        places = [index_of[placement.tracker] for placement in one.placements]
        for place, tracker in enumerate(places):
            state = table.failover_states[index]
            if state is FailoverState.FAILED_OVER and places.index(table.active[index]) <= place:
                state = FailoverState.PRIMARY
            effects[tracker][state] += 1
    return effects


def trackers_of(torrent):
    return [placement.tracker for placement in torrent.placements]


def check_effects(snapshot):
    for view, effect in zip(snapshot.trackers, recount(snapshot), strict=True):
        shown = view.effect
        assert view.torrents == effect.total()
        assert shown.unaffected == effect[FailoverState.PRIMARY]
        assert shown.failed_over == effect[FailoverState.FAILED_OVER]
        assert shown.exhausted == effect[FailoverState.EXHAUSTED]
        assert shown.unknown == effect[FailoverState.UNKNOWN]
        split = snapshot.torrents.torrents_of(view.index)
        assert {state: len(found) for state, found in split.items()} == {s: n for s, n in effect.items() if n}
        listing = [n for n in snapshot.torrents.listed if view.tracker in trackers_of(snapshot.torrents.torrents[n])]
        assert sorted(n for found in split.values() for n in found) == listing


def check_totals(snapshot):
    table, totals = snapshot.torrents, snapshot.totals
    here = list(table.listed)
    assert totals.torrents_by_verdict == {
        verdict: sum(table.verdicts[n] is verdict for n in here) for verdict in Verdict
    }
    assert totals.torrents_by_failover == {
        state: sum(table.failover_states[n] is state for n in here) for state in FailoverState
    }
    assert totals.broken == Counter(rule for n in here for rule in table.rules[n])


@pytest.mark.parametrize("seed", range(5))
def test_whatever_happens_feeds_miss_nothing_counts_add_up_and_nothing_runs_hot(seed):
    rng = random.Random(seed)
    prober = ScriptedProber()
    scripts = [prober.script(url) for url in URLS]
    mode = list(AnnounceMode)[seed % 5]
    settings = EngineSettings(announce=mode, private=rng.choice(list(PrivateMode)))

    async def main():
        engine = make_engine(prober, settings)
        engine.add_torrents([any_torrent(rng, number) for number in range(1, 11)])
        number, starts = 10, Counter()
        start = engine._running._start

        def counted(state, *, late_s):
            starts[state.index] += 1
            start(state, late_s=late_s)

        engine._running._start = counted
        shadow, watched, now = Shadow(engine), Watched(engine), 0.0
        while now < HOURS * 3600:
            now += rng.choice([1.0, 10.0, 60.0, 300.0])
            disturb(rng, rng.choice(scripts), [n.to_bytes(20, "big") for n in range(1, number + 1)])
            match rng.randint(0, 30):
                case 0:
                    number += 1
                    engine.add_torrents([any_torrent(rng, number)])
                case 1:
                    engine.add_torrents([any_torrent(rng, rng.randint(1, number))])
                case 2:
                    engine.do(ProbeNow((rng.randrange(len(engine.snapshot().trackers)),)))
                case 3:
                    engine.do(AnnounceNow(rng.randrange(number)))
            await watched.until(now)
            shadow.pull()
            check_effects(engine.snapshot())
            check_totals(engine.snapshot())
        await watched.end()
        shadow.pull()
        assert asyncio.all_tasks() <= {asyncio.current_task()}
        return shadow.events, starts

    events, starts = drive(main)
    assert [event.number for event in events] == list(range(1, len(events) + 1))
    assert (events[0].kind, events[-1].kind) == ("started", "stopped")
    assert not [event.message for event in events if "internal error" in event.message]
    assert 0 < max(starts.values()) < STARTS_AN_HOUR * HOURS
