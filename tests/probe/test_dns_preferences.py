"""What hosts say of their trackers: asked of a name server on loopback, kept, and never in the way of a probe."""

import asyncio
import subprocess
import sys

import dns.name
import pytest

from tests.doubles.dns import REFUSED, SERVFAIL, NameServer, OverTcp, Saying, Silent, labels, message, record, txt
from tests.doubles.http import HttpTracker
from tests.doubles.udp import UdpTracker
from trackerwatch.outcome import Endpoint, Failure, FailureKind, Family, Phase, Resolution
from trackerwatch.probe.addresses import AddressPolicy
from trackerwatch.probe.dns_preferences import (
    FAILURES_IN_A_ROW,
    KEPT_AFTER_FAILURE_S,
    KEPT_S,
    LEFT_ALONE_S,
    HostPreferences,
    ask_for_txt,
    may_be_asked,
)
from trackerwatch.probe.prober import SocketProber
from trackerwatch.probe.resolve import Resolver
from trackerwatch.tracker import parse_tracker

UDP = parse_tracker("udp://tracker.example.org:6969/announce")
HTTPS = parse_tracker("https://tracker.example.org/announce")
V4 = Endpoint(Family.IPV4, "192.0.2.1", 6969)
FOUND = Resolution((V4,), ((Endpoint(Family.IPV4, "10.0.0.1", 6969), Failure(FailureKind.BLOCKED)),), 0.25)


async def found(resolution: Resolution = FOUND) -> Resolution:
    return resolution


class Names:
    """Lookups with a script, and the clock they are seen by."""

    def __init__(self, answers: dict | None = None) -> None:
        self.answers = answers or {}
        self.asked: list[str] = []
        self.now = 1000.0
        self.door = asyncio.Event()
        self.under_way = self.most = 0

    def clock(self) -> float:
        return self.now

    async def __call__(self, host: str) -> list[bytes]:
        self.asked.append(host)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            answer = self.answers.get(host, [])
            if answer == "slow":
                await self.door.wait()
                answer = self.answers[f"{host} at last"]
            if isinstance(answer, Exception):
                raise answer
            return answer
        finally:
            self.under_way -= 1

    def preferences(self) -> HostPreferences:
        return HostPreferences(lookup=self, clock=self.clock)


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


# ---------------------------------------------------------------------- what is done with a statement


async def applied(tracker, *records: bytes) -> Resolution:
    names = Names({tracker.host: list(records)})
    return await names.preferences().applied_to(tracker, found())


@pytest.mark.parametrize("records", [(), (b"v=spf1",), (b"BITTORRENT TCP:80 UDP:6969",)])
async def test_nothing_changes_where_nothing_is_said_or_the_port_is_listed(records):
    assert await applied(UDP, *records) == FOUND


async def test_a_denial_names_its_record():
    resolution = await applied(UDP, b"BITTORRENT DENY ALL")
    assert (resolution.endpoints, resolution.refused) == ((), ())
    assert resolution.failure == Failure(
        FailureKind.DENIED,
        Phase.RESOLVE,
        'DNS says that no tracker runs on this host (BEP 34: TXT "BITTORRENT DENY ALL"); '
        "the setting dns_preferences = false asks all the same",
    )
    assert resolution.note == 'DNS says that no tracker runs on this host (BEP 34: TXT "BITTORRENT DENY ALL")'


async def test_a_listed_port_stands_in_for_one_that_is_not():
    resolution = await applied(UDP, b"BITTORRENT TCP:80 UDP:1337 UDP:7")
    assert resolution.endpoints == (Endpoint(Family.IPV4, "192.0.2.1", 1337),)
    assert [endpoint.port for endpoint, _ in resolution.refused] == [1337]
    assert (resolution.failure, resolution.note) == (None, "DNS names port 1337 instead of 6969 (BEP 34)")
    resolution = await applied(HTTPS, b"BITTORRENT UDP:1337 TCP:8443")
    assert resolution.note == "DNS names port 8443 instead of 443 (BEP 34)"


async def test_a_host_that_names_only_the_other_protocol_is_not_asked():
    resolution = await applied(HTTPS, b"BITTORRENT UDP:1337 UDP:1 UDP:2 UDP:3 UDP:4 UDP:5")
    assert resolution.endpoints == ()
    assert resolution.failure is not None
    assert resolution.failure.kind is FailureKind.DENIED
    assert resolution.note == "DNS names only UDP:1337, UDP:1, UDP:2, UDP:3 and 2 more (BEP 34)"
    assert resolution.failure.message.startswith(f"{resolution.note}; ")


async def test_a_record_is_foreign_text():
    key = "0123456789abcdef0123456789abcdef"
    tracker = parse_tracker(f"https://tracker.example.org/{key}/announce")
    resolution = await applied(tracker, b"BITTORRENT \x1b[31m " + key.encode() + b" x" * 500)
    assert resolution.failure is not None
    assert resolution.failure.message.isprintable()
    assert key not in resolution.failure.message
    assert len(resolution.failure.message) < 300


async def test_a_failed_address_lookup_stays_one():
    failed = Resolution((), (), 0.1, Failure(FailureKind.DNS_TIMEOUT, Phase.RESOLVE, "x"))
    names = Names({UDP.host: [b"BITTORRENT UDP:1337"]})
    resolution = await names.preferences().applied_to(UDP, found(failed))
    assert (resolution.failure, resolution.endpoints) == (failed.failure, ())


@pytest.mark.parametrize(
    "host",
    [
        *("192.0.2.1", "2001:db8::1", "127.1", "a.0x7f", "localhost", "LOCALHOST.", "a.localhost", "box", "box."),
        *("a.localdomain", "printer.local", "x.onion", "x.invalid"),
    ],
)
async def test_what_is_no_name_in_dns_is_not_looked_up(host):
    assert not may_be_asked(host)
    names = Names()
    tracker = parse_tracker(f"udp://[{host}]:80" if "::" in host else f"udp://{host}:80")
    assert await names.preferences().applied_to(tracker, found()) == FOUND
    assert names.asked == []


@pytest.mark.parametrize(
    "host", ["tracker.example.org", "tracker.example.org.", "xn--mnchen-3ya.example", "a.home.arpa"]
)
def test_what_is_a_name_in_dns(host):
    assert may_be_asked(host)


# ---------------------------------------------------------------------- how often, and how long it is waited for


async def test_statements_hold_for_an_hour():
    names = Names({UDP.host: [b"BITTORRENT"]})
    preferences = names.preferences()
    for later_s, lookups in ((0, 1), (KEPT_S - 1, 1), (2, 2)):
        names.now += later_s
        resolution = await preferences.applied_to(UDP, found())
        assert resolution.failure is not None
        assert len(names.asked) == lookups
    names.answers = {}
    names.now += KEPT_S + 1
    assert await preferences.applied_to(UDP, found()) == FOUND


async def test_silence_holds_for_an_hour_too():
    names = Names()
    preferences = names.preferences()
    await preferences.applied_to(UDP, found())
    names.now += KEPT_S - 1
    await preferences.applied_to(HTTPS, found())
    assert names.asked == [UDP.host]


async def test_a_failed_lookup_says_nothing_and_is_made_again_later_and_later():
    names = Names({UDP.host: RuntimeError("http://secret/")})
    preferences = names.preferences()
    due = names.now
    for wait_s in (KEPT_AFTER_FAILURE_S, 2 * KEPT_AFTER_FAILURE_S, 4 * KEPT_AFTER_FAILURE_S, 8 * KEPT_AFTER_FAILURE_S):
        before = len(names.asked)
        names.now = due
        assert await preferences.applied_to(UDP, found()) == FOUND
        await settle()
        assert len(names.asked) == before + 1
        due = names.now + wait_s
        names.now = due - 1
        await preferences.applied_to(UDP, found())
        await settle()
        assert len(names.asked) == before + 1


async def test_a_statement_outlives_a_name_server_that_is_down():
    names = Names({UDP.host: [b"BITTORRENT"]})
    preferences = names.preferences()
    await preferences.applied_to(UDP, found())
    names.answers[UDP.host] = TimeoutError()
    names.now += KEPT_S + 1
    resolution = await preferences.applied_to(UDP, found())
    assert resolution.failure is not None
    assert len(names.asked) == 2


async def test_lookups_run_beside_the_address_lookup():
    names = Names({UDP.host: [b"BITTORRENT UDP:1"]})
    seen = []

    async def slowly() -> Resolution:
        await settle()
        seen.extend(names.asked)
        return FOUND

    assert (await names.preferences().applied_to(UDP, slowly())).endpoints[0].port == 1
    assert seen == [UDP.host]


async def test_nobody_waits_longer_than_the_grace_and_the_answer_holds_from_then_on(monkeypatch):
    monkeypatch.setattr("trackerwatch.probe.dns_preferences.GRACE_S", 0.01)
    names = Names({UDP.host: "slow", f"{UDP.host} at last": [b"BITTORRENT"]})
    preferences = names.preferences()
    assert await preferences.applied_to(UDP, found()) == FOUND
    assert await preferences.applied_to(UDP, found()) == FOUND
    assert names.asked == [UDP.host]
    names.door.set()
    await settle()
    assert (await preferences.applied_to(UDP, found())).failure is not None
    assert names.asked == [UDP.host]


async def test_an_address_lookup_that_took_longer_than_the_grace_waits_for_nothing_more():
    names = Names({UDP.host: "slow"})
    preferences = names.preferences()

    async def slowly() -> Resolution:
        names.now += 2
        return FOUND

    assert await preferences.applied_to(UDP, slowly()) == FOUND
    await asyncio.gather(*preferences.close(), return_exceptions=True)


async def test_a_host_that_was_silent_before_is_waited_for_no_more():
    names = Names({UDP.host: TimeoutError(), f"{UDP.host} at last": []})
    preferences = names.preferences()
    await preferences.applied_to(UDP, found())
    names.answers[UDP.host] = "slow"
    names.now += KEPT_AFTER_FAILURE_S + 1
    async with asyncio.timeout(0.5):
        await preferences.applied_to(UDP, found())
    await settle()
    assert names.asked == [UDP.host] * 2
    await asyncio.gather(*preferences.close(), return_exceptions=True)


async def test_when_nobody_is_answered_all_are_left_alone_for_a_while():
    hosts = [f"t{number}.example.org" for number in range(FAILURES_IN_A_ROW + 3)]
    names = Names(dict.fromkeys(hosts, TimeoutError()))
    preferences = names.preferences()
    trackers = [parse_tracker(f"udp://{host}:80") for host in hosts]
    for tracker in trackers:
        assert await preferences.applied_to(tracker, found()) == FOUND
    assert names.asked == hosts[:FAILURES_IN_A_ROW]
    names.now += LEFT_ALONE_S + 1
    names.answers = {}
    await preferences.applied_to(trackers[-1], found())
    await settle()
    assert names.asked[FAILURES_IN_A_ROW:] == [hosts[-1]]
    # It answered: everybody is asked again.
    await preferences.applied_to(trackers[-2], found())
    assert names.asked[-1] == hosts[-2]


async def test_failures_that_were_answered_leave_nobody_alone():
    hosts = [f"t{number}.example.org" for number in range(9)]
    names = Names(dict.fromkeys(hosts, ValueError()))
    preferences = names.preferences()
    for host in hosts:
        await preferences.applied_to(parse_tracker(f"udp://{host}:80"), found())
    assert names.asked == hosts


async def test_few_lookups_are_under_way_at_once_and_one_a_host():
    hosts = [f"t{number}.example.org" for number in range(40)]
    names = Names(dict.fromkeys(hosts, "slow") | {f"{host} at last": [] for host in hosts})
    preferences = names.preferences()
    asking = [
        asyncio.create_task(preferences.applied_to(parse_tracker(f"udp://{host}:{port}"), found()))
        for host in hosts
        for port in (80, 81)
    ]
    await settle()
    assert names.under_way == 8
    names.door.set()
    await asyncio.gather(*asking)
    assert (names.most, sorted(names.asked)) == (8, sorted(hosts))


async def test_who_gives_up_leaves_the_lookup_to_the_others():
    names = Names({UDP.host: "slow", f"{UDP.host} at last": [b"BITTORRENT"]})
    preferences = names.preferences()
    first = asyncio.create_task(preferences.applied_to(UDP, found()))
    await settle()
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    assert first.cancelled()
    names.door.set()
    assert (await preferences.applied_to(UDP, found())).failure is not None
    assert names.asked == [UDP.host]


# ---------------------------------------------------------------------- the wire


async def test_records_are_asked_of_a_name_server():
    async with NameServer({"t.example.org": [[b"BITTORRENT UDP:1", b"337"], [b"v=spf1"]]}) as server:
        records = await ask_for_txt(server.resolver(), "t.example.org.")
        assert sorted(records) == [b"BITTORRENT UDP:1337", b"v=spf1"]
        assert await ask_for_txt(server.resolver(), "other.example.org") == []
    assert server.asked == [("udp", "t.example.org"), ("udp", "other.example.org")]


async def test_no_search_list_is_tried():
    async with NameServer() as server:
        resolver = server.resolver(search=[dns.name.from_text("corp.example.org")], ndots=5)
        assert await ask_for_txt(resolver, "t.example.org") == []
    assert [name for _, name in server.asked] == ["t.example.org"]


async def test_a_name_without_such_records_says_nothing():
    async with Saying(message) as server:
        assert await ask_for_txt(server.resolver(), "t.example.org") == []


async def test_aliases_are_followed():
    def aliased(query):
        alias = record(labels("real.example.org"), kind=5)
        return message(query, [alias, record(txt(b"BITTORRENT"), name=labels("real.example.org"))])

    async with Saying(aliased) as server:
        assert await ask_for_txt(server.resolver(), "t.example.org") == [b"BITTORRENT"]


async def test_a_truncated_answer_is_asked_for_again_over_tcp():
    strings = [b"BITTORRENT UDP:7", *[b"x" * 255] * 100]
    async with OverTcp({"t.example.org": [strings]}) as server:
        (answer,) = await ask_for_txt(server.resolver(), "t.example.org")
    assert answer.startswith(b"BITTORRENT UDP:7xxx")
    assert len(answer) == 16 + 25500
    assert [transport for transport, _ in server.asked] == ["udp", "tcp"]


def loop_of_pointers(query):
    return message(query, [b"\xc0" + bytes([len(query)]) + b"\x00\x10\x00\x01\x00\x00\x00\x00\x00\x00"])


def count_that_lies(query):
    return message(query, [record(txt(b"BITTORRENT"))], count=60000)


def length_that_lies(query):
    return message(query, [record(b"\xffBITTORRENT")])


def garbage(query):
    return query[:2] + b"\xff" * 40


@pytest.mark.parametrize("say", [loop_of_pointers, count_that_lies, length_that_lies, garbage, lambda query: b""])
async def test_hostile_answers_say_nothing(say, monkeypatch):
    # Long enough for a busy machine to let the server hear the question.
    monkeypatch.setattr("trackerwatch.probe.dns_preferences.LIFETIME_S", 0.5)
    async with Saying(say) as server:
        preferences = HostPreferences(lookup=lambda host: ask_for_txt(server.resolver(), host))
        assert await preferences.applied_to(UDP, found()) == FOUND
        await asyncio.gather(*preferences.close(), return_exceptions=True)
    assert server.asked


@pytest.mark.parametrize("code", [SERVFAIL, REFUSED])
async def test_a_name_server_that_fails_is_an_answer_of_a_kind(code):
    async with Saying(lambda query: message(query, code=code)) as server:
        preferences = HostPreferences(lookup=lambda host: ask_for_txt(server.resolver(), host))
        assert await preferences.applied_to(UDP, found()) == FOUND
        assert preferences._silent_in_a_row == 0
        assert preferences._kept[UDP.host].failures == 1


async def test_a_name_server_that_says_nothing_is_silent(monkeypatch):
    monkeypatch.setattr("trackerwatch.probe.dns_preferences.LIFETIME_S", 0.05)
    async with Silent() as server:
        preferences = HostPreferences(lookup=lambda host: ask_for_txt(server.resolver(), host))
        assert await preferences.applied_to(UDP, found()) == FOUND
        assert preferences._silent_in_a_row == 1


async def test_a_flood_of_records_is_survived():
    flood = [record(txt(b"BITTORRENT UDP:%d" % port)) for port in range(1, 1500)]
    async with OverTcp() as server:
        server.names = {"t.example.org": []}
        server.reply = lambda query, name, transport: (
            message(query, flags=0x0200) if transport == "udp" else message(query, flood)
        )
        assert len(await ask_for_txt(server.resolver(), "t.example.org")) == 1499


# ---------------------------------------------------------------------- in a prober


def address(_host, _port, *, type):  # noqa: A002
    return [(2, type, 6, "", ("127.0.0.1", 0))]


def prober_for(record_: bytes, policy: AddressPolicy) -> SocketProber:
    async def lookup(_host: str) -> list[bytes]:
        return [record_]

    prober = SocketProber(allow_private=policy.allow_private, preferences=HostPreferences(lookup=lookup))
    prober.resolver = Resolver(policy, getaddrinfo=address)
    return prober


async def test_a_udp_tracker_that_moved_is_asked_where_it_is():
    async with UdpTracker() as double:
        prober = prober_for(b"BITTORRENT UDP:%d" % double.endpoint.port, AddressPolicy(allow_private=True))
        resolution = await prober.resolve(UDP, timeout_s=5)
        assert resolution.endpoints == (double.endpoint,)
        outcome = await prober.check(UDP, resolution.endpoints[0], timeout_s=5)
        await prober.close()
    assert outcome.failure is None


async def test_an_http_tracker_that_moved_is_asked_by_its_new_port():
    tracker = parse_tracker("http://me:pw@tracker.example.org/announce?x=1")
    async with HttpTracker({b"h" * 20: (1, 2, 3)}) as double:
        port = double.endpoint.port
        prober = prober_for(b"BITTORRENT TCP:%d" % port, AddressPolicy(allow_private=True))
        resolution = await prober.resolve(tracker, timeout_s=5)
        assert resolution.note == f"DNS names port {port} instead of 80 (BEP 34)"
        scrape = await prober.scrape(tracker, resolution.endpoints[0], [b"h" * 20], timeout_s=5)
        check = await prober.check(tracker, resolution.endpoints[0], timeout_s=5)
        await prober.close()
    assert (scrape.columns.counts(0).seeders, check.failure) == (1, None)
    assert {request.headers["host"] for request in double.requests} == {f"tracker.example.org:{port}"}
    assert all(request.headers["authorization"] for request in double.requests)
    assert double.targets[1] == "/announce?x=1"


async def test_a_port_in_dns_is_no_way_around_the_address_policy():
    prober = prober_for(b"BITTORRENT UDP:1337", AddressPolicy())
    resolution = await prober.resolve(UDP, timeout_s=5)
    await prober.close()
    assert resolution.endpoints == ()
    assert [(endpoint.port, failure.kind) for endpoint, failure in resolution.refused] == [
        (1337, FailureKind.DNS_BLOCKED)
    ]


async def test_closing_ends_lookups():
    names = Names({UDP.host: "slow"})
    prober = SocketProber(preferences=names.preferences())
    prober.resolver = Resolver(AddressPolicy(), getaddrinfo=address)
    waiting = asyncio.create_task(prober.resolve(UDP, timeout_s=600))
    await settle()
    assert names.asked == [UDP.host]
    await prober.close()
    resolution = await waiting
    assert names.under_way == 0
    assert resolution.endpoints == ()
    assert (await prober.resolve(UDP, timeout_s=5)).failure is not None


def test_the_library_is_loaded_for_names_alone():
    script = """
import asyncio, sys
from trackerwatch.probe.dns_preferences import HostPreferences
from trackerwatch.probe.prober import SocketProber
from trackerwatch.tracker import parse_tracker
async def main():
    prober = SocketProber(allow_private=True, preferences=HostPreferences())
    for host in ("127.0.0.1", "localhost"):
        assert (await prober.resolve(parse_tracker(f"udp://{host}:9"), timeout_s=5)).endpoints
    await prober.close()
asyncio.run(main())
print("dns" in sys.modules)
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "False\n", "")
