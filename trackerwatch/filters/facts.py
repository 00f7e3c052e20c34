"""What is known of each thing a filter is asked about: one table of getters a kind of thing.

A getter returns the texts of a field (casefolded; a test holds when it holds for one of them), a number, or None for a
number nobody knows. A field that is missing from a table leaves a test undecided.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from trackerwatch.failover.states import FailoverState
from trackerwatch.filters.fields import Field
from trackerwatch.health.states import Health
from trackerwatch.policy.rules import SEVERITIES, Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from trackerwatch.engine.views import Event, TorrentTable, TorrentView, TrackerView
    from trackerwatch.metainfo.torrent import Placement, Torrent
    from trackerwatch.tracker import Tracker

T = TypeVar("T")
Texts = tuple[str, ...]
Fact = Texts | float | None

TORRENT_STATES = frozenset({*Verdict, *FailoverState} - {"unknown"})
REMARKS = frozenset(str(rule) for rule, severity in SEVERITIES.items() if severity is Severity.INFO)
"""Rules that are found out about a torrent only when it is looked at in full."""


@dataclass(frozen=True, slots=True)
class SeenTracker:
    """A tracker at a moment. None: whatever depends on the time is unknown."""

    view: TrackerView
    now: datetime | None


@dataclass(slots=True)
class TorrentRow:
    """One torrent of a snapshot, looked at through the columns; its full view is made only when a field needs it."""

    table: TorrentTable
    trackers: Sequence[TrackerView]
    now: datetime
    index: int = 0
    now_s: float = field(init=False)
    states: dict[Tracker, str] = field(init=False)
    """Of trackers of which something is known."""
    states_by_stand: dict[tuple[int, int, int], Texts] = field(default_factory=dict)
    """By the ids of placements (which the table keeps alive: torrents with the same tiers share them), verdict and
    failover state: many torrents stand alike."""
    _listed: dict[Callable[[SeenTracker], bool | None], tuple[set[Tracker], dict[int, bool]]] = field(
        default_factory=dict
    )

    def __post_init__(self) -> None:
        self.now_s = self.now.timestamp()
        self.states = tracker_states(self.trackers)

    def lists(self, holds: Callable[[SeenTracker], bool | None]) -> bool:
        """Whether one of its trackers is so; each tracker, and each list of tiers, is looked at once."""
        known = self._listed.get(holds)
        if known is None:
            found = {view.tracker for view in self.trackers if holds(SeenTracker(view, self.now)) is True}
            known = self._listed[holds] = (found, {})
        found, by_tiers = known
        placements = self.table.torrents[self.index].placements
        answer = by_tiers.get(id(placements))
        if answer is None:
            answer = by_tiers[id(placements)] = any(placement.tracker in found for placement in placements)
        return answer


@dataclass(frozen=True, slots=True)
class SeenTorrent:
    """A full view of one torrent with the trackers of its snapshot (may be empty: then their states are not known)."""

    view: TorrentView
    trackers: Sequence[TrackerView]
    now: datetime | None

    def lists(self, holds: Callable[[SeenTracker], bool | None]) -> bool:
        """Whether one of its trackers is so."""
        listed = {placement.tracker for placement in self.view.torrent.placements}
        return any(view.tracker in listed and holds(SeenTracker(view, self.now)) is True for view in self.trackers)


@dataclass(frozen=True, slots=True)
class SeenEvent:
    """An event, looked at later."""

    event: Event
    now: datetime


def _ago(moment: datetime | None, now: datetime | None) -> Fact:
    # A clock that was set back makes nothing younger than now.
    return None if moment is None or now is None else max(0.0, (now - moment).total_seconds())


def _until(moment: datetime | None, now: datetime | None) -> Fact:
    return None if moment is None or now is None else (moment - now).total_seconds()


def _yes_no(value: object) -> Texts:
    return ("yes",) if value else ("no",)


# -- before anything is asked ------------------------------------------------------------------------------------------


def tracker_names(tracker: Tracker) -> Texts:
    """What `tracker=` compares: id, shown URL, host with port."""
    return (tracker.id, tracker.shown_url.casefold(), tracker.host_port)


def hosts(placements: Iterable[Placement]) -> Texts:
    """What `host=` compares: host, and host with port."""
    return tuple(dict.fromkeys(h for p in placements for h in (p.tracker.host, p.tracker.host_port)))


def bare_hosts(placements: Iterable[Placement]) -> Texts:
    """Hosts without their ports."""
    return tuple(dict.fromkeys(p.tracker.host for p in placements))


def _hashes(torrent: Torrent) -> Texts:
    v2 = torrent.info_hash_v2
    return (torrent.info_hash_hex,) if v2 is None else (torrent.info_hash_hex, v2.hex())


def _size(torrent: Torrent) -> Fact:
    return torrent.size_bytes


_IN_LIST = re.compile(r" \(.* line [0-9]+\)$", re.DOTALL)
_LINKS = ("magnet:", "http:", "https:")


def folders(torrent: Torrent) -> Texts:
    """Of the files it came from: each folder's whole path, and its own name."""
    found: dict[str, None] = {}
    for source in torrent.sources:
        path = source.casefold()
        if path.startswith(_LINKS):
            continue
        # What a list names is in its own folder; the list stands behind it.
        folder, slash, _ = _IN_LIST.sub("", path).rpartition("/")
        folder = folder or slash or "."
        found[folder] = None
        found[folder.rpartition("/")[2] or folder] = None
    return tuple(found)


TORRENT: Mapping[Field, Callable[[Torrent], Fact]] = {
    Field.NAME: lambda torrent: (torrent.name.casefold(),),
    Field.INFO_HASH: _hashes,
    Field.HOST: lambda torrent: hosts(torrent.placements),
    Field.TRACKER: lambda torrent: tuple(n for p in torrent.placements for n in tracker_names(p.tracker)),
    Field.PROTOCOL: lambda torrent: tuple({p.tracker.protocol.value for p in torrent.placements}),
    Field.PRIVATE: lambda torrent: _yes_no(torrent.private),
    Field.SOURCE: lambda torrent: tuple(source.casefold() for source in torrent.sources),
    Field.FOLDER: folders,
    Field.SIZE: _size,
    Field.TRACKERS: lambda torrent: len(torrent.placements),
    Field.TIERS: lambda torrent: len({placement.tier for placement in torrent.placements}),
}
"""What is known of a torrent before anything is asked."""

BARE_TRACKER: Mapping[Field, Callable[[Tracker], Fact]] = {
    Field.HOST: lambda tracker: (tracker.host, tracker.host_port),
    Field.TRACKER: tracker_names,
    Field.PROTOCOL: lambda tracker: (tracker.protocol.value,),
}
"""What is known of a tracker before it is asked."""


# -- trackers ----------------------------------------------------------------------------------------------------------


def tracker_states(trackers: Sequence[TrackerView]) -> dict[Tracker, str]:
    """The states of trackers; `unknown` is left out, for it is not the torrent's own."""
    return {view.tracker: view.state.value for view in trackers if view.state is not Health.UNKNOWN}


def _tracker_kinds(view: TrackerView) -> Fact:
    failures = (view.failure, *(endpoint.failure for endpoint in view.endpoints))
    return tuple({failure.kind.value for failure in failures if failure is not None} | set(view.reasons))


def _tracker_why(view: TrackerView) -> Fact:
    said = (view.failure.kind.value, view.failure.message) if view.failure else ()
    whys = tuple(order.why for order in (view.muted, view.disabled) if order is not None)
    return tuple(text.casefold() for text in (*said, view.note, *view.reasons, *whys) if text)


def _uptime(view: TrackerView) -> Fact:
    shown = next((figure.uptime for figure in view.uptimes if figure.window == "24h"), None)
    return view.uptime if shown is None else shown


def view_tracker(seen: SeenTracker) -> Tracker:
    """The tracker of a view."""
    return seen.view.tracker


def _of_tracker(
    getter: Callable[[Tracker], Fact],
) -> Callable[[SeenTracker], Fact]:
    return lambda seen: getter(seen.view.tracker)


TRACKER: Mapping[Field, Callable[[SeenTracker], Fact]] = {
    **{name: _of_tracker(getter) for name, getter in BARE_TRACKER.items()},
    Field.STATE: lambda seen: (seen.view.state.value,),
    Field.KIND: lambda seen: _tracker_kinds(seen.view),
    Field.WHY: lambda seen: _tracker_why(seen.view),
    Field.SINCE: lambda seen: _ago(seen.view.since, seen.now),
    Field.LATENCY: lambda seen: seen.view.p50_s,
    Field.P95: lambda seen: seen.view.p95_s,
    Field.UPTIME: lambda seen: _uptime(seen.view),
    Field.TORRENTS: lambda seen: seen.view.torrents,
    Field.AGE: lambda seen: _ago(seen.view.last_success_at, seen.now),
    Field.NEXT: lambda seen: _until(seen.view.next_probe_at, seen.now),
    Field.INTERVAL: lambda seen: seen.view.interval_s,
    Field.TLS: lambda seen: _until(seen.view.tls_expires_at, seen.now),
    Field.ADDRESS: lambda seen: tuple(endpoint.endpoint.address.casefold() for endpoint in seen.view.endpoints),
    Field.FLAPPING: lambda seen: _yes_no(seen.view.flapping),
    Field.PENDING: lambda seen: _yes_no(seen.view.pending),
    Field.MUTED: lambda seen: _yes_no(seen.view.muted),
    Field.DISABLED: lambda seen: _yes_no(seen.view.disabled),
    Field.OWN: lambda seen: _yes_no(seen.view.own),
    Field.ADDED: lambda seen: _yes_no(seen.view.added),
}
"""What is known of a tracker; the other fields have no bearing on one."""


# -- torrents ----------------------------------------------------------------------------------------------------------


def _of_torrent(torrent_of: Callable[[T], Torrent]) -> dict[Field, Callable[[T], Fact]]:
    """The getters of a torrent, for a thing that holds one."""

    def bind(getter: Callable[[Torrent], Fact]) -> Callable[[T], Fact]:
        return lambda thing: getter(torrent_of(thing))

    return {name: bind(getter) for name, getter in TORRENT.items()}


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
    table, index = row.table, row.index
    placements, verdict, failover = (
        table.torrents[index].placements,
        table.verdicts[index],
        table.failover_states[index],
    )
    # Ids, for enumerations take their time to hash.
    stand = (id(placements), id(verdict), id(failover))
    states = row.states_by_stand.get(stand)
    if states is None:
        found = {row.states.get(placement.tracker) for placement in placements}
        listed = (state for state in found if state is not None)
        states = row.states_by_stand[stand] = (verdict.value, failover.value, *listed)
    return states


def _row_active(row: TorrentRow) -> Fact:
    active = row.table.active[row.index]
    return _active(row.trackers[active].tracker if 0 <= active < len(row.trackers) else None)


def _row_since(row: TorrentRow) -> Fact:
    since = row.table.since[row.index]
    # NaN is no time.
    return max(0.0, row.now_s - since) if since == since else None  # noqa: PLR0124 - the quickest way to tell NaN


def _kinds(view: TorrentView) -> Fact:
    failures = (f for answer in view.answers for f in (answer.scrape.failure, answer.announce.failure))
    return tuple({failure.kind.value for failure in failures if failure is not None})


def _rules(view: TorrentView) -> Fact:
    return tuple({problem.rule.value for problem in view.problems})


def _why(view: TorrentView) -> Fact:
    return tuple(text.casefold() for text in (view.why, *(problem.message for problem in view.problems)) if text)


def row_all_rules(row: TorrentRow) -> Fact:
    """Every broken rule of a row, also those that its column leaves out."""
    return _rules(row.table.view(row.index))


ROW: Mapping[Field, Callable[[TorrentRow], Fact]] = {
    **_of_torrent(row_torrent),
    Field.STATE: _row_state,
    Field.VERDICT: lambda row: (row.table.verdicts[row.index],),
    Field.RULE: lambda row: row.table.rules[row.index],
    Field.SINCE: _row_since,
    Field.SEEDERS: lambda row: _column(row.table.seeders[row.index]),
    Field.LEECHERS: lambda row: _column(row.table.leechers[row.index]),
    Field.COMPLETED: lambda row: _column(row.table.completed[row.index]),
    Field.WORKING: lambda row: _column(row.table.working[row.index]),
    Field.ACTIVE: _row_active,
    Field.TIER: lambda row: _column(row.table.active_tier[row.index]),
    Field.KIND: lambda row: _kinds(row.table.view(row.index)),
    Field.WHY: lambda row: _why(row.table.view(row.index)),
}
"""What a snapshot tells of a torrent, read from its columns."""

IN_FULL = frozenset({Field.KIND, Field.WHY})
"""Those of `ROW` that make a full view."""


def _seen_state(seen: SeenTorrent) -> Fact:
    view = seen.view
    listed = {placement.tracker for placement in view.torrent.placements}
    states = {state for tracker, state in tracker_states(seen.trackers).items() if tracker in listed}
    return (view.verdict.value, view.failover.state.value, *states)


SEEN: Mapping[Field, Callable[[SeenTorrent], Fact]] = {
    **_of_torrent(seen_torrent),
    Field.STATE: _seen_state,
    Field.VERDICT: lambda seen: (seen.view.verdict.value,),
    Field.RULE: lambda seen: _rules(seen.view),
    Field.SINCE: lambda seen: _ago(seen.view.since, seen.now),
    Field.SEEDERS: lambda seen: seen.view.counts.seeders,
    Field.LEECHERS: lambda seen: seen.view.counts.leechers,
    Field.COMPLETED: lambda seen: seen.view.counts.completed,
    Field.WORKING: lambda seen: seen.view.failover.working,
    Field.ACTIVE: lambda seen: _active(seen.view.failover.active),
    Field.TIER: lambda seen: seen.view.failover.active_tier,
    Field.KIND: lambda seen: _kinds(seen.view),
    Field.WHY: lambda seen: _why(seen.view),
}
"""The same, read from a full view."""


# -- events ------------------------------------------------------------------------------------------------------------


def event_texts(seen: SeenEvent) -> Texts:
    """Where a plain word is looked for."""
    event = seen.event
    names = () if event.tracker is None else (event.tracker.host_port,)
    return (event.message.casefold(), *names, *(() if event.torrent is None else (event.torrent.name.casefold(),)))


def _event_tracker(getter: Callable[[Tracker], Fact]) -> Callable[[SeenEvent], Fact]:
    return lambda seen: () if seen.event.tracker is None else getter(seen.event.tracker)


def _event_torrent(seen: SeenEvent) -> Fact:
    torrent = seen.event.torrent
    return () if torrent is None else (torrent.name.casefold(), *_hashes(torrent))


EVENT: Mapping[Field, Callable[[SeenEvent], Fact]] = {
    **{name: _event_tracker(getter) for name, getter in BARE_TRACKER.items()},
    Field.KIND: lambda seen: (seen.event.kind.value,),
    Field.TORRENT: _event_torrent,
    Field.REASON: lambda seen: () if seen.event.reason is None else (seen.event.reason.value,),
    Field.STATE: lambda seen: () if seen.event.to_state is None else (seen.event.to_state,),
    Field.SINCE: lambda seen: _ago(seen.event.at, seen.now),
    Field.TEXT: lambda seen: (seen.event.message.casefold(),),
}
"""What is known of an event."""
