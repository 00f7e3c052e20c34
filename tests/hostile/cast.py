"""Every way in which a tracker can be hostile that we know of, each with what it has to be called.

Each stands on a loopback address of its own, as trackers on the net have hosts of their own: one host gets two connections
at a time, and a silent one would keep the others waiting.
"""

import asyncio
import contextlib
import gzip
import os
import socket
import ssl
import struct
from dataclasses import dataclass
from itertools import count

from tests.doubles import http as h
from tests.doubles import udp as u
from tests.doubles.http import http
from trackerwatch.bencoding import encode
from trackerwatch.tracker import parse_tracker

PASSKEY = "0badc0de" * 4
"""In every announce URL of the cast, and in no output."""

PATH = f"/{PASSKEY}/announce"

SHORT_KEY = "s3cr3tkey"
"""Of a form that only its place in the URL gives away."""

NASTY = (
    b"\x1b[31m\x1b]0;owned\x07[bold red]x[/] \xe2\x80\xae\xe2\x80\x8bgnp.exe\r\n\0=cmd()\x9b2J\x85" + PASSKEY.encode()
)
"""Escapes, markup, bidi, zero width, line ends, NUL, a formula, and our own key."""

TIMEOUT = ("timeout", "exchange")
TOO_LARGE = ("too_large", "exchange")
CLOSED = ("closed", "exchange")
BAD_REPLY = ("bad_reply", "exchange")
NOT_BENCODE = ("not_bencode", "exchange")
REDIRECT = ("redirect", "exchange")
HTTP_STATUS = ("http_status", "exchange")
RATE_LIMITED = ("rate_limited", "exchange")
FAILURE_REASON = ("failure_reason", "exchange")
UNREGISTERED = ("unregistered", "exchange")
UNAUTHORIZED = ("unauthorized", "exchange")
SILENCE = ("timeout", "connect")
TLS = ("tls", "tls")

UNREACHED = {"timeout", "tls", "closed", "refused", "failure_reason", "bad_reply"}


@dataclass(frozen=True)
class Part:
    """One tracker of the cast."""

    name: str
    tracker: object
    failure: tuple[str, str | None] | None
    """Kind and phase of the scrape's failure. None: it is answered."""
    counts: tuple = (None, None, None)
    """Seeders, leechers, completed in the report."""
    announce: object = "as the scrape"
    """Kind and phase of the failure of the announce that decides. None: it is not asked, or answers."""

    def __post_init__(self):
        if self.announce == "as the scrape":
            # Whoever asked for patience, or grants no connection, is not asked again.
            unconnected = self.failure is not None and self.failure[1] != "exchange" and self.failure[0] in UNREACHED
            spared = self.failure == RATE_LIMITED or unconnected or self.counts != (None, None, None)
            object.__setattr__(self, "announce", None if spared else self.failure)


class Dripping(h.HttpTracker):
    """Sends a start and then a byte now and then: never silent, never done."""

    def __init__(self, start, **kwargs):
        super().__init__(**kwargs)
        self.start = start

    async def respond(self, request, reader, writer):
        writer.write(self.start)
        while True:
            writer.write(b"a")
            await writer.drain()
            await asyncio.sleep(0.05)


class Breaking(h.Canned):
    """Says a part and then breaks the connection off with a reset."""

    async def respond(self, request, reader, writer):
        writer.write(self.canned)
        await writer.drain()
        await asyncio.sleep(0.05)
        connection = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
        return False


class Redirecting(h.HttpTracker):
    """Sends elsewhere; `{n}` in the place is a new number each time."""

    def __init__(self, location, status="302 Found", **kwargs):
        super().__init__(**kwargs)
        self.location, self.status = location, status

    def answer(self, request):
        location = self.location.replace("{n}", str(len(self.requests)))
        return http(b"", self.status, f"Location: {location}")


class NoTls(h.HttpTracker):
    """Listens where TLS is expected, and says this instead."""

    def __init__(self, said, **kwargs):
        super().__init__(**kwargs)
        self.said = said

    def tracker_at(self, path, **kwargs):
        return parse_tracker(super().tracker_at(path, **kwargs).url.replace("http:", "https:"))

    async def connection(self, reader, writer):
        await reader.read(1)
        if self.said is None:
            await reader.read()
        else:
            writer.write(self.said)
            await writer.drain()


class Saying(h.HttpTracker):
    """Answers scrapes and announces by one value each."""

    def __init__(self, scrape, announce=None, **kwargs):
        super().__init__(**kwargs)
        self.said = scrape, scrape if announce is None else announce

    def scrape(self, request):
        return self.said[0](request) if callable(self.said[0]) else self.said[0]

    def announce(self, request):
        return self.said[1](request) if callable(self.said[1]) else self.said[1]


class Announcing(h.HttpTracker):
    """Knows no scrape, and announces its own way."""

    def __init__(self, reply, **kwargs):
        super().__init__(**kwargs)
        self.reply = reply

    def answer(self, request):
        return http(b"", "404 Not Found") if "scrape" in request.path else http(encode(self.reply))


def _files(counts):
    return lambda request: {b"files": dict.fromkeys(request.info_hashes, counts)}


def _crowd(request):
    crowd = {b"%020d" % n: {b"complete": 9, b"downloaded": 9, b"incomplete": 9} for n in range(10_000)}
    ours = {info_hash: {b"complete": 5, b"downloaded": 7, b"incomplete": 6} for info_hash in request.info_hashes}
    return {b"files": crowd | ours}


class Babbling(u.UdpTracker):
    """Random bytes for each datagram."""

    def reply(self, *_):
        return [os.urandom(size) for size in (0, 1, 7, 8, 16, 20, 200)]


class WrongAction(u.UdpTracker):
    """Our transaction id, and the answer to another question."""

    def reply(self, connection_id, action, transaction_id, body):
        return [struct.pack(">IIQ", other, transaction_id, 7) for other in (2, 1, 99, 0xFFFFFFFF)]


class Flooding(u.UdpTracker):
    """Does not stop sending answers to what nobody asked."""

    def datagram_received(self, data, address):
        super().datagram_received(data, address)
        if not getattr(self, "flood", None):
            self.flood = asyncio.create_task(self._flood(address))

    def reply(self, *_):
        return None

    async def _flood(self, address):
        transaction_id = 0
        while not self.transport.is_closing():
            for _ in range(20):
                transaction_id += 1
                self.transport.sendto(struct.pack(">IIQ", 0, transaction_id, 7), address)
            await asyncio.sleep(0.002)

    async def __aexit__(self, *_):
        await super().__aexit__()
        if task := getattr(self, "flood", None):
            await task


class Truncating(u.UdpTracker):
    """Cuts the answer to a connect."""

    def connect(self, transaction_id):
        return super().connect(transaction_id)[:12]


class TruncatingScrape(u.UdpTracker):
    """Cuts the answer to a scrape."""

    def scrape(self, transaction_id, hashes):
        return super().scrape(transaction_id, hashes)[:13]

    def announce(self, transaction_id, body):
        return super().announce(transaction_id, body)[:15]


class Elsewhere(u.UdpTracker):
    """Answers from another port."""

    def datagram_received(self, data, address):
        _, action, transaction_id = struct.unpack_from(">QII", data)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind((self.host, 0))
            other.sendto(super().reply(self.connection_id, action, transaction_id, data[16:]), address)


class Nasty(u.Refusing):
    """Refuses with escapes and our own key."""

    text = NASTY


class NastyAtConnect(u.UdpTracker):
    """Refuses the connect itself so."""

    def connect(self, transaction_id):
        return self.error(transaction_id, NASTY)


class Forgetting(u.UdpTracker):
    """Grants ids and never knows them."""

    def reply(self, connection_id, action, transaction_id, body):
        return (
            self.connect(transaction_id)
            if action == u.CONNECT
            else self.error(transaction_id, b"Connection ID missmatch.")
        )


class Vast(u.UdpTracker):
    """Fills its datagrams as far as UDP goes: nothing we asked, in front of the true answer."""

    def reply(self, *request):
        return [bytes(65_507), os.urandom(65_507), super().reply(*request)]


class VastAnswer(u.UdpTracker):
    """The same inside the answer: 64 KiB of entries to one hash."""

    def scrape(self, transaction_id, hashes):
        return (super().scrape(transaction_id, hashes) + bytes(65_507))[:65_507]

    def announce(self, transaction_id, body):
        return (super().announce(transaction_id, body) + bytes(65_507))[:65_507]


def hostile_http(places):
    """HTTP trackers, by name: what to call each."""
    ok = "HTTP/1.1 200 OK\r\n"
    raw = lambda text: text.encode("latin-1")  # noqa: E731
    canned = lambda answer, **kwargs: h.Canned(answer, host=next(places), path=PATH, **kwargs)  # noqa: E731
    body = lambda data, *headers: canned(http(data, "200 OK", *headers))  # noqa: E731
    endless = lambda start, piece: h.Endless(start, piece, host=next(places), path=PATH)  # noqa: E731
    drip = lambda start: Dripping(raw(start), host=next(places), path=PATH)  # noqa: E731
    status = lambda line, *headers, data=b"": canned(http(data, line, *headers))  # noqa: E731
    redirect = lambda location, **kwargs: Redirecting(location, host=next(places), path=PATH, **kwargs)  # noqa: E731
    say = lambda *values: Saying(*values, host=next(places), path=PATH)  # noqa: E731
    announcing = lambda reply: Announcing(reply, host=next(places), path=PATH)  # noqa: E731
    chunked = ok + "Transfer-Encoding: chunked\r\n\r\n"
    refused = lambda text, **more: {b"failure reason": text, **{k.encode(): v for k, v in more.items()}}  # noqa: E731

    yield Part("silent", h.Silent(host=next(places), path=PATH), TIMEOUT)
    yield Part("drip in headers", drip(ok + "X-Pad: "), TIMEOUT)
    yield Part("drip in body", drip(ok + "Content-Length: 100000\r\n\r\nd5:files"), TIMEOUT)
    yield Part("drip in chunk size", drip(chunked), TIMEOUT)
    yield Part("endless headers", endless(raw(ok), b"X-Pad: " + b"a" * 1000 + b"\r\n"), TOO_LARGE)
    yield Part("endless header", endless(raw(ok) + b"X-Pad: ", b"a" * 65536), TOO_LARGE)
    yield Part("endless first line", endless(b"", b"HTTP/1.1 200 " * 5000), TOO_LARGE)
    yield Part("endless interim answers", endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), TOO_LARGE)
    yield Part("endless body", endless(raw(ok) + b"\r\n", b"d" * 65536), TOO_LARGE)
    yield Part("endless chunks", endless(raw(chunked), b"1000\r\n" + b"d" * 4096 + b"\r\n"), TOO_LARGE)
    yield Part("endless tiny chunks", endless(raw(chunked), b"1\r\nd\r\n"), TOO_LARGE)
    yield Part("endless chunk extension", endless(raw(chunked) + b"1;", b"a" * 65536), TOO_LARGE)
    yield Part("endless trailers", endless(raw(chunked) + b"0\r\n", b"X-Pad: " + b"a" * 1000 + b"\r\n"), TOO_LARGE)
    yield Part("gzip bomb", body(h.gzip_bomb(64 << 20), "Content-Encoding: gzip"), TOO_LARGE)
    yield Part("gzip bomb unsaid", body(h.gzip_bomb(64 << 20)), TOO_LARGE)
    yield Part("gzip bomb as an error", status("404 Not Found", data=h.gzip_bomb(64 << 20)), TOO_LARGE)
    yield Part("nested gzip", body(gzip.compress(h.gzip_bomb(64 << 20)), "Content-Encoding: gzip, gzip"), NOT_BENCODE)
    yield Part("wrong gzip", body(b"\x1f\x8b no gzip at all", "Content-Encoding: gzip"), BAD_REPLY)
    yield Part("no gzip", body(b"no gzip at all", "Content-Encoding: gzip"), NOT_BENCODE)
    yield Part("cut gzip", body(gzip.compress(b"d5:filesdee" * 50)[:20], "Content-Encoding: gzip"), CLOSED)
    yield Part("huge length", canned(raw(f"{ok}Content-Length: {10**18}\r\n\r\nd"), hang_up=False), TIMEOUT)
    yield Part("impossible length", canned(raw(f"{ok}Content-Length: {10**40}\r\n\r\nd")), BAD_REPLY)
    yield Part("negative length", canned(raw(f"{ok}Content-Length: -1\r\n\r\nd")), BAD_REPLY)
    yield Part("two lengths", canned(raw(f"{ok}Content-Length: 2\r\nContent-Length: 200\r\n\r\nde")), BAD_REPLY)
    yield Part("huge chunk", canned(raw(chunked + "FFFFFFFFFFFFFFF\r\nd"), hang_up=False), TIMEOUT)
    yield Part("impossible chunk", canned(raw(chunked + "F" * 40 + "\r\nd")), BAD_REPLY)
    yield Part("negative chunk", canned(raw(chunked + "-5\r\nd")), BAD_REPLY)
    yield Part("no HTTP", canned(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"), BAD_REPLY)
    yield Part("HTTP/0.9", canned(b"d5:filesdee"), CLOSED)
    yield Part("redirect loop", redirect("/announce"), REDIRECT)
    yield Part("redirect chain", redirect("/{n}/announce"), REDIRECT)
    yield Part("redirect to a file", redirect("file:///etc/passwd"), REDIRECT)
    yield Part("redirect to UDP", redirect("udp://127.0.0.1:1/announce"), REDIRECT)
    yield Part("redirect to gopher", redirect("gopher://127.0.0.1:25/xHELO"), REDIRECT)
    yield Part("redirect to no URL", redirect("http://[::1"), REDIRECT)
    yield Part("redirect with escapes", redirect("ftp://\x1b[31m/" + PASSKEY), REDIRECT)
    yield Part("redirect to a vast URL", redirect("http://127.0.0.1:1/" + "a" * 50_000), REDIRECT)
    yield Part("redirect that echoes", redirect(f"udp://{PASSKEY}.example.org:1/{PASSKEY}?{PASSKEY}"), REDIRECT)
    for location in (
        f"udp://{SHORT_KEY}.example.org:1/{SHORT_KEY}",
        f"ftp://{SHORT_KEY}/{SHORT_KEY}",
        f"http://{SHORT_KEY}:x",
    ):
        keyed = Redirecting(location, host=next(places), path=f"/announce?key={SHORT_KEY}")
        yield Part(f"redirect that echoes to {location}", keyed, REDIRECT)
    yield Part("redirect to nowhere", status("302 Found"), HTTP_STATUS)
    yield Part("empty", body(b""), NOT_BENCODE)
    yield Part(
        "a page", body(b"<html><title>\x1b[31m[bold red]Down\x07 " + PASSKEY.encode() + b"</title>"), NOT_BENCODE
    )
    yield Part("JSON", body(b'{"error": "\x1b[31m' + PASSKEY.encode() + b'"}'), NOT_BENCODE)
    yield Part("text", body(NASTY), NOT_BENCODE)
    yield Part(
        "404 with a reply", status("404 Not Found", data=b"d14:failure reason20:unregistered torrente"), UNREGISTERED
    )
    yield Part("410", status("410 Gone"), HTTP_STATUS, announce=None)
    yield Part("500", status("500 Oops", data=b"<title>" + NASTY + b"</title>"), HTTP_STATUS)
    yield Part("status 999", status("999 \x1b[31m"), HTTP_STATUS)
    for said in (
        *("99999999999999999999", "-5", "soon", "", "Wed, 21 Oct 2065 07:28:00 GMT", "Mon, 01 Jan 0001 00:00:00 -0000"),
        *("9" * 5000, "Mon, 01 Jan 0001 00:00:00 +9999", "Mon, 01 Jan 99999999 00:00:00 GMT", "1e9", "\u00b2"),
        *("Fri, 31 Dec 9999 23:59:59 -1200", "Mon, 99 Foo 2020 99:99:99 GMT"),
    ):
        name = f"429 retry after {said[:20]} {len(said)}".replace("\u00b2", "two")
        yield Part(name, status("429 Slow Down", f"Retry-After: {said}"), RATE_LIMITED)
    yield Part("reset at once", Breaking(b"", host=next(places), path=PATH), CLOSED)
    yield Part("reset in the middle", Breaking(http(b"d5:files" * 90)[:200], host=next(places), path=PATH), CLOSED)
    yield Part("hangs up", h.Resetting(host=next(places), path=PATH), CLOSED)
    yield Part("half a body", canned(http(b"d5:files" * 90)[:200]), CLOSED)
    yield Part("half a chunk", canned(raw(chunked + "100\r\nd5:files")), CLOSED)
    yield Part("decoder hang", body(b"d1:ai0e-6:"), BAD_REPLY)
    yield Part("nested lists", body(b"d5:files" + b"l" * 100_000), BAD_REPLY)
    yield Part("nested dictionaries", body(b"d5:files" * 100_000), BAD_REPLY)
    yield Part("only lists", body(b"l" * 100_000), NOT_BENCODE)
    yield Part("many items", body(b"d5:filesl" + b"le" * 300_000 + b"ee"), BAD_REPLY)
    yield Part("long string", body(b"d5:files10000000:abce"), BAD_REPLY)
    yield Part("longer string", body(b"d5:files" + b"9" * 5000 + b":abce"), BAD_REPLY)
    yield Part("long integer", body(b"d5:filesd20:aaaaaaaaaaaaaaaaaaaad8:completei" + b"9" * 4000 + b"eeee"), BAD_REPLY)
    yield Part("longer integer", body(b"d8:intervali" + b"9" * 500_000 + b"ee"), BAD_REPLY)
    yield Part("wrong dictionary", say({b"hello": b"world"}), BAD_REPLY)
    yield Part("a list", body(b"l5:filese"), NOT_BENCODE)
    yield Part("negative counts", say(_files({b"complete": -1, b"downloaded": -5, b"incomplete": -(2**63)})), None)
    yield Part("vast counts", say(_files({b"complete": 2**64, b"downloaded": 2**70, b"incomplete": 2**63})), None)
    echo = {b"complete": PASSKEY.encode(), b"downloaded": [PASSKEY.encode()], b"incomplete": {b"a": NASTY}}
    yield Part("counts that are no numbers", say(_files(echo)), None)
    yield Part(
        "entries that are none",
        say(lambda request: {b"files": dict.fromkeys(request.info_hashes, 5)}),
        None,
        announce=BAD_REPLY,
    )
    yield Part("files that are none", say({b"files": b"5"}), BAD_REPLY)
    # What is not told is asked of the announce.
    others = {b"files": {bytes([n]) * 20: {b"complete": 9, b"downloaded": 9, b"incomplete": 9} for n in range(50)}}
    told = {b"complete": 3, b"incomplete": 2, b"interval": 1800, b"peers": b""}
    yield Part("other hashes", say(others, told), None, (3, 2, None))
    yield Part("a crowd of hashes", say(_crowd, told), None, (5, 6, 7))
    yield Part("nasty refusal", say(refused(NASTY)), FAILURE_REASON)
    yield Part("endless refusal", say(refused(NASTY * 9000)), FAILURE_REASON)
    yield Part("refusal that echoes", say(refused(b"Invalid passkey " + PASSKEY.upper().encode())), UNAUTHORIZED)
    torn = "\u200b".join(PASSKEY).encode()
    yield Part("refusal that echoes it torn", say(refused(b"Your key: " + torn)), FAILURE_REASON)
    yield Part("refusal that is a list", say(refused([NASTY, {b"a": NASTY}])), FAILURE_REASON)
    waits = {"retry in": 2**63, "interval": -1, "min interval": b"x"}
    yield Part("refusal with waits", say(refused(b"wait", **waits)), FAILURE_REASON, announce=None)
    for interval in (0, -1, 2**63, b"soon", [1]):
        reply = {b"interval": interval, b"min interval": interval, b"complete": 3, b"incomplete": 2, b"peers": b""}
        yield Part(f"interval {interval}", announcing(reply), HTTP_STATUS, (3, 2, None))
    for peers in (5, b"x" * 7, {b"a": 1}, [5, {b"ip": 5}, {b"ip": b"::1", b"port": 2**40}], [[]] * 5000):
        reply = {b"interval": 1800, b"complete": 3, b"incomplete": 2, b"peers": peers, b"warning message": NASTY}
        yield Part(f"peers {str(peers)[:12]}", announcing(reply), HTTP_STATUS, (3, 2, None))


def hostile_https(places, authority):
    """HTTPS trackers; the authority's file goes to `--ca-file`."""
    for name, said, failure in (
        ("TLS silence", None, ("timeout", "tls")),
        ("TLS answered by HTTP", http(b"d5:filesdee"), TLS),
        ("TLS answered by noise", os.urandom(50_000), TLS),
        ("TLS hangs up", b"", ("closed", "tls")),
        ("TLS alert", b"\x15\x03\x03\x00\x02\x02\x28", TLS),
        ("TLS record without an end", b"\x16\x03\x03\xff\xff" + bytes(30_000), TLS),
    ):
        yield Part(name, NoTls(said, host=next(places), path=PATH), failure)
    place = next(places)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.issue("downgrade", f"IP:{place}"))
    away = Redirecting("http://127.0.0.1:1/announce", host=place, path=PATH, tls=context)
    yield Part("redirect away from TLS", away, REDIRECT)
    bomb = h.Canned(http(h.gzip_bomb(64 << 20)), host=place, path=PATH, tls=context)
    yield Part("gzip bomb inside TLS", bomb, TOO_LARGE)


def hostile_udp(places):
    """UDP trackers."""
    for name, kind, failure in (
        ("UDP silence", u.Silent, SILENCE),
        ("UDP noise", Babbling, SILENCE),
        ("UDP wrong action", WrongAction, SILENCE),
        ("UDP flood", Flooding, SILENCE),
        ("UDP cut connect", Truncating, ("bad_reply", "connect")),
        ("UDP cut scrape", TruncatingScrape, BAD_REPLY),
        ("UDP other port", Elsewhere, SILENCE),
        ("UDP nasty refusal", Nasty, FAILURE_REASON),
        ("UDP nasty refusal of a connect", NastyAtConnect, ("failure_reason", "connect")),
        ("UDP forgets", Forgetting, FAILURE_REASON),
        ("UDP connect only", u.ConnectOnly, TIMEOUT),
    ):
        yield Part(name, kind(host=next(places), path=PATH), failure)
    everything = Everything((5, 7, 6))
    yield Part("UDP vast noise", Vast(everything, host=next(places), path=PATH), None, (5, 6, 7))
    yield Part("UDP vast answer", VastAnswer(everything, host=next(places), path=PATH), None, (5, 6, 7))
    most = 0xFFFFFFFF
    yield Part(
        "UDP vast counts", u.UdpTracker(Everything((most,) * 3), host=next(places), path=PATH), None, (most,) * 3
    )


def places():
    """Loopback addresses, each given out once."""
    return (f"127.0.{n >> 7}.{2 + n % 128}" for n in count(1))


def named(parts, names):
    """Those of these names, in this order."""
    by_name = {part.name: part for part in parts}
    return [by_name[name] for name in names]


class Everything(dict):
    """Knows every hash."""

    def __init__(self, counts):
        super().__init__()
        self.counts = counts

    def get(self, *_):
        return self.counts

    def __contains__(self, _):
        return True

    def __getitem__(self, _):
        return self.counts

    def __bool__(self):
        return True


def healthy(places):
    """Trackers with the truth."""
    for name, kind in (("healthy HTTP", h.HttpTracker), ("healthy UDP", u.UdpTracker)):
        yield Part(name, kind(Everything((11, 13, 12)), host=next(places), path=PATH), None, (11, 12, 13))


@contextlib.asynccontextmanager
async def on_stage(parts):
    """All of them listening: parts, or trackers as they are."""
    async with contextlib.AsyncExitStack() as stack:
        for part in parts:
            await stack.enter_async_context(part.tracker if isinstance(part, Part) else part)
        yield parts
