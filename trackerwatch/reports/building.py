"""Reports made: what is listed, what is counted and what all of it comes to.

Everything that formats have in common is decided here, so that all of them tell the same.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from itertools import compress
from operator import not_
from typing import TYPE_CHECKING

from trackerwatch.engine.views import Source
from trackerwatch.health.states import Health
from trackerwatch.outside_text import clean
from trackerwatch.policy.judge import worst_verdict
from trackerwatch.policy.rules import SEVERITIES, Problem, Rule, Severity, Verdict
from trackerwatch.reports.rows import NOT_PART, REPAIR, FailOn, Remembered, Report, SkippedInput, Subject, exit_code

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from trackerwatch.engine.views import Snapshot, TorrentView, TrackerView
    from trackerwatch.policy.ruling import Judged
    from trackerwatch.reports.rows import PolicyNote, Quorum, Vantage


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
    filter_text: str = "",
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
        filter_text: By what `selected` was selected, as it may be shown.
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
    return put_together(
        torrents,
        trackers,
        problems,
        generated_at=snapshot.taken_at,
        duration_s=duration_s,
        vantage=vantage,
        subject=subject,
        skipped=skipped,
        remembered=_remembered(snapshot.taken_at, torrents, trackers),
        title=title,
        command=command,
        filter_text=filter_text,
        collection_of=judged.collection_of if judged is not None else {},
        policy=policy,
        unselected=_unselected(snapshot, selected) if subject is Subject.TORRENTS else (),
        only_problems=only_problems,
        fail_on=fail_on,
    )


def put_together(
    torrents: Sequence[TorrentView],
    trackers: Sequence[TrackerView],
    problems: Iterable[Problem],
    *,
    generated_at: datetime,
    duration_s: float,
    vantage: Vantage,
    subject: Subject,
    skipped: tuple[SkippedInput, ...],
    remembered: Remembered | None,
    title: str,
    command: str,
    collection_of: Mapping[str, str],
    policy: PolicyNote | None,
    only_problems: bool,
    fail_on: FailOn,
    collections: Iterable[str] = (),
    quorum: Quorum | None = None,
    unselected: tuple[str, ...] = (),
    filter_text: str = "",
    remark: str = "",
) -> Report:
    """Count, list and judge; see `Report` for what is only handed on.

    Args:
        torrents: All that the report is about.
        trackers: As above.
        problems: Of the run and of every torrent, in any order.
        generated_at: See `Report`.
        duration_s: See `Report`.
        vantage: See `Report`.
        subject: What the verdict rests on: of torrents, trackers add their problems alone.
        skipped: See `Report`; their problems are among `problems`.
        remembered: See `Report`.
        title: See `Report`.
        command: See `Report`.
        collection_of: See `Report`.
        policy: See `Report`.
        only_problems: List only what is not well.
        fail_on: What the exit code is for.
        collections: Names in the order of the policy. Empty: in that of the torrents.
        quorum: See `Report`.
        unselected: See `Report`.
        filter_text: See `Report.filter`.
        remark: Why there is no verdict; the exit code is 3 then, whatever `fail_on` says. Empty: there is one.
    """
    problems = sorted(problems, key=lambda problem: -problem.severity.badness)
    verdict = Verdict.UNKNOWN if remark else _verdict(torrents, trackers, problems, subject)
    blind = is_blind(torrents, trackers)
    listed = [not only_problems or view.verdict is not Verdict.OK for view in torrents]
    # What is ordered by hand is listed whatever becomes of it: or it would be forgotten.
    shown = [not only_problems or view.state is not Health.UP or is_ordered(view) for view in trackers]
    not_judged = sum(view.verdict is Verdict.UNKNOWN for view in torrents)
    not_judged += sum(view.state is Health.UNKNOWN and view.disabled is None for view in trackers)
    return Report(
        generated_at=generated_at,
        duration_s=duration_s,
        vantage=vantage,
        subject=subject,
        verdict=verdict,
        exit_code=Verdict.UNKNOWN.exit_code if remark else exit_code(verdict, fail_on, blind=blind),
        torrents=tuple(compress(torrents, listed)),
        trackers=tuple(compress(trackers, shown)),
        problems=tuple(problems),
        skipped=skipped,
        torrents_by_verdict=dict(Counter(view.verdict for view in torrents)),
        trackers_by_state={**dict.fromkeys(Health, 0), **Counter(view.state for view in trackers)},
        not_judged=not_judged,
        remark=remark,
        remembered=remembered,
        title=title,
        command=command,
        filter=filter_text,
        collection_of=collection_of,
        collections=_collections(torrents, collection_of, (*collections, *collection_of.values())),
        policy=policy,
        quorum=quorum,
        fail_on=fail_on,
        unlisted_torrents=tuple(compress(torrents, map(not_, listed))),
        unlisted_trackers=tuple(compress(trackers, map(not_, shown))),
        unselected=unselected,
    )


def _verdict(
    torrents: Iterable[TorrentView], trackers: Sequence[TrackerView], problems: Iterable[Problem], subject: Subject
) -> Verdict:
    seen = [*(view.verdict for view in torrents), *(problem.severity.verdict for problem in problems)]
    if subject is Subject.TRACKERS:
        seen += map(tracker_verdict, trackers)
        if all(view.disabled is not None for view in trackers):
            # Whoever checks what he switched off asked nobody.
            seen.append(Verdict.UNKNOWN)
    return worst_verdict(seen)


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


def _collections(
    torrents: Iterable[TorrentView], collection_of: Mapping[str, str], names: Iterable[str]
) -> dict[str, Mapping[Verdict, int]]:
    counted: dict[str, Counter[Verdict]] = {name: Counter() for name in dict.fromkeys(names)}
    for view in torrents:
        if (name := collection_of.get(view.torrent.info_hash_hex)) is not None:
            counted[name][view.verdict] += 1
    return {name: dict(verdicts) for name, verdicts in counted.items() if verdicts}


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
    """What one tracker adds to the verdict of a check.

    Nothing where the user wants to hear nothing of it, or where too few of several vantages see its faults.
    """
    if not _is_heard(view) or view.reasons[:1] == (Rule.REGIONAL.value,):
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
