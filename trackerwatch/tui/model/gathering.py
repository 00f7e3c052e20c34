"""What rows are put together by: torrents by the collection they came from, trackers by host; and how bad a row is. Pure."""

from __future__ import annotations

import re
from enum import IntEnum
from typing import TYPE_CHECKING, Protocol

from trackerwatch.health.states import Health
from trackerwatch.policy.rules import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from trackerwatch.engine.views import Snapshot, TrackerView
    from trackerwatch.metainfo import Torrent

MAGNETS = "magnets"
NOWHERE = "not from a file"
HERE = "./"

_IN_LIST = re.compile(r" \((.*) line [0-9]+\)$", re.DOTALL)
_AUTHORITY = re.compile(r"https?://([^/?#]*)", re.IGNORECASE)


def collection_of(torrent: Torrent) -> str:
    """The name of the collection of a torrent: the folder of its first file, else where its magnet or URL came from."""
    first = next((source for source in torrent.sources if not _is_link(source)), None)
    if first is not None:
        return _folder(first)
    return _collection_of_link(torrent.sources[0]) if torrent.sources else NOWHERE


def _is_link(source: str) -> bool:
    return source[:7].lower() in ("magnet:", "http://", "https:/")


def _folder(source: str) -> str:
    # What a list names is in its own folder; the list stands behind it.
    path = _IN_LIST.sub("", source) if source.endswith(")") and " line " in source else source
    folder, slash, _ = path.rpartition("/")
    return folder or (slash or HERE)


def _collection_of_link(source: str) -> str:
    listed = _IN_LIST.search(source)
    if listed is not None:
        return listed[1]
    host = _AUTHORITY.match(source)
    return host[1].rpartition("@")[2].lower() if host is not None and host[1] else MAGNETS


def short_names(names: Iterable[str]) -> dict[str, str]:
    """Paths by the fewest last parts that tell them apart: `/srv/a/iso` and `/srv/b/iso` are `a/iso` and `b/iso`."""
    waiting = {name: name.rstrip("/").split("/") for name in names}
    found: dict[str, str] = {}
    length = 1
    while waiting:
        alike: dict[str, list[str]] = {}
        for name, pieces in waiting.items():
            alike.setdefault("/".join(pieces[-length:]), []).append(name)
        for short, those in alike.items():
            for name in those:
                if length >= len(waiting[name]):
                    found[name] = name
                elif len(those) == 1:
                    found[name] = short
        waiting = {name: pieces for name, pieces in waiting.items() if name not in found}
        length += 1
    return found


class Grade(IntEnum):
    """How bad a row is, as its group counts it."""

    ASIDE = 0
    """Muted, disabled, private: nobody waits for it."""
    WELL = 1
    UNKNOWN = 2
    WARNING = 3
    CRITICAL = 4


class Sorter(Protocol):
    """What rows are put together by."""

    alone: bool
    """Whether the only row of a group stands without a heading."""

    def namer(self, snapshot: Snapshot) -> Callable[[int], str]:
        """Gives the name of a row's group."""
        ...

    def length(self, snapshot: Snapshot) -> int:
        """One more than the highest index there is."""
        ...

    def everything(self, snapshot: Snapshot) -> tuple[tuple[int, int], Sequence[int]]:
        """A mark that changes with the number of rows, and all rows there are."""
        ...

    def grader(self, snapshot: Snapshot) -> Callable[[int], Grade]:
        """Gives the grade of a row."""
        ...

    def figures(self, snapshot: Snapshot, rows: Sequence[int], worst: Sequence[int]) -> tuple[float | None, int | None]:
        """`Group.since` and `Group.fewest` of all its rows and those with the worst grade."""
        ...


class Collections:
    """Torrents by the collection they came from."""

    alone = False

    def __init__(self) -> None:
        self._known: list[Torrent | None] = []
        self._names: list[str] = []

    def namer(self, snapshot: Snapshot) -> Callable[[int], str]:
        """As `Sorter.namer`."""
        torrents, known, names = snapshot.torrents.torrents, self._known, self._names

        def name(index: int) -> str:
            if index >= len(known):
                more = len(torrents) - len(known)
                known.extend([None] * more)
                names.extend([""] * more)
            torrent = torrents[index]
            # A copy of a known one may have been found elsewhere.
            if known[index] is not torrent:
                names[index] = collection_of(torrent)
                known[index] = torrent
            return names[index]

        return name

    def length(self, snapshot: Snapshot) -> int:
        """As `Sorter.length`."""
        return len(snapshot.torrents)

    def everything(self, snapshot: Snapshot) -> tuple[tuple[int, int], Sequence[int]]:
        """As `Sorter.everything`."""
        table = snapshot.torrents
        return (len(table), len(table.listed)), table.listed

    def grader(self, snapshot: Snapshot) -> Callable[[int], Grade]:
        """As `Sorter.grader`."""
        verdicts, torrents = snapshot.torrents.verdicts, snapshot.torrents.torrents

        def grade(index: int) -> Grade:
            found = _VERDICT_GRADES[verdicts[index]]
            return Grade.ASIDE if found is Grade.UNKNOWN and torrents[index].private else found

        return grade

    def figures(self, snapshot: Snapshot, rows: Sequence[int], worst: Sequence[int]) -> tuple[float | None, int | None]:
        """As `Sorter.figures`."""
        since, seeders = snapshot.torrents.since, snapshot.torrents.seeders
        # NaN is no time, and equal to nothing.
        began = min((at for index in worst if (at := since[index]) == at), default=None)
        return began, min((number for index in rows if (number := seeders[index]) >= 0), default=None)


_VERDICT_GRADES = {
    Verdict.CRITICAL: Grade.CRITICAL,
    Verdict.WARNING: Grade.WARNING,
    Verdict.UNKNOWN: Grade.UNKNOWN,
    Verdict.OK: Grade.WELL,
}
_HEALTH_GRADES = {
    Health.DOWN: Grade.CRITICAL,
    Health.DEGRADED: Grade.WARNING,
    Health.UNKNOWN: Grade.UNKNOWN,
    Health.UP: Grade.WELL,
}


def is_aside(view: TrackerView) -> bool:
    """Whether a tracker counts for nothing: muted, switched off, or watched no more."""
    return view.muted is not None or view.disabled is not None or view.retired


def refuses(view: TrackerView) -> bool:
    """Whether a tracker answers, and refuses half of its torrents or more: for those it is as good as none."""
    return view.refused > 0 and view.refused * 2 >= view.torrents and view.state in (Health.UP, Health.DEGRADED)


def tracker_grade(view: TrackerView) -> Grade:
    """How bad a tracker is; one that fails and is not believed to be down yet is to be looked at, as one that refuses."""
    if is_aside(view):
        return Grade.ASIDE
    grade = _HEALTH_GRADES[view.state]
    return max(grade, Grade.WARNING) if view.pending or view.flapping or refuses(view) else grade


class Hosts:
    """Trackers by host, whatever the protocol, port and path."""

    alone = True

    def namer(self, snapshot: Snapshot) -> Callable[[int], str]:
        """As `Sorter.namer`."""
        trackers = snapshot.trackers
        return lambda index: trackers[index].tracker.shown_host

    def length(self, snapshot: Snapshot) -> int:
        """As `Sorter.length`."""
        return len(snapshot.trackers)

    def everything(self, snapshot: Snapshot) -> tuple[tuple[int, int], Sequence[int]]:
        """As `Sorter.everything`."""
        watched = [view.index for view in snapshot.trackers if not view.retired]
        return (len(snapshot.trackers), len(watched)), watched

    def grader(self, snapshot: Snapshot) -> Callable[[int], Grade]:
        """As `Sorter.grader`."""
        trackers = snapshot.trackers

        return lambda index: tracker_grade(trackers[index])

    def figures(self, snapshot: Snapshot, rows: Sequence[int], worst: Sequence[int]) -> tuple[None, None]:
        """As `Sorter.figures`; the few trackers of a host are looked at when they are shown."""
        del snapshot, rows, worst
        return None, None
