"""`watch --headless` on a real tracker that is killed and started again: the lines in order, and what history tells of it."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from tests.real.lab.trackers import Opentracker
from tests.real.lab.watch import Home
from tests.real.lab.wire import Announce, UdpVisitor


@pytest.fixture
def torrents(lab):
    return lab.swarm.torrents["v1-seeded"], lab.swarm.torrents["v1-fetched"]


@pytest.fixture
def mortal(lab, torrents):
    """An opentracker of its own, which a test may kill."""
    with ExitStack() as stack:
        tracker = Opentracker(torrent.key for torrent in torrents)
        stack.callback(tracker.stop)
        yield tracker


async def test_killed_and_started_again(lab, untouched, mortal, torrents, tmp_path):
    home = Home(tmp_path / "home")
    over_udp, over_http = torrents
    files = [
        over_udp.write(tmp_path, [[mortal.udp_url], [lab.opentracker.udp_url]]),
        over_http.write(tmp_path, [[mortal.http_url], [lab.opentracker.http_url]]),
    ]
    ways = {over_udp.key.hex(): mortal.udp_url, over_http.key.hex(): mortal.http_url}
    backups = {over_udp.key.hex(): lab.opentracker.udp_url, over_http.key.hex(): lab.opentracker.http_url}
    async with home.watch("--interval", "1", "--timeout", "2", *files) as watch:
        await watch.until("started")
        # That they are up is told by nobody, so history is asked.
        await home.remembers(lambda known: [tracker["state"] for tracker in known.values()] == ["up"] * 4)
        mortal.stop(hard=True)
        for info_hash, url in ways.items():
            down = await watch.until("state_changed", url=url, endpoint=None, to="down")
            assert (down["from"], down["reason"]) == ("up", "refused")
            moved = await watch.until("failed_over", torrent=info_hash)
            assert (moved["from"], moved["to"], moved["url"]) == ("primary", "failed_over", backups[info_hash])
        mortal.start()
        peers = [Announce(torrent.key, 2000 + peer, left=0, event=2) for torrent in torrents for peer in range(3)]
        with UdpVisitor(mortal.address, mortal.port) as visitor:
            visitor.announce_all(peers)
        holds = mortal.counts()
        for info_hash, url in ways.items():
            back = await watch.until("recovered", url=url, torrent=None)
            assert back["from"] == "down"
            again = await watch.until("recovered", torrent=info_hash)
            assert (again["from"], again["to"], again["url"]) == ("failed_over", "primary", url)
        assert await watch.stop() == 0
        assert watch.stderr == ""
        assert mortal.counts() == holds

    assert [row["event"] for row in watch.rows].count("started") == 1
    assert watch.rows[0]["event"] == "started"
    assert [row["event"] for row in watch.rows].count("stopped") == 1
    assert watch.rows[-1]["event"] == "stopped"
    for info_hash, url in ways.items():
        told = [
            (row["event"], "torrent" if row["torrent"] else "tracker")
            for row in watch.rows
            if row["torrent"] == info_hash or (row["url"] == url and row["torrent"] is row["endpoint"] is None)
        ]
        order = [
            ("state_changed", "tracker"),
            ("failed_over", "torrent"),
            ("recovered", "tracker"),
            ("recovered", "torrent"),
        ]
        assert [one for one in told if one in order][:4] == order
    assert sorted(row["at"] for row in watch.rows) == [row["at"] for row in watch.rows]
    assert not [row for row in watch.rows if row["url"] in backups.values() and row["torrent"] is None]
    known = await home.history()
    for url in ways.values():
        (outage,) = [one for one in known[url]["outages"] if one["endpoint"] is None]
        assert outage["reason"] == "refused"
        assert outage["begin"] < outage["end"]
    for url in backups.values():
        (whole, *_) = known[url]["uptime"]
        assert whole["successes"] == whole["counted"] > 0
    for info_hash in ways:
        transitions = (await home.run("history", info_hash)).value["torrent"]["transitions"]
        assert [one["event"] for one in transitions][-2:] == ["failed_over", "recovered"]
