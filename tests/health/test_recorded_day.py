"""A recorded day replayed: the expected transitions, uptime, coverage and percentiles, to the sample.

`days/expected.toml` was worked out by hand from the incidents; here a slow reading of the rules, which looks back over the
whole day at each sample, has to agree with it as well.
"""

from __future__ import annotations

import math
import tomllib
from bisect import bisect_left
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from trackerwatch.health import Health, Thresholds, changes_of, replay, roll_up
from trackerwatch.outcome import FailureKind, PhaseTimes
from trackerwatch.stats import HOUR_S, Windows, find_outages, fold, last_success_at, total

DAYS = Path(__file__).with_name("days")
MIDNIGHT = 1_750_032_000.0
"""2025-06-16 00:00:00 UTC."""
EXPECTED = tomllib.loads((DAYS / "expected.toml").read_text(encoding="utf-8"))
EDGES = [1e-5 * 1.1**bucket for bucket in range(250)]


@dataclass(frozen=True)
class Recorded:
    at: float
    failure: FailureKind | None
    latency_s: float | None
    requests: int
    lost: int
    covers_s: float
    phases: PhaseTimes = PhaseTimes()  # noqa: RUF009 - immutable

    @property
    def answered(self) -> bool:
        return self.failure is None

    @property
    def counted(self) -> bool:
        return self.failure not in (FailureKind.LOCAL_OFFLINE, FailureKind.NO_ROUTE)


@cache
def day() -> dict[str, list[Recorded]]:
    recorded: dict[str, list[Recorded]] = {}
    for line in (DAYS / "day.txt").read_text(encoding="ascii").splitlines():
        second, endpoint, outcome, latency, requests, lost, covers_s = line.split()
        recorded.setdefault(endpoint, []).append(
            Recorded(
                MIDNIGHT + int(second),
                None if outcome == "ok" else FailureKind(outcome),
                None if latency == "-" else float(latency) / 1000,
                int(requests),
                int(lost),
                float(covers_s),
            )
        )
    return recorded


def thresholds(endpoint: str) -> Thresholds:
    return Thresholds(slow_s=5.0 if endpoint == "gamma" else 2.0)


def clock(at: float) -> str:
    second = int(at - MIDNIGHT)
    return f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"


@pytest.fixture(params=sorted(EXPECTED))
def endpoint(request) -> str:
    return request.param


def test_the_day_is_whole():
    assert {name: len(samples) for name, samples in day().items()} == {n: e["samples"] for n, e in EXPECTED.items()}
    assert sum(map(len, day().values())) > 3000


def test_transitions(endpoint):
    changes = changes_of(day()[endpoint], thresholds(endpoint))
    told = [f"{clock(c.at)} {c.from_state} {c.to_state} {c.reason}".strip() for c in changes]
    assert told == EXPECTED[endpoint]["changes"]


def test_flapping(endpoint):
    stretches, begin = [], None
    for sample, health in replay(day()[endpoint], thresholds(endpoint)):
        if health.flapping and begin is None:
            begin = sample.at
        elif not health.flapping and begin is not None:
            stretches.append(f"{clock(begin)} {clock(sample.at)}")
            begin = None
    assert begin is None
    assert stretches == EXPECTED[endpoint]["flapping"]


def states_by_looking_back(samples: list[Recorded], slow_s: float) -> list[str]:
    """The rules of the specification, each time from the whole past: no state is carried from sample to sample."""
    counted = [s for s in samples if s.counted]
    states: list[str] = []
    for now in range(len(counted)):
        down_at = [
            i for i in range(2, now + 1) if not any(s.answered for s in counted[i - 2 : i + 1])
        ]  # every third failure in a row, and those after it
        up_at = [i for i in range(1, now + 1) if counted[i].answered and counted[i - 1].answered]
        last_down, last_up = max(down_at, default=-1), max(up_at, default=-1)
        if last_down > last_up:
            states.append("down")
            continue
        if not any(s.answered for s in counted[: now + 1]):
            states.append("unknown")
            continue
        # Reasons are seen with an answer, over what came since the second answer after the latest outage.
        seen_at = max(i for i in range(now + 1) if counted[i].answered)
        since = next((i for i in up_at if i > last_down), 0) if last_down >= 0 else 0
        ten = counted[max(since, seen_at - 9) : seen_at + 1]
        reasons = []
        if len([s for s in ten if not s.answered]) >= 3:
            reasons.append("failing")
        if len([s for s in ten if s.latency_s is not None and s.latency_s > slow_s]) >= 3:
            reasons.append("slow")
        heard = [s for s in ten if s.answered]
        for rounds in (heard, heard[-5:]):
            sent, lost = sum(s.requests for s in rounds), sum(s.lost for s in rounds)
            if lost * 10 >= sent and len([s for s in rounds if s.lost]) >= 2 and "loss" not in reasons:
                reasons.append("loss")
        states.append(f"degraded {' '.join(reasons)}" if reasons else "up")
    return states


@pytest.mark.parametrize("endpoint", ["alpha", "beta", "gamma", "delta"])
def test_a_slow_reading_of_the_rules_agrees_at_every_sample(endpoint):
    limits = thresholds(endpoint)
    replayed = [
        f"{health.state} {' '.join(health.reasons)}".strip() if health.state is Health.DEGRADED else str(health.state)
        for sample, health in replay(day()[endpoint], limits)
        if sample.counted
    ]
    assert replayed == states_by_looking_back(day()[endpoint], limits.slow_s)


def exact_bucket(milliseconds: float) -> float:
    """The middle of the bucket that a value lies in, found by looking for its edges."""
    return EDGES[bisect_left(EDGES, milliseconds / 1000)] / math.sqrt(1.1)


def test_uptime_coverage_and_percentiles(endpoint):
    expected = EXPECTED[endpoint]
    tally = total(fold(day()[endpoint], HOUR_S).values())
    assert (tally.successes, tally.counted) == (expected["successes"], expected["counted"])
    assert tally.covered_s == expected["covered_s"]
    for share, name in ((0.5, "p50_ms"), (0.95, "p95_ms"), (0.99, "p99_ms")):
        quantile = tally.latency.quantile(share)
        if name in expected:
            assert quantile == pytest.approx(exact_bucket(expected[name]))
            assert quantile == pytest.approx(expected[name] / 1000, rel=0.05)
        else:
            assert quantile is None


def test_rolling_windows_of_the_day_say_the_same(endpoint):
    expected, windows = EXPECTED[endpoint], Windows()
    for s in day()[endpoint]:
        windows.add(s.at, answered=s.answered, counted=s.counted, covers_s=s.covers_s, latency_s=s.latency_s)
    end = MIDNIGHT + 86400 - 1
    whole = windows.figure("24h", end)
    assert (whole.successes, whole.counted) == (expected["successes"], expected["counted"])
    assert whole.covered_s == pytest.approx(expected["covered_s"])
    assert windows.quantile(0.5, "24h", end) == total(fold(day()[endpoint], HOUR_S).values()).latency.quantile(0.5)
    # The night that the machine slept and the minutes that we were offline are covered by nothing.
    strip = windows.strip(end, 24, "24h")
    assert all(share is None for share in strip[2:6])
    watched = windows.figure("24h", end).coverage
    assert watched == pytest.approx(expected["covered_s"] / (86400 - 1), abs=0.005)


def test_outages_of_the_day():
    found = {name: find_outages(changes_of(samples, thresholds(name), name)) for name, samples in day().items()}
    assert [(clock(o.begin), clock(o.end or 0), o.reason) for o in found["gamma"]] == [
        ("16:00:45", "17:30:00", "refused")
    ]
    assert [(clock(o.begin), clock(o.end or 0), o.reason) for o in found["own"]] == [
        ("21:01:10", "21:05:40", "timeout")
    ]
    assert len(found["beta"]) == 10
    assert found["alpha"] == found["delta"] == ()
    assert last_success_at(day()["gamma"]) == MIDNIGHT + 86400 - 900
    assert last_success_at(day()["delta"]) is None


def test_our_own_outage_moved_nothing():
    """Without the samples of the minutes that we were offline, the day comes to the same."""
    for name, samples in day().items():
        theirs = [s for s in samples if s.failure is not FailureKind.LOCAL_OFFLINE]
        assert name == "delta" or len(theirs) < len(samples)
        assert changes_of(theirs, thresholds(name)) == changes_of(samples, thresholds(name))
        assert fold(theirs, HOUR_S) == fold(samples, HOUR_S)


def test_two_of_them_as_one_tracker():
    """Alpha and delta as the two addresses of one tracker: a family without a route has no say."""
    alpha = [health for _, health in replay(day()["alpha"], thresholds("alpha"))]
    delta = [health for _, health in replay(day()["delta"], thresholds("delta"))]
    assert {roll_up([health, delta[-1]])[0] for health in alpha} == {Health.UP, Health.DEGRADED}
