"""From endpoints to their tracker."""

from __future__ import annotations

import pytest

from trackerwatch.health import EndpointHealth, Health, roll_up

UP = EndpointHealth(Health.UP)
DOWN = EndpointHealth(Health.DOWN, ("refused",))
DEGRADED = EndpointHealth(Health.DEGRADED, ("slow",))
UNKNOWN = EndpointHealth()


@pytest.mark.parametrize(
    ("endpoints", "state", "reasons"),
    [
        ([], Health.UNKNOWN, ()),
        ([UNKNOWN, UNKNOWN], Health.UNKNOWN, ()),
        ([UP, UNKNOWN], Health.UP, ()),
        ([UP, UP], Health.UP, ()),
        ([UP, DOWN], Health.DEGRADED, ("endpoint_down", "refused")),
        ([DOWN, DOWN], Health.DOWN, ("refused",)),
        ([DOWN, UNKNOWN], Health.DOWN, ("refused",)),
        ([DEGRADED, UP], Health.DEGRADED, ("slow",)),
        ([DEGRADED, DOWN], Health.DEGRADED, ("endpoint_down", "refused", "slow")),
    ],
)
def test_roll_up(endpoints, state, reasons):
    assert roll_up(endpoints) == (state, reasons)
