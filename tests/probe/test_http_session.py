"""Redirects, deadlines, headers and waits: what happens around one request."""

import base64

import pytest

from tests.doubles.http import Canned, HttpTracker, Silent, http
from trackerwatch.outcome import Endpoint, Failure, FailureKind, Family, Phase, Resolution
from trackerwatch.probe.http_session import USER_AGENT, HttpSession
from trackerwatch.probe.tls import TlsTrust
from trackerwatch.tracker import parse_tracker


class Hosts:
    """A resolver that knows what it was told and remembers what it was asked."""

    def __init__(self, **known):
        self.known = known
        self.asked = []

    async def __call__(self, host, port, *, timeout_s):
        self.asked.append((host, port))
        answer = self.known.get(host.replace(".", "_"))
        if isinstance(answer, Failure):
            if answer.kind is FailureKind.BLOCKED:
                return Resolution((), ((Endpoint(Family.IPV4, host, port), answer),), 0.0)
            return Resolution((), (), 0.0, answer)
        addresses = answer or [host]
        families = [Family.IPV6 if ":" in address else Family.IPV4 for address in addresses]
        return Resolution(tuple(map(Endpoint, families, addresses, [port] * len(addresses))), (), 0.0)


def session(server, tracker=None, *, hosts=None, timeout_s=10, **kwargs):
    return HttpSession(
        tracker or server.tracker,
        server.endpoint,
        resolve=hosts or Hosts(),
        trust=TlsTrust(),
        timeout_s=timeout_s,
        **kwargs,
    )


async def get(server, target=b"/announce?passkey=SECRETSECRET&info_hash=%61", **kwargs):
    one = session(server, **kwargs)
    try:
        return await one.get(target), one
    finally:
        await one.aclose()


class Redirecting(HttpTracker):
    """Redirects a path to what the map says, and answers everything else."""

    def __init__(self, redirects, **kwargs):
        super().__init__(**kwargs)
        self.redirects = redirects
        """Path -> Location, or a function of the server."""

    def answer(self, request):
        location = self.redirects.get(request.path)
        if location is None:
            return super().answer(request)
        location = location(self) if callable(location) else location
        return http(b"moved", "302 Found", f"Location: {location}")


async def test_what_is_sent():
    async with HttpTracker(path="/announce?k=1") as server:
        fetched, one = await get(server)
        assert fetched.answer.status == 200
        assert one.requests == 1
    (request,) = server.requests
    assert request.target == "/announce?passkey=SECRETSECRET&info_hash=%61"
    assert request.headers == {
        "host": f"127.0.0.1:{server.endpoint.port}",
        "user-agent": USER_AGENT,
        "accept-encoding": "gzip",
        "connection": "close",
    }
    assert len(USER_AGENT) < 64


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://Tracker.Example/announce", "tracker.example"),
        ("http://tracker.example:8080/announce", "tracker.example:8080"),
        ("http://[2001:db8::1]:8080/announce", "[2001:db8::1]:8080"),
    ],
)
async def test_the_host_header_names_the_port_where_it_is_not_the_default(url, host):
    async with HttpTracker() as server:
        await get(server, tracker=parse_tracker(url))
    assert server.requests[0].headers["host"] == host


async def test_user_info_is_sent_as_basic_credentials_and_to_nobody_else():
    async with (
        HttpTracker(host="127.0.0.2") as other,
        Redirecting({"/announce": lambda _: other.url("/a")}) as server,
    ):
        await get(server, tracker=server.tracker_at("/announce", user_info="us%65r:p%40ss@"))
    assert server.requests[0].headers["authorization"] == "Basic " + base64.b64encode(b"user:p@ss").decode()
    assert "authorization" not in other.requests[0].headers
    assert other.targets == ["/a"]


async def test_a_redirect_is_followed_as_it_is_written():
    async with Redirecting({"/announce": "/b?x=%2f", "/b": "c"}) as server:
        fetched, one = await get(server)
    assert fetched.answer.status == 200
    assert server.targets[1:] == ["/b?x=%2f", "/c"]
    assert one.requests == 3


async def test_a_redirect_to_another_host_is_resolved_and_keeps_the_family():
    async with HttpTracker(host="127.0.0.2") as other:
        to = f"http://other.example:{other.endpoint.port}/x"
        hosts = Hosts(other_example=["::1", "127.0.0.2"])
        async with Redirecting({"/announce": to}) as server:
            fetched, _ = await get(server, hosts=hosts)
    assert fetched.answer.status == 200
    assert hosts.asked == [("other.example", other.endpoint.port)]
    assert other.requests[0].headers["host"] == f"other.example:{other.endpoint.port}"
    assert "SECRET" not in other.targets[0]


@pytest.mark.parametrize(
    ("refusal", "kind"),
    [
        (Failure(FailureKind.BLOCKED, None, "10.0.0.1 is a private address"), FailureKind.BLOCKED),
        (Failure(FailureKind.DNS_NXDOMAIN, Phase.RESOLVE, "no such name"), FailureKind.DNS_NXDOMAIN),
    ],
)
async def test_a_hop_that_may_not_or_cannot_be_asked(refusal, kind):
    async with Redirecting({"/announce": "http://inside.example/x"}) as server:
        fetched, one = await get(server, hosts=Hosts(inside_example=refusal))
    assert fetched.failure.kind is kind
    assert fetched.failure.message == f"redirected to inside.example:80: {refusal.message}"
    assert one.requests == 1


@pytest.mark.parametrize(
    "location",
    [
        "udp://tracker.example:80/announce",
        "file:///etc/passwd",
        "http://tracker.example:99999/",
        "http://[::1/",
        "http:// /",
        "gopher://x/",
    ],
)
async def test_a_redirect_out_of_http_is_refused(location):
    hosts = Hosts()
    async with Redirecting({"/announce": location}) as server:
        fetched, _ = await get(server, hosts=hosts)
    assert (fetched.failure.kind, fetched.failure.phase) == (FailureKind.REDIRECT, Phase.EXCHANGE)
    assert hosts.asked == []


async def test_a_circle_ends():
    async with Redirecting({"/announce": "/b", "/b": "/c", "/c": "/b"}) as server:
        fetched, _ = await get(server)
    assert fetched.failure.kind is FailureKind.REDIRECT
    assert "circle" in fetched.failure.message
    assert len(server.requests) == 3


async def test_five_redirects_and_no_more():
    hops = {"/announce": "/1", **{f"/{n}": f"/{n + 1}" for n in range(1, 5)}}
    async with Redirecting(hops) as server:
        assert (await get(server))[0].answer.status == 200
    async with Redirecting({**hops, "/5": "/6"}) as server:
        fetched, _ = await get(server)
    assert fetched.failure.kind is FailureKind.REDIRECT
    assert len(server.requests) == 6


async def test_a_redirect_without_a_location_is_a_status():
    async with Canned(http(b"", "302 Found")) as server:
        assert (await get(server))[0].answer.status == 302


async def test_a_hop_that_refuses_is_named():
    async with HttpTracker(host="127.0.0.3") as gone:
        url, where = gone.url("/x"), gone.endpoint
    async with Redirecting({"/announce": url}) as server:
        fetched, _ = await get(server)
    assert fetched.failure.kind is FailureKind.REFUSED
    assert fetched.failure.message.startswith(f"redirected to {where}: ")


async def test_one_deadline_for_everything():
    async with Silent() as server:
        fetched, _ = await get(server, timeout_s=0.02)
    assert fetched.failure == Failure(FailureKind.TIMEOUT, Phase.EXCHANGE, "no answer within 0.02 s")


async def test_the_deadline_counts_hops_too():
    async with Silent(host="127.0.0.2") as silent, Redirecting({"/announce": lambda _: silent.url("/x")}) as server:
        fetched, _ = await get(server, timeout_s=0.1)
    assert fetched.failure.kind is FailureKind.TIMEOUT
    assert fetched.failure.message == f"redirected to {silent.endpoint}: no answer within 0.1 s"


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ([], None),
        (["Retry-After: 120"], 120),
        (["Retry-After: 99999999999999999999"], 604800),
        (["Retry-After: soon"], None),
        (["Retry-After: -5"], None),
        (["Date: Sun, 06 Nov 1994 08:49:37 GMT", "Retry-After: Sun, 06 Nov 1994 08:59:37 GMT"], 600),
        (["Date: Sun, 06 Nov 1994 08:49:37 GMT", "Retry-After: Sun, 06 Nov 1994 08:39:37 GMT"], 0),
        (["Retry-After: Sun, 06 Nov 1994 08:49:37 GMT"], 0),
    ],
)
async def test_retry_after(headers, wait):
    async with Canned(http(b"", "503 Busy", *headers)) as server:
        assert (await get(server))[0].answer.retry_after_s == wait


async def test_a_round_keeps_its_connection():
    async with HttpTracker() as server:
        one = session(server, keep_alive=True)
        for _ in range(3):
            assert (await one.get(b"/announce")).answer.status == 200
        await one.aclose()
    assert (server.connections, one.requests) == (1, 3)
    assert server.requests[0].headers["connection"] == "keep-alive"
