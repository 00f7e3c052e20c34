"""The whole screen on a hand-made feed: what is shown, and what each key does."""

from dataclasses import replace

import pytest

from tests.tui.feeds import NOW, before, event, rich_snapshot, snapshot, torrent, torrent_view, tracker
from tests.tui.screens import show
from trackerwatch.engine.commands import AnnounceNow, ProbeNow
from trackerwatch.engine.views import EventKind
from trackerwatch.failover.states import FailoverState
from trackerwatch.health.states import Health
from trackerwatch.outcome import NOTHING_KNOWN, SwarmCounts
from trackerwatch.policy.rules import Verdict
from trackerwatch.tui.lines.arrangement import Pane
from trackerwatch.tui.model.ordering import TorrentSort, TrackerSort
from trackerwatch.tui.palette import offers
from trackerwatch.tui.preferences import Preferences
from trackerwatch.tui.screens.help import HelpScreen
from trackerwatch.tui.widgets.inked import InkPane

A, B = "udp://a.example:6969/announce", "udp://b.example:6969/announce"


async def test_rows_are_there_before_the_first_answer():
    unknown = tracker(
        0, A, Health.UNKNOWN, p50_s=None, uptime=None, since_s=None, last_s=None, next_s=None, endpoints=()
    )
    waiting = torrent_view(
        0,
        torrent("fresh", ((A,),)),
        Verdict.UNKNOWN,
        counts=NOTHING_KNOWN,
        state=FailoverState.UNKNOWN,
        active=None,
        working=0,
        since_s=None,
    )
    fresh = snapshot((unknown,), [waiting], newest_data_at=None, oldest_data_at=None)
    async with show(fresh) as s:
        assert "? asking 1 tracker, nothing known yet" in s.text
        assert "? UNKNOWN  a.example:6969" in s.text
        assert "no data yet" in s.text
        await s.press("2")
        row = next(line for line in s.lines if "fresh" in line and "UNKNOWN" in line)
        assert row.split() == ["?", "UNKNOWN", "fresh", "?", "?", "-", "none", "-", "0/1", "-"]


async def test_an_empty_engine_still_has_a_screen():
    async with show(snapshot()) as s:
        assert "nothing loaded yet" in s.text
        await s.press("2", "enter", "r", "a", "c", "s", "f", "3", "4", "escape")
        assert s.app.is_running


async def test_80_by_24_shows_one_table_with_detail_and_events():
    async with show() as s:
        assert s.lines[0].startswith(" trackers 14: 2 down 1 degr 1 retry 10 up")
        assert "x 1 torrent has NO" in s.lines[1]
        assert s.lines[2].startswith("[1 Trackers 14] 2 Torrents 26/200")
        assert s.lines[3].split() == ["STATE*", "TRACKER", "PROTO", "ADDR", "TORR", "UP24H", "P95", "SINCE", "REASON"]
        assert s.lines[4].startswith("x DOWN     tracker.foo.org:6969")
        assert "Hits 5,120 torrents: 5,076 keep their tracker, 41 failed over, 3 with none left" in s.text
        assert "tracker4.calm1.net:6969 is up again after 4m" in s.text
        assert "? help" in s.lines[23]


async def test_160_by_48_shows_all_panes():
    async with show(size=(160, 48)) as s:
        for title in ("1 Trackers 14", "2 Torrents 26/200", "3 Detail", "4 Events"):
            assert title in s.text
        assert "LAST ROUNDS" in s.text
        assert "foo refused; last one left" in s.text
        assert "udp://tracker.foo.org:6969/announce" in s.text


async def test_resizing_switches_live_and_never_fails():
    async with show(size=(160, 48)) as s:
        await s.press("2", "j")
        key = s.main.torrents.cursor_key
        for size in ((80, 24), (40, 12), (20, 5), (10, 2), (1, 1), (120, 36), (119, 36), (200, 20), (160, 48)):
            await s.pilot.resize_terminal(*size)
            await s.tick(later_s=1)
            assert s.app.is_running
            if size == (80, 24):
                assert "[2 Torrents" in s.text
                assert "3 Detail ──" not in s.text
            if size == (20, 5):
                assert "STATE" in s.text
        assert s.main.torrents.cursor_key == key
        assert "4 Events" in s.text


@pytest.mark.parametrize("size", [(80, 24), (40, 12), (20, 5), (10, 3)])
async def test_it_starts_at_any_size(size):
    async with show(size=size) as s:
        assert len(s.lines) == size[1]
        assert "DOWN" in s.text or size == (10, 3)


async def test_panes_by_number_and_tab():
    async with show() as s:
        seen = []
        for key in ("2", "3", "4", "1", "tab", "tab", "tab", "tab", "shift+tab"):
            await s.press(key)
            seen.append(str(s.main.pane))
            assert s.app.focused.id == s.main.pane
        assert seen == [
            "torrents",
            "detail",
            "events",
            "trackers",
            "torrents",
            "detail",
            "events",
            "trackers",
            "events",
        ]


async def test_tracker_detail_tells_addresses_phases_and_words():
    async with show(size=(120, 60)) as s:
        await s.press("3")
        assert "x DOWN       192.0.2.7:6969  refused: Connection refused" in s.text
        assert "- NOT JUDGED [2001:db8::7]:6969  no route here" in s.text
        assert "5 failed in a row" in s.text
        assert "connect 31ms" in s.text
        await s.press("G")
        assert "interval    30m  min 15m  as the tracker asks" in s.text
        await s.press("1", "G", "k", "k")
        await s.main.trackers.run_action("edge(0)")
        s.main.trackers.select(0)
        await s.settle()
        assert "said “interval 1800”" in s.text


async def test_the_detail_scrolls():
    async with show() as s:
        await s.press("2", "j", "j", "3")
        assert s.main.pane is Pane.DETAIL
        await s.press("G")
        assert s.main.detail.scroll_offset.y > 0
        assert "from" in s.text
        await s.press("home")
        assert s.main.detail.scroll_offset.y == 0
        await s.press("escape")
        assert s.main.pane is Pane.TORRENTS
        assert s.main.torrents.cursor == 2


async def test_attention_toggles_and_says_so():
    async with show() as s:
        await s.press("2")
        assert len(s.names()) == 26
        assert s.names()[0] == "linux-archive-2024-full"
        assert "attention, f = all" in s.lines[2]
        await s.press("f")
        assert len(s.names()) == 200
        assert "torrents: all 200" in s.lines[-1]
        await s.press("f")
        assert len(s.names()) == 26


async def test_where_nothing_needs_attention_all_are_shown_and_it_says_so():
    calm = snapshot((tracker(0, A),), [torrent_view(n, torrent(f"t{n}", ((A,),))) for n in range(3)])
    async with show(calm) as s:
        assert "+ all is well: 3 torrents, 1 tracker up" in s.text
        await s.press("2")
        assert s.names() == ["t0", "t1", "t2"]
        assert "all; none needs attention" in s.text


async def test_filter_selects_both_tables_and_escape_clears():
    async with show() as s:
        await s.press("2", "slash", *"release-01", "enter")
        assert s.names() == [f"release-{n:03}-amd64.iso" for n in range(10, 20)]
        assert "[2 Torrents 10/200]" in s.text
        assert "/release-01/" in s.text
        assert s.main.pane is Pane.TORRENTS
        await s.press("escape")
        assert len(s.names()) == 26
        assert "filter" not in s.lines[0]


async def test_filter_by_tracker_state():
    async with show() as s:
        await s.press("slash", *"state=down", "enter")
        assert [s.app.picture.tracker(key).tracker.host for key in s.main.trackers.order] == [
            "tracker.foo.org",
            "t2.bar.net",
        ]


async def test_a_mistaken_filter_names_its_column_and_changes_nothing():
    async with show() as s:
        await s.press("2", "slash", *"seeders<", "enter")
        assert "column" in s.lines[1]
        await s.tick(later_s=5)
        assert "column" in s.lines[1]
        assert s.main.filter_input.display
        assert len(s.names()) == 26
        await s.press("escape")
        assert not s.main.filter_input.display
        assert "NO tracker" in s.lines[1]
        assert s.app.focused.id == "torrents"


async def test_a_filter_applies_when_typing_pauses(monkeypatch):
    # The pause is ended by hand.
    monkeypatch.setattr("trackerwatch.tui.widgets.filterline.PAUSE_S", 3600)
    async with show() as s:
        await s.press("2", "slash", *"imaging")
        assert len(s.names()) == 26
        s.main.filter_input._paused()
        await s.settle()
        assert s.names() == ["dataset-imaging-v3"]
        assert s.main.filter_input.display
        assert "/imaging/" in s.text


async def test_letters_typed_into_the_filter_are_no_commands():
    async with show() as s:
        await s.press("slash", *"qQspfrac12?:")
        assert s.app.is_running
        assert s.main.filter_input.value == "qQspfrac12?:"
        assert s.commands == []


async def test_s_cycles_the_sort_and_S_reverses():
    async with show() as s:
        await s.press("s")
        assert s.app.picture.tracker_sort is TrackerSort.NAME
        assert "trackers sorted: by name" in s.lines[-1]
        assert s.app.picture.tracker(s.main.trackers.order[0]).tracker.host == "exodus.qux.to"
        await s.press("S")
        assert s.app.picture.tracker(s.main.trackers.order[-1]).tracker.host == "exodus.qux.to"
        await s.press("2", "f", "s", "s")
        assert s.app.picture.torrent_sort is TorrentSort.SEEDERS
        assert s.names()[0] == "[bold red]not markup[/] $error"


async def test_the_cursor_stays_on_its_torrent_when_the_order_changes():
    trackers = (tracker(0, A),)
    views = [torrent_view(n, torrent(f"t{n:02}", ((A,),)), Verdict.WARNING) for n in range(30)]
    async with show(snapshot(trackers, views)) as s:
        await s.press("2", *["j"] * 5)
        assert s.main.torrents.cursor_key == 5
        views[20] = replace(views[20], verdict=Verdict.CRITICAL)
        await s.post(snapshot(trackers, views, version=2), later_s=2, torrents=frozenset({20}))
        assert s.main.torrents.order[0] == 20
        assert s.main.torrents.cursor_key == 5


async def test_data_reorders_at_most_once_a_second():
    trackers = (tracker(0, A),)
    views = [torrent_view(n, torrent(f"t{n}", ((A,),)), Verdict.WARNING) for n in range(3)]
    async with show(snapshot(trackers, views)) as s:
        views[2] = replace(views[2], verdict=Verdict.CRITICAL)
        await s.post(snapshot(trackers, views, version=2), later_s=0.3)
        assert s.main.torrents.order[0] == 0
        await s.tick(later_s=0.8)
        assert s.main.torrents.order[0] == 2


async def test_changed_counts_appear_and_untouched_rows_are_not_asked_for():
    trackers = (tracker(0, A),)
    views = [torrent_view(n, torrent(f"t{n}", ((A,),))) for n in range(100)]
    async with show(snapshot(trackers, views)) as s:
        await s.press("2")
        views[1] = replace(views[1], counts=SwarmCounts(777, 1, 1))
        second = snapshot(trackers, views, version=2)
        await s.post(second, later_s=0.1, torrents=frozenset({1, 90}))
        assert "777" in s.text
        assert second.torrents.looked_at == [1]


async def test_nothing_new_in_the_same_second_costs_nothing():
    async with show() as s:
        drawn = s.main.trackers.rows_drawn
        await s.tick(later_s=0.1)
        await s.tick(later_s=0.1)
        assert s.main.trackers.rows_drawn == drawn


async def test_ages_go_on_without_data():
    async with show() as s:
        assert "next try in 38s" in s.text
        await s.tick(later_s=10)
        assert "next try in 28s" in s.text
        assert "age 14s" in s.lines[0]


async def test_freeze_stops_the_picture_not_the_clock_on_top():
    trackers = (tracker(0, A),)
    async with show(snapshot(trackers, [torrent_view(0, torrent("t", ((A,),)))])) as s:
        await s.press("p")
        assert "PAUSED 0s" in s.lines[0]
        down = (tracker(0, A, Health.DOWN),)
        await s.post(snapshot(down, [torrent_view(0, torrent("t", ((A,),)))], version=2), later_s=5)
        assert "+ UP" in s.text
        assert "x DOWN" not in s.text
        assert "PAUSED 5s" in s.lines[0]
        await s.press("p")
        assert "x DOWN" in s.text
        assert "PAUSED" not in s.text


async def test_recheck_and_announce_tell_the_engine_and_show_its_answer():
    async with show() as s:
        await s.press("r")
        assert s.commands == [ProbeNow((1,))]
        assert s.lines[-1].strip() == "asked in 4 s"
        await s.press("a")
        assert "choose one in 2 Torrents" in s.lines[-1]
        await s.press("2", "j", "j", "r", "a")
        assert s.commands[1:] == [ProbeNow((1, 0, 2), 1), AnnounceNow(1)]


async def test_messages_go_away_by_themselves():
    async with show() as s:
        await s.press("r")
        await s.tick(later_s=7)
        assert "asked in 4 s" not in s.text
        assert "? help" in s.lines[-1]


async def test_help_comes_from_the_live_bindings():
    async with show(size=(100, 80)) as s:
        bound = {active.binding.tooltip for active in s.main.active_bindings.values() if active.node is s.main}
        await s.press("question_mark")
        assert isinstance(s.app.screen, HelpScreen)
        text = "\n".join("".join(span.text for span in line) for line in s.app.screen.query_one("#help", InkPane).lines)
        for told in bound:
            assert told in text
        assert "One line down" in text
        assert "RETRY" in text
        assert "main.sort" in text
        await s.press("escape")
        assert s.app.screen is s.main


async def test_help_follows_a_remapped_key():
    async with show(size=(100, 80)) as s:
        s.app.set_keymap({"main.recheck": "f5"})
        await s.press("f5")
        assert s.commands == [ProbeNow((1,))]
        await s.press("question_mark")
        lines = ("".join(span.text for span in line) for line in s.app.screen.query_one("#help", InkPane).lines)
        assert next(line for line in lines if "again now" in line).split()[0] == "F5"


async def test_every_binding_has_an_id_and_says_what_it_does():
    async with show() as s:
        for _, binding in [*s.main._bindings, *s.main.trackers._bindings, *s.main.detail._bindings]:
            # Textual's own for marked text.
            if binding.action == "screen.copy_text":
                continue
            assert binding.id, binding
            assert binding.tooltip, binding


async def test_the_palette_offers_our_actions():
    async with show() as s:
        assert "Freeze the picture; asking goes on" in {offer.name for offer in offers(s.app, s.main)}
        await s.press("colon")
        assert s.app.screen.id == "--command-palette"
        await s.press("escape")
        await s.press("ctrl+p")
        assert s.app.screen.id == "--command-palette"


async def test_zoom_gives_one_pane_the_whole_screen():
    async with show(size=(160, 48)) as s:
        await s.press("2", "z")
        assert "[2 Torrents 26/200]" in s.text
        assert "release-025" in s.text
        await s.press("escape")
        assert "3 Detail" in s.text


@pytest.mark.parametrize(
    ("keys", "runs"), [(["Q"], False), (["q"], False), (["escape"], True), (["enter", "q"], True), (["ctrl+c"], False)]
)
async def test_leaving(keys, runs):
    async with show() as s:
        await s.pilot.press(*keys)
        await s.pilot.pause()
        assert (s.app._exit is False) == runs


async def test_events_mark_what_came_since_a_key_was_pressed():
    base = rich_snapshot()
    async with show(base) as s:
        more = event(7, EventKind.EXHAUSTED, "something happened while nobody looked")
        await s.post(replace(base, version=2, events=(*base.events, more)), later_s=2, events=(more,))
        assert "something happened while nobody looked" in s.text
        assert "1 new" not in s.text
        await s.tick(later_s=838)
        assert "4 Events 1 new" in s.text
        assert "1 new" in s.lines[0]
        await s.press("4")
        assert "-- since you last pressed a key, 14m ago: 1 event --" in s.text
        assert "new" not in s.lines[2]
        assert "new" not in s.lines[0]
        await s.tick(later_s=60)
        assert "-- since you last pressed a key, 15m ago: 1 event --" in s.text


HOSTILE = (
    "[bold red]not markup[/]",
    "a\x1b[31mred\x1b[0m",
    "\u202egpj.exe",
    "🎬" * 200,
    "[@click=app.quit]x[/]",
    "日本語" * 50,
    "$error {x} %s",
    "a\nb\tc\x9b2J",
)


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
async def test_hostile_names_are_text_everywhere(size):
    views = [
        torrent_view(n, torrent(name, ((A,),)), Verdict.WARNING, why=name, explanation=(name,))
        for n, name in enumerate(HOSTILE)
    ]
    events = tuple(event(n, EventKind.FAILED_OVER, name) for n, name in enumerate(HOSTILE, 1))
    async with show(snapshot((tracker(0, A),), views, events=events), size=size) as s:
        seen = ""
        for keys in (("2",), *[("2", "g", *["j"] * n, "enter") for n in range(len(HOSTILE))], ("4",)):
            await s.press(*keys)
            seen += s.text
            assert all(line.isprintable() for line in s.lines)
            assert "\u202e" not in s.text
            for strip in s.app.screen._compositor.render_strips():
                assert strip.cell_length == size[0]
        assert "[bold red]not markup[/]" in seen
        assert "[@click=app.quit]x[/]" in seen
        assert "$error {x} %s" in seen
        assert "ared" in seen or "a[31mred[0m" in seen


async def test_the_event_pane_follows_the_end_until_one_scrolls_up():
    def many(last):
        kinds = (EventKind.FAILED_OVER, EventKind.PROMOTED)
        return tuple(event(n, kinds[n % 2], f"moved {n:03}") for n in range(1, last + 1))

    async with show(snapshot((tracker(0, A),), events=many(100))) as s:
        await s.press("4")
        assert "moved 100" in s.lines[22]
        await s.post(snapshot((tracker(0, A),), events=many(110), version=2), later_s=1, events=many(110)[100:])
        assert "moved 110" in s.lines[22]
        await s.press("ctrl+u")
        top = s.lines[3]
        await s.post(snapshot((tracker(0, A),), events=many(120), version=3), later_s=1, events=many(120)[110:])
        assert "moved 120" not in s.text
        assert s.lines[3] == top
        await s.press("G")
        assert "moved 120" in s.lines[22]
        await s.pilot.resize_terminal(80, 12)
        await s.settle()
        assert "moved 120" in s.lines[10]


async def test_loading_and_a_stopped_engine_are_said():
    async with show() as s:
        s.app.picture.loading = "loading 1,200 of 10,000"
        s.app.redraw()
        await s.settle()
        assert "loading 1,200 of 10,000" in s.text
        s.app.picture.broken = "asking has stopped: internal error (KeyError)"
        s.app.redraw()
        await s.settle()
        assert s.lines[1].strip() == "x asking has stopped: internal error (KeyError)"


async def test_ten_thousand_torrents_make_only_visible_views():
    views = [torrent_view(n, torrent(f"t{n:05}", ((A, B),)), Verdict.WARNING) for n in range(10_000)]
    async with show(snapshot((tracker(0, A), tracker(1, B)), views), size=(160, 48)) as s:
        await s.press("2", "G", "g", "pagedown")
        assert len(set(s.app.picture.snapshot.torrents.looked_at)) < 120
        assert s.clock() == NOW


async def test_a_detail_that_changed_where_there_was_no_room_for_it_is_shown_anew():
    first = rich_snapshot()
    example, foo, *others = first.trackers
    changed = (example, replace(foo, since=before(5 * 86400)), *others)
    async with show(first) as s:
        await s.press("3")
        await s.pilot.resize_terminal(1, 24)
        await s.post(replace(first, version=2, trackers=changed), later_s=2)
        await s.pilot.resize_terminal(80, 24)
        await s.settle()
        assert "x DOWN for 5d" in s.text


async def test_the_key_line_offers_what_acts_here():
    async with show() as s:
        assert "m mute" in s.lines[-1]
        assert "announce" not in [told for _, told, _ in s.main.keys._keys]
        await s.press("2")
        assert "announce" in [told for _, told, _ in s.main.keys._keys]
    async with show(preferences=Preferences(read_only=True)) as s:
        assert "s sort" in s.lines[-1]
        assert "recheck" not in s.lines[-1]
        assert "mute" not in s.lines[-1]


async def test_reversing_says_so():
    async with show() as s:
        await s.press("s", "S")
        assert "trackers sorted:" in s.lines[-1]
        assert "S reverses" not in s.lines[-1]


async def test_help_begins_with_keys():
    async with show() as s:
        await s.press("question_mark")
        lines = ["".join(span.text for span in line) for line in s.app.screen.query_one("#help", InkPane).lines]
        assert lines[0] == " Keys on this screen"
        assert lines.index(" Glyphs") > 20


async def test_what_was_ordered_elsewhere_is_said_when_it_comes():
    async with show() as s:
        new = event(99, EventKind.CONFIG_RELOADED, "tracker.foo.org:6969 muted from elsewhere: moving house")
        await s.post(rich_snapshot(), events=(new,))
        assert "muted from elsewhere: moving house" in s.lines[-1]


async def test_the_column_to_sort_by_is_chosen():
    async with show() as s:
        await s.press("O", "2")
        assert s.app.picture.tracker_sort is list(TrackerSort)[1]
        assert "trackers sorted:" in s.lines[-1]
        await s.press("2", "O", "3")
        assert s.app.picture.torrent_sort is list(TorrentSort)[2]
        await s.press("O", "enter")
        assert not s.app.picture.torrents_reversed
