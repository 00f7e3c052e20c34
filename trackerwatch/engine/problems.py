"""Rules that are broken and mended, as events: one a torrent while they are few.

What a failing tracker does to torrents (`exhausted`, `failed_over`, `redundancy`) and that it is down has events of its own and
is not told twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.engine.changes import EACH_TORRENT_UP_TO
from trackerwatch.engine.views import EventKind
from trackerwatch.policy.rules import Rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackerwatch.engine.events import EventLog
    from trackerwatch.engine.torrent_book import ProblemChange, TorrentBook
    from trackerwatch.engine.tracker_state import TrackerState

_WORDS = {
    Rule.NO_SEEDERS: "no seeder",
    Rule.ONE_SEEDER: "one seeder",
    Rule.NO_TRACKERS: "no usable tracker listed",
    Rule.UNREGISTERED: "a tracker does not know it",
    Rule.UNAUTHORIZED: "a tracker refuses our key or address",
    Rule.IMPLAUSIBLE: "a tracker tells counts beyond sanity",
}
"""Rules that are told here, worst first."""


def tell_problems(events: EventLog, changes: Sequence[ProblemChange], book: TorrentBook, now: float) -> None:
    """Torrents broke rules, or mended them."""
    told: dict[tuple[EventKind, Rule], list[int]] = {}
    for change in changes:
        for rule in _WORDS.keys() & (set(change.after) ^ set(change.before)):
            kind = EventKind.PROBLEM_OPENED if rule in change.after else EventKind.PROBLEM_CLOSED
            told.setdefault((kind, rule), []).extend(change.torrents)
    order = list(_WORDS)
    for kind, rule in sorted(told, key=lambda key: (key[0], order.index(key[1]))):
        torrents, opened = told[kind, rule], kind is EventKind.PROBLEM_OPENED
        words = _WORDS[rule] if opened else f"no longer so: {_WORDS[rule]}"
        before, after = (None, str(rule)) if opened else (str(rule), None)
        if len(torrents) > EACH_TORRENT_UP_TO:
            events.add(kind, f"{len(torrents)} torrents: {words}", now, from_state=before, to_state=after)
            continue
        for index in torrents:
            torrent = book.torrents[index]
            events.add(kind, f"{torrent.name}: {words}", now, torrent=torrent, from_state=before, to_state=after)


def tell_expiry(events: EventLog, state: TrackerState, now: float) -> None:
    """A tracker's certificate ends soon, or was renewed."""
    expires = Rule.TLS_EXPIRY in state.reasons
    if expires == state.expiry_told:
        return
    state.expiry_told = expires
    words = "its certificate ends soon" if expires else "its certificate is good for long again"
    events.add(
        EventKind.PROBLEM_OPENED if expires else EventKind.PROBLEM_CLOSED,
        f"{state.tracker.host_port}: {words}",
        now,
        tracker=state.tracker,
        from_state=None if expires else str(Rule.TLS_EXPIRY),
        to_state=str(Rule.TLS_EXPIRY) if expires else None,
    )
