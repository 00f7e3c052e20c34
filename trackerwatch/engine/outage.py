"""Holds silence back until it is known whose it is.

A probe that failed by silence is not counted before something else was heard: a sign of life since the probe began, from
anybody, makes it theirs. Where nothing was heard the sentinels are asked, and where they are silent too the trackers that
answered earlier are asked for a sign of life. That takes seconds, in which the round waits; then the silence counts, or our own
outage is declared and nothing counts until something is heard again. The rules are in `ourselves.py`.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from trackerwatch.engine.ourselves import OUR_RESOLVER, SILENT, STACK_SAYS, Evidence
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
    from trackerwatch.outcome import SentinelOutcome

SENTINEL_TIMEOUT_S = 4.0
WITNESSES_WAIT_S = 25.0
"""For the word of those that answered earlier: two time-outs and a little."""
WITNESSES_ASKED = 40
"""Of thousands a few dozen tell as much."""
NAMES_ASKED = 3
"""Of other hosts, to see whether any name resolves."""
NAME_TIMEOUT_S = 5.0
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
        ask_for_a_sign: Callable[[Sequence[int]], None],
        on_change: Callable[[LocalState, Failure | None], None],
    ) -> None:
        """Begin as being on the net.

        Args:
            prober: Asks the sentinels.
            clock: Monotonic time.
            timekeeper: Knows of gaps.
            ask_for_a_sign: Called with trackers that should give a sign of life as soon as manners allow.
            on_change: Called with the new state, and why where it is a bad one.
        """
        self._prober = prober
        self._clock = clock
        self._timekeeper = timekeeper
        self._ask_for_a_sign = ask_for_a_sign
        self._on_change = on_change
        self._evidence = Evidence(local_too=prober.sentinels_are_local)
        self._known: dict[int, TrackerState] = {}
        self._inquiry: asyncio.Task[None] | None = None
        self._names: asyncio.Task[bool] | None = None
        self._listening: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self.state = LocalState.FINE
        self.one_shot = False

    # ------------------------------------------------------------------ what is heard

    def introduce(self, tracker: TrackerState) -> None:
        """Make a tracker known; again when its addresses are."""
        self._known[tracker.index] = tracker
        answered = tracker.last_success_at is not None
        udp = tracker.tracker.protocol is Protocol.UDP
        self._evidence.introduce(
            tracker.index, tracker.tracker.host, udp=udp, local=tracker.local, answered_before=answered
        )

    def forget(self, tracker: TrackerState) -> None:
        """A tracker is asked no more."""
        self._evidence.forget(tracker.index)
        self._known.pop(tracker.index, None)

    def name_resolved(self) -> None:
        """Some name resolves."""
        if self.state is LocalState.NO_NAMES:
            self._change(LocalState.FINE, None)

    def judged(self, *, udp_only: bool) -> list[int]:
        """Trackers that our own outage concerns."""
        return self._evidence.concerned(udp_only=udp_only)

    async def excuses(self, tracker: TrackerState, failure: Failure | None, begun: float) -> bool:
        """Note the outcome of a probe, and find out whether a failure is ours: then it counts for nothing.

        Args:
            tracker: Whom was asked.
            failure: What it came to.
            begun: Monotonic: when the probe began.
        """
        now = self._clock.monotonic()
        kind = failure.kind if failure else None
        self.introduce(tracker)
        self._evidence.note(tracker.index, kind, now)
        self._news.set()
        if kind not in SILENT:
            self._leave_if_heard(begun)
            return False
        if self._timekeeper.unsettled(begun, now):
            return True
        udp = tracker.tracker.protocol is Protocol.UDP
        if self.one_shot or not self._evidence.weighs(tracker.index):
            return False
        if kind in OUR_RESOLVER and await self._no_name_resolves(tracker):
            return True
        stack_says = kind in STACK_SAYS
        # One that is down already says nothing new: the sentinels are not asked for every dead tracker again and again.
        asks = tracker.state is not Health.DOWN and self._worth_asking(begun, udp=udp, stack_says=stack_says)
        if not self._is_ours(udp=udp) and (asks or self._inquiry is not None):
            if self._inquiry is None:
                inquiry = self._inquire(begun, stack_says=stack_says)
                self._inquiry = asyncio.get_running_loop().create_task(inquiry, name="outage")
                self._inquiry.add_done_callback(self._inquired)
            await asyncio.shield(self._inquiry)
        return self._is_ours(udp=udp)

    def _inquired(self, task: asyncio.Task[None]) -> None:
        self._inquiry = None
        if not task.cancelled():
            task.exception()

    async def _no_name_resolves(self, tracker: TrackerState) -> bool:
        """Whether the names of other hosts fail as well: then it is our resolver, whatever addresses answer."""
        if self._names is None:
            asking = self._ask_other_names(tracker.tracker.host)
            self._names = asyncio.get_running_loop().create_task(asking, name="names")
            self._names.add_done_callback(self._names_asked)
        return await asyncio.shield(self._names)

    def _names_asked(self, task: asyncio.Task[bool]) -> None:
        self._names = None
        if not task.cancelled():
            task.exception()

    async def _ask_other_names(self, host: str) -> bool:
        others = {
            s.tracker.host: s.tracker for s in self._known.values() if s.tracker.host != host and not is_literal(s)
        }
        asked = list(others.values())[:NAMES_ASKED]
        found = await asyncio.gather(*(self._prober.resolve(other, timeout_s=NAME_TIMEOUT_S) for other in asked))
        broken = bool(found) and all(r.failure is not None and r.failure.kind in OUR_RESOLVER for r in found)
        if broken and self.state is LocalState.FINE:
            self._change(LocalState.NO_NAMES, NO_NAMES)
        elif not broken:
            self.name_resolved()
        return broken

    def _is_ours(self, *, udp: bool) -> bool:
        return self.state is LocalState.OFFLINE or (udp and self.state is LocalState.UDP_BLOCKED)

    def _worth_asking(self, begun: float, *, udp: bool, stack_says: bool) -> bool:
        """Whether a silence may be ours, as far as is known without asking anybody."""
        evidence = self._evidence
        if evidence.heard_since(begun):
            return udp and evidence.udp_heard_at < begun and evidence.udp_silent()
        return evidence.can_tell or (stack_says and evidence.many_hosts) or (udp and evidence.udp_silent())

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
        elif sentinel.udp is False and evidence.udp_silent():
            await self._hear_witnesses(evidence.udp_unheard_since(begun), since)
        if not evidence.heard_since(since):
            if evidence.no_way_out(begun):
                self._change(LocalState.OFFLINE, NO_WAY_OUT)
            elif unsure and evidence.all_silent(begun):
                self._change(LocalState.OFFLINE, OFFLINE)
        elif sentinel.udp is False and evidence.udp_heard_at < since and evidence.udp_silent():
            self._change(LocalState.UDP_BLOCKED, UDP_BLOCKED)

    async def _ask_sentinels(self) -> SentinelOutcome:
        sentinel = await self._prober.sentinel(timeout_s=SENTINEL_TIMEOUT_S)
        now = self._clock.monotonic()
        if sentinel.tcp:
            self._evidence.hear(now, udp=False)
        if sentinel.udp:
            self._evidence.hear(now, udp=True)
        return sentinel

    async def _hear_witnesses(self, witnesses: Sequence[int], since: float) -> None:
        """Wait until these trackers were heard or not, or anything was heard."""
        asked = set(witnesses[:WITNESSES_ASKED])
        self._ask_for_a_sign(tuple(asked))
        try:
            async with asyncio.timeout(WITNESSES_WAIT_S):
                while asked & set(self._evidence.everybody_unheard_since(since)) and not self._evidence.heard_since(
                    since
                ):
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            pass

    # ------------------------------------------------------------------ our state

    def _change(self, state: LocalState, failure: Failure | None) -> None:
        if state is self.state:
            return
        self.state = state
        if state is not LocalState.FINE and self._listening is None:
            self._listening = asyncio.get_running_loop().create_task(self._listen(), name="sentinels")
        self._on_change(state, failure)

    def _leave_if_heard(self, begun: float) -> None:
        """Back on the net as soon as anything is heard that was asked after we fell off."""
        evidence = self._evidence
        if (self.state is LocalState.OFFLINE and evidence.heard_since(begun)) or (
            self.state is LocalState.UDP_BLOCKED and evidence.udp_heard_at >= begun
        ):
            self._change(LocalState.FINE, None)

    async def _listen(self) -> None:
        """While we are cut off: ask the sentinels now and then."""
        try:
            while self.state is not LocalState.FINE:
                await asyncio.sleep(LISTEN_EVERY_S)
                begun = self._clock.monotonic()
                if self.state is LocalState.NO_NAMES:
                    await self._ask_other_names("")
                else:
                    await self._ask_sentinels()
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

    async def judge_once(self, timeout_s: float) -> tuple[list[int], Failure] | None:
        """After a one-shot run: the trackers whose silence is our own, and why. None: it is theirs."""
        evidence = self._evidence
        if evidence.resolver_broken():
            return evidence.silent(), NO_NAME_RESOLVES
        never = float("-inf")
        heard = evidence.heard_since(0.0)
        if heard and not (evidence.udp_silent() and evidence.udp_heard_at == never):
            return None
        if not heard and not evidence.all_silent(0.0) and not evidence.udp_silent():
            return None
        sentinel = await self._prober.sentinel(timeout_s=timeout_s)
        if not heard and not sentinel.proves_us_online:
            told = sentinel.tcp is not None or sentinel.udp is not None
            return (evidence.silent(), OFFLINE) if told and evidence.all_silent(0.0) else None
        if sentinel.udp is False and evidence.udp_silent() and (heard or sentinel.tcp):
            return evidence.silent(udp_only=True), UDP_BLOCKED
        return None


def is_literal(tracker: TrackerState) -> bool:
    """Whether a tracker's host is an address, so that there is no name to resolve."""
    host = tracker.tracker.host
    return ":" in host or host.replace(".", "").isdigit()
