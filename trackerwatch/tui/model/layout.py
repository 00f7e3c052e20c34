"""What the user arranged, from one run to the next: sorts, pane, filter, groups, theme. Values are judged one by one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from trackerwatch.filters import FilterError, parse_filter
from trackerwatch.tui.lines.arrangement import Pane
from trackerwatch.tui.model.ordering import TorrentSort, TrackerSort

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from enum import StrEnum

    from trackerwatch.tui.model.grouping import Groups
    from trackerwatch.tui.preferences import LayoutKeeper
    from trackerwatch.tui.screens.main import MainScreen

SAVE_EVERY_S = 2.0
"""How soon after a change the layout is kept."""
MAX_FILTER_CHARS = 2000
MAX_FOLDS = 500
MAX_NAME_CHARS = 500

_Member = TypeVar("_Member", bound="StrEnum")


def taken(main: MainScreen, theme: str) -> dict[str, object]:
    """The arrangement as plain values.

    Args:
        main: The screen.
        theme: The one chosen on the screen; empty: none was.
    """
    picture = main.picture
    return {
        "pane": main.pane.value,
        "table": main.subject.value,
        "zoomed": main.zoomed,
        "tracker_sort": picture.tracker_sort.value,
        "trackers_reversed": picture.trackers_reversed,
        "torrent_sort": picture.torrent_sort.value,
        "torrents_reversed": picture.torrents_reversed,
        "attention": picture.attention,
        "filter": picture.filter.text if picture.filter is not None else "",
        "filters": dict(main.saved.own),
        "theme": theme,
        "hosts": _groups(picture.hosts),
        "collections": _groups(picture.collections),
    }


def arrange(main: MainScreen, kept: Mapping[str, object]) -> str:
    """Arrange a screen that is not up yet as it was; what makes no sense is as it is without.

    Args:
        main: The screen.
        kept: As from `taken`, or whatever a file holds.

    Returns:
        What there is to say of it at the start; empty: nothing.
    """
    picture = main.picture
    main.pane = _member(Pane, kept.get("pane")) or main.pane
    table = _member(Pane, kept.get("table"))
    if table in (Pane.TRACKERS, Pane.TORRENTS):
        main.subject = table
    if main.pane in (Pane.TRACKERS, Pane.TORRENTS):
        main.subject = main.pane
    main.zoomed = _flag(kept.get("zoomed"), usual=main.zoomed)
    picture.tracker_sort = _member(TrackerSort, kept.get("tracker_sort")) or picture.tracker_sort
    picture.torrent_sort = _member(TorrentSort, kept.get("torrent_sort")) or picture.torrent_sort
    picture.trackers_reversed = _flag(kept.get("trackers_reversed"), usual=picture.trackers_reversed)
    picture.torrents_reversed = _flag(kept.get("torrents_reversed"), usual=picture.torrents_reversed)
    picture.attention = _flag(kept.get("attention"), usual=picture.attention)
    _regroup(picture.hosts, kept.get("hosts"))
    _regroup(picture.collections, kept.get("collections"))
    main.saved.restore(kept.get("filters"))
    text = kept.get("filter")
    if not isinstance(text, str) or not text.strip() or len(text) > MAX_FILTER_CHARS:
        return ""
    try:
        found = parse_filter(text.strip(), main.saved.named)
    except FilterError:
        return ""
    if found.is_empty:
        return ""
    picture.filter = found
    return f"filter kept from last time: {text.strip()}   esc clears it"


def theme_of(kept: Mapping[str, object]) -> str:
    """The theme that was chosen on the screen. Empty: none was."""
    theme = kept.get("theme")
    return theme if isinstance(theme, str) and len(theme) <= MAX_NAME_CHARS else ""


def _groups(groups: Groups) -> dict[str, object]:
    folds = groups.folds
    # What was seen last is what is there now.
    latest = [(name, opened) for name, opened in folds.items() if len(name) <= MAX_NAME_CHARS][-MAX_FOLDS:]
    return {"on": groups.on, "open": dict(latest)}


def _regroup(groups: Groups, kept: object) -> None:
    if not isinstance(kept, dict):
        return
    groups.on = _flag(kept.get("on"), usual=groups.on)
    folds = kept.get("open")
    if isinstance(folds, dict):
        known = [(name, opened) for name, opened in folds.items() if isinstance(name, str) and isinstance(opened, bool)]
        groups.keep_folds(dict(entry for entry in known[:MAX_FOLDS] if len(entry[0]) <= MAX_NAME_CHARS))


def _member(kind: type[_Member], value: object) -> _Member | None:
    try:
        return kind(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _flag(value: object, *, usual: bool) -> bool:
    return value if isinstance(value, bool) else usual


class Saver:
    """Keeps a layout whenever it has changed, at most every few seconds and at the end."""

    def __init__(self, keeper: LayoutKeeper | None, take: Callable[[], dict[str, object]]) -> None:
        """Args: who keeps it (None: nobody), and what it is now."""
        self._keeper = keeper
        self._take = take
        self._saved: dict[str, object] | None = None
        self._told = ""

    def begin(self) -> None:
        """What it is now needs no keeping."""
        self._saved = self._take()

    def save(self) -> str:
        """Keep it at once, if it has changed.

        Returns:
            Why it could not be kept, in one line; empty where it was, and where that was said before.
        """
        layout = self._changed()
        return self._came_to(self._keeper.save(layout)) if layout is not None and self._keeper is not None else ""

    async def save_soon(self) -> str:
        """As `save`, off the loop: disks are slow."""
        layout = self._changed()
        if layout is None or self._keeper is None:
            return ""
        return self._came_to(await asyncio.to_thread(self._keeper.save, layout))

    def _changed(self) -> dict[str, object] | None:
        if self._keeper is None or self._saved is None:
            return None
        layout = self._take()
        if layout == self._saved:
            return None
        self._saved = layout
        return layout

    def _came_to(self, trouble: str) -> str:
        if trouble:
            # Not kept: the next time tries again, and the disk may have room by then.
            self._saved = {}
        if trouble == self._told:
            return ""
        self._told = trouble
        return trouble
