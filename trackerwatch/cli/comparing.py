"""What changed: a report against the last run of the same command, or against a file; and remembering this run for the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trackerwatch.cli.oneshot import Run
    from trackerwatch.reports.rows import Report


class Comparing:
    """Compares one run."""

    def __init__(self, one_run: Run) -> None:
        """Read what `--against` names, before anything is sent.

        Raises:
            UsageError: It cannot be read, or is no report.
        """
        self._run = one_run

    async def compared(self, report: Report) -> Report:
        """The report with what changed; it is remembered for the next run."""
        return report
