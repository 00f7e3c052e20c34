from dataclasses import replace

import pytest

from tests.tui.feeds import NOW, before, event, torrent, tracker
from tests.tui.pasts import AT, GAPS, OUTAGES, moved, torrent_past, tracker_past
from trackerwatch.engine.views import Disabled, EventKind
from trackerwatch.history import Outage
from trackerwatch.tui.lines.past import (
    MOST_MOVES,
    MOST_OUTAGES,
    TorrentPast,
    TrackerPast,
    latest_round,
    outage_lines,
    strip_lines,
    timeline_lines,
)

VIEW = tracker(0, "udp://a.example:6969/announce", recent=(0.02, 0.04, None, 0.02))
ONE = torrent("t")


def texts(lines):
    return ["".join(span.text for span in line) for line in lines]


def loaded(**what):
    return TrackerPast(loaded=True, day=tracker_past(**what), month=tracker_past(cells=30, **what))


# -- strips ------------------------------------------------------------------------------------------------------------


def test_where_no_history_is_kept_it_says_so_and_shows_this_run():
    told = texts(strip_lines(VIEW, TrackerPast(kept=False), NOW, 80))
    assert told[0] == "  history     not kept (no store): what follows is of this run"
    assert told[1] == "              last 4 rounds, now at the right"
    assert told[-1].endswith("0 ▇█x▇") or told[-1].endswith("0 ██x█")


def test_reading_and_nothing_stored_are_said():
    assert texts(strip_lines(VIEW, TrackerPast(), NOW, 80))[0] == "  history     reading"
    assert texts(strip_lines(VIEW, TrackerPast(loaded=True), NOW, 80))[0] == "  history     nothing is written down yet"
    fresh = replace(VIEW, recent=())
    assert len(strip_lines(fresh, TrackerPast(loaded=True), NOW, 80)) == 1


def test_day_and_month_with_their_axes():
    told = texts(strip_lines(VIEW, loaded(), NOW, 80))
    assert told[0].startswith("  24 h        ███")
    assert [line[:14].strip() for line in told] == ["24 h", "160ms", "p50█ p95░", "0", "", "UTC", "30 d", "", "UTC", ""]
    # What is not known is blank in the chart, at the cells of the strip above it.
    gap = told[0].index("·")
    assert all(told[line][gap] == " " for line in (1, 2, 3))
    assert told[4].endswith("now")
    assert told[-1] == "              █ answered  ▄ partly failed  x failed  · not known"


def test_a_day_of_failures_has_no_latency():
    told = texts(strip_lines(VIEW, loaded(marks="xxxx    "), NOW, 80))
    assert [line[:14].strip() for line in told] == ["24 h", "", "UTC", "30 d", "", "UTC", ""]


# -- outages -----------------------------------------------------------------------------------------------------------


def test_outages_are_listed_the_latest_first():
    assert texts(outage_lines(loaded(outages=OUTAGES, gaps=GAPS), NOW)) == [
        "  outages     13:47 goes on  14m  refused",
        "              05 Mar 14:02 to 15:02  60m  timeout  192.0.2.7:6969",
        "  not counted 05:42 for 5h  this machine slept",
        "",
    ]


def test_an_outage_over_midnight_names_both_days():
    over = Outage(None, AT - 3 * 86400, AT - 2 * 86400, "dns_timeout")
    assert texts(outage_lines(loaded(outages=(over,)), NOW))[0] == (
        "  outages     11 Mar 14:02 to 12 Mar 14:02  24h  dns timeout"
    )


def test_many_outages_are_cut_and_none_is_said():
    many = [Outage(None, AT - n * 100, AT - n * 100 + 50, "timeout") for n in range(40, 0, -1)]
    told = texts(outage_lines(loaded(outages=many), NOW))
    assert len(told) == MOST_OUTAGES + 2
    assert told[-2].strip() == "and 28 before"
    assert texts(outage_lines(loaded(), NOW))[0] == "  outages     none is written down"
    assert outage_lines(TrackerPast(kept=False), NOW) == []


def test_odd_times_of_a_store_are_times_all_the_same():
    odd = (Outage(None, -5.0, 1e30, "timeout"), Outage(None, 1e18, None, "?"))
    assert len(texts(outage_lines(loaded(outages=odd), NOW))) == 3


# -- the timeline of a torrent -----------------------------------------------------------------------------------------


def test_no_moves():
    assert texts(timeline_lines(ONE, TorrentPast(kept=False), (), NOW)) == [
        "  moves       not kept (no store): what follows is of this run"
    ]
    empty = TorrentPast(loaded=True, history=torrent_past())
    assert texts(timeline_lines(ONE, empty, (), NOW)) == ["  moves       none is known: it stays where it is"]
    assert texts(timeline_lines(ONE, TorrentPast(), (), NOW)) == ["  moves       reading"]


@pytest.mark.parametrize(("apart_s", "lines"), [(0.0, 1), (1.9, 1), (2.1, 2)])
def test_what_is_stored_and_an_event_too_is_one_move(apart_s, lines):
    stored = TorrentPast(loaded=True, history=torrent_past(moved(600, "failed_over", "stored")))
    same = replace(event(1, EventKind.FAILED_OVER, "event", ago_s=600 - apart_s), torrent=ONE)
    assert len(timeline_lines(ONE, stored, (same,), NOW)) == lines


def test_many_moves_are_cut():
    stored = torrent_past(*(moved(100 * n, "failed_over", f"move {n}") for n in range(50, 0, -1)))
    told = texts(timeline_lines(ONE, TorrentPast(loaded=True, history=stored), (), NOW))
    assert len(told) == MOST_MOVES + 1
    assert "move 1  now, for 100s" in told[0]
    assert "move 20  for 100s" in told[MOST_MOVES - 1]
    assert told[-1].strip() == "and 30 before"


def test_a_strip_goes_on_with_the_latest_round_until_the_next_is_due():
    view = tracker(0, "udp://a.example:1/announce", recent=(0.1,), next_s=60)
    view = replace(view, last_probe_at=before(840))
    last = latest_round(view, NOW)
    assert (last.at, last.answered, last.until) == (before(840).timestamp(), True, NOW.timestamp())
    overdue = latest_round(tracker(0, "udp://a.example:1/announce", recent=(None,), next_s=-600), NOW)
    assert (overdue.answered, overdue.until) == (False, NOW.timestamp() - 540)
    for more in ({"recent": ()}, {"recalled_at": NOW}, {"disabled": Disabled("")}, {"retired": True}):
        assert latest_round(replace(view, **more), NOW) is None
