import time
from datetime import UTC, datetime, timedelta

import pytest

from trackerwatch.config.moments import read_until
from trackerwatch.config.values import WrongValueError

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def vienna(monkeypatch):
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("90m", NOW + timedelta(minutes=90)),
        (" 3 D ", NOW + timedelta(days=3)),
        ("120", NOW + timedelta(seconds=120)),
        ("2026-12-31", datetime(2026, 12, 31, 23, tzinfo=UTC)),
        ("2026-12-31 10:00", datetime(2026, 12, 31, 9, tzinfo=UTC)),
        ("2026-12-31T10:00Z", datetime(2026, 12, 31, 10, tzinfo=UTC)),
    ],
)
def test_how_long_or_until_when(text, until):
    assert read_until(text, NOW) == until


@pytest.mark.parametrize(
    "text",
    ["", "soon", "0", "2026-11-21", "2026-11-22 12:00", "99999d", "2026-13-01", "1e9d", "9999-12-31T23:59-23:00"],
)
def test_what_is_no_moment_to_come(text):
    with pytest.raises(WrongValueError):
        read_until(text, NOW)
