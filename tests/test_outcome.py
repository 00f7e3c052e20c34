"""Outcomes: the closed set of failure kinds, and columns of counts that keep unknown apart from zero."""

import pytest

from trackerwatch.outcome import (
    NOTHING_KNOWN,
    Endpoint,
    Failure,
    FailureKind,
    Family,
    ScrapeColumns,
    SwarmAnswer,
    SwarmCounts,
)

KINDS = [
    "local_offline",
    "dns_nxdomain",
    "dns_error",
    "dns_timeout",
    "dns_blocked",
    "no_route",
    "refused",
    "timeout",
    "tls",
    "http_status",
    "redirect",
    "too_large",
    "closed",
    "not_bencode",
    "bad_reply",
    "failure_reason",
    "unregistered",
    "unauthorized",
    "rate_limited",
    "scrape_unsupported",
    "denied",
    "blocked",
    "internal",
]
"""The contract, word for word: metric labels, filter keys and JSON values."""

NOT_COUNTED = {"local_offline", "no_route", "blocked", "denied", "internal", "scrape_unsupported"}
ANSWERED = {"failure_reason", "unregistered", "unauthorized", "rate_limited"}
CONCLUSIVE = {"refused", "dns_nxdomain", "tls"}
RETRIED = {"timeout", "closed", "dns_timeout"}


def test_the_kinds_are_the_contract():
    assert [kind.value for kind in FailureKind] == KINDS


@pytest.mark.parametrize("kind", FailureKind)
def test_what_each_kind_says_of_the_tracker(kind):
    assert kind.counted == (kind.value not in NOT_COUNTED)
    assert kind.answered == (kind.value in ANSWERED)
    assert kind.conclusive == (kind.value in CONCLUSIVE)
    assert kind.retried == (kind.value in RETRIED)
    # What says nothing, or that the tracker is up, proves no tracker down.
    assert not (kind.conclusive and (kind.answered or not kind.counted or kind.retried))


def test_endpoints_read_as_people_write_them():
    assert str(Endpoint(Family.IPV4, "192.0.2.1", 80)) == "192.0.2.1:80"
    assert str(Endpoint(Family.IPV6, "2001:db8::1", 6969)) == "[2001:db8::1]:6969"


def test_fresh_columns_know_nothing():
    columns = ScrapeColumns.unknown(3)
    assert len(columns) == 3
    assert [columns.counts(index) for index in range(3)] == [NOTHING_KNOWN] * 3
    assert list(columns.answers) == [SwarmAnswer.NOT_ASKED] * 3
    assert len(ScrapeColumns.unknown(0)) == 0


def test_the_columns_of_one_scrape_are_apart():
    columns = ScrapeColumns.unknown(2)
    columns.seeders[0] = 5
    assert (columns.leechers[0], columns.completed[0]) == (-1, -1)


@pytest.mark.parametrize("answer", SwarmAnswer)
def test_only_an_answer_has_counts(answer):
    columns = ScrapeColumns.unknown(1)
    columns.seeders[0], columns.leechers[0] = 0, 7
    columns.answers[0] = answer
    expected = SwarmCounts(0, 7, None) if answer is SwarmAnswer.ANSWERED else NOTHING_KNOWN
    assert columns.counts(0) == expected


def test_a_copy_is_independent():
    columns = ScrapeColumns.unknown(1)
    copy = columns.copy()
    columns.seeders[0], columns.answers[0] = 9, SwarmAnswer.FAILED
    columns.failures[0] = Failure(FailureKind.TIMEOUT)
    assert (copy.seeders[0], copy.answers[0], copy.failures) == (-1, SwarmAnswer.NOT_ASKED, {})


def test_counts_reach_past_32_bits():
    columns = ScrapeColumns.unknown(1)
    columns.seeders[0], columns.answers[0] = 2**63 - 1, SwarmAnswer.ANSWERED
    assert columns.counts(0).seeders == 2**63 - 1
