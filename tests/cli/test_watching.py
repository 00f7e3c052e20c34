"""Folders that change while the program runs: which torrents leave with their files."""

from __future__ import annotations

import asyncio

import pytest

from tests.cli.fake_store import FakeStore
from tests.cli.test_oneshot import bencoded
from trackerwatch.cli import watching
from trackerwatch.cli.watching import WatchedEngine, known_left

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


class Asked:
    """An engine that runs for ever and notes what comes and goes."""

    def __init__(self) -> None:
        self.names: asyncio.Queue[str] = asyncio.Queue()
        self.left: asyncio.Queue[set[bytes]] = asyncio.Queue()

    def add_torrents(self, torrents) -> None:
        for torrent in torrents:
            self.names.put_nowait(torrent.name)

    def remove_torrents(self, info_hashes) -> None:
        if info_hashes:
            self.left.put_nowait(info_hashes)

    def note_store(self, trouble: str) -> None:
        self.names.put_nowait(trouble)

    async def run(self) -> None:
        await asyncio.Event().wait()


async def test_torrents_come_and_leave_with_their_files(tmp_path, monkeypatch):
    monkeypatch.setattr(watching, "POLL_FOLDERS_S", 0.001)
    asked = Asked()
    engine = WatchedEngine(asked, None, [str(tmp_path)], lambda torrent: torrent.name != "unwanted", dict)
    await engine.look_at_folders()
    running = asyncio.create_task(engine.run())
    for name in ("unwanted", "debian"):
        info = {"name": name, "piece length": 16384, "pieces": b"\0" * 20, "length": 1000}
        (tmp_path / f"{name}.torrent").write_bytes(bencoded({"info": info}))
    async with asyncio.timeout(20):
        assert await asked.names.get() == "debian"
        (tmp_path / "debian.torrent").unlink()
        assert len(await asked.left.get()) == 1
    assert asked.names.empty()
    running.cancel()


async def test_the_engine_is_told_of_a_store_in_trouble():
    asked, memory = Asked(), FakeStore(trouble="the disk is full")
    running = asyncio.create_task(WatchedEngine(asked, None, [], lambda _: True, dict, memory=memory).run())
    async with asyncio.timeout(20):
        assert await asked.names.get() == "the disk is full"
        memory.tell("")
        assert await asked.names.get() == ""
        running.cancel()
        await asyncio.wait((running,))
    assert memory.listeners == []
