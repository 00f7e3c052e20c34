"""What the panes show at this moment: the latest snapshot, the order of both tables, and whether it is frozen.

Knows no widget. Views of torrents are made when looked at and kept until the torrent changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from trackerwatch.policy.rules import Verdict
from trackerwatch.tui.lines import words
from trackerwatch.tui.lines.chronicle import Watchfulness
from trackerwatch.tui.lines.headline import Situation
from trackerwatch.tui.lines.ink import safe
from trackerwatch.tui.model.gathering import Collections, Hosts
from trackerwatch.tui.model.grouping import Groups
from trackerwatch.tui.model.ordering import TorrentOrder, TorrentOrdering, TorrentSort, TrackerSort, order_trackers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from trackerwatch.engine.views import Snapshot, TorrentView, TrackerView, Update
    from trackerwatch.filters import EventFilter, Filter
    from trackerwatch.tui.model.ordering import Steps

ORDER_EVERY_S = 1.0
"""New data re-sorts the tables at most this often."""

DRIFT_EVERY_S = 10.0
"""Where nothing but time has changed, what matches a filter about time is looked for this often."""
SLICE_ROWS = 6000
"""Rows that are looked at without a pause: a few milliseconds."""
ROWS_A_SECOND = 200_000
"""Sorting by itself goes at this pace on average: a few percent of the time go into it."""

KEPT_VIEWS = 512


class FeedLike(Protocol):
    """Where updates come from: `Engine.feed()`, or a test."""

    def pull(self) -> Update | None:
        """What changed since the last call. None: nothing."""
        ...


class Picture:
    """The model under the screen."""

    def __init__(self, feed: FeedLike, clock: Callable[[], datetime], *, step_s: float = 0.0) -> None:
        """Make a picture of nothing yet.

        Args:
            feed: Where updates come from.
            clock: The time.
            step_s: Ages and countdowns move in steps of so many seconds: where every changed line costs. 0: as they are.
        """
        self._step_s = step_s
        self._feed = feed
        self._clock = clock
        self.snapshot: Snapshot | None = None
        self.paused_at: datetime | None = None
        self.filter: Filter | None = None
        self.event_filter: EventFilter | None = None
        self.events_matched: int | None = None
        """How many events the filter of events leaves. None: there is none."""
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
        self._ordered: Snapshot | None = None
        """What is being sorted."""
        self._steps: Steps[TorrentOrder] | None = None
        """The rest of the sorting, while it goes on."""
        self._order_cost = 0
        """Rows that the latest sorting looked at, some of them several times."""
        self._worst: int | None = None
        """Of the torrents that need attention one that is as bad as any."""
        self._out_of_order = False
        self._views: dict[int, TorrentView] = {}

    @property
    def real_now(self) -> datetime:
        """The time, also while the picture is frozen."""
        return self._clock()

    @property
    def now(self) -> datetime:
        """The moment the panes show: their ages stand still while frozen."""
        now = self._clock()
        if self._step_s:
            now = now.fromtimestamp(now.timestamp() // self._step_s * self._step_s, tz=now.tzinfo)
        return self.paused_at or now

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
        """Whether the tables may have another order than the one shown, which was made long enough ago."""
        if self._steps is not None:
            return False
        drifts = self.filter is not None and self.filter.depends_on_time
        if not self._out_of_order and not drifts:
            return False
        # A clock that was set back counts as time passed.
        passed_s = None if self._ordered_at is None else abs((self._clock() - self._ordered_at).total_seconds())
        # Sorting takes a small part of the time, however long it takes.
        pause_s = max(ORDER_EVERY_S, self._order_cost / ROWS_A_SECOND, 0.0 if self._out_of_order else DRIFT_EVERY_S)
        return passed_s is None or passed_s >= pause_s

    def reorder(self) -> None:
        """Sort and filter both tables at one go."""
        self.begin_order()
        while not self.order_on():
            pass

    def begin_order(self) -> None:
        """Begin to sort and filter both tables; what was begun before for older criteria is thrown away."""
        self._steps = None
        if self.snapshot is None:
            return
        self._out_of_order = False
        self._ordered_at = self._clock()
        self._order_cost = 0
        self._ordered = self.snapshot
        self._steps = self._order_steps(self.snapshot)

    def _order_steps(self, snapshot: Snapshot) -> Steps[TorrentOrder]:
        """Order the torrents, then put them into groups."""
        sort = self.torrent_sort
        order = yield from self._ordering.steps(
            snapshot,
            sort,
            reverse=self.torrents_reversed,
            attention=self.attention,
            filter_=self.filter,
            now=self.now,
        )
        yield from self.collections.steps(snapshot, order.order, by_name=sort is TorrentSort.NAME)
        verdicts = snapshot.torrents.verdicts
        by_badness = sort is TorrentSort.WORST and not self.torrents_reversed
        critical = (index for index in order.order if by_badness or verdicts[index] is Verdict.CRITICAL)
        self._worst = next(critical, order.order[0]) if order.attention_only else None
        return order

    @property
    def is_ordered(self) -> bool:
        """Whether the tables were sorted at all."""
        return self._ordered_at is not None

    @property
    def ordering(self) -> bool:
        """Whether an order was begun that is not shown yet."""
        return self._steps is not None

    def order_on(self) -> bool:
        """Go on sorting for a few milliseconds.

        Counted in rows, not in time: whether a table is sorted at one go depends on its length alone.

        Returns:
            Whether the new order is there; nothing of it shows before.
        """
        steps, snapshot = self._steps, self._ordered
        if steps is None or snapshot is None:
            return True
        looked_at = 0
        try:
            while looked_at < SLICE_ROWS:
                looked_at += next(steps)
        except StopIteration as end:
            self._steps = self._ordered = None
            self.torrent_order = end.value
            self.tracker_order = order_trackers(
                snapshot.trackers,
                self.tracker_sort,
                reverse=self.trackers_reversed,
                filter_=self.filter,
                now=self.now,
            )
            self.hosts.arrange(snapshot, self.tracker_order, by_name=self.tracker_sort is TrackerSort.NAME)
            return True
        finally:
            self._order_cost += looked_at
        return False

    def regroup(self) -> None:
        """Put both orders into groups, or out of them, at one go: somebody wants it otherwise."""
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
        worst = None if self._worst is None else self.torrent(self._worst)
        told = ""
        if worst is not None:
            since = f"for {words.age(worst.since, self.now)}" if worst.since is not None else ""
            about = ", ".join(filter(None, (safe(worst.why), since)))
            told = safe(worst.torrent.name) + (f" ({about})" if about else "")
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
