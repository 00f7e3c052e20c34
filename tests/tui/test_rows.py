import pytest

from tests.tui.feeds import NOW, PLENTY, rich_trackers, torrent, torrent_view, tracker
from trackerwatch.health.states import Health
from trackerwatch.outcome import NOTHING_KNOWN
from trackerwatch.tui.ink import Ink, width_of
from trackerwatch.tui.ordering import TorrentSort, TrackerSort
from trackerwatch.tui.rows import SPARK_CELLS, TORRENT_COLUMNS, TRACKER_COLUMNS, torrent_cells, tracker_cells
from trackerwatch.tui.widgets.table import lay_out


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
        "P95",
        "UP",
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
    assert len(lay_out(TRACKER_COLUMNS, 159)) == 13
    assert len(lay_out(TORRENT_COLUMNS, 159)) == 10


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
    assert (cells["endpoints"].text, cells["p95"].text, cells["up"].text) == ("?", "-", "-")
    assert known["seeders"].ink is Ink.PLAIN
