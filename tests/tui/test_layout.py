"""The layout from run to run: what is kept, what comes back, and that a file can hold anything."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tui.feeds import Clock, HandFeed, rich_snapshot
from tests.tui.screens import show
from trackerwatch.tui.app import TrackerwatchApp
from trackerwatch.tui.lines.arrangement import Pane
from trackerwatch.tui.model import layout
from trackerwatch.tui.model.layout import Saver
from trackerwatch.tui.model.ordering import TorrentSort, TrackerSort
from trackerwatch.tui.preferences import Preferences


class Keeper:
    """Keeps a layout in memory."""

    def __init__(self, kept=None, trouble="") -> None:
        self.kept = dict(kept or {})
        self.trouble = trouble
        self.saves = 0

    def load(self):
        return self.kept

    def save(self, kept) -> str:
        self.saves += 1
        if not self.trouble:
            self.kept = dict(kept)
        return self.trouble


def new_app(kept) -> TrackerwatchApp:
    feed = HandFeed(rich_snapshot())
    wishes = Preferences(layout=Keeper(kept))
    return TrackerwatchApp(feed, do=lambda _: "", clock=Clock(), tick_s=None, preferences=wishes)


async def test_everything_comes_back():
    keeper = Keeper()
    async with show(preferences=Preferences(layout=keeper)) as s:
        await s.press("s", "S", "t", "Z", "2", "s", "f", "z", "slash", *"release", "enter")
        s.app.choose_theme("nord")
        folds = s.app.picture.hosts.folds
        assert keeper.saves == 0
        await s.app.keep_layout()
        assert keeper.saves == 1
        await s.app.keep_layout()
        assert keeper.saves == 1
    async with show(preferences=Preferences(layout=keeper)) as s:
        picture = s.app.picture
        assert (picture.tracker_sort, picture.trackers_reversed) == (TrackerSort.NAME, True)
        assert (picture.torrent_sort, picture.torrents_reversed) == (TorrentSort.NAME, False)
        assert (s.main.pane, s.main.subject, s.main.zoomed) == (Pane.TORRENTS, Pane.TORRENTS, True)
        assert picture.filter.text == "release"
        assert not picture.attention
        assert picture.hosts.on
        assert not picture.collections.on
        assert picture.hosts.folds == folds
        assert s.app.theme == "nord"
        assert all("release" in name for name in s.names())
        assert "filter kept from last time: release   esc clears it" in s.lines[-1]
        await s.app.keep_layout()
    # Nothing was changed, so nothing is written.
    assert keeper.saves == 1


async def test_the_end_keeps_the_last_change():
    keeper = Keeper()
    async with show(preferences=Preferences(layout=keeper)) as s:
        await s.press("s", "Q")
    assert keeper.kept["tracker_sort"] == "tracker"


async def test_the_config_names_the_theme_before_the_screen_does():
    keeper = Keeper({"theme": "nord"})
    async with show(preferences=Preferences(layout=keeper, theme="gruvbox")) as s:
        assert s.app.theme == "gruvbox"
    async with show(preferences=Preferences(layout=Keeper({"theme": "no such"}))) as s:
        assert s.app.theme == "tokyo-night"


async def test_a_layout_that_cannot_be_kept_is_told_once():
    async with show(preferences=Preferences(layout=Keeper(trouble="the disk is full"))) as s:
        await s.press("s")
        await s.app.keep_layout()
        await s.settle()
        assert "the layout is not kept: the disk is full" in s.lines[-1]
        await s.press("s", "2")
        await s.app.keep_layout()
        await s.settle()
        assert "disk" not in s.lines[-1]


async def test_what_was_not_kept_is_tried_again_and_kept_once_there_is_room():
    keeper = Keeper(trouble="the disk is full")
    async with show(preferences=Preferences(layout=keeper)) as s:
        await s.press("s")
        await s.app.keep_layout()
        keeper.trouble = ""
        await s.press("Q")
    assert keeper.kept["tracker_sort"] == "tracker"


async def test_keys_do_not_wait_for_a_disk_that_hangs():
    class Hanging(Keeper):
        def save(self, kept) -> str:
            super().save(kept)
            return "" if moves.wait(20) else "nothing came"

    moves, keeper = threading.Event(), Hanging()
    async with show(preferences=Preferences(layout=keeper)) as s:
        try:
            await s.press("s")
            # As the timer does it, in the app's own task.
            s.app.call_later(s.app.keep_layout_meanwhile)
            await s.press("2")
            s.app.call_later(s.app.keep_layout_meanwhile)
            await s.press("s")
            assert s.main.pane is Pane.TORRENTS
            assert keeper.saves <= 1
        finally:
            moves.set()
        await s.app.workers.wait_for_complete()
        assert keeper.saves == 1


async def test_without_a_keeper_nothing_is_kept():
    saver = Saver(None, lambda: {"a": 1})
    saver.begin()
    assert saver.save() == ""
    assert await saver.save_soon() == ""


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
KEYS = (
    *("pane", "table", "zoomed", "tracker_sort", "trackers_reversed", "torrent_sort", "torrents_reversed"),
    *("attention", "filter", "theme", "hosts", "collections"),
)


@given(kept=st.dictionaries(st.sampled_from(KEYS), ANY))
def test_a_file_may_hold_anything(kept):
    app = new_app(kept)
    assert app.main.pane in Pane
    assert isinstance(app.picture.tracker_sort, TrackerSort)
    assert isinstance(app.picture.trackers_reversed, bool)
    assert isinstance(app.chosen_theme, str)
    again = layout.taken(app.main, app.chosen_theme)
    assert again.keys() == layout.taken(new_app({}).main, "").keys()
    assert again.keys() >= set(KEYS)


@pytest.mark.parametrize(
    ("kept", "usual"),
    [
        ({"pane": "nowhere", "tracker_sort": "tracker"}, "pane"),
        ({"filter": "seeders<", "tracker_sort": "tracker"}, "filter"),
        ({"filter": "x" * 5000, "tracker_sort": "tracker"}, "filter"),
        ({"zoomed": "yes", "tracker_sort": "tracker"}, "zoomed"),
        ({"hosts": {"on": 1, "open": {"a": "b", 5: True}}, "tracker_sort": "tracker"}, "hosts"),
    ],
)
def test_what_makes_no_sense_is_left_out_alone(kept, usual):
    plain, app = new_app({}), new_app(kept)
    taken = layout.taken(app.main, "")
    assert taken[usual] == layout.taken(plain.main, "")[usual]
    assert taken["tracker_sort"] == "tracker"
    assert app.main.greeting == ""


def test_folds_are_bounded():
    app = new_app({"hosts": {"on": True, "open": {f"host{n}": True for n in range(5000)} | {"x" * 1000: True}}})
    assert len(app.picture.hosts.folds) <= layout.MAX_FOLDS
