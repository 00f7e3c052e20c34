"""The live screen on a real terminal, in front of hostile trackers and hostile names: it draws, obeys keys, and leaves when told."""

import asyncio
import fcntl
import os
import pty
import re
import struct
import sys
import termios

import pytest

from tests.hostile.cast import PASSKEY, healthy, hostile_http, hostile_udp, named, on_stage, places
from tests.hostile.child import ROOT
from tests.hostile.test_inputs import NASTY_NAMES
from tests.metainfo.torrents import bencode, torrent_of, v1_info

PARTS = (
    *("silent", "drip in body", "endless body", "gzip bomb", "redirect loop", "nasty refusal", "endless refusal"),
    *("counts that are no numbers", "UDP silence", "UDP flood", "UDP nasty refusal", "healthy HTTP"),
)
PATIENCE_S = 30
"""Far above what any step takes."""

OURS = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\]22;[a-z]*(?:\x07|\x1b\\)|\x1b[78=>]|\x1b\([0AB]|[\r\n\x0e\x0f]")
"""What a screen is drawn with: cursor, colours, modes, the shape of the pointer. No title, no clipboard."""

UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u206f\ufeff\U000e0000-\U000e007f]")


class Terminal:
    """A pseudo terminal and the program on it."""

    def __init__(self, size=(70, 140)):
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
        self.drawn = bytearray()
        self.news = asyncio.Event()

    async def __aenter__(self):
        os.set_blocking(self.master, False)
        asyncio.get_running_loop().add_reader(self.master, self._read)
        return self

    async def __aexit__(self, *_):
        asyncio.get_running_loop().remove_reader(self.master)
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()
        os.close(self.master)

    async def start(self, *arguments, home):
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "TEXTUAL"))}
        environment |= {"HOME": str(home), "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "LANG": "C.UTF-8"}
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "trackerwatch", *map(str, arguments), cwd=home, env=environment,
            stdin=self.slave, stdout=self.slave, stderr=self.slave, start_new_session=True,
        )  # fmt: skip
        os.close(self.slave)

    def _read(self):
        try:
            self.drawn += os.read(self.master, 1 << 20)
        except OSError:
            # The program let go of its side.
            asyncio.get_running_loop().remove_reader(self.master)
        self.news.set()

    @property
    def text(self):
        return OURS.sub("", self.drawn.decode())

    async def see(self, *texts, since=0):
        """Wait until all of these were drawn after so many bytes."""
        async with asyncio.timeout(PATIENCE_S):
            while not all(text.encode() in self.drawn[since:] for text in texts):
                self.news.clear()
                await self.news.wait()

    def press(self, keys):
        """Type, and say how much was drawn before."""
        os.write(self.master, keys.encode())
        return len(self.drawn)


async def test_hostile_trackers_and_names_on_a_terminal(tmp_path):
    if not sys.platform.startswith("linux"):
        pytest.skip("needs the whole of 127.0.0.0/8")
    at = places()
    (tmp_path / "in").mkdir()
    (tmp_path / "home").mkdir()
    parts = named([*hostile_http(at), *hostile_udp(at), *healthy(at)], PARTS)
    async with on_stage(parts), Terminal() as terminal:
        names = {"several": b"several", **NASTY_NAMES}
        for number, ((stem, name), part) in enumerate(zip(names.items(), parts[: len(names)], strict=True)):
            urls = [[part.tracker.tracker.url], *([other.tracker.tracker.url] for other in parts[number + 1 :])]
            torrent = torrent_of(bencode(v1_info(name=name)), announce_list=urls[:2] if number else urls)
            (tmp_path / "in" / f"{stem}.torrent").write_bytes(torrent)
        # Long time-outs: at the end most of them are still being waited for.
        arguments = ("watch", tmp_path / "in", "--allow-private", "--timeout", 60)
        await terminal.start(*arguments, home=tmp_path / "home")
        # Which torrents are shown depends on who has answered yet: all, or those that need attention.
        await terminal.see("RETRY", "EXHAUST", "Torrents")
        before = terminal.press("4z")
        await terminal.see("[4 Events]", since=before)
        before = terminal.press("z2jjj")
        await terminal.see("2 Torrents", "3 Detail", since=before)
        terminal.press("Q")
        async with asyncio.timeout(PATIENCE_S):
            assert await terminal.process.wait() == 0
        assert not UNSAFE.search(terminal.text)
        assert "Traceback" not in terminal.text
        assert PASSKEY not in terminal.text.lower()
        assert "owned" not in terminal.text
