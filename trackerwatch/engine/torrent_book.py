"""All torrents as columns, kept up as their trackers change.

Torrents with the same tiers share one `Shape`; whole columns of them are brought up to date at a time. So a round of 10,000
torrents costs a few microseconds each, and a tick nothing.
"""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass
from itertools import compress
from operator import attrgetter, is_not
from typing import TYPE_CHECKING, Any, NamedTuple

from trackerwatch.engine.covers import Covers
from trackerwatch.engine.shapes import Judgement, Shape, Stand
from trackerwatch.failover import LISTED, FailoverState, first_queue
from trackerwatch.outcome import UNKNOWN_COUNT
from trackerwatch.policy.rules import Rule, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, MutableSequence, Sequence

    from trackerwatch.engine.tracker_state import TrackerState
    from trackerwatch.failover import Client
    from trackerwatch.metainfo import Torrent

NO_TIME = float("nan")
_UNKNOWN, _PRIMARY = FailoverState.UNKNOWN, FailoverState.PRIMARY
_STAND, _RULES, _VERDICT = attrgetter("stand"), attrgetter("rules"), attrgetter("verdict")
_TROUBLE = attrgetter("trouble")
_ACTIVE, _ACTIVE_TIER = attrgetter("stand.active"), attrgetter("stand.active_tier")
_STATE, _WORKING = attrgetter("stand.walk.state"), attrgetter("stand.walk.working")
_QUEUE = attrgetter("stand.walk.queue")


_OF_FAILOVER = {
    FailoverState.EXHAUSTED: (Rule.EXHAUSTED,),
    # Within a tier the failover itself is no broken rule; what it costs is.
    FailoverState.FAILED_OVER: (Rule.FAILED_OVER, Rule.REDUNDANCY),
}
"""Troubles that began when a torrent moved to where it is."""


@dataclass(frozen=True, slots=True)
class Move:
    """A torrent whose failover state or active tracker changed."""

    torrent: int
    before: FailoverState
    after: FailoverState
    active_before: int
    active_after: int


class ProblemChange(NamedTuple):
    """Torrents that break other rules than before, all of them the same."""

    torrents: list[int]
    before: tuple[Rule, ...]
    after: tuple[Rule, ...]


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
        self.seeded_at = array("d")
        """Wall time at which the last seeder had gone, to within one round. NaN: never. Where there are seeders, it is now."""
        self.queues: list[bytes] = []
        """What each torrent carries of earlier walks (`failover.order`). Empty where the client keeps to the file's order."""
        self.gone: set[int] = set()
        """Indices of torrents that left; never used again."""
        self._shape_of: dict[tuple[int, int], Shape] = {}
        self.version = 0
        """Rises with every change."""
        self.judged = 0
        """Rises where verdicts, failover states or broken rules changed, or torrents came or went: seldom, where all is well."""
        self._problems: list[ProblemChange] = []
        self._covers = Covers()
        self.client: Client = LISTED
        """Who walks the tiers; `walk_as` changes it."""

    def __len__(self) -> int:
        return len(self.torrents)

    def add(self, torrent: Torrent, trackers: Sequence[TrackerState], now: float) -> int:
        """Take in a torrent, or what it lists from now on. Its index, which never changes."""
        self.version += 1
        self.judged += 1
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
            self.seeded_at.append(NO_TIME)
            shape = self._shape(torrent, trackers)
            self.shapes.append(shape)
            self.queues.append(first_queue(self.client, shape.places, torrent.info_hash))
            self.slots.append(self._slots(torrent, index, shape))
            for tracker in shape.trackers:
                tracker.torrents += 1
        else:
            index = known
            self._leave(index)
            self._covers.drop(index)
            before, old_slots = self.shapes[index], self.slots[index]
            self.torrents[index] = torrent
            self.total[index] = len(torrent.placements)
            shape = self.shapes[index] = self._shape(torrent, trackers)
            self.slots[index] = self._slots(torrent, index, shape)
            self.queues[index] = first_queue(self.client, shape.places, torrent.info_hash)
            for tracker in shape.trackers:
                tracker.torrents += tracker not in before.trackers
            self._give_up(index, before, old_slots, shape.trackers)
        shape.members += 1
        return index

    def remove(self, info_hash: bytes) -> int | None:
        """Let a torrent go. Its index, None: it was not there."""
        index = self.index.pop(info_hash, None)
        if index is None:
            return None
        self.version += 1
        self.judged += 1
        self.gone.add(index)
        self._covers.drop(index)
        self._give_up(index, self.shapes[index], self.slots[index])
        self._leave(index)
        return index

    def _give_up(self, index: int, shape: Shape, slots: tuple[int, ...], kept: tuple[TrackerState, ...] = ()) -> None:
        """A torrent is no longer at the trackers of a shape, those that are kept excepted."""
        for place, tracker in enumerate(shape.trackers):
            if tracker in kept:
                continue
            tracker.torrents -= 1
            tracker.dirty = True
            for column in slots[place * shape.swarms : (place + 1) * shape.swarms]:
                tracker.swarms.leave(column, index)

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
            shape = Shape(torrent.placements, tuple(trackers), len(torrent.swarms), self.client)
            self._shape_of[key] = shape
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

    def walk_as(self, client: Client, now: float) -> Sequence[int]:
        """Walk every torrent as this client would, from the order that it begins with.

        A switch is the user's doing, no tracker's: it makes no moves, so there is nothing to tell.

        Args:
            client: One of `failover.CLIENTS`.
            now: Wall time.

        Returns:
            Indices of the torrents that may show something else now.
        """
        self.client = client
        for shape in self._shape_of.values():
            shape.walk_as(client)
        self.stands = [None] * len(self.torrents)
        listed = self.listed()
        for index in listed:
            self.queues[index] = first_queue(client, self.shapes[index].places, self.torrents[index].info_hash)
        self.recompute(listed, now, ordered=True)
        return listed

    def remember_seeded(self, index: int, at: float) -> None:
        """An earlier run saw a seeder of this torrent at this wall time."""
        if not self.seeded_at[index] >= at:  # NaN is no earlier time
            self.seeded_at[index] = at
            self.version += 1

    def remember_moves(self, moved: Mapping[bytes, tuple[str, float]]) -> list[int]:
        """Earlier runs saw torrents move: where they stand so still, they have since then.

        Args:
            moved: By info hash the failover state that a torrent moved to last, and the wall time of it.

        Returns:
            The torrents whose time that changed.
        """
        changed = []
        for info_hash, (state, at) in moved.items():
            index = self.index.get(info_hash)
            if index is None or self.failover_states[index] != state:
                continue
            if self.troubles[index] not in _OF_FAILOVER.get(self.failover_states[index], ()):
                continue
            if at < self.since[index]:
                self.since[index] = at
                changed.append(index)
        self.version += bool(changed)
        return changed

    def shift_wall(self, shift_s: float) -> None:
        """The clock was set: what was noted by it moves along, so that ages stay true."""
        for column in (self.since, self.seeded_at):
            for index, moment in enumerate(column):
                column[index] = moment + shift_s
        self._covers.shift_wall(shift_s)

    def take_problems(self) -> list[ProblemChange]:
        """What rules torrents broke and mended since this was asked last."""
        changes, self._problems = self._problems, []
        return changes

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

    def recompute(self, indices: Iterable[int], now: float, *, ordered: bool = False) -> list[Move]:
        """Bring these torrents up to date with their trackers' published swarms.

        Args:
            indices: Which.
            now: Wall time.
            ordered: An order of the user is what changes them: a trouble that it covers is not over.

        Returns:
            Those whose failover state or active tracker changed in a way worth telling.
        """
        members = [index for index in indices if index not in self.gone] if self.gone else list(indices)
        if not members:
            return []
        self.version += 1
        shapes = [self.shapes[index] for index in members]
        if shapes.count(shapes[0]) == len(shapes):
            return self._recompute_alike(shapes[0], members, now, ordered=ordered)
        alike: dict[Shape, list[int]] = {}
        for index, shape in zip(members, shapes, strict=True):
            alike.setdefault(shape, []).append(index)
        return [
            move
            for shape, members in alike.items()
            for move in self._recompute_alike(shape, members, now, ordered=ordered)
        ]

    def _recompute_alike(self, shape: Shape, members: list[int], now: float, *, ordered: bool) -> list[Move]:
        """The same for torrents of one shape: whole columns at a time, as 10,000 of them may have news at once."""
        first, last = members[0], members[-1] + 1
        in_a_row = last - first == len(members) and members == list(range(first, last))

        def old(column: MutableSequence[Any]) -> list[Any]:
            return list(column[first:last]) if in_a_row else [column[index] for index in members]

        numbers = shape.numbers(old(self.slots))
        queues = None if shape.client.in_order else old(self.queues)
        judgements, which = shape.judge_all(numbers, queues)

        def new(of: Callable[[Judgement], Any]) -> list[Any]:
            table = [of(judgement) for judgement in judgements]
            return table * len(which) if len(table) == 1 else [*map(table.__getitem__, which)]

        verdicts, states, active = new(_VERDICT), new(_STATE), new(_ACTIVE)
        old_verdicts = old(self.verdicts)
        troubles, old_troubles = new(_TROUBLE), old(self.troubles)
        old_states, old_active = old(self.failover_states), old(self.active)
        stands, old_stands = new(_STAND), old(self.stands)
        rules, old_rules = new(_RULES), old(self.rules)
        columns: tuple[tuple[MutableSequence[Any], list[Any]], ...] = (
            (self.seeders, numbers.seeders),
            (self.leechers, numbers.leechers),
            (self.completed, numbers.completed),
            (self.verdicts, verdicts),
            (self.rules, rules),
            (self.troubles, troubles),
            (self.failover_states, states),
            (self.active, active),
            (self.active_tier, new(_ACTIVE_TIER)),
            (self.working, new(_WORKING)),
            (self.stands, stands),
        )
        if queues is not None:
            columns += ((self.queues, new(_QUEUE)),)
        if any(bare := [judgement.seederless for judgement in judgements]):
            rows = [n for n, number in enumerate(which) if bare[number]]
            self._note_last_seeders((members[n] for n in rows), [numbers.seeders[n] for n in rows], now)
        shown_again: dict[int, float] = {}
        if ordered or len(self._covers):
            changing = zip(members, old_troubles, troubles, stands, old_stands, numbers.seeders, strict=True)
            shown_again = self._look_under_covers(changing, ordered=ordered)
        for column, values in columns:
            if in_a_row:
                column[first:last] = array(column.typecode, values) if isinstance(column, array) else values
            else:
                for index, value in zip(members, values, strict=True):
                    column[index] = value
        for index in compress(members, map(is_not, old_troubles, troubles)):
            self.since[index] = shown_again.get(index, now)
        if verdicts != old_verdicts or states != old_states or rules != old_rules:
            self.judged += 1
        if rules != old_rules:
            self._note_problems(members, old_rules, judgements, which)
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

    def _look_under_covers(
        self, rows: Iterable[tuple[int, object, object, Stand, Stand | None, int]], *, ordered: bool
    ) -> dict[int, float]:
        """Note which troubles an order covers.

        Args:
            rows: Torrents with their trouble, before and now; where they stand, now and before; seeders now.
            ordered: Whether it is an order that changes them.

        Returns:
            The torrents whose trouble was covered and shows again, and since when it lasts.
        """
        covers, shown_again = self._covers, {}
        for index, old, new, stand, old_stand, seeders in rows:
            covers.look(index, stand, seeders)
            if old is new:
                continue
            since = covers.uncover(index, new)
            if since is not None:
                shown_again[index] = since
            if ordered:
                covers.cover(index, old, self.since[index], stand=old_stand, seeders=self.seeders[index])
        return shown_again

    def _note_problems(
        self, members: list[int], before: list[tuple[Rule, ...]], judgements: list[Judgement], which: list[int]
    ) -> None:
        """Remember who breaks what since now: few ways for many torrents, told apart without looking into any."""
        first = before[0]
        if before.count(first) == len(before):
            for number, judgement in enumerate(judgements):
                if judgement.rules != first:
                    torrents = members if len(judgements) == 1 else [*compress(members, map(number.__eq__, which))]
                    self._problems.append(ProblemChange(torrents, first, judgement.rules))
            return
        alike: dict[tuple[int, int], list[int]] = {}
        for index, old, number in zip(members, before, which, strict=True):
            if old != judgements[number].rules:
                alike.setdefault((id(old), number), []).append(index)
        rules = {id(old): old for old in before}
        self._problems += [
            ProblemChange(torrents, rules[old], judgements[number].rules) for (old, number), torrents in alike.items()
        ]

    def _note_last_seeders(self, members: Iterable[int], after: list[int], now: float) -> None:
        """Write down where the last seeder has just gone."""
        for index, seeders in zip(members, after, strict=True):
            if seeders < 1 <= self.seeders[index]:
                self.seeded_at[index] = now

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
