"""The registry of formats. A format's module is imported when it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trackerwatch.reports.rows import Report

FORMATS: dict[str, str] = {
    "table": "trackerwatch.reports.table",
    "json": "trackerwatch.reports.json_report",
    "jsonl": "trackerwatch.reports.jsonl",
    "csv": "trackerwatch.reports.csv_report",
    "markdown": "trackerwatch.reports.markdown",
    "html": "trackerwatch.reports.html",
    "junit": "trackerwatch.reports.junit",
    "nagios": "trackerwatch.reports.nagios",
    "prometheus": "trackerwatch.reports.prometheus",
    "github": "trackerwatch.reports.github",
    "badge": "trackerwatch.reports.badge",
    "badge-json": "trackerwatch.reports.badge_json",
}
"""The value of `--format`, and the module whose `render` makes it. The first is the default."""

BY_SUFFIX: dict[str, str] = {
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".md": "markdown",
    ".html": "html",
    ".htm": "html",
    ".xml": "junit",
    ".prom": "prometheus",
    ".svg": "badge",
}
"""The format that a file's name stands for where `--format` says none; other names stand for the default."""

AS_THE_TERMINAL = frozenset({"table", "nagios", "github"})
"""Formats that take the encoding of stdout; the others are UTF-8 wherever they go."""

WITH_PASTS = frozenset({"html"})
"""Formats that show what was before: `Report.pasts`."""

MAX_WIDTH = 100
"""Columns a format for terminals may use."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a format for people may look; the others ignore it."""

    color: bool = False
    width: int = MAX_WIDTH
    """Columns."""
    all_rows: bool = False
    """List rows that are well one by one, however many there are."""


def format_of(path: str) -> str | None:
    """The format that the name of a file stands for. None: none."""
    name = path.rpartition("/")[2].lower()
    return BY_SUFFIX.get(f".{name.rpartition('.')[2]}") if "." in name else None


class Renderer(Protocol):
    """The one function of a format's module."""

    def __call__(self, report: Report, style: Style) -> Iterator[str]:
        """The document in pieces; the last ends in a line break."""
        ...


def renderer(name: str) -> Renderer:
    """The function that renders a format of `FORMATS`."""
    render: Renderer = import_module(FORMATS[name]).render
    return render
