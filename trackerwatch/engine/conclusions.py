"""What rounds come to: trackers rolled up, torrents brought up to date, and what changed told."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from trackerwatch.engine.changes import effect_of, kind_of_move, move_words, tell_moves, tell_old_moves, tell_state
from trackerwatch.engine.problems import ProblemTeller, tell_expiry
from trackerwatch.engine.records import TransitionRecord
from trackerwatch.engine.views import EventKind
from trackerwatch.health import Health

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from trackerwatch.engine.clock import Clock
    from trackerwatch.engine.events import EventLog
    from trackerwatch.engine.keeper import Recalled
    from trackerwatch.engine.recording import Recording
    from trackerwatch.engine.torrent_book import Move, TorrentBook
    from trackerwatch.engine.tracker_state import TrackerState

CHUNK_PLACEMENTS = 20_000
"""So many pairs of torrent and tracker are brought up to date in one go; then others get their turn."""
LONGEST_PAUSE_S = 0.25
"""Between two passes of conclusions."""


class Conclusions:
    """Draws conclusions for trackers, at once or together with others that end about now."""

    def __init__(
        self,
        book: TorrentBook,
        trackers: Sequence[TrackerState],
        events: EventLog,
        clock: Clock,
        *,
        recording: Recording,
        on_news: Callable[[Iterable[int]], None],
    ) -> None:
        """Know what to draw conclusions from.

        Args:
            book: All torrents.
            trackers: All trackers by index; may grow.
            events: Where changes are told.
            clock: Wall time for when things began, monotonic time for how long a pass takes.
            recording: Where changes are written down.
            on_news: Called with the torrents whose rows changed.
        """
        self._book = book
        self._trackers = trackers
        self._events = events
        self._clock = clock
        self._recording = recording
        self._on_news = on_news
        self._problems = ProblemTeller(events, book)
        self._unsettled: dict[int, TrackerState] = {}
        self._next: asyncio.Task[None] | None = None
        """The pass that has not begun yet: what ends now joins it."""
        self._passes: set[asyncio.Task[None]] = set()
        self._pause_s = 0.0

    def soon(self, state: TrackerState) -> asyncio.Task[None]:
        """Draw the conclusions of a round, together with those of other rounds that end about now.

        A torrent that lists a thousand trackers is so brought up to date once for all of them.
        """
        self._unsettled[state.index] = state
        if self._next is None:
            self._next = asyncio.get_running_loop().create_task(self._pass(), name="conclusions")
            self._passes.add(self._next)
            self._next.add_done_callback(self._passes.discard)
        return self._next

    async def _pass(self) -> None:
        try:
            # As long as the last pass took: half of the time at most goes into conclusions.
            await asyncio.sleep(self._pause_s)
        finally:
            self._next = None
        begun = self._clock.monotonic()
        states = list(self._unsettled.values())
        self._unsettled.clear()
        now = self._clock.wall()
        changes = [(state, state.conclude(now)) for state in states]
        news = self._publish_all(states)
        moves: list[Move] = []
        done = 0
        try:
            for chunk in self._book.chunks(news, CHUNK_PLACEMENTS):
                done += len(chunk)
                moves += self._book.recompute(chunk, now)
                self._on_news(chunk)
                if done < len(news):
                    await asyncio.sleep(0)
        finally:
            # Cancelled between chunks: what was published must be told all the same.
            moves += self._book.recompute(news[done:], now)
            self._tell(changes, moves, news)
            self._pause_s = min(LONGEST_PAUSE_S, self._clock.monotonic() - begun)

    def settle(
        self, *states: TrackerState, quietly: bool = False, ordered: bool = False, recalled: Recalled | None = None
    ) -> None:
        """The same at one go, for several trackers together: each torrent is brought up to date once.

        Args:
            *states: The trackers.
            quietly: What changes is not told: it is our own doing, or of an earlier run.
            ordered: It is an order of the user that changes them, as in `TorrentBook.recompute`.
            recalled: It is memory that changes them: what an earlier run saw already is told as that, and not written down again.
        """
        now = self._clock.wall()
        changes = [(state, state.conclude(now)) for state in states]
        news = self._publish_all(states)
        moves = self._book.recompute(news, now, ordered=ordered)
        if quietly:
            self._book.take_problems()
            self._on_news(news)
        else:
            self._tell(changes, moves, news, recalled)

    def resettle(self, states: Sequence[TrackerState]) -> None:
        """Bring every torrent of these trackers up to date quietly: what the user wants of them changed."""
        news = list(dict.fromkeys(index for state in states for index in state.swarms.all_owners()))
        for state in states:
            state.dirty = True
            for shape in state.shapes:
                shape.stands.clear()
        self._book.recompute(news, self._clock.wall(), ordered=True)
        self._book.take_problems()
        self._on_news(news)

    def _publish_all(self, states: Sequence[TrackerState]) -> list[int]:
        news = [fresh for state in states if (fresh := self._publish(state))]
        return news[0] if len(news) == 1 else list(dict.fromkeys(index for fresh in news for index in fresh))

    def _publish(self, state: TrackerState) -> list[int]:
        """Publish a tracker's swarms; the torrents whose row that changes."""
        if not (state.swarms.dirty or state.readdressed or state.retold):
            return []
        news = state.swarms.news_since(state.publish())
        if state.readdressed or (state.retold and state.state is not Health.UP):
            news = state.swarms.all_owners()
        state.readdressed = state.retold = False
        return news

    def _tell(
        self,
        changes: list[tuple[TrackerState, tuple[Health, Health] | None]],
        moves: list[Move],
        news: Sequence[int],
        recalled: Recalled | None = None,
    ) -> None:
        now = self._clock.wall()
        if recalled is not None:
            moves = self._without_old(moves, recalled, now)
        changed = [(state, change) for state, change in changes if change is not None]
        for state, change in changed:
            # With several at once nobody can say whose doing which move was: the moves speak for themselves.
            effect = effect_of(moves) if len(changed) == 1 else ""
            message = tell_state(self._events, state, *change, now=now, effect=effect)
            self._write_down(state, *change, message)
        tell_moves(self._events, moves, self._book, self._trackers, now)
        for move in moves:
            self._write_down_move(move, now)
        self._problems.tell(self._book.take_problems(), news, now, remembered=recalled is not None)
        for state, _ in changes:
            tell_expiry(self._events, state, now)
        for state, _ in changes:
            self._recording.memory(state)
        self._on_news(news)

    def _without_old(self, moves: list[Move], recalled: Recalled, now: float) -> list[Move]:
        """The moves that no earlier run saw. Those that one saw are told as that: who begins to listen must know."""
        old: list[tuple[Move, float]] = []
        new: list[Move] = []
        for move in moves:
            state, since = recalled.moved.get(self._book.torrents[move.torrent].info_hash, ("", 0.0))
            if state == move.after:
                old.append((move, since))
            else:
                new.append(move)
        tell_old_moves(self._events, old, self._book, self._trackers, now)
        return new

    def _write_down(self, state: TrackerState, before: Health, after: Health, message: str) -> None:
        failure = state.failure if after in (Health.DOWN, Health.DEGRADED) else None
        answers_again = before is Health.DOWN and after in (Health.UP, Health.DEGRADED)
        self._recording.transition(
            TransitionRecord(
                at=self._clock.wall(),
                kind=EventKind.RECOVERED if answers_again else EventKind.STATE_CHANGED,
                from_state=str(before),
                to_state=str(after),
                reason=failure.kind if failure else None,
                message=message,
                tracker=state.tracker,
            )
        )

    def _write_down_move(self, move: Move, now: float) -> None:
        kind = kind_of_move(move)
        if kind is None:
            return
        torrent = self._book.torrents[move.torrent]
        self._recording.transition(
            TransitionRecord(
                at=now,
                kind=kind,
                from_state=str(move.before),
                to_state=str(move.after),
                reason=None,
                message=move_words(move, kind, self._book, self._trackers),
                tracker=self._trackers[move.active_after].tracker if move.active_after >= 0 else None,
                info_hash=torrent.info_hash,
                name=torrent.name,
            )
        )

    async def end(self) -> None:
        """Conclude for every tracker, now; passes under way are cut short."""
        for task in self._passes:
            # A pass that is cut short brings the rest of its torrents up to date at one go.
            task.cancel()
        if self._passes:
            await asyncio.wait(self._passes)
        self.settle(*self._trackers)
