"""The policy of a run: from the file and the options, over what the engine found out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.policy.document import NO_POLICY, Policy
from trackerwatch.policy.ruling import Judged, judge_torrents
from trackerwatch.reports.rows import PolicyNote, selected_views

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackerwatch.cli.oneshot import Run
    from trackerwatch.engine.views import Snapshot


class Judging:
    """Judges the torrents of one run."""

    def __init__(self, one_run: Run) -> None:
        """Read the policy, before anything is sent.

        Raises:
            UsageError: It cannot be read, or there is a mistake in it.
        """
        self._run = one_run
        self._policy: Policy = NO_POLICY

    async def judge(self, snapshot: Snapshot, selected: Sequence[int] | None) -> Judged:
        """The selected torrents (by index; None: all) as the policy sees them."""
        return judge_torrents(
            selected_views(snapshot, selected),
            self._policy,
            trackers=snapshot.trackers,
            now=snapshot.taken_at,
            first_seen={},
            findings={},
        )

    def note(self, judged: Judged) -> PolicyNote | None:
        """What is told of the policy. None: there is none."""
        if self._policy == NO_POLICY:
            return None
        return PolicyNote(self._policy.source, judged.in_grace, judged.overridden, judged.notes)
