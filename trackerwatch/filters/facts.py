"""What is known of each thing a filter is asked about: one table of getters a kind of thing.

A getter returns the texts of a field (casefolded; a test holds when it holds for one of them), a number, or None for a
number nobody knows. A field that is missing from a table, and a getter that returns `UNDECIDED`, leave a test undecided.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, TypeVar

from trackerwatch.failover.states import FailoverState
from trackerwatch.filters.fields import Field
from trackerwatch.health.states import Health
from trackerwatch.policy.rules import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from trackerwatch.engine.views import TorrentTable, TorrentView, TrackerView
    from trackerwatch.metainfo.torrent import Placement, Torrent
    from trackerwatch.tracker import Tracker


class Undecided(Enum):
    """Nobody can say yet, or the field has no bearing on this kind of thing."""

    UNDECIDED = 0


UNDECIDED = Undecided.UNDECIDED

T = TypeVar("T")
Texts = tuple[str, ...]
Fact = Texts | float | None

TORRENT_STATES = frozenset({*Verdict, *FailoverState} - {"unknown"})


@dataclass(slots=True)
class TorrentRow:
    """One torrent of a snapshot, looked at through the columns; its full view is made only when a field needs it."""

    table: TorrentTable
    trackers: Sequence[TrackerView]
    index: int = 0
    states: dict[Tracker, str] = field(init=False)
    """Of trackers of which something is known."""
    states_by_tiers: dict[int, Texts] = field(default_factory=dict)
    """By the id of placements, which the table keeps alive: torrents with the same tiers share them."""

    def __post_init__(self) -> None:
        self.states = tracker_states(self.trackers)


@dataclass(frozen=True, slots=True)
class SeenTorrent:
    """A full view of one torrent with the trackers of its snapshot (may be empty: then their states are not known)."""

    view: TorrentView
    trackers: Sequence[TrackerView]


def tracker_names(tracker: Tracker) -> Texts:
    """What `tracker=` compares: id, shown URL, host with port."""
    return (tracker.id, tracker.shown_url.casefold(), tracker.host_port)


def hosts(placements: Iterable[Placement]) -> Texts:
    """What `host=` compares: host, and host with port."""
    return tuple(dict.fromkeys(h for p in placements for h in (p.tracker.host, p.tracker.host_port)))


def _hashes(torrent: Torrent) -> Texts:
    v2 = torrent.info_hash_v2
    return (torrent.info_hash_hex,) if v2 is None else (torrent.info_hash_hex, v2.hex())


def _size(torrent: Torrent) -> Fact:
    return torrent.size_bytes


TORRENT: Mapping[Field, Callable[[Torrent], Fact]] = {
    Field.NAME: lambda torrent: (torrent.name.casefold(),),
    Field.INFO_HASH: _hashes,
    Field.HOST: lambda torrent: hosts(torrent.placements),
    Field.TRACKER: lambda torrent: tuple(n for p in torrent.placements for n in tracker_names(p.tracker)),
    Field.PROTOCOL: lambda torrent: tuple({p.tracker.protocol.value for p in torrent.placements}),
    Field.PRIVATE: lambda torrent: ("yes" if torrent.private else "no",),
    Field.SOURCE: lambda torrent: tuple(source.casefold() for source in torrent.sources),
    Field.SIZE: _size,
}
"""What is known of a torrent before anything is asked."""


def _of_torrent(torrent_of: Callable[[T], Torrent]) -> dict[Field, Callable[[T], Fact]]:
    """The getters of a torrent, for a thing that holds one."""

    def bind(getter: Callable[[Torrent], Fact]) -> Callable[[T], Fact]:
        return lambda thing: getter(torrent_of(thing))

    return {field: bind(getter) for field, getter in TORRENT.items()}


def row_torrent(row: TorrentRow) -> Torrent:
    """The torrent of a row."""
    return row.table.torrents[row.index]


def seen_torrent(seen: SeenTorrent) -> Torrent:
    """The torrent of a view."""
    return seen.view.torrent


def _active(tracker: Tracker | None) -> Texts:
    return ("none",) if tracker is None else (tracker.host, *tracker_names(tracker))


def _column(number: int) -> Fact:
    return None if number < 0 else number


def _row_state(row: TorrentRow) -> Fact:
    placements = row_torrent(row).placements
    states = row.states_by_tiers.get(id(placements))
    if states is None:
        found = {row.states.get(placement.tracker) for placement in placements}
        states = row.states_by_tiers[id(placements)] = tuple(state for state in found if state is not None)
    return (row.table.verdicts[row.index].value, row.table.failover_states[row.index].value, *states)


def _row_active(row: TorrentRow) -> Fact:
    active = row.table.active[row.index]
    return _active(row.trackers[active].tracker if 0 <= active < len(row.trackers) else None)


def tracker_states(trackers: Sequence[TrackerView]) -> dict[Tracker, str]:
    """The states of trackers; `unknown` is left out, for it is not the torrent's own."""
    return {view.tracker: view.state.value for view in trackers if view.state is not Health.UNKNOWN}


def _kinds(view: TorrentView) -> Fact:
    failures = (f for answer in view.answers for f in (answer.scrape.failure, answer.announce.failure))
    return tuple({failure.kind.value for failure in failures if failure is not None})


ROW: Mapping[Field, Callable[[TorrentRow], Fact]] = {
    **_of_torrent(row_torrent),
    Field.STATE: _row_state,
    Field.VERDICT: lambda row: (row.table.verdicts[row.index].value,),
    Field.SEEDERS: lambda row: _column(row.table.seeders[row.index]),
    Field.LEECHERS: lambda row: _column(row.table.leechers[row.index]),
    Field.COMPLETED: lambda row: _column(row.table.completed[row.index]),
    Field.WORKING: lambda row: _column(row.table.working[row.index]),
    Field.ACTIVE: _row_active,
    Field.KIND: lambda row: _kinds(row.table.view(row.index)),
}
"""What a snapshot tells of a torrent, read from its columns."""


def _seen_state(seen: SeenTorrent) -> Fact:
    view = seen.view
    listed = {placement.tracker for placement in view.torrent.placements}
    states = {state for tracker, state in tracker_states(seen.trackers).items() if tracker in listed}
    return (view.verdict.value, view.failover.state.value, *states)


SEEN: Mapping[Field, Callable[[SeenTorrent], Fact]] = {
    **_of_torrent(seen_torrent),
    Field.STATE: _seen_state,
    Field.VERDICT: lambda seen: (seen.view.verdict.value,),
    Field.SEEDERS: lambda seen: seen.view.counts.seeders,
    Field.LEECHERS: lambda seen: seen.view.counts.leechers,
    Field.COMPLETED: lambda seen: seen.view.counts.completed,
    Field.WORKING: lambda seen: seen.view.failover.working,
    Field.ACTIVE: lambda seen: _active(seen.view.failover.active),
    Field.KIND: lambda seen: _kinds(seen.view),
}
"""The same, read from a full view."""


def _tracker_kinds(view: TrackerView) -> Fact:
    failures = (view.failure, *(endpoint.failure for endpoint in view.endpoints))
    return tuple({failure.kind.value for failure in failures if failure is not None} | set(view.reasons))


def view_tracker(view: TrackerView) -> Tracker:
    """The tracker of a view."""
    return view.tracker


BARE_TRACKER: Mapping[Field, Callable[[Tracker], Fact]] = {
    Field.HOST: lambda tracker: (tracker.host, tracker.host_port),
    Field.TRACKER: tracker_names,
    Field.PROTOCOL: lambda tracker: (tracker.protocol.value,),
}
"""What is known of a tracker before it is asked."""


TRACKER: Mapping[Field, Callable[[TrackerView], Fact]] = {
    Field.HOST: lambda view: BARE_TRACKER[Field.HOST](view.tracker),
    Field.TRACKER: lambda view: BARE_TRACKER[Field.TRACKER](view.tracker),
    Field.PROTOCOL: lambda view: BARE_TRACKER[Field.PROTOCOL](view.tracker),
    Field.STATE: lambda view: (view.state.value,),
    Field.KIND: _tracker_kinds,
}
"""What is known of a tracker; the other fields have no bearing on one."""
