"""What a policy asks for and a torrent has not: too few seeders, too few working trackers, trackers that are long dead. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trackerwatch.failover.states import WORKING, Role
from trackerwatch.health.states import Health
from trackerwatch.policy.judge import SANE_COUNT
from trackerwatch.policy.rules import Rule
from trackerwatch.policy.words import (
    count_words,
    dead_tracker_words,
    failure_words,
    min_seeders_words,
    min_working_words,
    problem,
    some,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from trackerwatch.engine.views import TorrentView, TrackerView
    from trackerwatch.metainfo.torrent import Placement
    from trackerwatch.policy.rules import Problem
    from trackerwatch.tracker import Tracker

DAY_S = 86400.0
DEFAULT_MAX_DEAD_DAYS = 30.0
"""After so long lint calls a tracker dead where no policy says otherwise."""


@dataclass(frozen=True, slots=True)
class Broken:
    """One broken rule, and what the screen says of it in a few words."""

    problem: Problem
    brief: str


class Trackers:
    """The trackers of one snapshot, as the torrents that list them need them."""

    def __init__(self, views: Sequence[TrackerView], now: datetime) -> None:
        """Know them.

        Args:
            views: `Snapshot.trackers`.
            now: The time of the snapshot.
        """
        self.now = now
        self._by_tracker: dict[Tracker, TrackerView] = {view.tracker: view for view in views}
        # By the id of placements, which stand beside it, or their id could come to name others.
        self._listed: dict[int, tuple[tuple[Placement, ...], tuple[TrackerView, ...]]] = {}

    def listed(self, view: TorrentView) -> tuple[TrackerView, ...]:
        """Those that a torrent lists, in its order; torrents with the same tiers share one tuple."""
        placements = view.torrent.placements
        known = self._listed.get(id(placements))
        if known is None:
            found = (self._by_tracker.get(placement.tracker) for placement in placements)
            known = self._listed[id(placements)] = (placements, tuple(one for one in found if one is not None))
        return known[1]

    def is_heard(self, tracker: Tracker) -> bool:
        """Whether a verdict may rest on one: the user neither muted it nor switched it off."""
        view = self._by_tracker.get(tracker)
        return view is None or (view.muted is None and view.disabled is None)

    def seeders(self, view: TorrentView) -> int | None:
        """Seeders as far as a verdict may rest on them: what muted trackers alone tell of breaks nothing. None: unknown."""
        told = (a.counts.seeders for a in view.answers if self.is_heard(a.tracker))
        heard = [count for count in told if count is not None and count <= SANE_COUNT]
        return view.counts.seeders if heard or not view.answers else None

    def min_seeders(self, view: TorrentView, wanted: int) -> Broken | None:
        """Fewer seeders are known than wanted. None: there are enough, or it is not known."""
        seen = self.seeders(view)
        if seen is None or seen >= wanted:
            return None
        by = dict.fromkeys(a.tracker.host_port for a in view.answers if a.counts.seeders == seen)
        message, action = min_seeders_words(seen, wanted, list(by))
        return _broken(
            Rule.MIN_SEEDERS,
            view,
            (message, action),
            f"{count_words(seen, 'seeder') if seen else 'no seeder'}, {wanted:,} wanted",
            since=_since(view, Rule.NO_SEEDERS, Rule.ONE_SEEDER),
        )

    def min_working_trackers(self, view: TorrentView, wanted: int) -> tuple[Broken | None, bool]:
        """Fewer trackers work than wanted, whatever those do of which nothing is known.

        Returns:
            What is broken, and whether nothing is because too little is known.
        """
        roles: dict[Tracker, set[Role]] = {}
        for answer in view.answers:
            roles.setdefault(answer.tracker, set()).add(answer.role)
        working = sum(not of.isdisjoint(WORKING) for of in roles.values())
        failed = [one for one, of in roles.items() if of == {Role.FAILED}]
        # What the user wants to hear nothing of is no reason for a problem, and leaves nothing open.
        spared = sum(not self.is_heard(one) for one, of in roles.items() if of.isdisjoint(WORKING))
        blamed = [one for one in failed if self.is_heard(one)]
        listed = len(view.torrent.placements)
        open_ = listed - working - spared - len(blamed)
        if working + spared >= wanted:
            return None, False
        if working + spared + open_ >= wanted:
            return None, True
        names = [f"{one.host_port} {self._reason(view, one)}".strip() for one in blamed]
        return _broken(
            Rule.MIN_WORKING_TRACKERS,
            view,
            min_working_words(working, listed, wanted, names),
            f"{working:,} of {listed:,} trackers work, {wanted:,} wanted",
            tracker=blamed[0] if len(blamed) == 1 else None,
            since=_since(view, Rule.EXHAUSTED, Rule.REDUNDANCY, Rule.FAILED_OVER),
        ), False

    def dead_tracker(self, view: TorrentView, days: float, *, by_policy: bool) -> Broken | None:
        """Trackers of a torrent that have been down for longer than so many days."""
        placements, listed = view.torrent.placements, self.listed(view)
        dead = [(one, for_days) for one in listed if (for_days := self._dead_days(one)) is not None and for_days > days]
        if not dead:
            return None
        gone = {one.tracker for one, _ in dead}
        stays = [f"{p.tracker.shown_url} (tier {p.tier})" for p in placements if p.tracker not in gone]
        told = [(one.tracker.host_port, for_days // 1, failure_words(one.failure)) for one, for_days in dead]
        longest = max(for_days for _, for_days in dead)
        return _broken(
            Rule.DEAD_TRACKER,
            view,
            dead_tracker_words(told, days if by_policy else None, stays),
            f"{told[0][0]} dead for {longest // 1:,.0f} days"
            if len(dead) == 1
            else f"{len(dead):,} trackers dead for up to {longest // 1:,.0f} days",
            tracker=dead[0][0].tracker if len(dead) == 1 else None,
            since=min((at for one, _ in dead if (at := _down_since(one)) is not None), default=None),
        )

    def brief(self, view: TorrentView, found: Problem) -> str:
        """A problem of the engine in a few words, where those of its worst one do not fit."""
        match found.rule:
            case Rule.NO_SEEDERS:
                return "no seeder"
            case Rule.ONE_SEEDER:
                return "one seeder"
            case Rule.NO_TRACKERS:
                return "lists no usable tracker"
            case Rule.EXHAUSTED | Rule.FAILED_OVER | Rule.REDUNDANCY | Rule.UNREGISTERED | Rule.UNAUTHORIZED:
                failed = dict.fromkeys(
                    a.tracker for a in view.answers if a.role is Role.FAILED and self.is_heard(a.tracker)
                )
                names = some([f"{one.host_port} {self._reason(view, one)}".strip() for one in failed])
                return names or str(found.rule).replace("_", " ")
            case rule:
                return str(rule).replace("_", " ")

    def _reason(self, view: TorrentView, tracker: Tracker) -> str:
        """Why a tracker does not work for a torrent, in words."""
        state = self._by_tracker.get(tracker)
        if state is not None and state.state is Health.DOWN:
            return failure_words(state.failure)
        answers = [answer for answer in view.answers if answer.tracker is tracker]
        failures = [f for a in answers for f in (a.announce.failure, a.scrape.failure) if f is not None]
        return failure_words(failures[0] if failures else state.failure if state is not None else None)

    def _dead_days(self, view: TrackerView) -> float | None:
        """For how long a tracker has been down. None: it is not, or nobody wants to hear of it."""
        since = _down_since(view)
        if since is None or not self.is_heard(view.tracker):
            return None
        # What is remembered says nothing of the time since.
        return max(0.0, ((view.recalled_at or self.now) - since).total_seconds() / DAY_S)


def _down_since(view: TrackerView) -> datetime | None:
    """Since when one is down: what ended before its latest success was another outage. None: it is not down."""
    if view.state is not Health.DOWN or view.retired:
        return None
    began = min((at for at in (view.since, view.failing_since) if at is not None), default=None)
    if began is None or view.last_success_at is None:
        return began
    return max(began, view.last_success_at)


def _since(view: TorrentView, *rules: Rule) -> datetime | None:
    """Since when a torrent breaks one of these rules, which say much the same. None: it breaks none."""
    return next((found.since for found in view.problems if found.rule in rules), None)


def _broken(
    rule: Rule,
    view: TorrentView,
    words: tuple[str, str],
    brief: str,
    *,
    tracker: Tracker | None = None,
    since: datetime | None = None,
) -> Broken:
    found = problem(
        rule,
        torrent=view.torrent.info_hash_hex,
        tracker=None if tracker is None else tracker.id,
        since=since,
        message=words[0],
        action=words[1],
    )
    return Broken(found, brief)
