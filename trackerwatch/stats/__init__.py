"""Numbers over time. Pure."""

from trackerwatch.stats.latency import LatencyHistogram

__all__ = ["LatencyHistogram"]
