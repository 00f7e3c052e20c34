"""What panes are made of before anything knows a terminal: lines of spans, each with the meaning of its colour. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple, TypeAlias

from rich.cells import cell_len, chop_cells, set_cell_size

from trackerwatch.outside_text import ELLIPSIS, clean


class Ink(StrEnum):
    """What a piece of text means; the theme decides how it looks. The value is the CSS component class."""

    PLAIN = "ink--plain"
    DIM = "ink--dim"
    STRONG = "ink--strong"
    GOOD = "ink--good"
    WARN = "ink--warn"
    BAD = "ink--bad"
    WAIT = "ink--wait"
    """Not known yet, or not decided."""
    BAR = "ink--bar"
    """A bar of a chart that is as it should be."""
    ACCENT = "ink--accent"
    KEY = "ink--key"
    RULE = "ink--rule"
    HEAD = "ink--head"


class Span(NamedTuple):
    """A piece of one line."""

    text: str
    ink: Ink = Ink.PLAIN
    action: str = ""
    """A Textual action for a click, empty for none."""


Line: TypeAlias = tuple[Span, ...]


def safe(text: str) -> str:
    """Foreign text as a terminal may get it: one line, nothing invisible, no character whose width terminals dispute.

    Views are clean by contract; this is the face's own guard, and free for ordinary text.
    """
    if text.isascii() and text.isprintable():
        return text
    # Also what is printable may climb over other lines, or show nothing at all.
    text = clean(text, limit_chars=2048)
    # Variation selectors make a narrow character wide in some terminals and not in others.
    return "".join(c for c in text if not "\ufe00" <= c <= "\ufe0f")


def width_of(text: str) -> int:
    """Terminal cells that a text takes."""
    return len(text) if text.isascii() else cell_len(text)


def crop(text: str, width: int) -> str:
    """At most `width` cells of a text, with an ellipsis at the right where something is left out."""
    if width_of(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + ELLIPSIS if width > 0 else ""


def crop_left(text: str, width: int) -> str:
    """The last `width` cells of a text, with an ellipsis at the left: for host names, whose end tells most."""
    if width_of(text) <= width:
        return text
    if width <= 0:
        return ""
    kept = text[-(width - 1) :] if width > 1 else ""
    while width_of(kept) > width - 1:
        kept = kept[1:]
    return ELLIPSIS + kept


def fit(text: str, width: int, *, right: bool = False, elide_left: bool = False) -> str:
    """Exactly `width` cells: padded, or cropped."""
    text = crop_left(text, width) if elide_left else crop(text, width)
    padding = " " * (width - width_of(text))
    return padding + text if right else text + padding


LABEL_CELLS = 12


def labelled(label: str, *spans: Span) -> Line:
    """One fact of a detail: what it is, in a column of its own, and then it."""
    return (Span(f"  {label:<{LABEL_CELLS}}", Ink.DIM), *spans)


def line_width(line: Line) -> int:
    """Terminal cells that a line takes."""
    return sum(width_of(span.text) for span in line)


def crop_line(line: Line, width: int) -> Line:
    """At most `width` cells of a line."""
    if line_width(line) <= width:
        return line
    kept: list[Span] = []
    left = width
    for span in line:
        if width_of(span.text) >= left:
            # Something follows or sticks out: the ellipsis belongs here.
            kept.append(span._replace(text=crop(span.text + " " * (left + 1), left)))
            break
        kept.append(span)
        left -= width_of(span.text)
    return tuple(kept)


def wrap(line: Line, width: int, *, indent: int = 0) -> list[Line]:
    """Break a line at spaces into lines of at most `width` cells; what follows the first is indented.

    A word wider than the line is cut.
    """
    if line_width(line) <= width:
        return [line]
    indent = min(indent, max(0, width - 8))
    lines: list[Line] = []
    current: list[Span] = []
    used = 0
    for span in line:
        for piece in _pieces(span.text, max(1, width - indent)):
            piece_width = width_of(piece.rstrip(" "))
            if used + piece_width > width and used > indent:
                lines.append(tuple(current))
                current = [Span(" " * indent)] if indent else []
                used = indent
            current.append(span._replace(text=piece))
            used += width_of(piece)
    lines.append(tuple(current))
    return [crop_line(kept, width) if line_width(_stripped(kept)) > width else _stripped(kept) for kept in lines]


def _stripped(line: Line) -> Line:
    return (*line[:-1], line[-1]._replace(text=line[-1].text.rstrip(" "))) if line else line


def _pieces(text: str, width: int) -> list[str]:
    """Words with the spaces that follow them."""
    pieces: list[str] = []
    word = ""
    for i, character in enumerate(text):
        word += character
        if character == " " and text[i + 1 : i + 2] != " ":
            pieces.append(word)
            word = ""
    if word:
        pieces.append(word)
    return [part for piece in pieces for part in (chop_cells(piece, width) if width_of(piece) > width else [piece])]
