"""What of a report the next one is compared with, and its bytes. Pure.

The bytes come back from a store that anybody may have written to: nothing in them is believed.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from trackerwatch.engine.views import AskState
from trackerwatch.failover.states import WORKING, Role
from trackerwatch.health.states import Health
from trackerwatch.outcome import FailureKind
from trackerwatch.outside_text import clean
from trackerwatch.policy.rules import Rule, Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from trackerwatch.engine.views import AnswerView, TorrentView
    from trackerwatch.reports.rows import Report

FORMAT = 1
"""Of the bytes. Another one is not read: the run after an update has nothing to compare with."""
MAX_BYTES = 32 << 20
MAX_VALUES = 4_000_000
"""So many commas and brackets at most: an empty list takes two bytes here, and thirty times as many in memory."""
MAX_TRACKERS = 100_000
MAX_TORRENTS = 500_000
MAX_SKIPPED = 10_000
"""Inputs that are kept of those which could not be used; a further one counts as one that could be used before."""
MAX_NAME_CHARS = 300
_MAX_COUNT = 1 << 63
_LATEST_S = 32_503_680_000.0
"""The year 3000: later ones leave no room to count from."""

_INFO_HASH = re.compile(r"[0-9a-f]{40}")
_TRACKER_ID = re.compile(r"[0-9a-f]{10}")
_INPUT = re.compile(r"[0-9a-f]{12}")
_WHOLE = frozenset({int})
_EPOCH = datetime.fromtimestamp(0, UTC)
_MS = timedelta(milliseconds=1)
_BY_SEEDERS = frozenset({Rule.NO_SEEDERS, Rule.ONE_SEEDER, Rule.MIN_SEEDERS})
"""Rules of which a run that heard no count of seeders says nothing."""


BrokenSince = tuple[tuple[Rule, datetime], ...]
"""Rules with the time since when they are broken, to the millisecond as in reports."""


@dataclass(frozen=True, slots=True)
class TorrentThen:
    """How a torrent stood."""

    name: str
    verdict: Verdict
    seeders: int | None
    rules: tuple[Rule, ...] = ()
    """Those that it broke and that count."""
    told_by: frozenset[str] = frozenset()
    """Ids of trackers that told of it in the run that `seeders` are from."""
    known_to: frozenset[str] = frozenset()
    """Ids of trackers that know it, as far as they were heard last."""
    unknown_to: frozenset[str] = frozenset()
    """Ids of trackers that said they do not know it."""
    since: BrokenSince = ()
    """Each rule that it broke, remarks too, and since when."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """One report, as far as the next one is compared with it."""

    made_at: datetime
    trackers: Mapping[str, Health]
    """By tracker id."""
    torrents: Mapping[str, TorrentThen]
    """By info hash in hex."""
    others: frozenset[str] = frozenset()
    """Info hashes of torrents that were there and that the filter left out."""
    all_torrents: bool = True
    """False: those that were well are not in it."""
    all_trackers: bool = True
    skipped: frozenset[str] = frozenset()
    """Inputs that could not be used, each as a digest of its name."""
    kept: frozenset[str] = frozenset()
    """Info hashes of torrents that were there at an earlier run, and may still be behind one of these inputs."""
    filtered: bool = False
    """A filter left torrents out, and nobody knows which: `others` does not hold them, as in a report that was read from a file."""


class BaselineError(ValueError):
    """Bytes that are no baseline."""


def baseline_of(report: Report) -> Baseline:
    """What the next report is compared with: everything that was judged, also what the lists leave out."""
    torrents = (*report.torrents, *report.unlisted_torrents)
    trackers = (*report.trackers, *report.unlisted_trackers)
    sets: dict[tuple[str, ...], frozenset[str]] = {}
    return Baseline(
        made_at=report.generated_at,
        trackers={view.tracker.id: view.state for view in trackers},
        torrents={view.torrent.info_hash_hex: _then(view, sets) for view in torrents},
        others=frozenset(report.unselected),
        all_torrents=len(torrents) >= report.torrents_judged,
        all_trackers=len(trackers) >= report.trackers_judged,
        skipped=_digests(one.source for one in report.skipped),
        filtered=bool(report.filter) and not report.unselected,
    )


def _digests(sources: Iterable[str]) -> frozenset[str]:
    """Of each input one, also where two look the same without what is secret in them."""
    times = Counter[str]()
    found = set()
    for source in sources:
        times[source] += 1
        found.add(hashlib.sha256(f"{times[source]} {source}".encode("utf-8", "replace")).hexdigest()[:12])
    return frozenset(found)


def missing(now: Baseline, before: Baseline) -> tuple[list[str], frozenset[str]]:
    """Torrents that were there before and are not now.

    Returns:
        Their info hashes, and which of them may be behind an input that could not be used this time: any of them where that input
        could be used before, else those that were missing already.
    """
    gone = [key for key in before.torrents if key not in now.torrents and key not in now.others]
    if not now.skipped:
        return gone, frozenset()
    if now.skipped - before.skipped:
        return gone, frozenset(gone)
    return gone, before.kept.intersection(gone)


def _then(view: TorrentView, sets: dict[tuple[str, ...], frozenset[str]]) -> TorrentThen:
    """How a torrent stands; a handful of sets of trackers recur in thousands of torrents."""
    known, unknown = [], []
    for answer in view.answers:
        if answer.role in WORKING:
            if _told(answer):
                known.append(answer.tracker.id)
        elif _refused(answer):
            unknown.append(answer.tracker.id)
    # Of a hybrid torrent's two swarms one is enough to be known by.
    known_to = _set_of(known, sets)
    return TorrentThen(
        view.torrent.name,
        view.verdict,
        view.counts.seeders,
        tuple(dict.fromkeys(p.rule for p in view.problems if p.severity is not Severity.INFO)),
        told_by=known_to,
        known_to=known_to,
        unknown_to=_set_of([one for one in unknown if one not in known_to], sets),
        since=_since(view),
    )


def _since(view: TorrentView) -> BrokenSince:
    known = [(p.rule, p.since) for p in view.problems if p.since is not None and p.since >= _EPOCH]
    begun = {rule: _EPOCH + (at - _EPOCH) // _MS * _MS for rule, at in known}
    return tuple(begun.items())


def _set_of(ids: list[str], sets: dict[tuple[str, ...], frozenset[str]]) -> frozenset[str]:
    key = tuple(ids)
    found = sets.get(key)
    if found is None:
        found = sets[key] = frozenset(key)
    return found


def _told(answer: AnswerView) -> bool:
    """Whether a tracker that works for the torrent told something of it, which one that left it out of its scrape did not."""
    return answer.counts.seeders is not None or answer.announce.state is AskState.ANSWERED


def _refused(answer: AnswerView) -> bool:
    """Whether a tracker that does not work for the torrent says that it does not know it."""
    failures = (answer.scrape.failure, answer.announce.failure)
    return any(failure is not None and failure.kind is FailureKind.UNREGISTERED for failure in failures) or (
        answer.role is Role.FAILED and bool(answer.announce.warning)
    )


def filled(now: Baseline, before: Baseline) -> Baseline:
    """A baseline in which what was known before still holds where nothing is known now.

    A run without a network would otherwise make everything forget what it was. Torrents that are missing stay in it while they may be
    behind an input that could not be used, unless one of the same name came in their place.
    """
    trackers = {
        key: before.trackers.get(key, state) if state is Health.UNKNOWN else state
        for key, state in now.trackers.items()
    }
    torrents = {
        key: _remembering(then, before.torrents[key]) if key in before.torrents else then
        for key, then in now.torrents.items()
    }
    _, unread = missing(now, before)
    names = {then.name for key, then in now.torrents.items() if key not in before.torrents} if unread else set()
    kept = {key: then for key, then in before.torrents.items() if key in unread and then.name not in names}
    return replace(now, trackers=trackers, torrents=torrents | kept, kept=frozenset(kept))


def _remembering(now: TorrentThen, before: TorrentThen) -> TorrentThen:
    heard = now.known_to | now.unknown_to
    known, unknown = before.known_to - heard, before.unknown_to - heard
    unjudged = now.verdict is Verdict.UNKNOWN
    if not (known or unknown or unjudged or now.seeders is None):
        return now
    open_ = frozenset(Rule) if unjudged else _BY_SEEDERS if now.seeders is None else frozenset()
    begun = {**{rule: at for rule, at in before.since if rule in open_}, **dict(now.since)}
    return TorrentThen(
        name=now.name,
        verdict=before.verdict if unjudged else now.verdict,
        seeders=before.seeders if now.seeders is None else now.seeders,
        rules=before.rules if unjudged else now.rules,
        told_by=before.told_by if now.seeders is None else now.told_by,
        known_to=now.known_to | known,
        unknown_to=now.unknown_to | unknown,
        since=tuple(begun.items()),
    )


# -- bytes -------------------------------------------------------------------------------------------------------------


def to_bytes(baseline: Baseline) -> bytes:
    """A baseline as JSON, trackers of torrents as numbers: a handful of them recur in thousands of torrents."""
    numbers: dict[str, int] = {}
    kept: dict[frozenset[str], list[int]] = {}

    def numbered(ids: frozenset[str]) -> list[int]:
        found = kept.get(ids)
        if found is None:
            found = kept[ids] = [numbers.setdefault(one, len(numbers)) for one in sorted(ids)]
        return found

    trackers = [[numbers.setdefault(key, len(numbers)), state.value] for key, state in baseline.trackers.items()]
    torrents = [
        [
            key,
            then.name,
            then.verdict.value,
            then.seeders,
            [rule.value for rule in then.rules],
            numbered(then.told_by),
            numbered(then.known_to),
            numbered(then.unknown_to),
        ]
        for key, then in baseline.torrents.items()
    ]
    document = {
        "format": FORMAT,
        "made_at": baseline.made_at.timestamp(),
        "all": [baseline.all_torrents, baseline.all_trackers],
        "ids": list(numbers),
        "trackers": trackers,
        "torrents": torrents,
        "others": sorted(baseline.others),
        "skipped": sorted(baseline.skipped)[:MAX_SKIPPED],
        "kept": sorted(baseline.kept),
        "since": _since_rows(baseline),
    }
    body = _written(document)
    if not _fits(body):
        # What changed can still be told without it.
        del document["since"]
        body = _written(document)
    return body


def _written(document: Mapping[str, object]) -> bytes:
    return json.dumps(document, ensure_ascii=True, separators=(",", ":")).encode("ascii")


def _fits(body: bytes) -> bool:
    return len(body) <= MAX_BYTES and sum(map(body.count, (b",", b"[", b"{"))) <= MAX_VALUES


def _since_rows(baseline: Baseline) -> list[object]:
    """Each way in which torrents break rules since some times, and for each torrent the number of its own."""
    ways: dict[BrokenSince, int] = {}
    of = [ways.setdefault(then.since, len(ways)) for then in baseline.torrents.values()]
    rows = [[part for rule, at in way for part in (rule.value, (at - _EPOCH) // _MS)] for way in ways]
    return [rows, of]


def from_bytes(body: bytes) -> Baseline:
    """The baseline that `to_bytes` wrote.

    Raises:
        BaselineError: It is damaged, too large, or of another version.
    """
    if not _fits(body):
        raise BaselineError("it is too large")
    try:
        document = json.loads(body)
    # Deep nesting ends in the one, what is no JSON or no text in the other.
    except (ValueError, RecursionError) as error:
        raise BaselineError("it is no JSON") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise BaselineError("it was written by another version")
    try:
        return _read(document)
    except (KeyError, TypeError, ValueError, IndexError, OverflowError, OSError) as error:
        raise BaselineError("it is damaged") from error


def _read(document: Mapping[str, object]) -> Baseline:
    ids = [_matching(_TRACKER_ID, one) for one in _rows(document["ids"], MAX_TRACKERS)]
    rules = {rule.value: rule for rule in Rule}
    verdicts = {verdict.value: verdict for verdict in Verdict}
    kept: dict[tuple[object, ...], frozenset[str]] = {}

    def named(numbers: object) -> frozenset[str]:
        places = tuple(_rows(numbers, len(ids)))
        # `1.0` and `true` look like a place that was seen before.
        if not _WHOLE.issuperset(map(type, places)):
            raise TypeError("no places in the list")
        found = kept.get(places)
        if found is None:
            found = kept[places] = frozenset(ids[_place(place, ids)] for place in places)
        return found

    trackers = {}
    for row in _rows(document["trackers"], MAX_TRACKERS):
        number, state = _rows(row, 2)
        trackers[ids[_place(number, ids)]] = Health(_word(state))
    torrents = {}
    rows = _rows(document["torrents"], MAX_TORRENTS)
    for row, since in zip(rows, _read_since(document.get("since"), len(rows), rules), strict=True):
        key, name, verdict, seeders, broken, told, known, unknown = _rows(row, 8)
        torrents[_matching(_INFO_HASH, key)] = TorrentThen(
            _name(name),
            verdicts[_word(verdict)],
            _count(seeders),
            # A rule of a later version is none that could be told of.
            tuple(rules[one] for one in map(_word, _rows(broken, len(Rule) * 2)) if one in rules),
            named(told),
            named(known),
            named(unknown),
            since,
        )
    all_torrents, all_trackers = _rows(document["all"], 2)
    return Baseline(
        made_at=datetime.fromtimestamp(_seconds(document["made_at"]), UTC),
        trackers=trackers,
        torrents=torrents,
        others=frozenset(_matching(_INFO_HASH, one) for one in _rows(document["others"], MAX_TORRENTS)),
        all_torrents=all_torrents is True,
        all_trackers=all_trackers is True,
        skipped=frozenset(_matching(_INPUT, one) for one in _rows(document.get("skipped", []), MAX_SKIPPED)),
        kept=frozenset(_matching(_INFO_HASH, one) for one in _rows(document.get("kept", []), MAX_TORRENTS)),
    )


def _read_since(value: object, torrents: int, rules: Mapping[str, Rule]) -> Sequence[BrokenSince]:
    """For each torrent since when it breaks what; nothing where that was not written down."""
    if value is None:
        return [()] * torrents
    ways, of = _rows(value, 2)
    read = [_way(one, rules) for one in _rows(ways, torrents)]
    found = [read[_place(number, read)] for number in _rows(of, torrents)]
    if len(found) != torrents:
        raise ValueError("not of as many torrents")
    return found


def _way(value: object, rules: Mapping[str, Rule]) -> BrokenSince:
    parts = _rows(value, len(Rule) * 4)
    pairs = zip(map(_word, parts[::2]), parts[1::2], strict=True)
    return tuple((rules[rule], _EPOCH + _ms(ms) * _MS) for rule, ms in pairs if rule in rules)


def _ms(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LATEST_S * 1000:
        raise TypeError("no time")
    return value


def _rows(value: object, most: int) -> Sequence[object]:
    if not isinstance(value, list) or len(value) > most:
        raise TypeError("no list, or too long")
    return value


def _word(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def _name(value: object) -> str:
    return clean(_word(value), limit_chars=MAX_NAME_CHARS)


def _matching(pattern: re.Pattern[str], value: object) -> str:
    word = _word(value)
    if not pattern.fullmatch(word):
        raise ValueError("not of that shape")
    return word


def _place(value: object, ids: Collection[object]) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < len(ids):
        raise TypeError("no place in the list")
    return value


def _count(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MAX_COUNT:
        raise TypeError("no count")
    return value


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LATEST_S:
        raise TypeError("no time")
    return float(value)
