"""The engine: one agenda for every tracker, one loop that starts rounds, snapshots for whoever looks.

It knows no face, store or alert. Everything it asks goes through the prober it is given; everything it learns sits in
`TrackerState` and `TorrentBook`, which know no I/O.
"""

from __future__ import annotations

import asyncio
import random
import weakref
from typing import TYPE_CHECKING

from trackerwatch.engine.announcing import Announcer, Identity
from trackerwatch.engine.changes import tell_moves
from trackerwatch.engine.clock import SystemClock, at
from trackerwatch.engine.commands import AnnounceNow, Command, MuteTrackers, ProbeNow, WalkAs
from trackerwatch.engine.conclusions import Conclusions
from trackerwatch.engine.due import Due
from trackerwatch.engine.events import EventLog
from trackerwatch.engine.feed import Feed
from trackerwatch.engine.interruptions import TICK_S, Interruptions
from trackerwatch.engine.muting import expired, mute, mute_of
from trackerwatch.engine.pacing import next_due
from trackerwatch.engine.recording import Recording
from trackerwatch.engine.remembering import Remembering
from trackerwatch.engine.requests import announce_refusal, announce_wait, to_probe
from trackerwatch.engine.rounds import Rounds
from trackerwatch.engine.settings import AnnounceMode, EngineSettings, PrivateMode
from trackerwatch.engine.snapshot import Projector
from trackerwatch.engine.standing_orders import interval_s, thresholds
from trackerwatch.engine.torrent_book import TorrentBook
from trackerwatch.engine.tracker_state import TrackerState
from trackerwatch.engine.views import Event, EventKind, Snapshot
from trackerwatch.failover import CLIENTS, Standing
from trackerwatch.health import Health
from trackerwatch.outcome import FailureKind
from trackerwatch.schedule import Agenda

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from trackerwatch.engine.clock import Clock
    from trackerwatch.engine.keeper import Keeper
    from trackerwatch.engine.prober import Prober
    from trackerwatch.engine.timekeeping import Jump
    from trackerwatch.health import Thresholds
    from trackerwatch.metainfo import Torrent
    from trackerwatch.tracker import Tracker

ROUNDS_AT_ONCE = 128
STOP_WITHIN_S = 5.0
LATENESS_FADES = 10.0
"""Seconds in which the lateness shown loses one."""
AFTER_A_GAP_S = 20.0
"""What fell due in a gap is asked in the course of so many seconds, not all at once."""


class Engine:
    """Watches trackers: once (`run_once`) or for as long as the program runs (`run`)."""

    def __init__(
        self,
        prober: Prober,
        settings: EngineSettings,
        *,
        vantage: str,
        rng: random.Random | None = None,
        clock: Clock | None = None,
        keeper: Keeper | None = None,
    ) -> None:
        """Make an engine that watches nothing yet.

        Args:
            prober: Asks; the engine itself sends nothing.
            settings: What the user wants.
            vantage: The name of the place from which is looked.
            rng: For jitter and identifiers.
            clock: The machine's, or a test's.
            keeper: Remembers between runs. None: nobody does.
        """
        self.settings = settings
        self._prober = prober
        self._clock = clock or SystemClock()
        self._rng = rng or random.Random()
        self._book = TorrentBook()
        self._trackers: list[TrackerState] = []
        self._by_tracker: dict[Tracker, TrackerState] = {}
        self._events = EventLog()
        self._agenda: Agenda[int] = Agenda()
        self._recording = Recording(keeper, self._clock, self._interval_s)
        self._announcer = Announcer(
            prober,
            settings,
            self._clock,
            identity=Identity.random(self._rng),
            torrent_of=lambda owner: self._book.torrents[owner],
            recording=self._recording,
        )
        self._interruptions = Interruptions(
            prober,
            self._clock,
            self._trackers,
            events=self._events,
            recording=self._recording,
            ask_for_a_sign=self._ask_for_a_sign,
            on_jump=self._on_jump,
        )
        self._conclusions = Conclusions(
            self._book,
            self._trackers,
            self._events,
            self._clock,
            recording=self._recording,
            on_news=self._changed,
        )
        self._interruptions.conclude_with(self._conclusions)
        self._rounds = Rounds(
            prober,
            settings,
            self._clock,
            announcer=self._announcer,
            outage=self._interruptions.outage,
            recording=self._recording,
            on_progress=self._conclusions.settle,
        )
        self._remembering = (
            None
            if keeper is None
            else Remembering(
                keeper,
                settings,
                self._clock,
                self._interval_s,
                on_memory=self._came_back_to_mind,
                on_seeder=self._book.remember_seeded,
            )
        )
        self._asking: dict[asyncio.Task[None], TrackerState] = {}
        self._announcing: dict[int, asyncio.Task[None]] = {}
        self._wake = asyncio.Event()
        self._stopping = False
        self._one_shot = False
        self._client = settings.client
        self._lateness = (0.0, 0.0)
        self._version = 0
        self._snapshot: Snapshot | None = None
        self._feeds: weakref.WeakSet[Feed] = weakref.WeakSet()
        self._started = self._clock.wall()
        self._book.walk_as(CLIENTS[settings.client], self._started)
        started_at = at(self._started)
        if started_at is None:
            raise ValueError("the clock has no wall time")
        self._started_at = started_at
        self._projector = Projector(vantage, started_at, self._private_scraped)

    # ------------------------------------------------------------------ what to watch

    def add_torrents(self, torrents: Iterable[Torrent]) -> None:
        """Watch these torrents; copies merge by info hash. May be called while running."""
        now = self._clock.wall()
        touched: dict[int, TrackerState] = {}
        changed: dict[int, None] = {}
        for torrent in torrents:
            known = self._book.index.get(torrent.info_hash)
            if known is not None:
                before = self._book.torrents[known]
                torrent = before.merged_with(torrent)  # noqa: PLW2901 - a copy becomes the merged torrent
                if torrent == before:
                    continue
            states = [self._state(placement.tracker) for placement in torrent.placements]
            changed[self._book.add(torrent, states, now)] = None
            touched.update((state.index, state) for state in states)
        for state in touched.values():
            state.dirty = True
            if state.swarms.dirty:
                changed.update(dict.fromkeys(state.swarms.news_since(state.publish())))
            self._soon(state)
        moves = self._book.recompute(sorted(changed), now)
        tell_moves(self._events, moves, self._book, self._trackers, now)
        self._changed(changed)

    def remove_torrents(self, info_hashes: Iterable[bytes]) -> None:
        """Watch these torrents no longer; what is not watched is passed over. May be called while running."""
        touched: dict[int, TrackerState] = {}
        gone = []
        for info_hash in info_hashes:
            index = self._book.remove(info_hash)
            if index is not None:
                gone.append(index)
                touched.update((state.index, state) for state in self._book.shapes[index].trackers)
        for state in touched.values():
            if not state.torrents:
                self._agenda.drop(state.index)
                self._interruptions.outage.forget(state)
                state.retire()
            self._conclusions.settle(state)
        self._changed(gone)

    def add_trackers(self, trackers: Iterable[Tracker]) -> None:
        """Watch these trackers for no torrent in particular."""
        for tracker in trackers:
            self._soon(self._state(tracker))
        self._changed(())

    def _state(self, tracker: Tracker) -> TrackerState:
        state = self._by_tracker.get(tracker)
        if state is None:
            state = self._by_tracker[tracker] = TrackerState(len(self._trackers), tracker, self._thresholds(tracker))
            self._trackers.append(state)
            self._give_orders(state)
        return state

    def _give_orders(self, state: TrackerState) -> None:
        """Apply what the settings say of one tracker."""
        state.thresholds = self._thresholds(state.tracker)
        state.lasting_thresholds = thresholds(self.settings, state.tracker, one_shot=False)
        its = self.settings.tracker(state.tracker.host, state.tracker.port)
        state.own, state.dirty = its.own, True
        state.mute = mute_of(its, self._clock.wall())

    def _interval_s(self, state: TrackerState) -> float:
        return interval_s(self.settings, state)

    def _private_scraped(self, tracker: Tracker) -> bool:
        return self.settings.private_at(tracker.host) is not PrivateMode.CONNECT

    def _thresholds(self, tracker: Tracker) -> Thresholds:
        return thresholds(self.settings, tracker, one_shot=self._one_shot)

    def _soon(self, state: TrackerState) -> None:
        """Ask for what is new here as soon as manners allow."""
        if state.asked_at is None and not state.asking:
            if self._agenda.due_at(state.index) is None:
                self._agenda.put(state.index, self._clock.monotonic())
        elif not state.asking and not self._one_shot:
            self._plan(state)
        self._wake.set()

    # ------------------------------------------------------------------ running

    async def run_once(self, *, deadline_s: float) -> None:
        """Ask every tracker once, with its fall-backs, or until the deadline: what is not finished stays unknown."""
        self._one_shot = self._rounds.one_shot = self._announcer.one_shot = True
        self._interruptions.outage.one_shot = True
        if self._remembering is not None:
            self._remembering.one_shot = True
        self._recording.hold()
        self._begin()
        try:
            async with asyncio.timeout(deadline_s):
                await self._loop()
        except TimeoutError:
            pass
        finally:
            await self._wind_up()
            self._recording.release(await self._interruptions.judge_once())
            self._changed(())

    async def run(self) -> None:
        """Watch until `stop`."""
        watched = f": {_count(len(self._trackers), 'tracker')}, {_count(len(self._book), 'torrent')}"
        self._events.add(EventKind.STARTED, "watching" + (watched if self._trackers else ""), self._clock.wall())
        self._changed(())
        self._begin()
        try:
            await self._loop()
        finally:
            await self._wind_up()
            self._events.add(EventKind.STOPPED, "stopped", self._clock.wall())
            self._changed(())

    def _begin(self) -> None:
        """Put everything on the agenda: what is due was not late before the run began."""
        self._interruptions.begin()
        now = self._clock.monotonic()
        for state in self._trackers:
            self._give_orders(state)
            state.plan = Due.FULL
            if not self._one_shot and state.asked_at is not None:
                self._plan(state)
            else:
                self._agenda.put(state.index, now)

    async def stop(self) -> None:
        """End within five seconds, whatever hangs; nothing of ours stays registered anywhere."""
        self._stopping = True
        self._wake.set()
        await self._wind_up()

    async def _wind_up(self) -> None:
        try:
            async with asyncio.timeout(STOP_WITHIN_S):
                while tasks := {*self._asking, *self._announcing.values(), *self._announcer.farewells}:
                    for task in tasks - self._announcer.farewells:
                        task.cancel()
                    await asyncio.wait(tasks)
                    await asyncio.sleep(0)  # their callbacks strike them off
        except TimeoutError:
            pass
        await self._interruptions.outage.end()
        await self._conclusions.end()

    async def _loop(self) -> None:
        while not self._stopping:
            if not self._one_shot:
                self._tick()
            now = self._clock.monotonic()
            while len(self._asking) < ROUNDS_AT_ONCE and (due := self._agenda.pop_due(now)):
                self._start(self._trackers[due[0]], late_s=now - due[1])
            if self._one_shot and not self._asking and not self._announcing and not len(self._agenda):
                return
            next_due_at = self._agenda.next_due()
            blocked = len(self._asking) >= ROUNDS_AT_ONCE
            wait_s = None if next_due_at is None or blocked else max(0.0, next_due_at - now)
            if not self._one_shot:
                wait_s = TICK_S if wait_s is None else min(wait_s, TICK_S)
            try:
                async with asyncio.timeout(wait_s):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()

    def _tick(self) -> None:
        self._interruptions.tick()
        unmuted = expired(self._trackers, self._clock.wall())
        if unmuted:
            self._conclusions.resettle(unmuted)

    def _on_jump(self, jump: Jump) -> None:
        """Time was not lived through: what fell due meanwhile is not late, and is not asked all at once."""
        now = self._clock.monotonic()
        self._lateness = (0.0, now)
        if jump.shift_s:
            self._book.shift_wall(jump.shift_s)
        for state in self._trackers:
            due = self._agenda.due_at(state.index)
            if due is not None and due < now:
                self._agenda.put(state.index, now + self._rng.random() * AFTER_A_GAP_S)
            if state.next_probe_at is not None:
                state.next_probe_at += jump.shift_s
        self._changed(())

    def _ask_for_a_sign(self, indices: Sequence[int], spread_s: float) -> None:
        """Small probes, soon: whether these trackers are heard tells us about ourselves."""
        now = self._clock.monotonic()
        for index in indices:
            state = self._trackers[index]
            left_alone = state.never_again is not None or state.not_before > now or state.retired
            if not (state.asking or left_alone or self._stopping):
                state.plan = Due.MINIMAL
                self._agenda.put(index, now + self._rng.random() * spread_s)
        self._wake.set()

    def _came_back_to_mind(self, state: TrackerState) -> None:
        """A tracker's state is remembered: shown at once, told by no event."""
        self._interruptions.outage.introduce(state)
        self._conclusions.settle(state, quietly=True)

    def note_store(self, trouble: str) -> None:
        """Tell of trouble with what remembers (one clean line), or that it is over (empty)."""
        self._interruptions.note_store(trouble)
        self._changed(())

    def reconfigure(self, settings: EngineSettings) -> None:
        """Go on with other settings; rounds under way end by the old ones."""
        client_before = self.settings.client
        self.settings = self._rounds.settings = self._announcer.settings = settings
        if self._remembering is not None:
            self._remembering.settings = settings
        for state in self._trackers:
            self._give_orders(state)
            if not state.asking and self._agenda.due_at(state.index) is not None:
                self._plan(state)
        self._conclusions.resettle(self._trackers)
        if settings.client != client_before:
            self._walk_as(settings.client)
        self._wake.set()
        self._changed(())

    def _start(self, state: TrackerState, *, late_s: float) -> None:
        """Do what is due at a tracker."""
        now = self._clock.monotonic()
        # One late round is seen for a minute, not for ever and not for a moment only.
        self._lateness = (late_s, now) if late_s >= self._lateness_s(now) else self._lateness
        if state.asking or state.never_again is not None:
            return
        if state.plan is Due.ANNOUNCES:
            self._announce_due(state)
            self._plan(state)
            return
        state.asking = state.dirty = True
        task = asyncio.get_running_loop().create_task(self._round(state), name=f"round {state.tracker.id}")
        self._asking[task] = state
        task.add_done_callback(self._round_done)
        self._changed(())

    def _lateness_s(self, now: float) -> float:
        late_s, at = self._lateness
        return max(0.0, late_s - (now - at) / LATENESS_FADES)

    async def _round(self, state: TrackerState) -> None:
        # Textual runs tasks eagerly up to their first await: let the caller finish its loop first.
        await asyncio.sleep(0)
        plan: Due | None = state.plan
        rounds = self._rounds
        if self._remembering is not None:
            plan = await self._remembering.before(state, state.plan)
        ask = {Due.FULL: rounds.full, Due.FRESH: rounds.fresh, Due.AGAIN: rounds.again}
        try:
            if plan is not None:
                await ask.get(plan, rounds.minimal)(state)
        finally:
            state.asking = False
            state.dirty = True
        await asyncio.shield(self._conclusions.soon(state))
        if plan not in (Due.MINIMAL, None):
            self._announce_due(state)

    def _round_done(self, task: asyncio.Task[None]) -> None:
        state = self._asking.pop(task)
        self._tell_bug(task, state, "a round")
        now = state.probed_at = self._clock.monotonic()
        if task.cancelled():
            # Perhaps before its first step.
            state.asking, state.dirty = False, True
        # What asked for patience is not asked again in this run: one attempt does not condemn it.
        again = self._one_shot and state.plan is not Due.AGAIN and state.in_doubt and state.not_before <= now
        if again and not self._stopping:
            # Behind everybody's first attempt.
            state.plan = Due.AGAIN
            self._agenda.put(state.index, now)
        elif not self._one_shot and not self._stopping:
            self._plan(state)
        self._wake.set()
        self._changed(())

    def _tell_bug(self, task: asyncio.Task[None], state: TrackerState, what: str) -> None:
        if task.cancelled() or (error := task.exception()) is None:
            return
        self._events.add(
            EventKind.STATE_CHANGED,
            f"{what} of {state.tracker.host_port} ended in an internal error ({type(error).__name__})",
            self._clock.wall(),
            tracker=state.tracker,
            reason=FailureKind.INTERNAL,
        )

    def _plan(self, state: TrackerState) -> None:
        """Put a tracker's next probe on the agenda."""
        if state.retired:
            return
        now = self._clock.monotonic()
        due = next_due(
            state,
            self.settings,
            now,
            self._rng.random(),
            self._announcer.next_at(state, active_here=self._active_here(state)),
        )
        state.dirty = True
        if due is None:
            self._agenda.drop(state.index)
            state.next_probe_at = None
            return
        when, state.plan = due
        state.next_probe_at = self._clock.wall() + max(0.0, when - now)
        self._agenda.put(state.index, when)

    # ------------------------------------------------------------------ announces

    def _announce_due(self, state: TrackerState) -> None:
        if state.index in self._announcing or self._stopping or state.state is Health.DOWN:
            return
        columns = self._announcer.candidates(state, active_here=self._active_here(state))
        if columns:
            self._start_announces(state, columns)

    def _active_here(self, state: TrackerState) -> Callable[[int], bool]:
        """Whether a torrent announces to this tracker, as far as is known."""
        active, here = self._book.active, (state.index, -1)
        return lambda owner: active[owner] in here

    def _start_announces(self, state: TrackerState, columns: list[int]) -> None:
        async def sweep() -> None:
            await asyncio.sleep(0)
            try:
                await self._announcer.sweep(state, columns, lambda: self._conclusions.settle(state))
            finally:
                self._conclusions.settle(state)

        task = asyncio.get_running_loop().create_task(sweep(), name=f"announces {state.tracker.id}")
        self._announcing[state.index] = task

        def done(finished: asyncio.Task[None]) -> None:
            self._announcing.pop(state.index, None)
            self._tell_bug(finished, state, "an announce")
            if not (self._one_shot or self._stopping or state.asking):
                self._plan(state)
            self._wake.set()
            self._changed(())

        task.add_done_callback(done)

    # ------------------------------------------------------------------ commands

    def do(self, command: Command) -> str:
        """Carry out what a user asks for: one line that says what will happen, or how long there is to wait."""
        match command:
            case ProbeNow():
                ready, said = to_probe([self._trackers[index] for index in command.trackers], self._clock.monotonic())
                for state in ready:
                    state.plan, state.hurried = Due.FULL, True
                    self._agenda.put(state.index, self._clock.monotonic())
                self._wake.set()
                return said
            case AnnounceNow():
                return self._announce_now(command.torrent)
            case WalkAs():
                return self._walk_as(command.client)
            case MuteTrackers():
                states = [self._trackers[index] for index in command.trackers]
                said = mute(states, command)
                self._conclusions.resettle(states)
                return said

    def _walk_as(self, client: str) -> str:
        if client not in CLIENTS:
            return f"no client is called {client}; there are: {', '.join(CLIENTS)}"
        self._client = client
        self._book.walk_as(CLIENTS[client], self._clock.wall())
        for state in self._trackers:
            state.dirty = True
        self._changed(self._book.listed())
        return f"failover is walked as {client} does"

    def _announce_now(self, index: int) -> str:
        torrent, active = self._book.torrents[index], self._book.active[index]
        places = [self._trackers[active].tracker] if active >= 0 else [place.tracker for place in torrent.placements]
        mode = self.settings.announce
        allowed = not places or any(self._announcer.may_announce(torrent, tracker) for tracker in places)
        if refusal := announce_refusal(torrent, mode, allowed=allowed):
            return refusal
        if active < 0:
            return f"{torrent.name} has no working tracker to announce to"
        state = self._trackers[active]
        if state.index in self._announcing:
            return f"{state.tracker.host_port} is being announced to already"
        column = state.swarms.column_of[torrent.swarms[0][1]]
        if wait := announce_wait(state, column, self._clock.monotonic()):
            return wait
        self._start_announces(state, [column])
        how = "and leaving at once" if mode is AnnounceMode.PEERS else "as stopped: it joins no swarm"
        return f"announcing {torrent.name} to {state.tracker.host_port}, {how}"

    # ------------------------------------------------------------------ faces

    def _changed(self, torrents: Iterable[int]) -> None:
        self._version += 1
        for feed in self._feeds:
            feed.note(torrents)

    def snapshot(self) -> Snapshot:
        """Everything there is to see now; the same object while nothing changed."""
        if self._snapshot is None or self._snapshot.version != self._version:
            self._snapshot = self._projector.project(
                version=self._version,
                now=self._clock.wall(),
                trackers=self._trackers,
                book=self._book,
                events=self._events,
                lateness_s=self._lateness_s(self._clock.monotonic()),
                rounds_under_way=len(self._asking),
                started_at=self._started_at,
                ourselves=self._interruptions.view,
                client=self._client,
            )
        return self._snapshot

    def told(self) -> list[tuple[object, ...]]:
        """For each tracker what its torrents' views say beside their own numbers: why it fails, and when it was asked."""
        told: list[tuple[object, ...]] = []
        for state in self._trackers:
            published = state.swarms.published
            waiting = state.asking and published is not None and Standing.UNTRIED in published.standings
            scrape = (published.scrape_failure, published.scraped_at, published.scrape_latency_s) if published else None
            failing = state.failure is not None or (
                published is not None
                and (published.scrape_failure or published.failures or Standing.FAILED in published.standings)
            )
            probes = (state.last_probe_at, state.next_probe_at) if failing else None
            told.append((state.state, state.failure, waiting, scrape, probes, state.pending, state.muted, state.note))
        return told

    def torrents_of(self, tracker: int) -> list[int]:
        """The torrents that list a tracker."""
        return self._trackers[tracker].swarms.all_owners()

    def feed(self) -> Feed:
        """A feed of its own for one face."""
        feed = Feed(self)
        self._feeds.add(feed)
        return feed

    def events_since(self, number: int) -> tuple[Event, ...]:
        """Events after the one with this number."""
        return self._events.since(number)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
