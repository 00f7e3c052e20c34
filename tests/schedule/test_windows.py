import time
from datetime import UTC, datetime

import pytest

from trackerwatch.schedule.windows import Window, open_until, parse_window


def at(text: str) -> float:
    """Unix time of a moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def stretch(window: Window, begin: str, hours: int) -> list[str]:
    """The quarter hours in UTC at which it is open."""
    start = at(begin)
    moments = (start + 900 * n for n in range(hours * 4))
    return [f"{datetime.fromtimestamp(m, UTC):%a %H:%M}" for m in moments if window.open_until(m) is not None]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("sat 02:00-06:00 UTC", "sat 02:00-06:00 UTC"),
        ("  3:00-03:30 ", "daily 03:00-03:30"),
        ("MON,thu 22:00 - 01:00 Europe/Berlin", "mon,thu 22:00-01:00 Europe/Berlin"),
        ("mon-fri 00:00-24:00", "mon,tue,wed,thu,fri 00:00-24:00"),
        ("sat-mon 01:00-02:00", "mon,sat,sun 01:00-02:00"),
        ("mon,tue,wed,thu,fri,sat,sun 01:00-02:00", "daily 01:00-02:00"),
    ],
)
def test_windows_are_written_as_they_are_read(text, written):
    window = parse_window(text)
    assert str(window) == written
    assert parse_window(str(window)) == window


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is no window"),
        ("sat", "is no window"),
        ("sat 02:00", "is no window"),
        ("sat 02:00-06:00 UTC extra", "is no window"),
        ("x" * 5000, "is no window"),
        ("25:00-26:00", "no time of day"),
        ("10:60-11:00", "no time of day"),
        ("24:30-11:00", "no time of day"),
        ("10:00-10:00", "begins when it ends"),
        ("24:00-10:00", "begins when it ends"),
        ("caturday 10:00-11:00", "names a day"),
        ("mon- 10:00-11:00", None),
        ("10:00-11:00 Middle/Earth", "no time zone"),
        ("10:00-11:00 ../../etc/passwd", "no time zone"),
        ("10:00-11:00 /etc/passwd", "no time zone"),
    ],
)
def test_what_is_no_window_says_why(text, reason):
    if reason is None:
        assert str(parse_window(text)) == "mon 10:00-11:00"
        return
    with pytest.raises(ValueError, match=reason):
        parse_window(text)


def test_open_on_its_days_alone_and_up_to_its_end():
    window = parse_window("sat 02:00-03:00 UTC")
    assert stretch(window, "2023-11-17T00:00", 72) == ["Sat 02:00", "Sat 02:15", "Sat 02:30", "Sat 02:45"]
    assert window.open_until(at("2023-11-18T02:59:59")) == at("2023-11-18T03:00")
    assert window.open_until(at("2023-11-18T03:00")) is None


def test_over_midnight_it_belongs_to_the_day_on_which_it_begins():
    window = parse_window("thu 23:30-00:30 UTC")
    assert stretch(window, "2023-11-15T00:00", 96) == ["Thu 23:30", "Thu 23:45", "Fri 00:00", "Fri 00:15"]


def test_a_whole_day():
    window = parse_window("sun 00:00-24:00 UTC")
    assert window.open_until(at("2023-11-19T12:00")) == at("2023-11-20T00:00")
    assert window.open_until(at("2023-11-20T00:00")) is None


def test_by_the_clock_of_its_zone():
    window = parse_window("mon 22:00-01:00 America/New_York")
    assert window.open_until(at("2023-11-21T03:00")) == at("2023-11-21T06:00")
    assert window.open_until(at("2023-11-21T02:59")) is None


class TestClockChanges:
    """In Berlin clocks go from 02:00 to 03:00 on 26 March 2023 at 01:00 UTC, and from 03:00 to 02:00 on 29 October at 01:00 UTC."""

    def test_a_window_that_the_clock_skips_is_open_around_the_change(self):
        window = parse_window("sun 02:00-03:00 Europe/Berlin")
        assert window.open_until(at("2023-03-26T00:30")) == at("2023-03-26T01:00")
        inside = parse_window("sun 02:15-02:45 Europe/Berlin")
        assert inside.open_until(at("2023-03-26T01:00")) == at("2023-03-26T01:45")
        assert stretch(inside, "2023-03-26T00:00", 3)[0] == "Sun 00:15"

    def test_a_window_over_the_skipped_hour_keeps_its_ends(self):
        window = parse_window("sun 01:00-04:00 Europe/Berlin")
        assert window.open_until(at("2023-03-26T00:00")) == at("2023-03-26T02:00")
        assert window.open_until(at("2023-03-25T23:59")) is None

    def test_an_hour_that_comes_twice_is_in_it_both_times(self):
        window = parse_window("sun 02:00-03:00 Europe/Berlin")
        assert window.open_until(at("2023-10-29T00:00")) == at("2023-10-29T02:00")
        assert window.open_until(at("2023-10-29T01:59")) == at("2023-10-29T02:00")
        half = parse_window("sun 02:15-02:45 Europe/Berlin")
        assert half.open_until(at("2023-10-29T00:50")) == at("2023-10-29T01:45"), "from the first to the second reading"

    def test_where_midnight_itself_is_skipped(self):
        # Beirut went from 00:00 to 01:00 on 27 March 2022, at 22:00 UTC on the 26th.
        window = parse_window("sun 00:00-00:30 Asia/Beirut")
        assert window.open_until(at("2022-03-26T22:10")) == at("2022-03-26T22:30")


def test_without_a_zone_it_is_the_machines(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        window = parse_window("mon 09:00-10:00")
        assert window.open_until(at("2023-11-20T00:30")) == at("2023-11-20T01:00")
        assert window.open_until(at("2023-11-20T09:30")) is None
    finally:
        monkeypatch.undo()
        time.tzset()


def test_of_several_the_last_end_counts():
    windows = [parse_window("daily 01:00-02:00 UTC"), parse_window("mon 01:30-03:00 UTC")]
    assert open_until(windows, at("2023-11-20T01:45")) == at("2023-11-20T03:00")
    assert open_until(windows, at("2023-11-21T01:45")) == at("2023-11-21T02:00")
    assert open_until(windows, at("2023-11-21T02:30")) is None
    assert open_until((), 0.0) is None
