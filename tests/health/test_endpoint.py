"""The state machine of one endpoint: its table, row by row."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackerwatch.health import EndpointHealth, Health, Sample, Thresholds, apply
from trackerwatch.outcome import FailureKind

OK = Sample(None, latency_s=0.05)
BAD = Sample(FailureKind.TIMEOUT)
LIVE = Thresholds()
ONCE = Thresholds(down_after=2, conclusive_at_once=True)


def after(*samples: Sample, thresholds: Thresholds = LIVE) -> EndpointHealth:
    health = EndpointHealth()
    for now, sample in enumerate(samples):
        health = apply(health, sample, float(now), thresholds)
    return health


@pytest.mark.parametrize(
    ("samples", "state", "pending"),
    [
        ([], Health.UNKNOWN, 0),
        ([OK], Health.UP, 0),
        ([BAD], Health.UNKNOWN, 1),
        ([BAD, BAD], Health.UNKNOWN, 2),
        ([BAD] * 3, Health.DOWN, 0),
        ([OK, BAD], Health.UP, 1),
        ([OK, BAD, BAD], Health.UP, 2),
        ([OK, BAD, BAD, OK], Health.UP, 0),
        ([OK, BAD, BAD, BAD], Health.DOWN, 0),
        ([OK, BAD, BAD, BAD, OK], Health.DOWN, 0),
        ([OK, BAD, BAD, BAD, OK, BAD], Health.DOWN, 0),
        ([OK, BAD, BAD, BAD, OK, OK], Health.UP, 0),
        ([BAD, BAD, BAD, OK], Health.UP, 0),
    ],
)
def test_transitions(samples, state, pending):
    health = after(*samples)
    assert (health.state, health.pending) == (state, pending)


@pytest.mark.parametrize("kind", [k for k in FailureKind if not k.counted])
def test_what_is_not_counted_changes_nothing(kind):
    before = after(OK, BAD)
    assert apply(before, Sample(kind), 9.0, LIVE) == before


@pytest.mark.parametrize("kind", [k for k in FailureKind if k.answered])
def test_a_tracker_that_says_anything_is_up(kind):
    assert after(Sample(kind)).state is Health.UP


@pytest.mark.parametrize("kind", [k for k in FailureKind if k.conclusive])
def test_once_is_enough_in_a_one_shot_run(kind):
    assert after(Sample(kind), thresholds=ONCE).state is Health.DOWN
    assert after(Sample(kind)).state is Health.UNKNOWN


def test_a_time_out_needs_a_second_in_a_one_shot_run():
    assert after(BAD, thresholds=ONCE).state is Health.UNKNOWN
    assert after(BAD, BAD, thresholds=ONCE).state is Health.DOWN


def test_since_is_when_the_state_began():
    assert after(OK, OK, BAD, BAD, BAD, BAD).since == 4.0
    assert after(OK, OK).since == 0.0


def test_failing_is_three_of_the_last_ten():
    assert after(OK, BAD, OK, BAD, OK).reasons == ()
    flaky = after(OK, BAD, OK, BAD, OK, BAD, OK)
    assert (flaky.state, flaky.reasons) == (Health.DEGRADED, ("failing",))
    assert after(OK, BAD, OK, BAD, OK, BAD, *[OK] * 8).state is Health.UP


def test_slow_is_three_of_the_last_ten_over_the_limit():
    slow = Sample(None, latency_s=2.5)
    assert after(slow, slow, OK).state is Health.UP
    assert after(slow, slow, slow).reasons == ("slow",)


def test_loss_is_a_tenth_of_the_datagrams():
    lossy = Sample(None, latency_s=0.05, requests=10, lost=1)
    assert after(lossy).state is Health.UP, "one lost datagram proves nothing"
    assert after(lossy, lossy).reasons == ("loss",)


def test_a_certificate_that_ends_soon_degrades():
    assert after(Sample(None, 0.05, tls_left_s=13 * 86400.0)).reasons == ("tls_expiry",)
    assert after(Sample(None, 0.05, tls_left_s=15 * 86400.0)).state is Health.UP


def test_an_outage_does_not_degrade_the_time_after_it():
    assert after(OK, *[BAD] * 8, OK, OK).state is Health.UP


@given(st.lists(st.sampled_from([OK, BAD, Sample(FailureKind.NO_ROUTE), Sample(FailureKind.REFUSED)]), max_size=60))
def test_invariants(samples):
    health = after(*samples)
    assert health.pending in (0, 1, 2)
    assert health.answered <= health.counted <= len(samples)
    assert (health.state is Health.UNKNOWN) == (
        not health.ever_answered and health.failures_in_row < 3 and health.since is None
    )
    if health.failures_in_row >= 3:
        assert health.state is Health.DOWN
    if health.answers_in_row >= 2:
        assert health.state in (Health.UP, Health.DEGRADED)
