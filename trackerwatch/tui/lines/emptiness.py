"""What a pane says that has nothing to show: why that is so, and what to do about it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.tui.lines.arrangement import Pane
from trackerwatch.tui.lines.ink import Ink, Line, Span

if TYPE_CHECKING:
    from trackerwatch.tui.model.picture import Picture

STARTING = "starting: the first picture comes in a moment"
LOADING = "torrents are still being read"


def trackers(picture: Picture) -> str:
    """For the trackers table."""
    snapshot = picture.snapshot
    if snapshot is None:
        return STARTING
    if snapshot.trackers and picture.filter is not None:
        return "no tracker matches: esc clears the filter, / changes it"
    if picture.loading:
        return f"no trackers yet: {LOADING}"
    if snapshot.torrents.listed:
        return "no trackers: the torrents list none; + tries one by its URL"
    return "no trackers: nothing is watched; + tries one by its URL"


def torrents(picture: Picture) -> str:
    """For the torrents table."""
    snapshot = picture.snapshot
    if snapshot is None:
        return STARTING
    if snapshot.torrents.listed and picture.filter is not None:
        return "no torrents match: esc clears the filter, / changes it"
    if picture.loading:
        return f"no torrents yet: {LOADING}"
    if snapshot.torrents.listed:
        return "nothing needs attention: f shows all"
    return "no torrents: give files, folders or magnets when you start it"


def events(picture: Picture) -> list[Line]:
    """For the events pane."""
    text = STARTING if picture.snapshot is None else "no events yet: what changes from now on is told here"
    return [(Span(f" {text}", Ink.DIM),)]


def detail(picture: Picture, subject: Pane) -> Line:
    """For the detail of nothing.

    Args:
        picture: What is shown.
        subject: The table whose selection the detail is of.
    """
    why = trackers(picture) if subject is Pane.TRACKERS else torrents(picture)
    return (Span(f" nothing selected: {why}", Ink.DIM),)
