"""Rules that are broken and mended, as events: one a torrent while they are few.

What a failing tracker does to torrents (`exhausted`, `failed_over`, `redundancy`) and that it is down has events of its own and
is not told twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.engine.changes import EACH_TORRENT_UP_TO
from trackerwatch.engine.swarms import REFUSAL_FLAGS
from trackerwatch.engine.views import EventKind
from trackerwatch.health.rollup import ANSWERING
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


_WELL = {
    Rule.NO_SEEDERS: ("has a seeder again", "have a seeder again"),
    Rule.ONE_SEEDER: ("has more than one seeder again", "have more than one seeder again"),
    Rule.NO_TRACKERS: ("lists a usable tracker again", "list a usable tracker again"),
    Rule.UNREGISTERED: ("is registered again", "are registered again"),
    Rule.UNAUTHORIZED: ("is let in again", "are let in again"),
    Rule.IMPLAUSIBLE: ("has counts to believe again", "have counts to believe again"),
}
"""What is well where such a rule is mended: of one torrent, of many."""


class ProblemTeller:
    """Tells of rules that torrents break or mend. One that is broken no more because nothing is known any more is not mended."""

    def __init__(self, events: EventLog, book: TorrentBook) -> None:
        """Begin with nothing told.

        Args:
            events: Where it is told.
            book: All torrents.
        """
        self._events = events
        self._book = book
        self._open: dict[Rule, set[int]] = {rule: set() for rule in _WORDS}
        """Torrents that were told to break a rule, of which nothing is known since."""

    def tell(
        self, changes: Sequence[ProblemChange], news: Sequence[int], now: float, *, remembered: bool = False
    ) -> None:
        """Torrents broke rules, or mended them.

        Args:
            changes: Who breaks what since the last call.
            news: Torrents whose row changed: one whose rule is not broken any more may be known to be well by now.
            now: Wall time.
            remembered: An earlier run saw what is broken.
        """
        said_by = " (as an earlier run saw it)" if remembered else ""
        opened: dict[tuple[Rule, Rule | None], list[int]] = {}
        closed: dict[Rule, list[int]] = {}
        for change in changes:
            for rule in _WORDS.keys() & (set(change.after) ^ set(change.before)):
                if rule in change.after:
                    # The last seeder left: that there is not just one any more is no good news.
                    worse = rule is Rule.NO_SEEDERS and Rule.ONE_SEEDER in change.before
                    waiting, told = self._open[rule], opened.setdefault((rule, Rule.ONE_SEEDER if worse else None), [])
                    told += [index for index in change.torrents if index not in waiting] if waiting else change.torrents
                    waiting.difference_update(change.torrents)
                elif not (rule is Rule.ONE_SEEDER and Rule.NO_SEEDERS in change.after):
                    self._open[rule].update(change.torrents)
        for rule, waiting in self._open.items():
            if not waiting:
                continue
            waiting.difference_update(self._book.gone)
            looked_at = waiting.intersection(news)
            well = sorted(i for i in looked_at if rule not in self._book.rules[i] and self._known(rule, i))
            waiting.difference_update(well)
            if well:
                closed[rule] = well
        order = list(_WORDS)
        for (rule, before), torrents in sorted(opened.items(), key=lambda item: order.index(item[0][0])):
            if torrents:
                words = f": {_WORDS[rule]}{said_by}"
                self._say(EventKind.PROBLEM_OPENED, torrents, (words, words), (before, rule), now)
        for rule in sorted(closed, key=order.index):
            one, many = (f" {words}" for words in _WELL[rule])
            self._say(EventKind.PROBLEM_CLOSED, closed[rule], (one, many), (rule, None), now)

    def _say(
        self,
        kind: EventKind,
        torrents: Sequence[int],
        words: tuple[str, str],
        rules: tuple[Rule | None, Rule | None],
        now: float,
    ) -> None:
        before, after = (None if rule is None else str(rule) for rule in rules)
        if len(torrents) > EACH_TORRENT_UP_TO:
            self._events.add(kind, f"{len(torrents)} torrents{words[1]}", now, from_state=before, to_state=after)
            return
        for index in torrents:
            torrent = self._book.torrents[index]
            message = f"{torrent.name}{words[0]}"
            self._events.add(kind, message, now, torrent=torrent, from_state=before, to_state=after)

    def _known(self, rule: Rule, index: int) -> bool:
        """Whether a torrent is known to keep a rule."""
        book = self._book
        match rule:
            case Rule.NO_SEEDERS | Rule.ONE_SEEDER:
                return book.seeders[index] > 0
            case Rule.IMPLAUSIBLE:
                return book.seeders[index] >= 0 or book.leechers[index] >= 0
            case Rule.UNREGISTERED | Rule.UNAUTHORIZED:
                return not self._refused_out_of_sight(index)
            case _:
                return True

    def _refused_out_of_sight(self, index: int) -> bool:
        """Whether a tracker that nothing is heard of now refused a torrent when it was heard last."""
        shape = self._book.shapes[index]
        for n, column in enumerate(self._book.slots[index]):
            state = shape.trackers[n // shape.swarms]
            if state.state in ANSWERING or state.muted:
                continue
            record, failure = state.swarms.announces.get(column), state.swarms.columns.failures.get(column)
            if (record is not None and record.refusal) or (failure is not None and failure.kind in REFUSAL_FLAGS):
                return True
        return False


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
