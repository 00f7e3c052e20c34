import math
from dataclasses import replace

import pytest

from trackerwatch.engine.keeper import Waits
from trackerwatch.outcome import Failure, FailureKind
from trackerwatch.store.politeness import (
    INTERVAL_KEPT_S,
    LONGEST_WAIT_S,
    NEVER_S,
    Manners,
    claim,
    merge,
    obey,
    settle,
    waits,
)

NOW = 1_750_000_000.0
SOON = NOW + 1.5
NEVER = Failure(FailureKind.HTTP_STATUS, message="410 Gone", retry_never=True)


def granted(manners: Manners, now: float = NOW, window_s: float = 900.0) -> bool:
    kept, refused = claim(manners, now, window_s)
    assert (refused is None) == (kept.asked_at == now and (manners.asked_at != now or window_s == 0))
    return refused is None


@pytest.mark.parametrize(
    ("manners", "free"),
    [
        (Manners(), True),
        (Manners(asked_at=NOW - 900), True),
        (Manners(asked_at=NOW - 899.9), False),
        (Manners(not_before=NOW + 1, not_before_said_at=NOW - 10), False),
        (Manners(not_before=NOW, not_before_said_at=NOW - 10), True),
        (Manners(never=NEVER, never_said_at=NOW - 1), False),
        (Manners(never=NEVER, never_said_at=NOW - NEVER_S + 1), False),
        (Manners(never=NEVER, never_said_at=NOW - NEVER_S), True),
        (Manners(asked_at=NOW - 1000, min_interval_s=1200, min_interval_said_at=NOW - 1000), False),
        (Manners(asked_at=NOW - 1200, min_interval_s=1200, min_interval_said_at=NOW - 1000), True),
        (Manners(asked_at=NOW - 1000, min_interval_s=1200, min_interval_said_at=NOW - NEVER_S), True),
        # The clock was set back by an hour.
        (Manners(asked_at=NOW + 3600), False),
        (Manners(not_before=NOW + 3600, not_before_said_at=NOW + 3000), False),
    ],
)
def test_who_may_ask(manners, free):
    assert (claim(manners, NOW, 900.0)[1] is None) is free


def test_a_grant_is_noted_and_refuses_the_next():
    kept, refused = claim(Manners(), NOW, 900)
    assert (kept.asked_at, refused) == (NOW, None)
    kept, refused = claim(kept, NOW + 10, 900)
    assert refused == Waits(asked_at=NOW)
    assert kept.asked_at == NOW


def test_a_clock_set_back_blocks_no_longer_than_the_window():
    manners = Manners(asked_at=NOW + 365 * 86400)
    manners, refused = claim(manners, NOW, 900)
    assert refused == Waits(asked_at=NOW)
    assert claim(manners, NOW + 899, 900)[1] is not None
    assert claim(manners, NOW + 900, 900)[1] is None


def test_a_program_that_was_overtaken_takes_nothing_from_the_window():
    manners, refused = claim(Manners(asked_at=SOON), NOW, 900)
    assert refused == Waits(asked_at=SOON)
    assert manners.asked_at == SOON


def test_a_wait_given_before_the_clock_was_set_back_keeps_its_length():
    manners = Manners(not_before=NOW + 86400 + 600, not_before_said_at=NOW + 86400)
    manners, refused = claim(manners, NOW, 60)
    assert refused == Waits(not_before=NOW + 600)
    assert claim(manners, NOW + 600, 60)[1] is None


def test_never_from_a_clock_that_was_ahead_ends_too():
    manners = settle(Manners(never=NEVER, never_said_at=NOW + 10 * NEVER_S), NOW)
    assert claim(manners, NOW + NEVER_S - 1, 60)[1] is not None
    assert claim(manners, NOW + NEVER_S, 60)[1] is None


def test_what_is_longer_stays():
    manners = obey(Manners(), Waits(not_before=NOW + 600), NOW)
    manners = obey(manners, Waits(not_before=NOW + 60), NOW + 1)
    assert waits(manners).not_before == NOW + 600
    manners = obey(manners, Waits(not_before=NOW + 700), NOW + 2)
    assert waits(manners).not_before == NOW + 700
    assert waits(settle(manners, NOW + 700)).not_before == 0.0


def test_a_shorter_interval_counts_a_day_after_the_longer_one():
    manners = obey(Manners(), Waits(min_request_interval_s=1800), NOW)
    manners = obey(manners, Waits(min_request_interval_s=900), NOW + INTERVAL_KEPT_S - 1)
    assert manners.min_interval_s == 1800
    manners = obey(manners, Waits(min_request_interval_s=900), NOW + INTERVAL_KEPT_S)
    assert manners.min_interval_s == 900


@pytest.mark.parametrize("wild", [math.inf, 1e30, NOW + 400 * 86400])
def test_no_wait_is_endless(wild):
    manners = obey(Manners(), Waits(not_before=wild, min_request_interval_s=wild), NOW)
    assert manners.not_before == NOW + LONGEST_WAIT_S
    assert manners.min_interval_s == LONGEST_WAIT_S


def test_asked_at_of_others_is_believed_but_not_from_the_future():
    assert obey(Manners(asked_at=NOW - 50), Waits(asked_at=NOW - 10), NOW).asked_at == NOW - 10
    assert obey(Manners(asked_at=NOW - 5), Waits(asked_at=NOW - 10), NOW).asked_at == NOW - 5
    assert obey(Manners(), Waits(asked_at=NOW + 100), NOW).asked_at == NOW


def test_two_keepers_come_to_the_stricter_of_each():
    one = Manners(
        asked_at=NOW - 100,
        not_before=NOW + 50,
        not_before_said_at=NOW - 1,
        min_interval_s=60,
        min_interval_said_at=NOW - 10,
    )
    other = Manners(
        asked_at=NOW - 10, never=NEVER, never_said_at=NOW - 20, min_interval_s=30, min_interval_said_at=NOW - 5
    )
    both = Manners(NOW - 10, NOW + 50, NOW - 1, NEVER, NOW - 20, 30, NOW - 5)
    assert merge(one, other, NOW) == merge(other, one, NOW) == both
    assert merge(both, Manners(), NOW) == both
    assert merge(replace(both, never_said_at=NOW - NEVER_S), Manners(), NOW).never is None
