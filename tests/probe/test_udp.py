"""UDP probes against trackers on loopback that tell the truth or misbehave in one way."""

import asyncio
import gc
import socket
import struct

import pytest

from tests.doubles.udp import (
    ANNOUNCE,
    CONNECT,
    MAGIC,
    SCRAPE,
    ConnectOnly,
    Expiring,
    Forgetful,
    Limited,
    Refusing,
    Shuffling,
    Silent,
    UdpTracker,
    free_port,
)
from trackerwatch.outcome import (
    AnnounceEvent,
    AnnounceRequest,
    Endpoint,
    FailureKind,
    Family,
    Operation,
    Phase,
    ScrapeColumns,
    SwarmAnswer,
    SwarmCounts,
)
from trackerwatch.probe.udp import UdpProbe
from trackerwatch.tracker import parse_tracker

SHORT_S = 0.2
"""Long enough for loopback on a busy machine. How often something is sent in it is for the session's own tests to say."""
LONG_S = 5.0


def swarms(size):
    return {n.to_bytes(20, "big"): (n + 1, 2 * n, n % 7) for n in range(size)}


def told(columns):
    return [(columns.seeders[n], columns.completed[n], columns.leechers[n]) for n in range(len(columns))]


def announce_request(info_hash=b"h" * 20, event=AnnounceEvent.STOPPED):
    return AnnounceRequest(info_hash, b"-TW0100-abcdefghijkl", 51413, 0xBADF00D, 11, event)


async def check(tracker, timeout_s=LONG_S):
    return await UdpProbe().check(tracker.tracker, tracker.endpoint, timeout_s=timeout_s)


async def scrape(tracker, hashes=None, *, timeout_s=LONG_S, probe=None, **options):
    hashes = list(tracker.swarms) if hashes is None else hashes
    return await (probe or UdpProbe()).scrape(tracker.tracker, tracker.endpoint, hashes, timeout_s=timeout_s, **options)


async def announce(tracker, request=None, timeout_s=LONG_S):
    request = request or announce_request()
    return await UdpProbe().announce(tracker.tracker, tracker.endpoint, request, timeout_s=timeout_s)


# Check


async def test_check_is_one_connect():
    async with UdpTracker() as tracker:
        outcome = await check(tracker)
        assert tracker.received == [(CONNECT, b"")]
    assert outcome.failure is None
    assert outcome.operation is Operation.LIVENESS
    assert outcome.endpoint == tracker.endpoint
    assert 0 < outcome.phases.connect_s < LONG_S
    assert (outcome.phases.tls_s, outcome.phases.exchange_s) == (None, None)
    assert (outcome.requests, outcome.lost) == (1, 0)


async def test_check_over_ipv6():
    async with UdpTracker(host="::1") as tracker:
        assert tracker.endpoint.family is Family.IPV6
        assert (await check(tracker)).failure is None


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_closed_port_is_refused_long_before_the_limit(host):
    port = free_port(host)
    family = Family.IPV6 if ":" in host else Family.IPV4
    endpoint = Endpoint(family, host, port)
    tracker = parse_tracker(f"udp://{endpoint}/announce")
    async with asyncio.timeout(5):
        checked = await UdpProbe().check(tracker, endpoint, timeout_s=60)
        scraped = await UdpProbe().scrape(tracker, endpoint, [b"h" * 20, b"i" * 20], timeout_s=60)
        announced = await UdpProbe().announce(tracker, endpoint, announce_request(), timeout_s=60)
    for outcome in (checked, scraped.probe, announced.probe):
        assert (outcome.failure.kind, outcome.failure.phase) == (FailureKind.REFUSED, Phase.CONNECT)
        assert outcome.said == outcome.failure.message != ""
        assert outcome.requests == 1
    assert scraped.columns.failures == dict.fromkeys((0, 1), scraped.probe.failure)
    assert scraped.columns.answers == bytes([SwarmAnswer.FAILED]) * 2


async def test_port_that_closes_between_connect_and_scrape_is_refused_in_the_exchange():
    class Leaving(UdpTracker):
        def connect(self, transaction_id):
            self.transport.sendto(super().connect(transaction_id), next(iter(self.clients)))
            self.transport.abort()

    async with Leaving(swarms(1)) as tracker, asyncio.timeout(5):
        outcome = await scrape(tracker, timeout_s=60)
    assert (outcome.probe.failure.kind, outcome.probe.failure.phase) == (FailureKind.REFUSED, Phase.EXCHANGE)
    assert outcome.probe.phases.connect_s is not None


async def test_silence_is_a_timeout():
    async with Silent() as tracker:
        outcome = await check(tracker, SHORT_S)
        sent = len(tracker.received)
    assert (outcome.failure.kind, outcome.failure.phase) == (FailureKind.TIMEOUT, Phase.CONNECT)
    assert outcome.failure.message == "no answer to connect within 0.2 s"
    assert 1 <= sent <= 3
    assert (outcome.requests, outcome.lost, outcome.phases.connect_s) == (sent, sent - 1, None)


async def test_no_route_is_no_verdict_on_the_tracker():
    endpoint = Endpoint(Family.IPV4, "255.255.255.255", 9)
    outcome = await UdpProbe().check(parse_tracker("udp://255.255.255.255:9"), endpoint, timeout_s=LONG_S)
    assert outcome.failure.kind in {FailureKind.NO_ROUTE, FailureKind.INTERNAL}
    assert not outcome.failure.kind.counted


# What does not belong to the conversation


def wrong_transaction(reply):
    return reply[:4] + bytes((reply[4] ^ 1,)) + reply[5:]


def wrong_action(reply):
    return struct.pack(">I", 2 - struct.unpack_from(">I", reply)[0]) + reply[4:]


@pytest.mark.parametrize(
    "spoil", [lambda _: b"garbage!" * 30, lambda _: b"\0", lambda r: r[:7], wrong_transaction, wrong_action]
)
async def test_what_matches_nothing_is_dropped_and_named(spoil):
    class Spoilt(UdpTracker):
        def reply(self, *request):
            return spoil(super().reply(*request))

    async with Spoilt() as tracker:
        outcome = await check(tracker, SHORT_S)
    assert outcome.failure.kind is FailureKind.TIMEOUT
    assert "that answered nothing we asked" in outcome.failure.message


async def test_reply_from_another_port_is_ignored():
    class Elsewhere(UdpTracker):
        def reply(self, *request):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
                other.bind(("127.0.0.1", 0))
                other.sendto(super().reply(*request), next(iter(self.clients)))

    async with Elsewhere() as tracker:
        outcome = await check(tracker, SHORT_S)
        assert tracker.received
    assert outcome.failure.kind is FailureKind.TIMEOUT
    assert "answered nothing" not in outcome.failure.message


async def test_a_flood_does_not_hide_the_answer():
    class Flooding(UdpTracker):
        def reply(self, connection_id, action, transaction_id, body):
            real = super().reply(connection_id, action, transaction_id, body)
            return [b"flood of datagrams that mean nothing"] * 500 + [real]

    async with Flooding(swarms(100)) as tracker:
        outcome = await scrape(tracker)
    assert outcome.probe.failure is None
    assert told(outcome.columns) == list(tracker.swarms.values())


async def test_truncated_connect_is_a_bad_reply():
    class Truncating(UdpTracker):
        def connect(self, transaction_id):
            return super().connect(transaction_id)[:15]

    async with Truncating() as tracker:
        outcome = await check(tracker)
    assert (outcome.failure.kind, outcome.failure.phase) == (FailureKind.BAD_REPLY, Phase.CONNECT)
    assert "15 bytes" in outcome.failure.message


# Scrape


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_scrape_of_a_thousand_takes_16_datagrams_and_then_15(host):
    async with UdpTracker(swarms(1000), host=host) as tracker:
        probe = UdpProbe()
        first = await scrape(tracker, probe=probe)
        assert sorted(tracker.batch_sizes) == [20] + [70] * 15
        second = await scrape(tracker, probe=probe)
        assert len(tracker.batch_sizes) == 16 + 15
        assert len(tracker.of(CONNECT)) == 2
        assert len(tracker.clients) == 2
    for outcome in (first, second):
        assert told(outcome.columns) == list(tracker.swarms.values())
        assert set(outcome.columns.answers) == {SwarmAnswer.ANSWERED}
        assert outcome.probe.failure is None
    assert first.probe.said == "scrape: 1000 swarms in 16 datagrams"
    assert (first.probe.requests, first.probe.lost) == (17, 0)
    assert len(first.exchange_s) == 16
    assert min(first.exchange_s) <= first.probe.phases.exchange_s <= max(first.exchange_s)
    assert first.probe.phases.connect_s is not None


async def test_scrape_fills_the_columns_it_is_given_and_tells_of_progress():
    grown = []
    async with UdpTracker(swarms(200)) as tracker:
        columns = ScrapeColumns.unknown(200)
        outcome = await scrape(
            tracker, columns=columns, on_progress=lambda: grown.append(200 - columns.answers.count(0))
        )
    assert outcome.columns is columns
    assert grown == sorted(grown)
    assert grown[-1] == 200


async def test_scrape_of_one_hash_and_of_an_unknown_one():
    async with UdpTracker({b"h" * 20: (4_000_000_000, 7, 1)}) as tracker:
        known = await scrape(tracker)
        unknown = await scrape(tracker, [b"u" * 20])
        assert tracker.batch_sizes == [1, 1]
    assert known.columns.counts(0) == SwarmCounts(4_000_000_000, 1, 7)
    assert known.probe.said == "scrape: 1 swarm in 1 datagram"
    assert unknown.columns.answers[0] == SwarmAnswer.AMBIGUOUS
    assert unknown.columns.counts(0) == SwarmCounts(None, None, None)
    assert unknown.probe.failure is None


async def test_shuffling_tracker_is_asked_singly_and_that_is_remembered():
    async with Shuffling(swarms(100)) as tracker:
        probe = UdpProbe()
        first = await scrape(tracker, probe=probe)
        asked = len(tracker.batch_sizes)
        second = await scrape(tracker, probe=probe)
        assert tracker.batch_sizes[asked:] == [1] * 100
    assert told(first.columns) == told(second.columns) == list(tracker.swarms.values())


async def test_short_replies_teach_the_limit():
    async with Limited(swarms(300)) as tracker:
        probe = UdpProbe()
        first = await scrape(tracker, probe=probe)
        asked = len(tracker.batch_sizes)
        second = await scrape(tracker, probe=probe)
        assert tracker.batch_sizes[asked:] == [50] * 6
    assert told(first.columns) == told(second.columns) == list(tracker.swarms.values())


async def test_lost_datagrams_are_sent_again():
    async with Forgetful(swarms(1)) as tracker:
        outcome = await scrape(tracker, timeout_s=0.4)
        assert [action for action, _ in tracker.received] == [CONNECT, CONNECT, SCRAPE, SCRAPE]
    assert told(outcome.columns) == [(1, 0, 0)]
    assert (outcome.probe.requests, outcome.probe.lost, outcome.probe.failure) == (4, 2, None)


async def test_scrape_without_an_answer_after_a_connect():
    async with ConnectOnly(swarms(5000)) as tracker:
        outcome = await scrape(tracker, timeout_s=SHORT_S)
        assert len(set(tracker.of(SCRAPE))) == 32
        assert len(tracker.of(SCRAPE)) <= 96
    assert (outcome.probe.failure.kind, outcome.probe.failure.phase) == (FailureKind.TIMEOUT, Phase.EXCHANGE)
    assert outcome.probe.phases.connect_s is not None
    assert outcome.probe.phases.exchange_s is None
    assert outcome.columns.answers == bytes([SwarmAnswer.FAILED]) * 5000
    assert outcome.columns.failures[4999].kind is FailureKind.TIMEOUT


async def test_one_batch_without_an_answer_fails_alone():
    class Hole(UdpTracker):
        def scrape(self, transaction_id, hashes):
            return None if (100).to_bytes(20, "big") in hashes else super().scrape(transaction_id, hashes)

    async with Hole(swarms(280)) as tracker:
        outcome = await scrape(tracker, timeout_s=SHORT_S)
    assert outcome.probe.failure is None
    assert [n for n, answer in enumerate(outcome.columns.answers) if answer == SwarmAnswer.FAILED] == [*range(70, 140)]
    assert outcome.columns.failures[100].kind is FailureKind.TIMEOUT
    assert told(outcome.columns)[140:] == list(tracker.swarms.values())[140:]
    assert outcome.probe.said == f"scrape: 210 of 280 swarms in {outcome.probe.requests - 1} datagrams"


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        (b"access denied\0", FailureKind.UNAUTHORIZED, "access denied"),
        (b"torrent not registered", FailureKind.UNREGISTERED, "torrent not registered"),
        (b"\x1b[31mred\r\n\xe2\x80\xaealert\0\0", FailureKind.FAILURE_REASON, "red alert"),
        (b"", FailureKind.FAILURE_REASON, "scrape answered by an error without a text"),
    ],
)
async def test_error_to_a_scrape_is_classified(text, kind, message):
    async with Refusing(swarms(1)) as tracker:
        tracker.text = text
        outcome = await scrape(tracker)
    failure = outcome.probe.failure
    assert (failure.kind, failure.phase, failure.message) == (kind, Phase.EXCHANGE, message)
    assert outcome.columns.failures == {0: failure}
    assert outcome.probe.said == message


async def test_a_tracker_that_refuses_all_is_not_asked_for_the_rest():
    async with Refusing(swarms(70 * 100)) as tracker:
        outcome = await scrape(tracker)
        assert len(tracker.of(SCRAPE)) == 32
    assert outcome.probe.failure.kind is FailureKind.UNAUTHORIZED
    assert len(outcome.columns.failures) == 7000


async def test_secrets_of_the_url_never_come_back_in_a_message():
    key = "0123456789abcdef0123456789abcdef"
    async with Refusing(swarms(1), path=f"/announce?passkey={key}") as tracker:
        tracker.text = f"passkey {key} unknown".encode()
        outcome = await scrape(tracker)
    assert outcome.probe.failure.message == "passkey … unknown"


async def test_empty_scrape_reply_is_a_bad_reply():
    class Empty(UdpTracker):
        limit = 0

    async with Empty(swarms(1)) as tracker:
        outcome = await scrape(tracker)
    assert outcome.probe.failure.kind is FailureKind.BAD_REPLY
    assert "8 bytes" in outcome.probe.failure.message


@pytest.mark.parametrize("good_for", [0, 3])
async def test_lost_connection_id_costs_a_reconnect(good_for):
    async with Expiring(swarms(1000)) as tracker:
        tracker.good_for = good_for
        outcome = await scrape(tracker)
        assert len(tracker.of(CONNECT)) == 2
    assert told(outcome.columns) == list(tracker.swarms.values())
    assert outcome.probe.failure is None


async def test_connection_id_that_is_never_good_is_reported():
    class NeverGood(UdpTracker):
        def connect(self, transaction_id):
            return struct.pack(">IIQ", CONNECT, transaction_id, self.connection_id + 1)

    async with NeverGood(swarms(1)) as tracker:
        outcome = await scrape(tracker)
        assert [action for action, _ in tracker.received] == [CONNECT, SCRAPE, CONNECT, SCRAPE]
    assert outcome.probe.failure.message == "Connection ID missmatch."


async def test_magic_constant_as_connection_id():
    async with UdpTracker(swarms(1)) as tracker:
        tracker.connection_id = MAGIC
        assert told((await scrape(tracker)).columns) == [(1, 0, 0)]


# Announce


async def test_announce():
    async with UdpTracker({b"h" * 20: (5, 9, 3)}, path="/dir?a=b&c=d") as tracker:
        tracker.peers = bytes(6) * 2
        outcome = await announce(tracker)
        (body,) = tracker.of(ANNOUNCE)
    assert body[:20] == b"h" * 20
    assert body[64:68] == bytes((0, 0, 0, 3))
    assert body[82:] == b"\x02\x0c/dir?a=b&c=d"
    assert outcome.probe.failure is None
    assert outcome.counts == SwarmCounts(5, 3, None)
    assert (outcome.peers, outcome.interval_s, outcome.min_interval_s) == (2, 1800.0, None)
    assert outcome.probe.said == "announce: interval 1800, 5 seeders, 3 leechers, 2 peers"
    assert outcome.probe.phases.exchange_s is not None
    assert outcome.probe.requests == 2


@pytest.mark.parametrize(
    ("host", "tail", "peers"),
    [
        ("127.0.0.1", bytes(12), 2),
        ("127.0.0.1", bytes(13), None),
        ("::1", bytes(36), 2),
        ("::1", bytes(6), None),
        ("::1", b"", 0),
    ],
)
async def test_announced_peers_are_counted_by_the_family(host, tail, peers):
    async with UdpTracker({b"h" * 20: (1, 0, 1)}, host=host) as tracker:
        tracker.peers = tail
        outcome = await announce(tracker)
    assert (outcome.peers, outcome.counts) == (peers, SwarmCounts(1, 1, None))


@pytest.mark.parametrize(
    ("interval", "interval_s"), [(1800, 1800.0), (1, 1.0), (0, None), (-5, None), (2**31 - 1, 604800.0)]
)
async def test_nonsense_intervals(interval, interval_s):
    async with UdpTracker() as tracker:
        tracker.interval = interval
        assert (await announce(tracker)).interval_s == interval_s


async def test_announce_of_eight_bytes_is_unregistered():
    class Whitelisting(UdpTracker):
        def announce(self, transaction_id, body):
            return super().announce(transaction_id, body)[:8]

    async with Whitelisting() as tracker:
        outcome = await announce(tracker)
    assert (outcome.probe.failure.kind, outcome.probe.failure.phase) == (FailureKind.UNREGISTERED, Phase.EXCHANGE)
    assert outcome.counts == SwarmCounts(None, None, None)
    assert outcome.probe.phases.exchange_s is not None


async def test_truncated_announce_is_a_bad_reply():
    class Truncating(UdpTracker):
        def announce(self, transaction_id, body):
            return super().announce(transaction_id, body)[:19]

    async with Truncating() as tracker:
        outcome = await announce(tracker)
    assert outcome.probe.failure.kind is FailureKind.BAD_REPLY


async def test_error_to_an_announce():
    async with Refusing() as tracker:
        tracker.text = b"torrent not registered with this tracker\0"
        outcome = await announce(tracker)
    assert outcome.probe.failure.kind is FailureKind.UNREGISTERED
    assert outcome.peers is None


async def test_announce_timeout_keeps_the_connect_time():
    async with ConnectOnly() as tracker:
        outcome = await announce(tracker, timeout_s=SHORT_S)
    assert (outcome.probe.failure.kind, outcome.probe.failure.phase) == (FailureKind.TIMEOUT, Phase.EXCHANGE)
    assert outcome.probe.phases.connect_s is not None


# Sockets


@pytest.mark.parametrize("waits_for", [CONNECT, SCRAPE])
async def test_cancellation_closes_the_socket(waits_for):
    reached = asyncio.Event()

    class Stalling(UdpTracker):
        def reply(self, connection_id, action, transaction_id, body):
            if action == waits_for:
                reached.set()
                return None
            return super().reply(connection_id, action, transaction_id, body)

    async with Stalling(swarms(100)) as tracker:
        probing = asyncio.create_task(scrape(tracker, timeout_s=60))
        await reached.wait()
        probing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await probing
        await asyncio.sleep(0)
        (client,) = tracker.clients
        # The source port is free again only if the socket is gone.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as successor:
            successor.bind(client)
    del probing
    gc.collect()


async def test_socket_is_closed_after_each_probe():
    async with UdpTracker(swarms(3)) as tracker:
        await check(tracker)
        await scrape(tracker)
        await announce(tracker)
        await asyncio.sleep(0)
        assert len(tracker.clients) == 3
        for client in tracker.clients:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as successor:
                successor.bind(client)
    gc.collect()


async def test_many_probes_at_once():
    async with UdpTracker(swarms(300)) as tracker:
        probe = UdpProbe()
        outcomes = await asyncio.gather(*(scrape(tracker, probe=probe) for _ in range(8)))
    assert all(told(outcome.columns) == list(tracker.swarms.values()) for outcome in outcomes)
