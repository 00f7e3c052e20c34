"""The clients as data: their back-off tables, and what they are."""

from __future__ import annotations

import pytest

from trackerwatch.failover import CLIENTS, LISTED
from trackerwatch.failover.clients import GivesUp


def test_there_are_five_and_each_bears_its_name():
    assert list(CLIENTS) == ["listed", "bep12", "libtorrent", "transmission", "all-trackers"]
    assert all(client.name == name and client.words and client.subject for name, client in CLIENTS.items())
    assert CLIENTS["listed"] is LISTED
    assert [name for name, client in CLIENTS.items() if client.in_order] == ["listed", "all-trackers"]


def test_libtorrent_backs_off_by_the_square_of_the_failures():
    backoff = CLIENTS["libtorrent"].backoff
    waits = [backoff.wait_s(n, replied=False, asked_s=None) for n in range(1, 19)]
    assert waits == [17, 55, 117, 205, 317, 455, 617, 805, 1017, 1255, 1517, 1805, 2117, 2455, 2817, 3205, 3600, 3600]


@pytest.mark.parametrize(("asked_s", "waits_s"), [(None, 1800), (20, 300), (400, 400), (7200, 7200)])
def test_libtorrent_waits_as_long_as_a_refusal_says_and_five_minutes_at_least(asked_s, waits_s):
    assert CLIENTS["libtorrent"].backoff.wait_s(1, replied=True, asked_s=asked_s) == waits_s


def test_transmission_waits_longer_with_each_failure_and_up_to_a_minute_more():
    backoff = CLIENTS["transmission"].backoff
    least = [backoff.wait_s(n, replied=False, asked_s=None, randomness=0.0) for n in range(8)]
    most = [backoff.wait_s(n, replied=False, asked_s=None, randomness=1.0) for n in range(8)]
    assert least == [0, 20, 300, 900, 1800, 3600, 7200, 7200]
    assert most == [0, 20, 359, 959, 1859, 3659, 7259, 7259]


def test_what_a_tracker_asks_for_is_a_lower_bound():
    backoff = LISTED.backoff
    assert backoff.wait_s(1, replied=False, asked_s=600.0) == 600
    assert backoff.wait_s(9, replied=False, asked_s=600.0) == 1017


@pytest.mark.parametrize(
    ("failing_for_s", "wait_s"),
    [(0, 17), (16, 17), (17, 55), (71, 55), (72, 117), (711, 455), (900, 455), (10**6, 3600)],
)
def test_the_wait_a_client_has_come_to_after_failing_for_so_long(failing_for_s, wait_s):
    assert CLIENTS["libtorrent"].backoff.wait_by_now_s(failing_for_s) == wait_s


def test_who_gives_up_for_what():
    assert CLIENTS["libtorrent"].gives_up == {GivesUp.GONE}
    assert CLIENTS["transmission"].gives_up == {GivesUp.UNREGISTERED}
    assert LISTED.gives_up == {GivesUp.GONE, GivesUp.RETRY_NEVER}
