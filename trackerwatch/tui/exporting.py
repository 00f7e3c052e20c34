"""Sheets as files: CSV, JSON, Markdown and text, a few rows at a time, into a file of their own that overwrites none."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import re
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from trackerwatch.escaping import harmless_cell, markdown_text
from trackerwatch.outside_text import clean
from trackerwatch.tui.lines.ink import fit, width_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from datetime import datetime

    from trackerwatch.tui.lines.sheets import Row, Sheet, Value

SLICE_ROWS = 100
"""Rows that are made between two looks at the keyboard."""
MAX_CELLS = 60
"""The widest column of a text table; longer texts follow in full at the end of a row."""
MAX_SAME_NAMES = 1000


class Format(StrEnum):
    """What an export is written in; the value ends the file's name."""

    CSV = "csv"
    JSON = "json"
    MARKDOWN = "md"
    TEXT = "txt"


FORMATS = {
    Format.CSV: ("CSV", "for spreadsheets; cells that look like formulas are defused"),
    Format.JSON: ("JSON", "a list of objects"),
    Format.MARKDOWN: ("Markdown", "a table for a ticket or a chat"),
    Format.TEXT: ("text", "aligned columns"),
}
"""Name and what it is for, in the order in which they are offered."""


async def export(sheet: Sheet, form: Format, folder: Path | None, now: datetime) -> str:
    """Write a sheet into a new file.

    Args:
        sheet: What to write.
        form: As what.
        folder: Where. None: the working directory.
        now: For the file's name.

    Returns:
        One clean line: where it is, or why it is not.
    """
    pieces = [piece async for piece in rendered(sheet, form)]
    name = f"trackerwatch-{sheet.name}-{now.strftime('%Y%m%d-%H%M%S')}.{form.value}"
    path, problem = await asyncio.to_thread(write_new, folder, name, "".join(pieces))
    if problem:
        return f"nothing was exported: {problem}"
    rows = f"{len(sheet.keys):,} row{'' if len(sheet.keys) == 1 else 's'}"
    return f"{rows} of {sheet.title} exported to {path}"


async def rendered(sheet: Sheet, form: Format) -> AsyncIterator[str]:
    """The document in pieces, with a pause for others after every few rows."""
    if form is Format.TEXT:
        rows: list[Row] = []
        async for part in _slices(sheet):
            rows += part
        yield _text(sheet.columns, rows)
        return
    yield _head(sheet, form)
    first = True
    async for part in _slices(sheet):
        for row in part:
            yield _line(sheet.columns, row, form, first=first)
            first = False
    if form is Format.JSON:
        yield "\n]\n" if not first else "]\n"


async def _slices(sheet: Sheet) -> AsyncIterator[list[Row]]:
    for begin in range(0, len(sheet.keys), SLICE_ROWS):
        yield [sheet.row(key) for key in sheet.keys[begin : begin + SLICE_ROWS]]
        await asyncio.sleep(0)


def _head(sheet: Sheet, form: Format) -> str:
    match form:
        case Format.CSV:
            return _csv(sheet.columns)
        case Format.JSON:
            return "["
        case _:
            marks = "".join(" --- |" for _ in sheet.columns)
            return f"# {markdown_text(sheet.title)}\n\n{_markdown(sheet.columns)}|{marks}\n"


def _line(columns: tuple[str, ...], row: Row, form: Format, *, first: bool) -> str:
    match form:
        case Format.CSV:
            return _csv(row)
        case Format.JSON:
            told = json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False)
            return f"{'' if first else ','}\n  {told}"
        case _:
            return _markdown(row)


def _csv(row: Row) -> str:
    line = io.StringIO()
    cells = [harmless_cell(value) if isinstance(value, str) else value for value in row]
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue()


def _markdown(row: Row) -> str:
    return f"|{''.join(f' {markdown_text(_word(value))} |' for value in row)}\n"


def _text(columns: tuple[str, ...], rows: list[Row]) -> str:
    table = [columns, *(tuple(map(_word, row)) for row in rows)]
    widths = [min(MAX_CELLS, max(width_of(row[n]) for row in table)) for n in range(len(columns))]
    return "".join(
        "  ".join(
            # What comes last ends the line and may be as long as it is.
            str(cell) if n == len(widths) - 1 else fit(str(cell), widths[n])
            for n, cell in enumerate(row)
        ).rstrip()
        + "\n"
        for row in table
    )


def _word(value: Value) -> str:
    return "" if value is None else str(value)


def write_new(folder: Path | None, name: str, text: str) -> tuple[str, str]:
    """Write a file that is not there yet; nobody but the user may read it.

    Args:
        folder: Where. None: the working directory.
        name: What it is to be called; with a number where that is taken.
        text: What goes in.

    Returns:
        Its path for people, and why there is none: one of both is empty.
    """
    try:
        where = (Path.cwd() if folder is None else folder).absolute()
        for path in _names(where, name):
            try:
                descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            except FileExistsError:
                continue
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace", newline="") as file:
                    file.write(text)
            except OSError:
                with suppress(OSError):
                    path.unlink()
                raise
            return clean(str(path), limit_chars=1000), ""
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return "", clean(f"{folder or '.'}: {reason}", limit_chars=400)
    return "", f"there are {MAX_SAME_NAMES} files like {name} already"


def _names(folder: Path, name: str) -> Iterator[Path]:
    yield folder / name
    stem, _, suffix = name.rpartition(".")
    for number in range(2, MAX_SAME_NAMES):
        yield folder / f"{stem}-{number}.{suffix}"


_FONT_FACE = re.compile(r"@font-face\s*\{[^}]*\}\s*")


def without_fonts(svg: str) -> str:
    """A picture that fetches nothing from anywhere when it is opened."""
    return _FONT_FACE.sub("", svg)
