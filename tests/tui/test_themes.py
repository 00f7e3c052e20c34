"""Colours as they are in the end, measured: contrast, and whether colour-blind eyes tell them apart."""

from __future__ import annotations

import itertools

import pytest
from textual.color import Color

from tests.tui.screens import Show, show
from trackerwatch.tui.lines.ink import Ink
from trackerwatch.tui.preferences import Colors, Preferences
from trackerwatch.tui.terminal import themes

OURS = [themes.SAFE.name, themes.SAFE_LIGHT.name]
READ = [ink for ink in Ink if ink not in (Ink.RULE, Ink.BAR)]

# Linear RGB as seen without one kind of cone (Machado, Oliveira, Fernandes 2009, full severity).
EYES = {
    "usual": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}


def linear(color: Color) -> tuple[float, ...]:
    return tuple(v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (c / 255 for c in color.rgb))


def contrast(one: Color, other: Color) -> float:
    """As WCAG 2 defines it."""
    light, dark = sorted(
        (sum(w * v for w, v in zip((0.2126, 0.7152, 0.0722), linear(c), strict=True)) for c in (one, other)),
        reverse=True,
    )
    return (light + 0.05) / (dark + 0.05)


def lab(rgb: tuple[float, ...]) -> tuple[float, float, float]:
    matrix = ((0.4124564, 0.3575761, 0.1804375), (0.2126729, 0.7151522, 0.0721750), (0.0193339, 0.1191920, 0.9503041))
    white = (0.95047, 1.0, 1.08883)
    values = [sum(w * v for w, v in zip(row, rgb, strict=True)) / n for row, n in zip(matrix, white, strict=True)]
    x, y, z = (v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in values)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def difference(one: Color, other: Color, eye: str) -> float:
    """CIE76: 2 is just seen, 20 is plain."""
    seen = []
    for color in (one, other):
        rgb = linear(color)
        seen.append(
            lab(tuple(min(1.0, max(0.0, sum(w * v for w, v in zip(row, rgb, strict=True)))) for row in EYES[eye]))
        )
    return sum((a - b) ** 2 for a, b in zip(*seen, strict=True)) ** 0.5


async def inks(theme: str) -> tuple[dict[Ink, Color], list[Color]]:
    """What each ink looks like in the end, and the backgrounds there are: the screen's, the cursor's with and without focus."""
    async with show(preferences=Preferences(theme=theme)) as shown:
        assert shown.app.theme == theme
        return measured(shown)


def measured(shown: Show) -> tuple[dict[Ink, Color], list[Color]]:
    table, other = shown.main.trackers, shown.main.detail
    found = {ink: Color.from_rich_color(table.style_of(ink).color) for ink in Ink}
    backgrounds = [
        Color.from_rich_color(table.style_of(Ink.PLAIN).bgcolor),
        Color.from_rich_color(table.style_of(Ink.PLAIN, selected=True).bgcolor),
        Color.from_rich_color(other.style_of(Ink.PLAIN, selected=True).bgcolor),
    ]
    return found, backgrounds


@pytest.mark.parametrize("theme", [*OURS, themes.DEFAULT])
async def test_everything_can_be_read(theme):
    found, (screen, *cursors) = await inks(theme)
    too_faint = {ink: contrast(found[ink], screen) for ink in READ if contrast(found[ink], screen) < 4.5}
    assert not too_faint
    for cursor in cursors:
        faint = {
            ink: contrast(found[ink], cursor)
            for ink in READ
            if ink not in (Ink.DIM, Ink.HEAD) and contrast(found[ink], cursor) < 4.5
        }
        assert not faint
    assert contrast(found[Ink.BAR], screen) > 3


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("theme", OURS)
async def test_well_half_well_and_broken_differ_for_every_eye(theme, eye):
    found, _ = await inks(theme)
    told = (Ink.GOOD, Ink.WARN, Ink.BAD)
    for one, other in itertools.combinations(told, 2):
        assert difference(found[one], found[other], eye) > 20, (one, other)


async def test_the_measure_itself_can_fail():
    assert difference(Color.parse("#00aa00"), Color.parse("#aa7000"), "usual") > 50
    assert difference(Color.parse("#6f8f00"), Color.parse("#b07000"), "deuteranopia") < 20
    assert contrast(Color.parse("#777777"), Color.parse("#ffffff")) == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", themes.ALL)
async def test_every_theme_opens_the_screen(theme):
    async with show(preferences=Preferences(theme=theme)) as shown:
        assert shown.app.theme == theme
        assert "x DOWN" in shown.text
        if not shown.app.current_theme.ansi:
            found, (screen, *_) = measured(shown)
            # Those of others, whose plain text is faint at times, are at least no worse than they are.
            assert contrast(found[Ink.DIM], screen) > min(3, 0.5 * contrast(found[Ink.PLAIN], screen))


def test_an_unknown_name_is_answered_with_near_ones():
    assert themes.mistake("") == themes.mistake("nord") == ""
    assert themes.mistake("tokio-night") == "there is no theme 'tokio-night'; did you mean tokyo-night?"
    assert themes.mistake("NORD") == "there is no theme 'NORD'; did you mean nord?"
    assert themes.mistake("\x1b[31mqqqq").startswith("there is no theme '?[31mqqqq'; there are: ansi-dark, ")


def test_sixteen_colours_are_only_drawn_with_themes_that_have_sixteen():
    assert themes.start_with("nord", Colors.FULL) == "nord"
    assert themes.start_with("", Colors.FULL) == themes.DEFAULT
    assert themes.start_with("nord", Colors.SIXTEEN) == themes.SIXTEEN.name
    assert themes.start_with("ansi-light", Colors.SIXTEEN) == "ansi-light"
    assert set(themes.offered(Colors.SIXTEEN)) == {"ansi-dark", "ansi-light", "trackerwatch-16"}
    assert themes.offered(Colors.FULL) == themes.ALL


async def test_sixteen_colours_are_the_terminals_own():
    async with show(preferences=Preferences(colors=Colors.SIXTEEN)) as shown:
        for strip in shown.app.screen._compositor.render_strips():
            for segment in strip:
                for color in (segment.style.color, segment.style.bgcolor) if segment.style else ():
                    assert color is None or color.triplet is None, segment
                    # Only these two can be read on black and on white.
                    assert color is None or color.is_default or color.number in (1, 5), segment
