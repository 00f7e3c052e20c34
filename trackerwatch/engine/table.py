"""The torrents of one snapshot: frozen columns, and full views made when somebody looks."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isnan, nan
from typing import TYPE_CHECKING

from trackerwatch.engine.clock import at
from trackerwatch.engine.explaining import Explainer, answer_failure
from trackerwatch.engine.views import (
    AnnounceView,
    AnswerView,
    AskState,
    FailoverView,
    ScrapeView,
    Source,
    TorrentView,
)
from trackerwatch.failover import LISTED, FailoverState, Role, Standing, Step
from trackerwatch.health import Health
from trackerwatch.outcome import NOTHING_KNOWN, UNKNOWN_COUNT, Failure, FailureKind, SwarmAnswer, SwarmCounts
from trackerwatch.policy.judge import SANE_COUNT, worst_first
from trackerwatch.policy.rules import Problem, Rule, Verdict
from trackerwatch.policy.words import Evidence, failure_words, problem, torrent_words

if TYPE_CHECKING:
    from array import array
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from trackerwatch.engine.shapes import Shape, Stand
    from trackerwatch.engine.swarms import Published
    from trackerwatch.engine.views import TrackerView
    from trackerwatch.failover import Client
    from trackerwatch.metainfo import Torrent
    from trackerwatch.tracker import Tracker


@dataclass(frozen=True, slots=True)
class Table:
    """Implements `views.TorrentTable`. Columns are copies; everything else is replaced, never changed."""

    torrents: Sequence[Torrent]
    listed: Sequence[int]
    verdicts: Sequence[Verdict]
    failover_states: Sequence[FailoverState]
    seeders: array[int]
    leechers: array[int]
    completed: array[int]
    active: array[int]
    active_tier: array[int]
    working: array[int]
    total: array[int]
    since: array[float]
    rules: Sequence[tuple[Rule, ...]]
    shapes: Sequence[Shape]
    slots: Sequence[tuple[int, ...]]
    stands: Sequence[Stand | None]
    published: Sequence[Published | None]
    """By tracker index."""
    trackers: Sequence[TrackerView]
    private_scraped: Callable[[Tracker], bool]
    """Whether a tracker is scraped for private torrents."""
    seeded_at: Sequence[float]
    """Unix time at which the last seeder had gone; NaN: never. Where there are seeders, the answers tell."""
    client: Client = LISTED
    """Who walks the tiers."""
    _explainer: Explainer = field(init=False, repr=False)
    _torrents_of: dict[int, Mapping[FailoverState, Sequence[int]]] = field(init=False, repr=False, default_factory=dict)
    """What was looked at of `torrents_of`, by tracker."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "_explainer", Explainer(self.trackers, self.client, self.private_scraped))

    def __len__(self) -> int:
        return len(self.torrents)

    def view(self, index: int) -> TorrentView:
        """Everything about one torrent."""
        torrent, shape, stand = self.torrents[index], self.shapes[index], self.stands[index]
        roles = stand.walk.roles if stand else (Role.UNTRIED,) * len(shape.placements)
        answers = self._answers(torrent, shape, self.slots[index], roles)
        steps = self._explainer.steps(torrent, shape, roles, answers)
        active = self.trackers[self.active[index]].tracker if self.active[index] >= 0 else None
        failover = FailoverView(
            state=self.failover_states[index],
            active=active,
            active_tier=self.active_tier[index] if active else None,
            working=self.working[index],
            total=self.total[index],
            explanation=self._explainer.explain(torrent, shape, stand, steps),
            client=self.client.name,
        )
        counts = SwarmCounts(*(_known(column[index]) for column in (self.seeders, self.leechers, self.completed)))
        rules = [*self.rules[index], *self._remarks(torrent, shape, stand, answers)]
        problems = tuple(self._problem(rule, index, answers, failover, steps) for rule in worst_first(rules))
        return TorrentView(
            index=index,
            torrent=torrent,
            verdict=self.verdicts[index],
            counts=counts,
            failover=failover,
            answers=answers,
            problems=problems,
            since=at(self.since[index]),
            why=self._why(index, steps),
            last_seeder_at=self._last_seeder_at(index),
        )

    def torrents_of(self, tracker: int) -> Mapping[FailoverState, Sequence[int]]:
        """The torrents that list a tracker, by what its state does to each."""
        known = self._torrents_of.get(tracker)
        if known is None:
            known = self._torrents_of[tracker] = self._split(tracker)
        return known

    def _split(self, tracker: int) -> Mapping[FailoverState, Sequence[int]]:
        # Few ways to stand, for ten thousand torrents: each way has a place to go to, found by what it is made of.
        found: dict[tuple[FailoverState, Verdict], list[int]] = {}
        ways: dict[tuple[int, int, int], list[int]] = {}
        nowhere: list[int] = []
        shapes, stands, verdicts = self.shapes, self.stands, self.verdicts
        off = self.trackers[tracker].disabled is not None
        for index in self.listed:
            shape, stand, verdict = shapes[index], stands[index], verdicts[index]
            way = (id(shape), id(stand), id(verdict))
            members = ways.get(way)
            if members is None:
                place = next((n for n, state in enumerate(shape.trackers) if state.index == tracker), None)
                if place is None:
                    members = nowhere
                else:
                    # One that is switched off counts for nothing: whatever becomes of its torrents is not its doing.
                    effect = FailoverState.PRIMARY if off else _effect(stand, place)
                    members = found.setdefault((effect, verdict), [])
                ways[way] = members
            members.append(index)
        split: dict[FailoverState, list[int]] = {}
        for effect in (
            FailoverState.EXHAUSTED,
            FailoverState.FAILED_OVER,
            FailoverState.PRIMARY,
            FailoverState.UNKNOWN,
        ):
            worst_first = [index for verdict in _WORST_FIRST for index in found.get((effect, verdict), ())]
            if worst_first:
                split[effect] = worst_first
        return split

    def _last_seeder_at(self, index: int) -> datetime | None:
        """While there are seeders, when that was told last; counts that did not change wrote nothing down."""
        shape, told = self.shapes[index], [self.seeded_at[index]]
        if self.seeders[index] > 0:
            for n, slot in enumerate(self.slots[index]):
                published = self.published[shape.trackers[n // shape.swarms].index]
                if published is None or slot >= len(published.seeders) or published.seeders[slot] <= 0:
                    continue
                told.append(nan if published.scraped_at is None else published.scraped_at)
                if slot in published.announces:
                    told.append(published.announces[slot].at)
        return at(max((moment for moment in told if not isnan(moment)), default=None))

    # ------------------------------------------------------------------ answers

    def _answers(
        self, torrent: Torrent, shape: Shape, slots: tuple[int, ...], roles: tuple[Role, ...]
    ) -> tuple[AnswerView, ...]:
        answers = []
        swarms = torrent.swarms
        for n, slot in enumerate(slots):
            place, (version, _) = n // len(swarms), swarms[n % len(swarms)]
            placement, state = shape.placements[place], shape.trackers[place]
            view = self.trackers[state.index]
            published = self.published[state.index]
            role = roles[place]
            counts = NOTHING_KNOWN
            if published is not None and slot < len(published.answers):
                counts = SwarmCounts(
                    _known(published.seeders[slot]), _known(published.leechers[slot]), _known(published.completed[slot])
                )
                own = published.standings[slot]
                if own != Standing.WORKS and len(swarms) > 1:
                    # A hybrid's tracker may work by its other swarm alone.
                    role = Role.FAILED if own == Standing.FAILED else Role.UNTRIED
            asked = not torrent.private or self.private_scraped(placement.tracker)
            answers.append(
                AnswerView(
                    tracker=placement.tracker,
                    tracker_index=state.index,
                    tier=placement.tier,
                    position=placement.position,
                    swarm=version,
                    role=role,
                    counts=counts,
                    scrape=_scrape_view(view, published, slot, asked=asked),
                    announce=_announce_view(published, slot),
                )
            )
        return tuple(answers)

    # ------------------------------------------------------------------ problems

    def _remarks(
        self, torrent: Torrent, shape: Shape, stand: Stand | None, answers: tuple[AnswerView, ...]
    ) -> list[Rule]:
        """Rules that are worth knowing and change no verdict: found when looked at."""
        rules: list[Rule] = []
        if stand is not None:
            facts = stand.standings
            if facts.listed_independent == 1 and not any(self._muted(tracker.index) for tracker in shape.trackers):
                rules.append(Rule.SINGLE_TRACKER)
            if facts.state is FailoverState.FAILED_OVER and not facts.later_tier:
                rules.append(Rule.SAME_TIER_FAILOVER)
        if _disagreement(answers):
            rules.append(Rule.DISAGREEMENT)
        failures = [answer.scrape.failure for answer in answers if answer.scrape.failure]
        if any(failure.kind is FailureKind.SCRAPE_UNSUPPORTED for failure in failures):
            rules.append(Rule.SCRAPE_UNSUPPORTED)
        if (
            torrent.private
            and answers
            and all(
                answer.scrape.state is AskState.SKIPPED and answer.announce.state is AskState.SKIPPED
                for answer in answers
            )
        ):
            rules.append(Rule.PRIVATE_NOT_ASKED)
        if any(answer.announce.warning for answer in answers):
            rules.append(Rule.WARNING_MESSAGE)
        return rules

    def _problem(
        self, rule: Rule, index: int, answers: tuple[AnswerView, ...], failover: FailoverView, steps: list[Step]
    ) -> Problem:
        torrent = self.torrents[index]
        blamed = self._blamed(rule, index, answers)
        names = tuple(dict.fromkeys(f"{a.tracker.host_port} {self._reason(rule, a)}".strip() for a in blamed))
        if not names and rule in {Rule.EXHAUSTED, Rule.FAILED_OVER, Rule.REDUNDANCY, Rule.SAME_TIER_FAILOVER}:
            failed = (s for s in steps if s.standing is Standing.FAILED and not s.muted)
            names = tuple(f"{s.name} {s.reason}".strip() for s in failed)
        evidence = Evidence(
            names=names,
            active=failover.active.host_port if failover.active else "",
            active_tier=failover.active_tier or 0,
            working=failover.working,
            total=failover.total,
            seen_by=_seen_by(answers, self.seeders[index]),
            detail=_detail(rule, torrent, answers),
        )
        message, action = torrent_words(rule, evidence)
        trackers = {answer.tracker.id for answer in blamed}
        return problem(
            rule,
            torrent=torrent.info_hash_hex,
            tracker=trackers.pop() if len(trackers) == 1 else None,
            since=at(self.since[index]),
            message=message,
            action=action,
        )

    def _muted(self, tracker_index: int) -> bool:
        view = self.trackers[tracker_index]
        return view.muted is not None or view.disabled is not None

    def _blamed(self, rule: Rule, index: int, answers: tuple[AnswerView, ...]) -> list[AnswerView]:
        failed = [(n, a) for n, a in enumerate(answers) if a.role is Role.FAILED and not self._muted(a.tracker_index)]
        match rule:
            case Rule.EXHAUSTED | Rule.REDUNDANCY:
                return [a for _, a in failed]
            case Rule.FAILED_OVER | Rule.SAME_TIER_FAILOVER:
                stand, swarms = self.stands[index], self.shapes[index].swarms
                return [a for n, a in failed if stand is not None and n // swarms in stand.walk.before]
            case Rule.UNREGISTERED | Rule.UNAUTHORIZED:
                return [a for a in answers if _refused_as(a, FailureKind(rule.value))]
            case Rule.IMPLAUSIBLE:
                return [
                    a for a in answers if (a.counts.seeders or 0) > SANE_COUNT or (a.counts.leechers or 0) > SANE_COUNT
                ]
            case Rule.SCRAPE_UNSUPPORTED:
                return [
                    a for a in answers if a.scrape.failure and a.scrape.failure.kind is FailureKind.SCRAPE_UNSUPPORTED
                ]
            case Rule.WARNING_MESSAGE:
                return [a for a in answers if a.announce.warning]
            case _:
                return []

    def _reason(self, rule: Rule, answer: AnswerView) -> str:
        if rule is Rule.IMPLAUSIBLE:
            return f"says {answer.counts.seeders} seeders, {answer.counts.leechers} leechers"
        if rule is Rule.WARNING_MESSAGE:
            return f'"{answer.announce.warning}"'
        if rule is Rule.SCRAPE_UNSUPPORTED:
            return ""
        return failure_words(answer_failure(answer, self.trackers[answer.tracker_index]))

    def _why(self, index: int, steps: list[Step]) -> str:
        rules = self.rules[index]
        if not rules:
            return ""
        failed = ", ".join(
            f"{_brief(s.name)} {s.reason}" for s in steps if s.standing is Standing.FAILED and not s.muted
        )
        match rules[0]:
            case Rule.EXHAUSTED | Rule.FAILED_OVER | Rule.REDUNDANCY | Rule.UNREGISTERED | Rule.UNAUTHORIZED if failed:
                tail = "; last one left" if self.working[index] == 1 and self.total[index] > 1 else ""
                return failed + tail
            case Rule.NO_SEEDERS:
                return "no seeder"
            case Rule.ONE_SEEDER:
                return "one seeder"
            case Rule.NO_TRACKERS:
                return "lists no usable tracker"
            case rule:
                return str(rule).replace("_", " ")


_WORST_FIRST = (Verdict.CRITICAL, Verdict.WARNING, Verdict.UNKNOWN, Verdict.OK)


def _effect(stand: Stand | None, place: int) -> FailoverState:
    """What the tracker at this place of the tiers does to a torrent; as in `Shape.effect_of`."""
    if stand is None:
        return FailoverState.UNKNOWN
    state = stand.walk.state
    return FailoverState.PRIMARY if state is FailoverState.FAILED_OVER and place not in stand.walk.before else state


def _brief(host_port: str) -> str:
    """A tracker in a few characters: a name without its port; of an address the port may be all that tells it apart."""
    literal = host_port[0].isdigit() or host_port.startswith("[")
    return host_port if literal else host_port.rpartition(":")[0]


def _refused_as(answer: AnswerView, kind: FailureKind) -> bool:
    # Where it works, what its announce said once was overruled since.
    said = None if answer.role in {Role.ACTIVE, Role.BACKUP} else answer.announce.failure
    failures = (said, answer.scrape.failure)
    if any(failure is not None and failure.kind is kind for failure in failures):
        return True
    return kind is FailureKind.UNREGISTERED and answer.role is Role.FAILED and bool(answer.announce.warning)


def _scrape_view(view: TrackerView, published: Published | None, slot: int, *, asked: bool) -> ScrapeView:
    """What became of asking for one swarm: its own failure first, then the round's, then the tracker's."""
    if published is None or slot >= len(published.answers) or not asked:
        return ScrapeView(AskState.SKIPPED)
    answer = published.answers[slot]
    failure: Failure | None
    if view.state is Health.DOWN:
        failure = view.failure
    elif answer == SwarmAnswer.FAILED:
        failure = published.failures.get(slot) or published.scrape_failure
    else:
        failure = published.scrape_failure
        if failure is None and answer == SwarmAnswer.NOT_ASKED:
            failure = view.failure
    if failure is not None:
        if failure.kind is FailureKind.SCRAPE_UNSUPPORTED or not failure.kind.counted:
            return ScrapeView(AskState.SKIPPED, failure=failure)
        return ScrapeView(
            AskState.FAILED, None, failure, view.last_probe_at, _source(recalled=view.recalled_at is not None)
        )
    if answer == SwarmAnswer.NOT_ASKED:
        return ScrapeView(AskState.SKIPPED)
    return ScrapeView(
        AskState.ANSWERED,
        published.scrape_latency_s,
        None,
        at(published.scraped_at),
        _source(recalled=published.recalled),
    )


def _announce_view(published: Published | None, slot: int) -> AnnounceView:
    record = published.announces.get(slot) if published else None
    if record is None:
        return AnnounceView(AskState.SKIPPED)
    outcome = record.outcome
    failure = outcome.probe.failure
    return AnnounceView(
        state=AskState.FAILED if failure else AskState.ANSWERED,
        latency_s=None if failure else outcome.probe.phases.exchange_s,
        peers=outcome.peers,
        interval_s=outcome.interval_s,
        min_interval_s=outcome.min_interval_s,
        warning=outcome.warning,
        failure=failure,
        observed_at=at(record.at),
        source=_source(recalled=record.recalled),
    )


def _source(*, recalled: bool) -> Source:
    return Source.STORE if recalled else Source.LIVE


def _seen_by(answers: tuple[AnswerView, ...], seeders: int) -> str:
    return ", ".join(dict.fromkeys(a.tracker.host_port for a in answers if a.counts.seeders == seeders))


def _disagreement(answers: tuple[AnswerView, ...]) -> bool:
    """One tracker knows seeders of a swarm where another, which answered too, knows none."""
    for version in {answer.swarm for answer in answers}:
        said = [a.counts.seeders for a in answers if a.swarm is version and a.counts.seeders is not None]
        if len(said) > 1 and min(said) == 0 < max(said):
            return True
    return False


def _detail(rule: Rule, torrent: Torrent, answers: tuple[AnswerView, ...]) -> str:
    if rule is Rule.NO_TRACKERS:
        return "; ".join(torrent.unusable_trackers)
    if rule is Rule.DISAGREEMENT:
        return ", ".join(
            f"{a.tracker.host_port} says {a.counts.seeders} seeders" for a in answers if a.counts.seeders is not None
        )
    return ""


def _known(count: int) -> int | None:
    return None if count == UNKNOWN_COUNT else count
