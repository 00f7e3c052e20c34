"""The table: whole, reached, and the one in docs/health.md."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackerwatch.health import NEXT, EndpointHealth, Health, Sample, Thresholds, Verdict, apply, judge
from trackerwatch.outcome import FailureKind

DOC = Path(__file__).parents[2] / "docs" / "health.md"

OK, SLOW, BAD = Sample(None, 0.05), Sample(None, 9.0), Sample(FailureKind.TIMEOUT)
REFUSED, NOBODY = Sample(FailureKind.REFUSED), Sample(FailureKind.NO_ROUTE)

IMPOSSIBLE = {(state, Verdict.ONCE) for state in Health if state is not Health.DOWN}


def table() -> list[str]:
    """As it stands in the document."""
    rows = [["sample", *Health], ["---"] * (1 + len(Health))]
    rows += [[verdict, *(NEXT.get((state, verdict), "") for state in Health)] for verdict in Verdict]
    return [f"| {' | '.join(row)} |" for row in rows]


def test_the_table_is_whole():
    assert NEXT.keys() | IMPOSSIBLE == set(product(Health, Verdict))
    assert not NEXT.keys() & IMPOSSIBLE


def test_the_document_shows_the_table():
    assert "\n".join(table()) in DOC.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("samples", "verdict"),
    [
        ([NOBODY], Verdict.NOT_COUNTED),
        ([OK], Verdict.WELL),
        ([SLOW, SLOW, SLOW], Verdict.POORLY),
        ([BAD], Verdict.DOUBTFUL),
        ([OK, BAD, BAD], Verdict.DOUBTFUL),
        ([OK, BAD, BAD, BAD], Verdict.FAILED),
        ([OK, BAD, BAD, BAD, OK], Verdict.ONCE),
        ([BAD, BAD, BAD, OK], Verdict.WELL),
        ([OK, BAD, BAD, BAD, OK, OK], Verdict.WELL),
        ([OK, BAD, BAD, BAD, OK, BAD], Verdict.DOUBTFUL),
    ],
)
def test_verdicts(samples, verdict):
    health = EndpointHealth()
    for now, sample in enumerate(samples[:-1]):
        health = apply(health, sample, float(now), Thresholds())
    assert judge(health, samples[-1], Thresholds())[0] is verdict


thresholds = st.builds(
    Thresholds,
    down_after=st.integers(1, 4),
    up_after=st.integers(1, 4),
    conclusive_at_once=st.booleans(),
    tls_expiry_s=st.just(86400.0),
)
samples = st.lists(st.sampled_from([OK, SLOW, BAD, REFUSED, NOBODY, Sample(None, 0.1, tls_left_s=5.0)]), max_size=40)


@given(samples, thresholds)
def test_every_step_is_one_of_the_table(taken, limits):
    health = EndpointHealth()
    for now, sample in enumerate(taken):
        verdict = judge(health, sample, limits)[0]
        after = apply(health, sample, float(now), limits)
        assert after.state is NEXT[health.state, verdict]
        assert (after.since == float(now)) or after.since == health.since
        if after.state is not health.state:
            assert after.since == float(now)
        health = after


def test_every_row_is_reached():
    seen = set()
    limits = Thresholds()
    soon = Sample(None, 0.1, tls_left_s=5.0)
    frontier = [EndpointHealth()]
    for _ in range(6):
        following = []
        for health in frontier:
            for sample in (OK, soon, BAD, NOBODY):
                seen.add((health.state, judge(health, sample, limits)[0]))
                following.append(apply(health, sample, 0.0, limits))
        frontier = list(
            {(h.state, h.failures_in_row, h.answers_in_row, h.ever_answered): h for h in following}.values()
        )
    assert seen == NEXT.keys()


def test_states_rank_from_up_to_down():
    assert sorted(Health, key=lambda state: state.badness) == [Health.UP, Health.UNKNOWN, Health.DEGRADED, Health.DOWN]
