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
from trackerwatch.policy.words import failure_words
from trackerwatch.reports.changes import Change, ChangeKind, Changes
from trackerwatch.reports.wording import many

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from trackerwatch.engine.views import TrackerView
    from trackerwatch.reports.baseline import Baseline, TorrentThen
    from trackerwatch.reports.rows import Report

DROP = 0.8
"""The share of seeders that must have left."""
FEW_SEEDERS = 5
"""Of fewer the loss of one or two is every day's noise."""
EACH_UP_TO = 20
"""So many torrents of one kind of change are told one by one; more are told together."""
NAMED = 3
"""Of those told together."""
MAX_ITEMS = 1000

_ANSWERING = (Health.UP, Health.DEGRADED)
_BY_TRACKERS = frozenset(
    {Rule.EXHAUSTED, Rule.FAILED_OVER, Rule.REDUNDANCY, Rule.MIN_WORKING_TRACKERS, Rule.DEAD_TRACKER, Rule.REGIONAL}
)
"""Rules that a tracker's fall alone can break."""
_BY_SEEDERS = frozenset({Rule.NO_SEEDERS, Rule.ONE_SEEDER, Rule.MIN_SEEDERS})
_JUDGED = (Verdict.OK, Verdict.WARNING, Verdict.CRITICAL)
_ORDER = (
    (ChangeKind.TRACKER_DOWN, None),
    (ChangeKind.PROBLEM_NEW, Verdict.CRITICAL.value),
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
        self._names = _names(views)
        self._both = [(key, before.torrents[key], then) for key, then in now.torrents.items() if key in before.torrents]
        self._down = {key for key in self._views if self._is_newly_down(key)}
        self._up = {key for key in self._views if self._is_up_again(key)}

    def items(self) -> Iterator[Change]:
        """Each change, in no order."""
        told: set[str] = set()
        worse_by: Counter[str] = Counter()
        better_by: Counter[str] = Counter()
        yield from self._unregistered(told)
        yield from self._seeders(told)
        yield from self._verdicts(told, worse_by, better_by)
        yield from self._trackers(worse_by, better_by)
        yield from self._come_and_gone()

    # Trackers.

    def _state_before(self, key: str) -> Health | None:
        then = self._before.trackers.get(key)
        if then is None and not self._before.all_trackers:
            # A report of problems alone lists none that is up.
            return Health.UP
        return None if then is None else then.state

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

    def _trackers(self, worse_by: Mapping[str, int], better_by: Mapping[str, int]) -> Iterator[Change]:
        for key, view in self._views.items():
            if key in self._down:
                known = key in self._before.trackers
                was = f"it was {_state_words(self._state_before(key))}" if known else "it was not among the problems"
                why = failure_words(view.failure)
                effect = worse_by.get(key, 0)
                yield Change(
                    ChangeKind.TRACKER_DOWN,
                    f"{self._name(key)} is down now{f' ({why})' if why else ''}; {was}"
                    + (
                        f"; {many(effect, 'torrent')} {_stands(Verdict.WARNING, effect)} because of it"
                        if effect
                        else ""
                    ),
                    tracker=key,
                    before=_state_value(self._state_before(key)),
                    after=view.state.value,
                )
            elif key in self._up:
                again = better_by.get(key, 0)
                yield Change(
                    ChangeKind.TRACKER_RECOVERED,
                    f"{self._name(key)} answers again{_degraded(view)}; it was down"
                    + (
                        f"; {many(again, 'torrent')} {'is' if again == 1 else 'are'} better because of it"
                        if again
                        else ""
                    ),
                    tracker=key,
                    before=Health.DOWN.value,
                    after=view.state.value,
                )

    def _name(self, key: str) -> str:
        return self._names.get(key) or self._before.trackers[key].name

    # Torrents that are in both.

    def _unregistered(self, told: set[str]) -> Iterator[Change]:
        lost: dict[str, list[str]] = {}
        for key, was, then in self._both:
            for tracker in sorted(then.unknown_to & was.known_to):
                if not self._is_quiet(tracker) and tracker in self._names:
                    lost.setdefault(tracker, []).append(key)
                    told.add(key)
        for tracker, keys in lost.items():
            name = self._name(tracker)
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
            yield Change(
                ChangeKind.SEEDERS_DROPPED,
                f"{self._torrent(key)}: seeders {was:,} -> {then:,} (-{(was - then) * 100 // was} %)",
                torrent=key,
                before=str(was),
                after=str(then),
            )

    def _verdicts(self, told: set[str], worse_by: Counter[str], better_by: Counter[str]) -> Iterator[Change]:
        groups: dict[tuple[ChangeKind, Verdict, Verdict, tuple[Rule, ...]], list[str]] = {}
        for key, was, then in self._both_and_unlisted():
            if was.verdict not in _JUDGED or then.verdict not in _JUDGED or was.verdict is then.verdict:
                continue
            worse = then.verdict.badness > was.verdict.badness
            rules = _only_in(then, was) if worse else _only_in(was, then)
            if worse and then.verdict is Verdict.WARNING:
                if (cause := self._cause(self._down, was.known_to, rules)) is not None:
                    worse_by[cause] += 1
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
        if self._before.all_torrents:
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
        why = f" ({', '.join(str(rule).replace('_', ' ') for rule in rules)})" if rules else ""

        def words(number: int) -> tuple[str, str]:
            """How they stand now, and how they stood."""
            if kind is ChangeKind.PROBLEM_NEW:
                return f"{_stands(now, number)} now{why}", _stood(was, number)
            if now is Verdict.OK:
                return f"{_stands(now, number)} again", _stood(was, number) + why
            return f"{_stands(now, number).replace('a warning', 'only a warning')} now", _stood(was, number) + why

        if len(keys) > EACH_UP_TO:
            stands, stood = words(len(keys))
            message = f"{len(keys):,} torrents {stands}, and {stood}: {self._some(keys)}"
            yield Change(kind, message, before=was.value, after=now.value)
            return
        stands, stood = words(1)
        for key in keys:
            yield Change(kind, f"{self._torrent(key)} {stands}; it {stood}", key, None, was.value, now.value)

    # Torrents that are in one alone.

    def _come_and_gone(self) -> Iterator[Change]:
        before, now = self._before, self._now
        gone: list[str] = []
        if not self._filtered:
            gone = [key for key in before.torrents if key not in now.torrents and key not in now.others]
        new: list[str] = []
        if before.all_torrents:
            new = [key for key in now.torrents if key not in before.torrents and key not in before.others]
        renewed = self._renewed(gone, new)
        yield from self._folded(
            ChangeKind.TORRENT_RENEWED,
            [
                (key, f"{self._torrent(key)} is another torrent now: {old[:12]}… -> {key[:12]}…", old, key)
                for old, key in renewed
            ],
            "carry another info hash",
        )
        taken = {key for pair in renewed for key in pair}
        yield from self._folded(
            ChangeKind.TORRENT_GONE,
            [
                (key, f"{self._torrent(key)} is gone; it {_stood(before.torrents[key].verdict, 1)}", key, None)
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
        return "" if verdict is Verdict.OK else f", and {_stands(verdict, 1)}"

    def _torrent(self, key: str) -> str:
        then = self._now.torrents.get(key) or self._before.torrents[key]
        return then.name

    def _some(self, keys: Sequence[str]) -> str:
        named = ", ".join(map(self._torrent, keys[:NAMED]))
        return f"{named} and {len(keys) - NAMED:,} more"


def _has_dropped(was: TorrentThen, then: TorrentThen) -> bool:
    if was.seeders is None or then.seeders is None or not FEW_SEEDERS <= was.seeders <= SANE_COUNT:
        return False
    # A tracker that is not heard now may still know of them all: its own fall is told.
    return then.seeders <= was.seeders * (1 - DROP) + 1e-9 and was.known_to <= then.known_to


def _well(then: TorrentThen) -> TorrentThen:
    return replace(then, verdict=Verdict.OK, rules=())


def _only_in(one: TorrentThen, other: TorrentThen) -> tuple[Rule, ...]:
    return tuple(rule for rule in one.rules if rule not in other.rules)


def _names(views: Iterable[TrackerView]) -> dict[str, str]:
    """Host and port of each tracker; its URL where another one has the same."""
    shared = Counter(view.tracker.host_port for view in views)
    return {
        view.tracker.id: view.tracker.host_port if shared[view.tracker.host_port] == 1 else view.tracker.shown_url
        for view in views
    }


def _state_value(state: Health | None) -> str | None:
    return None if state is None else state.value


def _state_words(state: Health | None) -> str:
    return "degraded" if state is Health.DEGRADED else "up"


def _degraded(view: TrackerView) -> str:
    return f" (degraded: {', '.join(view.reasons)})" if view.state is Health.DEGRADED and view.reasons else ""


def _stands(verdict: Verdict, number: int) -> str:
    """`is critical`, `have a warning`."""
    if verdict is Verdict.WARNING:
        return "has a warning" if number == 1 else "have a warning"
    return f"{'is' if number == 1 else 'are'} {_PLAIN[verdict]}"


def _stood(verdict: Verdict, number: int) -> str:
    """`was critical`, `had a warning`."""
    if verdict is Verdict.WARNING:
        return "had a warning"
    return f"{'was' if number == 1 else 'were'} {_PLAIN[verdict]}"


_PLAIN = {Verdict.OK: "ok", Verdict.CRITICAL: "critical", Verdict.UNKNOWN: "not judged"}
