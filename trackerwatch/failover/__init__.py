"""Which tracker a client would use, and why: the walk over tiers. Pure."""

from trackerwatch.failover.states import FailoverState, Role

__all__ = ["FailoverState", "Role"]
