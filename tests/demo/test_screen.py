"""trackerwatch.demo.screen: the real prober and engine on the demo's trackers see what the plan says."""

import pytest

from trackerwatch.demo.plan import CYCLE_S, TRACKERS, state_at
from trackerwatch.demo.run import has_ipv6_loopback, serve
from trackerwatch.demo.screen import demo_engine, demo_torrents, with_both_families
from trackerwatch.outcome import Endpoint, Failure, FailureKind, Family, Resolution
from trackerwatch.tracker import parse_tracker

V4 = Endpoint(Family.IPV4, "127.0.0.1", 41695)
V6 = Endpoint(Family.IPV6, "::1", 41695)
HALF = parse_tracker("http://localhost:41695/announce")

needs_ipv6 = pytest.mark.skipif(not has_ipv6_loopback(), reason="no IPv6 here")


def test_torrents_are_made_without_files_and_a_copy_is_one_torrent():
    torrents = demo_torrents()
    assert len(torrents) == 17
    assert len({t.info_hash for t in torrents}) == 16
    assert {p.tracker.url for t in torrents for p in t.placements} == {t.url() for t in TRACKERS}


@pytest.mark.parametrize(("found", "completed"), [((V4,), (V4, V6)), ((V6, V4), (V6, V4)), ((), (V4, V6))])
def test_localhost_has_both_addresses(found, completed):
    failure = None if found else Failure(FailureKind.DNS_NXDOMAIN)
    whole = with_both_families(Resolution(found, (), 0.1, failure), HALF)
    assert whole == Resolution(completed, (), 0.1, None)


def test_other_names_are_left_as_they_are():
    found = Resolution((V4,), (), 0.1)
    assert with_both_families(found, parse_tracker("http://127.0.0.1:41695/announce")) is found


async def look(base_port, elapsed_s):
    """What a one-shot round sees so long after the start: trackers by port offset, torrents by name."""
    # The clock jumps once everything listens, and then stands still.
    now = [0.0]
    async with serve(base_port=base_port, clock=lambda: now[0]) as demo:
        now[0] = elapsed_s
        for plan, tracker in demo.trackers:
            await tracker.follow()
            if plan.key == "slow":
                tracker.conduct.delay_s = lambda: 0.0
        engine = demo_engine(base_port)
        await engine.run_once(deadline_s=30)
        snapshot = engine.snapshot()
        await engine.stop()
    trackers = {TRACKERS[t.tracker.port - base_port].key: t for t in snapshot.trackers}
    views = [snapshot.torrents.view(index) for index in range(len(snapshot.torrents))]
    return trackers, {view.torrent.name: view for view in views}


def failover(views):
    return {name: view.failover.state.value for name, view in views.items()}


@needs_ipv6
async def test_between_two_outages(base_port):
    trackers, views = await look(base_port, 10.0)
    states = {key: t.state.value for key, t in trackers.items()}
    # A slow tracker without its delay is a healthy one.
    assert states == {
        "http": "up",
        "udp": "up",
        "dying": "up",
        "slow": "up",
        "garbage": "down",
        "half": "degraded",
        "udp6": "up",
        "http6": "up",
        "private": "up",
        "picky": "up",
    }
    assert trackers["garbage"].failure.kind is FailureKind.NOT_BENCODE
    assert [(e.endpoint.family, e.state.value) for e in trackers["half"].endpoints] == [
        (Family.IPV4, "up"),
        (Family.IPV6, "down"),
    ]
    assert {name: state for name, state in failover(views).items() if state != "primary"} == {
        "bramble-maps-2026-europe.mbtiles": "failed_over",
        "driftwood-audio-archive-2025": "failed_over",
        "old-almanac-scans-1898.pdf": "unknown",
        "quarry-laser-scans-full": "unknown",
    }
    assert views["harbor-traffic-images-2026-03"].counts.seeders == 1
    assert views["glacier-core-readings-2025.csv.gz"].counts.seeders == 0
    assert views["driftwood-audio-archive-2025"].answers[0].announce.failure.kind is FailureKind.UNREGISTERED


@needs_ipv6
async def test_during_the_hiccup(base_port):
    trackers, views = await look(base_port, 4.0)
    assert trackers["http"].failure.kind is FailureKind.REFUSED
    states = failover(views)
    assert states["meadow-linux-13.2-amd64-netinst.iso"] == "failed_over"
    assert states["orchard-os-2026.1-live"] == "failed_over"
    assert states["glacier-core-readings-2025.csv.gz"] == "exhausted"


@needs_ipv6
async def test_while_the_dying_tracker_is_dead(base_port):
    trackers, views = await look(base_port, 20.0)
    assert trackers["dying"].state.value == "down"
    assert trackers["dying"].failure.kind is FailureKind.REFUSED
    assert (trackers["dying"].effect.failed_over, trackers["dying"].effect.exhausted) == (1, 1)
    states = failover(views)
    assert states["meadow-linux-13.2-amd64-dvd.iso"] == "failed_over"
    assert states["kelp-kernel-sources-6.31.tar.xz"] == "exhausted"
    assert states["harbor-traffic-images-2026-03"] == "primary"
    known = [name for name, view in views.items() if view.counts.seeders is not None]
    assert len(known) >= 2 / 3 * len(views)


@pytest.mark.parametrize("ipv6", [True, False])
def test_at_every_moment_two_thirds_of_what_the_screen_shows_has_counts(ipv6):
    planned = {tracker.url(): tracker for tracker in TRACKERS}
    torrents = {torrent.info_hash: torrent for torrent in demo_torrents()}.values()

    def has_counts(torrent, elapsed_s):
        listed = [planned[placement.tracker.url] for placement in torrent.placements]
        return not torrent.private and any(
            state_at(t, elapsed_s).answers and torrent.name not in t.unregistered and (ipv6 or not t.is_ipv6)
            for t in listed
        )

    shares = [sum(has_counts(t, second) for t in torrents) / len(torrents) for second in range(int(CYCLE_S))]
    assert min(shares) >= 2 / 3
