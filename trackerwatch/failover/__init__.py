"""Which tracker a client would use, and why: the walk over tiers. Pure."""

from trackerwatch.failover.clients import CLIENTS, LISTED, Client
from trackerwatch.failover.explain import Step, explain
from trackerwatch.failover.independence import independent_groups, stands_on
from trackerwatch.failover.order import Place, first_queue, tiers_of
from trackerwatch.failover.states import WORKING, FailoverState, Role, Standing
from trackerwatch.failover.walk import Walk, walk

__all__ = [
    "CLIENTS",
    "LISTED",
    "WORKING",
    "Client",
    "FailoverState",
    "Place",
    "Role",
    "Standing",
    "Step",
    "Walk",
    "explain",
    "first_queue",
    "independent_groups",
    "stands_on",
    "tiers_of",
    "walk",
]
