"""The book: how torrents stand as their trackers change, by every client; mutes, and when there was a seeder last."""

from __future__ import annotations

import math
from array import array
from dataclasses import replace

import pytest

from tests.engine.driven import torrent
from trackerwatch.engine.clock import at
from trackerwatch.engine.endpoint_state import MuteState
from trackerwatch.engine.snapshot import Projector, tracker_view
from trackerwatch.engine.torrent_book import TorrentBook
from trackerwatch.engine.tracker_state import TrackerState
from trackerwatch.failover import CLIENTS, FailoverState
from trackerwatch.failover.order import unpack
from trackerwatch.health import Thresholds
from trackerwatch.outcome import Failure, FailureKind, ScrapeColumns, SwarmAnswer
from trackerwatch.policy.rules import Rule, Verdict

TIER = ("udp://a.example:1", "udp://b.example:1", "udp://c.example:1")


class Desk:
    """Some torrents with the same tiers, and trackers that say what a test wants."""

    def __init__(self, *tiers, size=30, client="listed"):
        self.book = TorrentBook()
        self.book.walk_as(CLIENTS[client], 0.0)
        self.states = {}
        placements = torrent(1, *tiers).placements
        for state in (TrackerState(n, place.tracker, Thresholds()) for n, place in enumerate(placements)):
            self.states[state.tracker] = state
        for n in range(1, size + 1):
            # Inputs intern equal tiers: so these are of one shape.
            one = replace(torrent(n, *tiers), placements=placements)
            self.book.add(one, [self.states[place.tracker] for place in one.placements], 0.0)
        self.size, self.now = size, 1.0

    def state(self, n):
        return list(self.states.values())[n]

    def say(self, n, seeders=5, *, down=False, refused=(), insane=False):
        """Tracker `n` answers for all torrents, or is down. The moves."""
        swarms = self.state(n).swarms
        columns = ScrapeColumns.unknown(self.size)
        columns.answers = bytearray([SwarmAnswer.ANSWERED]) * self.size
        columns.seeders = array("q", [10**9 if insane else seeders]) * self.size
        columns.leechers = columns.completed = array("q", [3]) * self.size
        for column in refused:
            columns.answers[column] = SwarmAnswer.FAILED
            columns.failures[column] = Failure(FailureKind.UNREGISTERED)
        swarms.take(columns, range(self.size))
        swarms.scraped_at = self.now
        swarms.publish(down=down, counted=True)
        self.now += 1.0
        return self.book.recompute(range(self.size), self.now)

    def mute(self, n):
        self.state(n).mute = MuteState(None, "known")
        return self.book.recompute(range(self.size), self.now)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_switch_walks_everything_anew_and_back_again(client):
    desk = Desk(TIER, ["udp://d.example:1"])
    for n in range(4):
        desk.say(n, down=n == 0)
    listed = desk.book
    columns = [
        list(getattr(listed, name)) for name in ("failover_states", "active", "active_tier", "working", "verdicts")
    ]
    assert list(listed.walk_as(CLIENTS[client], 9.0)) == list(range(30))
    assert set(listed.working) == {3}
    assert all(shape.client is CLIENTS[client] for shape in listed.shapes)
    used = {unpack(queue, 4)[1][0] for queue in listed.queues}
    assert used == ({1, 2} if client == "bep12" else {0} if CLIENTS[client].in_order else {1})
    effects = [listed.shapes[0].effect_of(desk.state(n)) for n in range(4)]
    assert all(effect.total() == 30 for effect in effects)
    assert effects[0][FailoverState.FAILED_OVER] == listed.failover_states.count(FailoverState.FAILED_OVER)
    assert effects[3][FailoverState.PRIMARY] == 30
    listed.walk_as(CLIENTS["listed"], 9.0)
    again = [
        list(getattr(listed, name)) for name in ("failover_states", "active", "active_tier", "working", "verdicts")
    ]
    assert again == columns


def test_each_torrent_of_bep12_is_shuffled_its_own_way():
    desk = Desk(TIER, client="bep12")
    for n in range(3):
        desk.say(n)
    assert set(desk.book.active) == {0, 1, 2}, "whoever answers us first is not promoted for it"
    using = [index for index in range(30) if desk.book.active[index] == 0]
    moves = desk.say(0, down=True)
    assert [move.torrent for move in moves] == using
    assert all(move.after is FailoverState.FAILED_OVER for move in moves)
    promoted = list(desk.book.active)
    moves = desk.say(0)
    assert list(desk.book.active) == promoted
    assert {(move.before, move.after) for move in moves} == {(FailoverState.FAILED_OVER, FailoverState.PRIMARY)}


def test_libtorrent_stays_where_it_went_within_a_tier_and_comes_back_from_a_later_one():
    desk = Desk(["udp://a.example:1", "udp://b.example:1"], ["udp://c.example:1"], client="libtorrent")
    for n in range(3):
        desk.say(n)
    desk.say(0, down=True)
    desk.say(0)
    assert set(desk.book.active) == {1}
    desk.say(0, down=True)
    desk.say(1, down=True)
    assert set(desk.book.active) == {2}
    desk.say(0)
    assert set(desk.book.active) == {0}


def test_a_torrent_added_later_is_walked_by_the_same_client():
    desk = Desk(TIER, client="bep12")
    late = torrent(99, TIER)
    index = desk.book.add(late, list(desk.states.values()), 5.0)
    first, now = unpack(desk.book.queues[index], 3)
    assert sorted(first) == [0, 1, 2]
    assert first == now


# ---------------------------------------------------------------------- mutes


def test_a_muted_tracker_that_fails_makes_no_torrent_worse():
    desk = Desk(*[[url] for url in TIER])
    for n in range(3):
        desk.say(n, down=n == 0)
    assert set(desk.book.rules) == {(Rule.FAILED_OVER,)}
    assert desk.mute(0) == []
    assert set(desk.book.verdicts) == {Verdict.OK}
    assert set(desk.book.failover_states) == {FailoverState.FAILED_OVER}
    assert set(desk.book.working) == {2}


def test_a_muted_tracker_that_works_still_counts():
    desk = Desk(["udp://a.example:1"], ["udp://b.example:1"])
    desk.say(0)
    desk.say(1, down=True)
    before = set(desk.book.rules)
    desk.mute(0)
    assert set(desk.book.rules) == before == {(Rule.REDUNDANCY,)}


def test_where_all_are_muted_nothing_is_critical():
    desk = Desk(["udp://a.example:1"], ["udp://b.example:1"])
    desk.say(0, down=True)
    desk.say(1, down=True)
    assert set(desk.book.verdicts) == {Verdict.CRITICAL}
    desk.mute(0)
    desk.mute(1)
    assert set(desk.book.verdicts) == {Verdict.UNKNOWN}
    assert set(desk.book.failover_states) == {FailoverState.EXHAUSTED}
    desk.say(1, seeders=0)
    assert set(desk.book.verdicts) == {Verdict.OK}
    assert set(desk.book.seeders) == {0}


def test_what_a_muted_tracker_refuses_or_exaggerates_is_not_held_against_a_torrent():
    desk = Desk(["udp://a.example:1"], ["udp://b.example:1"])
    desk.say(0, refused=range(30))
    desk.say(1, seeders=7)
    assert all(Rule.UNREGISTERED in rules for rules in desk.book.rules)
    desk.mute(0)
    assert set(desk.book.rules) == {()}
    desk.say(0, insane=True)
    assert set(desk.book.rules) == {()}
    desk.state(0).mute = None
    desk.say(0, insane=True)
    assert set(desk.book.rules) == {(Rule.IMPLAUSIBLE,)}


def test_no_seeder_is_a_problem_only_where_a_tracker_that_counts_says_so():
    desk = Desk(["udp://a.example:1"], ["udp://b.example:1"])
    desk.say(0, seeders=0)
    desk.mute(0)
    assert set(desk.book.verdicts) == {Verdict.OK}
    desk.say(1, seeders=0)
    assert set(desk.book.rules) == {(Rule.NO_SEEDERS,)}
    desk.say(0, seeders=4)
    assert set(desk.book.rules) == {()}


# ---------------------------------------------------------------------- seeders


def test_when_the_last_seeder_went_is_written_down():
    desk = Desk(["udp://a.example:1"], size=3)
    assert all(math.isnan(moment) for moment in desk.book.seeded_at)
    desk.say(0, seeders=2)
    desk.say(0, seeders=0)
    assert set(desk.book.seeded_at) == {desk.now}
    gone = desk.now
    desk.say(0, seeders=0)
    assert set(desk.book.seeded_at) == {gone}


def test_an_earlier_run_may_have_seen_a_seeder():
    desk = Desk(["udp://a.example:1"], size=1)
    desk.book.remember_seeded(0, 100.0)
    desk.book.remember_seeded(0, 50.0)
    assert list(desk.book.seeded_at) == [100.0]


def test_while_there_are_seeders_the_view_tells_when_that_was_told_last():
    desk = Desk(["udp://a.example:1"], ["udp://b.example:1"], size=2)

    def last():
        views = tuple(tracker_view(state, desk.now) for state in desk.states.values())
        table = Projector("test", at(0.0), lambda _: True)._tabulate(list(desk.states.values()), desk.book, views)
        view = table.view(1)
        assert view.failover.client == "listed"
        return view.last_seeder_at

    assert last() is None
    desk.say(0, seeders=2)
    told = desk.now - 1.0
    desk.say(1, seeders=0)
    assert last() == at(told)
    desk.book.remember_seeded(1, 0.5)
    assert last() == at(told)
    desk.say(0, seeders=0)
    assert last() == at(desk.now)
