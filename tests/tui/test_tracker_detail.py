from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.tui.feeds import NOW, before, endpoint, figure, marked_trackers, rich_trackers, tracker
from tests.tui.pasts import GAPS, OUTAGES, tracker_past
from trackerwatch.engine.views import Disabled, Effect, Mute, OrderSource
from trackerwatch.failover.states import FailoverState
from trackerwatch.health.states import Health
from trackerwatch.meanings import meaning
from trackerwatch.outcome import FailureKind
from trackerwatch.tui.lines import states
from trackerwatch.tui.lines import tracker_detail as detail
from trackerwatch.tui.lines.ink import Ink, line_width
from trackerwatch.tui.lines.past import TrackerPast

TRACKERS = rich_trackers()
URL = "udp://a.example:6969/announce"
NOT_KEPT = TrackerPast(kept=False)


def text(lines):
    return "\n".join("".join(span.text for span in line) for line in lines)


def test_a_down_tracker_tells_what_it_hits():
    told = text(detail.tracker_lines(TRACKERS[1], NOW, 80, NOT_KEPT))
    assert "x DOWN for 14m, since 13:47: refused x5: Connection refused" in told
    assert "Hits 5,120 torrents: 5,076 keep their tracker, 41 failed over, 3 with none left" in told
    assert "last 40 rounds" in told


def test_a_few_of_the_torrents_that_it_hits_are_named():
    hit = [(FailoverState.EXHAUSTED, "lost [b]one[/]"), (FailoverState.FAILED_OVER, "moved")]
    told = text(detail.tracker_lines(TRACKERS[1], NOW, 80, NOT_KEPT, hit)).splitlines()
    at = next(n for n, line in enumerate(told) if line.startswith(" Hits"))
    assert told[at + 1 : at + 4] == [
        "   x none left   lost [b]one[/]",
        "   ! failed over moved",
        "   and 42 more: enter on the tracker lists them all",
    ]


def test_a_tracker_never_shows_its_passkey():
    told = text(detail.tracker_lines(TRACKERS[2], NOW, 80, NOT_KEPT))
    assert "https://t2.bar.net/…/announce" in told
    assert "0123456789abcdef" not in told
    assert "EXPIRED 2m ago" in told


def test_a_fresh_tracker_says_that_nothing_is_known():
    fresh = tracker(
        0, URL, Health.UNKNOWN, p50_s=None, uptime=None, since_s=None, last_s=None, next_s=None, endpoints=()
    )
    told = text(
        detail.tracker_lines(
            replace(fresh, interval_s=None, min_interval_s=None, scrape_supported=None), NOW, 80, NOT_KEPT
        )
    )
    assert "no address known yet" in told
    assert "last ok     never" in told
    assert "scrape      not known yet" in told
    assert "interval    -  min -  not said" in told
    assert "0ms" not in told


def test_effect_of_a_working_tracker_and_of_none():
    assert "Serves 9 torrents: 9 unaffected" in text(
        detail.tracker_lines(tracker(0, URL, torrents=9), NOW, 80, NOT_KEPT)
    )
    assert "no torrent lists it" in text(detail.tracker_lines(tracker(0, URL), NOW, 80, NOT_KEPT))
    odd = tracker(0, URL, Health.DOWN, torrents=2, effect=Effect(0, 0, 0, 2))
    assert "Hits 2 torrents: 2 not known yet" in text(detail.tracker_lines(odd, NOW, 80, NOT_KEPT))


def test_a_tracker_strip_with_room_says_what_that_means_and_what_to_do():
    view = tracker(0, URL, Health.DOWN, kind=FailureKind.NOT_BENCODE, endpoints=(endpoint("192.0.2.1"),))
    found = meaning(FailureKind.NOT_BENCODE)
    assert text(detail.tracker_strip(view, NOW, 2)).endswith(" no torrent lists it")
    assert text(detail.tracker_strip(view, NOW, 3)[2:]) == f" do    {found.do}"
    assert text(detail.tracker_strip(view, NOW, 5)[2:4]) == f" means {found.means}\n do    {found.do}"
    assert detail.tracker_strip(view, NOW, 5)[4] == ()
    assert detail.tracker_strip(tracker(0, URL), NOW, 5)[2:] == [(), (), ()]


def test_a_tracker_strip_ends_in_the_effect():
    lines = detail.tracker_strip(TRACKERS[1], NOW, 3)
    assert text(lines[:1]) == " x 192.0.2.7:6969  refused: Connection refused  last ok 14m ago  5 in a row"
    assert text(lines[1:2]).endswith("not counted")
    assert lines[0][0].ink is Ink.BAD
    assert text(lines[2:]).startswith(" Hits 5,120 torrents")


def test_next_try_of_an_address():
    view = tracker(0, URL, endpoints=(replace(endpoint("192.0.2.1"), next_probe_at=None),), next_s=None)
    told = text(detail.tracker_lines(view, NOW, 80, NOT_KEPT))
    assert "next" not in told
    assert detail.tracker_title(view, NOW) == "a.example:6969 udp"
    assert detail.tracker_title(replace(view, asking=True), NOW) == "a.example:6969 udp | asking now"
    assert FailureKind.TIMEOUT not in told


def test_a_tracker_strip_has_the_height_asked_for():
    for height in (1, 3, 5):
        assert len(detail.tracker_strip(TRACKERS[1], NOW, height)) == height


def test_uptime_says_coverage_and_n():
    known = (figure("1h", 1.0), figure("24h", 0.99, 0.9), figure("7d", 1.0, 0.31), figure("30d", None))
    view = tracker(0, URL, uptimes=known)
    line = next(line for line in text(detail.tracker_lines(view, NOW, 120, NOT_KEPT)).splitlines() if "uptime" in line)
    assert line == "  uptime      1h 100% (n=4)  24h 98.8% (n=86)  7d n/a (seen 31%)  30d n/a"
    line = next(line for line in text(detail.tracker_lines(view, NOW, 72, NOT_KEPT)).splitlines() if "uptime" in line)
    assert line == "  uptime      1h 100%  24h 98.8% (n=86)  7d n/a (seen 31%)  30d n/a"


def test_without_figures_uptime_is_of_this_run():
    assert "uptime      91.0% of this run" in text(
        detail.tracker_lines(tracker(0, URL, uptime=0.91, uptimes=()), NOW, 80, NOT_KEPT)
    )


def test_marks_are_told_in_words():
    flapping, muted, recalled, noted = marked_trackers()[5:9]
    assert "+UP%FLAP for 24h, since 13 Mar 14:02; flapping: it changes too often" in text(
        detail.tracker_lines(flapping, NOW, 80, NOT_KEPT)
    )
    told = text(detail.tracker_lines(muted, NOW, 80, NOT_KEPT))
    assert " = MUTED until 1 Dec (moving house); x DOWN" in told
    assert "(+) UP for 3d, since 11 Mar 14:02; remembered from 2h ago, not seen again yet" in text(
        detail.tracker_lines(recalled, NOW, 80, NOT_KEPT)
    )
    told = text(detail.tracker_lines(noted, NOW, 80, NOT_KEPT))
    assert " udp port moved to 1338 by DNS (BEP 34)" in told
    assert "  your own" in told.splitlines()[0]


def test_a_mute_that_ends_today_or_never():
    view = tracker(0, URL, muted=Mute(datetime(2026, 3, 14, 15, 2, tzinfo=UTC), ""))
    assert " = MUTED until 15:02; + UP" in text(detail.tracker_lines(view, NOW, 80, NOT_KEPT))
    endless = replace(view, muted=Mute(None, "[b]why[/b]"))
    assert " = MUTED no end set ([b]why[/b]); + UP" in text(detail.tracker_lines(endless, NOW, 80, NOT_KEPT))


@pytest.mark.parametrize("width", [40, 66, 80, 104])
def test_the_past_is_strips_a_chart_and_outages(width):
    past = TrackerPast(
        loaded=True, day=tracker_past(outages=OUTAGES, gaps=GAPS), month=tracker_past(cells=30, outages=OUTAGES)
    )
    lines = detail.tracker_lines(TRACKERS[1], NOW, width, past)
    told = text(lines)
    assert "  24 h        ████████████▄▄██████xxxx███████··········███████" in told
    assert "goes on" in told
    assert before(852).strftime("%H:%M") in told
    assert "last 40 rounds" not in told
    assert all(line_width(line) < 400 for line in lines)


def test_what_you_ordered_stands_with_it():
    off = tracker(0, URL, Health.UNKNOWN, disabled=Disabled("moved", OrderSource.HAND, before(852)))
    assert text([detail.state_line(off, NOW)]) == (
        " - DISABLED since 13:47 (moved): nothing is sent to it; d asks it again"
    )
    assert [text([line]) for line in detail.tracker_strip(off, NOW, 3)] == [
        " - DISABLED since 13:47 (moved): nothing is sent to it; d asks it again",
        " no torrent lists it",
        "",
    ]
    muted = tracker(0, URL, muted=Mute(None, "noise"), torrents=3)
    told = [text([line]) for line in detail.tracker_strip(muted, NOW, 3)]
    assert told[0].startswith(" = MUTED no end set (noise); + UP")
    assert told[1].startswith(" + 192.0.2.1:6969")
    assert told[2].startswith(" Serves 3 torrents")
    assert len(detail.tracker_strip(off, NOW, 1)) == len(detail.tracker_strip(muted, NOW, 1)) == 1
    wished = tracker(0, URL, interval_wish_s=7200.0, added=True)
    lines = text(detail.tracker_lines(wished, NOW, 80, NOT_KEPT)).splitlines()
    (interval,) = [line for line in lines if line.startswith("  interval")]
    assert interval.endswith("; asked every 2h by your wish; watched for this run alone")


@pytest.mark.parametrize(
    ("refused", "torrents", "told"),
    [
        (20, 20, " Refuses all 20 of its torrents (unregistered): 18 failed over, 2 with no tracker left"),
        (15, 20, " Refuses 15 of its 20 torrents (unregistered): 18 failed over, 2 with no tracker left"),
        (1, 20, " Serves 20 torrents: 18 failed over, 2 with no tracker left"),
    ],
)
def test_a_tracker_that_refuses_says_what_and_why(refused, torrents, told):
    view = tracker(
        0, URL, torrents=torrents, effect=Effect(0, 18, 2, 0), refused=refused, refused_kind=FailureKind.UNREGISTERED
    )
    assert text([detail.effect_line(view)]) == told


def test_a_tracker_that_refuses_has_a_state_and_a_reason_of_its_own():
    view = tracker(0, URL, torrents=20, refused=20, refused_kind=FailureKind.UNREGISTERED)
    assert text([detail.state_line(view, NOW)]).startswith(" ! REFUSES")
    assert states.tracker_reason(view) == "refuses 20/20: unregistered"
    assert states.tracker_reason(view, brief=True) == "unregistered"
    slow = replace(view, state=Health.DEGRADED, reasons=("slow",))
    assert states.tracker_reason(slow) == "refuses 20/20: unregistered, slow"


def test_the_strip_of_a_tracker_that_refuses_says_what_that_means():
    view = tracker(0, URL, torrents=20, refused=20, refused_kind=FailureKind.UNREGISTERED)
    told = text(detail.tracker_strip(view, NOW, 5))
    assert "Refuses all 20 of its torrents (unregistered)" in told
    assert meaning(FailureKind.UNREGISTERED).means in told
