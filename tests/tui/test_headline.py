from dataclasses import replace

import pytest

from tests.tui.feeds import NOW, before, rich_snapshot, snapshot, torrent, torrent_view, tracker
from tests.tui.feeds import problem as found
from trackerwatch.engine.views import Disabled, Effect, LocalState, Mute, OrderSource, OurselvesView
from trackerwatch.failover.states import FailoverState
from trackerwatch.health.states import Health
from trackerwatch.outcome import FailureKind
from trackerwatch.policy.rules import Rule, Verdict
from trackerwatch.tui.lines.headline import Situation, header, ourselves, problem
from trackerwatch.tui.lines.ink import Ink, line_width

HERE = Situation(now=NOW)
FOO = "udp://tracker.foo.org:6969/announce"


def text(line):
    return "".join(span.text for span in line).strip()


def down(effect, **more):
    return tracker(0, FOO, Health.DOWN, torrents=50, kind=FailureKind.REFUSED, since_s=852, effect=effect, **more)


def torrents(dead=0, moved=0, well=0, odd=0):
    kinds = [(Verdict.CRITICAL, FailoverState.EXHAUSTED)] * dead + [
        (Verdict.WARNING, FailoverState.FAILED_OVER)
    ] * moved
    kinds += [(Verdict.OK, FailoverState.PRIMARY)] * well + [(Verdict.WARNING, FailoverState.PRIMARY)] * odd
    return [torrent_view(n, torrent(f"t{n}"), verdict, state=state) for n, (verdict, state) in enumerate(kinds)]


def test_problem_names_effect_and_cause():
    line = problem(snapshot((down(Effect(6, 41, 3, 0)),), torrents(3, 41, 6)), HERE, 160)
    assert text(line) == (
        "x 3 torrents have NO working tracker, 41 run on a backup.  Cause: tracker.foo.org:6969 refused since 13:47 (14m)"
    )


def test_problem_fits_80_columns_and_still_names_the_cause():
    line = problem(rich_snapshot(), HERE, 80)
    assert line_width(line) <= 80
    assert "1 torrent has NO" in text(line)
    assert "tracker.foo.org:6969 refused" in text(line)
    assert text(line).endswith("+1 more")


@pytest.mark.parametrize("width", [20, 40, 60, 80, 120, 160, 240])
def test_header_fits(width):
    busy = Situation(now=NOW, paused_at=before(3), matched=3, filter_text="x", loading="loading 5 of 9")
    line = header(rich_snapshot(lateness_s=99.0), busy, width)
    assert line_width(line) <= max(width, len(" PAUSED 3s"))


def test_only_backups():
    line = problem(snapshot((down(Effect(0, 1, 0, 0)),), torrents(moved=1)), HERE, 120)
    assert text(line).startswith("! 1 torrent runs on a backup tracker.  Cause: tracker.foo.org:6969 refused")


def test_a_down_tracker_that_hits_nothing():
    line = problem(snapshot((down(Effect(50, 0, 0, 0)),), torrents(well=2)), HERE, 120)
    assert text(line).startswith("x 1 tracker down; no torrent is hit.  Cause: tracker.foo.org:6969 refused")


def test_torrents_in_trouble_without_a_tracker_to_blame():
    told = replace(HERE, worst_torrent="t0 (no seeder)")
    line = problem(snapshot((tracker(0, FOO),), torrents(odd=2)), told, 120)
    assert text(line) == "! 2 torrents need attention. Worst: t0 (no seeder)"


def test_retries_come_before_all_is_well():
    line = problem(
        snapshot((tracker(0, FOO, pending=1, kind=FailureKind.TIMEOUT, next_s=15),), torrents(well=1)), HERE, 120
    )
    assert text(line) == "~ tracker.foo.org:6969: timeout, 1 of 3 before it is down; asked again in 15s"


def test_all_is_well():
    assert (
        text(problem(snapshot((tracker(0, FOO),), torrents(well=12)), HERE, 80))
        == "+ all is well: 12 torrents, 1 tracker up"
    )


def test_nothing_known_yet_is_not_well():
    fresh = snapshot(
        (tracker(0, FOO, Health.UNKNOWN),),
        [torrent_view(0, torrent("t"), Verdict.UNKNOWN, state=FailoverState.UNKNOWN)],
    )
    assert text(problem(fresh, HERE, 80)) == "? asking 1 tracker, nothing known yet"
    assert text(problem(None, replace(HERE, loading="loading 5 of 9"), 80)) == "? loading 5 of 9"


def test_half_known_says_how_much():
    views = [*torrents(well=1), torrent_view(1, torrent("u"), Verdict.UNKNOWN, state=FailoverState.UNKNOWN)]
    line = problem(snapshot((tracker(0, FOO),), views), HERE, 80)
    assert text(line) == "? no problem so far: 1 of 2 torrents known, 1 tracker up"


OFFLINE = OurselvesView(LocalState.OFFLINE, before(7290), "no route to anywhere")


def test_our_own_outage_and_our_own_faults_come_first():
    line = text(problem(rich_snapshot(ourselves=OFFLINE), HERE, 120))
    assert line == (
        "x OFFLINE here since 12:00: nothing is judged (no route to anywhere); check your network, asking goes on by itself"
    )
    assert text(problem(rich_snapshot(ourselves=OFFLINE), HERE, 80)) == line.partition(";")[0]
    assert "OFFLINE 2h" in text(header(rich_snapshot(ourselves=OFFLINE), HERE, 40))
    assert text(problem(rich_snapshot(), replace(HERE, broken="asking has stopped"), 120)) == "x asking has stopped"


def test_blocked_udp_and_an_unwritten_history_hide_nothing():
    shown = rich_snapshot(ourselves=OurselvesView(LocalState.UDP_BLOCKED, before(120), "", "the disk is full"))
    assert [text(line) for line in ourselves(shown, NOW)] == [
        "! UDP blocked here? since 14:00: udp trackers are not judged; `trackerwatch doctor` tells more",
        "! history is not written down: the disk is full; `trackerwatch doctor` tells more",
    ]
    assert text(problem(shown, HERE, 80)).startswith("x 1 torrent has NO")
    assert ourselves(rich_snapshot(), NOW) == []
    assert ourselves(None, NOW) == []
    assert ourselves(rich_snapshot(ourselves=OFFLINE), NOW) == []


def test_a_resolver_that_fails_is_told_too():
    shown = rich_snapshot(ourselves=OurselvesView(LocalState.NO_NAMES, before(120), ""))
    (line,) = ourselves(shown, NOW)
    assert text(line).startswith("! no name resolves here since 14:00: trackers are asked where they were last; `tr")


def test_an_old_picture_says_so_and_what_to_do():
    old = rich_snapshot(newest_data_at=before(3000))
    (line,) = ourselves(old, NOW)
    assert text(line) == "! nothing was heard since 13:12 (50m): this may be over; r asks now"
    # Our own outage explains it.
    assert ourselves(rich_snapshot(newest_data_at=before(3000), ourselves=OFFLINE), NOW) == []


def test_a_frozen_picture_says_how_it_goes_on():
    frozen = replace(HERE, paused_at=before(3))
    assert "PAUSED 3s, p goes on" in text(header(rich_snapshot(), frozen, 120))
    assert "PAUSED 3s" in text(header(rich_snapshot(), frozen, 80))


def test_a_muted_tracker_is_no_cause():
    mute = Mute(None, "")
    views = (down(Effect(9, 0, 0, 0), muted=mute), tracker(1, FOO, pending=1, muted=mute))
    assert text(problem(snapshot(views, torrents(well=1)), HERE, 80)) == "+ all is well: 1 torrent, 1 tracker up"


@pytest.mark.parametrize("aside", [{"disabled": Disabled("")}, {"retired": True}])
def test_a_tracker_that_is_off_or_watched_no_more_is_no_cause(aside):
    views = (down(Effect(9, 3, 1, 0), **aside), tracker(1, FOO, Health.DOWN, kind=FailureKind.TIMEOUT))
    told = text(problem(snapshot(views, torrents(dead=1, moved=3, well=1)), HERE, 160))
    assert told == "x 1 torrent has NO working tracker, 3 run on a backup"
    told = text(problem(snapshot(views, torrents(well=1)), HERE, 160))
    assert told.startswith("x 1 tracker down; no torrent is hit.  Cause: ")
    assert "timeout" in told


def test_header_names_the_client_and_what_is_new():
    busy = rich_snapshot(client="libtorrent")
    assert "3 new since you looked   as libtorrent" in text(header(busy, replace(HERE, unseen=3), 160))
    assert text(header(busy, replace(HERE, unseen=3), 100)).count("3 new  as libtorrent") == 1
    assert " as " not in text(header(rich_snapshot(), HERE, 160))
    assert " new" not in text(header(rich_snapshot(), HERE, 160))


def test_header_says_paused_stale_and_filter_in_words():
    old = rich_snapshot(newest_data_at=before(3000))
    line = text(header(old, replace(HERE, paused_at=before(7), matched=26), 160))
    assert "PAUSED 7s" in line
    assert "STALE" in line
    assert "filter 26/200" in line
    assert "STALE" not in text(header(rich_snapshot(), HERE, 160))


def test_header_at_80():
    assert (
        text(header(rich_snapshot(), HERE, 80))
        == "trackers 14: 2 down 1 degr 1 retry 10 up  torrents 200: 2 crit 24 warn  age 4s"
    )


def test_a_tracker_that_is_up_and_refuses_torrents_is_a_cause_too():
    up = tracker(1, "udp://up.example:1/announce", torrents=9, effect=Effect(8, 1, 0, 0))
    line = problem(snapshot((down(Effect(0, 1, 0, 0)), up), torrents(moved=2)), HERE, 160)
    assert "up.example:1 refuses 1 torrent" in text(line)
    assert "tracker.foo.org:6969 refused" in text(line)
    alone = text(problem(snapshot((up,), torrents(moved=1)), HERE, 160))
    assert alone == "! 1 torrent runs on a backup tracker.  Cause: up.example:1 refuses 1 torrent"


def test_a_tracker_that_refuses_its_torrents_is_no_well_one():
    refusing = tracker(0, FOO, torrents=20, refused=20, refused_kind=FailureKind.UNREGISTERED)
    shown = snapshot((refusing, tracker(1, "udp://b.example:1/announce")))
    assert text(problem(shown, HERE, 80)) == "! tracker.foo.org:6969 refuses 20/20: unregistered"
    assert "trackers 2: 1 refuses 1 up" in text(header(shown, HERE, 80))
    hurt = snapshot((refusing,), torrents(odd=20))
    told = "! 20 torrents need attention. Cause: tracker.foo.org:6969 refuses 20/20: unregistered"
    assert text(problem(hurt, HERE, 120)) == told
    few = snapshot((replace(refusing, refused=9),))
    assert "all is well" in text(problem(few, HERE, 80))


def test_failures_that_are_not_believed_yet_are_counted_apart():
    shown = snapshot((tracker(0, FOO, pending=2, kind=FailureKind.TIMEOUT), tracker(1, "udp://b.example:1/announce")))
    assert "trackers 2: 1 retry 1 up" in text(header(shown, HERE, 80))
    assert "trackers 2: 1 retrying 1 up" in text(header(shown, HERE, 160))


def test_lag_is_told_where_there_is_some():
    assert "lag" not in text(header(snapshot((tracker(0, FOO),), lateness_s=1.9), HERE, 160))
    assert "lag 2.1s" in text(header(snapshot((tracker(0, FOO),), lateness_s=2.1), HERE, 160))


def test_disabled_trackers_are_told_as_that_alone():
    off = tracker(0, FOO, Health.UNKNOWN, disabled=Disabled("", OrderSource.HAND), muted=Mute(None, ""))
    told = header(snapshot((off, tracker(1, "udp://b.example:1/announce"))), HERE, 120)
    assert "trackers 2: 1 up 1 disabled" in text(told)


def test_a_tracker_that_nobody_watches_any_more_is_not_counted():
    gone = tracker(1, "udp://b.example:1/announce", Health.UNKNOWN, retired=True)
    assert "trackers 1: 1 up" in text(header(snapshot((tracker(0, FOO), gone)), HERE, 120))


def test_muted_trackers_make_no_problem_line_and_are_told_as_muted():
    muted = down(Effect(4, 12, 4, 0), muted=Mute(None, ""))
    shown = snapshot((muted, tracker(1, "udp://b.example:1/announce")), torrents(dead=4, moved=12, well=4))
    well = replace(shown.totals, torrents_by_verdict={Verdict.OK: 20}, broken={})
    shown = replace(shown, totals=well)
    assert text(problem(shown, HERE, 120)) == "+ all is well: 20 torrents, 1 tracker up"
    told = header(shown, HERE, 160)
    assert "trackers 2: 1 up 1 muted" in text(told)
    assert next(span.ink for span in told if "muted" in span.text) is Ink.DIM
    only_moved = replace(shown, totals=replace(well, broken={Rule.FAILED_OVER: 2}))
    assert text(problem(only_moved, HERE, 120)) == "! 2 torrents run on a backup tracker"


def test_a_move_within_a_tier_is_no_problem():
    shown = snapshot((tracker(0, FOO), tracker(1, "udp://b.example:1/announce")), torrents(moved=2))
    shown = replace(shown, totals=replace(shown.totals, torrents_by_verdict={Verdict.OK: 2}, broken={}))
    assert text(problem(shown, HERE, 80)) == "+ all is well: 2 torrents, 2 trackers up"


def seedless(*others):
    views = [torrent_view(9, torrent("s"), Verdict.CRITICAL, problems=(found(Rule.NO_SEEDERS, "nobody has it all"),))]
    return [*views, *others]


def test_a_lack_of_seeders_comes_first_and_has_no_tracker_to_blame():
    shown = snapshot((down(Effect(0, 2, 0, 0)),), seedless(*torrents(moved=2)))
    assert text(problem(shown, HERE, 160)) == (
        "x 1 torrent without a seeder; 2 run on a backup: tracker.foo.org:6969 refused since 13:47 (14m)"
    )
    assert text(problem(shown, HERE, 60)) == "x 1 no seeder; 2 on backup: tracker.foo.org:6969 refused"
    both = snapshot((down(Effect(0, 2, 1, 0)),), seedless(*torrents(dead=1, moved=2)))
    assert text(problem(both, HERE, 160)).endswith(
        "Cause: tracker.foo.org:6969 refused since 13:47 (14m); 1 without a seeder"
    )
    unhurt = snapshot((down(Effect(9, 0, 0, 0)),), seedless())
    assert text(problem(unhurt, HERE, 120)).startswith(
        "x 1 torrent without a seeder; 1 tracker down: tracker.foo.org:6969 refused"
    )
    told = text(problem(snapshot((tracker(0, FOO),), seedless()), replace(HERE, worst_torrent="s (no seeder)"), 120))
    assert told == "x 1 torrent without a seeder. Worst: s (no seeder)"
