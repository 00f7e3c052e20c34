"""Filters by name: kept, called, told wrong; and the screen on which one is chosen."""

from tests.tui.screens import show
from trackerwatch.tui.model.saved import MAX_FILTERS, SavedFilters, called
from trackerwatch.tui.preferences import Preferences
from trackerwatch.tui.screens.saved import SavedScreen

GIVEN = {"starving": "seeders<9 & leechers>0", "broken": "a & sedeers<3", "down": "state=down"}


class Keeper:
    """A layout in memory."""

    def __init__(self, kept=None):
        self.kept = kept or {}

    def load(self):
        return self.kept

    def save(self, layout):
        self.kept = dict(layout)
        return ""


def test_what_is_saved_on_the_screen_goes_before_the_config():
    saved = SavedFilters(GIVEN)
    saved.save(" down ", "state=exhausted ")
    assert saved.named["down"] == "state=exhausted"
    assert saved.delete("down") == "filter down deleted; down of the config holds again"
    assert saved.named == GIVEN
    assert saved.delete("down") == "down stands in the config, under [filters]: delete it there"
    assert saved.delete("nosuch") == "no filter is saved as nosuch"


def test_what_cannot_be_saved_says_why():
    saved = SavedFilters(GIVEN)
    assert saved.trouble("x", "@starving | size>1G") == ""
    assert saved.trouble(" ", "x") == "type a name"
    assert saved.trouble("x" * 61, "x") == "a name has up to 60 characters that can be seen"
    assert saved.trouble("a\x1b", "x") == "a name has up to 60 characters that can be seen"
    assert saved.trouble("x", " ") == "there is no filter to save: type one after /"
    assert "circle" in saved.trouble("me", "a @me")
    assert "did you mean seeders?" in saved.trouble("x", "sedeers<3")
    saved.own = {str(n): "x" for n in range(MAX_FILTERS)}
    assert "delete one first" in saved.trouble("x", "x")
    assert saved.trouble("1", "x") == ""


def test_whatever_the_layout_kept_is_taken_or_left():
    saved = SavedFilters()
    saved.restore({"good": "x", "bad": 3, 4: "x", "": "x", "long": "x" * 3000})
    assert saved.own == {"good": "x"}
    saved.restore(["x"])
    assert saved.own == {"good": "x"}


def test_a_name_is_called_so_that_it_parses():
    assert called("a-b_1") == "@a-b_1"
    assert called('two "words"') == r'@"two \"words\""'
    assert called("x&y") == '@"x&y"'


async def test_a_saved_filter_is_chosen_with_what_it_matches():
    async with show(preferences=Preferences(filters=GIVEN)) as s:
        await s.press("2", "F")
        assert isinstance(s.app.screen, SavedScreen)
        assert s.app.screen.counts == {
            "broken": "unknown field 'sedeers' at column 5",
            "down": "23 torrents, 2 trackers",
            "starving": "17 torrents",
        }
        assert "> broken" in s.text
        assert "23 torrents, 2 trackers" in s.text
        await s.press("enter")
        assert "in @broken" in s.text or "sedeers" in s.text
        assert s.app.picture.filter is None
        await s.press("j", "j", "enter")
        assert s.app.picture.filter.text == "@starving"
        assert len(s.names()) == 17
        assert "filter 17/200" in s.text or "17/200" in s.text
        await s.press("F")
        assert "> starving" in s.text


async def test_the_current_filter_is_saved_called_and_deleted():
    keeper = Keeper()
    async with show(preferences=Preferences(filters=GIVEN, layout=keeper)) as s:
        await s.press("slash", *"imaging", "enter", "F", "s")
        await s.press("enter")
        assert "type a name" in s.text
        await s.press(*"mine", "enter")
        assert "saved as mine" in s.text
        assert "> mine" in s.text
        await s.press("escape", "slash", "ctrl+u", *"@mi", "tab", "enter")
        assert s.app.picture.filter.text == "@mine"
        assert s.names() == ["dataset-imaging-v3"]
    assert keeper.kept["filters"] == {"mine": "imaging"}
    async with show(preferences=Preferences(layout=keeper)) as s:
        assert s.app.picture.filter.text == "@mine"
        await s.press("F", "d")
        assert "filter mine deleted" in s.text
        assert "none yet" in s.text
    assert keeper.kept["filters"] == {}


async def test_a_mistake_in_a_saved_filter_is_named_at_the_start():
    async with show(preferences=Preferences(filters=GIVEN)) as s:
        assert "saved 'broken': filter: unknown field 'sedeers' at column 5" in s.lines[-1]
        await s.press("2", "slash", *"@down", "enter")
        assert len(s.names()) == 23


async def test_without_a_filter_there_is_nothing_to_save():
    async with show(size=(40, 12)) as s:
        await s.press("F", "s")
        assert "there is no filter to save" in s.text
        await s.press("j", "d", "enter", "5")
        assert isinstance(s.app.screen, SavedScreen)
        await s.press("escape")
        assert s.app.screen is s.main


async def test_more_filters_than_lines():
    many = {f"f{n:02}": f"seeders<{n}" for n in range(60)}
    async with show(preferences=Preferences(filters=many), size=(40, 12)) as s:
        await s.press("F", "k")
        assert "> f59" in s.text
        await s.press("3")
        assert s.app.picture.filter.text == "@f02"
