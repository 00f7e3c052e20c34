"""A parsed filter, and what it is asked.

A test on a field that is not known yet is undecided, and so may be the whole: before asking, undecided keeps a torrent.
Once asked nothing is undecided: a number that nobody told is neither small nor large, so a comparison with it does not
hold (and its negation does); `seeders=unknown` finds it. Of trackers, tests that have no bearing on them keep them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.filters import facts
from trackerwatch.filters.compiling import OF_TIME, compiled, cost, event_test, fields_of, host_test, itself, word_test
from trackerwatch.filters.fields import EVENTS
from trackerwatch.filters.mistakes import FilterError
from trackerwatch.filters.parsing import AllOf, Node, parse
from trackerwatch.outside_text import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from trackerwatch.engine.views import Event, Snapshot, TorrentView, TrackerView
    from trackerwatch.metainfo.torrent import Torrent
    from trackerwatch.tracker import Tracker


def parse_filter(text: str, named: Mapping[str, str] | None = None) -> Filter:
    """Read a filter of torrents and trackers; empty text matches everything.

    Args:
        text: The filter.
        named: Saved filters by name, which it may call as `@name`.

    Raises:
        FilterError: (a `UsageError`) A mistake; the message names its column, `pointer` shows it.
    """
    return Filter(text, parse(text, named))


def parse_event_filter(text: str, named: Mapping[str, str] | None = None) -> EventFilter:
    """Read a filter of events, as `parse_filter` does."""
    return EventFilter(text, parse(text, named, EVENTS))


def mistakes(named: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with saved filters, one line each by name; those that are well are not in it."""
    found = {}
    for name, text in named.items():
        try:
            parse(text.strip(), named)
        except FilterError as error:
            found[name] = f"saved {clean(name)!r}: {error}"
    return found


class Filter:
    """One filter, ready to be asked about torrents and trackers. Made by `parse_filter`; holds no state but caches."""

    def __init__(self, text: str, node: Node) -> None:
        self.text = text
        """As it was written."""
        self._node = node
        self._before = compiled(node, facts.TORRENT, lambda word: word_test(word, itself))
        self._tracker = compiled(
            node,
            facts.TRACKER,
            lambda word: host_test(word, facts.view_tracker),
            foreign_states=facts.TORRENT_STATES,
        )
        self._row = compiled(
            node,
            facts.ROW,
            lambda word: word_test(word, facts.row_torrent),
            lists=lambda row, test: row.lists(test),
            all_rules=facts.row_all_rules,
        )
        self._seen = compiled(
            node,
            facts.SEEN,
            lambda word: word_test(word, facts.seen_torrent),
            lists=lambda seen, test: seen.lists(test),
        )
        self._tracker_before = compiled(node, facts.BARE_TRACKER, lambda word: host_test(word, itself))
        self._latest: tuple[Snapshot, datetime, facts.TorrentRow] | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it matches everything because nothing is written in it."""
        return self._node == AllOf(())

    @property
    def needs_answers(self) -> bool:
        """Whether some of its fields are known only after asking."""
        return any(field not in facts.TORRENT for field in fields_of(self._node))

    @property
    def in_full(self) -> bool:
        """Whether it makes full views of torrents, which takes a hundred times as long as reading columns."""
        return cost(self._node) > 0

    @property
    def depends_on_time(self) -> bool:
        """Whether what matches changes while nothing happens (`since>2h`)."""
        return not fields_of(self._node).isdisjoint(OF_TIME)

    def may_match(self, torrent: Torrent) -> bool:
        """Whether a torrent is worth asking about: it matches, or only answers can tell."""
        return self._before(torrent) is not False

    def matches_torrent(
        self, view: TorrentView, trackers: Sequence[TrackerView] = (), now: datetime | None = None
    ) -> bool:
        """Whether a torrent matches.

        Args:
            view: What is known of it.
            trackers: `Snapshot.trackers`; without them what is asked about its trackers does not hold.
            now: The time. None: what depends on it does not hold.
        """
        return self._seen(facts.SeenTorrent(view, trackers, now)) is True

    def may_match_tracker(self, tracker: Tracker) -> bool:
        """Whether a tracker is worth asking: it matches, or only answers can tell, or the filter is not about trackers."""
        return self._tracker_before(tracker) is not False

    def matches_tracker(self, view: TrackerView, now: datetime | None = None) -> bool:
        """Whether a tracker matches; a filter that says nothing about trackers keeps all.

        Args:
            view: What is known of it.
            now: The time. None: durations that depend on it are unknown, and no comparison with them holds.
        """
        return self._tracker(facts.SeenTracker(view, now)) is not False

    def select_torrents(
        self, snapshot: Snapshot, among: Iterable[int] | None = None, now: datetime | None = None
    ) -> list[int]:
        """Indices of the torrents that match, in order; reads columns, and full views only where `in_full`.

        Args:
            snapshot: What is known.
            among: Only these are looked at. None: all that are watched.
            now: The time. None: when the snapshot was taken.
        """
        asked = snapshot.torrents.listed if among is None else among
        if self.is_empty:
            return list(asked)
        if not self.needs_answers:
            torrents, before = snapshot.torrents.torrents, self._before
            return [index for index in asked if before(torrents[index])]
        matches, row = self._row, self._row_of(snapshot, now or snapshot.taken_at)
        selected = []
        for index in asked:
            row.index = index
            if matches(row):
                selected.append(index)
        return selected

    def _row_of(self, snapshot: Snapshot, now: datetime) -> facts.TorrentRow:
        """What is found out about trackers serves all slices of a snapshot."""
        if self._latest is None or self._latest[0] is not snapshot or self._latest[1] != now:
            self._latest = (snapshot, now, facts.TorrentRow(snapshot.torrents, snapshot.trackers, now))
        return self._latest[2]

    def torrent_predicate(self) -> Callable[[Torrent], bool] | None:
        """A quick test of a torrent alone. None: the filter needs answers, use `select_torrents`."""
        if self.needs_answers:
            return None
        before = self._before
        return lambda torrent: before(torrent) is True


class EventFilter:
    """One filter, ready to be asked about events. Made by `parse_event_filter`."""

    def __init__(self, text: str, node: Node) -> None:
        self.text = text
        """As it was written."""
        self._node = node
        self._matches = compiled(node, facts.EVENT, event_test)

    @property
    def is_empty(self) -> bool:
        """Whether it matches everything because nothing is written in it."""
        return self._node == AllOf(())

    @property
    def depends_on_time(self) -> bool:
        """Whether what matches changes while nothing happens (`since<1h`)."""
        return not fields_of(self._node).isdisjoint(OF_TIME)

    def matches(self, event: Event, now: datetime) -> bool:
        """Whether an event matches at this moment."""
        return self._matches(facts.SeenEvent(event, now)) is True
