"""Trackers that the user watches for this run alone, for themselves or as one torrent's last tier."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from trackerwatch.engine.changes import tell_moves
from trackerwatch.errors import TrackerUrlError
from trackerwatch.metainfo import Placement
from trackerwatch.tracker import parse_tracker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from trackerwatch.engine.clock import Clock
    from trackerwatch.engine.commands import WatchTracker
    from trackerwatch.engine.conclusions import Conclusions
    from trackerwatch.engine.events import EventLog
    from trackerwatch.engine.outage import Outage
    from trackerwatch.engine.running import Running
    from trackerwatch.engine.tracker_state import TrackerState
    from trackerwatch.engine.watchlist import Watchlist
    from trackerwatch.metainfo import Torrent
    from trackerwatch.outcome import Failure
    from trackerwatch.tracker import Tracker

MOST = 100
"""In one run."""


class Additions:
    """Adds trackers, and says how to take them back."""

    def __init__(
        self,
        watchlist: Watchlist,
        clock: Clock,
        *,
        running: Running,
        outage: Outage,
        conclusions: Conclusions,
        events: EventLog,
        on_news: Callable[[Iterable[int]], None],
        remember: Callable[[str, Callable[[], None]], None],
        wish_of: Callable[[Tracker], tuple[Failure, float] | None],
    ) -> None:
        """Add to what is watched.

        Args:
            watchlist: What is watched.
            clock: Both clocks.
            running: Asks.
            outage: Weighs what is heard.
            conclusions: Brings torrents up to date.
            events: Where torrents' moves are told.
            on_news: Called with the torrents whose rows changed.
            remember: Notes what was done, and how that is taken back.
            wish_of: What a tracker asked for as it was tried, and when (monotonic).
        """
        self._watchlist = watchlist
        self._clock = clock
        self._running = running
        self._outage = outage
        self._conclusions = conclusions
        self._events = events
        self._changed = on_news
        self._remember = remember
        self._wish_of = wish_of
        self._count = 0

    def watch(self, command: WatchTracker) -> str:
        """Watch one more tracker; one line that says so, or why not."""
        try:
            tracker = parse_tracker(command.url)
        except TrackerUrlError as error:
            return str(error)
        if self._count >= MOST:
            return f"{MOST} trackers were added in this run already; that is enough"
        refusal = self._refusal(tracker, command.torrent)
        if refusal:
            return refusal
        self._count += 1
        known = self._watchlist.known(tracker)
        state = self._watchlist.state_of(tracker)
        new = known is None or known.retired
        if new:
            state.added, state.let_go = True, False
            wish = self._wish_of(tracker)
            if wish is not None:
                state.obey(*wish)
        name = tracker.host_port
        if command.torrent is None:
            words = f"{name}: watched for this run"
        else:
            torrent = self._watchlist.book.torrents[command.torrent]
            last = max((placement.tier for placement in torrent.placements), default=-1)
            self._revise(torrent, (*torrent.placements, Placement(tracker, last + 1, 0)))
            words = f"{name}: added to {torrent.name} as tier {last + 1}, for this run"
        state.dirty = True
        self._remember(words, lambda: self._take_back(state, command.torrent, new=new))
        self._running.soon(state)
        self._changed(())
        return words if state.disabled is None else f"{words}; it is switched off, so nothing is sent to it"

    def _refusal(self, tracker: Tracker, index: int | None) -> str:
        """Why a tracker is not added. Empty: it is."""
        name, book = tracker.host_port, self._watchlist.book
        if index is None:
            known = self._watchlist.known(tracker)
            return f"{name} is watched already" if known is not None and not known.retired else ""
        if not 0 <= index < len(book) or index in book.gone:
            return "that torrent is not watched any more"
        torrent = book.torrents[index]
        if torrent.private:
            return f"{torrent.name} is private: its peers come from its own trackers alone, none may be added (BEP 27)"
        listed = any(placement.tracker is tracker for placement in torrent.placements)
        return f"{torrent.name} lists {name} already" if listed else ""

    def _revise(self, torrent: Torrent, placements: tuple[Placement, ...]) -> None:
        arrivals = self._watchlist.revise(replace(torrent, placements=placements))
        tell_moves(self._events, arrivals.moves, self._watchlist.book, self._watchlist.trackers, self._clock.wall())
        self._watchlist.book.take_problems()
        self._changed(arrivals.changed)

    def _take_back(self, state: TrackerState, index: int | None, *, new: bool) -> None:
        book = self._watchlist.book
        if new:
            state.added, state.let_go = False, True
        if index is not None and index not in book.gone:
            torrent = book.torrents[index]
            self._revise(torrent, tuple(p for p in torrent.placements if p.tracker is not state.tracker))
        if state.retired:
            self._running.halt(state)
            self._outage.forget(state)
            # As if it were switched off: to and fro is no way round its waits.
            state.switch_off()
            self._conclusions.settle(state, quietly=True)
        state.dirty = True
        self._changed(())
