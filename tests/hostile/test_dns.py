"""A name server that wants a tracker to seem gone, to be moved where nobody should ask, or us to wait."""

import asyncio
import struct
from functools import partial

import pytest

from tests.doubles.dns import TRUNCATED, NameServer, Saying, labels, message, record, txt
from tests.hostile.child import UNSAFE
from trackerwatch.outcome import Endpoint, FailureKind, Family, Resolution
from trackerwatch.probe import dns_preferences
from trackerwatch.probe.dns_preferences import HostPreferences, ask_for_txt
from trackerwatch.tracker import parse_tracker

TRACKER = parse_tracker("udp://tracker.example.org:6969/announce")
FOUND = Resolution((Endpoint(Family.IPV4, "192.0.2.1", 6969),), (), 0.01)


async def found():
    return FOUND


async def told(server, tracker=TRACKER):
    """What becomes of the addresses of a tracker, once the name server has said what it says."""
    preferences = HostPreferences(lookup=partial(ask_for_txt, server.resolver()))
    try:
        return await preferences.applied_to(tracker, found())
    finally:
        await asyncio.gather(*preferences.close(), return_exceptions=True)


def records(*texts):
    return lambda query: message(query, [record(txt(*text)) for text in texts])


@pytest.mark.parametrize(
    "said",
    [b"UDP:0", b"UDP:65536", b"UDP:-1", b"UDP:6969999999", b"UDP:0x50", b"UDP: 80", b"UDP:8\xb2", b"UDP:\xef\xbc\x98"],
)
async def test_a_port_that_is_none_moves_and_denies_nothing(said):
    async with Saying(records((b"BITTORRENT " + said,))) as server:
        assert await told(server) == FOUND


async def test_what_is_said_of_other_names_is_not_of_this_one():
    denial = record(txt(b"BITTORRENT DENY ALL"), name=labels("someone.else.example"))
    async with Saying(lambda query: message(query, [denial])) as server:
        assert await told(server) == FOUND
        assert server.asked


async def test_many_records_name_the_same_port_each_time():
    some = [(b"BITTORRENT UDP:%d" % port,) for port in range(1000, 1030)]
    ports = set()
    for order in (some, some[::-1], some[7:] + some[:7]):
        async with Saying(records(*order)) as server:
            resolution = await told(server)
            ports |= {endpoint.port for endpoint in resolution.endpoints}
    assert ports == {1000}


async def test_a_denial_is_one_harmless_line():
    said = b"BITTORRENT \x1b[31m\x1b]0;owned\x07 DENY \xe2\x80\xae\r\n\0=cmd()" + b"A" * 100
    async with Saying(records((said, b"B" * 255, b"\x9b2J" * 60))) as server:
        resolution = await told(server)
    assert resolution.failure.kind is FailureKind.DENIED
    assert not UNSAFE.search(resolution.failure.message)
    assert "\n" not in resolution.failure.message
    assert len(resolution.failure.message) < 400


class Changing(NameServer):
    """Denies every other time."""

    def reply(self, query, name, transport):
        deny = len(self.asked) % 2
        return message(query, [record(txt(b"BITTORRENT DENY" if deny else b"BITTORRENT UDP:7"), ttl=0)])


async def test_who_changes_their_mind_is_heard_once_an_hour():
    now = [1000.0]
    async with Changing() as server:
        preferences = HostPreferences(lookup=partial(ask_for_txt, server.resolver()), clock=lambda: now[0])
        seen = []
        for _ in range(30):
            now[0] += 350.0
            resolution = await preferences.applied_to(TRACKER, found())
            seen.append(resolution.failure is not None)
        preferences.close()
        assert len(server.asked) == 3
    assert seen == [True] * 11 + [False] * 11 + [True] * 8


class Dripping(NameServer):
    """Says over UDP that it takes TCP, and there a byte now and then."""

    def reply(self, query, name, transport):
        return message(query, flags=TRUNCATED)

    async def serve(self, reader, writer):
        self.tasks.add(asyncio.current_task())
        try:
            writer.write(struct.pack(">H", 60000))
            while True:
                writer.write(b"\0")
                await writer.drain()
                await asyncio.sleep(0.01)
        finally:
            writer.transport.abort()


async def test_an_answer_that_drips_in_ends_at_its_deadline(monkeypatch):
    monkeypatch.setattr(dns_preferences, "GRACE_S", 0.05)
    monkeypatch.setattr(dns_preferences, "LIFETIME_S", 0.2)
    async with Dripping() as server:
        preferences = HostPreferences(lookup=partial(ask_for_txt, server.resolver()))
        async with asyncio.timeout(10):
            assert await preferences.applied_to(TRACKER, found()) == FOUND
            await asyncio.gather(*preferences._under_way.values())
        assert preferences.close() == []
