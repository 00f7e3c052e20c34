"""Choosing a theme: shown on the way, taken or taken back."""

from tests.tui.screens import show
from trackerwatch.tui.preferences import Colors, Preferences
from trackerwatch.tui.screens.help import HelpScreen
from trackerwatch.tui.screens.theming import handful
from trackerwatch.tui.terminal import themes
from trackerwatch.tui.widgets.inked import InkPane


async def test_each_is_shown_and_enter_takes_it():
    async with show() as s:
        await s.press("T", "j")
        assert s.app.theme == "trackerwatch-safe"
        assert s.app.chosen_theme == ""
        await s.press("j", "enter")
        assert s.app.screen is s.main
        assert s.app.theme == s.app.chosen_theme == "trackerwatch-safe-light"
        assert "theme trackerwatch-safe-light" in s.lines[-1]


async def test_escape_takes_it_back():
    async with show(preferences=Preferences(theme="dracula")) as s:
        await s.press("T", "j", "j")
        assert s.app.theme != "dracula"
        await s.press("escape")
        assert s.app.theme == "dracula"
        assert s.app.chosen_theme == ""


async def test_a_number_takes_it_at_once():
    async with show() as s:
        await s.press("T", "5")
        assert s.app.theme == "nord"


def test_what_is_worn_is_among_the_few_that_numbers_reach():
    for worn in themes.ALL:
        choices = handful(themes.offered(Colors.FULL), worn)
        assert [choice.label for choice in choices if choice.current] == [worn]
        assert len(choices) <= 9
    assert {choice.label for choice in handful(themes.offered(Colors.SIXTEEN), "trackerwatch-16")} <= set(
        themes.offered(Colors.SIXTEEN)
    )


async def test_help_tells_the_keys_of_a_full_screen_with_their_names():
    async with show(preferences=Preferences(keys={"detail.fold": "F7"})) as s:
        await s.press("enter", "question_mark")
        assert isinstance(s.app.screen, HelpScreen)
        lines = ["".join(span.text for span in line) for line in s.app.screen.query_one("#help", InkPane).lines]
        for name in ("detail.back", "detail.next-section", "page.down", "main.copy", "main.recheck", "app.theme"):
            assert any(line.endswith(f"  {name}") for line in lines), name
        assert next(line for line in lines if line.endswith("detail.fold")).split()[0] == "F7"
        assert not any(line.endswith("main.sort") for line in lines)
        places = [line for line in lines if line.startswith(" Keys ")]
        assert places == [" Keys on this screen", " Keys in this pane", " Keys everywhere"]
