"""Copies inside a real tmux, with each of the values that its set-clipboard has."""

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import trackerwatch

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux here")

TEXT = "udp://a.example:6969/announce 'quoted' \"twice\" $(true) é"
SCRIPT = f"""
import asyncio, pathlib, sys
from trackerwatch.tui.terminal.clipboard import Clipboard
told = asyncio.run(Clipboard(lambda text: None, lambda text: None, None).put({TEXT!r}))
pathlib.Path(sys.argv[1]).write_text(told)
"""


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("external", "tmux's buffer, and through it to the terminal's clipboard (OSC 52)"),
        ("on", "tmux's buffer, and through it to the terminal's clipboard (OSC 52)"),
        ("off", "tmux's buffer alone: its set-clipboard is off"),
    ],
)
async def test_a_copy_is_in_the_buffer(tmp_path, setting, told):
    script, answer = tmp_path / "copies_one.py", tmp_path / "told"
    script.write_text(SCRIPT)
    environment = {name: value for name, value in os.environ.items() if name != "TMUX"} | {
        "TERM": "xterm-256color",
        "PYTHONPATH": str(Path(trackerwatch.__file__).parents[1]),
    }
    socket = str(tmp_path / "tmux.sock")

    def tmux(*arguments: str) -> str:
        ended = subprocess.run(
            ["tmux", "-S", socket, "-f", "/dev/null", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        )
        return ended.stdout

    # The signal comes when the program inside has ended.
    ready = f"{sys.executable} {script} {answer}; tmux -S {socket} wait-for -S done; exec sleep 60"
    try:
        tmux("new-session", "-d", "-x", "80", "-y", "24", "exec cat")
        tmux("set-option", "-s", "set-clipboard", setting)
        tmux("new-window", "-d", ready)
        await asyncio.to_thread(tmux, "wait-for", "done")
        assert answer.read_text() == told
        assert tmux("show-buffer") == TEXT
    finally:
        tmux("kill-server")
