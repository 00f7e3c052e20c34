"""The report as metrics, for the textfile collector of node_exporter (`exposition` has the format, `metrics` what is in it).

There are no timestamps beside the values: that collector refuses them. How old a thing is, the `..._timestamp_seconds` say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch import __version__
from trackerwatch.reports.metering.exposition import Family, within_limit, written
from trackerwatch.reports.metering.families import (
    build_families,
    torrent_families,
    tracker_families,
    verdict_family,
    violation_family,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trackerwatch.reports.formats import Style
    from trackerwatch.reports.rows import Report


def render(report: Report, style: Style) -> Iterator[str]:  # noqa: ARG001 - every format has this signature
    """The document, a family at a time."""
    yield from written(within_limit(families_of(report)))


def families_of(report: Report) -> list[Family]:
    """Everything that one report knows, however many series that is."""
    return [
        *build_families(__version__, report.vantage.id, report.vantage.name),
        _last_round(report),
        verdict_family(report.torrents_by_verdict, report.collections),
        violation_family(report.problems),
        *tracker_families(report.trackers),
        *torrent_families(report.torrents, report.collection_of),
    ]


def _last_round(report: Report) -> Family:
    """Of a report that asked nobody it is the time when those were asked whom it remembers."""
    asked = [view.last_probe_at for view in report.trackers if view.last_probe_at is not None]
    series = [("", max(asked).timestamp())] if asked else []
    return Family("last_round_timestamp_seconds", "When trackers were asked last.", series)
