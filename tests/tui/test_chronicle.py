from tests.tui.feeds import NOW, event
from trackerwatch.engine.views import EventKind
from trackerwatch.tui.chronicle import Watchfulness, event_line


def texts(lines):
    return ["".join(span.text for span in line) for line in lines]


def some(*numbers):
    return tuple(event(n, EventKind.FAILED_OVER, f"m{n}") for n in numbers)


def test_a_line_has_time_glyph_and_message():
    assert texts([event_line(event(1, EventKind.EXHAUSTED, "3 dead", ago_s=129), NOW)]) == [" 14:00:02 x 3 dead"]


def test_long_ago_is_a_date():
    assert texts([event_line(event(1, EventKind.STARTED, "started", ago_s=86400), NOW)]) == [" 13 Mar   - started"]


def test_what_came_since_a_key_was_pressed_is_below_a_divider():
    watch = Watchfulness()
    watch.arrived(some(1, 2))
    assert watch.unseen == 0
    watch.arrived(some(3, 4))
    assert watch.unseen == 2
    lines = texts(watch.lines(some(1, 2, 3, 4), NOW))
    assert lines[2] == " -- 2 events since you last pressed a key --"
    assert len(lines) == 5


def test_the_divider_stays_while_one_looks_and_moves_with_the_next_news():
    watch = Watchfulness()
    watch.arrived(some(1))
    watch.arrived(some(2))
    watch.key_pressed()
    assert watch.unseen == 0
    assert "-- 1 event since" in texts(watch.lines(some(1, 2), NOW))[1]
    watch.arrived(some(3))
    lines = texts(watch.lines(some(1, 2, 3), NOW))
    assert [("since" in line) for line in lines] == [False, False, True, False]


def test_the_last_few_have_no_divider():
    watch = Watchfulness()
    watch.arrived(some(1))
    watch.arrived(some(2, 3))
    assert [line[-2:] for line in texts(watch.lines(some(1, 2, 3), NOW, 2))] == ["m2", "m3"]
