"""Tries a tracker that is not watched: one sign of life from each of its addresses, told in lines for people."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from trackerwatch.engine.keeper import Waits
from trackerwatch.engine.standing_orders import disabled_of
from trackerwatch.engine.views import Trial
from trackerwatch.errors import TrackerUrlError
from trackerwatch.meanings import meaning
from trackerwatch.outside_text import clean, redact_url
from trackerwatch.policy.words import failure_words
from trackerwatch.schedule.pace import LOCAL_WINDOW_S, MAX_TRACKER_WAIT_S, is_local
from trackerwatch.tracker import Protocol, parse_tracker

if TYPE_CHECKING:
    from trackerwatch.engine.clock import Clock
    from trackerwatch.engine.keeper import Keeper
    from trackerwatch.engine.prober import Prober
    from trackerwatch.engine.tracker_state import TrackerState
    from trackerwatch.engine.watchlist import Watchlist
    from trackerwatch.outcome import Failure, PhaseTimes, ProbeOutcome, Resolution
    from trackerwatch.tracker import Tracker

AGAIN_AFTER_S = 15.0
"""A tracker on the net is tried no more often."""
REMEMBERS_WITHIN_S = 3.0
"""A disk that hangs is not waited for longer."""
MOST_REMEMBERED = 1000
NEVER = "asked never to be asked again; nothing was sent to it"


class Trials:
    """Tries trackers, each no more often than manners allow."""

    def __init__(self, prober: Prober, watchlist: Watchlist, clock: Clock, keeper: Keeper | None = None) -> None:
        self._prober = prober
        self._watchlist = watchlist
        self._clock = clock
        self._keeper = keeper
        self._free_at: dict[tuple[str, int], float] = {}
        """By host and port, monotonic: when it may be tried again."""
        self._wishes: dict[tuple[str, int], tuple[Failure, float]] = {}
        """What a server asked for beside a failure, and when it did (monotonic)."""
        self._never: dict[Tracker, tuple[Failure, float]] = {}
        """Those that want never to be asked again, likewise: by one path, of which a server may have others."""

    async def try_out(self, url: str) -> Trial:
        """Ask a tracker once. A URL that is none is an answer, too; it ends within two time-outs and four seconds."""
        try:
            tracker = parse_tracker(url)
        except TrackerUrlError as error:
            return Trial(clean(redact_url(url.strip())), works=False, lines=(str(error),))
        known = self._watchlist.known(tracker)
        if known is not None and not known.retired:
            return _watched(known)
        off = disabled_of(self._watchlist.settings, tracker, self._clock.wall())
        if off is not None:
            why = f": {off.why}" if off.why else ""
            return _told(tracker, f"{tracker.host_port} is switched off by you{why}; nothing was sent to it")
        place = (tracker.host, tracker.port)
        if refusal := self._refusal(tracker) or await self._remembered_refusal(tracker) or self._refusal(tracker):
            return _told(tracker, f"{tracker.host_port} {refusal}")
        now = self._clock.monotonic()
        self._leave_alone(place, now + AGAIN_AFTER_S)
        timeout_s = self._watchlist.settings.timeout_s
        try:
            async with asyncio.timeout(2 * timeout_s + 1.0):
                return await self._ask(tracker, place, timeout_s)
        except TimeoutError:
            return _told(tracker, f"{tracker.host_port}: no end within {2 * timeout_s + 1.0:g} s")

    def _refusal(self, tracker: Tracker) -> str:
        """Why a tracker is not asked now, for what it did to be left alone in this run. Empty: it may be."""
        now = self._clock.monotonic()
        free_at = self._free_at.get((tracker.host, tracker.port), 0.0)
        if tracker in self._never:
            return NEVER
        if free_at > now:
            return f"was tried just now; manners allow no question for another {free_at - now:.0f} s"
        patience_until = 0.0
        for state in self._watchlist.trackers:
            if state.tracker is tracker:
                if state.never_again is not None:
                    return NEVER
                if state.probed_at is not None and not state.local:
                    patience_until = max(patience_until, state.probed_at + AGAIN_AFTER_S)
            # A server that asks for patience means it of all its paths.
            if (state.tracker.host, state.tracker.port) == (tracker.host, tracker.port):
                patience_until = max(patience_until, state.not_before)
        return _patience(patience_until - now)

    async def _remembered_refusal(self, tracker: Tracker) -> str:
        """The same for what earlier runs and other programs were asked for."""
        if self._keeper is None:
            return ""
        try:
            async with asyncio.timeout(REMEMBERS_WITHIN_S):
                waits = (await self._keeper.recall(tracker, (), past=False)).waits
        except TimeoutError:
            return ""
        if waits.never_again is not None:
            return NEVER
        return _patience(min(waits.not_before - self._clock.wall(), MAX_TRACKER_WAIT_S))

    async def _ask(self, tracker: Tracker, place: tuple[str, int], timeout_s: float) -> Trial:
        resolution = await self._prober.resolve(tracker, timeout_s=timeout_s)
        lines = [_resolved(tracker, resolution)]
        if resolution.note:
            lines.append(resolution.note)
        if resolution.failure is not None:
            lines += _meant(resolution.failure)
        for endpoint, failure in resolution.refused:
            lines += [f"{endpoint.address}: {failure_words(failure)}; not asked", *_meant(failure)]
        outcomes = await asyncio.gather(
            *(self._prober.check(tracker, endpoint, timeout_s=timeout_s) for endpoint in resolution.endpoints)
        )
        now = self._clock.monotonic()
        if not outcomes or is_local(endpoint.address for endpoint in resolution.endpoints):
            self._leave_alone(place, now + LOCAL_WINDOW_S)
        for outcome in outcomes:
            lines += _answered(outcome)
            self._obey(tracker, outcome.failure, now)
        works = any(outcome.failure is None or outcome.failure.kind.answered for outcome in outcomes)
        lines.insert(0, _concluded(tracker, outcomes, works=works))
        return Trial(
            tracker.shown_url, works=works, lines=tuple(clean(line, secrets=tracker.secrets) for line in lines)
        )

    def wish_of(self, tracker: Tracker) -> tuple[Failure, float] | None:
        """What a tracker asked for as it was tried: with which failure, and when (monotonic). None: nothing."""
        return self._never.get(tracker) or self._wishes.get((tracker.host, tracker.port))

    def _obey(self, tracker: Tracker, failure: Failure | None, now: float) -> None:
        if failure is None or not (failure.retry_never or failure.retry_in_s):
            return
        place, wait_s = (tracker.host, tracker.port), min(failure.retry_in_s or 0.0, MAX_TRACKER_WAIT_S)
        if failure.retry_never:
            self._never[tracker] = (failure, now)
        if wait_s > 0:
            self._wishes[place] = (replace(failure, retry_never=False), now)
            self._leave_alone(place, max(self._free_at.get(place, 0.0), now + wait_s))
        if self._keeper is not None:
            never_again = failure if failure.retry_never else None
            not_before = self._clock.wall() + wait_s if wait_s > 0 else 0.0
            self._keeper.obey(tracker, Waits(not_before=not_before, never_again=never_again))

    def _leave_alone(self, place: tuple[str, int], until: float) -> None:
        if len(self._free_at) >= MOST_REMEMBERED:
            now = self._clock.monotonic()
            self._free_at = {known: at for known, at in self._free_at.items() if at > now}
            self._wishes = {known: wish for known, wish in self._wishes.items() if known in self._free_at}
        self._free_at[place] = until


def _patience(wait_s: float) -> str:
    return f"is to be left alone for another {wait_s:.0f} s; nothing was sent to it" if wait_s > 0 else ""


def _told(tracker: Tracker, line: str) -> Trial:
    return Trial(tracker.shown_url, works=False, lines=(line,))


def _watched(state: TrackerState) -> Trial:
    """What is known of a tracker that is watched already."""
    name = state.tracker.host_port
    lines = [f"{name} is watched already: it is {state.state}"]
    if state.disabled is not None:
        lines = [f"{name} is watched already, and switched off by you"]
    elif state.failure is not None:
        lines.append(failure_words(state.failure))
        lines += _meant(state.failure)
    works = state.state in ("up", "degraded")
    return Trial(state.tracker.shown_url, works=works, lines=tuple(lines))


def _resolved(tracker: Tracker, resolution: Resolution) -> str:
    took = f"in {_ms(resolution.resolve_s)}"
    if resolution.failure is not None:
        return f"{tracker.shown_host}: {failure_words(resolution.failure)} ({took})"
    found = [endpoint.address for endpoint in resolution.endpoints] + [e.address for e, _ in resolution.refused]
    return f"{tracker.shown_host} is {', '.join(found) or 'at no address'} ({took})"


def _answered(outcome: ProbeOutcome) -> list[str]:
    endpoint, failure = outcome.endpoint, outcome.failure
    where = (
        f"[{endpoint.address}]:{endpoint.port}" if ":" in endpoint.address else f"{endpoint.address}:{endpoint.port}"
    )
    phases = _phases(outcome.phases)
    timed = f" ({phases})" if phases else ""
    if failure is None:
        said = f": {outcome.said}" if outcome.said else ""
        return [f"{where} answers{timed}{said}"]
    verb = "answers, and refuses" if failure.kind.answered else "does not answer"
    return [f"{where} {verb}: {failure_words(failure)}{timed}", *_meant(failure)]


def _concluded(tracker: Tracker, outcomes: list[ProbeOutcome], *, works: bool) -> str:
    if not works:
        return "it does not work from here now" if outcomes else "nothing was sent to it"
    answering = sum(outcome.failure is None or outcome.failure.kind.answered for outcome in outcomes)
    how = "connect" if tracker.protocol is Protocol.UDP else "bare announce URL"
    return f"it works: {answering} of {len(outcomes)} address{'es' if len(outcomes) > 1 else ''} answer ({how}, no torrent named)"


def _meant(failure: Failure) -> list[str]:
    told = meaning(failure.kind)
    return [f"that means: {told.means}", f"what to do: {told.do}"]


def _phases(phases: PhaseTimes) -> str:
    named = (("connect", phases.connect_s), ("TLS", phases.tls_s), ("answer", phases.exchange_s))
    return ", ".join(f"{name} {_ms(spent_s)}" for name, spent_s in named if spent_s is not None)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"
