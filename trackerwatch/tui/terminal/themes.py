"""The themes there are: Textual's, and ours for eyes that tell colours otherwise and for terminals with sixteen colours."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from textual.theme import BUILTIN_THEMES, Theme

from trackerwatch.tui.preferences import Colors

if TYPE_CHECKING:
    from textual.app import App

SAFE = Theme(
    name="trackerwatch-safe",
    primary="#7cc0f5",
    secondary="#b9a5e8",
    accent="#7cc0f5",
    success="#56b4e9",
    warning="#f0e442",
    error="#ff8f4d",
    foreground="#e6e9ee",
    background="#0e1319",
    surface="#1b232d",
    panel="#232d39",
    dark=True,
    # As they are: Textual would mix them with white, and what differs would differ less.
    variables={
        "text-success": "#56b4e9",
        "text-warning": "#f0e442",
        "text-error": "#ff8f4d",
        "text-secondary": "#c5b6ee",
        "text-accent": "#9ed2fa",
        "text-primary": "#9ed2fa",
    },
)
"""Blue is well, yellow is half well, orange is not: told apart without red or green, and by brightness too."""

SAFE_LIGHT = Theme(
    name="trackerwatch-safe-light",
    primary="#00548f",
    secondary="#5b3f99",
    accent="#00548f",
    success="#0045a6",
    warning="#6c4f00",
    error="#991758",
    foreground="#1a1d21",
    background="#fbfbf8",
    surface="#e9ebee",
    panel="#dfe3e8",
    dark=False,
    variables={
        "text-success": "#0045a6",
        "text-warning": "#6c4f00",
        "text-error": "#991758",
        "text-secondary": "#5b3f99",
        "text-accent": "#00548f",
        "text-primary": "#00548f",
    },
)
"""The same on paper."""

SIXTEEN = Theme(
    name="trackerwatch-16",
    ansi=True,
    primary="ansi_default",
    secondary="ansi_default",
    accent="ansi_default",
    success="ansi_default",
    warning="ansi_magenta",
    error="ansi_red",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    dark=True,
    variables={
        "ansi-background": "ansi_default",
        "ansi-foreground": "ansi_default",
        "border": "ansi_default",
        "block-cursor-foreground": "ansi_default",
        "block-cursor-background": "ansi_default",
        "block-cursor-text-style": "reverse",
        "block-cursor-blurred-text-style": "reverse",
        "scrollbar": "ansi_default",
        "scrollbar-hover": "ansi_default",
        "scrollbar-active": "ansi_default",
        "scrollbar-background": "ansi_default",
        "scrollbar-background-hover": "ansi_default",
        "scrollbar-background-active": "ansi_default",
        "input-selection-background": "ansi_default",
    },
)
"""The terminal's own colours, and of those only the two that can be read on black and on white: whoever is well needs none."""

OURS = (SAFE, SAFE_LIGHT, SIXTEEN)

DEFAULT = "tokyo-night"

ALL: tuple[str, ...] = (*sorted(BUILTIN_THEMES), *(theme.name for theme in OURS))
"""Names, Textual's first."""

_BY_NAME = {**BUILTIN_THEMES, **{theme.name: theme for theme in OURS}}


def register(app: App[None]) -> None:
    """Let an app use ours too."""
    for theme in OURS:
        app.register_theme(theme)


def mistake(name: str) -> str:
    """What is wrong with the name of a theme, in one line with the nearest ones; empty where there is such a theme, or no name."""
    if not name or name in _BY_NAME:
        return ""
    shown = "".join(c if c.isprintable() else "?" for c in name[:40])
    near = difflib.get_close_matches(name.lower(), ALL, n=2, cutoff=0.65)
    told = f"did you mean {' or '.join(near)}?" if near else f"there are: {', '.join(ALL)}"
    return f"there is no theme {shown!r}; {told}"


def start_with(name: str, colors: Colors) -> str:
    """The theme that a screen opens with.

    Args:
        name: What was asked for; empty or unknown: our default.
        colors: What the terminal has. With sixteen colours only themes that use those can be read.
    """
    if colors is Colors.SIXTEEN:
        return name if name in _BY_NAME and _BY_NAME[name].ansi else SIXTEEN.name
    return name if name in _BY_NAME else DEFAULT


def offered(colors: Colors) -> tuple[str, ...]:
    """The themes that make sense with so many colours."""
    if colors is Colors.FULL:
        return ALL
    return tuple(name for name in ALL if _BY_NAME[name].ansi) if colors is Colors.SIXTEEN else (DEFAULT,)
