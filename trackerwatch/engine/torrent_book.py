"""All torrents as columns, kept up as their trackers change.

Torrents with the same tiers share one `Shape`; where a torrent stands is looked up by how its trackers stand (one byte each)
and computed once for all that stand alike. So a round of 10,000 torrents costs a few microseconds each, and a tick nothing.
"""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass, field
from itertools import compress
from operator import add, attrgetter, is_not
from typing import TYPE_CHECKING, Any, NamedTuple

from trackerwatch.engine.swarms import REFUSAL_FLAGS
from trackerwatch.failover import FailoverState, Standing, Walk, independent_groups, walk
from trackerwatch.outcome import UNKNOWN_COUNT, FailureKind
from trackerwatch.policy.judge import SANE_COUNT, Standings, broken_rules, verdict_of
from trackerwatch.policy.rules import Rule, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, MutableSequence, Sequence

    from trackerwatch.engine.swarms import Published
    from trackerwatch.engine.tracker_state import TrackerState
    from trackerwatch.metainfo import Placement, Torrent

NO_TIME = float("nan")
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


IMPLAUSIBLE = 4
"""Beside the flags of `REFUSAL_FLAGS`: some tracker told counts beyond sanity."""

_UNKNOWN, _PRIMARY = FailoverState.UNKNOWN, FailoverState.PRIMARY
_SEEDERS, _LEECHERS, _COMPLETED = attrgetter("seeders"), attrgetter("leechers"), attrgetter("completed")


_CODES = [bytes([code]) for code in range(64)]
"""Seeders (unknown, 0, 1, more), whether leechers are known (4) and flags (8 and up) in one byte."""
_MANY = _CODES[2 + 1 + 4]
_STAND, _RULES, _VERDICT = attrgetter("stand"), attrgetter("rules"), attrgetter("verdict")
_TROUBLE = attrgetter("trouble")
_ACTIVE, _ACTIVE_TIER = attrgetter("stand.active"), attrgetter("stand.active_tier")
_STATE, _WORKING = attrgetter("stand.walk.state"), attrgetter("stand.walk.working")


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
    tiers: tuple[int, ...]
    swarms: int
    """1, or 2 for hybrids."""
    stands: dict[bytes, Stand] = field(default_factory=dict)
    members: int = 0
    """Torrents of this shape."""
    tally: Counter[Stand] = field(default_factory=Counter)
    """How many of them stand where; the rest stand nowhere yet."""

    def effect_of(self, tracker: TrackerState) -> Counter[FailoverState]:
        """What one of its trackers does to its torrents: only what stands before the active one made them fail over."""
        effect = Counter[FailoverState]()
        place = next((n for n, state in enumerate(self.trackers) if state is tracker), len(self.trackers))
        for stand, count in self.tally.items():
            state = stand.walk.state
            if state is FailoverState.FAILED_OVER and stand.walk.active <= place:
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
            return Numbers([b""] * size, unknown, unknown, unknown, [0] * size)
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
        for n, published in enumerate(said):
            if published is not None and published.refused:
                for row, slot in enumerate(slots):
                    flags[row] |= published.refused.get(slot[n], 0)
        if max(seeders) > SANE_COUNT or max(leechers) > SANE_COUNT:
            self._disbelieve(said, slots, Numbers(standings, seeders, leechers, completed, flags))
        return Numbers(standings, seeders, leechers, completed, flags)

    def _disbelieve(self, said: list[Published | None], slots: Sequence[tuple[int, ...]], numbers: Numbers) -> None:
        """Where a tracker tells counts beyond sanity, the maximum is that of the others."""
        for row, slot in enumerate(slots):
            if numbers.seeders[row] > SANE_COUNT or numbers.leechers[row] > SANE_COUNT:
                numbers.flags[row] |= IMPLAUSIBLE
                for counts, values in ((numbers.seeders, _SEEDERS), (numbers.leechers, _LEECHERS)):
                    told = (values(p)[slot[n]] for n, p in enumerate(said) if p is not None)
                    counts[row] = max((count for count in told if count <= SANE_COUNT), default=UNKNOWN_COUNT)

    def judge_all(self, numbers: Numbers) -> tuple[list[Judgement], list[int]]:
        """Where torrents with these numbers stand, and which rules they break.

        Returns:
            The few judgements there are, and for each torrent which of them is its own.
        """
        if min(numbers.seeders, default=0) == UNKNOWN_COUNT or any(numbers.flags):
            codes = [
                _CODES[(2 if seeders > 1 else seeders) + 1 + 4 * (leechers >= 0) + 8 * flags]
                for seeders, leechers, flags in zip(numbers.seeders, numbers.leechers, numbers.flags, strict=True)
            ]
        else:
            codes = [_MANY if seeders > 1 else _CODES[seeders + 5] for seeders in numbers.seeders]
        # Bytes, not tuples: ten thousand new tuples wake the garbage collector.
        keys = [*map(add, numbers.standings, codes)]
        number = {key: n for n, key in enumerate(set(keys))}
        return [self._judge(key[:-1], key[-1]) for key in number], [number[key] for key in keys]

    def _judge(self, standings: bytes, code: int) -> Judgement:
        seeders, leechers_known, flags = code % 4 - 1, bool(code & 4), code // 8
        stand = self.stand(standings)
        rules = broken_rules(
            stand.standings,
            seeders,
            unregistered=bool(flags & REFUSAL_FLAGS[FailureKind.UNREGISTERED]),
            unauthorized=bool(flags & REFUSAL_FLAGS[FailureKind.UNAUTHORIZED]),
            implausible=bool(flags & IMPLAUSIBLE),
        )
        return Judgement(stand, rules, verdict_of(rules, counts_known=seeders >= 0 or leechers_known))

    def stand(self, standings: bytes) -> Stand:
        """Where a torrent stands whose trackers stand so; two bytes a tracker for hybrids."""
        known = self.stands.get(standings)
        if known is None:
            if len(self.stands) > STANDS_KEPT + 2 * self.members:
                # Trackers come and go in ever new combinations: over weeks a torrent with many would remember them all.
                self.stands.clear()
            known = self.stands[standings] = self._work_out(standings)
        return known

    def _work_out(self, standings: bytes) -> Stand:
        if self.swarms == 2:
            standings = bytes(_either(standings[i], standings[i + 1]) for i in range(0, len(standings), 2))
        result = walk(self.tiers, standings)
        groups = independent_groups([_stands_on(tracker) for tracker in self.trackers])
        hopeful = {group for group, standing in zip(groups, standings, strict=True) if standing != Standing.FAILED}
        facts = Standings(
            state=result.state,
            later_tier=result.later_tier,
            listed=len(self.trackers),
            listed_independent=len(set(groups)),
            hopeful_independent=len(hopeful),
            works=result.working > 0,
        )
        active = self.trackers[result.active].index if result.active >= 0 else -1
        return Stand(result, facts, active, self.tiers[result.active] if result.active >= 0 else -1)


def _stands_on(state: TrackerState) -> list[str]:
    """The host and the addresses that a tracker shares its fate with.

    On loopback everything shares one address and is a laboratory: there ports stand for machines.
    """
    names = [state.tracker.host, *(endpoint.address for endpoint in state.endpoints)]
    loopback = all(e.address.startswith("127.") or e.address == "::1" for e in state.endpoints)
    return [f"{name} port {state.tracker.port}" for name in names] if state.endpoints and loopback else names


def _either(first: int, second: int) -> int:
    """A hybrid's tracker works when one of its swarms does, and fails only when both fail."""
    for standing in (Standing.WORKS, Standing.UNTRIED, Standing.FAILED):
        if standing in (first, second):
            return standing
    return Standing.NOT_COUNTED


@dataclass(frozen=True, slots=True)
class Move:
    """A torrent whose failover state or active tracker changed."""

    torrent: int
    before: FailoverState
    after: FailoverState
    active_before: int
    active_after: int


class TorrentBook:
    """Every torrent, by index and by hash."""

    def __init__(self) -> None:
        self.torrents: list[Torrent] = []
        self.index: dict[bytes, int] = {}
        self.shapes: list[Shape] = []
        self.slots: list[tuple[int, ...]] = []
        """For each torrent the column in each of its shape's trackers; two a tracker for hybrids."""
        self.verdicts: list[Verdict] = []
        self.rules: list[tuple[Rule, ...]] = []
        self.troubles: list[object] = []
        """What each torrent's time runs for: its worst broken rule, or its verdict where none is broken."""
        self.failover_states: list[FailoverState] = []
        self.stands: list[Stand | None] = []
        self.seeders = array("q")
        self.leechers = array("q")
        self.completed = array("q")
        self.active = array("i")
        self.active_tier = array("i")
        self.working = array("i")
        self.total = array("i")
        self.since = array("d")
        self.gone: set[int] = set()
        """Indices of torrents that left; never used again."""
        self._shape_of: dict[tuple[int, int], Shape] = {}
        self.version = 0

    def __len__(self) -> int:
        return len(self.torrents)

    def add(self, torrent: Torrent, trackers: Sequence[TrackerState], now: float) -> int:
        """Take in a torrent, or what another copy of it adds. Its index, which never changes."""
        self.version += 1
        known = self.index.get(torrent.info_hash)
        if known is None:
            index = self.index[torrent.info_hash] = len(self.torrents)
            self.torrents.append(torrent)
            self.verdicts.append(Verdict.UNKNOWN)
            self.rules.append(())
            self.troubles.append(Verdict.UNKNOWN)
            self.failover_states.append(FailoverState.UNKNOWN)
            self.stands.append(None)
            for column in (self.seeders, self.leechers, self.completed):
                column.append(UNKNOWN_COUNT)
            for counts in (self.active, self.active_tier):
                counts.append(-1)
            self.working.append(0)
            self.total.append(len(torrent.placements))
            self.since.append(now)
            shape = self._shape(torrent, trackers)
            self.shapes.append(shape)
            self.slots.append(self._slots(torrent, index, shape))
            for tracker in shape.trackers:
                tracker.torrents += 1
        else:
            index = known
            self._leave(index)
            before = self.shapes[index].trackers
            self.torrents[index] = torrent
            self.total[index] = len(torrent.placements)
            shape = self.shapes[index] = self._shape(torrent, trackers)
            self.slots[index] = self._slots(torrent, index, shape)
            for tracker in shape.trackers:
                tracker.torrents += tracker not in before
        shape.members += 1
        return index

    def remove(self, info_hash: bytes) -> int | None:
        """Let a torrent go. Its index, None: it was not there."""
        index = self.index.pop(info_hash, None)
        if index is None:
            return None
        self.version += 1
        self.gone.add(index)
        shape = self.shapes[index]
        for place, tracker in enumerate(shape.trackers):
            tracker.torrents -= 1
            tracker.dirty = True
            for column in self.slots[index][place * shape.swarms : (place + 1) * shape.swarms]:
                tracker.swarms.leave(column, index)
        self._leave(index)
        return index

    def listed(self) -> Sequence[int]:
        """Indices of the torrents that are here."""
        size = len(self.torrents)
        return [index for index in range(size) if index not in self.gone] if self.gone else range(size)

    def _leave(self, index: int) -> None:
        """Take a torrent out of its shape; a shape without torrents is forgotten."""
        shape, stand = self.shapes[index], self.stands[index]
        shape.members -= 1
        if stand is not None:
            shape.tally[stand] -= 1
            self.stands[index] = None
        if not shape.members:
            self._shape_of.pop((id(shape.placements), shape.swarms), None)
            for tracker in shape.trackers:
                tracker.shapes = [other for other in tracker.shapes if other is not shape]

    def _shape(self, torrent: Torrent, trackers: Sequence[TrackerState]) -> Shape:
        # By identity: inputs intern equal tiers, and the shape keeps the tuple alive so that its id stays its own.
        key = (id(torrent.placements), len(torrent.swarms))
        shape = self._shape_of.get(key)
        if shape is None:
            placements = torrent.placements
            tiers = tuple(placement.tier for placement in placements)
            shape = self._shape_of[key] = Shape(placements, tuple(trackers), tiers, len(torrent.swarms))
            for tracker in trackers:
                tracker.shapes.append(shape)
        return shape

    def _slots(self, torrent: Torrent, index: int, shape: Shape) -> tuple[int, ...]:
        swarms = torrent.swarms
        if len(swarms) > 1:
            for tracker in shape.trackers:
                tracker.swarms.repeats = True
        return tuple(
            tracker.swarms.add(info_hash, version, index, private=torrent.private)
            for tracker in shape.trackers
            for version, info_hash in swarms
        )

    def chunks(self, indices: list[int], placements: int) -> Iterator[list[int]]:
        """Cut a list of torrents into parts that list about so many trackers in all, one torrent at least."""
        start = 0
        while start < len(indices):
            widest = max(1, self.total[indices[start]])
            end = start + max(1, placements // widest)
            widest = max(widest, *(self.total[index] for index in indices[start:end:16]))
            end = start + max(1, placements // widest)
            yield indices[start:end]
            start = end

    def recompute(self, indices: Iterable[int], now: float) -> list[Move]:
        """Bring these torrents up to date with their trackers' published swarms.

        Returns:
            Those whose failover state or active tracker changed in a way worth telling.
        """
        members = [index for index in indices if index not in self.gone] if self.gone else list(indices)
        if not members:
            return []
        self.version += 1
        shapes = [self.shapes[index] for index in members]
        if shapes.count(shapes[0]) == len(shapes):
            return self._recompute_alike(shapes[0], members, now)
        alike: dict[Shape, list[int]] = {}
        for index, shape in zip(members, shapes, strict=True):
            alike.setdefault(shape, []).append(index)
        return [move for shape, members in alike.items() for move in self._recompute_alike(shape, members, now)]

    def _recompute_alike(self, shape: Shape, members: list[int], now: float) -> list[Move]:
        """The same for torrents of one shape: whole columns at a time, as 10,000 of them may have news at once."""
        first, last = members[0], members[-1] + 1
        in_a_row = last - first == len(members) and members == list(range(first, last))

        def old(column: MutableSequence[Any]) -> list[Any]:
            return list(column[first:last]) if in_a_row else [column[index] for index in members]

        numbers = shape.numbers(old(self.slots))
        judgements, which = shape.judge_all(numbers)

        def new(of: Callable[[Judgement], Any]) -> list[Any]:
            table = [of(judgement) for judgement in judgements]
            return table * len(which) if len(table) == 1 else [*map(table.__getitem__, which)]

        verdicts, states, active = new(_VERDICT), new(_STATE), new(_ACTIVE)
        troubles, old_troubles = new(_TROUBLE), old(self.troubles)
        old_states, old_active = old(self.failover_states), old(self.active)
        stands, old_stands = new(_STAND), old(self.stands)
        columns: tuple[tuple[MutableSequence[Any], list[Any]], ...] = (
            (self.seeders, numbers.seeders),
            (self.leechers, numbers.leechers),
            (self.completed, numbers.completed),
            (self.verdicts, verdicts),
            (self.rules, new(_RULES)),
            (self.troubles, troubles),
            (self.failover_states, states),
            (self.active, active),
            (self.active_tier, new(_ACTIVE_TIER)),
            (self.working, new(_WORKING)),
            (self.stands, stands),
        )
        for column, values in columns:
            if in_a_row:
                column[first:last] = array(column.typecode, values) if isinstance(column, array) else values
            else:
                for index, value in zip(members, values, strict=True):
                    column[index] = value
        for index in compress(members, map(is_not, old_troubles, troubles)):
            self.since[index] = now
        if stands != old_stands:
            self._retally(shape, old_stands, [judgement.stand for judgement in judgements], which)
        if states == old_states and active == old_active:
            return []
        if old_states.count(_UNKNOWN) == len(members) == states.count(_PRIMARY):
            # What everything comes to at the start is no news.
            return []
        return [
            Move(index, before, after, was, now_active)
            for index, before, after, was, now_active in zip(
                members, old_states, states, old_active, active, strict=True
            )
            if (before is not after or was != now_active) and not (before is _UNKNOWN and after is _PRIMARY)
        ]

    def _retally(self, shape: Shape, before: list[Stand | None], after: list[Stand], which: list[int]) -> None:
        """Count who stands where. Few distinct stands, many torrents: counted by identity, which costs no hashing."""
        if before.count(None) < len(before):
            stands = dict(zip(map(id, before), before, strict=True))
            for key, count in Counter(map(id, before)).items():
                stand = stands[key]
                if stand is not None:
                    shape.tally[stand] -= count
        for n, count in Counter(which).items():
            shape.tally[after[n]] += count
        shape.tally = +shape.tally
        for tracker in shape.trackers:
            tracker.dirty = True
