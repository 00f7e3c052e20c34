"""A parsed filter, and what it is asked.

A test on a field that is not known yet is undecided, and so may be the whole: before asking, undecided keeps a torrent.
Once asked nothing is undecided: a number that nobody told is neither small nor large, so a comparison with it does not
hold (and its negation does); `seeders=unknown` finds it. Of trackers, tests that have no bearing on them keep them.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, TypeVar

from trackerwatch.filters import facts
from trackerwatch.filters.fields import Comparison, Field, Unknown
from trackerwatch.filters.parsing import AllOf, AnyOf, FieldTest, Node, Not, Word, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from trackerwatch.engine.views import Snapshot, TorrentView, TrackerView
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


def parse_filter(text: str) -> Filter:
    """Read a filter; empty text matches everything.

    Raises:
        FilterError: (a `UsageError`) A mistake; the message names its column, `pointer` shows it.
    """
    return Filter(text, parse(text))


class Filter:
    """One filter, ready to be asked about torrents and trackers. Made by `parse_filter`; holds no state but caches."""

    def __init__(self, text: str, node: Node) -> None:
        self.text = text
        """As it was written."""
        self._node = node
        self._before = _compile(node, facts.TORRENT, lambda text: _word_test(text, _itself))
        self._row = _compile(node, facts.ROW, lambda text: _word_test(text, facts.row_torrent))
        self._seen = _compile(node, facts.SEEN, lambda text: _word_test(text, facts.seen_torrent))
        self._tracker = _compile(
            node,
            facts.TRACKER,
            lambda text: _host_test(text, facts.view_tracker),
            foreign_states=facts.TORRENT_STATES,
        )
        self._tracker_before = _compile(node, facts.BARE_TRACKER, lambda text: _host_test(text, _itself))

    @property
    def is_empty(self) -> bool:
        """Whether it matches everything because nothing is written in it."""
        return self._node == AllOf(())

    @property
    def needs_answers(self) -> bool:
        """Whether some of its fields are known only after asking."""
        return any(field not in facts.TORRENT for field in _fields(self._node))

    def may_match(self, torrent: Torrent) -> bool:
        """Whether a torrent is worth asking about: it matches, or only answers can tell."""
        return self._before(torrent) is not False

    def matches_torrent(self, view: TorrentView, trackers: Sequence[TrackerView] = ()) -> bool:
        """Whether a torrent matches.

        Args:
            view: What is known of it.
            trackers: `Snapshot.trackers`; without them `state=up`, `degraded` and `down` (has a tracker in this state)
                do not hold.
        """
        return self._seen(facts.SeenTorrent(view, trackers)) is True

    def may_match_tracker(self, tracker: Tracker) -> bool:
        """Whether a tracker is worth asking: it matches, or only answers can tell, or the filter is not about trackers."""
        return self._tracker_before(tracker) is not False

    def matches_tracker(self, view: TrackerView) -> bool:
        """Whether a tracker matches; a filter that says nothing about trackers keeps all."""
        return self._tracker(view) is not False

    def select_torrents(self, snapshot: Snapshot, among: Iterable[int] | None = None) -> list[int]:
        """Indices of the torrents that match, in order; reads columns, and full views only for `kind`.

        Args:
            snapshot: What is known.
            among: Only these are looked at. None: all that are watched.
        """
        asked = snapshot.torrents.listed if among is None else among
        if self.is_empty:
            return list(asked)
        matches = self._row
        row = facts.TorrentRow(snapshot.torrents, snapshot.trackers)
        if not self.needs_answers:
            torrents, before = snapshot.torrents.torrents, self._before
            return [index for index in asked if before(torrents[index])]
        selected = []
        for index in asked:
            row.index = index
            if matches(row):
                selected.append(index)
        return selected

    def torrent_predicate(self) -> Callable[[Torrent], bool] | None:
        """A quick test of a torrent alone. None: the filter needs answers, use `select_torrents`."""
        if self.needs_answers:
            return None
        before = self._before
        return lambda torrent: before(torrent) is True


def _itself(thing: T) -> T:
    return thing


def _host_test(text: str, tracker_of: Callable[[T], Tracker]) -> Callable[[T], bool]:
    """Whether a plain word is in a tracker's host."""
    return lambda thing: text in tracker_of(thing).host_port


_MAX_KNOWN_TIERS = 65536


def _word_test(text: str, torrent_of: Callable[[T], Torrent]) -> Callable[[T], bool]:
    """Whether a plain word is in a torrent's name or in one of its hosts.

    Torrents with the same tiers share one tuple of placements, so the hosts of thousands are looked through once.
    """
    # The tuple is kept beside its answer, or its id could come to name another one.
    known: dict[int, tuple[tuple[Placement, ...], bool]] = {}

    def decide(thing: T) -> bool:
        torrent = torrent_of(thing)
        if text in torrent.name.casefold():
            return True
        placements = torrent.placements
        answer = known.get(id(placements))
        if answer is None:
            if len(known) >= _MAX_KNOWN_TIERS:
                known.clear()
            hit = any(text in host for host in facts.hosts(placements))
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


def _compile(
    node: Node,
    getters: Mapping[Field, Callable[[T], facts.Fact]],
    word_test: Callable[[str], Callable[[T], Decision]],
    *,
    foreign_states: frozenset[str] = frozenset(),
) -> Callable[[T], Decision]:
    """Turn a tree into one function of a thing.

    Args:
        node: The tree.
        getters: What is known of the thing; a field that is missing leaves its tests undecided.
        word_test: Makes the test for a plain word.
        foreign_states: Values of `state` that have no bearing on the thing.
    """

    def build(node: Node) -> Callable[[T], Decision]:
        match node:
            case Word(text=text):
                return word_test(text)
            case Not(inner=inner):
                return _negation(build(inner))
            case AllOf(parts=parts):
                return _conjunction(tuple(build(part) for part in parts))
            case AnyOf(parts=parts):
                return _disjunction(tuple(build(part) for part in parts))
            case FieldTest(field=field, value=value):
                getter = getters.get(field)
                if getter is None or (field is Field.STATE and value in foreign_states):
                    return lambda _: None
                return _test(node, getter)

    return build(node)


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
    if isinstance(wanted, str):
        text = wanted
        if test.comparison is Comparison.CONTAINS:
            return lambda thing: any(text in candidate for candidate in _texts(getter(thing)))
        return lambda thing: text in _texts(getter(thing))
    compare, number = _ORDER[test.comparison], wanted

    def decide(thing: T) -> Decision:
        fact = getter(thing)
        return isinstance(fact, (int, float)) and compare(fact, number)

    return decide


def _texts(fact: facts.Fact) -> facts.Texts:
    return fact if isinstance(fact, tuple) else ()
