"""The state and the events as sentences, one a line: for screen readers, logs, and terminals that can do nothing else. Pure.

Nothing is told by a glyph, a colour or a place on the screen. Times are UTC.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from datetime import UTC
from typing import TYPE_CHECKING

from trackerwatch.engine.views import EventKind, LocalState
from trackerwatch.health.states import Health
from trackerwatch.outside_text import clean
from trackerwatch.policy.rules import Rule, Verdict
from trackerwatch.policy.words import KIND_WORDS, failure_words
from trackerwatch.reports.telling.wording import are, many

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, datetime

    from trackerwatch.engine.views import Effect, Event, Snapshot, TorrentView, TrackerView

LIMIT_CHARS = 400
"""A line is cut behind so many characters."""

WORST = 12
"""So many trackers, and so many torrents, are told one by one in a summary."""


def line(text: str) -> str:
    """One clean line, bounded, with its line break."""
    return clean(text, limit_chars=LIMIT_CHARS) + "\n"


# -- times -------------------------------------------------------------------------------------------------------------


def clock(at: datetime) -> str:
    """`14:02:11`."""
    return f"{at.astimezone(UTC):%H:%M:%S}"


def moment(at: datetime, now: datetime) -> str:
    """`13:48`, and with its day where that is another one: `13:48 on 12 March`."""
    at, now = at.astimezone(UTC), now.astimezone(UTC)
    if at.date() == now.date():
        return f"{at:%H:%M}"
    year = "" if at.year == now.year else f" {at.year}"
    return f"{at:%H:%M} on {at.day} {at:%B}{year}"


def span(seconds: float) -> str:
    """`38 seconds`, `14 minutes`, `3 hours`, `22 days`."""
    seconds = max(0.0, seconds)
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= 2 * size:
            return f"{int(seconds / size)} {unit}s"
    return many(int(seconds), "second")


def since(at: datetime | None, now: datetime) -> str:
    """`, since 13:48 (14 minutes)`; empty where that is not known."""
    return "" if at is None else f", since {moment(at, now)} ({span((now - at).total_seconds())})"


def day(value: date) -> str:
    """The line that begins a day."""
    return line(f"{value:%A}, {value.day} {value:%B %Y}; times are UTC")


# -- what is wrong -----------------------------------------------------------------------------------------------------

_STATE_WORDS = {
    Health.UP: "is up",
    Health.DEGRADED: "is degraded",
    Health.DOWN: "is down",
    Health.UNKNOWN: "is not known yet",
}


def effect(seen: Effect) -> str:
    """`Of 5,120 torrents 41 failed over, 3 have no tracker left, 5,076 keep their tracker`; empty where it hits none."""
    told = [
        (seen.failed_over, "failed over", "failed over"),
        (seen.exhausted, "has no tracker left", "have no tracker left"),
        (seen.unaffected, "keeps its tracker", "keep their tracker"),
        (seen.unknown, "is not known", "are not known"),
    ]
    parts = [f"{number:,} {one if number == 1 else more}" for number, one, more in told if number]
    total = many(sum(number for number, _, _ in told), "torrent")
    if len(parts) == 1:
        return f"{'All ' if total != '1 torrent' else ''}{total} {parts[0].partition(' ')[2]}"
    return f"Of {total} {', '.join(parts)}" if parts else ""


def why(view: TrackerView) -> str:
    """Why a tracker is not up: `refused, 5 times in a row`."""
    if view.state is Health.DOWN or view.pending:
        told = failure_words(view.failure) or "no answer"
        misses = max((endpoint.consecutive_failures for endpoint in view.endpoints), default=0)
        if view.answers_in_row and view.thresholds is not None:
            return f"{told}; it answers again, {view.answers_in_row} of {view.thresholds.up_after}"
        return f"{told}, {misses} times in a row" if misses > 1 else told
    down = [endpoint for endpoint in view.endpoints if endpoint.state is Health.DOWN]
    if down:
        more = f" and {len(down) - 1} more" if len(down) > 1 else ""
        return f"its address {down[0].endpoint.address}{more} is down, {failure_words(down[0].failure) or 'no answer'}"
    return ", ".join(view.reasons).replace("_", " ") or failure_words(view.failure)


def tracker_sentence(view: TrackerView, now: datetime) -> str:
    """One tracker: state, since when, why, what it hits, and when it is tried next."""
    name = f"tracker {view.tracker.host_port}"
    if view.disabled is not None:
        return f"{name} is disabled by you" + (f": {view.disabled.why}" if view.disabled.why else "")
    state = f"{name} {_STATE_WORDS[view.state]}"
    if view.flapping:
        state += " and flapping"
    if view.pending and view.state is not Health.DOWN:
        state = f"{name} fails and is tried again before it counts as down ({view.pending} of {view.pending_limit})"
    told = state + since(view.failing_since if view.pending else view.since, now)
    reason = why(view) if view.state is not Health.UP or view.pending else ""
    sentences = [f"{told}: {reason}" if reason else told]
    if view.recalled_at is not None:
        sentences.append(f"That is remembered from {moment(view.recalled_at, now)}")
    if view.state in (Health.DOWN, Health.DEGRADED):
        sentences.append(effect(view.effect))
    if view.refused:
        sentences.append(refusal(view))
    if view.asking:
        sentences.append("It is being asked now")
    elif view.next_probe_at is not None:
        left = (view.next_probe_at - now).total_seconds()
        sentences.append(f"Next try in {span(left)}" if left >= 1 else "Next try now")
    return ". ".join(filter(None, sentences))


def refusal(view: TrackerView) -> str:
    """What a tracker refuses although it answers: `It refuses all 20 of its torrents: unregistered`."""
    whom = "its only torrent" if view.torrents == 1 else f"{view.refused:,} of its {many(view.torrents, 'torrent')}"
    if view.refused >= view.torrents > 1:
        whom = f"all {view.refused:,} of its torrents"
    return f"It refuses {whom}" + (f": {KIND_WORDS[view.refused_kind]}" if view.refused_kind else "")


def torrent_sentence(view: TorrentView, now: datetime) -> str:
    """One torrent: what is wrong, since when, and what that means."""
    worst = view.problems[0].message if view.problems else view.why or str(view.verdict)
    more = f" (and {many(len(view.problems) - 1, 'more problem')})" if len(view.problems) > 1 else ""
    return f"torrent {view.torrent.name}{since(view.since, now)}: {worst}{more}"


def opening(snapshot: Snapshot) -> str:
    """The first line."""
    return line(f"watching {_watched(snapshot)} from {snapshot.vantage or 'here'}")


def _listed_trackers(snapshot: Snapshot) -> list[TrackerView]:
    """Those that somebody lists or watches still."""
    return [view for view in snapshot.trackers if not view.retired]


def _watched(snapshot: Snapshot) -> str:
    return f"{many(len(_listed_trackers(snapshot)), 'tracker')}, {many(len(snapshot.torrents.listed), 'torrent')}"


def totals(snapshot: Snapshot) -> str:
    """All numbers in one sentence."""
    by_state = Counter(
        "disabled" if view.disabled else "muted" if view.muted else str(view.state)
        for view in _listed_trackers(snapshot)
    )
    trackers = [f"{by_state[word]:,} {word}" for word in _TRACKER_WORDS if by_state[word]]
    by_verdict = snapshot.totals.torrents_by_verdict
    torrents = [f"{by_verdict[verdict]:,} {word}" for verdict, word in _VERDICT_WORDS if by_verdict.get(verdict)]
    told = [f"Trackers: {', '.join(trackers)}"] if trackers else ["No trackers"]
    told.append(f"torrents: {', '.join(torrents)}" if torrents else "no torrents")
    return "; ".join(told)


_TRACKER_WORDS = ("down", "degraded", "unknown", "up", "muted", "disabled")
_VERDICT_WORDS = (
    (Verdict.CRITICAL, "critical"),
    (Verdict.WARNING, "with warnings"),
    (Verdict.UNKNOWN, "not known yet"),
    (Verdict.OK, "well"),
)


def summary(snapshot: Snapshot, now: datetime) -> list[str]:
    """Everything that is wrong at the moment, worst first, in a bounded number of lines."""
    at = clock(now)
    lines = [f"{at} summary of {_watched(snapshot)}. {totals(snapshot)}"]
    ours = snapshot.ourselves
    if ours.state is not LocalState.FINE:
        lines.append(f"this machine: {ours.message or ours.state.replace('_', ' ')}{since(ours.since, now)}")
    if ours.store_trouble:
        lines.append(f"history: {ours.store_trouble}")
    trackers = sorted(filter(_wrong, snapshot.trackers), key=_badness)
    lines += [tracker_sentence(view, now) for view in trackers[:WORST]]
    if len(trackers) > WORST:
        lines.append(f"and {many(len(trackers) - WORST, 'more tracker')} that {are(len(trackers) - WORST)} not well")
    verdicts = snapshot.torrents.verdicts
    bad = [index for index in snapshot.torrents.listed if verdicts[index] in (Verdict.CRITICAL, Verdict.WARNING)]
    bad.sort(key=lambda index: -verdicts[index].badness)
    lines += [torrent_sentence(snapshot.torrents.view(index), now) for index in bad[:WORST]]
    if len(bad) > WORST:
        lines.append(f"and {many(len(bad) - WORST, 'more torrent')} with problems: {_rules(snapshot)}")
    if not trackers and not bad and ours.state is LocalState.FINE:
        unknown = any(view.state is Health.UNKNOWN and view.disabled is None for view in _listed_trackers(snapshot))
        lines.append("nothing known is wrong; some answers are still missing" if unknown else "nothing needs attention")
    return [line(text) for text in lines]


_RULE_WORDS = {
    Rule.EXHAUSTED: "without a working tracker",
    Rule.NO_SEEDERS: "without a seeder",
    Rule.FAILED_OVER: "on a backup",
    Rule.REDUNDANCY: "on their last tracker",
    Rule.ONE_SEEDER: "with one seeder",
    Rule.NO_TRACKERS: "listing no tracker",
    Rule.UNREGISTERED: "not registered somewhere",
    Rule.UNAUTHORIZED: "refused somewhere",
    Rule.IMPLAUSIBLE: "with counts beyond belief",
}


def _rules(snapshot: Snapshot) -> str:
    broken = snapshot.totals.broken
    return ", ".join(f"{broken[rule]:,} {words}" for rule, words in _RULE_WORDS.items() if broken.get(rule)) + " in all"


def _wrong(view: TrackerView) -> bool:
    if view.muted is not None or view.disabled is not None or view.retired:
        return False
    return view.state in (Health.DOWN, Health.DEGRADED) or bool(view.pending) or 0 < view.torrents <= 2 * view.refused


def _badness(view: TrackerView) -> tuple[int, int, int, int]:
    order = {Health.DOWN: 0, Health.DEGRADED: 1}
    return (order.get(view.state, 2), -view.effect.exhausted, -view.effect.failed_over, view.index)


# -- what happens ------------------------------------------------------------------------------------------------------

_MOVED = re.compile(r" -> (?:([0-9,]+) failed over)?(?:, )?(?:([0-9,]+) exhausted)?$")


def sentence(event: Event) -> str:
    """What happened, without its time: `tracker foo.org:6969 is down: refused. 41 torrents failed over`."""
    told = event.message
    moved = _MOVED.search(told) if event.tracker is not None and event.torrent is None else None
    if moved is not None and (moved[1] or moved[2]):
        told = f"{told[: moved.start()]}. {_moved(moved[1], moved[2])}"
    if event.torrent is not None:
        return f"torrent {told}" if told.startswith(event.torrent.name) else told
    if event.tracker is not None and told.startswith(event.tracker.host_port):
        return f"tracker {told}"
    return told


def _moved(failed_over: str | None, exhausted: str | None) -> str:
    noun = " torrent" if (failed_over or exhausted) == "1" else " torrents"
    left = "has no tracker left" if exhausted == "1" else "have no tracker left"
    if failed_over and exhausted:
        return f"{failed_over}{noun} failed over, {exhausted} {left}"
    return f"{failed_over}{noun} failed over" if failed_over else f"{exhausted}{noun} {left}"


BURST = 10
"""So many events are told one by one, and the first of each kind in any case, ..."""
BURST_S = 30.0
"""... in so many seconds; what goes beyond is counted, and told once they are over."""

_KIND_WORDS = {
    EventKind.STATE_CHANGED: ("change of state", "changes of state"),
    EventKind.FAILED_OVER: ("failover", "failovers"),
    EventKind.PROMOTED: ("move to another backup", "moves to another backup"),
    EventKind.RECOVERED: ("recovery", "recoveries"),
    EventKind.EXHAUSTED: ("torrent without a tracker", "torrents without a tracker"),
    EventKind.PROBLEM_OPENED: ("new problem", "new problems"),
    EventKind.PROBLEM_CLOSED: ("problem less", "problems less"),
}


class Chronicler:
    """Makes lines of events as they come, and folds bursts."""

    def __init__(self) -> None:
        """Begin with nothing told."""
        self._day: date | None = None
        self._told: deque[tuple[float, EventKind]] = deque()
        """When something that may come in bursts was told one by one, and what."""
        self._folded: Counter[EventKind] = Counter()
        self._fold_until = 0.0

    def lines(self, events: Iterable[Event], now: datetime, *, missing: int = 0) -> list[str]:
        """Lines for what happened, and for what was folded before and is over now.

        Args:
            events: Those that came since the last call, in order.
            now: The time of the call.
            missing: So many events before these are lost.
        """
        seconds = now.timestamp()
        lines = self._unfolded(now) if self._folded and seconds >= self._fold_until else []
        if missing:
            lines.append(line(f"{clock(now)} {many(missing, 'event')} came too fast to be told"))
        for event in events:
            today = event.at.astimezone(UTC).date()
            if today != self._day:
                self._day = today
                lines.append(day(today))
            if self._is_too_much(event.kind, seconds):
                self._folded[event.kind] += 1
                self._fold_until = self._fold_until if self._fold_until > seconds else seconds + BURST_S
                continue
            lines.append(line(f"{clock(event.at)} {sentence(event)}"))
        return lines

    def rest(self, now: datetime) -> list[str]:
        """Lines for what is still folded: it is over."""
        return self._unfolded(now) if self._folded else []

    def _is_too_much(self, kind: EventKind, seconds: float) -> bool:
        if kind not in _KIND_WORDS:
            return False
        if self._folded[kind]:
            # One that comes between those that are folded would be out of its order.
            return True
        while self._told and seconds - self._told[0][0] >= BURST_S:
            self._told.popleft()
        if len(self._told) >= BURST and any(told is kind for _, told in self._told):
            return True
        self._told.append((seconds, kind))
        return False

    def _unfolded(self, now: datetime) -> list[str]:
        parts = [f"{number:,} {_KIND_WORDS[kind][number != 1]}" for kind, number in self._folded.items() if number]
        self._folded.clear()
        self._told.clear()
        return [line(f"{clock(now)} and then, not told one by one: {_listed(parts)}")]


def _listed(parts: Sequence[str]) -> str:
    return ", ".join(parts[:-1]) + (" and " if parts[1:] else "") + parts[-1]
