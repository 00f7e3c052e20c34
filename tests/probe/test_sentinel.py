"""Sentinels on loopback: one that answers, one that refuses, one that stays silent."""

import asyncio
import contextlib
import socket
import struct

import pytest

from tests.doubles.udp import UdpTracker, free_port
from trackerwatch.outcome import Endpoint, Failure, FailureKind, Family, Phase, Resolution, SentinelOutcome
from trackerwatch.probe.addresses import AddressPolicy
from trackerwatch.probe.prober import SocketProber
from trackerwatch.probe.resolve import Resolver
from trackerwatch.probe.sentinel import DNS_PORT, Sentinel, Transport, _question, are_local, ask


class Listening(asyncio.DatagramProtocol):
    """A UDP port that answers the n-th datagram and those after it."""

    def __init__(self, answers_from: int = 1) -> None:
        self.answers_from = answers_from
        self.received: list[bytes] = []
        self.arrived = asyncio.Event()

    def connection_made(self, transport) -> None:
        self.transport = transport

    def datagram_received(self, data, address) -> None:
        self.received.append(data)
        self.arrived.set()
        if len(self.received) >= self.answers_from:
            self.transport.sendto(b"whatever", address)


@contextlib.asynccontextmanager
async def udp_port(answers_from: int = 1):
    protocol = Listening(answers_from)
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: protocol, local_addr=("127.0.0.1", 0)
    )
    try:
        yield protocol, f"udp://127.0.0.1:{transport.get_extra_info('sockname')[1]}"
    finally:
        transport.close()


@contextlib.asynccontextmanager
async def tcp_port():
    connections = []

    async def serve(reader, writer):
        connections.append(await reader.read())
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield connections, f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await server.wait_closed()


@contextlib.contextmanager
def full_tcp_port():
    """A port whose queue of connections is full: nobody says anything there any more."""
    with socket.socket() as listener, contextlib.ExitStack() as stack:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            queued = stack.enter_context(socket.socket())
            queued.setblocking(False)
            queued.connect_ex(listener.getsockname())
        yield f"tcp://127.0.0.1:{listener.getsockname()[1]}"


async def heard(*urls: str, timeout_s: float = 5.0) -> SentinelOutcome:
    prober = SocketProber(sentinels=urls)
    try:
        return await prober.sentinel(timeout_s=timeout_s)
    finally:
        await prober.close()


async def test_none_is_set():
    assert await heard() == SentinelOutcome(None, None)


async def test_a_connection_is_proof_and_carries_nothing():
    async with tcp_port() as (connections, url):
        assert await heard(url) == SentinelOutcome(True, None, local=True)
        await asyncio.sleep(0)
    assert b"".join(connections) == b""


async def test_a_refusal_is_proof():
    port = free_port()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        closed = taken.getsockname()[1]
        assert await heard(f"tcp://127.0.0.1:{closed}", f"udp://127.0.0.1:{port}") == SentinelOutcome(
            True, True, local=True
        )


async def test_any_datagram_is_proof():
    async with udp_port() as (sentinel, url):
        assert await heard(url) == SentinelOutcome(None, True, local=True)
    (datagram,) = sentinel.received
    assert datagram[:12] == struct.pack(">QI", 0x41727101980, 0)
    assert len(datagram) == 16


async def test_a_tracker_is_a_sentinel_too():
    async with UdpTracker() as tracker:
        assert (await heard(f"udp://{tracker.endpoint}")).udp is True
    assert [action for action, _ in tracker.received] == [0]


async def test_a_lost_datagram_is_sent_again():
    async with udp_port(answers_from=2) as (sentinel, url):
        assert (await heard(url, timeout_s=0.2)).udp is True
    assert len(sentinel.received) == 2


async def test_silence_is_none():
    async with udp_port(answers_from=99) as (sentinel, udp):
        with full_tcp_port() as tcp:
            assert await heard(udp, tcp, timeout_s=0.1) == SentinelOutcome(False, False, local=True)
    assert len(sentinel.received) == 2


async def test_one_of_a_kind_is_enough_and_the_others_are_not_waited_for():
    async with udp_port(answers_from=99) as (_, silent), udp_port() as (_, answers), tcp_port() as (_, tcp):
        async with asyncio.timeout(20):
            outcome = await heard(silent, answers, tcp, timeout_s=600)
    assert outcome == SentinelOutcome(True, True, local=True)


async def test_each_transport_has_its_own_word():
    async with udp_port(answers_from=99) as (_, udp), tcp_port() as (_, tcp):
        outcome = await heard(udp, tcp, timeout_s=0.1)
    assert outcome == SentinelOutcome(True, False, local=True)
    assert outcome.proves_us_online


def test_port_53_is_asked_for_the_name_servers_of_the_root():
    datagram = _question(Endpoint(Family.IPV4, "192.0.2.1", DNS_PORT))
    assert datagram[2:] == bytes.fromhex("0100 0001 0000 0000 0000 00 0002 0001")
    assert len(datagram) == 17


async def test_names_are_resolved_and_one_address_of_a_family_is_asked():
    port = free_port()
    asked = []

    async def resolve(host, port, *, timeout_s):
        asked.append(host)
        if host == "dead.example":
            return Resolution((), (), 0.0, Failure(FailureKind.DNS_TIMEOUT, Phase.RESOLVE))
        return Resolution((Endpoint(Family.IPV4, "127.0.0.1", port), Endpoint(Family.IPV4, "127.0.0.9", port)), (), 0.0)

    sentinels = [Sentinel.parse(f"udp://{host}:{port}") for host in ("dead.example", "live.example")]
    outcome = await ask(sentinels, resolve=resolve, timeout_s=5)
    assert outcome == SentinelOutcome(None, True, local=False)
    assert asked == ["dead.example", "live.example"]


async def test_a_name_of_this_machine_goes_through_the_system():
    outcome = await heard(f"tcp://localhost:{free_port()}")
    assert outcome.tcp is True
    assert outcome.local


async def test_a_resolver_that_hangs_is_silence():
    async def resolve(host, port, *, timeout_s):
        await asyncio.Event().wait()

    outcome = await ask([Sentinel.parse("tcp://a.example:80")], resolve=resolve, timeout_s=0.01)
    assert outcome == SentinelOutcome(False, None)


async def test_no_address_policy_applies():
    assert Resolver(AddressPolicy()).policy.refusal("127.0.0.1") is not None
    assert (await heard(f"udp://127.0.0.1:{free_port()}")).udp is True


@pytest.mark.parametrize(
    ("urls", "local"),
    [
        ((), False),
        (("tcp://127.0.0.1:1", "udp://[fd00::1]:53"), True),
        (("tcp://localhost:1",), True),
        (("tcp://10.0.0.1:1", "udp://9.9.9.9:53"), False),
        (("tcp://router.example:1",), False),
    ],
)
async def test_which_are_local(urls, local):
    prober = SocketProber(sentinels=urls)
    assert prober.sentinels_are_local is local
    assert are_local([Sentinel.parse(url) for url in urls]) is local
    await prober.close()


def test_what_is_no_sentinel():
    assert Sentinel.parse("udp://[2001:db8::1]:53") == Sentinel(Transport.UDP, "2001:db8::1", 53)
    for url in ("http://192.0.2.1:80", "tcp://192.0.2.1", "192.0.2.1:80"):
        with pytest.raises(ValueError):
            SocketProber(sentinels=(url,))


async def test_a_mistake_of_ours_proves_nothing(monkeypatch):
    async def broken(*_):
        raise KeyError

    monkeypatch.setattr("trackerwatch.probe.sentinel._udp", broken)
    assert await heard("udp://127.0.0.1:9") == SentinelOutcome(None, None)


async def test_closing_ends_the_asking():
    async with udp_port(answers_from=99) as (sentinel, url):
        prober = SocketProber(sentinels=(url,))
        asking = asyncio.create_task(prober.sentinel(timeout_s=600))
        await sentinel.arrived.wait()
        await prober.close()
        assert await asking == SentinelOutcome(None, None)
        assert await prober.sentinel(timeout_s=5) == SentinelOutcome(None, None)
