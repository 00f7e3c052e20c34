from dataclasses import replace
from datetime import timedelta

import pytest

from tests.tui.feeds import NOW, endpoint, event, figure, problem, torrent, torrent_view, tracker
from trackerwatch.engine.views import EventKind, Mute
from trackerwatch.health.states import Health
from trackerwatch.outcome import Failure, FailureKind
from trackerwatch.policy.rules import Rule, Verdict
from trackerwatch.tui import words
from trackerwatch.tui.ink import Ink, Span


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


def test_a_failure_that_is_not_believed_yet_is_a_retry():
    retrying = tracker(0, "udp://a.example:1/announce", Health.UP, pending=1, kind=FailureKind.TIMEOUT)
    assert words.tracker_state(retrying) == Span("~ RETRY1/3", Ink.WARN)
    assert words.tracker_state(replace(retrying, state=Health.DOWN)) == Span("x DOWN", Ink.BAD)


def test_an_address_that_is_not_judged_is_no_fault():
    view = endpoint("2001:db8::7", state=Health.UNKNOWN, kind=FailureKind.NO_ROUTE)
    assert words.endpoint_state(view, 3) == Span("- NOT JUDGED", Ink.DIM)


@pytest.mark.parametrize("health", Health)
def test_every_state_has_glyph_and_word(health):
    state = words.tracker_state(tracker(0, "udp://a.example:1/announce", health))
    assert state.text[1] == " "
    assert state.text[2:].isupper()
    assert len(state.text) <= 10


@pytest.mark.parametrize("rule", Rule)
def test_every_rule_fits_the_state_column(rule):
    view = torrent_view(0, torrent("t"), Verdict.WARNING, problems=(problem(rule, "m"),))
    assert len(words.torrent_state(view).text) <= 10


def test_torrent_states():
    def state(verdict, *rules):
        return words.torrent_state(
            torrent_view(0, torrent("t"), verdict, problems=tuple(problem(r, "m") for r in rules))
        ).text

    assert state(Verdict.OK) == "+ OK"
    assert state(Verdict.OK, Rule.SINGLE_TRACKER) == "+ OK"
    assert state(Verdict.UNKNOWN) == "? UNKNOWN"
    assert state(Verdict.UNKNOWN, Rule.PRIVATE_NOT_ASKED) == "- PRIVATE"
    assert state(Verdict.CRITICAL, Rule.EXHAUSTED, Rule.FAILED_OVER) == "x EXHAUST"
    assert state(Verdict.CRITICAL, Rule.NO_SEEDERS) == "x NOSEED"
    assert state(Verdict.WARNING, Rule.ONE_SEEDER) == "! 1 SEED"
    assert state(Verdict.WARNING, Rule.UNREGISTERED) == "! UNREG"


@pytest.mark.parametrize("kind", FailureKind)
def test_every_failure_kind_has_words(kind):
    assert "_" not in words.failure(Failure(kind))


def test_a_failure_says_its_detail_once():
    assert words.failure(Failure(FailureKind.REFUSED, message="connection refused")) == "refused: connection refused"
    assert words.failure(Failure(FailureKind.TIMEOUT, message="timeout")) == "timeout"
    assert words.failure(Failure(FailureKind.TIMEOUT, message="timeout after 10 s")) == "timeout after 10 s"
    assert words.failure(None) == ""


def test_reasons_name_the_family_that_fails():
    ends = (endpoint("192.0.2.1"), endpoint("2001:db8::1", state=Health.DOWN, kind=FailureKind.TIMEOUT))
    view = tracker(0, "udp://a.example:1/announce", Health.DEGRADED, reasons=("endpoint_down", "slow"), endpoints=ends)
    assert words.tracker_reason(view) == "v6 timeout; v4 fine, slow"


def test_reason_of_a_down_tracker_counts_the_failures():
    ends = (endpoint("192.0.2.1", state=Health.DOWN, kind=FailureKind.REFUSED, misses=5),)
    view = tracker(
        0, "udp://a.example:1/announce", Health.DOWN, kind=FailureKind.REFUSED, message="port closed", endpoints=ends
    )
    assert words.tracker_reason(view) == "refused x5: port closed"
    assert words.tracker_reason(tracker(0, "udp://a.example:1/announce")) == ""


@pytest.mark.parametrize(
    ("kind", "to_state", "mark"),
    [
        (EventKind.STATE_CHANGED, "down", "x"),
        (EventKind.STATE_CHANGED, "up", "+"),
        (EventKind.STATE_CHANGED, "degraded", "!"),
        (EventKind.STATE_CHANGED, "unknown", "?"),
        (EventKind.EXHAUSTED, None, "x"),
        (EventKind.FAILED_OVER, None, "!"),
        (EventKind.PROMOTED, None, "+"),
        (EventKind.STARTED, None, "-"),
    ],
)
def test_event_marks(kind, to_state, mark):
    assert words.event_mark(event(1, kind, "m", to_state=to_state)).text == mark


def test_brief_reasons_fit_a_narrow_column():
    ends = (endpoint("192.0.2.1"), endpoint("2001:db8::1", state=Health.DOWN, kind=FailureKind.REFUSED))
    view = tracker(
        0, "udp://a.example:1/announce", Health.DEGRADED, reasons=("endpoint_down", "refused", "slow"), endpoints=ends
    )
    assert words.tracker_reason(view) == "v6 refused; v4 fine, slow"
    assert words.tracker_reason(view, brief=True) == "v6 refused"
    down = tracker(0, "udp://a.example:1/announce", Health.DOWN, kind=FailureKind.NOT_BENCODE, message="a web page")
    assert words.tracker_reason(down, brief=True) == "not bencode"


@pytest.mark.parametrize(
    ("state", "marks", "text"),
    [
        (Health.UP, {"flapping": True}, "+UP%FLAP"),
        (Health.DOWN, {"flapping": True}, "xDOWN%FLAP"),
        (Health.DEGRADED, {"flapping": True}, "!DEGR%FLAP"),
        (Health.UNKNOWN, {"flapping": True}, "?UNKN%FLAP"),
        (Health.UP, {"pending": 1, "flapping": True}, "+UP%FLAP"),
        (Health.UP, {"recalled_at": NOW}, "(+) UP"),
        (Health.DEGRADED, {"recalled_at": NOW}, "(!) DEGR"),
        (Health.DOWN, {"recalled_at": NOW, "flapping": True}, "(x) DOWN"),
        (Health.DOWN, {"muted": Mute(None, ""), "flapping": True}, "= MUTED"),
    ],
)
def test_marks_fit_the_state_column(state, marks, text):
    told = words.tracker_state(tracker(0, "udp://a.example:1/announce", state, **marks)).text
    assert told == text
    assert len(told) <= 10


def test_an_endpoint_flaps_too():
    assert words.endpoint_state(replace(endpoint("192.0.2.1"), flapping=True), 3).text == "+UP%FLAP"


@pytest.mark.parametrize(
    ("marks", "brief", "long"),
    [
        ({"muted": Mute(NOW + timedelta(hours=1), "moving")}, "until 15:02", "until 15:02; moving; x DOWN refused: no"),
        ({"muted": Mute(NOW + timedelta(days=262), "")}, "until 1 Dec", "until 1 Dec; x DOWN refused: no"),
        ({"muted": Mute(None, "")}, "no end set", "no end set; x DOWN refused: no"),
        ({"recalled_at": NOW - timedelta(hours=2)}, "from 2h ago", "from 2h ago: refused: no"),
        ({"flapping": True}, "refused", "flapping; refused: no"),
        ({}, "refused", "refused: no"),
    ],
)
def test_a_remark_stands_beside_the_state(marks, brief, long):
    view = tracker(
        0, "udp://a.example:1/announce", Health.DOWN, kind=FailureKind.REFUSED, message="refused: no", **marks
    )
    assert words.tracker_remark(view, NOW, brief=True) == brief
    assert len(brief) <= 11
    assert words.tracker_remark(view, NOW) == long


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
