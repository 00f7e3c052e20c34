from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.cli.test_headless import PATIENCE_S, torrent_file
from tests.tui.feeds import NOW, event, rich_snapshot, snapshot, tracker
from trackerwatch.cli import plain
from trackerwatch.cli.longrun import Ending
from trackerwatch.cli.plain import PlainTeller, Wishes, all_known
from trackerwatch.engine.views import EventKind
from trackerwatch.health.states import Health


class Watched:
    """A snapshot and events, as a test wants them."""

    def __init__(self, seen) -> None:
        self.seen = seen
        self.events = []
        self.looks = 0

    def snapshot(self):
        self.looks += 1
        return self.seen

    def events_since(self, number):
        return tuple(event for event in self.events if event.number > number)


class Asked:
    """Wishes that a test has."""

    by_key = False
    wished = False

    def summary(self) -> bool:
        wished, self.wished = self.wished, False
        return wished


class Face:
    def __init__(self, seen) -> None:
        self.watched, self.wishes, self.lines, self.seconds, self.full = Watched(seen), Asked(), [], 0.0, False
        self.teller = PlainTeller(
            self.watched,
            self.write,
            self.wishes,
            monotonic=lambda: self.seconds,
            wall=lambda: NOW + timedelta(seconds=self.seconds),
        )

    def write(self, line: str) -> bool:
        if not self.full:
            self.lines.append(line)
        return not self.full

    def after(self, seconds: float) -> list[str]:
        """What is told when so much time has passed."""
        self.seconds += seconds
        self.lines.clear()
        self.teller.tell_new()
        return list(self.lines)


UNKNOWN = tracker(0, "udp://a.example:1/announce", Health.UNKNOWN)


def test_it_opens_at_once_and_sums_up_when_something_is_known_of_everybody():
    nothing = snapshot((replace(UNKNOWN, last_probe_at=None, failure=None),))
    face = Face(nothing)
    assert face.after(0) == [f"watching 1 tracker, 0 torrents from {nothing.vantage}\n"]
    assert face.after(2) == []
    face.watched.seen = rich_snapshot()
    lines = face.after(2)
    assert lines[0].startswith("14:02:15 summary of 14 trackers, 200 torrents. ")
    assert face.after(2) == []


def test_whoever_never_answers_does_not_hold_it_up():
    face = Face(snapshot((replace(UNKNOWN, last_probe_at=None, failure=None),)))
    face.after(0)
    assert face.after(plain.FIRST_SUMMARY_AFTER_S)[0].startswith("14:02:41 summary of 1 tracker")


def test_it_sums_up_again_every_so_often_and_when_asked():
    face = Face(rich_snapshot())
    assert any("summary" in line for line in face.after(0))
    assert face.after(plain.SUMMARY_EVERY_S - 1) == []
    assert any("summary" in line for line in face.after(1))
    assert face.after(1) == []
    face.wishes.wished = True
    assert any("summary" in line for line in face.after(1))


def test_the_picture_is_not_made_at_every_turn():
    face = Face(snapshot((replace(UNKNOWN, last_probe_at=None, failure=None),)))
    face.after(0)
    looks = face.watched.looks
    for _ in range(16):
        face.after(0.25)
    assert face.watched.looks - looks <= 4


def test_each_event_once_in_order_and_the_start_only_at_the_opening():
    face = Face(rich_snapshot())
    face.after(0)
    face.watched.events = [event(1, EventKind.STARTED, "watching"), event(2, EventKind.LOCAL_OFFLINE, "offline")]
    assert [line[9:] for line in face.after(1)][-1:] == ["offline\n"]
    assert face.after(1) == []
    face.watched.events = [event(9, EventKind.LOCAL_ONLINE, "online again")]
    assert face.after(1)[0].endswith(" 6 events came too fast to be told\n")


def test_what_a_slow_reader_lost_is_counted():
    face = Face(rich_snapshot())
    face.after(0)
    face.full = True
    face.watched.events = [event(1, EventKind.LOCAL_OFFLINE, "offline")]
    face.after(1)
    face.full = False
    face.watched.events = [event(2, EventKind.LOCAL_ONLINE, "online again")]
    assert face.after(1)[0] == "2 lines before this one are lost\n"


def test_the_last_line_is_what_was_folded():
    face = Face(rich_snapshot())
    face.after(0)
    face.watched.events = [event(n, EventKind.EXHAUSTED, f"t{n} has none") for n in range(1, 13)]
    face.after(1)
    face.lines.clear()
    face.teller.tell_last()
    assert face.lines == ["14:02:12 and then, not told one by one: 2 torrents without a tracker\n"]


def test_known_is_whoever_was_asked():
    assert not all_known(snapshot(()))
    assert all_known(rich_snapshot())
    assert not all_known(snapshot((replace(UNKNOWN, last_probe_at=None, failure=None),)))
    assert all_known(snapshot((replace(UNKNOWN, last_probe_at=NOW, failure=None),)))


def test_a_signal_asks_for_a_summary():
    wishes = Wishes(Ending())
    with wishes.heard():
        assert not wishes.summary()
        os.kill(os.getpid(), signal.SIGUSR1)
        assert wishes.summary()
        assert not wishes.summary()
    assert not wishes.by_key


@pytest.fixture
def home(tmp_path, monkeypatch):
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path))


async def test_into_a_pipe_go_lines_and_a_signal_asks_for_more(tmp_path, home, closed_port):
    path = torrent_file(tmp_path, f"udp://127.0.0.1:{closed_port}/announce", name="x\x1b[31mevil")
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "trackerwatch", path, "--allow-private", "--no-store", "--report-on-exit",
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(PATIENCE_S):
        assert (await child.stdout.readline()).startswith(b"watching 1 tracker, 1 torrent from ")
        while b"summary of 1 tracker" not in (line := await child.stdout.readline()):
            assert line
        child.send_signal(signal.SIGUSR1)
        while b"summary of 1 tracker" not in (line := await child.stdout.readline()):
            assert line
        child.send_signal(signal.SIGHUP)
        out, err = await child.communicate()
    assert (child.returncode, err) == (0, b"")
    assert b"\x1b" not in out
    # The report comes after the last line.
    assert out.decode().splitlines()[-2].startswith("seen from ")


def test_what_cannot_be_watched_is_3_in_lines_too(tmp_path, home):
    done = subprocess.run(
        [sys.executable, "-m", "trackerwatch", "watch", "--plain", str(tmp_path / "none.torrent")],
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (3, b"")
    assert b"no such file or folder" in done.stderr
