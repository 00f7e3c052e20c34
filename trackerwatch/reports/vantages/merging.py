"""One view of what several vantages see: trackers, their addresses, torrents."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from trackerwatch.engine.views import AnswerView, Effect, FailoverView
from trackerwatch.failover.states import FailoverState, Role
from trackerwatch.health.states import Health
from trackerwatch.outcome import NOTHING_KNOWN, SwarmCounts
from trackerwatch.policy.judge import worst_verdict
from trackerwatch.policy.rules import Problem, Rule, Severity, Verdict
from trackerwatch.policy.words import KIND_WORDS
from trackerwatch.reports.readback.derived import why_of
from trackerwatch.reports.vantages.ballots import LOWER, merged_problems, regional, share, told

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from trackerwatch.engine.views import EndpointView, TorrentView, TrackerView
    from trackerwatch.metainfo.torrent import Torrent
    from trackerwatch.reports.vantages.ballots import Ballots, Voter

    T = TypeVar("T")
    Judged = TypeVar("Judged", TrackerView, EndpointView)

REGIONAL = Rule.REGIONAL.value
"""The reason of a tracker that some vantages call down or degraded, and too few of them."""
_FAULTY = (Health.DOWN, Health.DEGRADED)
_BY_SEEDERS = frozenset({Rule.NO_SEEDERS, Rule.ONE_SEEDER, Rule.MIN_SEEDERS})
_FAILOVER_BEST_FIRST = {
    FailoverState.PRIMARY: 0,
    FailoverState.FAILED_OVER: 1,
    FailoverState.EXHAUSTED: 2,
    FailoverState.UNKNOWN: 3,
}


# -- trackers ----------------------------------------------------------------------------------------------------------


def merged_tracker(views: Mapping[Voter, TrackerView], ballots: Ballots) -> TrackerView:
    """One tracker as fresh vantages see it.

    Args:
        views: By each fresh voter that lists it.
        ballots: All of them.
    """
    latest = [views[voter] for voter in ballots.latest_first if voter in views]
    asked = [view for view in views.values() if view.disabled is None]
    state, agreeing = _state(asked, ballots)
    reasons = dict.fromkeys(reason for view in agreeing for reason in view.reasons)
    if state is Health.DEGRADED and is_regional(asked, ballots):
        reasons = {REGIONAL: None, **reasons}
    return replace(
        latest[0],
        state=state,
        reasons=tuple(reasons),
        since=_earliest(view.since for view in agreeing),
        last_success_at=max((v.last_success_at for v in latest if v.last_success_at is not None), default=None),
        # Of one that is down: what some vantage still measured is not what its clients get.
        latency_s=None if state is Health.DOWN else _least(view.latency_s for view in latest),
        scrape_supported=_any(view.scrape_supported for view in latest),
        interval_s=_first(view.interval_s for view in latest),
        min_interval_s=_first(view.min_interval_s for view in latest),
        tls_expires_at=_earliest(view.tls_expires_at for view in latest),
        torrents=max(view.torrents for view in latest),
        endpoints=_endpoints(latest, ballots),
        failure=_first(view.failure for view in agreeing) if state is not Health.UP else None,
        effect=Effect(0, 0, 0, 0),
        flapping=any(view.flapping for view in latest),
        muted=latest[0].muted if all(view.muted is not None for view in latest) else None,
        own=any(view.own for view in latest),
        disabled=latest[0].disabled if not asked else None,
    )


def unjudged_tracker(view: TrackerView) -> TrackerView:
    """A tracker that no fresh vantage tells of."""
    return replace(view, state=Health.UNKNOWN, reasons=(), since=None, latency_s=None, endpoints=(), failure=None)


def _state(views: Sequence[Judged], ballots: Ballots) -> tuple[Health, list[Judged]]:
    """What enough of the views come to, and those that say so. A fault that too few see is degraded."""
    down = [view for view in views if view.state is Health.DOWN]
    if down and len(down) >= ballots.enough(len(views)):
        return Health.DOWN, down
    if faulty := [view for view in views if view.state in _FAULTY]:
        return Health.DEGRADED, faulty
    state = Health.UP if any(view.state is Health.UP for view in views) else Health.UNKNOWN
    return state, [view for view in views if view.state is state]


def is_regional(views: Sequence[TrackerView], ballots: Ballots) -> bool:
    """Whether some vantages see a fault, and too few see the same."""
    down = sum(view.state is Health.DOWN for view in views)
    faulty = sum(view.state in _FAULTY for view in views)
    needed = ballots.enough(len(views))
    return 0 < down < needed or 0 < faulty < needed


def _endpoints(latest: Sequence[TrackerView], ballots: Ballots) -> tuple[EndpointView, ...]:
    """Addresses of every vantage: they may have been told different ones. Each is judged by those that were told it."""
    seen: dict[object, list[EndpointView]] = {}
    for view in latest:
        for endpoint in view.endpoints:
            seen.setdefault(endpoint.endpoint, []).append(endpoint)
    return tuple(_endpoint(views, ballots) for views in seen.values())


def _endpoint(views: Sequence[EndpointView], ballots: Ballots) -> EndpointView:
    state, agreeing = _state(views, ballots)
    return replace(
        agreeing[0],
        judged=any(view.judged for view in views),
        since=_earliest(view.since for view in agreeing),
        latency_s=_least(view.latency_s for view in views),
        state=state,
    )


def tracker_problems(
    views: Mapping[Voter, TrackerView], said: Mapping[Voter, Sequence[Problem]], merged: TrackerView, ballots: Ballots
) -> list[Problem]:
    """What is wrong with one tracker, by those fresh vantages that list it.

    Args:
        views: By voter.
        said: By voter, the problems of this tracker.
        merged: What the views come to.
        ballots: All votes.
    """
    others = {voter: [p for p in problems if p.rule is not Rule.TRACKER_DOWN] for voter, problems in said.items()}
    problems = merged_problems(others, ballots)
    downs = [p for voter in ballots.latest_first for p in said.get(voter, ()) if p.rule is Rule.TRACKER_DOWN]
    if downs:
        problems.insert(0, _down_problem(views, downs, merged, ballots))
    return problems


def _down_problem(
    views: Mapping[Voter, TrackerView], downs: Sequence[Problem], merged: TrackerView, ballots: Ballots
) -> Problem:
    """That it is down, with where from: who muted it says nothing, and is counted all the same."""
    severities = sorted((problem.severity for problem in downs), key=lambda severity: -severity.badness)
    first = downs[0]
    asked = {voter: view for voter, view in views.items() if view.disabled is None}
    names = [voter.name for voter, view in asked.items() if view.state is Health.DOWN]
    where = f"{merged.tracker.host_port} is down from {share(ballots, len(names), len(asked))}: {down_words(asked)}"
    since = _earliest(problem.since for problem in downs)
    if merged.state is Health.DOWN:
        # As bad as enough of them say, as any problem; where fewer say anything, as bad as all of these do.
        agreed = severities[min(ballots.enough(len(asked)), len(severities)) - 1]
        return replace(first, severity=agreed, since=since, message=where)
    severity = LOWER[severities[0]] if ballots.reached else Severity.INFO
    return regional(first, severity=severity, since=since, message=where, names=names)


def down_words(views: Mapping[Voter, TrackerView]) -> str:
    """`ci-us (timeout); up from ci-eu, home; not known from vps7`."""
    by_state: dict[Health, list[str]] = {}
    for voter, view in views.items():
        why = KIND_WORDS[view.failure.kind] if view.failure is not None and view.state is Health.DOWN else ""
        by_state.setdefault(view.state, []).append(f"{voter.name} ({why})" if why else voter.name)
    words = [(Health.UP, "up from "), (Health.DEGRADED, "degraded from "), (Health.UNKNOWN, "not known from ")]
    parts = [told(by_state.get(Health.DOWN, ()))]
    parts += [prefix + told(by_state[state]) for state, prefix in words if state in by_state]
    return "; ".join(parts)


# -- torrents ----------------------------------------------------------------------------------------------------------


def merged_torrent(views: Mapping[Voter, TorrentView], ballots: Ballots) -> TorrentView:
    """One torrent as the fresh vantages that know it see it.

    Args:
        views: By each fresh voter that knows it.
        ballots: All of them.
    """
    latest = [views[voter] for voter in ballots.latest_first if voter in views]
    problems = _problems(views, ballots)
    verdict = _verdict(problems, latest) if ballots.reached else Verdict.UNKNOWN
    lead = _lead(latest, verdict)
    torrent = lead.torrent
    for view in latest:
        torrent = torrent.merged_with(view.torrent)
    answers = _answers(lead, latest, torrent)
    worst = [p for p in problems if p.severity is not Severity.INFO]
    # As bad as the lead says, and for the same reason: it knows best what that is.
    agreed = lead.verdict is verdict and not any(p.rule is Rule.REGIONAL for p in worst)
    return replace(
        lead,
        torrent=torrent,
        verdict=verdict,
        counts=_maxima(view.counts for view in latest),
        answers=answers,
        problems=problems,
        since=worst[0].since if worst else None,
        why=lead.why if agreed else why_of(problems, answers, lead.failover),
        last_seeder_at=max((v.last_seeder_at for v in latest if v.last_seeder_at is not None), default=None),
    )


def _problems(views: Mapping[Voter, TorrentView], ballots: Ballots) -> tuple[Problem, ...]:
    """What is wrong with one torrent; about its seeders only what holds with all that anybody was told."""
    merged = merged_problems({voter: view.problems for voter, view in views.items()}, ballots)
    if any(problem.rule in _BY_SEEDERS for problem in merged):
        merged = sorted(
            (_as_counted(problem, views, ballots) for problem in merged), key=lambda problem: -problem.severity.badness
        )
    return tuple(merged)


def _as_counted(problem: Problem, views: Mapping[Voter, TorrentView], ballots: Ballots) -> Problem:
    """A problem of seeders, or what is left of it where somebody fresh was told of more and finds that enough.

    The known maximum counts: a torrent with seeders that one vantage alone can see has seeders.
    """
    if problem.rule not in _BY_SEEDERS or problem.severity is Severity.INFO:
        return problem
    said = {
        voter: p
        for voter in ballots.latest_first
        if voter in views
        for p in views[voter].problems
        if p.id == problem.id
    }
    told_of = {voter: seeders for voter, view in views.items() if (seeders := view.counts.seeders) is not None}
    most = max((told_of[voter] for voter in said if voter in told_of), default=0)
    more = {voter: seeders for voter, seeders in told_of.items() if voter not in said and seeders > most}
    if not more:
        return problem
    names = [voter.name for voter in views if voter in said]
    seen = [f"{voter.name} is told of {seeders:,}" for voter, seeders in more.items()]
    where = (
        f"{problem.rule} from {share(ballots, len(said), len(views), needed=False)}: {told(names)}; but {told(seen)}"
    )
    return regional(
        problem,
        severity=LOWER[problem.severity] if ballots.reached else Severity.INFO,
        since=problem.since,
        message=f"{where}; {next(iter(said.values())).message}",
        names=names,
    )


def unjudged_torrent(view: TorrentView) -> TorrentView:
    """A torrent that no fresh vantage tells of."""
    return replace(
        view,
        verdict=Verdict.UNKNOWN,
        counts=NOTHING_KNOWN,
        failover=FailoverView(FailoverState.UNKNOWN, None, None, 0, view.failover.total, ()),
        answers=(),
        problems=(),
        since=None,
        why="",
    )


def _verdict(problems: Sequence[Problem], views: Sequence[TorrentView]) -> Verdict:
    worst = worst_verdict(problem.severity.verdict for problem in problems)
    unknown = worst is Verdict.OK and all(view.verdict is Verdict.UNKNOWN for view in views)
    return Verdict.UNKNOWN if unknown else worst


def _lead(latest: Sequence[TorrentView], verdict: Verdict) -> TorrentView:
    """Whose word counts on tiers and roles.

    Of those that come to the same verdict (where there are such) the largest group that stands alike, of equal groups the
    better off; of that the latest.
    """
    agreeing = [view for view in latest if view.verdict is verdict] or list(latest)

    def stand(view: TorrentView) -> tuple[FailoverState, str]:
        active = view.failover.active
        return view.failover.state, "" if active is None else active.id

    sizes = Counter(map(stand, agreeing))
    return min(agreeing, key=lambda view: (-sizes[stand(view)], _FAILOVER_BEST_FIRST[view.failover.state]))


def _answers(lead: TorrentView, latest: Sequence[TorrentView], torrent: Torrent) -> tuple[AnswerView, ...]:
    """What each tracker said: roles and failures as the lead has them, counts the largest that anybody was told."""
    counts: dict[tuple[str, str], list[SwarmCounts]] = {}
    extra: dict[tuple[str, str], AnswerView] = {}
    own = {(answer.tracker.id, answer.swarm.value) for answer in lead.answers}
    for view in latest:
        for answer in view.answers:
            key = (answer.tracker.id, answer.swarm.value)
            counts.setdefault(key, []).append(answer.counts)
            if key not in own:
                # Behind the lead's own tiers it cannot be the one that clients use.
                role = Role.BACKUP if answer.role is Role.ACTIVE else answer.role
                extra.setdefault(key, replace(answer, role=role))
    places = {placement.tracker.id: placement for placement in torrent.placements}
    merged = []
    for answer in (*lead.answers, *extra.values()):
        place = places[answer.tracker.id]
        # Of one that failed: what it told elsewhere is no answer to those whose word counts.
        failed = answer.role is Role.FAILED
        seen = answer.counts if failed else _maxima(counts[answer.tracker.id, answer.swarm.value])
        merged.append(replace(answer, counts=seen, tier=place.tier, position=place.position))
    return tuple(merged)


# -- numbers -----------------------------------------------------------------------------------------------------------


def _maxima(counts: Iterable[SwarmCounts]) -> SwarmCounts:
    seen = list(counts)
    return SwarmCounts(
        *(
            max((n for n in column if n is not None), default=None)
            for column in ([c.seeders for c in seen], [c.leechers for c in seen], [c.completed for c in seen])
        )
    )


def _first(values: Iterable[T | None]) -> T | None:
    return next((value for value in values if value is not None), None)


def _least(values: Iterable[float | None]) -> float | None:
    return min((value for value in values if value is not None), default=None)


def _earliest(values: Iterable[datetime | None]) -> datetime | None:
    return min((value for value in values if value is not None), default=None)


def _any(values: Iterable[bool | None]) -> bool | None:
    known = [value for value in values if value is not None]
    return any(known) if known else None
