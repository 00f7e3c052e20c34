"""Flapping by Nagios' rule: against a ring of 21 states kept the way it is described, in floats and step by step."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackerwatch.health import EndpointHealth, Health, Sample, Thresholds, any_flapping, apply
from trackerwatch.health.flapping import is_flapping, percent, record
from trackerwatch.outcome import FailureKind

OK, BAD, NOBODY = Sample(None, 0.05), Sample(FailureKind.TIMEOUT), Sample(FailureKind.NO_ROUTE)
LIVE = Thresholds()


def recorded(states: str) -> int | None:
    """The history of `o` (answered) and `x` (failed), oldest first."""
    history = None
    for state in states:
        history = record(history, failed=state == "x")
    return history


def percent_by_hand(states: str) -> float:
    """The last 21 of a history that begins all equal; the k-th change of twenty weighs 0.75 + k / 38."""
    last = (states[0] * 21 + states)[-21:]
    return sum(0.75 + k / 38 for k in range(20) if last[k] != last[k + 1]) / 20 * 100


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ("o", 0.0),
        ("x" * 30, 0.0),
        ("o" * 20 + "x", 6.25),
        ("o" + "x" * 20, 3.75),
        ("ox", 6.25),
        ("ox" * 10 + "o", 100.0),
        ("xo" * 20, 100.0),
        ("o" * 10 + "x" + "o" * 10, 10.0),
    ],
)
def test_vectors(states, expected):
    assert percent(recorded(states)) == pytest.approx(expected)


def test_nothing_recorded_has_not_changed():
    assert percent(None) == 0.0
    assert not is_flapping(None, before=False, start_percent=30, stop_percent=20)


@given(st.text("ox", min_size=1, max_size=60))
def test_the_percentage_is_the_one_worked_out_by_hand(states):
    assert percent(recorded(states)) == pytest.approx(percent_by_hand(states))


@given(st.lists(st.sampled_from("ox"), min_size=1, max_size=120))
def test_it_starts_at_thirty_and_stops_at_twenty(states):
    flapping = expected = False
    for count in range(1, len(states) + 1):
        so_far = "".join(states[:count])
        flapping = is_flapping(recorded(so_far), before=flapping, start_percent=30.0, stop_percent=20.0)
        by_hand = round(percent_by_hand(so_far), 9)
        expected = by_hand >= 30.0 or (expected and by_hand > 20.0)
        assert flapping == expected


def test_thirty_per_cent_is_enough_and_twenty_is_not():
    # Weights that add up to exactly 6 of 20 and to exactly 4 of 20.
    six = sum(1 << change for change in (0, 1, 2, 17, 18, 19))
    four = sum(1 << change for change in (0, 1, 18, 19))
    for changes, flaps in ((six, True), (four, False)):
        states = 0
        for change in reversed(range(20)):
            states = states << 1 | ((states & 1) ^ (changes >> change & 1))
        assert percent(states) in (30.0, 20.0)
        assert is_flapping(states, before=True, start_percent=30.0, stop_percent=20.0) is flaps
        assert is_flapping(states, before=False, start_percent=30.0, stop_percent=20.0) is flaps


def after(*samples: Sample) -> EndpointHealth:
    health = EndpointHealth()
    for now, sample in enumerate(samples):
        health = apply(health, sample, float(now), LIVE)
    return health


def test_going_down_and_coming_back_again_and_again_flaps():
    once = [*[BAD] * 3, OK, OK]
    assert not after(OK, *once).flapping
    assert not after(OK, *once * 2).flapping
    third = after(OK, *once * 3)
    assert third.flapping
    assert third.state is Health.UP
    assert any_flapping([EndpointHealth(), third])
    assert not any_flapping([EndpointHealth()])


def test_it_ends_with_calm():
    health = after(OK, *[*[BAD] * 3, OK, OK] * 4)
    calm = 0
    while health.flapping:
        health = apply(health, OK, 0.0, LIVE)
        calm += 1
    assert 3 < calm < 21
    assert percent(health.states) <= 20.0


def test_a_lost_round_here_and_there_is_no_flap():
    health = after(OK, *[BAD, OK] * 30)
    assert (health.state, health.reasons, health.flapping) == (Health.DEGRADED, ("failing",), False)
    assert health.states == 0


def test_what_was_always_down_does_not_flap():
    health = after(*[BAD] * 50)
    assert (health.state, health.flapping) == (Health.DOWN, False)


def test_what_is_not_counted_is_no_state():
    flapping = after(OK, *[*[BAD] * 3, OK, OK] * 3)
    assert apply(flapping, NOBODY, 99.0, LIVE) == flapping


def test_thresholds_are_the_users():
    nervous = Thresholds(flap_start_percent=5.0, flap_stop_percent=1.0)
    health = EndpointHealth()
    for sample in (OK, BAD, BAD, BAD):
        health = apply(health, sample, 0.0, nervous)
    assert health.flapping
