from datetime import timedelta

import pytest

from tests.tui.feeds import NOW, figure
from trackerwatch.tui.lines import words


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (-3, "0s"),
        (4.9, "4s"),
        (119, "119s"),
        (120, "2m"),
        (852, "14m"),
        (7199, "119m"),
        (10800, "3h"),
        (86400, "24h"),
        (86400 * 22, "22d"),
    ],
)
def test_duration(seconds, text):
    assert words.duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (0.0001, "<1ms"),
        (0.0481, "48ms"),
        (0.9994, "999ms"),
        (0.9996, "1.0s"),
        (1.234, "1.2s"),
        (12.3, "12s"),
    ],
)
def test_latency(seconds, text):
    assert words.latency(seconds) == text


@pytest.mark.parametrize(
    ("number", "width", "text"),
    [
        (None, 5, "?"),
        (-1, 5, "?"),
        (0, 5, "0"),
        (99999, 5, "99999"),
        (123456, 5, "123k"),
        (1_234_567, 5, "1.2M"),
        (9_960_000, 5, "9.9M"),
        (2**63, 6, "9223P"),
    ],
)
def test_short_count(number, width, text):
    assert words.short_count(number, width) == text
    assert len(text) <= width


def test_unknown_is_never_zero():
    assert words.count(None) == "?"
    assert words.count(0) == "0"
    assert words.count(7990) == "7,990"
    assert words.percent(None) == "-"
    assert words.ago(None, NOW) == "never"


def test_percent_is_100_only_when_nothing_failed():
    assert words.percent(1.0) == "100%"
    assert words.percent(0.99999) == "99.9%"
    assert words.percent(0.0) == "0.0%"


@pytest.mark.parametrize(
    ("size", "text"), [(None, "size unknown"), (512, "512 B"), (4_718_592_000, "4.4 GiB"), (2**60, "1048576 TiB")]
)
def test_size(size, text):
    assert words.size(size) == text


def test_until_and_moments():
    assert words.until(NOW + timedelta(seconds=38), NOW) == "38s"
    assert words.until(NOW - timedelta(seconds=5), NOW) == "now"
    assert words.moment(NOW - timedelta(minutes=14), NOW) == "13:48"
    assert words.moment(NOW - timedelta(days=2), NOW) == "12 Mar 14:02"


@pytest.mark.parametrize(
    ("known", "narrow", "wide"),
    [
        (figure("24h", 1.0), "100%", "100%"),
        (figure("24h", 0.991), "99.0%", "99.0%"),
        (figure("24h", 0.991, 0.4), "n/a", "n/a 9h"),
        (figure("30d", 1.0, 0.3), "n/a", "n/a 9d"),
        (figure("24h", None), "n/a", "n/a"),
        (None, "-", "-"),
    ],
)
def test_uptime_is_not_guessed(known, narrow, wide):
    assert words.uptime(known) == narrow
    assert words.uptime(known, width=7) == wide


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.5, "0s"), (59, "59s"), (119, "1m"), (7199, "1h"), (86399, "23h"), (86400 * 9.5, "9d")]
)
def test_coarse(seconds, text):
    assert words.coarse(seconds) == text
