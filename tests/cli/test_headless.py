"""`watch --headless` as it is run: events from trackers on loopback, signals, pipes, folders; and its parts in memory."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest

from tests.cli.test_oneshot import bencoded
from tests.doubles.udp import UdpTracker
from tests.reports.live.test_event_lines import row_of
from trackerwatch.cli.headless import Teller
from trackerwatch.cli.main import main
from trackerwatch.engine.views import Event, EventKind

PATIENCE_S = 30.0
"""Far more than anything here takes: only a failure waits so long."""


def torrent_file(folder, *tiers: str, name: str = "debian") -> str:
    info = {"name": name, "piece length": 16384, "pieces": b"\0" * 20, "length": 1000}
    path = folder / f"{name}.torrent"
    path.write_bytes(bencoded({"announce-list": [[url] for url in tiers], "info": info}))
    return str(path)


class Headless:
    """A child, the lines it wrote and what it said."""

    def __init__(self, child: asyncio.subprocess.Process) -> None:
        self.child = child

    async def line(self) -> dict:
        async with asyncio.timeout(PATIENCE_S):
            line = (await self.child.stdout.readline()).decode()
        assert line, f"no more lines: {(await self.child.stderr.read()).decode()}"
        return row_of(line)

    async def until(self, event: str) -> list[dict]:
        rows = [await self.line()]
        while rows[-1]["event"] != event:
            rows.append(await self.line())
        return rows

    async def said(self, words: str) -> str:
        async with asyncio.timeout(PATIENCE_S):
            while line := (await self.child.stderr.readline()).decode():
                if words in line:
                    return line
        raise AssertionError(f"{words!r} was never said")

    async def end(self, number: signal.Signals) -> tuple[int, list[dict], str]:
        """Exit code, the rows that were left, and what was said."""
        begun = time.monotonic()
        self.child.send_signal(number)
        async with asyncio.timeout(PATIENCE_S):
            out, err = await self.child.communicate()
        assert time.monotonic() - begun < 5
        return self.child.returncode, [row_of(line) for line in out.decode().splitlines(keepends=True)], err.decode()


@contextlib.asynccontextmanager
async def headless(*words: str, **more):
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "trackerwatch", "watch", "--headless", "--allow-private", *words,
        stdin=subprocess.DEVNULL, stdout=more.get("stdout", subprocess.PIPE), stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield Headless(child)
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


@pytest.fixture
def config(own_home):
    path = own_home / "trackerwatch" / "config.toml"
    path.parent.mkdir()
    path.write_text("down_after = 1\n")
    return path


async def test_a_failover_is_told_in_order(tmp_path, config, closed_port):
    async with UdpTracker() as alive:
        dead = f"udp://127.0.0.1:{closed_port}/announce"
        async with headless(torrent_file(tmp_path, dead, alive.tracker.url)) as run:
            rows = await run.until("failed_over")
            code, rest, err = await run.end(signal.SIGTERM)
    assert [row["event"] for row in rows if row["event"] != "problem_opened"] == [
        "started", "state_changed", "failed_over",
    ]  # fmt: skip
    assert rows[0]["message"] == "watching: 2 trackers, 1 torrent"
    down, moved = (next(row for row in rows if row["event"] == kind) for kind in ("state_changed", "failed_over"))
    assert down == down | {"url": dead, "from": "unknown", "to": "down", "reason": "refused", "torrent": None}
    assert moved["url"] == alive.tracker.shown_url
    assert moved["to"] == "failed_over"
    assert len(moved["torrent"]) == 40
    assert code == 0
    assert rest[-1]["event"] == "stopped"
    assert [row["event"] for row in [*rows, *rest]].count("stopped") == 1
    assert err == ""


async def test_ctrl_c_is_130_and_stopped_is_last(tmp_path, closed_port):
    async with headless(torrent_file(tmp_path, f"udp://127.0.0.1:{closed_port}")) as run:
        await run.until("started")
        code, rest, err = await run.end(signal.SIGINT)
    assert (code, rest[-1]["event"], err) == (130, "stopped", "")


async def test_sigterm_while_a_tracker_says_nothing(tmp_path):
    class Silent(UdpTracker):
        def datagram_received(self, data, address):
            self.asked.set()

    async with Silent() as silent:
        silent.asked = asyncio.Event()
        async with headless(torrent_file(tmp_path, silent.tracker.url)) as run:
            await run.until("started")
            await asyncio.wait_for(silent.asked.wait(), PATIENCE_S)
            code, rest, _ = await run.end(signal.SIGTERM)
    assert (code, rest[-1]["event"]) == (0, "stopped")


async def test_sighup_reloads_or_keeps_what_was(tmp_path, config, closed_port):
    async with headless(torrent_file(tmp_path, f"udp://127.0.0.1:{closed_port}"), "--interval", "5m") as run:
        await run.until("started")
        for text, event, said in (
            ("down_after = 2\ninterval = 60\n", "config_reloaded", "config reloaded: down_after changed"),
            ("down_after = 2\n", "config_reloaded", "config reloaded: nothing changed"),
            (
                "down_after = 4\nca_file = 'none.pem'\n",
                "config_rejected",
                f"config not reloaded, the old one stays: {config} line 2: ca_file ",
            ),
            ("down_after = 'x'\n", "config_rejected", f"config not reloaded, the old one stays: {config} line 1: "),
            (
                "down_after = 2\nallow_private = true\nvantage = 'here'\n",
                "config_reloaded",
                "config reloaded: vantage as from the next start",
            ),
        ):
            config.write_text(text)
            run.child.send_signal(signal.SIGHUP)
            row = (await run.until(event))[-1]
            assert row["message"].startswith(said)
            assert row["message"] in await run.said("config")
        code, rest, _ = await run.end(signal.SIGTERM)
    assert (code, rest[-1]["event"]) == (0, "stopped")


async def test_a_reader_that_leaves_ends_it_quietly(tmp_path, closed_port):
    reading, writing = os.pipe()
    async with headless(torrent_file(tmp_path, f"udp://127.0.0.1:{closed_port}"), stdout=writing) as run:
        os.close(writing)
        first = await asyncio.to_thread(os.read, reading, 65536)
        assert row_of(first.decode().splitlines(keepends=True)[0])["event"] == "started"
        os.close(reading)
        async with asyncio.timeout(PATIENCE_S):
            _, err = await run.child.communicate()
    assert (run.child.returncode, err) == (0, b"")


async def test_a_full_disk_ends_it_with_a_line(tmp_path, closed_port):
    full = os.open("/dev/full", os.O_WRONLY)
    async with headless(torrent_file(tmp_path, f"udp://127.0.0.1:{closed_port}"), stdout=full) as run:
        os.close(full)
        async with asyncio.timeout(PATIENCE_S):
            _, err = await run.child.communicate()
    assert (run.child.returncode, err) == (3, b"trackerwatch: stdout: No space left on device\n")


async def test_a_table_of_the_config_that_is_about_nobody_is_told(tmp_path, config, closed_port):
    config.write_text('[trackers."typo.org"]\nmuted = true\n')
    async with headless(torrent_file(tmp_path, f"udp://127.0.0.1:{closed_port}")) as run:
        assert await run.said("config") == (
            'trackerwatch: config: trackers."typo.org" matches no tracker of these torrents\n'
        )
        assert (await run.end(signal.SIGTERM))[0] == 0


async def test_a_folder_in_which_the_filter_matches_nothing_waits(tmp_path, closed_port):
    torrent_file(tmp_path, f"udp://127.0.0.1:{closed_port}")
    async with headless(str(tmp_path), "--filter", "name~nothing") as run:
        assert (await run.said("waiting")).startswith(
            "trackerwatch: nothing matches the filter (of 1 loaded) yet; waiting"
        )
        assert (await run.end(signal.SIGTERM))[0] == 0


async def test_an_empty_folder_may_fill(tmp_path):
    folder = tmp_path / "inbox"
    folder.mkdir()
    async with headless(str(folder)) as run:
        assert await run.said("waiting") == (f"trackerwatch: no usable input yet; waiting for torrents in {folder}\n")
        assert (await run.until("started"))[-1]["message"] == "watching"
        code, _, _ = await run.end(signal.SIGTERM)
    assert code == 0


def test_what_cannot_be_watched_is_3(tmp_path, capsys, monkeypatch):
    bad = tmp_path / "bad.torrent"
    bad.write_bytes(b"<html>")
    out = os.open(tmp_path / "out", os.O_CREAT | os.O_WRONLY)
    monkeypatch.setattr("trackerwatch.cli.headless.stdout_descriptor", lambda: out)
    assert main(["watch", "--headless", str(bad)]) == 3
    err = capsys.readouterr().err.splitlines()
    assert err[0].startswith(f"trackerwatch: skipped {bad}: ")
    assert err[1:] == ["trackerwatch: no usable input"]
    good = torrent_file(tmp_path, "udp://127.0.0.1:9")
    assert main(["watch", "--headless", good, "--filter", "name~nothing"]) == 3
    assert capsys.readouterr().err == "trackerwatch: nothing matches the filter (of 1 loaded)\n"
    assert main(["watch", "--headless", str(tmp_path / "none"), str(tmp_path / "nor this")]) == 3
    assert capsys.readouterr().err == (f"trackerwatch: {tmp_path / 'none'}: no such file or folder (nor the other 1)\n")
    os.close(out)
    assert (tmp_path / "out").read_bytes() == b""


class Log:
    """Events that are kept for as long as a test wants."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.kept = 1000

    def add(self, kind: EventKind = EventKind.STATE_CHANGED) -> None:
        number = len(self.events) + 1
        self.events.append(Event(number, datetime(2026, 1, 1, tzinfo=UTC), kind, f"event {number}"))

    def events_since(self, number: int) -> tuple[Event, ...]:
        return tuple(self.events[number:][-self.kept :])


def messages(lines: list[str]) -> list[str]:
    return [json.loads(line)["message"] for line in lines]


def test_each_event_is_told_once_and_losses_are_counted():
    log, lines = Log(), []
    teller = Teller(log, lambda line: lines.append(line) or True)
    log.add(EventKind.STARTED)
    teller.tell_new()
    teller.tell_new()
    log.kept = 2
    for _ in range(5):
        log.add()
    teller.tell_new()
    assert messages(lines) == ["event 1", "event 5 (3 events before this one not told)", "event 6"]


def test_lines_that_a_slow_reader_lost_are_counted_too():
    log, lines, room = Log(), [], [True, False, False, True, True]
    teller = Teller(log, lambda line: room.pop(0) and (lines.append(line) or True))
    for _ in range(5):
        log.add()
    teller.tell_new()
    assert messages(lines) == ["event 1", "event 4 (2 events before this one not told)", "event 5"]


@pytest.mark.parametrize("told", [True, False])
def test_stopped_is_last_whether_the_engine_said_so_or_not(told):
    log, lines = Log(), []
    teller = Teller(log, lambda line: lines.append(line) or True)
    log.add()
    if told:
        log.add(EventKind.STOPPED)
    teller.tell_last()
    assert [json.loads(line)["event"] for line in lines] == ["state_changed", "stopped"]
