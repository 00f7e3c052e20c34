"""What torrents of one table have in common that stand alike: where they fail over to, what is wrong with them, in words.

It is made once for each way to stand, however many torrents somebody looks at.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trackerwatch.engine.clock import at
from trackerwatch.engine.explaining import Explainer, answer_failure
from trackerwatch.engine.views import AskState, FailoverView
from trackerwatch.failover import WORKING, FailoverState, Role, Standing, Step
from trackerwatch.outcome import FailureKind
from trackerwatch.policy.judge import SANE_COUNT, worst_first
from trackerwatch.policy.rules import Rule
from trackerwatch.policy.words import Evidence, failure_words, problem, torrent_words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trackerwatch.engine.shapes import Shape, Stand
    from trackerwatch.engine.views import AnswerView, TrackerView
    from trackerwatch.failover import Client
    from trackerwatch.metainfo import Torrent
    from trackerwatch.policy.rules import Problem
    from trackerwatch.tracker import Tracker

_OWN_WORDS = frozenset({Rule.NO_SEEDERS, Rule.ONE_SEEDER, Rule.IMPLAUSIBLE, Rule.DISAGREEMENT, Rule.NO_TRACKERS})
"""Rules whose words hold counts, or what only one torrent lists."""
_NAMES_FAILED = frozenset({Rule.EXHAUSTED, Rule.FAILED_OVER, Rule.REDUNDANCY, Rule.SAME_TIER_FAILOVER})


@dataclass(frozen=True, slots=True)
class Place:
    """Where one torrent stands, as the columns of its table have it."""

    torrent: Torrent
    shape: Shape
    stand: Stand | None
    state: FailoverState
    active: int
    """Index of the active tracker, -1: none."""
    active_tier: int
    working: int
    total: int
    rules: tuple[Rule, ...]
    """Broken rules that count for the verdict, worst first."""
    seeders: int
    since: float


@dataclass(frozen=True, slots=True)
class Alike:
    """What is the same for all torrents that stand alike."""

    failover: FailoverView
    rules: tuple[Rule, ...]
    """Broken ones and remarks, worst first."""
    why: str
    steps: Sequence[Step]
    words: dict[Rule, tuple[str, str, str | None]] = field(default_factory=dict)
    """Message, action, and the id of the tracker to blame, of what was asked for so far."""


class Judgements:
    """Says of the torrents of one table how they stand."""

    def __init__(
        self, trackers: Sequence[TrackerView], client: Client, private_scraped: Callable[[Tracker], bool]
    ) -> None:
        """Know the trackers as they are now.

        Args:
            trackers: By index.
            client: Who walks the tiers.
            private_scraped: Whether a tracker is scraped for private torrents.
        """
        self._trackers = trackers
        self._client = client
        self._explainer = Explainer(trackers, client, private_scraped)
        self._alike: dict[tuple[object, ...], Alike] = {}

    def of(self, place: Place, answers: tuple[AnswerView, ...]) -> Alike:
        """What a torrent has in common with those that stand alike.

        Args:
            place: Where it stands.
            answers: As `Answers.of` makes them: their scrape sides live as long as the table, so that identity is value.
        """
        disagreement = _disagreement(answers)
        # Shapes, stands and rules are held by the table.
        key = (
            id(place.shape),
            id(place.stand),
            id(place.rules),
            place.torrent.private,
            place.state,
            place.active,
            place.active_tier,
            place.working,
            place.total,
            disagreement,
            *[
                id(a.scrape)
                if a.announce.state is AskState.SKIPPED
                else (id(a.scrape), a.announce.state, a.announce.failure, a.announce.warning)
                for a in answers
            ],
            *([a.role for a in answers] if place.shape.swarms > 1 else ()),
        )
        alike = self._alike.get(key)
        if alike is None:
            alike = self._alike[key] = self._made(place, answers, disagreement=disagreement)
        return alike

    def problems(self, place: Place, alike: Alike, answers: tuple[AnswerView, ...]) -> tuple[Problem, ...]:
        """What is wrong with one torrent, worst first."""
        if not alike.rules:
            return ()
        info_hash, since = place.torrent.info_hash_hex, at(place.since)
        problems = []
        for rule in alike.rules:
            words = alike.words.get(rule)
            if words is None:
                words = self._words(rule, place, alike, answers)
                if rule not in _OWN_WORDS:
                    alike.words[rule] = words
            message, action, tracker = words
            problems.append(
                problem(rule, torrent=info_hash, tracker=tracker, since=since, message=message, action=action)
            )
        return tuple(problems)

    def _made(self, place: Place, answers: tuple[AnswerView, ...], *, disagreement: bool) -> Alike:
        torrent, shape, stand = place.torrent, place.shape, place.stand
        roles = roles_of(shape, stand)
        steps = self._explainer.steps(torrent, shape, roles, answers)
        active = self._trackers[place.active].tracker if place.active >= 0 else None
        failover = FailoverView(
            state=place.state,
            active=active,
            active_tier=place.active_tier if active else None,
            working=place.working,
            total=place.total,
            explanation=self._explainer.explain(torrent, shape, stand, steps),
            client=self._client.name,
        )
        rules = [*place.rules, *self._remarks(place, answers, disagreement=disagreement)]
        return Alike(failover, tuple(worst_first(rules)), _why(place, steps), steps)

    def _remarks(self, place: Place, answers: tuple[AnswerView, ...], *, disagreement: bool) -> list[Rule]:
        """Rules that are worth knowing and change no verdict: found when looked at."""
        rules: list[Rule] = []
        if place.stand is not None:
            facts = place.stand.standings
            if facts.listed_independent == 1 and not any(self._muted(state.index) for state in place.shape.trackers):
                rules.append(Rule.SINGLE_TRACKER)
            if facts.state is FailoverState.FAILED_OVER and not facts.later_tier:
                rules.append(Rule.SAME_TIER_FAILOVER)
        if disagreement:
            rules.append(Rule.DISAGREEMENT)
        failures = [answer.scrape.failure for answer in answers if answer.scrape.failure]
        if any(failure.kind is FailureKind.SCRAPE_UNSUPPORTED for failure in failures):
            rules.append(Rule.SCRAPE_UNSUPPORTED)
        if (
            place.torrent.private
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

    def _words(
        self, rule: Rule, place: Place, alike: Alike, answers: tuple[AnswerView, ...]
    ) -> tuple[str, str, str | None]:
        blamed = self._blamed(rule, place, answers)
        names = tuple(dict.fromkeys(f"{a.tracker.host_port} {self._reason(rule, a)}".strip() for a in blamed))
        if not names and rule in _NAMES_FAILED:
            failed = (s for s in alike.steps if s.standing is Standing.FAILED and not s.muted)
            names = tuple(f"{s.name} {s.reason}".strip() for s in failed)
        failover = alike.failover
        evidence = Evidence(
            names=names,
            active=failover.active.host_port if failover.active else "",
            active_tier=failover.active_tier or 0,
            working=failover.working,
            total=failover.total,
            seen_by=_seen_by(answers, place.seeders),
            detail=_detail(rule, place.torrent, answers),
        )
        message, action = torrent_words(rule, evidence)
        trackers = {answer.tracker.id for answer in blamed}
        return message, action, trackers.pop() if len(trackers) == 1 else None

    def _muted(self, tracker_index: int) -> bool:
        view = self._trackers[tracker_index]
        return view.muted is not None or view.disabled is not None

    def _blamed(self, rule: Rule, place: Place, answers: tuple[AnswerView, ...]) -> list[AnswerView]:
        failed = [(n, a) for n, a in enumerate(answers) if a.role is Role.FAILED and not self._muted(a.tracker_index)]
        match rule:
            case Rule.EXHAUSTED | Rule.REDUNDANCY:
                return [a for _, a in failed]
            case Rule.FAILED_OVER | Rule.SAME_TIER_FAILOVER:
                stand, swarms = place.stand, place.shape.swarms
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
        return failure_words(answer_failure(answer, self._trackers[answer.tracker_index]))


def roles_of(shape: Shape, stand: Stand | None) -> tuple[Role, ...]:
    """What each placement is to the torrents that stand so."""
    return stand.walk.roles if stand else (Role.UNTRIED,) * len(shape.placements)


def _why(place: Place, steps: Sequence[Step]) -> str:
    if not place.rules:
        return ""
    failed = ", ".join(f"{_brief(s.name)} {s.reason}" for s in steps if s.standing is Standing.FAILED and not s.muted)
    match place.rules[0]:
        case Rule.EXHAUSTED | Rule.FAILED_OVER | Rule.REDUNDANCY | Rule.UNREGISTERED | Rule.UNAUTHORIZED if failed:
            tail = "; last one left" if place.working == 1 and place.total > 1 else ""
            return failed + tail
        case Rule.NO_SEEDERS:
            return "no seeder"
        case Rule.ONE_SEEDER:
            return "one seeder"
        case Rule.NO_TRACKERS:
            return "lists no usable tracker"
        case rule:
            return str(rule).replace("_", " ")


def _brief(host_port: str) -> str:
    """A tracker in a few characters: a name without its port; of an address the port may be all that tells it apart."""
    literal = host_port[0].isdigit() or host_port.startswith("[")
    return host_port if literal else host_port.rpartition(":")[0]


def _refused_as(answer: AnswerView, kind: FailureKind) -> bool:
    # Where it works, what its announce said once was overruled since.
    said = None if answer.role in WORKING else answer.announce.failure
    failures = (said, answer.scrape.failure)
    if any(failure is not None and failure.kind is kind for failure in failures):
        return True
    return kind is FailureKind.UNREGISTERED and answer.role is Role.FAILED and bool(answer.announce.warning)


def _seen_by(answers: tuple[AnswerView, ...], seeders: int) -> str:
    return ", ".join(dict.fromkeys(a.tracker.host_port for a in answers if a.counts.seeders == seeders))


def _disagreement(answers: tuple[AnswerView, ...]) -> bool:
    """One tracker knows seeders of a swarm where another, which answered too, knows none."""
    none_known = {answer.swarm for answer in answers if answer.counts.seeders == 0}
    return bool(none_known) and any(
        answer.swarm in none_known and answer.counts.seeders is not None and answer.counts.seeders > 0
        for answer in answers
    )


def _detail(rule: Rule, torrent: Torrent, answers: tuple[AnswerView, ...]) -> str:
    if rule is Rule.NO_TRACKERS:
        return "; ".join(torrent.unusable_trackers)
    if rule is Rule.DISAGREEMENT:
        return ", ".join(
            f"{a.tracker.host_port} says {a.counts.seeders} seeders" for a in answers if a.counts.seeders is not None
        )
    return ""
