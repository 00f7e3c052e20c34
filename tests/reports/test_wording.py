from __future__ import annotations

import pytest

from trackerwatch.policy.rules import LINT, SEVERITIES, Rule, Severity
from trackerwatch.reports import wording


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (None, "?"),
        (0, "0"),
        (999_999, "999999"),
        (1_000_000, "1.0M"),
        (123_456_789, "123M"),
        (10**10, "10.0G"),
        (10**18, ">999T"),
    ],
)
def test_count(number, expected):
    assert wording.count(number) == expected
    assert len(expected) <= 6


@pytest.mark.parametrize(
    ("span_s", "expected"),
    [(-1, "0s"), (4.9, "4s"), (99, "99s"), (100, "1m"), (840, "14m"), (7200, "2h"), (86400 * 3, "3d"), (1e12, "999d")],
)
def test_duration(span_s, expected):
    assert wording.duration(span_s) == expected


@pytest.mark.parametrize(
    ("span_s", "expected"), [(None, "-"), (0.0004, "0.4ms"), (0.031, "31ms"), (0.9994, "999ms"), (2.13, "2.1s")]
)
def test_latency(span_s, expected):
    assert wording.latency(span_s) == expected


def test_every_harmless_rule_has_a_note():
    assert set(wording.NOTES) == {rule for rule in Rule if SEVERITIES[rule] is Severity.INFO and rule not in LINT}
    assert wording.note(Rule.SINGLE_TRACKER, 11, "torrent") == "11 torrents list a single independent tracker"
