"""Numbers over time: uptime, latency, outages, roll-ups. Pure."""

from trackerwatch.stats.latency import LatencyHistogram
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
    "split_cover",
]
