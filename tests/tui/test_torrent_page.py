from dataclasses import replace

from tests.tui.feeds import (
    A_HYBRID,
    EXAMPLE,
    FOO,
    NOW,
    answer,
    before,
    problem,
    rich_torrents,
    rich_trackers,
    torrent,
    torrent_view,
)
from tests.tui.pasts import moved, torrent_past
from trackerwatch import meanings
from trackerwatch.engine.views import AnnounceView, AskState
from trackerwatch.failover.states import Role
from trackerwatch.outcome import Failure, FailureKind, Phase, SwarmCounts
from trackerwatch.policy.rules import Rule, Verdict
from trackerwatch.tui.lines import torrent_page as page
from trackerwatch.tui.lines.ink import line_width
from trackerwatch.tui.lines.page import ToTracker
from trackerwatch.tui.lines.past import TorrentPast

TRACKERS = rich_trackers()
TORRENTS = rich_torrents(TRACKERS)
NOT_KEPT = TorrentPast(kept=False)


def text(section):
    return ["".join(span.text for span in row.line) for row in section.rows]


def test_the_verdict_is_a_sentence_and_says_what_it_means():
    lines = text(page.state_section(TORRENTS[1], NOT_KEPT, NOW))
    assert lines[0] == " ! BACKUP (warning) for 14m: foo refused; last one left"
    assert lines[1] == f" means {meanings.meaning(Rule.FAILED_OVER).means}"
    assert lines[2] == " 12 seeders  3 leechers  4,811 completed  most that any tracker tells"
    assert "   do mend tracker.foo.org, or move tracker.example.org up" in lines
    assert " running on a backup; 1 of 3 trackers works" in lines
    unknown = text(page.state_section(TORRENTS[5], NOT_KEPT, NOW))
    assert f" means {meanings.meaning(Verdict.UNKNOWN).means}" in unknown
    fine = text(page.state_section(torrent_view(0, torrent("t")), NOT_KEPT, NOW))
    assert fine[0] == " + OK (ok) for 14m"
    assert not any(line.startswith(" means") for line in fine)


def test_every_tracker_of_the_tree_leads_to_its_screen():
    section = page.trackers_section(TORRENTS[1], TRACKERS, NOW, 80)
    assert text(section)[0].startswith("── 2 Trackers: 1 of 3 work ─")
    assert text(section)[1] == " tier 0  (counts are seeders/leechers/completed)"
    assert " tier 1  in use" in text(section)
    assert [(row.target, row.line[1].text.strip()) for row in section.rows if row.target] == [
        (ToTracker(1), "x failed"),
        (ToTracker(0), "+ ACTIVE"),
        (ToTracker(2), "x failed"),
    ]


def test_announces_are_told_word_for_word():
    refusal = Failure(FailureKind.FAILURE_REASON, Phase.EXCHANGE, "[b]come back later[/]")
    failed = AnnounceView(AskState.FAILED, failure=refusal, observed_at=before(60), warning="old client")
    worked = AnnounceView(AskState.ANSWERED, 0.2, peers=7, interval_s=1800.0, min_interval_s=900.0)
    counts = SwarmCounts(1, 2, 3)
    answers = (
        replace(answer(TRACKERS[0], 0, 0, Role.FAILED, counts), announce=failed),
        replace(answer(TRACKERS[3], 0, 1, Role.ACTIVE, counts), announce=worked),
    )
    lines = text(page.trackers_section(torrent_view(0, torrent("t"), answers=answers), TRACKERS, NOW, 80))
    assert any("announce failed says no: [b]come back later[/]  60s ago" in line for line in lines)
    assert any("warning  “old client”" in line for line in lines)
    assert any("announce answered  200ms, 7 peers, interval 30m, min 15m" in line for line in lines)


def test_tiers_that_were_not_asked_are_listed_all_the_same():
    view = torrent_view(0, torrent("t", ((FOO,), (EXAMPLE,), ("udp://new.example:1/a",))))
    section = page.trackers_section(view, TRACKERS, NOW, 80)
    assert text(section)[1:5] == [
        "  not asked yet",
        "  tier 0  udp://tracker.foo.org:6969",
        "  tier 1  udp://tracker.example.org:1337",
        "  tier 2  udp://new.example:1",
    ]
    assert [row.target for row in section.rows[2:5]] == [ToTracker(1), ToTracker(0), None]
    none = text(page.trackers_section(torrent_view(0, torrent("t"), working=0), TRACKERS, NOW, 80))
    assert none[0].startswith("── 2 Trackers ─")
    assert none[1] == "  it lists no tracker"


def test_time_is_seeders_and_moves():
    past = TorrentPast(loaded=True, history=torrent_past(moved(811, "failed_over", "foo -> bar"), seeders=[(3000, 4)]))
    lines = text(page.time_section(TORRENTS[1], past, (), NOW, width=80, height=4))
    assert lines[0].startswith("── 3 Time ─")
    assert lines[1] == "  seeders     over 1 h, the least of each 60s"
    assert any("13:48:40 ! foo -> bar  now, for 13m" in line for line in lines)


def test_about_holds_hashes_sizes_and_sources_without_keys():
    view = torrent_view(
        0,
        replace(
            A_HYBRID,
            private=True,
            source_tag="[b]tag[/]",
            sources=("/srv/a.torrent", "https://x.example/b.torrent"),
            web_seeds=("https://u:secret@w.example/x", "https://w2.example/y"),
            unusable_trackers=("wss://x: not supported",),
        ),
    )
    lines = text(page.about_section(view, 80))
    assert f"  info hash   {A_HYBRID.info_hash_hex}" in lines
    assert f"  v2 hash     {A_HYBRID.info_hash_v2.hex()}" in lines
    assert "  size        4.4 GiB  4,718,592,000 bytes" in lines
    assert "  kind        hybrid: two swarms, asked apart" in lines
    assert "  private     yes (BEP 27): asked only as far as you allow" in lines
    assert "  source tag  [b]tag[/]" in lines
    assert "  from        /srv/a.torrent" in lines
    assert "              https://x.example/b.torrent" in lines
    assert "  unusable    wss://x: not supported" in lines
    assert not any("secret" in line for line in lines)
    small = text(page.about_section(torrent_view(0, torrent("t", size_bytes=None)), 80))
    assert "  size        size unknown" in small
    assert "  web seeds   none listed" in small


def test_the_title_is_cropped_and_keeps_the_state():
    view = torrent_view(0, torrent("🎬" * 200), Verdict.CRITICAL, problems=(problem(Rule.EXHAUSTED, "x"),))
    for width in (20, 40, 80, 200):
        line = page.title(view, NOW, width)
        assert line_width(line) <= width
        assert line[-1].text == " x EXHAUST "
