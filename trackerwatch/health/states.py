"""The words of health."""

from __future__ import annotations

from enum import StrEnum


class Health(StrEnum):
    """How an endpoint or a tracker is doing. Contract: the JSON value."""

    UNKNOWN = "unknown"
    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"
