"""Rolling windows: against a list that forgets nothing, at their edges, and through clocks that step."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trackerwatch.outcome import PhaseTimes
from trackerwatch.stats import WINDOWS_S, LatencyHistogram, Tally, Windows, fold

NOON = 1_750_075_200.0
"""A UTC day begins 12 hours before."""
YEAR_S = 365 * 86400.0


@dataclass(frozen=True)
class Seen:
    at: float
    answered: bool
    counted: bool
    covers_s: float
    latency_s: float | None
    phases: PhaseTimes = PhaseTimes()  # noqa: RUF009 - immutable


seen = st.builds(
    Seen,
    at=st.integers(0, 40 * 86400).map(lambda ago: NOON - ago) | st.integers(0, 2 * 86400).map(lambda ago: NOON - ago),
    answered=st.booleans(),
    counted=st.sampled_from([True, True, True, False]),
    covers_s=st.integers(0, 4000).map(float),
    latency_s=st.none() | st.floats(1e-4, 30),
)


def filled(samples: list[Seen]) -> Windows:
    windows = Windows()
    for s in samples:
        windows.add(s.at, answered=s.answered, counted=s.counted, covers_s=s.covers_s, latency_s=s.latency_s)
    return windows


def every(begin: float, end: float, step_s: float, *, answered: bool = True) -> list[Seen]:
    count = int((end - begin) // step_s)
    return [Seen(begin + i * step_s, answered, True, step_s, 0.05) for i in range(1, count + 1)]


def width(window: str) -> float:
    return 300.0 if WINDOWS_S[window] <= 86400 else 3600.0


@settings(max_examples=60)
@given(st.lists(seen, max_size=40), st.integers(0, 3600))
def test_figures_are_those_of_a_list_that_forgets_nothing(samples, late_s):
    now = NOON + late_s
    # Two samples of ring slots that meet would be a clock that stepped by the length of the ring.
    samples = sorted((s for s in samples if now - s.at < 29 * 86400), key=lambda s: s.at)
    windows = filled(samples)
    for figure in windows.figures(now):
        wide = width(figure.window)
        begin = math.floor((now - WINDOWS_S[figure.window]) / wide) * wide
        inside = [s for s in samples if s.counted and s.at >= begin]
        assert figure.counted == len(inside)
        assert figure.successes == sum(s.answered for s in inside)
        assert figure.span_s == now - begin
        assert WINDOWS_S[figure.window] <= figure.span_s <= WINDOWS_S[figure.window] + wide
        expected = 0.0
        for bucket in range(int(begin), int(now) + 1, int(wide)):
            overlaps = (min(s.at, bucket + wide) - max(s.at - s.covers_s, bucket) for s in samples if s.counted)
            expected += min(wide, sum(max(0.0, overlap) for overlap in overlaps))
        assert figure.covered_s == pytest.approx(expected, abs=0.01)


@settings(max_examples=60)
@given(st.lists(seen, max_size=40), st.sampled_from(list(WINDOWS_S)), st.sampled_from([0.5, 0.95, 0.99]))
def test_quantiles_are_those_of_whole_hours_and_days(samples, window, share):
    samples = sorted((s for s in samples if NOON - s.at < 24 * 3600 or WINDOWS_S[window] > 86400), key=lambda s: s.at)
    samples = [s for s in samples if NOON - s.at < 29 * 86400]
    wide = 3600.0 if WINDOWS_S[window] <= 86400 else 86400.0
    begin = math.floor((NOON - WINDOWS_S[window]) / wide) * wide
    expected = LatencyHistogram()
    for s in samples:
        if s.counted and s.answered and s.latency_s is not None and s.at >= begin:
            expected.add(s.latency_s)
    assert filled(samples).quantile(share, window, NOON) == expected.quantile(share)


def test_an_hour_of_answers():
    figure = filled(every(NOON - 7200, NOON, 120)).figure("1h", NOON)
    assert (figure.counted, figure.span_s, figure.covered_s, figure.uptime) == (31, 3600.0, 3600.0, 1.0)


def test_nothing_that_is_young_enough_is_left_out_and_little_else_is_held():
    now = NOON + 299
    young, old = Seen(now - 3599, True, True, 0, None), Seen(NOON - 3601, False, True, 0, None)
    assert filled([young, old]).figure("1h", now).counted == 1
    up_to_a_bucket_too_old = Seen(NOON - 3600, True, True, 0, None)
    assert filled([up_to_a_bucket_too_old]).figure("1h", now).counted == 1


def test_what_is_not_counted_leaves_no_trace():
    windows = filled(every(NOON - 3600, NOON, 60))
    before = windows.figures(NOON)
    windows.add(NOON, answered=False, counted=False, covers_s=3600, latency_s=None)
    assert windows.figures(NOON) == before


def test_below_half_the_time_it_is_not_available():
    windows = filled(every(NOON - 7200, NOON, 120))
    assert [f.uptime for f in windows.figures(NOON)] == [1.0, None, None, None]
    assert [f.ratio for f in windows.figures(NOON)] == [1.0] * 4


def test_time_goes_on_while_nothing_is_learnt():
    windows = filled(every(NOON - 3600, NOON, 120))
    assert windows.figure("1h", NOON + 1800).coverage == pytest.approx(0.5)
    assert windows.figure("1h", NOON + 86400).counted == 0
    assert windows.quantile(0.5, "1h", NOON + 86400) is None
    assert windows.figure("24h", NOON + 2 * 86400).counted == 0
    assert windows.figure("30d", NOON + 2 * 86400).counted == 30
    assert windows.figure("30d", NOON + YEAR_S).counted == 0


@pytest.mark.parametrize("step_s", [YEAR_S, 86400.0, 25 * 3600.0, -3600.0, -YEAR_S, 1e300, math.inf, math.nan, -1e300])
def test_a_clock_that_steps_and_comes_back_breaks_nothing(step_s):
    windows = filled(every(NOON - 86400, NOON, 300))
    windows.add(NOON + step_s, answered=False, counted=True, covers_s=300, latency_s=None)
    for window in WINDOWS_S:
        figure = windows.figure(window, NOON + step_s)
        assert 0 <= figure.successes <= figure.counted
        assert 0.0 <= figure.coverage <= 1.0
        windows.strip(NOON + step_s, 24, window)
        windows.quantile(0.95, window, NOON + step_s)
    # At most the one bucket was lost in which the stray sample lies.
    later = windows.figure("24h", NOON)
    assert later.counted >= 286
    assert later.covered_s >= 86400 - 600
    for s in every(NOON, NOON + 86400, 300):
        windows.add(s.at, answered=True, counted=True, covers_s=300, latency_s=0.05)
    # A failure of a time that was then ahead is one of that time once it has come.
    last = windows.figure("24h", NOON + 86400 + 299)
    assert last.counted - last.successes == (step_s == 86400.0)
    assert last.coverage > 0.99


def test_an_hour_lived_twice_covers_once():
    samples = every(NOON - 7200, NOON, 60)
    figure = filled(samples + every(NOON - 3600, NOON, 60)).figure("1h", NOON)
    assert figure.counted == 61 + 60
    assert figure.covered_s == 3600.0


def test_what_lies_ahead_of_a_clock_set_back_is_not_looked_at():
    windows = filled(every(NOON - 3600, NOON, 60))
    assert windows.figure("1h", NOON - 1800).counted == 29 + 5
    assert windows.figure("1h", NOON - 1800).coverage <= 1.0


def test_the_strip_shows_stretches_and_holes():
    day = every(NOON - 86400, NOON - 43200, 120) + every(NOON - 10800, NOON - 7200, 120, answered=False)
    strip = filled(day).strip(NOON - 1, 24, "24h")
    assert strip[:12] == (1.0,) * 12
    assert strip[13:21] == (None,) * 8
    assert strip[21:] == (0.0, 0.0, None)
    assert filled(day).strip(NOON - 1, 0, "24h") == ()


def test_a_strip_of_thirty_days():
    bad = NOON - 5 * 86400
    windows = filled(every(NOON - 30 * 86400, NOON, 7200) + every(bad - 1800, bad, 60, answered=False))
    strip = windows.strip(NOON - 1, 30, "30d")
    assert len(strip) == 30
    assert [i for i, share in enumerate(strip) if share != 1.0] == [24, 25]
    assert strip[24] == 12 / (12 + 29)


def test_a_strip_with_more_stretches_than_buckets_repeats_them():
    strip = filled(every(NOON - 3600, NOON, 120)).strip(NOON - 1, 24, "1h")
    assert strip == (1.0,) * 24


@given(st.lists(seen, max_size=40), st.randoms(use_true_random=False))
def test_what_a_store_gives_back_is_what_was_seen(samples, random):
    samples = [s for s in samples if NOON - s.at < 23 * 3600]
    tallies = list(fold(samples, 300.0).items())
    random.shuffle(tallies)
    restored = Windows()
    for begin, tally in tallies:
        restored.absorb(begin, 300.0, Tally.decode(tally.encode()))
    live = filled(samples)
    for window in WINDOWS_S:
        first, second = restored.figure(window, NOON), live.figure(window, NOON)
        assert (first.successes, first.counted) == (second.successes, second.counted)
        assert first.covered_s == pytest.approx(second.covered_s, abs=1.0)
        assert restored.quantile(0.95, window, NOON) == live.quantile(0.95, window, NOON)


@pytest.mark.parametrize("span_s", [3600.0, 86400.0])
@given(st.integers(0, 500), st.integers(0, 500), st.integers(0, 86400))
def test_a_coarse_roll_up_is_spread_and_keeps_its_sums(span_s, successes, failures, covered_s):
    tally = Tally()
    tally.successes, tally.counted = successes, successes + failures
    tally.covered_s = float(min(covered_s, span_s))
    begin = NOON - 43200
    windows = Windows()
    windows.absorb(begin, span_s, tally)
    now = begin + 86399
    for window in ("24h", "7d", "30d"):
        figure = windows.figure(window, now)
        assert (figure.successes, figure.counted) == (successes, successes + failures)
        assert figure.covered_s == pytest.approx(tally.covered_s, rel=1e-3)
    assert all(share is None or 0.0 <= share <= 1.0 for share in windows.strip(now, 288, "24h"))


@pytest.mark.parametrize(
    ("begin", "span_s"), [(-1.0, 3600), (NOON, 0), (NOON, -5), (NOON, 1e9), (math.nan, 3600), (1e300, 3600)]
)
def test_a_roll_up_of_no_sensible_time_is_left_out(begin, span_s):
    tally = Tally()
    tally.add(answered=True, covers_s=60.0, latency_s=0.1)
    windows = Windows()
    windows.absorb(begin, span_s, tally)
    assert windows.figures(NOON) == Windows().figures(NOON)


def test_a_hostile_roll_up_fits_its_bucket():
    tally = Tally()
    tally.successes, tally.counted, tally.covered_s = 2**50, 2**53, 1e300
    windows = Windows()
    windows.absorb(NOON, 3600.0, tally)
    windows.absorb(NOON, 3600.0, tally)
    figure = windows.figure("30d", NOON)
    assert 0 <= figure.successes <= figure.counted == 0xFFFF
    assert figure.covered_s <= 3600.0


def test_asking_again_sees_what_came_since():
    windows = filled(every(NOON - 3600, NOON, 120))
    for window in WINDOWS_S:
        assert windows.quantile(0.99, window, NOON) == pytest.approx(0.05, rel=0.05)
        assert windows.figure(window, NOON).counted >= 30
    before = windows.figures(NOON)
    windows.add(NOON, answered=True, counted=True, covers_s=1.0, latency_s=7.0)
    assert [f.counted for f in windows.figures(NOON)] == [f.counted + 1 for f in before]
    assert all(windows.quantile(1.0, window, NOON) == pytest.approx(7.0, rel=0.05) for window in WINDOWS_S)
    tally = Tally()
    tally.add(answered=False, latency_s=None)
    tally.add(answered=True, latency_s=20.0)
    windows.absorb(NOON, 300.0, tally)
    assert [f.counted for f in windows.figures(NOON)] == [f.counted + 3 for f in before]
    assert all(windows.quantile(1.0, window, NOON) == pytest.approx(20.0, rel=0.05) for window in WINDOWS_S)


def test_asking_later_forgets_what_became_too_old():
    windows = filled([Seen(NOON, True, True, 60.0, 7.0)])
    for window, span_s in WINDOWS_S.items():
        assert windows.quantile(0.5, window, NOON) is not None
        assert windows.figure(window, NOON).counted == 1
        later = NOON + span_s + 86400
        assert windows.quantile(0.5, window, later) is None
        assert windows.figure(window, later).counted == 0
        assert windows.quantile(0.5, window, NOON) is not None
