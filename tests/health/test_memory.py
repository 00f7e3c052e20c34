"""Health as a line of JSON: what is written comes back, and any garbage is None."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackerwatch.health import EndpointHealth, Health, Sample, Thresholds, apply, dump_health, load_health
from trackerwatch.outcome import FailureKind

seconds = st.none() | st.floats(0, 1e9)
samples = st.lists(
    st.builds(
        Sample,
        failure=st.none() | st.sampled_from(FailureKind),
        latency_s=seconds,
        requests=st.integers(0, 1000),
        lost=st.integers(0, 1000),
        tls_left_s=st.none() | st.floats(-1e9, 1e9),
        tls_life_s=seconds,
    ),
    max_size=40,
)

LIVED = EndpointHealth()
for _now, _kind in enumerate([None, None, *[FailureKind.TIMEOUT] * 4, None]):
    LIVED = apply(LIVED, Sample(_kind, None if _kind else 0.25), 1_750_000_000.0 + _now, Thresholds())


@given(samples)
def test_what_is_written_comes_back(taken):
    health = EndpointHealth()
    for now, sample in enumerate(taken):
        health = apply(health, sample, 1_750_000_000.5 + now, Thresholds())
        text = dump_health(health)
        assert load_health(text) == health
    assert len(dump_health(health)) < 2000


def test_nothing_known_comes_back_too():
    assert load_health(dump_health(EndpointHealth())) == EndpointHealth()


def test_the_line():
    text = dump_health(LIVED)
    assert text.isascii()
    assert "\n" not in text
    read = json.loads(text)
    assert (read["v"], read["state"], read["reasons"], read["failures"]) == (1, "down", ["timeout"], 0)
    assert read["window"][0] == [None, 0.25, 1, 0, None, None]


def test_what_is_no_number_is_not_known():
    odd = EndpointHealth(since=float("nan"), window=(Sample(None, float("inf")),))
    assert load_health(dump_health(odd)) == EndpointHealth(window=(Sample(None),))


@given(st.text(max_size=200))
def test_any_text_is_none(text):
    assert load_health(text) is None


@pytest.mark.parametrize(
    "text",
    [
        *("", "null", "[]", "{}", '{"v":1}', '{"v":2}', "[" * 8000, '{"v":' * 1500, "9" * 8000, "NaN", "{" * 9000),
        "x" * 100_000,
    ],
)
def test_garbage_is_none(text):
    assert load_health(text) is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("v", 2), ("state", "dead"), ("state", None), ("state", ["up"]), ("reasons", "slow"), ("reasons", None)),
        *(("reasons", ["\x1b[31m"]), ("reasons", [5]), ("reasons", ["a" * 50]), ("reasons", ["slow"] * 99)),
        *(("since", "now"), ("since", True), ("since", 10**400), ("since", [1])),
        *(("failures", -1), ("failures", 1.5), ("failures", True), ("failures", None), ("failures", 2**60)),
        *(("ever", 1), ("ever", None), ("flapping", "yes"), ("states", -1), ("states", 2**21), ("states", 0.5)),
        *(("counted", 1), ("answered", 10**9), ("window", None), ("window", 5), ("window", [None]), ("window", {})),
        *(("window", [[None, 0.1]]), ("window", [["no such kind", None, 1, 0, None, None]])),
        *(("window", [[None, "fast", 1, 0, None, None]]), ("window", [[None, None, 1, -1, None, None]])),
        *(("window", [[None, 0.1, 1, 0, None, None]] * 11), ("window", "abcdef")),
    ],
)
def test_one_thing_wrong_is_none(key, value):
    if (key, value) == ("window", {}):
        value = {"abcdef": 1}
    read = json.loads(dump_health(LIVED))
    assert repr(read[key]) != repr(value)
    assert load_health(json.dumps(read | {key: value})) is None


@pytest.mark.parametrize("key", list(json.loads(dump_health(LIVED))))
def test_one_thing_missing_is_none(key):
    read = json.loads(dump_health(LIVED))
    del read[key]
    assert load_health(json.dumps(read)) is None


def test_a_line_cut_short_is_none():
    text = dump_health(LIVED)
    assert all(load_health(text[:end]) is None for end in range(len(text)))


def test_it_goes_on_where_it_was():
    again = load_health(dump_health(LIVED))
    assert again is not None
    assert again.state is Health.DOWN
    assert apply(again, Sample(None, 0.1), 1_750_000_100.0, Thresholds()).state is Health.UP, (
        "the second of two answers"
    )
