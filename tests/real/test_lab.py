"""The lab itself: its trackers agree with what was started, by two roads that are not the code under test."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from tests.real.lab.trackers import Opentracker
from tests.real.lab.wire import Announce, Counts, UdpVisitor, entries, http_get

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.real.conftest import Lab


def test_the_trackers_memory_is_what_was_started(lab: Lab) -> None:
    memory = lab.memory()["opentracker"]
    for name, torrent in lab.swarm.torrents.items():
        for info_hash in torrent.swarms.values():
            assert memory.get(info_hash, Counts(0, 0, 0)) == lab.swarm.truth(name), name


def test_udp_and_http_say_the_same(lab: Lab) -> None:
    torrent = lab.swarm.torrents["v1-fetched"]
    for tracker in (lab.opentracker, lab.npm4, lab.npm6):
        with UdpVisitor(tracker.address, tracker.port) as visitor:
            assert visitor.scrape([torrent.key])[torrent.key] == tracker.counts()[torrent.key]
    escaped = "%" + torrent.key.hex("%")
    body = http_get(lab.opentracker.address, lab.opentracker.port, f"/scrape?info_hash={escaped}")[1]
    assert entries(body) == {torrent.key: Counts(2, 1, 1)}


@pytest.mark.parametrize("size", [0, 1, 300, 1000])
def test_opentrackers_memory_is_read_whole(needs: Callable[..., None], size: int) -> None:
    needs("opentracker", "timeout")
    hashes = [hashlib.sha1(b"%d" % number).digest() for number in range(size)]
    tracker = Opentracker(hashes)
    try:
        with UdpVisitor(tracker.address, tracker.port) as visitor:
            visitor.announce_all(Announce(info_hash, 2000, left=0, event=2) for info_hash in hashes)
        assert tracker.counts() == dict.fromkeys(hashes, Counts(1, 0, 0))
    finally:
        tracker.stop()


def test_a_stopped_announce_changes_nothing(lab: Lab, untouched: None) -> None:
    escaped = "%" + lab.swarm.torrents["v1-seeded"].key.hex("%")
    query = f"/announce?info_hash={escaped}&peer_id=-LAB001-000000000000&port=50000&uploaded=0&downloaded=0&left=1&event=stopped&compact=1"
    for tracker in (lab.opentracker, lab.npm4, lab.npm6):
        status, body = http_get(tracker.address, tracker.port, query)
        assert status == 200
        assert b"8:completei2e" in body
        assert b"10:incompletei1e" in body
