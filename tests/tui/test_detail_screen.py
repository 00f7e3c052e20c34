from dataclasses import replace

import pytest

from tests.tui.feeds import (
    before,
    event,
    rich_snapshot,
    rich_trackers,
    snapshot,
    torrent,
    torrent_view,
    tracker,
)
from tests.tui.pasts import FakeHistory, moved
from tests.tui.screens import show
from trackerwatch.engine.commands import AnnounceNow, ProbeNow
from trackerwatch.engine.views import EventKind, Mute, OrderSource
from trackerwatch.failover.states import FailoverState
from trackerwatch.health.states import Health
from trackerwatch.policy.rules import Verdict
from trackerwatch.tui.lines.arrangement import Pane
from trackerwatch.tui.lines.page import ToTorrent, ToTracker
from trackerwatch.tui.preferences import Preferences
from trackerwatch.tui.screens.detail import DetailScreen
from trackerwatch.tui.screens.opening import MAX_OPENED
from trackerwatch.tui.widgets.inked import InkPane

A = "udp://a.example:6969/announce"
KEYED = "https://t2.bar.net/0123456789abcdef0123456789abcdef/announce"


def top(s):
    assert isinstance(s.app.screen, DetailScreen)
    return s.app.screen


async def test_enter_on_a_tracker_opens_its_full_screen_and_back_keeps_the_cursor():
    async with show() as s:
        await s.press("j", "enter")
        assert top(s).about == ToTracker(2)
        assert s.lines[0].startswith(" t2.bar.net:443 https  x DOWN")
        assert "next try in 4m" in s.lines[0]
        for leave in ("escape", "q", "backspace"):
            await s.press(leave)
            assert s.app.screen is s.main
            assert s.main.trackers.cursor == 1
            await s.press("enter")
            assert top(s).about == ToTracker(2)


async def test_the_first_screen_says_what_since_when_what_it_hits_why_and_what_is_next():
    async with show() as s:
        await s.press("enter")
        assert "x DOWN for 14m, since 13:47: refused x5: Connection refused" in s.text
        assert "Hits 5,120 torrents: 5,076 keep their tracker, 41 failed over" in s.text
        assert "means the machine is there, and nothing listens on that port" in s.text
        assert "next  scrape of 5,120 torrents in 38s, at 14:02:49" in s.text
        assert "v6 is not judged: no route here" in s.text
        assert "x exhausted 1" in s.text
        assert "! failed over 21" in s.text


async def test_the_pane_names_a_few_of_the_torrents_that_are_hit():
    async with show() as s:
        await s.press("3")
        assert "x none left   linux-archive-2024-full" in s.text
        assert "! failed over dataset-imaging-v3" in s.text
        assert "more: enter on the tracker lists them all" in s.text
        await s.press("1", "G", "3")
        assert "none left" not in s.text


async def test_enter_in_the_detail_pane_opens_the_same_on_the_whole_screen():
    async with show() as s:
        await s.press("3", "enter")
        assert top(s).about == ToTracker(1)
        await s.press("escape", "2", "j", "3", "enter")
        assert top(s).about == ToTorrent(4)
        await s.press("escape")
        assert s.main.pane is Pane.DETAIL


async def test_torrents_of_a_down_tracker_open_and_come_back():
    async with show() as s:
        await s.press("enter")
        page = top(s).left
        assert page.target == ToTorrent(0)
        await s.press("enter")
        assert top(s).about == ToTorrent(0)
        assert s.lines[0].startswith(" linux-archive-2024-full  x EXHAUST")
        await s.press("j", "enter")
        assert top(s).about == ToTracker(2)
        assert len(s.app.screen_stack) == 5
        await s.press("escape", "escape")
        assert top(s).about == ToTracker(1)
        assert top(s).left.target == ToTorrent(0)
        await s.press("escape")
        assert s.app.screen is s.main


async def test_space_unfolds_all_of_a_section_and_folds_it_again():
    async with show() as s:
        await s.press("enter")
        page = top(s).left
        shown = len(page.layout_of_page)
        assert "15 more: enter shows all" in "\n".join(page.texts)
        page.jump("torrents:failed_over")
        await s.press("space")
        assert len(page.layout_of_page) == shown + 14
        assert "more: enter" not in "\n".join(page.texts)
        await s.press("space")
        assert len(page.layout_of_page) == shown


async def test_numbers_and_tab_go_to_sections():
    async with show() as s:
        await s.press("enter", "3")
        assert s.lines[1].startswith("── 3 Time ─")
        await s.press("4")
        assert "── 4 Answers and what happened ─" in s.text
        await s.press("1")
        assert s.lines[1].startswith(" x DOWN for 14m")
        await s.press("tab")
        assert "2 Torrents 5,120" in s.text
        assert top(s).left.section.startswith("torrents")
        await s.press("5")
        assert "udp://tracker.foo.org:6969/announce" in s.text


async def test_two_columns_where_there_is_room():
    async with show(size=(160, 48)) as s:
        await s.press("enter")
        screen = top(s)
        assert screen.right.display
        assert screen.focused is screen.right
        assert screen.right.target == ToTorrent(0)
        assert all("2 Torrents" not in text for text in screen.left.texts)
        # Nothing is folded there.
        assert "more: enter" not in "\n".join(screen.right.texts)
        await s.press("1")
        assert screen.focused is screen.left
        await s.pilot.resize_terminal(80, 24)
        await s.settle()
        assert not screen.right.display
        assert any("2 Torrents" in text for text in screen.left.texts)


async def test_a_torrents_full_screen_is_verdict_tiers_time_and_about():
    history = FakeHistory(
        moved(811, "failed_over", "tracker.foo.org refused -> tracker.example.org"),
        seeders=[(86000, 30), (40000, 0), (20000, 12)],
    )
    async with show(size=(120, 60), history=history) as s:
        await s.press("2", "j", "j", "enter")
        assert "! BACKUP (warning) for 14m: foo refused; last one left" in s.text
        assert "why not tier 0: refused 5 times since 13:48" in s.text
        assert "if tracker.example.org dies now: no tracker left" in s.text
        assert "── 2 Trackers: 1 of 3 work" in s.text
        assert "+ ACTIVE udp://tracker.example.org:1337  12/3/4,811" in s.text
        assert "do mend tracker.foo.org, or move tracker.example.org up" in s.text
        for _ in range(3):
            await s.tick(later_s=1)
        await s.press("3")
        assert "seeders     over 24 h, the least of each 15m" in s.text
        assert "x no seeder" in s.text
        assert "13:48:40 ! tracker.foo.org refused -> tracker.example.org" in s.text
        await s.press("4")
        assert "/srv/torrents/dataset-imaging-v3.torrent" in s.text
        assert "4.4 GiB  4,718,592,000 bytes" in s.text
        assert "https://w.example/x" in s.text


async def test_the_cursor_goes_over_the_trackers_of_a_torrent():
    async with show() as s:
        await s.press("2", "j", "j", "enter")
        page = top(s).left
        seen = [page.target]
        for _ in range(40):
            await s.press("j")
            if page.target is not None and page.target not in seen:
                seen.append(page.target)
        assert seen == [ToTracker(1), ToTracker(0), ToTracker(2)]
        assert page.scroll_offset.y == page.max_scroll_y


async def test_keys_that_act_on_the_selection_act_on_what_the_screen_is_about():
    async with show() as s:
        await s.press("enter", "r")
        assert s.commands == [ProbeNow((1,))]
        assert "asked in 4 s" in s.lines[-1]
        await s.press("a")
        assert "announcing is for a torrent" in s.lines[-1]
        # The torrent below the cursor of the first screen, not the one in the table.
        await s.press("enter", "a")
        assert s.commands[-1] == AnnounceNow(0)
        await s.press("m")
        assert "Muting: for which tracker of the torrent?" in s.text
        await s.press("escape", "escape", "m")
        assert "Mute tracker.foo.org:6969" in s.text
        await s.press("escape")
        assert top(s).about == ToTracker(1)
        await s.tick(later_s=10)
        assert "esc back" in s.lines[-1]


async def test_a_full_screen_is_live():
    base = rich_snapshot()
    async with show(base) as s:
        await s.press("enter")
        views = list(base.trackers)
        views[1] = replace(views[1], state=Health.UP, failure=None, reasons=(), since=before(-30))
        news = event(9, EventKind.RECOVERED, "tracker.foo.org:6969 is up again after 15m")
        news = replace(news, tracker=views[1].tracker, at=before(-30))
        changed = replace(base, trackers=tuple(views), version=2, events=(*base.events, news))
        await s.post(changed, later_s=31, events=(news,))
        assert s.lines[0].startswith(" tracker.foo.org:6969 udp  + UP")
        assert "+ UP for 1s, since 14:02" in s.text
        assert "means" not in s.text
        await s.press("4")
        assert "+ tracker.foo.org:6969 is up again after 15m" in s.text
        await s.press("escape")
        assert any(line.startswith("+ UP       tracker.foo.org:6969") for line in s.lines)


async def test_a_torrent_that_leaves_is_told_of():
    base = rich_snapshot()
    async with show(base) as s:
        await s.press("2", "enter")
        assert top(s).about == ToTorrent(0)
        left = rich_snapshot(version=2)
        left.torrents.listed = range(1, 200)
        await s.post(left, later_s=1)
        assert "this torrent is not watched any more: esc goes back" in s.text
        await s.press("3", "tab", "space", "r", "escape")
        assert s.app.screen is s.main


async def test_a_frozen_picture_says_so_on_the_full_screen():
    async with show() as s:
        await s.press("enter", "p")
        assert "PAUSED 14:02:11" in s.lines[0]
        await s.tick(later_s=30)
        assert "for 14m" in s.text
        await s.press("p")
        assert "PAUSED" not in s.lines[0]


async def test_below_a_full_screen_no_pane_is_drawn():
    async with show(size=(160, 48)) as s:
        await s.press("enter")
        drawn = s.main.trackers.rows_drawn
        await s.tick(later_s=5)
        await s.post(rich_snapshot(version=3), later_s=5)
        assert s.main.trackers.rows_drawn == drawn
        await s.press("escape")
        assert s.main.trackers.rows_drawn > drawn


async def test_a_full_screen_asks_for_the_week_too_and_shows_it():
    history = FakeHistory()
    async with show(size=(120, 60), history=history) as s:
        await s.press("enter")
        for _ in range(3):
            await s.tick(later_s=1)
        assert ("tracker", s.app.picture.tracker(1).tracker.id, 56) in history.asked
        await s.press("3")
        assert "7 d         ███" in s.text
        assert "24 h        ███" in s.text
        assert "30 d        ███" in s.text
        assert "% seen" in s.text
        assert "h ago" in s.text
        assert "  UTC  " in s.text


async def test_a_key_in_the_url_is_shown_only_when_that_is_wanted():
    views = (tracker(0, KEYED),)
    async with show(snapshot(views), size=(120, 60)) as s:
        await s.press("enter", "5")
        assert "https://t2.bar.net/…/announce" in s.text
        assert "its key is hidden; --reveal shows it here" in s.text
        assert "0123456789abcdef" not in s.text
    async with show(snapshot(views), size=(120, 60), preferences=Preferences(reveal=True)) as s:
        await s.press("enter", "5")
        assert KEYED in s.text


async def test_an_export_holds_everything_and_no_key(tmp_path):
    views = (tracker(0, KEYED, torrents=30),)
    torrents = [torrent_view(n, torrent(f"t{n}", ((KEYED,),))) for n in range(30)]
    base = snapshot(views, torrents)
    preferences = Preferences(reveal=True, folder=tmp_path)
    async with show(base, preferences=preferences) as s:
        await s.press("enter")
        base.torrents.looked_at.clear()
        sheet = s.main.sheet()
        assert base.torrents.looked_at == []
        assert sheet.title.startswith("t2.bar.net:443 https + UP")
        lines = [sheet.row(key)[0] for key in sheet.keys]
        assert sum(" t0 here" in line for line in lines) == 30
        assert any("https://t2.bar.net/…/announce" in line for line in lines)
        assert not any("0123456789abcdef" in line for line in lines)
        await s.press("e", "enter")
        assert "exported" in s.text or "rows" in s.lines[-1]


async def test_who_ordered_what_is_told():
    view = replace(rich_trackers()[0], muted=Mute(None, "moving", OrderSource.WINDOW), own=True)
    async with show(snapshot((view,)), size=(120, 60)) as s:
        await s.press("enter", "5")
        assert "muted no end set (moving), by a window in the config that is open now" in s.text
        assert "your own, by the config" in s.text
        assert "down after 3 failures in a row, up again after 2 answers" in s.text


async def test_ten_thousand_torrents_cost_what_is_seen():
    size = 10_000
    what = [torrent(f"t{n}", ((A,),)) for n in range(size)]
    views = [torrent_view(n, one, Verdict.OK) for n, one in enumerate(what)]
    base = snapshot((tracker(0, A, torrents=size),), views)
    async with show(base) as s:
        await s.press("enter")
        page = top(s).left
        page.jump("torrents:primary")
        base.torrents.looked_at.clear()
        await s.press("space", "G")
        assert len(page.layout_of_page) > size
        assert len(set(base.torrents.looked_at)) < 200
        page.jump("torrents:primary")
        await s.press(*["ctrl+f"] * 3)
        assert isinstance(page.target, ToTorrent)
        held = page.target
        await s.tick(later_s=1)
        assert page.target == held


@pytest.mark.parametrize("size", [(80, 24), (120, 35), (200, 60), (40, 12), (20, 5), (8, 3), (2, 1)])
@pytest.mark.parametrize("opens", [("enter",), ("2", "j", "j", "enter")])
async def test_every_size_is_survived(size, opens):
    async with show(history=FakeHistory(seeders=[(5000, 3)])) as s:
        await s.press(*opens)
        for _ in range(2):
            await s.tick(later_s=1)
        await s.pilot.resize_terminal(*size)
        await s.settle()
        assert len(s.lines) == size[1]
        assert s.lines[0].strip()
        await s.press("j", "G", "k", "tab", "shift+tab", "pagedown", "ctrl+u", "3", "space", "home")
        await s.pilot.resize_terminal(80, 24)
        await s.settle()
        await s.press("escape")
        assert s.app.screen is s.main


async def test_hostile_names_stay_text():
    names = ("[bold red]x[/]", "a\x1b[31mred", "🎬" * 200, "\u202egpj.exe", "$error {x}")
    views = [
        torrent_view(n, torrent(name, ((A,),)), Verdict.WARNING, state=FailoverState.EXHAUSTED, active=None, why=name)
        for n, name in enumerate(names)
    ]
    base = snapshot((tracker(0, A, Health.DOWN, torrents=len(names)),), views)
    async with show(base, size=(100, 40)) as s:
        await s.press("enter", "2")
        assert "[bold red]x[/]" in s.text
        for n in range(len(names)):
            s.main.open_full(ToTorrent(n))
            await s.settle()
            assert "\x1b" not in s.text
            assert "\u202e" not in s.text
            assert s.lines[0].strip()
            await s.press("escape")


async def test_every_binding_has_an_id_and_a_tooltip_and_help_lists_them():
    async with show(size=(100, 60)) as s:
        await s.press("enter")
        for _, binding in [*top(s)._bindings, *top(s).left._bindings]:
            if binding.action.startswith("screen."):
                # Textual's own, for copying what the mouse selects.
                continue
            assert binding.id, binding
            assert binding.tooltip, binding
        await s.press("question_mark")
        told = "".join(span.text for line in s.app.screen.query_one(InkPane).lines for span in line)
        assert "Next section" in told
        assert "Open what the cursor is on" in told
        assert "Mute the selected tracker" in told


async def test_a_click_selects_and_a_second_one_opens():
    async with show() as s:
        await s.press("enter")
        y = next(n for n, line in enumerate(s.lines) if "dataset-imaging-v3" in line)
        await s.pilot.click(offset=(20, y))
        await s.settle()
        assert top(s).left.target == ToTorrent(1)
        await s.pilot.click(offset=(20, y), times=2)
        await s.settle()
        assert top(s).about == ToTorrent(1)


async def test_going_from_one_to_the_next_for_ever_keeps_only_so_many_to_go_back_to():
    async with show() as s:
        for number in range(MAX_OPENED + 5):
            s.main.open_full(ToTorrent(number))
            await s.pilot.pause()
        assert top(s).about == ToTorrent(MAX_OPENED + 4)
        for _ in range(MAX_OPENED):
            assert isinstance(s.app.screen, DetailScreen)
            await s.pilot.press("escape")
        await s.settle()
        assert s.app.screen is s.main
