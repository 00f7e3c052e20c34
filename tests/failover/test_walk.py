"""The walk over tiers, the independence of trackers, and the words for both."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackerwatch.failover import FailoverState, Role, Standing, Step, explain, independent_groups, walk

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


def test_trackers_that_share_a_host_or_an_address_die_together():
    assert len(set(independent_groups([["a", "192.0.2.1"], ["b", "192.0.2.2"]]))) == 2
    assert len(set(independent_groups([["a", "192.0.2.1"], ["b", "192.0.2.1"]]))) == 1
    assert len(set(independent_groups([["a"], ["a"]]))) == 1
    chained = [["a", "192.0.2.1"], ["b", "192.0.2.2"], ["c", "192.0.2.1", "192.0.2.2"]]
    assert len(set(independent_groups(chained))) == 1
    assert independent_groups([]) == ()


def test_explanations():
    steps = [
        Step("one:1", 0, F, "refused"),
        Step("two:2", 1, N, "no route from here"),
        Step("three:3", 1, W, ""),
        Step("four:4", 2, W, ""),
    ]
    lines = explain(steps, walk((0, 1, 1, 2), bytes(s.standing for s in steps)))
    assert lines == (
        "a client fails over to three:3 (tier 1)",
        "not one:1 (tier 0): refused",
        "two:2 (tier 1) is not counted: no route from here",
        "if three:3 dies now: four:4 (tier 2) takes over, and nothing behind it",
    )
    last = explain(steps[:3], walk((0, 1, 1), bytes(s.standing for s in steps[:3])))
    assert last[-1] == "if three:3 dies now: no tracker is left"
    gone = explain(steps[:1], walk((0,), bytes([F])))
    assert gone == ("no tracker is left", "not one:1 (tier 0): refused")
    assert "DHT" in explain([], walk((), b""))[0]
