"""trackerwatch.demo.trackers, asked by clients that nobody here wrote and by datagrams from the fact sheet."""

import asyncio
import contextlib
import http.client
import socket
import struct
import time
import urllib.error
import urllib.request

import bencodepy
import libtorrent
import pytest

from trackerwatch.demo.making import Recipe, torrent_bytes, v1_hash
from trackerwatch.demo.plan import State, Swarm
from trackerwatch.demo.trackers import Conduct, HttpTracker, UdpTracker

KNOWN = bytes.fromhex("e797b1908e6938957d0d5c4598e57abc9ee3a60b")
UNKNOWN = b"\x00+ &=%/\xff" + b"u" * 12
CONNECT = bytes.fromhex("00000417271019800000000012345678")
PEER_V4 = bytes.fromhex("c00002011ae1")
needs_ipv6 = pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
HOSTS = ["127.0.0.1", pytest.param("::1", marks=needs_ipv6)]


def counts(info_hash):
    return Swarm(5, 10, 50) if info_hash == KNOWN else Swarm(1, 2, 3)


def conduct(state=State.ALIVE, **more):
    return Conduct(state=lambda: state, counts=counts, **more)


async def get(url, timeout_s=20.0):
    """Fetch by urllib in a thread: (status, body)."""

    def fetch():
        try:
            with urllib.request.urlopen(url, timeout=timeout_s) as reply:
                return reply.status, reply.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    return await asyncio.to_thread(fetch)


def query(*hashes):
    return "?" + "&".join("info_hash=" + "%" + h.hex("%") for h in hashes)


async def until(condition):
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - what is awaited happens in a socket of this loop; nothing sleeps
            await asyncio.sleep(0)


class Datagrams:
    """A connected UDP socket that the loop reads."""

    def __init__(self, tracker):
        self.socket = socket.socket(socket.AF_INET6 if ":" in tracker.host else socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.connect((tracker.host, tracker.port))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.send(data)

    async def receive(self):
        async with asyncio.timeout(20):
            return await asyncio.get_running_loop().sock_recv(self.socket, 4096)

    async def ask(self, data):
        self.send(data)
        return await self.receive()

    async def connection(self):
        reply = await self.ask(CONNECT)
        assert reply[:8] == bytes.fromhex("0000000012345678")
        assert len(reply) == 16
        return reply[8:]


def scrape_request(connection, *hashes):
    return connection + bytes.fromhex("00000002cafef00d") + b"".join(hashes)


def announce_request(connection, info_hash, event=3, numwant=0):
    tail = struct.pack(">IIIiH", event, 0, 0x0BADF00D, numwant, 6881)
    return connection + bytes.fromhex("00000001deadbeef") + info_hash + b"-TW0100-abcdefghijkl" + bytes(24) + tail


# HTTP


@pytest.mark.parametrize("host", HOSTS)
async def test_http_announce(host):
    async with HttpTracker(conduct(min_interval_s=900, peers=PEER_V4), host=host) as tracker:
        status, body = await get(tracker.url + query(KNOWN) + "&event=stopped&left=1&numwant=0")
        assert status == 200
        assert bencodepy.decode(body) == {
            b"complete": 5,
            b"incomplete": 10,
            b"downloaded": 50,
            b"interval": 1800,
            b"min interval": 900,
            b"peers6" if ":" in host else b"peers": b"",
        }
        assert tracker.asked == {"announce": 1}


async def test_http_gives_peers_to_whoever_wants_them():
    async with HttpTracker(conduct(peers=PEER_V4)) as tracker:
        _, body = await get(tracker.url + query(KNOWN) + "&event=started")
        assert bencodepy.decode(body)[b"peers"] == PEER_V4


async def test_http_scrape_of_many_hashes_leaves_out_what_it_does_not_know():
    async with HttpTracker(conduct(registered=lambda h: h != UNKNOWN)) as tracker:
        others = [bytes([n]) * 20 for n in range(60)]
        _, body = await get(tracker.url.replace("announce", "scrape") + query(*others, UNKNOWN, KNOWN))
        files = bencodepy.decode(body)[b"files"]
        assert set(files) == {*others, KNOWN}
        assert files[KNOWN] == {b"complete": 5, b"incomplete": 10, b"downloaded": 50}
        assert files[others[32]] == {b"complete": 1, b"incomplete": 2, b"downloaded": 3}
        assert tracker.asked == {"scrape": 1, "hashes": 62}


async def test_http_bytes_of_a_hash_survive_escaping():
    async with HttpTracker(conduct()) as tracker:
        _, body = await get(tracker.url.replace("announce", "scrape") + query(UNKNOWN))
        assert list(bencodepy.decode(body)[b"files"]) == [UNKNOWN]


async def test_http_unregistered():
    async with HttpTracker(conduct(registered=lambda h: h == KNOWN)) as tracker:
        _, body = await get(tracker.url + query(UNKNOWN))
        assert body == b"d14:failure reason20:unregistered torrente"


async def test_http_passkey_is_wanted_in_the_path():
    async with HttpTracker(conduct(passkey="k" * 32)) as tracker:
        assert tracker.url == f"http://127.0.0.1:{tracker.port}/{'k' * 32}/announce"
        _, body = await get(tracker.url + query(KNOWN))
        assert bencodepy.decode(body)[b"complete"] == 5
        for wrong in ("", "/" + "x" * 32, f"/{'k' * 32}/more"):
            _, body = await get(f"http://127.0.0.1:{tracker.port}{wrong}/announce" + query(KNOWN))
            assert body == b"d14:failure reason17:Passkey not founde"


@pytest.mark.parametrize(
    ("target", "status", "body"),
    [
        ("/announce", 200, b"d14:failure reason17:missing info_hashe"),
        ("/scrape", 200, b"d14:failure reason17:missing info_hashe"),
        ("/announce?info_hash=abc", 200, b"d14:failure reason17:invalid info_hashe"),
        ("/x/announce?info_hash=abc", 200, b"d14:failure reason12:no such pathe"),
        ("/", 404, b"Not Found\n"),
        ("/stats", 404, b"Not Found\n"),
    ],
)
async def test_http_what_is_no_request_is_answered_too(target, status, body):
    async with HttpTracker(conduct()) as tracker:
        assert await get(f"http://127.0.0.1:{tracker.port}{target}") == (status, body)


async def test_http_garbage_is_a_web_page():
    async with HttpTracker(conduct(State.GARBAGE)) as tracker:
        status, body = await get(tracker.url + query(KNOWN))
        assert status == 200
        assert body.startswith(b"<!DOCTYPE html>")


async def test_http_silent_takes_the_request_and_says_nothing():
    async with HttpTracker(conduct(State.SILENT)) as tracker:
        reader, writer = await asyncio.open_connection("127.0.0.1", tracker.port)
        writer.write(b"GET /announce HTTP/1.1\r\nHost: x\r\n\r\n")
        await until(lambda: tracker.asked["bare"])
        writer.write_eof()
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()


async def test_http_slow_answers_after_its_delay():
    pauses, go = [], asyncio.Event()

    async def pause(delay_s):
        pauses.append(delay_s)
        await go.wait()

    async with HttpTracker(conduct(State.SLOW, delay_s=lambda: 2.4, pause=pause)) as tracker:
        answer = asyncio.create_task(get(tracker.url + query(KNOWN)))
        await until(lambda: pauses)
        assert not answer.done()
        go.set()
        status, body = await answer
        assert (status, pauses) == (200, [2.4])
        assert bencodepy.decode(body)[b"complete"] == 5


@pytest.mark.parametrize(
    "bad", [b"\x00\xff\r\n\r\n", b"GET\r\n\r\n", b"POST /announce HTTP/1.1\r\n\r\n", b"A" * 70_000, b"GET /ann", b""]
)
async def test_http_survives_what_is_no_http(bad):
    async with HttpTracker(conduct()) as tracker:
        reader, writer = await asyncio.open_connection("127.0.0.1", tracker.port)
        with contextlib.suppress(ConnectionError):
            writer.write(bad)
            await writer.drain()
            writer.write_eof()
            async with asyncio.timeout(20):
                answer = await reader.read()
            assert answer == b"" or answer.startswith(b"HTTP/1.1 404 ")
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        assert (await get(tracker.url + query(KNOWN)))[0] == 200


# Death and resurrection


@pytest.mark.parametrize("kind", [HttpTracker, UdpTracker])
async def test_a_dead_tracker_has_no_socket_and_comes_back_on_its_port(kind):
    state = State.ALIVE
    async with kind(Conduct(state=lambda: state)) as tracker:
        port = tracker.port
        state = State.DEAD
        await tracker.follow()
        assert not tracker.listening
        type_ = socket.SOCK_STREAM if kind is HttpTracker else socket.SOCK_DGRAM
        with socket.socket(type=type_) as free:
            free.bind(("127.0.0.1", port))
        state = State.ALIVE
        await tracker.follow()
        assert tracker.listening
        assert tracker.port == port
    assert not tracker.listening


async def test_http_dead_refuses():
    async with HttpTracker(conduct(State.DEAD)) as tracker:
        with pytest.raises(urllib.error.URLError, match="refused"):
            await get(tracker.url)


async def test_udp_dead_refuses():
    async with UdpTracker(conduct(State.DEAD)) as tracker:
        with Datagrams(tracker) as client:
            client.send(CONNECT)
            with pytest.raises(ConnectionRefusedError):
                await client.receive()


async def test_a_port_taken_meanwhile_is_tried_again():
    state = State.DEAD
    async with UdpTracker(Conduct(state=lambda: state)) as tracker:
        with socket.socket(type=socket.SOCK_DGRAM) as thief:
            thief.bind(("127.0.0.1", tracker.port))
            state = State.ALIVE
            await tracker.follow()
            assert not tracker.listening
        await tracker.follow()
        assert tracker.listening


async def test_death_ends_a_request_under_way_without_an_answer():
    state = State.ALIVE
    waiting = asyncio.Event()

    async def pause(_delay_s):
        waiting.set()
        await asyncio.Event().wait()

    async with HttpTracker(Conduct(state=lambda: state, delay_s=lambda: 1.0, pause=pause)) as tracker:
        answer = asyncio.create_task(get(tracker.url + query(KNOWN)))
        await waiting.wait()
        state = State.DEAD
        await tracker.follow()
        with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
            await answer


async def test_a_taken_port_is_an_error_at_the_start():
    async with HttpTracker() as first:
        with pytest.raises(OSError, match="in use"):
            await HttpTracker(port=first.port).start()


# UDP


@pytest.mark.parametrize("host", HOSTS)
async def test_udp_connect_and_scrape(host):
    async with UdpTracker(conduct(registered=lambda h: h != UNKNOWN), host=host) as tracker:
        with Datagrams(tracker) as client:
            connection = await client.connection()
            reply = await client.ask(scrape_request(connection, KNOWN, UNKNOWN, b"o" * 20))
        assert reply.hex() == "00000002cafef00d" + "00000005000000320000000a" + "00" * 12 + "000000010000000300000002"
        assert tracker.asked == {"connect": 1, "scrape": 1, "hashes": 3}


async def test_udp_scrape_of_more_than_fits_is_cut():
    async with UdpTracker(conduct()) as tracker:
        with Datagrams(tracker) as client:
            reply = await client.ask(scrape_request(await client.connection(), *[KNOWN] * 80))
        assert len(reply) == 8 + 12 * 74


@pytest.mark.parametrize("numwant", [0, -1])
async def test_udp_announce(numwant):
    async with UdpTracker(conduct(peers=PEER_V4)) as tracker:
        with Datagrams(tracker) as client:
            reply = await client.ask(announce_request(await client.connection(), KNOWN, numwant=numwant))
        # Leechers come before seeders here, and after them in a scrape.
        assert reply.hex() == "00000001deadbeef000007080000000a00000005" + ("" if numwant == 0 else PEER_V4.hex())


async def test_udp_announce_with_options_after_it():
    async with UdpTracker(conduct()) as tracker:
        with Datagrams(tracker) as client:
            request = announce_request(await client.connection(), KNOWN) + bytes.fromhex("020c2f6469723f613d6226633d64")
            assert (await client.ask(request))[:4] == bytes.fromhex("00000001")


async def test_udp_unregistered():
    async with UdpTracker(conduct(registered=lambda h: h == KNOWN)) as tracker:
        with Datagrams(tracker) as client:
            reply = await client.ask(announce_request(await client.connection(), UNKNOWN))
        assert reply == bytes.fromhex("00000003deadbeef") + b"unregistered torrent"


async def test_udp_wants_its_own_connection_id():
    async with UdpTracker(conduct()) as tracker:
        with Datagrams(tracker) as client:
            reply = await client.ask(scrape_request(b"whatever", KNOWN))
        assert reply == bytes.fromhex("00000003cafef00d") + b"connection id mismatch"


@pytest.mark.parametrize(
    "tail", ["00000004cafef00d", "00000002cafef00d", "00000002cafef00d" + "aa" * 21, "00000001cafef00d" + "aa" * 60]
)
async def test_udp_malformed_requests_are_told_so(tail):
    async with UdpTracker(conduct()) as tracker:
        with Datagrams(tracker) as client:
            reply = await client.ask(await client.connection() + bytes.fromhex(tail))
        assert reply == bytes.fromhex("00000003cafef00d") + b"malformed request"


async def test_udp_drops_what_is_no_request_and_goes_on():
    async with UdpTracker(conduct()) as tracker:
        with Datagrams(tracker) as client:
            for bad in (b"", b"x", CONNECT[:15], b"\xff" * 8 + CONNECT[8:]):
                client.send(bad)
            await client.connection()
        assert tracker.asked == {"bad": 4, "connect": 1}


async def test_udp_garbage_keeps_the_transaction_and_nothing_else():
    async with UdpTracker(conduct(State.GARBAGE)) as tracker:
        with Datagrams(tracker) as client:
            assert await client.ask(CONNECT) == bytes.fromhex("0000000012345678") + b"\xff\xfe!"


async def test_udp_silent_takes_requests_and_says_nothing():
    state = State.SILENT
    async with UdpTracker(Conduct(state=lambda: state)) as tracker:
        with Datagrams(tracker) as client:
            client.send(CONNECT)
            await until(lambda: tracker.asked["connect"])
            state = State.ALIVE
            # Had the first been answered, its transaction would come first.
            reply = await client.ask(CONNECT[:12] + b"next")
        assert reply[4:8] == b"next"


async def test_udp_slow_delays_the_scrape_but_not_the_connect():
    pauses = []

    async def pause(delay_s):
        pauses.append(delay_s)

    async with UdpTracker(conduct(State.SLOW, delay_s=lambda: 2.4, pause=pause)) as tracker:
        with Datagrams(tracker) as client:
            connection = await client.connection()
            assert pauses == []
            await client.ask(scrape_request(connection, KNOWN))
            assert pauses == [2.4]


async def test_udp_holds_only_so_many_requests():
    async def pause(_delay_s):
        await asyncio.Event().wait()

    async with UdpTracker(conduct(delay_s=lambda: 1.0, pause=pause)) as tracker:
        for _ in range(600):
            tracker.received(CONNECT, ("127.0.0.1", 9))
        assert len(tracker._tasks) == 512


# A real client


@pytest.mark.parametrize("kind", [HttpTracker, UdpTracker])
async def test_libtorrent_scrapes_the_true_counts_and_leaves_them_alone(kind, tmp_path):
    recipe = Recipe("scraped", (("", 20_000),))
    swarm = Swarm(seeders=41, leechers=7, completed=1200)
    heard = []

    def counted(info_hash):
        heard.append(info_hash)
        return swarm

    def scrape(url):
        session = libtorrent.session(
            {
                "enable_dht": False,
                "enable_lsd": False,
                "enable_upnp": False,
                "enable_natpmp": False,
                # It allows nothing but /announce on loopback otherwise.
                "ssrf_mitigation": False,
                "listen_interfaces": "127.0.0.1:0",
                "alert_mask": libtorrent.alert.category_t.tracker_notification,
            }
        )
        parameters = libtorrent.load_torrent_buffer(torrent_bytes(recipe))
        parameters.trackers = [url]
        parameters.save_path = str(tmp_path)
        parameters.flags |= libtorrent.torrent_flags.paused
        parameters.flags &= ~libtorrent.torrent_flags.auto_managed
        handle = session.add_torrent(parameters)
        handle.scrape_tracker()
        ends = time.monotonic() + 20
        while time.monotonic() < ends:
            session.wait_for_alert(500)
            for alert in session.pop_alerts():
                if isinstance(alert, libtorrent.scrape_reply_alert):
                    return alert.complete, alert.incomplete
                assert not isinstance(alert, libtorrent.scrape_failed_alert), alert.message()
        return None

    async with kind(Conduct(counts=counted)) as tracker:
        assert await asyncio.to_thread(scrape, tracker.url) == (41, 7)
        assert set(heard) == {v1_hash(recipe)}
        assert tracker.asked["scrape"] == 1
        assert tracker.asked["announce"] == 0
