"""What reaches the terminal: ASCII alone where that is wished, no colours where those are not, on every screen there is."""

from __future__ import annotations

import pytest
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import Monochrome

from tests.tui.screens import show
from trackerwatch.tui.lines.ink import Ink
from trackerwatch.tui.preferences import Colors, Preferences
from trackerwatch.tui.terminal import looks

WAYS = {
    "main": (),
    "torrents": ("2", "down"),
    "events": ("4",),
    "detail": ("enter",),
    "torrent detail": ("2", "down", "enter"),
    "filter": ("2", "slash", *"seedrs<é"),
    "help": ("question_mark",),
    "palette": ("colon",),
    "palette searching": ("colon", *"theme"),
    "mute": ("m",),
    "walk": ("w",),
    "zoom": ("z",),
}
SIZES = [(80, 24), (160, 48), (40, 12), (20, 5)]
BLACK = Color.parse("#000000")


@pytest.mark.parametrize("way", WAYS)
async def test_ascii_is_ascii_on_every_screen(way):
    for size in SIZES if way in ("main", "detail", "help") else SIZES[:1]:
        async with show(size=size, preferences=Preferences(ascii=True)) as shown:
            await shown.press(*WAYS[way])
            if way.startswith("palette"):
                await shown.pilot.pause(0.3)
            others = {character for line in shown.lines for character in line if not character.isascii()}
            assert not others
            assert all(len(line) <= size[0] for line in shown.lines)


@pytest.mark.parametrize("way", WAYS)
async def test_without_colours_there_are_none_on_any_screen(way):
    async with show(preferences=Preferences(colors=Colors.NONE)) as shown:
        await shown.press(*WAYS[way])
        for strip in shown.app.screen._compositor.render_strips():
            for text, style, _ in strip:
                assert style is None or (style.color is None and style.bgcolor is None), (text, style)
            # What a terminal gets in the end: bold, dim, italic, underlined, reversed, and links.
            assert "38;" not in strip.render(shown.app.console)


async def test_without_colours_the_cursor_is_a_reversed_row_and_an_underlined_one_elsewhere():
    async with show(size=(120, 36), preferences=Preferences(colors=Colors.NONE)) as shown:
        trackers, torrents = shown.main.trackers, shown.main.torrents
        assert trackers.style_of(Ink.PLAIN, selected=True).reverse
        assert not torrents.style_of(Ink.PLAIN, selected=True).reverse
        assert torrents.style_of(Ink.PLAIN, selected=True).underline
        reversed_rows = [
            y
            for y, strip in enumerate(shown.app.screen._compositor.render_strips())
            if sum(len(text) for text, style, _ in strip if style and style.reverse) > 40
        ]
        assert [shown.lines[y].split()[:2] for y in reversed_rows] == [["x", "DOWN"]]
        await shown.press("2")
        assert torrents.style_of(Ink.PLAIN, selected=True).reverse


@pytest.mark.parametrize("colors", [Colors.NONE, Colors.SIXTEEN])
async def test_the_palette_shows_which_line_is_chosen(colors):
    async with show(preferences=Preferences(colors=colors)) as shown:
        await shown.press("colon", *"copy", "down")
        await shown.pilot.pause(0.5)
        chosen = {
            text.strip()
            for strip in shown.app.screen._compositor.render_strips()[4:]
            for text, style, _ in strip
            if style and style.underline and len(text.strip()) > 4
        }
        assert chosen


async def test_without_colours_the_filter_line_has_a_cursor():
    async with show(preferences=Preferences(colors=Colors.NONE)) as shown:
        await shown.press("slash", "a")
        shown.app.focused._cursor_visible = True
        strips = shown.app.screen._compositor.render_strips()
        line = next(strip for strip in strips if strip.text.strip() == "a")
        assert any(style and style.reverse for _, style, _ in line)


async def test_without_colours_a_click_is_still_a_click():
    async with show(preferences=Preferences(colors=Colors.NONE)) as shown:
        row = next(y for y, line in enumerate(shown.lines) if "2 Torrents" in line)
        await shown.pilot.click(offset=(shown.lines[row].index("2 Torrents") + 2, row))
        await shown.settle()
        assert shown.main.pane == "torrents"


def test_no_colours_takes_colours_alone():
    style = Style(color="red", bgcolor="blue", bold=True, reverse=True, meta={"@click": "x"})
    (segment,) = looks.NoColors().apply([Segment("a", style)], BLACK)
    assert segment.style == Style(bold=True, reverse=True, meta={"@click": "x"})
    assert segment.style.meta == {"@click": "x"}
    assert looks.NoColors().apply([Segment("a")], BLACK) == [Segment("a")]


def test_our_way_replaces_textuals():
    """Textual reads NO_COLOR too, and makes greys, which are colours."""
    usual = (Monochrome(),)
    assert looks.filters(usual, Preferences()) == ()
    assert [type(one) for one in looks.filters(usual, Preferences(colors=Colors.NONE, ascii=True))] == [
        looks.NoColors,
        looks.AsciiOnly,
    ]


async def test_wide_characters_keep_their_columns_in_ascii():
    rows = []
    for ascii_only in (False, True):
        async with show(size=(120, 40), preferences=Preferences(ascii=ascii_only)) as shown:
            await shown.press("2", "G")
            rows.append(next(line for line in shown.lines if "日本" in line or "????" in line))
    wide, narrow = rows
    assert "????" in narrow
    assert narrow.isascii()
    # What stands behind the name stands where it stood.
    assert cell_len(wide) == len(narrow)
    assert narrow.split()[-3:] == wide.split()[-3:]


@pytest.mark.parametrize(
    ("stderr", "stdout", "other"), [(True, True, False), (False, True, True), (False, False, False)]
)
def test_a_driver_draws_where_the_terminal_is(monkeypatch, stderr, stdout, other):
    class Usual:
        pass

    class Stream:
        def __init__(self, terminal: bool) -> None:
            self.isatty = lambda: terminal

    monkeypatch.setattr("sys.__stderr__", Stream(stderr))
    monkeypatch.setattr("sys.__stdout__", Stream(stdout))
    assert (looks.on_terminal(Usual) is not Usual) is other
