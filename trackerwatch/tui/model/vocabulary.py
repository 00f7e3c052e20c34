"""What filters could ask for at the moment: the values that completion offers, each with a word of explanation. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from trackerwatch.engine.views import EventKind
from trackerwatch.filters.completion import Candidate, Vocabulary
from trackerwatch.filters.facts import folders
from trackerwatch.filters.fields import REASON_CODES, Field
from trackerwatch.meanings import meaning, of_reason
from trackerwatch.outcome import FailureKind
from trackerwatch.policy.rules import BUILT_IN, Rule
from trackerwatch.tui.lines import states, words
from trackerwatch.tui.lines.ink import safe

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trackerwatch.engine.views import Event, Snapshot, TrackerView

MAX_NAMES = 2000


class _Values(Mapping[Field, "Sequence[Candidate]"]):
    """Values by field, each found out when it is asked for: the folders of ten thousand torrents take their time."""

    def __init__(self, makers: Mapping[Field, Callable[[], Sequence[Candidate]]]) -> None:
        self._makers = makers
        self._made: dict[Field, Sequence[Candidate]] = {}

    def __getitem__(self, field: Field) -> Sequence[Candidate]:
        if field not in self._made:
            self._made[field] = self._makers[field]()
        return self._made[field]

    def __iter__(self) -> Iterator[Field]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


def of_tables(snapshot: Snapshot | None, saved: Mapping[str, str]) -> Vocabulary:
    """For a filter of torrents and trackers."""
    trackers = () if snapshot is None else snapshot.trackers
    return Vocabulary(
        _Values(
            {
                Field.HOST: lambda: _hosts(trackers),
                Field.TRACKER: lambda: _trackers(trackers),
                Field.ACTIVE: lambda: [Candidate("none", "no tracker works"), *_trackers(trackers)],
                Field.FOLDER: lambda: _folders(snapshot),
                Field.STATE: _states,
                Field.KIND: lambda: [*_kinds(), *(Candidate(code, _meaning_of(code)) for code in REASON_CODES)],
                Field.RULE: lambda: [Candidate(rule.value, meaning(rule).means) for rule in Rule if rule in BUILT_IN],
            }
        ),
        saved,
    )


def of_events(events: Sequence[Event]) -> Vocabulary:
    """For a filter of events."""
    return Vocabulary(
        _Values(
            {
                Field.KIND: lambda: _event_kinds(events),
                Field.HOST: lambda: _event_names(events, _host_of),
                Field.TRACKER: lambda: _event_names(
                    events, lambda event: event.tracker.host_port if event.tracker else ""
                ),
                Field.TORRENT: lambda: _event_names(events, lambda event: event.torrent.name if event.torrent else ""),
                Field.REASON: _kinds,
            }
        )
    )


def _hosts(trackers: Sequence[TrackerView]) -> list[Candidate]:
    listed: Counter[str] = Counter()
    for view in trackers:
        # A passkey among a host's labels is not shown, and what is shown instead would find nothing.
        if view.tracker.shown_host == view.tracker.host:
            listed[view.tracker.host] += view.torrents
    return [Candidate(safe(host), words.plural(number, "torrent")) for host, number in listed.most_common(MAX_NAMES)]


def _trackers(trackers: Sequence[TrackerView]) -> list[Candidate]:
    most_first = sorted(trackers, key=lambda view: -view.torrents)[:MAX_NAMES]
    return [
        Candidate(safe(view.tracker.host_port), f"{view.state}, {words.plural(view.torrents, 'torrent')}")
        for view in most_first
    ]


def _folders(snapshot: Snapshot | None) -> list[Candidate]:
    if snapshot is None:
        return []
    table = snapshot.torrents
    found: Counter[str] = Counter()
    for index in table.listed:
        found.update(folders(table.torrents[index]))
    # The short names first: they are quicker to type.
    ranked = sorted(found.items(), key=lambda entry: ("/" in entry[0], -entry[1]))
    return [Candidate(safe(name), words.plural(number, "torrent")) for name, number in ranked[:MAX_NAMES]]


_STATES = {
    "ok": "no rule that counts is broken",
    "warning": "a rule is broken",
    "critical": "a rule is broken badly",
    "unknown": "not asked, or no answer yet",
    "primary": "on a tracker of the first tier",
    "failed_over": "on a backup",
    "exhausted": "no tracker works",
    "up": "answers",
    "degraded": "answers, not as it should",
    "down": "does not answer",
}


def _states() -> list[Candidate]:
    return [Candidate(name, told) for name, told in _STATES.items()]


def _kinds() -> list[Candidate]:
    return [Candidate(kind.value, states.failure_kind(kind)) for kind in FailureKind]


def _meaning_of(code: str) -> str:
    found = of_reason(code)
    return found.means if found is not None else ""


def _event_kinds(events: Sequence[Event]) -> list[Candidate]:
    happened = Counter(event.kind for event in events)
    return [Candidate(kind.value, words.plural(happened[kind], "event")) for kind in EventKind]


def _host_of(event: Event) -> str:
    tracker = event.tracker
    return tracker.host if tracker is not None and tracker.shown_host == tracker.host else ""


def _event_names(events: Sequence[Event], name_of: Callable[[Event], str]) -> list[Candidate]:
    named = Counter(name for event in events if (name := name_of(event)))
    return [Candidate(safe(name), words.plural(number, "event")) for name, number in named.most_common(MAX_NAMES)]
