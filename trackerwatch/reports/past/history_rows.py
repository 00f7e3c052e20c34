"""What a look at the past holds: the views of the store in the order in which every format tells them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from trackerwatch.health.states import Health
from trackerwatch.outside_text import clean
from trackerwatch.reports.values import moment
from trackerwatch.tracker import MAX_URL_CHARS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trackerwatch.history import Outage, Stretch, TorrentHistory, TrackerHistory, Transition
    from trackerwatch.reports.rows import Vantage

MAX_WORD_CHARS = 24
"""Of states, kinds and reasons: ours are shorter."""

SAME_S = 2.0
"""What happens so close together is one thing, told of an address and of its tracker."""

_BADNESS = {state.value: state.badness for state in Health}


@dataclass(frozen=True, slots=True)
class HistoryReport:
    """One look at the past, ready for any format."""

    window: str
    """How long, in the user's words: `24h`."""
    since: float
    until: float
    """Unix times; `until` is when it was asked for."""
    vantage: Vantage
    trackers: tuple[TrackerHistory, ...]
    """What to list, in this order."""
    in_full: bool = False
    """One tracker was asked for: everything about it."""
    torrent: TorrentHistory | None = None
    """One torrent was asked for."""


def cleaned(history: TrackerHistory) -> TrackerHistory:
    """The same with every text made one clean line: a store may be a file that somebody else wrote."""
    return replace(
        history,
        tracker=clean(history.tracker),
        url=clean(history.url, limit_chars=MAX_URL_CHARS),
        host_port=clean(history.host_port),
        protocol=_word(history.protocol),
        state=_word(history.state),
        outages=tuple(replace(o, endpoint=_maybe(o.endpoint), reason=_word(o.reason)) for o in history.outages),
        gaps=tuple(replace(gap, kind=_word(gap.kind), message=clean(gap.message)) for gap in history.gaps),
        transitions=tuple(map(_cleaned_transition, history.transitions)),
    )


def cleaned_torrent(history: TorrentHistory) -> TorrentHistory:
    """As `cleaned`, of a torrent."""
    return replace(history, transitions=tuple(map(_cleaned_transition, history.transitions)))


def _cleaned_transition(transition: Transition) -> Transition:
    return replace(
        transition,
        kind=_word(transition.kind),
        from_state=None if transition.from_state is None else _word(transition.from_state),
        to_state=None if transition.to_state is None else _word(transition.to_state),
        reason=None if transition.reason is None else _word(transition.reason),
        message=clean(transition.message),
        tracker=_maybe(transition.tracker),
        endpoint=_maybe(transition.endpoint),
        torrent=_maybe(transition.torrent),
        name=clean(transition.name),
    )


def _word(text: str) -> str:
    return clean(text, limit_chars=MAX_WORD_CHARS)


def _maybe(text: str | None) -> str | None:
    return None if text is None else clean(text)


def worst_first(trackers: Iterable[TrackerHistory]) -> tuple[TrackerHistory, ...]:
    """Least uptime first; what was seen too little to say comes after those; then by what they are now, and by name."""

    def badness(history: TrackerHistory) -> tuple[bool, float, int, str, str]:
        uptime = history.uptime[0].uptime if history.uptime else None
        state = -_BADNESS.get(history.state, Health.UNKNOWN.badness)
        return (uptime is None, uptime or 0.0, state, history.host_port, history.tracker)

    return tuple(sorted(trackers, key=badness))


def glyph(stretch: Stretch) -> str:
    """What one column of a strip shows: `#` answered, `!` partly, `x` not at all, `.` nothing is known."""
    if not stretch.counted:
        return "."
    if stretch.successes >= stretch.counted:
        return "#"
    return "!" if stretch.successes else "x"


def own_outages(history: TrackerHistory) -> tuple[Outage, ...]:
    """The outages of the tracker as a whole, without those of single endpoints."""
    return tuple(outage for outage in history.outages if outage.endpoint is None)


def distinct_outages(history: TrackerHistory) -> tuple[Outage, ...]:
    """Without those of addresses that are the tracker's own over again: of its only one, or of all of them at once."""
    repeated: set[int] = set()
    for whole in own_outages(history):
        within = [
            (index, outage)
            for index, outage in enumerate(history.outages)
            if outage.endpoint is not None and _begin_end(outage)[0] < _begin_end(whole)[1] + SAME_S
            if _begin_end(outage)[1] > whole.begin - SAME_S
        ]
        if all(_same_time(outage, whole) for _, outage in within):
            repeated.update(index for index, outage in within if outage.reason == whole.reason)
    return tuple(outage for index, outage in enumerate(history.outages) if index not in repeated)


def _begin_end(outage: Outage) -> tuple[float, float]:
    return outage.begin, math.inf if outage.end is None else outage.end


def _same_time(one: Outage, other: Outage) -> bool:
    (begin, end), (other_begin, other_end) = _begin_end(one), _begin_end(other)
    return abs(begin - other_begin) <= SAME_S and (end == other_end or abs(end - other_end) <= SAME_S)


def distinct_transitions(history: TrackerHistory) -> tuple[Transition, ...]:
    """Each change of the tracker once, in its fullest words, and those of addresses that did not change all at once."""
    kept: list[Transition] = []
    alike: dict[tuple[str | None, str | None], list[Transition]] = {}
    for one in history.transitions:
        alike.setdefault((one.from_state, one.to_state), []).append(one)
    addresses = {one.endpoint for one in history.transitions} | {one.endpoint for one in history.outages}
    addresses.discard(None)
    for group in alike.values():
        own = [one for one in group if one.endpoint is None]
        for one in group:
            close = [other for other in group if abs(other.at - one.at) <= SAME_S]
            if one.endpoint is None:
                same = [other for other in close if other.endpoint is None]
                if one is max(same, key=lambda other: len(other.message)):
                    kept.append(one)
            elif not ({other.endpoint for other in close} >= addresses and any(other in own for other in close)):
                kept.append(one)
    return tuple(sorted(kept, key=lambda one: one.at))


def lasted_s(outage: Outage, history: TrackerHistory) -> float:
    """How much of an outage lies in the stretch that was asked for, in seconds."""
    end = history.until if outage.end is None else min(outage.end, history.until)
    return max(0.0, end - max(outage.begin, history.since))


def utc(at: float | None) -> datetime | None:
    """Unix time as a UTC datetime. None also where it is none that a calendar has."""
    if at is None:
        return None
    try:
        return datetime.fromtimestamp(at, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def rfc3339(at: float | None) -> str | None:
    """Unix time as RFC 3339 in UTC with milliseconds."""
    return moment(utc(at))
