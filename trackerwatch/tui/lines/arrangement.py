"""Which parts of the main screen are there at a size, and how many lines each takes. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

WIDE_COLUMNS = 120
WIDE_ROWS = 36
"""From this size on all panes are there at once."""
OURS_ROWS = 6
"""Below this there is no line for our own troubles."""


class Pane(StrEnum):
    """The four views, in the order of their keys."""

    TRACKERS = "trackers"
    TORRENTS = "torrents"
    DETAIL = "detail"
    EVENTS = "events"


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Lines of each part; 0: it is not there."""

    all_panes: bool
    header: bool
    problem: bool
    tabs: bool
    keys: bool
    rules: bool
    """Whether panes have a line with their title above them."""
    panes: frozenset[Pane]
    trackers: int = 0
    """Lines of the trackers table beside other panes. 0: it takes what is left."""
    bottom: int = 0
    """Lines of detail and events side by side. 0: what is left."""
    strip: int = 0
    """Lines of the compact detail under a table."""
    ours: int = 0
    """Lines of what is wrong with this machine or our store."""
    recent: int = 0
    """Lines of the last events under a table."""


MANY = 200
"""Rows that fill any screen."""
LEAST_TABLE = 5
"""Lines of a table beside other panes, however few rows it has."""
MOST_RECENT = 14
"""More of the last events is what their pane is for."""


def arrange(
    width: int,
    height: int,
    pane: Pane,
    *,
    zoomed: bool,
    trackers: int,
    torrents: int = MANY,
    troubles: int = 0,
) -> Arrangement:
    """Divide a screen.

    Args:
        width: Columns.
        height: Rows.
        pane: The pane that is shown where there is room for one.
        zoomed: Show one pane though there is room for all.
        trackers: Rows that the trackers table shows.
        torrents: Rows that the torrents table shows: room that no table needs goes to details and events.
        troubles: Lines that our own troubles need.
    """
    ours = min(troubles, 2) if height >= OURS_ROWS else 0
    if width >= WIDE_COLUMNS and height >= WIDE_ROWS and not zoomed:
        # Header, problem, keys, and a title above three rows of panes.
        room = height - 6 - ours
        bottom = max(12, min(18, room // 3))
        table = max(LEAST_TABLE, min(trackers + 1, int(room * 0.36)))
        # Titles of columns, and a line below the last row.
        bottom += max(0, room - bottom - table - max(LEAST_TABLE, torrents + 2))
        return Arrangement(
            all_panes=True,
            header=True,
            problem=True,
            tabs=False,
            keys=True,
            rules=True,
            panes=frozenset(Pane),
            trackers=table,
            bottom=bottom,
            ours=ours,
        )
    is_table = pane in (Pane.TRACKERS, Pane.TORRENTS)
    strip = 0 if not is_table or height < 16 else 3 if height < 28 else 5
    recent = 0 if not is_table or height < 20 else 3 if height < 30 else 5
    if recent:
        # Beside these: header, problem, tabs, keys, two rules, titles of columns and a line between.
        spare = height - ours - strip - recent - 8 - (torrents if pane is Pane.TORRENTS else trackers)
        recent += max(0, min(spare, MOST_RECENT - recent))
    return Arrangement(
        all_panes=False,
        header=height >= 8,
        problem=height >= 4,
        tabs=height >= 7,
        keys=height >= 6,
        rules=False,
        panes=frozenset({pane}),
        ours=ours,
        strip=strip,
        recent=recent,
    )
