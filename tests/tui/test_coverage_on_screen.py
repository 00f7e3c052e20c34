from dataclasses import replace

import pytest

from tests.tui.feeds import EXAMPLE, FOO, answer, rich_snapshot, snapshot, torrent, torrent_view, tracker
from tests.tui.screens import show
from trackerwatch.failover.states import Role
from trackerwatch.outcome import NOTHING_KNOWN, FailureKind, SwarmCounts
from trackerwatch.policy.rules import Verdict
from trackerwatch.tui.lines.arrangement import Pane
from trackerwatch.tui.screens.coverage import CoverageScreen

TRACKERS = (tracker(0, EXAMPLE, torrents=9), tracker(1, FOO, torrents=12))


def matrix(count=12, *, version=1, seeders=40):
    """Torrents on two trackers: the third is not registered with the second, the fifth told of otherwise."""
    views = []
    for n in range(count):
        first = answer(TRACKERS[0], 0, 0, Role.ACTIVE, SwarmCounts(seeders, 1, 1))
        second = answer(TRACKERS[1], 1, 0, Role.BACKUP, SwarmCounts(0 if n == 4 else seeders, 1, 1))
        if n == 2:
            second = answer(TRACKERS[1], 1, 0, Role.FAILED, NOTHING_KNOWN, FailureKind.UNREGISTERED, "unknown torrent")
        views.append(torrent_view(n, torrent(f"t{n}", ((EXAMPLE,), (FOO,))), answers=(first, second)))
    return snapshot(TRACKERS, views, version=version)


def many(count):
    urls = [f"udp://t{n}.example:6969/announce" for n in range(count)]
    trackers = tuple(tracker(n, url, torrents=100 - n) for n, url in enumerate(urls))
    one = torrent_view(0, torrent("t", tuple((url,) for url in urls)))
    return snapshot(trackers, [one])


def coverage_of(shown):
    assert isinstance(shown.app.screen, CoverageScreen)
    return shown.app.screen


def row_of(shown, name):
    """What stands behind the glyph of a torrent's state, without the title line."""
    found = next(line for line in shown.lines if line.split()[1:2] == [name])
    return found[2:]


async def searched(shown):
    await shown.app.workers.wait_for_complete()
    await shown.settle()


async def test_v_shows_every_torrent_against_every_tracker():
    async with show(matrix()) as shown:
        await shown.press("2", "v")
        assert coverage_of(shown)
        assert shown.lines[0].split() == ["Coverage", "12", "torrents", "(all)", "trackers", "1-2", "of", "2"]
        # The most used tracker is the first column.
        assert row_of(shown, "t0").split() == ["t0", "│+", "40", "+", "40"]
        heads = shown.lines[1]
        assert heads.index("1 tracker.foo.org") < heads.index("2 ")
        # Cells stand below their titles, however wide the columns are.
        assert row_of(shown, "t0").rindex("+") == heads.rindex("+") - 2
        assert row_of(shown, "t2").split() == ["t2", "│x", "not", "+", "40"]
        assert row_of(shown, "t4").split() == ["t4", "│!", "0", "+", "40"]
        assert any("1 + tracker.foo.org:6969 udp" in line and "2 + tracker.example.org" in line for line in shown.lines)


async def test_the_cursor_goes_to_a_cell_and_says_what_it_is():
    async with show(matrix()) as shown:
        await shown.press("2", "v", "j", "j")
        assert " x not registered  tracker.foo.org:6969 udp: unknown torrent, 4s ago" in shown.lines
        await shown.press("right")
        assert " + registered, 40 seeders  tracker.example.org:1337 udp, 4s ago" in shown.lines
        await shown.press("l")
        assert coverage_of(shown).column == 1
        await shown.press("h")
        assert coverage_of(shown).column == 0


async def test_only_rows_that_disagree_are_found_in_slices_and_all_come_back():
    async with show(matrix(60)) as shown:
        await shown.press("2", "v", "f")
        await searched(shown)
        assert list(coverage_of(shown).table.order) == [2, 4]
        assert "(2 disagree)" in shown.lines[0]
        await shown.press("f")
        assert len(coverage_of(shown).table.order) == 60


async def test_where_all_agree_that_is_said():
    async with show(matrix(2)) as shown:
        await shown.press("2", "v", "f")
        await searched(shown)
        assert "the trackers of all these torrents agree: f shows all" in shown.text


async def test_enter_goes_to_the_torrent_and_escape_comes_back_to_where_one_was():
    async with show(matrix()) as shown:
        await shown.press("1", "v", "j", "j", "j", "enter")
        assert shown.app.screen is shown.main
        assert shown.main.pane is Pane.TORRENTS
        assert shown.main.torrents.cursor_key == 3
        await shown.press("v")
        assert coverage_of(shown).table.cursor_key == 3
        await shown.press("j", "escape")
        assert shown.app.screen is shown.main
        assert shown.main.torrents.cursor_key == 3
        for key in ("q", "v"):
            await shown.press("v", key)
            assert shown.app.screen is shown.main


async def test_enter_unfolds_the_group_of_the_torrent():
    async with show(matrix()) as shown:
        await shown.press("2", "t", "Z")
        if any(key >= 0 for key in shown.main.torrents.order):
            await shown.press("Z")
        assert [key for key in shown.main.torrents.order if key >= 0] == []
        await shown.press("v", "home", "j", "enter")
        assert shown.main.torrents.cursor_key == 1


async def test_the_cursor_starts_at_the_selected_tracker():
    async with show(matrix()) as shown:
        await shown.press("1")
        shown.main.trackers.select(0)
        await shown.press("v")
        screen = coverage_of(shown)
        assert screen._trackers[screen.column] == 0


async def test_data_that_comes_is_shown_and_the_cursor_stays():
    async with show(matrix()) as shown:
        await shown.press("2", "v", "j", "right")
        await shown.post(matrix(version=2, seeders=77), later_s=2, torrents=None)
        assert row_of(shown, "t0").split()[1:] == ["+", "77", "│+", "77"]
        assert coverage_of(shown).table.cursor_key == 1
        assert coverage_of(shown).column == 1


async def test_a_tracker_that_is_watched_no_more_loses_its_column_and_a_new_one_comes_last():
    async with show(matrix()) as shown:
        await shown.press("2", "v", "right")
        new = tracker(2, "udp://new.example:1/announce", torrents=99)
        changed = replace(matrix(version=2), trackers=(replace(TRACKERS[0], retired=True), TRACKERS[1], new))
        await shown.post(changed, later_s=2, torrents=None)
        assert coverage_of(shown)._trackers == [1, 2]
        assert coverage_of(shown).column == 1
        assert "new.example" in shown.lines[1]


async def test_columns_scroll_sideways_to_the_last_and_no_further():
    async with show(many(30)) as shown:
        await shown.press("2", "v")
        assert "trackers 1-8 of 30" in shown.lines[0]
        await shown.press(*["right"] * 40)
        assert coverage_of(shown).column == 29
        assert "trackers 23-30 of 30" in shown.lines[0]
        assert any("30 + t29.example:6969 udp" in line for line in shown.lines)
        await shown.press(*["left"] * 40)
        assert "trackers 1-8 of 30" in shown.lines[0]


async def test_a_click_on_a_number_goes_to_that_tracker():
    async with show(many(30)) as shown:
        await shown.press("2", "v")
        heads = shown.lines[1]
        await shown.pilot.click("#matrix", offset=(heads.index(" 4") + 1, 0))
        await shown.settle()
        assert coverage_of(shown).column == 3


async def test_a_click_on_a_cell_goes_to_its_row_and_tracker():
    async with show(matrix()) as shown:
        await shown.press("2", "v")
        row = shown.lines.index(next(line for line in shown.lines if line.startswith("+ t2 ")))
        await shown.pilot.click("#matrix", offset=(shown.lines[row].index("+  40") + 2, row - 1))
        await shown.settle()
        assert (coverage_of(shown).table.cursor_key, coverage_of(shown).column) == (2, 1)


async def test_ten_thousand_rows_ask_for_those_in_sight_alone():
    view = torrent_view(0, torrent("t", ((EXAMPLE,),)), Verdict.OK)
    rows = [replace(view, index=n) for n in range(10_000)]
    async with show(snapshot(TRACKERS, rows)) as shown:
        await shown.press("2")
        looked_at = shown.app.picture.snapshot.torrents.looked_at
        looked_at.clear()
        await shown.press("v", "G", "right")
        assert coverage_of(shown).table.cursor == 9_999
        assert len(looked_at) < 80


@pytest.mark.parametrize("size", [(20, 5), (40, 12), (80, 24), (120, 35), (200, 60)])
async def test_coverage_at_every_size(size):
    async with show(rich_snapshot(), size=size) as shown:
        await shown.press("2", "f", "v", "j", "right", "right", "G")
        assert len(shown.lines) == size[1]
        assert all(len(line) <= size[0] for line in shown.lines)
        await shown.pilot.resize_terminal(33, 7)
        await shown.settle()
        await shown.press("right", "g", "g", "f")
        await searched(shown)
        await shown.press("escape")
        assert shown.app.screen is shown.main


async def test_without_torrents_or_trackers_it_says_so():
    async with show(snapshot()) as shown:
        await shown.press("v", "right", "j", "f", "f")
        await searched(shown)
        assert "no torrents" in shown.text
        assert "no trackers" in shown.text
        await shown.press("escape")
        assert shown.app.screen is shown.main
