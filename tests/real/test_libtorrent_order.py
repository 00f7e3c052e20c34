"""What a real libtorrent session does with tiers of dead and living trackers, and what our `libtorrent` says that it would do."""

from __future__ import annotations

import asyncio
import random
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace

import pytest

from tests.conftest import give_up
from tests.doubles.http import HttpTracker, http
from tests.real.lab.places import free_port, own_address
from trackerwatch.bencoding import encode
from trackerwatch.failover import CLIENTS, Place
from trackerwatch.failover.attempts import Attempts
from trackerwatch.failover.order import unshuffled
from trackerwatch.outcome import Failure, FailureKind, Phase

try:
    import libtorrent as lt
except ImportError:
    lt = None

LIBTORRENT = CLIENTS["libtorrent"]
HASTY = replace(LIBTORRENT, backoff=replace(LIBTORRENT.backoff, steps_s=(0.0, 5.0)))
"""As libtorrent is with `tracker_backoff` = 0: a dead tracker is tried again each five seconds."""
PATIENCE_S = 40.0

SHAPES = {
    "a backup tier": [["dead"], ["alive"]],
    "one tier": [["dead", "alive"]],
    "the first works": [["alive", "dead"], ["alive"]],
    "three tiers": [["dead", "dead"], ["dead", "alive"], ["alive"]],
    "all dead": [["dead", "dead"], ["dead"]],
    "a dead one between": [["alive"], ["dead"], ["alive"]],
    "refused": [["busy"], ["alive"]],
    "refused in one tier": [["busy", "dead", "alive"]],
    "gone for good": [["gone", "dead"], ["alive"]],
    "not now": [["unavailable"], ["alive"]],
    "it comes back": [["flaky"], ["alive"]],
    "it comes back in one tier": [["flaky", "dead"], ["alive"]],
    "alone": [["dead"]],
    "later, says BEP 31": [["later"], ["alive"]],
}
SO_MANY = {
    "three tiers": 8,
    "all dead": 9,
    "the first works": 1,
    "one tier": 2,
    "a dead one between": 1,
    "refused": 2,
    "refused in one tier": 3,
}
SO_MANY |= {"later, says BEP 31": 2, "alone": 3, "it comes back": 3, "it comes back in one tier": 5}
"""So many announces are waited for; else those of the first walk and two more."""


class Recording(HttpTracker):
    """Behaves as its name says."""

    async def __aenter__(self):
        await super().__aenter__()
        self.asked = 0
        return self

    def answer(self, request):
        self.asked += 1
        match self.behaviour:
            case "busy":
                return http(encode({b"failure reason": b"overloaded"}))
            case "later":
                return http(encode({b"failure reason": b"overloaded", b"retry in": 1}))
            case "gone":
                return http(b"", "410 Gone")
            case "unavailable":
                return http(b"", "503 Service Unavailable", "Retry-After: 3600")
            case "flaky" if self.asked == 1:
                return http(b"", "500 Internal Server Error")
        return super().answer(request)

    async def respond(self, request, reader, writer):
        await super().respond(request, reader, writer)
        return False


def failure_of(behaviour, asked):
    """What one announce comes to, told the way a probe tells it."""
    match behaviour:
        case "dead":
            return Failure(FailureKind.REFUSED, Phase.CONNECT)
        case "busy" | "later":
            # Its minutes are a wish that libtorrent does not know; our probe would tell them.
            return Failure(FailureKind.FAILURE_REASON, Phase.EXCHANGE)
        case "gone":
            return Failure(FailureKind.HTTP_STATUS, Phase.EXCHANGE, "HTTP 410", retry_never=True)
        case "unavailable":
            return Failure(FailureKind.HTTP_STATUS, Phase.EXCHANGE, "HTTP 503", retry_in_s=3600.0)
        case "flaky" if asked == 1:
            return Failure(FailureKind.HTTP_STATUS, Phase.EXCHANGE, "HTTP 500")
    return None


@dataclass
class Observed:
    """What one torrent's announces came to."""

    urls: list[str]
    handle: object = None
    announced: list[int] = field(default_factory=list)
    """Places, in order."""
    left_with: list[int] = field(default_factory=list)
    """The order of its trackers at the end."""


def simulated(name, count):
    """The first announces that we say libtorrent makes, and the order they leave."""
    behaviours = [word for tier in SHAPES[name] for word in tier]
    places = tuple(
        Place(tier, False, f"h{tier}", f"/{n}") for tier, words in enumerate(SHAPES[name]) for n in range(len(words))
    )
    attempts = Attempts(HASTY, places, seed=b"", rng=random.Random(0))
    now, done, under_way, asked = 0.0, [], [], [0] * len(places)
    while True:
        attempt = attempts.next_attempt(now)
        if attempt is not None and attempt.at <= now and len(done) < count:
            attempts.begin(attempt.place)
            under_way.append(attempt.place)
            done.append(attempt.place)
        elif under_way:
            place = under_way.pop(0)
            asked[place] += 1
            attempts.record(place, failure_of(behaviours[place], asked[place]), now)
        elif attempt is None or len(done) >= count:
            return done, list(attempts.order)
        else:
            now = attempt.at


def awaited(name):
    return SO_MANY.get(name, sum(len(tier) for tier in SHAPES[name]) + 2)


def session(**more):
    return lt.session(
        {
            "listen_interfaces": "127.0.0.1:0",
            "enable_dht": False,
            "enable_lsd": False,
            "enable_upnp": False,
            "enable_natpmp": False,
            "ssrf_mitigation": False,
            "stop_tracker_timeout": 0,
            "alert_mask": lt.alert.category_t.tracker_notification | lt.alert.category_t.error_notification,
            **more,
        }
    )


def add(client, tiers, number, *, paused=False):
    parameters = lt.add_torrent_params()
    parameters.info_hashes = lt.info_hash_t(lt.sha1_hash(number.to_bytes(20, "big")))
    parameters.save_path = "/nonexistent"
    parameters.trackers = [url for tier in tiers for url in tier]
    parameters.tracker_tiers = [n for n, tier in enumerate(tiers) for _ in tier]
    parameters.flags &= ~lt.torrent_flags.auto_managed
    if paused:
        parameters.flags |= lt.torrent_flags.paused
    else:
        parameters.flags &= ~lt.torrent_flags.paused
    return client.add_torrent(parameters)


async def watch():
    """Let one session announce every shape, all at once, until enough was seen of each."""
    client = session(tracker_backoff=0)
    seen = {}
    async with AsyncExitStack() as stack:
        for number, (name, shape) in enumerate(SHAPES.items(), 1):
            tiers, urls = [], []
            for words in shape:
                tier = []
                for behaviour in words:
                    address = own_address()
                    if behaviour == "dead":
                        url = f"http://{address}:{free_port(address)}/announce"
                    else:
                        double = await stack.enter_async_context(Recording(host=address))
                        double.behaviour = behaviour
                        url = double.url("/announce")
                    tier.append(url)
                tiers.append(tier)
                urls += tier
            seen[name] = Observed(urls)
            seen[name].handle = add(client, tiers, number)
        by_hash = {str(one.handle.info_hashes().v1): one for one in seen.values()}
        async with asyncio.timeout(PATIENCE_S):
            while any(len(one.announced) < awaited(name) for name, one in seen.items()):
                await asyncio.to_thread(client.wait_for_alert, 200)
                for alert in client.pop_alerts():
                    if isinstance(alert, lt.tracker_announce_alert):
                        one = by_hash[str(alert.handle.info_hashes().v1)]
                        one.announced.append(one.urls.index(alert.url))
        for one in seen.values():
            one.left_with = [one.urls.index(tracker["url"]) for tracker in one.handle.trackers()]
        # The session ends before its trackers do: nothing is sent to a tracker that is closing.
        last = [client]
        del client
        await asyncio.to_thread(last.clear)
    return seen


@pytest.fixture(scope="module")
def seen():
    if lt is None:
        give_up("not installed: libtorrent")
    return asyncio.run(watch())


@pytest.mark.parametrize("name", SHAPES)
def test_announces_come_in_the_order_that_our_libtorrent_says(seen, name):
    announced = seen[name].announced
    ours, left_with = simulated(name, len(announced))
    assert len(announced) >= awaited(name)
    assert ours == announced
    assert left_with == seen[name].left_with


def test_udp_goes_before_http_as_libtorrent_has_it():
    if lt is None:
        give_up("not installed: libtorrent")
    rng = random.Random(12)
    client = session()
    swapped = 0
    for number in range(1, 151):
        pool = [
            f"{scheme}://{host}.test:{port}/announce"
            for scheme in ("http", "udp", "https")
            for host in "abc"
            for port in (81, 82)
        ]
        urls = rng.sample(pool, rng.randint(2, 7))
        tiers = [[]]
        for url in urls:
            if tiers[-1] and rng.random() < 0.5:
                tiers.append([])
            tiers[-1].append(url)
        handle = add(client, tiers, number, paused=True)
        theirs = [urls.index(tracker["url"]) for tracker in handle.trackers()]
        client.remove_torrent(handle)
        places = tuple(
            Place(tier, url.startswith("udp"), url.split("/")[2].split(":")[0], "/announce")
            for tier, urls_of in enumerate(tiers)
            for url in urls_of
        )
        assert list(unshuffled(LIBTORRENT, places)) == theirs, tiers
        swapped += theirs != sorted(theirs)
    assert swapped > 20


async def first_waits():
    """When a session with its own back-off asks again: seconds between a tracker that refused or is dead, and one that works."""
    client = session()
    async with AsyncExitStack() as stack:
        doubles = {}
        for behaviour in ("alive", "busy"):
            doubles[behaviour] = await stack.enter_async_context(Recording(host=own_address()))
            doubles[behaviour].behaviour = behaviour
        address = own_address()
        dead = f"http://{address}:{free_port(address)}/announce"
        handle = add(client, [[dead], [doubles["busy"].url("/announce")], [doubles["alive"].url("/announce")]], 1)
        replied = False
        async with asyncio.timeout(PATIENCE_S):
            while not replied:
                await asyncio.to_thread(client.wait_for_alert, 200)
                replied = any(isinstance(alert, lt.tracker_reply_alert) for alert in client.pop_alerts())
        due = [tracker["endpoints"][0]["info_hashes"][0]["next_announce"] for tracker in handle.trackers()]
        last = [client]
        del client
        await asyncio.to_thread(last.clear)
    return due[2] - due[0], due[2] - due[1]


def test_the_first_waits_are_those_of_the_table():
    if lt is None:
        give_up("not installed: libtorrent")
    dead, busy = asyncio.run(first_waits())
    backoff = LIBTORRENT.backoff
    # Whole seconds, each rounded by itself.
    assert abs(dead - (1800 - backoff.wait_s(1, replied=False, asked_s=None))) <= 2
    assert abs(busy - (1800 - backoff.wait_s(1, replied=True, asked_s=None))) <= 2
