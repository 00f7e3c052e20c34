import pytest

from trackerwatch.tui.lines.arrangement import MOST_RECENT, Pane, arrange


@pytest.mark.parametrize(
    ("width", "height", "everything"),
    [(120, 36, True), (119, 36, False), (120, 35, False), (160, 48, True), (80, 24, False)],
)
def test_all_panes_from_120_by_36(width, height, everything):
    plan = arrange(width, height, Pane.TORRENTS, zoomed=False, trackers=14)
    assert plan.all_panes is everything
    assert plan.panes == (frozenset(Pane) if everything else {Pane.TORRENTS})


def test_zoom_is_one_pane_at_any_size():
    assert arrange(200, 60, Pane.EVENTS, zoomed=True, trackers=3).panes == {Pane.EVENTS}


@pytest.mark.parametrize("trackers", [0, 3, 14, 5000])
@pytest.mark.parametrize("height", [36, 48, 60, 100])
def test_every_pane_keeps_room(height, trackers):
    plan = arrange(160, height, Pane.TRACKERS, zoomed=False, trackers=trackers)
    left_for_torrents = height - 6 - plan.trackers - plan.bottom
    assert left_for_torrents >= 5
    assert plan.trackers >= 5
    assert plan.bottom >= 12


@pytest.mark.parametrize("height", range(1, 36))
@pytest.mark.parametrize("pane", Pane)
def test_one_pane_always_has_a_line(height, pane):
    plan = arrange(80, height, pane, zoomed=False, trackers=14)
    strips = (plan.strip + 1 if plan.strip else 0) + (plan.recent + 1 if plan.recent else 0)
    used = plan.header + plan.problem + plan.tabs + plan.keys + strips
    assert height - used >= 1
    if pane in (Pane.TRACKERS, Pane.TORRENTS) and height >= 3:
        assert height - used >= 2


def test_80_by_24_has_eleven_rows_as_drawn():
    plan = arrange(80, 24, Pane.TRACKERS, zoomed=False, trackers=14)
    assert (plan.strip, plan.recent) == (3, 3)


def test_our_own_troubles_get_lines_of_their_own():
    for width, height in ((80, 24), (160, 48)):
        assert arrange(width, height, Pane.TRACKERS, zoomed=False, trackers=9).ours == 0
        assert arrange(width, height, Pane.TRACKERS, zoomed=False, trackers=9, troubles=2).ours == 2
    assert arrange(80, 5, Pane.TRACKERS, zoomed=False, trackers=9, troubles=2).ours == 0


def test_room_that_no_table_needs_goes_to_details_and_events():
    large = arrange(160, 48, Pane.TRACKERS, zoomed=False, trackers=6, torrents=7)
    # Every torrent, titles and a line still fit.
    assert (large.trackers, large.bottom) == (7, 42 - 7 - 9)
    assert arrange(160, 48, Pane.TRACKERS, zoomed=False, trackers=6, torrents=5000).bottom == 14
    assert arrange(160, 48, Pane.TRACKERS, zoomed=False, trackers=6, torrents=0).bottom == 42 - 7 - 5
    compact = arrange(120, 35, Pane.TRACKERS, zoomed=False, trackers=10, torrents=5000)
    assert compact.recent == 12
    assert arrange(120, 35, Pane.TRACKERS, zoomed=False, trackers=3, torrents=3).recent == MOST_RECENT
    assert arrange(120, 35, Pane.TORRENTS, zoomed=False, trackers=10, torrents=5000).recent == 5
    assert arrange(80, 24, Pane.TRACKERS, zoomed=False, trackers=10, torrents=16).recent == 3


def test_room_follows_what_is_shown():
    few, all_ = (arrange(160, 48, Pane.TORRENTS, zoomed=False, trackers=6, torrents=n) for n in (3, 60))
    assert few.bottom > all_.bottom
