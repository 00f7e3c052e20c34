"""The walk over tiers, by every client."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackerwatch.failover import CLIENTS, LISTED, FailoverState, Place, Role, Standing, first_queue, tiers_of, walk

STANDINGS = st.sampled_from(list(Standing))
PLACES = st.builds(Place, st.integers(0, 3), st.booleans(), st.sampled_from("ab"), st.sampled_from(["/x", "/y"]))
U, W, F, N = Standing.UNTRIED, Standing.WORKS, Standing.FAILED, Standing.NOT_COUNTED


@pytest.mark.parametrize(
    ("tiers", "standings", "state", "active", "later_tier"),
    [
        ((), [], FailoverState.UNKNOWN, -1, False),
        ((0,), [W], FailoverState.PRIMARY, 0, False),
        ((0,), [F], FailoverState.EXHAUSTED, -1, False),
        ((0,), [U], FailoverState.UNKNOWN, -1, False),
        ((0,), [N], FailoverState.UNKNOWN, -1, False),
        # BEP 12: [[t1], [b1], [b2]]: t1, else b1, else b2.
        ((0, 1, 2), [W, W, W], FailoverState.PRIMARY, 0, False),
        ((0, 1, 2), [F, W, W], FailoverState.FAILED_OVER, 1, True),
        ((0, 1, 2), [F, F, W], FailoverState.FAILED_OVER, 2, True),
        ((0, 1, 2), [F, F, F], FailoverState.EXHAUSTED, -1, False),
        # [[t1, t2, t3]]: one tier.
        ((0, 0, 0), [F, W, W], FailoverState.FAILED_OVER, 1, False),
        # [[t1, t2], [b1]]: t1 and t2 before b1.
        ((0, 0, 1), [F, W, W], FailoverState.FAILED_OVER, 1, False),
        ((0, 0, 1), [F, F, W], FailoverState.FAILED_OVER, 2, True),
        # What is not known yet is walked past.
        ((0, 1), [U, W], FailoverState.PRIMARY, 1, False),
        ((0, 1), [F, U], FailoverState.UNKNOWN, -1, False),
        ((0, 1), [N, W], FailoverState.PRIMARY, 1, False),
        ((0, 1), [F, N], FailoverState.EXHAUSTED, -1, False),
    ],
)
def test_walk(tiers, standings, state, active, later_tier):
    result = walk(tiers, bytes(standings))
    assert (result.state, result.active, result.later_tier) == (state, active, later_tier)
    assert result.working == standings.count(W)


def test_roles():
    assert walk((0, 0, 1, 1, 2), bytes([F, W, U, W, N])).roles == (
        Role.FAILED,
        Role.ACTIVE,
        Role.UNTRIED,
        Role.BACKUP,
        Role.UNTRIED,
    )


@given(st.lists(st.sampled_from([U, W, F, N]), max_size=8))
def test_one_active_tracker_exactly_where_one_works(standings):
    result = walk(tuple(range(len(standings))), bytes(standings))
    assert result.roles.count(Role.ACTIVE) == (W in standings)
    assert (result.state in (FailoverState.PRIMARY, FailoverState.FAILED_OVER)) == (W in standings)
    if result.state is FailoverState.FAILED_OVER:
        assert F in standings[: result.active]


@pytest.mark.parametrize("client", CLIENTS.values(), ids=CLIENTS)
@given(data=st.data())
def test_a_walk_settles_at_once_and_loses_no_tracker(client, data):
    places = data.draw(
        st.lists(PLACES, max_size=7).map(lambda found: tuple(sorted(found, key=lambda place: place.tier)))
    )
    tiers = tiers_of(client, places)
    queue = first_queue(client, places, data.draw(st.binary(min_size=20, max_size=20)))
    for _ in range(3):
        standings = bytes(data.draw(st.lists(STANDINGS, min_size=len(places), max_size=len(places))))
        result = walk(tiers, standings, client, queue)
        again = walk(tiers, standings, client, result.queue)
        assert again == result
        assert sorted(result.order) == list(range(len(places)))
        working = [place for place in result.order if standings[place] == W]
        assert result.active == (working[0] if working else -1)
        assert (result.state in (FailoverState.PRIMARY, FailoverState.FAILED_OVER)) == bool(working)
        active = [place for place, role in enumerate(result.roles) if role is Role.ACTIVE]
        expected = {"transmission": len({tiers[place] for place in working}), "all-trackers": len(working)}
        assert len(active) == expected.get(client.name, min(1, len(working)))
        assert (result.state is FailoverState.FAILED_OVER) == any(standings[place] == F for place in result.before)
        queue = result.queue


def test_a_client_that_keeps_the_order_of_the_file_carries_nothing():
    places = (Place(0, False, "a", "/"), Place(0, True, "a", "/"))
    assert first_queue(LISTED, places, b"x") == b""
    assert walk((0, 0), bytes([F, W])).queue == b""
    assert walk((0, 0), bytes([F, W])).order == (0, 1)


def test_several_are_active_where_a_client_uses_several():
    tiers, standings = (0, 0, 1, 1), bytes([F, W, W, W])
    places = tuple(Place(tier, False, f"h{n}", "/") for n, tier in enumerate(tiers))
    roles = {}
    for name in ("libtorrent", "transmission", "all-trackers"):
        client = CLIENTS[name]
        result = walk(tiers, standings, client, first_queue(client, places, b""))
        roles[name] = [str(role) for role in result.roles]
        assert (result.active, result.before, result.later_tier) == (1, {0}, False)
    assert roles == {
        "libtorrent": ["failed", "active", "backup", "backup"],
        "transmission": ["failed", "active", "active", "backup"],
        "all-trackers": ["failed", "active", "active", "active"],
    }
