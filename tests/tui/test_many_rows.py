"""The main screen with more torrents than are sorted at one go."""

from tests.tui.feeds import snapshot, torrent, torrent_view, tracker
from tests.tui.screens import show
from trackerwatch.policy.rules import Verdict
from trackerwatch.tui.model.ordering import TorrentSort

A = "udp://a.example:6969/announce"
MANY = snapshot(
    (tracker(0, A),),
    [torrent_view(n, torrent(f"t{n:04}", ((A,),)), Verdict.WARNING) for n in range(7000)],
)


async def sorted_out(s):
    while s.app.picture.ordering:
        await s.pilot.pause(0.001)
    await s.settle()


async def test_keys_are_answered_while_it_sorts():
    async with show(MANY) as s:
        await s.press("2", "j")
        assert len(s.main.torrents.order) == 7000, "the first picture is whole"
        s.app.picture.torrent_sort, s.app.picture.torrents_reversed = TorrentSort.NAME, True
        s.main.criteria_changed()
        assert s.app.picture.ordering
        s.main.torrents.action_move(1)
        assert s.main.torrents.cursor == 2
        assert s.main.torrents.order[0] == 0, "the old order stands until the new one is there"
        await sorted_out(s)
        assert s.main.torrents.cursor_key == 2, "the cursor stays on its row"
        assert s.main.torrents.cursor == 6997


async def test_criteria_that_change_meanwhile_throw_the_older_away():
    async with show(MANY) as s:
        await s.press("2")
        s.main.set_filter("t1")
        assert s.app.picture.ordering
        s.main.set_filter("t49")
        await sorted_out(s)
        assert s.app.picture.torrent_order.matched == 100
        assert len(s.main.torrents.order) == 100
        assert "100/7,000" in s.text


async def test_another_pane_is_no_reason_to_paint_the_whole_screen():
    async with show(MANY, size=(120, 40)) as s:
        painted = []
        refresh = s.main.refresh
        s.main.refresh = lambda *regions, **how: painted.append(regions) or refresh(*regions, **how)
        await s.press("tab", "tab")
        assert painted == []


async def test_another_pane_changes_two_titles_and_two_cursors_and_works_out_no_styles():
    async with show(MANY, size=(120, 40)) as s:
        await s.press("1")
        styled, laid_out = [], []
        s.app.stylesheet.update_nodes = lambda nodes, **how: styled.append((nodes, how))
        s.main._refresh_layout = lambda *size, **how: laid_out.append((size, how))
        rows = s.main.trackers.rows_drawn, s.main.torrents.rows_drawn
        before = backgrounds(s.main.trackers), backgrounds(s.main.torrents)
        await s.press("2")
        after = backgrounds(s.main.trackers), backgrounds(s.main.torrents)
        assert s.main.focused is s.main.torrents
        assert (s.main.trackers.rows_drawn, s.main.torrents.rows_drawn) == rows, "no cell was asked for"
        assert (styled, laid_out) == ([], [])
        with_keys, without = before[0][0], before[1][0]
        assert with_keys != without
        assert (after[0][0], after[1][0]) == (without, with_keys)
        assert (after[0][1:], after[1][1:]) == (before[0][1:], before[1][1:])


def backgrounds(table):
    """What the rows in view have behind them, the one under the cursor first."""
    return [{segment.style.bgcolor for segment in table.render_line(y)} for y in range(1, min(4, len(table.order) + 1))]


async def test_a_minute_repaints_the_cells_whose_text_changes():
    async with show(MANY, size=(120, 40)) as s:
        await s.press("2")
        regions = []
        refresh = s.main.torrents.refresh
        s.main.torrents.refresh = lambda *parts, **how: regions.append(parts) or refresh(*parts, **how)
        s.clock.advance(60)
        s.app.tick()
        [[region]] = regions
        assert (region.y, region.height) == (1, len(s.main.torrents.visible_keys())), "all rows at one go"
        assert region.width == 5, "the ages alone"
        await s.settle()
