"""What was seen of one torrent or one tracker, and what follows from it, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.engine.views import AskState
from trackerwatch.failover.states import Role
from trackerwatch.policy.rules import Rule
from trackerwatch.reports.telling import wording

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from trackerwatch.engine.views import AnswerView, EndpointView, TorrentView, TrackerView
    from trackerwatch.reports.rows import Report

MAX_PARTS = 4
"""Pieces of evidence that are told of one thing."""
SOON_S = 1.0
"""What began in so short a time before a run counts as of it: moments are rounded."""


def bounded(parts: Sequence[str], limit: int = MAX_PARTS) -> tuple[str, ...]:
    """The first of them, and how many more there are."""
    more = len(parts) - limit
    return (*parts[:limit], f"and {more:,} more") if more > 0 else tuple(parts)


def of_torrent(view: TorrentView) -> tuple[str, ...]:
    """What each tracker said of a torrent, failures first."""
    answers = sorted(view.answers, key=lambda answer: answer.role is not Role.FAILED)
    # A hybrid torrent asks each tracker for both of its swarms, and a tracker that fails says the same twice.
    return bounded(list(dict.fromkeys(map(_answer, answers))))


def _answer(answer: AnswerView) -> str:
    name = answer.tracker.host_port
    cause = answer.scrape.failure or answer.announce.failure
    seeders, leechers = answer.counts.seeders, answer.counts.leechers
    if seeders is None and leechers is None:
        return f"{name} {wording.failure(cause) if cause else 'did not say'}"
    swarm = " (v2 swarm)" if answer.swarm == "v2" else ""
    return f"{name} {wording.counted(seeders, 'seeder')}, {wording.counted(leechers, 'leecher')}{swarm}"


def of_tracker(view: TrackerView, now: datetime) -> tuple[str, ...]:
    """What each address of a tracker said."""
    parts = [_endpoint(endpoint, now) for endpoint in view.endpoints]
    if not parts and view.failure:
        parts.append(wording.failure(view.failure))
    return bounded(parts)


def _endpoint(endpoint: EndpointView, now: datetime) -> str:
    told = wording.failure(endpoint.failure) if endpoint.failure else endpoint.state.value
    if endpoint.failure and endpoint.last_success_at:
        told += f", last answer {wording.duration((now - endpoint.last_success_at).total_seconds())} ago"
    return f"{endpoint.endpoint} {told}"


def effect_on_torrent(view: TorrentView) -> str:
    """What clients of a torrent still have."""
    failover, counts = view.failover, view.counts
    if not failover.total:
        return "no tracker can bring peers together"
    works = "works" if 1 in (failover.working, failover.total) else "work"
    parts = [f"{failover.working} of {wording.many(failover.total, 'tracker')} {works}"]
    if failover.active is not None:
        parts.append(f"clients use {failover.active.host_port} (tier {failover.active_tier})")
    if counts.seeders is not None:
        parts.append(wording.counted(counts.seeders, "seeder"))
    return "; ".join(parts)


def effect_of_tracker(view: TrackerView, message: str) -> str:
    """What a tracker's state does to its torrents; empty where `message` says it already."""
    effect = wording.effect(view.effect)
    return "" if effect in message else effect


def active(view: TorrentView) -> str:
    """The tracker that clients of a torrent use, or why there is none."""
    if view.failover.active is not None:
        return view.failover.active.host_port
    if any(problem.rule is Rule.PRIVATE_NOT_ASKED for problem in view.problems):
        return "private"
    return "none"


def age_s(view: TorrentView, now: datetime) -> float | None:
    """How old the youngest answer about a torrent is. None: there is none; a tracker that fails says nothing of it."""
    asked = (asked for answer in view.answers for asked in (answer.scrape, answer.announce))
    answered = [a.observed_at for a in asked if a.state is AskState.ANSWERED and a.observed_at is not None]
    return max(0.0, (now - max(answered)).total_seconds()) if answered else None


def is_older_than_run(begun_at: datetime, report: Report) -> bool:
    """Whether something is known to have begun before a run; what the run was the first to see may have been so for long."""
    return (report.generated_at - begun_at).total_seconds() > report.duration_s + SOON_S
