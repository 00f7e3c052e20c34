"""Each kind of value: what it takes, what it says of the rest, and that what it writes is read back."""

import datetime as dt
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackerwatch.config.settings import PHRASE_KINDS
from trackerwatch.config.values import (
    Choice,
    Duration,
    FailurePhrase,
    FilePath,
    Line,
    MaybeDuration,
    Phrases,
    Share,
    StorePath,
    Switch,
    Whole,
    WrongValueError,
    duration,
    near,
    public,
    quoted,
    shown,
)

KEY = "0123456789abcdef0123456789abcdef"
PHRASES = Phrases(PHRASE_KINDS)


def complaint(read, value) -> str:
    with pytest.raises(WrongValueError) as caught:
        read(value)
    message = str(caught.value)
    assert message.isprintable()
    return message


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        *((90, 90.0), (0.5, 0.5), ("90", 90.0), ("90s", 90.0), ("20m", 1200.0), ("2h", 7200.0), ("1.5h", 5400.0)),
        *((" 7 ", 7.0), ("1 m", 60.0), ("30d", 2592000.0), ("1e3", 1000.0)),
    ],
)
def test_durations(value, seconds):
    assert Duration().read(value) == seconds


@pytest.mark.parametrize(
    "value", [0, -1, True, "ten", "", "m", "1w", "nan", "inf", float("inf"), float("nan"), [1], "1m30s", 10**400, None]
)
def test_no_durations(value):
    assert complaint(Duration().read, value).endswith('write seconds, or a number with a unit: "90s", "20m", "2h"')


def test_durations_have_bounds():
    assert complaint(Duration().read, "31d") == "'31d' is too long; at most 30 days"
    assert complaint(Duration(at_least_s=60).read, "59s") == "'59s' is too short; at least 60s"
    assert Duration(at_least_s=60).read("1m") == 60.0
    assert Duration(at_most_s=400 * 86400).read("90d") == 7776000.0
    assert complaint(Duration(at_most_s=400 * 86400).read, "401d") == "'401d' is too long; at most 400 days"


def test_durations_that_may_be_left_open():
    assert MaybeDuration().read("") is None
    assert MaybeDuration().read("20m") == 1200.0
    assert complaint(MaybeDuration().read, 0).startswith("0 is no duration above 0")
    assert [MaybeDuration().write(value) for value in (None, 1200.0)] == ['""', '"20m"']


@pytest.mark.parametrize(
    ("value", "share"), [(0.1, 0.1), (1, 1.0), ("10%", 0.1), (" 2.5 % ", 0.025), ("0.3", 0.3), ("100%", 1.0)]
)
def test_shares(value, share):
    assert Share().read(value) == pytest.approx(share)


@pytest.mark.parametrize("value", [0, -0.1, 1.01, 10, "0%", "101%", "ten", "%", "", True, None, [1], "nan%", 10**400])
def test_no_shares(value):
    assert complaint(Share().read, value).endswith(' is no share above 0; write 0.1, or "10%"')


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.5, "0.5s"), (60.0, "60s"), (90.0, "90s"), (120.0, "2m"), (900.0, "15m"), (3600.0, "1h"), (5400.0, "90m")],
)
def test_durations_as_people_write_them(seconds, words):
    assert duration(seconds) == words


@given(st.floats(min_value=1e-9, max_value=2592000.0))
def test_every_duration_is_read_back(seconds):
    assert Duration().read(duration(seconds)) == pytest.approx(seconds, rel=1e-12)


def test_choices():
    assert Choice(("a", "b")).read("b") == "b"
    assert complaint(Choice(("a", "b")).read, "B") == "'B' is no choice; there are: a, b"
    assert complaint(Choice(("a", "b")).read, ["a"]) == "a list is no choice; there are: a, b"


def test_whole_numbers():
    assert [Whole(1, 100).read(value) for value in (1, 100)] == [1, 100]
    assert Whole(1, 100).read_text(" 7 ") == 7
    for value in (0, 101, 3.0, True, "3", 10**5000):
        assert complaint(Whole(1, 100).read, value).endswith(" is no whole number from 1 to 100")
    for text in ("x", "", "-1", "9" * 30, "²"):
        assert complaint(Whole(1, 100).read_text, text).endswith(" is no whole number from 1 to 100")


@pytest.mark.parametrize(("text", "value"), [("true", True), ("Yes", True), ("1", True), ("off", False), ("0", False)])
def test_switches_in_text(text, value):
    assert Switch().read_text(text) is value


def test_switches():
    assert Switch().read(True) is True
    assert complaint(Switch().read, "true") == "'true' is neither true nor false (written without quotes)"
    assert complaint(Switch().read, 1) == "1 is neither true nor false (written without quotes)"
    assert complaint(Switch().read_text, "maybe") == "'maybe' is neither true nor false"


def test_lines():
    assert Line().read(" home ") == "home"
    assert Line().read("") is None
    for value in ("two\nlines", "x" * 201, "\x1b[31m"):
        assert "no single line" in complaint(Line().read, value)
    assert complaint(Line().read, 3) == "3 is no text in quotes"


def test_paths():
    assert FilePath().read("a b.pem") == "a b.pem"
    assert FilePath().read("") is None
    for value in (3, "a\0b"):
        assert complaint(FilePath().read, value).endswith(" is no path of a file in quotes")


def test_stores():
    assert [StorePath().read(value) for value in ("a b.sqlite", "", False, "none", "./none")] == [
        *("a b.sqlite", None, False, False, "./none"),
    ]
    assert [StorePath().read_text(text) for text in ("off", "No", "none", "x.sqlite")] == [*(False,) * 3, "x.sqlite"]
    told = 'true is no path; leave the key out for the usual place, write "a path" for another, false for none'
    assert complaint(StorePath().read, True) == complaint(StorePath().read_text, "Yes") == told
    for value in (3, "a\0b", [1], None):
        assert complaint(StorePath().read, value).endswith(" is no path of a file in quotes, and not false")


def test_near_matches():
    assert near("intervall", ["timeout", "interval"]) == "interval"
    assert near("x", ["timeout", "interval"]) is None


def test_public_names():
    assert public("tracker.example.org:6969") == "tracker.example.org:6969"
    assert public("[fd00::1]:6969") == "[fd00::1]:6969"
    assert KEY not in public(f"{KEY}.tracker.example:80")


def test_phrases():
    rows = [{"phrase": "Torrent Gone", "kind": "unregistered"}, {"phrase": "go away", "kind": "unauthorized"}]
    assert PHRASES.read(rows) == (
        FailurePhrase("Torrent Gone", "unregistered"),
        FailurePhrase("go away", "unauthorized"),
    )
    assert PHRASES.read_text('[{phrase = "x", kind = "rate_limited"}]') == (FailurePhrase("x", "rate_limited"),)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"phrase": "x", "kind": "gone"}], "item 1: 'gone' is no kind; there are: unregistered, unauthorized"),
        ([{"phrase": "x"}], "item 1: kind is missing; there are: unregistered"),
        ([{"kind": "unregistered"}], "item 1: phrase must be 1 to 200 characters of what trackers say"),
        ([{"phrase": " http://x.example ", "kind": "unregistered"}], "item 1: phrase must be"),
        ([{"phrase": "x", "kind": "unregistered"}, "y"], "item 2: 'y' is no table; write them like [{phrase ="),
        ([{"phrase": "x", "kind": "unregistered", "regex": True}], "item 1: unknown key 'regex'; a phrase has"),
        ([{"phrase": "x", "kind": ["unregistered"]}], "item 1: a list is no kind; there are:"),
        ({}, "a table is no list of phrases; write them like"),
    ],
)
def test_no_phrases(rows, message):
    assert complaint(PHRASES.read, rows).startswith(message)


@pytest.mark.parametrize("text", ["gone", "[", "[" * 5000])
def test_phrases_in_text_are_toml(text):
    assert "is no TOML list of phrases; write them like [" in complaint(PHRASES.read_text, text)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        *((True, "true"), (3, "3"), (1.5, "1.5"), ([], "a list"), ({}, "a table"), (None, "nothing")),
        *((dt.date(2026, 1, 1), "a date or time"), (10**400, "a number of that length")),
        ("a\x1b[31m\nb", "'a b'"),
        (f"https://tracker.example/{KEY}/announce", "'https://tracker.example/…/announce'"),
        (f"tracker.example/announce?passkey={KEY}", "'tracker.example/announce?passkey=…'"),
    ],
)
def test_wrong_values_are_shown_without_secrets(value, words):
    assert shown(value) == words


@given(st.text())
def test_quoted_text_is_toml(text):
    if not any(0xD800 <= ord(character) < 0xE000 for character in text):
        assert tomllib.loads(f"x = {quoted(text)}") == {"x": text}


def test_what_is_written_is_read_back():
    for kind, value in [
        (PHRASES, (FailurePhrase('say "no"\\', "unauthorized"),)),
        (Switch(), True),
        (Whole(1, 9), 3),
        (Duration(), 900.0),
        (Line(), None),
        (FilePath(), "/a\tb.pem"),
        (MaybeDuration(), None),
        (Share(), 0.15),
        (StorePath(), None),
        (StorePath(), False),
        (StorePath(), "/a\tb.sqlite"),
    ]:
        assert kind.read(tomllib.loads(f"x = {kind.write(value)}")["x"]) == value
