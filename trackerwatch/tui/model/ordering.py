"""Which rows a table shows and in which order: sort, attention and filter, computed from columns. Pure.

Called when data or criteria changed and at most about once a second, never for a mere move of the cursor; and in steps, so that
keys are answered while many torrents are sorted.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from trackerwatch.failover.states import FailoverState
from trackerwatch.health.states import Health
from trackerwatch.policy.rules import Verdict
from trackerwatch.tui.model.gathering import refuses
from trackerwatch.tui.model.natural import natural_key

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from datetime import datetime
    from typing import Any

    from trackerwatch.engine.views import Snapshot, TorrentTable, TrackerView
    from trackerwatch.filters import Filter
    from trackerwatch.metainfo import Torrent

T = TypeVar("T")


class TrackerSort(StrEnum):
    """What trackers are sorted by; the value is the table's column where there is one."""

    WORST = "state"
    NAME = "tracker"
    TORRENTS = "torrents"
    SLOWEST = "p95"
    UPTIME = "up"
    SINCE = "since"
    NEXT = "next"


class TorrentSort(StrEnum):
    """What torrents are sorted by; the value is the table's column where there is one."""

    WORST = "state"
    NAME = "name"
    SEEDERS = "seeders"
    LEECHERS = "leechers"
    COMPLETED = "completed"
    WORKING = "working"
    SINCE = "since"


_HEALTH_RANK = {Health.DOWN: 4, Health.DEGRADED: 3, Health.UNKNOWN: 1, Health.UP: 0}
_RETRY_RANK = 2
_FLAPPING_RANK = 3
_REFUSING_RANK = 3
_MUTED_RANK = -1

_FAILOVER_RANK = {
    FailoverState.EXHAUSTED: 3,
    FailoverState.FAILED_OVER: 2,
    FailoverState.UNKNOWN: 1,
    FailoverState.PRIMARY: 0,
}
_STATE_RANK = {
    (verdict, state): -(verdict.badness * 4 + rank) for verdict in Verdict for state, rank in _FAILOVER_RANK.items()
}
_UNASKED_RANK = max(_STATE_RANK.values()) + 1
_ATTENTION = frozenset({Verdict.CRITICAL, Verdict.WARNING})


_host_key = lru_cache(maxsize=8192)(natural_key)
"""Hosts stay the same while their order is made anew every second."""


def tracker_rank(view: TrackerView) -> int:
    """How bad a tracker's state is; a failure that is not believed yet is worse than not knowing.

    What is muted or disabled is out of it: it comes after all others.
    """
    if view.muted is not None or view.disabled is not None:
        return _MUTED_RANK
    rank = max(_HEALTH_RANK[view.state], _FLAPPING_RANK if view.flapping else 0, _REFUSING_RANK if refuses(view) else 0)
    return max(rank, _RETRY_RANK) if view.pending else rank


def _uptime(view: TrackerView) -> float | None:
    """Of the column: the last 24 hours, where enough of them is known."""
    return next((figure.uptime for figure in view.uptimes if figure.window == "24h"), None)


def _tracker_key(sort: TrackerSort) -> Callable[[TrackerView], Any]:
    keys: dict[TrackerSort, Callable[[TrackerView], Any]] = {
        TrackerSort.WORST: lambda view: (-tracker_rank(view), -view.torrents),
        TrackerSort.NAME: lambda view: _host_key(view.tracker.host),
        TrackerSort.TORRENTS: lambda view: -view.torrents,
        TrackerSort.SLOWEST: lambda view: None if view.p95_s is None else -view.p95_s,
        TrackerSort.UPTIME: _uptime,
        TrackerSort.SINCE: lambda view: None if view.since is None else -view.since.timestamp(),
        TrackerSort.NEXT: lambda view: None if view.next_probe_at is None else view.next_probe_at.timestamp(),
    }
    return keys[sort]


def order_trackers(
    trackers: Sequence[TrackerView],
    sort: TrackerSort,
    *,
    reverse: bool = False,
    filter_: Filter | None = None,
    now: datetime | None = None,
) -> list[int]:
    """Indices of the trackers that match, in order; equal ones by name, unknown values last either way.

    Those that nobody lists or watches any more are left out.
    """
    views = [view for view in trackers if not view.retired]
    if filter_ is not None:
        views = [view for view in views if filter_.matches_tracker(view, now)]
    by_name = sorted(views, key=lambda view: (_host_key(view.tracker.host), view.tracker.port, view.tracker.protocol))
    key = _tracker_key(sort)
    keyed = [(key(view), view.index) for view in by_name]
    known = [pair for pair in keyed if pair[0] is not None]
    known.sort(key=lambda pair: pair[0], reverse=reverse)
    return [index for _, index in known] + [index for value, index in keyed if value is None]


@dataclass(frozen=True, slots=True)
class TorrentOrder:
    """The torrents table's rows and what was left out."""

    order: tuple[int, ...]
    matched: int
    """Torrents that match the filter."""
    attention: int
    """Those of them that need attention."""
    attention_only: bool
    """Whether only these are shown. Not when nothing needs attention, and not under a filter: that shows what it finds."""


STEP_ROWS = 500
"""Rows that are looked at in one go."""
FULL_VIEW_COSTS = 100
"""A filter that makes full views takes as long for a row as others for so many."""

Steps: TypeAlias = "Generator[int, None, T]"
"""Work in steps, for whoever has something else to do in between: yields about how many rows were looked at in each."""


def finish(steps: Steps[T]) -> T:
    """Take all steps at one go."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result


class TorrentOrdering:
    """Orders one table of torrents; remembers the order by name, which changes only when torrents come."""

    def __init__(self) -> None:
        self._by_name: list[int] = []
        self._named: list[Torrent] = []
        self._names: list[Any] = []
        self._listed = (0, 0)

    def order(
        self,
        snapshot: Snapshot,
        sort: TorrentSort,
        *,
        reverse: bool = False,
        attention: bool = True,
        filter_: Filter | None = None,
        now: datetime | None = None,
    ) -> TorrentOrder:
        """Select and sort all torrents of a snapshot, from its columns."""
        return finish(
            self.steps(snapshot, sort, reverse=reverse, attention=attention, filter_=filter_, now=now),
        )

    def steps(
        self,
        snapshot: Snapshot,
        sort: TorrentSort,
        *,
        reverse: bool = False,
        attention: bool = True,
        filter_: Filter | None = None,
        now: datetime | None = None,
    ) -> Steps[TorrentOrder]:
        """The same in steps. Steps that are not taken to the end leave nothing behind that is wrong."""
        table = snapshot.torrents
        matching = yield from self._in_order_of_names(table)
        if filter_ is not None and not filter_.is_empty:
            matching = yield from _selected(snapshot, matching, filter_, now)
        verdicts = table.verdicts
        needing: list[int] = []
        for some in _slices(matching):
            needing += [index for index in some if verdicts[index] in _ATTENTION]
            yield len(some)
        attention_only = attention and bool(needing) and filter_ is None
        rows = yield from _sorted(table, needing if attention_only else matching, sort, reverse=reverse)
        return TorrentOrder(tuple(rows), len(matching), len(needing), attention_only)

    def _in_order_of_names(self, table: TorrentTable) -> Steps[list[int]]:
        """All that are listed, by name."""
        listed = (len(table), len(table.listed))
        if listed == self._listed:
            return self._by_name
        torrents, named, names = table.torrents, self._named, self._names
        for some in _slices(range(len(torrents))):
            for index in some:
                torrent = torrents[index]
                if index == len(named):
                    named.append(torrent)
                    names.append(natural_key(torrent.name))
                elif named[index] is not torrent:
                    # Another copy of it came, perhaps with a name.
                    named[index] = torrent
                    names[index] = natural_key(torrent.name)
            yield len(some) * 3
        # Sorting what is nearly sorted is quick: the old order with small sorted parts behind it.
        there = set(table.listed)
        by_name = [index for index in self._by_name if index in there]
        there.difference_update(by_name)
        for some in _slices(sorted(there)):
            by_name += sorted(some, key=names.__getitem__)
            yield len(some)
        by_name.sort(key=names.__getitem__)
        yield len(by_name)
        self._by_name, self._listed = by_name, listed
        return by_name


def _slices(rows: Sequence[int], size: int = STEP_ROWS) -> Iterator[Sequence[int]]:
    return (rows[start : start + size] for start in range(0, len(rows), size))


def _selected(snapshot: Snapshot, rows: list[int], filter_: Filter, now: datetime | None) -> Steps[list[int]]:
    cost = FULL_VIEW_COSTS if filter_.in_full else 1
    selected: list[int] = []
    for some in _slices(rows, max(1, STEP_ROWS // cost)):
        selected += filter_.select_torrents(snapshot, some, now)
        yield len(some) * cost
    return selected


def _sorted(table: TorrentTable, rows: list[int], sort: TorrentSort, *, reverse: bool) -> Steps[list[int]]:
    """Rows that come in the order of their names, in the order wanted."""
    match sort:
        case TorrentSort.NAME:
            return rows[::-1] if reverse else rows
        case TorrentSort.WORST:
            verdicts, states, torrents = table.verdicts, table.failover_states, table.torrents
            ranks: list[int] = []
            for some in _slices(rows):
                ranks += [
                    # What nobody may ask about is not waited for: it comes after what is well.
                    _UNASKED_RANK
                    if verdicts[index] is Verdict.UNKNOWN and torrents[index].private
                    else _STATE_RANK[verdicts[index], states[index]]
                    for index in some
                ]
                yield len(some)
            places = sorted(range(len(rows)), key=ranks.__getitem__, reverse=reverse)
            return [rows[place] for place in places]
        case TorrentSort.SINCE:
            since = table.since
            # NaN is no time.
            known = [index for index in rows if since[index] == since[index]]
            known.sort(key=since.__getitem__, reverse=not reverse)
            yield len(rows)
            return known + [index for index in rows if since[index] != since[index]]
    column, most_first = {
        TorrentSort.SEEDERS: (table.seeders, False),
        TorrentSort.LEECHERS: (table.leechers, True),
        TorrentSort.COMPLETED: (table.completed, True),
        TorrentSort.WORKING: (table.working, False),
    }[sort]
    known = [index for index in rows if column[index] >= 0]
    known.sort(key=column.__getitem__, reverse=most_first is not reverse)
    yield len(rows)
    return known + [index for index in rows if column[index] < 0]
