"""What is printed once the live screen is left: a report of what it saw last (`--report-on-exit`)."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from trackerwatch.cli.output import emit
from trackerwatch.locations import vantage_id
from trackerwatch.reports.building import build_report
from trackerwatch.reports.rows import FailOn, SkippedInput, Vantage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trackerwatch.cli.narration import Narrator
    from trackerwatch.engine.views import Snapshot
    from trackerwatch.filters import Filter
    from trackerwatch.inputs import Skipped


class PartingReport:
    """Prints a report of a run that has ended; its verdict is nobody's exit code."""

    def __init__(self, *, vantage: str, color: str, narrator: Narrator) -> None:
        """Begin.

        Args:
            vantage: What the place is called.
            color: The value of `--color`.
            narrator: Hears of a stdout that cannot be written to.
        """
        self._vantage = vantage
        self._color = color
        self._narrator = narrator
        self._began_at = time.monotonic()

    def show(self, snapshot: Snapshot, filter_: Filter | None = None, skipped: Iterable[Skipped] = ()) -> None:
        """Print it.

        Args:
            snapshot: What was seen last.
            filter_: Which torrents it is about. None: all.
            skipped: Inputs that could not be used.
        """
        selected = None if filter_ is None or filter_.is_empty else filter_.select_torrents(snapshot)
        report = build_report(
            snapshot,
            vantage=Vantage(vantage_id(), self._vantage),
            duration_s=time.monotonic() - self._began_at,
            selected=selected,
            skipped=[SkippedInput(one.source, one.message) for one in skipped],
            # The exit code tells how the screen ended.
            fail_on=FailOn.NONE,
        )
        failures = emit(replace(report, is_parting=True), [("table", None)], color=self._color, all_rows=False)
        for failure in failures:
            self._narrator.say(failure)
