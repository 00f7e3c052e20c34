"""Uptime with coverage and n, and time cut at the edges of buckets."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackerwatch.stats import WINDOWS_S, UptimeFigure, bucket_start, split_cover


def test_the_windows_and_their_order():
    assert list(WINDOWS_S.items()) == [("1h", 3600), ("24h", 86400), ("7d", 604800), ("30d", 2592000)]


@pytest.mark.parametrize(
    ("successes", "counted", "covered_s", "coverage", "uptime", "ratio"),
    [
        (3, 4, 3600, 1.0, 0.75, 0.75),
        (3, 4, 1800, 0.5, 0.75, 0.75),
        (3, 4, 1799, 1799 / 3600, None, 0.75),
        (0, 4, 3600, 1.0, 0.0, 0.0),
        (0, 0, 3600, 1.0, None, None),
        (0, 0, 0, 0.0, None, None),
        (4, 4, 9999, 1.0, 1.0, 1.0),
    ],
)
def test_below_half_the_time_an_uptime_is_not_available(successes, counted, covered_s, coverage, uptime, ratio):
    figure = UptimeFigure("1h", 3600.0, successes, counted, float(covered_s))
    assert (figure.coverage, figure.uptime, figure.ratio) == (coverage, uptime, ratio)


def test_no_time_at_all_covers_nothing():
    assert UptimeFigure("x", 0.0, 1, 1, 5.0).coverage == 0.0


@pytest.mark.parametrize(
    ("at", "covers_s", "pieces"),
    [
        (1000, 0, []),
        (1000, -5, []),
        (1000, 100, [(900, 100)]),
        (1000, 150, [(900, 100), (600, 50)]),
        (1200, 300, [(900, 300)]),
        (1200, 301, [(900, 300), (600, 1)]),
        (1201, 700, [(1200, 1), (900, 300), (600, 300), (300, 99)]),
        (math.nan, 10, []),
        (math.inf, 10, []),
        (1000, math.nan, []),
    ],
)
def test_pieces(at, covers_s, pieces):
    assert list(split_cover(at, covers_s, 300)) == pieces


def test_no_sample_speaks_for_more_than_a_day():
    pieces = list(split_cover(1e9, math.inf, 300))
    assert len(pieces) in (288, 289)
    assert sum(seconds for _, seconds in pieces) == 86400


@given(st.integers(0, 2**31), st.integers(0, 80_000), st.sampled_from([300, 3600]))
def test_the_pieces_add_up_and_small_ones_to_large_ones(at, covers_s, span_s):
    pieces = dict(split_cover(at, covers_s, span_s))
    assert sum(pieces.values()) == covers_s
    assert all(0 < seconds <= span_s and begin % span_s == 0 for begin, seconds in pieces.items())
    days: dict[float, float] = {}
    for begin, seconds in pieces.items():
        day = bucket_start(begin, 86400)
        days[day] = days.get(day, 0) + seconds
    assert days == dict(split_cover(at, covers_s, 86400))


@given(st.floats(0, 4e9), st.floats(0, 80_000))
def test_a_time_with_fractions_loses_nothing_either(at, covers_s):
    exact = Fraction(at) - Fraction(at - covers_s)
    assert sum(seconds for _, seconds in split_cover(at, covers_s, 3600)) == pytest.approx(float(exact), abs=1e-5)
