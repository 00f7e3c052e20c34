"""`watch --headless` in the hands of careless users, impatient supervisors and broken disks: plain words, an end in time."""

import asyncio
import contextlib
import fcntl
import json
import os
import signal
import sqlite3
import sys
import time

import pytest

from tests.doubles.udp import Silent as SilentTracker
from tests.doubles.udp import UdpTracker
from tests.hostile.child import ROOT
from tests.metainfo.torrents import bencode, torrent_of, v1_info

PATIENCE_S = 30
PROMISE_S = 5
"""In which an end is promised."""


class Watching:
    """A child that watches, its events and its narration."""

    def __init__(self, *words, home, stdout=asyncio.subprocess.PIPE):
        self.words, self.home, self.stdout = words, home, stdout
        self.events, self.said = [], ""

    async def __aenter__(self):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
        environment |= {"HOME": str(self.home), "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
        self.child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "trackerwatch", "watch", "--headless", "--allow-private", *map(str, self.words),
            env=environment, stdin=asyncio.subprocess.DEVNULL, stdout=self.stdout, stderr=asyncio.subprocess.PIPE,
            limit=1 << 20,
        )  # fmt: skip
        self.news = asyncio.Condition()
        self.tasks = [asyncio.create_task(self._hear())]
        if self.stdout == asyncio.subprocess.PIPE:
            self.tasks.append(asyncio.create_task(self._read()))
        return self

    async def __aexit__(self, *_):
        if self.child.returncode is None:
            self.child.kill()
        await self.child.wait()
        await asyncio.gather(*self.tasks)

    async def _read(self):
        while line := await self.child.stdout.readline():
            async with self.news:
                self.events.append(json.loads(line))
                self.news.notify_all()

    async def _hear(self):
        while line := await self.child.stderr.readline():
            async with self.news:
                self.said += line.decode()
                self.news.notify_all()

    async def until(self, condition):
        async with asyncio.timeout(PATIENCE_S), self.news:
            await self.news.wait_for(condition)

    async def until_event(self, kind):
        await self.until(lambda: any(event["event"] == kind for event in self.events))

    async def end(self, number=signal.SIGTERM):
        """The exit code, once it ended within its promise."""
        begun = time.monotonic()
        self.child.send_signal(number)
        async with asyncio.timeout(PATIENCE_S):
            await self.child.wait()
            await asyncio.gather(*self.tasks)
        assert time.monotonic() - begun < PROMISE_S
        assert "Traceback" not in self.said
        return self.child.returncode

    def kinds(self):
        return [event["event"] for event in self.events]


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
async def tracker():
    async with UdpTracker() as tracker:
        yield tracker


def torrent(folder, *urls, name="debian"):
    file = folder / f"{name}.torrent"
    file.write_bytes(torrent_of(bencode(v1_info(name=name)), announce_list=[[url] for url in urls]))
    return file


@pytest.fixture
def one(tmp_path, tracker):
    """A torrent with a tracker that is well."""
    return torrent(tmp_path, tracker.tracker.url)


async def test_a_store_in_trouble_is_told_after_the_start(tmp_path, home, one):
    store = tmp_path / "history.db"
    store.mkdir()
    async with Watching(one, "--store", store, home=home) as watching:
        await watching.until_event("store_degraded")
        code = await watching.end()
    assert code == 0
    assert watching.kinds()[0] == "started"
    assert watching.kinds().count("store_degraded") == 1
    assert watching.said == f"trackerwatch: history is not kept: history {store}: it is a folder\n"


async def test_asking_again_and_again_for_the_end_changes_nothing(tmp_path, home, one):
    store = tmp_path / "history.db"
    async with Watching(one, "--store", store, home=home) as watching:
        await watching.until_event("started")
        again = asyncio.create_task(nagging(watching.child))
        code = await watching.end()
        again.cancel()
    assert (code, watching.kinds()[-1], watching.said) == (0, "stopped", "")
    connection = sqlite3.connect(store)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


async def nagging(child):
    with contextlib.suppress(ProcessLookupError):
        await asyncio.sleep(0.02)
        while child.returncode is None:
            # Not by the child's own method: that looks whether it has ended, and takes its exit code from the event loop.
            os.kill(child.pid, signal.SIGTERM)
            os.kill(child.pid, signal.SIGHUP)
            await asyncio.sleep(0.002)


async def test_a_storm_of_reloads_with_anything_for_a_config(tmp_path, home, one):
    config = tmp_path / "config.toml"
    config.write_text("down_after = 2\n")

    def pipe():
        config.unlink()
        os.mkfifo(config)

    def folder():
        config.unlink()
        config.mkdir()

    def zeros():
        config.rmdir()
        config.symlink_to("/dev/zero")

    async with Watching(one, "--config", config, "--no-store", home=home) as watching:
        await watching.until_event("started")
        for _ in range(300):
            watching.child.send_signal(signal.SIGHUP)
        for spoil in (lambda: config.write_text("[["), lambda: config.write_text("own = \x00"), pipe, folder, zeros):
            spoil()
            before = watching.kinds().count("config_rejected")
            watching.child.send_signal(signal.SIGHUP)
            await watching.until(lambda: watching.kinds().count("config_rejected") > before)  # noqa: B023 - awaited here
        code = await watching.end()
    assert code == 0
    messages = [event["message"] for event in watching.events if event["event"] == "config_rejected"]
    assert all(message.startswith(f"config not reloaded, the old one stays: {config}") for message in messages)
    assert "a pipe cannot be read again" in " ".join(messages)


@pytest.mark.parametrize("locked_from", ["the start", "later"])
async def test_a_store_that_somebody_locks_and_trackers_that_say_nothing(tmp_path, home, locked_from):
    store = tmp_path / "history.db"
    async with SilentTracker() as silent:
        file = torrent(tmp_path, silent.tracker.url)
        async with Watching(file, "--store", store, home=home) as watching:
            await watching.until_event("started")
            assert await watching.end() == 0
        holder = sqlite3.connect(store, isolation_level=None)
        try:
            if locked_from == "the start":
                holder.execute("BEGIN EXCLUSIVE")
            async with Watching(file, "--store", store, home=home) as watching:
                await watching.until_event("started")
                if locked_from == "later":
                    holder.execute("BEGIN EXCLUSIVE")
                code = await watching.end()
        finally:
            holder.close()
    assert code == 0
    assert watching.kinds()[0] == "started"
    assert watching.kinds()[-1] == "stopped"
    assert "state_changed" not in watching.kinds()
    assert len(watching.said.splitlines()) <= 1


async def test_a_reader_that_reads_nothing_holds_no_end_up(tmp_path, home, one):
    reading, writing = os.pipe()
    fcntl.fcntl(writing, 1031, 4096)  # F_SETPIPE_SZ
    config = tmp_path / "config.toml"
    config.touch()
    try:
        async with Watching(one, "--config", config, "--no-store", home=home, stdout=writing) as watching:
            os.close(writing)
            assert b'"started"' in await asyncio.to_thread(os.read, reading, 4096)
            for number in range(16):
                config.write_text(f"down_after = {number % 5 + 1}\n")
                watching.child.send_signal(signal.SIGHUP)
                await watching.until(lambda: watching.said.count("config reloaded") > number)  # noqa: B023 - as above
            assert await watching.end() == 0
    finally:
        os.close(reading)
