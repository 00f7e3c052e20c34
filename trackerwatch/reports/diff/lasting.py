"""Since when: what was broken at the last run already has been so since then. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from trackerwatch.engine.views import TorrentView
    from trackerwatch.policy.rules import Problem, Rule
    from trackerwatch.reports.diff.baseline import Baseline, BrokenSince
    from trackerwatch.reports.rows import Report


def lasting(report: Report, before: Baseline) -> Report:
    """The report with what torrents broke at the last run already told as broken since then.

    A run on its own sees when it found something, not when that began. What was well in between began anew; of what was not
    known in between nobody can say that it was well (`baseline.filled`).

    Args:
        report: As this run found it.
        before: Of the last run.
    """
    found = _Lasting(before)
    torrents = tuple(map(found.torrent, report.torrents))
    unlisted = tuple(map(found.torrent, report.unlisted_torrents))
    if not found.problems:
        return report
    # Each problem of a torrent is in the list of the report as well.
    problems = tuple(found.problems.get(id(one), one) for one in report.problems)
    return replace(report, torrents=torrents, unlisted_torrents=unlisted, problems=problems)


class _Lasting:
    """Gives torrents the times of the last run."""

    def __init__(self, before: Baseline) -> None:
        self._before = before.torrents
        self._read: dict[BrokenSince, dict[Rule, datetime]] = {}
        self.problems: dict[int, Problem] = {}
        """By the identity of the problem that was found: the one that takes its place."""

    def torrent(self, view: TorrentView) -> TorrentView:
        """A torrent, with times of the last run where they are earlier."""
        then = self._before.get(view.torrent.info_hash_hex) if view.problems else None
        if then is None or not then.since:
            return view
        begun = self._read.get(then.since)
        if begun is None:
            begun = self._read[then.since] = dict(then.since)
        problems = tuple(self._problem(one, begun.get(one.rule)) for one in view.problems)
        if all(new is old for new, old in zip(problems, view.problems, strict=True)):
            return view
        # Its trouble is its worst broken rule.
        same = view.since == view.problems[0].since
        return replace(view, problems=problems, since=problems[0].since if same else view.since)

    def _problem(self, found: Problem, begun: datetime | None) -> Problem:
        if begun is None or found.since is None or found.since <= begun:
            return found
        lasting_ = self.problems[id(found)] = replace(found, since=begun)
        return lasting_
