from dataclasses import replace

from tests.tui.feeds import (
    A_HYBRID,
    NOW,
    answer,
    before,
    endpoint,
    problem,
    rich_torrents,
    rich_trackers,
    torrent,
    torrent_view,
    tracker,
)
from trackerwatch.engine.views import AnnounceView, AskState, Effect, Source
from trackerwatch.failover.states import Role
from trackerwatch.health.states import Health
from trackerwatch.metainfo.torrent import SwarmVersion
from trackerwatch.outcome import FailureKind, SwarmCounts
from trackerwatch.policy.rules import Rule, Verdict
from trackerwatch.tui import details
from trackerwatch.tui.ink import Ink

TRACKERS = rich_trackers()
TORRENTS = rich_torrents(TRACKERS)
URL = "udp://a.example:6969/announce"


def text(lines):
    return "\n".join("".join(span.text for span in line) for line in lines)


def test_a_down_tracker_tells_what_it_hits():
    told = text(details.tracker_lines(TRACKERS[1], NOW, 80))
    assert "x DOWN for 14m, since 13:47: refused x5: Connection refused" in told
    assert "Hits 5,120 torrents: 5,076 unaffected, 41 failed over, 3 with no tracker left" in told
    assert "last 40 rounds" in told


def test_a_tracker_never_shows_its_passkey():
    told = text(details.tracker_lines(TRACKERS[2], NOW, 80))
    assert "https://t2.bar.net/…/announce" in told
    assert "0123456789abcdef" not in told
    assert "EXPIRED 2m ago" in told


def test_a_fresh_tracker_says_that_nothing_is_known():
    fresh = tracker(
        0, URL, Health.UNKNOWN, p50_s=None, uptime=None, since_s=None, last_s=None, next_s=None, endpoints=()
    )
    told = text(
        details.tracker_lines(replace(fresh, interval_s=None, min_interval_s=None, scrape_supported=None), NOW, 80)
    )
    assert "no address known yet" in told
    assert "last ok     never" in told
    assert "scrape      not known yet" in told
    assert "interval    -  min -  not said" in told
    assert "0ms" not in told


def test_effect_of_a_working_tracker_and_of_none():
    assert "Serves 9 torrents: 9 unaffected" in text(details.tracker_lines(tracker(0, URL, torrents=9), NOW, 80))
    assert "no torrent lists it" in text(details.tracker_lines(tracker(0, URL), NOW, 80))
    odd = tracker(0, URL, Health.DOWN, torrents=2, effect=Effect(0, 0, 0, 2))
    assert "Hits 2 torrents: 2 not known yet" in text(details.tracker_lines(odd, NOW, 80))


def test_a_torrent_is_a_tree_of_tiers():
    lines = text(details.torrent_lines(TORRENTS[1], TRACKERS, NOW)).splitlines()
    assert [line.strip() for line in lines if line.startswith(" tier")] == ["tier 0", "tier 1", "tier 2"]
    at = lines.index("  └ + ACTIVE udp://tracker.example.org:1337  12/3/4,811")
    assert lines[at + 1].split() == ["scrape", "answered", "31ms,", "4s", "ago"]
    assert lines[at + 2].strip() == "+ 198.51.100.4:1337  30ms  “interval 1800”"
    assert "  └ x failed udp://tracker.foo.org:6969  ?/?/?" in lines
    assert "   why not tier 0: refused 5 times since 13:48; a client tries again in 38 s" in lines
    assert "   do mend tracker.foo.org, or move tracker.example.org up" in lines


def test_two_trackers_of_one_tier_are_branches():
    told = text(details.torrent_lines(TORRENTS[2], TRACKERS, NOW))
    assert "  ├ x failed udp://tracker.example.org:1337" in told
    assert "unregistered: Torrent not registered with this tracker" in told
    assert "  └ + ACTIVE udp://open.baz.io:1337" in told


def test_unknown_counts_are_question_marks():
    told = text(details.torrent_lines(TORRENTS[0], TRACKERS, NOW))
    assert " ? seeders  ? leechers  ? completed" in told
    assert " no tracker works; 0 of 2 trackers work" in told


def test_a_hybrid_names_both_swarms_and_hashes():
    counts = SwarmCounts(1, 2, 3)
    answers = tuple(
        replace(answer(TRACKERS[0], 0, 0, Role.ACTIVE, counts), swarm=version)
        for version in (SwarmVersion.V1, SwarmVersion.V2)
    )
    told = text(details.torrent_lines(torrent_view(0, A_HYBRID, answers=answers), TRACKERS, NOW))
    assert "udp://tracker.example.org:1337 v1  1/2/3" in told
    assert "udp://tracker.example.org:1337 v2  1/2/3" in told
    assert A_HYBRID.info_hash_v2.hex() in told
    assert "hybrid, two swarms" in told


def test_announces_show_peers_interval_warning_and_age():
    said = AnnounceView(
        AskState.ANSWERED,
        0.2,
        peers=7,
        interval_s=1800.0,
        warning="[b]slow down[/]",
        observed_at=before(300),
        source=Source.STORE,
    )
    answers = (replace(answer(TRACKERS[0], 0, 0, Role.ACTIVE, SwarmCounts(1, 2, 3)), announce=said),)
    told = text(details.torrent_lines(torrent_view(0, torrent("t"), answers=answers), TRACKERS, NOW))
    assert "announce answered  200ms, 5m ago, remembered, 7 peers, interval 30m" in told
    assert "“[b]slow down[/]”" in told


def test_sources_privacy_and_unusable_trackers():
    one = torrent(
        "t",
        private=True,
        size_bytes=None,
        sources=("a.torrent", "b.torrent"),
        unusable_trackers=("wss://x: not supported",),
    )
    told = text(
        details.torrent_lines(
            torrent_view(0, one, Verdict.WARNING, problems=(problem(Rule.NO_TRACKERS, "none"),)), (), NOW
        )
    )
    assert "about       private, v1, size unknown" in told
    assert "from        a.torrent\n              b.torrent" in told
    assert "unusable    wss://x: not supported" in told
    assert "no trackers" in told


def test_strips_have_the_height_asked_for():
    for height in (1, 3, 5):
        assert len(details.tracker_strip(TRACKERS[1], NOW, height)) == height
        for view in TORRENTS[:10]:
            assert len(details.torrent_strip(view, height)) == height


def test_a_tracker_strip_ends_in_the_effect():
    lines = details.tracker_strip(TRACKERS[1], NOW, 3)
    assert text(lines[:1]) == " x 192.0.2.7:6969  refused: Connection refused  last ok 14m ago  5 in a row"
    assert text(lines[1:2]).endswith("not counted")
    assert lines[0][0].ink is Ink.BAD
    assert text(lines[2:]).startswith(" Hits 5,120 torrents")


def test_next_try_of_an_address():
    view = tracker(0, URL, endpoints=(replace(endpoint("192.0.2.1"), next_probe_at=None),), next_s=None)
    told = text(details.tracker_lines(view, NOW, 80))
    assert "next" not in told
    assert details.tracker_title(view, NOW) == "a.example:6969 udp"
    assert details.tracker_title(replace(view, asking=True), NOW) == "a.example:6969 udp | asking now"
    assert FailureKind.TIMEOUT not in told
