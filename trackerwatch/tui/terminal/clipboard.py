"""Where copies go: the terminal's clipboard by OSC 52, also through tmux and screen, or else a file; and it says which."""

from __future__ import annotations

import asyncio
import base64
import os
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from trackerwatch.tui.exporting import write_new

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

MAX_BYTES = 55_000
"""Terminals take about 74,000 characters of OSC 52, and base64 makes four of three."""
TMUX_WITHIN_S = 2.0
SCREEN_CHUNK = 240
"""GNU screen passes on strings of up to 256 bytes."""
_WITHOUT = frozenset({"", "dumb", "linux", "cons25", "vt100", "vt102", "vt220", "unknown"})
"""Terminals that have no clipboard."""


class Way(StrEnum):
    """How a copy reaches a clipboard."""

    TERMINAL = "the terminal's clipboard (OSC 52)"
    TMUX = "tmux"
    SCREEN = "the terminal's clipboard through screen (OSC 52)"
    FILE = "a file"


def way(environment: Mapping[str, str]) -> Way:
    """How it goes where these variables hold."""
    if environment.get("TMUX"):
        return Way.TMUX
    if environment.get("STY"):
        return Way.SCREEN
    return Way.FILE if environment.get("TERM", "") in _WITHOUT else Way.TERMINAL


def through_screen(text: str) -> str:
    """What GNU screen hands on to the terminal around it as OSC 52."""
    osc = f"\x1b]52;c;{base64.b64encode(text.encode()).decode()}\a"
    parts = (osc[begin : begin + SCREEN_CHUNK] for begin in range(0, len(osc), SCREEN_CHUNK))
    return "".join(f"\x1bP{part}\x1b\\" for part in parts)


@dataclass(frozen=True, slots=True)
class Clipboard:
    """Puts lines of text where the user can paste them from."""

    copy: Callable[[str], None]
    """Sends a text to the terminal's clipboard (OSC 52) and remembers it for our own inputs."""
    write: Callable[[str], None]
    """Sends a sequence to the terminal."""
    folder: Path | None
    """For what cannot be copied. None: the working directory."""

    async def put(self, text: str) -> str:
        """Copy a text.

        Returns:
            Where it went, in words that follow "is in" or "sent to".
        """
        how = way(os.environ)
        if len(text.encode()) > MAX_BYTES:
            return await self.put_in_file(text, "too long for a clipboard")
        if how is Way.FILE:
            return await self.put_in_file(text, "this terminal has no clipboard")
        if how is Way.TMUX:
            if told := await _through_tmux(text):
                return told
            self.copy(text)
            return "the terminal's clipboard through tmux (OSC 52), where its set-clipboard is on"
        if how is Way.SCREEN:
            self.write(through_screen(text))
            return how.value
        self.copy(text)
        if os.environ.get("TERM", "").startswith("tmux"):
            return f"{how.value}; tmux passes it on where its set-clipboard is on"
        return how.value

    async def put_in_file(self, text: str, reason: str = "") -> str:
        """Write a text to a file instead, with a reason for that."""
        path, problem = await asyncio.to_thread(write_new, self.folder, "trackerwatch-copy.txt", text + "\n")
        told = f"{path}" if path else f"nowhere: {problem}"
        return f"{told} ({reason})" if reason else told


async def _through_tmux(text: str) -> str:
    """Ask tmux itself: by default it ignores what programs send for the clipboard. Empty: it would not."""
    for options, told in (
        (("-w",), "tmux's buffer, and through it to the terminal's clipboard (OSC 52)"),
        ((), "tmux's buffer"),
    ):
        if await _tmux("load-buffer", *options, "-", send=text) is None:
            continue
        if options and (await _tmux("show-options", "-gsv", "set-clipboard") or "").strip() == "off":
            return "tmux's buffer alone: its set-clipboard is off"
        return told
    return ""


async def _tmux(*arguments: str, send: str = "") -> str | None:
    """What tmux answers. None: it is not there, refuses, or is silent."""
    try:
        process = await asyncio.create_subprocess_exec(
            "tmux",
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except (OSError, ValueError):
        return None
    try:
        async with asyncio.timeout(TMUX_WITHIN_S):
            answer, _ = await process.communicate(send.encode())
    except TimeoutError:
        process.kill()
        await process.wait()
        return None
    return answer.decode(errors="replace") if process.returncode == 0 else None
