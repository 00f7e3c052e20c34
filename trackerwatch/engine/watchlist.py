"""What is watched: torrents, their trackers, and what the settings say of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trackerwatch.engine.standing_orders import (
    disabled_of,
    interval_s,
    mute_may_turn,
    mute_of,
    order_for,
    thresholds,
)
from trackerwatch.engine.torrent_book import TorrentBook
from trackerwatch.engine.tracker_state import TrackerState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trackerwatch.engine.clock import Clock
    from trackerwatch.engine.settings import EngineSettings
    from trackerwatch.engine.torrent_book import Move
    from trackerwatch.metainfo import Torrent
    from trackerwatch.tracker import Tracker


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What came of taking torrents in."""

    states: tuple[TrackerState, ...]
    """Their trackers."""
    changed: tuple[int, ...]
    """Torrents whose rows changed."""
    moves: tuple[Move, ...]


class Watchlist:
    """Torrents by index, trackers by index, and the settings in force."""

    def __init__(self, settings: EngineSettings, clock: Clock) -> None:
        self.settings = settings
        self._clock = clock
        self.book = TorrentBook()
        self.trackers: list[TrackerState] = []
        self._by_tracker: dict[Tracker, TrackerState] = {}
        self.one_shot = False

    def add(self, torrents: Iterable[Torrent]) -> Arrivals:
        """Take torrents in; copies merge by info hash."""
        now = self._clock.wall()
        touched: dict[int, TrackerState] = {}
        changed: dict[int, None] = {}
        for torrent in torrents:
            known = self.book.index.get(torrent.info_hash)
            if known is not None:
                before = self.book.torrents[known]
                torrent = before.merged_with(torrent)  # noqa: PLW2901 - a copy becomes the merged torrent
                if torrent == before:
                    continue
            states = [self.state_of(placement.tracker) for placement in torrent.placements]
            changed[self.book.add(torrent, states, now)] = None
            touched.update((state.index, state) for state in states)
        for state in touched.values():
            state.dirty = True
            if state.swarms.dirty:
                changed.update(dict.fromkeys(state.swarms.news_since(state.publish())))
        moves = self.book.recompute(sorted(changed), now)
        return Arrivals(tuple(touched.values()), tuple(changed), tuple(moves))

    def remove(self, info_hashes: Iterable[bytes]) -> tuple[list[int], list[TrackerState]]:
        """Let torrents go: their indices, and the trackers that listed them. What is not here is passed over."""
        touched: dict[int, TrackerState] = {}
        gone = []
        for info_hash in info_hashes:
            index = self.book.remove(info_hash)
            if index is not None:
                gone.append(index)
                touched.update((state.index, state) for state in self.book.shapes[index].trackers)
        return gone, list(touched.values())

    def revise(self, torrent: Torrent) -> Arrivals:
        """A torrent that is here lists other trackers from now on."""
        now = self._clock.wall()
        before = self.book.shapes[self.book.index[torrent.info_hash]].trackers
        states = [self.state_of(placement.tracker) for placement in torrent.placements]
        changed = {self.book.add(torrent, states, now): None}
        touched = {state.index: state for state in (*before, *states)}
        for state in touched.values():
            state.dirty = True
            if state.swarms.dirty:
                changed.update(dict.fromkeys(state.swarms.news_since(state.publish())))
        moves = self.book.recompute(sorted(changed), now)
        return Arrivals(tuple(touched.values()), tuple(changed), tuple(moves))

    def known(self, tracker: Tracker) -> TrackerState | None:
        """The state of a tracker. None: it was never watched."""
        return self._by_tracker.get(tracker)

    def state_of(self, tracker: Tracker) -> TrackerState:
        """The state of a tracker, which is made where there is none."""
        state = self._by_tracker.get(tracker)
        if state is None:
            state = TrackerState(
                len(self.trackers), tracker, thresholds(self.settings, tracker, one_shot=self.one_shot)
            )
            self._by_tracker[tracker] = state
            self.trackers.append(state)
            self.give_orders(state)
        return state

    def give_orders(self, state: TrackerState) -> None:
        """Apply what the settings and the user say of one tracker."""
        now = self._clock.wall()
        state.thresholds = thresholds(self.settings, state.tracker, one_shot=self.one_shot)
        state.lasting_thresholds = thresholds(self.settings, state.tracker, one_shot=False)
        its = self.settings.tracker(state.tracker.host, state.tracker.port)
        state.own, state.dirty = its.own, True
        state.mute = mute_of(self.settings, state.tracker, now)
        state.mute_may_turn = mute_may_turn(self.settings, state.tracker)
        state.disabled = disabled_of(self.settings, state.tracker, now)
        state.interval_wish_s = order_for(self.settings, state.tracker, now).interval_s

    def turn_mutes(self, now: float) -> list[TrackerState]:
        """Trackers whose mute begins or ends by time alone, as of a wall time; it is put on or taken off."""
        turned = []
        for state in self.trackers:
            if state.mute_may_turn and (mute := mute_of(self.settings, state.tracker, now)) != state.mute:
                state.mute, state.dirty = mute, True
                turned.append(state)
        return turned

    def interval_s(self, state: TrackerState) -> float:
        """Between two full scrapes of a tracker."""
        return interval_s(self.settings, state)
