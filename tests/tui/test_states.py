from dataclasses import replace
from datetime import timedelta

import pytest

from tests.tui.feeds import NOW, endpoint, event, problem, torrent, torrent_view, tracker
from trackerwatch.engine.views import Disabled, EventKind, Mute
from trackerwatch.failover.states import FailoverState, Role
from trackerwatch.health.states import Health
from trackerwatch.outcome import Failure, FailureKind
from trackerwatch.policy.rules import Rule, Severity, Verdict
from trackerwatch.tui.lines import charts, states
from trackerwatch.tui.lines.ink import Ink, Span


def test_a_failure_that_is_not_believed_yet_is_a_retry():
    retrying = tracker(0, "udp://a.example:1/announce", Health.UP, pending=1, kind=FailureKind.TIMEOUT)
    assert states.tracker_state(retrying) == Span("~ RETRY1/3", Ink.WARN)
    assert states.tracker_state(replace(retrying, state=Health.DOWN)) == Span("x DOWN", Ink.BAD)


def test_an_address_that_is_not_judged_is_no_fault():
    view = endpoint("2001:db8::7", state=Health.UNKNOWN, kind=FailureKind.NO_ROUTE)
    assert states.endpoint_state(view, 3) == Span("- NOT JUDGED", Ink.DIM)


@pytest.mark.parametrize("health", Health)
def test_every_state_has_glyph_and_word(health):
    state = states.tracker_state(tracker(0, "udp://a.example:1/announce", health))
    assert state.text[1] == " "
    assert state.text[2:].isupper()
    assert len(state.text) <= 10


def all_tracker_states():
    """What a tracker's state column can say, by what the tracker is like."""
    plain = {health: tracker(0, "udp://a.example:1/announce", health) for health in Health}
    up, down = plain[Health.UP], plain[Health.DOWN]
    views = {health.value: view for health, view in plain.items()}
    views |= {f"recalled {health}": replace(view, recalled_at=NOW) for health, view in plain.items()}
    views |= {f"flapping {health}": replace(view, flapping=True) for health, view in plain.items()}
    refusing = replace(up, torrents=20, refused=20, refused_kind=FailureKind.UNREGISTERED)
    views |= {"refuses": refusing, "retry": replace(up, pending=1), "muted": replace(down, muted=Mute(None, ""))}
    views["disabled"] = replace(up, disabled=Disabled(""))
    return {name: states.tracker_state(view) for name, view in views.items()}


def all_torrent_states():
    views = {str(verdict): torrent_view(0, torrent("t"), verdict) for verdict in Verdict}
    for rule in Rule:
        for verdict in (Verdict.CRITICAL, Verdict.WARNING):
            views[f"{verdict} {rule}"] = torrent_view(0, torrent("t"), verdict, problems=(problem(rule, "m"),))
    private = problem(Rule.PRIVATE_NOT_ASKED, "m")
    views["private"] = torrent_view(0, torrent("t"), Verdict.UNKNOWN, problems=(private,))
    return {name: states.torrent_state(view) for name, view in views.items()}


@pytest.mark.parametrize(
    "told",
    [
        all_tracker_states(),
        all_torrent_states(),
        {role: states.role(role) for role in Role},
        {state: states.failover(state) for state in FailoverState},
        {one: states.severity(one) for one in Severity},
        {state: states.kind_mark(EventKind.STATE_CHANGED, state) for state in Health},
        {one: one.span for one in charts.Told},
        {kind: Span(states.failure_kind(kind)) for kind in FailureKind},
    ],
    ids=["trackers", "torrents", "roles", "failover", "severities", "changes", "strips", "failures"],
)
def test_without_colour_no_two_states_look_alike(told):
    texts = {}
    for name, span in told.items():
        assert span.text.isascii() or span.text in "█▄·"
        texts.setdefault(span.text, []).append(name)
    assert {text: names for text, names in texts.items() if len(names) > 1} == {}


@pytest.mark.parametrize(
    "told", [all_tracker_states(), all_torrent_states(), {role: states.role(role) for role in Role}]
)
def test_a_state_is_a_glyph_and_a_word(told):
    for span in told.values():
        assert span.text[0] in "+!x?~-=("
        assert sum(character.isalpha() for character in span.text[1:]) >= 2, span
        assert len(span.text) <= 10


def test_what_is_disabled_says_so_before_anything_else():
    view = replace(
        tracker(0, "udp://a.example:1/announce", Health.DOWN),
        muted=Mute(None, "x"),
        disabled=Disabled("moved \x1b[1maway"),
    )
    assert states.tracker_state(view) == Span("- DISABLED", Ink.DIM)
    assert states.tracker_remark(view, NOW) == "not asked: moved away"
    assert states.tracker_remark(view, NOW, brief=True) == "moved away"
    assert states.tracker_remark(replace(view, disabled=Disabled("")), NOW) == "not asked: you disabled it"


@pytest.mark.parametrize("rule", Rule)
def test_every_rule_fits_the_state_column(rule):
    view = torrent_view(0, torrent("t"), Verdict.WARNING, problems=(problem(rule, "m"),))
    assert len(states.torrent_state(view).text) <= 10


def test_torrent_states():
    def state(verdict, *rules):
        return states.torrent_state(
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
    assert "_" not in states.failure(Failure(kind))


def test_a_failure_says_its_detail_once():
    assert states.failure(Failure(FailureKind.REFUSED, message="connection refused")) == "refused: connection refused"
    assert states.failure(Failure(FailureKind.TIMEOUT, message="timeout")) == "timeout"
    assert states.failure(Failure(FailureKind.TIMEOUT, message="timeout after 10 s")) == "timeout after 10 s"
    assert states.failure(None) == ""


def test_reasons_name_the_family_that_fails():
    ends = (endpoint("192.0.2.1"), endpoint("2001:db8::1", state=Health.DOWN, kind=FailureKind.TIMEOUT))
    view = tracker(0, "udp://a.example:1/announce", Health.DEGRADED, reasons=("endpoint_down", "slow"), endpoints=ends)
    assert states.tracker_reason(view) == "v6 timeout; v4 fine, slow"


def test_reason_of_a_down_tracker_counts_the_failures():
    ends = (endpoint("192.0.2.1", state=Health.DOWN, kind=FailureKind.REFUSED, misses=5),)
    view = tracker(
        0, "udp://a.example:1/announce", Health.DOWN, kind=FailureKind.REFUSED, message="port closed", endpoints=ends
    )
    assert states.tracker_reason(view) == "refused x5: port closed"
    assert states.tracker_reason(tracker(0, "udp://a.example:1/announce")) == ""


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
    assert states.event_mark(event(1, kind, "m", to_state=to_state)).text == mark


def test_brief_reasons_fit_a_narrow_column():
    ends = (endpoint("192.0.2.1"), endpoint("2001:db8::1", state=Health.DOWN, kind=FailureKind.REFUSED))
    view = tracker(
        0, "udp://a.example:1/announce", Health.DEGRADED, reasons=("endpoint_down", "refused", "slow"), endpoints=ends
    )
    assert states.tracker_reason(view) == "v6 refused; v4 fine, slow"
    assert states.tracker_reason(view, brief=True) == "v6 refused"
    down = tracker(0, "udp://a.example:1/announce", Health.DOWN, kind=FailureKind.NOT_BENCODE, message="a web page")
    assert states.tracker_reason(down, brief=True) == "not bencode"


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
    told = states.tracker_state(tracker(0, "udp://a.example:1/announce", state, **marks)).text
    assert told == text
    assert len(told) <= 10


def test_an_endpoint_flaps_too():
    assert states.endpoint_state(replace(endpoint("192.0.2.1"), flapping=True), 3).text == "+UP%FLAP"


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
    assert states.tracker_remark(view, NOW, brief=True) == brief
    assert len(brief) <= 11
    assert states.tracker_remark(view, NOW) == long
