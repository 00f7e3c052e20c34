"""Torrents that list the same trackers in the same tiers: what the trackers say of them, and where that leaves each.

Where a torrent stands is looked up by how its trackers stand (one byte each) and computed once for all that stand alike.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from operator import add, attrgetter
from typing import TYPE_CHECKING, NamedTuple

from trackerwatch.engine.swarms import REFUSAL_FLAGS
from trackerwatch.failover import (
    LISTED,
    Client,
    FailoverState,
    Place,
    Standing,
    Walk,
    independent_groups,
    stands_on,
    tiers_of,
    walk,
)
from trackerwatch.outcome import UNKNOWN_COUNT, FailureKind
from trackerwatch.policy.judge import SANE_COUNT, Standings, broken_rules, verdict_of
from trackerwatch.tracker import Protocol

if TYPE_CHECKING:
    from array import array
    from collections.abc import Sequence

    from trackerwatch.engine.swarms import Published
    from trackerwatch.engine.tracker_state import TrackerState
    from trackerwatch.metainfo import Placement
    from trackerwatch.policy.rules import Rule, Verdict

STANDS_KEPT = 64
"""So many ways to stand are remembered for each shape, beside two for each of its torrents."""


class Stand(NamedTuple):
    """Where all torrents of one shape stand whose trackers stand alike."""

    walk: Walk
    standings: Standings
    active: int
    """Index of the active tracker, -1: none."""
    active_tier: int


class Judgement(NamedTuple):
    """What the numbers of a torrent come to."""

    stand: Stand
    rules: tuple[Rule, ...]
    verdict: Verdict
    seederless: bool
    """No seeder that counts is known: one may just have gone."""

    @property
    def trouble(self) -> object:
        """What it is in, as an object of its own: when that changes, a new time begins."""
        return self.rules[0] if self.rules else self.verdict


@dataclass(frozen=True, slots=True)
class Numbers:
    """What is said of several torrents, as parallel columns."""

    standings: list[bytes]
    """One byte a tracker, two for hybrids."""
    seeders: list[int]
    leechers: list[int]
    completed: list[int]
    flags: list[int]
    """Refusals as in `Published.refused`, and `IMPLAUSIBLE`."""
    judged: list[int]
    """Seeders as far as a verdict may rest on them: none or one that muted trackers alone tell of is unknown."""


IMPLAUSIBLE = 4
"""Beside the flags of `REFUSAL_FLAGS`: some tracker told counts beyond sanity."""

_SEEDERS, _LEECHERS, _COMPLETED = attrgetter("seeders"), attrgetter("leechers"), attrgetter("completed")


_CODES = [bytes([code]) for code in range(64)]
"""Seeders (unknown, 0, 1, more), whether leechers are known (4) and flags (8 and up) in one byte."""
_MANY = _CODES[2 + 1 + 4]


def _places(column: list[int]) -> slice | list[int]:
    """These places, as a slice where they stand in a row."""
    first, last = column[0], column[-1] + 1
    return slice(first, last) if last - first == len(column) > 8 and column == list(range(first, last)) else column


def _pick(counts: array[int], places: slice | list[int]) -> list[int]:
    """The counts at these places."""
    return counts[places].tolist() if isinstance(places, slice) else [*map(counts.__getitem__, places)]


def _maxima(columns: list[list[int]]) -> list[int]:
    """The largest of each row."""
    return columns[0] if len(columns) == 1 else [*map(max, *columns)] if columns else []


@dataclass(eq=False, slots=True)
class Shape:
    """Torrents with the same trackers in the same tiers, and the same number of swarms."""

    placements: tuple[Placement, ...]
    trackers: tuple[TrackerState, ...]
    swarms: int
    """1, or 2 for hybrids."""
    client: Client = LISTED
    """Who walks the tiers."""
    tiers: tuple[int, ...] = ()
    """Of each placement, as this client sees them."""
    places: tuple[Place, ...] = ()
    """What decides in which order a client tries them."""
    stands: dict[bytes, Stand] = field(default_factory=dict)
    members: int = 0
    """Torrents of this shape."""
    tally: Counter[Stand] = field(default_factory=Counter)
    """How many of them stand where; the rest stand nowhere yet."""

    def __post_init__(self) -> None:
        self.places = tuple(
            Place(placement.tier, tracker.protocol is Protocol.UDP, tracker.host, tracker.target.partition("?")[0])
            for placement in self.placements
            for tracker in (placement.tracker,)
        )
        self.walk_as(self.client)

    def walk_as(self, client: Client) -> None:
        """Forget how its torrents stand: from now on another client walks."""
        self.client, self.tiers = client, tiers_of(client, self.places)
        self.stands.clear()
        self.tally.clear()

    def effect_of(self, tracker: TrackerState) -> Counter[FailoverState]:
        """What one of its trackers does to its torrents: only what stands before the active one made them fail over."""
        effect = Counter[FailoverState]()
        place = next((n for n, state in enumerate(self.trackers) if state is tracker), len(self.trackers))
        for stand, count in self.tally.items():
            state = stand.walk.state
            if state is FailoverState.FAILED_OVER and place not in stand.walk.before:
                state = FailoverState.PRIMARY
            effect[state] += count
        effect[FailoverState.UNKNOWN] += self.members - sum(self.tally.values())
        return effect

    def numbers(self, slots: Sequence[tuple[int, ...]]) -> Numbers:
        """What the trackers say of torrents, given the columns of each: a maximum over trackers, never a sum."""
        size = len(slots)
        unknown = [UNKNOWN_COUNT] * size
        said = [tracker.swarms.published for tracker in self.trackers for _ in range(self.swarms)]
        if not said:
            return Numbers([b""] * size, unknown, unknown, unknown, [0] * size, unknown)
        picks = [(published, _places([slot[n] for slot in slots])) for n, published in enumerate(said)]
        only = said[0] if len(said) == 1 else None
        if only is not None:
            standings = [*map(_CODES.__getitem__, only.standings_at(picks[0][1]))]
        else:
            standings = [
                bytes(row)
                for row in zip(*(p.standings_at(column) if p else bytes(size) for p, column in picks), strict=True)
            ]
        seeders, leechers, completed = (
            _maxima([_pick(values(p), column) for p, column in picks if p is not None]) or unknown
            for values in (_SEEDERS, _LEECHERS, _COMPLETED)
        )
        flags = [0] * size
        muted = [tracker.muted for tracker in self.trackers for _ in range(self.swarms)]
        for n, published in enumerate(said):
            if published is not None and published.refused and not muted[n]:
                for row, slot in enumerate(slots):
                    flags[row] |= published.refused.get(slot[n], 0)
        numbers = Numbers(standings, seeders, leechers, completed, flags, seeders)
        if max(seeders) > SANE_COUNT or max(leechers) > SANE_COUNT:
            self._disbelieve(said, slots, numbers)
        if not any(muted):
            return numbers
        heard = (
            _maxima([_pick(p.seeders, column) for n, (p, column) in enumerate(picks) if p and not muted[n]]) or unknown
        )
        judged = [
            UNKNOWN_COUNT if told == UNKNOWN_COUNT and count <= 1 else count
            for told, count in zip(heard, seeders, strict=True)
        ]
        return replace(numbers, judged=judged)

    def _disbelieve(self, said: list[Published | None], slots: Sequence[tuple[int, ...]], numbers: Numbers) -> None:
        """Where a tracker tells counts beyond sanity, the maximum is that of the others."""
        for row, slot in enumerate(slots):
            if numbers.seeders[row] > SANE_COUNT or numbers.leechers[row] > SANE_COUNT:
                if any(_insane(p, slot[n]) for n, p in enumerate(said) if not self.trackers[n // self.swarms].muted):
                    numbers.flags[row] |= IMPLAUSIBLE
                for counts, values in ((numbers.seeders, _SEEDERS), (numbers.leechers, _LEECHERS)):
                    told = (values(p)[slot[n]] for n, p in enumerate(said) if p is not None)
                    counts[row] = max((count for count in told if count <= SANE_COUNT), default=UNKNOWN_COUNT)

    def judge_all(self, numbers: Numbers, queues: list[bytes] | None) -> tuple[list[Judgement], list[int]]:
        """Where torrents with these numbers stand, and which rules they break.

        Args:
            numbers: What is said of them.
            queues: What each carries of earlier walks. None: all are walked in the order of the file.

        Returns:
            The few judgements there are, and for each torrent which of them is its own.
        """
        if min(numbers.judged, default=0) == UNKNOWN_COUNT or any(numbers.flags):
            codes = [
                _CODES[(2 if judged > 1 else judged) + 1 + 4 * (seeders >= 0 or leechers >= 0) + 8 * flags]
                for judged, seeders, leechers, flags in zip(
                    numbers.judged, numbers.seeders, numbers.leechers, numbers.flags, strict=True
                )
            ]
        else:
            codes = [_MANY if seeders > 1 else _CODES[seeders + 5] for seeders in numbers.judged]
        # Bytes, not tuples: ten thousand new tuples wake the garbage collector.
        keys = [*map(add, numbers.standings, codes)]
        if queues is not None:
            keys = [*map(add, queues, keys)]
        number = {key: n for n, key in enumerate(set(keys))}
        mute = bytes(tracker.muted for tracker in self.trackers)
        if not any(mute):
            mute = b""
        return [self._judge(key[:-1], key[-1], mute) for key in number], [number[key] for key in keys]

    def _judge(self, key: bytes, code: int, mute: bytes) -> Judgement:
        seeders, counts_known, flags = code % 4 - 1, bool(code & 4), code // 8
        stand = self.stand(key, mute)
        rules = broken_rules(
            stand.standings,
            seeders,
            unregistered=bool(flags & REFUSAL_FLAGS[FailureKind.UNREGISTERED]),
            unauthorized=bool(flags & REFUSAL_FLAGS[FailureKind.UNAUTHORIZED]),
            implausible=bool(flags & IMPLAUSIBLE),
        )
        return Judgement(stand, rules, verdict_of(rules, counts_known=counts_known), seeders < 1)

    def stand(self, key: bytes, mute: bytes = b"") -> Stand:
        """Where a torrent stands.

        Args:
            key: The torrent's queue, and behind it how its trackers stand; two bytes a tracker for hybrids.
            mute: For each tracker 1 where it is muted. Empty: none is.
        """
        known = self.stands.get(key + mute)
        if known is None:
            if len(self.stands) > STANDS_KEPT + 2 * self.members:
                # Trackers come and go in ever new combinations: over weeks a torrent with many would remember them all.
                self.stands.clear()
            known = self.stands[key + mute] = self._work_out(key, mute)
        return known

    def _work_out(self, key: bytes, mute: bytes) -> Stand:
        size = len(self.trackers) * self.swarms
        queue, said = key[: len(key) - size], key[len(key) - size :]
        standings = bytes(_either(said[i], said[i + 1]) for i in range(0, size, 2)) if self.swarms == 2 else said
        result = walk(self.tiers, standings, self.client, queue)
        if result.queue != queue:
            # Torrents that come to the same by different ways stand alike.
            return self.stand(result.queue + said, mute)
        counted = _without(standings, mute) if mute else standings
        judged = walk(self.tiers, counted, self.client, queue) if mute else result
        there = [n for n, standing in enumerate(counted) if not (mute and mute[n]) or standing == Standing.WORKS]
        groups = independent_groups(
            [
                stands_on(t.tracker.host, t.tracker.port, [e.address for e in t.endpoints])
                for t in map(self.trackers.__getitem__, there)
            ]
        )
        hopeful = {group for n, group in zip(there, groups, strict=True) if counted[n] != Standing.FAILED}
        facts = Standings(
            state=judged.state,
            later_tier=judged.later_tier,
            listed=len(self.trackers),
            listed_independent=len(set(groups)),
            hopeful_independent=len(hopeful),
            works=judged.working > 0,
        )
        active = self.trackers[result.active].index if result.active >= 0 else -1
        return Stand(result, facts, active, self.placements[result.active].tier if result.active >= 0 else -1)


def _without(standings: bytes, mute: bytes) -> bytes:
    """How trackers stand for a verdict: a muted one that does not work is as if it were not there."""
    return bytes(
        Standing.NOT_COUNTED if muted and standing != Standing.WORKS else standing
        for standing, muted in zip(standings, mute, strict=True)
    )


def _insane(published: Published | None, column: int) -> bool:
    """Whether a tracker tells counts beyond sanity of this swarm."""
    return published is not None and max(published.seeders[column], published.leechers[column]) > SANE_COUNT


def _either(first: int, second: int) -> int:
    """A hybrid's tracker works when one of its swarms does, and fails only when both fail."""
    for standing in (Standing.WORKS, Standing.UNTRIED, Standing.FAILED):
        if standing in (first, second):
            return standing
    return Standing.NOT_COUNTED
