"""Roll-ups equal raw: on random histories, in any batches, in any order, over hours and days."""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackerwatch.outcome import PhaseTimes
from trackerwatch.stats import DAY_S, HOUR_S, Tally, coarsen, fold, total

NIGHT = 1_750_032_000.0
EDGES = [1e-5 * 1.1**bucket for bucket in range(250)]


@dataclass(frozen=True)
class Raw:
    at: float
    answered: bool
    counted: bool
    covers_s: float
    latency_s: float | None
    phases: PhaseTimes = PhaseTimes()  # noqa: RUF009 - immutable


seconds = st.none() | st.floats(1e-4, 30)
histories = st.lists(
    st.builds(
        Raw,
        at=st.integers(0, 3 * 86400).map(lambda later: NIGHT + later),
        answered=st.booleans(),
        counted=st.sampled_from([True, True, False]),
        covers_s=st.sampled_from([0.0, 1.0, 120.0, 900.0, 7000.0]),
        latency_s=seconds,
        phases=st.builds(PhaseTimes, seconds, seconds, seconds, seconds),
    ),
    max_size=40,
)


def exact_quantile(latencies: list[float], share: float) -> float:
    """Sort, take, and say the middle of the bucket: no histogram."""
    value = sorted(latencies)[max(1, math.ceil(share * len(latencies))) - 1]
    upper = bisect_left(EDGES, value * (1 - 1e-12))
    return 1e-5 * 1.1 ** (upper - 0.5)


def check(tally: Tally, samples: list[Raw]) -> None:
    counted = [s for s in samples if s.counted]
    assert tally.counted == len(counted)
    assert tally.successes == sum(s.answered for s in counted)
    answered = [s for s in counted if s.answered]
    latencies = [s.latency_s for s in answered if s.latency_s is not None]
    for share in (0.5, 0.95, 0.99):
        if latencies:
            assert tally.latency.quantile(share) == pytest.approx(exact_quantile(latencies, share))
        else:
            assert tally.latency.quantile(share) is None
    for name in ("resolve", "connect", "tls", "exchange"):
        timed = [value for s in answered if (value := getattr(s.phases, f"{name}_s")) is not None]
        if timed:
            assert tally.phases[name].quantile(0.5) == pytest.approx(exact_quantile(timed, 0.5))
        else:
            assert name not in tally.phases


@given(histories)
def test_each_bucket_is_its_raw_samples(samples):
    for span_s in (HOUR_S, DAY_S):
        tallies = fold(samples, span_s)
        for begin, tally in tallies.items():
            assert begin % span_s == 0
            check(tally, [s for s in samples if begin <= s.at < begin + span_s])
            covered = sum(
                max(0.0, min(s.at, begin + span_s) - max(s.at - s.covers_s, begin)) for s in samples if s.counted
            )
            assert tally.covered_s == covered
        assert sum(tally.counted for tally in tallies.values()) == sum(s.counted for s in samples)


@given(histories)
def test_the_whole_is_the_raw_history(samples):
    whole = total(fold(samples, HOUR_S).values())
    check(whole, samples)
    assert whole.covered_s == sum(s.covers_s for s in samples if s.counted)


@given(histories)
def test_days_are_their_hours_merged(samples):
    assert coarsen(fold(samples, HOUR_S), DAY_S) == fold(samples, DAY_S)
    assert coarsen(fold(samples, 300.0), HOUR_S) == fold(samples, HOUR_S)


@given(histories, st.randoms(use_true_random=False), st.lists(st.integers(0, 40), max_size=4))
def test_batches_and_their_order_do_not_matter(samples, random, cuts):
    at_once = fold(samples, HOUR_S)
    shuffled = samples[:]
    random.shuffle(shuffled)
    edges = [0, *sorted(min(cut, len(shuffled)) for cut in cuts), len(shuffled)]
    batches = [shuffled[a:b] for a, b in pairwise(edges)]
    counted_on: dict[float, Tally] = {}
    for batch in batches:
        assert fold(batch, HOUR_S, counted_on) is counted_on
    assert counted_on == at_once

    apart = [fold(batch, HOUR_S) for batch in batches]
    random.shuffle(apart)
    merged: dict[float, Tally] = {}
    for part in apart:
        for begin, tally in part.items():
            packed = Tally.decode(tally.encode())
            if begin in merged:
                merged[begin].merge(packed)
            else:
                merged[begin] = packed
    assert merged == at_once


def test_a_sample_leaves_seconds_in_a_bucket_in_which_it_is_not_counted():
    tallies = fold([Raw(NIGHT + 3600, True, True, 900.0, 0.1)], HOUR_S)
    assert {begin - NIGHT: (t.counted, t.covered_s) for begin, t in tallies.items()} == {0: (0, 900.0), 3600: (1, 0.0)}


@pytest.mark.parametrize("at", [math.nan, math.inf, -math.inf])
def test_no_time_no_roll_up(at):
    assert fold([Raw(at, True, True, 5.0, 0.1)], HOUR_S) == {}


def test_our_own_outage_rolls_up_to_nothing():
    assert fold([Raw(NIGHT, False, False, 900.0, None)], HOUR_S) == {}
