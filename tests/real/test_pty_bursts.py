"""Keys that come in one piece, as from a stalled line or a macro: each goes where the one before it led."""

from __future__ import annotations

import sys

import pytest

from tests.real.lab.terminal import Glass, Terminal

PATIENCE_S = 45.0
"""For a machine that is busy; everything here takes a second or two."""
APP = [sys.executable, "-m", "benchmarks.screen_app", "--torrents", "20", "--trackers", "5", "--results", "1"]


def names(glass: Glass) -> bool:
    return glass.frames > 0 and "tracker0" in glass.text


@pytest.mark.parametrize(
    ("keys", "shows"),
    [
        ("/debian", " debian"),
        ("/tracker0001\r", "filter 20/20"),
        ("/x\x15debian", " debian"),
        ("/dex\x7fbi", "\n debi"),
        (":choose a theme\r", "Which theme?"),
        ("i20m", "+ every 20m"),
        ("i20m\r", "every 20 min"),
        ("2jj1", "[1 Trackers"),
        ("?\x1b[B\x1b[Bq/abc", " abc"),
        ("TqTq4", "[4 Events"),
    ],
)
def test_keys_in_one_piece(keys, shows):
    with Terminal(APP) as terminal:
        terminal.until(names, limit_s=PATIENCE_S)
        terminal.send(keys)
        terminal.until(lambda glass: shows in glass.text, limit_s=PATIENCE_S)
