"""What differs for single trackers: what a table takes, until when somebody is muted, and what is said of mistakes."""

import datetime as dt
import time
import tomllib

import pytest

from tests.config.test_values import KEY
from trackerwatch.config.overrides import TrackerOverride, TrackerTables, mutes_over, without_tracker
from trackerwatch.config.values import WrongValueError

TABLES = TrackerTables()

WHOLE = """
[x."A.Example"]
own = true
interval = "5s"
heartbeat = 1
down_after = 5
up_after = 1
slow = "3s"
loss = "25%"
tls_expiry = "60d"
muted = true
why = " moving house "
[x."[FD00::1]:06969"]
interval = "1h"
[x."a.example:80"]
"""


@pytest.fixture(autouse=True)
def vienna(monkeypatch):
    """A clock on the wall that is ahead of UTC, and changes by summer and winter."""
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def read(text: str) -> dict[str, TrackerOverride]:
    return dict(TABLES.read(tomllib.loads(text)["x"]))


def complaint(text: str) -> tuple[tuple[str, ...], str]:
    with pytest.raises(WrongValueError) as caught:
        read(text)
    assert str(caught.value).isprintable()
    return caught.value.at, str(caught.value)


def test_every_key():
    tables = read(WHOLE)
    assert tables == {
        "a.example": TrackerOverride(
            own=True,
            interval_s=5.0,
            heartbeat_s=1.0,
            down_after=5,
            up_after=1,
            slow_s=3.0,
            loss=0.25,
            tls_expiry_s=60 * 86400.0,
            muted=True,
            why="moving house",
        ),
        "[fd00::1]:6969": TrackerOverride(interval_s=3600.0),
        "a.example:80": TrackerOverride(),
    }


def utc(*moment: int) -> float:
    return dt.datetime(*moment, tzinfo=dt.UTC).timestamp()


@pytest.mark.parametrize(
    ("written", "until"),
    [
        ("2026-12-31", utc(2026, 12, 31, 23)),
        ("2026-07-01", utc(2026, 7, 1, 22)),
        # The day on which the clocks go back has 25 hours.
        ("2026-10-25", utc(2026, 10, 25, 23)),
        ("2026-07-01T12:30:00", utc(2026, 7, 1, 10, 30)),
        ("2026-07-01T12:30:00Z", utc(2026, 7, 1, 12, 30)),
        ("2026-07-01 12:30:00-05:00", utc(2026, 7, 1, 17, 30)),
        ("false", False),
        ("true", True),
    ],
)
def test_muted_until(written, until):
    assert read(f"[x.a]\nmuted = {written}")["a"].muted == until
    assert type(read(f"[x.a]\nmuted = {written}")["a"].muted) is type(until)


@pytest.mark.parametrize("written", ['"2026-12-31"', "12:30:00", "1", "[]"])
def test_muted_until_what(written):
    at, message = complaint(f"[x.a]\nmuted = {written}")
    assert at == ("a", "muted")
    assert message.endswith(" is neither true nor false nor a date; write it like 2026-12-31, unquoted")


def test_a_date_beyond_the_calendar():
    for moment in ("9999-12-31", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00"):
        assert complaint(f"[x.a]\nmuted = {moment}") == (("a", "muted"), "no calendar goes that far")


@pytest.mark.parametrize(
    ("text", "at", "message"),
    [
        ('[x."a b"]', ("a b",), "'a b' is no host; write it like \"tracker.example.org\" or"),
        ("[x]\na = 3", ("a",), '3 is no table; write it like [trackers."tracker.example.org"]'),
        ("[x.a]\nheart-beat = 3", ("a", "heart-beat"), "unknown key 'heart-beat'; did you mean heartbeat?"),
        (
            "[x.a]\nfoo = 3",
            ("a", "foo"),
            "unknown key 'foo'; there are: own, interval, heartbeat, down_after, up_after, ",
        ),
        ("[x.a]\nloss = 3", ("a", "loss"), "3 is no share above 0"),
        ("[x.a]\ndown_after = 0", ("a", "down_after"), "0 is no whole number from 1 to 100"),
        ('[x.a]\nown = "yes"', ("a", "own"), "'yes' is neither true nor false"),
        ("[x.a]\nwhy = 3", ("a", "why"), "3 is no text in quotes"),
        (
            '[x.a]\ninterval = "30s"',
            ("a", "interval"),
            "'30s' is too short; at least 60s, unless you run the tracker: own = true",
        ),
        ("[x.a]\nheartbeat = 59", ("a", "heartbeat"), "59 is too short; at least 60s, unless"),
        ("[x.a]\n[x.A]", ("A",), "a is named twice"),
        ("[x.x.org]\nown = true", ("x", "org"), 'quote the host: [trackers."x.org"]'),
        ("[x.tracker.x.org]\nmuted = true", ("tracker", "x"), 'quote the host: [trackers."tracker.x.org"]'),
    ],
)
def test_mistakes_lead_to_their_place(text, at, message):
    found_at, found = complaint(text)
    assert found_at == at
    assert found.startswith(message)


def test_no_tables():
    for value in ([], 3, "a", None):
        with pytest.raises(WrongValueError, match=r"is no table; write it like \[trackers\."):
            TABLES.read(value)
    for text in ("a.example", "{", "[" * 5000):
        with pytest.raises(WrongValueError, match=r"is no TOML table; write it like \{"):
            TABLES.read_text(text)


def test_what_is_written_is_read_back():
    tables = TABLES.read(tomllib.loads(WHOLE + "[x.b]\nmuted = 2026-07-01\n")["x"])
    written = TABLES.write(tables)
    assert "\n" not in written
    assert "muted = 2026-07-01T22:00:00Z" in written
    assert TABLES.read_text(written) == tables


def test_no_secret_is_written():
    assert KEY not in TABLES.write(((f"{KEY}.tracker.example:80", TrackerOverride()),))


def test_mutes_that_are_over_are_remarked_on():
    tables = read("[x.a]\nmuted = 2020-01-01T00:00:00Z\n[x.b]\nmuted = true\n[x.c]\nmuted = 2030-01-01\n[x.d]")
    assert mutes_over(tables.items(), utc(2026, 1, 1)) == [
        'trackers."a".muted is over since 2020-01-01T00:00:00Z: it mutes nobody any more'
    ]
    assert mutes_over(tables.items(), utc(2019, 1, 1)) == []


def test_tables_about_no_tracker():
    tables = read('[x."a.example"]\n[x."b.example:80"]\n[x."b.example:81"]\n[x."[fd00::1]:80"]\n[x."typo.org"]')
    trackers = [("a.example", 6969), ("b.example", 80), ("fd00::1", 80)]
    assert without_tracker(tables.items(), trackers) == ['trackers."b.example:81"', 'trackers."typo.org"']


def test_windows_and_what_is_switched_off():
    tables = read(
        '[x."a.example"]\nmute_windows = ["SAT 2:00-06:00", "mon,thu 22:00-01:00 Europe/Berlin"]\ndisabled = true'
    )
    override = tables["a.example"]
    assert override.mute_windows == ("sat 02:00-06:00", "mon,thu 22:00-01:00 Europe/Berlin")
    assert override.disabled
    written = TABLES.write(tuple(tables.items()))
    assert 'mute_windows = ["sat 02:00-06:00", "mon,thu 22:00-01:00 Europe/Berlin"], disabled = true' in written
    assert TABLES.read_text(written) == tuple(tables.items())


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ('"sat 02:00-06:00"', "is no list of windows"),
        ("[5]", "is no window"),
        ('["never"]', "is no window"),
        ('["02:00-03:00 Middle/Earth"]', "no time zone"),
        ('["sat 02:00-02:00"]', "begins when it ends"),
    ],
)
def test_what_is_no_window_says_how_one_is_written(value, reason):
    at, said = complaint(f'[x."a.example"]\nmute_windows = {value}')
    assert at == ("a.example", "mute_windows")
    assert reason in said
