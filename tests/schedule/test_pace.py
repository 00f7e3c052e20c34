"""Lower bounds of politeness."""

from __future__ import annotations

import pytest

from trackerwatch.schedule.pace import is_local, reask_delay_s, round_interval_s, stretched


@pytest.mark.parametrize(
    ("addresses", "local"),
    [
        (["127.0.0.1"], True),
        (["127.0.0.1", "::1"], True),
        (["10.1.2.3", "fd00::1"], True),
        (["fe80::1%eth0"], True),
        (["127.0.0.1", "198.51.100.7"], False),
        (["192.0.2.1"], False),
        (["2001:db8::1"], False),
        ([], False),
    ],
)
def test_is_local(addresses, local):
    assert is_local(addresses) is local


def test_nobody_on_the_net_is_asked_more_than_once_a_minute():
    assert round_interval_s(1.0, local=False, min_request_interval_s=None) == 60.0
    assert round_interval_s(900.0, local=False, min_request_interval_s=None) == 900.0
    assert round_interval_s(900.0, local=False, min_request_interval_s=1800.0) == 1800.0
    assert round_interval_s(0.1, local=True, min_request_interval_s=None) == 1.0


def test_reasks():
    assert [reask_delay_s(n, 900.0, local=False) for n in (1, 2, 3, 9)] == [15.0, 45.0, 120.0, 120.0]
    assert [reask_delay_s(n, 60.0, local=False) for n in (1, 2, 3)] == [15.0, 15.0, 15.0]
    assert [reask_delay_s(n, 3.0, local=True) for n in (1, 2, 3)] == [1.0, 1.0, 1.0]


def test_jitter_only_stretches():
    assert stretched(100.0, 0.0) == 100.0
    assert stretched(100.0, 1.0) == pytest.approx(110.0)
