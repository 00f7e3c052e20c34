"""Folders that change while the screen is open: which torrents leave with their files."""

from __future__ import annotations

import pytest

from trackerwatch.cli.live import known_left

A, B = b"a" * 20, b"b" * 20


@pytest.mark.parametrize(
    ("known", "arrived", "removed", "left"),
    [
        ({"x": A}, {}, ["x"], {A}),
        ({"x": A, "copy": A}, {}, ["x"], set()),
        ({"x": A, "copy": A}, {}, ["x", "copy"], {A}),
        ({"x": A}, {"moved": A}, ["x"], set()),
        ({"x": A}, {"x": B}, [], {A}),
        ({"x": A}, {"y": B}, [], set()),
        ({"x": A}, {}, ["never seen"], set()),
    ],
)
def test_known_left(known, arrived, removed, left):
    assert known_left(known, arrived, removed) == left
