from __future__ import annotations

import pytest

from trackerwatch.policy.rules import Verdict
from trackerwatch.reports.rows import FailOn, exit_code


@pytest.mark.parametrize(
    ("fail_on", "codes"),
    [
        (FailOn.WARNING, [0, 1, 2, 3]),
        (FailOn.CRITICAL, [0, 0, 2, 3]),
        (FailOn.NONE, [0, 0, 0, 0]),
    ],
)
def test_fail_on(fail_on, codes):
    verdicts = [Verdict.OK, Verdict.WARNING, Verdict.CRITICAL, Verdict.UNKNOWN]
    assert [exit_code(verdict, fail_on) for verdict in verdicts] == codes
