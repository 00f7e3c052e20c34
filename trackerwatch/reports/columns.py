"""Text laid out by terminal cells: wide characters take two, combining marks none."""

from __future__ import annotations

from rich.cells import cell_len, get_character_cell_size

ELISION = "~"
"""Stands for what was cut out; plain, so that every terminal and encoding has it."""


def take(text: str, cells: int) -> str:
    """The longest head of `text` that fits."""
    if cell_len(text) <= cells:
        return text
    used = 0
    for at, character in enumerate(text):
        used += get_character_cell_size(character)
        if used > cells:
            return text[:at]
    return text


def take_end(text: str, cells: int) -> str:
    """The longest tail of `text` that fits."""
    if cell_len(text) <= cells:
        return text
    used = 0
    for at in range(len(text) - 1, -1, -1):
        used += get_character_cell_size(text[at])
        if used > cells:
            return text[at + 1 :]
    return text


def elide_middle(text: str, cells: int) -> str:
    """`text`, or its two ends: names differ at the end (versions, architectures) as often as at the start."""
    if cell_len(text) <= cells:
        return text
    if cells <= 1:
        return ELISION[:cells]
    tail = take_end(text, (cells - 1) // 2)
    return take(text, cells - 1 - cell_len(tail)) + ELISION + tail


def elide_start(text: str, cells: int) -> str:
    """`text`, or its end: host names differ least at their end, but the domain and port name the operator."""
    if cell_len(text) <= cells:
        return text
    return ELISION[:cells] if cells <= 1 else ELISION + take_end(text, cells - 1)


def elide_end(text: str, cells: int) -> str:
    """`text`, or its start."""
    if cell_len(text) <= cells:
        return text
    return ELISION[:cells] if cells <= 1 else take(text, cells - 1) + ELISION


def left(text: str, cells: int) -> str:
    """`text` with spaces after it up to `cells`."""
    return text + " " * (cells - cell_len(text))


def right(text: str, cells: int) -> str:
    """`text` with spaces before it up to `cells`."""
    return " " * (cells - cell_len(text)) + text


def wrap(text: str, cells: int) -> list[str]:
    """`text` broken at spaces into lines that fit; a word too long for a line is cut. At least one line."""
    cells = max(1, cells)
    lines: list[str] = []
    line = ""
    for word in text.split():
        rest = word
        if line and cell_len(line) + 1 + cell_len(rest) <= cells:
            line += " " + rest
            continue
        if line:
            lines.append(line)
        while cell_len(rest) > cells:
            head = take(rest, cells) or rest[0]
            lines.append(head)
            rest = rest[len(head) :]
        line = rest
    if line or not lines:
        lines.append(line)
    return lines
