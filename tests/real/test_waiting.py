"""`report --wait` against real trackers: it ends when the tracker has registered the torrent, and asks nobody else meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
from dataclasses import dataclass

import pytest

from tests.real.lab.processes import wait_until
from tests.real.lab.relay import CountingRelay
from tests.real.lab.torrents import Kind, make_torrent
from tests.real.lab.trackers import Opentracker
from tests.real.lab.watch import PATIENCE_S, Home, until
from tests.real.lab.wire import Announce, UdpVisitor

WAITS = ("--wait", "90", "--timeout", "1", "--allow-private", "--format", "json")


@dataclass
class Field:
    """Two trackers, each behind a relay that counts: one knows its torrent, the other does not yet."""

    late: Opentracker
    late_relay: CountingRelay
    well_relay: CountingRelay
    info_hash: bytes
    """Of the torrent that is registered late."""
    folder: str
    home: Home

    def register(self) -> None:
        """The tracker learns of the torrent, and two seeders announce it."""
        self.late.register(self.info_hash)
        self.seed(self.late, self.info_hash)

    @staticmethod
    def seed(tracker: Opentracker, info_hash: bytes) -> None:
        """Two seeders come, as soon as the tracker takes them: it reads its list beside its work."""

        def announced() -> bool:
            with UdpVisitor(tracker.address, tracker.port) as visitor:
                visitor.announce_all(Announce(info_hash, 2000 + peer, left=0, event=2) for peer in range(2))
            return True

        wait_until(announced, "opentracker takes announces of a torrent on its list")


@pytest.fixture
def field(needs, tmp_path):
    needs("opentracker", "timeout")
    late, well = (make_torrent(tmp_path / "content", name, Kind.V1) for name in ("late", "well"))
    with contextlib.ExitStack() as stack:
        slow, quick = Opentracker([]), Opentracker([well.key])
        stack.callback(slow.stop)
        stack.callback(quick.stop)
        Field.seed(quick, well.key)
        slow_relay, quick_relay = (
            stack.enter_context(CountingRelay(tracker.address, tracker.port)) for tracker in (slow, quick)
        )
        late.write(tmp_path / "torrents", [[slow_relay.udp_url]])
        well.write(tmp_path / "torrents", [[quick_relay.udp_url]])
        home = Home(tmp_path / "home")
        yield Field(slow, slow_relay, quick_relay, late.key, str(tmp_path / "torrents"), home)


class Waiter:
    """A running `report --wait`, and what it has said so far."""

    def __init__(self, child: asyncio.subprocess.Process) -> None:
        self.child = child
        self.said = ""
        self.reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.child.stderr is not None
        while line := await self.child.stderr.readline():
            self.said += line.decode()

    async def end(self) -> tuple[int, dict]:
        """Exit code and report."""
        assert self.child.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            out = await self.child.stdout.read()
            await self.reading
            code = await self.child.wait()
        assert "Traceback" not in self.said, self.said
        return code, json.loads(out) if out else {}


@contextlib.asynccontextmanager
async def waiting(field: Field, *words: str):
    child = await asyncio.create_subprocess_exec(
        *field.home.command("report", field.folder, *WAITS, *words),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=field.home.environment,
    )
    waiter = Waiter(child)
    try:
        yield waiter
    finally:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()
        await asyncio.gather(waiter.reading, return_exceptions=True)


@pytest.mark.parametrize("words", [(), ("--no-store",)])
async def test_it_ends_when_the_tracker_knows_the_torrent(field, words):
    if words:
        # The home's command names a store; a run without one keeps its manners in memory.
        field.home.command = lambda command, *rest: [
            word for word in Home.command(field.home, command, *rest) if word not in ("--store", str(field.home.store))
        ]
    async with waiting(field, *words) as waiter:
        await until(lambda: "waiting: " in waiter.said, "it waits")
        assert "waiting: 1 of 2 torrents not well (" in waiter.said
        others, asked = dict(field.well_relay.seen), field.late_relay.seen["scrape"]
        await until(lambda: field.late_relay.seen["scrape"] > asked, "it asks again")
        field.register()
        code, report = await waiter.end()
    assert code == 0, waiter.said
    assert report["summary"]["verdict"] == "ok"
    assert {torrent["name"]: torrent["seeders"] for torrent in report["torrents"]} == {"late": 2, "well": 2}
    assert dict(field.well_relay.seen) == others, "who was well was left alone"
    assert "all is well after waiting" in waiter.said
    assert len([line for line in waiter.said.splitlines() if "waiting: " in line]) <= 2


async def test_sigterm_ends_it_with_what_is_known(field):
    async with waiting(field) as waiter:
        await until(lambda: "waiting: " in waiter.said, "it waits")
        waiter.child.send_signal(signal.SIGTERM)
        code, report = await waiter.end()
    assert (code, report["summary"]["exit_code"]) == (2, 2)
    assert "told to end while waiting: 1 of 2 torrents not well" in waiter.said


async def test_ctrl_c_is_130_and_no_report(field):
    async with waiting(field) as waiter:
        await until(lambda: "waiting: " in waiter.said, "it waits")
        waiter.child.send_signal(signal.SIGINT)
        assert await waiter.end() == (130, {})
