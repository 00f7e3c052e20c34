from dataclasses import replace

from tests.tui.feeds import before, snapshot, torrent, torrent_view, tracker
from trackerwatch.engine.views import Disabled, Mute
from trackerwatch.failover.states import FailoverState
from trackerwatch.filters import parse_filter
from trackerwatch.health.states import Health
from trackerwatch.outcome import NOTHING_KNOWN, SwarmCounts
from trackerwatch.policy.rules import Verdict
from trackerwatch.tui.model.ordering import TorrentOrdering, TorrentSort, TrackerSort, order_trackers

TRACKERS = (
    tracker(0, "udp://b.example:1/announce", torrents=5, p50_s=0.1),
    tracker(1, "udp://a.example:1/announce", torrents=9, p50_s=None),
    tracker(2, "udp://d.example:1/announce", Health.DOWN, torrents=1, since_s=10),
    tracker(3, "udp://c.example:1/announce", Health.UP, pending=2, torrents=2, since_s=None),
    tracker(4, "udp://e.example:1/announce", Health.UNKNOWN),
    tracker(5, "udp://f.example:1/announce", Health.DEGRADED),
)


def test_trackers_worst_first_then_most_torrents():
    assert order_trackers(TRACKERS, TrackerSort.WORST) == [2, 5, 3, 4, 1, 0]


def test_trackers_that_nobody_watches_any_more_are_left_out():
    trackers = (*TRACKERS[:2], replace(TRACKERS[2], retired=True), *TRACKERS[3:])
    assert order_trackers(trackers, TrackerSort.WORST) == [5, 3, 4, 1, 0]
    assert order_trackers(trackers, TrackerSort.WORST, filter_=parse_filter("state=down")) == []


def test_trackers_by_name_and_reversed():
    assert order_trackers(TRACKERS, TrackerSort.NAME) == [1, 0, 3, 2, 4, 5]
    assert order_trackers(TRACKERS, TrackerSort.NAME, reverse=True) == [5, 4, 2, 3, 0, 1]


def test_numbers_in_names_count_as_numbers():
    trackers = [tracker(n, f"udp://t{name}.example:1/announce") for n, name in enumerate((10, 9, 2))]
    assert order_trackers(trackers, TrackerSort.NAME) == [2, 1, 0]
    views = [torrent_view(n, torrent(name)) for n, name in enumerate(("disc 10", "Disc 9", "disc 2"))]
    assert _order(TorrentSort.NAME, views).order == (2, 1, 0)


def test_what_is_muted_or_switched_off_comes_last():
    off = replace(TRACKERS[2], disabled=Disabled(""))
    muted = replace(TRACKERS[5], muted=Mute(None, ""))
    assert order_trackers((*TRACKERS[:2], off, *TRACKERS[3:5], muted), TrackerSort.WORST) == [3, 4, 1, 0, 2, 5]


def test_unknown_trackers_are_last_either_way():
    assert order_trackers(TRACKERS, TrackerSort.SLOWEST)[-1] == 1
    assert order_trackers(TRACKERS, TrackerSort.SLOWEST, reverse=True)[-1] == 1
    assert order_trackers(TRACKERS, TrackerSort.SINCE)[0] == 2
    assert order_trackers(TRACKERS, TrackerSort.SINCE)[-1] == 3


def test_trackers_filtered():
    assert order_trackers(TRACKERS, TrackerSort.WORST, filter_=parse_filter("state=down")) == [2]


def _views():
    return [
        torrent_view(0, torrent("delta"), counts=SwarmCounts(5, 1, 1), since_s=None),
        torrent_view(1, torrent("Alpha"), counts=NOTHING_KNOWN, since_s=5),
        torrent_view(
            2,
            torrent("charlie"),
            Verdict.WARNING,
            counts=SwarmCounts(1, 7, 9),
            since_s=90,
            state=FailoverState.FAILED_OVER,
        ),
        torrent_view(3, torrent("bravo"), Verdict.CRITICAL, counts=SwarmCounts(0, 0, 3), since_s=50),
        torrent_view(
            4, torrent("echo"), Verdict.CRITICAL, counts=NOTHING_KNOWN, since_s=70, state=FailoverState.EXHAUSTED
        ),
        torrent_view(5, torrent("foxtrot"), Verdict.UNKNOWN, counts=NOTHING_KNOWN, since_s=None),
    ]


def _order(sort=TorrentSort.WORST, views=None, **how):
    return TorrentOrdering().order(snapshot((), _views() if views is None else views), sort, **how)


def test_torrents_open_on_what_needs_attention_worst_first():
    order = _order()
    assert order.order == (4, 3, 2)
    assert (order.matched, order.attention, order.attention_only) == (6, 3, True)


def test_all_torrents_worst_first_then_by_name():
    assert _order(attention=False).order == (4, 3, 2, 5, 1, 0)


def test_where_nothing_needs_attention_all_are_shown():
    order = _order(views=_views()[:2])
    assert order.order == (1, 0)
    assert not order.attention_only


def test_torrents_by_column_with_unknown_last_either_way():
    assert _order(TorrentSort.NAME, attention=False).order == (1, 3, 2, 0, 4, 5)
    assert _order(TorrentSort.SEEDERS, attention=False).order == (3, 2, 0, 1, 4, 5)
    assert _order(TorrentSort.SEEDERS, attention=False, reverse=True).order == (0, 2, 3, 1, 4, 5)
    assert _order(TorrentSort.LEECHERS, attention=False).order[:3] == (2, 0, 3)
    assert _order(TorrentSort.COMPLETED, attention=False).order[:3] == (2, 3, 0)
    assert _order(TorrentSort.SINCE, attention=False).order == (1, 3, 4, 2, 0, 5)


def test_filter_counts_and_selects():
    order = _order(filter_=parse_filter("seeders<3"))
    assert order.order == (3, 2)
    assert order.matched == 2
    assert _order(filter_=parse_filter("delta")).order == (0,)
    assert _order(filter_=parse_filter("nothing-like-this")).order == ()


def test_the_order_by_name_follows_new_torrents():
    ordering = TorrentOrdering()
    views = _views()[:2]
    assert ordering.order(snapshot((), views), TorrentSort.NAME).order == (1, 0)
    views.append(replace(torrent_view(2, torrent("aardvark")), since=before(1)))
    assert ordering.order(snapshot((), views), TorrentSort.NAME).order == (2, 1, 0)


def test_a_filter_shows_all_that_match_whether_they_need_attention_or_not():
    order = _order(filter_=parse_filter("delta | echo"))
    assert order.order == (4, 0)
    assert not order.attention_only


def _many(number=1700):
    """Torrents whose names run against their indices."""
    verdicts = (Verdict.OK, Verdict.WARNING, Verdict.CRITICAL)
    return snapshot(
        TRACKERS,
        [torrent_view(n, torrent(f"name {number - n}"), verdicts[n % 3], working=n % 7) for n in range(number)],
    )


def test_in_steps_it_comes_to_the_same():
    shown = _many()
    for sort in TorrentSort:
        looked_at = []

        def watched(sort=sort, looked_at=looked_at):
            steps = TorrentOrdering().steps(shown, sort, attention=False)
            while True:
                try:
                    looked_at.append(next(steps))
                except StopIteration as end:
                    return end.value

        order = watched()
        assert order == TorrentOrdering().order(shown, sort, attention=False)
        assert sorted(order.order) == list(range(1700))
        assert len(looked_at) > 10
        assert max(looked_at) <= 3 * 1700, sort


def test_steps_that_are_not_taken_to_the_end_do_no_harm():
    ordering, shown = TorrentOrdering(), _many()
    for taken in (1, 3, 6):
        steps = ordering.steps(shown, TorrentSort.NAME, attention=False)
        for _ in range(taken):
            next(steps)
    assert ordering.order(shown, TorrentSort.NAME, attention=False).order == tuple(range(1699, -1, -1))


def test_new_torrents_and_new_names_find_their_place():
    ordering = TorrentOrdering()
    views = [torrent_view(n, torrent(name)) for n, name in enumerate("bdf")]
    assert ordering.order(snapshot(TRACKERS, views), TorrentSort.NAME).order == (0, 1, 2)
    views[0] = torrent_view(0, torrent("e"))
    views += [torrent_view(3, torrent("a")), torrent_view(4, torrent("g"))]
    assert ordering.order(snapshot(TRACKERS, views), TorrentSort.NAME).order == (3, 1, 0, 2, 4)


def test_torrents_that_left_are_left_out():
    ordering, shown = TorrentOrdering(), _many(5)
    ordering.order(shown, TorrentSort.NAME)
    shown.torrents.listed = [0, 2, 4]
    assert ordering.order(shown, TorrentSort.NAME, attention=False).order == (4, 2, 0)


def test_a_filter_that_makes_full_views_takes_small_steps():
    shown = _many(60)
    full = parse_filter("why~x")
    assert full.in_full
    steps = TorrentOrdering().steps(shown, TorrentSort.NAME, filter_=full)
    seen = 0
    for cost in steps:
        assert cost <= 600
        assert len(shown.torrents.looked_at) - seen <= 5
        seen = len(shown.torrents.looked_at)
    assert seen == 60


def test_a_tracker_that_refuses_is_sorted_among_the_degraded():
    views = (
        tracker(0, "udp://a.example:1/announce"),
        tracker(1, "udp://b.example:1/announce", torrents=20, refused=20),
        tracker(2, "udp://c.example:1/announce", Health.DEGRADED, torrents=9),
        tracker(3, "udp://d.example:1/announce", Health.DOWN),
        tracker(4, "udp://e.example:1/announce", pending=1),
    )
    assert order_trackers(views, TrackerSort.WORST) == [3, 1, 2, 4, 0]
