"""Judges torrents by a policy: what the engine found out goes in, the same views with other problems and verdicts come out. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from trackerwatch.policy.demands import DEFAULT_MAX_DEAD_DAYS, Broken, Trackers
from trackerwatch.policy.document import NO_POLICY
from trackerwatch.policy.rules import LINT, OF_THE_RUN, SEVERITIES, Rule, Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from trackerwatch.engine.views import TorrentView, TrackerView
    from trackerwatch.filters import Filter
    from trackerwatch.policy.document import Override, Policy, Requirements
    from trackerwatch.policy.rules import Problem


@dataclass(frozen=True, slots=True)
class Judged:
    """Torrents as a policy sees them."""

    views: tuple[TorrentView, ...]
    """In the order given, with problems, verdict, why and since as the policy has them."""
    collection_of: Mapping[str, str] = field(default_factory=dict)
    """Name of the collection by info hash in hex, in the order of the policy; those of none are not in it."""
    severities: Mapping[Rule, Severity | None] = field(default_factory=dict)
    """Of problems of trackers and of the run, where they differ. None: off."""
    in_grace: int = 0
    """Torrents that are ok because they are new: their problems are remarks."""
    overridden: int = 0
    """Torrents for which an override holds."""
    notes: tuple[str, ...] = ()
    """What else there is to know of the policy, one clean line each: overrides that ended, collections without torrents."""


_PLACE: Mapping[Rule, int] = {rule: place for place, rule in enumerate(SEVERITIES)}


def judge_torrents(
    views: Sequence[TorrentView],
    policy: Policy,
    *,
    trackers: Sequence[TrackerView],
    now: datetime,
    first_seen: Mapping[str, datetime],
    findings: Mapping[str, Sequence[Problem]],
) -> Judged:
    """Judge torrents by a policy.

    Args:
        views: What is known of them.
        policy: What is asked of them.
        trackers: `Snapshot.trackers`.
        now: The time of the snapshot.
        first_seen: By info hash in hex: when any run first saw it. One that is not in it has no grace.
        findings: By info hash in hex: what lint and drift found, with the severities of `rules.SEVERITIES`.
    """
    if policy == NO_POLICY and not findings:
        # The engine judged by the same rules.
        return Judged(tuple(views))
    known = Trackers(trackers, now)
    selector = _Selector(policy, known)
    judged: list[TorrentView] = []
    members: list[list[str]] = [[] for _ in policy.collections]
    in_grace = overridden = 0
    for view in views:
        info_hash = view.torrent.info_hash_hex
        number, asked = selector.asked_of(view)
        if number is not None:
            members[number].append(info_hash)
        overridden += asked.overridden
        found, open_ = _broken_by(view, asked, known, findings.get(info_hash, ()))
        until = _grace_until(asked, first_seen.get(info_hash), now)
        if until is not None and any(map(_is_forgiven, found)):
            found = _worst_first([_as_new(one, until) if _is_forgiven(one) else one for one in found])
        else:
            until = None
        judged.append(_judged(view, found, open_=open_, known=known))
        in_grace += until is not None and judged[-1].verdict is Verdict.OK
    return Judged(
        views=tuple(judged),
        collection_of={
            info_hash: collection.name
            for collection, of in zip(policy.collections, members, strict=True)
            for info_hash in of
        },
        severities={rule: told for rule, told in policy.defaults.severities.items() if rule in OF_THE_RUN},
        in_grace=in_grace,
        overridden=overridden,
        notes=(*_empty(policy, members), *selector.notes()),
    )


FORGIVEN_WHEN_NEW = frozenset({Rule.NO_SEEDERS, Rule.ONE_SEEDER, Rule.MIN_SEEDERS, Rule.UNREGISTERED})
"""What a torrent may lack while it is new. That its trackers fail has nothing to do with its age."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked of a torrent in the end, and how bad each rule is for it."""

    requirements: Requirements
    severities: Mapping[Rule, Severity | None]
    """Of every rule."""
    sought: frozenset[Rule]
    """Rules of lint that are looked for."""
    overridden: bool


class _Selector:
    """Finds out what is asked of each torrent; the few combinations there are, are made once."""

    def __init__(self, policy: Policy, trackers: Trackers) -> None:
        self._policy = policy
        self._trackers = trackers
        self._collections = [self._test(collection.filter) for collection in policy.collections]
        self._overrides = [
            (number, self._test(override.filter))
            for number, override in enumerate(policy.overrides)
            if not _is_over(override, trackers.now)
        ]
        self._used: set[int] = set()
        self._asked: dict[tuple[int | None, tuple[int, ...]], _Asked] = {}

    def asked_of(self, view: TorrentView) -> tuple[int | None, _Asked]:
        """The collection that has a torrent, by its number, and what is asked of the torrent."""
        number = next((n for n, matches in enumerate(self._collections) if matches(view)), None)
        overrides = tuple(n for n, matches in self._overrides if matches(view))
        asked = self._asked.get((number, overrides))
        if asked is None:
            self._used.update(overrides)
            asked = self._asked[number, overrides] = self._put_together(number, overrides)
        return number, asked

    def notes(self) -> list[str]:
        """What is to be known of overrides: which ended, and which are about nothing."""
        policy = self._policy
        idle = [n for n, _ in self._overrides if n not in self._used]
        return [
            *ended_overrides(policy, self._trackers.now),
            *(f"override {n + 1} ({_about(policy.overrides[n])}) is about none of these torrents" for n in idle),
        ]

    def _test(self, filter_: Filter) -> Callable[[TorrentView], bool]:
        alone = filter_.torrent_predicate()
        if alone is not None:
            return lambda view: alone(view.torrent)
        trackers = self._trackers
        return lambda view: filter_.matches_torrent(view, trackers.listed(view), trackers.now)

    def _put_together(self, number: int | None, overrides: tuple[int, ...]) -> _Asked:
        policy = self._policy
        asked = policy.defaults
        if number is not None:
            asked = policy.collections[number].requirements.over(asked)
        for override in overrides:
            asked = policy.overrides[override].requirements.over(asked)
        severities = {**SEVERITIES, **_implied(asked), **asked.severities}
        sought = LINT if policy.lint else LINT.intersection(asked.severities)
        return _Asked(asked, severities, sought, bool(overrides))


def ended_overrides(policy: Policy, now: datetime) -> list[str]:
    """A remark on each override that does nothing any more, one clean line."""
    return [
        f"override {n} ({_about(one)}) ended at {one.until:%Y-%m-%d %H:%M} UTC: it does nothing any more"
        for n, one in enumerate(policy.overrides, 1)
        if _is_over(one, now)
    ]


def _is_over(override: Override, now: datetime) -> bool:
    return override.until is not None and override.until <= now


def _about(override: Override) -> str:
    from trackerwatch.outside_text import clean  # noqa: PLC0415 - only for notes

    return override.why or clean(override.filter.text, limit_chars=60)


def _empty(policy: Policy, members: Sequence[Sequence[str]]) -> list[str]:
    named = [c.name for c, of in zip(policy.collections, members, strict=True) if not of]
    return [f"collection {name} has no torrent" for name in named]


def _implied(asked: Requirements) -> dict[Rule, Severity]:
    """How bad rules are by what the policy asks for: who is content with one seeder need not be warned of it."""
    implied: dict[Rule, Severity] = {}
    if asked.min_seeders is not None and asked.min_seeders <= 1:
        implied[Rule.ONE_SEEDER] = Severity.INFO
        if asked.min_seeders == 0:
            implied[Rule.NO_SEEDERS] = Severity.INFO
    if asked.min_working_trackers is not None and asked.min_working_trackers <= 1:
        implied[Rule.REDUNDANCY] = Severity.INFO
        if asked.min_working_trackers == 0:
            implied |= {Rule.EXHAUSTED: Severity.INFO, Rule.NO_TRACKERS: Severity.INFO}
    if asked.max_dead_days is not None:
        implied[Rule.DEAD_TRACKER] = Severity.WARNING
    return implied


def _broken_by(
    view: TorrentView, asked: _Asked, known: Trackers, findings: Sequence[Problem]
) -> tuple[list[Broken], bool]:
    """What a torrent does not keep.

    Returns:
        Every problem, as bad as the policy has it, worst first, without those that it switches off; and whether too little is
        known to say that what the policy asks for is there.
    """
    # The engine's words fit its worst problem.
    found: list[Broken | None] = [Broken(one, view.why if n == 0 else "") for n, one in enumerate(view.problems)]
    needs, severities, open_ = asked.requirements, asked.severities, False
    if needs.min_seeders and severities[Rule.MIN_SEEDERS] is not None:
        few = known.min_seeders(view, needs.min_seeders)
        found = [*(_with_action_of(few, one) for one in found), few]
        open_ = view.counts.seeders is None and severities[Rule.MIN_SEEDERS] is not Severity.INFO
    if needs.min_working_trackers and severities[Rule.MIN_WORKING_TRACKERS] is not None:
        broken, undecided = known.min_working_trackers(view, needs.min_working_trackers)
        found.append(broken)
        open_ |= undecided and severities[Rule.MIN_WORKING_TRACKERS] is not Severity.INFO
    by_policy = needs.max_dead_days is not None
    if by_policy or Rule.DEAD_TRACKER in asked.sought:
        days = DEFAULT_MAX_DEAD_DAYS if needs.max_dead_days is None else needs.max_dead_days
        found.append(known.dead_tracker(view, days, by_policy=by_policy))
    found += [Broken(one, "") for one in findings if one.rule in asked.sought]
    told = []
    for one in found:
        if one is not None and (severity := severities[one.problem.rule]) is not None:
            same = severity is one.problem.severity
            told.append(one if same else replace(one, problem=replace(one.problem, severity=severity)))
    return _worst_first(told), open_


def _worst_first(found: Iterable[Broken]) -> list[Broken]:
    return sorted(found, key=lambda one: (-one.problem.severity.badness, _PLACE[one.problem.rule]))


def _with_action_of(few: Broken | None, one: Broken | None) -> Broken | None:
    """Where a policy wants more seeders, whoever has one or none need not be told of two things to do."""
    if few is None or one is None or one.problem.rule not in {Rule.NO_SEEDERS, Rule.ONE_SEEDER}:
        return one
    return replace(one, problem=replace(one.problem, action=few.problem.action))


def _grace_until(asked: _Asked, first_seen: datetime | None, now: datetime) -> datetime | None:
    """Until when a torrent's problems are remarks. None: it is not new."""
    if first_seen is None or not asked.requirements.grace_s:
        return None
    until = min(first_seen, now) + timedelta(seconds=asked.requirements.grace_s)
    return until if until > now else None


def _is_forgiven(one: Broken) -> bool:
    """Whether grace makes a remark of it."""
    return one.problem.rule in FORGIVEN_WHEN_NEW and one.problem.severity is not Severity.INFO


def _as_new(one: Broken, until: datetime) -> Broken:
    message = f"{one.problem.message} (a remark until {until.astimezone(UTC):%Y-%m-%d %H:%M} UTC: the torrent is new)"
    return replace(one, problem=replace(one.problem, severity=Severity.INFO, message=message))


def _judged(view: TorrentView, found: Sequence[Broken], *, open_: bool, known: Trackers) -> TorrentView:
    """A torrent as the policy sees it."""
    worst = found[0] if found and found[0].problem.severity is not Severity.INFO else None
    problems = tuple(one.problem for one in found)
    if worst is not None:
        verdict = worst.problem.severity.verdict
        why = worst.brief or known.brief(view, worst.problem)
        since = worst.problem.since
    else:
        counts_known = view.counts.seeders is not None or view.counts.leechers is not None
        verdict = Verdict.OK if counts_known and not open_ else Verdict.UNKNOWN
        why, since = "", view.since if verdict is view.verdict else None
    if (verdict, why, since, problems) == (view.verdict, view.why, view.since, view.problems):
        return view
    return replace(view, verdict=verdict, why=why, since=since, problems=problems)
