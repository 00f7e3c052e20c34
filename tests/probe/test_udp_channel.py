"""The connected socket: what wakes its reader."""

import asyncio
import socket

import pytest

from tests.doubles.udp import Silent, free_port
from trackerwatch.outcome import Endpoint, Family
from trackerwatch.probe.udp_channel import ChannelClosedError, UdpChannel


@pytest.fixture
async def echo():
    class Echo(Silent):
        def datagram_received(self, data, address):
            self.transport.sendto(data, address)

    async with Echo() as tracker:
        yield tracker


async def test_all_that_arrived_is_taken_at_once_with_its_time(echo):
    channel = await UdpChannel.open(echo.endpoint)
    began_at = asyncio.get_running_loop().time()
    try:
        for text in (b"one", b"two", b"three"):
            await channel.send(text)
        got = []
        while len(got) < 3:
            got += await channel.receive(None)
    finally:
        channel.close()
    assert [data for data, _ in got] == [b"one", b"two", b"three"]
    assert all(began_at <= at <= asyncio.get_running_loop().time() for _, at in got)


async def test_a_refusal_wakes_the_reader():
    channel = await UdpChannel.open(Endpoint(Family.IPV4, "127.0.0.1", free_port()))
    try:
        await channel.send(b"anybody there?")
        async with asyncio.timeout(5):
            with pytest.raises(ConnectionRefusedError):
                await channel.receive(None)
    finally:
        channel.close()


async def test_time_wakes_the_reader_with_nothing(echo):
    channel = await UdpChannel.open(echo.endpoint)
    try:
        now = asyncio.get_running_loop().time()
        async with asyncio.timeout(5):
            assert await channel.receive(now) == []
            # A later alarm does not keep an earlier one from ringing.
            channel._wake_at(now + 60)
            assert await channel.receive(now + 0.01) == []
    finally:
        channel.close()


async def test_closing_wakes_the_reader(echo):
    channel = await UdpChannel.open(echo.endpoint)
    asyncio.get_running_loop().call_soon(channel.close)
    async with asyncio.timeout(5):
        with pytest.raises(ChannelClosedError):
            await channel.receive(None)


async def test_the_socket_is_of_the_endpoints_family_and_has_a_large_buffer(echo):
    channel = await UdpChannel.open(echo.endpoint)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plain:
        usual = plain.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
    opened = channel._client.socket
    assert opened.family is socket.AF_INET
    assert opened.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) >= usual
    channel.close()
