"""Sums that add up in any order, and come back from bytes."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackerwatch.outcome import PhaseTimes
from trackerwatch.stats import PHASES, Tally

seconds = st.none() | st.floats(1e-5, 60.0)
samples = st.lists(
    st.fixed_dictionaries(
        {
            "answered": st.booleans(),
            "counted": st.booleans(),
            "covers_s": st.integers(0, 900).map(float),
            "latency_s": seconds,
            "phases": st.none() | st.builds(PhaseTimes, seconds, seconds, seconds, seconds),
        }
    ),
    max_size=30,
)


def filled(values: list[dict]) -> Tally:
    tally = Tally()
    for value in values:
        tally.add(**value)
    return tally


def test_what_is_counted():
    tally = filled(
        [
            {"answered": True, "covers_s": 60.0, "latency_s": 0.1, "phases": PhaseTimes(0.01, 0.02, None, 0.1)},
            {"answered": False, "covers_s": 60.0, "latency_s": 9.0, "phases": PhaseTimes(resolve_s=5.0)},
            {"answered": True, "counted": False, "covers_s": 60.0, "latency_s": 9.0},
            {"answered": True, "latency_s": None},
        ]
    )
    assert (tally.successes, tally.counted, tally.covered_s) == (2, 3, 120.0)
    assert tally.latency.count == 1, "failures have no latency"
    assert {name: histogram.count for name, histogram in tally.phases.items()} == {
        "resolve": 1,
        "connect": 1,
        "exchange": 1,
    }
    assert tally.phases["resolve"].quantile(0.5) == pytest.approx(0.01, rel=0.05)
    figure = tally.figure("1h", 240.0)
    assert (figure.window, figure.coverage, figure.uptime) == ("1h", 0.5, 2 / 3)


@pytest.mark.parametrize("covers_s", [math.nan, math.inf, -math.inf, -1.0])
def test_what_is_no_time_covers_nothing(covers_s):
    tally = Tally()
    tally.cover(covers_s)
    assert tally.covered_s == 0.0


@given(samples, samples, samples)
def test_merging_is_counting_all_in_any_order(first, second, third):
    whole = filled(first + second + third)
    for order in ([first, second, third], [third, first, second]):
        merged = Tally()
        for part in order:
            merged.merge(filled(part))
        assert merged == whole


@given(samples)
def test_what_is_packed_comes_back(values):
    tally = filled(values)
    back = Tally.decode(tally.encode())
    assert back == tally
    assert back.latency.count == tally.latency.count
    assert set(back.phases) <= set(PHASES)


def test_packed_it_is_small():
    tally = filled([{"answered": True, "covers_s": 120.0, "latency_s": 0.03 + i % 7 / 1000} for i in range(30)])
    assert len(tally.encode()) < 30


def test_the_bytes_of_version_1():
    tally = filled([{"answered": True, "covers_s": 2.0, "latency_s": 1e-5}, {"answered": False, "covers_s": 0.0}])
    data = bytes.fromhex("01 02 01 0000000000000040 01 00 01 00")
    assert tally.encode() == data
    assert Tally.decode(data) == tally


@pytest.mark.parametrize(
    "data",
    [
        "",
        "02 02 01 0000000000000040 01 00 01 00",
        "01 01 02 0000000000000040 00 00",
        "01 02 01 00000000000000c0 00 00",
        "01 02 01 000000000000f07f 00 00",
        "01 02 01 000000000000f87f 00 00",
        "01 02 01 0000000000000040 00 10",
        "01 02 01 0000000000000040 00 01",
        "01 02 01 0000000000000040 01 00 00 00",
        "01 02 01 0000000000000040 02 05 01 00 01 00",
        "01 02 01 0000000000000040 00 00 00",
    ],
    ids=[
        *("empty", "another version", "more failures than samples", "negative time", "endless time", "no time"),
        *("a fifth phase", "a phase missing", "a bucket of nothing", "a bucket twice", "a rest"),
    ],
)
def test_what_is_no_tally_is_refused(data):
    with pytest.raises(ValueError, match=r"."):
        Tally.decode(bytes.fromhex(data))


@given(st.binary(max_size=60).map(lambda rest: b"\x01" + rest) | st.binary(max_size=60))
def test_any_bytes_are_a_tally_or_a_value_error(data):
    try:
        tally = Tally.decode(data)
    except ValueError:
        return
    assert 0 <= tally.successes <= tally.counted
    assert Tally.decode(tally.encode()) == tally


def test_a_copy_counts_on_by_itself():
    first = filled([{"answered": True, "phases": PhaseTimes(connect_s=0.1)}])
    second = first.copy()
    assert first == second
    second.add(answered=False, phases=None)
    second.phases["connect"].add(0.2)
    assert (first.counted, first.phases["connect"].count) == (1, 1)
    assert first != "text"
