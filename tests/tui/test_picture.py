from tests.tui.feeds import Clock, HandFeed, snapshot, torrent, torrent_view, tracker
from trackerwatch.filters import parse_filter
from trackerwatch.policy.rules import Verdict
from trackerwatch.tui.model.picture import Picture

A = "udp://a.example:6969/announce"


def _picture():
    views = [torrent_view(n, torrent(f"t{n}", ((A,),)), Verdict.WARNING, why="why") for n in range(3)]
    shown = snapshot((tracker(0, A),), views)
    clock, feed = Clock(), HandFeed(shown)
    return Picture(feed, clock), feed, clock, shown


def test_views_are_made_once_until_the_torrent_changes():
    picture, feed, _, shown = _picture()
    picture.pull()
    for _ in range(3):
        picture.torrent(1)
    assert shown.torrents.looked_at == [1]
    feed.post(shown, torrents=frozenset({2}))
    picture.pull()
    picture.torrent(1)
    assert shown.torrents.looked_at == [1]
    feed.post(shown, torrents=frozenset({1}))
    picture.pull()
    picture.torrent(1)
    assert shown.torrents.looked_at == [1, 1]
    feed.post(shown, torrents=None)
    picture.pull()
    picture.torrent(1)
    assert shown.torrents.looked_at == [1, 1, 1]


def test_frozen_nothing_is_pulled_and_the_feed_keeps_it():
    picture, feed, clock, shown = _picture()
    picture.pull()
    assert picture.toggle_freeze()
    at = picture.now
    feed.post(shown)
    clock.advance(60)
    assert picture.pull() is None
    assert feed.update is not None
    assert picture.now == at
    assert not picture.toggle_freeze()
    assert picture.pull() is not None


def test_order_is_due_once_a_second_and_when_the_clock_was_set_back():
    picture, feed, clock, shown = _picture()
    assert not picture.order_is_due()
    picture.pull()
    assert picture.order_is_due()
    picture.reorder()
    feed.post(shown)
    picture.pull()
    assert not picture.order_is_due()
    clock.advance(-3600)
    assert picture.order_is_due()


def test_what_is_not_there_is_none():
    picture, *_ = _picture()
    assert picture.torrent(0) is None
    assert picture.tracker(0) is None
    picture.pull()
    assert picture.torrent(99) is None
    assert picture.tracker(0).tracker.host == "a.example"


def test_the_situation_names_the_worst_torrent():
    picture, *_ = _picture()
    picture.pull()
    picture.reorder()
    assert picture.situation().worst_torrent == "t0 (why, for 14m)"
    assert picture.situation().matched is None


def _large():
    views = [torrent_view(n, torrent(f"t{n}", ((A,),)), Verdict.WARNING) for n in range(4000)]
    shown = snapshot((tracker(0, A),), views)
    clock, feed = Clock(), HandFeed(shown)
    return Picture(feed, clock), feed, clock, shown


def test_many_torrents_are_sorted_in_parts_and_shown_when_all_are():
    picture, *_ = _large()
    picture.pull()
    picture.begin_order()
    parts = 1
    while not picture.order_on():
        parts += 1
        assert picture.ordering
        assert picture.torrent_order.order == ()
        assert picture.tracker_order == []
    assert parts > 2
    assert not picture.ordering
    assert len(picture.torrent_order.order) == 4000
    assert picture.order_on(), "nothing is left to do"


def test_new_data_waits_until_the_order_is_there_and_new_criteria_do_not():
    picture, feed, clock, shown = _large()
    picture.pull()
    picture.begin_order()
    picture.order_on()
    feed.post(shown)
    picture.pull()
    clock.advance(60)
    assert picture.ordering
    assert not picture.order_is_due()
    picture.filter = parse_filter("t39")
    picture.begin_order()
    while not picture.order_on():
        pass
    assert picture.torrent_order.matched == 111
    feed.post(shown)
    picture.pull()
    clock.advance(60)
    assert picture.order_is_due()


def test_few_torrents_are_sorted_at_one_go():
    picture, *_ = _picture()
    picture.pull()
    picture.begin_order()
    assert picture.order_on()


def test_a_filter_about_time_is_looked_at_again_though_nothing_came():
    picture, _, clock, _ = _picture()
    picture.pull()
    picture.filter = parse_filter("since>1h")
    picture.reorder()
    clock.advance(5)
    assert not picture.order_is_due()
    clock.advance(10)
    assert picture.order_is_due()


def test_on_a_slow_link_ages_move_in_steps():
    clock = Clock()
    picture = Picture(HandFeed(), clock, step_s=10.0)
    at = picture.now
    assert at.timestamp() % 10 == 0
    clock.advance(9 - clock().timestamp() % 10)
    assert picture.now == at
    clock.advance(1)
    assert (picture.now - at).total_seconds() == 10
    assert picture.real_now == clock()
