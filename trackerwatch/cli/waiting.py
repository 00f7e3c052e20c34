"""`--wait`: ask again what is not well until it is, or the time is over.

One engine is kept for all looks: it knows who may be asked when, and what the others answered stands.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from trackerwatch.health.states import Health
from trackerwatch.policy.rules import LINT, Rule, Severity, Verdict
from trackerwatch.reports.rows import FailOn, Subject, exit_code

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator

    from trackerwatch.cli.stop_signal import StopSignal
    from trackerwatch.engine.views import Snapshot
    from trackerwatch.policy.rules import Problem
    from trackerwatch.reports.rows import Report

LOOKS_APART_S = 3.0
"""Between two looks at least: what may be asked by then is asked together."""
REPAINT_S = 1.0
SHORTEST_LOOK_S = 1.0
"""A look gets so long at least, also where the wait is over sooner."""
MAX_RULES = 3
"""So many rules are named in one line."""


class Asker(Protocol):
    """What waiting needs of `engine.Engine`."""

    def snapshot(self) -> Snapshot:
        """Everything known now."""
        ...

    def run_again(self, trackers: Iterable[int], *, deadline_s: float) -> Coroutine[None, None, None]:
        """Ask these trackers once more; what was answered is kept also where it is cancelled."""
        ...

    def may_ask_again_in_s(self, tracker: int) -> float | None:
        """Seconds until a tracker may be asked again. None: never."""
        ...


class Listener(Protocol):
    """What waiting needs of `narration.Narrator`."""

    @property
    def is_terminal(self) -> bool:
        """Whether progress is shown."""
        ...

    def say(self, line: str) -> None:
        """A line that stays."""
        ...

    def progress(self, line: str) -> None:
        """Where the work stands."""
        ...

    def clear(self) -> None:
        """Take the line of progress away."""
        ...


@dataclass(frozen=True, slots=True)
class Unwell:
    """What keeps the exit code of a report from 0, as far as asking again may change it."""

    trackers: frozenset[str]
    """Whom to ask again: ids."""
    words: str
    """`2 of 12 torrents not well (no_seeders, unregistered)`."""


def unwell(report: Report, fail_on: FailOn) -> Unwell:
    """What of a report is not well.

    Args:
        report: The latest one.
        fail_on: From which verdict on something is not well.
    """
    trackers: dict[str, None] = {}
    rules: dict[Rule, None] = {}
    torrents = 0
    for view in report.torrents:
        # Where nothing could be judged that is what is not well, whatever is forgiven.
        if exit_code(view.verdict, fail_on, blind=report.exit_code == Verdict.UNKNOWN.exit_code) == 0:
            continue
        torrents += 1
        why = list(_curable(view.problems, fail_on))
        rules.update(dict.fromkeys(why))
        if why or not any(_matters(problem, fail_on) for problem in view.problems):
            trackers.update(dict.fromkeys(placement.tracker.id for placement in view.torrent.placements))
    for problem in report.problems:
        if problem.torrent is None and problem.tracker is not None and _matters(problem, fail_on):
            trackers[problem.tracker] = None
            rules[problem.rule] = None
    if report.subject is Subject.TRACKERS:
        bad = [view for view in report.trackers if view.state is not Health.UP and view.disabled is None]
        trackers.update(dict.fromkeys(view.tracker.id for view in bad))
        many, whole, noun = len(bad), report.trackers_judged, "tracker"
    else:
        many, whole, noun = torrents, report.torrents_judged, "torrent"
    named = [str(rule) for rule in rules][:MAX_RULES] + ["..."] * (len(rules) > MAX_RULES)
    why_not = f" ({', '.join(named)})" if named else ""
    words = f"{many:,} of {whole:,} {noun}{'' if whole == 1 else 's'} not well{why_not}"
    return Unwell(frozenset(trackers), words)


def _matters(problem: Problem, fail_on: FailOn) -> bool:
    return problem.severity is Severity.CRITICAL or (problem.severity is Severity.WARNING and fail_on is FailOn.WARNING)


def _curable(problems: Iterable[Problem], fail_on: FailOn) -> Iterator[Rule]:
    """Rules that keep a torrent from being well and are about what trackers say: how it is made no tracker changes."""
    return (problem.rule for problem in problems if _matters(problem, fail_on) and problem.rule not in LINT)


class Waiting:
    """Waits for a report to be well."""

    def __init__(
        self,
        asker: Asker,
        report_of: Callable[[Snapshot], Awaitable[Report]],
        listener: Listener,
        stop: StopSignal,
        *,
        until: float,
        look_s: float,
        fail_on: FailOn,
    ) -> None:
        """Wait on the running event loop.

        Args:
            asker: Asked everything once already.
            report_of: Makes a report of what is known.
            listener: Hears how it goes.
            stop: Ends the wait, and a look that is under way.
            until: The loop's time at which the wait is over.
            look_s: What one look may take at most.
            fail_on: What well means.
        """
        self._asker = asker
        self._report_of = report_of
        self._listener = listener
        self._until = until
        self._look_s = look_s
        self._fail_on = fail_on
        self._stop = stop
        self._told = ""

    async def until_well(self, report: Report) -> Report:
        """The first report that is well, or the latest one.

        Args:
            report: On what was asked already.
        """
        loop = asyncio.get_running_loop()
        begun = loop.time()
        if report.exit_code == 0:
            return report
        while report.exit_code != 0:
            bad = unwell(report, self._fail_on)
            if self._stop.is_told():
                self._listener.say(f"told to end while waiting: {bad.words}")
                return report
            wait_s = self._next_look_s(bad)
            if wait_s is None or loop.time() + wait_s >= self._until:
                self._say_why(bad, wait_s)
                return report
            await self._sleep(bad, wait_s)
            if self._stop.is_told():
                continue
            left_s = max(SHORTEST_LOOK_S, self._until - loop.time())
            look = self._asker.run_again(self._indices(bad), deadline_s=min(self._look_s, left_s))
            await self._stop.unless_told(look)
            report = await self._report_of(self._asker.snapshot())
        self._listener.say(f"all is well after waiting {_span(loop.time() - begun)}")
        return report

    def _indices(self, bad: Unwell) -> list[int]:
        return [view.index for view in self._asker.snapshot().trackers if view.tracker.id in bad.trackers]

    def _next_look_s(self, bad: Unwell) -> float | None:
        """Seconds until somebody may be asked again, with those who may a moment later. None: nobody ever may."""
        known = map(self._asker.may_ask_again_in_s, self._indices(bad))
        waits = [wait_s for wait_s in known if wait_s is not None]
        if not waits:
            return None
        first = max(LOOKS_APART_S, min(waits))
        return max(first, *(wait_s for wait_s in waits if wait_s <= first + LOOKS_APART_S))

    def _say_why(self, bad: Unwell, wait_s: float | None) -> None:
        """Say why nobody is asked any more."""
        if not bad.trackers:
            self._listener.say("not waiting: nothing that is not well changes by asking again")
        elif wait_s is None:
            self._listener.say(f"not waiting: {bad.words}, and no tracker of these may be asked again")
        elif not self._told:
            self._listener.say(f"not waiting: {bad.words}, and none may be asked again for {_span(wait_s)}")
        else:
            self._listener.say(f"the wait is over: {bad.words}")

    async def _sleep(self, bad: Unwell, wait_s: float) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + wait_s
        try:
            while not self._stop.is_told() and (left_s := end - loop.time()) > 0:
                self._tell(bad, left_s)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(min(REPAINT_S, left_s) if self._listener.is_terminal else left_s):
                        await self._stop.heard()
        finally:
            self._listener.clear()

    def _tell(self, bad: Unwell, next_s: float) -> None:
        left_s = self._until - asyncio.get_running_loop().time()
        line = f"waiting: {bad.words}, next look in {next_s:.0f} s, {_span(left_s)} left"
        if self._listener.is_terminal:
            self._listener.progress(line)
        elif bad.words != self._told:
            self._listener.say(line)
        self._told = bad.words


def _span(seconds: float) -> str:
    return f"{max(0.0, seconds):.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
