"""Numbers over time: uptime, latency, outages, roll-ups. Pure."""

from trackerwatch.stats.latency import LatencyHistogram
from trackerwatch.stats.outages import downtime_s, find_outages, flaps, last_success_at
from trackerwatch.stats.rollup import coarsen, fold, total
from trackerwatch.stats.tally import PHASES, Tally
from trackerwatch.stats.uptime import DAY_S, HOUR_S, WINDOWS_S, UptimeFigure, bucket_start, split_cover
from trackerwatch.stats.windows import Windows

__all__ = [
    "DAY_S",
    "HOUR_S",
    "PHASES",
    "WINDOWS_S",
    "LatencyHistogram",
    "Tally",
    "UptimeFigure",
    "Windows",
    "bucket_start",
    "coarsen",
    "downtime_s",
    "find_outages",
    "flaps",
    "fold",
    "last_success_at",
    "split_cover",
    "total",
]
