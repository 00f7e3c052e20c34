"""Which rows a table shows and in which order: sort, attention and filter, computed from columns. Pure.

Called when data or criteria changed and at most about once a second, never for a key press.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from trackerwatch.failover.states import FailoverState
from trackerwatch.health.states import Health
from trackerwatch.policy.rules import Verdict
from trackerwatch.tui.natural import natural_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from trackerwatch.engine.views import Snapshot, TorrentTable, TrackerView
    from trackerwatch.filters import Filter


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


def tracker_rank(view: TrackerView) -> int:
    """How bad a tracker's state is; a failure that is not believed yet is worse than not knowing.

    What is muted or disabled is out of it: it comes after all others.
    """
    if view.muted is not None or view.disabled is not None:
        return _MUTED_RANK
    rank = max(_HEALTH_RANK[view.state], _FLAPPING_RANK if view.flapping else 0)
    return max(rank, _RETRY_RANK) if view.pending else rank


def _uptime(view: TrackerView) -> float | None:
    """Of the column: the last 24 hours, where enough of them is known."""
    return next((figure.uptime for figure in view.uptimes if figure.window == "24h"), None)


def _tracker_key(sort: TrackerSort) -> Callable[[TrackerView], Any]:
    keys: dict[TrackerSort, Callable[[TrackerView], Any]] = {
        TrackerSort.WORST: lambda view: (-tracker_rank(view), -view.torrents),
        TrackerSort.NAME: lambda view: natural_key(view.tracker.host),
        TrackerSort.TORRENTS: lambda view: -view.torrents,
        TrackerSort.SLOWEST: lambda view: None if view.p95_s is None else -view.p95_s,
        TrackerSort.UPTIME: _uptime,
        TrackerSort.SINCE: lambda view: None if view.since is None else -view.since.timestamp(),
        TrackerSort.NEXT: lambda view: None if view.next_probe_at is None else view.next_probe_at.timestamp(),
    }
    return keys[sort]


def order_trackers(
    trackers: Sequence[TrackerView], sort: TrackerSort, *, reverse: bool = False, filter_: Filter | None = None
) -> list[int]:
    """Indices of the trackers that match, in order; equal ones by name, unknown values last either way."""
    views = trackers if filter_ is None else [view for view in trackers if filter_.matches_tracker(view)]
    by_name = sorted(views, key=lambda view: (natural_key(view.tracker.host), view.tracker.port, view.tracker.protocol))
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


class TorrentOrdering:
    """Orders one table of torrents; remembers the order by name, which changes only when torrents come."""

    def __init__(self) -> None:
        self._by_name: list[int] = []
        self._known = (0, 0)

    def order(
        self,
        snapshot: Snapshot,
        sort: TorrentSort,
        *,
        reverse: bool = False,
        attention: bool = True,
        filter_: Filter | None = None,
    ) -> TorrentOrder:
        """Select and sort all torrents of a snapshot, from its columns."""
        table = snapshot.torrents
        if (len(table), len(table.listed)) != self._known:
            self._known = (len(table), len(table.listed))
            names = [natural_key(torrent.name) for torrent in table.torrents]
            self._by_name = sorted(table.listed, key=names.__getitem__)
        matching: Iterable[int] = self._by_name
        matched = len(self._by_name)
        if filter_ is not None and not filter_.is_empty:
            selected = set(filter_.select_torrents(snapshot))
            matched = len(selected)
            matching = [index for index in self._by_name if index in selected]
        verdicts = table.verdicts
        needing = [index for index in matching if verdicts[index] in _ATTENTION]
        attention_only = attention and bool(needing) and filter_ is None
        rows = needing if attention_only else list(matching)
        return TorrentOrder(tuple(_sorted(table, rows, sort, reverse=reverse)), matched, len(needing), attention_only)


def _sorted(table: TorrentTable, rows: list[int], sort: TorrentSort, *, reverse: bool) -> list[int]:
    match sort:
        case TorrentSort.NAME:
            return rows[::-1] if reverse else rows
        case TorrentSort.WORST:
            verdicts, states, torrents = table.verdicts, table.failover_states, table.torrents

            def rank(index: int) -> int:
                # What nobody may ask about is not waited for: it comes after what is well.
                unasked = verdicts[index] is Verdict.UNKNOWN and torrents[index].private
                return _UNASKED_RANK if unasked else _STATE_RANK[verdicts[index], states[index]]

            return sorted(rows, key=rank, reverse=reverse)
        case TorrentSort.SINCE:
            since = table.since
            # NaN is no time.
            known = [index for index in rows if since[index] == since[index]]
            known.sort(key=since.__getitem__, reverse=not reverse)
            return known + [index for index in rows if since[index] != since[index]]
    column, most_first = {
        TorrentSort.SEEDERS: (table.seeders, False),
        TorrentSort.LEECHERS: (table.leechers, True),
        TorrentSort.COMPLETED: (table.completed, True),
        TorrentSort.WORKING: (table.working, False),
    }[sort]
    known = [index for index in rows if column[index] >= 0]
    known.sort(key=column.__getitem__, reverse=most_first is not reverse)
    return known + [index for index in rows if column[index] < 0]
