"""The palette and the keys as a config gives them: names, jumps, themes, remapped and taken away."""

import signal
from dataclasses import replace

import pytest
from textual.command import CommandPalette
from textual.widgets import Input, OptionList

from tests.tui.feeds import rich_snapshot, snapshot, torrent, torrent_view, tracker
from tests.tui.screens import Show, show
from trackerwatch.actions import ACTIONS, keymap
from trackerwatch.engine.commands import ProbeNow, WalkAs
from trackerwatch.tui.lines.arrangement import Pane
from trackerwatch.tui.model.ordering import TorrentSort
from trackerwatch.tui.palette import MAX_JUMPS, jumps, offers
from trackerwatch.tui.preferences import Colors, Preferences
from trackerwatch.tui.terminal import themes
from trackerwatch.tui.widgets.inked import InkPane


def names(s: Show) -> dict[str, object]:
    return {offer.name: offer for offer in offers(s.app, s.app.screen)}


async def chosen(s: Show, text: str) -> list[str]:
    """What the palette offers for a text."""
    await s.press("ctrl+p")
    s.app.screen.query_one(Input).value = text
    for _ in range(40):
        await s.settle()
        await s.app.workers.wait_for_complete()
    found = s.app.screen.query_one(OptionList)
    return [str(found.get_option_at_index(n).prompt) for n in range(found.option_count)]


async def test_it_offers_every_action_of_the_screen_and_of_its_pane():
    async with show(preferences=Preferences(filters={"thin": "seeders<3"})) as s:
        told = {offer.told for offer in offers(s.app, s.main)}
        places = {"main", "table"}
        # In a table enter opens its row, which is the selection.
        assert {name for name in ACTIONS if name.partition(".")[0] in places} - told == {"main.open"}
        found = names(s)
        assert "Filter thin" in found
        assert {f"Sort torrents by {by.value}" for by in TorrentSort} < found.keys()
        assert {f"Export as {name}" for name in ("CSV", "JSON", "Markdown", "text")} < found.keys()
        assert {f"Theme {name}" for name in themes.ALL} < found.keys()
        assert "Walk the tiers as libtorrent" in found


async def test_what_it_offers_is_done():
    async with show(preferences=Preferences(filters={"thin": "seeders<3", "broken": "seeders<"})) as s:
        found = names(s)
        found["Filter thin"].run()
        assert s.app.picture.filter.text == "seeders<3"
        found["Filter broken"].run()
        assert s.app.picture.filter.text == "seeders<3"
        found["Sort torrents by seeders"].run()
        assert s.app.picture.torrent_sort is TorrentSort.SEEDERS
        found["Sort torrents by seeders"].run()
        assert s.app.picture.torrents_reversed
        found["Theme nord"].run()
        assert (s.app.theme, s.app.chosen_theme) == ("nord", "nord")
        found["Walk the tiers as libtorrent"].run()
        assert s.commands == [WalkAs("libtorrent")]


async def test_sixteen_colours_have_themes_of_sixteen():
    async with show(preferences=Preferences(colors=Colors.SIXTEEN)) as s:
        offered = {name for name in names(s) if name.startswith("Theme ")}
        assert "Theme trackerwatch-16" in offered
        assert "Theme nord" not in offered


async def test_a_full_screen_offers_its_own():
    async with show() as s:
        await s.press("enter")
        told = {offer.told for offer in offers(s.app, s.app.screen)}
        assert {"detail.back", "detail.fold", "page.down", "main.recheck", "main.copy"} < told
        assert "main.sort" not in told
        assert "Export as CSV" in names(s)


async def test_typing_finds_actions_by_word_and_by_id():
    async with show() as s:
        assert any("Freeze the picture" in line and line.endswith("  p") for line in await chosen(s, "freeze"))
        await s.press("escape")
        assert any("Freeze the picture" in line for line in await chosen(s, "main.freeze"))


async def test_a_tracker_is_jumped_to_out_of_the_filter_that_hides_it():
    async with show() as s:
        await s.press("2", "slash", *"release-02", "enter")
        (one,) = jumps(s.main, "FOO.ORG")
        assert one.name == "Go to tracker.foo.org:6969"
        one.run()
        await s.settle()
        assert s.main.pane is Pane.TRACKERS
        assert s.app.picture.tracker(s.main.trackers.cursor_key).tracker.host == "tracker.foo.org"


async def test_a_tracker_among_many_torrents_is_jumped_to_while_they_are_sorted():
    trackers = tuple(tracker(n, f"udp://host-{n}.example:6969/announce") for n in range(40))
    views = [torrent_view(n, torrent(f"name-{n}", (("udp://host-3.example:6969/announce",),))) for n in range(7000)]
    async with show(snapshot(trackers, views)) as s:
        await s.press("slash", *"host~host-3.", "enter")
        (one,) = jumps(s.main, "host-31.")
        one.run()
        for _ in range(10):
            await s.settle()
        assert s.main.trackers.cursor_key == 31


async def test_a_tracker_that_nobody_lists_any_more_is_not_offered():
    async with show(snapshot((tracker(0, "udp://gone.example:6969/announce", retired=True),))) as s:
        assert list(jumps(s.main, "gone")) == []


async def test_hosts_are_no_markup_and_hits_are_few():
    many = snapshot(tuple(tracker(n, f"udp://[2001:db8::{n + 1:x}]:6969/announce") for n in range(50)))
    async with show(many) as s:
        assert len(list(jumps(s.main, "2001"))) == MAX_JUMPS
        assert list(jumps(s.main, "  ")) == []
        assert any("Go to [2001:db8::5]:6969" in line for line in await chosen(s, "db8::5]"))


@pytest.mark.parametrize("key", ["colon", "ctrl+p"])
async def test_choosing_runs_it(key):
    async with show() as s:
        await s.press(key)
        s.app.screen.query_one(Input).value = "freeze the picture"
        for _ in range(40):
            await s.settle()
            await s.app.workers.wait_for_complete()
        await s.press("enter")
        await s.settle()
        assert s.app.screen is s.main
        assert s.app.picture.paused_at is not None


# -- keys from a config ------------------------------------------------------------------------------------------------


async def test_a_remapped_key_works_and_is_shown_everywhere():
    wishes = Preferences(keys={"main.recheck": "F5, R", "app.help": "F2", "main.freeze": ""})
    async with show(preferences=wishes, size=(200, 60)) as s:
        await s.press("r")
        assert s.commands == []
        await s.press("f5", "R")
        assert s.commands == [ProbeNow((s.main.trackers.cursor_key,))] * 2
        await s.press("p")
        assert s.app.picture.paused_at is None
        await s.tick(later_s=10)
        assert " F5 recheck" in s.lines[-1]
        assert " F2 help" in s.lines[-1]
        assert "freeze" not in s.lines[-1]
        found = names(s)
        assert found["Freeze the picture; asking goes on"].keys == ""
        assert "F5 R" in {offer.keys for offer in found.values()}
        await s.press("f2")
        lines = ["".join(span.text for span in line) for line in s.app.screen.query_one("#help", InkPane).lines]
        assert next(line for line in lines if "again now" in line).split()[:2] == ["F5", "R"]
        assert next(line for line in lines if "Freeze" in line).startswith("  no key")


async def test_keys_swapped():
    async with show(preferences=Preferences(keys={"main.sort": "r", "main.recheck": "s"})) as s:
        await s.press("s")
        assert len(s.commands) == 1
        await s.press("r")
        assert s.app.picture.tracker_sort.value == "tracker"
        assert len(s.commands) == 1


async def test_a_pane_key_remapped_leaves_its_other_actions():
    async with show(preferences=Preferences(keys={"table.down": "x"})) as s:
        await s.press("x", "down", "j")
        assert s.main.trackers.cursor == 1
        await s.press("k")
        assert s.main.trackers.cursor == 0


async def test_ctrl_c_quits_whatever_is_set():
    async with show(
        preferences=Preferences(keys={"app.quit-at-once": "", "main.quit": "", "main.sort": "ctrl+q"})
    ) as s:
        await s.pilot.press("ctrl+c")
        assert s.app._exit


def test_every_action_can_lose_its_key():
    assert len(set(keymap(dict.fromkeys(ACTIONS, "")).values())) == len(ACTIONS)


# -- looking alone -----------------------------------------------------------------------------------------------------


async def test_a_screen_that_looks_alone_says_so_and_asks_nothing():
    async with show(preferences=Preferences(read_only=True)) as s:
        assert "read-only" in s.lines[0]
        for key in ("r", "m", "d", "i", "u", "plus", "w", "2", "a"):
            await s.press(key)
            assert s.app.screen is s.main, key
            if key != "2":
                assert "read" in s.lines[-1], key
        names(s)["Walk the tiers as libtorrent"].run()
        assert s.commands == []
        assert s.main.do(WalkAs("bep12")) == "read-only: nothing is asked and nothing is changed"
        await s.press("slash", *"debian", "enter")
        assert s.app.picture.filter.text == "debian"


async def test_others_do_not():
    async with show() as s:
        assert "read-only" not in s.lines[0]


# -- suspending --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("group", "session", "sent"), [(10, 5, [(0, signal.SIGTSTP)]), (5, 5, [])])
async def test_it_suspends_where_a_shell_can_bring_it_back(monkeypatch, group, session, sent):
    signals = []
    async with show() as s:
        monkeypatch.setattr(type(s.app._driver), "can_suspend", True)
        monkeypatch.setattr("trackerwatch.tui.app.os.getpgrp", lambda: group)
        monkeypatch.setattr("trackerwatch.tui.app.os.getsid", lambda _: session)
        monkeypatch.setattr("trackerwatch.tui.app.os.kill", lambda *what: signals.append(what))
        await s.press("ctrl+z")
        assert signals == sent
        assert ("no shell" in s.lines[-1]) == (not sent)


# -- trouble -----------------------------------------------------------------------------------------------------------


async def test_n_goes_from_trouble_to_trouble_and_around():
    async with show() as s:
        await s.press("s")
        snapshot_ = s.app.picture.snapshot
        unwell = [
            key for key in s.main.trackers.order if snapshot_.trackers[key].reasons or snapshot_.trackers[key].pending
        ]
        seen = []
        for _ in unwell:
            await s.press("n")
            seen.append(s.main.trackers.cursor_key)
        assert sorted(seen) == sorted(unwell)
        await s.press("n")
        assert s.main.trackers.cursor_key == seen[0]
        await s.press("N")
        assert s.main.trackers.cursor_key == seen[-1]
        await s.press("3", "n")
        assert s.main.pane is Pane.TRACKERS


async def test_n_under_a_filter_and_where_all_is_well():
    async with show() as s:
        await s.press("2", "f", "G", "n")
        key = s.main.torrents.cursor_key
        assert s.app.picture.snapshot.torrents.verdicts[key].value in ("critical", "warning")
    base = rich_snapshot()
    well = replace(base, trackers=tuple(replace(one, index=n) for n, one in enumerate(base.trackers[-3:])))
    async with show(well) as s:
        await s.press("1", "n")
        assert "no row of trackers is in trouble" in s.lines[-1]


@pytest.mark.parametrize("size", [(1, 1), (300, 2), (20, 5)])
async def test_the_palettes_keys_work_where_there_is_no_room_for_its_list(size):
    async with show() as shown:
        await shown.press("ctrl+p", "down")
        await shown.pilot.resize_terminal(*size)
        await shown.press("pagedown", "pageup", "down", "up", "end", "home", "ctrl+p")
        assert CommandPalette.is_open(shown.app)
        await shown.press("escape", "escape")
        assert shown.app.screen is shown.main


async def test_each_offer_is_one_line_and_what_is_used_most_comes_first():
    async with show() as s:
        lines = await chosen(s, "")
        assert not [line for line in lines if "\n" in line or len(line) > 74]
        assert lines[0].endswith("  enter")
        mute = next(line for line in lines if line.startswith("Mute the selected tracker"))
        assert mute.endswith("  m")
        assert lines.index(mute) < 10
