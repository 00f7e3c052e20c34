"""Where the worst trouble is: that table is open first. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.policy.rules import Verdict
from trackerwatch.tui.lines import words
from trackerwatch.tui.lines.arrangement import Pane
from trackerwatch.tui.model.gathering import Grade, tracker_grade

if TYPE_CHECKING:
    from trackerwatch.engine.views import Effect, Snapshot


def worst_pane(snapshot: Snapshot, now: Pane) -> Pane:
    """The table that has the worse trouble; where both have the same it is the one that is open, or that of the trackers.

    Args:
        snapshot: What there is.
        now: The pane that is open; it stays where nothing is known to be wrong.
    """
    trackers = max((tracker_grade(view) for view in snapshot.trackers), default=Grade.WELL)
    by_verdict = snapshot.totals.torrents_by_verdict
    torrents = Grade.WARNING if by_verdict.get(Verdict.WARNING) else Grade.WELL
    if by_verdict.get(Verdict.CRITICAL):
        torrents = Grade.CRITICAL
    if max(trackers, torrents) < Grade.WARNING:
        return now
    if torrents == trackers:
        return now if now is Pane.TORRENTS else Pane.TRACKERS
    return Pane.TORRENTS if torrents > trackers else Pane.TRACKERS


def hits(effect: Effect) -> str:
    """What a tracker's state does to torrents, in few words: `3 dead, 41 moved`; empty where it hits none."""
    told = [f"{words.short_count(effect.exhausted, 4)} dead"] if effect.exhausted else []
    told += [f"{words.short_count(effect.failed_over, 4)} moved"] if effect.failed_over else []
    return ", ".join(told)
