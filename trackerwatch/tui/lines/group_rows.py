"""What the tables show of groups: the row of a heading, and rows below one. Pure but for the column type."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from trackerwatch.tui.lines import states, words
from trackerwatch.tui.lines.columns import Cell, Cells, Column, lay_out
from trackerwatch.tui.lines.ink import Ink, Span, crop_left, fit, safe, width_of
from trackerwatch.tui.lines.rows import WIDE
from trackerwatch.tui.model.gathering import Grade, tracker_grade

if TYPE_CHECKING:
    from trackerwatch.tui.model.grouping import Group, Groups
    from trackerwatch.tui.model.picture import Picture

OPEN, FOLDED = "▾", "▸"
INDENT = "  "

_STATES = {
    Grade.CRITICAL: Span("x CRITICAL", Ink.BAD),
    Grade.WARNING: Span("! WARNING", Ink.WARN),
    Grade.UNKNOWN: Span("? UNKNOWN", Ink.WAIT),
    Grade.WELL: Span("+ OK", Ink.GOOD),
    Grade.ASIDE: Span("- ASIDE", Ink.DIM),
}


@lru_cache(maxsize=64)
def room_of(key: str, columns: tuple[Column, ...], width: int) -> int:
    """Cells of one column in a table of this width; 0: it is not shown."""
    return next((cells for column, cells in lay_out(columns, width) if column.key == key), 0)


def counts(group: Group) -> Span:
    """`3 crit 5 warn` in at most sixteen characters below a million; `2 unknown`; nothing of a group that is well."""
    told = [f"{words.short_count(group.critical, 4)} crit"] if group.critical else []
    told += [f"{words.short_count(group.warning, 4)} warn"] if group.warning else []
    if told:
        return Span(" ".join(told), Ink.BAD if group.critical else Ink.WARN)
    return Span(f"{words.short_count(group.unknown)} unknown", Ink.WAIT) if group.unknown else Span("")


def host_counts(group: Group, *, brief: bool) -> Span:
    """`2 of 7 down, 1 degraded`; with `brief` the worst alone; nothing of a host that is well."""
    told = [
        (number, word, ink)
        for number, word, ink in (
            (group.critical, "down", Ink.BAD),
            (group.warning, "degr" if brief else "not well", Ink.WARN),
            (group.unknown, "new" if brief else "not known yet", Ink.WAIT),
        )
        if number
    ]
    if not told:
        return Span("")
    number, word, ink = told[0]
    rest = "" if brief else "".join(f", {number} {word}" for number, word, _ in told[1:])
    return Span(f"{number} of {group.total} {word}{rest}", ink)


def _name(group: Group, groups: Groups, room: int) -> Span:
    """`▾ debian/iso      3/40`: open or folded, the end of its name, and how many of it are shown."""
    shown = len(group.members)
    number = f"{shown:,}" if shown == group.total else f"{shown:,}/{group.total:,}"
    mark = OPEN if groups.is_open(group) else FOLDED
    left = room - width_of(number) - 3
    if left < 3:
        return Span(fit(f"{mark} {safe(groups.short(group))}", room), Ink.STRONG)
    name = fit(crop_left(safe(groups.short(group)), left), left)
    return Span(f"{mark} {name} {number}", Ink.STRONG)


def collection_cells(picture: Picture, group: Group, columns: tuple[Column, ...], width: int) -> Cells:
    """The heading of a collection: worst state, how many, the fewest seeders of one torrent, and the worst one's why."""
    grade = group.grade
    cells: Cells = {
        "state": _STATES[grade],
        "name": _name(group, picture.collections, room_of("name", columns, width)),
        "active": counts(group),
        "seeders": _fewest(group.fewest),
    }
    if grade > Grade.UNKNOWN:
        since = None if group.since is None else datetime.fromtimestamp(group.since, UTC)
        worst = picture.torrent(group.worst[0])
        cells["since"] = Span(words.age(since, picture.now), Ink.DIM)
        cells["why"] = Span(f"{safe(worst.torrent.name)}: {safe(worst.why)}" if worst is not None else "", Ink.DIM)
    return cells


def _fewest(seeders: int | None) -> Span:
    """`>=3`: no torrent of them has fewer. Never a sum: seeders of many torrents are one and the same people."""
    if seeders is None:
        return Span(words.NO_COUNT, Ink.WAIT)
    return Span(f"≥{words.short_count(seeders, 4)}", Ink.BAD if seeders == 0 else Ink.DIM)


def host_cells(picture: Picture, group: Group, columns: tuple[Column, ...], width: int) -> Cells:
    """The heading of a host: worst state, how many trackers, and what is worst of each number they have."""
    snapshot = picture.snapshot
    if snapshot is None:
        return {}
    views = [snapshot.trackers[index] for index in group.members]
    now = picture.now
    protocols = {view.tracker.protocol.value for view in views}
    endpoints = {e.endpoint: e.state in ("up", "degraded") for view in views for e in view.endpoints}
    cells: Cells = {
        "state": states.tracker_state(snapshot.trackers[group.worst[0]]),
        "tracker": _name(group, picture.hosts, room_of("tracker", columns, width)),
        "protocol": Span(protocols.pop() if len(protocols) == 1 else "mixed", Ink.DIM),
        "endpoints": Span(f"{sum(endpoints.values())}/{len(endpoints)}" if endpoints else words.NO_COUNT),
        "torrents": Span(f"≥{words.short_count(max(view.torrents for view in views), 4)}"),
        "reason": host_counts(group, brief=width < WIDE),
    }
    if (grade := group.grade) > Grade.UNKNOWN:
        began = [view.since for view in views if tracker_grade(view) is grade and view.since is not None]
        cells["since"] = Span(words.age(min(began, default=None), now), _STATES[grade].ink)
    due = [view.next_probe_at for view in views if view.next_probe_at is not None]
    cells["next"] = Span(words.until(min(due, default=None), now), Ink.DIM)
    return cells


def below(cell: Cell, room: int, *, elide_left: bool) -> Cell:
    """A name below a heading."""
    if not isinstance(cell, Span):
        return cell
    name = crop_left(cell.text, room - len(INDENT)) if elide_left else cell.text
    return cell._replace(text=INDENT + name)
