"""Drift at the command line: what lint says of torrents that were made anew, with a real store."""

from __future__ import annotations

import asyncio
import json

from tests.cli.test_comparing import info_hash, much_later, written
from tests.doubles.http import HttpTracker
from trackerwatch.cli.main import main

DRIFT = ("new_info_hash", "published_differs")


async def remarks(capsys, store, *words: object) -> dict[str, list[str]]:
    """Problems of drift by their rule."""
    if store.exists():
        much_later(store)
    command = ["report", *map(str, words), "--format", "json", "--allow-private", "--store", str(store), "--lint"]
    code = await asyncio.to_thread(main, command)
    said = capsys.readouterr()
    assert said.err == ""
    made = json.loads(said.out)
    # Remarks: the verdict is what it was.
    assert code == 0
    found: dict[str, list[str]] = {}
    for problem in made["problems"]:
        if problem["rule"] in DRIFT:
            assert problem["severity"] == "info"
            found.setdefault(problem["rule"], []).append(problem["message"])
    return found


async def test_a_torrent_that_was_made_anew_is_remarked_once(capsys, tmp_path):
    store, folder = tmp_path / "history.db", tmp_path / "rel"
    folder.mkdir()
    async with HttpTracker() as one, HttpTracker() as two:
        old = info_hash(written(folder, "distro.iso", one, two, size=1000))
        new = info_hash(written(folder, "distro.iso", one, two, size=1001))
        one.swarms = two.swarms = {old: (5, 0, 0), new: (5, 0, 0)}
        written(folder, "distro.iso", one, two, size=1000)
        assert await remarks(capsys, store, folder) == {}
        written(folder, "distro.iso", one, two, size=1001)
        assert await remarks(capsys, store, folder) == {
            "new_info_hash": [
                f"made anew since the last report: info hash {old.hex()[:12]} then, {new.hex()[:12]} now",
            ]
        }
        assert await remarks(capsys, store, folder) == {}


async def test_what_is_published_is_not_what_is_at_hand(capsys, tmp_path):
    store = tmp_path / "history.db"
    watched, published = tmp_path / "rel", tmp_path / "www"
    watched.mkdir()
    published.mkdir()
    async with HttpTracker() as one, HttpTracker() as two:
        mine = info_hash(written(watched, "distro.iso", one, two, size=1000))
        theirs = info_hash(written(published, "distro.iso", one, two, size=1001))
        one.swarms = two.swarms = {mine: (5, 0, 0), theirs: (5, 0, 0)}
        found = await remarks(capsys, store, watched, published)
        assert set(found) == {"published_differs"}
        assert len(found["published_differs"]) == 2
        (message,) = set(found["published_differs"])
        assert message.startswith("2 torrents of one name: ")
        assert f"{mine.hex()[:12]} from {watched}/distro.iso.torrent" in message
        assert f"{theirs.hex()[:12]} from {published}/distro.iso.torrent" in message
        written(published, "distro.iso", one, two, size=1000)
        assert await remarks(capsys, store, watched, published) == {}
