"""What the panes show at this moment: the latest snapshot, the order of both tables, and whether it is frozen.

Knows no widget. Views of torrents are made when looked at and kept until the torrent changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from trackerwatch.tui.chronicle import Watchfulness
from trackerwatch.tui.grouping import Collections, Groups, Hosts
from trackerwatch.tui.headline import Situation
from trackerwatch.tui.ink import safe
from trackerwatch.tui.ordering import TorrentOrder, TorrentOrdering, TorrentSort, TrackerSort, order_trackers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from trackerwatch.engine.views import Snapshot, TorrentView, TrackerView, Update
    from trackerwatch.filters import Filter

ORDER_EVERY_S = 1.0
"""New data re-sorts the tables at most this often."""

KEPT_VIEWS = 512


class FeedLike(Protocol):
    """Where updates come from: `Engine.feed()`, or a test."""

    def pull(self) -> Update | None:
        """What changed since the last call. None: nothing."""
        ...


class Picture:
    """The model under the screen."""

    def __init__(self, feed: FeedLike, clock: Callable[[], datetime]) -> None:
        self._feed = feed
        self._clock = clock
        self.snapshot: Snapshot | None = None
        self.paused_at: datetime | None = None
        self.filter: Filter | None = None
        self.tracker_sort = TrackerSort.WORST
        self.torrent_sort = TorrentSort.WORST
        self.trackers_reversed = False
        self.torrents_reversed = False
        self.attention = True
        """Whether the torrents table shows only what needs attention, when something does."""
        self.tracker_order: list[int] = []
        self.torrent_order = TorrentOrder((), 0, 0, attention_only=False)
        self.hosts = Groups(Hosts())
        """The trackers' order in groups, once asked for."""
        self.collections = Groups(Collections())
        """The torrents' order in groups, once asked for."""
        self.watchfulness = Watchfulness()
        self.loading = ""
        """Progress of reading inputs; empty when done."""
        self.read_only = False
        """Whether nothing may be asked or changed from here."""
        self.broken = ""
        """What of ours has stopped, if something has."""
        self._ordering = TorrentOrdering()
        self._ordered_at: datetime | None = None
        self._out_of_order = False
        self._views: dict[int, TorrentView] = {}

    @property
    def real_now(self) -> datetime:
        """The time, also while the picture is frozen."""
        return self._clock()

    @property
    def now(self) -> datetime:
        """The moment the panes show: their ages stand still while frozen."""
        return self.paused_at or self._clock()

    def pull(self) -> Update | None:
        """Take what the feed has, unless frozen."""
        if self.paused_at is not None:
            return None
        update = self._feed.pull()
        if update is None:
            return None
        self.snapshot = update.snapshot
        if update.torrents is None or len(self._views) > KEPT_VIEWS:
            self._views.clear()
        else:
            for index in update.torrents & self._views.keys():
                del self._views[index]
        self.watchfulness.arrived(update.events, self.real_now)
        self._out_of_order = True
        return update

    @property
    def unseen(self) -> int:
        """Events that came while no key was pressed for a while."""
        return self.watchfulness.unseen(self.real_now)

    def toggle_freeze(self) -> bool:
        """Freeze the picture, or let it go on.

        Returns:
            Whether it is frozen now.
        """
        self.paused_at = self._clock() if self.paused_at is None else None
        return self.paused_at is not None

    # -- order ---------------------------------------------------------------------------------------------------------

    def order_is_due(self) -> bool:
        """Whether data changed since the tables were sorted, long enough ago."""
        if not self._out_of_order:
            return False
        # A clock that was set back counts as time passed.
        return self._ordered_at is None or abs((self._clock() - self._ordered_at).total_seconds()) >= ORDER_EVERY_S

    def reorder(self) -> None:
        """Sort and filter both tables."""
        if self.snapshot is None:
            return
        self._out_of_order = False
        self._ordered_at = self._clock()
        self.tracker_order = order_trackers(
            self.snapshot.trackers, self.tracker_sort, reverse=self.trackers_reversed, filter_=self.filter
        )
        self.torrent_order = self._ordering.order(
            self.snapshot,
            self.torrent_sort,
            reverse=self.torrents_reversed,
            attention=self.attention,
            filter_=self.filter,
        )
        self.regroup()

    def regroup(self) -> None:
        """Put both orders into groups, where that is asked for: whenever one of them is new."""
        if self.snapshot is not None:
            self.hosts.arrange(self.snapshot, self.tracker_order, by_name=self.tracker_sort is TrackerSort.NAME)
            order, by_name = self.torrent_order.order, self.torrent_sort is TorrentSort.NAME
            self.collections.arrange(self.snapshot, order, by_name=by_name)

    @property
    def tracker_rows(self) -> Sequence[int]:
        """What the trackers table shows: indices, and below zero the keys of groups."""
        return self.hosts.rows

    @property
    def torrent_rows(self) -> Sequence[int]:
        """What the torrents table shows: indices, and below zero the keys of groups."""
        return self.collections.rows

    # -- what is looked at ---------------------------------------------------------------------------------------------

    def tracker(self, index: int) -> TrackerView | None:
        """One tracker; None: it is not there (yet)."""
        snapshot = self.snapshot
        return snapshot.trackers[index] if snapshot is not None and 0 <= index < len(snapshot.trackers) else None

    def torrent(self, index: int) -> TorrentView | None:
        """One torrent; None: it is not there (yet)."""
        snapshot = self.snapshot
        if snapshot is None or not 0 <= index < len(snapshot.torrents):
            return None
        view = self._views.get(index)
        if view is None:
            view = self._views[index] = snapshot.torrents.view(index)
        return view

    def situation(self) -> Situation:
        """What the top lines need beside the snapshot."""
        order = self.torrent_order
        worst = self.torrent(order.order[0]) if order.attention_only and order.order else None
        told = f"{safe(worst.torrent.name)}" + (f" ({safe(worst.why)})" if worst.why else "") if worst else ""
        return Situation(
            now=self.real_now,
            paused_at=self.paused_at,
            filter_text=self.filter.text if self.filter else "",
            matched=order.matched if self.filter else None,
            loading=self.loading,
            unseen=self.unseen,
            worst_torrent=told,
            broken=self.broken,
            read_only=self.read_only,
        )
