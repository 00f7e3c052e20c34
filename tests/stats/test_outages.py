"""Outages from changes, and the same from raw samples."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackerwatch.health import Change, Health, Thresholds, changes_of
from trackerwatch.history import Outage
from trackerwatch.outcome import FailureKind
from trackerwatch.stats import downtime_s, find_outages, flaps, last_success_at

UP, DOWN, DEGRADED, UNKNOWN = Health.UP, Health.DOWN, Health.DEGRADED, Health.UNKNOWN
ADDRESS = "192.0.2.1:80"


@dataclass(frozen=True)
class Raw:
    at: float
    failure: FailureKind | None
    latency_s: float | None = None
    requests: int = 1
    lost: int = 0


@dataclass(frozen=True)
class Gap:
    begin: float
    end: float


def change(at: float, before: Health, after: Health, reason: str = "", endpoint: str | None = None) -> Change:
    return Change(at, endpoint, before, after, reason)


@pytest.mark.parametrize(
    ("changes", "since", "outages"),
    [
        ([], None, []),
        ([change(5, UNKNOWN, UP)], 0, []),
        ([change(5, UP, DOWN, "timeout")], None, [(None, 5, None, "timeout")]),
        ([change(5, UP, DOWN, "timeout"), change(9, DOWN, UP)], None, [(None, 5, 9, "timeout")]),
        ([change(5, UP, DOWN, "refused"), change(9, DOWN, DEGRADED, "slow")], None, [(None, 5, 9, "refused")]),
        ([change(5, UP, DEGRADED, "loss"), change(9, DEGRADED, UP)], None, []),
        ([change(9, DOWN, UP)], None, []),
        ([change(9, DOWN, UP)], 2, [(None, 2, 9, "")]),
        ([change(5, UP, DOWN, "tls"), change(6, DOWN, UNKNOWN), change(8, UNKNOWN, DOWN, "timeout"), change(9, DOWN, UP)], None, [(None, 5, 9, "tls")]),
        ([change(5, UP, DOWN, "tls"), change(6, DOWN, UNKNOWN), change(8, UNKNOWN, UP)], None, [(None, 5, 8, "tls")]),
        ([change(5, UNKNOWN, DOWN, "tls", ADDRESS), change(6, UP, DOWN, "tls"), change(7, DOWN, UP, "", ADDRESS)], 0, [(ADDRESS, 5, 7, "tls"), (None, 6, None, "tls")]),
        ([change(9, UP, DOWN, "timeout"), change(5, DOWN, UP)], None, [(None, 9, 9, "timeout")]),
    ],
)  # fmt: skip
def test_outages(changes, since, outages):
    assert find_outages(changes, since) == tuple(Outage(*outage) for outage in outages)


def test_flaps_are_changes_between_answering_and_down():
    changes = [
        change(1, UNKNOWN, UP),
        change(2, UP, DEGRADED),
        change(3, DEGRADED, DOWN),
        change(4, DOWN, UNKNOWN),
        change(5, UNKNOWN, DOWN),
        change(6, DOWN, UP),
        change(7, UP, DOWN, endpoint=ADDRESS),
    ]
    assert flaps(changes) == 2
    assert flaps(changes, ADDRESS) == 1
    assert flaps([]) == 0
    assert flaps([change(4, DOWN, UNKNOWN), change(5, UNKNOWN, UP)]) == 1


@pytest.mark.parametrize(
    ("outages", "gaps", "seconds"),
    [
        ([], [], 0),
        ([(10, 20)], [], 10),
        ([(10, None)], [], 90),
        ([(-50, 200)], [], 100),
        ([(10, 20), (15, 30)], [], 20),
        ([(10, 50)], [(20, 30)], 30),
        ([(10, 50)], [(20, 30), (25, 35)], 25),
        ([(10, 20), (40, 50)], [(15, 45)], 10),
        ([(10, None)], [(90, 500)], 80),
        ([(200, 300)], [(0, 100)], 0),
    ],
)
def test_downtime_leaves_gaps_out(outages, gaps, seconds):
    found = [Outage(None, begin, end, "timeout") for begin, end in outages]
    assert downtime_s(found, [Gap(*gap) for gap in gaps], 0, 100) == seconds


def test_the_last_success():
    raw = [Raw(1, None), Raw(2, FailureKind.UNREGISTERED), Raw(3, FailureKind.TIMEOUT), Raw(4, FailureKind.NO_ROUTE)]
    assert last_success_at(raw) == 2
    assert last_success_at(raw[2:]) is None


KINDS = st.sampled_from(
    [None, None, FailureKind.TIMEOUT, FailureKind.TIMEOUT, FailureKind.REFUSED, FailureKind.LOCAL_OFFLINE]
)


def outages_by_looking_back(raw: list[Raw]) -> list[tuple[float, float | None, str]]:
    """The rule read literally, each time over the whole list: three failures in a row are down, two answers end it."""
    counted = [s for s in raw if s.failure is None or s.failure.counted]
    found: list[tuple[float, float | None, str]] = []
    place = 0
    while place < len(counted):
        failed = [s.failure is not None for s in counted]
        begin = next((i for i in range(place, len(counted)) if i - 2 >= place and all(failed[i - 2 : i + 1])), None)
        if begin is None:
            break
        ever = not all(failed[: begin + 1])
        wanted = 2 if ever else 1
        end = None
        for i in range(begin + 1, len(counted)):
            row = failed[i - wanted + 1 : i + 1]
            # An endpoint that never answered is believed at once, and from then on it has answered.
            if i - wanted + 1 > begin and not any(row):
                end = i
                break
        found.append((counted[begin].at, counted[end].at if end is not None else None, str(counted[begin].failure)))
        if end is None:
            break
        place = end + 1
    return found


@given(st.lists(KINDS, max_size=60))
def test_the_same_from_raw_samples(kinds):
    raw = [Raw(60.0 * i, kind) for i, kind in enumerate(kinds)]
    found = find_outages(changes_of(raw, Thresholds(), ADDRESS))
    assert [(o.begin, o.end, o.reason) for o in found] == outages_by_looking_back(raw)
    assert {o.endpoint for o in found} <= {ADDRESS}
    ended = sum(o.end is not None for o in found)
    began_from_answering = sum(
        c.to_state is DOWN and c.from_state is not UNKNOWN for c in changes_of(raw, Thresholds())
    )
    assert flaps(changes_of(raw, Thresholds())) == ended + began_from_answering
