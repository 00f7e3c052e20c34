"""The Prometheus text format (version 0.0.4): metric families as text, and how many series there may be.

Over the limit whole families go, in the order of `DROPPED_FIRST`: of each first the series of torrents that are well, through
all families, then the rest of them. What is known of trackers and of troubled torrents goes last.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from trackerwatch.escaping import label_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

PREFIX = "trackerwatch_"
"""Before every name. Contract."""

MAX_SERIES = 20_000

DROPPED_FIRST = (
    *("probe_phase_seconds", "torrent_completed", "torrent_leechers", "torrent_info", "torrent_working_trackers"),
    *("torrent_seeders", "endpoint_state", "tracker_interval_seconds", "tracker_tls_cert_expiry_timestamp_seconds"),
    *("tracker_last_probe_timestamp_seconds", "tracker_last_success_timestamp_seconds", "tracker_muted"),
    "tracker_state",
)
"""Families that may be dropped, the least missed first; the others are few series whatever is watched."""

Series = tuple[str, float]
"""Labels as `labels` writes them, and a value."""


@dataclass(frozen=True, slots=True)
class Family:
    """One metric: its name without prefix, what it says, its series."""

    name: str
    help: str
    series: Sequence[Series]
    of_the_well: Sequence[Series] = ()
    """Series of torrents that are well: the first to go."""

    def __len__(self) -> int:
        return len(self.series) + len(self.of_the_well)


def labels(**values: str) -> str:
    """Labels as they stand between the braces."""
    return ",".join(f'{name}="{label_value(value)}"' for name, value in values.items())


def within_limit(families: Iterable[Family], max_series: int = MAX_SERIES) -> list[Family]:
    """Families of at most so many series, and one that says how many were dropped of which."""
    kept = {family.name: family for family in families}
    dropped = dict.fromkeys(DROPPED_FIRST, 0)
    # Its own series count as well.
    excess = sum(map(len, kept.values())) + len(dropped) - max_series
    for wells_alone in (True, False):
        for name in DROPPED_FIRST:
            family = kept.get(name)
            if excess <= 0 or family is None:
                continue
            gone = len(family.of_the_well if wells_alone else family)
            kept[name] = replace(family, series=family.series if wells_alone else (), of_the_well=())
            dropped[name] += gone
            excess -= gone
    told = [(labels(metric=PREFIX + name), gone) for name, gone in dropped.items()]
    text = "Series left out, for there were too many; by metric."
    return [*kept.values(), Family("metrics_series_dropped", text, told)]


def written(families: Iterable[Family]) -> Iterator[str]:
    """The families as text, a piece for each; those without series are left out."""
    for family in families:
        name = PREFIX + family.name
        lines = [
            f"{name}{{{told}}} {_number(value)}" if told else f"{name} {_number(value)}"
            for series in (family.series, family.of_the_well)
            for told, value in series
            if math.isfinite(value)
        ]
        if lines:
            yield "\n".join((f"# HELP {name} {family.help}", f"# TYPE {name} gauge", *lines, ""))


def _number(value: float) -> str:
    return repr(int(value)) if value == int(value) else repr(value)
