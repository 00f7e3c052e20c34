"""The HTTP probe against trackers on loopback: the honest ones, and those that misbehave in one way each."""

import asyncio
import gc
import hashlib

import pytest

from tests.doubles.http import Canned, HttpTracker, Resetting, Silent, http
from trackerwatch.bencoding import encode
from trackerwatch.outcome import (
    AnnounceEvent,
    AnnounceRequest,
    Endpoint,
    Failure,
    FailureKind,
    Family,
    Operation,
    Phase,
    ScrapeColumns,
    SwarmAnswer,
    SwarmCounts,
)
from trackerwatch.probe.gate import Gate
from trackerwatch.probe.http import HttpProbe
from trackerwatch.tracker import parse_tracker

A, B, C = b"a" * 20, b"b" * 20, b"c" * 20


def hashes(count):
    return [hashlib.sha1(b"%d" % n).digest() for n in range(count)]


def swarms(count):
    return {info_hash: (n, 2 * n, 3 * n) for n, info_hash in enumerate(hashes(count))}


def announce_request(info_hash=A, **changes):
    values = {"port": 43210, "key": 1, "left": 5, "event": AnnounceEvent.STOPPED, "peer_id": b"-TW0100-abcdefghijkl"}
    return AnnounceRequest(info_hash=info_hash, **{**values, **changes})


async def no_resolver(host, port, *, timeout_s):
    raise AssertionError(host)


@pytest.fixture
def probe():
    return HttpProbe(resolve=no_resolver)


async def check(probe, server, **kwargs):
    async with server:
        return await probe.check(server.tracker, server.endpoint, **{"timeout_s": 10, **kwargs})


async def announce(probe, server, request=None, **kwargs):
    async with server:
        return await probe.announce(
            server.tracker, server.endpoint, request or announce_request(), **{"timeout_s": 10, **kwargs}
        )


async def scrape(probe, server, wanted, **kwargs):
    async with server:
        return await probe.scrape(server.tracker, server.endpoint, wanted, **{"timeout_s": 10, **kwargs})


class TestCheck:
    async def test_any_dictionary_is_a_sign_of_life(self, probe):
        server = Canned(http(b"d14:failure reason17:invalid info_hashe"), path="/announce?k=SECRETSECRET")
        outcome = await check(probe, server)
        assert outcome.failure is None
        assert outcome.operation is Operation.LIVENESS
        assert outcome.said == "failure reason: invalid info_hash"
        assert server.targets == ["/announce?k=SECRETSECRET"]
        assert (outcome.endpoint, outcome.requests) == (server.endpoint, 1)
        assert outcome.phases.connect_s > 0
        assert outcome.phases.exchange_s > 0
        assert outcome.phases.tls_s is outcome.tls_expires_at is None

    async def test_opentracker_refuses_a_bare_request_and_lives(self, probe):
        page = http(
            b"<title>Invalid Request</title>\n", "400 Invalid Request", "Content-Type: text/html", version="1.0"
        )
        outcome = await check(probe, Canned(page))
        assert outcome.failure is None
        assert "Invalid Request" in outcome.said

    async def test_without_the_key_nothing_is_sent(self, probe):
        server = HttpTracker(path="/SECRETSECRETSECRET/announce")
        outcome = await check(probe, server, with_key=False)
        assert outcome.failure is None
        assert (server.requests, outcome.requests) == ([], 0)
        assert outcome.phases.connect_s > 0
        assert outcome.phases.exchange_s is None

    @pytest.mark.parametrize("with_key", [True, False])
    async def test_nobody_listens(self, probe, with_key):
        async with HttpTracker() as server:
            pass
        outcome = await probe.check(server.tracker, server.endpoint, timeout_s=10, with_key=with_key)
        assert outcome.failure == Failure(FailureKind.REFUSED, Phase.CONNECT, "connection refused")
        assert outcome.phases.connect_s is None

    async def test_ipv6(self, probe):
        server = HttpTracker(host="::1")
        outcome = await check(probe, server)
        assert outcome.failure is None
        assert outcome.endpoint.family is Family.IPV6
        assert server.requests[0].headers["host"] == f"[::1]:{server.endpoint.port}"


@pytest.mark.parametrize(
    ("answer", "kind", "message"),
    [
        (http(b""), "not_bencode", "an empty answer"),
        (http(b"\r\n \n"), "not_bencode", "an empty answer"),
        (http(b"<html><title>Buy\nthis [b]domain</title>"), "not_bencode", 'a web page: "Buy this [b]domain"'),
        (http(b"\xef\xbb\xbf<!doctype html>"), "not_bencode", "a web page"),
        (http(b'{"error": 1}'), "not_bencode", 'JSON: {"error": 1}'),
        (http(b"hello"), "not_bencode", "no bencode: hello"),
        (http(b"\xef\xbb\xbfd5:peers0:e"), "not_bencode", "text before the reply: d5:peers0:e"),
        (
            http(b"Notice: x.php\nd8:intervali5ee"),
            "not_bencode",
            "text before the reply: Notice: x.php d8:intervali5ee",
        ),
        (http(b"d1:ai0e-6:"), "bad_reply", "broken bencode"),
        (http(b"d8:intervali18"), "bad_reply", "broken bencode"),
        (http(b"d3:cow3:mooe"), "bad_reply", "a bencoded dictionary, but no tracker's reply"),
        (http(b"<title>Nope</title>", "404 Whatever"), "http_status", 'HTTP 404 Not Found: "Nope"'),
        (http(b"", "503 Busy"), "http_status", "HTTP 503 Service Unavailable"),
        (http(b"", "999 Odd"), "http_status", "HTTP 999"),
        (http(b"", "429 Slow"), "rate_limited", "HTTP 429 Too Many Requests"),
        (http(b"", "302 Found"), "http_status", "HTTP 302"),
        (http(b"d14:failure reason15:Missing passkeye", "401 No"), "unauthorized", "Missing passkey"),
        (http(b"d14:failure reason22:torrent not registerede", "404 No"), "unregistered", "torrent not registered"),
        (http(b"d14:failure reason4:nopee", "500 No"), "failure_reason", "nope"),
        (http(b"d14:failure reason4:nopee", "429 No"), "rate_limited", "nope"),
        (b"garbage\r\n\r\n", "bad_reply", None),
        (b"", "closed", "the connection was closed without an answer"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nd8:",
            "closed",
            "the connection was closed before a whole answer",
        ),
    ],
)
async def test_failures_of_an_announce(probe, answer, kind, message):
    outcome = await announce(probe, Canned(answer))
    failure = outcome.probe.failure
    assert (failure.kind, failure.phase) == (kind, Phase.EXCHANGE)
    if message is not None:
        assert failure.message == message
    assert outcome.probe.said == failure.message
    assert outcome.counts == SwarmCounts(None, None, None)


class TestAnnounce:
    async def test_what_is_asked_and_answered(self, probe):
        server = HttpTracker({A: (5, 50, 3)}, path="/announce?passkey=SECRETSECRET")
        outcome = await announce(probe, server)
        assert server.targets == [
            "/announce?passkey=SECRETSECRET&info_hash=" + "%61" * 20 + "&peer_id=-TW0100-abcdefghijkl&port=43210"
            "&uploaded=0&downloaded=0&left=5&compact=1&numwant=0&key=00000001&event=stopped"
        ]
        assert outcome.probe.failure is None
        assert outcome.probe.operation is Operation.ANNOUNCE
        assert outcome.counts == SwarmCounts(5, 3, 50)
        assert (outcome.peers, outcome.interval_s, outcome.min_interval_s) == (0, 1800, 900)
        assert "complete 5, incomplete 3, downloaded 50, peers 0" in outcome.probe.said

    async def test_waits_are_the_longest_of_all(self, probe):
        body = encode({b"failure reason": b"busy", b"interval": 60, b"retry in": 5})
        outcome = await announce(probe, Canned(http(body, "200 OK", "Retry-After: 3600")))
        assert outcome.probe.failure.retry_in_s == 3600
        outcome = await announce(probe, Canned(http(body, "200 OK", "Retry-After: 10")))
        assert outcome.probe.failure.retry_in_s == 300

    async def test_gone_is_for_ever(self, probe):
        failure = (await announce(probe, Canned(http(b"", "410 Gone")))).probe.failure
        assert (failure.kind, failure.retry_never) == (FailureKind.HTTP_STATUS, True)

    async def test_gone_is_for_ever_in_a_reply_too(self, probe):
        failure = (await announce(probe, Canned(http(b"d14:failure reason4:gonee", "410 Gone")))).probe.failure
        assert (failure.kind, failure.retry_never) == (FailureKind.FAILURE_REASON, True)

    async def test_never_is_for_ever(self, probe):
        body = encode({b"failure reason": b"no", b"retry in": b"never"})
        failure = (await announce(probe, Canned(http(body)))).probe.failure
        assert (failure.kind, failure.retry_in_s, failure.retry_never) == (FailureKind.FAILURE_REASON, None, True)

    async def test_a_page_may_say_when(self, probe):
        failure = (await announce(probe, Canned(http(b"<html>", "200 OK", "Retry-After: 60")))).probe.failure
        assert (failure.kind, failure.retry_in_s) == (FailureKind.NOT_BENCODE, 60)

    async def test_a_busy_proxy_says_when(self, probe):
        failure = (await announce(probe, Canned(http(b"", "429 No", "Retry-After: 120")))).probe.failure
        assert (failure.kind, failure.retry_in_s) == (FailureKind.RATE_LIMITED, 120)

    async def test_a_warning_that_is_a_failure(self, probe):
        body = encode({b"peers": b"", b"warning message": b"Torrent not registered"})
        outcome = await announce(probe, Canned(http(body)))
        assert outcome.probe.failure is None
        assert (outcome.warning, outcome.warning_kind) == ("Torrent not registered", FailureKind.UNREGISTERED)

    @pytest.mark.parametrize(
        "answer",
        [
            http(encode({b"failure reason": b"bad key SECRETSECRET"})),
            http(b"<title>SECRETSECRET</title>", "404 No"),
            http(b"SECRETSECRET is unknown"),
            http(b'{"key": "SECRETSECRET"}'),
            http(encode({b"peers": b"", b"warning message": b"SECRETSECRET expires"})),
            http(b"", "302 Found", "Location: ftp://x.example/announce?passkey=SECRETSECRET"),
        ],
    )
    async def test_the_key_is_never_repeated(self, probe, answer):
        outcome = await announce(probe, Canned(answer, path="/announce?passkey=SECRETSECRET"))
        assert "SECRETSECRET" not in repr(outcome)

    async def test_silence_ends_at_the_deadline(self, probe):
        outcome = await announce(probe, Silent(), timeout_s=0.02)
        assert (outcome.probe.failure.kind, outcome.probe.failure.phase) == (FailureKind.TIMEOUT, Phase.EXCHANGE)

    async def test_a_drip_ends_at_the_deadline(self, probe):
        class Dripping(HttpTracker):
            async def respond(self, request, reader, writer):
                writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
                while True:
                    writer.write(b"d")
                    await writer.drain()
                    await asyncio.sleep(0.005)

        outcome = await announce(probe, Dripping(), timeout_s=0.05)
        assert outcome.probe.failure.kind is FailureKind.TIMEOUT

    async def test_cancelling_leaves_nothing_behind(self, probe):
        async with Silent() as server:
            call = probe.announce(server.tracker, server.endpoint, announce_request(), timeout_s=60)
            task = asyncio.create_task(call)
            await server.arrived.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.gather(*server.tasks)
            assert server.open == set()
        gc.collect()


class TestScrape:
    def test_support(self, probe):
        for url, supported in (
            ("http://t.example/announce", True),
            ("http://t.example/announce/0123456789abcdef0123", True),
            ("http://t.example/a", False),
        ):
            assert probe.scrape_supported(parse_tracker(url)) is supported

    async def test_nothing_is_sent_where_no_url_can_be_derived(self, probe):
        server = HttpTracker(path="/a")
        outcome = await scrape(probe, server, [A])
        assert outcome.probe.failure.kind is FailureKind.SCRAPE_UNSUPPORTED
        assert (server.connections, outcome.probe.requests) == (0, 0)
        assert list(outcome.columns.answers) == [SwarmAnswer.NOT_ASKED]

    async def test_counts_land_where_their_hash_is(self, probe):
        server = HttpTracker(swarms(100))
        columns = ScrapeColumns.unknown(100)
        seen = []
        outcome = await scrape(
            probe,
            server,
            hashes(100),
            columns=columns,
            on_progress=lambda: seen.append(columns.answers.count(SwarmAnswer.ANSWERED)),
        )
        assert outcome.probe.failure is None
        assert outcome.columns is columns
        assert [columns.counts(n) for n in range(100)] == [SwarmCounts(n, 3 * n, 2 * n) for n in range(100)]
        assert server.batch_sizes == [20, 40, 40]
        assert seen == [20, 60, 100]
        assert (outcome.probe.requests, len(outcome.exchange_s)) == (3, 3)
        assert server.connections <= 2
        assert outcome.probe.said == "100 of 100 swarms"
        assert outcome.probe.phases.exchange_s in outcome.exchange_s

    async def test_limits_are_learnt_and_kept_for_the_endpoint(self, probe):
        class OpenTracker(HttpTracker):
            limit = 64

            async def respond(self, request, reader, writer):
                writer.write(http(encode(self.scrape(request)), version="1.0", length=False))
                await writer.drain()
                return False

        async with OpenTracker(swarms(500)) as server:
            for _ in range(2):
                outcome = await probe.scrape(server.tracker, server.endpoint, hashes(500), timeout_s=10)
                assert outcome.columns.answers == bytearray([SwarmAnswer.ANSWERED]) * 500
                first, server.requests = server.batch_sizes, []
        assert first == [64] * 7 + [52]

    async def test_a_hash_left_out_twice_is_omitted(self, probe):
        server = HttpTracker({A: (1, 2, 3)})
        outcome = await scrape(probe, server, [A, B, C])
        assert list(outcome.columns.answers) == [SwarmAnswer.ANSWERED, SwarmAnswer.OMITTED, SwarmAnswer.OMITTED]
        assert outcome.columns.counts(1) == SwarmCounts(None, None, None)
        assert outcome.columns.failures == {}
        assert outcome.probe.failure is None

    @pytest.mark.parametrize("status", ["400 Bad Request", "414 Too Long", "431 Too Large"])
    async def test_refused_requests_are_halved(self, probe, status):
        class Narrow(HttpTracker):
            def answer(self, request):
                return super().answer(request) if len(request.info_hashes) <= 6 else http(b"", status)

        server = Narrow(swarms(30))
        outcome = await scrape(probe, server, hashes(30))
        assert outcome.columns.answers == bytearray([SwarmAnswer.ANSWERED]) * 30
        assert server.batch_sizes[:3] == [20, 10, 5]
        assert max(server.batch_sizes[2:]) == 5

    async def test_a_tracker_that_hangs_up_on_long_requests(self, probe):
        class Aquatic(HttpTracker):
            async def respond(self, request, reader, writer):
                if len(request.target) > 1000:
                    return False
                return await super().respond(request, reader, writer)

        outcome = await scrape(probe, Aquatic(swarms(30)), hashes(30))
        assert outcome.columns.answers == bytearray([SwarmAnswer.ANSWERED]) * 30

    async def test_answers_that_are_cut_off(self, probe):
        class Truncating(HttpTracker):
            def answer(self, request):
                return http(encode(self.scrape(request))[:600])

        outcome = await scrape(probe, Truncating(swarms(30)), hashes(30))
        assert outcome.columns.answers == bytearray([SwarmAnswer.ANSWERED]) * 30

    async def test_a_text_about_the_length(self, probe):
        class Ocelot(HttpTracker):
            def scrape(self, request):
                if len(request.info_hashes) > 8:
                    return {b"failure reason": b"GET string too long"}
                return super().scrape(request)

        outcome = await scrape(probe, Ocelot(swarms(30)), hashes(30))
        assert outcome.columns.answers == bytearray([SwarmAnswer.ANSWERED]) * 30

    async def test_one_answer_for_many(self, probe):
        class LastOnly(HttpTracker):
            def scrape(self, request):
                return {b"files": {request.info_hashes[-1]: self.entry(request.info_hashes[-1])}}

        server = LastOnly(swarms(12))
        outcome = await scrape(probe, server, hashes(12))
        assert outcome.columns.answers == bytearray([SwarmAnswer.ANSWERED]) * 12
        assert server.batch_sizes == [12] + [1] * 11

    async def test_one_round_of_silence_costs_one_timeout(self, probe):
        server = Silent()
        outcome = await scrape(probe, server, hashes(200), timeout_s=0.02)
        assert outcome.probe.failure.kind is FailureKind.TIMEOUT
        assert len(server.requests) == 1
        assert outcome.columns.answers == bytearray([SwarmAnswer.FAILED]) * 200
        assert outcome.columns.failures[199].kind is FailureKind.TIMEOUT

    async def test_silence_in_the_middle_costs_two_and_keeps_what_came(self, probe):
        class Tired(HttpTracker):
            async def respond(self, request, reader, writer):
                if len(self.requests) > 1:
                    await reader.read()
                    return False
                return await super().respond(request, reader, writer)

        server = Tired(swarms(600))
        outcome = await scrape(probe, server, hashes(600), timeout_s=0.05)
        assert outcome.probe.failure is None
        assert outcome.columns.answers.count(SwarmAnswer.ANSWERED) == 20
        assert outcome.columns.answers.count(SwarmAnswer.FAILED) == 580
        assert len(server.requests) <= 4

    @pytest.mark.parametrize(
        ("answer", "kind"),
        [
            (http(b"<html>", "404 No"), FailureKind.HTTP_STATUS),
            (http(b"<html>"), FailureKind.NOT_BENCODE),
            (http(b"", "429 No"), FailureKind.RATE_LIMITED),
            (http(encode({b"failure reason": b"Passkey not found"})), FailureKind.UNAUTHORIZED),
        ],
    )
    async def test_what_will_not_change_is_asked_once(self, probe, answer, kind):
        server = Canned(answer)
        outcome = await scrape(probe, server, hashes(100))
        assert outcome.probe.failure.kind is kind
        assert len(server.requests) == 1
        assert len(outcome.columns.failures) == 100

    async def test_a_tracker_that_hangs_up_on_everything(self, probe):
        server = Resetting()
        outcome = await scrape(probe, server, hashes(40))
        assert outcome.probe.failure.kind is FailureKind.CLOSED
        assert server.batch_sizes == [20, 10, 5, 2, 1]
        assert probe._learnt == {}

    @pytest.mark.parametrize(
        ("answer", "wait_s", "never"),
        [
            (http(encode({b"failure reason": b"busy", b"retry in": 5})), 300, False),
            (http(encode({b"failure reason": b"busy", b"retry in": b"never"})), None, True),
            (http(encode({b"failure reason": b"busy"}), "200 OK", "Retry-After: 90"), 90, False),
            (http(b"", "503 No", "Retry-After: 120"), 120, False),
            (http(b"", "410 Gone"), None, True),
        ],
    )
    async def test_waits_are_told(self, probe, answer, wait_s, never):
        failure = (await scrape(probe, Canned(answer, path="/announce"), [A])).probe.failure
        assert (failure.retry_in_s, failure.retry_never) == (wait_s, never)

    async def test_unregistered_is_about_the_hashes_asked(self, probe):
        class TbDev(HttpTracker):
            def scrape(self, request):
                reply = super().scrape(request)
                return reply if reply[b"files"] else {b"failure reason": b"Torrent not registered with this tracker."}

        known = dict(list(swarms(100).items())[60:])
        outcome = await scrape(probe, TbDev(known), hashes(100))
        assert outcome.probe.failure is None
        assert outcome.columns.answers.count(SwarmAnswer.ANSWERED) == 40
        assert outcome.columns.failures[0].kind is FailureKind.UNREGISTERED

    async def test_npm_s_mangled_keys_and_its_wait(self, probe):
        class Npm(HttpTracker):
            def scrape(self, request):
                files = {h.decode("latin-1").encode("utf-8"): self.entry(h) for h in request.info_hashes}
                return {b"files": files, b"flags": {b"min_request_interval": 600}}

        outcome = await scrape(probe, Npm(swarms(50)), hashes(50))
        assert outcome.columns.answers == bytearray([SwarmAnswer.ANSWERED]) * 50
        assert outcome.min_request_interval_s == 600
        assert outcome.probe.said == "50 of 50 swarms, min_request_interval 600"

    async def test_two_connections_at_most_and_both_used(self, probe):
        class Counting(HttpTracker):
            most = 0

            async def respond(self, request, reader, writer):
                Counting.most = max(Counting.most, len(self.open))
                return await super().respond(request, reader, writer)

        server = Counting(swarms(2000))
        outcome = await scrape(probe, server, hashes(2000))
        assert outcome.columns.answers == bytearray([SwarmAnswer.ANSWERED]) * 2000
        assert (Counting.most, server.connections) == (2, 2)

    async def test_a_host_without_a_second_place_is_scraped_over_one(self):
        probe = HttpProbe(resolve=no_resolver, gate=Gate(host_places=1))
        server = HttpTracker(swarms(300))
        outcome = await scrape(probe, server, hashes(300))
        assert outcome.columns.answers == bytearray([SwarmAnswer.ANSWERED]) * 300
        assert server.connections == 1

    async def test_cancelling_closes_both_connections(self, probe):
        class Stalling(HttpTracker):
            async def respond(self, request, reader, writer):
                if len(self.requests) == 1:
                    return await super().respond(request, reader, writer)
                if len(self.requests) == 3:
                    both.set()
                await reader.read()
                return False

        both = asyncio.Event()
        async with Stalling(swarms(500)) as server:
            call = probe.scrape(server.tracker, server.endpoint, hashes(500), timeout_s=60)
            task = asyncio.create_task(call)
            await both.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.gather(*server.tasks)
            assert server.open == set()

    async def test_a_guess_that_works_is_kept(self, probe):
        async with HttpTracker({A: (1, 2, 3)}, path="/announce/KEYKEYKEYKEYKEYKEY") as server:
            outcome = await probe.scrape(server.tracker, server.endpoint, [A], timeout_s=10)
            assert outcome.columns.counts(0) == SwarmCounts(1, 3, 2)
            assert server.requests[0].path == "/scrape/KEYKEYKEYKEYKEYKEY"
            assert probe.scrape_supported(server.tracker)

    async def test_a_guess_that_fails_is_not_made_again(self, probe):
        async with Canned(http(b"<html>", "404 No"), path="/announce/KEYKEYKEYKEYKEYKEY") as server:
            outcome = await probe.scrape(server.tracker, server.endpoint, [A, B], timeout_s=10)
            assert outcome.probe.failure.kind is FailureKind.SCRAPE_UNSUPPORTED
            assert {failure.kind for failure in outcome.columns.failures.values()} == {FailureKind.SCRAPE_UNSUPPORTED}
            assert not probe.scrape_supported(server.tracker)

    async def test_a_guess_is_not_judged_by_a_dead_tracker(self, probe):
        async with HttpTracker(path="/announce/KEYKEYKEYKEYKEYKEY") as server:
            pass
        outcome = await probe.scrape(server.tracker, server.endpoint, [A], timeout_s=10)
        assert outcome.probe.failure.kind is FailureKind.REFUSED
        assert probe.scrape_supported(server.tracker)

    async def test_a_guess_that_fails_says_when_and_not_never(self, probe):
        canned = Canned(http(b"", "410 Gone", "Retry-After: 90"), path="/announce/KEYKEYKEYKEYKEYKEY")
        failure = (await scrape(probe, canned, [A])).probe.failure
        assert failure.kind is FailureKind.SCRAPE_UNSUPPORTED
        assert (failure.retry_in_s, failure.retry_never) == (90, False)

    async def test_limits_belong_to_one_endpoint(self, probe):
        async with HttpTracker(swarms(40)) as server:
            await probe.scrape(server.tracker, server.endpoint, hashes(40), timeout_s=10)
        elsewhere = Endpoint(Family.IPV4, "127.0.0.9", server.endpoint.port)
        assert set(probe._learnt) == {(server.tracker.id, server.endpoint)}
        assert (server.tracker.id, elsewhere) not in probe._learnt
