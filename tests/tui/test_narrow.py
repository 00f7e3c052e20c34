"""Frames that send what changed and no more."""

from rich.console import Console
from rich.segment import Segment
from textual._compositor import ChopsUpdate
from textual.strip import Strip

from trackerwatch.tui.terminal.narrow import narrowed


def strip(text):
    return Strip([Segment(text)], len(text))


def sent(update):
    return narrowed(update).render_segments(Console(color_system=None, force_terminal=True, width=40))


def test_a_span_inside_a_pane_is_cropped_at_both_ends():
    chops = [{0: strip("0123456789"), 10: strip("abcdefghij")}]
    assert sent(ChopsUpdate(chops, [(0, 3, 6)], [[10, 20]])) == "\x1b[1;4H345"


def test_a_span_over_two_panes_takes_its_part_of_each():
    chops = [{}, {0: strip("0123456789"), 10: strip("abcdefghij")}]
    assert sent(ChopsUpdate(chops, [(1, 8, 12)], [[], [10, 20]])) == "\x1b[2;9H89\x1b[2;11Hab"


def test_whole_panes_are_sent_whole_and_hidden_ones_not_at_all():
    chops = [{0: strip("0123456789"), 10: None, 20: strip("ABC")}]
    assert sent(ChopsUpdate(chops, [(0, 0, 23)], [[10, 20, 23]])) == "\x1b[1;1H0123456789\x1b[1;21HABC"


def test_a_wide_character_at_the_edge_becomes_a_blank():
    chops = [{0: Strip([Segment("a漢b")], 4)}]
    assert sent(ChopsUpdate(chops, [(0, 2, 4)], [[4]])) == "\x1b[1;3H b"


def test_what_is_no_partial_update_is_left_alone():
    assert narrowed(None) is None
    assert narrowed("text") == "text"
