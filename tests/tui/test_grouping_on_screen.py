from dataclasses import replace

import pytest

from tests.tui.feeds import EXAMPLE, in_folders, snapshot, tracker
from tests.tui.screens import show
from trackerwatch.engine.commands import ProbeNow
from trackerwatch.tui.lines.arrangement import Pane


def row_of(shown, text):
    return next(line for line in shown.lines if text in line)


def headings(shown):
    return [key for key in shown.main.torrents.order if key < 0]


async def test_t_groups_torrents_by_folder_and_t_again_does_not():
    async with show(in_folders(), size=(80, 24)) as shown:
        await shown.press("2")
        before = list(shown.main.torrents.order)
        await shown.press("t")
        assert len(headings(shown)) == 3
        row = row_of(shown, "▾ archive")
        assert row.startswith("x CRITICAL ▾ archive ")
        assert "2 crit" in row or "1 crit" in row
        assert row_of(shown, "linux-archive").startswith("x EXHAUST    linux-archive")
        assert "by folder, worst first" in shown.text or "attention" in shown.text
        await shown.press("t")
        assert list(shown.main.torrents.order) == before


@pytest.mark.parametrize("key", ["space", "enter"])
async def test_a_heading_folds_and_unfolds(key):
    async with show(in_folders(), size=(80, 24)) as shown:
        await shown.press("2", "t", "home")
        rows = len(shown.main.torrents.order)
        heading = shown.main.torrents.cursor_key
        assert heading < 0
        await shown.press(key)
        group = shown.app.picture.collections.group(heading)
        assert len(shown.main.torrents.order) == rows - len(group.members)
        assert shown.main.torrents.cursor_key == heading
        assert "▸ archive" in shown.text
        assert shown.main.pane is Pane.TORRENTS
        await shown.press(key)
        assert len(shown.main.torrents.order) == rows
        assert "▾ archive" in shown.text


async def test_space_on_a_row_folds_its_group_and_the_cursor_is_on_the_heading():
    async with show(in_folders(), size=(80, 24)) as shown:
        await shown.press("2", "t", "home", "j", "j")
        heading = shown.main.torrents.order[0]
        await shown.press("space")
        assert shown.main.torrents.cursor_key == heading
        assert shown.main.torrents.cursor == 0


async def test_a_click_on_a_heading_folds_it():
    async with show(in_folders(), size=(80, 24)) as shown:
        await shown.press("2", "t")
        rows = len(shown.main.torrents.order)
        await shown.pilot.click("#torrents", offset=(5, 1))
        await shown.settle()
        assert len(shown.main.torrents.order) < rows
        await shown.pilot.click("#torrents", offset=(5, 1))
        await shown.settle()
        assert len(shown.main.torrents.order) == rows


async def test_all_groups_fold_and_unfold():
    async with show(in_folders(), size=(80, 24)) as shown:
        await shown.press("2", "t", "Z")
        assert [key for key in shown.main.torrents.order if key >= 0] == []
        # The cursor was on a torrent: now it is on what hides it.
        assert shown.main.torrents.cursor_key < 0
        await shown.press("Z")
        assert len(shown.main.torrents.order) == len(shown.app.picture.torrent_order.order) + 3


async def test_the_cursor_stays_on_its_torrent_when_rows_are_grouped_and_not():
    async with show(in_folders(), size=(80, 24)) as shown:
        await shown.press("2", "j", "j", "j", "j", "j")
        torrent = shown.main.torrents.cursor_key
        await shown.press("t")
        assert shown.main.torrents.cursor_key == torrent
        await shown.press("t")
        assert shown.main.torrents.cursor_key == torrent


async def test_from_a_heading_the_cursor_goes_to_its_first_torrent_when_grouping_ends():
    async with show(in_folders(), size=(80, 24)) as shown:
        await shown.press("2", "t", "home")
        first = shown.main.torrents.order[1]
        await shown.press("t")
        assert shown.main.torrents.cursor_key == first


async def test_folds_stay_when_data_comes():
    async with show(in_folders(), size=(80, 24)) as shown:
        await shown.press("2", "t", "home", "space")
        order = list(shown.main.torrents.order)
        await shown.post(replace(in_folders(), version=2), later_s=2)
        assert list(shown.main.torrents.order) == order


async def test_without_groups_space_is_a_page_down():
    async with show(in_folders(), size=(80, 24)) as shown:
        await shown.press("2", "space")
        assert shown.main.torrents.cursor > 5
        await shown.press("Z")
        assert shown.main.keys.message == "rows are not grouped: t groups them"


async def test_detail_and_actions_know_what_a_group_is():
    async with show(in_folders(), size=(80, 24)) as shown:
        await shown.press("2", "t", "home")
        assert " archive " in row_of(shown, "67 torrents")
        assert row_of(shown, "67 torrents: ").startswith(" 67 torrents: ")
        assert "not shown" in row_of(shown, "67 torrents: ")
        await shown.press("a")
        assert "the cursor is on a folder" in shown.main.keys.message
        await shown.press("m")
        assert "choose one in 1 Trackers" in shown.main.keys.message
        await shown.press("r")
        (command,) = shown.commands
        assert isinstance(command, ProbeNow)
        assert 1 in command.trackers
        await shown.press("3")
        assert "/srv/torrents/archive" in shown.text


async def test_trackers_group_by_host_where_a_host_has_several():
    async with show(in_folders(), size=(80, 24)) as shown:
        await shown.press("t")
        keys = [key for key in shown.main.trackers.order if key < 0]
        assert len(keys) == 1
        row = row_of(shown, "▾")
        assert row.startswith("x DOWN     ▾ ")
        assert row.split()[-4:] == ["1", "of", "3", "down"]
        assert "mixed" in row
        group = shown.app.picture.hosts.group(keys[0])
        assert group.name == "tracker.example.org"
        assert sorted(group.members) == [0, 14, 15]
        shown.main.trackers.select(keys[0])
        await shown.settle()
        assert "tracker.example.org, 3 trackers" in shown.text
        assert "next try in 14m" in row_of(shown, "3 trackers")
        await shown.press("r")
        assert shown.commands == [ProbeNow(tuple(group.members))]


async def test_hosts_of_one_tracker_each_leave_nothing_to_fold():
    async with show(snapshot((tracker(0, EXAMPLE),)), size=(80, 24)) as shown:
        await shown.press("t")
        assert list(shown.main.trackers.order) == [0]
        assert "nothing to fold" in shown.main.keys.message
        await shown.press("space")
        assert shown.main.keys.message == "this row is in no group"


async def test_a_filter_and_a_sort_work_on_groups():
    async with show(in_folders(), size=(80, 24)) as shown:
        await shown.press("2", "t", "slash", *"release-01", "enter")
        picture = shown.app.picture
        assert {len(group.members) for group in picture.collections.groups} == {3, 4}
        assert all(group.total > 60 for group in picture.collections.groups)
        await shown.press("s")
        names = [group.name for group in picture.collections.groups]
        assert names == ["/home/ann/debian", "/srv/distros/debian", "/srv/torrents/archive"]
        await shown.press("S")
        assert [group.name for group in picture.collections.groups] == names[::-1]


@pytest.mark.parametrize("size", [(20, 5), (40, 12), (120, 35), (200, 60)])
async def test_groups_at_every_size(size):
    async with show(in_folders(), size=size) as shown:
        await shown.press("2", "t", "home", "space", "space", "j", "k", "Z", "1", "t")
        assert len(shown.lines) == size[1]
        assert all(len(line) <= size[0] for line in shown.lines)


async def test_a_folder_named_in_bad_taste_is_one_safe_line():
    found = in_folders()
    for view in found.torrents.views:
        object.__setattr__(view.torrent, "sources", ("/srv/\x1b[31m[bold red]\u202eevil\n/x.torrent",))
    async with show(found, size=(80, 24)) as shown:
        await shown.press("2", "t", "home")
        assert "[bold red]" in row_of(shown, "▾")
        assert "\x1b" not in shown.text
        assert "\u202e" not in shown.text


async def test_n_stops_at_folded_groups_that_hide_trouble():
    async with show(in_folders(), size=(80, 24)) as shown:
        await shown.press("2", "t", "Z", "home")
        table = shown.main.torrents
        assert all(key < 0 for key in table.order)
        await shown.press("n")
        assert table.cursor == 1
        await shown.press("N")
        assert table.cursor == 0
        assert "in trouble" not in shown.lines[-1]
        await shown.press("space", "n")
        assert table.cursor_key >= 0
