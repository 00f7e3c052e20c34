"""Orders: which goes before, what is over, and one change taken back."""

from trackerwatch.orders import (
    NOTHING_ORDERED,
    Aspect,
    TrackerOrder,
    differing,
    keys_of,
    order_of,
    restored,
    taken,
)

KEYS = keys_of("0123456789", "a.example", 80)


def test_keys_the_most_exact_first():
    assert KEYS == ("0123456789", "a.example:80", "a.example")
    assert keys_of("0123456789", "fd00::1", 80) == ("0123456789", "[fd00::1]:80", "fd00::1")


def test_each_attribute_goes_before_for_itself():
    orders = {
        "a.example": TrackerOrder(
            muted=True, mute_why="host", muted_until=100.0, disabled=True, disable_why="off", given_at=9.0
        ),
        "a.example:80": TrackerOrder(interval_s=60.0, given_at=3.0),
        "0123456789": TrackerOrder(muted=True, mute_why="id", name="n"),
    }
    order = order_of(orders, KEYS, 50.0)
    assert (order.mute_why, order.muted_until, order.disable_why, order.interval_s) == ("id", None, "off", 60.0)
    assert (order.given_at, order.name) == (9.0, "n")
    assert order_of(orders, ("b.example",), 50.0) is NOTHING_ORDERED


def test_a_mute_that_is_over_lets_the_less_exact_one_through():
    orders = {
        "a.example": TrackerOrder(muted=True, mute_why="host"),
        "0123456789": TrackerOrder(muted=False, muted_until=100.0, interval_s=60.0),
    }
    assert order_of(orders, KEYS, 99.0).muted is False
    order = order_of(orders, KEYS, 100.0)
    assert (order.muted, order.mute_why, order.interval_s) == (True, "host", 60.0)
    assert TrackerOrder(muted=True, muted_until=5.0).at(5.0).is_empty


def test_aspects():
    first = TrackerOrder(muted=True, interval_s=60.0)
    second = TrackerOrder(muted=True, mute_why="x", disabled=True, interval_s=60.0, given_at=4.0)
    assert differing(first, second) == (Aspect.MUTE, Aspect.DISABLE)
    assert taken(first, second, Aspect.DISABLE) == TrackerOrder(muted=True, disabled=True, interval_s=60.0)


def test_one_change_taken_back():
    before = TrackerOrder(muted=True, mute_why="old", given_at=3.0, name="n")
    after = TrackerOrder(muted=None, given_at=5.0)
    assert restored(NOTHING_ORDERED, before, after) == before
    current = TrackerOrder(interval_s=60.0, given_at=6.0)
    assert restored(current, before, after).interval_s == 60.0
