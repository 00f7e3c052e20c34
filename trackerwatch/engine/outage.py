"""Holds silence back until it is known whose it is.

A probe that failed by silence is not counted before something else was heard: a sign of life since the probe began, from
anybody, makes it theirs. Where nothing was heard the sentinels are asked, and where they are silent too the trackers that
answered earlier are asked for a sign of life. That takes seconds, in which the round waits; then the silence counts, or our own
outage is declared and nothing counts until something is heard again. The rules are in `ourselves.py`.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from trackerwatch.engine.ourselves import MADE_UP, NAMES_THAT_PROVE, OUR_RESOLVER, SILENT, STACK_SAYS, Evidence
from trackerwatch.engine.views import LocalState
from trackerwatch.health import Health
from trackerwatch.outcome import Failure, FailureKind, Phase
from trackerwatch.tracker import Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trackerwatch.engine.clock import Clock
    from trackerwatch.engine.prober import Prober
    from trackerwatch.engine.timekeeping import Timekeeper
    from trackerwatch.engine.tracker_state import TrackerState
    from trackerwatch.outcome import Endpoint, SentinelOutcome
    from trackerwatch.tracker import Tracker

SENTINEL_TIMEOUT_S = 4.0
WITNESSES_WAIT_S = 25.0
"""For the word of those that answered earlier: two time-outs and a little."""
WITNESSES_ASKED = 40
"""Of thousands a few dozen tell as much."""
NAMES_ASKED = 3
"""Of those that resolved earlier, to see whether any does."""
NAMES_ASKED_AT_FIRST = 8
"""Where none did: some may be dead for themselves."""
NAME_TIMEOUT_S = 5.0
LISTENED_TO = 3
"""Trackers that are asked instead where there are no sentinels."""
LISTEN_EVERY_S = 15.0
"""While we are cut off, the sentinels are asked so often."""

OFFLINE = Failure(FailureKind.LOCAL_OFFLINE, None, "nothing is heard from anywhere: this machine is cut off")
NO_WAY_OUT = Failure(FailureKind.LOCAL_OFFLINE, Phase.CONNECT, "this machine has no way to the net now")
NO_NAME_RESOLVES = Failure(FailureKind.LOCAL_OFFLINE, Phase.RESOLVE, "no name resolves on this machine now")
NO_NAMES = Failure(
    FailureKind.LOCAL_OFFLINE,
    Phase.RESOLVE,
    "no name resolves on this machine: trackers are asked where they were last",
)
UDP_BLOCKED = Failure(FailureKind.LOCAL_OFFLINE, None, "UDP blocked here? TCP works, and nothing comes back over UDP")


class Outage:
    """Our own state, and whose a silence is."""

    def __init__(
        self,
        prober: Prober,
        clock: Clock,
        timekeeper: Timekeeper,
        *,
        trackers: Sequence[TrackerState],
        ask_for_a_sign: Callable[[Sequence[int]], None],
        on_change: Callable[[LocalState, Failure | None], None],
        on_hit: Callable[[TrackerState], None],
    ) -> None:
        """Begin as being on the net.

        Args:
            prober: Asks the sentinels.
            clock: Monotonic time.
            timekeeper: Knows of gaps.
            trackers: All of them by index; may grow.
            ask_for_a_sign: Called with trackers that should give a sign of life as soon as manners allow.
            on_change: Called with the new state, and why where it is a bad one.
            on_hit: Called with a tracker that our own outage keeps from being judged, whether it was known as it began or not.
        """
        self._prober = prober
        self._clock = clock
        self._timekeeper = timekeeper
        self._ask_for_a_sign = ask_for_a_sign
        self._on_change = on_change
        self._on_hit = on_hit
        self._trackers = trackers
        self._evidence = Evidence(local_too=prober.sentinels_are_local)
        self._inquiry: asyncio.Task[None] | None = None
        self._names: asyncio.Task[bool] | None = None
        self._listening: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self._resolved_at = self._began_at = float("-inf")
        """Monotonic: when a name last resolved, and when our own outage began."""
        self._over_at = {False: float("-inf"), True: float("-inf")}
        """Monotonic: when one was last over; by whether it is UDP's."""
        self.state = LocalState.FINE
        self.one_shot = False

    # ------------------------------------------------------------------ what is heard

    def introduce(self, tracker: TrackerState) -> None:
        """Make a tracker known; again when its addresses are."""
        answered = tracker.last_success_at is not None
        udp = tracker.tracker.protocol is Protocol.UDP
        self._evidence.introduce(
            tracker.index, tracker.tracker.host, udp=udp, local=tracker.local, answered_before=answered
        )

    def forget(self, tracker: TrackerState) -> None:
        """A tracker is asked no more."""
        self._evidence.forget(tracker.index)

    def name_resolved(self, tracker: TrackerState) -> None:
        """A tracker's name resolves, if it is one that a resolver is asked for."""
        if not is_literal(tracker):
            self._resolved_at = self._clock.monotonic()

    def judged(self, *, udp_only: bool) -> list[int]:
        """Trackers that our own outage concerns."""
        return self._evidence.concerned(udp_only=udp_only)

    async def excuses(
        self, tracker: TrackerState, failure: Failure | None, begun: float, endpoint: Endpoint | None = None
    ) -> bool:
        """Note the outcome of a probe, and find out whether a failure is ours: then it counts for nothing.

        Args:
            tracker: Whom was asked.
            failure: What it came to.
            begun: Monotonic: when the probe began.
            endpoint: Where. None: its name was looked up.
        """
        excused = await self._is_excused(tracker, failure.kind if failure else None, begun, endpoint)
        tracker.excused = excused and not tracker.unproven
        return excused

    async def _is_excused(
        self, tracker: TrackerState, kind: FailureKind | None, begun: float, endpoint: Endpoint | None
    ) -> bool:
        now = self._clock.monotonic()
        udp = tracker.tracker.protocol is Protocol.UDP
        if tracker.retired or tracker.disabled is not None:
            return False
        self.introduce(tracker)
        self._evidence.note(tracker.index, kind, begun, now)
        self._news.set()
        weighs = self._evidence.weighs(tracker.index)
        if kind not in SILENT:
            self._leave_if_heard(begun)
            made_up = kind in MADE_UP and weighs and self.state is LocalState.OFFLINE
            if made_up:
                self._on_hit(tracker)
            return made_up
        if self._timekeeper.unsettled(begun, now):
            tracker.unproven = True
            return True
        if self.one_shot or not weighs:
            return False
        if kind in OUR_RESOLVER and await self._no_name_resolves(begun):
            tracker.unproven = False
            return True
        if not self._is_ours(udp=udp):
            # Whatever was heard in the first half of a probe says little of the rest, in which its answers were lost.
            await self._inquire_if_in_doubt(tracker, kind, (begun + now) / 2, endpoint)
        if self._is_ours(udp=udp):
            self._on_hit(tracker)
            tracker.unproven = False
            return True
        # What was asked while we were cut off was lost, though we are back by now.
        tracker.unproven = begun <= self._over_at[udp]
        return tracker.unproven

    async def _inquire_if_in_doubt(
        self, tracker: TrackerState, kind: FailureKind | None, since: float, endpoint: Endpoint | None
    ) -> None:
        """Have the sentinels and the others asked, where the silence of one since then may be ours."""
        place = tracker.endpoints.get(endpoint) if endpoint is not None else None
        # One that is down already says nothing new: the sentinels are not asked for every dead tracker again and again.
        says_nothing_new = Health.DOWN in (tracker.state, place.health.state if place else None)
        if kind is FailureKind.NO_ROUTE:
            # Most machines have no route for one of the families, for ever.
            says_nothing_new |= any(s.well for e, s in tracker.endpoints.items() if e != endpoint)
        stack_says, udp = kind in STACK_SAYS, tracker.tracker.protocol is Protocol.UDP
        heard = self._evidence.heard_of(tracker.index, since)
        asks = not (says_nothing_new or heard) and self._worth_asking(since, udp=udp, stack_says=stack_says)
        if asks and self._inquiry is None:
            inquiry = self._inquire(since, stack_says=stack_says)
            self._inquiry = asyncio.get_running_loop().create_task(inquiry, name="outage")
            self._inquiry.add_done_callback(self._inquired)
        if self._inquiry is not None:
            await asyncio.shield(self._inquiry)

    def _inquired(self, task: asyncio.Task[None]) -> None:
        self._inquiry = None
        if not task.cancelled():
            task.exception()

    async def _no_name_resolves(self, begun: float) -> bool:
        """Whether the names of other hosts fail as well: then it is our resolver, whatever addresses answer."""
        if self.state is LocalState.NO_NAMES:
            # One that resolves ends nothing: a resolver nearby goes on with what it has kept.
            return True
        if self._resolved_at >= begun:
            return False
        if self._names is None:
            self._names = asyncio.get_running_loop().create_task(self._ask_names(), name="names")
            self._names.add_done_callback(self._names_asked)
        return await asyncio.shield(self._names)

    def _names_asked(self, task: asyncio.Task[bool]) -> None:
        self._names = None
        if not task.cancelled():
            task.exception()

    async def _ask_names(self) -> bool:
        """Whether no name resolves, as far as a few tell: always the same ones, so that the answer does not depend on who asks."""
        begun = self._clock.monotonic()
        asked = self._telling_names()
        found = await asyncio.gather(*(self._prober.resolve(other, timeout_s=NAME_TIMEOUT_S) for other in asked))
        failed = [r for r in found if r.failure is not None and r.failure.kind in OUR_RESOLVER]
        broken = len(found) >= NAMES_THAT_PROVE and len(failed) == len(found)
        if self.state is LocalState.NO_NAMES:
            if not broken:
                self._change(LocalState.FINE, None)
            return broken
        broken = broken and self._resolved_at < begun
        if broken and self.state is LocalState.FINE:
            self._change(LocalState.NO_NAMES, NO_NAMES)
        return broken

    def _telling_names(self) -> list[Tracker]:
        """Trackers on different hosts whose names tell most: lists are full of names that are dead for themselves."""
        resolved: dict[str, Tracker] = {}
        others: dict[str, Tracker] = {}
        for state in self._trackers:
            if not (state.retired or state.disabled is not None or is_literal(state)):
                known = resolved if state.endpoints or state.last_success_at is not None else others
                known.setdefault(state.tracker.host, state.tracker)
        if len(resolved) >= NAMES_THAT_PROVE:
            return list(resolved.values())[:NAMES_ASKED]
        hosts = list((resolved | others).values())
        return hosts[:: max(1, len(hosts) // NAMES_ASKED_AT_FIRST)][:NAMES_ASKED_AT_FIRST]

    def _is_ours(self, *, udp: bool) -> bool:
        return self.state is LocalState.OFFLINE or (udp and self.state is LocalState.UDP_BLOCKED)

    def _worth_asking(self, since: float, *, udp: bool, stack_says: bool) -> bool:
        """Whether a silence may be ours, as far as is known without asking anybody."""
        evidence = self._evidence
        if evidence.heard_since(since):
            return udp and evidence.udp_heard_at < since and evidence.many_udp_hosts
        return evidence.can_tell or (stack_says and evidence.many_hosts) or (udp and evidence.many_udp_hosts)

    # ------------------------------------------------------------------ inquiries

    async def _inquire(self, begun: float, *, stack_says: bool) -> None:
        """Ask the sentinels, then the others, and decide."""
        since = self._clock.monotonic()
        sentinel = await self._ask_sentinels()
        evidence = self._evidence
        unsure = not sentinel.proves_us_online and (sentinel.tcp is not None or sentinel.udp is not None)
        if unsure and evidence.can_tell:
            await self._hear_witnesses(evidence.unheard_since(begun), since)
        elif stack_says and not sentinel.proves_us_online:
            await self._hear_witnesses(evidence.everybody_unheard_since(begun), since)
        if sentinel.udp is False and evidence.many_udp_hosts and evidence.heard_since(since):
            await self._hear_witnesses(evidence.udp_unheard_since(begun), since, udp=True)
        if not evidence.heard_since(since):
            if evidence.no_way_out(begun):
                self._change(LocalState.OFFLINE, NO_WAY_OUT)
            elif unsure and evidence.all_silent(begun):
                self._change(LocalState.OFFLINE, OFFLINE)
        elif sentinel.udp is False and evidence.udp_heard_at < since and evidence.udp_silent(begun):
            self._change(LocalState.UDP_BLOCKED, UDP_BLOCKED)

    async def _ask_sentinels(self) -> SentinelOutcome:
        sentinel = await self._prober.sentinel(timeout_s=SENTINEL_TIMEOUT_S)
        now = self._clock.monotonic()
        if sentinel.tcp:
            self._evidence.hear(now, udp=False)
        if sentinel.udp:
            self._evidence.hear(now, udp=True)
        return sentinel

    async def _hear_witnesses(self, witnesses: Sequence[int], since: float, *, udp: bool = False) -> None:
        """Wait until these trackers were heard or not, or anything was heard; anything over UDP, where that is asked."""
        asked, evidence = set(witnesses[:WITNESSES_ASKED]), self._evidence
        self._ask_for_a_sign(tuple(asked))
        try:
            async with asyncio.timeout(WITNESSES_WAIT_S):
                while asked & set(evidence.everybody_unheard_since(since)) and not (
                    evidence.udp_heard_at >= since if udp else evidence.heard_since(since)
                ):
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            pass

    # ------------------------------------------------------------------ our state

    def _change(self, state: LocalState, failure: Failure | None) -> None:
        if state is self.state:
            return
        now, before, self.state = self._clock.monotonic(), self.state, state
        if state is not LocalState.FINE:
            self._began_at = now
            if self._listening is None:
                self._listening = asyncio.get_running_loop().create_task(self._listen(), name="sentinels")
        if before in (LocalState.OFFLINE, LocalState.UDP_BLOCKED):
            self._over_at[True] = now
            self._over_at[False] = now if before is LocalState.OFFLINE else self._over_at[False]
        self._on_change(state, failure)

    def _leave_if_heard(self, begun: float) -> None:
        """Back on the net as soon as anything is heard that was asked after we fell off."""
        evidence, since = self._evidence, max(begun, self._began_at)
        if (self.state is LocalState.OFFLINE and evidence.heard_since(since)) or (
            self.state is LocalState.UDP_BLOCKED and evidence.udp_heard_at >= since
        ):
            self._change(LocalState.FINE, None)

    async def _listen(self) -> None:
        """While we are cut off: ask the sentinels now and then."""
        try:
            while self.state is not LocalState.FINE:
                await asyncio.sleep(LISTEN_EVERY_S)
                begun = self._clock.monotonic()
                if self.state is LocalState.NO_NAMES:
                    await self._ask_names()
                else:
                    sentinel = await self._ask_sentinels()
                    if sentinel.tcp is None and sentinel.udp is None:
                        # Without sentinels trackers tell: where there is no way out nothing is sent to them.
                        self._ask_for_a_sign(self._evidence.longest_unasked(LISTENED_TO))
                    self._leave_if_heard(begun)
        finally:
            self._listening = None

    async def end(self) -> None:
        """Ask nobody any more."""
        tasks = [task for task in (self._inquiry, self._names, self._listening) if task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    # ------------------------------------------------------------------ one-shot runs

    async def judge_once(self, timeout_s: float, *, since: float) -> tuple[list[int], Failure] | None:
        """After a one-shot run that began then (monotonic): the trackers whose silence is our own, and why. None: it is theirs."""
        evidence = self._evidence
        if evidence.resolver_broken():
            return evidence.silent(), NO_NAME_RESOLVES
        heard = evidence.heard_since(since)
        if heard and not (evidence.udp_silent(since) and evidence.udp_heard_at < since):
            return None
        if not heard and not evidence.all_silent(since) and not evidence.udp_silent(since):
            return None
        sentinel = await self._prober.sentinel(timeout_s=timeout_s)
        if not heard and not sentinel.proves_us_online:
            told = sentinel.tcp is not None or sentinel.udp is not None
            return (evidence.silent(), OFFLINE) if told and evidence.all_silent(since) else None
        if sentinel.udp is False and evidence.udp_silent(since) and (heard or sentinel.tcp):
            return evidence.silent(udp_only=True), UDP_BLOCKED
        return None


def is_literal(tracker: TrackerState) -> bool:
    """Whether a tracker's host is an address or this machine, so that no resolver is asked for it."""
    host = tracker.tracker.host
    return ":" in host or host.replace(".", "").isdigit() or host == "localhost" or host.endswith(".localhost")
