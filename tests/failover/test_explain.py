"""Explanations; those of whole torrents are in the scenario files."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from trackerwatch.failover import CLIENTS, Place, Standing, Step, explain, first_queue, walk
from trackerwatch.failover.clients import GivesUp
from trackerwatch.failover.explain import MOST_CHARS, WIDTH

W, F, U, N = Standing.WORKS, Standing.FAILED, Standing.UNTRIED, Standing.NOT_COUNTED
SINCE = datetime(2026, 3, 14, 13, 48, tzinfo=UTC)


def told(*steps, client="listed", private=False):
    who = CLIENTS[client]
    places = tuple(Place(step.tier, step.udp, step.host, "/") for step in steps)
    tiers = tuple(step.tier for step in steps)
    result = walk(tiers, bytes(step.standing for step in steps), who, first_queue(who, places, b"x"))
    return explain(steps, result, who, tiers=tiers, private=private)


def step(name, tier, standing, reason="", **more):
    return Step(f"{name}:1", tier, standing, reason, host=name, stands_on=more.pop("stands_on", (name,)), **more)


def test_a_backup_is_explained():
    assert told(
        step(
            "one",
            0,
            F,
            "refused",
            since=SINCE,
            failures=5,
            failing_for_s=900.0,
            next_probe_at=SINCE.replace(hour=14, minute=3),
        ),
        step("two", 1, N, "no route from here"),
        step("three", 1, W),
        step("four", 2, W),
    ) == (
        "a client fails over to three:1 (tier 1)",
        "not one:1 (tier 0): refused",
        "  5 failures in a row since 13:48Z; we ask again at 14:03:00Z",
        "  a client tries it again with each announce, before three:1",
        "two:1 (tier 1) is not counted: no route from here",
        "if three:1 dies now: four:1 (tier 2) takes over",
        "  it is the last one behind it, on a host and address of its own",
    )


def test_no_tracker_at_all():
    assert "DHT" in told()[0]


def test_the_client_has_come_to_its_present_wait():
    failing = step("one", 0, F, "timeout", since=SINCE, failing_for_s=900.0)
    assert "  libtorrent waits 7m35s by now before it tries it again" in told(
        failing, step("two", 1, W), client="libtorrent"
    )
    assert "  a client waits 7m35s by now before it tries it again" in told(failing)
    assert "  Transmission takes this tier in turn and waits 15m by now before the next" in told(
        failing, client="transmission"
    )


@pytest.mark.parametrize(
    ("never", "client", "line"),
    [
        (GivesUp.GONE, "libtorrent", "  gone for good (HTTP 410): libtorrent never comes back"),
        (GivesUp.GONE, "transmission", "  gone for good (HTTP 410): Transmission asks all the same"),
        (GivesUp.RETRY_NEVER, "listed", "  it asks never to be asked again (BEP 31): a client never comes back"),
        (GivesUp.RETRY_NEVER, "libtorrent", "  it asks never to be asked again (BEP 31): libtorrent asks all the same"),
        (GivesUp.UNREGISTERED, "transmission", "  it does not know the torrent: Transmission never comes back"),
    ],
)
def test_who_wants_never_to_be_asked_again(never, client, line):
    assert line in told(step("one", 0, F, "no", retry_never=never), step("two", 1, W), client=client)


def test_a_wish_is_told_and_obeyed_by_who_knows_it():
    later = step("one", 0, F, "busy", retry_in_s=7500.0)
    assert "  it asks to be left alone for 2h05m (Retry-After)" in told(later)
    assert "  it asks to be left alone for 2h05m (BEP 31)" in told(replace(later, replied=True))
    assert "  a client waits 2h05m by now before it tries it again" in told(later)
    assert "  libtorrent waits 17s by now before it tries it again" in told(later, client="libtorrent")


def test_libtorrent_waits_half_an_hour_after_a_refusal():
    refused = step("one", 0, F, "unregistered", replied=True)
    assert "  libtorrent waits 30m by now before it tries it again" in told(refused, client="libtorrent")
    assert "  a client waits 17s by now before it tries it again" in told(refused)


def test_who_shares_a_fate_with_the_active_one_falls_with_it():
    lines = told(
        step("one", 0, W, stands_on=("one", "192.0.2.1")),
        step("two", 1, W, stands_on=("two", "192.0.2.1")),
        step("three", 2, W),
    )
    assert lines[1:] == (
        "if one:1 dies now: two:1 (tier 1) takes over",
        "  2 work behind it, 1 is independent by host and address",
        "  two:1 would fall with it: then three:1 (tier 2)",
        "one:1 and two:1 share 192.0.2.1",
    )


def test_many_that_failed_are_not_all_told():
    lines = told(*(step(f"t{n}", n, F, "refused") for n in range(40)))
    assert lines[0] == "no tracker is left: all 40 failed"
    assert "and 28 more" in lines
    assert sum(line.startswith("not ") for line in lines) == 12


@pytest.mark.parametrize("client", CLIENTS)
def test_names_are_cut_and_what_was_said_is_told_whole_within_reason(client):
    long = "a" * 60 + ".very-long-subdomain.example"
    steps = [
        replace(step(f"{n}{long}", n // 2, standing, "x" * 200, notes=("y" * 200,)), name=f"{n}{long}:6969")
        for n, standing in enumerate([F, F, W, W, N, U])
    ]
    lines = told(*steps, client=client)
    assert all(len(line) <= 4 * WIDTH for line in lines if "xxx" not in line and "yyy" not in line)
    assert any("y" * 200 in line for line in lines)
    endless = [replace(one, notes=("z" * 9000,)) for one in steps]
    longest = max(map(len, told(*endless, client=client)))
    assert longest == MOST_CHARS
    assert any(line.endswith("z…") for line in told(*endless, client=client))


def test_a_date_is_told_where_it_was_long_ago():
    lines = told(step("one", 0, F, "refused", since=SINCE, failing_for_s=5 * 86400.0))
    assert "  since 14 Mar 13:48Z" in lines
