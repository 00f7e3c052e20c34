from __future__ import annotations

import csv
import io

import pytest

from tests.reports import pasts
from trackerwatch.escaping import harmless_cell
from trackerwatch.reports.past.history_csv import STRETCH_COLUMNS, TRANSITION_COLUMNS, render


def rows(report) -> list[list[str]]:
    return list(csv.reader(io.StringIO("".join(render(report)), newline="")))


def test_a_row_for_each_stretch():
    head, *body = rows(pasts.report(pasts.tracker(glyphs="#!x."), pasts.well(glyphs="##")))
    assert head == list(STRETCH_COLUMNS)
    assert len(body) == 6
    assert body[0] == [
        *("0123456789", "udp://tracker.foo.org:6969/announce", "2026-11-21T14:00:00.000Z", "21600.0"),
        *("2", "2", "21600.0", "0.03", "0.048"),
    ]
    assert body[2][4:] == ["0", "2", "21600.0", "", ""]
    assert body[3][4:] == ["0", "0", "0.0", "", ""]


def test_a_row_for_each_transition_of_a_torrent():
    head, *body = rows(pasts.report(torrent=pasts.torrent()))
    assert head == list(TRANSITION_COLUMNS)
    assert body == [
        [
            *(pasts.HASH, "debian", "2026-11-22T13:46:00.000Z", "failed_over", "primary", "failed_over"),
            *("0123456789", "", "refused", "debian failed over to tracker.example.org:1337 (tier 1)"),
        ]
    ]


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("|calc", "'|calc"),
        ("  =1", "'  =1"),
        ("debian", "debian"),
        ("a=b", "a=b"),
        ("", ""),
    ],
)
def test_no_cell_is_a_formula(text, cell):
    assert harmless_cell(text) == cell
    move = pasts.transition(pasts.NOW, "primary", "exhausted", text, kind="exhausted", name=text)
    body = rows(pasts.report(torrent=pasts.torrent(transitions=(move,))))[1]
    assert (body[1], body[9]) == (cell, cell)


def test_quotes_and_separators_stay_in_their_cell():
    move = pasts.transition(pasts.NOW, "primary", "exhausted", 'a "b", c; d', kind="exhausted")
    assert rows(pasts.report(torrent=pasts.torrent(transitions=(move,))))[1][9] == 'a "b", c; d'
