from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from trackerwatch.tui.lines import charts
from trackerwatch.tui.terminal import glyphs
from trackerwatch.tui.terminal.glyphs import ascii_only


@pytest.mark.parametrize("character", sorted(glyphs.GLYPHS))
def test_each_replacement_is_ascii_and_as_wide(character):
    shown = glyphs.GLYPHS[character]
    assert shown.isascii()
    assert shown.isprintable()
    assert len(shown) == cell_len(character)


def test_levels_and_strips_stay_told_apart():
    assert len(set(ascii_only(charts.BARS))) == len(charts.BARS)
    strips = [ascii_only(one.value[0]) for one in charts.Told]
    assert len(set(strips)) == len(strips)
    chart = {ascii_only(character) for character in charts.BARS + charts.SHADE + charts.OVER + charts.MISS}
    assert len(chart) == len(charts.BARS) + 3


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("…ker.example.org", "~ker.example.org"),
        ("── events ──", "-- events --"),
        ("└ a │ b", "` a | b"),
        ("╭──╮┃▎", "+--+||"),
        ("café Zürich", "cafe Zurich"),
        ("日本", "????"),
        ("пример", "??????"),  # its letters look like Latin ones and are none
        ("🔎 x", "/  x"),
        ("a\u0301\u0302b", "ab"),
        ("⠋⣿", "::"),
    ],
)
def test_what_it_reads_like(text, shown):
    assert ascii_only(text) == shown


@given(st.text(max_size=40))
def test_any_text_keeps_its_width(text):
    shown = ascii_only(text)
    assert shown.isascii()
    assert text.isascii() or len(shown) == cell_len(text)


def test_every_character_that_the_panes_draw_has_its_replacement_in_the_table():
    """What stands in the source of a pane is chosen by us, and so is what stands for it: `?` never."""
    folder = Path(glyphs.__file__).parent
    drawn = {c for path in folder.rglob("*.py") for c in path.read_text(encoding="utf-8") if not c.isascii()}
    assert {c for c in drawn if "?" in ascii_only(c)} <= {"\N{COMBINING GRAVE ACCENT}"}
