from dataclasses import replace

from tests.tui.feeds import NOW, before, event, rich_trackers
from tests.tui.pasts import AT, GAPS, OUTAGES, moved, stretches, torrent_past, tracker_past
from trackerwatch.engine.views import EventKind
from trackerwatch.tui.lines import charts, timing
from trackerwatch.tui.lines.past import TorrentPast, TrackerPast

FOO = rich_trackers()[1]
NOT_KEPT = TrackerPast(kept=False)


def text(lines):
    return ["".join(span.text for span in line) for line in lines]


def past(**more):
    fields = {
        "day": tracker_past(outages=OUTAGES, gaps=GAPS),
        "week": tracker_past(since=AT - 7 * 86400, cells=56),
        "month": tracker_past(since=AT - 30 * 86400, cells=60, outages=OUTAGES, gaps=GAPS),
    }
    return TrackerPast(loaded=True, **(fields | more))


def test_latency_has_a_scale_an_axis_in_both_times_and_strips_with_coverage():
    lines = text(timing.tracker_time(FOO, past(), NOW, 90, 5))
    assert lines[0].startswith("  uptime      1h ")
    assert lines[1] == "  latency     p50 31ms  p95 37ms  p99 62ms  of answers in 24 h"
    assert lines[2] == "  phases      connect 20ms  exchange 50ms  p50 in 24 h"
    assert lines[4].startswith("        160ms ")
    assert lines[6].startswith("         96ms ")
    at = next(n for n, line in enumerate(lines) if line.startswith("  24 h"))
    assert lines[at].endswith("% seen 79%")
    assert lines[at + 1].split() == ["24h", "ago", "18h", "12h", "6h", "now"]
    assert lines[at + 2].split() == ["UTC", "14:02", "20:02", "02:02", "08:02", "14:02"]
    week = next(n for n, line in enumerate(lines) if line.startswith("  7 d"))
    assert lines[week + 2].split()[:3] == ["UTC", "07", "Mar"]
    assert any(line.startswith("  30 d") for line in lines)
    assert any("goes on" in line for line in lines)


def test_what_is_clipped_is_said():
    found = list(stretches("#" * 20))
    found[7] = replace(found[7], p95_s=9.0)
    history = replace(tracker_past(), stretches=tuple(found))
    lines = text(timing.latency_lines(history, NOW, 4))
    assert charts.OVER in lines[0]
    assert "^ cut off: up to 9.0s at 07:32" in lines[-1]
    calm = replace(tracker_past(), stretches=stretches("#" * 20))
    assert "cut off" not in text(timing.latency_lines(calm, NOW, 4))[-1]


def test_gaps_are_blank_and_nothing_timed_is_said():
    history = replace(tracker_past(), stretches=stretches("##  ##"))
    assert all(line[16:18] == "  " for line in text(timing.latency_lines(history, NOW, 3))[:3])
    silent = replace(tracker_past(), stretches=stretches("xxxx"))
    assert text(timing.latency_lines(silent, NOW, 3)) == ["  over time   no answer was timed"]


def test_where_little_is_known_latency_is_of_that():
    near = tracker_past(since=AT - 1800, cells=60)
    lines = text(timing.tracker_time(FOO, past(near=near), NOW, 90, 4))
    assert any(line.startswith("  30 min ") for line in lines)
    assert any(line.startswith("  24 h ") for line in lines)


def test_without_a_store_there_are_rounds_of_this_run():
    lines = text(timing.tracker_time(FOO, NOT_KEPT, NOW, 90, 5))
    assert any("not kept (no store)" in line for line in lines)
    assert any("last 40 rounds" in line for line in lines)


def test_a_strip_of_which_little_was_seen_has_no_uptime():
    day = tracker_past("#" + " " * 47)
    lines = text(timing.tracker_time(FOO, past(day=day), NOW, 90, 4))
    assert next(line for line in lines if line.startswith("  24 h")).endswith("n/a seen 2%")


def test_what_happened_is_of_this_run_and_written_down_each_once():
    told = replace(
        event(1, EventKind.STATE_CHANGED, "foo down: refused", ago_s=811, to_state="down"), tracker=FOO.tracker
    )
    other = replace(told, message="another", tracker=rich_trackers()[2].tracker)
    month = replace(
        tracker_past(),
        transitions=(
            replace(moved(86400, "recovered", "foo is up again"), to_state="up"),
            replace(moved(812, "state_changed", "foo down: refused"), to_state="down"),
        ),
    )
    lines = text(timing.happened_lines(FOO, past(month=month), (told, other), NOW))
    assert lines == ["  13:48:40     x foo down: refused", "  13 Mar 14:02 + foo is up again"]
    assert timing.happened_lines(FOO, NOT_KEPT, (), NOW)[0][0].text.startswith("  nothing yet")


def test_a_transition_without_words_is_its_states():
    silent = replace(moved(60, "state_changed", ""), from_state="unknown", to_state="up", endpoint="192.0.2.7:6969")
    plain = replace(moved(90, "exhausted", ""))
    month = replace(tracker_past(), transitions=(plain, silent))
    lines = text(timing.happened_lines(FOO, past(month=month), (), NOW))
    assert lines == ["  14:01:11     + 192.0.2.7:6969 unknown -> up", "  14:00:41     x exhausted"]


def test_only_the_latest_of_much_that_happened_is_listed():
    found = tuple(
        replace(event(n, EventKind.STATE_CHANGED, f"change {n}", ago_s=1000 - n), tracker=FOO.tracker)
        for n in range(30)
    )
    lines = text(timing.happened_lines(FOO, NOT_KEPT, found, NOW))
    assert len(lines) == timing.MOST_HAPPENED + 1
    assert lines[0].endswith("change 29")
    assert lines[-1].strip() == "and 18 before"


def seeders(*points, width=80, height=4):
    kept = TorrentPast(loaded=True, history=torrent_past(seeders=points))
    return text(timing.seeder_lines(kept, NOW, width, height))


def test_seeders_over_the_time_that_is_known():
    assert seeders((200, 4))[0] == "  seeders     over 5 min, the least of each 5s"
    assert seeders((1200, 4))[0] == "  seeders     over 30 min, the least of each 30s"
    assert seeders((3000, 4))[0] == "  seeders     over 1 h, the least of each 60s"
    assert seeders((20000, 4))[0] == "  seeders     over 6 h, the least of each 10m"
    assert seeders((80000, 4))[0] == "  seeders     over 24 h, the least of each 30m"
    assert seeders((200000, 4))[0] == "  seeders     over 7 d, the least of each 3h"
    assert seeders((2000000, 4))[0] == "  seeders     over 30 d, the least of each 12h"
    assert seeders((80000, 4), width=200)[0].endswith("the least of each 15m")


def test_the_chart_of_seeders_shows_none_and_unknown_apart():
    lines = seeders((3600, 8), (1800, 0), (1200, None), (600, 4), height=2)
    assert lines[1].startswith("            8 ██")
    low = lines[2][14:]
    assert low[:29] == "█" * 29
    assert set(low[31:39]) == {"x"}
    assert set(low[41:49]) == {" "}
    assert set(low[51:60]) == {"█"}
    assert lines[-1].strip() == "x no seeder"


def test_nothing_written_down_is_said():
    assert seeders() == ["  seeders     no count is written down yet"]
    assert "no store" in text(timing.seeder_lines(TorrentPast(kept=False), NOW, 80, 4))[0]
    assert text(timing.seeder_lines(TorrentPast(), NOW, 80, 4)) == ["  seeders     reading"]
    assert before(0) == NOW


def test_a_count_holds_until_it_changes():
    found = charts.sampled([(0.0, 5), (25.0, 2), (26.0, 9), (40.0, None)], 10.0, 60.0, 5)
    assert found == [(10.0, 5), (20.0, 2), (30.0, 9), (40.0, 9), (50.0, None)]
    assert charts.sampled([], 0.0, 10.0, 2) == [(0.0, None), (5.0, None)]
    assert charts.sampled([(1.0, 1)], 0.0, 0.0, 0) == []


def test_counts_are_bars_of_their_own_maximum():
    top, lines = charts.count_chart([None, 0, 1, 100], 2)
    assert top == 100
    assert ["".join(span.text for span in line) for line in lines] == ["   █", " x▁█"]
    assert charts.count_chart([None], 2) == (None, [])
    assert charts.count_chart([0], 1)[0] == 1
