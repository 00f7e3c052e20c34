"""`--wait`: ask again until all is well."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from trackerwatch.cli.oneshot import Run
    from trackerwatch.engine.views import Snapshot
    from trackerwatch.metainfo.torrent import Torrent
    from trackerwatch.reports.rows import Report


async def until_well(
    one_run: Run, torrents: Sequence[Torrent], report_of: Callable[[Snapshot], Awaitable[Report]]
) -> Report:
    """Ask, and with `--wait` ask again what is not well until it is, or the time is over.

    Args:
        one_run: The run.
        torrents: What to ask about.
        report_of: Makes a report of what was found out.

    Returns:
        The latest report.
    """
    from trackerwatch.cli.oneshot import ask  # noqa: PLC0415 - it imports this module

    return await report_of(await ask(one_run, torrents, ()))
