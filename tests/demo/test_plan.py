"""trackerwatch.demo.plan: what happens at which second, without waiting for it."""

from pathlib import Path

import bencodepy
import pytest

from trackerwatch.demo.making import Format, v1_hash, v2_hash
from trackerwatch.demo.plan import BASE_PORT, BY_KEY, CYCLE_S, TRACKERS, State, Swarm, counts_at, delay_at, state_at
from trackerwatch.demo.samples import MAGNETS_FILE, all_samples, recipes, torrent_samples, unregistered_hashes
from trackerwatch.tracker import parse_tracker

SECONDS = range(int(2 * CYCLE_S) + 1)


@pytest.mark.parametrize(
    ("elapsed_s", "state"),
    [
        (0.0, State.ALIVE),
        (11.9, State.ALIVE),
        (12.0, State.DEAD),
        (31.9, State.DEAD),
        (32.0, State.ALIVE),
        (59.9, State.ALIVE),
        (60.0, State.DEAD),
        (80.0, State.ALIVE),
    ],
)
def test_the_dying_tracker_dies_and_comes_back(elapsed_s, state):
    assert state_at(BY_KEY["dying"], elapsed_s) is state


def test_one_hiccups_before_that_and_the_others_never_change():
    assert [state_at(BY_KEY["http"], s) for s in (1.9, 2.0, 6.9, 7.0)] == [
        State.ALIVE,
        State.DEAD,
        State.DEAD,
        State.ALIVE,
    ]
    changing = {t.key for t in TRACKERS if len({state_at(t, s) for s in SECONDS}) > 1}
    assert changing == {"dying", "http"}
    assert all(sum(state_at(t, s) is State.DEAD for t in TRACKERS) <= 1 for s in SECONDS)
    assert state_at(BY_KEY["slow"], 5) is State.SLOW
    assert state_at(BY_KEY["garbage"], 5) is State.GARBAGE


def test_every_port_is_its_own_and_in_the_small_range():
    ports = [parse_tracker(t.url()).port for t in TRACKERS]
    assert sorted(ports) == list(range(BASE_PORT, BASE_PORT + 10))
    assert {t.address for t in TRACKERS} == {"127.0.0.1", "::1"}


def test_urls_are_what_a_torrent_would_name():
    assert BY_KEY["udp6"].url() == "udp://[::1]:41696/announce"
    assert BY_KEY["half"].url(50000) == "http://localhost:50005/announce"
    private = parse_tracker(BY_KEY["private"].url())
    assert private.shown_url == "http://127.0.0.1:41698/…/announce"


def test_slow_is_beyond_the_limit_of_its_protocol_and_the_others_are_not():
    for second in SECONDS:
        assert 2.0 < delay_at(BY_KEY["slow"], second) < 4.0
        assert all(0 < delay_at(t, second) < 0.1 for t in TRACKERS if t.key != "slow")


def test_healthy_latency_moves():
    assert len({round(delay_at(BY_KEY["http"], second), 4) for second in range(10)}) > 5


def test_counts_move_and_stay_plausible():
    for recipe in recipes():
        info_hash = v1_hash(recipe)
        course = [counts_at(info_hash, second) for second in SECONDS]
        assert all(0 <= c.seeders < 1000 and 0 < c.leechers < 1000 and c.completed > c.seeders for c in course)
        completed = [c.completed for c in course]
        assert completed == sorted(completed)
        assert completed[-1] > completed[0]
        assert len({c.leechers for c in course}) > 1


def test_counts_are_a_pure_function():
    assert counts_at(b"a" * 20, 7.5) == counts_at(b"a" * 20, 7.5) == Swarm(49, 38, 4348)


def test_one_torrent_has_a_single_seeder_and_none_of_the_files_has_none():
    seeders = {r.name: counts_at(v1_hash(r), 20).seeders for r in recipes() if r.format is not Format.V2}
    assert [name for name, count in seeders.items() if count == 1] == ["harbor-traffic-images-2026-03"]
    assert min(seeders.values()) == 1


def _has_counts(torrent, elapsed_s, *, ipv6):
    """Whether somebody who asks every tracker of a torrent gets counts, keys not used for private ones."""
    data = bencodepy.decode(torrent.data)
    tiers = data.get(b"announce-list") or ([[data[b"announce"]]] if b"announce" in data else [])
    if data[b"info"].get(b"private"):
        return False
    name = data[b"info"][b"name"].decode()
    by_url = {t.url().encode(): t for t in TRACKERS}
    listed = [by_url[url] for tier in tiers for url in tier]
    return any(
        state_at(t, elapsed_s).answers and name not in t.unregistered and (ipv6 or not t.is_ipv6) for t in listed
    )


@pytest.mark.parametrize("ipv6", [True, False])
def test_at_every_moment_two_thirds_of_the_samples_have_counts(ipv6):
    torrents = torrent_samples()
    shares = {
        second: sum(_has_counts(torrent, second, ipv6=ipv6) for torrent in torrents) / len(torrents)
        for second in SECONDS
    }
    assert min(shares.values()) >= 2 / 3
    # The plan does something: not every moment is like every other, and not everything always works.
    assert min(shares.values()) < max(shares.values()) < 1


def test_while_it_is_dead_a_torrent_is_left_without_a_tracker():
    kelp = next(t for t in torrent_samples() if t.file_name.startswith("kelp"))
    assert [_has_counts(kelp, second, ipv6=True) for second in (11, 12, 31, 32)] == [True, False, False, True]


def test_the_unregistered_torrent_is_one_of_the_samples():
    names = {v1_hash(r): r.name for r in recipes()}
    assert [names[h] for h in unregistered_hashes("picky")] == ["driftwood-audio-archive-2025"]
    assert unregistered_hashes("http") == frozenset()


def test_every_tracker_is_listed_by_a_sample():
    everything = b"".join(s.data for s in all_samples() if s.file_name != MAGNETS_FILE)
    assert [t.key for t in TRACKERS if t.url().encode() not in everything] == []


def test_hashes_of_a_v2_torrent_are_counted_too():
    tidepool = next(r for r in recipes() if r.format is Format.V2)
    assert counts_at(v2_hash(tidepool)[:20], 0).seeders > 1


def test_the_documentation_has_every_tracker_and_the_cycle():
    page = (Path(__file__).parents[2] / "docs" / "demo.md").read_text()
    for tracker in TRACKERS:
        row = f"| {BASE_PORT + tracker.port_offset} | {tracker.protocol} on `{tracker.host}` | {tracker.story} |"
        assert row in page
    for key in ("http", "dying"):
        outage = BY_KEY[key].outage
        assert f"| {outage.starts_s:.0f} to {outage.starts_s + outage.lasts_s:.0f} |" in page
    assert f"a cycle takes {CYCLE_S:.0f} s" in page
