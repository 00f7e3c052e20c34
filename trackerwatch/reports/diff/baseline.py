"""What of a report the next one is compared with. Pure."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from trackerwatch.engine.views import AskState
from trackerwatch.failover.states import WORKING, Role
from trackerwatch.health.states import Health
from trackerwatch.outcome import FailureKind
from trackerwatch.policy.rules import Rule, Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from trackerwatch.engine.views import AnswerView, TorrentView
    from trackerwatch.reports.rows import Report

EPOCH = datetime.fromtimestamp(0, UTC)
MS = timedelta(milliseconds=1)
"""To which the time of a problem is kept, as in reports."""
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
    known = [(p.rule, p.since) for p in view.problems if p.since is not None and p.since >= EPOCH]
    begun = {rule: EPOCH + (at - EPOCH) // MS * MS for rule, at in known}
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
