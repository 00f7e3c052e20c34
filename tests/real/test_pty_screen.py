"""The program in a terminal of its own: it ends with it, stands every size, and never waits for a slow one."""

from __future__ import annotations

import os
import signal
import sys
import time

import pytest

from tests.real.lab.places import own_address
from tests.real.lab.terminal import Glass, Terminal

PATIENCE_S = 45.0
"""For a machine that is busy; everything here takes a second or two."""


def names(glass: Glass) -> bool:
    return glass.frames > 0 and "tracker0" in glass.text


def busy(*options: str) -> list[str]:
    """The screen with many results a second."""
    return [sys.executable, "-m", "benchmarks.screen_app", "--torrents", "2000", "--trackers", "100", *options]


@pytest.fixture
def program(tmp_path):
    """The program as it is installed, with its own home and a tracker that refuses."""
    url = f"udp://{own_address()}:9/announce"
    info = b"d6:lengthi1e4:name3:one12:piece lengthi16384e6:pieces20:%be" % bytes(20)
    torrent = tmp_path / "one.torrent"
    torrent.write_bytes(b"d8:announce%d:%b4:info%be" % (len(url), url.encode(), info))
    home = {name: str(tmp_path) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")}
    return [sys.executable, "-m", "trackerwatch", str(torrent), "--allow-private"], home


@pytest.mark.parametrize("key", ["Q", "q", "\x03"])
def test_quits_by_key_and_gives_the_terminal_back(program, key):
    command, home = program
    with Terminal(command, environment=home) as terminal:
        terminal.until(lambda glass: "trackers 1" in glass.text, limit_s=PATIENCE_S)
        assert terminal.glass.alternate
        terminal.send(key)
        assert terminal.until_ended(limit_s=PATIENCE_S) == 0
        assert not terminal.glass.alternate


def test_a_closed_terminal_ends_the_program(program):
    command, home = program
    with Terminal(command, environment=home) as terminal:
        terminal.until(lambda glass: "trackers 1" in glass.text, limit_s=PATIENCE_S)
        terminal.close()
        assert terminal.process.wait(PATIENCE_S) == 0
        with pytest.raises(ProcessLookupError):
            # Its children are in its group.
            os.killpg(terminal.pid, 0)


def test_a_terminal_that_is_closed_before_the_first_frame(program):
    command, home = program
    with Terminal(command, environment=home) as terminal:
        terminal.close()
        terminal.process.wait(PATIENCE_S)


@pytest.mark.parametrize(("hangs", "code"), [("engine", 137), ("loading", 0), ("loop", 137)])
def test_a_closed_terminal_ends_a_program_that_hangs(hangs, code):
    with Terminal(busy("--hang", hangs)) as terminal:
        terminal.until(names, limit_s=PATIENCE_S)
        if hangs == "loop":
            # It begins to after three seconds.
            terminal.take_for(4.0)
        terminal.close()
        assert terminal.process.wait(PATIENCE_S) == code


def test_every_size_at_every_moment():
    sizes = [(80, 24), (20, 5), (200, 60), (1, 1), (40, 12), (5, 2), (120, 35), (2, 40), (300, 3), (1, 1), (60, 20)]
    with Terminal(busy()) as terminal:
        terminal.until(names, limit_s=PATIENCE_S)
        for number in range(66):
            terminal.resize(*sizes[number % len(sizes)])
            terminal.send("jz\t?2/"[number % 6])
            terminal.send("\x1b")
            terminal.take_for(0.02)
        terminal.resize(20, 5)
        terminal.take_for(1.0)
        assert terminal.process.poll() is None
        terminal.resize(100, 30)
        terminal.until(names, limit_s=PATIENCE_S)
        terminal.send("Q")
        assert terminal.until_ended(limit_s=PATIENCE_S) == 0


def test_a_terminal_that_takes_nothing_for_a_while_sees_the_present_afterwards():
    with Terminal(busy("--results", "2000")) as terminal:
        terminal.until(names, limit_s=PATIENCE_S)
        terminal.take_for(1.0)
        time.sleep(4.0)
        frames = terminal.glass.frames
        # The engine went on: what is drawn now is not four seconds of frames, one after the other.
        terminal.take_for(0.2)
        assert terminal.glass.frames - frames < 12
        terminal.send("2G")
        terminal.until(names, limit_s=PATIENCE_S)
        terminal.send("Q")
        assert terminal.until_ended(limit_s=PATIENCE_S) == 0


def test_a_terminal_that_takes_nothing_keeps_nobody_from_ending():
    with Terminal(busy("--results", "2000")) as terminal:
        terminal.until(names, limit_s=PATIENCE_S)
        time.sleep(2.0)
        os.kill(terminal.pid, signal.SIGTERM)
        # Not a byte is taken.
        assert terminal.process.wait(PATIENCE_S) == 0


@pytest.mark.parametrize("options", [("--slow-link",), ()])
def test_keys_answer_on_a_thin_line(options):
    with Terminal(busy("--results", "2000", *options), bytes_per_s=20_000) as terminal:
        terminal.until(names, limit_s=PATIENCE_S)
        for key, told in (("2", "[2 Torrents"), ("1", "[1 Trackers"), ("4", "[4 Events"), ("2", "[2 Torrents")):
            terminal.send(key)
            terminal.until(lambda glass, told=told: told in glass.text, limit_s=PATIENCE_S)
        # More keys than the line has room for frames; then the screen is where they lead, not on its way there.
        for _ in range(60):
            terminal.send("j")
            terminal.take_for(0.01)
        terminal.send("1")
        terminal.until(lambda glass: "[1 Trackers" in glass.text, limit_s=PATIENCE_S)
        terminal.send("Q")
        assert terminal.until_ended(limit_s=PATIENCE_S) == 0
