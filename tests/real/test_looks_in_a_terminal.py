"""What a real terminal gets: no colour where none is wished, ASCII alone, a screen beside a redirected stderr, plain lines."""

from __future__ import annotations

import re
import signal
import sys
from typing import TYPE_CHECKING

import pytest

from tests.cli.test_oneshot import bencoded
from tests.real.lab.terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path

COLOR = re.compile(r"\x1b\[(?:[\d;]*;)?(?:3[0-9]|4[0-9]|9[0-7]|10[0-7])(?:[;\d:]*)m")
TRUE_COLOR = re.compile(r"\x1b\[[\d;]*[34]8;[25];")
NAME = "t\u00f6rrent \U0001f4a9 \u65e5\u672c"


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch) -> None:
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))


@pytest.fixture
def torrent(tmp_path) -> Path:
    path = tmp_path / "a.torrent"
    info = {"length": 1, "name": NAME, "piece length": 16384, "pieces": bytes(20)}
    path.write_bytes(bencoded({"announce": "udp://127.0.0.1:9/announce", "info": info}))
    return path


class Watching(Terminal):
    """trackerwatch in a terminal, and everything that it ever sent there."""

    def __init__(self, *words: object, shell: str = "", **environment: str) -> None:
        command = [sys.executable, "-m", "trackerwatch", *map(str, words), "--no-store", "--allow-private"]
        if shell:
            command = ["sh", "-c", f'exec "$@" {shell}', "sh", *command]
        super().__init__(command, environment=environment)
        self.sent = ""
        draw = self.glass.feed

        def feed(text: str) -> None:
            self.sent += text
            draw(text)

        self.glass.feed = feed

    def until_open(self) -> None:
        self.until(lambda glass: "STATE" in glass.text and "127.0.0.1:9" in glass.text and "Q quit" in glass.text)

    def look_around(self) -> None:
        """Through a few screens, and out."""
        for keys, shows in (("2", "NAME"), ("?", "esc closes"), ("q:", "Search")):
            self.send(keys)
            self.until(lambda glass, shows=shows: shows in glass.text, limit_s=15)
        self.send("\x11")
        assert self.until_ended() == 0


@pytest.mark.parametrize(("words", "environment"), [((), {"NO_COLOR": "1"}), (("--color", "never"), {})])
def test_without_colours_no_colour_is_ever_sent(torrent, words, environment):
    with Watching(torrent, *words, **environment) as terminal:
        terminal.until_open()
        terminal.look_around()
        assert not COLOR.findall(terminal.sent)
        # Bold, dim and reversed text is what is left.
        assert re.search(r"\x1b\[(?:[\d;]*;)?1(?:;[\d;]*)?m", terminal.sent)
        assert re.search(r"\x1b\[(?:[\d;]*;)?7(?:;[\d;]*)?m", terminal.sent)


def test_the_measure_sees_colours_where_there_are_some(torrent):
    with Watching(torrent, "--color", "always", NO_COLOR="1") as terminal:
        terminal.until_open()
        assert COLOR.search(terminal.sent)
        assert TRUE_COLOR.search(terminal.sent)


@pytest.mark.parametrize(
    "environment", [{"TERM": "xterm-16color", "COLORTERM": ""}, {"TERM": "linux", "COLORTERM": ""}]
)
def test_with_sixteen_colours_only_the_terminals_own_are_sent(torrent, environment):
    with Watching(torrent, **environment) as terminal:
        terminal.until_open()
        terminal.look_around()
        assert COLOR.search(terminal.sent)
        assert not TRUE_COLOR.search(terminal.sent)
        assert terminal.sent.isascii() is (environment["TERM"] == "linux")


@pytest.mark.parametrize(
    ("words", "environment"), [(("--ascii",), {}), ((), {"PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"})]
)
def test_ascii_is_all_that_is_sent(torrent, words, environment):
    with Watching(torrent, *words, **environment) as terminal:
        terminal.until_open()
        terminal.look_around()
        assert terminal.sent.isascii()


def test_a_redirected_stderr_leaves_the_screen_where_it_is(torrent, tmp_path):
    log = tmp_path / "log"
    with Watching(torrent, tmp_path / "none.torrent", shell=f"2>{log}") as terminal:
        terminal.until_open()
        terminal.look_around()
    # What was not usable is told there, when the screen is left; nothing of the screen is.
    assert "none.torrent" in log.read_text()
    assert "\x1b" not in log.read_text()


def test_keys_come_from_the_terminal_whatever_stdin_is(torrent):
    with Watching(torrent, shell="</dev/null") as terminal:
        terminal.until_open()
        terminal.send("Q")
        assert terminal.until_ended() == 0


def test_an_unknown_theme_is_a_line_and_no_screen(torrent):
    with Watching(torrent, "--theme", "tokio-night") as terminal:
        assert terminal.until_ended() == 3
        assert "--theme: there is no theme 'tokio-night'; did you mean tokyo-night?" in terminal.sent
        assert "\x1b[?1049h" not in terminal.sent


def test_plain_lines_answer_to_enter_and_q(torrent):
    with Watching(torrent, "--plain") as terminal:
        terminal.until(lambda glass: "summary of 1 tracker, 1 torrent" in glass.text)
        before = terminal.sent.count("summary of")
        terminal.send("\n")
        terminal.until(lambda _: terminal.sent.count("summary of") > before)
        terminal.send("q\n")
        assert terminal.until_ended() == 0
        assert "watching 1 tracker, 1 torrent from " in terminal.sent
        # No cursor is moved, nothing is coloured.
        assert "\x1b" not in terminal.sent


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 0), (signal.SIGHUP, 0), (signal.SIGINT, 130)], ids=["term", "hup", "int"]
)
def test_plain_lines_end_in_order(torrent, number, code):
    with Watching(torrent, TERM="dumb") as terminal:
        terminal.until(lambda glass: "watching 1 tracker" in glass.text)
        terminal.process.send_signal(number)
        assert terminal.until_ended(limit_s=10) == code


def test_into_a_pipe_lines_go_by_themselves(torrent):
    with Watching(torrent, shell="| cat") as terminal:
        terminal.until(lambda glass: "summary of 1 tracker, 1 torrent" in glass.text)
        assert "enter tells" not in terminal.sent


def test_the_reader_of_plain_lines_may_leave(torrent):
    with Watching(torrent, shell="| head -1") as terminal:
        assert terminal.until_ended(limit_s=15) == 0
        assert "watching 1 tracker, 1 torrent" in terminal.sent
