"""The torrents of one snapshot: frozen columns, and full views made when somebody looks."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isnan, nan
from typing import TYPE_CHECKING

from trackerwatch.engine.alike import Judgements, Place, roles_of
from trackerwatch.engine.clock import at
from trackerwatch.engine.torrent_answers import Answers, counts_of
from trackerwatch.engine.views import TorrentView
from trackerwatch.failover import LISTED, FailoverState
from trackerwatch.policy.rules import Rule, Verdict

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
    _answers: Answers = field(init=False, repr=False)
    _judgements: Judgements = field(init=False, repr=False)
    _torrents_of: dict[int, Mapping[FailoverState, Sequence[int]]] = field(init=False, repr=False, default_factory=dict)
    """What was looked at of `torrents_of`, by tracker."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "_answers", Answers(self.trackers, self.published, self.private_scraped))
        object.__setattr__(self, "_judgements", Judgements(self.trackers, self.client, self.private_scraped))

    def __len__(self) -> int:
        return len(self.torrents)

    def view(self, index: int) -> TorrentView:
        """Everything about one torrent."""
        torrent, shape, stand = self.torrents[index], self.shapes[index], self.stands[index]
        answers = self._answers.of(torrent, shape, self.slots[index], roles_of(shape, stand))
        place = Place(
            torrent,
            shape,
            stand,
            self.failover_states[index],
            self.active[index],
            self.active_tier[index],
            self.working[index],
            self.total[index],
            self.rules[index],
            self.seeders[index],
            self.since[index],
        )
        alike = self._judgements.of(place, answers)
        return TorrentView(
            index=index,
            torrent=torrent,
            verdict=self.verdicts[index],
            counts=counts_of(self.seeders[index], self.leechers[index], self.completed[index]),
            failover=alike.failover,
            answers=answers,
            problems=self._judgements.problems(place, alike, answers),
            since=at(self.since[index]),
            why=alike.why,
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


_WORST_FIRST = (Verdict.CRITICAL, Verdict.WARNING, Verdict.UNKNOWN, Verdict.OK)


def _effect(stand: Stand | None, place: int) -> FailoverState:
    """What the tracker at this place of the tiers does to a torrent; as in `Shape.effect_of`."""
    if stand is None:
        return FailoverState.UNKNOWN
    state = stand.walk.state
    return FailoverState.PRIMARY if state is FailoverState.FAILED_OVER and place not in stand.walk.before else state
