"""Reports of several vantages, put together: down is what enough fresh ones call down; what fewer see is regional.

What a vantage was not asked about it has no say in. A report that is too old has no vote; what nobody else tells of is
unknown then.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from trackerwatch.errors import ReportError
from trackerwatch.health.states import Health
from trackerwatch.policy.rules import Problem, Rule, Severity
from trackerwatch.reports.building import put_together, skipped_problem
from trackerwatch.reports.readback.derived import effects_of
from trackerwatch.reports.rows import FailOn, Quorum, Remembered, Report, SkippedInput, Subject, Vantage
from trackerwatch.reports.telling.wording import duration, many
from trackerwatch.reports.vantages.ballots import Ballots, Voter, hold, merged_problems, told
from trackerwatch.reports.vantages.merging import (
    merged_torrent,
    merged_tracker,
    tracker_problems,
    unjudged_torrent,
    unjudged_tracker,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from trackerwatch.engine.views import TorrentView, TrackerView
    from trackerwatch.filters import Filter

T = TypeVar("T")

DEFAULT_MAX_AGE_S = 1800.0
"""A report older than this has no vote."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is wanted of a combined report."""

    needed: int | None = None
    """So many fresh vantages must agree. None: more than half of them."""
    max_age_s: float = DEFAULT_MAX_AGE_S
    filter: Filter | None = None
    only_problems: bool = False
    fail_on: FailOn = FailOn.WARNING
    title: str = ""
    """Empty: that of the latest report which has one."""
    command: str = ""
    filter_text: str = ""
    """As it is shown. Empty: that of the latest report which has one."""


@dataclass(slots=True)
class _Merged:
    """What all vantages come to, before anything is selected."""

    torrents: list[TorrentView] = field(default_factory=list)
    trackers: list[TrackerView] = field(default_factory=list)
    of_trackers: list[Problem] = field(default_factory=list)
    down_for: dict[str, tuple[str, ...]] = field(default_factory=dict)


def check_usable(report: Report, source: str) -> None:
    """See that a report can be put together with others.

    Raises:
        ReportError: It cannot.
    """
    if report.quorum is not None:
        raise ReportError(source, "is put together from several vantages itself; give it their own reports")
    if len(report.torrents) < report.torrents_judged or len(report.trackers) < report.trackers_judged:
        raise ReportError(
            source, "was written with --only problems, so what is well is missing; write it without, and use it here"
        )


def combine(
    reports: Sequence[Report],
    *,
    now: datetime,
    vantage: Vantage,
    wishes: Wishes,
    unusable: Iterable[SkippedInput] = (),
) -> Report:
    """Put reports together.

    Args:
        reports: At least one; each as `check_usable` takes it.
        now: The time, by which a report is fresh.
        vantage: Who puts them together.
        wishes: How.
        unusable: Files that could not be read.

    Returns:
        A report of the time `now`; `quorum` says whose votes it rests on. Where they are too few its verdict is unknown and its
        exit code 3, whatever `fail_on` says. How long it took is for the caller to say: what the others took is no part of it.
    """
    ballots = hold(reports, now=now, needed=wishes.needed, max_age_s=wishes.max_age_s)
    latest = [voter.report for voter in ballots.latest_first]
    subject = _subject([voter.report for voter in (*ballots.fresh, *ballots.stale)])
    merged = _merge(ballots)
    torrents, trackers = _selected(merged, subject, wishes.filter, now)
    ids = {view.tracker.id for view in trackers}
    unusable = (*unusable, *_mistaken(reports, ballots, now, wishes.max_age_s))
    skipped, problems_of_inputs = _skipped(ballots, unusable)
    problems = [
        *(problem for problem in merged.of_trackers if problem.tracker in ids),
        *_of_the_run(ballots),
        *problems_of_inputs,
        *(problem for view in torrents for problem in view.problems),
    ]
    remark = _too_few(ballots, now, wishes.max_age_s)
    if not remark and not torrents and not trackers:
        remark = "nothing matches the filter" if wishes.filter and not wishes.filter.is_empty else "nothing was asked"
    return put_together(
        torrents,
        trackers,
        problems,
        generated_at=now,
        duration_s=0.0,
        vantage=vantage,
        subject=subject,
        skipped=skipped,
        remembered=_remembered(latest, now),
        title=wishes.title or next((report.title for report in latest if report.title), ""),
        command=wishes.command,
        filter_text=wishes.filter_text or next((report.filter for report in latest if report.filter), ""),
        collection_of={key: name for report in reversed(latest) for key, name in report.collection_of.items()},
        collections=[name for report in latest for name in (*report.collections, *report.collection_of.values())],
        policy=next((report.policy for report in latest if report.policy is not None), None),
        quorum=Quorum(ballots.needed, ballots.votes, merged.down_for),
        only_problems=wishes.only_problems,
        fail_on=wishes.fail_on,
        remark=remark,
    )


def _subject(reports: Sequence[Report]) -> Subject:
    return Subject.TRACKERS if all(r.subject is Subject.TRACKERS for r in reports) else Subject.TORRENTS


# -- merging -----------------------------------------------------------------------------------------------------------


def _merge(ballots: Ballots) -> _Merged:
    merged = _Merged()
    merged.torrents = [
        replace(view, index=index)
        for index, view in enumerate(
            merged_torrent(views, ballots) if voted else unjudged_torrent(next(iter(views.values())))
            for views, voted in _by_key(ballots, _torrents_of)
        )
    ]
    effects = effects_of(merged.torrents)
    listing = Counter(placement.tracker.id for view in merged.torrents for placement in view.torrent.placements)
    problems = {voter: _by_tracker(voter.report) for voter in ballots.fresh}
    for index, (views, voted) in enumerate(_by_key(ballots, _trackers_of)):
        any_view = next(iter(views.values()))
        tracker_id = any_view.tracker.id
        view = merged_tracker(views, ballots) if voted else unjudged_tracker(any_view)
        view = replace(
            view,
            index=index,
            effect=effects.get(tracker_id, view.effect),
            torrents=listing.get(tracker_id, view.torrents),
        )
        merged.trackers.append(view)
        if not voted:
            continue
        said = {voter: problems[voter].get(tracker_id, []) for voter in views}
        merged.of_trackers += tracker_problems(views, said, view, ballots)
        down = tuple(v.name for v, seen in views.items() if seen.state is Health.DOWN and seen.disabled is None)
        if down:
            merged.down_for[tracker_id] = down
    return merged


def _torrents_of(report: Report) -> dict[str, TorrentView]:
    return {view.torrent.info_hash_hex: view for view in report.torrents}


def _trackers_of(report: Report) -> dict[str, TrackerView]:
    return {view.tracker.id: view for view in report.trackers}


def _by_key(
    ballots: Ballots, views_of: Callable[[Report], Mapping[str, T]]
) -> Iterator[tuple[Mapping[Voter, T], bool]]:
    """For each thing: its views by voter, and whether these are fresh ones (else they are those of stale reports)."""
    fresh: dict[str, dict[Voter, T]] = {}
    for voter in ballots.fresh:
        for key, view in views_of(voter.report).items():
            fresh.setdefault(key, {})[voter] = view
    old: dict[str, dict[Voter, T]] = {}
    for voter in ballots.stale:
        for key, view in views_of(voter.report).items():
            if key not in fresh:
                old.setdefault(key, {})[voter] = view
    yield from ((views, True) for views in fresh.values())
    yield from ((views, False) for views in old.values())


def _by_tracker(report: Report) -> dict[str, list[Problem]]:
    found: dict[str, list[Problem]] = {}
    for problem in report.problems:
        if problem.torrent is None and problem.tracker is not None:
            found.setdefault(problem.tracker, []).append(problem)
    return found


def _of_the_run(ballots: Ballots) -> list[Problem]:
    """Problems of whole runs, but for inputs that were skipped."""
    said = {
        voter: [
            problem
            for problem in voter.report.problems
            if problem.torrent is None and problem.tracker is None and problem.rule is not Rule.SKIPPED_INPUT
        ]
        for voter in ballots.fresh
    }
    return merged_problems(said, ballots)


def _mistaken(reports: Sequence[Report], ballots: Ballots, now: datetime, max_age_s: float) -> list[SkippedInput]:
    """Reports of one vantage id by different names: machines that were copied, of which one alone would count."""
    counted = {voter.report.vantage.id: voter.report.vantage.name for voter in (*ballots.fresh, *ballots.stale)}
    return [
        SkippedInput(
            f"the report of {report.vantage.name or report.vantage.id}",
            f"carries the vantage id of {counted[report.vantage.id]!r}, whose report counts "
            "instead; give each an id of its own (a data folder without a copied file vantage-id)",
        )
        for report in reports
        if report.vantage.name != counted[report.vantage.id]
        and (now - report.generated_at).total_seconds() <= max_age_s
    ]


def _skipped(ballots: Ballots, unusable: Sequence[SkippedInput]) -> tuple[tuple[SkippedInput, ...], list[Problem]]:
    """Inputs that vantages could not use, with their names, and files that cannot be used here; and their problems."""
    who: dict[tuple[str, str], list[str]] = {}
    severities: dict[tuple[str, str], Severity] = {}
    for voter in ballots.fresh:
        bad = [p.severity for p in voter.report.problems if p.rule is Rule.SKIPPED_INPUT]
        worst = max(bad, key=_badness, default=None)
        for one in voter.report.skipped:
            key = (one.source, one.message)
            who.setdefault(key, []).append(voter.name)
            if worst is not None:
                severities[key] = max(worst, severities.get(key, worst), key=_badness)
    rows = {key: SkippedInput(key[0], f"{key[1]} (at {told(names)})") for key, names in who.items()}
    problems = [
        replace(skipped_problem(row), severity=severities[key]) for key, row in rows.items() if key in severities
    ]
    return (*unusable, *rows.values()), [*map(skipped_problem, unusable), *problems]


def _badness(severity: Severity) -> int:
    return severity.badness


# -- what it comes to --------------------------------------------------------------------------------------------------


def _selected(
    merged: _Merged, subject: Subject, wanted: Filter | None, now: datetime
) -> tuple[list[TorrentView], list[TrackerView]]:
    if wanted is None or wanted.is_empty:
        return merged.torrents, merged.trackers
    if subject is Subject.TRACKERS:
        return merged.torrents, [view for view in merged.trackers if wanted.matches_tracker(view, now)]
    torrents = [view for view in merged.torrents if wanted.matches_torrent(view, merged.trackers, now)]
    ids = {placement.tracker.id for view in torrents for placement in view.torrent.placements}
    return torrents, [view for view in merged.trackers if view.tracker.id in ids]


def _too_few(ballots: Ballots, now: datetime, max_age_s: float) -> str:
    """Why there can be no verdict; empty where there can be one."""
    if ballots.reached:
        return ""
    ages = [(voter.name, (now - voter.report.generated_at).total_seconds()) for voter in ballots.stale]
    stale = told(
        [
            f"{name} is {duration(age_s)} old" if age_s >= 0 else f"{name} is from {duration(-age_s)} in the future"
            for name, age_s in ages
        ]
    )
    if not ballots.fresh:
        return f"no verdict: no report is from the last {duration(max_age_s)} ({stale})"
    # The number first: a plugin's line has 80 columns.
    fresh = many(len(ballots.fresh), "fresh vantage")
    return f"no verdict: --quorum {ballots.needed}, but {fresh}{f' ({stale})' if stale else ''}"


def _remembered(latest: Sequence[Report], now: datetime) -> Remembered | None:
    """How much was remembered where it was asked, as old as it is by now."""
    told_of = [
        (report.remembered, max(0.0, (now - report.generated_at).total_seconds()))
        for report in latest
        if report.remembered is not None
    ]
    if not told_of:
        return None
    return Remembered(
        max(one.trackers for one, _ in told_of),
        min(one.youngest_s + age_s for one, age_s in told_of),
        max(one.oldest_s + age_s for one, age_s in told_of),
    )
