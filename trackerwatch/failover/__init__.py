"""Which tracker a client would use, and why: the walk over tiers. Pure."""

from trackerwatch.failover.explain import Step, explain
from trackerwatch.failover.independence import independent_groups
from trackerwatch.failover.states import FailoverState, Role
from trackerwatch.failover.walk import Standing, Walk, walk

__all__ = ["FailoverState", "Role", "Standing", "Step", "Walk", "explain", "independent_groups", "walk"]
