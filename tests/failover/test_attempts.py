"""Announces as clients make them; whole runs are scenario files."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackerwatch.failover import CLIENTS, Place
from trackerwatch.failover.attempts import NEVER, Attempt, Attempts
from trackerwatch.outcome import Failure, FailureKind

REFUSED = Failure(FailureKind.REFUSED)
GONE = Failure(FailureKind.HTTP_STATUS, message="HTTP 410", retry_never=True)
LATER = Failure(FailureKind.HTTP_STATUS, message="HTTP 503", retry_in_s=7200.0)
BUSY = Failure(FailureKind.FAILURE_REASON, message="overloaded")


def attempts(client, *tiers):
    places = tuple(
        Place(tier, False, f"h{tier}{n}", "/announce") for tier, size in enumerate(tiers) for n in range(size)
    )
    return Attempts(CLIENTS[client], places, seed=b"", rng=random.Random(0))


def test_one_announce_is_under_way_at_a_time():
    one = attempts("listed", 1, 1)
    assert one.next_attempt(5.0) == Attempt(0, 5.0)
    one.begin(0)
    assert one.next_attempt(5.0) is None
    one.record(0, REFUSED, 6.0)
    assert one.next_attempt(6.0) == Attempt(1, 6.0)


def test_every_refusal_is_kept():
    one = attempts("libtorrent", 2)
    for place, now in ((0, 1.0), (1, 2.0)):
        one.begin(place)
        one.record(place, REFUSED, now)
    assert [(r.place, r.at, r.failure, r.failures_in_row, r.again_at) for r in one.refusals] == [
        (0, 1.0, REFUSED, 1, 18.0),
        (1, 2.0, REFUSED, 1, 19.0),
    ]


def test_libtorrent_comes_back_to_a_dead_tier_while_another_works():
    one = attempts("libtorrent", 1, 1)
    one.begin(0)
    assert one.next_attempt(0.0) is None  # the first is given its chance
    one.record(0, REFUSED, 0.0)
    one.begin(1)
    one.record(1, None, 0.0, interval_s=1000.0)
    assert one.next_attempt(0.0) == Attempt(0, 17.0)
    one.begin(0)
    assert one.next_attempt(17.0) == Attempt(1, 1000.0)
    one.record(0, None, 17.0)
    assert one.working == (0, 1)
    assert one.next_attempt(17.0) == Attempt(0, 1817.0)


def test_an_interval_below_libtorrents_floor_is_raised():
    one = attempts("libtorrent", 1)
    one.begin(0)
    one.record(0, None, 0.0, interval_s=5.0)
    assert one.next_attempt(0.0) == Attempt(0, 300.0)


@pytest.mark.parametrize(
    ("client", "failure", "again_at"),
    [
        ("listed", GONE, NEVER),
        ("libtorrent", GONE, NEVER),
        ("transmission", GONE, 20.0),
        ("listed", LATER, 7200.0),
        ("libtorrent", LATER, 17.0),
        ("libtorrent", BUSY, 1800.0),
        ("all-trackers", LATER, 7200.0),
        ("transmission", Failure(FailureKind.UNREGISTERED), NEVER),
        ("libtorrent", Failure(FailureKind.UNREGISTERED), 1800.0),
        ("listed", Failure(FailureKind.FAILURE_REASON, retry_never=True), NEVER),
        ("libtorrent", Failure(FailureKind.FAILURE_REASON, retry_never=True), 1800.0),
    ],
)
def test_when_a_single_tracker_is_asked_again(client, failure, again_at):
    one = attempts(client, 1)
    one.begin(0)
    one.record(0, failure, 0.0)
    attempt = one.next_attempt(0.0)
    assert (attempt.at if attempt else NEVER) == again_at


def test_without_trackers_nobody_is_asked():
    for client in CLIENTS:
        assert attempts(client).next_attempt(0.0) is None


@pytest.mark.parametrize("client", CLIENTS)
@given(
    sizes=st.lists(st.integers(1, 3), min_size=1, max_size=3),
    outcomes=st.lists(st.sampled_from([None, REFUSED, LATER, BUSY]), min_size=30, max_size=30),
)
def test_whatever_happens_time_goes_on_and_somebody_is_asked(client, sizes, outcomes):
    one = attempts(client, *sizes)
    now = 0.0
    for outcome in outcomes:
        attempt = one.next_attempt(now)
        assert attempt is not None
        assert attempt.at >= now
        now = attempt.at
        one.begin(attempt.place)
        now += 1.0
        one.record(attempt.place, outcome, now)
        assert sorted(one.order) == list(range(sum(sizes)))
        if outcome is not None:
            assert one.refusals[-1].again_at >= now
