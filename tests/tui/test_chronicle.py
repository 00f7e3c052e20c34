from dataclasses import replace
from datetime import timedelta

from tests.tui.feeds import NOW, event
from trackerwatch.engine.views import EventKind
from trackerwatch.tui.lines.chronicle import IDLE_S, Watchfulness, entries, event_line, full_line

LATER = NOW + timedelta(minutes=14)


def texts(lines):
    return ["".join(span.text for span in line) for line in lines]


def some(*numbers):
    return tuple(event(n, EventKind.FAILED_OVER, f"m{n}") for n in numbers)


def in_pane(watch, events, now):
    """What the events pane shows, event by event."""
    kinds = (EventKind.FAILED_OVER, EventKind.PROMOTED)
    apart = [replace(one, kind=kinds[one.number % 2]) for one in events]
    return texts(entry.line for entry in entries(apart, wide=False, news=watch.news(apart, now)))


def watched(*numbers):
    """Somebody pressed a key after these."""
    watch = Watchfulness()
    watch.arrived(some(*numbers), NOW)
    watch.key_pressed(NOW)
    return watch


def test_a_line_has_time_glyph_and_message():
    assert texts([event_line(event(1, EventKind.EXHAUSTED, "3 dead", ago_s=129), NOW)]) == [" 14:00:02 x 3 dead"]


def test_long_ago_is_a_date():
    assert texts([event_line(event(1, EventKind.STARTED, "started", ago_s=86400), NOW)]) == [" 13 Mar   - started"]


def test_what_came_while_keys_rested_is_below_a_divider():
    watch = watched(1, 2)
    assert watch.unseen(LATER) == 0
    watch.arrived(some(3, 4, 5), LATER)
    assert watch.unseen(LATER) == 3
    lines = in_pane(watch, some(1, 2, 3, 4, 5), LATER)
    assert lines[2] == "-- since you last pressed a key, 14m ago: 3 events --"
    assert len(lines) == 6


def test_who_presses_keys_is_told_of_no_news():
    watch = watched(1)
    soon = NOW + timedelta(seconds=IDLE_S)
    watch.arrived(some(2), soon)
    assert watch.unseen(soon) == 0
    assert not watch.key_pressed(soon)
    assert not any("since" in line for line in in_pane(watch, some(1, 2), soon))
    assert watch.unseen(LATER) == 0


def test_an_event_that_is_seen_late_is_news_once_keys_have_rested():
    watch = watched(1)
    watch.arrived(some(2), NOW + timedelta(seconds=5))
    assert watch.unseen(NOW + timedelta(seconds=6)) == 0
    assert watch.unseen(LATER) == 1


def test_the_divider_stays_while_one_looks_and_moves_with_the_next_news():
    watch = watched(1)
    watch.arrived(some(2), LATER)
    assert watch.key_pressed(LATER)
    assert watch.unseen(LATER) == 0
    assert "14m ago: 1 event --" in in_pane(watch, some(1, 2), LATER)[1]
    assert not watch.key_pressed(LATER)
    assert "14m ago: 1 event --" in in_pane(watch, some(1, 2), LATER)[1]
    later = LATER + timedelta(seconds=300)
    watch.arrived(some(3), later)
    lines = in_pane(watch, some(1, 2, 3), later)
    assert [("since" in line) for line in lines] == [False, False, True, False]
    assert "5m ago: 1 event" in lines[2]


def test_what_was_there_at_the_start_is_no_news():
    watch = Watchfulness()
    watch.arrived(some(1, 2, 3), NOW)
    assert watch.unseen(LATER) == 0
    assert watch.marks(LATER) == (0, "")


def test_marks_change_with_news_and_with_their_age():
    watch = watched(1)
    watch.arrived(some(2), NOW)
    assert watch.marks(LATER) == (1, "")
    watch.key_pressed(LATER)
    assert watch.marks(LATER) == (0, "14m ago")
    assert watch.marks(LATER + timedelta(minutes=1)) == (0, "15m ago")


def test_the_last_few_have_no_divider():
    watch = watched(1)
    watch.arrived(some(2, 3), LATER)
    assert [line[-2:] for line in texts(watch.lines(some(1, 2, 3), LATER, 2))] == ["m2", "m3"]


def burst(*numbers, apart_s=5.0, kind=EventKind.FAILED_OVER):
    return tuple(event(n, kind, f"m{n}", ago_s=1000 - n * apart_s) for n in numbers)


def shown(events, **more):
    return [(entry.key, texts([entry.line])[0]) for entry in entries(events, wide=False, **more)]


def test_a_full_line_has_the_whole_date_where_there_is_room():
    one = event(1, EventKind.EXHAUSTED, "3 dead", ago_s=129)
    assert texts([full_line(one, wide=True), full_line(one, wide=False)]) == [
        " 2026-03-14 14:00:02 x 3 dead",
        " 14 Mar 14:00:02 x 3 dead",
    ]


def test_a_burst_is_one_line_until_it_is_unfolded():
    events = (*burst(1, 2, 3, 4, 5), *burst(6, kind=EventKind.PROMOTED))
    assert shown(events) == [(-1, " 14 Mar 13:45:56 ! [+4 more] m5"), (6, " 14 Mar 13:46:01 + m6")]
    unfolded = shown(events, unfolded={-1})
    assert unfolded[0] == (-1, " 14 Mar 13:45:56 ! [-] 5 of a kind within 20s: m5")
    assert unfolded[1] == (1, " 14 Mar 13:45:36   ! m1")
    assert [key for key, _ in unfolded] == [-1, 1, 2, 3, 4, 5, 6]


def test_few_or_slow_or_various_events_are_no_burst():
    assert [key for key, _ in shown(burst(1, 2, 3))] == [1, 2, 3]
    assert [key for key, _ in shown(burst(1, 2, 3, 4, apart_s=31))] == [1, 2, 3, 4]
    various = [replace(one, to_state=str(one.number)) for one in burst(1, 2, 3, 4)]
    assert [key for key, _ in shown(various)] == [1, 2, 3, 4]


def test_news_begin_a_burst_of_their_own():
    keys = [key for key, _ in shown(burst(*range(1, 10)), news=(4, "-- news --"))]
    assert keys == [-1, None, -5]


def test_news_of_which_the_filter_leaves_only_the_end_still_have_their_line():
    lines = shown(burst(1, 9, apart_s=40), news=(4, "-- news --"))
    assert [key for key, _ in lines] == [1, None, 9]
    assert [key for key, _ in shown(burst(9, 10), news=(4, "-- news --"))] == [9, 10]


def test_a_narrow_pane_spares_the_date_of_today():
    one = event(1, EventKind.EXHAUSTED, "3 dead", ago_s=129)
    today = NOW.date()
    assert texts([full_line(one, wide=False, today=today)]) == [" 14:00:02 x 3 dead"]
    assert texts([full_line(one, wide=False, today=today - timedelta(days=1))]) == [" 14 Mar 14:00:02 x 3 dead"]
    assert texts([full_line(one, wide=True, today=today)]) == [" 2026-03-14 14:00:02 x 3 dead"]
    assert texts(entry.line for entry in entries([one], wide=False, today=today)) == [" 14:00:02 x 3 dead"]
