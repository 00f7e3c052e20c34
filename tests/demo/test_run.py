"""trackerwatch.demo.run: everything starts, follows the plan, says what it is, and leaves nothing behind."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import urllib.request

import bencodepy
import pytest

from tests.demo.ports import TEN_PORTS, is_free
from trackerwatch.demo import run
from trackerwatch.demo.making import v1_hash
from trackerwatch.demo.plan import DRIFTWOOD, TRACKERS, State
from trackerwatch.demo.samples import recipes

HASHES = {recipe.name: v1_hash(recipe) for recipe in recipes()}


def fetch(url):
    with urllib.request.urlopen(url, timeout=20) as reply:
        return bencodepy.decode(reply.read())


def announce(demo, key, name):
    url = next(tracker.url for plan, tracker in demo.trackers if plan.key == key)
    return fetch(f"{url}?event=stopped&info_hash=%" + HASHES[name].hex("%"))


def set_clock():
    """A clock that stands still until it is told to go on."""
    now = [1000.0]
    return now, lambda: now[0]


async def test_all_trackers_run_on_their_ports(base_port):
    _, clock = set_clock()
    async with run.serve(base_port=base_port, clock=clock) as demo:
        assert [plan.key for plan, _ in demo.trackers] == [plan.key for plan in TRACKERS]
        for plan, tracker in demo.trackers:
            assert tracker.listening
            assert tracker.url == plan.url(base_port)
    for plan in TRACKERS:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            assert is_free(plan.address, base_port + plan.port_offset, kind)


async def test_trackers_do_what_the_plan_says():
    async with run.serve(base_port=0) as demo:
        netinst = "meadow-linux-13.2-amd64-netinst.iso"
        answer = await asyncio.to_thread(announce, demo, "picky", netinst)
        assert answer[b"complete"] > 1
        assert (await asyncio.to_thread(announce, demo, "private", "quarry-laser-scans-full"))[b"complete"] > 1
        refused = await asyncio.to_thread(announce, demo, "picky", DRIFTWOOD)
        assert refused == {b"failure reason": b"unregistered torrent"}
        with pytest.raises(bencodepy.BencodeDecodeError):
            await asyncio.to_thread(announce, demo, "garbage", netinst)


async def test_the_half_broken_one_has_one_address_of_two():
    async with run.serve(base_port=0) as demo:
        _, tracker = next(entry for entry in demo.trackers if entry[0].key == "half")
        assert tracker.url == f"http://localhost:{tracker.port}/announce"
        _, writer = await asyncio.open_connection("127.0.0.1", tracker.port)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        with pytest.raises(OSError):
            await asyncio.open_connection("::1", tracker.port)


async def test_counts_move_with_the_clock():
    now, clock = set_clock()
    async with run.serve(base_port=0, clock=clock) as demo:
        name = "basalt-weather-model-2026-01.nc"
        before = await asyncio.to_thread(announce, demo, "picky", name)
        now[0] += 100
        after = await asyncio.to_thread(announce, demo, "picky", name)
    assert after[b"downloaded"] > before[b"downloaded"]
    assert after[b"incomplete"] != before[b"incomplete"]


async def test_the_dying_one_dies_and_comes_back_by_the_clock(monkeypatch):
    monkeypatch.setattr(run, "TICK_S", 0)
    now, clock = set_clock()
    changes = asyncio.Queue()
    async with run.serve(
        base_port=0, clock=clock, on_change=lambda s, plan, state: changes.put_nowait((s, plan.key, state))
    ) as demo:
        dying = next(tracker for plan, tracker in demo.trackers if plan.key == "dying")
        assert dying.listening
        now[0] += 12.5
        async with asyncio.timeout(20):
            assert await changes.get() == (12.5, "dying", State.DEAD)
        assert not dying.listening
        now[0] += 20
        async with asyncio.timeout(20):
            assert await changes.get() == (32.5, "dying", State.ALIVE)
        assert dying.listening


async def test_a_taken_port_is_named_and_nothing_is_left_listening(base_port):
    with socket.socket(type=socket.SOCK_DGRAM) as thief:
        thief.bind(("127.0.0.1", base_port + 3))
        with pytest.raises(run.CannotListenError) as caught:
            async with run.serve(base_port=base_port):
                pass
    wanted = f"port {base_port + 3} on 127.0.0.1 is taken, by another demo perhaps; stop it and try again"
    assert str(caught.value) == wanted
    assert all(is_free("127.0.0.1", base_port + n, socket.SOCK_STREAM) for n in TEN_PORTS)


async def test_without_ipv6_the_rest_runs_and_one_line_says_so(monkeypatch):
    monkeypatch.setattr(run, "has_ipv6_loopback", lambda: False)
    async with run.serve(base_port=0) as demo:
        assert len(demo.trackers) == 8
        for own_screen in (True, False):
            assert [n.partition(":")[0] for n in demo.notes(own_screen=own_screen)] == ["no IPv6 on this machine"]


@pytest.mark.parametrize(
    ("families", "notes"), [({socket.AF_INET}, 1), ({socket.AF_INET, socket.AF_INET6}, 0), (set(), 1)]
)
def test_a_localhost_of_one_family_is_noted_where_it_matters(monkeypatch, families, notes):
    monkeypatch.setattr(run, "localhost_families", lambda: frozenset(families))
    demo = run.Demo((), ipv6=True)
    assert len(demo.notes(own_screen=False)) == notes
    assert demo.notes(own_screen=True) == ()


def test_the_screen_needs_a_terminal(base_port):
    code = f"from trackerwatch.demo.run import run_tui; raise SystemExit(run_tui(base_port={base_port}))"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (3, "")
    wanted = "the live screen needs a terminal; `trackerwatch demo --headless` works without one"
    assert done.stderr == f"trackerwatch demo: {wanted}\n"


def test_in_a_thread_it_runs_beside_whatever_blocks(base_port):
    with run.serve_in_thread(base_port=base_port) as demo:
        # This thread blocks in urllib: only another can answer.
        assert announce(demo, "picky", "meadow-linux-13.2-amd64-dvd.iso")[b"complete"] > 1
    assert is_free("127.0.0.1", base_port, socket.SOCK_STREAM)


def test_in_a_thread_a_taken_port_is_an_error_of_the_caller(base_port):
    with socket.socket() as thief:
        thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        thief.bind(("127.0.0.1", base_port))
        thief.listen()
        wanted = f"port {base_port} on 127.0.0.1"
        with pytest.raises(run.CannotListenError, match=wanted), run.serve_in_thread(base_port=base_port):
            pass


# The headless face, as a process


def start_headless(base_port, **more):
    code = f"from trackerwatch.demo.run import run_headless; raise SystemExit(run_headless(base_port={base_port}))"
    return subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more
    )


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_headless_prints_its_urls_and_runs_until_told_to_end(base_port, number, code):
    with start_headless(base_port) as process:
        lines = [process.stdout.readline() for _ in TRACKERS]
        assert fetch(f"http://127.0.0.1:{base_port + 9}/announce") == {b"failure reason": b"missing info_hash"}
        process.send_signal(number)
        rest, narration = process.communicate(timeout=20)
    assert (process.returncode, rest) == (code, "")
    words = [line.split(maxsplit=1) for line in lines]
    assert [url for url, _ in words] == [
        plan.url(base_port).replace("5d41c0ffee7a9b02e4d8f1a63c5b9e70", "…") for plan in TRACKERS
    ]
    assert [story.strip() for _, story in words] == [plan.story for plan in TRACKERS]
    assert "trackerwatch report sample_torrents --allow-private" in narration
    assert "Traceback" not in narration
    assert "5d41c0ffee7a9b02e4d8f1a63c5b9e70" not in narration


def test_headless_with_a_taken_port_is_one_line_and_3(base_port):
    with socket.socket() as thief:
        thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        thief.bind(("127.0.0.1", base_port + 4))
        thief.listen()
        with start_headless(base_port) as process:
            out, err = process.communicate(timeout=20)
    wanted = f"port {base_port + 4} on 127.0.0.1 is taken, by another demo perhaps; stop it and try again"
    assert (process.returncode, out, err) == (3, "", f"trackerwatch demo: {wanted}\n")


def test_headless_goes_on_when_nobody_reads_its_urls(base_port):
    read, write = os.pipe()
    os.close(read)
    code = f"from trackerwatch.demo.run import run_headless; raise SystemExit(run_headless(base_port={base_port}))"
    with subprocess.Popen([sys.executable, "-c", code], stdout=write, stderr=subprocess.PIPE, text=True) as process:
        os.close(write)
        while not process.stderr.readline().startswith("No folder"):
            pass
        assert fetch(f"http://127.0.0.1:{base_port + 9}/announce") == {b"failure reason": b"missing info_hash"}
        process.terminate()
        assert process.communicate(timeout=20)[1] == ""
    assert process.returncode == 0


def test_headless_imports_no_screen():
    code = (
        "import sys, trackerwatch.demo.run; print([m for m in ('textual', 'httpx', 'bencodepy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
