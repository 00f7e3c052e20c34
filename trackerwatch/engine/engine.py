"""The engine: what is watched, how it runs, and snapshots for whoever looks.

It knows no face, store or alert. Everything it asks goes through the prober it is given; everything it learns sits in
`TrackerState` and `TorrentBook`, which know no I/O; what is to outlive it goes to a keeper.
"""

from __future__ import annotations

import asyncio
import random
import weakref
from dataclasses import replace
from typing import TYPE_CHECKING

from trackerwatch.engine.additions import Additions
from trackerwatch.engine.announcing import Announcer, Identity
from trackerwatch.engine.changes import tell_moves, tell_remembered
from trackerwatch.engine.clock import SystemClock, at
from trackerwatch.engine.commands import (
    AnnounceNow,
    Command,
    DisableTrackers,
    MuteTrackers,
    ProbeNow,
    SetInterval,
    Undo,
    WalkAs,
    WatchTracker,
)
from trackerwatch.engine.conclusions import Conclusions
from trackerwatch.engine.events import EventLog
from trackerwatch.engine.feed import Feed
from trackerwatch.engine.interruptions import Interruptions
from trackerwatch.engine.order_desk import OrderDesk
from trackerwatch.engine.pacing import another_look_s
from trackerwatch.engine.recording import Recording
from trackerwatch.engine.remembering import Remembering
from trackerwatch.engine.requests import announce_refusal, announce_wait, failed_announces, to_announce, to_probe
from trackerwatch.engine.rounds import Rounds
from trackerwatch.engine.running import Running
from trackerwatch.engine.settings import AnnounceMode, EngineSettings, PrivateMode
from trackerwatch.engine.snapshot import Projector
from trackerwatch.engine.trials import Trials
from trackerwatch.engine.views import Event, EventKind, Snapshot, Trial
from trackerwatch.engine.watchlist import Watchlist
from trackerwatch.failover import CLIENTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trackerwatch.engine.clock import Clock
    from trackerwatch.engine.keeper import Keeper, Recalled
    from trackerwatch.engine.prober import Prober
    from trackerwatch.engine.tracker_state import TrackerState
    from trackerwatch.metainfo import Torrent
    from trackerwatch.orders import OrderKeeper, Orders
    from trackerwatch.tracker import Tracker


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
        self._clock = clock or SystemClock()
        self._watchlist = watchlist = Watchlist(settings, self._clock)
        self._book, self._trackers = watchlist.book, watchlist.trackers
        self._events = EventLog()
        rng = rng or random.Random()
        recording = Recording(keeper, self._clock, watchlist.interval_s)
        self._announcer = Announcer(
            prober,
            settings,
            self._clock,
            identity=Identity.random(rng),
            torrent_of=lambda owner: self._book.torrents[owner],
            recording=recording,
        )
        self._running = Running(watchlist, self._clock, rng, events=self._events, on_news=self._changed)
        self._interruptions = Interruptions(
            prober,
            self._clock,
            self._trackers,
            events=self._events,
            recording=recording,
            ask_for_a_sign=self._running.ask_for_a_sign,
            on_jump=self._running.on_jump,
        )
        self._conclusions = Conclusions(
            self._book,
            self._trackers,
            self._events,
            self._clock,
            recording=recording,
            on_news=self._changed,
        )
        self._interruptions.conclude_with(self._conclusions)
        self._rounds = Rounds(
            prober,
            settings,
            self._clock,
            announcer=self._announcer,
            outage=self._interruptions.outage,
            recording=recording,
            on_progress=self._conclusions.settle,
        )
        self._remembering = (
            None
            if keeper is None
            else Remembering(
                keeper,
                settings,
                self._clock,
                watchlist.interval_s,
                on_memory=self._came_back_to_mind,
                on_seeder=self._book.remember_seeded,
            )
        )
        self._running.ask_through(
            self._rounds, self._announcer, self._conclusions, self._interruptions, self._remembering
        )
        outage = self._interruptions.outage
        self._desk = OrderDesk(
            watchlist, self._clock, running=self._running, outage=outage, conclusions=self._conclusions
        )
        self._trials = Trials(prober, watchlist, self._clock, keeper)
        self._additions = Additions(
            watchlist,
            self._clock,
            running=self._running,
            outage=outage,
            conclusions=self._conclusions,
            events=self._events,
            on_news=self._changed,
            remember=self._desk.remember,
            wish_of=self._trials.wish_of,
        )
        self._recording = recording
        self._client = settings.client
        self._version = 0
        self._snapshot: Snapshot | None = None
        self._feeds: weakref.WeakSet[Feed] = weakref.WeakSet()
        started = self._clock.wall()
        self._book.walk_as(CLIENTS[settings.client], started)
        started_at = at(started)
        if started_at is None:
            raise ValueError("the clock has no wall time")
        self._started_at = started_at
        self._projector = Projector(vantage, started_at, self._private_scraped)

    @property
    def settings(self) -> EngineSettings:
        """What is in force."""
        return self._watchlist.settings

    # ------------------------------------------------------------------ what to watch

    def add_torrents(self, torrents: Iterable[Torrent]) -> None:
        """Watch these torrents; copies merge by info hash. May be called while running."""
        arrivals = self._watchlist.add(torrents)
        for state in arrivals.states:
            self._running.soon(state)
        tell_moves(self._events, arrivals.moves, self._book, self._trackers, self._clock.wall())
        self._changed(arrivals.changed)

    def remove_torrents(self, info_hashes: Iterable[bytes]) -> None:
        """Watch these torrents no longer; what is not watched is passed over. May be called while running."""
        gone, states = self._watchlist.remove(info_hashes)
        for state in states:
            if not (state.torrents or state.added):
                self._running.drop(state)
                self._interruptions.outage.forget(state)
                state.retire()
            self._conclusions.settle(state)
        self._changed(gone)

    def add_trackers(self, trackers: Iterable[Tracker]) -> None:
        """Watch these trackers for no torrent in particular."""
        for tracker in trackers:
            self._running.soon(self._watchlist.state_of(tracker))
        self._changed(())

    def _private_scraped(self, tracker: Tracker) -> bool:
        return self.settings.private_at(tracker.host) is not PrivateMode.CONNECT

    # ------------------------------------------------------------------ running

    async def run_once(self, *, deadline_s: float) -> None:
        """Ask every tracker once, with its fall-backs, or until the deadline: what is not finished stays unknown."""
        self._watchlist.one_shot = self._rounds.one_shot = self._announcer.one_shot = True
        self._interruptions.outage.one_shot = True
        if self._remembering is not None:
            self._remembering.one_shot = True
        self._recording.hold()
        self._running.begin()
        await self._one_look(self._trackers, deadline_s)

    async def run_again(self, trackers: Iterable[int], *, deadline_s: float) -> None:
        """After `run_once`: ask these (by index) once more; what the others answered stands, and they hear nothing.

        Whoever may not be asked yet (`may_ask_again_in_s`) is left alone as well.
        """
        states = [self._trackers[index] for index in trackers if self.may_ask_again_in_s(index) == 0.0]
        self._recording.hold()
        self._running.begin_again(states)
        await self._one_look(states, deadline_s)

    def may_ask_again_in_s(self, tracker: int) -> float | None:
        """Seconds until `run_again` may ask a tracker: a public one once a minute, and never inside a wait it gave. None: never."""
        return another_look_s(self._trackers[tracker], self._clock.monotonic())

    async def _one_look(self, states: Sequence[TrackerState], deadline_s: float) -> None:
        try:
            async with asyncio.timeout(deadline_s):
                await self._running.loop()
        except TimeoutError:
            pass
        finally:
            await self._running.wind_up()
            self._recording.release(states, await self._interruptions.judge_once())
            self._changed(())

    async def run(self) -> None:
        """Watch until `stop`."""
        watched = f": {_count(len(self._trackers), 'tracker')}, {_count(len(self._book), 'torrent')}"
        self._events.add(EventKind.STARTED, "watching" + (watched if self._trackers else ""), self._clock.wall())
        self._changed(())
        self._running.begin()
        try:
            await self._running.loop()
        finally:
            await self._running.wind_up()
            self._events.add(EventKind.STOPPED, "stopped", self._clock.wall())
            self._changed(())

    async def stop(self) -> None:
        """End within five seconds, whatever hangs; nothing of ours stays registered anywhere."""
        self._running.stop()
        await self._running.wind_up()

    def _came_back_to_mind(self, state: TrackerState, recalled: Recalled) -> None:
        """A tracker's state is remembered: shown at once, told where it is trouble, and torrents are where they are since."""
        self._interruptions.outage.introduce(state)
        tell_remembered(self._events, state, self._clock.wall())
        self._conclusions.settle(state, recalled=recalled)
        self._changed(self._book.remember_moves(recalled.moved))

    def note_store(self, trouble: str) -> None:
        """Tell of trouble with what remembers (one clean line), or that it is over (empty)."""
        self._interruptions.note_store(trouble)
        self._changed(())

    def reconfigure(self, settings: EngineSettings) -> None:
        """Go on with other settings; rounds under way end by the old ones."""
        client_before = self.settings.client
        # What is ordered by hand is no part of the config.
        settings = replace(settings, orders=self.settings.orders)
        self._watchlist.settings = self._rounds.settings = self._announcer.settings = settings
        if self._remembering is not None:
            self._remembering.settings = settings
        self._desk.apply()
        self._running.replan()
        self._conclusions.resettle(self._trackers)
        if settings.client != client_before:
            self._walk_as(settings.client)
        self._changed(())

    # ------------------------------------------------------------------ commands

    def do(self, command: Command) -> str:
        """Carry out what a user asks for: one line that says what will happen, or how long there is to wait."""
        match command:
            case ProbeNow():
                ready, said = to_probe([self._trackers[index] for index in command.trackers], self._clock.monotonic())
                self._running.ask_now(ready)
                return said if command.torrent is None else said + self._announce_again(command)
            case AnnounceNow():
                return self._announce_now(command.torrent)
            case WalkAs():
                return self._walk_as(command.client)
            case MuteTrackers():
                return self._desk.mute([self._trackers[index] for index in command.trackers], command)
            case DisableTrackers():
                return self._desk.disable([self._trackers[index] for index in command.trackers], command)
            case SetInterval():
                return self._desk.interval([self._trackers[index] for index in command.trackers], command)
            case WatchTracker():
                return self._additions.watch(command)
            case Undo():
                return self._desk.undo()

    async def try_out(self, url: str) -> Trial:
        """Ask a tracker once that is not watched (yet); a URL that is none is an answer, too."""
        return await self._trials.try_out(url)

    def keep_orders(self, keeper: OrderKeeper | None) -> None:
        """Say who keeps what is ordered by hand from one run to the next; before anything is ordered."""
        self._desk.keeper = keeper

    def take_orders(self, orders: Orders) -> None:
        """Somebody else changed what is ordered by hand: these hold now, instead of all before. Told as an event."""
        self._note_orders(self._desk.take(orders), EventKind.CONFIG_RELOADED)

    def note_orders(self, trouble: str) -> None:
        """Orders could not be read again (one clean line): those from before hold. Told as an event."""
        self._note_orders(trouble, EventKind.CONFIG_REJECTED)

    def _note_orders(self, said: str, kind: EventKind) -> None:
        if said:
            self._events.add(kind, said, self._clock.wall())
            self._changed(())

    def _walk_as(self, client: str) -> str:
        if client not in CLIENTS:
            return f"no client is called {client}; there are: {', '.join(CLIENTS)}"
        self._client = client
        self._book.walk_as(CLIENTS[client], self._clock.wall())
        self._book.take_problems()
        for state in self._trackers:
            state.dirty = True
        self._changed(self._book.listed())
        return f"failover is walked as {client} does"

    def _announce_now(self, index: int) -> str:
        torrent, active = self._book.torrents[index], self._book.active[index]
        listed = [self._trackers[active]] if active >= 0 else list(self._book.shapes[index].trackers)
        mode = self.settings.announce
        allowed = [state for state in listed if self._announcer.may_announce(torrent, state.tracker)]
        if refusal := announce_refusal(torrent, mode, allowed=bool(allowed) or not listed):
            return refusal
        now, info_hash = self._clock.monotonic(), torrent.swarms[0][1]
        state, why_not = to_announce(allowed, info_hash, now)
        if state is None:
            return why_not or f"{torrent.name} has no working tracker to announce to: no address of one is known"
        if self._running.announcing_to(state):
            return f"{state.tracker.host_port} is being announced to already"
        self._running.start_announces(state, [state.swarms.column_of[info_hash]], wished=True)
        how = "and leaving at once" if mode is AnnounceMode.PEERS else "as stopped: it joins no swarm"
        return f"announcing {torrent.name} to {state.tracker.host_port}, {how}"

    def _announce_again(self, command: ProbeNow) -> str:
        """Announce a torrent again where its announce failed: what to add to the line that says what is asked."""
        if command.torrent is None or self.settings.announce is AnnounceMode.NEVER:
            return ""
        torrent, now = self._book.torrents[command.torrent], self._clock.monotonic()
        asked, waits = [], []
        for state in self._book.shapes[command.torrent].trackers:
            chosen = state.index in command.trackers and self._announcer.may_announce(torrent, state.tracker)
            columns = failed_announces(state, [info_hash for _, info_hash in torrent.swarms]) if chosen else []
            if not columns or self._running.announcing_to(state):
                continue
            ready = [column for column in columns if not announce_wait(state, column, now)]
            if ready:
                self._running.start_announces(state, ready)
                asked.append(state.tracker.host_port)
            else:
                waits.append(announce_wait(state, columns[0], now))
        told = [f"announcing it again to {', '.join(asked)}"] if asked else []
        return "".join(f"; {words}" for words in (*told, *waits[:1]))

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
                lateness_s=self._running.lateness_s(self._clock.monotonic()),
                rounds_under_way=self._running.rounds_under_way,
                started_at=self._started_at,
                ourselves=self._interruptions.view,
                client=self._client,
            )
        return self._snapshot

    def told(self) -> Sequence[tuple[object, ...]]:
        """For each tracker what its torrents' views say beside their own numbers: why it fails, and when it was asked."""
        return self._projector.told()

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
