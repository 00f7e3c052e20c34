"""How endpoints and trackers are doing: the state machine and its roll-up. Pure."""

from trackerwatch.health.endpoint import EndpointHealth, Sample, Thresholds, apply, judge
from trackerwatch.health.memory import dump_health, load_health
from trackerwatch.health.replay import Change, changes_of, replay
from trackerwatch.health.rollup import any_flapping, roll_up
from trackerwatch.health.states import Health, Verdict
from trackerwatch.health.transitions import NEXT

__all__ = [
    "NEXT",
    "Change",
    "EndpointHealth",
    "Health",
    "Sample",
    "Thresholds",
    "Verdict",
    "any_flapping",
    "apply",
    "changes_of",
    "dump_health",
    "judge",
    "load_health",
    "replay",
    "roll_up",
]
