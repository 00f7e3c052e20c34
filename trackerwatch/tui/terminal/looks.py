"""What a terminal may be sent, applied to every line of every widget at the last step: ASCII alone, no colours.

Textual's own way (`NO_COLOR`) turns colours into greys, which are colours, too.
"""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from textual.filter import LineFilter, Monochrome, NoColor
from textual.scrollbar import ScrollBar, ScrollBarRender

from trackerwatch.tui.preferences import Colors
from trackerwatch.tui.terminal import themes
from trackerwatch.tui.terminal.glyphs import ascii_only

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import App
    from textual.color import Color
    from textual.driver import Driver

    from trackerwatch.tui.preferences import Preferences


class AsciiOnly(LineFilter):
    """Replaces every character that is not ASCII; widths stay."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """One line."""
        del background
        return [
            segment if segment.text.isascii() else Segment(ascii_only(segment.text), segment.style, segment.control)
            for segment in segments
        ]


class NoColors(LineFilter):
    """Takes every colour away; bold, dim, underlined and reversed stay, and so do links and what a click does."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """One line."""
        del background
        return [
            segment if segment.style is None else Segment(segment.text, without_colors(segment.style), segment.control)
            for segment in segments
        ]


@lru_cache(maxsize=2048)
def without_colors(style: Style) -> Style:
    """A style that sends no colour to a terminal."""
    if style.color is None and style.bgcolor is None:
        return style
    # `Style.without_color` forgets what a click does.
    plain = style.without_color
    return plain + Style(meta=style.meta) if style.meta else plain


class WholeCellScrollBar(ScrollBarRender):
    """A scrollbar whose ends are whole cells, drawn by reversing blanks."""

    VERTICAL_BARS = [" "] * 8
    HORIZONTAL_BARS = [" "] * 8


CSS = """
ModalScreen:nocolor, ModalScreen:ansi { background: $background; }
ThemeScreen:ansi { background: transparent; }
Inked:ansi, Input:ansi { background: ansi_default; }
Input:nocolor, Input:ansi {
    text-style: bold;
    & > .input--cursor { color: ansi_default; background: ansi_default; text-style: reverse; }
    & > .input--selection { color: ansi_default; background: ansi_default; text-style: underline; }
}
OptionList:nocolor, OptionList:ansi {
    & > .option-list--option-highlighted { color: ansi_default; background: ansi_default; text-style: bold underline; }
}
"""
"""Without colours of one's own nothing shines through: a dialog has the screen for itself.

Lists of Textual's are underlined where one would reverse: it forgets that on the way (`Widget.get_visual_style`).
"""


def dress(app: App[None], preferences: Preferences) -> None:
    """Give an app our themes, and tell its style sheets whether there are colours. Before it runs."""
    themes.register(app)
    app.no_color = preferences.colors is Colors.NONE
    whole_cells = preferences.ascii or preferences.colors is not Colors.FULL
    # One for the process, as Textual has it.
    ScrollBar.renderer = WholeCellScrollBar if whole_cells else ScrollBarRender


def on_terminal(usual: type[Driver]) -> type[Driver]:
    """A driver that draws on stdout where stderr is none of the terminal's, as in `trackerwatch x 2>log`; Textual's draws on stderr."""
    if sys.__stderr__ is not None and sys.__stderr__.isatty():
        return usual
    if sys.__stdout__ is None or not sys.__stdout__.isatty():
        return usual

    class OnStdout(usual):  # type: ignore[misc, valid-type]
        """As Textual's."""

        def __init__(self, *arguments: object, **options: object) -> None:
            super().__init__(*arguments, **options)
            if sys.__stdout__ is not None:
                # A file of its own: what cannot be encoded must not end the thread that writes.
                encoding = sys.__stdout__.encoding
                descriptor = sys.__stdout__.fileno()
                self._file = open(descriptor, "w", encoding=encoding, errors="replace", closefd=False)  # noqa: SIM115

    return OnStdout


def filters(usual: Sequence[LineFilter], preferences: Preferences) -> tuple[LineFilter, ...]:
    """What every line goes through.

    Args:
        usual: Textual's own. With no colours they are left out: they make greys. Without that wish those are left out which
            Textual takes from the environment: whoever made the preferences has looked there.
        preferences: How the user wants the screen.
    """
    colored = tuple(one for one in usual if not isinstance(one, Monochrome | NoColor))
    kept = (_NO_COLORS,) if preferences.colors is Colors.NONE else colored
    return (*kept, _ASCII_ONLY) if preferences.ascii else kept


_ASCII_ONLY = AsciiOnly()
_NO_COLORS = NoColors()
