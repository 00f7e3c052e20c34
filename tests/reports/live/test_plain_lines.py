from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.tui.feeds import NOW, before, event, rich_snapshot, snapshot
from trackerwatch.engine.views import Disabled, EventKind, LocalState, Mute, OurselvesView
from trackerwatch.health.states import Health
from trackerwatch.metainfo.torrent import Torrent
from trackerwatch.outcome import FailureKind
from trackerwatch.reports.live import plain_lines
from trackerwatch.tracker import parse_tracker

FOO = parse_tracker("udp://foo.org:6969/announce")


def said(lines: list[str]) -> list[str]:
    assert all(line.endswith("\n") and line.count("\n") == 1 for line in lines)
    return [line.removesuffix("\n") for line in lines]


DOWN, TLS, *_ = sorted(rich_snapshot().trackers, key=lambda view: (view.state != "down", -view.torrents))
WELL = tuple(view for view in rich_snapshot().trackers if view.state == "up" and not view.pending)


def test_a_summary_tells_the_worst_first_with_since_why_what_and_when_next():
    lines = said(plain_lines.summary(rich_snapshot(), NOW))
    assert lines[0] == (
        "14:02:11 summary of 14 trackers, 200 torrents. Trackers: 2 down, 1 degraded, 11 up; "
        "torrents: 2 critical, 24 with warnings, 2 not known yet, 172 well"
    )
    assert lines[1] == (
        "tracker tracker.foo.org:6969 is down, since 13:47 (14 minutes): Connection refused, 5 times in a row. "
        "Of 5,120 torrents 41 failed over, 3 have no tracker left, 5,076 keep their tracker. Next try in 38 seconds"
    )
    assert lines[3] == (
        "tracker open.baz.io:1337 is degraded, since 11:02 (3 hours): its address 2001:db8:9::9 is down, timeout. "
        "All 7,990 torrents keep their tracker. Next try in 14 minutes"
    )
    assert lines[4] == (
        "tracker exodus.qux.to:6969 fails and is tried again before it counts as down (1 of 3): timeout. It is being asked now"
    )
    assert lines[5] == (
        "torrent linux-archive-2024-full, since 13:48 (14 minutes): "
        "no tracker works: tracker.foo.org:6969 refused, t2.bar.net tls"
    )
    assert lines[-1].startswith("and 14 more torrents with problems: 1 without a working tracker, ")
    assert len(lines) == 1 + 4 + plain_lines.WORST + 1


def test_a_summary_is_bounded_however_much_is_wrong():
    many = rich_snapshot()
    trackers = tuple(replace(DOWN, index=index) for index in range(500))
    lines = plain_lines.summary(replace(many, trackers=trackers), NOW)
    assert "and 488 more trackers that are not well\n" in lines
    assert len(lines) < 30
    assert max(map(len, lines)) <= plain_lines.LIMIT_CHARS + 1


def test_what_nobody_lists_any_more_is_not_told():
    gone = replace(DOWN, retired=True)
    quiet = snapshot((*WELL[:1], gone))
    lines = said(plain_lines.summary(quiet, NOW))
    assert lines == [
        "14:02:11 summary of 1 tracker, 0 torrents. Trackers: 1 up; no torrents",
        "nothing needs attention",
    ]
    assert plain_lines.opening(quiet).startswith("watching 1 tracker, ")


def test_no_answer_of_one_that_is_switched_off_is_missing():
    off = replace(DOWN, state=Health.UNKNOWN, pending=0, disabled=Disabled("moved"))
    assert said(plain_lines.summary(snapshot((*WELL[:1], off)), NOW))[1:] == ["nothing needs attention"]


def test_what_the_user_silenced_is_not_wrong():
    many = rich_snapshot()
    muted = replace(DOWN, muted=Mute(None, "moving"))
    off = replace(TLS, disabled=Disabled("gone"))
    lines = said(plain_lines.summary(replace(many, trackers=(muted, off, *WELL)), NOW))
    assert "Trackers: 10 up, 1 muted, 1 disabled" in lines[0]
    assert not any(line.startswith("tracker ") for line in lines)
    assert plain_lines.tracker_sentence(off, NOW) == "tracker t2.bar.net:443 is disabled by you: gone"


def test_nothing_wrong_is_said_too():
    well = replace(rich_snapshot(), trackers=WELL, torrents=snapshot().torrents)
    assert said(plain_lines.summary(well, NOW))[1:] == ["nothing needs attention"]


def test_our_own_trouble_comes_before_everybody_elses():
    ours = OurselvesView(LocalState.OFFLINE, before(7290), "no network route", "the disk is full")
    lines = said(plain_lines.summary(rich_snapshot(ourselves=ours), NOW))
    assert lines[1:3] == [
        "this machine: no network route, since 12:00 (2 hours)",
        "history: the disk is full",
    ]


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (
            "foo.org:6969 is down: refused -> 41 failed over, 3 exhausted",
            "tracker foo.org:6969 is down: refused. 41 torrents failed over, 3 have no tracker left",
        ),
        (
            "foo.org:6969 is down: refused -> 1 exhausted",
            "tracker foo.org:6969 is down: refused. 1 torrent has no tracker left",
        ),
        (
            "foo.org:6969 is down: refused -> 1 failed over",
            "tracker foo.org:6969 is down: refused. 1 torrent failed over",
        ),
        ("foo.org:6969 is down: a -> b", "tracker foo.org:6969 is down: a -> b"),
        ("foo.org:6969 answers again", "tracker foo.org:6969 answers again"),
    ],
)
def test_a_trackers_event_is_a_sentence(message, told):
    assert plain_lines.sentence(replace(event(1, EventKind.STATE_CHANGED, message), tracker=FOO)) == told


def test_a_torrents_event_names_it_as_a_torrent():
    torrent = Torrent("film", b"x" * 20, None, False, 1, ())
    happened = replace(event(1, EventKind.EXHAUSTED, "film has no working tracker left"), torrent=torrent)
    assert plain_lines.sentence(happened) == "torrent film has no working tracker left"


def test_each_line_begins_with_its_time_and_each_day_with_its_date():
    chronicler = plain_lines.Chronicler()
    first = replace(event(1, EventKind.STARTED, "watching"), at=NOW)
    second = replace(event(2, EventKind.LOCAL_ONLINE, "back"), at=NOW + timedelta(hours=11))
    assert said(chronicler.lines([first, second], NOW)) == [
        "Saturday, 14 March 2026; times are UTC",
        "14:02:11 watching",
        "Sunday, 15 March 2026; times are UTC",
        "01:02:11 back",
    ]


def test_a_burst_is_folded_and_counted_once_it_is_over():
    chronicler = plain_lines.Chronicler()
    burst = [replace(event(n, EventKind.EXHAUSTED, f"t{n} has none"), at=NOW) for n in range(40)]
    other = replace(event(41, EventKind.LOCAL_OFFLINE, "offline"), at=NOW)
    lines = said(chronicler.lines([*burst, other], NOW))
    assert lines[1:] == [*(f"14:02:11 t{n} has none" for n in range(plain_lines.BURST)), "14:02:11 offline"]
    assert chronicler.lines([], NOW + timedelta(seconds=29)) == []
    later = NOW + timedelta(seconds=plain_lines.BURST_S)
    assert said(chronicler.lines([], later)) == [
        "14:02:41 and then, not told one by one: 30 torrents without a tracker"
    ]
    assert chronicler.rest(later) == []
    again = replace(burst[0], at=later)
    assert said(chronicler.lines([again], later)) == ["14:02:41 t0 has none"]


def test_a_burst_of_many_kinds_is_a_few_lines_too():
    chronicler = plain_lines.Chronicler()
    kinds = (EventKind.STATE_CHANGED, EventKind.EXHAUSTED, EventKind.FAILED_OVER, EventKind.PROBLEM_OPENED)
    burst = [replace(event(n, kinds[n % 4], f"what {n}"), at=NOW) for n in range(40)]
    last = replace(event(41, EventKind.RECOVERED, "good news"), at=NOW)
    lines = said(chronicler.lines([*burst, last], NOW))
    assert lines[1:] == [*(f"14:02:11 what {n}" for n in range(plain_lines.BURST)), "14:02:11 good news"]
    (rest,) = said(chronicler.rest(NOW))
    assert rest == (
        "14:02:11 and then, not told one by one: 8 failovers, 8 new problems, 7 changes of state"
        " and 7 torrents without a tracker"
    )


def test_a_tracker_that_refuses_its_torrents_is_among_what_is_wrong():
    view = replace(WELL[0], refused=20, torrents=20, refused_kind=FailureKind.UNREGISTERED)
    assert "It refuses all 20 of its torrents: unregistered" in plain_lines.tracker_sentence(view, NOW)
    lines = said(plain_lines.summary(replace(rich_snapshot(), trackers=(view, *WELL[1:])), NOW))
    assert lines[1].startswith(f"tracker {view.tracker.host_port} is up")
    half = replace(view, refused=9)
    lines = said(plain_lines.summary(replace(rich_snapshot(), trackers=(half, *WELL[1:])), NOW))
    assert not lines[1].startswith("tracker")
    assert "It refuses 9 of its 20 torrents" in plain_lines.tracker_sentence(half, NOW)


def test_what_is_folded_at_the_end_is_told_and_what_was_lost_is_counted():
    chronicler = plain_lines.Chronicler()
    burst = [replace(event(n, EventKind.RECOVERED, f"t{n}"), at=NOW) for n in range(12)]
    assert said(chronicler.lines(burst, NOW, missing=3))[0] == "14:02:11 3 events came too fast to be told"
    assert said(chronicler.rest(NOW)) == ["14:02:11 and then, not told one by one: 2 recoveries"]


def test_hostile_text_is_one_clean_bounded_line():
    hostile = "evil\x1b[31m\n\u202etxt\u200b" + "A" * 5000
    told = plain_lines.Chronicler().lines([event(1, EventKind.STARTED, hostile)], NOW)[-1]
    assert told.startswith(told[:8] + " eviltxtAAA") or " evil txtAAA" in told
    assert told.removesuffix("\n").isprintable()
    assert len(told) == plain_lines.LIMIT_CHARS + 1


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-5, "0 seconds"), (1, "1 second"), (38, "38 seconds"), (840, "14 minutes"), (10800, "3 hours"), (2e6, "23 days")],
)
def test_spans_are_words(seconds, words):
    assert plain_lines.span(seconds) == words


def test_a_moment_of_another_day_has_its_date():
    assert plain_lines.moment(NOW - timedelta(days=2), NOW) == "14:02 on 12 March"
    assert plain_lines.moment(NOW - timedelta(days=200), NOW) == "14:02 on 26 August 2025"
