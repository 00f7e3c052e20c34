"""The tab line, and the rules above panes. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.tui.lines.arrangement import Pane
from trackerwatch.tui.lines.ink import Ink, Line, Span, crop, line_width, safe, width_of
from trackerwatch.tui.model.ordering import TorrentSort, TrackerSort

if TYPE_CHECKING:
    from trackerwatch.tui.model.picture import Picture

RULE = "─"

TRACKER_SORTS = {
    TrackerSort.WORST: "worst first",
    TrackerSort.NAME: "by name",
    TrackerSort.TORRENTS: "most torrents first",
    TrackerSort.SLOWEST: "slowest first",
    TrackerSort.UPTIME: "least uptime first",
    TrackerSort.SINCE: "latest change first",
    TrackerSort.NEXT: "next asked first",
}

TORRENT_SORTS = {
    TorrentSort.WORST: "worst first",
    TorrentSort.NAME: "by name",
    TorrentSort.SEEDERS: "fewest seeders first",
    TorrentSort.LEECHERS: "most leechers first",
    TorrentSort.COMPLETED: "most completed first",
    TorrentSort.WORKING: "fewest working trackers first",
    TorrentSort.SINCE: "latest change first",
}


def _trackers(picture: Picture) -> str:
    total = sum(not view.retired for view in picture.snapshot.trackers) if picture.snapshot else 0
    shown = len(picture.tracker_order)
    return f"Trackers {total:,}" if shown == total else f"Trackers {shown:,}/{total:,}"


def _torrents(picture: Picture) -> str:
    total = len(picture.snapshot.torrents.listed) if picture.snapshot else 0
    shown = len(picture.torrent_order.order)
    return f"Torrents {total:,}" if shown == total else f"Torrents {shown:,}/{total:,}"


def _events(picture: Picture) -> str:
    if picture.events_matched is None or picture.snapshot is None:
        return "Events"
    return f"Events {picture.events_matched:,}/{len(picture.snapshot.events):,}"


def events(picture: Picture) -> str:
    """`events`, with how many came since a key was pressed."""
    unseen = picture.unseen
    return f"events, {unseen:,} since you last pressed a key" if unseen else "events"


def sorting(picture: Picture, pane: Pane) -> str:
    """How a table is sorted and grouped, in words."""
    if pane is Pane.TRACKERS:
        order = _either_way(TRACKER_SORTS[picture.tracker_sort], reverse=picture.trackers_reversed)
        return f"by host, {order}" if picture.hosts.on else order
    order = _either_way(TORRENT_SORTS[picture.torrent_sort], reverse=picture.torrents_reversed)
    return f"by folder, {order}" if picture.collections.on else order


_OPPOSITES = {
    "worst": "best",
    "slowest": "fastest",
    "most": "fewest",
    "fewest": "most",
    "least": "most",
    "latest": "longest",
    "next": "last",
}


def _either_way(order: str, *, reverse: bool) -> str:
    """The words for an order, or for its opposite."""
    if not reverse:
        return order
    first, space, rest = order.partition(" ")
    return _OPPOSITES[first] + space + rest if first in _OPPOSITES else f"{order}, backwards"


FILTER_CELLS = 40
"""More of a filter's text is cut where a table's order stands behind it."""


def filter_text(picture: Picture) -> str:
    """The filter in force as it was typed, `/seeders<3/`; empty where there is none."""
    return f"/{safe(picture.filter.text)}/" if picture.filter is not None else ""


def selection(picture: Picture) -> str:
    """What of the torrents is shown, in words."""
    order = picture.torrent_order
    if picture.filter is not None:
        return filter_text(picture)
    if order.attention_only:
        return "needing attention, f = all"
    if picture.attention and picture.snapshot is not None and order.order:
        return "all; none needs attention"
    return "all, f = needing attention" if order.attention else "all"


def tabs(picture: Picture, pane: Pane, width: int) -> Line:
    """`[1 Trackers 14] 2 Torrents 44/8,012  3 Detail  4 Events`, and the sort where there is room."""
    unseen = picture.unseen
    names = {
        Pane.TRACKERS: _trackers(picture),
        Pane.TORRENTS: _torrents(picture),
        Pane.DETAIL: "Detail",
        Pane.EVENTS: _events(picture) + (f" {unseen:,} new" if unseen else ""),
    }
    if width < 64:
        names = {name: name.title() for name in Pane}
    if width < 44:
        names = {name: name.title() if name is pane else "" for name in Pane}
    line: Line = ()
    for number, name in enumerate(Pane, 1):
        here = name is pane
        text = f"{number} {names[name]}".rstrip()
        action = f"screen.pane('{name}')"
        line = (*line, Span(f"[{text}]" if here else f" {text} ", Ink.ACCENT if here else Ink.PLAIN, action))
    for extra in _extras(picture, pane):
        spare = width - line_width(line) - width_of(extra) - 1
        if spare >= 1:
            return (*line, *_to_the_right(" " * spare + extra, picture))
    # What is left out of both tables is said, even if in part.
    room = width - line_width(line) - 2
    filtered = "" if pane is Pane.EVENTS else filter_text(picture)
    return (*line, Span(f" {crop(filtered, room)}", Ink.KEY)) if filtered and room >= 4 else line


def _to_the_right(told: str, picture: Picture) -> Line:
    """What stands at the right, the filter in a colour of its own."""
    filtered = filter_text(picture)
    before, found, behind = told.partition(crop(filtered, FILTER_CELLS)) if filtered else (told, "", "")
    return tuple(span for span in (Span(before, Ink.DIM), Span(found, Ink.KEY), Span(behind, Ink.DIM)) if span.text)


def _extras(picture: Picture, pane: Pane) -> tuple[str, ...]:
    """What else the tab line could say, the longest wording first."""
    if filtered := filter_text(picture):
        if pane is Pane.EVENTS:
            return ()
        short = crop(filtered, FILTER_CELLS)
        return (f"{short}; {sorting(picture, pane)}", filtered) if pane is not Pane.DETAIL else (filtered,)
    if pane is Pane.TRACKERS:
        return (sorting(picture, pane),)
    if pane is Pane.TORRENTS:
        selected = selection(picture)
        return (f"{selected}; {sorting(picture, pane)}", selected, selected.replace("needing attention", "attention"))
    return ()


def rule(picture: Picture, pane: Pane, width: int, *, has_keys: bool, told: str = "") -> Line:
    """The line above a pane where all panes are there."""
    number = list(Pane).index(pane) + 1
    names = {
        Pane.TRACKERS: _trackers(picture),
        Pane.TORRENTS: _torrents(picture),
        Pane.DETAIL: "Detail",
        Pane.EVENTS: _events(picture),
    }
    if pane is Pane.TRACKERS:
        told = "; ".join(filter(None, (crop(filter_text(picture), FILTER_CELLS), sorting(picture, pane))))
    elif pane is Pane.TORRENTS:
        told = f"{crop(selection(picture), FILTER_CELLS)}; {sorting(picture, pane)}"
    elif pane is Pane.EVENTS and (unseen := picture.unseen):
        told = f"{unseen:,} since you last pressed a key"
    name = f" {number} {names[pane]} "
    told = crop(f" {told} ", max(0, width - width_of(name) - 6)) if told else ""
    rest = max(0, width - 2 - width_of(name) - width_of(told) - (2 if told else 0))
    edge = Ink.KEY if has_keys else Ink.RULE
    line: Line = (
        Span(RULE * 2, edge),
        Span(name, Ink.ACCENT if has_keys else Ink.STRONG, f"screen.pane('{pane}')"),
    )
    if told:
        line = (*line, Span(RULE * 2, edge), Span(told, Ink.DIM))
    return (*line, Span(RULE * rest, edge))


def plain_rule(told: str, width: int) -> Line:
    """The line above a strip: what it is about, and where there are two things the second at the right."""
    name, _, right = safe(told).partition(" | ")
    name = crop(name, max(0, width - 6 - width_of(right)))
    rest = width - 4 - width_of(name) - (width_of(right) + 3 if right else 0)
    line: Line = (Span(RULE * 2, Ink.RULE), Span(f" {name} ", Ink.HEAD), Span(RULE * max(0, rest), Ink.RULE))
    return (*line, Span(f" {right} ", Ink.HEAD), Span(RULE, Ink.RULE)) if right and rest > 0 else line


def section_rule(told: str, width: int) -> Line:
    """The line above a section of a full screen."""
    told = crop(told, max(0, width - 5))
    return (
        Span(RULE * 2, Ink.RULE),
        Span(f" {told} ", Ink.STRONG),
        Span(RULE * max(0, width - 4 - width_of(told)), Ink.RULE),
    )


def filter_mistake(message: str) -> Line:
    """A filter that is none; the message names the column."""
    return (Span(f" ! {safe(message)}", Ink.WARN),)
