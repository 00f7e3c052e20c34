"""The last 30 days of the trackers of a report, for formats that show them."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from trackerwatch.reports.formats import WITH_PASTS
from trackerwatch.reports.past.history_rows import cleaned

if TYPE_CHECKING:
    from collections.abc import Callable

    from trackerwatch.cli.one_run import Run
    from trackerwatch.cli.remembering import Memory
    from trackerwatch.history import TrackerHistory
    from trackerwatch.reports.rows import Report

DAYS = 30
DAY_S = 86400
MAX_TRACKERS = 200
"""So many are looked up, the worst first."""
AT_ONCE = 20
"""So many are looked up in one go: what was found is kept when time runs out."""
BUDGET_S = 0.4
"""So long a report waits for what was: then it does without the rest."""


async def with_pasts(one_run: Run, report: Report) -> Report:
    """The report with `Report.pasts`, where a format of this run shows them and there is a store."""
    memory = one_run.memory
    if memory is None or not report.trackers or WITH_PASTS.isdisjoint(name for name, _ in one_run.outputs):
        return report
    return replace(report, pasts=await pasts_of(memory, report))


async def pasts_of(
    memory: Memory, report: Report, *, budget_s: float = BUDGET_S, clock: Callable[[], float] = time.monotonic
) -> dict[str, TrackerHistory]:
    """The last 30 days of a report's trackers by their ids: whole days of UTC, the last is the one that has begun.

    Args:
        memory: Whom to ask.
        report: Whose trackers.
        budget_s: After so long what was not found yet is left out.
        clock: Monotonic seconds.
    """
    until = (int(report.generated_at.timestamp()) // DAY_S + 1) * DAY_S
    ids = [view.tracker.id for view in sorted(report.trackers, key=lambda view: -view.state.badness)][:MAX_TRACKERS]
    ends_at = clock() + budget_s
    pasts: dict[str, TrackerHistory] = {}
    with contextlib.suppress(TimeoutError):
        # Or today would be without what this run has just seen.
        await asyncio.wait_for(memory.settle(), budget_s)
        for first in range(0, len(ids), AT_ONCE):
            some = memory.overview(
                since=until - DAYS * DAY_S, until=until, stretches=DAYS, trackers=ids[first : first + AT_ONCE]
            )
            for past in await asyncio.wait_for(some, ends_at - clock()):
                if any(stretch.counted for stretch in past.stretches):
                    pasts[past.tracker] = cleaned(past)
    return pasts
