from trackerwatch.tui.lines.ink import Span
from trackerwatch.tui.lines.page import Fold, Layout, Listing, Row, Section, ToTorrent, ToTracker


def row(text, target=None):
    return Row((Span(text),), target, indent=2)


def listing(size, made):
    def line(index, width):
        made.append((index, width))
        return (Span(f"torrent {index}"),)

    return Listing(range(100, 100 + size), line)


def text(layout, at):
    return "".join(span.text for span in layout.line(at))


def page(width=40, size=3, made=None):
    return Layout(
        [
            Section("first", [row("one"), row("leads", ToTracker(4))]),
            Section("list", [row("head", Fold("list"))], listing(size, [] if made is None else made), [row("after")]),
            Section("last", [row("again", ToTracker(4))]),
        ],
        width,
    )


def test_lines_follow_each_other():
    layout = page()
    assert [text(layout, at) for at in range(-1, len(layout) + 1)] == [
        "",
        "one",
        "leads",
        "head",
        "torrent 100",
        "torrent 101",
        "torrent 102",
        "after",
        "again",
        "",
    ]
    assert layout.sections == [("first", 0), ("list", 2), ("last", 7)]
    assert layout.start_of("list") == 2
    assert layout.start_of("nowhere") is None
    assert [layout.section_at(at) for at in (0, 1, 2, 6, 7)] == ["first", "first", "list", "list", "last"]


def test_rows_of_a_listing_are_made_once_and_only_when_looked_at():
    made = []
    layout = page(size=10_000, made=made)
    assert len(layout) == 10_005
    assert made == []
    assert text(layout, 5000) == "torrent 5097"
    assert text(layout, 5000) == "torrent 5097"
    assert made == [(5097, 40)]
    assert layout.find(ToTorrent(9000)) == 8903
    assert made == [(5097, 40)]


def test_the_cursor_stops_where_something_leads():
    layout = page()
    assert [layout.target(at) for at in (0, 1, 2, 3, 6, 99)] == [
        None,
        ToTracker(4),
        Fold("list"),
        ToTorrent(100),
        None,
        None,
    ]
    assert layout.stop(0, 1) == 1
    assert layout.stop(6, 1) == 7
    assert layout.stop(6, -1) == 5
    assert layout.stop(8, 1) is None
    assert layout.stop(0, -1) is None
    assert layout.stop(99, -1) == 7


def test_of_several_lines_that_lead_to_one_place_the_nearest_is_found():
    layout = page()
    assert layout.find(ToTracker(4), near=0) == 1
    assert layout.find(ToTracker(4), near=7) == 7
    assert layout.find(ToTracker(5)) is None
    assert layout.find(ToTorrent(99)) is None


def test_a_wrapped_row_is_one_stop():
    layout = Layout([Section("a", [row("wide words that do not fit", ToTracker(0)), row("end")])], 12)
    assert [text(layout, at) for at in range(len(layout))] == ["wide words", "  that do", "  not fit", "end"]
    assert [layout.target(at) for at in range(4)] == [ToTracker(0), None, None, None]


def test_an_empty_page():
    layout = Layout((), 10)
    assert len(layout) == 0
    assert layout.line(0) == ()
    assert layout.stop(0, 1) is None
    assert layout.section_at(0) == ""
