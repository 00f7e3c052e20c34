"""Buckets: quantiles within their error, and merging loses nothing."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackerwatch.stats import LatencyHistogram
from trackerwatch.stats.latency import LAST_BUCKET

latencies = st.lists(st.floats(1e-5, 60.0), min_size=1, max_size=200)


def filled(values: list[float]) -> LatencyHistogram:
    histogram = LatencyHistogram()
    for value in values:
        histogram.add(value)
    return histogram


@given(latencies, st.sampled_from([0.5, 0.95, 0.99, 1.0]))
def test_a_quantile_is_within_five_per_cent_of_the_exact_one(values, share):
    exact = sorted(values)[max(1, math.ceil(share * len(values))) - 1]
    assert filled(values).quantile(share) == pytest.approx(exact, rel=0.05)


@given(latencies, latencies)
def test_merging_is_counting_both(first, second):
    merged = filled(first)
    merged.merge(filled(second))
    both = filled(first + second)
    assert merged.buckets == both.buckets
    assert merged.count == both.count


def test_nothing_counted_has_no_quantile():
    assert LatencyHistogram().quantile(0.5) is None


@pytest.mark.parametrize("latency_s", [0.0, -1.0, 1e-9])
def test_what_a_clock_cannot_see_lands_in_the_first_bucket(latency_s):
    quantile = filled([latency_s]).quantile(0.5)
    assert quantile is not None
    assert quantile <= 1e-5


@pytest.mark.parametrize("latency_s", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_no_latency(latency_s):
    histogram = filled([0.05, latency_s])
    assert histogram.count == 1
    assert histogram == filled([0.05])


def test_whatever_is_added_the_histogram_stays_small():
    histogram = filled([sign * 10.0**power for power in range(-300, 301) for sign in (-1, 1)])
    assert set(histogram.buckets) <= set(range(LAST_BUCKET + 1))
    assert histogram.count == 1202
    assert len(histogram.encode()) < 600
    assert filled([1e300]).quantile(0.5) == pytest.approx(3600, rel=0.1)


@given(st.lists(st.floats(1e-5, 60.0), max_size=200))
def test_what_is_packed_comes_back(values):
    histogram = filled(values)
    back = LatencyHistogram.decode(histogram.encode())
    assert back == histogram
    assert back.count == histogram.count


@given(st.binary(max_size=40))
def test_any_bytes_are_a_histogram_or_a_value_error(data):
    try:
        histogram = LatencyHistogram.decode(data)
    except ValueError:
        return
    assert histogram.count == sum(histogram.buckets.values())
    assert all(0 <= bucket <= LAST_BUCKET for bucket in histogram.buckets)
    assert LatencyHistogram.decode(histogram.encode()) == histogram


def test_a_copy_counts_on_by_itself():
    first = filled([0.1])
    second = first.copy()
    second.add(0.2)
    assert (first.count, second.count) == (1, 2)
    assert first != second
    assert first != "text"
