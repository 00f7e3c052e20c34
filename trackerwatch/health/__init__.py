"""How endpoints and trackers are doing: the state machine and its roll-up. Pure."""

from trackerwatch.health.states import Health

__all__ = ["Health"]
