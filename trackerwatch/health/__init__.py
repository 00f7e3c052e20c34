"""How endpoints and trackers are doing: the state machine and its roll-up. Pure."""

from trackerwatch.health.endpoint import EndpointHealth, Sample, Thresholds, apply
from trackerwatch.health.rollup import roll_up
from trackerwatch.health.states import Health

__all__ = ["EndpointHealth", "Health", "Sample", "Thresholds", "apply", "roll_up"]
