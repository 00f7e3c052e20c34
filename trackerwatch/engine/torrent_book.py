"""All torrents as columns, kept up as their trackers change.

Torrents with the same tiers share one `Shape`; where a torrent stands is looked up by how its trackers stand (one byte each)
and computed once for all that stand alike. So a round of 10,000 torrents costs a few microseconds each, and a tick nothing.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from trackerwatch.failover import FailoverState, Standing, Walk, independent_groups, walk
from trackerwatch.outcome import UNKNOWN_COUNT
from trackerwatch.policy.judge import SANE_COUNT, Standings, broken_rules, verdict_of
from trackerwatch.policy.rules import Rule, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trackerwatch.engine.tracker_state import TrackerState
    from trackerwatch.metainfo import Placement, Torrent

NO_TIME = float("nan")


class Stand(NamedTuple):
    """Where all torrents of one shape stand whose trackers stand alike."""

    walk: Walk
    standings: Standings
    active: int
    """Index of the active tracker, -1: none."""
    active_tier: int


@dataclass(eq=False, slots=True)
class Shape:
    """Torrents with the same trackers in the same tiers, and the same number of swarms."""

    placements: tuple[Placement, ...]
    trackers: tuple[TrackerState, ...]
    tiers: tuple[int, ...]
    swarms: int
    """1, or 2 for hybrids."""
    stands: dict[bytes, Stand] = field(default_factory=dict)
    states: dict[FailoverState, int] = field(default_factory=lambda: dict.fromkeys(FailoverState, 0))
    """How many of its torrents are in each failover state."""

    def stand(self, standings: bytes) -> Stand:
        """Where a torrent stands whose trackers stand so; two bytes a tracker for hybrids."""
        known = self.stands.get(standings)
        if known is None:
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
            shape.states[FailoverState.UNKNOWN] += 1
        else:
            index = known
            self.torrents[index] = torrent
            self.total[index] = len(torrent.placements)
            self.shapes[index].states[self.failover_states[index]] -= 1
            shape = self.shapes[index] = self._shape(torrent, trackers)
            shape.states[self.failover_states[index]] += 1
            self.slots[index] = self._slots(torrent, index, shape)
        return index

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
        for tracker in shape.trackers:
            tracker.torrents += 1
        return tuple(
            tracker.add_swarm(info_hash, version, index, private=torrent.private)
            for tracker in shape.trackers
            for version, info_hash in swarms
        )

    def recompute(self, indices: Iterable[int], now: float) -> list[Move]:
        """Bring these torrents up to date with their trackers' published swarms.

        Returns:
            Those whose failover state or active tracker changed.
        """
        moves: list[Move] = []
        self.version += 1
        for i in indices:
            shape, slots = self.shapes[i], self.slots[i]
            seeders = leechers = completed = UNKNOWN_COUNT
            flags = 0
            if len(slots) == 1:
                published = shape.trackers[0].published
                if published is None:
                    continue
                slot = slots[0]
                standings = published.standings[slot : slot + 1]
                seeders, leechers = published.seeders[slot], published.leechers[slot]
                completed = published.completed[slot]
                if seeders > SANE_COUNT or leechers > SANE_COUNT:
                    flags |= 4
                    seeders = seeders if seeders <= SANE_COUNT else UNKNOWN_COUNT
                    leechers = leechers if leechers <= SANE_COUNT else UNKNOWN_COUNT
                if slot in published.refused:
                    flags |= published.refused[slot]
            else:
                codes = bytearray()
                swarms = shape.swarms
                for position, slot in enumerate(slots):
                    published = shape.trackers[position if swarms == 1 else position // swarms].published
                    if published is None:
                        codes.append(Standing.UNTRIED)
                        continue
                    codes.append(published.standings[slot])
                    said = published.seeders[slot]
                    if said > seeders:
                        if said > SANE_COUNT:
                            flags |= 4
                        else:
                            seeders = said
                    said = published.leechers[slot]
                    if said > leechers:
                        if said > SANE_COUNT:
                            flags |= 4
                        else:
                            leechers = said
                    said = published.completed[slot]
                    completed = max(completed, said)
                    if slot in published.refused:
                        flags |= published.refused[slot]
                standings = bytes(codes)
            stand = shape.stand(standings)
            self.seeders[i], self.leechers[i], self.completed[i] = seeders, leechers, completed
            self.stands[i] = stand
            rules = broken_rules(
                stand.standings,
                min(seeders, 2),
                unregistered=bool(flags & 1),
                unauthorized=bool(flags & 2),
                implausible=bool(flags & 4),
            )
            verdict = verdict_of(rules, counts_known=seeders >= 0 or leechers >= 0)
            self.rules[i] = rules
            if verdict is not self.verdicts[i]:
                self.verdicts[i] = verdict
                self.since[i] = now
            state, before = stand.walk.state, self.failover_states[i]
            if state is not before or stand.active != self.active[i]:
                moves.append(Move(i, before, state, self.active[i], stand.active))
                shape.states[before] -= 1
                shape.states[state] += 1
                self.failover_states[i] = state
                self.active[i], self.active_tier[i] = stand.active, stand.active_tier
                for tracker in shape.trackers:
                    tracker.dirty = True
            self.working[i] = stand.walk.working
        return moves
