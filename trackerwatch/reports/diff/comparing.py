"""What changed between two reports, in words. Pure.

What is not known now has not changed: a tracker that was not judged is neither down nor up again, seeders that nobody told
have not dropped. One cause is told once: what a tracker's fall does to torrents stands with the tracker, unless it is critical.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from trackerwatch.health.states import Health
from trackerwatch.policy.judge import SANE_COUNT
from trackerwatch.policy.rules import Rule, Verdict
from trackerwatch.reports.diff import change_words
from trackerwatch.reports.diff.baseline import missing
from trackerwatch.reports.diff.changes import Change, ChangeKind, Changes
from trackerwatch.reports.telling.wording import many

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from trackerwatch.reports.diff.baseline import Baseline, TorrentThen
    from trackerwatch.reports.rows import Report

DROP = 0.8
"""The share of seeders that must have left."""
FEW_SEEDERS = 5
"""Of fewer the loss of one or two is every day's noise."""
EACH_UP_TO = 20
"""So many torrents of one kind of change are told one by one; more are told together."""
MAX_ITEMS = 1000

_ANSWERING = (Health.UP, Health.DEGRADED)
_BY_TRACKERS = frozenset(
    {Rule.EXHAUSTED, Rule.FAILED_OVER, Rule.REDUNDANCY, Rule.MIN_WORKING_TRACKERS, Rule.DEAD_TRACKER, Rule.REGIONAL}
)
"""Rules that a tracker's fall alone can break."""
_BY_SEEDERS = frozenset({Rule.NO_SEEDERS, Rule.ONE_SEEDER, Rule.MIN_SEEDERS})
_JUDGED = (Verdict.OK, Verdict.WARNING, Verdict.CRITICAL)
_ORDER = (
    (ChangeKind.PROBLEM_NEW, Verdict.CRITICAL.value),
    (ChangeKind.TRACKER_DOWN, None),
    (ChangeKind.UNREGISTERED, None),
    (ChangeKind.SEEDERS_DROPPED, None),
    (ChangeKind.PROBLEM_NEW, Verdict.WARNING.value),
    (ChangeKind.TORRENT_GONE, None),
    (ChangeKind.TORRENT_RENEWED, None),
    (ChangeKind.TORRENT_NEW, None),
    (ChangeKind.TRACKER_RECOVERED, None),
    (ChangeKind.PROBLEM_GONE, None),
)
"""Worst first."""
_PLACE = {key: place for place, key in enumerate(_ORDER)}


def changes(before: Baseline, now: Baseline, report: Report, against: str, *, filtered: bool = False) -> Changes:
    """What is not as it was.

    Args:
        before: Of the other report.
        now: Of this one.
        report: This one.
        against: What is compared with: `the last run`, or the name of a file; safe to show.
        filtered: This report is of a part of what the other one may have been about: what is not in it is not gone.

    Returns:
        Worst first, at most `MAX_ITEMS`.
    """
    found = list(_Comparison(before, now, report, filtered=filtered).items())
    found.sort(key=lambda change: _PLACE.get((change.kind, change.after), _PLACE.get((change.kind, None), len(_ORDER))))
    if len(found) > MAX_ITEMS:
        rest = found[MAX_ITEMS - 1 :]
        found[MAX_ITEMS - 1 :] = [Change(rest[0].kind, f"{len(rest):,} more changes are not listed")]
    return Changes(against, before.made_at, tuple(found))


class _Comparison:
    """Two reports side by side."""

    def __init__(self, before: Baseline, now: Baseline, report: Report, *, filtered: bool) -> None:
        self._before = before
        self._now = now
        self._filtered = filtered
        views = (*report.trackers, *report.unlisted_trackers)
        self._views = {view.tracker.id: view for view in views}
        self._names = change_words.names_of(views)
        self._both = [(key, before.torrents[key], then) for key, then in now.torrents.items() if key in before.torrents]
        self._down = {key for key in self._views if self._is_newly_down(key)}
        self._up = {key for key in self._views if self._is_up_again(key)}

    def items(self) -> Iterator[Change]:
        """Each change, in no order."""
        told: set[str] = set()
        warned_by: Counter[str] = Counter()
        better_by: Counter[str] = Counter()
        yield from self._unregistered(told)
        yield from self._seeders(told)
        yield from self._verdicts(told, warned_by, better_by)
        yield from self._trackers(warned_by, better_by)
        yield from self._come_and_gone()

    # Trackers.

    def _state_before(self, key: str) -> Health | None:
        # A report of problems alone lists none that is up.
        lists_all = self._before.all_trackers or self._before.filtered
        return self._before.trackers.get(key, None if lists_all else Health.UP)

    def _is_quiet(self, key: str) -> bool:
        """Whether the user wants to hear nothing of a tracker."""
        view = self._views.get(key)
        return view is not None and (view.muted is not None or view.disabled is not None)

    def _is_newly_down(self, key: str) -> bool:
        state = self._views[key].state
        return state is Health.DOWN and self._state_before(key) in _ANSWERING and not self._is_quiet(key)

    def _is_up_again(self, key: str) -> bool:
        state = self._views[key].state
        return state in _ANSWERING and self._state_before(key) is Health.DOWN and not self._is_quiet(key)

    def _trackers(self, warned_by: Mapping[str, int], better_by: Mapping[str, int]) -> Iterator[Change]:
        for key, view in self._views.items():
            name, state = self._names[key], view.state.value
            before = self._state_before(key)
            if key in self._down:
                known = before if key in self._before.trackers else None
                message = change_words.fallen(name, view, known, warned_by.get(key, 0))
                yield Change(ChangeKind.TRACKER_DOWN, message, None, key, before and before.value, state)
            elif key in self._up:
                message = change_words.risen(name, view, better_by.get(key, 0))
                yield Change(ChangeKind.TRACKER_RECOVERED, message, None, key, Health.DOWN.value, state)

    # Torrents that are in both.

    def _unregistered(self, told: set[str]) -> Iterator[Change]:
        lost: dict[str, list[str]] = {}
        for key, was, then in self._both:
            for tracker in sorted(then.unknown_to & was.known_to):
                if not self._is_quiet(tracker) and tracker in self._names:
                    lost.setdefault(tracker, []).append(key)
                    told.add(key)
        for tracker, keys in lost.items():
            name = self._names[tracker]
            if len(keys) > EACH_UP_TO:
                message = f"{name} does not know {many(len(keys), 'torrent')} any more: {self._some(keys)}"
                yield Change(ChangeKind.UNREGISTERED, message, None, tracker, "known", "unregistered")
                continue
            for key in keys:
                message = f"{self._torrent(key)}: {name} does not know it any more"
                yield Change(ChangeKind.UNREGISTERED, message, key, tracker, "known", "unregistered")

    def _seeders(self, told: set[str]) -> Iterator[Change]:
        dropped = [
            (key, was.seeders, then.seeders)
            for key, was, then in self._both
            if was.seeders is not None and then.seeders is not None and _has_dropped(was, then)
        ]
        told.update(key for key, *_ in dropped)
        if len(dropped) > EACH_UP_TO:
            worst = sorted(dropped, key=lambda drop: drop[2] - drop[1])
            most = f"{self._torrent(worst[0][0])}: {worst[0][1]:,} -> {worst[0][2]:,}"
            yield Change(
                ChangeKind.SEEDERS_DROPPED,
                f"{many(len(dropped), 'torrent')} lost {DROP:.0%} of their seeders or more ({most})",
                before=str(sum(drop[1] for drop in dropped)),
                after=str(sum(drop[2] for drop in dropped)),
            )
            return
        for key, was, then in dropped:
            message = f"{self._torrent(key)}: {change_words.dropped(was, then)}"
            yield Change(ChangeKind.SEEDERS_DROPPED, message, key, None, str(was), str(then))

    def _verdicts(self, told: set[str], warned_by: Counter[str], better_by: Counter[str]) -> Iterator[Change]:
        groups: dict[tuple[ChangeKind, Verdict, Verdict, tuple[Rule, ...]], list[str]] = {}
        for key, was, then in self._both_and_unlisted():
            if was.verdict not in _JUDGED or then.verdict not in _JUDGED or was.verdict is then.verdict:
                continue
            worse = then.verdict.badness > was.verdict.badness
            rules = _only_in(then, was) if worse else _only_in(was, then)
            if worse and then.verdict is Verdict.WARNING:
                if (cause := self._cause(self._down, was.known_to, rules)) is not None:
                    warned_by[cause] += 1
                    continue
                if key in told and rules and set(rules) <= _BY_TRACKERS | _BY_SEEDERS | {Rule.UNREGISTERED}:
                    continue
            elif not worse and (cause := self._cause(self._up, then.known_to, rules)) is not None:
                better_by[cause] += 1
                continue
            kind = ChangeKind.PROBLEM_NEW if worse else ChangeKind.PROBLEM_GONE
            groups.setdefault((kind, was.verdict, then.verdict, rules), []).append(key)
        for (kind, was_, is_, rules), keys in groups.items():
            yield from self._verdict_items(kind, was_, is_, rules, keys)

    def _both_and_unlisted(self) -> Iterator[tuple[str, TorrentThen, TorrentThen]]:
        yield from self._both
        if self._before.all_torrents or self._before.filtered:
            return
        # A report of problems alone lists none that is well.
        for key, then in self._now.torrents.items():
            if key not in self._before.torrents and then.verdict in (Verdict.WARNING, Verdict.CRITICAL):
                yield key, _well(then), then

    @staticmethod
    def _cause(changed: set[str], known_to: frozenset[str], rules: Sequence[Rule]) -> str | None:
        """The tracker by whose change alone these rules are explained."""
        if not rules or not set(rules) <= _BY_TRACKERS:
            return None
        return min(changed & known_to, default=None)

    def _verdict_items(
        self, kind: ChangeKind, was: Verdict, now: Verdict, rules: Sequence[Rule], keys: Sequence[str]
    ) -> Iterator[Change]:
        if len(keys) > EACH_UP_TO:
            stands, stood = change_words.judged(was, now, rules, len(keys))
            message = f"{len(keys):,} torrents {stands}, and {stood}: {self._some(keys)}"
            yield Change(kind, message, before=was.value, after=now.value)
            return
        stands, stood = change_words.judged(was, now, rules, 1)
        for key in keys:
            yield Change(kind, f"{self._torrent(key)} {stands}; it {stood}", key, None, was.value, now.value)

    # Torrents that are in one alone.

    def _come_and_gone(self) -> Iterator[Change]:
        before, now = self._before, self._now
        gone: list[str] = []
        unread: frozenset[str] = frozenset()
        if not self._filtered:
            gone, unread = missing(now, before)
        new: list[str] = []
        if before.all_torrents and not before.filtered:
            new = [key for key in now.torrents if key not in before.torrents and key not in before.others]
        renewed = self._renewed(gone, new)
        yield from self._folded(
            ChangeKind.TORRENT_RENEWED,
            [(key, change_words.renewed(self._torrent(key), old, key), old, key) for old, key in renewed],
            "carry another info hash",
        )
        # What may be behind an input that could not be read is not known to be gone.
        taken = {*unread, *(key for pair in renewed for key in pair)}
        yield from self._folded(
            ChangeKind.TORRENT_GONE,
            [
                (
                    key,
                    f"{self._torrent(key)} is gone; it {change_words.stood(before.torrents[key].verdict, 1)}",
                    key,
                    None,
                )
                for key in gone
                if key not in taken
            ],
            "are gone",
        )
        yield from self._folded(
            ChangeKind.TORRENT_NEW,
            [(key, f"{self._torrent(key)} is new{self._how_new(key)}", None, key) for key in new if key not in taken],
            "are new",
        )

    def _renewed(self, gone: Iterable[str], new: Iterable[str]) -> list[tuple[str, str]]:
        """(old, new) info hashes of torrents that have the same name."""
        old_by_name: dict[str, list[str]] = {}
        for key in gone:
            old_by_name.setdefault(self._before.torrents[key].name, []).append(key)
        return [(old.pop(0), key) for key in new if (old := old_by_name.get(self._now.torrents[key].name))]

    def _folded(
        self, kind: ChangeKind, rows: Sequence[tuple[str, str, str | None, str | None]], together: str
    ) -> Iterator[Change]:
        if len(rows) > EACH_UP_TO:
            yield Change(kind, f"{len(rows):,} torrents {together}: {self._some([row[0] for row in rows])}")
            return
        for key, message, before, after in rows:
            yield Change(kind, message, torrent=key, before=before, after=after)

    def _how_new(self, key: str) -> str:
        verdict = self._now.torrents[key].verdict
        return "" if verdict is Verdict.OK else f", and {change_words.stands(verdict, 1)}"

    def _torrent(self, key: str) -> str:
        then = self._now.torrents.get(key) or self._before.torrents[key]
        return then.name

    def _some(self, keys: Sequence[str]) -> str:
        return change_words.some_of([self._torrent(key) for key in keys])


def _has_dropped(was: TorrentThen, then: TorrentThen) -> bool:
    if was.seeders is None or then.seeders is None or not FEW_SEEDERS <= was.seeders <= SANE_COUNT:
        return False
    # A tracker that told of them and tells nothing now may still know of them all: its own fall is told.
    return then.seeders <= was.seeders * (1 - DROP) + 1e-9 and was.told_by <= then.told_by


def _well(then: TorrentThen) -> TorrentThen:
    return replace(then, verdict=Verdict.OK, rules=())


def _only_in(one: TorrentThen, other: TorrentThen) -> tuple[Rule, ...]:
    return tuple(rule for rule in one.rules if rule not in other.rules)
