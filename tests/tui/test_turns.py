"""Keys that come at one go: each goes where the one before it led, and none waits for ever."""

import pytest
from textual.events import Key, Paste
from textual.widgets import Input

from tests.tui.screens import Show, show
from trackerwatch.engine.commands import SetInterval
from trackerwatch.tui.screens.answer import AnswerScreen


async def burst(s: Show, *keys: str) -> None:
    """All in the app's queue before the first is looked at."""
    for key in keys:
        s.app.post_message(Key(key, key if len(key) == 1 else "\r" if key == "enter" else None))
    for _ in range(60):
        await s.pilot.pause()
        if not s.app.turns.going_on:
            break
    await s.settle()


@pytest.mark.parametrize(
    ("keys", "typed"),
    [
        (("slash", *"debian"), "debian"),
        (("slash", "x", "ctrl+u", *"debian"), "debian"),
        (("slash", *"dex", "backspace", *"bi"), "debi"),
        (("question_mark", "q", "slash", *"abc"), "abc"),
    ],
)
async def test_letters_go_into_the_line_that_was_opened(keys, typed):
    async with show() as s:
        await burst(s, *keys)
        assert s.main.filter_input.display
        assert s.main.filter_input.value == typed


async def test_a_filter_with_its_enter():
    async with show() as s:
        await burst(s, "slash", *"debian", "enter")
        assert not s.main.filter_input.display
        assert s.app.picture.filter.text == "debian"


async def test_an_order_gets_its_number():
    async with show() as s:
        await burst(s, "i", *"20m", "enter")
        (command,) = s.commands
        assert isinstance(command, SetInterval)
        assert command.interval_s == 1200


async def test_from_one_dialog_to_the_next():
    async with show() as s:
        await burst(s, "m", "1", *"moving", "enter")
        (command,) = s.commands
        assert command.why == "moving"


async def test_pasted_text_keeps_its_place():
    async with show() as s:
        s.app.post_message(Key("slash", "/"))
        s.app.post_message(Paste("deb"))
        await burst(s, *"ian")
        assert s.main.filter_input.value == "debian"


async def test_ctrl_c_waits_for_nothing():
    async with show() as s:
        await burst(s, "i", *"20m", "ctrl+c")
        assert s.app._exit


async def test_a_screen_that_stays_busy_holds_keys_for_a_while_only(monkeypatch):
    monkeypatch.setattr("trackerwatch.tui.terminal.turns.LIMIT_S", 0.05)
    monkeypatch.setattr(AnswerScreen, "busy", True, raising=False)
    async with show() as s:
        await burst(s, "i", *"20m")
        while s.app.turns.going_on:
            await s.pilot.pause()
        assert s.app.screen.query_one(Input).value.endswith("20m")
