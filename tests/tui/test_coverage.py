from dataclasses import replace

import pytest

from tests.tui.feeds import EXAMPLE, FOO, NOW, answer, before, torrent, torrent_view, tracker
from trackerwatch.engine.views import AnnounceView, AskState, Disabled, Mute, ScrapeView
from trackerwatch.failover.states import Role
from trackerwatch.health.states import Health
from trackerwatch.metainfo import SwarmVersion
from trackerwatch.outcome import NOTHING_KNOWN, FailureKind, SwarmCounts
from trackerwatch.tui.lines import coverage
from trackerwatch.tui.lines.coverage import Cell, Kind, cell_span, cells, disagrees, explain, row_cells
from trackerwatch.tui.lines.ink import Ink, line_width

A, B, C = (tracker(n, f"udp://t{n}.example:6969/announce") for n in range(3))


def seeders(view, number):
    return answer(view, 0, 0, Role.BACKUP, SwarmCounts(number, None, None))


def failed(view, kind, said=""):
    return answer(view, 0, 0, Role.FAILED, NOTHING_KNOWN, kind, said)


def unasked(view):
    skipped = replace(answer(view, 0, 0, Role.UNTRIED, NOTHING_KNOWN), scrape=ScrapeView(AskState.SKIPPED))
    return replace(skipped, announce=AnnounceView(AskState.SKIPPED))


def of(*answers, **more):
    tiers = tuple((each.tracker.url,) for each in answers)
    return torrent_view(0, torrent("t", tiers, **more), answers=answers)


def kinds(*answers):
    return {index: cell.kind for index, cell in cells(of(*answers)).items()}


def test_who_tells_of_about_as_many_seeders_agrees():
    assert kinds(seeders(A, 40), seeders(B, 10)) == {0: Kind.REGISTERED, 1: Kind.REGISTERED}


def test_who_tells_of_far_fewer_disagrees():
    assert kinds(seeders(A, 41), seeders(B, 10)) == {0: Kind.REGISTERED, 1: Kind.DIFFERS}
    assert kinds(seeders(A, 1), seeders(B, 0)) == {0: Kind.REGISTERED, 1: Kind.DIFFERS}
    assert kinds(seeders(A, 0), seeders(B, 0)) == {0: Kind.REGISTERED, 1: Kind.REGISTERED}


def test_unregistered_failed_and_not_asked_are_three_things():
    found = kinds(failed(A, FailureKind.UNREGISTERED), failed(B, FailureKind.TIMEOUT), unasked(C))
    assert found == {0: Kind.UNREGISTERED, 1: Kind.FAILED, 2: Kind.UNKNOWN}


def test_an_announce_that_is_refused_goes_before_a_scrape_that_is_answered():
    refused = failed(A, FailureKind.UNREGISTERED).scrape.failure
    both = replace(seeders(A, 9), announce=AnnounceView(AskState.FAILED, failure=refused))
    assert kinds(both) == {0: Kind.UNREGISTERED}


def test_an_announce_that_is_answered_is_one_without_a_count():
    peers = replace(unasked(A), announce=AnnounceView(AskState.ANSWERED, peers=3))
    assert cells(of(peers))[0].kind is Kind.REGISTERED


def test_a_scrape_that_leaves_a_torrent_out_is_neither_an_answer_nor_a_refusal():
    left_out = answer(A, 0, 0, Role.UNTRIED, NOTHING_KNOWN)
    assert kinds(left_out, seeders(B, 9)) == {0: Kind.OMITTED, 1: Kind.REGISTERED}
    assert disagrees(of(left_out, seeders(B, 9)))
    assert not disagrees(of(left_out, unasked(B)))
    assert said(of(left_out), A).startswith(" - it answered, and said nothing of this torrent")


def test_counts_from_before_a_failure_do_not_hide_it():
    assert kinds(replace(failed(A, FailureKind.TIMEOUT), counts=SwarmCounts(9, 9, 9))) == {0: Kind.FAILED}
    assert kinds(replace(unasked(A), counts=SwarmCounts(9, 9, 9))) == {0: Kind.REGISTERED}


def test_the_swarms_of_a_hybrid_are_compared_each_with_its_own():
    first, second = seeders(A, 40), replace(seeders(A, 2), swarm=SwarmVersion.V2)
    assert kinds(first, second) == {0: Kind.REGISTERED}
    # Of the two swarms the one is told that is worse.
    gone = replace(failed(A, FailureKind.UNREGISTERED), swarm=SwarmVersion.V2)
    assert kinds(first, gone) == {0: Kind.UNREGISTERED}


def test_only_what_trackers_know_differently_disagrees():
    assert disagrees(of(seeders(A, 9), failed(B, FailureKind.UNREGISTERED)))
    assert disagrees(of(seeders(A, 9), seeders(B, 0)))
    assert not disagrees(of(seeders(A, 9), failed(B, FailureKind.TIMEOUT), unasked(C)))
    assert not disagrees(of())


@pytest.mark.parametrize(
    ("cell", "text", "ink"),
    [
        (Cell(Kind.REGISTERED, 41), "+  41", Ink.PLAIN),
        (Cell(Kind.REGISTERED, 1_234_567), "+1.2M", Ink.PLAIN),
        (Cell(Kind.REGISTERED), "+    ", Ink.PLAIN),
        (Cell(Kind.REGISTERED, 0), "+   0", Ink.BAD),
        (Cell(Kind.DIFFERS, 0, 40), "!   0", Ink.WARN),
        (Cell(Kind.UNREGISTERED), "x not", Ink.BAD),
        (Cell(Kind.OMITTED), "-    ", Ink.WARN),
        (Cell(Kind.FAILED), "~fail", Ink.WARN),
        (Cell(Kind.UNKNOWN), "?    ", Ink.WAIT),
        (Cell(Kind.NOT_LISTED), "    ·", Ink.DIM),
    ],
)
def test_a_cell_is_told_by_its_glyph_and_fills_its_column(cell, text, ink):
    assert cell_span(cell)[:2] == (text, ink)
    assert len(text) == coverage.CELL


def test_every_kind_has_a_glyph_of_its_own():
    glyphs = {cell_span(Cell(kind)).text.strip()[0] for kind in Kind}
    assert len(glyphs) == len(Kind)
    assert {mark.text for mark, _ in coverage.LEGEND} == glyphs


def test_a_row_tells_listed_from_not_listed_where_nothing_was_told():
    view = replace(of(seeders(A, 3)), torrent=torrent("t", ((A.tracker.url, B.tracker.url),)))
    texts = {index: span.text for index, span in row_cells(view, (A, B, C)).items()}
    assert texts == {0: "+   3", 1: "?    ", 2: "    ·"}


def said(view, which):
    return "".join(span.text for span in explain(view, which, NOW))


def test_the_cell_under_the_cursor_is_explained():
    view = of(seeders(A, 40), seeders(B, 0), failed(C, FailureKind.UNREGISTERED, "Torrent not found"))
    assert said(view, A) == " + registered, 40 seeders  t0.example:6969 udp, 4s ago"
    assert said(view, B) == " ! 0 seeders here, 40 elsewhere: the counts disagree  t1.example:6969 udp, 4s ago"
    assert said(view, C) == " x not registered  t2.example:6969 udp: Torrent not found, 4s ago"
    timeout = of(failed(A, FailureKind.TIMEOUT))
    assert said(timeout, A) == " ~ no answer  t0.example:6969 udp: timeout, 4s ago"
    assert said(timeout, B) == " not in this torrent's list  t1.example:6969 udp"
    assert said(of(unasked(A)), A).startswith(" ? not known yet")
    assert said(of(unasked(A), private=True), A).startswith(" ? private: only asked whether it is up")


def test_the_most_used_tracker_is_the_first_column():
    few, many = tracker(0, EXAMPLE, torrents=3), tracker(1, FOO, torrents=30)
    assert coverage.columns_of((few, many, replace(many, index=2))) == [1, 2, 0]
    assert coverage.columns_of((few, replace(many, retired=True))) == [0]


def test_marks_of_columns():
    assert coverage.tracker_mark(A) == "+"
    assert coverage.tracker_mark(replace(A, state=Health.DOWN, pending=1)) == "x"
    assert coverage.tracker_mark(replace(A, pending=1)) == "~"
    assert coverage.tracker_mark(replace(A, muted=Mute(before(-60), ""))) == "="
    assert coverage.tracker_mark(replace(A, disabled=Disabled(""))) == "="


@pytest.mark.parametrize("width", range(1, 250))
def test_names_and_columns_fit_any_width(width):
    for trackers in (0, 1, 3, 30):
        name, room, each = coverage.room_for(width, trackers)
        assert room >= 1
        assert name >= min(width // 2, 14)
        assert each >= coverage.COLUMN
        assert width < 16 or name + 1 + min(room, trackers) * each <= width


def test_where_few_trackers_leave_room_their_hosts_stand_above_the_columns():
    _, _, each = coverage.room_for(120, 3)
    assert coverage.column_title(2, A, each) == "+   2 t0.example"
    assert coverage.column_title(2, A, 16) == "+   2 …example"
    assert coverage.column_title(2, A, coverage.COLUMN) == "+   2"


def test_the_columns_in_sight_follow_the_cursor():
    assert coverage.first_column(0, 3, 4, 10) == 0
    assert coverage.first_column(0, 4, 4, 10) == 1
    assert coverage.first_column(5, 4, 4, 10) == 4
    # The end does not leave room empty.
    assert coverage.first_column(9, 9, 4, 10) == 6
    assert coverage.first_column(3, 1, 20, 10) == 0


def test_the_legend_of_columns_always_has_the_current_one():
    numbered = [(n + 1, replace(A, index=n, tracker=tracker(n, f"udp://h{n}.example:1/a").tracker)) for n in range(9)]
    for current in range(1, 10):
        lines = coverage.hosts_legend(numbered, current, 80, 2)
        assert len(lines) == 2
        strong = [span.text for line in lines for span in line if span.ink is Ink.STRONG]
        assert len(strong) == 1
        assert strong[0].split()[:3] == [str(current), "+", f"h{current - 1}.example:1"]
    assert coverage.hosts_legend(numbered, 1, 80, 0) == []
    assert all(line_width(line) <= 20 for line in coverage.hosts_legend(numbered, 1, 20, 4))


def test_the_legend_of_glyphs_fits_eighty_columns_and_is_cut_at_words():
    assert [span.text for span in coverage.legend(80)][-1] == " unlisted"
    assert all(line_width(coverage.legend(width)) <= width for width in range(120))
