from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from trackerwatch.reports import columns


@pytest.mark.parametrize(
    ("elide", "text", "cells", "expected"),
    [
        (columns.elide_middle, "distro-13.2-amd64-netinst.iso", 40, "distro-13.2-amd64-netinst.iso"),
        (columns.elide_middle, "distro-13.2-amd64-netinst.iso", 15, "distro-~nst.iso"),
        (columns.elide_middle, "日本語日本語日本語", 9, "日本~本語"),
        (columns.elide_middle, "日本語日本語日本語", 10, "日本~本語"),
        (columns.elide_middle, "abc", 1, "~"),
        (columns.elide_middle, "abc", 0, ""),
        (columns.elide_start, "tracker.example.org:1337", 20, "~er.example.org:1337"),
        (columns.elide_end, "connection refused", 8, "connect~"),
    ],
)
def test_elides(elide, text, cells, expected):
    assert elide(text, cells) == expected


@given(st.text(max_size=60), st.integers(0, 40))
def test_nothing_is_ever_too_wide(text, cells):
    for elide in (columns.elide_middle, columns.elide_start, columns.elide_end):
        assert cell_len(elide(text, cells)) <= cells
    assert cell_len(columns.left(columns.elide_middle(text, cells), cells)) == cells
    assert cell_len(columns.right(columns.elide_start(text, cells), cells)) == cells


@given(st.text(max_size=200), st.integers(2, 40))
def test_wrapped_lines_fit_and_keep_every_character(text, cells):
    lines = columns.wrap(text, cells)
    assert lines
    assert all(cell_len(line) <= cells for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())
