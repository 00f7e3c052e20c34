from dataclasses import replace

from tests.tui.feeds import (
    A_HYBRID,
    NOW,
    answer,
    before,
    event,
    problem,
    rich_torrents,
    rich_trackers,
    torrent,
    torrent_view,
)
from tests.tui.pasts import moved, torrent_past
from trackerwatch.engine.views import AnnounceView, AskState, Disabled, EventKind, Source
from trackerwatch.failover.states import Role
from trackerwatch.metainfo.torrent import SwarmVersion
from trackerwatch.outcome import NOTHING_KNOWN, SwarmCounts
from trackerwatch.policy.rules import Rule, Verdict
from trackerwatch.tui.lines import torrent_detail as detail
from trackerwatch.tui.lines.past import TorrentPast

TRACKERS = rich_trackers()
TORRENTS = rich_torrents(TRACKERS)
NOT_KEPT = TorrentPast(kept=False)
EMPTY = SwarmCounts(0, 0, 0)


def text(lines):
    return "\n".join("".join(span.text for span in line) for line in lines)


def test_a_torrent_is_a_tree_of_tiers():
    lines = text(detail.torrent_lines(TORRENTS[1], TRACKERS, NOW, NOT_KEPT)).splitlines()
    assert [line.strip() for line in lines if line.startswith(" tier")] == ["tier 0", "tier 1", "tier 2"]
    at = lines.index("  └ + ACTIVE udp://tracker.example.org:1337  12/3/4,811")
    assert lines[at + 1].split() == ["scrape", "answered", "31ms,", "4s", "ago"]
    assert lines[at + 2].strip() == "+ 198.51.100.4:1337  30ms  “interval 1800”"
    assert "  └ x failed udp://tracker.foo.org:6969  ?/?/?" in lines
    assert "   why not tier 0: refused 5 times since 13:48; a client tries again in 38 s" in lines
    assert "   do mend tracker.foo.org, or move tracker.example.org up" in lines


def test_two_trackers_of_one_tier_are_branches():
    told = text(detail.torrent_lines(TORRENTS[2], TRACKERS, NOW, NOT_KEPT))
    assert "  ├ x failed udp://tracker.example.org:1337" in told
    assert "unregistered: Torrent not registered with this tracker" in told
    assert "  └ + ACTIVE udp://open.baz.io:1337" in told


def test_unknown_counts_are_question_marks():
    told = text(detail.torrent_lines(TORRENTS[0], TRACKERS, NOW, NOT_KEPT))
    assert " ? seeders  ? leechers  ? completed" in told
    assert " no tracker works; 0 of 2 trackers work" in told


def test_a_hybrid_names_both_swarms_and_hashes():
    counts = SwarmCounts(1, 2, 3)
    answers = tuple(
        replace(answer(TRACKERS[0], 0, 0, Role.ACTIVE, counts), swarm=version)
        for version in (SwarmVersion.V1, SwarmVersion.V2)
    )
    told = text(detail.torrent_lines(torrent_view(0, A_HYBRID, answers=answers), TRACKERS, NOW, NOT_KEPT))
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
    told = text(detail.torrent_lines(torrent_view(0, torrent("t"), answers=answers), TRACKERS, NOW, NOT_KEPT))
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
        detail.torrent_lines(
            torrent_view(0, one, Verdict.WARNING, problems=(problem(Rule.NO_TRACKERS, "none"),)), (), NOW, NOT_KEPT
        )
    )
    assert "about       private, v1, size unknown" in told
    assert "from        a.torrent\n              b.torrent" in told
    assert "unusable    wss://x: not supported" in told
    assert "no trackers" in told


def test_strips_have_the_height_asked_for():
    for height in (1, 3, 5):
        for view in TORRENTS[:10]:
            assert len(detail.torrent_strip(view, TRACKERS, NOW, height)) == height


def test_another_client_is_named():
    view = TORRENTS[1]
    assert "walked as" not in text(detail.torrent_lines(view, TRACKERS, NOW, NOT_KEPT))
    other = replace(view, failover=replace(view.failover, client="libtorrent"))
    assert " running on a backup; 1 of 3 trackers works; walked as libtorrent" in text(
        detail.torrent_lines(other, TRACKERS, NOW, NOT_KEPT)
    )


def test_the_last_seeder_is_told_where_there_is_none_now():
    stored = TorrentPast(loaded=True, history=torrent_past(last_seeder_ago_s=3 * 86400))
    none = torrent_view(0, torrent("t"), counts=EMPTY)
    assert " last seeder seen 3d ago" in text(detail.torrent_lines(none, (), NOW, stored))
    later = replace(none, last_seeder_at=before(7300))
    assert " last seeder seen 2h ago" in text(detail.torrent_lines(later, (), NOW, stored))
    assert " no seeder was ever seen" in text(detail.torrent_lines(none, (), NOW, NOT_KEPT))
    unknown = torrent_view(0, torrent("t"), counts=NOTHING_KNOWN)
    assert "seeder was" not in text(detail.torrent_lines(unknown, (), NOW, NOT_KEPT))
    well = torrent_view(0, torrent("t"))
    assert "last seeder" not in text(detail.torrent_lines(well, (), NOW, stored))


def test_the_timeline_is_stored_moves_and_those_of_this_run():
    one = torrent("t")
    stored = TorrentPast(loaded=True, history=torrent_past(moved(9000, "failed_over", "foo -> bar")))
    events = (
        replace(event(1, EventKind.FAILED_OVER, "foo -> bar", ago_s=9001), torrent=one),
        replace(event(2, EventKind.PROMOTED, "back on foo", ago_s=600), torrent=one),
        replace(event(3, EventKind.PROMOTED, "another", ago_s=500), torrent=torrent("other")),
        replace(event(4, EventKind.PROBLEM_OPENED, "one seeder", ago_s=400), torrent=one),
    )
    lines = text(detail.torrent_lines(torrent_view(0, one), (), NOW, stored, events)).splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("  moves"))
    assert lines[at : at + 3] == [
        "  moves       13:52:11 + back on foo  now, for 10m",
        "              11:32:11 ! foo -> bar  for 2h",
        "",
    ]


def test_the_strip_says_what_fails_and_when_it_is_tried_next():
    second = text(detail.torrent_strip(TORRENTS[1], TRACKERS, NOW, 3)).splitlines()[1]
    assert second == " tracker.foo.org:6969 refused since 13:47, next try in 38s"
    # Nothing works: the one that is tried soonest.
    assert text([detail.next_try(TORRENTS[0], TRACKERS, NOW)]) == second
    asking = [replace(view, asking=True) for view in TRACKERS]
    assert text([detail.next_try(TORRENTS[0], asking, NOW)]).endswith("since 13:47, asking now")
    off = [replace(view, disabled=Disabled("")) for view in TRACKERS]
    assert text([detail.next_try(TORRENTS[0], off, NOW)]).endswith(", not asked: you disabled it")


def test_a_torrent_that_is_refused_says_so_of_a_tracker_that_is_up():
    told = text([detail.next_try(TORRENTS[2], TRACKERS, NOW)])
    assert told == " tracker.example.org:1337 unregistered, next try in 14m"


def test_a_torrent_that_is_well_says_when_it_is_asked_next():
    view = torrent_view(0, torrent("t"), answers=(answer(TRACKERS[0], 0, 0, Role.ACTIVE, EMPTY),))
    assert text([detail.next_try(view, TRACKERS, NOW)]) == " tracker.example.org:1337, asked next in 14m"
    assert detail.next_try(torrent_view(0, torrent("t")), TRACKERS, NOW) == ()
