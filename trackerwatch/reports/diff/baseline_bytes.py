"""A baseline as bytes, and back. Pure.

The bytes come back from a store that anybody may have written to: nothing in them is believed.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from trackerwatch.health.states import Health
from trackerwatch.outside_text import clean
from trackerwatch.policy.rules import Rule, Verdict
from trackerwatch.reports.diff.baseline import EPOCH, MS, Baseline, TorrentThen

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from trackerwatch.reports.diff.baseline import BrokenSince

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


class BaselineError(ValueError):
    """Bytes that are no baseline."""


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
    rows = [[part for rule, at in way for part in (rule.value, (at - EPOCH) // MS)] for way in ways]
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
    return tuple((rules[rule], EPOCH + _ms(ms) * MS) for rule, ms in pairs if rule in rules)


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
