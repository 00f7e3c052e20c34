"""Several programs on one store, by turns and at once: manners hold across them, states outlive them, kill -9 included."""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack, closing

import pytest

from tests.real.lab.relay import CountingRelay
from tests.real.lab.torrents import Kind, make_torrent
from tests.real.lab.trackers import Opentracker
from tests.real.lab.watch import Home, until
from tests.real.lab.wire import Announce, UdpVisitor

PUBLIC = "192.0.2.1"
"""For documentation (RFC 5737): no private address, so public manners hold, and in a network of our own nobody else's."""
QUICK = ("--interval", "1", "--timeout", "1")


@pytest.fixture
def torrent(tmp_path):
    return make_torrent(tmp_path / "content", "shared", Kind.V1)


def two_seeders(tracker: Opentracker, info_hash: bytes) -> None:
    with UdpVisitor(tracker.address, tracker.port) as visitor:
        visitor.announce_all(Announce(info_hash, 2000 + peer, left=0, event=2) for peer in range(2))


@pytest.fixture
def started(needs, torrent):
    """Give a tracker that holds two seeders, started now."""
    needs("opentracker", "timeout")
    with ExitStack() as stack:

        def start() -> Opentracker:
            tracker = Opentracker([torrent.key])
            stack.callback(tracker.stop)
            two_seeders(tracker, torrent.key)
            return tracker

        yield start


def answer(done) -> dict:
    (torrent,) = done.value["torrents"]
    (entry,) = torrent["trackers"]
    assert torrent["seeders"] == entry["seeders"] == 2
    return entry["scrape"]


async def test_manners_hold_across_programs(own_net, started, tmp_path, torrent):
    tracker = started()
    own_net.add(PUBLIC)
    home, other = Home(tmp_path / "home"), Home(tmp_path / "other")
    with CountingRelay(tracker.address, tracker.port, PUBLIC) as relay:
        path = torrent.write(tmp_path, [[relay.udp_url]])
        first = answer(await home.report(path))
        assert (first["state"], first["source"], relay.seen["scrape"]) == ("answered", "live", 1)

        # Within the interval, the minute of --fresh, and any time at all: not one datagram.
        sent = dict(relay.seen)
        for words in ((), ("--fresh",), ("--max-age", "1"), ("--cached",)):
            again = answer(await home.report(*words, path))
            assert (again["state"], again["source"]) == ("answered", "store"), words
            assert again["observed_at"] == first["observed_at"]
            assert dict(relay.seen) == sent, words

        # Watching wants to know whether it lives, which takes no scrape: it was asked a moment ago.
        async with home.watch(path) as watch:
            await watch.until("started")
            await until(lambda: relay.seen["connect"] > sent["connect"], "watching connects")
            again = answer(await home.report("--fresh", path))
            assert again["source"] == "store"
            assert await watch.stop() == 0
        assert relay.seen["scrape"] == 1

        # It is the store that holds them back: another user of this machine asks, by watching this time.
        async with other.watch("--announce", "never", path) as watch:
            (seen,) = (await other.remembers(lambda known: known[relay.udp_url]["state"] == "up")).values()
            assert seen["uptime"][0]["successes"] == 1
            assert relay.seen["scrape"] == 2
            sent = dict(relay.seen)
            for words in ((), ("--fresh",)):
                again = answer(await other.report(*words, path))
                assert (again["state"], again["source"]) == ("answered", "store"), words
            assert dict(relay.seen) == sent
            # Two that watch at once share one window too.
            async with other.watch("--announce", "never", path) as second:
                await second.until("started")
                await until(lambda: relay.seen["connect"] > sent["connect"], "the second one connects")
                assert await second.stop() == 0
            assert await watch.stop() == 0
        assert relay.seen["scrape"] == 2
        assert relay.seen["announce"] <= 1
    assert {info_hash: found[:2] for info_hash, found in tracker.counts().items()} == {torrent.key: (2, 0)}


async def test_states_come_back_with_their_age(started, tmp_path, torrent):
    tracker = started()
    home = Home(tmp_path / "home")
    url = tracker.udp_url
    path = torrent.write(tmp_path, [[url]])
    async with home.watch(*QUICK, path) as watch:
        await home.remembers(lambda known: known[url]["state"] == "up")
        tracker.stop(hard=True)
        await watch.until("exhausted")
        assert await watch.stop() == 0
    (before,) = (await home.history(url)).values()
    assert before["state"] == "down"
    counted = before["uptime"][0]["counted"]
    (begun,) = [outage for outage in before["outages"] if outage["endpoint"] is None]
    assert (begun["end"], begun["reason"]) == (None, "refused")

    (cached,) = (await home.report("--cached", path)).value["trackers"]
    (fresh,) = (await home.report("--fresh", "--timeout", "1", path)).value["trackers"]
    assert (cached["state"], cached["since"]) == (fresh["state"], fresh["since"]) == ("down", before["state_since"])
    assert cached["last_success_at"] == fresh["last_success_at"] == before["last_success_at"]

    async with home.watch(*QUICK, path) as watch:
        # It goes on where the first one ended: what was down stays down. Who listens from now on is told so, once.
        await home.remembers(lambda known: known[url]["uptime"][0]["counted"] >= counted + 2)
        (told,) = watch.told("state_changed")
        assert (told["from"], told["to"]) == ("unknown", "down")
        assert "as an earlier run saw it" in told["message"]
        (still,) = (await home.history(url)).values()
        assert (still["state"], still["state_since"]) == ("down", before["state_since"])
        tracker.start()
        two_seeders(tracker, torrent.key)
        back = await watch.until("recovered", url=url, torrent=None)
        assert back["from"] == "down"
        assert await watch.stop() == 0
    (after,) = (await home.history(url)).values()
    (ended,) = [outage for outage in after["outages"] if outage["endpoint"] is None]
    assert (ended["begin"], ended["reason"]) == (begun["begin"], "refused")
    assert ended["end"] is not None


async def test_kill_9_loses_no_state(started, tmp_path, torrent):
    tracker = started()
    home = Home(tmp_path / "home")
    counted, since = 0, None
    with CountingRelay(tracker.address, tracker.port) as relay:
        url = relay.udp_url
        path = torrent.write(tmp_path, [[url]])
        for number in range(3):
            async with home.watch(*QUICK, path) as watch:
                await home.remembers(lambda known: known[url]["uptime"][0]["counted"] > counted)  # noqa: B023 - at once
                # A moment after an answer, when it is being written down, and a little later each time.
                asked = relay.seen["scrape"] + relay.seen["connect"]
                await until(
                    lambda: relay.seen["scrape"] + relay.seen["connect"] > asked + number % 2,  # noqa: B023 - at once
                    "it is asked again",
                    pause_s=0.005 * (number + 1),
                )
                await watch.kill()
                assert {row["event"] for row in watch.rows} == {"started"}
                assert watch.stderr == ""
            (known,) = (await home.history(url)).values()
            whole = known["uptime"][0]
            assert whole["successes"] == whole["counted"] > counted
            assert (known["state"], known["outages"], known["flaps"]) == ("up", [], 0)
            assert since in (None, known["state_since"])
            counted, since = whole["counted"], known["state_since"]
    with closing(sqlite3.connect(home.store)) as store:
        assert store.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert {path.name for path in home.folder.iterdir()} >= {"store.sqlite"}
    assert not list(home.folder.glob("*corrupt*"))
