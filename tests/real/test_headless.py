"""`watch --headless` on a real tracker that is killed and started again: the lines in order, and what history tells of it."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
import sys
import time
from contextlib import ExitStack

from tests.cli.test_headless import Headless
from tests.cli.test_oneshot import bencoded
from tests.real.lab.trackers import Opentracker

INFO = {"name": "debian", "piece length": 16384, "pieces": b"\0" * 20, "length": 1000}
HASH = hashlib.sha1(bencoded(INFO)).digest()


async def program(home, *words: str) -> asyncio.subprocess.Process:
    places = dict.fromkeys(("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"), str(home))
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "trackerwatch", *words,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env={**os.environ, **places},
    )  # fmt: skip


async def told(home, *words: str) -> bytes:
    return (await (await program(home, *words)).communicate())[0]


async def until(run: Headless, event: str, **more) -> dict:
    while True:
        row = await run.line()
        if row["event"] == event and all(row[key] == value for key, value in more.items()):
            return row


async def test_killed_and_started_again(needs, tmp_path):
    needs("opentracker", "timeout")
    with ExitStack() as stack:
        first, second = Opentracker([HASH]), Opentracker([HASH])
        stack.callback(first.stop)
        stack.callback(second.stop)
        torrent = tmp_path / "debian.torrent"
        torrent.write_bytes(bencoded({"announce-list": [[first.udp_url], [second.udp_url]], "info": INFO}))
        words = ("--allow-private", "--interval", "1", "--timeout", "2", str(torrent))
        run = Headless(await program(tmp_path, "watch", "--headless", *words))
        stack.callback(lambda: run.child.returncode is None and run.child.kill())

        assert (await run.line())["event"] == "started"
        # It has seen the first one up: nothing is told of that, so history is asked.
        while b"+ up" not in await told(tmp_path, "history", first.udp_url):
            pass
        first.stop(hard=True)
        down = await until(run, "state_changed", to="down")
        assert (down["url"], down["from"], down["reason"]) == (first.udp_url, "up", "refused")
        moved = await until(run, "failed_over")
        assert (moved["torrent"], moved["url"]) == (HASH.hex(), second.udp_url)
        assert (moved["from"], moved["to"]) == ("primary", "failed_over")
        first.start()
        back = await until(run, "recovered", torrent=None)
        assert (back["url"], back["from"]) == (first.udp_url, "down")
        home = await until(run, "recovered", torrent=HASH.hex())
        assert (home["url"], home["to"]) == (first.udp_url, "primary")

        begun = time.monotonic()
        run.child.send_signal(signal.SIGTERM)
        out, err = await run.child.communicate()
        assert time.monotonic() - begun < 5
        assert (run.child.returncode, err) == (0, b"")
        assert json.loads(out.splitlines()[-1])["event"] == "stopped"
        assert (first.counts(), second.counts()) == ({}, {}), "nothing of ours stays registered"

        words = ("--format", "json", "--since", "5m")
        (tracker,) = json.loads(await told(tmp_path, "history", first.udp_url, *words))["trackers"]
        (outage,) = [one for one in tracker["outages"] if one["endpoint"] is None]
        assert outage["reason"] == "refused"
        assert outage["begin"] < outage["end"]
        assert tracker["state"] in {"up", "degraded"}
        torrent_told = json.loads(await told(tmp_path, "history", HASH.hex(), *words))["torrent"]
        assert [one["event"] for one in torrent_told["transitions"]][-2:] == ["failed_over", "recovered"]
