from dataclasses import replace

import pytest

from tests.tui.feeds import NOW, PLENTY, marked_trackers, rich_trackers, torrent, torrent_view, tracker, uptimes
from tests.tui.pasts import stretches
from trackerwatch.health.states import Health
from trackerwatch.outcome import NOTHING_KNOWN
from trackerwatch.tui.lines.columns import lay_out
from trackerwatch.tui.lines.ink import Ink, width_of
from trackerwatch.tui.lines.rows import (
    EVERYTHING_TOLD,
    NOTHING_TOLD,
    SPARK_CELLS,
    TORRENT_COLUMNS,
    Figures,
    told_of,
    torrent_cells,
    tracker_cells,
    tracker_columns,
)
from trackerwatch.tui.model.ordering import TorrentSort, TrackerSort

TRACKER_COLUMNS = tracker_columns(None)


@pytest.mark.parametrize("columns", [TRACKER_COLUMNS, TORRENT_COLUMNS])
@pytest.mark.parametrize("width", range(18, 240))
def test_columns_fit_every_width_and_come_once(columns, width):
    laid = lay_out(columns, width)
    keys = [column.key for column, _ in laid]
    assert len(keys) == len(set(keys))
    assert sum(cells + column.gap for column, cells in laid) - laid[-1][0].gap <= width


def test_80_columns_have_what_was_drawn():
    assert [c.title for c, _ in lay_out(TRACKER_COLUMNS, 79)] == [
        "STATE",
        "TRACKER",
        "PROTO",
        "ADDR",
        "TORR",
        "UP24H",
        "P95",
        "SINCE",
        "REASON",
    ]
    assert [c.title for c, _ in lay_out(TORRENT_COLUMNS, 79)] == [
        "STATE",
        "NAME",
        "SEED",
        "LEECH",
        "ACTIVE",
        "WORK",
        "SINCE",
    ]


def test_160_columns_have_everything():
    assert len(lay_out(TRACKER_COLUMNS, 159)) == 15
    assert len(lay_out(TORRENT_COLUMNS, 159)) == 10


def test_uptimes_that_nobody_has_a_figure_of_leave_their_room_to_others():
    nothing = tracker_columns(None, NOTHING_TOLD)
    assert [c.title for c, _ in lay_out(nothing, 79)][5:] == ["NEXT", "P95", "SINCE", "REASON"]
    assert not {"UP24H", "UP30D"} & {c.title for c, _ in lay_out(nothing, 159)}
    assert len({c.key for c, _ in lay_out(nothing, 159)}) == 13
    young = tracker(0, "udp://a.example:1/announce", uptimes=uptimes(1.0, known_s=420))
    assert told_of([young]) == NOTHING_TOLD
    a_day = tracker(0, "udp://a.example:1/announce", uptimes=uptimes(1.0, known_s=86400))
    assert told_of([young, a_day]) == Figures(day=True, month=False)
    assert told_of([a_day, tracker(0, "udp://b.example:1/announce", uptimes=uptimes(1.0, known_s=30 * 86400))]) == (
        EVERYTHING_TOLD
    )


def test_every_sort_is_a_column():
    assert {sort.value for sort in TrackerSort} <= {column.key for column in TRACKER_COLUMNS}
    assert {sort.value for sort in TorrentSort} <= {column.key for column in TORRENT_COLUMNS}


@pytest.mark.parametrize("view", rich_trackers())
def test_spans_of_a_cell_fill_it_exactly(view):
    cells = tracker_cells(view, NOW, SPARK_CELLS, brief=False)
    assert sum(width_of(span.text) for span in cells["recent"]) == SPARK_CELLS
    assert width_of(cells["state"].text) == 11


def test_being_asked_is_marked_behind_the_state():
    view = tracker(0, "udp://a.example:1/announce", Health.DEGRADED, asking=True)
    assert tracker_cells(view, NOW, 10, brief=True)["state"].text == "! DEGRADED>"


def test_unknown_is_a_question_mark_and_no_seeder_is_red():
    unknown = torrent_cells(torrent_view(0, torrent("t"), counts=NOTHING_KNOWN), NOW)
    assert [unknown[key].text for key in ("seeders", "leechers", "completed")] == ["?", "?", "?"]
    known = torrent_cells(torrent_view(0, torrent("t"), counts=PLENTY), NOW)
    assert [known[key].text for key in ("seeders", "leechers", "completed")] == ["41", "212", "4811"]
    fresh = tracker(0, "udp://a.example:1/announce", Health.UNKNOWN, endpoints=(), p50_s=None, uptime=None)
    cells = tracker_cells(fresh, NOW, 10, brief=True)
    assert (cells["endpoints"].text, cells["p95"].text, cells["up"].text) == ("?", "-", "n/a")
    assert known["seeders"].ink is Ink.PLAIN


def test_with_history_the_strip_is_of_three_hours():
    assert [c.title for c, _ in lay_out(tracker_columns(10800.0), 159)][5:10] == [
        "LAST 3H",
        "P50",
        "P95",
        "UP24H",
        "UP30D",
    ]
    assert [c.title for c, _ in lay_out(tracker_columns(300.0), 120)][5] == "LAST 5M"
    assert [c.title for c, _ in lay_out(tracker_columns(None), 120)][5] == "LAST"
    view = tracker(0, "udp://a.example:1/announce", recent=(0.1,) * 9)
    cells = tracker_cells(view, NOW, 6, brief=False, past=stretches("#-x ##"))
    assert "".join(span.text for span in cells["recent"]) == "█▄x·██"
    blank = tracker_cells(view, NOW, 6, brief=False, past=())
    assert "".join(span.text for span in blank["recent"]) == "      "


@pytest.mark.parametrize("view", marked_trackers())
@pytest.mark.parametrize("brief", [True, False])
def test_marks_fill_no_more_than_their_cells(view, brief):
    cells = tracker_cells(view, NOW, SPARK_CELLS, brief=brief)
    assert width_of(cells["state"].text) == 11
    assert width_of(cells["up"].text) <= (5 if brief else 7)
    assert width_of(cells["up30"].text) <= 7


def test_a_tier_is_told_alone_as_in_reports():
    moved = torrent_view(0, torrent("t", (("udp://a.example:1",), ("udp://b.example:1",))), active=1)
    assert torrent_cells(moved, NOW)["tier"].text == "1"
    assert torrent_cells(replace(moved, failover=replace(moved.failover, active_tier=None)), NOW)["tier"].text == "-"
