"""What a report holds: the views of one moment, the verdict on them, and what belongs to the run.

Everything that formats have in common is decided here, so that all of them tell the same.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from itertools import compress
from operator import not_
from typing import TYPE_CHECKING

from trackerwatch.engine.views import Source
from trackerwatch.health.states import Health
from trackerwatch.outside_text import clean
from trackerwatch.policy.judge import worst_verdict
from trackerwatch.policy.rules import SEVERITIES, Problem, Rule, Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from trackerwatch.engine.views import Snapshot, TorrentView, TrackerView
    from trackerwatch.history import TrackerHistory
    from trackerwatch.policy.ruling import Judged
    from trackerwatch.reports.diff.changes import Changes
    from trackerwatch.reports.telling.account import Account


class FailOn(StrEnum):
    """From which verdict on the exit code is not 0 (the value of `--fail-on`)."""

    WARNING = "warning"
    CRITICAL = "critical"
    NONE = "none"


NOT_PART = "not part of this report"
"""What follows of an input that could not be used."""
REPAIR = "repair this input or take it out"
"""What to do about it."""


class Subject(StrEnum):
    """What a report is about."""

    TORRENTS = "torrents"
    TRACKERS = "trackers"
    """`check`: trackers alone."""


@dataclass(frozen=True, slots=True)
class Vantage:
    """Where the report was made."""

    id: str
    """A UUID, stable for this installation."""
    name: str


@dataclass(frozen=True, slots=True)
class SkippedInput:
    """One input that could not be used, or several alike folded into one."""

    source: str
    message: str


@dataclass(frozen=True, slots=True)
class Remembered:
    """How much of a report was not asked: its answers are from the store."""

    trackers: int
    youngest_s: float
    oldest_s: float


@dataclass(frozen=True, slots=True)
class PolicyNote:
    """What a policy did to a report."""

    source: str
    """The file, safe to show; empty: the command line alone."""
    in_grace: int
    """Torrents that are ok because they are new."""
    overridden: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Vote:
    """One report of several that were put together."""

    vantage: Vantage
    generated_at: datetime
    fresh: bool
    """A stale one has no vote."""
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Quorum:
    """Several vantages, put together: what enough fresh ones say holds."""

    needed: int
    votes: tuple[Vote, ...]
    down_for: Mapping[str, tuple[str, ...]]
    """By tracker id: names of the fresh vantages from which it is down."""

    @property
    def reached(self) -> bool:
        """Whether enough vantages are fresh for any verdict."""
        return 0 < self.needed <= sum(vote.fresh for vote in self.votes)


@dataclass(frozen=True, slots=True)
class Report:
    """One report, ready for any format."""

    generated_at: datetime
    duration_s: float
    vantage: Vantage
    subject: Subject
    verdict: Verdict
    exit_code: int
    torrents: tuple[TorrentView, ...]
    """What to list, in input order."""
    trackers: tuple[TrackerView, ...]
    """What to list, in the order first seen."""
    problems: tuple[Problem, ...]
    """Of the run and of every torrent judged, worst first."""
    skipped: tuple[SkippedInput, ...]
    torrents_by_verdict: dict[Verdict, int]
    """Of all torrents judged, also those that are not listed."""
    trackers_by_state: dict[Health, int]
    """As above; every state is a key."""
    not_judged: int
    """Torrents and trackers of which nothing is known."""
    remark: str
    """Why there is nothing to report; empty where there is."""
    remembered: Remembered | None = None
    """What was not asked but remembered. None: all answers are this run's own."""
    is_parting: bool = False
    """It is told as somebody leaves a screen: the exit code is that of leaving, not of the verdict."""
    title: str = ""
    """What it is about: `--title`, or made from the inputs; clean."""
    command: str = ""
    """The command line that makes it again, without secrets."""
    collection_of: Mapping[str, str] = field(default_factory=dict)
    """Name of the collection by info hash in hex; those of none are not in it."""
    collections: Mapping[str, Mapping[Verdict, int]] = field(default_factory=dict)
    """Of each collection how many torrents came to what, also those that are not listed; in the order of the policy."""
    policy: PolicyNote | None = None
    changes: Changes | None = None
    """None: there was nothing to compare with."""
    quorum: Quorum | None = None
    """None: it is from one vantage."""
    pasts: Mapping[str, TrackerHistory] = field(default_factory=dict)
    """By tracker id, the last 30 days; for the formats of `WITH_PASTS` alone."""
    unlisted_torrents: tuple[TorrentView, ...] = ()
    """Those judged that `--only problems` leaves out of `torrents`: the next run is compared with all."""
    unlisted_trackers: tuple[TrackerView, ...] = ()
    unselected: tuple[str, ...] = ()
    """Info hashes in hex of torrents that are there and that the filter leaves out."""
    fail_on: FailOn = FailOn.WARNING
    """By which `exit_code` came of the verdict: formats that have passes and failures of their own go by it."""
    accounts: dict[bool, Account] = field(init=False, repr=False, compare=False, default_factory=dict)
    """What `telling.account` made of it so far, by whether it is folded."""

    @property
    def torrents_judged(self) -> int:
        """Torrents that the verdict is about."""
        return sum(self.torrents_by_verdict.values())

    @property
    def in_grace(self) -> int:
        """Torrents that are ok only because they are new to the policy: not ready, and not counted as a problem yet."""
        return min(self.policy.in_grace, self.torrents_by_verdict.get(Verdict.OK, 0)) if self.policy else 0

    @property
    def ready(self) -> int:
        """Torrents that are ok, whether they are new or not."""
        return self.torrents_by_verdict.get(Verdict.OK, 0) - self.in_grace

    @property
    def trackers_judged(self) -> int:
        """Trackers that the verdict is about."""
        return sum(self.trackers_by_state.values())


def exit_code(verdict: Verdict, fail_on: FailOn = FailOn.WARNING, *, blind: bool = False) -> int:
    """The exit code of a run that could be made and came to `verdict`.

    Args:
        verdict: The worst of all.
        fail_on: What is forgiven.
        blind: Nothing could be judged, see `is_blind`: there is nothing to forgive then.
    """
    if verdict not in _FORGIVEN[fail_on]:
        return verdict.exit_code
    return Verdict.UNKNOWN.exit_code if blind else 0


_FORGIVEN: Mapping[FailOn, tuple[Verdict, ...]] = {
    FailOn.WARNING: (),
    FailOn.CRITICAL: (Verdict.WARNING,),
    FailOn.NONE: (Verdict.WARNING, Verdict.CRITICAL, Verdict.UNKNOWN),
}


def is_blind(torrents: Iterable[TorrentView], trackers: Iterable[TrackerView]) -> bool:
    """Whether no torrent and no tracker could be judged: whoever cannot look has not seen that all is well."""
    return all(view.verdict is Verdict.UNKNOWN for view in torrents) and all(
        view.state is Health.UNKNOWN for view in trackers
    )


def build_report(
    snapshot: Snapshot,
    *,
    vantage: Vantage,
    duration_s: float,
    subject: Subject = Subject.TORRENTS,
    selected: Sequence[int] | None = None,
    skipped: Iterable[SkippedInput] = (),
    only_problems: bool = False,
    fail_on: FailOn = FailOn.WARNING,
    judged: Judged | None = None,
    policy: PolicyNote | None = None,
    title: str = "",
    command: str = "",
) -> Report:
    """Judge a snapshot.

    Args:
        snapshot: What the engine found out.
        vantage: Where from.
        duration_s: How long the run took.
        subject: What the run is about.
        selected: Torrents that the report is about, by index (of trackers alone: trackers). None: all.
        skipped: Inputs that could not be used; each is a problem of the run.
        only_problems: List only what is not well. The verdict is about all the same.
        fail_on: What the exit code is for.
        judged: The selected torrents as a policy sees them. None: as the engine does.
        policy: What is told of that policy.
        title: What the report is about.
        command: How to make it again.
    """
    torrents, trackers = _selection(snapshot, subject, selected, judged)
    severities = judged.severities if judged is not None else {}
    skipped = tuple(SkippedInput(clean(s.source), clean(s.message)) for s in skipped)
    if not torrents and not trackers:
        return empty_report(
            "nothing matches the filter", vantage=vantage, duration_s=duration_s, subject=subject, skipped=skipped
        )
    problems = [
        *_as_ordered(_run_problems(snapshot, trackers, subject), severities),
        *(problem for view in torrents for problem in view.problems),
        *_as_ordered(map(skipped_problem, skipped), severities),
    ]
    verdict = worst_verdict(
        (
            *(view.verdict for view in torrents),
            *(problem.severity.verdict for problem in problems),
            *(tracker_verdict(view) for view in trackers if subject is Subject.TRACKERS),
        )
    )
    listed = [not only_problems or view.verdict is not Verdict.OK for view in torrents]
    # What is ordered by hand is listed whatever becomes of it: or it would be forgotten.
    shown = [not only_problems or view.state is not Health.UP or is_ordered(view) for view in trackers]
    not_judged = sum(view.verdict is Verdict.UNKNOWN for view in torrents)
    not_judged += sum(view.state is Health.UNKNOWN and view.disabled is None for view in trackers)
    if subject is Subject.TRACKERS and all(view.disabled is not None for view in trackers):
        # Whoever checks what he switched off asked nobody.
        verdict = worst_verdict((verdict, Verdict.UNKNOWN))
    return Report(
        generated_at=snapshot.taken_at,
        duration_s=duration_s,
        vantage=vantage,
        subject=subject,
        verdict=verdict,
        exit_code=exit_code(verdict, fail_on, blind=is_blind(torrents, trackers)),
        torrents=tuple(compress(torrents, listed)),
        trackers=tuple(compress(trackers, shown)),
        problems=tuple(sorted(problems, key=lambda problem: -problem.severity.badness)),
        skipped=skipped,
        torrents_by_verdict=dict(Counter(view.verdict for view in torrents)),
        trackers_by_state={**dict.fromkeys(Health, 0), **Counter(view.state for view in trackers)},
        not_judged=not_judged,
        remark="",
        remembered=_remembered(snapshot.taken_at, torrents, trackers),
        title=title,
        command=command,
        collection_of=judged.collection_of if judged is not None else {},
        collections=_collections(torrents, judged.collection_of) if judged is not None else {},
        policy=policy,
        fail_on=fail_on,
        unlisted_torrents=tuple(compress(torrents, map(not_, listed))),
        unlisted_trackers=tuple(compress(trackers, map(not_, shown))),
        unselected=_unselected(snapshot, selected) if subject is Subject.TORRENTS else (),
    )


def _unselected(snapshot: Snapshot, selected: Sequence[int] | None) -> tuple[str, ...]:
    if selected is None:
        return ()
    table, chosen = snapshot.torrents, frozenset(selected)
    return tuple(table.torrents[index].info_hash_hex for index in table.listed if index not in chosen)


def _as_ordered(problems: Iterable[Problem], severities: Mapping[Rule, Severity | None]) -> list[Problem]:
    """Problems as bad as a policy says; without those that it switches off."""
    told = []
    for problem in problems:
        severity = severities.get(problem.rule, problem.severity)
        if severity is not None:
            told.append(problem if severity is problem.severity else replace(problem, severity=severity))
    return told


def _collections(torrents: Iterable[TorrentView], collection_of: Mapping[str, str]) -> dict[str, Mapping[Verdict, int]]:
    counted: dict[str, Counter[Verdict]] = {name: Counter() for name in dict.fromkeys(collection_of.values())}
    for view in torrents:
        if (name := collection_of.get(view.torrent.info_hash_hex)) is not None:
            counted[name][view.verdict] += 1
    return {name: dict(verdicts) for name, verdicts in counted.items()}


def _remembered(now: datetime, torrents: Iterable[TorrentView], trackers: Iterable[TrackerView]) -> Remembered | None:
    """What of this is from the store, and how old the answers are."""
    answers = [a for view in torrents for a in view.answers if a.scrape.source is Source.STORE]
    states = [view for view in trackers if view.recalled_at is not None]
    if not answers and not states:
        return None
    told = [answer.scrape.observed_at for answer in answers] or [view.last_probe_at for view in states]
    ages = [max(0.0, (now - at).total_seconds()) for at in told if at is not None] or [0.0]
    who = {answer.tracker for answer in answers} | {view.tracker for view in states}
    return Remembered(len(who), min(ages), max(ages))


def empty_report(
    remark: str,
    *,
    vantage: Vantage,
    duration_s: float,
    subject: Subject = Subject.TORRENTS,
    skipped: Iterable[SkippedInput] = (),
) -> Report:
    """A report of a run that had nothing to look at: verdict unknown, exit code 3, whatever `--fail-on` says."""
    skipped = tuple(SkippedInput(clean(s.source), clean(s.message)) for s in skipped)
    return Report(
        generated_at=datetime.now(UTC),
        duration_s=duration_s,
        vantage=vantage,
        subject=subject,
        verdict=Verdict.UNKNOWN,
        exit_code=Verdict.UNKNOWN.exit_code,
        torrents=(),
        trackers=(),
        problems=tuple(map(skipped_problem, skipped)),
        skipped=skipped,
        torrents_by_verdict={},
        trackers_by_state=dict.fromkeys(Health, 0),
        not_judged=0,
        remark=remark,
    )


def _selection(
    snapshot: Snapshot, subject: Subject, selected: Sequence[int] | None, judged: Judged | None
) -> tuple[tuple[TorrentView, ...], tuple[TrackerView, ...]]:
    table = snapshot.torrents
    if subject is Subject.TRACKERS:
        trackers = snapshot.trackers if selected is None else tuple(snapshot.trackers[index] for index in selected)
        return tuple(table.view(index) for index in table.listed), trackers
    torrents = judged.views if judged is not None else selected_views(snapshot, selected)
    if selected is None:
        # Of those that left while somebody watched nothing is claimed.
        return torrents, tuple(view for view in snapshot.trackers if not view.retired)
    listed = {placement.tracker for view in torrents for placement in view.torrent.placements}
    return torrents, tuple(view for view in snapshot.trackers if view.tracker in listed)


def selected_views(snapshot: Snapshot, selected: Sequence[int] | None) -> tuple[TorrentView, ...]:
    """Torrents in full: those selected, by index; None: all that are watched."""
    table = snapshot.torrents
    return tuple(table.view(index) for index in (table.listed if selected is None else selected))


def _run_problems(snapshot: Snapshot, trackers: tuple[TrackerView, ...], subject: Subject) -> list[Problem]:
    ids = {view.tracker.id for view in trackers}
    problems = [problem for problem in snapshot.tracker_problems if problem.tracker is None or problem.tracker in ids]
    if subject is Subject.TRACKERS and all(view.state is Health.DOWN for view in trackers if _is_heard(view)):
        # Nothing that was asked about works: the check found what it looks for.
        problems = [
            replace(problem, severity=Severity.CRITICAL) if problem.rule is Rule.TRACKER_DOWN else problem
            for problem in problems
        ]
    return problems


def is_ordered(view: TrackerView) -> bool:
    """Whether the user ordered something of a tracker, which every report lists."""
    return view.muted is not None or view.disabled is not None or view.interval_wish_s is not None or view.added


def _is_heard(view: TrackerView) -> bool:
    """Whether a verdict may rest on a tracker."""
    return view.muted is None and view.disabled is None


def tracker_verdict(view: TrackerView) -> Verdict:
    """What one tracker adds to the verdict of a check; nothing where the user wants to hear nothing of it."""
    if not _is_heard(view):
        return Verdict.OK
    return {
        Health.UP: Verdict.OK,
        Health.DEGRADED: Verdict.WARNING,
        Health.DOWN: Verdict.WARNING,
        Health.UNKNOWN: Verdict.UNKNOWN,
    }[view.state]


def skipped_problem(skipped: SkippedInput) -> Problem:
    """That an input could not be used."""
    digest = hashlib.sha256(f"{skipped.source}\n{skipped.message}".encode("utf-8", "replace")).hexdigest()
    return Problem(
        id=f"{Rule.SKIPPED_INPUT}:{digest[:10]}",
        severity=SEVERITIES[Rule.SKIPPED_INPUT],
        rule=Rule.SKIPPED_INPUT,
        torrent=None,
        tracker=None,
        since=None,
        message=f"{skipped.source}: {skipped.message}; it is {NOT_PART}",
        action=REPAIR,
    )
