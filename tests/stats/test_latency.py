"""Buckets: quantiles within their error, and merging loses nothing."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackerwatch.stats import LatencyHistogram

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
