"""How typed answers are read, and what is said of them meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.tui.feeds import EXAMPLE, NOW, endpoint, rich_snapshot, snapshot, tracker
from trackerwatch.config.moments import read_until
from trackerwatch.config.values import WrongValueError
from trackerwatch.tui.model.typed import (
    Judged,
    judge_interval,
    judge_until,
    judge_url,
    judge_why,
    read_interval,
)

PUBLIC = (tracker(0, "udp://a.example:6969/announce", endpoints=(endpoint("8.8.4.4"),)),)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("90m", timedelta(minutes=90)),
        (" 3d ", timedelta(days=3)),
        ("2 H", timedelta(hours=2)),
        ("45", timedelta(seconds=45)),
        ("1.5h", timedelta(minutes=90)),
    ],
)
def test_an_end_can_be_so_long_from_now(text, length):
    assert read_until(text, NOW) == NOW + length


def test_a_day_lasts_until_its_end_by_the_clock_of_this_machine():
    until = read_until("2026-12-31", NOW)
    assert until.tzinfo is UTC
    assert until.astimezone().replace(tzinfo=None) == datetime(2027, 1, 1)  # noqa: DTZ001 - by that very clock


def test_a_time_may_name_its_zone():
    assert read_until("2026-12-31T18:00:00+02:00", NOW) == datetime(2026, 12, 31, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("tomorrow", "write how long, like 90m"),
        ("2026-03-01", "over already"),
        ("9999-12-31", "no calendar goes that far"),
        ("0m", "no duration above 0"),
        ("90000d", "too long"),
        ("1.2.3h", "no duration"),
        ("2026-02-30", "write how long"),
        ("x" * 4000, "write how long"),
    ],
)
def test_no_end_is_made_up(text, why):
    with pytest.raises(WrongValueError, match=why):
        read_until(text, NOW)
    judged = judge_until(text, NOW)
    assert not judged.good
    assert why in judged.told


def test_an_end_is_told_before_it_is_taken():
    assert judge_until("", NOW) == Judged(good=False, told="how long, like 90m or 3d, or until when, like 2026-12-31")
    assert judge_until("3h", NOW) == Judged(good=True, told="until 14 Mar 2026 17:02 UTC, 3h")


def test_a_reason_may_be_anything_that_is_not_too_long():
    assert judge_why("") == Judged(good=True, told="may stay empty")
    assert judge_why("moving house").good
    assert judge_why("x" * 203) == Judged(good=False, told="too long by 3 characters")


def test_manners_bound_an_interval_except_for_ones_own_tracker():
    assert read_interval("20m", PUBLIC) == 1200
    assert read_interval("", PUBLIC) is None
    with pytest.raises(WrongValueError, match=r"too often; at least 60s, unless you run the tracker"):
        read_interval("10s", PUBLIC)
    own = (replace(PUBLIC[0], own=True),)
    assert read_interval("10s", own) == 10
    near = (tracker(0, "udp://a.lan:6969/announce", endpoints=(endpoint("192.168.1.9"),)),)
    assert read_interval("10s", near) == 10
    with pytest.raises(WrongValueError, match=r"at least 1s$"):
        read_interval("0.1s", near)
    # Of several the most cautious one decides.
    with pytest.raises(WrongValueError, match="at least 60s"):
        read_interval("10s", (*near, *PUBLIC))


def test_an_interval_says_what_the_tracker_allows():
    careful = (replace(PUBLIC[0], min_interval_s=1800.0),)
    assert judge_interval("20m", careful).told == ("every 20m; not below what the tracker allows, and it told of 30m")
    assert judge_interval("2h", careful) == Judged(good=True, told="every 2h")
    assert judge_interval(" ", careful) == Judged(good=True, told="as the settings say")
    assert not judge_interval("often", careful).good
    assert not judge_interval("90d", careful).good


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "like udp://tracker.example.org:6969/announce"),
        ("tracker.example.org", "without a scheme"),
        ("wss://tracker.example.org/x", "only udp, http and https"),
        ("udp://tracker.example.org:99999/announce", "no usable port"),
        ("http://", "no usable host name"),
    ],
)
def test_what_is_no_trackers_url_says_why(text, why):
    judged = judge_url(text, None)
    assert not judged.good
    assert why in judged.told


def test_a_url_is_told_by_its_host_and_without_its_key():
    secret = "0123456789abcdef0123456789abcdef"
    judged = judge_url(f"https://t.example.org/{secret}/announce", None)
    assert judged == Judged(good=True, told="https to t.example.org:443")
    assert secret not in judge_url(f"gopher://t.example.org/{secret}/announce", None).told
    assert judge_url(EXAMPLE, rich_snapshot()).told == "udp to tracker.example.org:1337; it is watched already"
    gone = snapshot((tracker(0, EXAMPLE, retired=True),))
    assert judge_url(EXAMPLE, gone).told == "udp to tracker.example.org:1337"
