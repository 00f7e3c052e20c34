"""One UDP datagram in five dropped for ten minutes: degraded, with the loss as its reason, and never down."""

from __future__ import annotations

from random import Random

import pytest

from trackerwatch.health import EndpointHealth, Health, Sample, Thresholds, apply
from trackerwatch.outcome import FailureKind

LIVE = Thresholds()
HEARTBEAT_S = 120
TRIES = 4
"""What a deadline leaves room for: at +0, +1, +3 and +7 s, say."""


class Line:
    """Datagrams to a tracker, of which some are dropped."""

    def __init__(self, drops) -> None:
        self.drops = drops
        self.number = 0

    def round(self, needed: int) -> Sample:
        """So many requests, each sent again until it is answered or given up."""
        sent = lost = 0
        for _ in range(needed):
            for _ in range(TRIES):
                sent, self.number = sent + 1, self.number + 1
                if not self.drops(self.number):
                    break
                lost += 1
            else:
                return Sample(FailureKind.TIMEOUT, None, sent, lost)
        return Sample(None, 0.05, sent, lost)


def minutes(health: EndpointHealth, line: Line, count: int, begin: int, needed: int) -> list[EndpointHealth]:
    healths = []
    for now in range(begin, begin + count * 60, HEARTBEAT_S):
        # A full scrape each 15 minutes, and heartbeats of one datagram between.
        health = apply(health, line.round(needed if now % 900 == 0 else 1), float(now), LIVE)
        healths.append(health)
    return healths


@pytest.mark.parametrize("offset", range(5))
@pytest.mark.parametrize("before_min", [0, 60])
@pytest.mark.parametrize(
    ("needed", "minutes_long"),
    # Ten minutes of a tracker with two requests in all are nine datagrams: the second loss comes later.
    [(10, 12), (145, 12), (3, 20), (2, 20)],
)
def test_every_fifth_datagram_for_ten_minutes(offset, needed, minutes_long, before_min):
    health = EndpointHealth()
    if before_min:
        health = minutes(health, Line(lambda _: False), before_min, 0, needed)[-1]
        assert health.state is Health.UP
    line = Line(lambda number: (number + offset) % 5 == 0)
    healths = minutes(health, line, minutes_long, before_min * 60, needed)
    assert {h.state for h in healths} <= {Health.UP, Health.DEGRADED}
    assert not any(h.pending or h.flapping for h in healths)
    assert healths[-1].state is Health.DEGRADED
    assert healths[-1].reasons == ("loss",)
    calm = minutes(healths[-1], Line(lambda _: False), 30, 7200, needed)
    assert calm[-1].state is Health.UP


@pytest.mark.parametrize("seed", range(40))
def test_a_fifth_at_random(seed):
    random = Random(seed)
    healths = minutes(EndpointHealth(), Line(lambda _: random.random() < 0.2), 60, 0, 12)
    assert {h.state for h in healths} <= {Health.UP, Health.DEGRADED}
    assert not any(h.flapping for h in healths)
    assert any("loss" in h.reasons for h in healths)


def test_one_in_a_hundred_is_nothing():
    line = Line(lambda number: number % 100 == 0)
    healths = minutes(EndpointHealth(), line, 24 * 60, 0, 145)
    assert {h.state for h in healths} == {Health.UP}
