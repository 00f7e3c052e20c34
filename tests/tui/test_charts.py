from datetime import UTC, datetime

from tests.tui.feeds import NOW
from tests.tui.pasts import AT, stretches
from trackerwatch.tui.lines import charts, words
from trackerwatch.tui.lines.charts import Latest, Told
from trackerwatch.tui.lines.ink import Ink, Span


def text(spans):
    return "".join(span.text for span in spans)


def clock(at):
    return words.clock(datetime.fromtimestamp(at, UTC))


def test_sparkline_pads_left_and_marks_misses():
    spans = charts.sparkline((0.001, 0.001, None, 3.0), 6)
    assert "".join(span.text for span in spans) == "  ▁▁x█"
    assert [span.ink for span in spans] == [Ink.DIM, Ink.BAR, Ink.BAD, Ink.WARN]
    assert "".join(span.text for span in charts.sparkline((0.001,) * 50, 10)) == "▁" * 10
    assert charts.sparkline((), 3) == [Span("   ", Ink.DIM)]


def test_chart_scales_to_its_maximum():
    lines = ["".join(span.text for span in line) for line in charts.chart((0.1, 0.05, None), 10, 2)]
    assert lines == ["█  ", "██x"]


def test_a_strip_tells_four_things_apart_without_colour():
    assert text(charts.strip(stretches("##-x #"))) == "██▄x·█"
    assert text(charts.strip(stretches("## "))) == "██ "
    assert text(charts.strip(stretches("#  "))) == "█··"
    assert len({told.value[0] for told in Told}) == len(Told)
    assert [span.ink for span in charts.strip(stretches("#-x  "))] == [Ink.BAR, Ink.WARN, Ink.BAD, Ink.DIM]


def test_a_stretch_that_a_later_sample_speaks_for_is_as_that_sample():
    assert text(charts.strip(stretches("#=x=- =="))) == "█xx▄▄···"
    assert charts.told(stretches("==#")) == [Told.ANSWERED] * 3


def test_a_strip_of_a_width_keeps_the_latest():
    assert text(charts.strip(stretches("x##"), 2)) == "██"
    assert text(charts.strip(stretches("x#"), 4)) == "  x█"
    assert text(charts.strip((), 3)) == "   "
    assert charts.strip(stretches("x#"), 0) == []


def test_latency_is_a_bar_to_p50_and_shade_to_p95_with_gaps_left_blank():
    top, lines = charts.latency_chart(stretches("## x#"), 3)
    assert top is not None
    told = [text(line) for line in lines]
    assert [len(line) for line in told] == [5, 5, 5]
    assert [line[2] for line in told] == [" ", " ", " "]
    assert [line[3] for line in told] == [" ", " ", "x"]
    assert told[2][0] in charts.BARS
    assert charts.SHADE in told[0] + told[1]


def test_latency_of_nothing_is_no_chart():
    assert charts.latency_chart(stretches("  xx"), 3) == (None, [])
    assert charts.latency_chart((), 3) == (None, [])


def test_one_outlier_does_not_flatten_the_rest():
    usual, odd = stretches("#########"), stretches("#", p50_s=30.0)
    top, lines = charts.latency_chart((*usual, *odd), 3)
    assert 0.1 < top < 1
    assert text(lines[0]).endswith(charts.OVER)
    assert text(lines[0]).count(charts.OVER) == 1


def test_the_axis_tells_ago_and_utc_at_the_cells_where_they_are():
    agos, times = charts.axis(stretches("#" * 48), NOW, clock)
    assert len(agos) == len(times) == 48
    assert agos.split() == ["24h", "ago", "18h", "12h", "6h", "now"]
    assert times.split() == ["14:02", "20:02", "02:02", "08:02", "14:02"]
    assert times.index("20:02") == agos.index("18h") == 12


def test_the_axis_of_a_month_has_days_and_a_narrow_one_fewer_marks():
    agos, _ = charts.axis(stretches("#" * 60, span_s=43200.0), NOW, clock)
    assert agos.split() == ["30d", "ago", "20d", "10d", "now"]
    agos, times = charts.axis(stretches("#" * 24, span_s=3600.0), NOW, clock)
    assert agos.split() == ["24h", "ago", "12h", "now"]
    assert len(times) == 24
    assert charts.axis((), NOW, clock) == ("", "")
    assert stretches("#")[-1].begin == AT - 1800


WINDOW = (AT - 10 * 30, AT)


def held(marks, latest=None, *, until=AT):
    return charts.held_strip(WINDOW, stretches(marks, until=until, span_s=30.0), 10, latest)


def test_an_answer_holds_until_the_next_is_due():
    assert text(held("", Latest(AT - 290, answered=True, until=AT - 1))) == "██████████"
    assert text(held("", Latest(AT - 140, answered=False, until=AT - 1))) == "     xxxxx"
    # Where nobody asks any more it holds no longer.
    assert text(held("", Latest(AT - 290, answered=True, until=AT - 160))) == "█████     "
    assert text(held("", None)) == " " * 10


def test_what_is_only_held_is_dim():
    assert held("", Latest(AT - 290, answered=True, until=AT - 1)) == [Span("█", Ink.BAR), Span("█" * 9, Ink.DIM)]


def test_history_goes_before_what_is_held_and_may_be_a_while_old():
    latest = Latest(AT - 115, answered=True, until=AT - 1)
    assert text(held("  xx##    ", latest)) == "··xx██████"
    # An answer of a minute ago: its end is two cells from the right.
    assert text(held("xxxxxxxx##", latest, until=AT - 60)) == "xxxxxx████"
    assert text(held("  ##      ")) == "··██····· "
