from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from trackerwatch.policy.rules import LINT, SEVERITIES, Rule, Severity, Verdict
from trackerwatch.reports.telling import wording


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


def test_notes_are_about_one_or_several():
    assert wording.note(Rule.PRIVATE_NOT_ASKED, 1, "torrent").startswith("1 torrent is private and not asked about")
    assert wording.note(Rule.REGIONAL, 2, "tracker") == "2 trackers are down from some vantages and not from others"
    assert wording.note(Rule.NO_SEEDERS, 3, "torrent") == (
        "3 torrents: no tracker knows a seeder, so nobody can complete a download"
    )


@pytest.mark.parametrize(
    ("at", "told"),
    [
        (datetime(2026, 11, 22, 13, 48, tzinfo=UTC), "13:48 UTC (14m ago)"),
        (datetime(2026, 11, 21, 13, 2, 11, tzinfo=UTC), "21 Nov 13:02 UTC (25h ago)"),
        (datetime(2025, 12, 31, 23, 0, tzinfo=timezone(timedelta(hours=2))), "2025-12-31 21:00 UTC (325d ago)"),
        (datetime(2026, 11, 22, 15, 0, tzinfo=UTC), "15:00 UTC (0s ago)"),
    ],
)
def test_a_moment_has_its_age(at, told):
    assert wording.moment(at, datetime(2026, 11, 22, 14, 2, 11, tzinfo=UTC)) == told


def test_verdicts_worst_first_and_none_of_which_there_is_none():
    assert wording.verdicts({Verdict.OK: 1096, Verdict.CRITICAL: 3, Verdict.WARNING: 0}) == "3 critical, 1,096 ok"
