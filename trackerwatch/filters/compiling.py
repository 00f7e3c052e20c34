"""From an expression tree to functions that decide: one of each kind of thing that a filter is asked about.

A test on something that is not known yet is undecided (None), and so may be the whole.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, TypeVar

from trackerwatch.filters import facts
from trackerwatch.filters.fields import TABLES, Comparison, Field, Of
from trackerwatch.filters.parsing import AllOf, AnyOf, FieldTest, Node, Not, Word
from trackerwatch.filters.quantities import Unknown
from trackerwatch.filters.regex import Regex
from trackerwatch.filters.texts import Glob

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

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


def itself(thing: T) -> T:
    """Where what is asked about is the thing."""
    return thing


def _text_test(wanted: str | Glob | Regex, *, whole: bool = False) -> Callable[[str], bool]:
    """Whether a casefolded text is, or holds, what is wanted."""
    if isinstance(wanted, Regex):
        return wanted.search
    if isinstance(wanted, Glob):
        return wanted.matches
    return wanted.__eq__ if whole else lambda text: wanted in text


def host_test(word: str | Glob | Regex, tracker_of: Callable[[T], Tracker]) -> Callable[[T], bool]:
    """Whether a plain word is in a tracker's host."""
    holds = _text_test(word)
    if _only_digits(word):
        return lambda thing: holds(tracker_of(thing).host)
    return lambda thing: holds(tracker_of(thing).host_port)


def _only_digits(word: str | Glob | Regex) -> bool:
    """Whether a word is a number, which is no port where it stands alone: `05` would find 52105. `:05` and `host=` do."""
    return isinstance(word, str) and word.isdecimal()


def event_test(word: str | Glob | Regex) -> Callable[[facts.SeenEvent], bool]:
    """Whether a plain word is in an event's message, host or name."""
    holds = _text_test(word)
    return lambda seen: any(map(holds, facts.event_texts(seen)))


_MAX_KNOWN_TIERS = 65536


def word_test(word: str | Glob | Regex, torrent_of: Callable[[T], Torrent]) -> Callable[[T], bool]:
    """Whether a plain word is in a torrent's name or in one of its hosts.

    Torrents with the same tiers share one tuple of placements, so the hosts of thousands are looked through once.
    """
    holds = _text_test(word)
    texts = facts.bare_hosts if _only_digits(word) else facts.hosts
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
            hit = any(map(holds, texts(placements)))
            answer = known[id(placements)] = (placements, hit)
        return answer[1]

    return decide


def fields_of(node: Node) -> set[Field]:
    """Every field that is tested."""
    match node:
        case FieldTest(field=field):
            return {field}
        case Not(inner=inner):
            return fields_of(inner)
        case AllOf(parts=parts) | AnyOf(parts=parts):
            return set().union(*map(fields_of, parts))
    return set()


OF_TIME = frozenset({Field.SINCE, Field.AGE, Field.NEXT, Field.TLS})
"""Fields whose values change while nothing happens."""
_OF_TRACKERS = frozenset(field for field, info in TABLES.fields.items() if info.of is Of.TRACKER)


def cost(node: Node) -> int:
    """1 where a full view of a torrent is needed to tell, else 0."""
    match node:
        case FieldTest(field=field):
            return int(field in facts.IN_FULL or _asks_for_remarks(node))
        case Not(inner=inner):
            return cost(inner)
        case AllOf(parts=parts) | AnyOf(parts=parts):
            return max(map(cost, parts), default=0)
    return 0


def _asks_for_remarks(test: FieldTest) -> bool:
    if test.field is not Field.RULE or isinstance(test.value, (float, int, Unknown)):
        return False
    holds = _text_test(test.value, whole=test.comparison is Comparison.EQUAL)
    return any(map(holds, facts.REMARKS))


def compiled(
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
                return _conjunction(tuple(build(part) for part in sorted(parts, key=cost)))
            case AnyOf(parts=parts):
                return _disjunction(tuple(build(part) for part in sorted(parts, key=cost)))
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
