"""`Resolver`: what the system's resolver says, shared, kept, bounded and judged."""

import asyncio
import contextlib
import socket
import subprocess
import sys
import threading

import pytest

from trackerwatch.outcome import Endpoint, FailureKind, Family, Phase
from trackerwatch.probe.addresses import AddressPolicy
from trackerwatch.probe.resolve import MAX_CACHED, Resolver

V4, V6 = socket.AF_INET, socket.AF_INET6


def row(address: str, family: int = V4) -> tuple:
    sockaddr = (address, 0) if family == V4 else (address, 0, 0, 0)
    return (family, socket.SOCK_STREAM, 6, "", sockaddr)


class FakeSystem:
    """A getaddrinfo with a script, a clock that it moves, and names that hang."""

    def __init__(self, answers: dict) -> None:
        self.answers = answers
        self.asked: list[bytes] = []
        self.now = 1000.0
        self.takes_s = 0.25
        self.hang = threading.Event()

    def clock(self) -> float:
        return self.now

    def __call__(self, host: bytes, port, *, type: int):  # noqa: A002
        assert (port, type) == (None, socket.SOCK_STREAM)
        self.asked.append(host)
        self.now += self.takes_s
        answer = self.answers[host]
        if answer == "hang":
            self.hang.wait(20)
            return []
        if isinstance(answer, Exception):
            raise answer
        return answer


@contextlib.contextmanager
def resolving(answers: dict, *, policy: AddressPolicy | None = None, threads: int = 8):
    system = FakeSystem(answers)
    resolver = Resolver(policy or AddressPolicy(), threads=threads, clock=system.clock, getaddrinfo=system)
    try:
        yield system, resolver
    finally:
        system.hang.set()
        resolver.close()


async def test_endpoints_are_unique_bounded_and_in_one_order():
    rows = [row(f"2606:4700::{n}", V6) for n in (9, 1, 5, 3, 7)] + [
        row("9.9.9.9"),
        row("1.1.1.1"),
        row("9.9.9.9"),
        row("10.0.0.1"),
    ]
    with resolving({b"t.example": rows}) as (_, resolver):
        resolution = await resolver.resolve_host("t.example", 6969, timeout_s=5)
    assert resolution.endpoints == (
        *(Endpoint(Family.IPV6, f"2606:4700::{n}", 6969) for n in (1, 3, 5, 7)),
        Endpoint(Family.IPV4, "1.1.1.1", 6969),
        Endpoint(Family.IPV4, "9.9.9.9", 6969),
    )
    [(endpoint, failure)] = resolution.refused
    assert (endpoint.address, failure.kind) == ("10.0.0.1", FailureKind.BLOCKED)
    assert (resolution.failure, resolution.resolve_s) == (None, 0.25)


async def test_a_sinkhole_is_an_address_and_no_failure_to_resolve():
    with resolving({b"t.example": [row("0.0.0.0"), row("::", V6)], b"localhost": [row("127.0.0.1")]}) as (_, resolver):
        resolution = await resolver.resolve_host("t.example", 80, timeout_s=5)
        assert [failure.kind for _, failure in resolution.refused] == [FailureKind.DNS_BLOCKED] * 2
        assert (resolution.endpoints, resolution.failure) == ((), None)
        local = await resolver.resolve_host("localhost", 80, timeout_s=5)
        assert [failure.kind for _, failure in local.refused] == [FailureKind.BLOCKED]


@pytest.mark.parametrize("host", ["192.168.0.1", "::1", "1.1.1.1", "2606:4700::1111"])
async def test_literals_need_no_lookup(host):
    with resolving({}) as (system, resolver):
        resolution = await resolver.resolve_host(host, 80, timeout_s=5)
    assert system.asked == []
    assert resolution.resolve_s == 0.0
    assert [endpoint.address for endpoint in resolution.endpoints] + [e.address for e, _ in resolution.refused] == [
        host
    ]


@pytest.mark.parametrize("host", ["127.1", "0x7f.1", "2130706433", "017700000001"])
async def test_odd_spellings_of_loopback_are_judged_by_what_the_system_makes_of_them(host):
    resolver = Resolver(AddressPolicy())
    try:
        resolution = await resolver.resolve_host(host, 80, timeout_s=5)
    finally:
        resolver.close()
    assert resolution.endpoints == ()
    assert [(endpoint.address, failure.kind) for endpoint, failure in resolution.refused] == [
        ("127.0.0.1", FailureKind.BLOCKED)
    ]


async def test_the_hosts_file_works():
    resolver = Resolver(AddressPolicy(allow_private=True))
    try:
        resolution = await resolver.resolve_host("localhost", 6969, timeout_s=5)
    finally:
        resolver.close()
    assert Endpoint(Family.IPV4, "127.0.0.1", 6969) in resolution.endpoints


@pytest.mark.parametrize(
    ("error", "takes_s", "kind"),
    [
        (socket.gaierror(socket.EAI_NONAME, "x"), 0.1, FailureKind.DNS_NXDOMAIN),
        (socket.gaierror(socket.EAI_NODATA, "x"), 0.1, FailureKind.DNS_NXDOMAIN),
        (socket.gaierror(socket.EAI_AGAIN, "x"), 0.1, FailureKind.DNS_ERROR),
        (socket.gaierror(socket.EAI_AGAIN, "x"), 10, FailureKind.DNS_TIMEOUT),
        (socket.gaierror(socket.EAI_FAIL, "x"), 0.1, FailureKind.DNS_ERROR),
        (OSError(24, "Too many open files"), 0.1, FailureKind.INTERNAL),
        (ConnectionRefusedError(111, "x"), 0.1, FailureKind.DNS_ERROR),
        (RuntimeError("http://secret/"), 0.1, FailureKind.INTERNAL),
    ],
)
async def test_failures(error, takes_s, kind):
    with resolving({b"t.example": error}) as (system, resolver):
        system.takes_s = takes_s
        resolution = await resolver.resolve_host("t.example", 80, timeout_s=5)
    assert resolution.failure is not None
    assert (resolution.failure.kind, resolution.failure.phase) == (kind, Phase.RESOLVE)
    assert (resolution.endpoints, resolution.refused) == ((), ())
    assert resolution.resolve_s == pytest.approx(takes_s)
    assert "secret" not in resolution.failure.message


@pytest.mark.parametrize("host", ["a..example", "x" * 64 + ".example", "ü" * 70, "nul\0.example"])
async def test_impossible_names_do_not_exist(host):
    resolver = Resolver(AddressPolicy())
    try:
        resolution = await resolver.resolve_host(host, 80, timeout_s=5)
    finally:
        resolver.close()
    assert resolution.failure is not None
    assert resolution.failure.kind is FailureKind.DNS_NXDOMAIN


async def test_international_names_are_asked_in_ascii():
    with resolving({b"xn--bcher-kva.example": [row("1.1.1.1")]}) as (_, resolver):
        assert (await resolver.resolve_host("bücher.example", 80, timeout_s=5)).endpoints


async def test_answers_are_kept_for_a_minute_and_absence_for_a_quarter():
    with resolving({b"t.example": [row("1.1.1.1")], b"no.example": socket.gaierror(socket.EAI_NONAME, "x")}) as (
        system,
        resolver,
    ):
        system.takes_s = 0
        for later_s, lookups in ((0, 1), (59, 1), (2, 2)):
            system.now += later_s
            assert (await resolver.resolve_host("t.example", 80, timeout_s=5)).endpoints
            assert len(system.asked) == lookups
        system.asked.clear()
        for later_s, lookups in ((0, 1), (14, 1), (2, 2)):
            system.now += later_s
            assert (await resolver.resolve_host("no.example", 80, timeout_s=5)).failure
            assert len(system.asked) == lookups


async def test_a_failure_that_may_pass_is_asked_again():
    with resolving({b"t.example": socket.gaierror(socket.EAI_AGAIN, "x")}) as (system, resolver):
        await resolver.resolve_host("t.example", 80, timeout_s=5)
        await resolver.resolve_host("t.example", 80, timeout_s=5)
    assert len(system.asked) == 2


async def test_one_lookup_serves_all_who_ask_at_once():
    with resolving({b"t.example": [row("1.1.1.1")]}) as (system, resolver):
        resolutions = await asyncio.gather(
            *(resolver.resolve_host("t.example", port, timeout_s=5) for port in range(1, 21))
        )
    assert len(system.asked) == 1
    assert [resolution.endpoints[0].port for resolution in resolutions] == list(range(1, 21))


async def test_a_name_that_hangs_times_out_and_stalls_nobody():
    hanging = {f"dead{n}.example".encode(): "hang" for n in range(7)}
    with resolving({**hanging, b"t.example": [row("1.1.1.1")]}) as (_, resolver):
        dead = [resolver.resolve_host(host.decode(), 80, timeout_s=0.01) for host in hanging]
        resolutions = await asyncio.gather(*dead)
        assert {resolution.failure.kind for resolution in resolutions} == {FailureKind.DNS_TIMEOUT}
        assert (await resolver.resolve_host("t.example", 80, timeout_s=5)).endpoints


async def test_no_free_thread_says_nothing_about_the_name():
    with resolving({b"dead.example": "hang", b"t.example": [row("1.1.1.1")]}, threads=1) as (system, resolver):
        assert (await resolver.resolve_host("dead.example", 80, timeout_s=0.01)).failure
        resolution = await resolver.resolve_host("t.example", 80, timeout_s=0.01)
        assert resolution.failure is not None
        assert resolution.failure.kind is FailureKind.INTERNAL
        system.hang.set()
        assert (await resolver.resolve_host("t.example", 80, timeout_s=5)).endpoints


async def test_who_is_cancelled_leaves_the_lookup_to_the_others():
    with resolving({b"t.example": [row("1.1.1.1")]}) as (system, resolver):
        first = asyncio.create_task(resolver.resolve_host("t.example", 80, timeout_s=5))
        second = asyncio.create_task(resolver.resolve_host("t.example", 80, timeout_s=5))
        await asyncio.sleep(0)
        first.cancel()
        assert (await second).endpoints
        assert first.cancelled()
    assert len(system.asked) == 1


async def test_closing_ends_who_waits_at_once():
    with resolving({b"dead.example": "hang"}) as (_, resolver):
        waiting = asyncio.create_task(resolver.resolve_host("dead.example", 80, timeout_s=600))
        await asyncio.sleep(0)
        resolver.close()
        resolution = await waiting
        assert resolution.failure is not None
        assert resolution.failure.kind is FailureKind.INTERNAL
        assert (await resolver.resolve_host("1.1.1.1", 80, timeout_s=5)).failure is not None


async def test_the_cache_is_bounded():
    class Anything(dict):
        def __missing__(self, host):
            return [row("1.1.1.1")]

    with resolving(Anything()) as (system, resolver):
        system.takes_s = 0
        for number in range(MAX_CACHED + 10):
            resolver._keep(f"{number}.example", await _found(resolver))
        assert len(resolver._cache) <= MAX_CACHED


async def _found(resolver: Resolver):
    return resolver._ask_system("t.example")


def test_a_hanging_lookup_does_not_keep_the_process_from_ending():
    script = """
import asyncio, threading
from trackerwatch.probe.addresses import AddressPolicy
from trackerwatch.probe.resolve import Resolver
resolver = Resolver(AddressPolicy(), getaddrinfo=lambda *a, **k: threading.Event().wait())
print(asyncio.run(resolver.resolve_host("dead.example", 80, timeout_s=0.01)).failure.kind)
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "dns_timeout\n", "")
