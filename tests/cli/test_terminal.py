from __future__ import annotations

import os
import sys

import pytest

from trackerwatch.cli import terminal
from trackerwatch.errors import UsageError
from trackerwatch.tui.preferences import Colors

FULL, SIXTEEN, NONE = Colors.FULL, Colors.SIXTEEN, Colors.NONE


@pytest.mark.parametrize(
    ("when", "environment", "colors"),
    [
        ("auto", {"TERM": "xterm-256color"}, FULL),
        ("auto", {"TERM": "xterm-kitty"}, FULL),
        ("auto", {"TERM": "xterm", "COLORTERM": "truecolor"}, FULL),
        ("auto", {"TERM": "tmux-256color", "COLORTERM": "24bit"}, FULL),
        ("auto", {"TERM": "xterm-16color"}, SIXTEEN),
        ("auto", {"TERM": "linux"}, SIXTEEN),
        ("auto", {"TERM": "xterm"}, SIXTEEN),
        ("auto", {}, SIXTEEN),
        ("auto", {"TERM": "vt100"}, NONE),
        ("auto", {"TERM": "xterm-256color", "NO_COLOR": "1"}, NONE),
        ("auto", {"TERM": "xterm-256color", "NO_COLOR": ""}, FULL),
        ("never", {"TERM": "xterm-256color", "COLORTERM": "truecolor"}, NONE),
        ("always", {"TERM": "xterm-256color", "NO_COLOR": "1"}, FULL),
        ("always", {"TERM": "vt100"}, SIXTEEN),
    ],
)
def test_how_many_colours_there_are(when, environment, colors):
    assert terminal.colors(when, environment) is colors


class Stream:
    def __init__(self, *, encoding: str = "utf-8", terminal: bool = True) -> None:
        self.encoding = encoding
        self.isatty = lambda: terminal


@pytest.mark.parametrize(
    ("encoding", "term", "can"),
    [
        ("utf-8", "xterm", True),
        ("UTF-8", "", True),
        ("iso8859-1", "xterm", False),
        ("ascii", "xterm", False),
        ("utf-8", "linux", False),
    ],
)
def test_whether_more_than_ascii_can_be_drawn(monkeypatch, encoding, term, can):
    monkeypatch.setattr(sys, "stdout", Stream(encoding=encoding))
    assert terminal.draws_unicode({"TERM": term}) is can


@pytest.mark.parametrize(
    ("is_terminal", "term", "can"), [(True, "xterm", True), (True, "dumb", False), (False, "xterm", False)]
)
def test_where_a_screen_can_be_drawn(monkeypatch, is_terminal, term, can):
    monkeypatch.setattr(sys, "stdout", Stream(terminal=is_terminal))
    monkeypatch.setenv("TERM", term)
    assert terminal.can_draw() is can


def test_no_stdout_is_no_screen(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    assert not terminal.can_draw()
    assert not terminal.takes_unicode(None)


def test_without_any_terminal_there_are_no_keys(monkeypatch):
    monkeypatch.setattr(sys, "stdin", Stream(terminal=False))

    def refuse(*_):
        raise OSError

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(UsageError, match="--plain"):
        terminal.take_keys()
    monkeypatch.setattr(sys, "stdin", Stream())
    terminal.take_keys()
