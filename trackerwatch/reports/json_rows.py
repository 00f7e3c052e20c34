"""The rows of a JSON report (Contract: `trackerwatch.report/1`; `report.schema.json` beside this file is its schema)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.health.states import Health
from trackerwatch.policy.rules import Verdict
from trackerwatch.reports.values import moment, seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from trackerwatch.engine.views import AnnounceView, AnswerView, EndpointView, ScrapeView, TorrentView, TrackerView
    from trackerwatch.outcome import Failure, PhaseTimes
    from trackerwatch.policy.rules import Problem
    from trackerwatch.reports.diff.changes import Change
    from trackerwatch.reports.rows import Remembered, Report, SkippedInput, Vantage
    from trackerwatch.reports.values import Json

SCHEMA = "trackerwatch.report/1"


def head(report: Report) -> dict[str, Json]:
    """What belongs to the run: all but its long lists."""
    return {
        "schema": SCHEMA,
        "generated_at": moment(report.generated_at),
        "duration_s": seconds(report.duration_s),
        "vantage": _vantage(report.vantage),
        "title": report.title,
        "command": report.command,
        "filter": report.filter or None,
        "summary": _summary(report),
        "policy": _policy(report),
        "collections": [
            {"name": name, "torrents": sum(counted.values()), "by_verdict": _by_verdict(counted)}
            for name, counted in report.collections.items()
        ],
        "changes": _changes(report),
        "quorum": _quorum(report),
    }


def lists(report: Report) -> dict[str, Iterator[dict[str, Json]]]:
    """The long lists by their keys, a row at a time."""
    return {
        "trackers": (tracker_row(view, down_for=_down_for(report, view)) for view in report.trackers),
        "torrents": (
            torrent_row(view, collection=report.collection_of.get(view.torrent.info_hash_hex))
            for view in report.torrents
        ),
        "problems": map(problem_row, report.problems),
        "skipped": map(skipped_row, report.skipped),
    }


def _vantage(vantage: Vantage) -> Json:
    return {"id": vantage.id, "name": vantage.name}


def _by_verdict(counted: Mapping[Verdict, int]) -> Json:
    return {
        verdict.value: counted.get(verdict, 0)
        for verdict in (Verdict.OK, Verdict.WARNING, Verdict.CRITICAL, Verdict.UNKNOWN)
    }


def _policy(report: Report) -> Json:
    note = report.policy
    if note is None:
        return None
    return {
        "file": note.source,
        "in_grace": note.in_grace,
        "overridden": note.overridden,
        "notes": list(note.notes),
    }


def _changes(report: Report) -> Json:
    changes = report.changes
    if changes is None:
        return None
    return {"against": changes.against, "at": moment(changes.at), "items": list(map(change_row, changes.items))}


def change_row(change: Change) -> dict[str, Json]:
    """One thing that is not as it was."""
    return {
        "kind": change.kind.value,
        "torrent": change.torrent,
        "tracker": change.tracker,
        "before": change.before,
        "after": change.after,
        "message": change.message,
    }


def _quorum(report: Report) -> Json:
    quorum = report.quorum
    if quorum is None:
        return None
    return {
        "needed": quorum.needed,
        "fresh": sum(vote.fresh for vote in quorum.votes),
        "votes": [
            {
                "vantage": _vantage(vote.vantage),
                "generated_at": moment(vote.generated_at),
                "fresh": vote.fresh,
                "verdict": vote.verdict.value,
            }
            for vote in quorum.votes
        ],
    }


def _down_for(report: Report, view: TrackerView) -> Sequence[str] | None:
    """Names of the vantages from which a tracker is down. None: there is one vantage alone."""
    return None if report.quorum is None else report.quorum.down_for.get(view.tracker.id, ())


def skipped_row(skipped: SkippedInput) -> dict[str, Json]:
    """One input that could not be used."""
    return {"source": skipped.source, "message": skipped.message}


def _summary(report: Report) -> Json:
    return {
        "verdict": report.verdict.value,
        "exit_code": report.exit_code,
        "torrents": report.torrents_judged,
        "trackers": report.trackers_judged,
        "trackers_by_state": {
            state.value: report.trackers_by_state.get(state, 0)
            for state in (Health.UP, Health.DEGRADED, Health.DOWN, Health.UNKNOWN)
        },
        "problems": len(report.problems),
        "not_judged": report.not_judged,
        "remembered": None if report.remembered is None else _remembered(report.remembered),
    }


def _remembered(remembered: Remembered) -> Json:
    """How much was not asked in this run."""
    return {
        "trackers": remembered.trackers,
        "youngest_s": seconds(remembered.youngest_s),
        "oldest_s": seconds(remembered.oldest_s),
    }


def failure_row(failure: Failure | None) -> Json:
    """Why there is no answer, or null."""
    if failure is None:
        return None
    return {
        "kind": failure.kind.value,
        "phase": None if failure.phase is None else failure.phase.value,
        "message": failure.message,
    }


def _phases(phases: PhaseTimes) -> Json:
    return {
        "resolve_s": seconds(phases.resolve_s),
        "connect_s": seconds(phases.connect_s),
        "tls_s": seconds(phases.tls_s),
        "exchange_s": seconds(phases.exchange_s),
    }


def _endpoint(view: EndpointView) -> Json:
    return {
        "address": view.endpoint.address,
        "family": view.endpoint.family.value,
        "port": view.endpoint.port,
        "state": view.state.value,
        "since": moment(view.since),
        "latency_s": seconds(view.latency_s),
        "phases": _phases(view.phases),
        "failure": failure_row(view.failure),
    }


def tracker_row(view: TrackerView, *, down_for: Sequence[str] | None = None) -> dict[str, Json]:
    """One tracker with its endpoints; with several vantages, the names of those from which it is down."""
    return {
        "id": view.tracker.id,
        "url": view.tracker.shown_url,
        "protocol": view.tracker.protocol.value,
        "host": view.tracker.shown_host,
        "port": view.tracker.port,
        "state": view.state.value,
        "reasons": list(view.reasons),
        "since": moment(view.since),
        "last_success_at": moment(view.last_success_at),
        "latency_s": seconds(view.latency_s),
        "scrape_supported": view.scrape_supported,
        "interval_s": seconds(view.interval_s),
        "min_interval_s": seconds(view.min_interval_s),
        "tls_expires_at": moment(view.tls_expires_at),
        "torrents": view.torrents,
        "own": view.own,
        "flapping": view.flapping,
        "muted": _muted(view),
        "disabled": _disabled(view),
        "interval_wish_s": seconds(view.interval_wish_s),
        "added": view.added,
        "down_for": None if down_for is None else list(down_for),
        "endpoints": [_endpoint(endpoint) for endpoint in view.endpoints],
    }


def _muted(view: TrackerView) -> Json:
    muted = view.muted
    if muted is None:
        return None
    return {"until": moment(muted.until), "why": muted.why, "source": muted.source.value}


def _disabled(view: TrackerView) -> Json:
    disabled = view.disabled
    if disabled is None:
        return None
    return {"why": disabled.why, "source": disabled.source.value, "since": moment(disabled.since)}


# Enumerations of text are text here: `.value` for each of a hundred thousand would take as long as all the rest.


def _scrape(view: ScrapeView) -> Json:
    return {
        "state": view.state,
        "latency_s": seconds(view.latency_s),
        "failure": failure_row(view.failure),
        "observed_at": moment(view.observed_at),
        "source": view.source,
    }


def _announce(view: AnnounceView) -> Json:
    return {
        "state": view.state,
        "latency_s": seconds(view.latency_s),
        "peers": view.peers,
        "interval_s": seconds(view.interval_s),
        "min_interval_s": seconds(view.min_interval_s),
        "warning": view.warning,
        "failure": failure_row(view.failure),
        "observed_at": moment(view.observed_at),
        "source": view.source,
    }


def _answer(view: AnswerView) -> Json:
    return {
        "tracker": view.tracker.id,
        "url": view.tracker.shown_url,
        "tier": view.tier,
        "position": view.position,
        "swarm": view.swarm,
        "role": view.role,
        "seeders": view.counts.seeders,
        "leechers": view.counts.leechers,
        "completed": view.counts.completed,
        "scrape": _scrape(view.scrape),
        "announce": _announce(view.announce),
    }


def torrent_row(view: TorrentView, *, collection: str | None = None) -> dict[str, Json]:
    """One torrent with every tracker's answer, and the collection of the policy that it belongs to."""
    torrent, failover = view.torrent, view.failover
    return {
        "name": torrent.name,
        "info_hash": torrent.info_hash_hex,
        "info_hash_v2": None if torrent.info_hash_v2 is None else torrent.info_hash_v2.hex(),
        "private": torrent.private,
        "size_bytes": torrent.size_bytes,
        "sources": list(torrent.sources),
        "collection": collection,
        "verdict": view.verdict,
        "seeders": view.counts.seeders,
        "leechers": view.counts.leechers,
        "completed": view.counts.completed,
        "last_seeder_at": moment(view.last_seeder_at),
        "failover": {
            "state": failover.state,
            "active": None if failover.active is None else failover.active.id,
            "tier": failover.active_tier,
            "working": failover.working,
            "total": failover.total,
        },
        "trackers": [_answer(answer) for answer in view.answers],
    }


def problem_row(problem: Problem) -> dict[str, Json]:
    """One broken rule."""
    return {
        "id": problem.id,
        "severity": problem.severity,
        "rule": problem.rule,
        "torrent": problem.torrent,
        "tracker": problem.tracker,
        "since": moment(problem.since),
        "message": problem.message,
        "action": problem.action,
    }
