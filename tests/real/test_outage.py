"""Everybody falls silent at once, with sockets open: our own outage. Everybody is gone, ports closed: theirs."""

from __future__ import annotations

import hashlib
import sys
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import pytest

from tests.cli.test_oneshot import bencoded
from tests.doubles.quiet import Quiet, QuietHttp, QuietUdp, TcpSentinel, UdpSentinel
from tests.real.lab.places import own_address
from tests.real.lab.watch import Home, until

QUICK = ("--interval", "1", "--timeout", "1")


@dataclass
class Neighbourhood:
    """Six trackers on six addresses with a torrent for every two of them, and two sentinels on a seventh."""

    quiet: Quiet
    trackers: list = field(default_factory=list)
    torrents: dict[str, list[str]] = field(default_factory=dict)
    """Info hash in hex -> announce URLs."""
    sentinels: list = field(default_factory=list)
    files: list = field(default_factory=list)
    open: dict = field(default_factory=dict)
    """Tracker -> what closes it."""

    @property
    def config(self) -> str:
        return f"sentinels = {[sentinel.url for sentinel in self.sentinels]}\n"

    @property
    def urls(self) -> list[str]:
        return [tracker.tracker.url for tracker in self.trackers]

    async def close(self) -> None:
        """Every tracker goes away: its port is closed."""
        for tracker in self.trackers:
            await self.open.pop(tracker).aclose()

    async def everybody_is_asked_again(self) -> None:
        """Until every tracker has heard of us twice from now on."""
        before = [self._heard(tracker) for tracker in self.trackers]
        await until(
            lambda: all(
                self._heard(tracker) >= count + 2 for tracker, count in zip(self.trackers, before, strict=True)
            ),
            "every tracker is asked again",
        )

    @staticmethod
    def _heard(tracker) -> int:
        return len(tracker.received if isinstance(tracker, QuietUdp) else tracker.requests)


def torrent_file(folder, name, tiers) -> tuple[str, object]:
    info = {"name": name, "piece length": 16384, "pieces": b"\0" * 20, "length": 1000}
    path = folder / f"{name}.torrent"
    path.write_bytes(bencoded({"announce-list": [[url] for url in tiers], "info": info}))
    return hashlib.sha1(bencoded(info)).hexdigest(), path


def states(trackers) -> list[str]:
    return [tracker["state"] for tracker in trackers.values()]


@pytest.fixture
async def stack():
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
async def neighbourhood(stack, tmp_path):
    if sys.platform != "linux":
        pytest.skip("takes many loopback addresses, and a kernel that drops who knocks at a full queue: Linux")
    here = Neighbourhood(Quiet())
    for kind in (QuietUdp, QuietHttp, QuietUdp, QuietUdp, QuietHttp, QuietHttp):
        door = await stack.enter_async_context(AsyncExitStack())
        here.trackers.append(await door.enter_async_context(kind(here.quiet, host=own_address())))
        here.open[here.trackers[-1]] = door
    address = own_address()
    for kind in (TcpSentinel, UdpSentinel):
        here.sentinels.append(await stack.enter_async_context(kind(here.quiet, address)))
    for number in range(3):
        pair = here.trackers[2 * number : 2 * number + 2]
        urls = [tracker.tracker.url for tracker in pair]
        info_hash, path = torrent_file(tmp_path, f"torrent{number}", urls)
        for tracker in pair:
            tracker.swarms[bytes.fromhex(info_hash)] = (2, 0, 1)
        here.torrents[info_hash] = urls
        here.files.append(path)
    return here


async def test_everybody_silent_is_us_and_everybody_gone_is_them(neighbourhood, tmp_path):
    home = Home(tmp_path / "home", config=neighbourhood.config)
    async with home.watch(*QUICK, *neighbourhood.files) as watch:
        await watch.until("started")
        await home.remembers(lambda trackers: states(trackers) == ["up"] * 6)

        await neighbourhood.quiet.fall()
        offline = await watch.until("local_offline")
        assert (offline["to"], offline["reason"]) == ("offline", "local_offline")
        assert offline["tracker"] is offline["torrent"] is None
        # They are asked on, and their silence counts for nothing however long it lasts.
        await neighbourhood.everybody_is_asked_again()
        neighbourhood.quiet.end()
        assert (await watch.until("local_online"))["from"] == "offline"
        await neighbourhood.everybody_is_asked_again()
        assert [row["event"] for row in watch.rows] == ["started", "local_offline", "local_online"]
        known = await home.remembers(lambda trackers: all(tracker["gaps"] for tracker in trackers.values()))
        assert states(known) == ["up"] * 6
        for tracker in known.values():
            (whole, *_) = tracker["uptime"]
            assert whole["successes"] == whole["counted"] > 0, tracker
            assert (tracker["flaps"], tracker["outages"]) == (0, [])
            assert [gap["kind"] for gap in tracker["gaps"]] == ["local_offline"]

        await neighbourhood.close()
        for url in neighbourhood.urls:
            down = await watch.until("state_changed", url=url, to="down")
            assert (down["from"], down["reason"]) == ("up", "refused")
        for info_hash in neighbourhood.torrents:
            assert (await watch.until("exhausted", torrent=info_hash))["to"] == "exhausted"
        assert await watch.stop() == 0
        assert len(watch.told("local_offline")) == len(watch.told("local_online")) == 1
        assert watch.rows[-1]["event"] == "stopped"
    report = await home.report("--fresh", "--timeout", "1", *neighbourhood.files)
    assert report.exit_code == 2
    assert {tracker["state"] for tracker in report.value["trackers"]} == {"down"}
    assert {torrent["failover"]["state"] for torrent in report.value["torrents"]} == {"exhausted"}
    assert "local_offline" not in str(report.value)


async def test_a_report_knows_from_the_store_who_answered_earlier(neighbourhood, tmp_path):
    home = Home(tmp_path / "home", config=neighbourhood.config)
    before = await home.report("--timeout", "1", *neighbourhood.files)
    assert (before.exit_code, {tracker["state"] for tracker in before.value["trackers"]}) == (0, {"up"})
    await neighbourhood.quiet.fall()
    cut_off = await home.report("--fresh", "--timeout", "1", *neighbourhood.files)
    assert cut_off.exit_code == 3
    assert {tracker["state"] for tracker in cut_off.value["trackers"]} == {"unknown"}
    failures = [end["failure"] for tracker in cut_off.value["trackers"] for end in tracker["endpoints"]]
    assert {failure["kind"] for failure in failures} == {"local_offline"}
    assert {torrent["failover"]["state"] for torrent in cut_off.value["torrents"]} == {"unknown"}
    known = await home.remembers(lambda trackers: len(trackers) == 6)
    assert states(known) == ["up"] * 6
    for tracker in known.values():
        (whole, *_) = tracker["uptime"]
        assert whole["successes"] == whole["counted"] > 0, tracker


@pytest.mark.parametrize("gone", [False, True], ids=["silent", "refused"])
async def test_two_dead_trackers_are_dead_even_where_no_sentinel_answers(neighbourhood, tmp_path, gone):
    home = Home(tmp_path / "home", config=neighbourhood.config)
    await neighbourhood.quiet.fall()
    if gone:
        await neighbourhood.close()
    report = await home.report("--timeout", "1", neighbourhood.files[0])
    assert report.exit_code == 2
    (torrent,) = report.value["torrents"]
    assert (torrent["verdict"], torrent["failover"]["state"]) == ("critical", "exhausted")
    assert {answer["role"] for answer in torrent["trackers"]} == {"failed"}
    assert {tracker["state"] for tracker in report.value["trackers"]} == {"down"}
    failures = [end["failure"]["kind"] for tracker in report.value["trackers"] for end in tracker["endpoints"]]
    assert failures == ["refused" if gone else "timeout"] * 2
    assert "local_offline" not in str(report.value) + report.stderr
