"""The screen on a hand-made feed and a hand-made past: history, marks, our own troubles, what is chosen from a list."""

from dataclasses import replace

import pytest

from tests.tui.feeds import NOW, event, marked_trackers, rich_snapshot, snapshot, torrent, torrent_view, tracker
from tests.tui.pasts import FakeHistory, moved
from tests.tui.screens import show
from trackerwatch.engine.commands import MuteTrackers, WalkAs
from trackerwatch.engine.views import EventKind, LocalState, OurselvesView
from trackerwatch.failover import CLIENTS
from trackerwatch.policy.rules import Verdict
from trackerwatch.tui.lines.arrangement import Pane
from trackerwatch.tui.palette import offers

A, B = "udp://a.example:6969/announce", "udp://b.example:6969/announce"


# -- the past, the marks and what is ours ------------------------------------------------------------------------------


async def test_the_detail_loads_its_past_beside_the_screen():
    history = FakeHistory()
    history.hold()
    async with show(size=(80, 40), history=history) as s:
        await s.press("3")
        assert history.asked == []
        await s.tick(later_s=1)
        await s.tick(later_s=1)
        assert history.asked == [("tracker", s.app.picture.tracker(1).tracker.id, 48)]
        assert "history     reading" in s.text
        await s.press("escape", "j", "3")
        assert history.dropped == 1
        assert s.main.pane is Pane.DETAIL
        history.release()
        await s.tick(later_s=1)
        await s.tick(later_s=1)
        assert "24 h        ████" in s.text
        assert "30 d        ████" in s.text
        assert "outages     13:47 goes on  14m  refused" in s.text


async def test_without_history_the_detail_says_so():
    async with show(size=(80, 40)) as s:
        await s.press("3")
        await s.tick(later_s=40)
        assert "history     not kept (no store): what follows is of this run" in s.text
        assert "last 40 rounds" in s.text


async def test_a_tables_strip_is_of_three_hours_where_history_is_kept():
    history = FakeHistory()
    async with show(size=(160, 48), history=history) as s:
        assert "LAST 3H" in s.text
        await s.tick(later_s=1)
        await s.settle()
        row = next(line for line in s.lines if line.startswith("x DOWN     tracker.foo.org"))
        assert "▄" in row
        assert "xx" in row or "x█" in row
        assert ("overview", "", 18) in history.asked
        await s.pilot.resize_terminal(80, 24)
        await s.tick(later_s=60)
        assert [asked for asked in history.asked if asked[0] == "overview"] == [("overview", "", 18)]


async def test_a_hidden_detail_asks_for_no_past():
    history = FakeHistory()
    async with show(history=history) as s:
        for later_s in (1, 1, 60):
            await s.tick(later_s=later_s)
        await s.press("j", "j")
        await s.tick(later_s=1)
        assert history.asked == []


async def test_a_torrents_moves_are_shown():
    history = FakeHistory(moved(811, "failed_over", "tracker.foo.org refused -> tracker.example.org"))
    async with show(size=(80, 50), history=history) as s:
        await s.press("2", "3")
        await s.tick(later_s=1)
        await s.settle()
        await s.tick(later_s=1)
        assert "moves       13:48:40 ! tracker.foo.org refused -> tracker.example.org" in s.text


async def test_a_mute_is_taken_back_and_muted_trackers_come_last():
    marked = snapshot(marked_trackers())
    async with show(marked, size=(160, 48)) as s:
        last = s.main.trackers.order[-1]
        assert s.app.picture.tracker(last).muted is not None
        s.main.trackers.select(last)
        await s.settle()
        assert "= MUTED until 1 Dec (moving house); x DOWN" in s.text
        await s.press("m", "enter")
        assert s.commands == [MuteTrackers((last,), None, "", muted=False)]


async def test_the_client_is_chosen_from_a_list_or_the_palette():
    async with show() as s:
        await s.press("w")
        for name in CLIENTS:
            assert name in s.text
        assert "> 1 listed" in s.text
        await s.press("k", "k", "enter")
        assert s.commands == [WalkAs(list(CLIENTS)[-2])]
        await s.press("w", "9", "q")
        assert len(s.commands) == 1
        assert s.app.is_running
        offered = {offer.name: offer for offer in offers(s.app, s.main)}
        offered["Walk the tiers as libtorrent"].run()
        assert s.commands[-1] == WalkAs("libtorrent")


@pytest.mark.parametrize("size", [(80, 24), (40, 12), (20, 5), (10, 3)])
async def test_a_choice_fits_any_size(size):
    async with show(size=size) as s:
        await s.press("w")
        assert all(len(line) <= size[0] for line in s.lines)
        await s.pilot.resize_terminal(30, 10)
        await s.press("2")
        assert len(s.commands) == 1


async def test_another_client_is_in_the_header():
    async with show(rich_snapshot(client="transmission"), size=(100, 30)) as s:
        assert "as transmission" in s.lines[0]


async def test_our_own_troubles_have_lines_of_their_own_and_hide_nothing():
    ours = OurselvesView(LocalState.UDP_BLOCKED, NOW, "", "the disk is full")
    async with show() as s:
        tabs = s.lines[2]
        await s.post(rich_snapshot(version=2, ourselves=ours), later_s=1)
        assert s.lines[1].startswith(" x 1 torrent has NO")
        assert s.lines[2].startswith(" ! UDP blocked here? since 14:02: udp trackers are not judged")
        assert s.lines[3].startswith(" ! history is not written down: the disk is full; `trackerwatch doctor` tells")
        assert s.lines[4] == tabs
        assert "? help" in s.lines[23]
        for size in ((160, 48), (40, 8), (20, 5), (80, 24)):
            await s.pilot.resize_terminal(*size)
            await s.tick(later_s=1)
            assert ("UDP blocked" in s.text) == (size != (20, 5))
        await s.post(rich_snapshot(version=3), later_s=1)
        assert s.lines[2] == tabs


async def test_our_own_outage_is_said_first():
    ours = OurselvesView(LocalState.OFFLINE, NOW, "no route to anywhere")
    async with show(rich_snapshot(ourselves=ours)) as s:
        assert "OFFLINE 0s" in s.lines[0]
        assert s.lines[1].strip() == "x OFFLINE here since 14:02: nothing is judged (no route to anywhere)"


async def test_a_click_is_looking_too():
    base = rich_snapshot()
    async with show(base) as s:
        more = event(7, EventKind.EXHAUSTED, "something happened")
        await s.post(replace(base, version=2, events=(*base.events, more)), later_s=90, events=(more,))
        assert "4 Events 1 new" in s.text
        await s.pilot.click("#trackers", offset=(5, 3))
        await s.settle()
        assert "1 new" not in s.text


async def test_a_keypress_reads_no_history_and_few_torrents():
    views = [torrent_view(n, torrent(f"t{n:05}", ((A, B),)), Verdict.WARNING) for n in range(5000)]
    history = FakeHistory()
    history.hold()
    async with show(snapshot((tracker(0, A), tracker(1, B)), views), size=(160, 48), history=history) as s:
        s.app.picture.snapshot.torrents.looked_at.clear()
        await s.press("2", *["j"] * 20)
        assert not [asked for asked in history.asked if asked[0] == "torrent"]
        assert len(s.app.picture.snapshot.torrents.looked_at) < 40
