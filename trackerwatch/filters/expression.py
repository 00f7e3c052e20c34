"""A parsed filter, and what it is asked.

A test on a field that is not known yet is undecided, and so may be the whole: before asking, undecided keeps a torrent.
Once asked nothing is undecided: a number that nobody told is neither small nor large, so a comparison with it does not
hold (and its negation does); `seeders=unknown` finds it. Of trackers, tests that have no bearing on them keep them.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, TypeVar

from trackerwatch.filters import facts
from trackerwatch.filters.fields import EVENTS, TABLES, Comparison, Field, Of
from trackerwatch.filters.mistakes import FilterError
from trackerwatch.filters.parsing import AllOf, AnyOf, FieldTest, Node, Not, Word, parse
from trackerwatch.filters.quantities import Unknown
from trackerwatch.filters.regex import Regex
from trackerwatch.filters.texts import Glob
from trackerwatch.outside_text import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from trackerwatch.engine.views import Event, Snapshot, TorrentView, TrackerView
    from trackerwatch.metainfo.torrent import Placement, Torrent
    from trackerwatch.tracker import Tracker

T = TypeVar("T")
Decision = bool | None
"""None: undecided."""

_ORDER: dict[Comparison, Callable[[float, float], bool]] = {
    Comparison.EQUAL: operator.eq,
    Comparison.LESS: operator.lt,
    Comparison.LESS_EQUAL: operator.le,
    Comparison.GREATER: operator.gt,
    Comparison.GREATER_EQUAL: operator.ge,
}
_ROUNDING = 1e-9
"""Of a number and its step: `uptime=29%` is 0.29, and so may be 0.28999999999999998."""


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
        self._before = _compile(node, facts.TORRENT, lambda word: _word_test(word, _itself))
        self._tracker = _compile(
            node,
            facts.TRACKER,
            lambda word: _host_test(word, facts.view_tracker),
            foreign_states=facts.TORRENT_STATES,
        )
        self._row = _compile(
            node,
            facts.ROW,
            lambda word: _word_test(word, facts.row_torrent),
            lists=lambda row, test: row.lists(test),
            all_rules=facts.row_all_rules,
        )
        self._seen = _compile(
            node,
            facts.SEEN,
            lambda word: _word_test(word, facts.seen_torrent),
            lists=lambda seen, test: seen.lists(test),
        )
        self._tracker_before = _compile(node, facts.BARE_TRACKER, lambda word: _host_test(word, _itself))
        self._latest: tuple[Snapshot, datetime, facts.TorrentRow] | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it matches everything because nothing is written in it."""
        return self._node == AllOf(())

    @property
    def needs_answers(self) -> bool:
        """Whether some of its fields are known only after asking."""
        return any(field not in facts.TORRENT for field in _fields(self._node))

    @property
    def in_full(self) -> bool:
        """Whether it makes full views of torrents, which takes a hundred times as long as reading columns."""
        return _cost(self._node) > 0

    @property
    def depends_on_time(self) -> bool:
        """Whether what matches changes while nothing happens (`since>2h`)."""
        return not _fields(self._node).isdisjoint(_OF_TIME)

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
        self._matches = _compile(node, facts.EVENT, _event_test)

    @property
    def is_empty(self) -> bool:
        """Whether it matches everything because nothing is written in it."""
        return self._node == AllOf(())

    @property
    def depends_on_time(self) -> bool:
        """Whether what matches changes while nothing happens (`since<1h`)."""
        return not _fields(self._node).isdisjoint(_OF_TIME)

    def matches(self, event: Event, now: datetime) -> bool:
        """Whether an event matches at this moment."""
        return self._matches(facts.SeenEvent(event, now)) is True


def _itself(thing: T) -> T:
    return thing


def _text_test(wanted: str | Glob | Regex, *, whole: bool = False) -> Callable[[str], bool]:
    """Whether a casefolded text is, or holds, what is wanted."""
    if isinstance(wanted, Regex):
        return wanted.search
    if isinstance(wanted, Glob):
        return wanted.matches
    return wanted.__eq__ if whole else lambda text: wanted in text


def _host_test(word: str | Glob | Regex, tracker_of: Callable[[T], Tracker]) -> Callable[[T], bool]:
    """Whether a plain word is in a tracker's host."""
    holds = _text_test(word)
    return lambda thing: holds(tracker_of(thing).host_port)


def _event_test(word: str | Glob | Regex) -> Callable[[facts.SeenEvent], bool]:
    """Whether a plain word is in an event's message, host or name."""
    holds = _text_test(word)
    return lambda seen: any(map(holds, facts.event_texts(seen)))


_MAX_KNOWN_TIERS = 65536


def _word_test(word: str | Glob | Regex, torrent_of: Callable[[T], Torrent]) -> Callable[[T], bool]:
    """Whether a plain word is in a torrent's name or in one of its hosts.

    Torrents with the same tiers share one tuple of placements, so the hosts of thousands are looked through once.
    """
    holds = _text_test(word)
    # The tuple is kept beside its answer, or its id could come to name another one.
    known: dict[int, tuple[tuple[Placement, ...], bool]] = {}

    def decide(thing: T) -> bool:
        torrent = torrent_of(thing)
        if holds(torrent.name.casefold()):
            return True
        placements = torrent.placements
        answer = known.get(id(placements))
        if answer is None:
            if len(known) >= _MAX_KNOWN_TIERS:
                known.clear()
            hit = any(map(holds, facts.hosts(placements)))
            answer = known[id(placements)] = (placements, hit)
        return answer[1]

    return decide


def _fields(node: Node) -> set[Field]:
    match node:
        case FieldTest(field=field):
            return {field}
        case Not(inner=inner):
            return _fields(inner)
        case AllOf(parts=parts) | AnyOf(parts=parts):
            return set().union(*map(_fields, parts))
    return set()


_OF_TIME = frozenset({Field.SINCE, Field.AGE, Field.NEXT, Field.TLS})
_OF_TRACKERS = frozenset(field for field, info in TABLES.fields.items() if info.of is Of.TRACKER)


def _cost(node: Node) -> int:
    """1 where a full view of a torrent is needed to tell, else 0."""
    match node:
        case FieldTest(field=field):
            return int(field in facts.IN_FULL or _asks_for_remarks(node))
        case Not(inner=inner):
            return _cost(inner)
        case AllOf(parts=parts) | AnyOf(parts=parts):
            return max(map(_cost, parts), default=0)
    return 0


def _asks_for_remarks(test: FieldTest) -> bool:
    if test.field is not Field.RULE or isinstance(test.value, (float, int, Unknown)):
        return False
    holds = _text_test(test.value, whole=test.comparison is Comparison.EQUAL)
    return any(map(holds, facts.REMARKS))


def _compile(
    node: Node,
    getters: Mapping[Field, Callable[[T], facts.Fact]],
    word_test: Callable[[str | Glob | Regex], Callable[[T], Decision]],
    *,
    foreign_states: frozenset[str] = frozenset(),
    lists: Callable[[T, Callable[[facts.SeenTracker], Decision]], bool] | None = None,
    all_rules: Callable[[T], facts.Fact] | None = None,
) -> Callable[[T], Decision]:
    """Turn a tree into one function of a thing.

    Args:
        node: The tree.
        getters: What is known of the thing; a field that is missing leaves its tests undecided.
        word_test: Makes the test for a plain word.
        foreign_states: Values of `state` that have no bearing on the thing.
        lists: Whether a tracker that is so is listed by the thing. None: it lists none.
        all_rules: What tells the rules that the getter of `rule` leaves out.
    """

    def build(node: Node) -> Callable[[T], Decision]:
        match node:
            case Word(text=text):
                return word_test(text)
            case Not(inner=inner):
                return _negation(build(inner))
            case AllOf(parts=parts):
                # What is quickly told comes first: it may spare the rest.
                return _conjunction(tuple(build(part) for part in sorted(parts, key=_cost)))
            case AnyOf(parts=parts):
                return _disjunction(tuple(build(part) for part in sorted(parts, key=_cost)))
            case FieldTest(field=field, value=value):
                if lists is not None and field in _OF_TRACKERS:
                    return _listing(lists, _test(node, facts.TRACKER[field]))
                getter = getters.get(field)
                if all_rules is not None and _asks_for_remarks(node):
                    getter = all_rules
                if getter is None or (field is Field.STATE and value in foreign_states):
                    return lambda _: None
                return _test(node, getter)

    return build(node)


def _listing(
    lists: Callable[[T, Callable[[facts.SeenTracker], Decision]], bool], test: Callable[[facts.SeenTracker], Decision]
) -> Callable[[T], Decision]:
    return lambda thing: lists(thing, test)


def _negation(inner: Callable[[T], Decision]) -> Callable[[T], Decision]:
    def decide(thing: T) -> Decision:
        decision = inner(thing)
        return None if decision is None else not decision

    return decide


def _conjunction(parts: tuple[Callable[[T], Decision], ...]) -> Callable[[T], Decision]:
    def decide(thing: T) -> Decision:
        decision: Decision = True
        for part in parts:
            verdict = part(thing)
            if verdict is False:
                return False
            if verdict is None:
                decision = None
        return decision

    return decide


def _disjunction(parts: tuple[Callable[[T], Decision], ...]) -> Callable[[T], Decision]:
    def decide(thing: T) -> Decision:
        decision: Decision = False
        for part in parts:
            verdict = part(thing)
            if verdict is True:
                return True
            if verdict is None:
                decision = None
        return decision

    return decide


def _test(test: FieldTest, getter: Callable[[T], facts.Fact]) -> Callable[[T], Decision]:
    wanted = test.value
    if isinstance(wanted, Unknown):
        return lambda thing: getter(thing) is None
    if isinstance(wanted, (str, Glob, Regex)):
        if isinstance(wanted, str) and test.comparison is Comparison.EQUAL:
            text = wanted
            return lambda thing: text in _texts(getter(thing))
        holds = _text_test(wanted)
        return lambda thing: any(map(holds, _texts(getter(thing))))
    compare, number, step = _ORDER[test.comparison], wanted, test.step
    if step:
        low, high = number - step * _ROUNDING, number + step * (1 - _ROUNDING)

        def is_about(thing: T) -> Decision:
            fact = getter(thing)
            return isinstance(fact, (int, float)) and low <= fact < high

        return is_about

    def decide(thing: T) -> Decision:
        fact = getter(thing)
        return isinstance(fact, (int, float)) and compare(fact, number)

    return decide


def _texts(fact: facts.Fact) -> facts.Texts:
    return fact if isinstance(fact, tuple) else ()
