"""Every character the screen draws that is not ASCII, and what stands for it where only ASCII may be drawn. Pure.

Panes are made with the characters on the left. Where the terminal takes ASCII alone, they are replaced at the very last step
(`looks.AsciiOnly`), so that no pane has to know. A replacement is as wide as what it replaces.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from rich.cells import cell_len

BARS = "▁▂▃▄▅▆▇█"
"""Levels of a bar, from the lowest to a full cell."""

GLYPHS = {
    # Bars and strips: each level is another character, and those of strips differ from each other.
    **dict(zip(BARS, "_-:=+*%#", strict=True)),
    "·": ".",  # nothing known
    "░": ".",  # up to p95
    "▒": ":",
    "▓": "%",
    # Rules, trees and edges.
    "─": "-",
    "│": "|",
    "├": "|",
    "└": "`",
    "▔": "-",
    "▀": '"',
    # Text left out, quoted, pointed at.
    "…": "~",
    "“": '"',
    "”": '"',
    "\N{LEFT SINGLE QUOTATION MARK}": "'",
    "\N{RIGHT SINGLE QUOTATION MARK}": "'",
    "\N{EN DASH}": "-",
    "—": "-",
    "→": ">",
    "←": "<",
    "↑": "^",
    "↓": "v",
    "▲": "^",
    "▼": "v",
    "▶": ">",
    "◀": "<",
    "▸": ">",
    "▾": "v",
    "●": "*",
    "○": "o",
    "•": "*",
    "✓": "+",
    "✔": "+",
    "✗": "x",
    "✘": "x",
    "\N{MULTIPLICATION SIGN}": "x",
    "≥": ">",
    "≤": "<",
    "≈": "~",
    "±": "+",
    "°": "o",
    "\N{MICRO SIGN}": "u",
    "\N{GREEK SMALL LETTER MU}": "u",
    # Of Textual's palette.
    "\N{LEFT-POINTING MAGNIFYING GLASS}": "/ ",
    "\N{RIGHT-POINTING MAGNIFYING GLASS}": "/ ",
}
"""By the character that panes use. One cell becomes one character, two cells become two."""

UNKNOWN = "?"
"""What stands for a cell of foreign text that has no likeness in ASCII."""


class _Ascii(dict[int, str]):
    """For `str.translate`. Fills itself, in bounds."""

    def __missing__(self, code: int) -> str:
        shown = _likeness(chr(code))
        if len(self) < 8192:
            self[code] = shown
        return shown


def _likeness(character: str) -> str:
    if character.isascii():
        return character
    width = cell_len(character)
    if not width:
        return ""
    code = ord(character)
    if 0x2500 <= code <= 0x257F:
        return _edge(unicodedata.name(character))
    if 0x2580 <= code <= 0x259F:
        return "|" if "LEFT" in (name := unicodedata.name(character)) or "RIGHT" in name else "#"
    if 0x2800 <= code <= 0x28FF:
        return ":"
    if character.isspace():
        return " " * width
    base = unicodedata.normalize("NFD", character)[0]
    # An accent is left away. Letters that merely look alike are no likeness: that is how names are forged.
    return base if base.isascii() and base.isalpha() and width == 1 else UNKNOWN * width


def _edge(name: str) -> str:
    words = set(name.split())
    across = bool(words & {"HORIZONTAL", "LEFT", "RIGHT"})
    upright = bool(words & {"VERTICAL", "UP", "DOWN"})
    return "+" if across and upright else "|" if upright else "-"


_TABLE = _Ascii({ord(character): shown for character, shown in GLYPHS.items()})


@lru_cache(maxsize=4096)
def ascii_only(text: str) -> str:
    """A text in ASCII alone, in as many cells as it took before."""
    if text.isascii():
        return text
    shown = text.translate(_TABLE)
    width = cell_len(text)
    # What several characters make together may be narrower than they are alone.
    return shown if len(shown) == width else f"{shown[:width]:<{width}}"
